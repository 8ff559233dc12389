/* judge.c - accuracy of a network, and what must be known before: input ranges, statistics of batch norms. */
#include "train_int.h"

#include "ohm/mem.h"
#include "ohm/stat.h"

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Samples [first, first + n) of a part into the tape's input. */
static enum ohm_status fill(struct ohm_tape *t, int32_t *label, int *number, const struct ohm_samples *samples,
                            int part, int first, int n, struct ohm_error *err)
{
    for (int i = 0; i < n; i++)
        number[i] = first + i;
    return samples->fill(samples->context, ohm_tape_input(t), label, part, number, n, NULL, t->exec.jobs, err);
}

static void wilson(struct ohm_score_counts *s)
{
    s->low = 0;
    s->high = 1;
    if (s->samples > 0)
        ohm_wilson(&s->low, &s->high, (double)s->correct, (double)s->samples);
}

enum ohm_status ohm_tape_judge(struct ohm_score_counts *score, struct ohm_tape *t, const struct ohm_samples *samples,
                               struct ohm_error *err)
{
    const int all = samples->count[1], classes = t->net->classes;
    int32_t *label = ohm_alloc((size_t)t->batch, sizeof(*label));
    int *number = ohm_alloc((size_t)t->batch, sizeof(*number));
    float *target = ohm_alloc((size_t)t->batch * (size_t)classes, sizeof(*target));
    struct ohm_score_counts s = {0};
    enum ohm_status st = OHM_OK;

    if (!label || !number || !target)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    if (st == OHM_OK)
        ohm_tape_pack(t);
    for (int first = 0; first < all && st == OHM_OK; first += t->batch) {
        const int n = smaller(t->batch, all - first);

        if ((st = fill(t, label, number, samples, 1, first, n, err)) != OHM_OK)
            break;
        ohm_tape_forward(t, n);
        t->step++;
        ohm_smooth_targets(target, label, n, classes, 0);
        s.loss += ohm_softmax_cross_entropy(NULL, ohm_tape_output(t), target, n, classes, 1);
        s.correct += ohm_count_correct(ohm_tape_output(t), label, n, classes);
        s.samples += n;
    }
    if (s.samples > 0)
        s.loss /= (double)s.samples;
    wilson(&s);
    if (st == OHM_OK)
        *score = s;
    ohm_free(label);
    ohm_free(number);
    ohm_free(target);
    return st;
}

enum ohm_status ohm_tape_reestimate(struct ohm_tape *t, const struct ohm_samples *samples, int batches,
                                    struct ohm_error *err)
{
    int32_t *label = ohm_alloc((size_t)t->batch, sizeof(*label));
    int *number = ohm_alloc((size_t)t->batch, sizeof(*number));
    const float momentum = t->momentum;
    enum ohm_status st = OHM_OK;

    if (!label || !number)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < batches && st == OHM_OK; i++) {
        const int n = smaller(t->batch, samples->count[0]);
        const int first = samples->count[0] > n ? (int)((int64_t)i * n % (samples->count[0] - n)) : 0;

        t->momentum = 1.0f / (float)(i + 1); /* the mean of all batches */
        ohm_tape_pack(t);
        if ((st = fill(t, label, number, samples, 0, first, n, err)) == OHM_OK)
            ohm_tape_forward(t, n);
        t->step++;
    }
    t->momentum = momentum;
    ohm_free(label);
    ohm_free(number);
    return st;
}

/* Is there a layer whose input range nothing has set yet? */
static bool range_missing(const struct ohm_weights *w)
{
    for (int i = 0; i < w->params; i++)
        if (w->param[i].role == OHM_RANGE && !(w->value[w->param[i].first] > 0))
            return true;
    return false;
}

/* Ranges from some batches of training samples, seen with exact weights; batch norms keep what they know. */
static enum ohm_status find_ranges(struct ohm_weights *w, const struct ohm_samples *samples,
                                   const struct ohm_analog *analog, int batch, int jobs, struct ohm_error *err)
{
    struct ohm_analog exact = *analog;
    struct ohm_tape *t = NULL;
    float *value = ohm_alloc(w->count, sizeof(*value));
    const int batches = smaller(smaller((int)analog->range_batches, 10), samples->count[0]);
    enum ohm_status st = value ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");

    exact.noise = OHM_NOISE_NONE;
    if (st == OHM_OK && batches == 0)
        st = ohm_fail(err, OHM_EDATA, "the input ranges are not known, and there are no training samples to find them");
    for (size_t i = 0; i < w->count && value; i++)
        value[i] = w->value[i];
    if (st == OHM_OK && (st = ohm_tape_create(&t, w, &exact, batch, true, jobs, err)) == OHM_OK)
        st = ohm_tape_reestimate(t, samples, batches, err);
    for (int i = 0; i < w->params && value; i++)
        for (size_t k = 0; k < w->param[i].count && w->param[i].role != OHM_RANGE; k++)
            w->value[w->param[i].first + k] = value[w->param[i].first + k];
    ohm_tape_free(t);
    ohm_free(value);
    return st;
}

enum ohm_status ohm_net_judge(struct ohm_score_counts *score, struct ohm_weights *w, const struct ohm_samples *samples,
                              const struct ohm_analog *analog, uint64_t seed, int batch, int jobs,
                              struct ohm_error *err)
{
    struct ohm_tape *t = NULL;
    enum ohm_status st = OHM_OK;

    if (analog && analog->on && range_missing(w))
        st = find_ranges(w, samples, analog, batch, jobs, err);
    if (st == OHM_OK && (st = ohm_tape_create(&t, w, analog, batch, false, jobs, err)) == OHM_OK) {
        t->rng = ohm_rng_seed(seed);
        ohm_analog_pool(t, 0);
        st = ohm_tape_judge(score, t, samples, err);
    }
    ohm_tape_free(t);
    return st;
}
