/* family_fixture.h - for the tests of the network families: build a net from plain values, read the tables of others.
 */
#ifndef FAMILY_FIXTURE_H
#define FAMILY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "ohm/csv.h"
#include "ohm/decode.h"
#include "ohm/file.h"

/* Skips the running test where the tables of others are not there. */
static inline void need_shared(const char *path)
{
    if (ohm_file_exists(path))
        return;
    print_message("SKIPPED: ../shared is absent (%s)\n", path);
    skip();
}

static inline struct ohm_csv load_table(const char *path)
{
    struct ohm_csv csv = {0};
    struct ohm_error err = {0};

    need_shared(path);
    if (ohm_csv_load(&csv, path, &err) != OHM_OK)
        fail_msg("%s", err.text);
    return csv;
}

static inline const char *cell_text(const struct ohm_csv *csv, int row, const char *name)
{
    const int column = ohm_csv_column(csv, name);

    assert_true(column >= 0);
    return csv->cell[row * csv->columns + column];
}

static inline double cell_number(const struct ohm_csv *csv, int row, const char *name)
{
    double value = 0;

    assert_int_equal(ohm_csv_double(csv, row, ohm_csv_column(csv, name), &value, NULL), OHM_OK);
    return value;
}

/* A net that must be buildable. */
static inline const struct ohm_net *build_net(const char *family, const double *value, struct ohm_shape input,
                                              int classes, struct ohm_net_builder *b)
{
    const struct ohm_net *net = NULL;
    struct ohm_error err = {0};

    if (ohm_family_find(family)->build(value, input, classes, b, &net, &err) != OHM_OK)
        fail_msg("%s", err.text);
    return net;
}

static inline int count_kind(const struct ohm_net *net, enum ohm_layer_kind kind)
{
    int n = 0;

    for (int i = 0; i < net->layers; i++)
        n += net->layer[i].kind == kind;
    return n;
}

/* The layer of that name, which there must be. */
static inline const struct ohm_layer *layer_named(const struct ohm_net *net, const char *name)
{
    for (int i = 0; i < net->layers; i++)
        if (net->layer[i].name && strcmp(net->layer[i].name, name) == 0)
            return &net->layer[i];
    fail_msg("no layer is called '%s'", name);
    return NULL;
}

/* Layer by layer the same but for the names. */
static inline void assert_same_net(const struct ohm_net *a, const struct ohm_net *b)
{
    assert_int_equal(a->layers, b->layers);
    assert_int_equal(a->edges, b->edges);
    for (int i = 0; i < a->layers; i++) {
        struct ohm_layer x = a->layer[i], y = b->layer[i];

        x.name = y.name = NULL;
        assert_memory_equal(&x, &y, sizeof x);
    }
    assert_memory_equal(a->edge, b->edge, (size_t)a->edges * sizeof *a->edge);
    assert_int_equal(a->output, b->output);
    assert_int_equal(a->params, b->params);
    assert_int_equal(a->weights, b->weights);
    assert_int_equal(a->macs, b->macs);
    assert_int_equal(a->bn_params, b->bn_params);
    assert_int_equal(a->depth, b->depth);
    assert_int_equal(a->mvm_layers, b->mvm_layers);
    assert_int_equal(a->classes, b->classes);
}

static inline int axis_index(const struct ohm_family *family, const char *name)
{
    int i = 0;

    while (family->axis_names[i] && strcmp(family->axis_names[i], name) != 0)
        i++;
    assert_non_null(family->axis_names[i]);
    return i;
}

#endif
