/* fuzz_yaml.c (text) - any bytes as YAML: a tree within its limits or reasons, and both can be walked and printed. */
#include "ohm/doc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Aliases make the tree larger than the file: only so many nodes are visited. */
static void walk(struct ohm_node *node, int depth, int *left)
{
    const char *text;
    double number;
    bool flag;

    require(depth <= OHM_DOC_DEPTH_MAX);
    if (--*left < 0)
        return;
    require((node->kind == OHM_NODE_SCALAR) == (node->text != NULL));
    ohm_node_double(node, "x", -1, 1, &number, NULL);
    ohm_node_bool(node, "x", &flag, NULL);
    ohm_node_text(node, "x", &text, NULL);
    for (int i = 0; i < node->count; i++) {
        if (node->key)
            require(ohm_map_get(node, node->key[i]->text) == node->item[i]);
        walk(node->item[i], depth + 1, left);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ohm_diag diag = {0};
    struct ohm_doc *doc = NULL;
    struct ohm_str text = {0};
    int left = 20000, length;

    if (ohm_doc_parse(&doc, (const char *)data, size, "input.yaml", &diag) == OHM_OK) {
        ohm_map_get(ohm_doc_root(doc), "population");
        ohm_map_finish(ohm_doc_root(doc), &diag);
        walk(ohm_doc_root(doc), 0, &left);
        ohm_doc_line(doc, 2, &length);
    } else {
        require(doc == NULL && diag.count > 0);
    }
    ohm_diag_print(&text, &diag, true);
    ohm_str_release(&text);
    ohm_diag_release(&diag);
    ohm_doc_free(doc);
    return 0;
}
