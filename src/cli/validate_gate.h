/* validate_gate.h - a condition on what a validation measured. */
#ifndef OHM_CLI_VALIDATE_GATE_H
#define OHM_CLI_VALIDATE_GATE_H

#include "cli_int.h"

#include "ohm/validate.h"

struct ohm_expr;

/* Names: digital, avm, and for each time T as it was given acc_T, acc_T_sd, _low, _high, _q05, _median, _q95, dw_T. */
struct ohm_gate {
    struct ohm_expr *expr; /* NULL: there is none */
    const char **name;     /* [names], in the arena */
    int names;
};
/* Before anything is measured. OHM_ECONFIG: syntax. OHM_ENOTFOUND: an unknown name, such as a time not asked for. */
enum ohm_status ohm_gate_init(struct ohm_cli *cli, struct ohm_gate *gate, const char *text,
                              const struct ohm_words *times, struct ohm_error *err);
void ohm_gate_release(struct ohm_gate *gate);
/* OHM_EGATE: the condition does not hold, or a value in it is missing; err says what was measured. */
enum ohm_status ohm_gate_check(const struct ohm_gate *gate, const struct ohm_validate_result *result,
                               struct ohm_error *err);

#endif
