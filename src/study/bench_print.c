/* bench_print.c - the outcome of bench as text. */
#include "bench_int.h"

#include "ohm/csv.h"

#include <math.h>
#include <string.h>

static void difference_text(struct ohm_str *s, const struct ohm_bench_difference *d)
{
    if (isnan(d->mean))
        ohm_str_printf(s, "  %26s", "-");
    else
        ohm_str_printf(s, "  %+8.4f [%+7.4f,%+7.4f]", d->mean, d->low, d->high);
}

static void curve_text(struct ohm_str *s, const struct ohm_bench_result *r, const struct ohm_bench_curve *c)
{
    ohm_str_printf(s, "\n%s   %.2g s of processor time a run\n", c->name, c->seconds / r->seeds);
    ohm_str_printf(s, "%8s  %8s %17s  %8s %8s %8s  %5s  %26s  %26s\n", "queries", "mean", "95 %", "q25", "median",
                   "q75", "hit", "minus random", "minus regevo");
    for (int i = 0; i < r->points; i++) {
        const struct ohm_bench_point *p = &c->point[i];

        ohm_str_printf(s, "%8d  %8.4f [%7.4f,%7.4f]  %8.4f %8.4f %8.4f  %5.3f", p->queries, p->mean, p->low, p->high,
                       p->q25, p->median, p->q75, p->hit);
        difference_text(s, strcmp(c->name, "random") ? &p->to_random : &(struct ohm_bench_difference){NAN, NAN, NAN});
        difference_text(s, strcmp(c->name, "regevo") ? &p->to_regevo : &(struct ohm_bench_difference){NAN, NAN, NAN});
        ohm_str_append(s, "\n");
    }
}

void ohm_bench_text(struct ohm_str *s, const struct ohm_bench_table *table, const struct ohm_bench_result *result)
{
    ohm_str_printf(s, "%s: %d networks, best ", table->objective, table->rows);
    ohm_str_append_double(s, table->optimum);
    if (table->without > 0)
        ohm_str_printf(s, "; %d rows without a value are left out", table->without);
    ohm_str_printf(s,
                   "\nsimple regret over %d seeds, every query charged; differences are paired by seed, with 95 %% "
                   "bootstrap intervals\n",
                   result->seeds);
    for (int i = 0; i < result->count; i++)
        curve_text(s, result, &result->curve[i]);
}

static void number(struct ohm_str *s, double value)
{
    ohm_str_append(s, ",");
    if (!isnan(value))
        ohm_str_append_double(s, value);
}

void ohm_bench_csv(struct ohm_str *s, const struct ohm_bench_table *table, const struct ohm_bench_result *result)
{
    ohm_str_append(s, "objective,strategy,seeds,queries,mean,low,high,q25,median,q75,hit,minus_random,minus_random_low,"
                      "minus_random_high,minus_regevo,minus_regevo_low,minus_regevo_high,seconds\n");
    for (int i = 0; i < result->count; i++) {
        for (int k = 0; k < result->points; k++) {
            const struct ohm_bench_curve *c = &result->curve[i];
            const struct ohm_bench_point *p = &c->point[k];
            const double values[] = {p->mean,
                                     p->low,
                                     p->high,
                                     p->q25,
                                     p->median,
                                     p->q75,
                                     p->hit,
                                     p->to_random.mean,
                                     p->to_random.low,
                                     p->to_random.high,
                                     p->to_regevo.mean,
                                     p->to_regevo.low,
                                     p->to_regevo.high,
                                     c->seconds};

            ohm_csv_append(s, table->objective);
            ohm_str_append(s, ",");
            ohm_csv_append(s, c->name);
            ohm_str_printf(s, ",%d,%d", result->seeds, p->queries);
            for (size_t v = 0; v < sizeof values / sizeof *values; v++)
                number(s, values[v]);
            ohm_str_append(s, "\n");
        }
    }
}
