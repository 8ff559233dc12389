/* report_commands.c - the command lines that make again what a report shows. DATA stands for the folder of the samples.
 */
#include "report_words.h"

#include "ohm/collect.h"

#include <string.h>

/* ---- rows and surrogates ---- */

/* The shipped recipe of that name; RECIPE.yaml stands for one that is nowhere but at the head of the file. */
static enum ohm_status put_recipe(struct ohm_report *r, struct ohm_str *s, const char *name, struct ohm_error *err)
{
    struct ohm_words names = {0};
    enum ohm_status st = ohm_cli_names(r->cli, "recipe", &names, err);
    bool found = false;

    for (int i = 0; i < names.count && st == OHM_OK && !found; i++) {
        struct ohm_collect_recipe *const recipe = ohm_alloc(1, sizeof *recipe);
        struct ohm_diag quiet = {0};
        struct ohm_str path = {0};

        if (!recipe)
            st = ohm_fail(err, OHM_ENOMEM, "out of memory");
        else if ((st = ohm_find(r->cli, "recipe", names.item[i], &path, err)) == OHM_OK &&
                 ohm_collect_recipe_load(recipe, ohm_str_text(&path), &quiet) == OHM_OK) {
            found = strcmp(recipe->use.collect, name) == 0;
            ohm_collect_recipe_release(recipe);
        }
        if (found)
            ohm_str_append_word(s, names.item[i]);
        ohm_free(recipe);
        ohm_diag_release(&quiet);
        ohm_str_release(&path);
    }
    if (st == OHM_OK && !found)
        ohm_str_append(s, "RECIPE.yaml");
    return st;
}

static int drawn(const struct ohm_report_rows *rows)
{
    int n = 0;

    for (int i = 0; i < rows->csv.rows; i++) {
        const char *const id = ohm_report_cell(&rows->csv, i, "id");

        n += strspn(id, "0123456789") == strlen(id);
    }
    return n;
}

static enum ohm_status begin_collect(struct ohm_report *r, struct ohm_str *s, const struct ohm_report_rows *rows,
                                     struct ohm_error *err)
{
    enum ohm_status st;

    ohm_str_append(s, "ohmnas collect ");
    if ((st = put_recipe(r, s, rows->recipe, err)) != OHM_OK)
        return st;
    ohm_str_append(s, " --data DATA --output ");
    ohm_str_append_word(s, rows->path);
    return OHM_OK;
}

static enum ohm_status list_rows(struct ohm_report *r, struct ohm_error *err)
{
    struct ohm_str s = {0};
    enum ohm_status st = begin_collect(r, &s, &r->rows, err);

    if (drawn(&r->rows) > 0)
        ohm_words_count(&s, "networks", drawn(&r->rows));
    if (st == OHM_OK)
        return ohm_words_keep(r, &s, err);
    ohm_str_release(&s);
    return st;
}

static enum ohm_status list_baselines(struct ohm_report *r, struct ohm_error *err)
{
    struct ohm_str s = {0};
    enum ohm_status st = begin_collect(r, &s, &r->baseline_rows, err);
    int n = 0;

    for (int i = 0; i < r->baselines && st == OHM_OK; i++)
        if (r->baseline[i].measured.fingerprint) {
            ohm_str_append(&s, " --net ");
            if (r->baseline[i].genotype)
                ohm_str_append_word(&s, r->baseline[i].genotype);
            else
                ohm_words_net(&s, r->baseline[i].name);
            n++;
        }
    if (st == OHM_OK && n > 0)
        return ohm_words_keep(r, &s, err);
    ohm_str_release(&s);
    return st;
}

static enum ohm_status list_surrogates(struct ohm_report *r, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < r->surrogates && st == OHM_OK; i++) {
        struct ohm_str s = {0};

        ohm_str_append(&s, r->surrogate[i].command ? r->surrogate[i].command : "");
        if (s.length > 0)
            st = ohm_words_keep(r, &s, err);
        ohm_str_release(&s);
    }
    return st;
}

/* ---- the search ---- */

static const char *const flags[][2] = {{"study", "name"},
                                       {"surrogates", "surrogate"},
                                       {"objectives", "objective"},
                                       {"constraints", "where"},
                                       {"task", "task"},
                                       {"space", "space"},
                                       {"chip", "chip"},
                                       {"strategy", "strategy"},
                                       {"seed", "seed"}};

/* Other keys are options of a table, which have a dot, or flags that are called as they are. */
static void put_setting(struct ohm_str *s, const struct ohm_setting *setting)
{
    struct ohm_str flag = {0};

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (strcmp(flags[i][0], setting->key) == 0) {
            ohm_words_option(s, flags[i][1], setting->value);
            return;
        }
    if (strcmp(setting->key, "budget") == 0)
        return;
    if (strncmp(setting->key, "strategy.", 9) == 0)
        ohm_words_set(s, "", setting->key + 9, setting->value);
    else if (strchr(setting->key, '.'))
        ohm_words_set(s, "", setting->key, setting->value);
    else {
        for (const char *p = setting->key; *p; p++)
            ohm_str_append_n(&flag, *p == '_' ? "-" : p, 1);
        ohm_words_option(s, ohm_str_text(&flag), setting->value);
    }
    s->failed |= flag.failed;
    ohm_str_release(&flag);
}

static enum ohm_status list_search(struct ohm_report *r, struct ohm_error *err)
{
    struct ohm_str s = {0};

    ohm_str_append(&s, "ohmnas search");
    for (int i = 0; i < r->settings; i++)
        put_setting(&s, r->setting[i]);
    ohm_words_count(&s, "budget", r->study.budget);
    ohm_words_db(&s, r);
    return ohm_words_keep(r, &s, err);
}

/* ---- all of them ---- */

/* Files beside a surrogate are found by themselves, but to name them does no harm. */
static enum ohm_status list_report(struct ohm_report *r, struct ohm_error *err)
{
    struct ohm_str s = {0};

    ohm_str_append(&s, "ohmnas report ");
    ohm_str_append_word(&s, r->study.name);
    if (r->rows.path)
        ohm_words_option(&s, "rows", r->rows.path);
    if (r->baseline_rows.path)
        ohm_words_option(&s, "baselines", r->baseline_rows.path);
    for (int i = 0; i < r->opt->baseline.count; i++)
        ohm_words_option(&s, "baseline", r->opt->baseline.item[i]);
    if (r->opt->loops)
        ohm_words_option(&s, "loops", r->opt->loops);
    for (int i = 0; i < r->opt->compare.count; i++)
        ohm_words_option(&s, "compare", r->opt->compare.item[i]);
    if (r->opt->net)
        ohm_words_option(&s, "net", r->opt->net);
    ohm_words_count(&s, "random", r->opt->random);
    if (r->opt->output)
        ohm_words_option(&s, "output", r->opt->output);
    ohm_words_db(&s, r);
    return ohm_words_keep(r, &s, err);
}

enum ohm_status ohm_report_list_commands(struct ohm_report *r, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    if (r->rows.path && r->rows.csv.rows > 0)
        st = list_rows(r, err);
    if (st == OHM_OK && r->baseline_rows.path && r->baseline_rows.csv.rows > 0)
        st = list_baselines(r, err);
    if (st == OHM_OK && (st = list_surrogates(r, err)) == OHM_OK && (st = list_search(r, err)) == OHM_OK &&
        (st = ohm_report_list_runs(r, err)) == OHM_OK)
        st = list_report(r, err);
    return st;
}
