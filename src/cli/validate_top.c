/* validate_top.c - the best networks of a study on hardware: what the search promised beside what is measured. */
#include "best_trials.h"
#include "validate_run.h"

#include "ohm/file.h"
#include "ohm/stat.h"
#include "ohm/training.h"
#include "ohm/weights.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct candidate {
    int64_t trial;
    char net[OHM_ID_TEXT_SIZE + 64];
    double predicted;       /* NaN: the study has no such metric */
    struct ohm_str weights; /* empty: none */
    bool measured;
    double digital, top1, low, high;
    int64_t id;               /* of the validation */
    int rank, rank_predicted; /* from 1, best first; 0: not measured, not predicted */
};

struct top {
    struct ohm_cli *cli;
    struct ohm_validate_setup *s;
    struct ohm_store *store; /* open while the candidates are found */
    struct ohm_study_row study;
    char study_number[32]; /* "#3" */
    const char *by;        /* "acc_1d" */
    int time;              /* of `by`, index in the times */
    struct ohm_metric_names metrics;
    struct ohm_objective_names objectives;
    int64_t *trial; /* [count]: chosen, best first */
    struct candidate *candidate;
    int count;
};

static void release(struct top *t)
{
    for (int i = 0; i < t->count && t->candidate; i++)
        ohm_str_release(&t->candidate[i].weights);
    ohm_metric_names_release(&t->metrics);
    ohm_store_close(t->store);
    ohm_free(t->trial);
    ohm_free(t->candidate);
}

/* ---- what ranks them ---- */

static enum ohm_status find_by(struct top *t, struct ohm_error *err)
{
    const struct ohm_words *const times = &t->s->times;
    const char *const own = t->objectives.count > 0 ? t->objectives.name[0] : "";

    t->by = t->s->opt->by ? t->s->opt->by : own;
    for (t->time = 0; t->time < times->count; t->time++)
        if (strncmp(t->by, "acc_", 4) == 0 && strcmp(t->by + 4, times->item[t->time]) == 0)
            return OHM_OK;
    if (t->s->opt->by)
        return ohm_fail(err, OHM_ENOTFOUND, "--by is '%.40s', not acc_ and one of --times, such as acc_%s", t->by,
                        times->item[times->count - 1]);
    return ohm_fail(
        err, OHM_ECONFIG,
        "the first objective of study '%s' is '%.40s', which is not measured at one of --times: say what ranks "
        "its networks, such as --by acc_%s",
        t->study.name, own, times->item[times->count - 1]);
}

static enum ohm_status choose(struct top *t, struct ohm_error *err)
{
    const int k = (int)t->s->opt->top;
    enum ohm_status st;

    if (!(t->trial = ohm_alloc((size_t)k, sizeof *t->trial)) ||
        !(t->candidate = ohm_alloc((size_t)k, sizeof *t->candidate)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    st = ohm_best_trials(t->trial, &t->count, t->store, t->study.id, &t->objectives, k, err);
    if (st == OHM_OK && t->count == 0)
        return ohm_fail(err, OHM_EUNFIT, "study '%s' has no feasible trial", t->study.name);
    return st;
}

/* ---- their weights ---- */

struct wanted {
    struct ohm_store *store;
    const char *task;
    char shape[17];
    struct ohm_str *path;
};

/* The newest that is still there wins. */
static enum ohm_status try_training(void *context, const struct ohm_training_row *row, struct ohm_error *err)
{
    const struct wanted *w = context;
    struct ohm_str path = {0};
    char hash[17];
    enum ohm_status st;

    if (strcmp(row->state, "done") != 0 || strcmp(row->network_hash, w->shape) != 0 || strcmp(row->task, w->task) != 0)
        return OHM_OK;
    if ((st = ohm_store_training_text(w->store, row->id, "weights", &path, err)) == OHM_OK &&
        ohm_file_exists(ohm_str_text(&path)) && !ohm_is_folder(ohm_str_text(&path)) &&
        ohm_validate_hash_file(hash, ohm_str_text(&path), NULL) == OHM_OK && strcmp(hash, row->weights_hash) == 0) {
        ohm_str_clear(w->path);
        ohm_str_append(w->path, ohm_str_text(&path));
    }
    ohm_str_release(&path);
    return st;
}

/* "n:3fa9c1..." is ID.st in the folder. */
static void weights_name(const struct top *t, const struct candidate *c, struct ohm_str *path)
{
    if (t->s->opt->weights_dir)
        ohm_str_printf(path, "%s/", t->s->opt->weights_dir);
    ohm_str_printf(path, "%s.st", c->net + 2);
}

static enum ohm_status find_weights(struct top *t, struct candidate *c, const struct ohm_net *net,
                                    struct ohm_error *err)
{
    struct wanted w = {.store = t->store, .task = t->s->fit.task->name, .path = &c->weights};
    enum ohm_status st = OHM_OK;

    snprintf(w.shape, sizeof w.shape, "%016" PRIx64, ohm_net_hash(net));
    if (t->s->opt->weights_dir) {
        weights_name(t, c, &c->weights);
        if (!c->weights.failed && !ohm_file_exists(ohm_str_text(&c->weights)))
            ohm_str_clear(&c->weights);
    }
    if (c->weights.length == 0)
        st = ohm_store_each_training(t->store, try_training, &w, err);
    return st == OHM_OK && c->weights.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory") : st;
}

/* The sources of the command line, but NET is of this very study. */
static struct ohm_fit_sources sources(const struct top *t)
{
    struct ohm_fit_sources from = t->s->opt->from;

    from.net.study = t->study_number;
    return from;
}

static enum ohm_status name_net(const struct top *t, struct ohm_named_net *net, int64_t trial, struct ohm_error *err)
{
    const struct ohm_fit_sources from = sources(t);
    char text[32];

    snprintf(text, sizeof text, "#%lld", (long long)trial);
    return ohm_net_arg(t->cli, net, text, &from.net, err);
}

static bool is_there(const struct top *t, const char *net)
{
    for (int i = 0; i < t->count; i++)
        if (strcmp(t->candidate[i].net, net) == 0)
            return true;
    return false;
}

/* Trials of one network count once. */
static enum ohm_status add_candidate(struct top *t, int64_t trial, struct ohm_error *err)
{
    const int metric = ohm_metric_names_find(&t->metrics, t->by);
    struct ohm_named_net net = {0};
    enum ohm_status st = name_net(t, &net, trial, err);

    if (st == OHM_OK && !is_there(t, net.name)) {
        struct candidate *const c = &t->candidate[t->count++];

        *c = (struct candidate){.trial = trial, .predicted = metric >= 0 ? net.value[metric] : NAN};
        memcpy(c->net, net.name, sizeof c->net);
        st = find_weights(t, c, net.net, err);
    }
    ohm_net_arg_release(&net);
    return st;
}

static enum ohm_status find_candidates(struct top *t, struct ohm_error *err)
{
    const struct ohm_db_options db = {t->s->opt->from.net.db, t->s->opt->from.net.study};
    enum ohm_status st = ohm_cli_study(&db, &t->store, &t->study, err);
    int chosen;

    if (st != OHM_OK)
        return st;
    snprintf(t->study_number, sizeof t->study_number, "#%lld", (long long)t->study.id);
    if ((st = ohm_store_metrics(t->store, t->study.id, t->metrics.name, &t->metrics.count, err)) != OHM_OK ||
        (st = ohm_cli_objectives(t->cli, t->store, t->study.id, &t->objectives, err)) != OHM_OK ||
        (st = find_by(t, err)) != OHM_OK || (st = choose(t, err)) != OHM_OK)
        return st;
    chosen = t->count;
    t->count = 0;
    for (int i = 0; i < chosen && st == OHM_OK; i++)
        st = add_candidate(t, t->trial[i], err);
    ohm_store_close(t->store);
    t->store = NULL;
    return st;
}

/* ---- measuring ---- */

/* The data are loaded with the first network and stay; the others of its space take the same inputs. */
static enum ohm_status take_net(struct top *t, const struct candidate *c, struct ohm_error *err)
{
    const struct ohm_fit_sources from = sources(t);
    struct ohm_fit_loaded *const l = &t->s->fit;
    char text[32];
    enum ohm_status st;

    snprintf(text, sizeof text, "#%lld", (long long)c->trial);
    if (!l->data) {
        ohm_task_spec_free(l->task);
        l->task = NULL;
        return ohm_fit_load(t->cli, l, text, &from, OHM_TRAIN, ohm_fit_split(t->s->opt->split), err);
    }
    ohm_net_arg_release(&l->named);
    st = ohm_net_arg(t->cli, &l->named, text, &from.net, err);
    l->net = l->named.net;
    return st;
}

static enum ohm_status measure(struct top *t, struct candidate *c, struct ohm_error *err)
{
    struct ohm_validated v = {0};
    char prefix[sizeof c->net + 4];
    enum ohm_status st;

    snprintf(prefix, sizeof prefix, "%s  ", c->net);
    if ((st = take_net(t, c, err)) != OHM_OK ||
        (st = ohm_validate_net(t->cli, &v, t->s, ohm_str_text(&c->weights), !t->s->opt->again, prefix, err)) != OHM_OK)
        return st;
    c->measured = true;
    c->id = v.id;
    c->digital = v.result.digital;
    c->top1 = v.result.moment[t->time].mean;
    c->low = v.result.moment[t->time].low;
    c->high = v.result.moment[t->time].high;
    ohm_validate_result_release(&v.result);
    return OHM_OK;
}

/* Places from 1, largest first; of equal ones the first in the study's order comes first. */
static void rank(struct top *t)
{
    for (int i = 0; i < t->count; i++) {
        struct candidate *const c = &t->candidate[i];

        c->rank = c->measured;
        c->rank_predicted = !isnan(c->predicted);
        for (int k = 0; k < t->count; k++) {
            const struct candidate *const o = &t->candidate[k];

            c->rank += c->measured && o->measured && (o->top1 > c->top1 || (k < i && !(o->top1 < c->top1)));
            c->rank_predicted += o->predicted > c->predicted || (k < i && o->predicted >= c->predicted);
        }
    }
}

/* ---- output ---- */

struct agreement {
    int measured;
    double tau, bias, rmse; /* NaN: there is nothing to compare */
};

static enum ohm_status compare(const struct top *t, struct agreement *a, struct ohm_error *err)
{
    double *const x = ohm_alloc((size_t)t->count, sizeof *x), *const y = ohm_alloc((size_t)t->count, sizeof *y);
    enum ohm_status st = x && y ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");
    int n = 0;

    *a = (struct agreement){0, NAN, NAN, NAN};
    for (int i = 0; i < t->count && st == OHM_OK; i++) {
        a->measured += t->candidate[i].measured;
        if (!t->candidate[i].measured || isnan(t->candidate[i].predicted))
            continue;
        x[n] = t->candidate[i].predicted;
        y[n++] = t->candidate[i].top1;
    }
    if (st == OHM_OK && n > 1)
        st = ohm_kendall(&a->tau, x, y, n, err);
    if (st == OHM_OK && n > 0) {
        a->bias = ohm_mean(y, n) - ohm_mean(x, n);
        a->rmse = ohm_rmse(x, y, n);
    }
    ohm_free(x);
    ohm_free(y);
    return st;
}

static void put_word(struct ohm_str *s, const char *name, const char *value)
{
    ohm_str_printf(s, " %s ", name);
    ohm_str_append_word(s, value);
}

/* The command that trains it to where --top will find it. */
static void train_command(const struct top *t, const struct candidate *c, struct ohm_str *s)
{
    const struct ohm_fit_sources *const from = &t->s->opt->from;
    struct ohm_str path = {0};

    weights_name(t, c, &path);
    ohm_str_printf(s, "ohmnas train %s", c->net);
    put_word(s, "--study", t->study.name);
    put_word(s, "--db", from->net.db);
    put_word(s, "--task", from->task);
    put_word(s, "--data", from->folder);
    put_word(s, "-o", ohm_str_text(&path));
    s->failed |= path.failed;
    ohm_str_release(&path);
}

static void out_candidate(struct ohm_out *o, const struct top *t, const struct candidate *c)
{
    struct ohm_str command = {0};
    char id[32];

    snprintf(id, sizeof id, "v:%lld", (long long)c->id);
    ohm_out_row(o);
    ohm_out_double(o, "rank", c->rank > 0 ? (double)c->rank : (double)NAN);
    ohm_out_double(o, "rank_predicted", c->rank_predicted > 0 ? (double)c->rank_predicted : (double)NAN);
    ohm_out_text(o, "net", c->net);
    ohm_out_int(o, "trial", c->trial);
    ohm_out_double(o, "predicted", c->predicted);
    ohm_out_double(o, "top1", c->measured ? c->top1 : NAN);
    ohm_out_double(o, "low", c->measured ? c->low : NAN);
    ohm_out_double(o, "high", c->measured ? c->high : NAN);
    ohm_out_double(o, "error", c->measured ? c->predicted - c->top1 : NAN);
    ohm_out_double(o, "digital", c->measured ? c->digital : NAN);
    ohm_out_text(o, "validation", c->measured ? id : NULL);
    if (!ohm_out_for_people(o)) {
        train_command(t, c, &command);
        ohm_out_text(o, "weights", c->weights.length > 0 ? ohm_str_text(&c->weights) : NULL);
        ohm_out_str(o, "train", &command);
    }
    ohm_out_row_end(o);
    ohm_str_release(&command);
}

static void out_networks(struct ohm_out *o, const struct top *t)
{
    ohm_out_list(o, "networks");
    for (int place = 1; place <= t->count; place++)
        for (int i = 0; i < t->count; i++)
            if (t->candidate[i].rank == place)
                out_candidate(o, t, &t->candidate[i]);
    for (int i = 0; i < t->count; i++)
        if (!t->candidate[i].measured)
            out_candidate(o, t, &t->candidate[i]);
    ohm_out_list_end(o);
}

static void out_untrained(struct ohm_out *o, const struct top *t)
{
    bool first = true;

    for (int i = 0; i < t->count; i++) {
        struct ohm_str command = {0};

        if (t->candidate[i].measured)
            continue;
        if (first)
            ohm_out_say(o, "not trained yet:");
        first = false;
        train_command(t, &t->candidate[i], &command);
        ohm_out_say(o, "  %s", ohm_str_text(&command));
        ohm_str_release(&command);
    }
}

static enum ohm_status out_top(const struct top *t, struct ohm_error *err)
{
    struct agreement a;
    struct ohm_out out;
    enum ohm_status st = compare(t, &a, err);

    if (st != OHM_OK)
        return st;
    ohm_out_begin(&out, &t->s->opt->format, "ohmnas.validate.top/1");
    ohm_out_text(&out, "study", t->study.name);
    ohm_out_text(&out, "task", t->s->fit.task->name);
    ohm_out_text(&out, "on", t->s->opt->split);
    if (t->s->fit.data && ohm_data_is_synthetic(t->s->fit.data))
        ohm_out_text(&out, "note", "synthetic data: what is learned from them means nothing");
    ohm_out_text(&out, "device", t->s->device->name);
    ohm_out_text(&out, "by", t->by);
    ohm_out_int(&out, "chosen", t->count);
    ohm_out_int(&out, "measured", a.measured);
    ohm_out_double(&out, "tau", a.tau);
    ohm_out_double(&out, "bias", a.bias);
    ohm_out_double(&out, "rmse", a.rmse);
    out_networks(&out, t);
    out_untrained(&out, t);
    return ohm_out_end(&out, err);
}

enum ohm_status ohm_validate_top(struct ohm_cli *cli, struct ohm_validate_setup *s, struct ohm_error *err)
{
    struct top t = {.cli = cli, .s = s};
    enum ohm_status st = OHM_OK;
    bool any = false;

    if (!s->opt->from.task || !s->opt->from.folder)
        return ohm_fail(err, OHM_ECONFIG, "--%s is missing", s->opt->from.task ? "data" : "task");
    if ((st = ohm_cli_task(cli, s->opt->from.task, &s->fit.task)) == OHM_OK)
        st = find_candidates(&t, err);
    for (int i = 0; i < t.count && st == OHM_OK; i++)
        if (t.candidate[i].weights.length > 0 && (st = measure(&t, &t.candidate[i], err)) == OHM_OK)
            any = true;
    if (st == OHM_OK) {
        rank(&t);
        st = out_top(&t, err);
    }
    if (st == OHM_OK && !any)
        st = ohm_fail(err, OHM_EUNFIT, "none of these networks has trained weights yet");
    release(&t);
    return st;
}
