/* chip_golden.h - the golden values of chips, computed from the same published formulas by another program. */
#ifndef CHIP_GOLDEN_H
#define CHIP_GOLDEN_H

#include "chip_fixture.h"

#include "ohm/doc.h"
#include "ohm/layer_list.h"

#include <math.h>

#define GOLDEN "../shared/golden/chips/golden.json"

static struct ohm_doc *golden;

static inline int load_golden(void **state)
{
    (void)state;
    if (ohm_doc_load(&golden, GOLDEN, NULL) != OHM_OK)
        print_message("SKIPPED: ../shared is absent: no golden values of the chip are checked\n");
    return 0;
}

static inline int free_golden(void **state)
{
    (void)state;
    ohm_doc_free(golden);
    return 0;
}

/* The golden value of that key. */
static inline double gold(const char *a, const char *b, const char *c)
{
    char key[128];
    double value = NAN;

    snprintf(key, sizeof key, "%s%s%s", a, b, c);
    if (!ohm_node_double(ohm_map_get(ohm_doc_root(golden), key), key, 0, 1e12, &value, NULL))
        fail_msg("no golden value %s", key);
    return value;
}

static inline void near(double value, double wanted, double relative, const char *what)
{
    if (!(fabs(value - wanted) <= relative * fabs(wanted)))
        fail_msg("%s is %.8g, should be %.8g", what, value, wanted);
}

#define GOLD(value, prefix, middle, name) near((value), gold(prefix, middle, name), 1e-3, prefix " " name)
/* As printed in a publication of few digits: within 0.5 %. */
#define GOLD_PRINTED(value, key) near((value), gold(key, "", ""), 5e-3, key)
#define GOLD_COUNT(value, key)   assert_int_equal((int64_t)(value), (int64_t)gold(key, "", ""))

/* ---- networks from their files ---- */

/* A network of searchspaces/reference, owned by the builder. */
static inline const struct ohm_net *reference(struct ohm_net_builder *b, const char *name)
{
    const struct ohm_net *net = NULL;
    struct ohm_diag diag = {0};
    struct ohm_doc *doc = NULL;
    const char *title;
    char path[128];

    snprintf(path, sizeof path, "searchspaces/reference/%s.yaml", name);
    if (ohm_doc_load(&doc, path, &diag) == OHM_OK)
        ohm_layer_list_read(b, &net, &title, doc, &diag);
    for (int i = 0; i < diag.count && i < OHM_DIAG_MAX; i++)
        print_error("%s:%d: %s\n", path, diag.item[i].line, diag.item[i].text);
    ohm_diag_release(&diag);
    ohm_doc_free(doc);
    assert_non_null(net);
    return net;
}

enum { ROWS_MAX = 256 };

struct table {
    struct ohm_net_builder builder;
    const struct ohm_net *net;
    struct ohm_cost cost;
    struct ohm_cost_layer row[ROWS_MAX];
    int rows;
};

static inline void tabulate(struct table *t, const struct ohm_chip *chip, const struct ohm_chip_use *use,
                            const char *name)
{
    *t = (struct table){.rows = 0};
    t->net = reference(&t->builder, name);
    t->rows = ohm_cost_rows(chip, t->net);
    assert_in_range(t->rows, 1, ROWS_MAX);
    assert_int_equal(ohm_cost_net(chip, use, t->net, &t->cost, t->row, NULL), OHM_OK);
}

#endif
