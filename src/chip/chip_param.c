/* chip_param.c - the numbers of a chip by the name or the index that they have: read, found, changed, in a copy of
 * one's own. */
#include "chip_int.h"

#include "ohm/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double *number_at(const struct ohm_chip *chip, const struct chip_number *n)
{
    return (double *)(void *)((char *)chip->params + n->offset);
}

static uint64_t hash_text(const char *text)
{
    return ohm_hash(text, strlen(text));
}

/* Number i of those present: its block's index in *block; NULL when there is none. */
static const struct chip_number *number_of(const struct ohm_chip *chip, int i, int *block)
{
    int at = 0;

    for (int b = 0; chip->model->blocks[b].key; b++)
        for (const struct chip_number *n = chip->model->blocks[b].numbers; n->key && chip->present >> b & 1; n++)
            if (at++ == i) {
                *block = b;
                return n;
            }
    return NULL;
}

uint64_t ohm_chip_hash_numbers(const struct ohm_chip *chip)
{
    uint64_t hash = hash_text(chip->model->name);

    for (int b = 0; chip->model->blocks[b].key; b++)
        for (const struct chip_number *n = chip->model->blocks[b].numbers; n->key && chip->present >> b & 1; n++)
            hash = ohm_hash_mix(hash, ohm_hash_mix(hash_text(n->key), ohm_hash(number_at(chip, n), sizeof(double))));
    return hash;
}

bool ohm_chip_number(const struct ohm_chip *chip, int i, struct ohm_chip_number *number)
{
    int b;
    const struct chip_number *const n = i >= 0 ? number_of(chip, i, &b) : NULL;
    const struct chip_about *about;
    bool fitted;

    if (!n)
        return false;
    about = &chip->about[b];
    fitted = about->fitted >> (n - chip->model->blocks[b].numbers) & 1;
    *number = (struct ohm_chip_number){
        .block = chip->model->blocks[b].key,
        .key = n->key,
        .unit = n->unit,
        .value = *number_at(chip, n),
        .min = n->min,
        .max = n->max,
        .whole = n->whole,
        .mark = chip->changed >> i & 1 ? "set"
                : fitted               ? "fitted"
                                       : about->mark,
        .source = fitted ? about->fitted_to : about->source,
    };
    return true;
}

enum { KEY_MAX = 80 };

static enum ohm_status no_number(const struct ohm_chip *chip, const char *key, struct ohm_error *err)
{
    static const char none[] = "";
    char text[CHIP_NUMBERS_MAX][KEY_MAX];
    const char *names[CHIP_NUMBERS_MAX], *near;
    struct ohm_chip_number number;
    int n = 0;

    for (; n < CHIP_NUMBERS_MAX && ohm_chip_number(chip, n, &number); n++) {
        snprintf(text[n], KEY_MAX, "%s.%s", number.block, number.key);
        names[n] = text[n];
    }
    near = ohm_nearest(key, names, n);
    return ohm_fail(err, OHM_ECONFIG, "chip %s has no number '%.60s'%s%s%s; ohmnas chip show lists them", chip->name,
                    key, near ? ", did you mean '" : none, near ? near : none, near ? "'?" : none);
}

enum ohm_status ohm_chip_find(const struct ohm_chip *chip, const char *key, int *index, struct ohm_error *err)
{
    int at = 0;

    for (int b = 0; chip->model->blocks[b].key; b++) {
        const struct chip_block *const block = &chip->model->blocks[b];
        const size_t length = strlen(block->key);
        const bool here = strncmp(key, block->key, length) == 0 && key[length] == '.';

        for (const struct chip_number *n = block->numbers; n->key && chip->present >> b & 1; n++, at++)
            if (here && strcmp(n->key, key + length + 1) == 0) {
                *index = at;
                return OHM_OK;
            }
    }
    return no_number(chip, key, err);
}

enum ohm_status ohm_chip_put(struct ohm_chip *chip, int i, double value, struct ohm_error *err)
{
    int b;
    const struct chip_number *const n = i >= 0 ? number_of(chip, i, &b) : NULL;

    if (!n)
        return ohm_fail(err, OHM_ERANGE, "chip %s has no number %d", chip->name, i);
    if (!(value >= n->min && value <= n->max))
        return ohm_fail(err, OHM_ERANGE, "%s.%s is %g, outside [%g, %g]", chip->model->blocks[b].key, n->key, value,
                        n->min, n->max);
    if (n->whole && value != floor(value))
        return ohm_fail(err, OHM_ECONFIG, "%s.%s is %g, but the number of %s must be whole", chip->model->blocks[b].key,
                        n->key, value, n->unit);
    *number_at(chip, n) = value == 0 ? 0 : value;
    chip->changed |= UINT64_C(1) << i;
    ohm_chip_settle(chip);
    return OHM_OK;
}

enum ohm_status ohm_chip_set(struct ohm_chip *chip, const char *key, const char *text, struct ohm_error *err)
{
    enum ohm_status st;
    double value;
    int i;

    if ((st = ohm_chip_find(chip, key, &i, err)) != OHM_OK)
        return st;
    if (!ohm_parse_double(text, &value))
        return ohm_fail(err, OHM_ECONFIG, "%s is '%.40s', not a number", key, text);
    return ohm_chip_put(chip, i, value, err);
}

/* false: no memory. */
static bool copy_texts(struct ohm_chip *to, const struct ohm_chip *from)
{
    bool whole = (to->name = ohm_strdup(from->name)) != NULL;

    whole = (to->source = ohm_strdup(from->source)) != NULL && whole;
    for (int b = 0; b < CHIP_NUMBERS_MAX; b++) {
        if (from->about[b].source)
            whole = (to->about[b].source = ohm_strdup(from->about[b].source)) != NULL && whole;
        if (from->about[b].fitted_to)
            whole = (to->about[b].fitted_to = ohm_strdup(from->about[b].fitted_to)) != NULL && whole;
    }
    return whole;
}

enum ohm_status ohm_chip_copy(struct ohm_chip **out, const struct ohm_chip *chip, struct ohm_error *err)
{
    struct ohm_chip *const copy = ohm_alloc(1, sizeof *copy);
    bool whole = copy != NULL;

    *out = NULL;
    if (copy) {
        *copy = *chip;
        copy->name = copy->source = NULL;
        for (int b = 0; b < CHIP_NUMBERS_MAX; b++)
            copy->about[b].source = copy->about[b].fitted_to = NULL;
        copy->params = ohm_alloc(1, chip->model->params_size);
        whole = copy_texts(copy, chip) && copy->params;
    }
    if (!whole) {
        ohm_chip_free(copy);
        return ohm_fail(err, OHM_ENOMEM, "no memory for a copy of chip %s", chip->name);
    }
    memcpy(copy->params, chip->params, chip->model->params_size);
    *out = copy;
    return OHM_OK;
}
