/* asked.c - a set of ids: open addressing with linear probing, at most two thirds full. */
#include "search_int.h"

#include "ohm/mem.h"

enum { SLOTS_MIN = 256 };

/* The slot that holds id, or the free one where it belongs. Ids are hashes: their low bits are as good as any. */
static size_t find(const struct asked *set, uint64_t id)
{
    size_t i = (size_t)id & set->mask;

    while (set->slot[i] != 0 && set->slot[i] != id)
        i = (i + 1) & set->mask;
    return i;
}

bool asked_has(const struct asked *set, uint64_t id)
{
    return set->slot && set->slot[find(set, id)] != 0;
}

static bool widen(struct asked *set)
{
    struct asked wide = {.mask = set->slot ? 2 * set->mask + 1 : SLOTS_MIN - 1, .count = set->count};

    wide.slot = ohm_alloc(wide.mask + 1, sizeof *wide.slot);
    if (!wide.slot)
        return false;
    for (size_t i = 0; set->slot && i <= set->mask; i++)
        if (set->slot[i] != 0)
            wide.slot[find(&wide, set->slot[i])] = set->slot[i];
    ohm_free(set->slot);
    *set = wide;
    return true;
}

enum ohm_status asked_add(struct asked *set, uint64_t id, struct ohm_error *err)
{
    size_t i;

    if ((!set->slot || 3 * (set->count + 1) > 2 * (set->mask + 1)) && !widen(set))
        return ohm_fail(err, OHM_ENOMEM, "out of memory to remember %zu asked networks", set->count);
    i = find(set, id);
    set->count += set->slot[i] == 0;
    set->slot[i] = id;
    return OHM_OK;
}

void asked_release(struct asked *set)
{
    ohm_free(set->slot);
    *set = (struct asked){0};
}
