/* row_keys.c - a key is a template filled in, which cannot be read back in general; so the keys of all networks of the
 * space are made once and looked up. Tables exist for small spaces only. */
#include "row_keys.h"

#include "ohm/mem.h"
#include "ohm/str.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 1 << 20 };

static int by_hash(const void *a, const void *b)
{
    const struct ohm_row_key *const x = a, *const y = b;

    return (x->hash > y->hash) - (x->hash < y->hash);
}

static enum ohm_status fill(struct ohm_row_keys *keys, const struct ohm_space *space, struct ohm_error *err)
{
    struct ohm_genotype g = {{0}};
    struct ohm_str text = {0};
    bool first = true, memory = true;

    while (memory && ohm_genotype_next(space, &g, &first)) {
        ohm_str_clear(&text);
        ohm_genotype_key(space, &g, &text);
        memory = !text.failed && ohm_grow(&keys->key, &keys->capacity, keys->count + 1, sizeof *keys->key);
        if (memory)
            keys->key[keys->count++] = (struct ohm_row_key){ohm_hash(text.text, text.length), g};
    }
    ohm_str_release(&text);
    if (!memory)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for the keys of a space");
    if (keys->count)
        qsort(keys->key, keys->count, sizeof *keys->key, by_hash);
    keys->filled = true;
    return OHM_OK;
}

static bool has_key(const struct ohm_space *space, const struct ohm_genotype *g, const char *wanted)
{
    struct ohm_str text = {0};
    bool same;

    ohm_genotype_key(space, g, &text);
    same = !text.failed && strcmp(ohm_str_text(&text), wanted) == 0;
    ohm_str_release(&text);
    return same;
}

static bool look_up(const struct ohm_row_keys *keys, const struct ohm_space *space, struct ohm_genotype *g,
                    const char *text)
{
    const struct ohm_row_key wanted = {.hash = ohm_hash(text, strlen(text))};
    size_t low = 0, high = keys->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (keys->key[middle].hash < wanted.hash)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < keys->count && keys->key[low].hash == wanted.hash; low++)
        if (has_key(space, &keys->key[low].genotype, text)) {
            *g = keys->key[low].genotype;
            return true;
        }
    return false;
}

enum ohm_status ohm_row_keys_find(struct ohm_row_keys *keys, const struct ohm_space *space, struct ohm_genotype *g,
                                  const char *text, struct ohm_error *err)
{
    struct ohm_error why = {0};
    enum ohm_status st;

    if (strchr(text, '=')) {
        if ((st = ohm_genotype_parse(space, g, text, &why)) == OHM_OK)
            st = ohm_genotype_check(space, g, &why);
        return st == OHM_OK ? OHM_OK
                            : ohm_fail(err, OHM_EDATA, "'%.200s' is no network of space %s: %s", text,
                                       ohm_space_name(space), why.text);
    }
    if (!keys->filled) {
        if (ohm_space_size_within(space, KEYS_MAX) < 0)
            return ohm_fail(err, OHM_EDATA,
                            "'%.200s' is no network's canonical text, and space %s is too large to "
                            "look up keys in",
                            text, ohm_space_name(space));
        if ((st = fill(keys, space, err)) != OHM_OK)
            return st;
    }
    if (!look_up(keys, space, g, text))
        return ohm_fail(err, OHM_EDATA, "'%.200s' is the key of no network of space %s", text, ohm_space_name(space));
    return OHM_OK;
}

void ohm_row_keys_release(struct ohm_row_keys *keys)
{
    ohm_free(keys->key);
    *keys = (struct ohm_row_keys){0};
}
