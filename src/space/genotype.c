/* genotype.c - what a genotype means: which axes are active, whether it is legal, its values and its id. */
#include "space_int.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

uint64_t ohm_genotype_mask(const struct ohm_space *space, const struct ohm_genotype *g)
{
    uint64_t active = 0;

    /* A condition uses earlier axes only: one pass in order settles all. */
    for (int i = 0; i < space->axes; i++) {
        const struct ohm_predicate *const when = space->axis[i].when;

        if (!when || ohm_condition_holds(space, when, g->gene, active))
            active |= ohm_axis_bit(i);
    }
    return active;
}

int ohm_genotype_broken(const struct ohm_space *space, const struct ohm_genotype *g, uint64_t active)
{
    for (int i = 0; i < space->constraints; i++)
        if (!ohm_constraint_met(space, &space->constraint[i], g->gene, active))
            return i;
    return -1;
}

bool ohm_genotype_canonical(const struct ohm_space *space, struct ohm_genotype *g)
{
    uint64_t active = 0;
    bool changed = false;

    for (int i = 0; i < space->axes; i++) {
        const struct ohm_predicate *const when = space->axis[i].when;

        if (!when || ohm_condition_holds(space, when, g->gene, active)) {
            active |= ohm_axis_bit(i);
        } else if (g->gene[i] != 0) {
            g->gene[i] = 0;
            changed = true;
        }
    }
    return changed;
}

bool ohm_genotype_active(const struct ohm_space *space, const struct ohm_genotype *g, int axis)
{
    return !space->axis[axis].when || (ohm_genotype_mask(space, g) & ohm_axis_bit(axis)) != 0;
}

enum ohm_status ohm_genotype_check(const struct ohm_space *space, const struct ohm_genotype *g, struct ohm_error *err)
{
    uint64_t active;
    int broken;

    for (int i = 0; i < OHM_GENES_MAX; i++) {
        const int size = i < space->axes ? space->axis[i].shown.size : 1;

        if (g->gene[i] >= size)
            return ohm_fail(err, OHM_ERANGE, "gene %d (axis '%s') is %d, outside [0, %d]", i,
                            i < space->axes ? space->axis[i].shown.name : "none", g->gene[i], size - 1);
    }
    active = ohm_genotype_mask(space, g);
    for (int i = 0; i < space->axes; i++)
        if (!(active & ohm_axis_bit(i)) && g->gene[i] != 0)
            return ohm_fail(err, OHM_ERANGE, "axis '%s' is inactive, and its gene is %d instead of 0",
                            space->axis[i].shown.name, g->gene[i]);
    if ((broken = ohm_genotype_broken(space, g, active)) >= 0)
        return ohm_fail(err, OHM_EUNFIT, "the constraint '%s' of space '%s' is not met",
                        ohm_expr_source(space->constraint[broken].expr), space->name);
    return OHM_OK;
}

bool ohm_genotype_equal(const struct ohm_genotype *a, const struct ohm_genotype *b)
{
    return memcmp(a->gene, b->gene, sizeof a->gene) == 0;
}

void ohm_genotype_values(const struct ohm_space *space, const struct ohm_genotype *g, double *value)
{
    const uint64_t active = ohm_genotype_mask(space, g);

    for (int i = 0; i < space->axes; i++)
        value[i] = active & ohm_axis_bit(i) ? space->axis[i].shown.value[g->gene[i]] : (double)NAN;
}

/* A sum does not depend on the order of the axes: moving a line of the file renames no network. */
uint64_t ohm_genotype_id(const struct ohm_space *space, const struct ohm_genotype *g)
{
    const uint64_t active = ohm_genotype_mask(space, g);
    uint64_t sum = 0, id;

    for (int i = 0; i < space->axes; i++)
        sum += active & ohm_axis_bit(i) ? space->axis[i].hash[g->gene[i]] : 0;
    id = ohm_hash_mix(space->name_hash, sum);
    return id ? id : 1;
}

char *ohm_id_text(uint64_t id, char buffer[OHM_ID_TEXT_SIZE])
{
    snprintf(buffer, OHM_ID_TEXT_SIZE, "n:%012llx", (unsigned long long)(id >> 16));
    return buffer;
}
