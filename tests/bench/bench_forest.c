/* bench_forest - what a candidate costs in the scorer, for batches as the search makes them.
 *   bench_forest MODEL.json...      (default: IBM's three models in ../shared) */
#include "ohm/rng.h"
#include "ohm/surrogate.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

enum { ROWS_MAX = 1000, REPEATS = 41, MODELS_MAX = 64 };

/* Median seconds for one pass of all models over `rows` rows. */
static double time_batch(struct ohm_forest *const *forest, int models, const float *x, int rows, int stride)
{
    static float y[ROWS_MAX];
    double time[REPEATS];

    for (int i = 0; i < REPEATS; i++) {
        const int passes = 1 + 4000 / rows;
        const double start = now_s();

        for (int p = 0; p < passes; p++)
            for (int m = 0; m < models; m++)
                ohm_forest_predict(forest[m], y, x, rows, stride);
        time[i] = (now_s() - start) / passes;
    }
    qsort(time, REPEATS, sizeof time[0], by_value);
    return time[REPEATS / 2];
}

int main(int argc, char **argv)
{
    static const char *const ibm[] = {"../shared/golden/analog-nas/weights/xgboost_ranker_acc.json",
                                      "../shared/golden/analog-nas/weights/xgboost_avm.json",
                                      "../shared/golden/analog-nas/weights/xgboost_std.json"};
    const int models = argc > 1 ? (argc - 1 < MODELS_MAX ? argc - 1 : MODELS_MAX) : 3;
    struct ohm_forest *forest[MODELS_MAX];
    struct ohm_error err = {0};
    struct ohm_rng rng = ohm_rng_seed(1);
    double start = now_s();
    int features = 0;
    float *x;

    for (int m = 0; m < models; m++) {
        if (ohm_forest_load(&forest[m], argc > 1 ? argv[m + 1] : ibm[m], &err) != OHM_OK) {
            (void)fprintf(stderr, "bench_forest: %s: %s\n", err.path, err.text);
            return argc > 1 ? 1 : 77;
        }
        if (ohm_forest_features(forest[m]) > features)
            features = ohm_forest_features(forest[m]);
    }
    printf("load %d models: %.1f ms\n", models, 1e3 * (now_s() - start));
    x = malloc((size_t)(ROWS_MAX * features) * sizeof *x);
    if (!x)
        return 1;
    for (int i = 0; i < ROWS_MAX * features; i++) /* the value ranges of the published data sets, roughly */
        x[i] = i % features == 0 ? (float)(8 + ohm_rng_below(&rng, 121)) : (float)ohm_rng_below(&rng, 13);
    for (int rows = 1; rows <= ROWS_MAX; rows *= 10) {
        const double s = time_batch(forest, models, x, rows, features);

        printf("batch %4d: %7.3f us a row for all models\n", rows, 1e6 * s / rows);
    }
    for (int m = 0; m < models; m++)
        ohm_forest_free(forest[m]);
    free(x);
    return 0;
}
