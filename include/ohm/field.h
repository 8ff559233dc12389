/* field.h - one table that knows everything about a plain struct of options: key, type, place, default, legal range,
 * help. The YAML reader, key=value on the command line, help, completion and the man page walk the same table. */
#ifndef OHM_FIELD_H
#define OHM_FIELD_H

#include "ohm/doc.h"
#include "ohm/error.h"
#include "ohm/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ohm_field_kind { OHM_FIELD_END, OHM_FIELD_INT, OHM_FIELD_REAL, OHM_FIELD_BOOL, OHM_FIELD_CHOICE, OHM_FIELD_TEXT };

struct ohm_field {
    enum ohm_field_kind kind;
    const char *key;
    size_t offset;            /* of the member: int64_t, double, bool, int (choice) or char[OHM_FIELD_TEXT_SIZE] */
    double fallback;          /* default of int, real, bool (0 or 1) and choice (index) */
    const char *text;         /* default of a text */
    double min, max;          /* int and real, inclusive */
    const char *const *names; /* choice: NULL-terminated */
    const char *help;
    bool later; /* came after results were published: texts and fingerprints leave it out at its default, so that those
                   made before it still hold */
};

enum { OHM_FIELD_TEXT_SIZE = 256 };

#define OHM_INT(s, m, def, lo, hi, help_) { OHM_FIELD_INT, #m, offsetof(struct s, m), (def), NULL, (lo), (hi), NULL, help_, false }
#define OHM_LATER_INT(s, m, def, lo, hi, help_) { OHM_FIELD_INT, #m, offsetof(struct s, m), (def), NULL, (lo), (hi), NULL, help_, true }
#define OHM_REAL(s, m, def, lo, hi, help_) { OHM_FIELD_REAL, #m, offsetof(struct s, m), (def), NULL, (lo), (hi), NULL, help_, false }
#define OHM_BOOL(s, m, def, help_) { OHM_FIELD_BOOL, #m, offsetof(struct s, m), (def), NULL, 0, 1, NULL, help_, false }
#define OHM_CHOICE(s, m, def, names_, help_) { OHM_FIELD_CHOICE, #m, offsetof(struct s, m), (def), NULL, 0, 0, names_, help_, false }
#define OHM_TEXT(s, m, def, help_) { OHM_FIELD_TEXT, #m, offsetof(struct s, m), 0, (def), 0, 0, NULL, help_, false }
#define OHM_FIELDS_END { OHM_FIELD_END, NULL, 0, 0, NULL, 0, 0, NULL, NULL, false }

/* Sets every member to its default. */
void ohm_fields_default(const struct ohm_field *fields, void *object);
/* The row with this key, or NULL. */
const struct ohm_field *ohm_field_find(const struct ohm_field *fields, const char *key);
/* Sets one member from text: "population=40" is key "population", text "40".
 * OHM_ECONFIG: unknown key (with the nearest), wrong type. OHM_ERANGE: outside the range. */
enum ohm_status ohm_field_set(const struct ohm_field *fields, void *object, const char *key, const char *text,
                              struct ohm_error *err);
/* Sets the members named in a map; keys that are no fields are left unmarked, for ohm_map_finish to find. */
void ohm_fields_read(const struct ohm_field *fields, void *object, struct ohm_node *map, struct ohm_diag *diag);
/* The value of one member as text that ohm_field_set reads back. */
void ohm_field_print(struct ohm_str *s, const struct ohm_field *field, const void *object);
bool ohm_field_is_default(const struct ohm_field *field, const void *object);
/* Is the member to be told of: not where it came later and has its default. */
bool ohm_field_told(const struct ohm_field *field, const void *object);
/* "key=value key=value ..." of all members that are to be told of, for the log. */
void ohm_fields_print(struct ohm_str *s, const struct ohm_field *fields, const void *object);

#endif
