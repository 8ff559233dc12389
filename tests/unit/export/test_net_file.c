/* A network written as YAML or JSON is read back as the same network, and a file that tells something else is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "ohm/decode.h"
#include "ohm/export.h"
#include "ohm/file.h"
#include "ohm/mem.h"
#include "ohm/rng.h"

struct world {
    struct ohm_space *space;
    struct ohm_chip *chip;
    struct ohm_chip_use use;
    struct ohm_net_builder builder;
    char folder[64];
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    struct ohm_diag diag = {0};

    assert_non_null(w);
    assert_int_equal(ohm_space_load(&w->space, "searchspaces/resnet-kws.yaml", &diag), OHM_OK);
    assert_int_equal(ohm_chip_load(&w->chip, "searchspaces/chips/hermes64.yaml", &diag), OHM_OK);
    ohm_fields_default(ohm_chip_use_fields, &w->use);
    strcpy(w->folder, "/tmp/ohm-net-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    ohm_net_release(&w->builder);
    ohm_space_free(w->space);
    ohm_chip_free(w->chip);
    assert_int_equal(rmdir(w->folder), 0);
    free(w);
    return 0;
}

static const struct ohm_net *draw(struct world *w, struct ohm_genotype *g, uint64_t seed)
{
    const struct ohm_net *net = NULL;
    struct ohm_rng rng = ohm_rng_seed(seed);

    ohm_net_reset(&w->builder, true);
    assert_int_equal(ohm_genotype_sample(w->space, g, &rng, NULL), OHM_OK);
    assert_int_equal(ohm_decode(w->space, g, &w->builder, &net, NULL), OHM_OK);
    return net;
}

static enum ohm_status write_record(struct world *w, const struct ohm_genotype *g, const struct ohm_net *net, bool json,
                                    struct ohm_str *s, struct ohm_error *err)
{
    static const char *const names[] = {"acc_1d", "avm"};
    static const double scores[] = {91.25, NAN};
    const struct ohm_net_record record = {.space = w->space,
                                          .genotype = g,
                                          .net = net,
                                          .chip = w->chip,
                                          .use = &w->use,
                                          .score_name = names,
                                          .score = scores,
                                          .scores = 2,
                                          .version = "1.2.3",
                                          .study = "a study: of \"quotes\"",
                                          .trial = 17,
                                          .seed = 99};

    return ohm_net_record_write(s, &record, json, err);
}

static void path_of(const struct world *w, bool json, char path[96])
{
    snprintf(path, 96, "%s/net.%s", w->folder, json ? "json" : "yaml");
}

static enum ohm_status load_text(const struct world *w, const struct ohm_str *s, bool json, struct ohm_net_file *file,
                                 struct ohm_diag *diag)
{
    enum ohm_status st;
    char path[96];

    path_of(w, json, path);
    assert_int_equal(ohm_file_write(path, ohm_str_text(s), s->length, NULL), OHM_OK);
    st = ohm_net_file_load(file, path, diag);
    unlink(path);
    return st;
}

static void what_is_written_is_read_back(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 40; i++) {
        struct ohm_genotype g = {{0}}, back = {{0}};
        const struct ohm_net *net = draw(w, &g, (uint64_t)i);
        struct ohm_net_file file = {0};
        struct ohm_str s = {0};

        assert_int_equal(write_record(w, &g, net, i % 2, &s, NULL), OHM_OK);
        assert_int_equal(load_text(w, &s, i % 2, &file, NULL), OHM_OK);
        assert_true(ohm_is_net_file(file.doc));
        assert_string_equal(file.space, "resnet-kws");
        assert_int_equal(ohm_genotype_parse(w->space, &back, file.genotype, NULL), OHM_OK);
        assert_true(ohm_genotype_equal(&g, &back));
        assert_int_equal(ohm_net_file_check_space(&file, w->space, NULL), OHM_OK);
        assert_int_equal(ohm_net_file_check(&file, w->space, &back, net, NULL), OHM_OK);
        assert_int_equal(file.layers, net->layers);
        assert_int_equal(file.scores, 2);
        assert_string_equal(file.score_name[0], "acc_1d");
        assert_true(file.score[0] == 91.25 && isnan(file.score[1]));
        assert_string_equal(file.study, "a study: of \"quotes\"");
        assert_true(file.trial == 17 && file.seed == 99);
        ohm_net_file_release(&file);
        ohm_str_release(&s);
    }
}

static void another_genotype_or_space_is_refused(void **state)
{
    struct world *w = *state;
    struct ohm_genotype g = {{0}}, other = {{0}};
    const struct ohm_net *net = draw(w, &g, 1);
    struct ohm_net_file file = {0};
    struct ohm_space *space = NULL;
    struct ohm_error err = {0};
    struct ohm_str s = {0};

    assert_int_equal(write_record(w, &g, net, false, &s, NULL), OHM_OK);
    assert_int_equal(load_text(w, &s, false, &file, NULL), OHM_OK);
    net = draw(w, &other, 2);
    assert_int_equal(ohm_net_file_check(&file, w->space, &other, net, &err), OHM_EDATA);
    assert_non_null(strstr(err.text, "has the id n:"));
    assert_int_equal(ohm_net_file_check(&file, w->space, &g, net, &err), OHM_EDATA);
    assert_non_null(strstr(err.text, "the file tells of"));
    assert_int_equal(ohm_space_load(&space, "searchspaces/resnet-vww.yaml", NULL), OHM_OK);
    assert_int_equal(ohm_net_file_check_space(&file, space, &err), OHM_EDATA);
    assert_non_null(strstr(err.text, "another version of space"));
    ohm_space_free(space);
    ohm_net_file_release(&file);
    ohm_str_release(&s);
}

static void every_fault_of_a_file_is_told_in_one_pass(void **state)
{
    static const char text[] = "net: n:1\nformat: ohmnas.net/2\nspace: [a]\nspace_hash: 12\nparams: -3\nlayers: none\n"
                               "scores: {acc: high}\ngenotyp: x\n";
    struct world *w = *state;
    struct ohm_net_file file = {0};
    struct ohm_diag diag = {0};
    struct ohm_str s = {0};

    ohm_str_append(&s, text);
    assert_true(load_text(w, &s, false, &file, &diag) != OHM_OK);
    /* format, space, space_hash, genotype missing, params, macs missing, layers, scores.acc, unknown key genotyp */
    assert_int_equal(diag.count, 9);
    assert_null(file.doc);
    ohm_diag_release(&diag);
    ohm_str_release(&s);
}

static void a_truncated_file_is_refused_or_complete(void **state)
{
    struct world *w = *state;
    struct ohm_genotype g = {{0}};
    const struct ohm_net *net = draw(w, &g, 3);
    struct ohm_str s = {0};
    size_t whole;

    assert_int_equal(write_record(w, &g, net, true, &s, NULL), OHM_OK);
    whole = s.length;
    for (size_t n = 0; n + 3 < whole; n += 1 + whole / 61) { /* the last two bytes are "}\n" */
        struct ohm_net_file file = {0};
        struct ohm_str part = {0};
        struct ohm_diag diag = {0};

        ohm_str_append_n(&part, s.text, n);
        assert_true(load_text(w, &part, true, &file, &diag) != OHM_OK);
        assert_true(diag.count > 0);
        ohm_diag_release(&diag);
        ohm_str_release(&part);
    }
    ohm_str_release(&s);
}

static void a_failed_allocation_is_told_and_leaks_nothing(void **state)
{
    struct world *w = *state;
    struct ohm_genotype g = {{0}};
    const struct ohm_net *net = draw(w, &g, 4);
    bool all = false;

    for (long n = 1; !all; n++) {
        struct ohm_error err = {0};
        struct ohm_str s = {0};
        enum ohm_status st;

        ohm_mem_fail_at(n);
        st = write_record(w, &g, net, false, &s, &err);
        all = ohm_mem_count() < n; /* there was no n-th allocation to fail */
        ohm_mem_fail_at(0);
        assert_int_equal(st, all ? OHM_OK : OHM_ENOMEM);
        ohm_str_release(&s);
    }
}

static void dot_draws_every_layer_and_edge(void **state)
{
    struct world *w = *state;
    struct ohm_genotype g = {{0}};
    const struct ohm_net *net = draw(w, &g, 5);
    struct ohm_str s = {0};
    int arrows = 0, nodes = 0, edges = 0;

    ohm_net_dot(&s, net, "n:1");
    for (const char *p = ohm_str_text(&s); (p = strstr(p, " -> ")) != NULL; p++)
        arrows++;
    for (const char *p = ohm_str_text(&s); (p = strstr(p, "[label=")) != NULL; p++)
        nodes++;
    for (int i = 0; i < net->layers; i++)
        edges += net->layer[i].inputs;
    assert_int_equal(arrows, edges);
    assert_int_equal(nodes, net->layers);
    ohm_str_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(another_genotype_or_space_is_refused),
        cmocka_unit_test(every_fault_of_a_file_is_told_in_one_pass),
        cmocka_unit_test(a_truncated_file_is_refused_or_complete),
        cmocka_unit_test(a_failed_allocation_is_told_and_leaks_nothing),
        cmocka_unit_test(dot_draws_every_layer_and_edge),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
