/* gp_pool.c - the model at many candidates.
 *
 * With L the Cholesky factor of the rows, v = L^-1 k (k: kernel between rows and candidate) gives mean = v . innovation
 * and variance = 1 - v . v. Row i of v follows from rows before it, so a pool keeps v and extends it. All loops run over
 * blocks of neighbouring candidates: that is what processors do several of at once, and a block's part of v stays in the
 * cache. */
#include "gp_int.h"

#include "ohm/mem.h"
#include "ohm/parallel.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { LANES = 16, BLOCK = 512 };

struct ohm_gp_pool {
    int n, features, blocks;
    uint64_t version, epoch; /* of the model that v was computed for */
    int rows;         /* of v that are valid */
    int measured;     /* rows of distance2 that are valid */
    float *x;         /* [n / LANES][features][LANES] */
    float **distance2, **v; /* [capacity][n rounded up to BLOCK] */
    size_t capacity, v_capacity;
    int allocated;
    float *variance;
};

static size_t width(const struct ohm_gp_pool *pool)
{
    return (size_t)pool->blocks * BLOCK;
}

enum ohm_status ohm_gp_pool_create(struct ohm_gp_pool **out, const float *x, int n, int features,
                                   struct ohm_error *err)
{
    struct ohm_gp_pool *pool = ohm_alloc(1, sizeof *pool);

    if (!pool)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    pool->n = n;
    pool->features = features;
    pool->blocks = (n + BLOCK - 1) / BLOCK;
    pool->x = ohm_alloc(width(pool) * (size_t)features, sizeof *pool->x);
    pool->variance = ohm_alloc(width(pool), sizeof *pool->variance);
    if (!pool->x || !pool->variance) {
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
    for (int i = 0; i < pool->allocated; i++) {
        ohm_free(pool->distance2[i]);
        ohm_free(pool->v[i]);
    }
    ohm_free(pool->distance2);
    ohm_free(pool->v);
    ohm_free(pool->x);
    ohm_free(pool->variance);
    ohm_free(pool);
}

static enum ohm_status make_room(struct ohm_gp_pool *pool, int rows, struct ohm_error *err)
{
    if (!ohm_grow(&pool->distance2, &pool->capacity, (size_t)rows, sizeof *pool->distance2) ||
        !ohm_grow(&pool->v, &pool->v_capacity, (size_t)rows, sizeof *pool->v))
        return ohm_fail(err, OHM_ENOMEM, "out of memory for %d rows of a pool", rows);
    while (pool->allocated < rows) {
        float *distance2 = ohm_alloc(width(pool), sizeof *distance2), *v = ohm_alloc(width(pool), sizeof *v);

        if (!distance2 || !v) {
            ohm_free(distance2);
            ohm_free(v);
            return ohm_fail(err, OHM_ENOMEM, "out of memory for %d rows of %d candidates", rows, pool->n);
        }
        pool->distance2[pool->allocated] = distance2;
        pool->v[pool->allocated++] = v;
    }
    return OHM_OK;
}

/* Squared distances of the candidates of a block to one row x. */
static void measure(const struct ohm_gp_pool *pool, const float *x, int block, float *distance2)
{
    for (int p = 0; p < BLOCK / LANES; p++) {
        const float *panel =
            pool->x + (size_t)(block * (BLOCK / LANES) + p) * (size_t)pool->features * LANES;
        float sum[LANES] = { 0 };

        for (int k = 0; k < pool->features; k++)
            for (int i = 0; i < LANES; i++) {
                const float difference = panel[(size_t)k * LANES + (size_t)i] - x[k];

                sum[i] += difference * difference;
            }
        memcpy(distance2 + p * LANES, sum, sizeof sum);
    }
}

/* to -= factor * from, over a block. */
static void subtract(float *restrict to, const float *restrict from, float factor)
{
    for (int i = 0; i < BLOCK; i++)
        to[i] -= factor * from[i];
}

/* The row of v that belongs to row r of the model, over one block. */
static void extend(const struct ohm_gp *gp, struct ohm_gp_pool *pool, int r, size_t at)
{
    const double *factor = gp->factor + (size_t)r * (size_t)gp->rows_max;
    const float inverse = ohm_gp_inverse(gp), scale = (float)(1 / factor[r]);
    const float *distance2 = pool->distance2[r] + at;
    float *v = pool->v[r] + at, *variance = pool->variance + at;

    for (int i = 0; i < BLOCK; i++)
        v[i] = ohm_gp_kernel(distance2[i], inverse);
    for (int j = 0; j < r; j++)
        subtract(v, pool->v[j] + at, (float)factor[j]);
    for (int i = 0; i < BLOCK; i++) {
        v[i] *= scale;
        variance[i] -= v[i] * v[i];
    }
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
    float mean[BLOCK] = { 0 };

    (void)worker, (void)err;
    for (int r = pool->measured; r < gp->rows; r++)
        measure(pool, gp->x + (size_t)r * (size_t)gp->features, block, pool->distance2[r] + at);
    for (int i = 0; pool->rows == 0 && i < BLOCK; i++)
        pool->variance[at + (size_t)i] = 1;
    for (int r = pool->rows; r < gp->rows; r++)
        extend(gp, pool, r, at);
    for (int r = 0; r < gp->targets; r++)
        subtract(mean, pool->v[r] + at, (float)-gp->innovation[r]);
    for (int i = 0; i < count; i++) {
        p->mean[at + (size_t)i] = mean[i];
        /* Rounding may bring the variance of a row's own place below zero. */
        p->sd[at + (size_t)i] = scale * sqrtf(fmaxf(pool->variance[at + (size_t)i], 1e-9f));
    }
    return OHM_OK;
}

enum ohm_status ohm_gp_predict(const struct ohm_gp *gp, struct ohm_gp_pool *pool, float *mean, float *sd, int jobs,
                               struct ohm_error *err)
{
    struct prediction p = { gp, pool, mean, sd };
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
