/* bench.c - the memory of a worker, products, and what a tile makes of a block of vectors. */
#include "analog_int.h"

#include <math.h>
#include <string.h>

/* ---- memory ---- */

static size_t lines(size_t n)
{
    return (n + LINE - 1) / LINE * LINE;
}

static struct ohm_conv2d dense(int n, int columns, int rows)
{
    /* One row of pixels: the kernel of convolution takes several at a time. */
    return (struct ohm_conv2d){.n = 1,
                               .h = 1,
                               .w = n,
                               .c_in = rows,
                               .c_out = columns,
                               .k_h = 1,
                               .k_w = 1,
                               .stride_h = 1,
                               .stride_w = 1,
                               .groups = 1};
}

static size_t conv_floats(const struct ohm_tiles *t)
{
    size_t most = 0;

    for (int i = 0; i < t->count; i++) {
        const struct ohm_conv2d d = dense(BLOCK, t->tile[i].columns, t->tile[i].rows);
        const size_t n = ohm_conv2d_scratch(&d, OHM_FORWARD, 1);

        most = n > most ? n : most;
    }
    return most;
}

static size_t vector_floats(const struct ohm_tiles *t)
{
    const int most = t->rows_most > t->columns_most ? t->rows_most : t->columns_most;

    return lines((size_t)most);
}

size_t bench_floats(const struct ohm_tiles *t)
{
    const size_t in = lines(BLOCK * (size_t)t->rows_most), out = lines(BLOCK * (size_t)t->columns_most);

    return 4 * in + (5 + COUNTERS) * out + BLOCK * vector_floats(t) + lines(conv_floats(t));
}

static float *take(float **from, size_t n)
{
    float *const piece = *from;

    *from += lines(n);
    return piece;
}

struct bench bench_of(const struct ohm_tiles *t, float *scratch, int worker)
{
    const size_t in = BLOCK * (size_t)t->rows_most, out = BLOCK * (size_t)t->columns_most;
    float *at = scratch + (size_t)worker * bench_floats(t);
    struct bench b = {.x = take(&at, in)};

    b.v = take(&at, in);
    b.aside = take(&at, in);
    b.signed_in = take(&at, in);
    b.sum = take(&at, out);
    b.aid = take(&at, out);
    b.drop = take(&at, out);
    b.analog = take(&at, out);
    b.out = take(&at, out);
    for (int k = 0; k < COUNTERS; k++)
        b.count[k] = take(&at, out);
    b.z = take(&at, BLOCK * vector_floats(t));
    b.conv = at;
    return b;
}

/* ---- products ---- */

size_t packed_floats(int columns, int rows)
{
    const struct ohm_conv2d d = dense(1, columns, rows);

    return ohm_conv2d_packed(&d, OHM_FORWARD);
}

void pack_weights(float *packed, const float *w, int columns, int rows)
{
    const struct ohm_conv2d d = dense(1, columns, rows);

    ohm_conv2d_pack(packed, w, &d, OHM_FORWARD);
}

void product(float *y, const float *v, const float *packed, int n, int columns, int rows, float *conv, enum ohm_isa isa)
{
    const struct ohm_conv2d d = dense(n, columns, rows);

    ohm_conv2d_forward(y, v, packed, NULL, &d, conv, (struct ohm_exec){.jobs = 1, .isa = isa});
}

/* ---- a block of vectors ---- */

/* One round: all vectors that are still to be read, with the divisors they have now. */
struct round {
    const struct ohm_tiles *t;
    const struct ohm_tile_config *c;
    const struct tile *tile;
    const struct steps *steps;
    struct bench *b;
    enum ohm_isa isa;
    uint64_t first;
    struct ohm_rng stream;
    int n, index;           /* vectors; of the round */
    int vector[BLOCK];      /* which of the block */
    float divisor[BLOCK];   /* by noise management */
    float reduction[BLOCK]; /* by bound management */
};

struct ohm_rng noise_stream(const struct ohm_tiles *t, const struct ohm_rng *tile, int round, int phase,
                            enum purpose purpose)
{
    const uint64_t slice = (uint64_t)t->phase[phase].slice, mode = (uint64_t)(phase % t->modes);
    const uint64_t place = ((uint64_t)round * MODES_MAX + mode) * PURPOSES + (uint64_t)purpose;
    const struct ohm_rng stream = slice > 0 ? ohm_rng_child(tile, ~slice) : *tile;

    return ohm_rng_child(&stream, place);
}

/* Normal numbers of one vector. In the first round all come one behind the other, and are drawn with the first one. */
static const float *noise_of(const struct round *r, int i, int phase, enum purpose purpose, int n)
{
    const uint64_t of_vector = lines((size_t)n) / LINE;
    const bool first_round = r->index == 0;

    if (i == 0 || !first_round) {
        const struct ohm_rng own = noise_stream(r->t, &r->stream, r->index, phase, purpose);

        r->steps->normals(r->b->z, (r->first + (uint64_t)r->vector[i]) * of_vector,
                          (int64_t)of_vector * (first_round ? r->n : 1), own.key);
    }
    return r->b->z + (first_round ? (size_t)i * of_vector * LINE : 0);
}

/* Step 1 of docs/analog.md. */
static float np_sum_divisor(const struct round *r, const float *x, float most)
{
    const float w_assumed = 0.6F; /* aihwkit's wmax_assumed */
    const double limit = r->c->dac_bits > 0 ? r->c->bm_max_resolution * (2 * levels_of(r->c->dac_bits)) : INFINITY;
    double plus = 0, minus = 0, wanted;

    for (int i = 0; i < r->tile->rows; i++)
        if (x[i] > 0)
            plus += (double)x[i];
        else
            minus -= (double)x[i];
    wanted = (double)w_assumed * (plus > minus ? plus : minus) / r->c->adc_bound;
    if (wanted > (double)most * limit)
        wanted = (double)most * limit;
    return wanted > (double)most ? (float)wanted : most;
}

static float divisor_of(const struct round *r, const float *x, bool worst_case)
{
    const int kind = worst_case ? OHM_NM_ABS_MAX_NP_SUM : r->c->noise_management;
    const float threshold = (float)r->c->nm_threshold;
    float a;

    if (kind == OHM_NM_NONE)
        return 1;
    if (kind == OHM_NM_CONSTANT)
        return threshold > 0 ? threshold : 1;
    a = r->steps->largest(x, r->tile->rows, kind == OHM_NM_MAX ? 1 : 0);
    if (kind == OHM_NM_ABS_MAX_NP_SUM)
        a = np_sum_divisor(r, x, a);
    return threshold > 0 && a > threshold ? threshold : a;
}

/* Steps 2 and 3: b->v = what stands on the input lines. A divisor of 0 gives no input. */
static void convert_inputs(struct round *r)
{
    const int rows = r->tile->rows;

    for (int i = 0; i < r->n; i++) {
        const int k = r->vector[i];
        const struct dac d = {.divisor = r->divisor[k] * r->reduction[k],
                              .step = step_of(r->c->dac_bound, r->c->dac_bits),
                              .most = (float)r->c->dac_bound};
        float *const v = r->b->v + (size_t)i * (size_t)rows;

        if (d.divisor > 0)
            r->steps->dac(v, r->b->x + (size_t)k * (size_t)rows, rows, d);
        else
            memset(v, 0, (size_t)rows * sizeof *v);
        if (r->c->dac_noise > 0)
            r->steps->add_noise(v, noise_of(r, i, 0, FOR_INPUT, rows), rows, (float)r->c->dac_noise);
        if (r->c->input_asymmetry > 0 || r->c->input_asymmetry < 0)
            r->steps->asymmetry(v, rows, (float)r->c->input_asymmetry);
    }
}

static void multiply_by(const struct round *r, float *y, const float *v, const float *packed)
{
    product(y, v, packed, r->n, r->tile->columns, r->tile->rows, r->b->conv, r->isa);
}

/* Step 5. */
static void drop_voltage(const struct round *r, const struct phase *p, float *y, const float *v)
{
    float *const aside = r->b->aside;
    const int rows = r->tile->rows, columns = r->tile->columns;
    const float ratio = (float)(rows / r->c->ir_drop_g_ratio);
    const size_t n = (size_t)r->n * (size_t)rows;

    r->steps->absolute(aside, v, (int)n);
    multiply_by(r, r->b->aid, aside, r->tile->absolute[p->packing]);
    multiply_by(r, r->b->drop, v, r->tile->ramped[p->packing]);
    r->steps->ir_drop(y, r->b->aid, r->b->drop, r->n * columns, (float)r->c->ir_drop, ratio);
}

/* Step 6. */
static void offset_voltage(const struct round *r, float *y, const float *v)
{
    const int rows = r->tile->rows, columns = r->tile->columns;

    for (int i = 0; i < r->n; i++) {
        struct offset o = {.v = r->tile->v_offset, .series = (float)r->c->r_series};
        double sum = 0;

        for (int j = 0; j < rows; j++)
            sum += (double)v[(size_t)i * (size_t)rows + (size_t)j];
        o.reference = (float)(-r->c->v_offset_w_min * sum);
        r->steps->offset(y + (size_t)i * (size_t)columns, columns, o);
    }
}

static float length_of(const float *v, int n)
{
    double squares = 0;

    for (int j = 0; j < n; j++)
        squares += (double)v[j] * (double)v[j];
    return (float)sqrt(squares);
}

/* Step 7. */
static void disturb_weights(const struct round *r, int phase, float *y, const float *v)
{
    float *const aside = r->b->aside;
    const int rows = r->tile->rows, columns = r->tile->columns;
    const float sd = (float)r->c->weight_noise_sd;
    const bool pcm = r->c->weight_noise == OHM_WNOISE_PCM_READ;

    if (pcm) {
        r->steps->multiply(aside, v, v, r->n * rows);
        multiply_by(r, r->b->aid, aside, r->tile->absolute[r->t->phase[phase].packing]);
    }
    for (int i = 0; i < r->n; i++) {
        const float *const z = noise_of(r, i, phase, FOR_WEIGHT, columns);
        float *const own = y + (size_t)i * (size_t)columns;

        if (pcm)
            r->steps->add_root_noise(own, z, r->b->aid + (size_t)i * (size_t)columns, columns, sd);
        else
            r->steps->add_noise(own, z, columns, sd * length_of(v + (size_t)i * (size_t)rows, rows));
    }
}

/* Steps 4 to 7 of one phase: y = what flows in the outputs. */
static void run_phase(const struct round *r, int phase, float *y)
{
    const struct ohm_tile_config *const c = r->c;
    const struct phase *const p = &r->t->phase[phase];
    const size_t n = (size_t)r->n * (size_t)r->tile->rows;
    float *v = r->b->v;

    if (p->inputs != 0) {
        r->steps->one_sign(r->b->signed_in, v, (int)n, (float)p->inputs);
        v = r->b->signed_in;
    }
    if (r->t->input_slices > 1) {
        input_slice(r->t, r->b->signed_in, v, (int)n, p->slice);
        v = r->b->signed_in;
    }
    multiply_by(r, y, v, r->tile->packed[p->packing]);
    if (c->ir_drop > 0)
        drop_voltage(r, p, y, v);
    if (c->v_offset_sd > 0 || c->r_series > 0)
        offset_voltage(r, y, v);
    if (c->weight_noise != OHM_WNOISE_NONE)
        disturb_weights(r, phase, y, v);
}

/* Steps 8 to 10 of vector i; true: at the bound. */
static bool convert_outputs(const struct round *r, int i, int phase, float *y)
{
    const struct ohm_tile_config *const c = r->c;
    const int columns = r->tile->columns;
    const size_t at = (size_t)i * (size_t)columns;
    float *const count[COUNTERS] = {r->b->count[PLUS] + at, r->b->count[MINUS] + at};
    const struct conversion by = {.t = r->t, .tile = r->tile, .steps = r->steps, .n = 1, .width = columns};

    if (r->tile->curve)
        r->steps->curve(y, r->tile->curve, r->tile->slope, columns);
    if (c->out_asymmetry > 0 || c->out_asymmetry < 0)
        r->steps->asymmetry(y, columns, (float)c->out_asymmetry);
    if (r->tile->noise)
        r->steps->add_noises(y, noise_of(r, i, phase, FOR_OUTPUT, columns), r->tile->noise, columns);
    else if (c->out_noise > 0)
        r->steps->add_noise(y, noise_of(r, i, phase, FOR_OUTPUT, columns), columns, (float)c->out_noise);
    return convert(&by, y, counts_wanted(r->t) ? count : NULL, r->t->digital ? r->t->phase[phase].sign : 1);
}

/* b->sum = the result of the round; hit[i]: vector i came to the bound. */
static void run_round(struct round *r, bool hit[BLOCK])
{
    const struct ohm_tiles *const t = r->t;
    const int columns = r->tile->columns;
    const size_t n = (size_t)r->n * (size_t)columns;

    convert_inputs(r);
    memset(hit, 0, BLOCK * sizeof *hit);
    for (int k = 0; k < COUNTERS && counts_wanted(t); k++)
        memset(r->b->count[k], 0, n * sizeof(float));
    for (int p = 0; p < t->phases; p++) {
        float *const y = t->phases > 1 ? r->b->analog : r->b->sum;

        run_phase(r, p, y);
        for (int i = 0; i < r->n && t->digital; i++)
            hit[i] |= convert_outputs(r, i, p, y + (size_t)i * (size_t)columns);
        if (t->phases == 1)
            continue;
        if (p == 0)
            memset(r->b->sum, 0, n * sizeof *r->b->sum);
        r->steps->add_scaled(r->b->sum, y, (int)n, (float)t->phase[p].sign * t->phase[p].share);
    }
    for (int i = 0; i < r->n && !t->digital; i++)
        hit[i] = convert_outputs(r, i, 0, r->b->sum + (size_t)i * (size_t)columns);
}

static bool may_reduce(const struct ohm_tile_config *c, float reduction)
{
    const double finest = c->dac_bits > 0 ? c->bm_max_resolution * levels_of(c->dac_bits) / c->dac_bound : INFINITY;

    return c->bound_management != OHM_BM_NONE && (double)reduction <= c->bm_max_factor && (double)reduction <= finest;
}

/* Vectors at the bound are kept for another round. */
static void keep_hits(struct round *r, const bool hit[BLOCK])
{
    int kept = 0;

    for (int i = 0; i < r->n; i++) {
        const int k = r->vector[i];

        if (!hit[i] || !may_reduce(r->c, r->reduction[k]))
            continue;
        if (r->c->bound_management == OHM_BM_ITERATIVE_WORST_CASE && r->index == 0)
            r->divisor[k] = divisor_of(r, r->b->x + (size_t)k * (size_t)r->tile->rows, true);
        else
            r->reduction[k] *= 2;
        r->vector[kept++] = k;
    }
    r->n = kept;
}

void tile_forward(const struct ohm_tiles *t, const struct tile *tile, struct bench *b, int n, uint64_t first,
                  const struct ohm_rng *stream, enum ohm_isa isa)
{
    struct round r = {.t = t,
                      .c = &t->config,
                      .tile = tile,
                      .steps = steps_of(isa),
                      .b = b,
                      .isa = isa,
                      .first = first,
                      .stream = *stream,
                      .n = n};
    const size_t columns = (size_t)tile->columns;
    bool hit[BLOCK];

    for (int i = 0; i < n; i++) {
        r.vector[i] = i;
        r.divisor[i] = divisor_of(&r, b->x + (size_t)i * (size_t)tile->rows, false);
        r.reduction[i] = 1;
    }
    for (; r.n > 0; r.index++) {
        run_round(&r, hit);
        for (int i = 0; i < r.n; i++) {
            const int k = r.vector[i];

            r.steps->scaled(b->out + (size_t)k * columns, b->sum + (size_t)i * columns, (int)columns,
                            r.divisor[k] * r.reduction[k]);
        }
        keep_hits(&r, hit);
    }
}
