/* analog.c - conv and dense layers as crossbar tiles with converters: what a step of training sees of them.
 *
 * Forward: inputs through the DAC, each tile's sum with output noise through its ADC, the tiles' sums digitally.
 * Backward is that of the plain convolution, with the noisy weights and the quantised inputs: rounding and clipping let
 * the gradient straight through (Rasch et al., Nat. Commun. 2023; facts on aihwkit 0.9 for the range rule). */
#include "train_int.h"

#include "ohm/mem.h"
#include "ohm/parallel.h"

#include <math.h>
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

/* Programming error of a PCM device by its target, c0 + c1 r + c2 r^2 relative to the largest conductance of 25 uS
 * (Nandakumar et al., ICECS 2019: 0.26348, 1.9650, -1.1731 uS). */
static const double pcm_c0 = 0.26348 / 25, pcm_c1 = 1.9650 / 25, pcm_c2 = -1.1731 / 25;

/* ---- cutting ---- */

static int64_t rows_of(const struct ohm_conv2d *d)
{
    return (int64_t)d->k_h * d->k_w * (d->c_in / d->groups);
}

/* The convolution of the kernel rows [k_first, k_end) over the image without what they never reach: the same outputs.
 * false: they reach nothing but padding. */
static bool cut(struct ohm_tile *tile, const struct ohm_conv2d *d, int k_first, int k_end)
{
    const int out_h = ohm_conv2d_out_h(d), k_h = k_end - k_first;
    const int top = d->pad_top - k_first;                   /* first input row touched, negated */
    const int last = (out_h - 1) * d->stride_h - top + k_h; /* end of the input rows touched */
    const int first = top < 0 ? -top : 0, end = last < d->h ? last : d->h;

    if (end <= first)
        return false;
    tile->k_first = k_first;
    tile->d = *d;
    tile->d.k_h = k_h;
    tile->d.h = end - first;
    tile->d.pad_top = top > 0 ? top : 0;
    tile->d.pad_bottom = last > d->h ? last - d->h : 0;
    tile->skip = (size_t)first * (size_t)d->w * (size_t)d->c_in;
    return true;
}

static void plan_tile(struct ohm_tile *tile, const struct ohm_conv2d *d, int64_t first, int64_t end)
{
    const int64_t kernel_row = (int64_t)d->k_w * (d->c_in / d->groups);

    tile->first = (int32_t)first;
    tile->end = (int32_t)end;
    if (cut(tile, d, (int)(first / kernel_row), (int)((end + kernel_row - 1) / kernel_row)))
        return;
    tile->k_first = 0;
    tile->d = *d;
    tile->skip = 0;
}

enum ohm_status ohm_analog_plan(struct ohm_tape *t, int layer, struct ohm_error *err)
{
    struct ohm_unit *node = &t->node[layer];
    const int64_t rows = rows_of(&node->d), n = (rows + t->analog->tile_rows - 1) / t->analog->tile_rows;
    size_t packed = 0, x;
    int64_t first = 0;
    enum ohm_status st;

    if (!(node->tile = ohm_alloc((size_t)n, sizeof(*node->tile))))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    node->tiles = (int)n;
    for (int i = 0; i < node->tiles; i++) {
        struct ohm_tile *tile = &node->tile[i];
        const int64_t end = first + rows / n + (i < rows % n);
        size_t own;

        plan_tile(tile, &node->d, first, end);
        tile->packed = packed;
        packed += ohm_conv2d_packed(&tile->d, OHM_FORWARD);
        own = ohm_conv2d_scratch(&tile->d, OHM_FORWARD, 1);
        t->scratch_tile = own > t->scratch_tile ? own : t->scratch_tile;
        first = end;
    }
    t->column_size = node->numbers > t->column_size ? node->numbers : t->column_size;
    t->channels = (size_t)node->d.c_out > t->channels ? (size_t)node->d.c_out : t->channels;
    x = (size_t)t->net->layer[layer].in.h * (size_t)t->net->layer[layer].in.w * (size_t)t->net->layer[layer].in.c;
    if (!ohm_mul_size(&x, x, (size_t)t->batch))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if ((st = ohm_buffer_init(&node->tile_packed, packed, err)) != OHM_OK ||
        (st = ohm_buffer_init(&node->scale, 3 * (size_t)n * (size_t)node->d.c_out, err)) != OHM_OK ||
        (st = ohm_buffer_init(&node->tile_weights, node->noisy.n, err)) != OHM_OK)
        return st;
    return ohm_buffer_init(&node->x_dac, x, err);
}

/* ---- weights ---- */

/* The largest weight of each column of a tile; with scale = tile, of the tile. 1 where all are 0. */
static void measure(float *scale, const float *w, const struct ohm_tile *tile, int64_t rows, int c_out, int how)
{
    float all = 0;

    for (int c = 0; c < c_out; c++) {
        float largest = 0;

        for (int r = tile->first; r < tile->end; r++)
            largest = fmaxf(largest, fabsf(w[c * rows + r]));
        scale[c] = largest > 0 ? largest : 1;
        all = fmaxf(all, largest);
    }
    for (int c = 0; c < c_out && how == OHM_SCALE_TILE; c++)
        scale[c] = all > 0 ? all : 1;
}

static void add_noise(struct ohm_tape *t, float *noisy, const float *w, const struct ohm_unit *node, int layer)
{
    const struct ohm_analog *a = t->analog;
    const struct ohm_rng named = ohm_rng_named(&t->rng, "weight noise");
    const struct ohm_rng of_step = ohm_rng_child(&named, (uint64_t)t->step);
    const int64_t rows = rows_of(&node->d);

    for (int i = 0; i < node->tiles; i++)
        for (int c = 0; c < node->d.c_out; c++) {
            const double scale = node->scale.data[(size_t)i * (size_t)node->d.c_out + (size_t)c];
            const struct ohm_rng of_layer = ohm_rng_child(&of_step, (uint64_t)layer);
            struct ohm_rng rng = ohm_rng_child(&of_layer, (uint64_t)i << 32 | (uint64_t)c);

            for (int r = node->tile[i].first; r < node->tile[i].end; r++) {
                const double share = fabs((double)w[c * rows + r]) / scale;
                const double sigma = a->noise == OHM_NOISE_ADDITIVE ? 1 : pcm_c0 + share * (pcm_c1 + share * pcm_c2);

                noisy[c * rows + r] += (float)(scale * a->noise_scale * sigma * ohm_rng_normal(&rng));
            }
        }
}

/* The weights of one tile as those of its convolution: kernel rows [k_first, k_first + k_h), zero outside the tile. */
static void pack_tile(struct ohm_unit *node, const struct ohm_tile *tile)
{
    const int64_t rows = rows_of(&node->d), kernel_row = (int64_t)node->d.k_w * (node->d.c_in / node->d.groups);
    const int64_t own = tile->d.k_h * kernel_row, first = tile->k_first * kernel_row;
    float *to = node->tile_weights.data;

    memset(to, 0, (size_t)(own * node->d.c_out) * sizeof(*to));
    for (int c = 0; c < node->d.c_out; c++)
        memcpy(to + c * own + (tile->first - first), node->noisy.data + c * rows + tile->first,
               (size_t)(tile->end - tile->first) * sizeof(*to));
    ohm_conv2d_pack(node->tile_packed.data + tile->packed, to, &tile->d, OHM_FORWARD);
}

void ohm_analog_weights(struct ohm_tape *t, int layer)
{
    struct ohm_unit *node = &t->node[layer];
    const float *w = ohm_weights_of(t->w, layer, OHM_WEIGHT);

    for (int i = 0; i < node->tiles; i++)
        measure(node->scale.data + (size_t)i * (size_t)node->d.c_out, w, &node->tile[i], rows_of(&node->d),
                node->d.c_out, t->analog->scale);
    memcpy(node->noisy.data, w, node->noisy.n * sizeof(*w));
    if (t->analog->noise != OHM_NOISE_NONE && t->analog->noise_scale > 0)
        add_noise(t, node->noisy.data, w, node, layer);
    for (int i = 0; i < node->tiles; i++)
        pack_tile(node, &node->tile[i]);
}

/* aihwkit's LAYER_GAUSSIAN: the deviation with n - 1 below; here about 0, where weights lie in the mean. */
static void clip_part(float *w, int64_t stride, int c_first, int c_end, int first, int end, double sigma)
{
    double sum = 0, squares = 0, n = (double)(c_end - c_first) * (end - first), limit;

    for (int c = c_first; c < c_end; c++)
        for (int r = first; r < end; r++) {
            sum += w[c * stride + r];
            squares += (double)w[c * stride + r] * w[c * stride + r];
        }
    if (n < 2)
        return;
    limit = sigma * sqrt(fmax(0, (squares - sum * sum / n) / (n - 1)));
    for (int c = c_first; c < c_end && limit > 0; c++)
        for (int r = first; r < end; r++)
            w[c * stride + r] = fminf(fmaxf(w[c * stride + r], (float)-limit), (float)limit);
}

void ohm_analog_clip(struct ohm_weights *w, const struct ohm_analog *a)
{
    for (int i = 0; i < w->params; i++) {
        const struct ohm_param *p = &w->param[i];
        const int c_out = w->net->layer[p->layer].out.c;
        int64_t rows, n, first = 0;

        if (p->role != OHM_WEIGHT || a->clip_sigma <= 0)
            continue;
        rows = (int64_t)(p->count / (size_t)c_out);
        n = (rows + a->tile_rows - 1) / a->tile_rows;
        for (int64_t k = 0; k < n; k++) {
            const int64_t end = first + rows / n + (k < rows % n);

            if (a->scale == OHM_SCALE_TILE)
                clip_part(w->value + p->first, rows, 0, c_out, (int)first, (int)end, a->clip_sigma);
            else
                for (int c = 0; c < c_out; c++)
                    clip_part(w->value + p->first, rows, c, c + 1, (int)first, (int)end, a->clip_sigma);
            first = end;
        }
    }
}

/* ---- input ranges ---- */

struct moments {
    double sum, squares, largest;
};

struct moment_job {
    const float *x;
    int64_t numbers;
    int n;
    struct moments part[OHM_CHUNKS];
};

static enum ohm_status add_moments(void *context, int index, int worker, struct ohm_error *err)
{
    struct moment_job *job = context;
    int64_t first;
    const int64_t count = ohm_chunk(job->n, index, &first);
    const float *x = job->x + first * job->numbers;
    struct moments m = {0, 0, 0};

    (void)worker;
    (void)err;
    for (int64_t i = 0; i < count * job->numbers; i++) {
        m.sum += x[i];
        m.squares += (double)x[i] * x[i];
        m.largest = fmax(m.largest, fabs((double)x[i]));
    }
    job->part[index] = m;
    return OHM_OK;
}

/* The range follows the inputs of the first batches: range_sigma deviations, averaged over the batches. Inputs of the
 * network itself have no gradient to learn a range by: theirs is the largest number seen. */
static void follow_range(struct ohm_tape *t, int layer, float *range, const float *x)
{
    struct moment_job job = {.x = x, .n = t->n};
    const struct ohm_shape in = t->net->layer[layer].in;
    struct moments m = {0, 0, 0};
    double n, deviation;
    const bool inner = t->node[t->net->edge[t->net->layer[layer].first_input]].grad;

    job.numbers = (int64_t)in.h * in.w * in.c;
    ohm_parallel_for(t->exec.jobs, OHM_CHUNKS, add_moments, &job, NULL);
    for (int i = 0; i < OHM_CHUNKS; i++) {
        m.sum += job.part[i].sum;
        m.squares += job.part[i].squares;
        m.largest = fmax(m.largest, job.part[i].largest);
    }
    n = (double)job.numbers * t->n;
    deviation = n > 1 ? sqrt(fmax(0, (m.squares - m.sum * m.sum / n) / (n - 1))) : 0;
    if (!inner)
        *range = fmaxf(*range, (float)m.largest);
    else
        *range += ((float)(t->analog->range_sigma * deviation) - *range) / (float)(t->step + 1);
    if (!(*range > 0))
        *range = 1; /* inputs that are all alike */
}

struct range_job {
    const float *x, *dx;
    int64_t numbers;
    int n;
    float range;
    double grad[OHM_CHUNKS];
    int64_t inside[OHM_CHUNKS];
};

static enum ohm_status add_range(void *context, int index, int worker, struct ohm_error *err)
{
    struct range_job *job = context;
    int64_t first, inside = 0;
    const int64_t count = ohm_chunk(job->n, index, &first);
    const float *x = job->x + first * job->numbers, *dx = job->dx + first * job->numbers;
    double grad = 0;

    (void)worker;
    (void)err;
    for (int64_t i = 0; i < count * job->numbers; i++) {
        if (x[i] >= job->range)
            grad += fminf(dx[i], 0);
        else if (x[i] <= -job->range)
            grad -= fmaxf(dx[i], 0);
        else
            inside++;
    }
    job->grad[index] = grad;
    job->inside[index] = inside;
    return OHM_OK;
}

/* aihwkit 0.9, input range: the gradient of what is clipped, relative to the range, and the decay. */
void ohm_analog_range(struct ohm_tape *t, int layer, const float *dx, const float *x)
{
    const struct ohm_shape in = t->net->layer[layer].in;
    struct range_job job = {.x = x, .dx = dx, .n = t->n, .numbers = (int64_t)in.h * in.w * in.c};
    double grad = 0, inside = 0;

    if (t->step < t->analog->range_batches)
        return;
    job.range = *ohm_weights_of(t->w, layer, OHM_RANGE);
    ohm_parallel_for(t->exec.jobs, OHM_CHUNKS, add_range, &job, NULL);
    for (int i = 0; i < OHM_CHUNKS; i++) {
        grad += job.grad[i];
        inside += (double)job.inside[i];
    }
    grad *= job.range;
    if (inside > t->analog->range_inside * (double)job.numbers * t->n)
        grad += t->analog->range_decay * job.range;
    t->range_grad.data[layer] = (float)grad;
}

/* ---- forward ---- */

void ohm_analog_pool(struct ohm_tape *t, uint64_t epoch)
{
    const struct ohm_rng named = ohm_rng_named(&t->rng, "output noise");
    struct ohm_rng rng = ohm_rng_child(&named, epoch);

    for (size_t i = 0; i < t->pool.n; i++)
        t->pool.data[i] = (float)ohm_rng_normal(&rng);
}

/* The nearest whole number, ties to even, for |x| < 2^22: cheaper than rintf where that is a call. */
static inline float nearest(float x)
{
    const float shift = 12582912; /* 1.5 * 2^23 */

    return (x + shift) - shift;
}

static inline float between(float x, float limit)
{
    x = x < limit ? x : limit;
    return x > -limit ? x : -limit;
}

static void dac(float *to, const float *x, size_t n, float range, int64_t bits)
{
    const float levels = (float)((1 << (bits - 1)) - 1), up = levels / range, down = range / levels;

    for (size_t i = 0; i < n; i++)
        to[i] = nearest(between(x[i] * up, levels)) * down;
}

struct mvm_job {
    struct ohm_tape *t;
    int layer;
    float *y;
    const float *x;
    float range, levels; /* of the DAC; of the ADC above 0, or 0: exact */
    struct ohm_rng rng;
};

/* One level of the ADC in the unit of a column's sum, and its inverse: what follows the scale in node->scale. */
static void set_steps(const struct ohm_tape *t, struct ohm_unit *node, float range, float levels)
{
    const size_t n = (size_t)node->tiles * (size_t)node->d.c_out;
    const float unit = levels > 0 ? (float)t->analog->adc_bound / levels : 1;
    float *scale = node->scale.data;

    for (size_t i = 0; i < n; i++) {
        scale[n + i] = unit * range * scale[i];
        scale[2 * n + i] = 1 / scale[n + i];
    }
}

/* Noise and ADC on one pixel: v are sums in levels, noise is read from the pool side by side. */
static void convert_pixel(float *y, const float *sum, const float *step, const float *inverse, const float *normal,
                          int c_out, float noise, float levels)
{
    for (int c = 0; c < c_out; c++)
        y[c] += nearest(between(sum[c] * inverse[c] + noise * normal[c], levels)) * step[c];
}

static void blur_pixel(float *y, const float *sum, const float *step, const float *normal, int c_out, float noise)
{
    for (int c = 0; c < c_out; c++)
        y[c] += sum[c] + noise * normal[c] * step[c];
}

/* One image of one tile, added to y. */
static void convert(const struct mvm_job *job, float *y, const float *sum, int tile, uint32_t at)
{
    const struct ohm_unit *node = &job->t->node[job->layer];
    const struct ohm_analog *a = job->t->analog;
    const int c_out = node->d.c_out;
    const size_t n = (size_t)node->tiles * (size_t)c_out, pixels = node->numbers / (size_t)c_out;
    const float *step = node->scale.data + n + (size_t)tile * (size_t)c_out, *inverse = step + n;
    const float *pool = job->t->pool.data;
    const float noise = (float)a->output_noise * (job->levels > 0 ? job->levels / (float)a->adc_bound : 1);

    for (size_t p = 0; p < pixels; p++) {
        const size_t i = p * (size_t)c_out;

        if (job->levels > 0)
            convert_pixel(y + i, sum + i, step, inverse, pool + at, c_out, noise, job->levels);
        else
            blur_pixel(y + i, sum + i, step, pool + at, c_out, noise);
        at = (at + (uint32_t)c_out) % OHM_NOISE_POOL;
    }
}

/* The digital sum of the tiles begins with the bias. */
static void begin_sum(float *y, const float *bias, size_t numbers, int c_out)
{
    if (!bias)
        memset(y, 0, numbers * sizeof(*y));
    for (size_t i = 0; i < numbers && bias; i += (size_t)c_out)
        memcpy(y + i, bias, (size_t)c_out * sizeof(*y));
}

static enum ohm_status one_image(void *context, int index, int worker, struct ohm_error *err)
{
    const struct mvm_job *job = context;
    struct ohm_tape *t = job->t;
    struct ohm_unit *node = &t->node[job->layer];
    const struct ohm_shape in = t->net->layer[job->layer].in;
    const size_t numbers = (size_t)in.h * (size_t)in.w * (size_t)in.c;
    const float *x = job->x + (size_t)index * numbers, *bias = ohm_weights_of(t->w, job->layer, OHM_BIAS);
    float *dacs = node->x_dac.data + (size_t)index * numbers, *y = job->y + (size_t)index * node->numbers;
    float *sum = t->column.data + (size_t)worker * (t->column_size + t->scratch_tile);
    struct ohm_rng rng = ohm_rng_child(&job->rng, (uint64_t)index);

    (void)err;
    if (t->analog->dac_bits > 0)
        dac(dacs, x, numbers, job->range, t->analog->dac_bits);
    else
        memcpy(dacs, x, numbers * sizeof(*x));
    begin_sum(y, bias, node->numbers, node->d.c_out);
    for (int i = 0; i < node->tiles; i++) {
        const struct ohm_tile *tile = &node->tile[i];

        ohm_conv2d_forward(sum, dacs + tile->skip, node->tile_packed.data + tile->packed, NULL, &tile->d,
                           sum + t->column_size, (struct ohm_exec){.jobs = 1, .isa = t->exec.isa});
        convert(job, y, sum, i, ohm_rng_below(&rng, OHM_NOISE_POOL));
    }
    return OHM_OK;
}

enum ohm_status ohm_analog_forward(struct ohm_tape *t, int layer, float *y, const float *x, struct ohm_error *err)
{
    struct mvm_job job = {.t = t, .layer = layer, .y = y, .x = x};
    const struct ohm_rng named = ohm_rng_named(&t->rng, "converters"), step = ohm_rng_child(&named, (uint64_t)t->step);
    float *range = ohm_weights_of(t->w, layer, OHM_RANGE);

    if (t->training && t->step < t->analog->range_batches)
        follow_range(t, layer, range, x);
    job.range = *range > 0 ? *range : 1;
    job.rng = ohm_rng_child(&step, (uint64_t)layer);
    job.levels = t->analog->adc_bits > 0 ? (float)((1 << (t->analog->adc_bits - 1)) - 1) : 0;
    set_steps(t, &t->node[layer], job.range, job.levels);
    return ohm_parallel_for(t->exec.jobs, t->n, one_image, &job, err);
}
