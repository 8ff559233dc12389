/* bench_run.c - many runs of many strategies on a table, and what they come to. */
#include "bench_int.h"

#include "ohm/mem.h"
#include "ohm/parallel.h"
#include "ohm/stat.h"
#include "ohm/strategy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { BOOTSTRAP_DRAWS = 2000, RUNS_AT_ONCE = 16 };

static const int checkpoints[] = {10, 25, 50, 100, 200, 300, 500, 1000, 2000, 5000};

/* ---- strategies by name ---- */

struct entrant {
    const struct ohm_strategy_ops *ops;
    void *options;
};

static enum ohm_status unknown_strategy(const char *name, struct ohm_error *err)
{
    const char *names[64], *near;
    int n = 0;

    while (n < 64 && ohm_strategies[n]) {
        names[n] = ohm_strategies[n]->name;
        n++;
    }
    near = ohm_nearest(name, names, n);
    return ohm_fail(err, OHM_ENOTFOUND, "there is no strategy '%.80s'%s%s%s", name, near ? "; did you mean '" : "",
                    near ? near : "", near ? "'?" : "");
}

static enum ohm_status set_options(struct entrant *e, char *list, struct ohm_error *err)
{
    for (char *next = list; next; list = next) {
        char *value = strchr(list, '=');
        enum ohm_status st;

        next = strchr(list, ',');
        if (next)
            *next++ = 0;
        if (!value || (next && value >= next))
            return ohm_fail(err, OHM_ECONFIG, "'%.80s' is no option of strategy %s: write key=value", list,
                            e->ops->name);
        *value++ = 0;
        st = ohm_field_set(e->ops->fields, e->options, list, value, err);
        if (st != OHM_OK)
            return st;
    }
    return OHM_OK;
}

/* "name" or "name:key=value,key=value". */
static enum ohm_status enter(struct entrant *e, const char *text, struct ohm_error *err)
{
    char name[OHM_BENCH_NAME_SIZE], *list;

    if ((size_t)snprintf(name, sizeof name, "%s", text) >= sizeof name)
        return ohm_fail(err, OHM_ECONFIG, "'%.80s...' is too long for a strategy with options", text);
    list = strchr(name, ':');
    if (list)
        *list++ = 0;
    e->ops = ohm_strategy_find(name);
    if (!e->ops)
        return unknown_strategy(name, err);
    e->options = ohm_alloc(1, e->ops->options_size);
    if (!e->options)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    ohm_fields_default(e->ops->fields, e->options);
    return list ? set_options(e, list, err) : OHM_OK;
}

/* ---- one run ---- */

struct bench {
    const struct ohm_bench_table *table;
    const struct ohm_bench_options *options;
    struct ohm_bench_result *result;
    struct entrant entrant[OHM_BENCH_CURVES_MAX];
    double *seconds; /* [count * seeds] */
    int first;       /* of the runs under way */
};

static bool in_table(void *context, const struct ohm_genotype *g)
{
    const struct ohm_bench_table *t = context;

    return bench_table_find(t, ohm_genotype_id(t->space, g)) >= 0;
}

/* Strategies may look at networks outside the table, to learn what features are like: those have none. */
static void table_features(void *context, const struct ohm_genotype *g, float *x)
{
    const struct ohm_bench_table *t = context;
    const int row = bench_table_find(t, ohm_genotype_id(t->space, g));

    if (row >= 0)
        memcpy(x, t->feature + (size_t)row * (size_t)t->features, (size_t)t->features * sizeof *x);
    else
        memset(x, 0, (size_t)t->features * sizeof *x);
}

struct record {
    const struct bench *bench;
    double *regret; /* [points] */
    double best;    /* so far, of the negated or plain value: smaller is better */
    int queries, point;
};

static double regret_of(const struct ohm_bench_table *t, double best)
{
    return t->minimize ? best - t->optimum : best + t->optimum;
}

static void note(struct record *r, double objective)
{
    const struct ohm_bench_result *result = r->bench->result;

    r->best = objective < r->best ? objective : r->best;
    r->queries++;
    if (r->point < result->points && r->queries == result->queries[r->point])
        r->regret[r->point++] = regret_of(r->bench->table, r->best);
}

static void answer(struct record *r, const struct ohm_candidate *c, struct ohm_outcome *o, int n)
{
    const struct ohm_bench_table *t = r->bench->table;

    for (int i = 0; i < n; i++) {
        const int row = bench_table_find(t, c[i].id);

        o[i] = (struct ohm_outcome){.trial = r->queries, .violation = 0};
        o[i].objective[0] = row < 0 ? (double)NAN : t->minimize ? t->value[row] : -t->value[row];
        o[i].sd[0] = 0;
        note(r, o[i].objective[0]);
    }
}

static enum ohm_status query(struct record *r, struct ohm_strategy *s, struct ohm_candidate *c, struct ohm_outcome *o,
                             const struct ohm_rng *stream, struct ohm_error *err)
{
    const int budget = r->bench->options->budget;
    enum ohm_status st = OHM_OK;
    int n = 1;

    for (uint64_t generation = 0; st == OHM_OK && n > 0 && r->queries < budget; generation++) {
        struct ohm_rng rng = ohm_rng_child(stream, generation);

        st = ohm_strategy_ask(s, c, &n, &rng, err);
        if (st != OHM_OK)
            break;
        answer(r, c, o, n);
        st = ohm_strategy_tell(s, c, o, n, err);
    }
    /* The table has nothing more to ask for: the regret stays what it is. */
    while (r->point < r->bench->result->points)
        r->regret[r->point++] = regret_of(r->bench->table, r->best);
    return st;
}

static double cpu_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static enum ohm_status one_run(void *context, int index, int worker, struct ohm_error *err)
{
    const struct bench *b = context;
    const int run = b->first + index, seeds = b->options->seeds, curve = run / seeds, seed = run % seeds;
    const struct ohm_problem problem = {.space = b->table->space,
                                        .objectives = 1,
                                        .context = (void *)b->table,
                                        .admissible = in_table,
                                        .feature_count = b->table->features,
                                        .features = table_features,
                                        .jobs = 1};
    const struct ohm_rng all = ohm_rng_seed(b->options->seed), own = ohm_rng_child(&all, (uint64_t)seed);
    struct record record = {.bench = b, .best = INFINITY};
    struct ohm_candidate *c = NULL;
    struct ohm_outcome *o = NULL;
    struct ohm_strategy *s = NULL;
    const double started = cpu_s();
    enum ohm_status st = ohm_strategy_create(&s, b->entrant[curve].ops, &problem, b->entrant[curve].options, err);

    (void)worker;
    record.regret = b->result->curve[curve].regret + (size_t)seed * (size_t)b->result->points;
    if (st == OHM_OK) {
        c = ohm_alloc((size_t)ohm_strategy_batch(s), sizeof *c);
        o = ohm_alloc((size_t)ohm_strategy_batch(s), sizeof *o);
        st = c && o ? query(&record, s, c, o, &own, err) : ohm_fail(err, OHM_ENOMEM, "out of memory for a run");
    }
    ohm_strategy_free(s);
    ohm_free(c);
    ohm_free(o);
    b->seconds[run] = cpu_s() - started;
    return st;
}

/* ---- what the runs come to ---- */

/* draws[n] = regret of a minus regret of b, which may be NULL, at one point. */
static void column(double *x, const struct ohm_bench_result *r, const struct ohm_bench_curve *a,
                   const struct ohm_bench_curve *b, int point)
{
    for (int seed = 0; seed < r->seeds; seed++) {
        const size_t at = (size_t)seed * (size_t)r->points + (size_t)point;

        x[seed] = a->regret[at] - (b ? b->regret[at] : 0);
    }
}

static enum ohm_status difference(struct ohm_bench_difference *out, double *x, const struct ohm_bench_result *r,
                                  const struct ohm_bench_curve *a, const struct ohm_bench_curve *b, int point,
                                  struct ohm_rng *rng, struct ohm_error *err)
{
    *out = (struct ohm_bench_difference){NAN, NAN, NAN};
    if (!b)
        return OHM_OK;
    column(x, r, a, b, point);
    out->mean = ohm_mean(x, r->seeds);
    return ohm_bootstrap_mean(&out->low, &out->high, x, r->seeds, BOOTSTRAP_DRAWS, 0.95, rng, err);
}

static const struct ohm_bench_curve *find_curve(const struct ohm_bench_result *r, const char *name)
{
    for (int i = 0; i < r->count; i++)
        if (strcmp(r->curve[i].name, name) == 0)
            return &r->curve[i];
    return NULL;
}

static enum ohm_status sum_point(struct ohm_bench_point *p, double *x, const struct ohm_bench_result *r,
                                 const struct ohm_bench_curve *c, int point, struct ohm_rng *rng, struct ohm_error *err)
{
    enum ohm_status st;
    int hits = 0;

    column(x, r, c, NULL, point);
    p->queries = r->queries[point];
    p->mean = ohm_mean(x, r->seeds);
    for (int seed = 0; seed < r->seeds; seed++)
        hits += x[seed] <= 0;
    p->hit = (double)hits / r->seeds;
    st = ohm_bootstrap_mean(&p->low, &p->high, x, r->seeds, BOOTSTRAP_DRAWS, 0.95, rng, err);
    p->q25 = ohm_quantile_in_place(x, r->seeds, 0.25);
    p->median = ohm_quantile_in_place(x, r->seeds, 0.5);
    p->q75 = ohm_quantile_in_place(x, r->seeds, 0.75);
    if (st == OHM_OK)
        st = difference(&p->to_random, x, r, c, find_curve(r, "random"), point, rng, err);
    if (st == OHM_OK)
        st = difference(&p->to_regevo, x, r, c, find_curve(r, "regevo"), point, rng, err);
    return st;
}

static enum ohm_status sum_curve(void *context, int index, int worker, struct ohm_error *err)
{
    struct bench *b = context;
    struct ohm_bench_curve *c = &b->result->curve[index];
    const struct ohm_rng seed = ohm_rng_seed(b->options->seed), own = ohm_rng_named(&seed, "bootstrap");
    double *x = ohm_alloc((size_t)b->result->seeds, sizeof *x);
    enum ohm_status st = x ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");

    (void)worker;
    for (int i = 0; i < b->result->points && st == OHM_OK; i++) {
        struct ohm_rng rng = ohm_rng_child(&own, (uint64_t)i);

        st = sum_point(&c->point[i], x, b->result, c, i, &rng, err);
    }
    for (int seed_index = 0; seed_index < b->result->seeds; seed_index++)
        c->seconds += b->seconds[(size_t)index * (size_t)b->result->seeds + (size_t)seed_index];
    ohm_free(x);
    return st;
}

/* ---- all of it ---- */

static void set_points(struct ohm_bench_result *r, int budget)
{
    for (size_t i = 0; i < sizeof checkpoints / sizeof *checkpoints && checkpoints[i] < budget; i++)
        r->queries[r->points++] = checkpoints[i];
    r->queries[r->points++] = budget;
}

static enum ohm_status add_curve(struct bench *b, const char *name, struct ohm_error *err)
{
    struct ohm_bench_result *r = b->result;
    struct ohm_bench_curve *c = &r->curve[r->count];
    const enum ohm_status st = enter(&b->entrant[r->count], name, err);

    if (st != OHM_OK)
        return st;
    snprintf(c->name, sizeof c->name, "%s", name);
    c->regret = ohm_alloc((size_t)r->seeds * (size_t)r->points, sizeof *c->regret);
    r->count++;
    return c->regret ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory for %d runs", r->seeds);
}

static enum ohm_status add_curves(struct bench *b, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < b->options->count && st == OHM_OK; i++)
        st = add_curve(b, b->options->strategy[i], err);
    if (b->options->count > 0)
        return st;
    for (int i = 0; ohm_strategies[i] && st == OHM_OK; i++)
        st = add_curve(b, ohm_strategies[i]->name, err);
    return st == OHM_OK ? add_curve(b, "regevo:repeats=true", err) : st;
}

static enum ohm_status run_all(struct bench *b, struct ohm_error *err)
{
    const struct ohm_bench_options *o = b->options;
    const int total = b->result->count * o->seeds;
    enum ohm_status st = OHM_OK;

    b->seconds = ohm_alloc((size_t)total, sizeof *b->seconds);
    if (!b->seconds)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for %d runs", total);
    while (b->first < total && st == OHM_OK) {
        const int most = RUNS_AT_ONCE * o->jobs, n = total - b->first < most ? total - b->first : most;

        st = ohm_parallel_for(o->jobs, n, one_run, b, err);
        b->first += n;
        if (st == OHM_OK && o->progress && !o->progress(o->context, b->first, total))
            st = ohm_fail(err, OHM_EINTR, "interrupted after %d of %d runs", b->first, total);
    }
    return st == OHM_OK ? ohm_parallel_for(o->jobs, b->result->count, sum_curve, b, err) : st;
}

enum ohm_status ohm_bench_run(struct ohm_bench_result **out, const struct ohm_bench_table *table,
                              const struct ohm_bench_options *options, struct ohm_error *err)
{
    struct bench b = {.table = table, .options = options};
    enum ohm_status st;

    if (options->budget < 1 || options->budget > 100000 || options->seeds < 1 || options->seeds > 100000)
        return ohm_fail(err, OHM_ERANGE, "%d queries and %d seeds: each must be in [1, 100000]", options->budget,
                        options->seeds);
    if (options->count > OHM_BENCH_CURVES_MAX)
        return ohm_fail(err, OHM_ERANGE, "%d strategies, more than %d", options->count, OHM_BENCH_CURVES_MAX);
    b.result = ohm_alloc(1, sizeof *b.result);
    if (!b.result)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    b.result->seeds = options->seeds;
    b.result->budget = options->budget;
    set_points(b.result, options->budget);
    st = add_curves(&b, err);
    if (st == OHM_OK)
        st = run_all(&b, err);
    for (int i = 0; i < OHM_BENCH_CURVES_MAX; i++)
        ohm_free(b.entrant[i].options);
    ohm_free(b.seconds);
    if (st == OHM_OK)
        *out = b.result;
    else
        ohm_bench_free(b.result);
    return st;
}

void ohm_bench_free(struct ohm_bench_result *result)
{
    if (!result)
        return;
    for (int i = 0; i < result->count; i++)
        ohm_free(result->curve[i].regret);
    ohm_free(result);
}
