/* Cutting, scaling, clipping, remapping, the input range and the whole pipeline: exact vectors of another simulator
 * (aihwkit 1.1.0). */
#include "analog_fixture.h"

#include "ohm/ops_analog.h"

enum { COLUMNS = 4, ROWS = 6, MOST = 64, BATCH = 3 };

static struct ohm_doc *doc;

static int load_doc(void **state)
{
    (void)state;
    if (!golden_absent("deterministic.json"))
        assert_int_equal(ohm_doc_load(&doc, GOLDEN "deterministic.json", NULL), OHM_OK);
    return 0;
}

static int free_doc(void **state)
{
    (void)state;
    ohm_doc_free(doc);
    return 0;
}

static struct ohm_node *member(struct ohm_node *map, const char *key)
{
    struct ohm_node *const node = ohm_map_get(map, key);

    if (!node)
        fail_msg("deterministic.json has no '%s'", key);
    return node;
}

/* The numbers of a list, or of a list of lists, one after the other. */
static int numbers(float *out, struct ohm_node *list)
{
    int n = 0;

    if (list->kind != OHM_NODE_LIST) {
        double value = 0;

        assert_true(ohm_node_double(list, "number", -1e30, 1e30, &value, NULL));
        out[0] = (float)value;
        return 1;
    }
    for (int i = 0; i < list->count; i++)
        n += numbers(out + n, list->item[i]);
    assert_true(n <= MOST);
    return n;
}

static void assert_numbers(const float *got, struct ohm_node *want, double tolerance, const char *what)
{
    float wanted[MOST];
    const int n = numbers(wanted, want);

    for (int i = 0; i < n; i++)
        assert_close((double)got[i], (double)wanted[i], tolerance, what);
}

static void lengths_are_cut_as_published(void **state)
{
    struct ohm_node *splits;

    (void)state;
    if (!doc)
        return;
    splits = member(ohm_doc_root(doc), "split");
    assert_int_equal(splits->count, 9);
    for (int i = 0; i < splits->count; i++) {
        struct ohm_node *const list = splits->item[i];
        int n = 0, limit = 0, end = 0;

        assert_int_equal(sscanf(splits->key[i]->text, "%d/%d", &n, &limit), 2);
        assert_int_equal(ohm_parts(n, limit), list->count);
        for (int k = 0; k < list->count; k++) {
            double want = 0;
            int first = -1;

            assert_true(ohm_node_double(list->item[k], "part", 0, 1e9, &want, NULL));
            assert_int_equal(ohm_part(n, limit, k, &first), (int)want);
            assert_int_equal(first, end);
            end += (int)want;
        }
        assert_int_equal(end, n);
    }
}

static void weights_are_scaled_as_published(void **state)
{
    static const struct {
        const char *name;
        bool by_column;
    } ways[] = {{"weight_scaling_layerwise", false}, {"weight_scaling_columnwise", true}};

    (void)state;
    for (int k = 0; k < 2 && doc; k++) {
        struct ohm_node *const want = member(ohm_doc_root(doc), ways[k].name);
        float w[MOST], scale[COLUMNS];

        assert_int_equal(numbers(w, member(ohm_doc_root(doc), "W")), COLUMNS * ROWS);
        ohm_scale_weights(w, scale, COLUMNS, ROWS, 1, ways[k].by_column);
        assert_numbers(w, member(want, "tile_weights"), 6e-8, ways[k].name);
        assert_numbers(scale, member(want, "scales"), 0, ways[k].name);
    }
}

static void a_column_of_zeros_has_scale_1(void **state)
{
    float w[] = {0, 0, 0.5F, -0.25F}, scale[2];

    (void)state;
    ohm_scale_weights(w, scale, 2, 2, 1, true);
    assert_close((double)scale[0], 1, 0, "scale of zeros");
    assert_close((double)w[0], 0, 0, "weight 0");
    assert_close((double)scale[1], 0.5, 0, "scale");
    assert_close((double)w[3], -0.5, 0, "weight");
}

static void weights_are_clipped_as_published(void **state)
{
    float w[MOST];

    (void)state;
    if (!doc)
        return;
    numbers(w, member(ohm_doc_root(doc), "W"));
    ohm_clip_fixed(w, COLUMNS * ROWS, 0.4);
    assert_numbers(w, member(ohm_doc_root(doc), "clip_fixed0.4"), 0, "fixed");
    numbers(w, member(ohm_doc_root(doc), "W"));
    ohm_clip_gaussian(w, COLUMNS * ROWS, 1);
    assert_numbers(w, member(ohm_doc_root(doc), "clip_gauss1.0"), 6e-8, "gaussian");
    numbers(w, member(ohm_doc_root(doc), "W"));
    ohm_clip_column_mean(w, COLUMNS, ROWS);
    assert_numbers(w, member(ohm_doc_root(doc), "clip_avgchmax"), 6e-8, "mean of columns");
}

static void weights_are_remapped_as_published(void **state)
{
    static const char *const names[] = {"remap_layer", "remap_channel"};

    (void)state;
    for (int k = 0; k < 2 && doc; k++) {
        struct ohm_node *const golden = member(ohm_doc_root(doc), names[k]);
        float w[MOST], scale[MOST];

        numbers(w, member(golden, "weights_before"));
        numbers(scale, member(golden, "scales_before"));
        ohm_remap_weights(w, scale, COLUMNS, ROWS, k == 1);
        assert_numbers(w, member(golden, "weights_after"), 6e-8, names[k]);
        assert_numbers(scale, member(golden, "scales_after"), 6e-8, names[k]);
    }
}

static void run(float *y, const float *x, const char *settings, double range, const float *bias)
{
    const struct ohm_tile_config config = config_of(settings);
    const struct ohm_rng stream = ohm_rng_seed(1);
    float w[MOST], *scratch;
    struct ohm_tiles *tiles;

    numbers(w, member(ohm_doc_root(doc), "W"));
    tiles =
        tiles_of(&config, &(struct ohm_tiles_spec){.w = w, .outputs = COLUMNS, .inputs = ROWS, .input_range = range});
    assert_non_null(scratch = ohm_alloc(ohm_tiles_scratch(tiles, 1), sizeof *scratch));
    ohm_tiles_mvm(tiles, y, &(struct ohm_mvm){.x = x, .n = BATCH, .bias = bias, .stream = stream, .scratch = scratch},
                  one_job);
    ohm_free(scratch);
    ohm_tiles_free(tiles);
}

static void inputs_end_at_their_range_as_published(void **state)
{
    struct ohm_node *golden;
    float x[MOST], y[MOST], range;

    (void)state;
    if (!doc)
        return;
    golden = member(ohm_doc_root(doc), "input_range");
    numbers(x, member(golden, "x"));
    numbers(&range, member(golden, "input_range"));
    run(y, x, "dac_bound=1", (double)range, NULL);
    assert_numbers(y, member(golden, "y"), 2e-7, "outputs");
}

/* The rule is that of training, which lives with the kernels: the gradient of the inputs goes through the clip as if
 * there were none, the range collects what came from outside. */
static void the_gradient_of_the_input_range_is_as_published(void **state)
{
    const struct ohm_conv2d d = ohm_conv2d_dense(BATCH, ROWS, COLUMNS);
    struct ohm_range_part part[BATCH] = {{0}};
    struct ohm_node *golden;
    float w[MOST], x[MOST], dy[MOST], dx[MOST], range, want, *packed, *scratch;
    double grad = 0;

    (void)state;
    if (!doc)
        return;
    golden = member(ohm_doc_root(doc), "input_range");
    numbers(w, member(ohm_doc_root(doc), "W"));
    numbers(x, member(golden, "x"));
    numbers(dy, member(golden, "grad_out"));
    numbers(&range, member(golden, "input_range"));
    numbers(&want, member(golden, "grad_input_range"));
    assert_non_null(packed = ohm_alloc(ohm_conv2d_packed(&d, OHM_BACKWARD_DATA), sizeof *packed));
    assert_non_null(scratch = ohm_alloc(ohm_crossbar_scratch(&d, OHM_BACKWARD_DATA, 1), sizeof *scratch));
    ohm_conv2d_pack(packed, w, &d, OHM_BACKWARD_DATA);
    ohm_crossbar_backward_data(dx, part, dy, packed, x, range, &d, scratch, one_job);
    for (int i = 0; i < BATCH; i++)
        grad += part[i].grad;
    assert_numbers(dx, member(golden, "grad_x"), 2e-7, "gradient of the inputs");
    assert_close(grad * (double)range, (double)want, 2e-7, "gradient of the range, relative to it");
    ohm_free(packed);
    ohm_free(scratch);
}

static void the_whole_pipeline_is_as_published(void **state)
{
    struct ohm_node *golden;
    float x[MOST], y[MOST], bias[MOST];

    (void)state;
    if (!doc)
        return;
    golden = member(ohm_doc_root(doc), "pipeline_dac8_adc8_b10_ir0.8_colscale_bias");
    numbers(x, member(member(ohm_doc_root(doc), "input_range"), "x"));
    numbers(bias, member(golden, "bias"));
    run(y, x, "dac_bits=8 dac_bound=1 adc_bits=8 adc_bound=10 scaling=column", 0.8, bias);
    assert_numbers(y, member(golden, "y"), 1e-7, "pipeline");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_cut_as_published),
        cmocka_unit_test(weights_are_scaled_as_published),
        cmocka_unit_test(a_column_of_zeros_has_scale_1),
        cmocka_unit_test(weights_are_clipped_as_published),
        cmocka_unit_test(weights_are_remapped_as_published),
        cmocka_unit_test(inputs_end_at_their_range_as_published),
        cmocka_unit_test(the_gradient_of_the_input_range_is_as_published),
        cmocka_unit_test(the_whole_pipeline_is_as_published),
    };

    return cmocka_run_group_tests(tests, load_doc, free_doc);
}
