/* validate_gate.h - a condition on what a validation measured. */
#ifndef OHM_CLI_VALIDATE_GATE_H
#define OHM_CLI_VALIDATE_GATE_H

#include "gate.h"

#include "ohm/validate.h"

/* digital, avm, and for each time T as it was given acc_T, acc_T_sd, _low, _high, _q05, _median, _q95, dw_T. */
extern const struct ohm_gate_names ohm_validate_gate_names;
/* As ohm_gate_check. */
enum ohm_status ohm_validate_gate_check(const struct ohm_gate *gate, const struct ohm_validate_result *result,
                                        struct ohm_error *err);

#endif
