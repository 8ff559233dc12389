/* doc_int.h - how a document is built, for its two readers (YAML and JSON). */
#ifndef OHM_DOC_INT_H
#define OHM_DOC_INT_H

#include "ohm/doc.h"
#include "ohm/mem.h"

struct ohm_doc {
    struct ohm_arena arena; /* nodes, texts, names asked for */
    char *path;
    char *bytes; /* the source, NUL-terminated */
    size_t length;
    struct ohm_node *root;
};

/* A name that a map was asked for and does not have. */
struct ohm_asked {
    struct ohm_asked *next;
    char name[];
};

/* What every node is allocated as: what an alias of it costs. */
struct ohm_built {
    struct ohm_node node;
    size_t expanded; /* nodes in it, itself included, aliases written out */
    int height;      /* lists and maps on the longest way down */
};

/* Children wait on one stack until the list or map around them ends. */
struct ohm_builder {
    struct ohm_doc *doc;
    struct ohm_diag *diag;
    struct ohm_node **pending; /* owned */
    size_t pending_count, pending_cap;
    size_t total; /* nodes so far, aliases written out */
    int depth;
    struct {
        struct ohm_built *built;
        size_t first, total_before;
    } frame[OHM_DOC_DEPTH_MAX];
};

/* A document with a copy of path and bytes, or NULL (noted). */
struct ohm_doc *ohm_doc_create(const char *path, const char *bytes, size_t length, struct ohm_diag *diag);

enum ohm_status ohm_build_scalar(struct ohm_builder *b, int line, int column, const char *text, size_t length,
                                 bool quoted);
enum ohm_status ohm_build_open(struct ohm_builder *b, enum ohm_node_kind kind, int line, int column);
enum ohm_status ohm_build_close(struct ohm_builder *b);
/* The same node once more; line and column are those of the alias. */
enum ohm_status ohm_build_alias(struct ohm_builder *b, struct ohm_node *node, int line, int column);
/* The node begun last: the open list or map, or the scalar just added. */
struct ohm_node *ohm_build_last(const struct ohm_builder *b);
enum ohm_status ohm_build_no_memory(struct ohm_builder *b);

/* Reads doc->bytes into b; the root is then b->pending[0]. */
enum ohm_status ohm_yaml_read(struct ohm_builder *b);

/* Length in bytes of the line break at p (before end), 0 where there is none: those of YAML 1.1, as libyaml counts. */
size_t ohm_line_break(const char *p, const char *end);
/* Line `line` (1-based) of bytes, its length without the break in *length; NULL where there is none. */
const char *ohm_find_line(const char *bytes, size_t size, int line, size_t *length);

#endif
