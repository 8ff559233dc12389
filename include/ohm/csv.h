/* csv.h - a CSV file (RFC 4180; comma; first row names the columns; lines that start with '#' before it are passed
 * over, and so are empty lines) as a table of texts. Owned whole by struct ohm_csv. */
#ifndef OHM_CSV_H
#define OHM_CSV_H

#include "ohm/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { OHM_CSV_CELLS_MAX = 1 << 25 };

struct ohm_csv {
    char *path;
    int columns, rows;
    const char **name;  /* [columns] */
    const char **cell;  /* [rows][columns], NUL-terminated */
    int *line;          /* [rows], 1-based line in the file */
    char *bytes;        /* what the pointers point into */
};

/* OHM_ENOTFOUND: no such file. OHM_EDATA: no header, a row with too few or too many cells, an open quote, two columns
 * of the same name, a NUL; the error names the line. */
enum ohm_status ohm_csv_load(struct ohm_csv *out, const char *path, struct ohm_error *err);
/* The same from memory; `path` is the name used in messages. The bytes are copied. */
enum ohm_status ohm_csv_parse(struct ohm_csv *out, const char *bytes, size_t length, const char *path,
                              struct ohm_error *err);
void ohm_csv_release(struct ohm_csv *csv);
/* Index of a column; -1: none. */
int ohm_csv_column(const struct ohm_csv *csv, const char *name);
/* The same; OHM_ENOTFOUND with the nearest name where there is none. */
enum ohm_status ohm_csv_need(const struct ohm_csv *csv, const char *name, int *column, struct ohm_error *err);
/* A cell as a number; an empty cell or "nan" is NaN. OHM_EDATA with file and line: not a number. */
enum ohm_status ohm_csv_double(const struct ohm_csv *csv, int row, int column, double *value, struct ohm_error *err);
/* Appends one field, quoted when it must be. */
struct ohm_str;
void ohm_csv_append(struct ohm_str *s, const char *field);

#endif
