/* json_scan.h - JSON read once from front to back, nothing kept: XGBoost models are megabytes of numbers, and a tree of
 * nodes would cost more than the model. Every call does nothing once the scan has failed. */
#ifndef OHM_JSON_SCAN_H
#define OHM_JSON_SCAN_H

#include "ohm/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { JSON_DEPTH_MAX = 64, JSON_KEY_SIZE = 64 };

struct ohm_json_scan {
    const char *at, *begin, *end;
    const char *path;       /* for messages */
    struct ohm_error *err;  /* may be NULL */
    enum ohm_status status; /* the first failure */
    int depth;
};

/* Notes what is wrong at the current place; returns false. The first one stays. */
bool ohm_json_fail(struct ohm_json_scan *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first byte of the next value: one of { [ " - digit t f n; 0 at the end or after a failure. */
char ohm_json_peek(struct ohm_json_scan *s);

/* while (ohm_json_member(s, &first, key)) reads the value of `key`; likewise for the items of a list. *first is true
 * before the first call, which takes the opening bracket; false comes with the closing one, or on failure. A key that
 * is longer than fits is cut: no key that we look for is that long. */
bool ohm_json_member(struct ohm_json_scan *s, bool *first, char key[JSON_KEY_SIZE]);
bool ohm_json_item(struct ohm_json_scan *s, bool *first);

/* A text into buffer[size]; one that does not fit is a failure. Escapes other than of plain characters are failures. */
bool ohm_json_text(struct ohm_json_scan *s, char *buffer, size_t size);
/* A number as the nearest float; not finite is a failure. */
bool ohm_json_float(struct ohm_json_scan *s, float *value);
/* A whole number within int, or true or false as 1 or 0. */
bool ohm_json_int(struct ohm_json_scan *s, int *value);
/* Any value. */
bool ohm_json_skip(struct ohm_json_scan *s);
/* Nothing but blanks is left. */
bool ohm_json_end(struct ohm_json_scan *s);

/* The float nearest to the decimal text [begin, end), which is a JSON number; false: not finite. */
bool ohm_json_to_float(const char *begin, const char *end, float *value);

#endif
