/* test_cost_spaces.c - what must hold of the cost of any network of any shipped space on any shipped chip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "ohm/chip.h"
#include "ohm/decode.h"
#include "ohm/mem.h"
#include "ohm/rng.h"
#include "ohm/space.h"
#include "sanitized.h"

#include <glob.h>
#include <math.h>

/* Networks of each space on each chip; fewer where each takes several times as long. */
enum { NETS = SANITIZED ? 1000 : 10000, ROWS_MAX = 4096, FILES_MAX = 32 };

/* Whatever is shipped, so that nothing is left out when something is added. */
static struct ohm_space *space[FILES_MAX];
static struct ohm_chip *chip[FILES_MAX];
static int spaces, chips;

/* One network on one chip, in any way that the chip can be used. */
struct trial {
    struct ohm_net_builder builder;
    struct ohm_rng rng;
    const struct ohm_net *net;
    const struct ohm_chip *chip;
    struct ohm_chip_use use;
};

typedef void check_fn(struct trial *t);

static struct ohm_cost price(const struct trial *t, const struct ohm_chip_use *use)
{
    struct ohm_cost cost;
    struct ohm_error err = {0};

    if (ohm_cost_net(t->chip, use, t->net, &cost, NULL, &err) != OHM_OK)
        fail_msg("%s: %s", ohm_chip_name(t->chip), err.text);
    return cost;
}

static bool has(const struct trial *t, const char *key)
{
    return ohm_chip_uses(t->chip, ohm_field_find(ohm_chip_use_fields, key));
}

static void use_anyhow(struct trial *t)
{
    ohm_fields_default(ohm_chip_use_fields, &t->use);
    for (const struct ohm_field *f = ohm_chip_use_fields; f->kind != OHM_FIELD_END; f++) {
        uint32_t values = 2;

        if (!ohm_chip_uses(t->chip, f))
            continue;
        if (f->kind == OHM_FIELD_BOOL) {
            *(bool *)((char *)&t->use + f->offset) = ohm_rng_below(&t->rng, 2);
            continue;
        }
        if (f->kind == OHM_FIELD_INT) {
            *(int64_t *)(void *)((char *)&t->use + f->offset) = 1 + (int64_t)ohm_rng_below(&t->rng, 3);
            continue;
        }
        while (f->names[values])
            values++;
        *(int *)(void *)((char *)&t->use + f->offset) = (int)ohm_rng_below(&t->rng, values);
    }
}

static void for_each(uint64_t seed, check_fn *check)
{
    struct trial t = {.rng = ohm_rng_seed(seed)};

    for (int s = 0; s < spaces; s++)
        for (int i = 0; i < NETS; i++) {
            struct ohm_genotype g;

            assert_int_equal(ohm_genotype_sample(space[s], &g, &t.rng, NULL), OHM_OK);
            assert_int_equal(ohm_decode(space[s], &g, &t.builder, &t.net, NULL), OHM_OK);
            /* nb201 holds cells without any convolution, but each network has a stem and a head */
            for (int c = 0; c < chips; c++) {
                t.chip = chip[c];
                use_anyhow(&t);
                check(&t);
            }
        }
    ohm_net_release(&t.builder);
}

static void equal(double a, double b)
{
    if (!(fabs(a - b) <= 1e-9 * fabs(b) + 1e-15))
        fail_msg("%.17g is not %.17g", a, b);
}

/* a <= b, up to rounding. */
static void not_above(const struct trial *t, const char *what, double a, double b)
{
    if (!(a <= b * (1 + 1e-12)))
        fail_msg("%s, %s: %.17g is above %.17g", ohm_chip_name(t->chip), what, a, b);
}

/* ---- what holds ---- */

/* Of the layers that run; some tables count the addition of a bias as well, which is none. */
static double macs_of(const struct ohm_net *net)
{
    int64_t macs = 0, rows, cols, positions;

    for (int i = 0; i < net->layers; i++) {
        const struct ohm_layer *const l = &net->layer[i];

        if (!l->live || !ohm_layer_is_mvm(l->kind))
            continue;
        ohm_layer_matrix(l, &rows, &cols, &positions);
        macs += rows * cols * positions;
    }
    return (double)macs;
}

static void check_sums(struct trial *t)
{
    static struct ohm_cost_layer row[ROWS_MAX];
    const int n = ohm_cost_rows(t->chip, t->net);
    const int64_t cores = ohm_chip_cores(t->chip);
    double us = 0, uJ = 0, part_us = 0, part_uJ = 0;
    struct ohm_cost cost;

    assert_in_range(n, t->net->mvm_layers, ROWS_MAX);
    assert_int_equal(ohm_cost_net(t->chip, &t->use, t->net, &cost, row, NULL), OHM_OK);
    for (int i = 0; i < n; i++) {
        double layer_us = 0, layer_uJ = 0;

        for (int p = 0; p < OHM_COST_PARTS; p++) {
            assert_true(row[i].part_us[p] >= 0 && row[i].part_uJ[p] >= 0);
            layer_us += row[i].part_us[p];
            layer_uJ += row[i].part_uJ[p];
        }
        equal(row[i].latency_us, layer_us);
        equal(row[i].energy_uJ, layer_uJ);
        us += row[i].latency_us;
        uJ += row[i].energy_uJ;
        assert_true(row[i].util >= 0 && row[i].util <= 1);
    }
    for (int p = 0; p < OHM_COST_PARTS; p++) {
        part_us += cost.part_us[p];
        part_uJ += cost.part_uJ[p];
    }
    equal(part_us, us);
    equal(part_uJ, cost.energy_uJ);
    equal(cost.energy_uJ, uJ + cost.energy_static_uJ);
    if (t->use.schedule == OHM_SCHEDULE_SERIAL)
        equal(cost.latency_us, us);
    equal(cost.tops * cost.interval_us, 2e-6 * macs_of(t->net));
    equal(cost.power_mW * cost.interval_us, cost.energy_uJ * 1e3);
    assert_int_equal(cost.chips, cost.cores_single > cores ? (cost.cores_single + cores - 1) / cores : 1);
    assert_int_equal(cost.fits, cost.cores_single <= cores);
    assert_int_equal(cost.cores_over, cost.fits ? 0 : cost.cores_single - cores);
    assert_true(cost.util >= 0 && cost.util <= 1);
}

static void the_whole_is_the_sum_of_its_parts(void **state)
{
    (void)state;
    for_each(1, check_sums);
}

static void check_bits(struct trial *t)
{
    struct ohm_cost cheap, dear;

    if (has(t, "bits"))
        for (int bits = OHM_CHIP_8_BITS; bits < OHM_CHIP_4_BITS; bits++) {
            t->use.bits = bits;
            dear = price(t, &t->use);
            t->use.bits = bits + 1;
            cheap = price(t, &t->use);
            not_above(t, "time of fewer bits", cheap.latency_us, dear.latency_us);
            not_above(t, "energy of fewer bits", cheap.energy_uJ, dear.energy_uJ);
        }
    if (has(t, "read_mode")) {
        t->use.replicate = false;
        t->use.read_mode = OHM_READ_1_PHASE;
        cheap = price(t, &t->use);
        t->use.read_mode = OHM_READ_4_PHASE;
        dear = price(t, &t->use);
        not_above(t, "time of one phase", cheap.latency_us, dear.latency_us);
        not_above(t, "energy of one phase", cheap.energy_uJ, dear.energy_uJ);
    }
}

static void more_bits_or_phases_are_never_cheaper(void **state)
{
    (void)state;
    for_each(2, check_bits);
}

static void check_pipeline(struct trial *t)
{
    struct ohm_cost serial, line, copied;

    if (!has(t, "schedule"))
        return;
    t->use.replicate = false;
    t->use.schedule = OHM_SCHEDULE_SERIAL;
    serial = price(t, &t->use);
    t->use.schedule = OHM_SCHEDULE_PIPELINED;
    line = price(t, &t->use);
    not_above(t, "interval of the pipeline", line.interval_us, serial.interval_us);
    not_above(t, "latency of the pipeline", line.latency_us, serial.latency_us);
    not_above(t, "interval", line.interval_us, line.latency_us);
    if (!has(t, "replicate"))
        return;
    t->use.replicate = true;
    copied = price(t, &t->use);
    not_above(t, "interval with copies", copied.interval_us, line.interval_us);
    assert_int_equal(copied.cores_single, line.cores);
    assert_true(copied.cores <= ohm_chip_cores(t->chip) || copied.cores == line.cores);
}

static void pipelines_are_never_slower_and_copies_stay_on_the_chip(void **state)
{
    (void)state;
    for_each(3, check_pipeline);
}

static void check_periphery(struct trial *t)
{
    struct ohm_cost plain, better;

    if (has(t, "periphery")) {
        t->use.replicate = false;
        t->use.periphery = OHM_PERIPHERY_LDPU;
        plain = price(t, &t->use);
        t->use.periphery = OHM_PERIPHERY_NMPU;
        better = price(t, &t->use);
        not_above(t, "time with NMPU", better.latency_us, plain.latency_us);
        not_above(t, "energy with NMPU", better.energy_uJ, plain.energy_uJ);
        not_above(t, "area with NMPU", better.area_mm2, plain.area_mm2);
    }
    if (has(t, "depthwise")) {
        t->use.depthwise = OHM_DEPTHWISE_CORES;
        plain = price(t, &t->use);
        t->use.depthwise = OHM_DEPTHWISE_UNIT;
        better = price(t, &t->use);
        not_above(t, "time with depthwise unit", better.latency_us, plain.latency_us);
        not_above(t, "energy with depthwise unit", better.energy_uJ, plain.energy_uJ);
    }
}

static void units_made_for_the_work_are_never_worse(void **state)
{
    (void)state;
    for_each(4, check_periphery);
}

/* ---- fixtures ---- */

static int load_spaces(const glob_t *files)
{
    for (spaces = 0; spaces < (int)files->gl_pathc; spaces++)
        if (ohm_space_load(&space[spaces], files->gl_pathv[spaces], NULL) != OHM_OK)
            return -1;
    return 0;
}

static int load_chips(const glob_t *files)
{
    for (chips = 0; chips < (int)files->gl_pathc; chips++)
        if (ohm_chip_load(&chip[chips], files->gl_pathv[chips], NULL) != OHM_OK)
            return -1;
    return 0;
}

static int load_all(const char *pattern, int (*load)(const glob_t *files))
{
    glob_t files = {0};
    int failed = glob(pattern, 0, NULL, &files) != 0 || files.gl_pathc > FILES_MAX;

    failed = failed || load(&files);
    globfree(&files);
    return failed ? -1 : 0;
}

static int load(void **state)
{
    (void)state;
    if (load_all("searchspaces/*.yaml", load_spaces) || load_all("searchspaces/chips/*.yaml", load_chips))
        return -1;
    return spaces >= 5 && chips >= 4 ? 0 : -1;
}

static int release(void **state)
{
    (void)state;
    for (int i = 0; i < spaces; i++)
        ohm_space_free(space[i]);
    for (int i = 0; i < chips; i++)
        ohm_chip_free(chip[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_is_the_sum_of_its_parts),
        cmocka_unit_test(more_bits_or_phases_are_never_cheaper),
        cmocka_unit_test(pipelines_are_never_slower_and_copies_stay_on_the_chip),
        cmocka_unit_test(units_made_for_the_work_are_never_worse),
    };

    return cmocka_run_group_tests(tests, load, release);
}
