/* doc.h - a YAML file as a tree whose every node knows its line and column.
 *
 * Nodes are owned by the document and live as long as it. The getters note what is wrong in a struct ohm_diag (wrong
 * type, out of range, missing) and go on, so that one pass over a file finds every error in it. A mapping remembers
 * which of its keys were asked for: ohm_map_finish notes the unknown ones with the nearest known key. Aliases are
 * resolved with a limit on the number of nodes, so that an alias bomb is an error and not a hang. */
#ifndef OHM_DOC_H
#define OHM_DOC_H

#include "ohm/error.h"
#include "ohm/str.h"

#include <stdbool.h>
#include <stddef.h>

enum ohm_node_kind { OHM_NODE_NULL, OHM_NODE_SCALAR, OHM_NODE_LIST, OHM_NODE_MAP };

struct ohm_doc;

struct ohm_node {
    enum ohm_node_kind kind;
    int line, column;      /* 1-based */
    bool quoted;           /* scalar written in quotes: a text, never a number */
    const char *text;      /* scalar: its text, NUL-terminated; else NULL */
    int count;             /* list: items; map: pairs */
    struct ohm_node **item;     /* list[count], map values[count] */
    const struct ohm_node **key; /* map keys[count], scalars, no two equal; else NULL */
    bool *used;            /* map[count]: asked for by ohm_map_get */
    struct ohm_asked *asked; /* map: names asked for that it does not have, for "did you mean" */
    struct ohm_doc *doc;
};

/* Limits on what is read: nodes in all, counted as if each alias were written out; depth of nesting; anchors. */
enum { OHM_DOC_NODES_MAX = 1000000, OHM_DOC_DEPTH_MAX = 64, OHM_DOC_ANCHORS_MAX = 256 };

/* Reads and parses one document: JSON where the path ends in .json, else YAML. On failure *out is NULL and diag holds
 * the reasons: no such file, larger than OHM_TEXT_FILE_MAX, not UTF-8, syntax (line and column of libyaml), alias bomb,
 * too deep, no document or more than one. A duplicate key of YAML is noted and passed over with OHM_OK, so that the
 * caller finds the other mistakes of the file in the same pass: as with the getters below, the file is good only when
 * diag is empty at the end. */
enum ohm_status ohm_doc_load(struct ohm_doc **out, const char *path, struct ohm_diag *diag);
/* The same from memory; `path` is the name used in messages. The bytes are copied. */
enum ohm_status ohm_doc_parse(struct ohm_doc **out, const char *bytes, size_t length, const char *path,
                              struct ohm_diag *diag);
void ohm_doc_free(struct ohm_doc *doc); /* NULL is fine */

struct ohm_node *ohm_doc_root(const struct ohm_doc *doc);
const char *ohm_doc_path(const struct ohm_doc *doc);
/* Line `line` (1-based) of the source without its end, for the caret; "" where there is none. Length in *length. */
const char *ohm_doc_line(const struct ohm_doc *doc, int line, int *length);

/* Notes a problem at a node; returns status. */
enum ohm_status ohm_node_fail(const struct ohm_node *node, struct ohm_diag *diag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The value of a key, or NULL; marks it as used. `map` may be NULL or no map (then NULL). */
struct ohm_node *ohm_map_get(struct ohm_node *map, const char *key);
/* The same; a missing key is noted: "chip: missing key 'tile'". */
struct ohm_node *ohm_map_need(struct ohm_node *map, const char *key, struct ohm_diag *diag);
/* Notes the root or a value that is no map / no list; returns true when it is one. `what` names it in the message. */
bool ohm_node_is_map(const struct ohm_node *node, const char *what, struct ohm_diag *diag);
bool ohm_node_is_list(const struct ohm_node *node, const char *what, struct ohm_diag *diag);
/* Notes every key of the map that was never asked for, with the nearest of the keys that were. */
void ohm_map_finish(struct ohm_node *map, struct ohm_diag *diag);

/* Typed values. node may be NULL (a missing key noted before): then false and nothing is noted. `what` names the value
 * in messages. On false, *value is untouched. Bounds are inclusive. */
bool ohm_node_int(const struct ohm_node *node, const char *what, long long min, long long max, long long *value,
                  struct ohm_diag *diag);
bool ohm_node_double(const struct ohm_node *node, const char *what, double min, double max, double *value,
                     struct ohm_diag *diag);
bool ohm_node_bool(const struct ohm_node *node, const char *what, bool *value, struct ohm_diag *diag);
/* The text of a scalar (quoted or not), owned by the document. */
bool ohm_node_text(const struct ohm_node *node, const char *what, const char **value, struct ohm_diag *diag);
/* Index of the scalar among names[n], with "did you mean" otherwise. */
bool ohm_node_choice(const struct ohm_node *node, const char *what, const char *const *names, int n, int *value,
                     struct ohm_diag *diag);

/* "file:line:column: error: text", the source line and a caret, one problem after another, into s. The source line is
 * read from the file named in each error, when it can be. */
void ohm_diag_print(struct ohm_str *s, const struct ohm_diag *diag, bool colour);

#endif
