/* str.h - growing text, and numbers as text without a locale. */
#ifndef OHM_STR_H
#define OHM_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* {0} is an empty text. After a failed allocation `failed` is set, further appends do nothing, and ohm_str_text gives
 * what there was: check `failed` once, at the end. */
struct ohm_str {
    char *text; /* owned, NUL-terminated, or NULL when nothing was appended */
    size_t length, capacity;
    bool failed;
};

void ohm_str_append(struct ohm_str *s, const char *text);
void ohm_str_append_n(struct ohm_str *s, const char *text, size_t n);
void ohm_str_printf(struct ohm_str *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The shortest decimal that reads back as the same double; "nan", "inf", "-inf". */
void ohm_str_append_double(struct ohm_str *s, double value);
/* As one word of a shell's command line: quoted where the shell would take it apart. */
void ohm_str_append_word(struct ohm_str *s, const char *word);
const char *ohm_str_text(const struct ohm_str *s); /* never NULL */
void ohm_str_clear(struct ohm_str *s);             /* keeps the memory */
void ohm_str_release(struct ohm_str *s);

/* The whole text must be the number; no locale, no leading blanks. false: not a number, or out of range. */
bool ohm_parse_int64(const char *text, int64_t *value);  /* decimal, optional sign, '_' not allowed */
bool ohm_parse_uint64(const char *text, uint64_t *value);
bool ohm_parse_double(const char *text, double *value);  /* finite decimal: 1, -1.5, 2e-3, .5 */
bool ohm_parse_bool(const char *text, bool *value);      /* true false yes no on off */
/* Shortest round-trip form into buffer (32 bytes are enough); returns buffer. */
char *ohm_format_double(char buffer[32], double value);

/* Edit distance, for "did you mean": -1 when above `limit`. */
int ohm_edit_distance(const char *a, const char *b, int limit);
/* The name nearest to `word`, or NULL when none is near. names[n] may hold NULLs, which are passed over. */
const char *ohm_nearest(const char *word, const char *const *names, int n);

/* A 64-bit hash of bytes (FNV-1a, then the finaliser of SplitMix64): the same on every machine. Not cryptographic. */
uint64_t ohm_hash(const void *bytes, size_t n);
uint64_t ohm_hash_mix(uint64_t a, uint64_t b);

#endif
