/* Weights to conductances and back, against vectors of another simulator (aihwkit 1.1.0). */
#include "device_fixture.h"

enum { MOST = 64 };

struct arrays {
    float slice[2 * OHM_PAIRS_MAX][MOST], *g[2 * OHM_PAIRS_MAX];
};

static void arrays_init(struct arrays *a)
{
    for (int s = 0; s < 2 * OHM_PAIRS_MAX; s++)
        a->g[s] = a->slice[s];
}

static struct ohm_node *member(struct ohm_node *map, const char *key)
{
    struct ohm_node *const node = ohm_map_get(map, key);

    if (!node)
        fail_msg("deterministic.json has no '%s'", key);
    return node;
}

static double number(const struct ohm_node *node)
{
    double value = 0;

    assert_true(ohm_node_double(node, "a number", -1e30, 1e30, &value, NULL));
    return value;
}

/* A matrix of lists, flat; returns the number of values. */
static int flat(float *out, const struct ohm_node *node, int at)
{
    if (node->kind == OHM_NODE_LIST) {
        for (int i = 0; i < node->count; i++)
            at = flat(out, node->item[i], at);
        return at;
    }
    assert_true(at < MOST);
    out[at] = (float)number(node);
    return at + 1;
}

static struct ohm_converter pairs(int n, const double *f, double g_max, double g_min)
{
    struct ohm_converter c = {.kind = OHM_CONVERT_PAIRS, .g_max_uS = g_max, .g_min_uS = g_min, .pairs = n};

    memcpy(c.f, f, (size_t)n * sizeof *f);
    return c;
}

static void check_vector(struct ohm_node *all, const char *name, const struct ohm_converter *c)
{
    struct ohm_node *const golden = member(member(all, "converters"), name), *const g = member(golden, "g");
    struct arrays a;
    float w[MOST], want[MOST], back[MOST];
    const int n = flat(w, member(all, "W"), 0), slices = ohm_converter_slices(c);
    struct ohm_conversion by;

    arrays_init(&a);
    assert_int_equal(ohm_converter_check(c, NULL), OHM_OK);
    by = ohm_converter_forward(c, a.g, w, (size_t)n);
    assert_close(by.scale_uS, number(member(golden, "scale_ratio")), 2e-6 * by.scale_uS, name);
    assert_int_equal(g->count, slices);
    for (int s = 0; s < slices; s++) {
        assert_int_equal(flat(want, g->item[s], 0), n);
        for (int i = 0; i < n; i++)
            assert_close((double)a.g[s][i], (double)want[i], 1e-5, name);
    }
    ohm_converter_back(c, &by, back, (const float *const *)a.g, (size_t)n);
    for (int i = 0; i < n; i++)
        assert_close((double)back[i], (double)w[i], 6e-8, name);
}

static void the_vectors_of_all_six_converters_are_met(void **state)
{
    const struct ohm_converter single = {.kind = OHM_CONVERT_SINGLE, .g_max_uS = 88.2, .g_min_uS = 9};
    struct ohm_converter custom = {
        .kind = OHM_CONVERT_CUSTOM, .g_max_uS = 25, .pairs = 1, .f = {1}, .points = 3, .g = {{{0, 0, 25}, {25, 0, 0}}}};
    const struct ohm_converter plain = pairs(1, (const double[]){1}, 25, 0),
                               raised = pairs(1, (const double[]){1}, 25, 1);
    const struct ohm_converter dual = pairs(2, (const double[]){1, 4}, 25, 0);
    const struct ohm_converter three = pairs(3, (const double[]){1, 2, 4}, 20, 0.5);
    struct ohm_doc *doc = NULL;
    struct ohm_node *all;

    (void)state;
    if (golden_absent("deterministic.json"))
        return;
    assert_int_equal(ohm_doc_load(&doc, GOLDEN "deterministic.json", NULL), OHM_OK);
    all = ohm_doc_root(doc);
    check_vector(all, "single_pair", &plain);
    check_vector(all, "single_pair_gmin1", &raised);
    check_vector(all, "dual_pair_f1_4", &dual);
    check_vector(all, "n_pair_f1_2_4_gmin0p5", &three);
    check_vector(all, "custom_pair", &custom);
    check_vector(all, "single_device", &single);
    ohm_doc_free(doc);
}

static void random_weights_come_back_from_every_converter(void **state)
{
    struct ohm_converter c[4] = {pairs(1, (const double[]){1}, 25, 3),
                                 pairs(4, (const double[]){1, 3, 9, 27}, 20, 0.1),
                                 {.kind = OHM_CONVERT_SINGLE, .g_max_uS = 88.2, .g_min_uS = 9},
                                 {.kind = OHM_CONVERT_CUSTOM,
                                  .g_max_uS = 30,
                                  .pairs = 2,
                                  .f = {1, 2},
                                  .points = 5,
                                  .g = {{{1, 1, 1, 3, 5}, {5, 3, 1, 1, 1}}, {{0, 0, 0, 5, 10}, {10, 5, 0, 0, 0}}}}};
    struct ohm_rng rng = ohm_rng_seed(3);
    struct arrays a;
    float w[MOST], back[MOST];

    (void)state;
    arrays_init(&a);
    for (int round = 0; round < 200; round++)
        for (int k = 0; k < 4; k++) {
            struct ohm_conversion by;
            double most = 0;

            for (int i = 0; i < MOST; i++) {
                w[i] = (float)ohm_rng_normal(&rng);
                most = fmax(most, fabs((double)w[i]));
            }
            assert_int_equal(ohm_converter_check(&c[k], NULL), OHM_OK);
            by = ohm_converter_forward(&c[k], a.g, w, MOST);
            for (int s = 0; s < ohm_converter_slices(&c[k]); s++)
                for (int i = 0; i < MOST; i++)
                    assert_true((double)a.g[s][i] >= 0 && (double)a.g[s][i] <= c[k].g_max_uS * 1.0000001);
            ohm_converter_back(&c[k], &by, back, (const float *const *)a.g, MOST);
            for (int i = 0; i < MOST; i++)
                assert_close((double)back[i], (double)w[i], 1e-6 * most, "back");
        }
}

static void weights_of_zero_only_stay_zero(void **state)
{
    const struct ohm_converter c = pairs(2, (const double[]){1, 4}, 25, 2);
    const float w[3] = {0};
    float back[3];
    struct ohm_conversion by;
    struct arrays a;

    (void)state;
    arrays_init(&a);
    by = ohm_converter_forward(&c, a.g, w, 3);
    ohm_converter_back(&c, &by, back, (const float *const *)a.g, 3);
    for (int i = 0; i < 3; i++) {
        assert_true(back[i] == 0);
        assert_close((double)a.slice[3][i], 2, 0, "the minus device rests at g_min");
    }
}

static void a_custom_converter_that_is_no_bijection_is_refused(void **state)
{
    const struct ohm_converter bent = {
        .kind = OHM_CONVERT_CUSTOM, .pairs = 1, .f = {1}, .points = 5, .g = {{{0, 0, 0, 20, 25}, {25, 20, 0, 0, 0}}}};
    const struct ohm_converter flat_one = {.kind = OHM_CONVERT_CUSTOM, .pairs = 1, .f = {1}, .points = 2};
    struct ohm_error err = {0};

    (void)state;
    assert_int_equal(ohm_converter_check(&bent, &err), OHM_ECONFIG);
    assert_non_null(strstr(err.text, "-0.5 of the largest weight back as -0.8"));
    assert_int_equal(ohm_converter_check(&flat_one, NULL), OHM_ECONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_all_six_converters_are_met),
        cmocka_unit_test(random_weights_come_back_from_every_converter),
        cmocka_unit_test(weights_of_zero_only_stay_zero),
        cmocka_unit_test(a_custom_converter_that_is_no_bijection_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
