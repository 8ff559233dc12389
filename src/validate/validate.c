/* validate.c - draws of the hardware, one after the other, each judged at all times. */
#include "validate_int.h"

#include "ohm/mem.h"
#include "ohm/stat.h"

#include <assert.h>
#include <string.h>

/* Fewer draws say too little about their own spread to end by it. */
enum { DRAWS_MIN = 3 };

struct run {
    const struct ohm_validate_spec *spec;
    struct ohm_validate_result result;
    struct chip *chip;
    struct judge judge;
    double *dw, *alpha; /* [times]: sums over reads and draws */
    double *scratch;    /* [draws * reads] */
};

void ohm_validate_result_release(struct ohm_validate_result *r)
{
    ohm_free(r->moment);
    ohm_free(r->top1);
    *r = (struct ohm_validate_result){0};
}

static void release(struct run *r)
{
    judge_release(&r->judge);
    chip_free(r->chip);
    ohm_validate_result_release(&r->result);
    ohm_free(r->dw);
    ohm_free(r->alpha);
    ohm_free(r->scratch);
}

/* A stream named by a number. */
static struct ohm_rng child_of(const struct ohm_rng *parent, double value)
{
    const double one_zero = value > 0 ? value : 0;
    uint64_t bits;

    memcpy(&bits, &one_zero, sizeof bits);
    return ohm_rng_child(parent, bits);
}

static enum ohm_status judge_digital(struct run *r, struct ohm_error *err)
{
    struct judge digital;
    int64_t correct = 0;
    enum ohm_status st = judge_init(&digital, r->spec, NULL, err);

    if (st == OHM_OK)
        st = judge_run(&digital, &correct, err);
    if (st == OHM_OK) {
        r->result.samples = digital.count;
        ohm_wilson(&r->result.digital_low, &r->result.digital_high, (double)correct, digital.count);
        r->result.digital_low *= 100;
        r->result.digital_high *= 100;
        r->result.digital = 100.0 * (double)correct / digital.count;
        judge_release(&digital);
    }
    return st;
}

static enum ohm_status read_once(struct run *r, int draw, int time, int read, struct ohm_error *err)
{
    const struct ohm_validate_spec *const s = r->spec;
    const struct ohm_rng root = ohm_rng_seed(s->seed), draws = ohm_rng_named(&root, "draw");
    const struct ohm_rng own = ohm_rng_child(&draws, (uint64_t)draw), reads = ohm_rng_named(&own, "read");
    const struct ohm_rng of_read = ohm_rng_child(&reads, (uint64_t)read), moment = child_of(&of_read, s->t_s[time]);
    const struct ohm_rng weights = ohm_rng_named(&moment, "weights");
    double dw, alpha;
    int64_t correct = 0;
    enum ohm_status st = chip_read(r->chip, s->t_s[time], &weights, err);

    r->chip->vectors = ohm_rng_named(&moment, "vectors");
    if (st != OHM_OK || (st = judge_run(&r->judge, &correct, err)) != OHM_OK)
        return st;
    chip_distance(r->chip, &dw, &alpha);
    r->dw[time] += dw;
    r->alpha[time] += alpha;
    r->result.top1[((size_t)draw * (size_t)s->times + (size_t)time) * (size_t)s->reads + (size_t)read] =
        100.0 * (double)correct / r->judge.count;
    return OHM_OK;
}

static enum ohm_status tell(const struct run *r, int draw, int time, struct ohm_error *err)
{
    const struct ohm_validate_spec *const s = r->spec;
    const size_t last = ((size_t)draw * (size_t)s->times + (size_t)time + 1) * (size_t)s->reads - 1;
    const struct ohm_validate_progress p = {
        .draw = draw + 1, .draws = s->draws, .time = time, .top1 = r->result.top1[last]};

    if (!s->progress || s->progress(s->context, &p))
        return OHM_OK;
    return ohm_fail(err, OHM_EINTR, "stopped in draw %d of %d", draw + 1, s->draws);
}

static enum ohm_status draw_once(struct run *r, int draw, struct ohm_error *err)
{
    const struct ohm_rng root = ohm_rng_seed(r->spec->seed), draws = ohm_rng_named(&root, "draw");
    const struct ohm_rng own = ohm_rng_child(&draws, (uint64_t)draw), program = ohm_rng_named(&own, "program");
    enum ohm_status st = chip_program(r->chip, &program, err);

    for (int i = 0; i < r->spec->times && st == OHM_OK; i++) {
        for (int k = 0; k < r->spec->reads && st == OHM_OK; k++)
            st = read_once(r, draw, i, k, err);
        if (st == OHM_OK)
            st = tell(r, draw, i, err);
    }
    return st;
}

static enum ohm_status run_draws(struct run *r, struct ohm_error *err)
{
    const struct ohm_validate_spec *const s = r->spec;
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < s->draws && st == OHM_OK; i++) {
        if ((st = draw_once(r, i, err)) != OHM_OK)
            break;
        r->result.draws = i + 1;
        summarize(&r->result, r->scratch);
        if (s->width > 0 && i + 1 >= DRAWS_MIN && narrow_enough(&r->result, s->width))
            break;
    }
    for (int i = 0; i < s->times && st == OHM_OK; i++) {
        r->result.moment[i].dw = r->dw[i] / r->result.draws / s->reads;
        r->result.moment[i].alpha = r->alpha[i] / r->result.draws / s->reads;
    }
    return st;
}

static enum ohm_status get_memory(struct run *r, struct ohm_error *err)
{
    const struct ohm_validate_spec *const s = r->spec;
    const size_t times = (size_t)s->times;
    size_t each, all;

    if (!ohm_mul_size(&each, (size_t)s->draws, (size_t)s->reads) || !ohm_mul_size(&all, each, times) || all > INT32_MAX)
        return ohm_fail(err, OHM_ERANGE, "%d draws of %d reads at %d times are more than 2^31 accuracies", s->draws,
                        s->reads, s->times);
    r->result.times = s->times;
    r->result.reads = s->reads;
    r->result.moment = ohm_alloc(times, sizeof *r->result.moment);
    r->result.top1 = ohm_alloc(all, sizeof *r->result.top1);
    r->dw = ohm_alloc(times, sizeof *r->dw);
    r->alpha = ohm_alloc(times, sizeof *r->alpha);
    r->scratch = ohm_alloc(each, sizeof *r->scratch);
    if (!r->result.moment || !r->result.top1 || !r->dw || !r->alpha || !r->scratch)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < s->times; i++)
        r->result.moment[i].t_s = s->t_s[i];
    return OHM_OK;
}

/* Times are checked before anything takes time. */
static enum ohm_status check_times(const struct ohm_validate_spec *s, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < s->times && st == OHM_OK && s->device; i++) {
        struct ohm_moment moment;

        st = ohm_moment_init(&moment, s->device, s->t_s[i], err);
    }
    return st;
}

enum ohm_status ohm_validate(struct ohm_validate_result *result, const struct ohm_validate_spec *spec,
                             struct ohm_error *err)
{
    struct run r = {.spec = spec};
    enum ohm_status st;

    assert(spec->times >= 1 && spec->draws >= 1 && spec->reads >= 1 && spec->batch >= 1 && spec->jobs >= 1);
    if ((st = ohm_tile_config_check(spec->tile, err)) == OHM_OK && (st = check_times(spec, err)) == OHM_OK &&
        (st = get_memory(&r, err)) == OHM_OK && (st = judge_digital(&r, err)) == OHM_OK &&
        (st = find_ranges(spec, &r.result.calibrated, err)) == OHM_OK &&
        (st = chip_create(&r.chip, spec, err)) == OHM_OK && (st = judge_init(&r.judge, spec, r.chip, err)) == OHM_OK &&
        (st = run_draws(&r, err)) == OHM_OK) {
        *result = r.result;
        r.result = (struct ohm_validate_result){0};
    }
    release(&r);
    return st;
}
