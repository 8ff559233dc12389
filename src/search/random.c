/* random.c - networks drawn at random: what every other strategy must beat. */
#include "ohm/mem.h"
#include "search_int.h"

struct ohm_random_options {
    int64_t batch;
};

static const struct ohm_field fields[] = {
    OHM_INT(ohm_random_options, batch, 64, 1, 100000, "networks drawn together"),
    OHM_FIELDS_END,
};

struct random {
    struct drawer drawer;
    int batch;
};

static enum ohm_status create(void **self, const struct ohm_problem *problem, const void *options,
                              struct ohm_error *err)
{
    const struct ohm_random_options *o = options;
    struct random *r = ohm_alloc(1, sizeof *r);

    if (!r)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    drawer_init(&r->drawer, problem);
    r->batch = (int)o->batch;
    *self = r;
    return OHM_OK;
}

static void destroy(void *self)
{
    struct random *r = self;

    drawer_release(&r->drawer);
    ohm_free(r);
}

static int batch(const void *self)
{
    const struct random *r = self;

    return r->batch;
}

static enum ohm_status ask(void *self, struct ohm_candidate *out, int room, int *n, struct ohm_rng *rng,
                           struct ohm_error *err)
{
    struct random *r = self;
    enum ohm_status st = OHM_OK;
    bool found = true;

    for (*n = 0; *n < r->batch && *n < room && st == OHM_OK; *n += found) {
        st = draw_sample(&r->drawer, &out[*n], &found, rng, err);
        if (!found)
            break;
    }
    return st;
}

static enum ohm_status tell(void *self, const struct ohm_candidate *asked, const struct ohm_outcome *outcome, int n,
                            struct ohm_error *err)
{
    (void)self, (void)asked, (void)outcome, (void)n, (void)err; /* chance learns nothing */
    return OHM_OK;
}

const struct ohm_strategy_ops random_ops = {
    .name = "random",
    .help = "networks drawn at random, never twice: the yardstick for the others",
    .fields = fields,
    .options_size = sizeof(struct ohm_random_options),
    .multi_objective = true,
    .create = create,
    .ask = ask,
    .tell = tell,
    .batch = batch,
    .free = destroy,
};
