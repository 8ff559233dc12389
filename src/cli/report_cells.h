/* report_cells.h - numbers as people read them in a report. */
#ifndef OHM_CLI_REPORT_CELLS_H
#define OHM_CLI_REPORT_CELLS_H

#include "study_report.h"

/* "12,345". */
void ohm_report_put_count(struct ohm_str *s, int64_t value);
/* Accuracies in percent with two digits, whole numbers with commas, others with four figures; NaN: "-". */
void ohm_report_put_value(struct ohm_str *s, const char *metric, double value);
void ohm_report_cell_count(struct ohm_table *t, int64_t value);
void ohm_report_cell_value(struct ohm_table *t, const char *metric, double value);
void ohm_report_cell_digits(struct ohm_table *t, double value, int digits);
/* "88.73 ± 0.40"; without a spread the value alone. */
void ohm_report_cell_spread(struct ohm_table *t, const char *metric, double value, double spread);
/* "acc_1d, measured". */
void ohm_report_column_measured(struct ohm_table *t, const char *measure);

/* report_course.c: what was found, in two sentences; the course beside random search. */
void ohm_report_put_summary(struct ohm_str *s, const struct ohm_report *r);
void ohm_report_put_race(struct ohm_str *s, const struct ohm_report *r, bool plots);
/* report_drift.c: the validations. */
void ohm_report_put_runs(struct ohm_str *s, const struct ohm_report *r, bool plots);

#endif
