/* The shipped spaces: they load, whatever is drawn from them builds, and they hold what their comments promise. */
#include "family_fixture.h"

#include "ohm/mem.h"

static const char *const resnets[] = {"resnet-cifar10", "resnet-kws", "resnet-vww"};

static struct ohm_space *load_shipped(const char *name)
{
    struct ohm_space *space = NULL;
    struct ohm_diag diag = {0};
    char path[128];

    snprintf(path, sizeof path, "searchspaces/%s.yaml", name);
    if (ohm_space_load(&space, path, &diag) != OHM_OK)
        fail_msg("%s:%d: %s", path, diag.count ? diag.item[0].line : 0, diag.count ? diag.item[0].text : "?");
    ohm_diag_release(&diag);
    assert_string_equal(ohm_space_name(space), name);
    return space;
}

static const struct ohm_net *decode(const struct ohm_space *space, const struct ohm_genotype *g,
                                    struct ohm_net_builder *b)
{
    const struct ohm_net *net = NULL;
    struct ohm_error err = {0};

    if (ohm_decode(space, g, b, &net, &err) != OHM_OK)
        fail_msg("%s: %s", ohm_space_name(space), err.text);
    return net;
}

static struct ohm_genotype draw(const struct ohm_space *space, struct ohm_rng *rng)
{
    struct ohm_genotype g;
    struct ohm_error err = {0};

    if (ohm_genotype_sample(space, &g, rng, &err) != OHM_OK)
        fail_msg("%s: %s", ohm_space_name(space), err.text);
    return g;
}

static void whatever_is_drawn_builds(void **state)
{
    static const char *const names[] = {"resnet-cifar10", "resnet-kws", "resnet-vww", "analognas-resnet", "nb201"};

    (void)state;
    for (size_t s = 0; s < sizeof names / sizeof names[0]; s++) {
        struct ohm_space *space = load_shipped(names[s]);
        struct ohm_net_builder b = {0};
        struct ohm_rng rng = ohm_rng_seed(s + 1);
        const struct ohm_shape input = ohm_space_input(space);

        for (int i = 0; i < 2000; i++) {
            const struct ohm_genotype g = draw(space, &rng);
            const struct ohm_net *net = decode(space, &g, &b);

            assert_int_equal(net->classes, ohm_space_classes(space));
            assert_memory_equal(&net->input, &input, sizeof input);
        }
        ohm_net_release(&b);
        ohm_space_free(space);
    }
}

/* Cores of 256 x 256, one layer each or more, as on the 64-core chip (Le Gallo et al., Nature Electronics 2023). */
static int64_t cores_of(const struct ohm_net *net)
{
    int64_t cores = 0;

    for (int i = 0; i < net->layers; i++) {
        int64_t rows, cols, positions;

        if (!ohm_layer_is_mvm(net->layer[i].kind))
            continue;
        ohm_layer_matrix(&net->layer[i], &rows, &cols, &positions);
        cores += (rows + 255) / 256 * ((cols + 255) / 256);
    }
    return cores;
}

static void most_resnets_drawn_fit_64_cores(void **state)
{
    enum { DRAWN = 2000 };

    (void)state;
    for (size_t s = 0; s < 3; s++) {
        struct ohm_space *space = load_shipped(resnets[s]);
        struct ohm_net_builder b = {0};
        struct ohm_rng rng = ohm_rng_seed(7);
        int fit = 0;

        for (int i = 0; i < DRAWN; i++) {
            const struct ohm_genotype g = draw(space, &rng);

            fit += cores_of(decode(space, &g, &b)) <= 64;
        }
        print_message("%s: %.1f %% of %d networks drawn fit 64 cores\n", resnets[s], 100.0 * fit / DRAWN, DRAWN);
        assert_true(fit > DRAWN / 2);
        ohm_net_release(&b);
        ohm_space_free(space);
    }
}

/* ResNet-(6 blocks + 2) as the text of a genotype. */
static struct ohm_genotype he_resnet(const struct ohm_space *space, int blocks)
{
    struct ohm_genotype g;
    struct ohm_error err = {0};
    char text[512];
    size_t used =
        (size_t)snprintf(text, sizeof text, "stem_width=16 stem_kernel=3 stem_stride=1 head_hidden=0 groups=3");

    for (int i = 1; i <= 3; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used,
                             " g%d_blocks=%d g%d_branches=1 g%d_block=basic g%d_kernel=3 g%d_widen=%d g%d_stride=%d", i,
                             blocks, i, i, i, i, i == 1 ? 1 : 2, i, i == 1 ? 1 : 2);
    if (ohm_genotype_parse(space, &g, text, &err) != OHM_OK || ohm_genotype_check(space, &g, &err) != OHM_OK)
        fail_msg("%s: %s", ohm_space_name(space), err.text);
    return g;
}

static void resnet_8_20_and_32_are_in_every_resnet_space(void **state)
{
    (void)state;
    for (size_t s = 0; s < 3; s++) {
        struct ohm_space *space = load_shipped(resnets[s]);
        struct ohm_net_builder b = {0};

        for (int blocks = 1; blocks <= 5; blocks += 2) {
            const struct ohm_genotype g = he_resnet(space, blocks);
            const struct ohm_net *net = decode(space, &g, &b);

            assert_int_equal(net->depth, 6 * blocks + 2);
            if (s == 0 && blocks == 5)
                assert_int_equal(net->weights, 464432);
        }
        ohm_net_release(&b);
        ohm_space_free(space);
    }
}

static void the_analognas_space_lists_its_axes_as_ibm_does(void **state)
{
    struct ohm_space *space = load_shipped("analognas-resnet");
    const struct ohm_family *family = ohm_family_find("analognas");

    (void)state;
    assert_int_equal(ohm_space_axes(space), 22);
    for (int i = 0; i < 22; i++)
        assert_string_equal(ohm_space_axis(space, i)->name, family->axis_names[i]);
    ohm_space_free(space);
}

static void nb201_is_15625_cells_named_by_six_digits(void **state)
{
    struct ohm_space *space = load_shipped("nb201");
    struct ohm_genotype g = {{4, 2, 1, 2, 1, 1}};
    struct ohm_net_builder b = {0};
    struct ohm_str key = {0};
    char size[64];

    (void)state;
    assert_int_equal(ohm_space_size(space, size, NULL), OHM_OK);
    assert_string_equal(size, "15625");
    ohm_genotype_key(space, &g, &key);
    assert_string_equal(ohm_str_text(&key), "421211");
    /* The first row of the benchmark's table. */
    assert_int_equal(decode(space, &g, &b)->params, 129306);
    assert_int_equal(b.net.macs, 15647370);
    ohm_str_release(&key);
    ohm_net_release(&b);
    ohm_space_free(space);
}

static void the_order_of_axes_and_choices_does_not_matter(void **state)
{
    static const char text[] = "space: turned\nfamily: nb201\ninput: [32, 32, 3]\nclasses: 10\naxes:\n"
                               "  e23: { choice: [conv3x3, skip] }\n  e13: { choice: [avgpool3x3, none] }\n"
                               "  e03: { choice: [conv1x1] }\n  e12: { choice: [none] }\n"
                               "  e02: { choice: [skip, conv3x3] }\n  e01: { choice: [conv1x1, conv3x3] }\n";
    const double straight[] = {3, 1, 0, 2, 4, 3}; /* e01 conv3x3, e02 skip, e03 conv1x1, e13 avgpool3x3, e23 conv3x3 */
    struct ohm_genotype g = {{0, 0, 0, 0, 0, 1}};
    struct ohm_net_builder a = {0}, b = {0};
    struct ohm_space *space = NULL;

    (void)state;
    assert_int_equal(ohm_space_parse(&space, text, strlen(text), "turned.yaml", NULL), OHM_OK);
    assert_same_net(decode(space, &g, &a), build_net("nb201", straight, ohm_space_input(space), 10, &b));
    ohm_net_release(&a);
    ohm_net_release(&b);
    ohm_space_free(space);
}

static void decoding_asks_for_no_memory_once_the_builder_has_grown(void **state)
{
    struct ohm_space *space = load_shipped("analognas-resnet");
    struct ohm_net_builder b = {0};

    (void)state;
    for (int round = 0; round < 2; round++) {
        struct ohm_rng rng = ohm_rng_seed(3);

        ohm_mem_fail_at(0);
        for (int i = 0; i < 100; i++) {
            const struct ohm_genotype g = draw(space, &rng);

            (void)decode(space, &g, &b);
        }
        assert_true(round == 0 || ohm_mem_count() == 0);
    }
    ohm_net_release(&b);
    ohm_space_free(space);
}

static void every_family_name_finds_its_family(void **state)
{
    (void)state;
    for (int i = 0; ohm_family_names()[i]; i++)
        assert_string_equal(ohm_family_find(ohm_family_names()[i])->name, ohm_family_names()[i]);
    assert_null(ohm_family_find("resnext"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_is_drawn_builds),
        cmocka_unit_test(most_resnets_drawn_fit_64_cores),
        cmocka_unit_test(resnet_8_20_and_32_are_in_every_resnet_space),
        cmocka_unit_test(the_analognas_space_lists_its_axes_as_ibm_does),
        cmocka_unit_test(nb201_is_15625_cells_named_by_six_digits),
        cmocka_unit_test(the_order_of_axes_and_choices_does_not_matter),
        cmocka_unit_test(decoding_asks_for_no_memory_once_the_builder_has_grown),
        cmocka_unit_test(every_family_name_finds_its_family),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
