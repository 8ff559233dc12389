/* What groups of features bring, on rows whose target is known; and the hardware in a card. */
#include "ohm/decode.h"
#include "ohm/device.h"
#include "ohm/file.h"
#include "ohm/mem.h"
#include "ohm/rng.h"
#include "ohm/surrogate.h"
#include "ohm/surrogate_train.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 240 };

struct world {
    struct ohm_space *space;
    struct ohm_physics physics;
};

static int set_up(void **state)
{
    struct world *const w = calloc(1, sizeof *w);
    struct ohm_device *device = NULL;

    assert_int_equal(ohm_space_load(&w->space, "searchspaces/resnet-kws.yaml", NULL), OHM_OK);
    assert_int_equal(ohm_device_load(&device, "searchspaces/devices/pcm.yaml", NULL), OHM_OK);
    ohm_fields_default(ohm_physics_fields, &w->physics);
    assert_int_equal(ohm_physics_take_device(&w->physics, device, NULL), OHM_OK);
    ohm_device_free(device);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *const w = *state;

    ohm_space_free(w->space);
    free(w);
    return 0;
}

/* One target is the estimated signal over noise after a day, the other the logarithm of the MACs, each with a normal
 * error of a tenth of its spread or so. */
static void make_rows(struct ohm_rows *rows, const struct world *w, int n)
{
    struct ohm_rng rng = ohm_rng_seed(11);
    struct ohm_net_builder b = {0};
    struct ohm_features *f;
    float x[OHM_FEATURES_MAX];
    int snr = -1;

    *rows = (struct ohm_rows){0};
    assert_int_equal(ohm_features_create_for(&f, w->space, "noise", &w->physics, NULL), OHM_OK);
    for (int i = 0; i < ohm_features_count(f); i++)
        if (strcmp(ohm_features_name(f, i), "noise.snr_db.1d") == 0)
            snr = i;
    assert_true(snr >= 0);
    assert_int_equal(ohm_rows_add_target(rows, "snr:dB", NULL), OHM_OK);
    assert_int_equal(ohm_rows_add_target(rows, "work", NULL), OHM_OK);
    for (int i = 0; i < n; i++) {
        const struct ohm_net *net;
        struct ohm_genotype g;
        double y[2];

        assert_int_equal(ohm_genotype_sample(w->space, &g, &rng, NULL), OHM_OK);
        assert_int_equal(ohm_decode(w->space, &g, &b, &net, NULL), OHM_OK);
        ohm_features_compute(f, &g, net, x);
        y[0] = (double)x[snr] + 0.2 * ohm_rng_normal(&rng);
        y[1] = log2((double)net->macs) + 0.2 * ohm_rng_normal(&rng);
        assert_int_equal(ohm_rows_add(rows, &g, y, NULL), OHM_OK);
    }
    ohm_net_release(&b);
    ohm_features_free(f);
}

static struct ohm_train_spec spec_for(const struct world *w, const char *features, int jobs)
{
    struct ohm_train_spec spec = {.features = features, .physics = &w->physics, .jobs = jobs, .command = "none"};

    ohm_fields_default(ohm_surrogate_fields, &spec.options);
    spec.options.folds = 4;
    spec.options.repeats = 1;
    return spec;
}

static const struct ohm_ablation_row *find_row(const struct ohm_ablation *a, const char *kind, const char *groups)
{
    for (int i = 0; i < a->count; i++)
        if (strcmp(a->row[i].kind, kind) == 0 && strcmp(a->row[i].groups, groups) == 0)
            return &a->row[i];
    fail_msg("no row %s %s", kind, groups);
    return NULL;
}

static void the_group_that_made_a_target_is_the_one_that_is_missed(void **state)
{
    const struct world *const w = *state;
    struct ohm_train_spec spec = spec_for(w, "genes,net,noise", 1);
    struct ohm_ablation *const a = calloc(2, sizeof *a);
    const struct ohm_ablation_row *row;
    struct ohm_rows rows;

    make_rows(&rows, w, ROWS);
    assert_int_equal(ohm_surrogate_ablate(&a[0], &spec, w->space, &rows, NULL), OHM_OK);
    assert_int_equal(a->count, 7);
    assert_int_equal(a->networks, ROWS);
    row = find_row(a, "all", "genes,net,noise");
    assert_true(row->tau[0] > 0.8 && row->tau[1] > 0.8);
    assert_true(row->lost[0] <= 0 && row->lost[0] >= 0);
    /* Neither the genes nor the sums know the ratio as well; of the MACs, noise and genes know less than net. */
    row = find_row(a, "without", "genes,net");
    assert_true(row->lost[0] > 0.02 && row->lost[0] > 4 * row->lost_se[0] && row->lost_se[0] > 0);
    assert_true(fabs(row->lost[1]) < 0.05);
    row = find_row(a, "without", "genes,noise");
    assert_true(row->lost[1] > 0.05 && row->lost[1] > 4 * row->lost_se[1]);
    assert_true(fabs(row->lost[0]) < 0.05);
    assert_true(find_row(a, "alone", "noise")->tau[0] > find_row(a, "alone", "net")->tau[0] + 0.03);
    assert_true(find_row(a, "alone", "net")->tau[1] > find_row(a, "alone", "noise")->tau[1] + 0.05);
    assert_true(find_row(a, "alone", "noise")->rmse[0] < find_row(a, "alone", "genes")->rmse[0]);
    spec.jobs = 2;
    assert_int_equal(ohm_surrogate_ablate(&a[1], &spec, w->space, &rows, NULL), OHM_OK);
    assert_memory_equal(&a[0], &a[1], sizeof *a);
    ohm_rows_release(&rows);
    free(a);
}

static void one_group_has_one_row_and_two_have_three(void **state)
{
    const struct world *const w = *state;
    struct ohm_ablation *const a = calloc(1, sizeof *a);
    struct ohm_train_spec spec = spec_for(w, "net", 1);
    struct ohm_error err = {0};
    struct ohm_rows rows;

    make_rows(&rows, w, 40);
    spec.options.trees = 5;
    assert_int_equal(ohm_surrogate_ablate(a, &spec, w->space, &rows, NULL), OHM_OK);
    assert_int_equal(a->count, 1);
    spec.features = " net , chip ";
    assert_int_equal(ohm_surrogate_ablate(a, &spec, w->space, &rows, NULL), OHM_OK);
    assert_int_equal(a->count, 3);
    assert_int_equal(find_row(a, "without", "chip")->features, 9);
    spec.features = "net,nose";
    assert_int_equal(ohm_surrogate_ablate(a, &spec, w->space, &rows, &err), OHM_ECONFIG);
    assert_non_null(strstr(err.text, "did you mean 'noise'"));
    ohm_rows_release(&rows);
    free(a);
}

/* ---- the card ---- */

static void replace(const char *path, const char *from, const char *to)
{
    char *bytes = NULL, *at;
    struct ohm_str s = {0};
    size_t length;

    assert_int_equal(ohm_file_read(&bytes, &length, path, (size_t)1 << 20, NULL), OHM_OK);
    at = strstr(bytes, from);
    assert_non_null(at);
    *at = '\0';
    ohm_str_printf(&s, "%s%s%s", bytes, to, at + strlen(from));
    assert_int_equal(ohm_file_write(path, ohm_str_text(&s), s.length, NULL), OHM_OK);
    ohm_str_release(&s);
    ohm_free(bytes);
}

static void predict(const struct world *w, const char *folder, const struct ohm_rows *rows, double *mean)
{
    struct ohm_surrogate *s = NULL;
    struct ohm_diag diag = {0};
    float *x;

    if (ohm_surrogate_load(&s, folder, w->space, &diag) != OHM_OK)
        fail_msg("%s", diag.item[0].text);
    x = calloc((size_t)rows->count * (size_t)ohm_features_count(ohm_surrogate_features(s)), sizeof *x);
    assert_int_equal(ohm_rows_features(rows, w->space, ohm_surrogate_features(s), x, NULL, NULL, NULL), OHM_OK);
    ohm_surrogate_predict(s, mean, NULL, x, rows->count);
    ohm_surrogate_free(s);
    ohm_diag_release(&diag);
    free(x);
}

static void a_card_holds_the_hardware_of_its_features(void **state)
{
    struct world *const w = *state;
    struct ohm_train_spec spec = spec_for(w, "chip,noise", 1);
    struct ohm_score_report *const report = calloc(1, sizeof *report);
    char folder[] = "/tmp/ohm-test-ablate-XXXXXX", path[64], card[80], command[96];
    static double before[40 * 2], after[40 * 2];
    struct ohm_surrogate *s = NULL;
    struct ohm_rows rows;

    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/made", folder);
    (void)snprintf(card, sizeof card, "%s/card.yaml", path);
    spec.folder = path;
    spec.options.trees = 5;
    w->physics.tile_rows = 128;
    make_rows(&rows, w, 40);
    assert_int_equal(ohm_surrogate_train(report, &spec, w->space, &rows, NULL), OHM_OK);
    w->physics.tile_rows = 256; /* what is loaded is what was trained, not what is now */
    predict(w, path, &rows, before);
    predict(w, path, &rows, after);
    assert_memory_equal(before, after, sizeof before);
    replace(card, "tile_rows: 128", "tile_rows: 100");
    predict(w, path, &rows, after);
    assert_true(memcmp(before, after, sizeof before) != 0);
    replace(card, "tile_rows: 100", "tile_rows: 0");
    assert_int_not_equal(ohm_surrogate_load(&s, path, w->space, NULL), OHM_OK);
    replace(card, "tile_rows: 0", "tile_rows: 128");
    replace(card, "slope: 0", "slope: -0");
    assert_int_not_equal(ohm_surrogate_load(&s, path, w->space, NULL), OHM_OK);
    replace(card, "slope: -0", "slope: 0");
    replace(card, "\nphysics:", "\nphysicks:");
    assert_int_not_equal(ohm_surrogate_load(&s, path, w->space, NULL), OHM_OK);
    assert_null(s);
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    ohm_rows_release(&rows);
    free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_group_that_made_a_target_is_the_one_that_is_missed),
        cmocka_unit_test(one_group_has_one_row_and_two_have_three),
        cmocka_unit_test(a_card_holds_the_hardware_of_its_features),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
