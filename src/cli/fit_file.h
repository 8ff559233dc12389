/* fit_file.h - the file of trained weights, with all that they came from: written once, and recognised again. */
#ifndef OHM_CLI_FIT_FILE_H
#define OHM_CLI_FIT_FILE_H

#include "fit.h"

/* What a training comes from, as texts: for the log and for the file. split, from and options are given; the rest is
 * filled in. Borrows what it was filled from. */
struct ohm_provenance {
    const char *split, *from, *name, *task;
    uint64_t fingerprint; /* ohm_run_fingerprint */
    struct ohm_str options, network, recipe, analog;
    char shape[17], data[17], run[17], seed[24];
};
enum ohm_status ohm_provenance_fill(struct ohm_provenance *p, const struct ohm_fit_loaded *l,
                                    const struct ohm_train_spec_net *spec, struct ohm_error *err);
void ohm_provenance_release(struct ohm_provenance *p);

enum ohm_status ohm_fit_file_save(const char *path, const struct ohm_weights *w, const struct ohm_provenance *p,
                                  const struct ohm_train_result *result, struct ohm_error *err);
/* The curve of a file that just this training wrote; OHM_ECONFIG: the file is of another. Epochs at most as told. */
enum ohm_status ohm_fit_file_finished(struct ohm_train_result *result, const char *path, const struct ohm_provenance *p,
                                      int64_t epochs, struct ohm_error *err);

#endif
