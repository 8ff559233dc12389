/* row_keys.h - from the key of a table ("432030") back to the network. */
#ifndef OHM_ROW_KEYS_H
#define OHM_ROW_KEYS_H

#include "ohm/error.h"
#include "ohm/space.h"

/* The keys of a space, by hash. {0} is empty; filled at the first key that needs it. */
struct ohm_row_keys {
    struct ohm_row_key {
        uint64_t hash;
        struct ohm_genotype genotype;
    } * key; /* [count], ascending by hash; owned */
    size_t count, capacity;
    bool filled;
};

/* Takes canonical text ("e01=skip ...") and, in a space of at most 2^20 networks, its key.
 * OHM_EDATA: neither, with the reason. */
enum ohm_status ohm_row_keys_find(struct ohm_row_keys *keys, const struct ohm_space *space, struct ohm_genotype *g,
                                  const char *text, struct ohm_error *err);
void ohm_row_keys_release(struct ohm_row_keys *keys);

#endif
