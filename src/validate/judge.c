/* judge.c - the share of samples that a network answers correctly. */
#include "validate_int.h"

#include "ohm/mem.h"
#include "ohm/ops.h"

int spread(int index, int count, int all)
{
    return (int)((int64_t)index * all / count);
}

void judge_release(struct judge *j)
{
    ohm_forward_free(j->forward);
    ohm_free(j->label);
    ohm_free(j->number);
    *j = (struct judge){0};
}

enum ohm_status judge_init(struct judge *j, const struct ohm_validate_spec *spec, struct chip *chip,
                           struct ohm_error *err)
{
    const int all = spec->samples->count[1];
    enum ohm_status st;

    *j = (struct judge){.spec = spec, .chip = chip, .count = spec->count > 0 && spec->count < all ? spec->count : all};
    if (all < 1)
        return ohm_fail(err, OHM_EDATA, "there are no samples to judge with");
    j->batch = spec->batch < j->count ? spec->batch : j->count;
    j->label = ohm_alloc((size_t)j->batch, sizeof *j->label);
    j->number = ohm_alloc((size_t)j->batch, sizeof *j->number);
    if (!j->label || !j->number)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    else
        st = ohm_forward_create(&j->forward, chip ? chip->around : spec->w, j->batch, spec->jobs,
                                chip ? chip_multiply : NULL, chip, err);
    if (st != OHM_OK)
        judge_release(j);
    return st;
}

enum ohm_status judge_run(struct judge *j, int64_t *correct, struct ohm_error *err)
{
    const struct ohm_samples *const s = j->spec->samples;
    int64_t sum = 0;

    for (int first = 0; first < j->count; first += j->batch) {
        const int n = j->count - first < j->batch ? j->count - first : j->batch;
        enum ohm_status st;

        for (int i = 0; i < n; i++)
            j->number[i] = spread(first + i, j->count, s->count[1]);
        if ((st = s->fill(s->context, ohm_forward_input(j->forward), j->label, 1, j->number, n, NULL, j->spec->jobs,
                          err)) != OHM_OK)
            return st;
        if (j->chip)
            j->chip->first = (uint64_t)first;
        sum += ohm_count_correct(ohm_forward_run(j->forward, n), j->label, n, j->spec->w->net->classes);
    }
    *correct = sum;
    return OHM_OK;
}
