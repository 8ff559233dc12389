/* validate_gate.c - a condition on what a validation measured. */
#include "validate_gate.h"

#include "ohm/expr.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FIXED = 2, EACH = 8 }; /* names of the whole; of a time */

static const char *const fixed[FIXED] = {"digital", "avm"};
static const char *const each[EACH] = {"acc_%s",     "acc_%s_sd",     "acc_%s_low", "acc_%s_high",
                                       "acc_%s_q05", "acc_%s_median", "acc_%s_q95", "dw_%s"};

void ohm_gate_release(struct ohm_gate *gate)
{
    ohm_expr_free(gate->expr);
    gate->expr = NULL;
}

static const char *name_of(struct ohm_cli *cli, const char *pattern, const char *time)
{
    const size_t lead = (size_t)(strchr(pattern, '%') - pattern);
    char *const name = ohm_arena_alloc(&cli->arena, strlen(pattern) + strlen(time) + 1, 1);

    if (name)
        snprintf(name, strlen(pattern) + strlen(time) + 1, "%.*s%s%s", (int)lead, pattern, time, pattern + lead + 2);
    return name;
}

static int find(const void *context, const char *name)
{
    const struct ohm_gate *const gate = context;

    for (int i = 0; i < gate->names; i++)
        if (strcmp(gate->name[i], name) == 0)
            return i;
    return -1;
}

enum ohm_status ohm_gate_init(struct ohm_cli *cli, struct ohm_gate *gate, const char *text,
                              const struct ohm_words *times, struct ohm_error *err)
{
    enum ohm_status st;
    bool failed;

    *gate = (struct ohm_gate){.names = FIXED + EACH * times->count};
    if (!text)
        return OHM_OK;
    gate->name = ohm_arena_alloc(&cli->arena, (size_t)gate->names, sizeof *gate->name);
    failed = !gate->name;
    for (int i = 0; i < gate->names && !failed; i++) {
        gate->name[i] = i < FIXED ? fixed[i] : name_of(cli, each[(i - FIXED) % EACH], times->item[(i - FIXED) / EACH]);
        failed = !gate->name[i];
    }
    if (failed)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if ((st = ohm_expr_parse(&gate->expr, text, err)) == OHM_OK)
        st = ohm_expr_bind(gate->expr, find, gate, gate->name, gate->names, err);
    return st;
}

static void fill_values(double *value, const struct ohm_validate_result *r)
{
    value[0] = r->digital;
    value[1] = r->avm;
    for (int i = 0; i < r->times; i++) {
        const struct ohm_validate_moment *const m = &r->moment[i];
        const double own[EACH] = {m->mean, m->sd, m->low, m->high, m->q05, m->median, m->q95, m->dw};

        memcpy(value + FIXED + EACH * i, own, sizeof own);
    }
}

enum ohm_status ohm_gate_check(const struct ohm_gate *gate, const struct ohm_validate_result *result,
                               struct ohm_error *err)
{
    double value[FIXED + EACH * OHM_VALIDATE_TIMES_MAX], holds;
    struct ohm_str said = {0};
    enum ohm_status st;

    if (!gate->expr)
        return OHM_OK;
    fill_values(value, result);
    holds = ohm_expr_eval(gate->expr, value, NULL);
    if (!isnan(holds) && fabs(holds) > 0)
        return OHM_OK;
    for (int i = 0; ohm_expr_name(gate->expr, i); i++)
        ohm_str_printf(&said, "%s%s is %.4g", i ? ", " : "", ohm_expr_name(gate->expr, i),
                       value[find(gate, ohm_expr_name(gate->expr, i))]);
    st = ohm_fail(err, OHM_EGATE, "'%.200s' does not hold: %.250s", ohm_expr_source(gate->expr),
                  said.failed ? "" : ohm_str_text(&said));
    ohm_str_release(&said);
    return st;
}
