/* cmd_compare.c - is one network better than another on the same samples? Paired, from files of answers. */
#include "gate.h"

#include "ohm/answers.h"
#include "ohm/device.h"
#include "ohm/paired.h"
#include "ohm/parallel.h"

#include <math.h>
#include <string.h>

enum { FILES_MAX = 256, ROWS_MAX = OHM_ANSWERS_TIMES_MAX + 1 };

struct compare {
    const char *at, *gate, *level;
    int64_t permutations, resamples, seed, jobs;
    struct ohm_format format;
};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(compare, at, "at", 0, "LIST",
                 "times after programming, or digital; all that both have when not given"),
    OHM_OPT_TEXT(compare, level, "level", 0, "P", "of the tests; the intervals hold 1 - P", .fallback = "0.05"),
    OHM_OPT_TEXT(compare, gate, "gate", 0, "EXPR", "such as 'better_1d'; exit code 5 where it fails"),
    OHM_OPT_INT(compare, permutations, "permutations", 0, "N", "10000", 100, 1e7,
                "sign flips that are drawn where there are too many to look at all"),
    OHM_OPT_INT(compare, resamples, "resamples", 0, "N", "10000", 100, 1e7, "of the bootstrap"),
    OHM_OPT_INT(compare, seed, "seed", 0, "S", "1", 0, 9e15, "of flips and resamples", .env = "OHMNAS_SEED"),
    OHM_OPT_INT(compare, jobs, "jobs", 'j', "N", NULL, 1, 1024,
                "threads; all processors when not given. No result depends on it", .env = "OHMNAS_JOBS"),
    OHM_OPT_FORMAT(compare),
    OHM_OPT_END,
};

/* One network: its files, and these joined. */
struct network {
    struct ohm_answers *file; /* [FILES_MAX] */
    int files;
    struct ohm_answers_side side;
    double *share; /* [seeds][items] */
};

struct comparing {
    const struct compare *opt;
    double level;
    struct network a, b;
    uint64_t *group; /* [items] */
    bool grouped;
    struct ohm_words times; /* as told; "digital" among them */
    int a_time[ROWS_MAX], b_time[ROWS_MAX];
    struct ohm_paired_result result[ROWS_MAX];
};

static void release_network(struct network *n)
{
    for (int i = 0; i < n->files; i++)
        ohm_answers_release(&n->file[i]);
    ohm_free(n->file);
    ohm_free(n->share);
    ohm_answers_side_release(&n->side);
}

static void release(struct comparing *c)
{
    release_network(&c->a);
    release_network(&c->b);
    ohm_free(c->group);
}

/* ---- files ---- */

static enum ohm_status load_network(struct ohm_cli *cli, struct network *n, const char *list, struct ohm_error *err)
{
    struct ohm_words words = {0};
    enum ohm_status st = ohm_words_split(cli, list, ',', &words, err);

    if (st != OHM_OK)
        return st;
    if (words.count < 1 || words.count > FILES_MAX)
        return ohm_fail(err, OHM_ECONFIG, "'%.80s' names %d files, outside [1, %d]", list, words.count, FILES_MAX);
    if (!(n->file = ohm_alloc(FILES_MAX, sizeof *n->file)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < words.count; i++, n->files++)
        if ((st = ohm_answers_load(&n->file[i], words.item[i], err)) != OHM_OK)
            return st;
    if ((st = ohm_answers_join(&n->side, n->file, n->files, err)) != OHM_OK)
        return st;
    n->share = ohm_alloc((size_t)n->side.seeds * (size_t)n->side.items, sizeof *n->share);
    return n->share ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");
}

static enum ohm_status load(struct ohm_cli *cli, struct comparing *c, const struct ohm_args *args,
                            struct ohm_error *err)
{
    enum ohm_status st;

    if ((st = load_network(cli, &c->a, args->word[0], err)) != OHM_OK ||
        (st = load_network(cli, &c->b, args->word[1], err)) != OHM_OK ||
        (st = ohm_answers_match(&c->a.side, &c->b.side, err)) != OHM_OK)
        return st;
    if (!(c->group = ohm_alloc((size_t)c->a.side.items, sizeof *c->group)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    c->grouped = ohm_answers_groups(&c->a.side, c->group);
    if (strcmp(c->a.file->device, c->b.file->device) != 0 || strcmp(c->a.file->chip, c->b.file->chip) != 0 ||
        strcmp(c->a.file->settings, c->b.file->settings) != 0)
        ohm_say("note: the two networks were measured on different hardware, or at different times: the settings in "
                "the heads of their files differ");
    return OHM_OK;
}

/* ---- times ---- */

static void add_time(struct comparing *c, const char *name, int a_time, int b_time)
{
    c->a_time[c->times.count] = a_time;
    c->b_time[c->times.count] = b_time;
    c->times.item[c->times.count++] = name;
}

static enum ohm_status add_asked(struct comparing *c, const char *name, struct ohm_error *err)
{
    int a = -1, b = -1;
    double t_s;

    if (strcmp(name, "digital") != 0) {
        if (!ohm_parse_time(name, &t_s))
            return ohm_fail(err, OHM_ECONFIG, "'%.40s' is no time: a number and one of ns, us, ms, s, min, h, d, y",
                            name);
        a = ohm_answers_time(c->a.file, t_s);
        b = ohm_answers_time(c->b.file, t_s);
        if (a < 0 || b < 0)
            return ohm_fail_at(err, OHM_ENOTFOUND, OHM_ORIGIN, a < 0 ? c->a.file->path : c->b.file->path, 1, 0,
                               "%.40s after programming was not measured", name);
    }
    add_time(c, name, a, b);
    return OHM_OK;
}

static enum ohm_status find_times(struct ohm_cli *cli, struct comparing *c, struct ohm_error *err)
{
    struct ohm_words asked = {0};
    enum ohm_status st = ohm_words_split(cli, c->opt->at, ',', &asked, err);

    if (st != OHM_OK)
        return st;
    if (asked.count > ROWS_MAX)
        return ohm_fail(err, OHM_ECONFIG, "--at has %d times, more than %d", asked.count, ROWS_MAX);
    if (!(c->times.item = ohm_arena_alloc(&cli->arena, ROWS_MAX, sizeof *c->times.item)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < asked.count && st == OHM_OK; i++)
        st = add_asked(c, asked.item[i], err);
    if (asked.count > 0 || st != OHM_OK)
        return st;
    add_time(c, "digital", -1, -1);
    for (int t = 0; t < c->a.file->times; t++)
        if (ohm_answers_time(c->b.file, c->a.file->t_s[t]) >= 0)
            add_time(c, c->a.file->time[t], t, ohm_answers_time(c->b.file, c->a.file->t_s[t]));
    return OHM_OK;
}

/* ---- the test ---- */

static enum ohm_status test(struct comparing *c, int row, struct ohm_error *err)
{
    const struct ohm_paired_options opt = {.permutations = (int)c->opt->permutations,
                                           .resamples = (int)c->opt->resamples,
                                           .level = c->level,
                                           .seed = (uint64_t)c->opt->seed,
                                           .jobs = c->opt->jobs > 0 ? (int)c->opt->jobs : ohm_processor_count()};
    const struct ohm_paired data = {.a = c->a.share,
                                    .b = c->b.share,
                                    .a_seeds = c->a.side.seeds,
                                    .b_seeds = c->b.side.seeds,
                                    .items = c->a.side.items,
                                    .group = c->grouped ? c->group : NULL};

    ohm_answers_shares(&c->a.side, c->a.share, c->a_time[row]);
    ohm_answers_shares(&c->b.side, c->b.share, c->b_time[row]);
    return ohm_paired_test(&c->result[row], &data, &opt, err);
}

static bool better(const struct comparing *c, const struct ohm_paired_result *r)
{
    return r->p < c->level && r->difference > 0;
}

static const char *verdict(const struct comparing *c, const struct ohm_paired_result *r)
{
    return better(c, r) ? "better" : r->p < c->level ? "worse" : "open";
}

enum { EACH = 11 };
static const char *const each[EACH] = {"acc_a_%s", "acc_b_%s",     "difference_%s", "low_%s",
                                       "high_%s",  "low_seeds_%s", "high_seeds_%s", "p_%s",
                                       "p_one_%s", "better_%s",    "items_%s"};
static const struct ohm_gate_names gate_names = {NULL, each, 0, EACH};

static enum ohm_status check_gate(const struct comparing *c, const struct ohm_gate *gate, struct ohm_error *err)
{
    double value[EACH * ROWS_MAX];

    for (int i = 0; i < c->times.count; i++) {
        const struct ohm_paired_result *const r = &c->result[i];
        const double own[EACH] = {100 * r->a,    100 * r->b,         100 * r->difference, 100 * r->low,
                                  100 * r->high, 100 * r->low_seeds, 100 * r->high_seeds, r->p,
                                  r->p_one,      better(c, r),       c->a.side.items};

        memcpy(value + (size_t)EACH * (size_t)i, own, sizeof own);
    }
    return ohm_gate_check(gate, value, err);
}

/* ---- out ---- */

/* A row says all, for a file of rows stands alone; people read what is the same in all rows above the table. */
static void out_same(struct ohm_out *o, const struct comparing *c)
{
    ohm_out_text(o, "a", c->a.file->network);
    ohm_out_text(o, "b", c->b.file->network);
    ohm_out_text(o, "task", c->a.file->task);
    ohm_out_text(o, "samples", c->a.file->samples);
    ohm_out_int(o, "items", c->a.side.items);
    ohm_out_int(o, "units", c->result[0].units);
    ohm_out_text(o, "unit", c->grouped ? "speaker" : "item");
    ohm_out_int(o, "seeds_a", c->a.side.seeds);
    ohm_out_int(o, "seeds_b", c->b.side.seeds);
}

static void out_row(struct ohm_out *o, const struct comparing *c, int row)
{
    const struct ohm_paired_result *const r = &c->result[row];

    ohm_out_row(o);
    if (!ohm_out_for_people(o))
        out_same(o, c);
    ohm_out_text(o, "time", c->times.item[row]);
    ohm_out_double(o, "acc_a", 100 * r->a);
    ohm_out_double(o, "acc_b", 100 * r->b);
    ohm_out_double(o, "difference", 100 * r->difference);
    ohm_out_double(o, "low", 100 * r->low);
    ohm_out_double(o, "high", 100 * r->high);
    ohm_out_double(o, "low_seeds", 100 * r->low_seeds);
    ohm_out_double(o, "high_seeds", 100 * r->high_seeds);
    ohm_out_double(o, "p", r->p);
    ohm_out_double(o, "p_one", r->p_one);
    ohm_out_text(o, "a_is", verdict(c, r));
    if (!ohm_out_for_people(o)) {
        ohm_out_int(o, "differing", r->differing);
        ohm_out_bool(o, "exact", r->exact);
        ohm_out_double(o, "level", c->level);
    }
    ohm_out_row_end(o);
}

static enum ohm_status out(const struct comparing *c, bool passed, struct ohm_error *err)
{
    struct ohm_out o;

    ohm_out_begin(&o, &c->opt->format, "ohmnas.compare/1");
    out_same(&o, c);
    ohm_out_double(&o, "level", c->level);
    ohm_out_int(&o, "permutations", c->opt->permutations);
    ohm_out_int(&o, "resamples", c->opt->resamples);
    ohm_out_int(&o, "seed", c->opt->seed);
    if (c->opt->gate) {
        ohm_out_text(&o, "gate", c->opt->gate);
        ohm_out_bool(&o, "gate_passed", passed);
    }
    ohm_out_list(&o, "times");
    for (int i = 0; i < c->times.count; i++)
        out_row(&o, c, i);
    ohm_out_list_end(&o);
    return ohm_out_end(&o, err);
}

static enum ohm_status compare(struct comparing *c, const struct ohm_gate *gate, struct ohm_error *err)
{
    struct ohm_error missed = {0};
    enum ohm_status st = OHM_OK, held;

    for (int i = 0; i < c->times.count && st == OHM_OK; i++)
        st = test(c, i, err);
    if (st != OHM_OK)
        return st;
    held = check_gate(c, gate, &missed);
    if ((st = out(c, held == OHM_OK, err)) == OHM_OK && held != OHM_OK)
        return ohm_fail(err, held, "%s", missed.text);
    return st;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct compare *const opt = object;
    struct comparing *const c = ohm_alloc(1, sizeof *c);
    struct ohm_gate gate = {0};
    enum ohm_status st;

    if (!c)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    c->opt = opt;
    if (!ohm_parse_double(opt->level, &c->level) || !(c->level > 0 && c->level < 1))
        st = ohm_fail(err, OHM_ECONFIG, "--level is '%.40s', not a number between 0 and 1", opt->level);
    else if ((st = load(cli, c, args, err)) == OHM_OK && (st = find_times(cli, c, err)) == OHM_OK &&
             (st = ohm_gate_init(cli, &gate, opt->gate, &gate_names, &c->times, err)) == OHM_OK)
        st = compare(c, &gate, err);
    ohm_gate_release(&gate);
    release(c);
    ohm_free(c);
    return st;
}

static const char *const examples[] = {
    "ohmnas compare accurate-1.csv,accurate-2.csv,accurate-3.csv ds-cnn-1.csv,ds-cnn-2.csv,ds-cnn-3.csv --at 1d",
    "ohmnas compare a.csv b.csv --at 1d,30d --gate 'better_1d && low_seeds_1d > 0'", NULL};

const struct ohm_command ohm_cmd_compare = {
    .name = "compare",
    .operands = "A.csv,... B.csv,...",
    .words_min = 2,
    .words_max = 2,
    .complete = "file",
    .summary = "is network A better than B on the same samples? Paired test of answers",
    .details =
        "Files of `ohmnas validate --answers`, one for each training of a network (one for each fold and training), "
        "with "
        "commas between.\n\n"
        "For each sample, or where the samples have speakers for each speaker, A's share of right answers less B's. p "
        "is "
        "of a permutation test of the signs of these differences, two-sided; p_one is that A is not better. low and "
        "high "
        "are the bootstrap interval of the difference over samples, low_seeds and high_seeds over samples and "
        "trainings; "
        "all in points.\n\n"
        "--gate is a condition over, for each time T, acc_a_T, acc_b_T, difference_T, low_T, high_T, low_seeds_T, "
        "high_seeds_T, p_T, p_one_T, items_T, and better_T: 1 where p_T is below --level and A is ahead. Where it does "
        "not hold, or a value in it is missing, the exit code is 5. Files that do not belong together: 7. More in "
        "docs/compare.md.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct compare),
    .run = run,
};
