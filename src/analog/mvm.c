/* mvm.c - vectors through all tiles of a matrix. */
#include "analog_int.h"

#include "ohm/parallel.h"

#include <assert.h>
#include <string.h>

struct call {
    const struct ohm_tiles *t;
    const struct ohm_mvm *mvm;
    float *y;
    enum ohm_isa isa;
};

/* The exact product takes vectors side by side like pixels. */
static struct ohm_conv2d whole_of(const struct ohm_tiles *t, int n)
{
    return (struct ohm_conv2d){.n = 1,
                               .h = 1,
                               .w = n,
                               .c_in = t->inputs,
                               .c_out = t->outputs,
                               .k_h = 1,
                               .k_w = 1,
                               .stride_h = 1,
                               .stride_w = 1,
                               .groups = 1};
}

static size_t worker_floats(const struct ohm_tiles *t)
{
    const struct ohm_conv2d d = whole_of(t, BLOCK);

    return t->exact ? (ohm_conv2d_scratch(&d, OHM_FORWARD, 1) + LINE) / LINE * LINE : bench_floats(t);
}

size_t ohm_tiles_scratch(const struct ohm_tiles *tiles, int jobs)
{
    return worker_floats(tiles) * (size_t)jobs;
}

static void fill_inputs(const struct call *call, const struct tile *tile, float *x, const float *from, int n)
{
    const struct ohm_tiles *const t = call->t;
    const size_t rows = (size_t)tile->rows;

    for (int i = 0; i < n; i++) {
        const float *const own = from + (size_t)i * (size_t)t->inputs + (size_t)tile->first_row;

        if (t->input_range > 0)
            steps_of(call->isa)->limit(x + (size_t)i * rows, own, tile->rows, t->input_range, t->input_range);
        else
            memcpy(x + (size_t)i * rows, own, rows * sizeof *x);
    }
}

static void add_tile(const struct call *call, const struct tile *tile, float *y, const float *out, int n)
{
    const struct ohm_tiles *const t = call->t;
    const int levels = levels_of(t->config.partial_bits);
    const float range = t->input_range > 0 ? t->input_range : 1;

    for (int i = 0; i < n; i++) {
        float *const own = y + (size_t)i * (size_t)t->outputs + (size_t)tile->first_column;

        steps_of(call->isa)->add_columns(own, out + (size_t)i * (size_t)tile->columns, tile->gain, tile->columns,
                                         range);
        if (levels > 0 && tile->plane == t->planes - 1)
            steps_of(call->isa)->partial(own, t->step + tile->first_column, tile->columns, (float)levels);
    }
}

/* The same behind the units of the chip: y is INT8 until all tiles of rows have come. */
static void add_counts(const struct call *call, const struct tile *tile, float *y, const struct bench *b, int n)
{
    const struct conversion by = {
        .t = call->t, .tile = tile, .steps = steps_of(call->isa), .n = n, .width = tile->columns};

    units_add(&by, y + tile->first_column, (size_t)call->t->outputs, b->count);
}

static void keep_partials(const struct call *call, const struct tile *tile, int index, const float *y, int n, int at)
{
    const size_t outputs = (size_t)call->t->outputs, first = (size_t)tile->first_column;
    const int row = index / call->t->planes % call->t->row_tiles;
    float *const to = call->mvm->partials + ((size_t)row * (size_t)call->mvm->n + (size_t)at) * outputs;

    for (size_t i = 0; i < (size_t)n; i++)
        memcpy(to + i * outputs + first, y + i * outputs + first, (size_t)tile->columns * sizeof *to);
}

/* Tiles of rows come in order, so that their sum does not depend on who works. */
static void run_tiles(const struct call *call, struct bench *b, float *y, const float *x, int n, int at)
{
    const struct ohm_tiles *const t = call->t;
    const bool counts = counts_wanted(t) && !call->mvm->partials;
    const float *const bias = call->mvm->bias;
    const uint64_t first = call->mvm->first + (uint64_t)at;

    for (int i = 0; i < n; i++)
        for (int k = 0; k < t->outputs; k++)
            y[(size_t)i * (size_t)t->outputs + (size_t)k] = bias && !counts ? bias[k] : 0;
    for (int k = 0; k < t->count; k++) {
        const struct ohm_rng stream = ohm_rng_child(&call->mvm->stream, (uint64_t)k);

        fill_inputs(call, &t->tile[k], b->x, x, n);
        tile_forward(t, &t->tile[k], b, n, first, &stream, call->isa);
        if (counts)
            add_counts(call, &t->tile[k], y, b, n);
        else
            add_tile(call, &t->tile[k], y, b->out, n);
        if (call->mvm->partials)
            keep_partials(call, &t->tile[k], k, y, n, at);
    }
    for (int i = 0; i < n && counts; i++)
        for (int k = 0; k < t->outputs; k++) {
            float *const own = &y[(size_t)i * (size_t)t->outputs + (size_t)k];

            *own = *own * t->fold_unit + (bias ? bias[k] : 0);
        }
}

static enum ohm_status run_block(void *context, int index, int worker, struct ohm_error *err)
{
    const struct call *const call = context;
    const struct ohm_tiles *const t = call->t;
    const int at = index * BLOCK, left = call->mvm->n - at, n = left < BLOCK ? left : BLOCK;
    const float *const x = call->mvm->x + (size_t)at * (size_t)t->inputs;
    float *const y = call->y + (size_t)at * (size_t)t->outputs;

    (void)err;
    assert(!(t->exact && call->mvm->partials));
    if (t->exact) {
        const struct ohm_conv2d d = whole_of(t, n);

        ohm_conv2d_forward(y, x, t->whole, call->mvm->bias, &d, call->mvm->scratch + (size_t)worker * worker_floats(t),
                           (struct ohm_exec){.jobs = 1, .isa = call->isa});
    } else {
        struct bench b = bench_of(t, call->mvm->scratch, worker);

        run_tiles(call, &b, y, x, n, at);
    }
    return OHM_OK;
}

void ohm_tiles_mvm(const struct ohm_tiles *tiles, float *y, const struct ohm_mvm *mvm, struct ohm_exec exec)
{
    struct call call = {.t = tiles, .mvm = mvm, .y = y, .isa = exec.isa};

    (void)ohm_parallel_for(exec.jobs, (mvm->n + BLOCK - 1) / BLOCK, run_block, &call, NULL);
}
