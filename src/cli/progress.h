/* progress.h - how far a run is, on standard error. */
#ifndef OHM_CLI_PROGRESS_H
#define OHM_CLI_PROGRESS_H

#include "cli_int.h"

struct ohm_progress {
    struct ohm_cli *cli;
    enum { OHM_PROGRESS_NONE, OHM_PROGRESS_REDRAW, OHM_PROGRESS_LINE, OHM_PROGRESS_JSON } form;
    double last_s; /* when the last line was shown; -1: none yet */
    bool shown;
};

extern const char *const ohm_progress_forms[]; /* auto none line json, NULL-terminated */

void ohm_progress_begin(struct ohm_progress *p, struct ohm_cli *cli, const char *form);
/* The callback of a run: false once a signal came. context is the struct ohm_progress. */
bool ohm_progress_show(void *context, const struct ohm_study_progress *p);
void ohm_progress_end(struct ohm_progress *state, const struct ohm_study_progress *p);

#endif
