/* front_compare.c - which of two fronts is the better one, by the two usual measures.
 *
 * Hypervolume: the share of the box between the best and the worst values of all fronts together that a front dominates
 * (Zitzler and Thiele, IEEE Trans. Evol. Comput. 3(4), 1999). Coverage C(A, B), from the same paper: the share of B's
 * points that some point of A equals or beats in every objective. */
#include "front_compare.h"

#include "ohm/pareto.h"

#include <math.h>
#include <string.h>

enum { FRONTS_MAX = 17 };

/* One front as costs, scaled to the box: 0 is the best that any front has, 1 the worst. */
struct side {
    struct ohm_study_row study;
    struct ohm_front front;
    double *cost; /* [front.count][m] */
    double volume;
};

struct comparison {
    struct side side[FRONTS_MAX];
    int count, m;
    double best[OHM_OBJECTIVES_MAX], worst[OHM_OBJECTIVES_MAX];
};

/* The objectives of the first front as text, so that the others are compared in the same. */
static void objectives_text(const struct ohm_front *f, struct ohm_str *s)
{
    for (int k = 0; k < f->objectives.count; k++)
        ohm_str_printf(s, "%s%s %s", k ? "," : "", f->objectives.sign[k] > 0 ? "maximize" : "minimize",
                       f->objectives.name[k]);
}

static enum ohm_status take_costs(struct side *s, int m, struct ohm_error *err)
{
    const struct ohm_front *const f = &s->front;

    s->cost = ohm_alloc((size_t)f->count, (size_t)m * sizeof *s->cost);
    if (!s->cost)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < f->count; i++)
        for (int k = 0; k < m; k++) {
            const double v = f->value[(int64_t)f->index[i] * m + k];

            s->cost[i * m + k] = f->objectives.sign[k] > 0 ? -v : v;
        }
    return OHM_OK;
}

static enum ohm_status load_side(struct ohm_cli *cli, struct side *s, struct ohm_store *store, const char *name,
                                 const char *objectives, const char *where, struct ohm_error *err)
{
    struct ohm_metric_names names = {0};
    enum ohm_status st;

    if ((st = ohm_store_find_study(store, name, &s->study, err)) == OHM_OK &&
        (st = ohm_store_metrics(store, s->study.id, names.name, &names.count, err)) == OHM_OK)
        st = ohm_front_load(cli, &s->front, store, s->study.id, objectives, where, &names, err);
    ohm_metric_names_release(&names);
    return st == OHM_OK ? take_costs(s, s->front.objectives.count, err) : st;
}

static enum ohm_status load_all(struct ohm_cli *cli, struct comparison *c, struct ohm_store *store,
                                const struct ohm_front_question *q, struct ohm_error *err)
{
    struct ohm_str text = {0};
    enum ohm_status st;

    c->count = 1;
    st = load_side(cli, &c->side[0], store, q->db->study ? q->db->study : "", q->objective, q->where, err);
    if (st == OHM_OK) {
        c->m = c->side[0].front.objectives.count;
        objectives_text(&c->side[0].front, &text);
    }
    for (int i = 0; i < q->against->count && st == OHM_OK; i++)
        st = load_side(cli, &c->side[c->count++], store, q->against->item[i], ohm_str_text(&text), q->where, err);
    if (st == OHM_OK && text.failed)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    ohm_str_release(&text);
    return st;
}

/* An objective in which all fronts are equal says nothing and has no width: its costs become 0. */
static void scale_all(struct comparison *c)
{
    for (int k = 0; k < c->m; k++) {
        c->best[k] = INFINITY;
        c->worst[k] = -INFINITY;
    }
    for (int s = 0; s < c->count; s++)
        for (int i = 0; i < c->side[s].front.count * c->m; i++) {
            c->best[i % c->m] = fmin(c->best[i % c->m], c->side[s].cost[i]);
            c->worst[i % c->m] = fmax(c->worst[i % c->m], c->side[s].cost[i]);
        }
    for (int s = 0; s < c->count; s++)
        for (int i = 0; i < c->side[s].front.count * c->m; i++) {
            const double width = c->worst[i % c->m] - c->best[i % c->m];

            c->side[s].cost[i] = width > 0 ? (c->side[s].cost[i] - c->best[i % c->m]) / width : 0;
        }
}

static enum ohm_status measure_all(struct comparison *c, struct ohm_error *err)
{
    double corner[OHM_OBJECTIVES_MAX];
    enum ohm_status st = OHM_OK;

    for (int k = 0; k < c->m; k++)
        corner[k] = 1;
    for (int s = 0; s < c->count && st == OHM_OK; s++)
        st = ohm_hypervolume(c->side[s].cost, c->side[s].front.count, c->m, corner, &c->side[s].volume, err);
    return st;
}

static bool no_worse(const double *a, const double *b, int m)
{
    for (int k = 0; k < m; k++)
        if (a[k] > b[k])
            return false;
    return true;
}

/* How many points of b some point of a equals or beats. */
static int covered(const struct side *a, const struct side *b, int m)
{
    int n = 0;

    for (int j = 0; j < b->front.count; j++)
        for (int i = 0; i < a->front.count; i++)
            if (no_worse(a->cost + i * m, b->cost + j * m, m)) {
                n++;
                break;
            }
    return n;
}

static void out_pair(struct ohm_out *o, const struct side *a, const struct side *b, int m)
{
    ohm_out_row(o);
    ohm_out_text(o, "study", a->study.name);
    ohm_out_text(o, "against", b->study.name);
    ohm_out_int(o, "front", a->front.count);
    ohm_out_int(o, "front_against", b->front.count);
    ohm_out_double(o, "volume", a->volume);
    ohm_out_double(o, "volume_against", b->volume);
    ohm_out_double(o, "covers", (double)covered(a, b, m) / b->front.count);
    ohm_out_double(o, "covered", (double)covered(b, a, m) / a->front.count);
    ohm_out_row_end(o);
}

static enum ohm_status out_all(const struct comparison *c, const struct ohm_format *format, struct ohm_error *err)
{
    struct ohm_str text = {0};
    struct ohm_out out;

    ohm_out_begin(&out, format, "ohmnas.fronts/1");
    objectives_text(&c->side[0].front, &text);
    if (ohm_out_for_people(&out))
        ohm_out_say(&out,
                    "volume: share of the box of all fronts; covers: share of the other front equalled or beaten\n"
                    "(%s)\n\n",
                    ohm_str_text(&text));
    else
        ohm_out_str(&out, "objectives", &text);
    ohm_out_list(&out, "fronts");
    for (int s = 1; s < c->count; s++)
        out_pair(&out, &c->side[0], &c->side[s], c->m);
    ohm_out_list_end(&out);
    ohm_str_release(&text);
    return ohm_out_end(&out, err);
}

typedef enum ohm_status with_all_fn(struct comparison *c, void *context, struct ohm_error *err);

/* Loads all fronts and hands them over. */
static enum ohm_status with_all(struct ohm_cli *cli, const struct ohm_front_question *q, with_all_fn *fn, void *context,
                                struct ohm_error *err)
{
    struct comparison *const c = ohm_alloc(1, sizeof *c);
    struct ohm_store *store = NULL;
    enum ohm_status st;

    if (!c)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if (q->against->count >= FRONTS_MAX)
        st = ohm_fail(err, OHM_ERANGE, "--against names %d studies, more than %d", q->against->count, FRONTS_MAX - 1);
    else if ((st = ohm_store_open(&store, q->db->db, OHM_STORE_READ, err)) == OHM_OK &&
             (st = load_all(cli, c, store, q, err)) == OHM_OK)
        st = fn(c, context, err);
    for (int s = 0; s < c->count; s++) {
        ohm_front_release(&c->side[s].front);
        ohm_free(c->side[s].cost);
    }
    ohm_store_close(store);
    ohm_free(c);
    return st;
}

static enum ohm_status measure_and_print(struct comparison *c, void *context, struct ohm_error *err)
{
    const struct ohm_format *const format = context;
    enum ohm_status st;

    scale_all(c);
    st = measure_all(c, err);
    return st == OHM_OK ? out_all(c, format, err) : st;
}

enum ohm_status ohm_fronts_compare(struct ohm_cli *cli, const struct ohm_front_question *q,
                                   const struct ohm_format *format, struct ohm_error *err)
{
    struct ohm_format copy = *format;

    return with_all(cli, q, measure_and_print, &copy, err);
}

/* ---- drawing ---- */

static double value_of(const struct ohm_front *f, int i, int k)
{
    return f->value[(int64_t)f->index[i] * f->objectives.count + k];
}

/* Values of several decades are drawn on a logarithmic axis. */
static bool spans_decades(const struct comparison *c)
{
    double low = INFINITY, high = -INFINITY;

    for (int s = 0; s < c->count; s++)
        for (int i = 0; i < c->side[s].front.count; i++) {
            low = fmin(low, value_of(&c->side[s].front, i, 1));
            high = fmax(high, value_of(&c->side[s].front, i, 1));
        }
    return low > 0 && high > 20 * low;
}

static enum ohm_status draw_all(struct comparison *c, void *context, struct ohm_error *err)
{
    const struct ohm_objective_names *const names = &c->side[0].front.objectives;
    struct ohm_series series[OHM_CHART_COLOURS];
    struct ohm_str *const svg = context;
    double *x[OHM_CHART_COLOURS] = {NULL}, *y[OHM_CHART_COLOURS] = {NULL};
    enum ohm_status st = OHM_OK;

    if (c->count > OHM_CHART_COLOURS)
        return ohm_fail(err, OHM_ERANGE, "%d fronts are more than the %d that a drawing tells apart", c->count,
                        OHM_CHART_COLOURS);
    for (int s = 0; s < c->count && st == OHM_OK; s++) {
        const struct side *const side = &c->side[s];

        x[s] = ohm_alloc((size_t)side->front.count, sizeof *x[s]);
        y[s] = ohm_alloc((size_t)side->front.count, sizeof *y[s]);
        if (!x[s] || !y[s]) {
            st = ohm_fail(err, OHM_ENOMEM, "out of memory");
            continue;
        }
        for (int i = 0; i < side->front.count; i++) {
            x[s][i] = value_of(&side->front, i, 1);
            y[s][i] = value_of(&side->front, i, 0);
        }
        /* The first one last, so that it lies above the others. */
        series[c->count - 1 - s] = (struct ohm_series){.name = side->study.name,
                                                       .kind = c->m == 2 ? OHM_SERIES_LINE : OHM_SERIES_POINTS,
                                                       .colour = s,
                                                       .x = x[s],
                                                       .y = y[s],
                                                       .n = side->front.count};
    }
    if (st == OHM_OK)
        ohm_chart_svg(svg, &(struct ohm_chart){.x_label = names->name[1],
                                               .y_label = names->name[0],
                                               .series = series,
                                               .count = c->count,
                                               .log_x = spans_decades(c)});
    for (int s = 0; s < OHM_CHART_COLOURS; s++) {
        ohm_free(x[s]);
        ohm_free(y[s]);
    }
    return st;
}

enum ohm_status ohm_fronts_draw(struct ohm_cli *cli, const struct ohm_front_question *q, struct ohm_str *svg,
                                struct ohm_error *err)
{
    return with_all(cli, q, draw_all, svg, err);
}
