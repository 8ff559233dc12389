/* train.c - the loop: epochs of steps, each followed by a look at the other samples and a checkpoint.
 *
 * All that is drawn is drawn from streams named by the seed, the epoch and the step: a resumed run has nothing to
 * remember of them. */
#include "train_int.h"

#include "ohm/file.h"
#include "ohm/mem.h"

#include <math.h>
#include <string.h>

struct run {
    const struct ohm_train_spec_net *spec;
    struct ohm_weights w, judged, teacher; /* judged: the weights, or their average; values are borrowed */
    struct ohm_tape *tape, *judge, *school;
    struct ohm_analog exact; /* as spec's, without weight noise: what is judged during training */
    struct ohm_run_state s;
    struct ohm_rng root;
    uint64_t fingerprint;
    int batch, steps;                /* of an epoch */
    int *order;                      /* [training samples] */
    int32_t *label;                  /* [batch] */
    float *target, *d_output, *soft; /* [batch][classes] */
    double start_s;
    int64_t start_step;
};

static void *must(void *block, bool *failed)
{
    *failed = *failed || !block;
    return block;
}

static enum ohm_status allocate(struct run *r, struct ohm_error *err)
{
    const size_t n = r->w.count, classes = (size_t)r->spec->net->classes;
    bool failed = false;

    r->s.opt.count = r->w.trainable;
    r->s.opt.first = must(ohm_alloc(r->w.trainable, sizeof(float)), &failed);
    r->s.opt.second = must(ohm_alloc(r->w.trainable, sizeof(float)), &failed);
    r->s.ema = must(ohm_alloc(n, sizeof(float)), &failed);
    r->s.best = must(ohm_alloc(n, sizeof(float)), &failed);
    r->s.result.curve = must(ohm_alloc((size_t)r->spec->recipe.epochs, sizeof(*r->s.result.curve)), &failed);
    r->order = must(ohm_alloc((size_t)r->spec->samples->count[0], sizeof(*r->order)), &failed);
    r->label = must(ohm_alloc((size_t)r->batch, sizeof(*r->label)), &failed);
    r->target = must(ohm_alloc((size_t)r->batch * classes, sizeof(float)), &failed);
    r->d_output = must(ohm_alloc((size_t)r->batch * classes, sizeof(float)), &failed);
    r->soft = must(ohm_alloc((size_t)r->batch * classes, sizeof(float)), &failed);
    return failed ? ohm_fail(err, OHM_ENOMEM, "out of memory") : OHM_OK;
}

static bool alike(const struct ohm_net *a, const struct ohm_net *b)
{
    return a->input.h == b->input.h && a->input.w == b->input.w && a->input.c == b->input.c &&
           a->classes == b->classes;
}

static enum ohm_status check(const struct ohm_train_spec_net *spec, struct ohm_error *err)
{
    if (spec->samples->count[0] < 1)
        return ohm_fail(err, OHM_EDATA, "there are no training samples");
    if (spec->recipe.epochs < 1 || spec->recipe.batch < 1 || spec->recipe.batch > 65536 || spec->jobs < 1)
        return ohm_fail(err, OHM_ERANGE, "epochs, batch and jobs are at least 1, batch is at most 65536");
    if ((spec->from && spec->from->count == 0) || (spec->teacher && spec->teacher->count == 0))
        return ohm_fail(err, OHM_EDATA, "the weights to start from are empty");
    if (spec->teacher && !alike(spec->teacher->net, spec->net))
        return ohm_fail(err, OHM_ECONFIG, "the teacher has another input, or other classes");
    return OHM_OK;
}

/* The average is of all numbers, running statistics too. */
static bool averaged(const struct run *r)
{
    return r->spec->recipe.ema > 0;
}

static enum ohm_status make_tapes(struct run *r, struct ohm_error *err)
{
    const struct ohm_train_spec_net *spec = r->spec;
    enum ohm_status st;

    r->judged = r->w;
    r->judged.value = averaged(r) ? r->s.ema : r->w.value;
    r->exact = spec->analog;
    r->exact.noise = OHM_NOISE_NONE;
    if ((st = ohm_tape_create(&r->tape, &r->w, &spec->analog, r->batch, true, spec->jobs, err)) != OHM_OK)
        return st;
    r->tape->rng = ohm_rng_named(&r->root, "hardware");
    if (spec->samples->count[1] > 0) {
        if ((st = ohm_tape_create(&r->judge, &r->judged, &r->exact, r->batch, false, spec->jobs, err)) != OHM_OK)
            return st;
        r->judge->rng = ohm_rng_named(&r->root, "judge");
        ohm_analog_pool(r->judge, 0);
    }
    if (!spec->teacher || spec->distill <= 0)
        return OHM_OK;
    r->teacher = *spec->teacher;
    if ((st = ohm_tape_create(&r->school, &r->teacher, NULL, r->batch, false, spec->jobs, err)) == OHM_OK)
        ohm_tape_pack(r->school);
    return st;
}

static enum ohm_status begin(struct run *r, struct ohm_error *err)
{
    const struct ohm_train_spec_net *spec = r->spec;
    const struct ohm_rng init = ohm_rng_named(&r->root, "init");
    enum ohm_status st;

    if ((st = ohm_weights_init(&r->w, spec->net, err)) != OHM_OK)
        return st;
    r->batch = (int)(spec->recipe.batch < spec->samples->count[0] ? spec->recipe.batch : spec->samples->count[0]);
    r->steps = spec->samples->count[0] / r->batch; /* what is left over waits for the next order */
    if ((st = allocate(r, err)) != OHM_OK)
        return st;
    ohm_weights_draw(&r->w, &init);
    if (spec->from)
        memcpy(r->w.value, spec->from->value, r->w.count * sizeof(float));
    memcpy(r->s.ema, r->w.value, r->w.count * sizeof(float));
    memcpy(r->s.best, r->w.value, r->w.count * sizeof(float));
    r->s.best_accuracy = -1;
    r->s.result.best = -1;
    if (spec->checkpoint && spec->resume && ohm_file_exists(spec->checkpoint))
        st = ohm_checkpoint_read(spec->checkpoint, &r->w, &r->s, r->fingerprint, spec->recipe.epochs, err);
    return st == OHM_OK ? make_tapes(r, err) : st;
}

/* ---- one step ---- */

/* Beta(alpha, alpha) by Joehnk's method; 1/2 in the unlikely case that 100 tries fail. */
static double beta(double alpha, struct ohm_rng *rng)
{
    for (int i = 0; i < 100; i++) {
        const double a = pow(ohm_rng_uniform(rng), 1 / alpha), b = pow(ohm_rng_uniform(rng), 1 / alpha);

        if (a + b > 0 && a + b <= 1)
            return a / (a + b);
    }
    return 0.5;
}

static void mix(float *x, size_t numbers, int n, float share)
{
    for (int i = 0; i < n / 2; i++) {
        float *a = x + (size_t)i * numbers, *b = x + (size_t)(n - 1 - i) * numbers;

        for (size_t k = 0; k < numbers; k++) {
            const float one = a[k], other = b[k];

            a[k] = share * one + (1 - share) * other;
            b[k] = share * other + (1 - share) * one;
        }
    }
}

/* Zhang et al., ICLR 2018; the partner of the i-th sample of a batch is the i-th from its end. */
static void mix_batch(struct run *r)
{
    const struct ohm_rng named = ohm_rng_named(&r->root, "mixup");
    struct ohm_rng rng = ohm_rng_child(&named, (uint64_t)r->s.step);
    const float share = (float)beta(r->spec->recipe.mixup, &rng);

    mix(ohm_tape_input(r->tape), r->tape->node[0].numbers, r->batch, share);
    mix(r->target, (size_t)r->spec->net->classes, r->batch, share);
}

/* Labels of the teacher, softened by the temperature, take their share (Hinton, Vinyals and Dean 2015). */
static void ask_teacher(struct run *r)
{
    const size_t n = (size_t)r->batch * (size_t)r->spec->net->classes;
    const float share = (float)r->spec->distill;

    memcpy(ohm_tape_input(r->school), ohm_tape_input(r->tape),
           r->tape->node[0].numbers * (size_t)r->batch * sizeof(float));
    ohm_tape_forward(r->school, r->batch);
    ohm_softmax(r->soft, ohm_tape_output(r->school), r->batch, r->spec->net->classes, (float)(1 / r->spec->temperature));
    for (size_t i = 0; i < n; i++)
        r->target[i] += share * (r->soft[i] - r->target[i]);
}

static void learn_ranges(struct run *r, double lr)
{
    for (int i = 0; i < r->spec->net->layers; i++) {
        float *range = ohm_weights_of(&r->w, i, OHM_RANGE);

        if (range && *range > 0)
            *range = fmaxf(*range - (float)lr * r->tape->range_grad.data[i], 1e-3f * *range);
    }
}

static void update(struct run *r, double lr)
{
    const struct ohm_recipe *recipe = &r->spec->recipe;

    ohm_optimize(&r->w, r->tape->grad.data, &r->s.opt, recipe, lr);
    if (r->tape->analog) {
        learn_ranges(r, lr);
        ohm_analog_clip(&r->w, r->tape->analog);
    }
    if (averaged(r))
        ohm_average(r->s.ema, r->w.value, r->w.count, recipe->ema, r->s.step);
    r->s.step++;
}

static enum ohm_status step(struct run *r, int index, const struct ohm_rng *augment, struct ohm_train_progress *p,
                            struct ohm_error *err)
{
    const struct ohm_train_spec_net *spec = r->spec;
    const int n = r->batch, classes = spec->net->classes;
    double loss;
    enum ohm_status st;

    if ((st = spec->samples->fill(spec->samples->context, ohm_tape_input(r->tape), r->label, 0,
                                  r->order + (size_t)index * (size_t)n, n, augment, spec->jobs, err)) != OHM_OK)
        return st;
    ohm_smooth_targets(r->target, r->label, n, classes, (float)spec->recipe.label_smoothing);
    if (spec->recipe.mixup > 0)
        mix_batch(r);
    if (r->school)
        ask_teacher(r);
    p->lr = ohm_learning_rate(&spec->recipe, (double)(p->epoch - 1) + (double)index / r->steps);
    r->tape->step = r->s.step;
    ohm_tape_pack(r->tape);
    ohm_tape_forward(r->tape, n);
    loss = ohm_softmax_cross_entropy(r->d_output, ohm_tape_output(r->tape), r->target, n, classes, 1.0f / (float)n) / n;
    if (!isfinite(loss))
        return ohm_fail(err, OHM_EFAIL, "the loss is no longer finite at epoch %lld, step %d: a smaller lr may help",
                        (long long)p->epoch, index + 1);
    p->loss += (loss - p->loss) / (index + 1);
    p->accuracy +=
        (ohm_count_correct(ohm_tape_output(r->tape), r->label, n, classes) / (double)n - p->accuracy) / (index + 1);
    if ((st = ohm_tape_backward(r->tape, r->d_output, err)) == OHM_OK)
        update(r, p->lr);
    return st;
}

/* ---- epochs ---- */

static void rates(const struct run *r, struct ohm_train_progress *p)
{
    const double seconds = r->spec->clock ? r->spec->clock(r->spec->context) - r->start_s : 0;
    const double done = (double)(r->s.step - r->start_step), all = (double)r->steps * (double)p->epochs;

    p->samples_per_s = seconds > 0 ? done * r->batch / seconds : 0;
    p->left_s = done > 0 ? seconds / done * (all - (double)r->s.step) : 0;
}

static bool tell(const struct run *r, struct ohm_train_progress *p)
{
    rates(r, p);
    p->best_accuracy = fmax(0, r->s.best_accuracy);
    return !r->spec->progress || r->spec->progress(r->spec->context, p);
}

static enum ohm_status judge(struct run *r, struct ohm_train_progress *p, struct ohm_error *err)
{
    struct ohm_score_counts score = {0};
    enum ohm_status st;

    if (!r->judge)
        return OHM_OK;
    r->judge->step = 0;
    if ((st = ohm_tape_judge(&score, r->judge, r->spec->samples, err)) != OHM_OK)
        return st;
    p->val_loss = isfinite(score.loss) ? score.loss : 0;
    p->val_accuracy = (double)score.correct / (double)score.samples;
    r->s.since_best++;
    if (p->val_accuracy > r->s.best_accuracy) {
        r->s.best_accuracy = p->val_accuracy;
        r->s.since_best = 0;
        r->s.result.best = (int)r->s.epoch;
        memcpy(r->s.best, r->judged.value, r->w.count * sizeof(float));
    }
    return OHM_OK;
}

static void draw_order(struct run *r)
{
    const struct ohm_rng named = ohm_rng_named(&r->root, "order");
    struct ohm_rng rng = ohm_rng_child(&named, (uint64_t)r->s.epoch);

    for (int i = 0; i < r->spec->samples->count[0]; i++)
        r->order[i] = i;
    ohm_rng_shuffle(&rng, r->order, r->spec->samples->count[0]);
}

static enum ohm_status epoch(struct run *r, struct ohm_error *err)
{
    const struct ohm_rng named = ohm_rng_named(&r->root, "augment");
    const struct ohm_rng augment = ohm_rng_child(&named, (uint64_t)r->s.epoch);
    struct ohm_train_progress p = {.epoch = r->s.epoch + 1, .epochs = r->spec->recipe.epochs, .steps = r->steps};
    enum ohm_status st = OHM_OK;

    draw_order(r);
    ohm_analog_pool(r->tape, (uint64_t)r->s.epoch);
    for (int i = 0; i < r->steps && st == OHM_OK; i++) {
        if ((st = step(r, i, &augment, &p, err)) != OHM_OK)
            return st;
        p.step = i + 1;
        if (i + 1 < r->steps && !tell(r, &p))
            return ohm_fail(err, OHM_EINTR, "stopped in epoch %lld", (long long)p.epoch);
    }
    if ((st = judge(r, &p, err)) != OHM_OK)
        return st;
    r->s.result.curve[r->s.epoch++] = (struct ohm_train_epoch){p.loss, p.accuracy, p.val_loss, p.val_accuracy, p.lr};
    r->s.result.epochs = (int)r->s.epoch;
    if (r->spec->checkpoint &&
        (st = ohm_checkpoint_write(r->spec->checkpoint, &r->w, &r->s, r->fingerprint, err)) != OHM_OK)
        return st;
    return tell(r, &p) ? OHM_OK : ohm_fail(err, OHM_EINTR, "stopped after epoch %lld", (long long)p.epoch);
}

static bool patience_over(const struct run *r)
{
    return r->spec->recipe.patience > 0 && r->s.since_best >= r->spec->recipe.patience;
}

static enum ohm_status finish(struct run *r, struct ohm_weights *w, struct ohm_train_result *result,
                              struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    if (r->spec->keep_best && r->s.result.best >= 0)
        memcpy(r->w.value, r->s.best, r->w.count * sizeof(float));
    else if (averaged(r))
        memcpy(r->w.value, r->s.ema, r->w.count * sizeof(float));
    if (r->spec->reestimate > 0)
        st = ohm_tape_reestimate(r->tape, r->spec->samples, r->spec->reestimate, err);
    if (st != OHM_OK)
        return st;
    memcpy(w->value, r->w.value, r->w.count * sizeof(float));
    *result = r->s.result;
    r->s.result.curve = NULL;
    return OHM_OK;
}

enum ohm_status ohm_train_run(struct ohm_weights *w, struct ohm_train_result *result,
                              const struct ohm_train_spec_net *spec, struct ohm_error *err)
{
    struct run r = {.spec = spec, .root = ohm_rng_seed(spec->seed)};
    enum ohm_status st = check(spec, err);

    if (st == OHM_OK) {
        r.fingerprint = ohm_run_fingerprint(spec);
        st = begin(&r, err);
    }
    r.start_s = spec->clock ? spec->clock(spec->context) : 0;
    r.start_step = r.s.step;
    while (st == OHM_OK && r.s.epoch < spec->recipe.epochs && !patience_over(&r))
        st = epoch(&r, err);
    if (st == OHM_OK)
        st = finish(&r, w, result, err);
    ohm_tape_free(r.tape);
    ohm_tape_free(r.judge);
    ohm_tape_free(r.school);
    ohm_weights_release(&r.w);
    ohm_free(r.s.opt.first);
    ohm_free(r.s.opt.second);
    ohm_free(r.s.ema);
    ohm_free(r.s.best);
    ohm_free(r.s.result.curve);
    ohm_free(r.order);
    ohm_free(r.label);
    ohm_free(r.target);
    ohm_free(r.d_output);
    ohm_free(r.soft);
    return st;
}

void ohm_train_result_release(struct ohm_train_result *result)
{
    ohm_free(result->curve);
    *result = (struct ohm_train_result){0};
}
