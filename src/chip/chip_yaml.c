/* chip_yaml.c - reads a chip from YAML by the tables of its model: every number of the table must be there, nothing
 * else may be, and each block names its source and how far the numbers are to be trusted. */
#include "chip_int.h"

#include "ohm/file.h"
#include "ohm/mem.h"

#include <math.h>
#include <string.h>

/* What a source is worth: printed by somebody, follows from what is printed, fitted to what is printed, or our own
 * choice because nothing was printed. */
static const char *const marks[] = {"published", "derived", "fitted", "default"};
enum { MARKS = sizeof marks / sizeof marks[0], NAME_MAX_LENGTH = 64, SOURCE_MIN_LENGTH = 4 };

static void read_number(const struct chip_number *number, const struct chip_block *in, struct ohm_node *block,
                        struct ohm_chip *chip, struct ohm_diag *diag)
{
    const struct ohm_node *const node = ohm_map_need(block, number->key, diag);
    double value = 0;

    if (!ohm_node_double(node, number->key, number->min, number->max, &value, diag))
        return;
    if (number->whole && value != floor(value))
        ohm_node_fail(node, diag, "%s.%s is %g, but the number of %s must be whole", in->key, number->key, value,
                      number->unit);
    if (value == 0)
        value = 0; /* one zero: -0 would be another hash for the same chip */
    memcpy((char *)chip->params + number->offset, &value, sizeof value);
}

/* false: no memory. */
static bool read_source(struct chip_about *about, struct ohm_node *block, struct ohm_diag *diag)
{
    struct ohm_node *const node = ohm_map_need(block, "source", diag);
    const char *text = "";
    int mark = 0;

    if (ohm_node_text(node, "source", &text, diag) && strlen(text) < SOURCE_MIN_LENGTH)
        ohm_node_fail(node, diag, "source is '%s': it must say where the numbers of this block come from", text);
    ohm_node_choice(ohm_map_need(block, "mark", diag), "mark", marks, MARKS, &mark, diag);
    about->mark = marks[mark];
    return (about->source = ohm_strdup(text)) != NULL;
}

/* Numbers that are fitted to the user's own measurements in a block whose mark is of the others:
 *   fitted: [output_pJ]
 *   fitted_to: "lab.csv, 12 networks"
 * false: no memory. */
static bool read_fitted(struct chip_about *about, const struct chip_block *in, struct ohm_node *block,
                        struct ohm_diag *diag)
{
    const struct ohm_node *const list = ohm_map_get(block, "fitted");
    const char *keys[CHIP_NUMBERS_MAX], *text = "";
    int n = 0, at;

    if (!list)
        return true;
    for (; in->numbers[n].key; n++)
        keys[n] = in->numbers[n].key;
    for (int i = 0; ohm_node_is_list(list, "fitted", diag) && i < list->count; i++)
        if (ohm_node_choice(list->item[i], "fitted", keys, n, &at, diag))
            about->fitted |= UINT64_C(1) << at;
    ohm_node_text(ohm_map_need(block, "fitted_to", diag), "fitted_to", &text, diag);
    return (about->fitted_to = ohm_strdup(text)) != NULL;
}

/* false: no memory. */
static bool read_block(int i, struct ohm_node *root, struct ohm_chip *chip, struct ohm_diag *diag)
{
    const struct chip_block *const b = &chip->model->blocks[i];
    struct ohm_node *const block = b->optional ? ohm_map_get(root, b->key) : ohm_map_need(root, b->key, diag);

    if (!block || !ohm_node_is_map(block, b->key, diag))
        return true;
    chip->present |= UINT64_C(1) << i;
    for (const struct chip_number *n = b->numbers; n->key; n++)
        read_number(n, b, block, chip, diag);
    if (!read_source(&chip->about[i], block, diag) || !read_fitted(&chip->about[i], b, block, diag))
        return false;
    ohm_map_finish(block, diag);
    return true;
}

static bool is_name(const char *text)
{
    static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

    return *text && strlen(text) <= NAME_MAX_LENGTH && strspn(text, legal) == strlen(text);
}

/* false: no memory. */
static bool read_name(struct ohm_chip *chip, struct ohm_node *root, struct ohm_diag *diag)
{
    const struct ohm_node *const node = ohm_map_need(root, "chip", diag);
    const char *text = "";

    if (ohm_node_text(node, "chip", &text, diag) && !is_name(text))
        ohm_node_fail(node, diag, "chip is '%.80s': a name has 1 to %d letters, digits, '_', '-' and '.'", text,
                      NAME_MAX_LENGTH);
    return (chip->name = ohm_strdup(text)) != NULL;
}

/* false: no memory. Without a model nothing can be said about the other keys. */
static bool read_chip(struct ohm_chip *chip, struct ohm_node *root, struct ohm_diag *diag)
{
    int model;

    if (!ohm_node_is_map(root, "a chip file", diag))
        return true;
    if (!read_name(chip, root, diag))
        return false;
    if (!ohm_node_choice(ohm_map_need(root, "model", diag), "model", ohm_chip_model_names, ohm_chip_models(), &model,
                         diag))
        return true;
    chip->model = ohm_chip_model(model);
    if (!(chip->params = ohm_alloc(1, chip->model->params_size)))
        return false;
    for (int i = 0; chip->model->blocks[i].key; i++)
        if (!read_block(i, root, chip, diag))
            return false;
    ohm_map_finish(root, diag);
    return true;
}

static bool keep_source(struct ohm_chip *chip, const char *bytes, size_t length)
{
    if (!(chip->source = ohm_alloc(length + 1, 1)))
        return false;
    if (length > 0)
        memcpy(chip->source, bytes, length);
    return true;
}

/* The status of the first problem noted after `before` others, of which diag may no longer have kept it. */
static enum ohm_status first_status(const struct ohm_diag *diag, int before)
{
    if (!diag->item)
        return OHM_ENOMEM;
    return before < OHM_DIAG_MAX ? diag->item[before].status : OHM_ECONFIG;
}

enum ohm_status ohm_chip_parse(struct ohm_chip **out, const char *bytes, size_t length, const char *path,
                               struct ohm_diag *diag)
{
    struct ohm_diag own = {0};
    struct ohm_diag *const d = diag ? diag : &own;
    const int before = d->count;
    struct ohm_chip *chip = NULL;
    struct ohm_doc *doc = NULL;
    enum ohm_status st;

    *out = NULL;
    if ((st = ohm_doc_parse(&doc, bytes, length, path, d)) != OHM_OK)
        goto done;
    chip = ohm_alloc(1, sizeof *chip);
    if (!chip || !keep_source(chip, bytes, length) || !read_chip(chip, ohm_doc_root(doc), d)) {
        st = ohm_diag_add(d, OHM_ENOMEM, path, 0, 0, "no memory for a chip");
        goto done;
    }
    if (d->count != before) {
        st = first_status(d, before);
        goto done;
    }
    ohm_chip_settle(chip);
    *out = chip;
    chip = NULL;
done:
    ohm_chip_free(chip);
    ohm_doc_free(doc);
    ohm_diag_release(&own);
    return st;
}

enum ohm_status ohm_chip_load(struct ohm_chip **out, const char *path, struct ohm_diag *diag)
{
    struct ohm_error err = {0};
    char *bytes = NULL;
    size_t length = 0;
    enum ohm_status st;

    *out = NULL;
    if (ohm_file_read(&bytes, &length, path, OHM_TEXT_FILE_MAX, &err) != OHM_OK)
        return ohm_diag_take(diag, &err);
    st = ohm_chip_parse(out, bytes, length, path, diag);
    ohm_free(bytes);
    return st;
}
