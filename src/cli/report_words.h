/* report_words.h - command lines of a report, word by word. */
#ifndef OHM_CLI_REPORT_WORDS_H
#define OHM_CLI_REPORT_WORDS_H

#include "study_report.h"

/* " --name value". */
void ohm_words_option(struct ohm_str *s, const char *name, const char *value);
void ohm_words_count(struct ohm_str *s, const char *name, int64_t value);
/* " --set prefixkey=value". */
void ohm_words_set(struct ohm_str *s, const char *prefix, const char *key, const char *value);
/* A network by the file that holds it, or as the run log knows it. */
void ohm_words_net(struct ohm_str *s, const char *name);
/* The run log, where it is not the one that every command takes. */
void ohm_words_db(struct ohm_str *s, const struct ohm_report *r);
/* Takes the command, and gives its text back; one that is there already is not listed again. */
enum ohm_status ohm_words_keep(struct ohm_report *r, struct ohm_str *command, struct ohm_error *err);

#endif
