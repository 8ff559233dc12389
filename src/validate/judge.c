/* judge.c - the share of samples that a network answers correctly.
 *
 * AdaBS (Joshi et al., Nat. Commun. 11, 2473, 2020): the statistics of batch norms are taken anew from training samples
 * that go through the hardware as it is. Here all layers are done in one pass: each batch is normalised by itself, as
 * in training, and what counts is the mean over batches. Their size is fixed, so that --batch does not show in a bit.
 */
#include "validate_int.h"

#include "ohm/mem.h"
#include "ohm/ops.h"

enum { BN_BATCH = 100 };

int spread(int index, int count, int all)
{
    return (int)((int64_t)index * all / count);
}

void judge_release(struct judge *j)
{
    ohm_forward_free(j->forward);
    ohm_free(j->label);
    ohm_free(j->number);
    ohm_free(j->bn_sample);
    *j = (struct judge){0};
}

/* Files of samples may be sorted by class, and a batch of one class has statistics of its own: they come shuffled, in
 * the same order for every read. */
static enum ohm_status choose_bn_samples(struct judge *j, struct ohm_error *err)
{
    const int all = j->spec->samples->count[0];
    const struct ohm_rng root = ohm_rng_seed(j->spec->seed);
    struct ohm_rng order = ohm_rng_named(&root, "batch_norm");

    if (j->spec->bn_samples > 0 && all < 1)
        return ohm_fail(err, OHM_EDATA, "there are no training samples to take the statistics of batch norms from");
    j->bn_count = j->spec->bn_samples < all ? j->spec->bn_samples : all;
    if (!(j->bn_sample = ohm_alloc((size_t)j->bn_count, sizeof *j->bn_sample)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < j->bn_count; i++)
        j->bn_sample[i] = spread(i, j->bn_count, all);
    ohm_rng_shuffle(&order, j->bn_sample, j->bn_count);
    return OHM_OK;
}

enum ohm_status judge_init(struct judge *j, const struct ohm_validate_spec *spec, struct chip *chip,
                           struct ohm_error *err)
{
    const int all = spec->samples->count[1];
    enum ohm_status st = OHM_OK;
    int most; /* images of a batch of either kind */

    *j = (struct judge){.spec = spec, .chip = chip, .count = spec->count > 0 && spec->count < all ? spec->count : all};
    if (all < 1)
        return ohm_fail(err, OHM_EDATA, "there are no samples to judge with");
    j->batch = spec->batch < j->count ? spec->batch : j->count;
    if (chip && (st = choose_bn_samples(j, err)) != OHM_OK)
        return st;
    most = j->bn_count < BN_BATCH ? j->bn_count : BN_BATCH;
    most = j->batch > most ? j->batch : most;
    j->label = ohm_alloc((size_t)most, sizeof *j->label);
    j->number = ohm_alloc((size_t)j->batch, sizeof *j->number);
    if (!j->label || !j->number)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    else
        st = ohm_forward_create(&j->forward, chip ? chip->around : spec->w, most, spec->jobs,
                                chip ? chip_multiply : NULL, chip, err);
    if (st != OHM_OK)
        judge_release(j);
    return st;
}

/* Batches of equal size, as nearly as can be. */
enum ohm_status judge_statistics(struct judge *j, struct ohm_error *err)
{
    const struct ohm_samples *const s = j->spec->samples;
    const int batches = (j->bn_count + BN_BATCH - 1) / BN_BATCH;
    enum ohm_status st = ohm_forward_statistics(j->forward, OHM_BN_OF_BATCH, err);

    for (int i = 0; i < batches && st == OHM_OK; i++) {
        const int first = spread(i, batches, j->bn_count), n = spread(i + 1, batches, j->bn_count) - first;

        st = s->fill(s->context, ohm_forward_input(j->forward), j->label, 0, j->bn_sample + first, n, NULL,
                     j->spec->jobs, err);
        j->chip->first = (uint64_t)first;
        if (st == OHM_OK)
            (void)ohm_forward_run(j->forward, n);
    }
    return st == OHM_OK ? ohm_forward_statistics(j->forward, OHM_BN_COLLECTED, err) : st;
}

/* Right ones among n answers, each noted with its sample. */
static int note_answers(struct judge *j, const float *output, int first, int n)
{
    const int classes = j->spec->w->net->classes;
    int sum = 0;

    for (int i = 0; i < n; i++) {
        const int right = ohm_count_correct(output + (size_t)i * (size_t)classes, j->label + i, 1, classes);

        j->answers->sample[first + i] = j->number[i];
        j->answers->label[first + i] = j->label[i];
        j->right[first + i] += right;
        sum += right;
    }
    return sum;
}

enum ohm_status judge_run(struct judge *j, int64_t *correct, struct ohm_error *err)
{
    const struct ohm_samples *const s = j->spec->samples;
    int64_t sum = 0;

    for (int first = 0; first < j->count; first += j->batch) {
        const int n = j->count - first < j->batch ? j->count - first : j->batch;
        const float *output;
        enum ohm_status st;

        for (int i = 0; i < n; i++)
            j->number[i] = spread(first + i, j->count, s->count[1]);
        if ((st = s->fill(s->context, ohm_forward_input(j->forward), j->label, 1, j->number, n, NULL, j->spec->jobs,
                          err)) != OHM_OK)
            return st;
        if (j->chip)
            j->chip->first = (uint64_t)first;
        output = ohm_forward_run(j->forward, n);
        sum += j->answers ? note_answers(j, output, first, n)
                          : ohm_count_correct(output, j->label, n, j->spec->w->net->classes);
    }
    *correct = sum;
    return OHM_OK;
}
