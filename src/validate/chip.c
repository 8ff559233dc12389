/* chip.c - the matrices of a network on tiles.
 *
 * A convolution is a matrix of rows (k_y, k_x, c), applied to the patch of each output pixel. Most settings let the
 * tiles see images as they are. Where they ask for something of each patch, patches are laid out for one block of
 * pixels at a time, so that they stay in the cache of the worker that multiplies them. Each group of a grouped
 * convolution has tiles of its own: devices off the diagonal are not there. */
#include "validate_int.h"

#include "ohm/mem.h"
#include "ohm/parallel.h"

#include <math.h>
#include <string.h>

enum { PIXELS = 64 };   /* a block: as many vectors as a tile takes at a time */
enum { MEASURED = 16 }; /* images at a time, while peaks are measured */

static int groups_of(const struct ohm_layer *l)
{
    return l->kind == OHM_CONV ? l->groups : 1;
}

static void free_matrix(struct chip_matrix *m)
{
    for (int g = 0; g < m->groups && m->group; g++)
        ohm_tiles_free(m->group[g]);
    ohm_free(m->group);
}

void chip_free(struct chip *chip)
{
    if (!chip)
        return;
    for (int i = 0; i < chip->matrices && chip->matrix; i++)
        free_matrix(&chip->matrix[i]);
    folds_free(chip);
    ohm_buffer_release(&chip->room);
    ohm_free(chip->matrix);
    ohm_free(chip->place);
    ohm_free(chip);
}

/* ---- making ---- */

static enum ohm_status add_matrix(struct chip *chip, int layer, const struct ohm_validate_spec *spec,
                                  struct ohm_error *err)
{
    const struct ohm_layer *const l = &chip->net->layer[layer];
    const float *const w = ohm_weights_of(spec->w, layer, OHM_WEIGHT);
    struct chip_matrix *const m = &chip->matrix[chip->matrices++];
    const int groups = groups_of(l);
    enum ohm_status st = OHM_OK;
    int64_t rows, columns, positions;

    ohm_layer_matrix(l, &rows, &columns, &positions);
    *m = (struct chip_matrix){.layer = layer, .rows = (int)rows, .columns = (int)columns / groups};
    if (!(m->group = ohm_alloc((size_t)groups, sizeof *m->group)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (; m->groups < groups && st == OHM_OK; m->groups++) {
        const struct ohm_tiles_spec part = {.w = w + (size_t)m->groups * (size_t)m->columns * (size_t)rows,
                                            .outputs = m->columns,
                                            .inputs = m->rows,
                                            .input_range = (double)*ohm_weights_of(spec->w, layer, OHM_RANGE),
                                            .sign =
                                                chip->fold ? chip->fold[layer].scale + m->groups * m->columns : NULL,
                                            .device = spec->device};

        st = ohm_tiles_create(&m->group[m->groups], spec->tile, &part, err);
    }
    chip->place[layer] = chip->matrices - 1;
    return st;
}

/* Of a worker: patches, answers of a group, sums after each tile of rows, what the tiles ask for. */
static size_t room_of(const struct chip *chip, const struct chip_matrix *m)
{
    const size_t partials = chip->fold ? (size_t)ohm_tiles_rows(m->group[0]) : 0;
    size_t most = 0;

    for (int g = 0; g < m->groups; g++) {
        const size_t n = ohm_tiles_scratch(m->group[g], 1);

        most = n > most ? n : most;
    }
    return PIXELS * ((size_t)m->rows + (1 + partials) * (size_t)m->columns) + most;
}

/* What a batch asks for that goes through the tiles at once; 0: it has to go in patches. */
static size_t room_at_once(const struct chip *chip, const struct chip_matrix *m)
{
    const struct ohm_layer *const l = &chip->net->layer[m->layer];
    const struct ohm_conv2d d = ohm_layer_conv2d(l);

    return l->kind == OHM_DENSE ? ohm_tiles_scratch(m->group[0], chip->exec.jobs)
                                : ohm_tiles_conv_scratch(m->group, &d, chip->exec.jobs);
}

/* The sums behind each tile of rows, while peaks are measured. */
static size_t room_of_partials(const struct chip *chip, const struct chip_matrix *m)
{
    const struct ohm_shape out = chip->net->layer[m->layer].out;

    return chip->fold ? (size_t)ohm_tiles_rows(m->group[0]) * MEASURED * (size_t)out.h * (size_t)out.w * (size_t)out.c
                      : 0;
}

static enum ohm_status fill_chip(struct chip *chip, const struct ohm_validate_spec *spec, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;
    size_t n = 0;

    for (int i = 0; i < chip->net->layers && st == OHM_OK; i++) {
        chip->place[i] = -1;
        if (chip->net->layer[i].wanted && ohm_layer_is_mvm(chip->net->layer[i].kind))
            st = add_matrix(chip, i, spec, err);
    }
    for (int i = 0; i < chip->matrices && st == OHM_OK; i++) {
        const size_t each = room_of(chip, &chip->matrix[i]);

        chip->room_each = each > chip->room_each ? each : chip->room_each;
    }
    if (st == OHM_OK && !ohm_mul_size(&n, chip->room_each, (size_t)spec->jobs))
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < chip->matrices && st == OHM_OK; i++) {
        const size_t at_once = room_at_once(chip, &chip->matrix[i]);
        const size_t all = at_once > 0 ? at_once + room_of_partials(chip, &chip->matrix[i]) : 0;

        n = all > n ? all : n;
    }
    return st == OHM_OK ? ohm_buffer_init(&chip->room, n, err) : st;
}

enum ohm_status chip_create(struct chip **out, const struct ohm_validate_spec *spec, struct ohm_error *err)
{
    struct chip *const chip = ohm_alloc(1, sizeof *chip);
    enum ohm_status st;

    if (!chip)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    chip->net = spec->w->net;
    chip->w = chip->around = spec->w;
    chip->exec = (struct ohm_exec){.jobs = spec->jobs, .isa = OHM_ISA_BEST};
    chip->matrix = ohm_alloc((size_t)chip->net->layers, sizeof *chip->matrix);
    chip->place = ohm_alloc((size_t)chip->net->layers, sizeof *chip->place);
    if (!chip->matrix || !chip->place)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    else if (spec->tile->periphery == OHM_TILE_FP32)
        st = fill_chip(chip, spec, err);
    else if ((st = folds_init(chip, spec, err)) == OHM_OK && (st = fill_chip(chip, spec, err)) == OHM_OK &&
             (st = folds_measure(chip, spec, err)) == OHM_OK)
        chip->around = &chip->folded;
    if (st == OHM_OK)
        *out = chip;
    else
        chip_free(chip);
    return st;
}

/* ---- programming and reading ---- */

struct pass {
    struct chip *chip;
    const struct ohm_rng *stream;
    double t_s; /* below 0: program */
};

/* The stream of a group is named by layer and group. */
static enum ohm_status pass_matrix(void *context, int index, int worker, struct ohm_error *err)
{
    const struct pass *const p = context;
    const struct chip_matrix *const m = &p->chip->matrix[index];
    const struct ohm_rng of_layer = ohm_rng_child(p->stream, (uint64_t)m->layer);
    const struct ohm_exec alone = {.jobs = 1, .isa = p->chip->exec.isa};
    enum ohm_status st = OHM_OK;

    (void)worker;
    for (int g = 0; g < m->groups && st == OHM_OK; g++) {
        const struct ohm_rng own = ohm_rng_child(&of_layer, (uint64_t)g);

        st = p->t_s < 0 ? ohm_tiles_program(m->group[g], &own, alone, err)
                        : ohm_tiles_read(m->group[g], p->t_s, &own, alone, err);
    }
    return st;
}

enum ohm_status chip_program(struct chip *chip, const struct ohm_rng *stream, struct ohm_error *err)
{
    struct pass p = {.chip = chip, .stream = stream, .t_s = -1};

    return ohm_parallel_for(chip->exec.jobs, chip->matrices, pass_matrix, &p, err);
}

enum ohm_status chip_read(struct chip *chip, double t_s, const struct ohm_rng *stream, struct ohm_error *err)
{
    struct pass p = {.chip = chip, .stream = stream, .t_s = t_s};

    return ohm_parallel_for(chip->exec.jobs, chip->matrices, pass_matrix, &p, err);
}

/* ---- products ---- */

struct product {
    struct chip *chip;
    const struct chip_matrix *matrix;
    const struct ohm_layer *l;
    struct ohm_rng stream;
    const float *x, *bias;
    float *y;
    int positions, blocks; /* pixels of an output, and their blocks */
};

/* The patch of an output pixel, of the channels of a group; zeros beyond the border. */
static void fill_patch(const struct product *p, float *to, const float *image, int position, int group)
{
    const struct ohm_layer *const l = p->l;
    const int depth = l->in.c / groups_of(l);
    const int y0 = position / l->out.w * l->stride_h - l->pad_top;
    const int x0 = position % l->out.w * l->stride_w - l->pad_left;

    for (int ky = 0; ky < l->k_h; ky++)
        for (int kx = 0; kx < l->k_w; kx++, to += depth) {
            const int iy = y0 + ky, ix = x0 + kx;

            if (iy >= 0 && iy < l->in.h && ix >= 0 && ix < l->in.w)
                memcpy(to, image + ((int64_t)iy * l->in.w + ix) * l->in.c + (int64_t)group * depth,
                       (size_t)depth * sizeof *to);
            else
                memset(to, 0, (size_t)depth * sizeof *to);
        }
}

static void run_group(const struct product *p, int worker, int image, int first, int n, int group)
{
    float *const room = p->chip->room.data + (size_t)worker * p->chip->room_each;
    const struct chip_matrix *const m = p->matrix;
    const struct ohm_layer *const l = p->l;
    const int64_t in = (int64_t)l->in.h * l->in.w * l->in.c;
    const size_t partials = p->chip->measuring ? (size_t)ohm_tiles_rows(m->group[group]) : 0;
    float *const patch = room, *const answer = room + (size_t)PIXELS * (size_t)m->rows;
    float *const y = p->y + ((int64_t)image * p->positions + first) * l->out.c;
    struct ohm_mvm mvm = {.x = patch,
                          .n = n,
                          .bias = p->bias ? p->bias + (size_t)group * (size_t)m->columns : NULL,
                          .partials = p->chip->measuring ? answer + (size_t)PIXELS * (size_t)m->columns : NULL,
                          .first = (p->chip->first + (uint64_t)image) * (uint64_t)p->positions + (uint64_t)first,
                          .stream = ohm_rng_child(&p->stream, (uint64_t)group),
                          .scratch = answer + (size_t)PIXELS * (size_t)m->columns * (1 + partials)};

    if (l->kind == OHM_DENSE)
        mvm.x = p->x + image * in;
    for (int i = 0; i < n && l->kind == OHM_CONV; i++)
        fill_patch(p, patch + (size_t)i * (size_t)m->rows, p->x + image * in, first + i, group);
    ohm_tiles_mvm(m->group[group], m->groups == 1 ? y : answer, &mvm,
                  (struct ohm_exec){.jobs = 1, .isa = p->chip->exec.isa});
    if (mvm.partials)
        fold_see(&p->chip->fold[m->layer], mvm.partials, &(struct fold_size){(int)partials, n, m->columns}, group,
                 worker);
    for (int i = 0; i < n && m->groups > 1; i++)
        memcpy(y + (int64_t)i * l->out.c + (int64_t)group * m->columns, answer + (size_t)i * (size_t)m->columns,
               (size_t)m->columns * sizeof *y);
}

static enum ohm_status run_block(void *context, int index, int worker, struct ohm_error *err)
{
    const struct product *const p = context;
    const int image = index / p->blocks, first = index % p->blocks * PIXELS;
    const int n = p->positions - first < PIXELS ? p->positions - first : PIXELS;

    (void)err;
    for (int g = 0; g < p->matrix->groups; g++)
        run_group(p, worker, image, first, n, g);
    return OHM_OK;
}

/* Images [first, first + n) of a batch. While peaks are measured the sums behind each tile of rows are looked at. */
static void run_images(const struct product *p, int first, int n)
{
    struct chip *const chip = p->chip;
    const struct chip_matrix *const m = p->matrix;
    const struct ohm_layer *const l = p->l;
    const struct ohm_conv2d d = ohm_layer_conv2d(l);
    const bool dense = l->kind == OHM_DENSE;
    float *const y = p->y + (int64_t)first * p->positions * l->out.c;
    const struct ohm_mvm mvm = {.x = p->x + (int64_t)first * l->in.h * l->in.w * l->in.c,
                                .n = n,
                                .bias = p->bias,
                                .partials = chip->measuring ? chip->room.data + room_at_once(chip, m) : NULL,
                                .first = (chip->first + (uint64_t)first) * (uint64_t)p->positions,
                                .stream = dense ? ohm_rng_child(&p->stream, 0) : p->stream,
                                .scratch = chip->room.data};

    if (dense)
        ohm_tiles_mvm(m->group[0], y, &mvm, chip->exec);
    else
        ohm_tiles_conv(m->group, y, &mvm, &d, chip->exec);
    if (mvm.partials)
        fold_see(&chip->fold[m->layer], mvm.partials,
                 &(struct fold_size){ohm_tiles_rows(m->group[0]), n * p->positions, l->out.c}, 0, 0);
}

static bool run_at_once(const struct product *p, int n)
{
    const int most = p->chip->measuring ? MEASURED : n;

    if (room_at_once(p->chip, p->matrix) == 0)
        return false;
    for (int i = 0; i < n; i += most)
        run_images(p, i, n - i < most ? n - i : most);
    return true;
}

bool chip_multiply(void *context, int layer, float *y, const float *x, int n)
{
    struct chip *const chip = context;
    const struct ohm_layer *const l = &chip->net->layer[layer];
    struct product p = {.chip = chip,
                        .matrix = &chip->matrix[chip->place[layer]],
                        .l = l,
                        .stream = ohm_rng_child(&chip->vectors, (uint64_t)layer),
                        .x = x,
                        .y = y,
                        .bias = chip->fold && !chip->measuring ? NULL : ohm_weights_of(chip->w, layer, OHM_BIAS),
                        .positions = l->kind == OHM_CONV ? l->out.h * l->out.w : 1};

    if (run_at_once(&p, n))
        return true;
    p.blocks = (p.positions + PIXELS - 1) / PIXELS;
    (void)ohm_parallel_for(chip->exec.jobs, n * p.blocks, run_block, &p, NULL);
    return true;
}

/* ---- how far the weights are from what they should be ---- */

struct distance {
    double weights, dw, columns, alpha;
};

static void add_tile(struct distance *d, const struct ohm_tile_view *v)
{
    const size_t n = (size_t)v->columns * (size_t)v->rows;
    double sum = 0, most = 0;

    for (size_t i = 0; i < n; i++) {
        sum += fabs((double)v->now[i] - (double)v->target[i]);
        most = fmax(most, fabs((double)v->target[i]));
    }
    d->weights += (double)n;
    d->dw += most > 0 ? sum / most : 0;
    d->columns += v->columns;
    for (int i = 0; i < v->columns; i++)
        d->alpha += (double)v->alpha[i];
}

void chip_distance(const struct chip *chip, double *dw, double *alpha)
{
    struct distance d = {0};

    for (int i = 0; i < chip->matrices; i++)
        for (int g = 0; g < chip->matrix[i].groups; g++)
            for (int k = 0; k < ohm_tiles_count(chip->matrix[i].group[g]); k++) {
                const struct ohm_tile_view v = ohm_tiles_view(chip->matrix[i].group[g], k);

                add_tile(&d, &v);
            }
    *dw = d.weights > 0 ? d.dw / d.weights : 0;
    *alpha = d.columns > 0 ? d.alpha / d.columns : 1;
}
