/* model.c - the surrogate of the moment, fitted to all rows so far. It goes through its folder, so that what the loop
 * searches on is what lies there for anybody afterwards. */
#include "loop_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum ohm_status loop_evaluator(struct ohm_evaluator **out, const struct ohm_loop_spec *spec, const struct goals *goals,
                               struct ohm_surrogate *surrogate, struct ohm_error *err)
{
    const char *free_constraint[GOALS_MAX];
    struct ohm_evaluator_spec e = {.space = spec->space,
                                   .chip = spec->chip,
                                   .use = spec->chip_use,
                                   .surrogates = &surrogate,
                                   .surrogate_count = surrogate ? 1 : 0,
                                   .constraints = free_constraint,
                                   .jobs = spec->jobs};

    for (int i = 0; goals && i < goals->constraints; i++)
        if (goals->free[i])
            free_constraint[e.constraint_count++] = goals->constraint_text[i];
    return ohm_evaluator_create(out, &e, err);
}

/* A target is learned from two rows a fold and more, which are not all the same. */
bool model_can_fit(const struct known *k, const struct ohm_loop_spec *spec)
{
    if (k->rows < 2 * spec->surrogate.folds)
        return false;
    for (int f = 0; f < k->goals->figures; f++) {
        bool differ = false;

        for (int i = 1; i < k->rows; i++)
            differ = differ || k->row[i].figure[f] != k->row[0].figure[f];
        if (!differ)
            return false;
    }
    return true;
}

static enum ohm_status collect_rows(struct ohm_rows *rows, const struct known *k, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int f = 0; f < k->goals->figures && st == OHM_OK; f++) {
        const struct ohm_target_name *const t = &k->goals->target[f];
        struct ohm_str text = {0};

        ohm_str_printf(&text, "%s%s%s", t->name, t->unit[0] ? ":" : "", t->unit);
        st = text.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory")
                         : ohm_rows_add_target(rows, ohm_str_text(&text), err);
        ohm_str_release(&text);
    }
    for (int i = 0; i < k->rows && st == OHM_OK; i++)
        st = ohm_rows_add(rows, &k->network[k->row[i].network].item.genotype, k->row[i].figure, err);
    return st;
}

static enum ohm_status train(struct model *m, const struct ohm_rows *rows, const struct ohm_loop_spec *spec,
                             const char *folder, uint64_t round, struct ohm_error *err)
{
    struct ohm_score_report *const report = ohm_alloc(1, sizeof *report);
    struct ohm_train_spec train = {.name = "loop",
                                   .folder = folder,
                                   .task = "",
                                   .features = spec->features,
                                   .physics = spec->physics,
                                   .protocol = "",
                                   .source = spec->settings,
                                   .command = "",
                                   .options = spec->surrogate,
                                   .jobs = spec->jobs};
    enum ohm_status st;

    if (!report)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    /* Another cut into folds in each round, so that no network stays where its neighbours are never held out. */
    train.options.seed = (spec->surrogate.seed + (int64_t)round) & INT64_C(0x1fffffffffffff);
    st = ohm_surrogate_train(report, &train, spec->space, rows, err);
    m->tau = 0;
    for (int i = 0; i < report->targets && st == OHM_OK; i++)
        m->tau += report->score[i].tau / report->targets;
    ohm_free(report);
    return st;
}

static enum ohm_status load(struct model *m, const char *folder, const struct ohm_loop_spec *spec,
                            struct ohm_error *err)
{
    struct ohm_diag diag = {0};
    enum ohm_status st = ohm_surrogate_load(&m->surrogate, folder, spec->space, &diag);

    if (st != OHM_OK)
        ohm_fail(err, st, "%s", diag.count ? diag.item[0].text : "the surrogate cannot be loaded");
    ohm_diag_release(&diag);
    return st;
}

enum ohm_status model_fit(struct model *m, const struct known *k, const struct ohm_loop_spec *spec, const char *folder,
                          uint64_t round, struct ohm_error *err)
{
    struct ohm_rows rows = {0};
    enum ohm_status st;

    *m = (struct model){.tau = NAN};
    if ((st = collect_rows(&rows, k, err)) == OHM_OK && (st = train(m, &rows, spec, folder, round, err)) == OHM_OK &&
        (st = load(m, folder, spec, err)) == OHM_OK)
        st = loop_evaluator(&m->evaluator, spec, k->goals, m->surrogate, err);
    ohm_rows_release(&rows);
    if (st != OHM_OK)
        model_release(m);
    return st;
}

void model_release(struct model *m)
{
    ohm_evaluator_free(m->evaluator);
    ohm_surrogate_free(m->surrogate);
    *m = (struct model){0};
}

/* ---- a folder that nobody asked to keep ---- */

enum ohm_status model_folder_make(struct ohm_str *folder, struct ohm_error *err)
{
    ohm_str_append(folder, "/tmp/ohmnas-loop-XXXXXX");
    if (folder->failed)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if (!mkdtemp(folder->text))
        return ohm_fail_errno(err, OHM_EIO, errno, "cannot make a folder for the surrogate in /tmp");
    return OHM_OK;
}

void model_folder_remove(const char *folder)
{
    DIR *const dir = opendir(folder);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        (void)closedir(dir);
    (void)rmdir(folder);
}
