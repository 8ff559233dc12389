/* Any bytes as an XGBoost model: read, and if it is one, scored by both scorers, which must agree. */
#include "ohm/surrogate.h"

#include "../../src/surrogate/forest_int.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 37 };

static void score(const char *bytes, size_t size, struct ohm_forest *forest)
{
    const int features = ohm_forest_features(forest);
    struct ohm_forest *walk = NULL;
    float *const x = calloc((size_t)(ROWS * features), sizeof *x);
    float a[ROWS], b[ROWS];

    for (int i = 0; x && i < ROWS * features; i++)
        x[i] = i % 11 == 0 ? NAN : (float)((i * 7919) % 23 - 11) / 2;
    if (x && ohm_forest_parse_as(&walk, bytes, size, "fuzz", false, NULL) == OHM_OK) {
        ohm_forest_predict(forest, a, x, ROWS, features);
        ohm_forest_predict(walk, b, x, ROWS, features);
        if (memcmp(a, b, sizeof a) != 0)
            abort();
    }
    ohm_forest_free(walk);
    free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ohm_error err = {0};
    struct ohm_forest *forest = NULL;

    if (ohm_forest_parse(&forest, (const char *)data, size, "fuzz", &err) == OHM_OK)
        score((const char *)data, size, forest);
    else if (!*err.text)
        abort();
    ohm_forest_free(forest);
    return 0;
}
