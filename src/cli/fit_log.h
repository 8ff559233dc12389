/* fit_log.h - the row of a training in the run log. It must be there before the training starts; after that the log may
 * fail, which is said once and costs the training nothing: what is missing is added at the end. */
#ifndef OHM_CLI_FIT_LOG_H
#define OHM_CLI_FIT_LOG_H

#include "ohm/train.h"
#include "ohm/training.h"

struct ohm_fit_log {
    struct ohm_store *store;
    struct ohm_epoch_row *row; /* [rows]: epochs of this process */
    int rows, room;
    int64_t id;
    bool judged;    /* there are samples to judge on */
    double begin_s; /* when the epoch under way began */
    bool behind;    /* the last write failed */
};

/* The row of a new training, or of the one that `resume` goes on with. */
enum ohm_status ohm_fit_log_begin(struct ohm_fit_log *log, const char *db, const struct ohm_training_spec *spec,
                                  bool resume, struct ohm_error *err);
/* After a whole epoch. */
void ohm_fit_log_epoch(struct ohm_fit_log *log, const struct ohm_train_progress *p);
/* How it ended: st with err, and after OHM_OK the file of weights and the whole curve. */
void ohm_fit_log_end(struct ohm_fit_log *log, enum ohm_status st, const struct ohm_error *err, const char *weights,
                     const struct ohm_train_result *result);
void ohm_fit_log_release(struct ohm_fit_log *log);

#endif
