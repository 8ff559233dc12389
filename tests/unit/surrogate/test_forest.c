/* The scorer against the library it stands in for, bit for bit; and everything that the reader must refuse. */
#include "ohm/csv.h"
#include "ohm/file.h"
#include "ohm/mem.h"
#include "ohm/rng.h"
#include "ohm/surrogate.h"

#include "forest_int.h"
#include "json_scan.h"

#include <xgboost/c_api.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN "../shared/golden/analog-nas/"

/* ---- the library ---- */

/* Predictions by XGBoost of x[n][features]; NaN is missing. */
static void library_predict(const char *model, size_t length, float *y, const float *x, int n, int features)
{
    BoosterHandle booster;
    DMatrixHandle rows;
    bst_ulong count;
    const float *result;

    assert_int_equal(XGBoosterCreate(NULL, 0, &booster), 0);
    assert_int_equal(XGBoosterLoadModelFromBuffer(booster, model, length), 0);
    assert_int_equal(XGBoosterSetParam(booster, "nthread", "1"), 0);
    assert_int_equal(XGDMatrixCreateFromMat(x, (bst_ulong)n, (bst_ulong)features, NAN, &rows), 0);
    assert_int_equal(XGBoosterPredict(booster, rows, 0, 0, 0, &count, &result), 0);
    assert_int_equal(count, n);
    memcpy(y, result, (size_t)n * sizeof *y);
    XGDMatrixFree(rows);
    XGBoosterFree(booster);
}

struct bytes {
    char *text;
    size_t length;
};

/* A model trained here on made data with missing values: trees of the given depth. */
static struct bytes train_model(int features, int trees, int depth, uint64_t seed)
{
    enum { N = 600 };
    struct ohm_rng rng = ohm_rng_seed(seed);
    float *const x = malloc((size_t)(N * features) * sizeof *x), *const y = malloc(N * sizeof *y);
    char text[16];
    const char *saved;
    bst_ulong length;
    BoosterHandle booster;
    DMatrixHandle rows;
    struct bytes model;

    for (int i = 0; i < N * features; i++)
        x[i] = ohm_rng_uniform(&rng) < 0.1 ? NAN
               : i % features % 2          ? (float)ohm_rng_below(&rng, 7)
                                           : (float)ohm_rng_normal(&rng);
    for (int i = 0; i < N; i++)
        y[i] = (float)(sin(2.0 * (double)(isnan(x[i * features]) ? 1.0f : x[i * features])) +
                       (isnan(x[i * features + 1]) ? 2.0 : (double)x[i * features + 1]) + 0.3 * ohm_rng_normal(&rng));
    assert_int_equal(XGDMatrixCreateFromMat(x, N, (bst_ulong)features, NAN, &rows), 0);
    assert_int_equal(XGDMatrixSetFloatInfo(rows, "label", y, N), 0);
    assert_int_equal(XGBoosterCreate(&rows, 1, &booster), 0);
    (void)snprintf(text, sizeof text, "%d", depth);
    assert_int_equal(XGBoosterSetParam(booster, "max_depth", text), 0);
    assert_int_equal(XGBoosterSetParam(booster, "nthread", "1"), 0);
    assert_int_equal(XGBoosterSetParam(booster, "min_child_weight", "0"), 0);
    assert_int_equal(XGBoosterSetParam(booster, "base_score", "0.3"), 0);
    for (int t = 0; t < trees; t++)
        assert_int_equal(XGBoosterUpdateOneIter(booster, t, rows), 0);
    assert_int_equal(XGBoosterSaveModelToBuffer(booster, "{\"format\": \"json\"}", &length, &saved), 0);
    model.text = malloc(length + 1);
    model.length = length;
    memcpy(model.text, saved, length);
    model.text[length] = '\0';
    XGDMatrixFree(rows);
    XGBoosterFree(booster);
    free(x);
    free(y);
    return model;
}

/* Random rows: numbers near and far, thresholds hit exactly, NaN, infinities, both zeros. */
static void draw_rows(float *x, int n, int features, const struct ohm_forest *forest, struct ohm_rng *rng)
{
    for (int i = 0; i < n * features; i++) {
        const double u = ohm_rng_uniform(rng);
        float v = (float)(3 * ohm_rng_normal(rng));

        if (u < 0.1)
            v = NAN;
        else if (u < 0.15)
            v = ohm_rng_below(rng, 2) ? INFINITY : -INFINITY;
        else if (u < 0.2)
            v = ohm_rng_below(rng, 2) ? 0.0f : -0.0f;
        else if (u < 0.5)
            v = (float)(int)ohm_rng_below(rng, 20);
        else if (u < 0.7 && forest->masked && forest->mask.used)
            v = forest->mask.cut[ohm_rng_below(rng, (uint32_t)forest->mask.cut_first[forest->mask.used])];
        x[i] = v;
    }
}

static void assert_same_bits(const float *a, const float *b, int n)
{
    for (int i = 0; i < n; i++)
        if (memcmp(&a[i], &b[i], sizeof a[i]) != 0)
            fail_msg("row %d: %.9g and %.9g", i, (double)a[i], (double)b[i]);
}

/* Both scorers, where the model has both, against the library on random rows; batch sizes that leave remainders. */
static void compare_with_library(struct bytes model, bool expect_mask)
{
    enum { N = 403 };
    struct ohm_error err = {0};
    struct ohm_forest *chosen = NULL, *walk = NULL;
    struct ohm_rng rng = ohm_rng_seed(11);
    float *x, *expected, *got;
    int features;

    if (ohm_forest_parse(&chosen, model.text, model.length, "made", &err) != OHM_OK)
        fail_msg("%s", err.text);
    assert_int_equal(ohm_forest_parse_as(&walk, model.text, model.length, "made", false, &err), OHM_OK);
    assert_int_equal(chosen->masked, expect_mask);
    features = ohm_forest_features(chosen);
    x = malloc((size_t)(N * features) * sizeof *x);
    expected = malloc(N * sizeof *expected);
    got = malloc(N * sizeof *got);
    draw_rows(x, N, features, chosen, &rng);
    for (int i = 0; i < N * features; i++) /* the library's dense matrix refuses infinities */
        x[i] = isinf(x[i]) ? copysignf(3e38f, x[i]) : x[i];
    library_predict(model.text, model.length, expected, x, N, features);
    ohm_forest_predict(chosen, got, x, N, features);
    assert_same_bits(expected, got, N);
    ohm_forest_predict(walk, got, x, N, features);
    assert_same_bits(expected, got, N);
    for (int i = 0; i < N; i++)
        ohm_forest_predict(chosen, &got[i], x + (size_t)(i * features), 1, features);
    assert_same_bits(expected, got, N);
    ohm_forest_free(chosen);
    ohm_forest_free(walk);
    free(x);
    free(expected);
    free(got);
}

static void small_trees_give_the_bits_of_the_library(void **state)
{
    (void)state;
    for (int depth = 1; depth <= 6; depth++) {
        const struct bytes model = train_model(3 + depth * 2, 21 * depth, depth, (uint64_t)depth);

        compare_with_library(model, true);
        free(model.text);
    }
}

static void trees_too_large_for_masks_give_the_bits_of_the_library(void **state)
{
    const struct bytes model = train_model(12, 30, 9, 5);

    (void)state;
    compare_with_library(model, false);
    free(model.text);
}

static void infinities_go_where_the_comparison_sends_them(void **state)
{
    const struct bytes model = train_model(8, 40, 5, 3);
    struct ohm_forest *mask, *walk;
    struct ohm_rng rng = ohm_rng_seed(2);
    float x[64 * 8], a[64], b[64];

    (void)state;
    assert_int_equal(ohm_forest_parse_as(&mask, model.text, model.length, "made", true, NULL), OHM_OK);
    assert_int_equal(ohm_forest_parse_as(&walk, model.text, model.length, "made", false, NULL), OHM_OK);
    draw_rows(x, 64, 8, mask, &rng);
    ohm_forest_predict(mask, a, x, 64, 8);
    ohm_forest_predict(walk, b, x, 64, 8);
    assert_same_bits(a, b, 64);
    ohm_forest_free(mask);
    ohm_forest_free(walk);
    free(model.text);
}

/* ---- IBM's models ---- */

static const struct {
    const char *file, *column;
} ibm[] = {{GOLDEN "weights/xgboost_ranker_acc.json", "rank"},
           {GOLDEN "weights/xgboost_avm.json", "avm"},
           {GOLDEN "weights/xgboost_std.json", "std"}};

static void skip_without_shared(void)
{
    if (!ohm_file_exists(GOLDEN "golden.csv")) {
        print_message("SKIPPED: ../shared is absent\n");
        skip();
    }
}

static void the_golden_predictions_of_ibm_come_out_bit_for_bit(void **state)
{
    enum { FEATURES = 22 };
    struct ohm_csv csv;
    float *x, *expected, *got;

    (void)state;
    skip_without_shared();
    assert_int_equal(ohm_csv_load(&csv, GOLDEN "golden.csv", NULL), OHM_OK);
    assert_int_equal(csv.rows, 250);
    x = malloc((size_t)(csv.rows * FEATURES) * sizeof *x);
    expected = malloc((size_t)csv.rows * sizeof *expected);
    got = malloc((size_t)csv.rows * sizeof *got);
    for (int i = 0; i < csv.rows; i++)
        for (int f = 0; f < FEATURES; f++) {
            char name[8];

            (void)snprintf(name, sizeof name, "f%d", f);
            x[i * FEATURES + f] = strtof(csv.cell[i * csv.columns + ohm_csv_column(&csv, name)], NULL);
        }
    for (size_t m = 0; m < sizeof ibm / sizeof ibm[0]; m++) {
        struct ohm_forest *forest;
        char *text;
        size_t length;

        assert_int_equal(ohm_forest_load(&forest, ibm[m].file, NULL), OHM_OK);
        assert_true(forest->masked);
        ohm_forest_predict(forest, got, x, csv.rows, FEATURES);
        for (int i = 0; i < csv.rows; i++)
            expected[i] = strtof(csv.cell[i * csv.columns + ohm_csv_column(&csv, ibm[m].column)], NULL);
        assert_same_bits(expected, got, csv.rows);
        assert_int_equal(ohm_file_read(&text, &length, ibm[m].file, OHM_TEXT_FILE_MAX, NULL), OHM_OK);
        library_predict(text, length, expected, x, csv.rows, FEATURES);
        assert_same_bits(expected, got, csv.rows);
        compare_with_library((struct bytes){text, length}, true);
        ohm_free(text);
        ohm_forest_free(forest);
    }
    free(x);
    free(expected);
    free(got);
    ohm_csv_release(&csv);
}

/* ---- reading numbers ---- */

static void decimals_become_the_nearest_float(void **state)
{
    struct ohm_rng rng = ohm_rng_seed(1);
    static const char *const hard[] = {"16777217",
                                       "1.00000005960464477539",
                                       "1.0000000596046448",
                                       "1e-46",
                                       "1.4E-45",
                                       "3.4028235E38",
                                       "-0.0",
                                       "0",
                                       "7.0064923216240854e-46",
                                       "1.17549435e-38",
                                       "123456789012345678901234567890",
                                       "8.5E0",
                                       "0.1",
                                       "1E-30"};

    (void)state;
    for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++) {
        float value;
        const float expected = strtof(hard[i], NULL);

        assert_true(ohm_json_to_float(hard[i], hard[i] + strlen(hard[i]), &value));
        assert_memory_equal(&value, &expected, sizeof value);
    }
    for (int i = 0; i < 200000; i++) {
        char text[64];
        float value, expected;
        const uint32_t bits = ohm_rng_u32(&rng);
        float drawn;

        memcpy(&drawn, &bits, sizeof drawn);
        if (!isfinite(drawn))
            continue;
        (void)snprintf(text, sizeof text, "%.*e", (int)(bits % 14), (double)drawn);
        expected = strtof(text, NULL);
        if (!ohm_json_to_float(text, text + strlen(text), &value))
            continue; /* rounded up to infinity */
        assert_memory_equal(&value, &expected, sizeof value);
    }
}

/* ---- refusals ---- */

/* A correct model of two trees; the tests below change one thing in it. */
#define TREE(left, right, feature, cond, dflt, type)                                                                   \
    "{\"left_children\":" left ",\"right_children\":" right ",\"split_indices\":" feature                              \
    ",\"split_conditions\":" cond ",\"default_left\":" dflt ",\"split_type\":" type ",\"categories_nodes\":[]}"
#define GOOD_TREE TREE("[1,-1,-1]", "[2,-1,-1]", "[1,0,0]", "[5E-1,1E0,2.5E0]", "[1,0,0]", "[0,0,0]")
#define MODEL(booster, count, trees, info, base, more, objective)                                                      \
    "{\"learner\":{\"gradient_booster\":{\"model\":{\"gbtree_model_param\":{\"num_trees\":\"" count                    \
    "\"},\"tree_info\":" info ",\"trees\":[" trees "]},\"name\":\"" booster                                            \
    "\"},\"learner_model_param\":{\"base_score\":\"" base "\",\"num_feature\":\"2\"" more                              \
    "},\"objective\":{\"name\":\"" objective "\"}},\"version\":[1,7,4]}"
#define WITH_TREE(tree) MODEL("gbtree", "1", tree, "[0]", "5E-1", "", "reg:squarederror")
#define GOOD_MODEL      WITH_TREE(GOOD_TREE)

static const struct {
    const char *model, *reason;
} refused[] = {
    {"", "empty"},
    {"binf\x01\x02", "binary"},
    {"{L\x01", "binary"},
    {"[1,2]", "'[' where '{'"},
    {"{}", "no XGBoost model"},
    {"{\"tree\": 1}", "no XGBoost model"},
    {MODEL("dart", "1", GOOD_TREE, "[0]", "5E-1", "", "reg:squarederror"), "booster is dart"},
    {MODEL("gblinear", "1", GOOD_TREE, "[0]", "5E-1", "", "reg:squarederror"), "booster is gblinear"},
    {MODEL("gbtree", "2", GOOD_TREE, "[0]", "5E-1", "", "reg:squarederror"), "num_trees is 2"},
    {MODEL("gbtree", "0", "", "[]", "5E-1", "", "reg:squarederror"), "no trees"},
    {MODEL("gbtree", "-1", GOOD_TREE, "[0]", "5E-1", "", "reg:squarederror"), "not a count"},
    {MODEL("gbtree", "1", GOOD_TREE, "[1]", "5E-1", "", "reg:squarederror"), "several outputs"},
    {MODEL("gbtree", "1", GOOD_TREE, "[0]", "[5E-1,1E0]", "", "reg:squarederror"), "several"},
    {MODEL("gbtree", "1", GOOD_TREE, "[0]", "half", "", "reg:squarederror"), "base_score is \"half\""},
    {MODEL("gbtree", "1", GOOD_TREE, "[0]", "", "", "reg:squarederror"), "base_score"},
    {MODEL("gbtree", "1", GOOD_TREE, "[0]", "5E-1", ",\"num_class\":\"3\"", "reg:squarederror"), "3 outputs"},
    {MODEL("gbtree", "1", GOOD_TREE, "[0]", "5E-1", "", "binary:logistic"), "binary:logistic"},
    {MODEL("gbtree", "1", GOOD_TREE, "[0]", "5E-1", ",\"num_feature\":\"100000\"", "reg:squarederror"), "features"},
    {MODEL("gbtree", "1", GOOD_TREE, "[0]", "5E-1", ",\"num_feature\":\"1\"", "reg:squarederror"),
     "feature 1, outside"},
    {WITH_TREE(TREE("[0,-1,-1]", "[2,-1,-1]", "[1,0,0]", "[1,1,2]", "[1,0,0]", "[0,0,0]")), "reached twice"},
    {WITH_TREE(TREE("[1,-1,-1]", "[1,-1,-1]", "[1,0,0]", "[1,1,2]", "[1,0,0]", "[0,0,0]")), "reached twice"},
    {WITH_TREE(TREE("[1,-1,-1]", "[3,-1,-1]", "[1,0,0]", "[1,1,2]", "[1,0,0]", "[0,0,0]")), "child 3, outside"},
    {WITH_TREE(TREE("[-1,-1,-1]", "[2,-1,-1]", "[1,0,0]", "[1,1,2]", "[1,0,0]", "[0,0,0]")), "child -1, outside"},
    {WITH_TREE(TREE("[1,-1,-1]", "[2,-1,-1]", "[2,0,0]", "[1,1,2]", "[1,0,0]", "[0,0,0]")), "feature 2, outside"},
    {WITH_TREE(TREE("[1,-1,-1]", "[2,-1,-1]", "[-1,0,0]", "[1,1,2]", "[1,0,0]", "[0,0,0]")), "feature -1, outside"},
    {WITH_TREE(TREE("[1,-1,-1]", "[2,-1]", "[1,0,0]", "[1,1,2]", "[1,0,0]", "[0,0,0]")), "right_children has 2"},
    {WITH_TREE(TREE("[]", "[]", "[]", "[]", "[]", "[]")), "no nodes"},
    {WITH_TREE(TREE("[1,-1,-1]", "[2,-1,-1]", "[1,0,0]", "[1,1,2]", "[1,0,0]", "[1,0,0]")), "categories"},
    {WITH_TREE("{\"left_children\":[-1]}"), "has no right_children"},
    {WITH_TREE("{\"categories_nodes\":[0]}"), "categories"},
    {WITH_TREE(TREE("[1,-1,-1]", "[2,-1,-1]", "[1,0,0]", "[1e99,1,2]", "[1,0,0]", "[0,0,0]")), "too large"},
    {WITH_TREE(TREE("[1,-1,-1]", "[2,-1,-1]", "[1,0,0]", "[NaN,1,2]", "[1,0,0]", "[0,0,0]")), "'N' where a number"},
    {WITH_TREE(TREE("[1.5,-1,-1]", "[2,-1,-1]", "[1,0,0]", "[1,1,2]", "[1,0,0]", "[0,0,0]")), "whole"},
    {GOOD_MODEL "x", "'x' where the end"},
};

static void what_the_scorer_cannot_do_is_refused_with_the_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct ohm_error err = {0};
        struct ohm_forest *forest = NULL;

        if (ohm_forest_parse(&forest, refused[i].model, strlen(refused[i].model), "m.json", &err) != OHM_EDATA)
            fail_msg("model %zu was taken", i);
        if (!strstr(err.text, refused[i].reason))
            fail_msg("model %zu: '%s' does not say '%s'", i, err.text, refused[i].reason);
        assert_string_equal(err.path, "m.json");
        assert_null(forest);
    }
}

static void a_good_model_cut_anywhere_is_refused(void **state)
{
    const char *const model = GOOD_MODEL;
    struct ohm_forest *forest = NULL;

    (void)state;
    assert_int_equal(ohm_forest_parse(&forest, model, strlen(model), "m.json", NULL), OHM_OK);
    assert_int_equal(ohm_forest_trees(forest), 1);
    ohm_forest_free(forest);
    for (size_t n = 0; n < strlen(model); n++)
        assert_int_equal(ohm_forest_parse(&forest, model, n, "m.json", NULL), OHM_EDATA);
}

static void base_score_is_read_in_both_spellings(void **state)
{
    static const char *const models[] = {GOOD_MODEL,
                                         MODEL("gbtree", "1", GOOD_TREE, "[0]", "[5E-1]", "", "reg:squarederror")};

    (void)state;
    for (int i = 0; i < 2; i++) {
        const float x[3][2] = {{0, 0.49f}, {0, 0.5f}, {0, NAN}};
        float y[3];
        struct ohm_forest *forest;

        assert_int_equal(ohm_forest_parse(&forest, models[i], strlen(models[i]), "m.json", NULL), OHM_OK);
        ohm_forest_predict(forest, y, x[0], 3, 2);
        assert_true(y[0] == 1.5f && y[1] == 3.0f && y[2] == 1.5f);
        ohm_forest_free(forest);
    }
}

static void every_allocation_may_fail_while_a_model_is_read(void **state)
{
    const struct bytes model = train_model(5, 4, 3, 9);
    long n = 1;

    (void)state;
    for (;; n++) {
        struct ohm_forest *forest = NULL;
        struct ohm_error err = {0};
        enum ohm_status st;

        ohm_mem_fail_at(n);
        st = ohm_forest_parse(&forest, model.text, model.length, "m.json", &err);
        ohm_mem_fail_at(0);
        if (st == OHM_OK) {
            ohm_forest_free(forest);
            break;
        }
        assert_int_equal(st, OHM_ENOMEM);
        assert_null(forest);
    }
    assert_true(n > 10);
    free(model.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_trees_give_the_bits_of_the_library),
        cmocka_unit_test(trees_too_large_for_masks_give_the_bits_of_the_library),
        cmocka_unit_test(infinities_go_where_the_comparison_sends_them),
        cmocka_unit_test(the_golden_predictions_of_ibm_come_out_bit_for_bit),
        cmocka_unit_test(decimals_become_the_nearest_float),
        cmocka_unit_test(what_the_scorer_cannot_do_is_refused_with_the_reason),
        cmocka_unit_test(a_good_model_cut_anywhere_is_refused),
        cmocka_unit_test(base_score_is_read_in_both_spellings),
        cmocka_unit_test(every_allocation_may_fail_while_a_model_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
