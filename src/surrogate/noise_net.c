/* noise_net.c - signal and noise, layer by layer. noise_int.h states what is assumed.
 *
 * Behind a batch norm a ReLU multiplies the ratio of noise to signal by pi / (pi - 1): half of the noise passes, and of
 * the signal's variance only 1/2 - 1 / (2 pi), because the mean that is left is the same for all inputs. It is the rate
 * at which Yang et al., "A mean field theory of batch normalization" (ICLR 2019), find that small differences grow. */
#include "noise_int.h"

#include <math.h>

struct signal {
    double power, mean; /* variance and mean over inputs; power 0: it says nothing */
    double weights[OHM_PHYSICS_TIMES_MAX], converters[OHM_PHYSICS_TIMES_MAX]; /* variances of noise */
};

struct run {
    const struct ohm_physics *p;
    const struct ohm_net *net;
    struct ohm_noise_estimate *out;
    struct signal at[NOISE_REACH]; /* layer i is at i % NOISE_REACH */
};

static double square(double x)
{
    return x * x;
}

/* Variance of rounding to 2^bits - 1 levels within [-bound, bound]. */
static double rounding(int64_t bits, double bound)
{
    return bits < 2 ? 0 : square(2 * bound / (double)(((int64_t)1 << bits) - 2)) / 12;
}

double ohm_converter_noise(const struct ohm_physics *p, double rows, double parts, double input_power,
                           double weight_power, double slope)
{
    const double each = (square(p->out_noise) + rounding(p->adc_bits, p->adc_bound)) * (double)p->conversions;

    return rounding(p->dac_bits, 1) / input_power + parts * each / (rows * weight_power * input_power * square(slope));
}

/* Noise over signal is kept, the signal's variance becomes 1 and its mean 0. */
static void normalise(struct signal *s, int times)
{
    if (!(s->power > 0)) {
        *s = (struct signal){0};
        return;
    }
    for (int t = 0; t < times; t++) {
        s->weights[t] /= s->power;
        s->converters[t] /= s->power;
    }
    s->power = 1;
    s->mean = 0;
}

/* A normal value of this mean and variance, held to above 0. */
static void rectify(struct signal *s, int times)
{
    const double sd = sqrt(s->power), a = sd > 0 ? s->mean / sd : 0;
    const double pass = 0.5 * erfc(-a * 0.7071067811865476), density = 0.3989422804014327 * exp(-0.5 * a * a);
    const double mean = s->mean * pass + sd * density;

    if (!(sd > 0))
        return;
    s->power = fmax((s->mean * s->mean + s->power) * pass + s->mean * sd * density - mean * mean, 0);
    s->mean = mean;
    for (int t = 0; t < times; t++) {
        s->weights[t] *= pass;
        s->converters[t] *= pass;
    }
}

static void average(struct signal *s, double positions, int times)
{
    for (int t = 0; t < times; t++)
        s->converters[t] /= positions;
}

/* Errors of weights meet the mean of the inputs too, which says nothing about the input. */
static void multiply(struct run *r, struct signal *s, const struct ohm_layer *layer)
{
    const struct ohm_physics *const p = r->p;
    const double range2 = square(p->range_sigma), depth = r->net->depth > 0 ? r->net->depth : 1;
    double met;
    int64_t rows, cols, positions;

    if (!(s->power > 0)) {
        *s = (struct signal){0};
        return;
    }
    met = 1 + square(s->mean) / s->power;
    normalise(s, p->time_count);
    ohm_layer_matrix(layer, &rows, &cols, &positions);
    for (int t = 0; t < p->time_count; t++) {
        const struct ohm_weight_error *const w = &p->time[t].weight;
        const double parts = (double)((rows + p->tile_rows - 1) / p->tile_rows), of_weights = w->error * met;
        const double of_converters = ohm_converter_noise(p, (double)rows, parts, 1 / range2, p->weight_power, w->slope);

        s->weights[t] += of_weights;
        s->converters[t] += of_converters;
        if (of_weights + of_converters > r->out->time[t].worst) {
            r->out->time[t].worst = of_weights + of_converters;
            if (t == p->time_count - 1)
                r->out->worst_depth = layer->depth / depth;
        }
    }
}

/* Sum of all inputs, each times its share: 1 for a sum, its part of the channels for a concatenation. */
static void join(struct run *r, struct signal *s, int index)
{
    const struct ohm_net *const net = r->net;
    const struct ohm_layer *const layer = &net->layer[index];

    for (int k = 0; k < layer->inputs; k++) {
        const int from = net->edge[layer->first_input + k];
        const struct signal *const x = &r->at[from % NOISE_REACH];
        const double share = layer->kind == OHM_CONCAT ? (double)net->layer[from].out.c / (double)layer->out.c : 1;

        s->power += share * x->power;
        s->mean += share * x->mean;
        for (int t = 0; t < r->p->time_count; t++) {
            s->weights[t] += share * x->weights[t];
            s->converters[t] += share * x->converters[t];
        }
    }
}

static void pass(struct run *r, int index)
{
    const struct ohm_layer *const layer = &r->net->layer[index];
    const int times = r->p->time_count;
    struct signal s = {0};

    if (layer->live && layer->inputs > 0)
        join(r, &s, index);
    if (layer->kind == OHM_INPUT)
        s.power = 1;
    else if (layer->kind == OHM_BATCH_NORM)
        normalise(&s, times);
    else if (layer->kind == OHM_RELU)
        rectify(&s, times);
    else if (layer->kind == OHM_AVG_POOL)
        average(&s, (double)layer->k_h * layer->k_w, times);
    else if (layer->kind == OHM_GLOBAL_AVG_POOL)
        average(&s, (double)layer->in.h * layer->in.w, times);
    else if (layer->kind == OHM_ZERO)
        s = (struct signal){0};
    else if (layer->live && ohm_layer_is_mvm(layer->kind))
        multiply(r, &s, layer);
    r->at[index % NOISE_REACH] = s;
}

static bool within_reach(const struct ohm_net *net)
{
    for (int i = 0; i < net->layers; i++)
        for (int k = 0; k < net->layer[i].inputs; k++)
            if (i - net->edge[net->layer[i].first_input + k] >= NOISE_REACH)
                return false;
    return net->layers - 1 - net->output < NOISE_REACH;
}

void ohm_noise_estimate(struct ohm_noise_estimate *out, const struct ohm_physics *p, const struct ohm_net *net)
{
    struct run r;
    const struct signal *last;

    *out = (struct ohm_noise_estimate){.known = within_reach(net)};
    if (!out->known)
        return;
    r.p = p;
    r.net = net;
    r.out = out;
    for (int i = 0; i < net->layers; i++)
        pass(&r, i);
    last = &r.at[net->output % NOISE_REACH];
    for (int t = 0; t < p->time_count; t++) {
        const double noise = last->weights[t] + last->converters[t];

        out->time[t].snr = noise > 0 ? last->power / noise : last->power > 0 ? (double)INFINITY : 0;
        out->time[t].converters = noise > 0 ? last->converters[t] / noise : 0;
    }
}
