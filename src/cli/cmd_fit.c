/* cmd_fit.c - trains a network on samples: digitally or with analog hardware in the loop. */
#include "fit.h"
#include "fit_file.h"
#include "fit_log.h"

#include "ohm/clock.h"
#include "ohm/file.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static double now(void *context)
{
    (void)context;
    return ohm_now_s();
}

struct fit {
    struct ohm_fit_sources from;
    const char *output, *start, *split, *progress;
    const char *teacher, *teacher_weights;
    struct ohm_words set;
    bool analog, resume, force, best;
    int64_t seed, reestimate, distill;
    struct ohm_format format;
};

static const char *const train_splits[] = {"train", "trainval", NULL};
static const char *const progress_forms[] = {"auto", "none", "line", NULL};

static const struct ohm_option train_options[] = {
    OHM_OPT_TEXT(fit, output, "output", 'o', "FILE", "where the weights go (safetensors), required",
                 .complete = "file"),
    OHM_OPT_SOURCES(fit),
    OHM_OPT_TEXT(fit, from.net.db, "db", 0, "FILE", "the run log: the training is a row of it, NET may be of it",
                 .fallback = "ohmnas.db", .env = "OHMNAS_DB", .complete = "file"),
    OHM_OPT_TEXT(fit, start, "from", 0, "FILE", "weights to start from, such as those of the digital network",
                 .complete = "file"),
    OHM_OPT_FLAG(fit, analog, "analog", 0, "analog hardware in the loop: noise, clipping, converters, tiles"),
    OHM_OPT_INT(fit, distill, "distill", 0, "PERCENT", "0", 0, 100,
                "share of the labels that the network of --from, or the teacher, gives instead"),
    OHM_OPT_TEXT(fit, teacher, "teacher", 0, "NET", "another network to learn from in place of --from, run digitally",
                 .complete = "file"),
    OHM_OPT_TEXT(fit, teacher_weights, "teacher-weights", 0, "FILE", "its weights", .complete = "file"),
    OHM_OPT_LIST(fit, set, "set", 0, "KEY=VALUE", "of the task's recipe, or analog.KEY=VALUE"),
    OHM_OPT_TEXT(fit, split, "train-split", 0, "SPLIT", "trainval is judged on test, train on val", .fallback = "train",
                 .names = train_splits),
    OHM_OPT_FLAG(fit, best, "best", 0, "keep the weights of the best epoch, not of the last"),
    OHM_OPT_INT(fit, reestimate, "reestimate", 0, "N", "0", 0, 100000,
                "at the end, take the batch norms' statistics from N batches; 0: keep them"),
    OHM_OPT_FLAG(fit, resume, "resume", 0, "go on where a run with the same options was stopped"),
    OHM_OPT_FLAG(fit, force, "force", 'f', "overwrite the weights file"),
    OHM_OPT_INT(fit, seed, "seed", 0, "S", "1", 0, 9e15, "of weights, order, augmentation and noise",
                .env = "OHMNAS_SEED"),
    OHM_OPT_TEXT(fit, progress, "progress", 0, "FORM", "auto, none or line", .fallback = "auto",
                 .names = progress_forms),
    OHM_OPT_FORMAT(fit),
    OHM_OPT_END,
};

struct watch {
    bool quiet, redraw, judged;
    double last_s;
    struct ohm_fit_log log;
};

static void show(struct watch *w, const struct ohm_train_progress *p)
{
    const double t = now(NULL);
    const bool whole = p->step == p->steps;
    char val[64] = "";

    if (w->quiet || (!whole && t - w->last_s < (w->redraw ? 0.5 : 10)))
        return;
    w->last_s = t;
    if (whole && w->judged)
        snprintf(val, sizeof(val), "  val %.2f %%  best %.2f %%", 100 * p->val_accuracy, 100 * p->best_accuracy);
    fprintf(stderr, "%sepoch %lld/%lld  %3.0f %%  loss %.4f  accuracy %.2f %%%s  lr %.4g  %.0f samples/s  eta %.0f s%s",
            w->redraw ? "\r\033[K" : "", (long long)p->epoch, (long long)p->epochs,
            100.0 * (double)p->step / (double)p->steps, p->loss, 100 * p->accuracy, val, p->lr, p->samples_per_s,
            p->left_s, w->redraw && !whole ? "" : "\n");
}

static bool watch(void *context, const struct ohm_train_progress *p)
{
    struct watch *w = context;

    /* An epoch is logged before anything stops the run: the checkpoint has it already. */
    if (p->step == p->steps)
        ohm_fit_log_epoch(&w->log, p);
    if (ohm_signal_pending())
        return false;
    show(w, p);
    return true;
}

static enum ohm_status begin_log(struct ohm_fit_log *log, const struct fit *opt, const struct ohm_fit_loaded *l,
                                 const struct ohm_train_spec_net *spec, const struct ohm_provenance *p,
                                 struct ohm_error *err)
{
    const struct ohm_training_spec row = {
        .fingerprint = p->fingerprint,
        .network = l->named.name,
        .network_hash = p->shape,
        .network_text = ohm_str_text(&p->network),
        .study = l->named.logged ? l->named.study.id : -1,
        .trial = l->named.trial,
        .task = l->task->name,
        .data = opt->from.folder,
        .data_hash = p->data,
        .split = opt->split,
        .folds = opt->from.folds,
        .fold = opt->from.fold,
        .seed = opt->seed,
        .samples = l->samples.count[0],
        .val_samples = l->samples.count[1],
        .recipe = ohm_str_text(&p->recipe),
        .analog = spec->analog.on ? ohm_str_text(&p->analog) : NULL,
        .options = ohm_str_text(&p->options),
        .epochs = spec->recipe.epochs,
        .weights = opt->output,
        .program = "ohmnas " OHM_VERSION,
    };

    return ohm_fit_log_begin(log, opt->from.net.db, &row, opt->resume, err);
}

static enum ohm_status out_fit(const struct fit *opt, const struct ohm_fit_loaded *l, const struct ohm_train_result *r,
                               int64_t training, double seconds, struct ohm_error *err)
{
    struct ohm_out out;
    char id[32];

    snprintf(id, sizeof(id), "t:%lld", (long long)training);
    ohm_out_begin(&out, &opt->format, "ohmnas.train/1");
    ohm_out_text(&out, "training", training < 0 ? NULL : id);
    ohm_out_text(&out, "network", l->named.name);
    ohm_out_text(&out, "task", l->task->name);
    if (ohm_data_is_synthetic(l->data))
        ohm_out_text(&out, "note", "synthetic data: what is learned from them means nothing");
    ohm_out_int(&out, "samples", l->samples.count[0]);
    ohm_out_int(&out, "epochs", r->epochs);
    ohm_out_int(&out, "best_epoch", r->best + 1);
    ohm_out_double(&out, "val_top1",
                   r->epochs > 0 && l->samples.count[1] > 0 ? 100 * r->curve[r->epochs - 1].val_accuracy : NAN);
    ohm_out_double(&out, "best_val_top1", r->best >= 0 ? 100 * r->curve[r->best].val_accuracy : NAN);
    ohm_out_double(&out, "time_s", seconds);
    ohm_out_text(&out, "weights", opt->output);
    ohm_out_list(&out, "epochs");
    for (int i = 0; i < r->epochs; i++) {
        ohm_out_row(&out);
        ohm_out_int(&out, "epoch", i + 1);
        ohm_out_double(&out, "loss", r->curve[i].loss);
        ohm_out_double(&out, "top1", 100 * r->curve[i].accuracy);
        ohm_out_double(&out, "val_loss", l->samples.count[1] > 0 ? r->curve[i].val_loss : NAN);
        ohm_out_double(&out, "val_top1", l->samples.count[1] > 0 ? 100 * r->curve[i].val_accuracy : NAN);
        ohm_out_double(&out, "lr", r->curve[i].lr);
        ohm_out_row_end(&out);
    }
    ohm_out_list_end(&out);
    return ohm_out_end(&out, err);
}

static enum ohm_status describe(struct ohm_provenance *p, const struct fit *opt, const struct ohm_fit_loaded *l,
                                const struct ohm_train_spec_net *spec, struct ohm_error *err)
{
    p->split = opt->split;
    p->from = opt->start ? opt->start : "";
    ohm_str_printf(&p->options, "distill=%lld best=%s reestimate=%d", (long long)opt->distill,
                   opt->best ? "true" : "false", spec->reestimate);
    if (opt->teacher)
        ohm_str_printf(&p->options, " teacher=%s teacher-weights=%s", opt->teacher, opt->teacher_weights);
    if (opt->start)
        ohm_str_printf(&p->options, " from=%s", opt->start);
    return ohm_provenance_fill(p, l, spec, err);
}

/* Trains and writes the weights, with the log open. */
static enum ohm_status train_and_save(const struct fit *opt, const struct ohm_fit_loaded *l,
                                      const struct ohm_train_spec_net *spec, struct ohm_weights *w,
                                      const struct ohm_provenance *from, struct ohm_error *err)
{
    struct watch *watched = spec->context;
    struct ohm_train_result result = {0};
    const double begin_s = now(NULL);
    enum ohm_status st = begin_log(&watched->log, opt, l, spec, from, err);

    if (st == OHM_OK) {
        if ((st = ohm_train_run(w, &result, spec, err)) == OHM_OK)
            st = ohm_fit_file_save(opt->output, w, from, &result, err);
        ohm_fit_log_end(&watched->log, st, err, opt->output, &result);
        if (st == OHM_OK) {
            unlink(spec->checkpoint); /* its work is done: the file of weights says so to --resume */
            st = out_fit(opt, l, &result, watched->log.id, now(NULL) - begin_s, err);
        }
    }
    ohm_fit_log_release(&watched->log);
    ohm_train_result_release(&result);
    return st;
}

/* With --resume, a training that has come to its end is only shown again; weights of another one are left alone. */
static enum ohm_status train_or_show(const struct fit *opt, const struct ohm_fit_loaded *l,
                                     const struct ohm_train_spec_net *spec, struct ohm_weights *w,
                                     struct ohm_error *err)
{
    const bool there = opt->resume && !opt->force && !ohm_file_exists(spec->checkpoint) && ohm_file_exists(opt->output);
    struct ohm_provenance from = {0};
    struct ohm_train_result result = {0};
    enum ohm_status st = describe(&from, opt, l, spec, err);

    if (st == OHM_OK && there) {
        if ((st = ohm_fit_file_finished(&result, opt->output, &from, spec->recipe.epochs, err)) == OHM_OK) {
            result.best = l->samples.count[1] > 0 ? result.best : -1;
            ohm_say("%s: this training has come to its end; there is nothing to go on with", opt->output);
            st = out_fit(opt, l, &result, -1, 0, err);
        }
    } else if (st == OHM_OK) {
        st = train_and_save(opt, l, spec, w, &from, err);
    }
    ohm_train_result_release(&result);
    ohm_provenance_release(&from);
    return st;
}

static enum ohm_status load(struct ohm_weights *w, const struct ohm_net *net, const char *file, struct ohm_error *err)
{
    const enum ohm_status st = ohm_weights_init(w, net, err);

    return st == OHM_OK ? ohm_weights_load(w, file, err) : st;
}

/* What a training begins with and learns from. */
struct given {
    struct ohm_weights start, teacher;
    struct ohm_named_net net; /* of the teacher */
};

static enum ohm_status load_given(struct ohm_cli *cli, struct given *g, const struct fit *opt,
                                  struct ohm_train_spec_net *spec, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    if (opt->start && (st = load(&g->start, spec->net, opt->start, err)) == OHM_OK)
        spec->from = &g->start;
    if (st == OHM_OK && opt->teacher && (st = ohm_net_arg(cli, &g->net, opt->teacher, &opt->from.net, err)) == OHM_OK)
        st = load(&g->teacher, g->net.net, opt->teacher_weights, err);
    if (opt->distill > 0)
        spec->teacher = opt->teacher ? &g->teacher : &g->start;
    return st;
}

static enum ohm_status fit(struct ohm_cli *cli, const struct fit *opt, const struct ohm_fit_loaded *l,
                           struct ohm_train_spec_net *spec, struct ohm_error *err)
{
    struct ohm_weights w = {0};
    struct given given = {0};
    enum ohm_status st = ohm_weights_init(&w, l->net, err);

    if (st == OHM_OK && (st = load_given(cli, &given, opt, spec, err)) == OHM_OK)
        st = train_or_show(opt, l, spec, &w, err);
    ohm_weights_release(&given.start);
    ohm_weights_release(&given.teacher);
    ohm_net_arg_release(&given.net);
    ohm_weights_release(&w);
    return st;
}

/* Folds are of the same samples: a checkpoint of another fold is not this run's. */
static uint64_t samples_hash(const struct fit *opt, const struct ohm_fit_loaded *l)
{
    const int64_t fold[] = {opt->from.folds, opt->from.fold};
    const uint64_t h = ohm_data_hash(l->data);

    return opt->from.folds > 0 ? ohm_hash_mix(h, ohm_hash(fold, sizeof(fold))) : h;
}

static enum ohm_status run_train(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                 struct ohm_error *err)
{
    const struct fit *opt = object;
    struct ohm_train_spec_net spec = {.seed = (uint64_t)opt->seed,
                                      .jobs = ohm_fit_jobs(opt->from.jobs),
                                      .resume = opt->resume,
                                      .distill = (double)opt->distill / 100,
                                      .temperature = 1,
                                      .reestimate = (int)opt->reestimate,
                                      .keep_best = opt->best,
                                      .progress = watch,
                                      .clock = now};
    struct watch watched = {.quiet = strcmp(opt->progress, "none") == 0, .last_s = now(NULL)};
    struct ohm_fit_loaded l = {0};
    struct ohm_str checkpoint = {0};
    const enum ohm_split split = ohm_fit_split(opt->split);
    enum ohm_status st;

    if (!opt->output)
        return ohm_fail(err, OHM_ECONFIG, "--output is missing: which file are the weights written to?");
    if (!opt->force && !opt->resume && ohm_file_exists(opt->output))
        return ohm_fail_at(err, OHM_ECONFIG, OHM_ORIGIN, opt->output, 0, 0, "the file exists (--force overwrites it)");
    if (opt->distill > 0 && !opt->start && !opt->teacher)
        return ohm_fail(err, OHM_ECONFIG, "--distill is of the network of --from or --teacher, and there is neither");
    if (!opt->teacher != !opt->teacher_weights || (opt->teacher && opt->distill == 0))
        return ohm_fail(err, OHM_ECONFIG, "--teacher, --teacher-weights and --distill go together");
    watched.redraw = isatty(STDERR_FILENO) && strcmp(opt->progress, "auto") == 0;
    ohm_signals_hold();
    ohm_fields_default(ohm_analog_fields, &spec.analog);
    if ((st = ohm_fit_load(cli, &l, args->word[0], &opt->from, split, split == OHM_TRAIN ? OHM_VAL : OHM_TEST, err)) ==
        OHM_OK) {
        spec.recipe = l.task->recipe;
        spec.analog.on = opt->analog;
        st = ohm_fit_set(&spec.recipe, &spec.analog, &opt->set, err);
    }
    if (st == OHM_OK) {
        ohm_str_printf(&checkpoint, "%s.checkpoint", opt->output);
        spec.net = l.net;
        spec.samples = &l.samples;
        watched.judged = l.samples.count[1] > 0;
        spec.data_hash = samples_hash(opt, &l);
        spec.checkpoint = ohm_str_text(&checkpoint);
        spec.context = &watched;
        st = checkpoint.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory") : fit(cli, opt, &l, &spec, err);
    }
    cli->signal = st == OHM_EINTR ? ohm_signal_pending() : 0;
    ohm_str_release(&checkpoint);
    ohm_fit_release(&l);
    return st;
}

static const char *const train_examples[] = {
    "ohmnas train searchspaces/reference/resnet8.yaml --task cifar10 --data cifar-10-binary.tar.gz -o resnet8.st",
    "ohmnas train net.yaml --task kws --data speech_commands --set epochs=40 --set lr=0.05 -o kws.st",
    "ohmnas train searchspaces/reference/resnet8.yaml --task cifar10 --data cifar --from resnet8.st --analog "
    "--set lr=0.01 --set epochs=10 -o resnet8-analog.st",
    NULL};

const struct ohm_command ohm_cmd_train = {
    .name = "train",
    .operands = "NET",
    .words_min = 1,
    .words_max = 1,
    .complete = "file",
    .summary = "train a network, digitally or with analog hardware in the loop",
    .details =
        "NET is a file of layers (searchspaces/reference), a file written by export, n:ID or #NUMBER of the run log, "
        "or, with --space, 'axis=value ...' or a key of that space.\n\n"
        "How it is trained is the task's recipe; --set changes it. The weights file holds the network, task, recipe, "
        "seed, data hash and learning curve. After every epoch all that is needed to go on is written beside it, as "
        "FILE.checkpoint: --resume then gives the same bytes as a run that was never stopped.\n\n"
        "The training is a row of the run log, with its learning curve: ohmnas ls trainings, ohmnas show t:ID. A run "
        "that "
        "goes on with --resume is the same row.",
    .examples = train_examples,
    .options = train_options,
    .size = sizeof(struct fit),
    .run = run_train,
};
