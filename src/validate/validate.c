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
    double *scratch; /* [draws * reads] */
};

void ohm_validate_result_release(struct ohm_validate_result *r)
{
    ohm_free(r->moment);
    ohm_free(r->reading);
    ohm_free(r->answers.sample);
    ohm_free(r->answers.label);
    ohm_free(r->answers.right);
    *r = (struct ohm_validate_result){0};
}

static void release(struct run *r)
{
    judge_release(&r->judge);
    chip_free(r->chip);
    ohm_validate_result_release(&r->result);
    ohm_free(r->scratch);
}

static struct ohm_validate_reading *reading_of(const struct run *r, int draw, int time, int read)
{
    const struct ohm_validate_spec *const s = r->spec;

    return &r->result.reading[((size_t)draw * (size_t)s->times + (size_t)time) * (size_t)s->reads + (size_t)read];
}

/* A stream named by a number. */
static struct ohm_rng child_of(const struct ohm_rng *parent, double value)
{
    const double one_zero = value > 0 ? value : 0;
    uint64_t bits;

    memcpy(&bits, &one_zero, sizeof bits);
    return ohm_rng_child(parent, bits);
}

struct ohm_rng ohm_stream_of_draw(uint64_t seed, int draw)
{
    const struct ohm_rng root = ohm_rng_seed(seed), draws = ohm_rng_named(&root, "draw");

    return ohm_rng_child(&draws, (uint64_t)draw);
}

struct ohm_rng ohm_stream_of_reading(const struct ohm_rng *draw, int read, double t_s)
{
    const struct ohm_rng reads = ohm_rng_named(draw, "read"), of_read = ohm_rng_child(&reads, (uint64_t)read);

    return child_of(&of_read, t_s);
}

static enum ohm_status get_answers(struct run *r, int count, struct ohm_error *err)
{
    struct ohm_validate_answers *const a = &r->result.answers;
    size_t all;

    if (!r->spec->answers)
        return OHM_OK;
    if (ohm_mul_size(&all, (size_t)count, 1 + (size_t)r->spec->times)) {
        a->sample = ohm_alloc((size_t)count, sizeof *a->sample);
        a->label = ohm_alloc((size_t)count, sizeof *a->label);
        a->right = ohm_alloc(all, sizeof *a->right);
    }
    return a->sample && a->label && a->right ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");
}

/* Right answers of the next run belong to a time, counted from 0, or to the network without hardware, -1. */
static void keep_answers(struct run *r, struct judge *judge, int time)
{
    judge->answers = r->spec->answers ? &r->result.answers : NULL;
    judge->right = judge->answers ? judge->answers->right + (size_t)(1 + time) * (size_t)judge->count : NULL;
}

static enum ohm_status judge_digital(struct run *r, struct ohm_error *err)
{
    struct judge digital;
    int64_t correct = 0;
    enum ohm_status st = judge_init(&digital, r->spec, NULL, err);

    if (st == OHM_OK && (st = get_answers(r, digital.count, err)) == OHM_OK) {
        keep_answers(r, &digital, -1);
        st = judge_run(&digital, &correct, err);
    }
    if (st == OHM_OK) {
        r->result.samples = digital.count;
        ohm_wilson(&r->result.digital_low, &r->result.digital_high, (double)correct, digital.count);
        r->result.digital_low *= 100;
        r->result.digital_high *= 100;
        r->result.digital = 100.0 * (double)correct / digital.count;
    }
    judge_release(&digital);
    return st;
}

static enum ohm_status read_once(struct run *r, int draw, int time, int read, struct ohm_error *err)
{
    const struct ohm_validate_spec *const s = r->spec;
    const struct ohm_rng own = ohm_stream_of_draw(s->seed, draw);
    const struct ohm_rng moment = ohm_stream_of_reading(&own, read, s->t_s[time]);
    const struct ohm_rng weights = ohm_rng_named(&moment, "weights");
    struct ohm_validate_reading *const out = reading_of(r, draw, time, read);
    int64_t correct = 0;
    enum ohm_status st = chip_read(r->chip, s->t_s[time], &weights, err);

    if (st == OHM_OK && r->judge.bn_count > 0) {
        r->chip->vectors = ohm_rng_named(&moment, "statistics");
        st = judge_statistics(&r->judge, err);
    }
    r->chip->vectors = ohm_rng_named(&moment, "vectors");
    keep_answers(r, &r->judge, time);
    if (st != OHM_OK || (st = judge_run(&r->judge, &correct, err)) != OHM_OK)
        return st;
    chip_distance(r->chip, &out->dw, &out->alpha);
    out->top1 = 100.0 * (double)correct / r->judge.count;
    return OHM_OK;
}

static enum ohm_status tell(const struct run *r, int draw, int time, struct ohm_error *err)
{
    const struct ohm_validate_spec *const s = r->spec;
    const struct ohm_validate_progress p = {
        .draw = draw + 1, .draws = s->draws, .time = time, .top1 = reading_of(r, draw, time, s->reads - 1)->top1};

    if (!s->progress || s->progress(s->context, &p))
        return OHM_OK;
    return ohm_fail(err, OHM_EINTR, "stopped in draw %d of %d", draw + 1, s->draws);
}

static enum ohm_status draw_once(struct run *r, int draw, struct ohm_error *err)
{
    const struct ohm_rng own = ohm_stream_of_draw(r->spec->seed, draw), program = ohm_rng_named(&own, "program");
    enum ohm_status st = chip_program(r->chip, &program, err);

    for (int i = 0; i < r->spec->times && st == OHM_OK; i++) {
        for (int k = 0; k < r->spec->reads && st == OHM_OK; k++)
            st = read_once(r, draw, i, k, err);
        if (st == OHM_OK)
            st = tell(r, draw, i, err);
    }
    return st;
}

/* Draws that are known end the run where they ended it when they were made. */
static enum ohm_status run_draws(struct run *r, struct ohm_error *err)
{
    const struct ohm_validate_spec *const s = r->spec;
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < s->draws && st == OHM_OK; i++) {
        const bool known = i < s->known_draws;

        if (!known && (st = draw_once(r, i, err)) != OHM_OK)
            break;
        r->result.draws = i + 1;
        summarize(&r->result, r->scratch);
        if (!known && s->draw)
            s->draw(s->context, &r->result);
        if (s->width > 0 && i + 1 >= DRAWS_MIN && narrow_enough(&r->result, s->width))
            break;
    }
    return st;
}

enum ohm_status ohm_validate_result_init(struct ohm_validate_result *result, const double *t_s, int times, int draws,
                                         int reads, struct ohm_error *err)
{
    struct ohm_validate_result r = {.draws = draws, .reads = reads, .times = times};
    size_t each, all;

    if (!ohm_mul_size(&each, (size_t)draws, (size_t)reads) || !ohm_mul_size(&all, each, (size_t)times) ||
        all > INT32_MAX)
        return ohm_fail(err, OHM_ERANGE, "%d draws of %d reads at %d times are more than 2^31 accuracies", draws, reads,
                        times);
    r.moment = ohm_alloc((size_t)times, sizeof *r.moment);
    r.reading = ohm_alloc(all, sizeof *r.reading);
    if (!r.moment || !r.reading) {
        ohm_validate_result_release(&r);
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    }
    for (int i = 0; i < times; i++)
        r.moment[i].t_s = t_s[i];
    *result = r;
    return OHM_OK;
}

static enum ohm_status get_memory(struct run *r, struct ohm_error *err)
{
    const struct ohm_validate_spec *const s = r->spec;
    const size_t each = (size_t)s->times * (size_t)s->reads;
    const enum ohm_status st = ohm_validate_result_init(&r->result, s->t_s, s->times, s->draws, s->reads, err);

    if (st != OHM_OK)
        return st;
    if (!(r->scratch = ohm_alloc((size_t)s->draws * (size_t)s->reads, sizeof *r->scratch)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (size_t i = 0; i < (size_t)s->known_draws * each; i++)
        r->result.reading[i] = s->known[i];
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

static enum ohm_status check_norms(const struct ohm_validate_spec *s, struct ohm_error *err)
{
    if (s->bn_samples > 0 && s->tile->periphery != OHM_TILE_FP32)
        return ohm_fail(err, OHM_ECONFIG,
                        "tile.periphery folds batch norms into the digital units of the chip: there are "
                        "no statistics to take anew");
    return OHM_OK;
}

enum ohm_status ohm_validate(struct ohm_validate_result *result, const struct ohm_validate_spec *spec,
                             struct ohm_error *err)
{
    struct run r = {.spec = spec};
    enum ohm_status st;

    assert(spec->times >= 1 && spec->draws >= 1 && spec->reads >= 1 && spec->batch >= 1 && spec->jobs >= 1);
    assert(spec->known_draws >= 0 && spec->known_draws <= spec->draws);
    assert(!spec->answers || spec->known_draws == 0);
    if ((st = ohm_tile_config_check(spec->tile, err)) == OHM_OK && (st = check_times(spec, err)) == OHM_OK &&
        (st = check_norms(spec, err)) == OHM_OK && (st = get_memory(&r, err)) == OHM_OK &&
        (st = judge_digital(&r, err)) == OHM_OK && (st = find_ranges(spec, &r.result.calibrated, err)) == OHM_OK &&
        (st = chip_create(&r.chip, spec, err)) == OHM_OK && (st = judge_init(&r.judge, spec, r.chip, err)) == OHM_OK &&
        (st = run_draws(&r, err)) == OHM_OK) {
        *result = r.result;
        r.result = (struct ohm_validate_result){0};
    }
    release(&r);
    return st;
}
