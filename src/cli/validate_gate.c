/* validate_gate.c - a condition on what a validation measured. */
#include "validate_gate.h"

#include <string.h>

enum { FIXED = 2, EACH = 8 }; /* names of the whole; of a time */

static const char *const fixed[FIXED] = {"digital", "avm"};
static const char *const each[EACH] = {"acc_%s",     "acc_%s_sd",     "acc_%s_low", "acc_%s_high",
                                       "acc_%s_q05", "acc_%s_median", "acc_%s_q95", "dw_%s"};

const struct ohm_gate_names ohm_validate_gate_names = {fixed, each, FIXED, EACH};

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

enum ohm_status ohm_validate_gate_check(const struct ohm_gate *gate, const struct ohm_validate_result *result,
                                        struct ohm_error *err)
{
    double value[FIXED + EACH * OHM_VALIDATE_TIMES_MAX];

    fill_values(value, result);
    return ohm_gate_check(gate, value, err);
}
