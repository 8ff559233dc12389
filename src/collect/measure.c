/* measure.c - one network: trained digitally, then with the hardware in the loop, then validated over time; once a
 * fold. All of it runs on the calling thread. */
#include "collect_int.h"

#include "ohm/mem.h"
#include "ohm/stat.h"
#include "ohm/validate.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct measuring {
    const struct ohm_collect *c;
    const struct ohm_collect_watch *watch;
    struct ohm_collect_row *row;
    const struct ohm_net *net;
    struct ohm_weights w;
    int fold;
    bool censored;         /* a rung was missed: the training ends, and that is no interruption */
    double digital, exact; /* sums over folds, weighted by the samples judged */
    double *top1;          /* [draws][times], likewise */
    double weight;
};

/* Of this thread: other work on the machine does not count. */
static double thread_s(void)
{
    struct timespec t;

    return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0 ? (double)t.tv_sec + 1e-9 * (double)t.tv_nsec : 0;
}

static bool stopped(const struct measuring *m)
{
    return m->watch && m->watch->stop && m->watch->stop(m->watch->context);
}

/* ---- training ---- */

/* The rung that ends with this epoch, or -1. */
static int rung_at(const struct measuring *m, int64_t epoch)
{
    for (int i = 0; m->watch && i < m->watch->rungs; i++)
        if (m->c->recipe->rung[i] == epoch)
            return i;
    return -1;
}

static bool watch_first(void *context, const struct ohm_train_progress *p)
{
    struct measuring *const m = context;
    struct ohm_collect_row *const row = m->row;
    int rung;

    if (stopped(m))
        return false;
    if (p->step < p->steps || m->fold > 0 || m->c->fold[0].curves == 0)
        return true;
    if (row->curve_count < OHM_COLLECT_CURVE_MAX)
        row->curve[row->curve_count++] = 100 * p->val_accuracy;
    rung = rung_at(m, p->epoch);
    if (rung >= 0 && 100 * p->val_accuracy < m->watch->threshold[rung]) {
        snprintf(row->reason, sizeof row->reason, "after epoch %" PRId64 " below %.4g %%", p->epoch,
                 m->watch->threshold[rung]);
        m->censored = true;
    }
    return !m->censored;
}

static bool watch_second(void *context, const struct ohm_train_progress *p)
{
    (void)p;
    return !stopped(context);
}

static struct ohm_samples samples_of(const struct measuring *m, struct ohm_data_parts *parts, bool curve)
{
    const struct collect_fold *const f = &m->c->fold[m->fold];
    struct ohm_samples s = ohm_samples_of_data(parts, m->c->data, OHM_TRAIN, OHM_VAL);

    parts->sample[0] = f->train;
    parts->sample[1] = curve ? f->curve : f->judge;
    s.count[0] = f->trains;
    s.count[1] = curve ? f->curves : f->judges;
    return s;
}

static enum ohm_status train(struct measuring *m, struct ohm_train_spec_net *spec, struct ohm_error *err)
{
    struct ohm_train_result result = {0};
    const enum ohm_status st = ohm_train_run(&m->w, &result, spec, err);

    ohm_train_result_release(&result);
    return st;
}

static enum ohm_status train_digital(struct measuring *m, struct ohm_error *err)
{
    struct ohm_data_parts parts = {0};
    const struct ohm_samples curve = samples_of(m, &parts, true);
    struct ohm_train_spec_net spec = {.net = m->net,
                                      .samples = &curve,
                                      .recipe = m->c->recipe->digital,
                                      .seed = (uint64_t)m->row->seed,
                                      .jobs = 1,
                                      .temperature = 1,
                                      .progress = watch_first,
                                      .context = m};
    enum ohm_status st;

    ohm_fields_default(ohm_analog_fields, &spec.analog);
    if ((st = train(m, &spec, err)) == OHM_OK) {
        struct ohm_data_parts all = {0};
        const struct ohm_samples judge = samples_of(m, &all, false);
        struct ohm_score_counts score = {0};

        st = ohm_net_judge(&score, &m->w, &judge, NULL, spec.seed, (int)spec.recipe.batch, 1, err);
        m->digital += 100 * (double)score.correct;
    }
    return st;
}

/* Weights that the digital stage made are where this one starts, and may be its teacher. */
static enum ohm_status train_analog(struct measuring *m, struct ohm_error *err)
{
    const struct ohm_collect_recipe *const r = m->c->recipe;
    struct ohm_data_parts parts = {0};
    struct ohm_samples samples = samples_of(m, &parts, true);
    struct ohm_train_spec_net spec = {.net = m->net,
                                      .samples = &samples,
                                      .recipe = r->analog,
                                      .analog = r->hardware,
                                      .seed = (uint64_t)m->row->seed,
                                      .jobs = 1,
                                      .from = r->digital_stage ? &m->w : NULL,
                                      .teacher = r->teach.distill > 0 ? &m->w : NULL,
                                      .distill = r->teach.distill,
                                      .temperature = r->teach.temperature,
                                      .reestimate = (int)r->teach.reestimate,
                                      .progress = r->digital_stage ? watch_second : watch_first,
                                      .context = m};

    if (r->digital_stage)
        samples.count[1] = 0;
    return train(m, &spec, err);
}

/* ---- validation ---- */

static bool watch_draws(void *context, const struct ohm_validate_progress *p)
{
    (void)p;
    return !stopped(context);
}

static enum ohm_status validate(struct measuring *m, struct ohm_error *err)
{
    const struct ohm_collect_recipe *const r = m->c->recipe;
    struct ohm_data_parts parts = {0};
    const struct ohm_samples samples = samples_of(m, &parts, false);
    const struct ohm_validate_spec spec = {.w = &m->w,
                                           .samples = &samples,
                                           .device = m->c->device,
                                           .tile = &m->c->tile,
                                           .t_s = r->t_s,
                                           .times = r->times,
                                           .draws = (int)r->validate.draws,
                                           .reads = 1,
                                           .count = (int)r->validate.samples,
                                           .calibrate = (int)r->validate.calibrate,
                                           .bn_samples = (int)r->validate.bn_samples,
                                           .seed = (uint64_t)m->row->seed,
                                           .batch = (int)r->validate.batch,
                                           .jobs = 1,
                                           .progress = watch_draws,
                                           .context = m};
    struct ohm_validate_result result = {0};
    const enum ohm_status st = ohm_validate(&result, &spec, err);

    if (st != OHM_OK)
        return st;
    for (int i = 0; i < result.draws * result.times; i++)
        m->top1[i] += result.samples * result.reading[i].top1;
    m->exact += result.samples * result.digital;
    m->weight += result.samples;
    ohm_validate_result_release(&result);
    return st;
}

/* ---- all folds ---- */

static enum ohm_status measure_fold(struct measuring *m, struct ohm_error *err)
{
    const double begin_s = thread_s();
    double trained_s;
    enum ohm_status st = ohm_weights_init(&m->w, m->net, err);

    if (st == OHM_OK && m->c->recipe->digital_stage)
        st = train_digital(m, err);
    if (st == OHM_OK)
        st = train_analog(m, err);
    trained_s = thread_s();
    m->row->train_s += trained_s - begin_s;
    if (st == OHM_OK)
        st = validate(m, err);
    m->row->validate_s += thread_s() - trained_s;
    ohm_weights_release(&m->w);
    return st;
}

/* Draw k of all folds together is one figure: each sample is judged once in it. */
static void summarize(struct measuring *m)
{
    const struct ohm_collect_recipe *const r = m->c->recipe;
    struct ohm_collect_row *const row = m->row;
    const int draws = (int)r->validate.draws;
    double minute = NAN, month = NAN, *const one = m->top1 + draws * r->times;

    row->acc_digital = r->digital_stage ? m->digital / (double)row->judged_on : NAN;
    row->acc_exact = m->exact / m->weight;
    for (int t = 0; t < r->times; t++) {
        for (int d = 0; d < draws; d++)
            one[d] = m->top1[d * r->times + t] / m->weight;
        row->acc[t] = ohm_mean(one, draws);
        row->spread[t] = draws > 1 ? ohm_sd(one, draws) : NAN;
        minute = r->t_s[t] == 60 ? row->acc[t] : minute;
        month = r->t_s[t] == 30 * 86400.0 ? row->acc[t] : month;
    }
    row->avm = minute - month;
    row->state = OHM_COLLECT_DONE;
}

static void clear(struct ohm_collect_row *row, const struct ohm_collect *c)
{
    row->acc_digital = row->acc_exact = row->avm = NAN;
    for (int i = 0; i < OHM_COLLECT_TIMES_MAX; i++)
        row->acc[i] = row->spread[i] = NAN;
    row->size = (struct ohm_collect_size){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    row->curve_count = 0;
    row->reason[0] = '\0';
    row->train_s = row->validate_s = 0;
    row->trained_on = c->fold[0].trains;
    row->judged_on = 0;
    for (int i = 0; i < c->folds; i++)
        row->judged_on += c->fold[i].judges;
}

/* Is this what a network can do wrong, rather than the machine, its files or the user? */
static bool of_the_network(enum ohm_status st)
{
    return st == OHM_EFAIL || st == OHM_EDATA || st == OHM_ERANGE || st == OHM_EUNFIT;
}

static enum ohm_status check_net(const struct measuring *m, struct ohm_error *err)
{
    const struct ohm_task_spec *const t = ohm_data_task(m->c->data);
    const struct ohm_shape in = m->net->input;

    if (in.h == t->h && in.w == t->w && in.c == t->c && m->net->classes == t->classes)
        return OHM_OK;
    return ohm_fail(err, OHM_ERANGE,
                    "the network takes %d x %d x %d and tells %d classes apart, the task %d x %d x %d "
                    "and %d",
                    in.h, in.w, in.c, m->net->classes, t->h, t->w, t->c, t->classes);
}

static enum ohm_status measure(struct measuring *m, struct ohm_error *err)
{
    const struct ohm_collect_recipe *const r = m->c->recipe;
    enum ohm_status st = check_net(m, err);

    m->top1 = ohm_alloc((size_t)r->validate.draws * ((size_t)r->times + 1), sizeof *m->top1);
    if (!m->top1)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if (st == OHM_OK)
        st = size_of_net(m->c, &m->row->size, m->net, err);
    for (; m->fold < m->c->folds && st == OHM_OK; m->fold++)
        st = measure_fold(m, err);
    if (st == OHM_OK)
        summarize(m);
    ohm_free(m->top1);
    return st;
}

enum ohm_status ohm_collect_measure(const struct ohm_collect *c, struct ohm_collect_row *row, const struct ohm_net *net,
                                    const struct ohm_collect_watch *watch, struct ohm_error *err)
{
    struct measuring m = {.c = c, .watch = watch, .row = row, .net = net};
    struct ohm_error why = {0};
    enum ohm_status st;

    clear(row, c);
    row->net_hash = ohm_net_hash(net);
    st = measure(&m, &why);
    if (m.censored) {
        row->state = OHM_COLLECT_CENSORED;
        st = OHM_OK;
    } else if (of_the_network(st)) {
        row->state = OHM_COLLECT_FAILED;
        snprintf(row->reason, sizeof row->reason, "%.250s", why.text);
        st = OHM_OK;
    } else if (st != OHM_OK && err) {
        *err = why;
    }
    return st;
}
