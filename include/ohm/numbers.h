/* numbers.h - a table of nothing but numbers as text: a line a row, commas, semicolons, tabs or blanks between, no names
 * of columns. Empty lines and lines that begin with '#' are passed over. */
#ifndef OHM_NUMBERS_H
#define OHM_NUMBERS_H

#include "ohm/error.h"

#include <stddef.h>

enum { OHM_NUMBERS_MAX = 1 << 25 };

struct ohm_numbers {
    int rows, columns; /* at least 1 each */
    double *value;     /* [rows][columns], finite; owned */
};

/* OHM_EDATA with file and line: what is no number, a row longer or shorter than the first, no number at all, more than
 * OHM_NUMBERS_MAX. *out is untouched on failure. */
enum ohm_status ohm_numbers_load(struct ohm_numbers *out, const char *path, struct ohm_error *err);
enum ohm_status ohm_numbers_parse(struct ohm_numbers *out, const char *bytes, size_t length, const char *path,
                                  struct ohm_error *err);
void ohm_numbers_release(struct ohm_numbers *numbers); /* {0} is fine */

#endif
