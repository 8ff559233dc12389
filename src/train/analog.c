/* analog.c - conv and dense layers as crossbar tiles with converters: what a step of training sees of them.
 *
 * Forward: inputs through the DAC, each tile's sum with output noise through its ADC, the tiles' sums digitally.
 * Backward is that of the plain convolution, with the noisy weights and the quantised inputs: rounding and clipping let
 * the gradient straight through (Rasch et al., Nat. Commun. 2023; facts on aihwkit 0.9 for the range rule). */
#include "train_int.h"

#include "ohm/mem.h"

#include <string.h>

static const char *const noise_names[] = {"none", "additive", "pcm", NULL};
static const char *const scale_names[] = {"tile", "channel", NULL};

const struct ohm_field ohm_analog_fields[] = {
    OHM_BOOL(ohm_analog, on, 0, "train and judge with analog hardware"),
    /* rows of a crossbar of the 64-core chip (Le Gallo et al., Nat. Electron. 2023) */
    OHM_INT(ohm_analog, tile_rows, 256, 1, 65536, "rows of a tile"),
    OHM_CHOICE(ohm_analog, noise, OHM_NOISE_ADDITIVE, noise_names, "weight noise of each step"),
    /* 0.06: ResNet-32 notebook of aihwkit */
    OHM_REAL(ohm_analog, noise_scale, 0.06, 0, 10, "additive: deviation by the largest weight; pcm: factor"),
    OHM_CHOICE(ohm_analog, scale, OHM_SCALE_TILE, scale_names, "what is 'the largest weight' taken over"),
    OHM_REAL(ohm_analog, clip_sigma, 2.5, 0, 100, "weights end at so many deviations; 0: no clipping"),
    OHM_INT(ohm_analog, dac_bits, 8, 0, 16, "of inputs, with sign; 0: exact"),
    OHM_INT(ohm_analog, adc_bits, 8, 0, 16, "of outputs; 0: exact"),
    OHM_REAL(ohm_analog, adc_bound, 10, 1e-3, 1e6, "end of the ADC in largest input x largest weight"),
    OHM_REAL(ohm_analog, output_noise, 0.04, 0, 100, "deviation before the ADC, in the unit of adc_bound"),
    /* 100 batches, 3 sigma, 0.001, 0.95: aihwkit's StandardHWATrainingPreset */
    OHM_INT(ohm_analog, range_batches, 100, 1, 1000000, "batches that the input range is first taken from"),
    OHM_REAL(ohm_analog, range_sigma, 3, 0.1, 100, "input range in deviations of the inputs, at first"),
    OHM_REAL(ohm_analog, range_decay, 0.001, 0, 1, "how fast a range that is too wide shrinks"),
    OHM_REAL(ohm_analog, range_inside, 0.95, 0, 1, "share of inputs inside above which a range is too wide"),
    OHM_FIELDS_END,
};

/* Rows in tiles as equal as can be. */
static enum ohm_status cut(struct ohm_unit *node, int64_t tile_rows, struct ohm_error *err)
{
    const int64_t rows = (int64_t)node->d.k_h * node->d.k_w * (node->d.c_in / node->d.groups);
    const int64_t n = (rows + tile_rows - 1) / tile_rows;

    if (!(node->row = ohm_alloc((size_t)n + 1, sizeof(*node->row))))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    node->tiles = (int)n;
    for (int64_t i = 0; i < n; i++)
        node->row[i + 1] = node->row[i] + (int32_t)(rows / n + (i < rows % n));
    return OHM_OK;
}

enum ohm_status ohm_analog_plan(struct ohm_tape *t, int layer, struct ohm_error *err)
{
    struct ohm_unit *node = &t->node[layer];
    const size_t width = (size_t)ohm_crossbar_width(node->d.c_out), more = ohm_crossbar_pool_more(&node->d);
    enum ohm_status st;

    if ((st = cut(node, t->analog->tile_rows, err)) != OHM_OK)
        return st;
    t->pool_more = more > t->pool_more ? more : t->pool_more;
    if ((st = ohm_buffer_init(&node->packed, ohm_crossbar_packed(&node->d, node->row, node->tiles), err)) != OHM_OK ||
        (st = ohm_buffer_init(&node->scale, (size_t)node->tiles * (size_t)node->d.c_out, err)) != OHM_OK)
        return st;
    return ohm_buffer_init(&node->level, (2 * (size_t)node->tiles + 1) * width, err);
}

void ohm_analog_pool(struct ohm_tape *t, uint64_t epoch)
{
    const struct ohm_rng named = ohm_rng_named(&t->rng, "output noise"), rng = ohm_rng_child(&named, epoch);

    if (t->analog)
        ohm_normals(t->pool.data, t->pool.n, &rng, t->exec.isa);
}

static int levels_of(int64_t bits)
{
    return bits > 0 ? (1 << (bits - 1)) - 1 : 0;
}

struct ohm_dac ohm_analog_dac(const struct ohm_tape *t, int layer)
{
    const float range = *ohm_weights_of(t->w, layer, OHM_RANGE);

    return (struct ohm_dac){.range = range > 0 ? range : 1, .levels = levels_of(t->analog->dac_bits)};
}

/* One level of the ADC in the unit of a column's sum, and its inverse; behind those of all tiles the bias. */
static void set_levels(const struct ohm_tape *t, struct ohm_unit *node, float range, const float *bias)
{
    const int c_out = node->d.c_out, width = ohm_crossbar_width(c_out), levels = levels_of(t->analog->adc_bits);
    const float unit = levels > 0 ? (float)t->analog->adc_bound / (float)levels : 1;
    float *level = node->level.data;

    for (int i = 0; i < node->tiles; i++, level += 2 * width)
        for (int c = 0; c < c_out; c++) {
            level[c] = unit * range * node->scale.data[i * c_out + c];
            level[width + c] = 1 / level[c];
        }
    if (bias)
        memcpy(level, bias, (size_t)c_out * sizeof(*bias));
}

void ohm_analog_forward(struct ohm_tape *t, int layer, float *y, const float *x)
{
    struct ohm_unit *node = &t->node[layer];
    const struct ohm_analog *a = t->analog;
    const struct ohm_rng named = ohm_rng_named(&t->rng, "converters"), step = ohm_rng_child(&named, (uint64_t)t->step);
    const int levels = levels_of(a->adc_bits);
    struct ohm_crossbar bar = {
        .row = node->row, .tiles = node->tiles, .packed = node->packed.data, .adc_levels = levels};
    struct ohm_conv2d d = node->d;

    if (t->training && t->step < a->range_batches)
        ohm_analog_follow_range(t, layer, x);
    bar.dac = ohm_analog_dac(t, layer);
    set_levels(t, node, bar.dac.range, ohm_weights_of(t->w, layer, OHM_BIAS));
    bar.level = node->level.data;
    bar.bias = bar.level + 2 * (size_t)node->tiles * (size_t)ohm_crossbar_width(d.c_out);
    bar.noise = (float)a->output_noise * (levels > 0 ? (float)levels / (float)a->adc_bound : 1);
    bar.pool = t->pool.data;
    bar.pool_size = OHM_NOISE_POOL;
    bar.rng = ohm_rng_child(&step, (uint64_t)layer);
    d.n = t->n;
    ohm_crossbar_forward(y, x, &bar, &d, t->scratch.data, t->exec);
}
