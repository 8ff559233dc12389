/* gp_pool.c - the model at many candidates.
 *
 * With L the Cholesky factor of the rows, v = L^-1 k (k: kernel between rows and candidate) gives mean = v . innovation
 * and variance = 1 - v . v. Row i of v follows from rows before it, so a pool keeps v and extends it. All loops run
 * over blocks of neighbouring candidates: that is what processors do several of at once, and a block's part of v, which
 * lies together, stays in the cache. */
#include "gp_int.h"

#include "ohm/mem.h"
#include "ohm/parallel.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { LANES = 16, BLOCK = 512, QUADS = LANES / 4 };

/* Four candidates at once; the compiler turns it into whatever the processor has. */
typedef float quad __attribute__((vector_size(16), aligned(4), may_alias));

struct block {
    float *distance2, *v; /* [capacity][BLOCK] */
};

struct ohm_gp_pool {
    int n, features, blocks;
    uint64_t version, epoch; /* of the model that v was computed for */
    int rows;                /* of v that are valid */
    int measured;            /* rows of distance2 that are valid */
    int capacity;            /* rows that every block has room for */
    float *x;                /* [n / LANES][features][LANES] */
    struct block *block;     /* [blocks] */
    float *variance;
};

static size_t width(const struct ohm_gp_pool *pool)
{
    return (size_t)pool->blocks * BLOCK;
}

enum ohm_status ohm_gp_pool_create(struct ohm_gp_pool **out, const float *x, int n, int features, struct ohm_error *err)
{
    struct ohm_gp_pool *pool = ohm_alloc(1, sizeof *pool);

    if (!pool)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    pool->n = n;
    pool->features = features;
    pool->blocks = (n + BLOCK - 1) / BLOCK;
    pool->x = ohm_alloc(width(pool) * (size_t)features, sizeof *pool->x);
    pool->variance = ohm_alloc(width(pool), sizeof *pool->variance);
    pool->block = ohm_alloc((size_t)pool->blocks, sizeof *pool->block);
    if (!pool->x || !pool->variance || !pool->block) {
        ohm_gp_pool_free(pool);
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a pool of %d candidates", n);
    }
    for (int i = 0; i < n; i++)
        for (int k = 0; k < features; k++)
            pool->x[((size_t)(i / LANES) * (size_t)features + (size_t)k) * LANES + (size_t)(i % LANES)] =
                x[(size_t)i * (size_t)features + (size_t)k];
    *out = pool;
    return OHM_OK;
}

void ohm_gp_pool_free(struct ohm_gp_pool *pool)
{
    if (!pool)
        return;
    for (int i = 0; pool->block && i < pool->blocks; i++) {
        ohm_free(pool->block[i].distance2);
        ohm_free(pool->block[i].v);
    }
    ohm_free(pool->block);
    ohm_free(pool->x);
    ohm_free(pool->variance);
    ohm_free(pool);
}

static bool widen(float **rows, int capacity)
{
    float *wider = ohm_realloc(*rows, (size_t)capacity * BLOCK, sizeof **rows);

    if (wider)
        *rows = wider;
    return wider != NULL;
}

/* By an eighth and 16 rows: the memory of a large pool counts for more than the copies. */
static enum ohm_status make_room(struct ohm_gp_pool *pool, int rows, struct ohm_error *err)
{
    const int capacity = rows + rows / 8 + 16;

    if (rows <= pool->capacity)
        return OHM_OK;
    for (int i = 0; i < pool->blocks; i++)
        if (!widen(&pool->block[i].distance2, capacity) || !widen(&pool->block[i].v, capacity))
            return ohm_fail(err, OHM_ENOMEM, "out of memory for %d rows of %d candidates", capacity, pool->n);
    pool->capacity = capacity;
    return OHM_OK;
}

/* Squared distances of one panel of candidates to a row x. */
static void measure_panel(const float *panel, const float *x, int features, float *distance2)
{
    const quad *at = (const quad *)panel;
    quad sum[QUADS] = {{0}};

    for (int k = 0; k < features; k++, at += QUADS) {
        const quad value = {x[k], x[k], x[k], x[k]};

        for (int i = 0; i < QUADS; i++)
            sum[i] += (at[i] - value) * (at[i] - value);
    }
    memcpy(distance2, sum, sizeof sum);
}

/* The same of all candidates of a block. */
static void measure(const struct ohm_gp_pool *pool, const float *x, int block, float *distance2)
{
    for (int p = 0; p < BLOCK / LANES; p++)
        measure_panel(pool->x + (size_t)(block * (BLOCK / LANES) + p) * (size_t)pool->features * LANES, x,
                      pool->features, distance2 + p * LANES);
}

/* to -= sum over rows j < n of factor[j] v[j], over a block, four rows at a time: `to` is loaded and stored less often.
 */
static void subtract_rows(float *restrict to, const float *restrict v, const double *factor, int n)
{
    int j = 0;

    for (; j + 4 <= n; j += 4, v += 4 * BLOCK) {
        const float a = (float)factor[j], b = (float)factor[j + 1], c = (float)factor[j + 2], d = (float)factor[j + 3];

        for (int i = 0; i < BLOCK; i++)
            to[i] -= (a * v[i] + b * v[i + BLOCK]) + (c * v[i + 2 * BLOCK] + d * v[i + 3 * BLOCK]);
    }
    for (; j < n; j++, v += BLOCK) {
        const float a = (float)factor[j];

        for (int i = 0; i < BLOCK; i++)
            to[i] -= a * v[i];
    }
}

static void kernels(float *restrict k, const float *restrict distance2, float inverse)
{
    for (int i = 0; i < BLOCK; i++)
        k[i] = ohm_gp_kernel(distance2[i], inverse);
}

static void finish_row(float *restrict v, float *restrict variance, float scale)
{
    for (int i = 0; i < BLOCK; i++) {
        v[i] *= scale;
        variance[i] -= v[i] * v[i];
    }
}

/* The row of v that belongs to row r of the model, over one block. */
static void extend(const struct ohm_gp *gp, struct ohm_gp_pool *pool, int r, int block)
{
    const double *factor = gp->factor + (size_t)r * (size_t)gp->rows_max;
    struct block *b = &pool->block[block];
    float *v = b->v + (size_t)r * BLOCK;

    kernels(v, b->distance2 + (size_t)r * BLOCK, ohm_gp_inverse(gp));
    subtract_rows(v, b->v, factor, r);
    finish_row(v, pool->variance + (size_t)block * BLOCK, (float)(1 / factor[r]));
}

struct prediction {
    const struct ohm_gp *gp;
    struct ohm_gp_pool *pool;
    float *mean, *sd;
};

static enum ohm_status predict_block(void *context, int block, int worker, struct ohm_error *err)
{
    const struct prediction *p = context;
    const struct ohm_gp *gp = p->gp;
    struct ohm_gp_pool *pool = p->pool;
    const size_t at = (size_t)block * BLOCK;
    const int count = pool->n - block * BLOCK < BLOCK ? pool->n - block * BLOCK : BLOCK;
    const float scale = (float)sqrt(gp->scale);
    struct block *b = &pool->block[block];
    float mean[BLOCK] = {0};

    (void)worker, (void)err;
    for (int r = pool->measured; r < gp->rows; r++)
        measure(pool, gp->x + (size_t)r * (size_t)gp->features, block, b->distance2 + (size_t)r * BLOCK);
    for (int i = 0; pool->rows == 0 && i < BLOCK; i++)
        pool->variance[at + (size_t)i] = 1;
    for (int r = pool->rows; r < gp->rows; r++)
        extend(gp, pool, r, block);
    subtract_rows(mean, b->v, gp->innovation, gp->targets);
    for (int i = 0; i < count; i++) {
        p->mean[at + (size_t)i] = -mean[i];
        /* Rounding may bring the variance of a row's own place below zero. */
        p->sd[at + (size_t)i] = scale * sqrtf(fmaxf(pool->variance[at + (size_t)i], 1e-9f));
    }
    return OHM_OK;
}

enum ohm_status ohm_gp_predict(const struct ohm_gp *gp, struct ohm_gp_pool *pool, float *mean, float *sd, int jobs,
                               struct ohm_error *err)
{
    struct prediction p = {gp, pool, mean, sd};
    enum ohm_status st;

    assert(pool->features == gp->features);
    if (pool->version != gp->version || pool->epoch != gp->epoch)
        pool->rows = 0;
    if (pool->epoch != gp->epoch)
        pool->measured = 0;
    if ((st = make_room(pool, gp->rows, err)) != OHM_OK)
        return st;
    st = ohm_parallel_for(jobs, pool->blocks, predict_block, &p, err);
    pool->version = gp->version;
    pool->epoch = gp->epoch;
    pool->rows = pool->measured = gp->rows;
    return st;
}
