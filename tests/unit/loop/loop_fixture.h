/* loop_fixture.h - a loop on the space nb201 whose figures are made up: an accuracy that convolutions raise with
 * falling returns, and noise of a training's size. Nothing is trained. */
#ifndef LOOP_FIXTURE_H
#define LOOP_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "loop_int.h"
#include "ohm/file.h"
#include "ohm/rng.h"

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        struct ohm_error must_err = {0};                                                                               \
        if ((call) != OHM_OK)                                                                                          \
            fail_msg("%s: %s %s", #call, must_err.path, must_err.text);                                                \
    } while (0)

struct made_up {
    const struct ohm_space *space;
    struct ohm_loop_rows had;
    double noise;
    int left;     /* rows that may be measured before the source says that it was stopped; -1: any number */
    int measured; /* so far */
};

static const struct ohm_target_name figures[] = {{"acc_1d", "%"}, {"avm", "%"}};

static inline double worth(const struct ohm_genotype *g)
{
    static const double of[5] = {0, 1.2, 1.6, 2.4, 0.4};
    double sum = 0;

    for (int i = 0; i < 6; i++)
        sum += of[g->gene[i]] * (i == 3 ? 2 : 1);
    return 40 + 50 * (1 - exp(-sum / 5));
}

static inline void make_row(const struct made_up *m, struct ohm_loop_row *row, const struct ohm_collect_item *item)
{
    const struct ohm_rng root = ohm_rng_seed(5);
    const struct ohm_rng network = ohm_rng_child(&root, ohm_genotype_id(m->space, &item->genotype));
    struct ohm_rng rng = ohm_rng_child(&network, (uint64_t)item->repeat);

    *row = (struct ohm_loop_row){.item = *item, .cost_s = 60};
    for (int i = 0; i < OHM_LOOP_FIGURES_MAX; i++)
        row->value[i] = NAN;
    row->value[0] = worth(&item->genotype) + m->noise * ohm_rng_normal(&rng);
    row->value[1] = (90 - worth(&item->genotype)) / 5;
}

static inline enum ohm_status made_up_read(void *context, struct ohm_loop_rows *rows, struct ohm_error *err)
{
    const struct made_up *const m = context;
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < m->had.count && st == OHM_OK; i++)
        st = ohm_loop_rows_add(rows, &m->had.row[i], err);
    return st;
}

static inline enum ohm_status made_up_measure(void *context, struct ohm_loop_row *row,
                                              const struct ohm_collect_item *item, int n, struct ohm_error *err)
{
    struct made_up *const m = context;

    for (int i = 0; i < n; i++) {
        if (m->left == 0)
            return ohm_fail(err, OHM_EINTR, "stopped");
        m->left -= m->left > 0;
        m->measured++;
        make_row(m, &row[i], &item[i]);
    }
    return OHM_OK;
}

static inline enum ohm_status made_up_draw(void *context, struct ohm_collect_item *item, int number, bool *found,
                                           struct ohm_error *err)
{
    const struct made_up *const m = context;
    const struct ohm_rng root = ohm_rng_seed(77);
    struct ohm_rng rng = ohm_rng_child(&root, (uint64_t)number);

    *item = (struct ohm_collect_item){0};
    *found = true;
    snprintf(item->base, sizeof item->base, "%d", number);
    return ohm_genotype_sample(m->space, &item->genotype, &rng, err);
}

/* ---- a loop that takes a tenth of a second ---- */

struct world {
    struct ohm_space *space;
    struct ohm_chip *chip;
    struct made_up made_up;
    struct ohm_loop_source source;
    void *strategy_options;
    struct ohm_loop_spec spec;
    char journal[64];
};

static const char *const usual_objectives[] = {"maximize acc_1d", "latency_us"};

static inline void begin(struct world *w)
{
    *w = (struct world){.journal = "/tmp/ohm_loop_test.XXXXXX"};
    assert_int_equal(ohm_space_load(&w->space, "searchspaces/nb201.yaml", NULL), OHM_OK);
    assert_int_equal(ohm_chip_load(&w->chip, "searchspaces/chips/hermes64.yaml", NULL), OHM_OK);
    w->made_up = (struct made_up){.space = w->space, .left = -1};
    w->source = (struct ohm_loop_source){.context = &w->made_up,
                                         .figures = 2,
                                         .figure = figures,
                                         .read = made_up_read,
                                         .measure = made_up_measure,
                                         .draw = made_up_draw};
    w->spec = (struct ohm_loop_spec){.space = w->space,
                                     .chip = w->chip,
                                     .objectives = usual_objectives,
                                     .objective_count = 2,
                                     .source = &w->source,
                                     .strategy = ohm_strategy_find("nsga2"),
                                     .search_budget = 200,
                                     .features = "genes,net",
                                     .top = 4,
                                     .rounds = 3,
                                     .seed = 1,
                                     .jobs = 1,
                                     .settings = "made up",
                                     .program = "test"};
    w->strategy_options = calloc(1, w->spec.strategy->options_size);
    assert_non_null(w->strategy_options);
    ohm_fields_default(w->spec.strategy->fields, w->strategy_options);
    MUST(ohm_field_set(w->spec.strategy->fields, w->strategy_options, "population", "50", &must_err));
    w->spec.strategy_options = w->strategy_options;
    ohm_fields_default(ohm_chip_use_fields, &w->spec.chip_use);
    ohm_fields_default(ohm_loop_fields, &w->spec.options);
    ohm_fields_default(ohm_surrogate_fields, &w->spec.surrogate);
    w->spec.surrogate.folds = 3;
    w->spec.surrogate.trees = 15;
    w->spec.options.start = 12;
    w->spec.options.near = 50;
    close(mkstemp(w->journal));
    w->spec.journal = w->journal;
}

static inline void end(struct world *w)
{
    unlink(w->journal);
    free(w->strategy_options);
    ohm_free(w->made_up.had.row);
    ohm_chip_free(w->chip);
    ohm_space_free(w->space);
}

/* Everything that a loop tells, as text: two that are equal here are equal. */
static inline void print_result(struct ohm_str *s, const struct ohm_loop_result *r)
{
    for (int i = 0; i < r->rounds; i++)
        ohm_str_printf(s, "round %d %d %d %.17g %d %.17g %.17g\n", r->round[i].number, r->round[i].networks,
                       r->round[i].trainings, r->round[i].cost_s, r->round[i].front, r->round[i].hypervolume,
                       r->round[i].tau);
    for (int i = 0; i < r->count; i++)
        ohm_str_printf(s, "%s %d %d %d %.17g %.17g %.17g\n", r->front[i].item.base, r->front[i].rows, r->front[i].round,
                       r->front[i].standing, r->front[i].objective[0], r->front[i].objective[1], r->front[i].error[0]);
    ohm_str_printf(s, "%d %d %d\n", r->contenders, r->spent, r->exhausted);
}

static inline char *run_text(struct world *w)
{
    struct ohm_loop_result result;
    struct ohm_str s = {0};

    MUST(ohm_loop_run(&result, &w->spec, &must_err));
    print_result(&s, &result);
    ohm_loop_result_release(&result);
    assert_false(s.failed);
    return s.text;
}

static inline char *file_text(const char *path)
{
    char *bytes = NULL;
    size_t length;

    MUST(ohm_file_read(&bytes, &length, path, 1 << 22, &must_err));
    return bytes;
}

#endif
