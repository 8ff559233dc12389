/* doc_yaml.c - YAML by the events of libyaml: nothing is held but the nodes themselves, so the limits on them are
 * limits on memory and time. */
#include "doc_int.h"

#include <string.h>
#include <yaml.h>

struct anchor {
    char *name; /* owned by the arena of the document */
    struct ohm_node *node;
    int depth_inside; /* > 0: the list or map it names was opened at this depth and is not closed yet */
};

struct reader {
    yaml_parser_t parser;
    struct ohm_builder *b;
    const char *bytes; /* without a byte order mark */
    size_t length;
    int anchors, documents;
    struct anchor anchor[OHM_DOC_ANCHORS_MAX];
};

static int line_of(const yaml_mark_t *mark)
{
    return (int)mark->line + 1; /* a file has at most 64 Mi characters */
}

static int column_of(const yaml_mark_t *mark)
{
    return (int)mark->column + 1;
}

#define note(r, mark, ...)                                                                                             \
    ohm_diag_add((r)->b->diag, OHM_ECONFIG, (r)->b->doc->path, line_of(mark), column_of(mark), __VA_ARGS__)

/* libyaml gives the place of a bad byte as an offset; the user wants line and column. */
static enum ohm_status note_bad_bytes(const struct reader *r)
{
    const char *p = r->bytes;
    const char *bad = p + (r->parser.problem_offset < r->length ? r->parser.problem_offset : r->length);
    int line = 1, column = 1;

    while (p < bad) {
        const size_t n = ohm_line_break(p, bad);

        line += n ? 1 : 0;
        column = n ? 1 : column + ((*p & 0xc0) != 0x80);
        p += n ? n : 1;
    }
    return ohm_diag_add(r->b->diag, OHM_ECONFIG, r->b->doc->path, line, column, "%s (byte 0x%02x)", r->parser.problem,
                        bad < r->bytes + r->length ? (unsigned char)*bad : 0u);
}

static enum ohm_status note_syntax(const struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const bool inside = p->context && p->context_mark.line != p->problem_mark.line;
    size_t length = 0;
    const char *line = ohm_find_line(r->bytes, r->length, line_of(&p->problem_mark), &length);
    /* Only tabs and spaces stand before a tab that cannot start a token: its character column is its byte column. */
    const bool tab = line && p->problem_mark.column < length && line[p->problem_mark.column] == '\t';
    char since[64] = "";

    if (p->error == YAML_MEMORY_ERROR)
        return ohm_build_no_memory(r->b);
    if (p->error == YAML_READER_ERROR)
        return note_bad_bytes(r);
    if (inside)
        snprintf(since, sizeof since, " that starts in line %d", line_of(&p->context_mark));
    return note(r, &p->problem_mark, "%s%s%s%s%s", p->context ? p->context : "", since, p->context ? ": " : "",
                p->problem ? p->problem : "not YAML", tab ? " (a tab; YAML is indented by spaces)" : "");
}

static struct anchor *find_anchor(struct reader *r, const char *name)
{
    for (int i = 0; i < r->anchors; i++)
        if (strcmp(r->anchor[i].name, name) == 0)
            return &r->anchor[i];
    return NULL;
}

/* Names the node begun last; a name given twice means the later node from here on. */
static enum ohm_status set_anchor(struct reader *r, const yaml_char_t *name, const yaml_mark_t *mark, bool open)
{
    struct anchor *a;

    if (!name)
        return OHM_OK;
    if (!(a = find_anchor(r, (const char *)name))) {
        if (r->anchors == OHM_DOC_ANCHORS_MAX)
            return note(r, mark, "the document has more than %d anchors", OHM_DOC_ANCHORS_MAX);
        a = &r->anchor[r->anchors];
        if (!(a->name = ohm_arena_strdup(&r->b->doc->arena, (const char *)name)))
            return ohm_build_no_memory(r->b);
        r->anchors++;
    }
    a->node = ohm_build_last(r->b);
    a->depth_inside = open ? r->b->depth : 0;
    return OHM_OK;
}

static enum ohm_status add_alias(struct reader *r, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    const struct anchor *a = find_anchor(r, name);

    if (!a)
        return note(r, &event->start_mark, "unknown alias '*%.80s': no '&%.80s' before it", name, name);
    if (a->depth_inside)
        return note(r, &event->start_mark, "alias '*%.80s' stands inside what it names", name);
    return ohm_build_alias(r->b, a->node, line_of(&event->start_mark), column_of(&event->start_mark));
}

static enum ohm_status check_tag(const struct reader *r, const yaml_char_t *tag, const yaml_mark_t *mark, bool *is_text)
{
    *is_text = tag && (!strcmp((const char *)tag, YAML_STR_TAG) || !strcmp((const char *)tag, "!"));
    if (!tag || *is_text)
        return OHM_OK;
    return note(r, mark, "the tag '%.80s' is not supported", (const char *)tag);
}

static enum ohm_status add_scalar(struct reader *r, const yaml_event_t *event)
{
    const yaml_mark_t *mark = &event->start_mark;
    bool quoted, is_text;
    enum ohm_status st;

    if ((st = check_tag(r, event->data.scalar.tag, mark, &is_text)) != OHM_OK)
        return st;
    quoted = is_text || event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    st = ohm_build_scalar(r->b, line_of(mark), column_of(mark), (const char *)event->data.scalar.value,
                          event->data.scalar.length, quoted);
    return st == OHM_OK ? set_anchor(r, event->data.scalar.anchor, mark, false) : st;
}

static enum ohm_status open_node(struct reader *r, const yaml_event_t *event)
{
    const bool list = event->type == YAML_SEQUENCE_START_EVENT;
    const yaml_char_t *anchor = list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor;
    const yaml_char_t *tag = list ? event->data.sequence_start.tag : event->data.mapping_start.tag;
    const yaml_mark_t *mark = &event->start_mark;
    bool is_text;
    enum ohm_status st;

    if ((st = check_tag(r, tag, mark, &is_text)) != OHM_OK)
        return st;
    st = ohm_build_open(r->b, list ? OHM_NODE_LIST : OHM_NODE_MAP, line_of(mark), column_of(mark));
    return st == OHM_OK ? set_anchor(r, anchor, mark, true) : st;
}

static enum ohm_status close_node(struct reader *r)
{
    for (int i = 0; i < r->anchors; i++)
        if (r->anchor[i].depth_inside == r->b->depth)
            r->anchor[i].depth_inside = 0;
    return ohm_build_close(r->b);
}

static enum ohm_status take_event(struct reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (r->documents++)
            return note(r, &event->start_mark, "a second document starts here; a file holds one");
        return OHM_OK;
    case YAML_ALIAS_EVENT:
        return add_alias(r, event);
    case YAML_SCALAR_EVENT:
        return add_scalar(r, event);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return open_node(r, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_node(r);
    default:
        return OHM_OK;
    }
}

static enum ohm_status read_events(struct reader *r)
{
    enum ohm_status st = OHM_OK;
    bool end = false;

    while (st == OHM_OK && !end) {
        yaml_event_t event;

        if (!yaml_parser_parse(&r->parser, &event))
            return note_syntax(r);
        end = event.type == YAML_STREAM_END_EVENT;
        st = take_event(r, &event);
        yaml_event_delete(&event);
    }
    if (st == OHM_OK && !r->documents)
        return ohm_diag_add(r->b->diag, OHM_ECONFIG, r->b->doc->path, 0, 0,
                            r->length ? "the file holds no YAML document (nothing but blanks and comments)"
                                      : "the file is empty");
    return st;
}

enum ohm_status ohm_yaml_read(struct ohm_builder *b)
{
    struct reader *r = ohm_alloc(1, sizeof *r);
    enum ohm_status st;
    size_t skip = 0;

    if (!r || !yaml_parser_initialize(&r->parser)) {
        ohm_free(r);
        return ohm_build_no_memory(b);
    }
    if (b->doc->length >= 3 && memcmp(b->doc->bytes, "\xef\xbb\xbf", 3) == 0)
        skip = 3; /* a byte order mark would shift the columns of line 1 */
    r->b = b;
    r->bytes = b->doc->bytes + skip;
    r->length = b->doc->length - skip;
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->bytes, r->length);
    st = read_events(r);
    yaml_parser_delete(&r->parser);
    ohm_free(r);
    return st;
}
