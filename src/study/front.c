/* front.c - the non-dominated trials so far, and the volume they dominate. */
#include "study_int.h"

#include "ohm/pareto.h"

#include <math.h>
#include <string.h>

static void note_reference(struct front *f, const double *objective)
{
    for (int k = 0; k < f->m; k++)
        if (f->seen == 0 || objective[k] > f->reference[k])
            f->reference[k] = objective[k];
}

static bool no_worse(const double *a, const double *b, int m)
{
    for (int k = 0; k < m; k++)
        if (!(a[k] <= b[k]))
            return false;
    return true;
}

/* Keeps the front free of dominated and of equal rows. The row that beat the last candidate is moved to the front of
 * the list, since it often beats the next one too. */
enum ohm_status front_add(struct front *f, const double *objective, struct ohm_error *err)
{
    const size_t size = (size_t)f->m * sizeof *objective;
    int kept = 0;

    if (f->seen < REFERENCE_TRIALS)
        note_reference(f, objective);
    f->seen++;
    for (int i = 0; i < f->count; i++) {
        double held[OHM_OBJECTIVES_MAX];
        double *row = f->value + i * f->m;

        if (!no_worse(row, objective, f->m))
            continue;
        memcpy(held, row, size);
        memmove(f->value + f->m, f->value, (size_t)i * size);
        memcpy(f->value, held, size);
        return OHM_OK;
    }
    for (int i = 0; i < f->count; i++)
        if (!no_worse(objective, f->value + i * f->m, f->m))
            memmove(f->value + kept++ * f->m, f->value + i * f->m, size);
    f->count = kept;
    if (!ohm_grow(&f->value, &f->capacity, (size_t)(kept + 1) * (size_t)f->m, sizeof *f->value))
        return ohm_fail(err, OHM_ENOMEM, "out of memory for the front");
    memcpy(f->value + kept * f->m, objective, size);
    f->count = kept + 1;
    f->changed = true;
    return OHM_OK;
}

enum ohm_status front_volume(struct front *f, int64_t trials, double *volume, struct ohm_error *err)
{
    enum ohm_status st;

    *volume = NAN;
    if (f->seen < REFERENCE_TRIALS)
        return OHM_OK;
    if (f->m > 2 && trials < f->volume_at + f->volume_at / 20)
        return OHM_OK;
    if (f->changed) {
        st = ohm_hypervolume(f->value, f->count, f->m, f->reference, &f->volume, err);
        if (st != OHM_OK)
            return st;
    }
    f->changed = false;
    f->volume_at = trials;
    *volume = f->volume;
    return OHM_OK;
}

void front_release(struct front *f)
{
    ohm_free(f->value);
    *f = (struct front){ 0 };
}
