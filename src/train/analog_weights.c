/* analog_weights.c - the weights on crossbars: what the largest is, the noise of a step, where they end. */
#include "train_int.h"

#include <math.h>
#include <string.h>

/* Programming error of a PCM device by its target, c0 + c1 r + c2 r^2 relative to the largest conductance of 25 uS
 * (Nandakumar et al., ICECS 2019: 0.26348, 1.9650, -1.1731 uS). */
static const double pcm[3] = {0.26348 / 25, 1.9650 / 25, -1.1731 / 25};

static int64_t rows_of(const struct ohm_unit *node)
{
    return node->row[node->tiles];
}

/* The largest weight of each column of a tile; with scale = tile, of the tile. 1 where all are 0. */
static void measure(const struct ohm_tape *t, struct ohm_unit *node, int tile, const float *w)
{
    const int first = node->row[tile], rows = node->row[tile + 1] - first;
    float *scale = node->scale.data + (size_t)tile * (size_t)node->d.c_out, all = 0;

    for (int c = 0; c < node->d.c_out; c++) {
        struct ohm_moments m = {0};

        ohm_moments_add(&m, w + c * rows_of(node) + first, rows, t->exec.isa);
        scale[c] = m.largest > 0 ? m.largest : 1;
        all = m.largest > all ? m.largest : all;
    }
    for (int c = 0; c < node->d.c_out && t->analog->scale == OHM_SCALE_TILE; c++)
        scale[c] = all > 0 ? all : 1;
}

/* noisy holds normal numbers, and then the weights with the noise that these stand for. */
static void add_noise(const struct ohm_tape *t, struct ohm_unit *node, const float *w)
{
    const struct ohm_analog *a = t->analog;
    const bool additive = a->noise == OHM_NOISE_ADDITIVE;
    float c[3];

    for (int k = 0; k < 3; k++)
        c[k] = (float)(a->noise_scale * (additive ? k == 0 : pcm[k]));
    for (int column = 0; column < node->d.c_out; column++)
        for (int i = 0; i < node->tiles; i++) {
            const int64_t at = column * rows_of(node) + node->row[i];

            ohm_weight_noise(node->noisy.data + at, w + at, node->noisy.data + at, node->row[i + 1] - node->row[i],
                             node->scale.data[i * node->d.c_out + column], c, t->exec.isa);
        }
}

void ohm_analog_weights(struct ohm_tape *t, int layer)
{
    struct ohm_unit *node = &t->node[layer];
    const float *w = ohm_weights_of(t->w, layer, OHM_WEIGHT);
    const struct ohm_rng named = ohm_rng_named(&t->rng, "weight noise");
    const struct ohm_rng of_step = ohm_rng_child(&named, (uint64_t)t->step);
    const struct ohm_rng rng = ohm_rng_child(&of_step, (uint64_t)layer);

    for (int i = 0; i < node->tiles; i++)
        measure(t, node, i, w);
    if (t->analog->noise != OHM_NOISE_NONE && t->analog->noise_scale > 0) {
        ohm_normals(node->noisy.data, node->noisy.n, &rng, t->exec.isa);
        add_noise(t, node, w);
    } else {
        memcpy(node->noisy.data, w, node->noisy.n * sizeof(*w));
    }
    ohm_crossbar_pack(node->packed.data, node->noisy.data, &node->d, node->row, node->tiles);
}

/* aihwkit's LAYER_GAUSSIAN: the deviation with n - 1 below; here about 0, where weights lie in the mean. */
static void clip_part(float *w, int64_t stride, int c_first, int c_end, int first, int end, double sigma)
{
    const double n = (double)(c_end - c_first) * (end - first);
    struct ohm_moments m = {0};
    double limit;

    for (int c = c_first; c < c_end; c++)
        ohm_moments_add(&m, w + c * stride + first, end - first, OHM_ISA_BEST);
    if (n < 2)
        return;
    limit = sigma * sqrt(fmax(0, (m.squares - m.sum * m.sum / n) / (n - 1)));
    for (int c = c_first; c < c_end && limit > 0; c++)
        ohm_limit(w + c * stride + first, (float)limit, end - first, OHM_ISA_BEST);
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
