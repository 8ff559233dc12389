/* cmd_fit.c - trains a network on samples, and judges one: digitally or with analog hardware in the loop. */
#include "cli_int.h"

#include "ohm/clock.h"
#include "ohm/file.h"
#include "ohm/parallel.h"
#include "ohm/train.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- what both share ---- */

struct sources {
    const char *task, *folder, *split_file, *cache;
    int64_t folds, fold, jobs;
    struct ohm_net_options net;
};

#define OPT_SOURCES(s)                                                                                                 \
    OHM_OPT_TEXT(s, from.task, "task", 0, "TASK", "what is to be learned: cifar10, kws, vww or a file",                \
                 .complete = "task"),                                                                                  \
        OHM_OPT_TEXT(s, from.folder, "data", 0, "DIR", "folder or archive of the samples, or synthetic:N",             \
                     .env = "OHMNAS_DATA", .complete = "folder"),                                                      \
        OHM_OPT_TEXT(s, from.split_file, "split-file", 0, "FILE", "columns file, split; in place of the task's",       \
                     .complete = "file"),                                                                              \
        OHM_OPT_INT(s, from.folds, "folds", 0, "K", "0", 0, 1000, "divide by K-fold cross-validation; 0: as given"),   \
        OHM_OPT_INT(s, from.fold, "fold", 0, "I", "0", 0, 999, "the fold that is the test, from 0"),                   \
        OHM_OPT_TEXT(s, from.cache, "cache", 0, "DIR", "keep features of speech here", .complete = "folder"),          \
        OHM_OPT_INT(s, from.jobs, "jobs", 'j', "N", NULL, 1, 1024, "threads; all processors when not given",           \
                    .env = "OHMNAS_JOBS"),                                                                             \
        OHM_OPT_TEXT(s, from.net.space, "space", 0, "SPACE", "NET is 'axis=value ...' or a key of this space",         \
                     .complete = "space"),                                                                             \
        OHM_OPT_TEXT(s, from.net.db, "db", 0, "FILE", "the run log, for NET as n:id or #number",                       \
                     .fallback = "ohmnas.db", .env = "OHMNAS_DB", .complete = "file"),                                 \
        OHM_OPT_TEXT(s, from.net.study, "study", 's', "STUDY", "study of #number; the newest when not given",          \
                     .complete = "study")

/* A network, a task and its samples, for as long as a command runs. */
struct loaded {
    struct ohm_named_net named;
    const struct ohm_net *net;
    struct ohm_task_spec *task;
    struct ohm_data *data;
    struct ohm_data_parts parts;
    struct ohm_samples samples;
};

static void loaded_release(struct loaded *l)
{
    ohm_data_free(l->data);
    ohm_task_spec_free(l->task);
    ohm_net_arg_release(&l->named);
}

static int jobs_of(int64_t jobs)
{
    return jobs > 0 ? (int)jobs : ohm_processor_count();
}

static enum ohm_status check_shapes(const struct loaded *l, struct ohm_error *err)
{
    const struct ohm_shape in = l->net->input;
    const struct ohm_task_spec *t = l->task;

    if (in.h == t->h && in.w == t->w && in.c == t->c && l->net->classes == t->classes)
        return OHM_OK;
    return ohm_fail(err, OHM_ECONFIG,
                    "the network takes %d x %d x %d and tells %d classes apart, task '%s' has %d x %d x %d and %d",
                    in.h, in.w, in.c, l->net->classes, t->name, t->h, t->w, t->c, t->classes);
}

static enum ohm_status load(struct ohm_cli *cli, struct loaded *l, const char *net, const struct sources *from,
                            enum ohm_split train, enum ohm_split judge, struct ohm_error *err)
{
    const struct ohm_data_options options = {.split_file = from->split_file,
                                             .folds = (int)from->folds,
                                             .fold = (int)from->fold,
                                             .cache = from->cache,
                                             .jobs = jobs_of(from->jobs)};
    enum ohm_status st;

    if (!from->task || !from->folder)
        return ohm_fail(err, OHM_ECONFIG, "--%s is missing: which %s?", from->task ? "data" : "task",
                        from->task ? "folder holds the samples" : "task are the samples of");
    if ((st = ohm_net_arg(cli, &l->named, net, &from->net, err)) != OHM_OK)
        return st;
    l->net = l->named.net;
    if ((st = ohm_cli_task(cli, from->task, &l->task)) != OHM_OK || (st = check_shapes(l, err)) != OHM_OK ||
        (st = ohm_data_load(&l->data, l->task, from->folder, &options, &cli->diag)) != OHM_OK)
        return st;
    l->samples = ohm_samples_of_data(&l->parts, l->data, train, judge);
    return OHM_OK;
}

static enum ohm_split split_of(const char *name)
{
    int i = 0;

    while (i < OHM_SPLITS - 1 && strcmp(ohm_split_names[i], name) != 0)
        i++;
    return (enum ohm_split)i;
}

/* "lr=0.1" goes to the recipe, "analog.dac_bits=6" to the hardware. */
static enum ohm_status set_one(struct ohm_recipe *recipe, struct ohm_analog *analog, const char *text,
                               struct ohm_error *err)
{
    const char *equals = strchr(text, '=');
    const bool hardware = strncmp(text, "analog.", 7) == 0;
    char key[64];

    if (!equals || (size_t)(equals - text) >= sizeof(key))
        return ohm_fail(err, OHM_ECONFIG, "--set is '%.80s', not key=value", text);
    memcpy(key, text, (size_t)(equals - text));
    key[equals - text] = '\0';
    if (hardware)
        return ohm_field_set(ohm_analog_fields, analog, key + 7, equals + 1, err);
    if (!recipe)
        return ohm_fail(err, OHM_ECONFIG, "--set is '%.80s'; here it is analog.KEY=VALUE", text);
    return ohm_field_set(ohm_recipe_fields, recipe, key, equals + 1, err);
}

static enum ohm_status read_set(struct ohm_recipe *recipe, struct ohm_analog *analog, const struct ohm_words *set,
                                struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < set->count && st == OHM_OK; i++)
        st = set_one(recipe, analog, set->item[i], err);
    return st;
}

static double now(void *context)
{
    (void)context;
    return ohm_now_s();
}

/* ---- train ---- */

struct fit {
    struct sources from;
    const char *output, *start, *split, *progress;
    struct ohm_words set;
    bool analog, resume, best;
    int64_t seed, reestimate, distill;
    struct ohm_format format;
};

static const char *const train_splits[] = {"train", "trainval", NULL};
static const char *const progress_forms[] = {"auto", "none", "line", NULL};

static const struct ohm_option train_options[] = {
    OHM_OPT_TEXT(fit, output, "output", 'o', "FILE", "where the weights go (safetensors), required",
                 .complete = "file"),
    OPT_SOURCES(fit),
    OHM_OPT_TEXT(fit, start, "from", 0, "FILE", "weights to start from, such as those of the digital network",
                 .complete = "file"),
    OHM_OPT_FLAG(fit, analog, "analog", 0, "analog hardware in the loop: noise, clipping, converters, tiles"),
    OHM_OPT_INT(fit, distill, "distill", 0, "PERCENT", "0", 0, 100,
                "share of the labels that the network of --from gives instead"),
    OHM_OPT_LIST(fit, set, "set", 0, "KEY=VALUE", "of the task's recipe, or analog.KEY=VALUE"),
    OHM_OPT_TEXT(fit, split, "train-split", 0, "SPLIT", "trainval is judged on test, train on val", .fallback = "train",
                 .names = train_splits),
    OHM_OPT_FLAG(fit, best, "best", 0, "keep the weights of the best epoch, not of the last"),
    OHM_OPT_INT(fit, reestimate, "reestimate", 0, "N", "0", 0, 100000,
                "at the end, take the batch norms' statistics from N batches; 0: keep them"),
    OHM_OPT_FLAG(fit, resume, "resume", 0, "go on where a run with the same options was stopped"),
    OHM_OPT_INT(fit, seed, "seed", 0, "S", "1", 0, 9e15, "of weights, order, augmentation and noise",
                .env = "OHMNAS_SEED"),
    OHM_OPT_TEXT(fit, progress, "progress", 0, "FORM", "auto, none or line", .fallback = "auto",
                 .names = progress_forms),
    OHM_OPT_FORMAT(fit),
    OHM_OPT_END,
};

struct watch {
    bool quiet, redraw;
    double last_s;
};

static bool show(void *context, const struct ohm_train_progress *p)
{
    struct watch *w = context;
    const double t = now(NULL);
    const bool whole = p->step == p->steps;
    char val[64] = "";

    if (ohm_signal_pending())
        return false;
    if (w->quiet || (!whole && t - w->last_s < (w->redraw ? 0.5 : 10)))
        return true;
    w->last_s = t;
    if (whole)
        snprintf(val, sizeof(val), "  val %.2f %%  best %.2f %%", 100 * p->val_accuracy, 100 * p->best_accuracy);
    fprintf(stderr, "%sepoch %lld/%lld  %3.0f %%  loss %.4f  accuracy %.2f %%%s  lr %.4g  %.0f samples/s  eta %.0f s%s",
            w->redraw ? "\r\033[K" : "", (long long)p->epoch, (long long)p->epochs,
            100.0 * (double)p->step / (double)p->steps, p->loss, 100 * p->accuracy, val, p->lr, p->samples_per_s,
            p->left_s, w->redraw && !whole ? "" : "\n");
    return true;
}

static void put_curve(struct ohm_str *s, const struct ohm_train_result *r)
{
    ohm_str_append(s, "loss accuracy val_loss val_accuracy lr;");
    for (int i = 0; i < r->epochs; i++) {
        const struct ohm_train_epoch *e = &r->curve[i];

        ohm_str_printf(s, "%.5g %.5g %.5g %.5g %.5g;", e->loss, e->accuracy, e->val_loss, e->val_accuracy, e->lr);
    }
}

/* The weights, with all that they came from. */
static enum ohm_status save(const struct fit *opt, const struct loaded *l, const struct ohm_weights *w,
                            const struct ohm_train_spec_net *spec, const struct ohm_train_result *result,
                            struct ohm_error *err)
{
    struct ohm_str recipe = {0}, analog = {0}, curve = {0}, seed = {0}, hash = {0}, shape = {0};
    struct ohm_meta meta[] = {{"format", "ohmnas.weights/1"},
                              {"program", "ohmnas " OHM_VERSION},
                              {"network", l->named.name},
                              {"network_hash", NULL},
                              {"task", l->task->name},
                              {"split", opt->split},
                              {"seed", NULL},
                              {"recipe", NULL},
                              {"analog", NULL},
                              {"data_hash", NULL},
                              {"curve", NULL},
                              {"started_from", opt->start ? opt->start : ""}};
    enum ohm_status st;

    ohm_fields_print(&recipe, ohm_recipe_fields, &spec->recipe);
    ohm_fields_print(&analog, ohm_analog_fields, &spec->analog);
    ohm_str_printf(&shape, "%016" PRIx64, ohm_net_hash(l->net));
    ohm_str_printf(&seed, "%" PRIu64, spec->seed);
    ohm_str_printf(&hash, "%016" PRIx64, spec->data_hash);
    put_curve(&curve, result);
    meta[3].value = ohm_str_text(&shape);
    meta[6].value = ohm_str_text(&seed);
    meta[7].value = ohm_str_text(&recipe);
    meta[8].value = ohm_str_text(&analog);
    meta[9].value = ohm_str_text(&hash);
    meta[10].value = ohm_str_text(&curve);
    if (recipe.failed || analog.failed || curve.failed || seed.failed || hash.failed || shape.failed)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    else
        st = ohm_weights_save(w, opt->output, meta, (int)(sizeof(meta) / sizeof(meta[0])), err);
    ohm_str_release(&recipe);
    ohm_str_release(&analog);
    ohm_str_release(&curve);
    ohm_str_release(&seed);
    ohm_str_release(&hash);
    ohm_str_release(&shape);
    return st;
}

static enum ohm_status out_fit(const struct fit *opt, const struct loaded *l, const struct ohm_train_result *r,
                               double seconds, struct ohm_error *err)
{
    struct ohm_out out;

    ohm_out_begin(&out, &opt->format, "ohmnas.train/1");
    ohm_out_text(&out, "network", l->named.name);
    ohm_out_text(&out, "task", l->task->name);
    if (ohm_data_is_synthetic(l->data))
        ohm_out_text(&out, "note", "synthetic data: what is learned from them means nothing");
    ohm_out_int(&out, "samples", l->samples.count[0]);
    ohm_out_int(&out, "epochs", r->epochs);
    ohm_out_int(&out, "best_epoch", r->best + 1);
    ohm_out_double(&out, "val_top1", r->epochs > 0 ? 100 * r->curve[r->epochs - 1].val_accuracy : NAN);
    ohm_out_double(&out, "best_val_top1", r->best >= 0 ? 100 * r->curve[r->best].val_accuracy : NAN);
    ohm_out_double(&out, "time_s", seconds);
    ohm_out_text(&out, "weights", opt->output);
    ohm_out_list(&out, "epochs");
    for (int i = 0; i < r->epochs; i++) {
        ohm_out_row(&out);
        ohm_out_int(&out, "epoch", i + 1);
        ohm_out_double(&out, "loss", r->curve[i].loss);
        ohm_out_double(&out, "top1", 100 * r->curve[i].accuracy);
        ohm_out_double(&out, "val_loss", r->curve[i].val_loss);
        ohm_out_double(&out, "val_top1", 100 * r->curve[i].val_accuracy);
        ohm_out_double(&out, "lr", r->curve[i].lr);
        ohm_out_row_end(&out);
    }
    ohm_out_list_end(&out);
    return ohm_out_end(&out, err);
}

static enum ohm_status fit(const struct fit *opt, struct loaded *l, struct ohm_train_spec_net *spec,
                           struct ohm_error *err)
{
    struct ohm_weights w = {0}, start = {0};
    struct ohm_train_result result = {0};
    const double begin_s = now(NULL);
    enum ohm_status st = ohm_weights_init(&w, l->net, err);

    if (st == OHM_OK && opt->start && (st = ohm_weights_init(&start, l->net, err)) == OHM_OK) {
        st = ohm_weights_load(&start, opt->start, err);
        spec->from = &start;
        spec->teacher = opt->distill > 0 ? &start : NULL;
    }
    if (st == OHM_OK && (st = ohm_train_run(&w, &result, spec, err)) == OHM_OK &&
        (st = save(opt, l, &w, spec, &result, err)) == OHM_OK) {
        unlink(spec->checkpoint); /* its work is done, and --resume would only find a finished run */
        st = out_fit(opt, l, &result, now(NULL) - begin_s, err);
    }
    ohm_train_result_release(&result);
    ohm_weights_release(&start);
    ohm_weights_release(&w);
    return st;
}

static enum ohm_status run_train(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                 struct ohm_error *err)
{
    const struct fit *opt = object;
    struct ohm_train_spec_net spec = {.seed = (uint64_t)opt->seed,
                                      .jobs = jobs_of(opt->from.jobs),
                                      .resume = opt->resume,
                                      .distill = (double)opt->distill / 100,
                                      .temperature = 1,
                                      .reestimate = (int)opt->reestimate,
                                      .keep_best = opt->best,
                                      .progress = show,
                                      .clock = now};
    struct watch watch = {.quiet = strcmp(opt->progress, "none") == 0, .last_s = now(NULL)};
    struct loaded l = {0};
    struct ohm_str checkpoint = {0};
    const enum ohm_split split = split_of(opt->split);
    enum ohm_status st;

    if (!opt->output)
        return ohm_fail(err, OHM_ECONFIG, "--output is missing: which file are the weights written to?");
    if (opt->distill > 0 && !opt->start)
        return ohm_fail(err, OHM_ECONFIG, "--distill is of the network of --from, and there is none");
    watch.redraw = isatty(STDERR_FILENO) && strcmp(opt->progress, "auto") == 0;
    ohm_signals_hold();
    ohm_fields_default(ohm_analog_fields, &spec.analog);
    if ((st = load(cli, &l, args->word[0], &opt->from, split, split == OHM_TRAIN ? OHM_VAL : OHM_TEST, err)) ==
        OHM_OK) {
        spec.recipe = l.task->recipe;
        spec.analog.on = opt->analog;
        st = read_set(&spec.recipe, &spec.analog, &opt->set, err);
    }
    if (st == OHM_OK) {
        ohm_str_printf(&checkpoint, "%s.checkpoint", opt->output);
        spec.net = l.net;
        spec.samples = &l.samples;
        spec.data_hash = ohm_data_hash(l.data);
        spec.checkpoint = ohm_str_text(&checkpoint);
        spec.context = &watch;
        st = checkpoint.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory") : fit(opt, &l, &spec, err);
    }
    cli->signal = st == OHM_EINTR ? ohm_signal_pending() : 0;
    ohm_str_release(&checkpoint);
    loaded_release(&l);
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
        "FILE.checkpoint: --resume then gives the same bytes as a run that was never stopped.",
    .examples = train_examples,
    .options = train_options,
    .size = sizeof(struct fit),
    .run = run_train,
};

/* ---- eval ---- */

struct judge {
    struct sources from;
    const char *weights, *split;
    struct ohm_words set;
    bool analog;
    int64_t seed, repeats, batch;
    struct ohm_format format;
};

static const char *const judge_splits[] = {"train", "val", "test", "trainval", NULL};

static const struct ohm_option eval_options[] = {
    OHM_OPT_TEXT(judge, weights, "weights", 'w', "FILE", "of the network, required", .complete = "file"),
    OPT_SOURCES(judge),
    OHM_OPT_TEXT(judge, split, "on", 0, "SPLIT", "samples to judge on", .fallback = "test", .names = judge_splits),
    OHM_OPT_FLAG(judge, analog, "analog", 0, "with converters, and weights programmed with noise"),
    OHM_OPT_INT(judge, repeats, "repeats", 0, "N", "1", 1, 10000, "draws of the hardware, with --analog"),
    OHM_OPT_LIST(judge, set, "set", 0, "KEY=VALUE", "analog.KEY=VALUE"),
    OHM_OPT_INT(judge, batch, "batch", 0, "N", "100", 1, 65536, "samples at a time"),
    OHM_OPT_INT(judge, seed, "seed", 0, "S", "1", 0, 9e15, "of the noise", .env = "OHMNAS_SEED"),
    OHM_OPT_FORMAT(judge),
    OHM_OPT_END,
};

static void out_score(struct ohm_out *o, const struct ohm_score_counts *s, int64_t seed)
{
    ohm_out_row(o);
    ohm_out_int(o, "seed", seed);
    ohm_out_int(o, "samples", s->samples);
    ohm_out_int(o, "correct", s->correct);
    ohm_out_double(o, "top1", 100.0 * (double)s->correct / (double)s->samples);
    ohm_out_double(o, "top1_low", 100 * s->low);
    ohm_out_double(o, "top1_high", 100 * s->high);
    ohm_out_double(o, "loss", s->loss);
    ohm_out_row_end(o);
}

static enum ohm_status judge(const struct judge *opt, struct loaded *l, struct ohm_weights *w,
                             const struct ohm_analog *analog, struct ohm_error *err)
{
    const int64_t repeats = opt->analog ? opt->repeats : 1;
    struct ohm_out out;
    enum ohm_status st = OHM_OK;

    if (l->samples.count[1] < 1)
        return ohm_fail(err, OHM_EDATA, "split '%s' has no samples", opt->split);
    ohm_out_begin(&out, &opt->format, "ohmnas.eval/1");
    ohm_out_text(&out, "network", l->named.name);
    ohm_out_text(&out, "task", l->task->name);
    ohm_out_text(&out, "on", opt->split);
    if (ohm_data_is_synthetic(l->data))
        ohm_out_text(&out, "note", "synthetic data: what is learned from them means nothing");
    ohm_out_list(&out, "scores");
    for (int64_t i = 0; i < repeats && st == OHM_OK; i++) {
        struct ohm_score_counts score;

        st = ohm_net_judge(&score, w, &l->samples, opt->analog ? analog : NULL, (uint64_t)(opt->seed + i),
                           (int)opt->batch, jobs_of(opt->from.jobs), err);
        if (st == OHM_OK)
            out_score(&out, &score, opt->seed + i);
    }
    ohm_out_list_end(&out);
    if (st != OHM_OK) {
        ohm_out_drop(&out);
        return st;
    }
    return ohm_out_end(&out, err);
}

static enum ohm_status run_eval(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                struct ohm_error *err)
{
    const struct judge *opt = object;
    struct ohm_analog analog;
    struct ohm_weights w = {0};
    struct loaded l = {0};
    enum ohm_status st;

    if (!opt->weights)
        return ohm_fail(err, OHM_ECONFIG, "--weights is missing: which file holds them?");
    ohm_fields_default(ohm_analog_fields, &analog);
    analog.on = opt->analog;
    if ((st = read_set(NULL, &analog, &opt->set, err)) == OHM_OK &&
        (st = load(cli, &l, args->word[0], &opt->from, OHM_TRAIN, split_of(opt->split), err)) == OHM_OK &&
        (st = ohm_weights_init(&w, l.net, err)) == OHM_OK && (st = ohm_weights_load(&w, opt->weights, err)) == OHM_OK)
        st = judge(opt, &l, &w, &analog, err);
    ohm_weights_release(&w);
    loaded_release(&l);
    return st;
}

static const char *const eval_examples[] = {
    "ohmnas eval searchspaces/reference/resnet8.yaml --weights resnet8.st --task cifar10 --data cifar",
    "ohmnas eval searchspaces/reference/resnet8.yaml --weights resnet8.st --task cifar10 --data cifar --analog "
    "--repeats 5 --set analog.noise=pcm --set analog.noise_scale=1",
    NULL};

const struct ohm_command ohm_cmd_eval = {
    .name = "eval",
    .operands = "NET",
    .words_min = 1,
    .words_max = 1,
    .complete = "file",
    .summary = "accuracy of a trained network, with its 95 % interval",
    .details = "NET as for train. The interval is Wilson's for the number of samples. With --analog each repeat "
               "programs the weights anew; input ranges that training has not set are taken from training samples.",
    .examples = eval_examples,
    .options = eval_options,
    .size = sizeof(struct judge),
    .run = run_eval,
};
