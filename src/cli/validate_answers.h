/* validate_answers.h - the answers of a validation as a file (answers.h). */
#ifndef OHM_CLI_VALIDATE_ANSWERS_H
#define OHM_CLI_VALIDATE_ANSWERS_H

#include "validate_run.h"

/* What a validation comes from. */
struct ohm_validate_origin {
    struct ohm_str network;
    char shape[17], data[17], weights[17]; /* hashes */
    int64_t samples;
};

/* Before anything is measured. OHM_ECONFIG: the file exists, without --force. OHM_ENOTFOUND: its folder does not. */
enum ohm_status ohm_validate_check_answers(const char *path, bool force, struct ohm_error *err);
/* To the file of --answers; the result has answers. */
enum ohm_status ohm_validate_write_answers(const struct ohm_validate_setup *s, const struct ohm_validate_origin *origin,
                                           const struct ohm_validate_result *result, struct ohm_error *err);

#endif
