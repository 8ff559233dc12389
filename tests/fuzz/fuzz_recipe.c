/* fuzz_recipe.c (collect) - any bytes as a recipe of a collection: one that can be run, or errors. */
#include "ohm/collect.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ohm_collect_recipe r = {0};
    struct ohm_diag diag = {0};

    if (ohm_collect_recipe_parse(&r, (const char *)data, size, "fuzz.yaml", &diag) == OHM_OK) {
        if (diag.count || r.times < 1 || r.times > OHM_COLLECT_TIMES_MAX || r.edges == 1 || r.samples.folds == 1 ||
            r.use.networks < 1 || (r.rungs && r.halving.pilots > r.use.networks) || !r.source)
            abort();
        for (int i = 1; i < r.edges; i++)
            if (!(r.edge[i] > r.edge[i - 1]))
                abort();
    } else if (diag.count == 0 || r.source)
        abort();
    ohm_diag_release(&diag);
    ohm_collect_recipe_release(&r);
    return 0;
}
