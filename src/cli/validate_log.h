/* validate_log.h - the row of a validation in the run log. It must be there before anything is measured; after that the
 * log may fail, which is said once and costs the validation nothing: what is missing is added at the end. */
#ifndef OHM_CLI_VALIDATE_LOG_H
#define OHM_CLI_VALIDATE_LOG_H

#include "ohm/validate.h"
#include "ohm/validation.h"

struct ohm_validate_log {
    struct ohm_store *store;
    int64_t id;
    struct ohm_validate_reading
        *known; /* [known_draws][times][reads]: of a run with the same settings that was killed */
    int known_draws;
    bool measured;  /* `id` is done, with these settings and by this program: there is nothing to do */
    double begin_s; /* when the draw under way began */
    bool behind;    /* the last write failed */
};

/* What of the log spares work. */
enum ohm_validate_reuse {
    OHM_REUSE_NOTHING, /* every draw is made */
    OHM_REUSE_DRAWS,   /* draws of a validation of the same settings which did not come to its end */
    OHM_REUSE_DONE     /* first of all one that did */
};
/* A new row, or that of a validation of the same settings which did not come to its end, with its draws; or one that
 * did. */
enum ohm_status ohm_validate_log_begin(struct ohm_validate_log *log, const char *db,
                                       const struct ohm_validation_spec *spec, enum ohm_validate_reuse reuse,
                                       struct ohm_error *err);
/* After each new draw. */
void ohm_validate_log_draw(struct ohm_validate_log *log, const struct ohm_validate_result *so_far);
/* How it ended: st with err, and the result after OHM_OK. */
void ohm_validate_log_end(struct ohm_validate_log *log, enum ohm_status st, const struct ohm_error *err,
                          const struct ohm_validate_result *result);
void ohm_validate_log_release(struct ohm_validate_log *log);

/* The result of a validation of the log from its draws so far, with its times as they were given, in the arena. Without
 * any draw result->draws is 0, and it has no numbers. */
struct ohm_cli;
struct ohm_words;
enum ohm_status ohm_validate_log_result(struct ohm_cli *cli, struct ohm_validate_result *result,
                                        struct ohm_words *times, struct ohm_store *store,
                                        const struct ohm_validation_row *row, struct ohm_error *err);

#endif
