/* gate.c - a condition of --gate over values that have a name each. */
#include "gate.h"

#include "ohm/expr.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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
                              const struct ohm_gate_names *names, const struct ohm_words *times, struct ohm_error *err)
{
    enum ohm_status st;
    bool failed;

    *gate = (struct ohm_gate){.names = names->fixed_count + names->each_count * times->count};
    if (!text)
        return OHM_OK;
    gate->name = ohm_arena_alloc(&cli->arena, (size_t)gate->names, sizeof *gate->name);
    failed = !gate->name;
    for (int i = 0; i < gate->names && !failed; i++) {
        const int k = i - names->fixed_count;

        gate->name[i] = k < 0 ? names->fixed[i]
                              : name_of(cli, names->each[k % names->each_count], times->item[k / names->each_count]);
        failed = !gate->name[i];
    }
    if (failed)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if ((st = ohm_expr_parse(&gate->expr, text, err)) == OHM_OK)
        st = ohm_expr_bind(gate->expr, find, gate, gate->name, gate->names, err);
    return st;
}

enum ohm_status ohm_gate_check(const struct ohm_gate *gate, const double *value, struct ohm_error *err)
{
    double holds;
    struct ohm_str said = {0};
    enum ohm_status st;

    if (!gate->expr)
        return OHM_OK;
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
