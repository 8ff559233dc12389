/* analog_range.c - the range of a layer's inputs: at first it follows them, then it is learned. */
#include "train_int.h"

#include "ohm/parallel.h"

#include <math.h>

struct moment_job {
    const float *x;
    int64_t numbers;
    int n;
    enum ohm_isa isa;
    struct ohm_moments part[OHM_CHUNKS];
};

static enum ohm_status add_moments(void *context, int index, int worker, struct ohm_error *err)
{
    struct moment_job *job = context;
    int64_t first;
    const int64_t count = ohm_chunk(job->n, index, &first);

    (void)worker;
    (void)err;
    ohm_moments_add(&job->part[index], job->x + first * job->numbers, count * job->numbers, job->isa);
    return OHM_OK;
}

/* The range follows the inputs of the first batches: range_sigma deviations, averaged over the batches. Inputs of the
 * network itself have no gradient to learn a range by: theirs is the largest number seen. */
void ohm_analog_follow_range(struct ohm_tape *t, int layer, const float *x)
{
    const struct ohm_shape in = t->net->layer[layer].in;
    const bool inner = t->node[t->net->edge[t->net->layer[layer].first_input]].grad;
    struct moment_job job = {.x = x, .n = t->n, .isa = t->exec.isa, .numbers = (int64_t)in.h * in.w * in.c};
    struct ohm_moments m = {0};
    const double n = (double)job.numbers * t->n;
    float *range = ohm_weights_of(t->w, layer, OHM_RANGE);
    double deviation;

    ohm_parallel_for(t->exec.jobs, OHM_CHUNKS, add_moments, &job, NULL);
    for (int i = 0; i < OHM_CHUNKS; i++) {
        m.sum += job.part[i].sum;
        m.squares += job.part[i].squares;
        m.largest = fmaxf(m.largest, job.part[i].largest);
    }
    deviation = n > 1 ? sqrt(fmax(0, (m.squares - m.sum * m.sum / n) / (n - 1))) : 0;
    if (!inner)
        *range = fmaxf(*range, m.largest);
    else
        *range += ((float)(t->analog->range_sigma * deviation) - *range) / (float)(t->step + 1);
    if (!(*range > 0))
        *range = 1; /* inputs that are all alike */
}

/* aihwkit 0.9, input range: the gradient of what is clipped, relative to the range, and the decay. */
static float range_grad(const struct ohm_tape *t, float range, double numbers)
{
    double grad = 0, outside = 0;

    for (int i = 0; i < t->n; i++) {
        grad += t->range_part[i].grad;
        outside += (double)t->range_part[i].outside;
    }
    grad *= range;
    if (numbers - outside > t->analog->range_inside * numbers)
        grad += t->analog->range_decay * range;
    return (float)grad;
}

void ohm_analog_backward_data(struct ohm_tape *t, int layer, float *dx, const float *dy, const float *x)
{
    const struct ohm_unit *node = &t->node[layer];
    const bool learns = t->step >= t->analog->range_batches;
    const float range = *ohm_weights_of(t->w, layer, OHM_RANGE);
    const struct ohm_shape in = t->net->layer[layer].in;
    struct ohm_conv2d d = node->d;

    d.n = t->n;
    ohm_crossbar_backward_data(dx, learns ? t->range_part : NULL, dy, node->packed_back.data, x, range, &d,
                               t->scratch.data, t->exec);
    if (learns)
        t->range_grad.data[layer] = range_grad(t, range, (double)in.h * in.w * in.c * t->n);
}
