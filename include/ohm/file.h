/* file.h - whole files in and out. */
#ifndef OHM_FILE_H
#define OHM_FILE_H

#include "ohm/error.h"

#include <stdbool.h>
#include <stddef.h>

/* The largest file of text (YAML, JSON, CSV) that is read: 64 MiB; a larger one is OHM_EDATA. */
#define OHM_TEXT_FILE_MAX ((size_t)64 << 20)

/* Reads a whole file; *bytes is owned by the caller (ohm_free) and has a NUL after its *length bytes.
 * OHM_ENOTFOUND: no such file. OHM_EDATA: larger than `limit`. OHM_EIO: anything else (a folder, no permission). */
enum ohm_status ohm_file_read(char **bytes, size_t *length, const char *path, size_t limit, struct ohm_error *err);

/* Writes by a temporary file in the same folder, fsync and rename: the file is either as before or whole. */
enum ohm_status ohm_file_write(const char *path, const void *bytes, size_t length, struct ohm_error *err);

bool ohm_file_exists(const char *path);
bool ohm_is_folder(const char *path);
/* Makes a folder and its parents; an existing one is fine. */
enum ohm_status ohm_make_folder(const char *path, struct ohm_error *err);
/* "a/b" from "a" and "b"; b alone when it is absolute or a is "" . Owned by the caller; NULL: no memory. */
char *ohm_path_join(const char *a, const char *b);

#endif
