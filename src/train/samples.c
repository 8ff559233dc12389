/* samples.c - a data set as a source of batches. */
#include "ohm/train.h"

#include "ohm/mem.h"

static enum ohm_status fill(void *context, float *x, int32_t *label, int part, const int *sample, int n,
                            const struct ohm_rng *augment, int jobs, struct ohm_error *err)
{
    const struct ohm_data_parts *parts = context;
    int *number = ohm_alloc((size_t)n, sizeof(*number));
    enum ohm_status st;

    if (!number)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < n; i++)
        number[i] = parts->sample[part][sample[i]];
    st = ohm_batch_fill(parts->data, x, label, number, n, augment, jobs, err);
    ohm_free(number);
    return st;
}

struct ohm_samples ohm_samples_of_data(struct ohm_data_parts *parts, const struct ohm_data *data, enum ohm_split train,
                                       enum ohm_split judge)
{
    struct ohm_samples s = {.context = parts, .fill = fill};

    parts->data = data;
    parts->sample[0] = ohm_data_split(data, train, &s.count[0]);
    parts->sample[1] = ohm_data_split(data, judge, &s.count[1]);
    return s;
}
