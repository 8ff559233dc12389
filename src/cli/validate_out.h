/* validate_out.h - what a validation measured, as its command and `show v:ID` print it. */
#ifndef OHM_CLI_VALIDATE_OUT_H
#define OHM_CLI_VALIDATE_OUT_H

#include "cli_int.h"

#include "ohm/validate.h"

/* samples, draws, reads, digital, avm: fields of the whole. */
void ohm_out_validation(struct ohm_out *o, const struct ohm_validate_result *r);
/* The list "times", one row each; for JSON then the list "reads" with every single accuracy. */
void ohm_out_validation_times(struct ohm_out *o, const struct ohm_validate_result *r, const struct ohm_words *times,
                              bool reads);

#endif
