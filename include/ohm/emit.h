/* emit.h - one writer, two dialects: YAML (block style) and JSON. Calls nest like the output:
 *
 *   struct ohm_emit e = { .json = true };
 *   ohm_emit_map(&e, NULL);
 *     ohm_emit_text(&e, "net", "n:3fa9c1");
 *     ohm_emit_list(&e, "layers"); ... ohm_emit_end(&e);
 *   ohm_emit_end(&e);
 *
 * `key` is NULL inside a list and for the root. Doubles are written in their shortest round-trip form; NaN and
 * infinities are null. Texts are quoted where the dialect needs it; bytes that are no UTF-8 become U+FFFD. The end of the
 * root writes a line end, so that `compact` roots one after another are JSON lines. */
#ifndef OHM_EMIT_H
#define OHM_EMIT_H

#include "ohm/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { OHM_EMIT_DEPTH_MAX = 32 };

struct ohm_emit {
    struct ohm_str out; /* owned: ohm_str_release when done */
    bool json;          /* else YAML */
    bool compact;       /* JSON on one line (for JSON lines) */
    int depth;
    struct { bool list, any, flow; } level[OHM_EMIT_DEPTH_MAX];
};

void ohm_emit_map(struct ohm_emit *e, const char *key);
void ohm_emit_list(struct ohm_emit *e, const char *key);
void ohm_emit_flow_map(struct ohm_emit *e, const char *key);  /* on one line, and all within */
void ohm_emit_flow_list(struct ohm_emit *e, const char *key); /* on one line, and all within */
void ohm_emit_end(struct ohm_emit *e);
void ohm_emit_text(struct ohm_emit *e, const char *key, const char *value); /* NULL: null */
void ohm_emit_int(struct ohm_emit *e, const char *key, int64_t value);
void ohm_emit_double(struct ohm_emit *e, const char *key, double value);
void ohm_emit_bool(struct ohm_emit *e, const char *key, bool value);
void ohm_emit_null(struct ohm_emit *e, const char *key);

#endif
