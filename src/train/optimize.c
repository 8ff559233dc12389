/* optimize.c - learning rates and steps. */
#include "train_int.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* From 1 at progress 0 to `end` at progress 1, as half a cosine (Loshchilov and Hutter, ICLR 2017, equation 5). */
static double cosine(double progress, double end)
{
    return end + (1 - end) * 0.5 * (1 + cos(pi * progress));
}

/* Smith and Topin 2018, as PyTorch's OneCycleLR with cosine: 30 % of the way up from lr / 25, then down. */
static double one_cycle(double progress, double end)
{
    const double up = 0.3, start = 1.0 / 25;

    if (progress < up)
        return cosine(1 - progress / up, start);
    return cosine((progress - up) / (1 - up), end);
}

double ohm_learning_rate(const struct ohm_recipe *r, double epoch)
{
    const double all = (double)r->epochs, warm = r->schedule == OHM_SCHEDULE_ONECYCLE ? 0 : r->warmup_epochs;
    const double progress = all > warm ? fmin(1, fmax(0, (epoch - warm) / (all - warm))) : 1;

    if (epoch < warm)
        return r->lr * (epoch + 0.01) / (warm + 0.01); /* not quite 0 at the first step */
    switch (r->schedule) {
    case OHM_SCHEDULE_COSINE:
        return r->lr * cosine(progress, r->lr_final);
    case OHM_SCHEDULE_STEP:
        return r->lr * pow(r->step_factor, r->step_epochs > 0 ? floor(epoch / (double)r->step_epochs) : 0);
    case OHM_SCHEDULE_ONECYCLE:
        return r->lr * one_cycle(progress, r->lr_final);
    default:
        return r->lr;
    }
}

/* Weight decay is for matrices: biases and batch norms are left alone (He et al., CVPR 2019, section 3.1). */
static double decay_of(const struct ohm_param *p, const struct ohm_recipe *r)
{
    return p->role == OHM_WEIGHT ? r->weight_decay : 0;
}

static void sgd(float *w, const float *g, float *v, size_t n, const struct ohm_recipe *r, float lr, float decay)
{
    const float momentum = (float)r->momentum;

    for (size_t i = 0; i < n; i++) {
        const float d = g[i] + decay * w[i];

        v[i] = momentum * v[i] + d;
        w[i] -= lr * (r->nesterov ? d + momentum * v[i] : v[i]);
    }
}

/* Loshchilov and Hutter, ICLR 2019, algorithm 2. */
static void adamw(float *w, const float *g, const struct ohm_optimizer_state *s, size_t first, size_t n,
                  const struct ohm_recipe *r, double lr, double decay)
{
    const float b1 = (float)r->beta1, b2 = (float)r->beta2;
    const float rate = (float)(lr / (1 - pow(r->beta1, (double)s->step)));
    const float root = (float)(1 / sqrt(1 - pow(r->beta2, (double)s->step)));
    float *m = s->first + first, *v = s->second + first;

    for (size_t i = 0; i < n; i++) {
        m[i] = b1 * m[i] + (1 - b1) * g[i];
        v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
        w[i] -= (float)(lr * decay) * w[i] + rate * m[i] / (sqrtf(v[i]) * root + 1e-8f);
    }
}

void ohm_optimize(struct ohm_weights *w, const float *grad, struct ohm_optimizer_state *s, const struct ohm_recipe *r,
                  double lr)
{
    s->step++;
    for (int i = 0; i < w->params; i++) {
        const struct ohm_param *p = &w->param[i];

        if (p->first >= w->trainable)
            break;
        if (r->optimizer == OHM_OPTIMIZER_ADAMW)
            adamw(w->value + p->first, grad + p->first, s, p->first, p->count, r, lr, decay_of(p, r));
        else
            sgd(w->value + p->first, grad + p->first, s->first + p->first, p->count, r, (float)lr,
                (float)decay_of(p, r));
    }
}

/* The decay grows with the steps, so that the first weights are soon forgotten (as TensorFlow's num_updates). */
void ohm_average(float *mean, const float *value, size_t n, double decay, int64_t step)
{
    const float d = (float)fmin(decay, (1.0 + (double)step) / (10.0 + (double)step));

    for (size_t i = 0; i < n; i++)
        mean[i] += (1 - d) * (value[i] - mean[i]);
}
