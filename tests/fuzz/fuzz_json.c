/* fuzz_json.c (text) - any bytes as JSON: a tree whose every node stands where its place says, or reasons. */
#include "ohm/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* The first byte of a node tells its kind, so a place that is wrong shows. */
static void check_place(const struct ohm_doc *doc, const struct ohm_node *node)
{
    int length, column = 1;
    const char *line = ohm_doc_line(doc, node->line, &length), *p = line;
    const char want = node->kind == OHM_NODE_MAP ? '{' : node->kind == OHM_NODE_LIST ? '[' : node->quoted ? '"' : '\0';

    while (p < line + length && column < node->column) {
        p++;
        column += (*p & 0xc0) != 0x80;
    }
    require(p < line + length);
    require(want ? *p == want : node->kind == OHM_NODE_NULL ? *p == 'n' : *p == node->text[0]);
}

static void walk(const struct ohm_doc *doc, const struct ohm_node *node, bool places)
{
    if (places)
        check_place(doc, node);
    for (int i = 0; i < node->count; i++) {
        if (node->key && places)
            check_place(doc, node->key[i]);
        walk(doc, node->item[i], places);
    }
}

/* YAML's line breaks are more than JSON's, and ohm_doc_line counts YAML's: then the places are not compared. */
static bool has_other_breaks(const uint8_t *data, size_t size)
{
    return memchr(data, '\r', size) || memmem(data, size, "\xc2\x85", 2) || memmem(data, size, "\xe2\x80", 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ohm_diag diag = {0};
    struct ohm_doc *doc = NULL;
    struct ohm_str text = {0};

    if (ohm_json_parse(&doc, (const char *)data, size, "input.json", &diag) == OHM_OK)
        walk(doc, ohm_doc_root(doc), size < 4096 && !has_other_breaks(data, size));
    else
        require(doc == NULL && diag.count > 0);
    ohm_diag_print(&text, &diag, false);
    ohm_str_release(&text);
    ohm_diag_release(&diag);
    ohm_doc_free(doc);
    return 0;
}
