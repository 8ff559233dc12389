/* cmd_data.c - what is in a data folder: is it whole, how are its values spread, and its features as arrays. */
#include "cli_int.h"

#include "ohm/data.h"
#include "ohm/parallel.h"

#include <stdio.h>
#include <string.h>

struct data {
    const char *task, *folder, *split_file, *split, *cache, *output;
    int64_t folds, fold, jobs;
    bool duplicates;
    struct ohm_format format;
};

#define OPT_DATA                                                                                                       \
    OHM_OPT_TEXT(data, task, "task", 0, "TASK", "what is to be learned: kws, vww, cifar10 or a file",                  \
                 .complete = "task"),                                                                                  \
        OHM_OPT_TEXT(data, folder, "data", 0, "DIR", "folder or archive of the samples, or synthetic:N",               \
                     .env = "OHMNAS_DATA", .complete = "folder"),                                                      \
        OHM_OPT_TEXT(data, split_file, "split-file", 0, "FILE", "columns file, split; in place of the task's",         \
                     .complete = "file"),                                                                              \
        OHM_OPT_INT(data, folds, "folds", 0, "K", "0", 0, 1000, "divide by K-fold cross-validation; 0: as given"),     \
        OHM_OPT_INT(data, fold, "fold", 0, "I", "0", 0, 999, "the fold that is the test, from 0"),                     \
        OHM_OPT_TEXT(data, cache, "cache", 0, "DIR", "keep features of speech here", .complete = "folder"),            \
        OHM_OPT_INT(data, jobs, "jobs", 'j', "N", NULL, 1, 1024, "threads; all processors when not given",             \
                    .env = "OHMNAS_JOBS")

enum ohm_status ohm_cli_task(struct ohm_cli *cli, const char *name, struct ohm_task_spec **task)
{
    struct ohm_str path = {0};
    struct ohm_error err = {0};
    enum ohm_status st = ohm_find(cli, "task", name, &path, &err);

    if (st != OHM_OK)
        ohm_diag_take(&cli->diag, &err);
    else
        st = ohm_task_spec_load(task, ohm_str_text(&path), &cli->diag);
    ohm_str_release(&path);
    return st;
}

/* A data set and its task, for as long as a command runs. */
struct loaded {
    struct ohm_task_spec *task;
    struct ohm_data *data;
};

static void loaded_release(struct loaded *l)
{
    ohm_data_free(l->data);
    ohm_task_spec_free(l->task);
}

static int jobs_of(const struct data *opt)
{
    return opt->jobs ? (int)opt->jobs : ohm_processor_count();
}

static enum ohm_status load(struct ohm_cli *cli, struct loaded *l, const struct data *opt, bool lenient,
                            struct ohm_error *err)
{
    const struct ohm_data_options options = {.split_file = opt->split_file,
                                             .folds = (int)opt->folds,
                                             .fold = (int)opt->fold,
                                             .cache = opt->cache,
                                             .jobs = jobs_of(opt),
                                             .lenient = lenient};
    enum ohm_status st;

    if (!opt->task || !opt->folder)
        return ohm_fail(err, OHM_ECONFIG, "--%s is missing: which %s?", opt->task ? "data" : "task",
                        opt->task ? "folder holds the samples" : "task are the samples of");
    if ((st = ohm_cli_task(cli, opt->task, &l->task)) != OHM_OK)
        return st;
    return ohm_data_load(&l->data, l->task, opt->folder, &options, &cli->diag);
}

static void out_hash(struct ohm_out *o, const char *name, uint64_t hash)
{
    char text[20];

    snprintf(text, sizeof text, "%016llx", (unsigned long long)hash);
    ohm_out_text(o, name, text);
}

static void out_head(struct ohm_out *o, const struct loaded *l, const struct data *opt)
{
    ohm_out_text(o, "task", l->task->name);
    ohm_out_text(o, "data", opt->folder);
    if (ohm_data_is_synthetic(l->data))
        ohm_out_text(o, "note", "synthetic data: what is learned from them means nothing");
    out_hash(o, "hash", ohm_data_hash(l->data));
    ohm_out_int(o, "samples", ohm_data_count(l->data));
}

/* ---- check ---- */

static const struct ohm_option check_options[] = {
    OPT_DATA,
    OHM_OPT_FLAG(data, duplicates, "duplicates", 0, "list the samples with equal contents in place of the classes"),
    OHM_OPT_FORMAT(data),
    OHM_OPT_END,
};

static int count_of(const struct ohm_data *d, enum ohm_split split, int label)
{
    int n, found = 0;
    const int *const sample = ohm_data_split(d, split, &n);

    for (int i = 0; i < n; i++)
        found += ohm_data_label(d, sample[i]) == label;
    return found;
}

static void out_classes(struct ohm_out *o, const struct loaded *l)
{
    ohm_out_list(o, "classes");
    for (int k = 0; k < l->task->classes; k++) {
        ohm_out_row(o);
        ohm_out_text(o, "class", l->task->class_name[k]);
        for (int s = OHM_TRAIN; s < OHM_TRAINVAL; s++)
            ohm_out_int(o, ohm_split_names[s], count_of(l->data, s, k));
        ohm_out_row_end(o);
    }
    ohm_out_list_end(o);
}

static void out_pairs(struct ohm_out *o, const struct loaded *l, const struct ohm_data_pair *pair, int count)
{
    ohm_out_list(o, "duplicates");
    for (int i = 0; i < count; i++) {
        ohm_out_row(o);
        ohm_out_text(o, "first", ohm_data_name(l->data, pair[i].first));
        ohm_out_text(o, "second", ohm_data_name(l->data, pair[i].second));
        ohm_out_text(o, "first_split", ohm_split_names[ohm_data_split_of(l->data, pair[i].first)]);
        ohm_out_text(o, "second_split", ohm_split_names[ohm_data_split_of(l->data, pair[i].second)]);
        ohm_out_bool(o, "labels_differ", pair[i].labels);
        ohm_out_row_end(o);
    }
    ohm_out_list_end(o);
}

static enum ohm_status report(const struct loaded *l, const struct data *opt, int problems, struct ohm_error *err)
{
    struct ohm_data_pair *pair = NULL;
    int count = 0, across = 0, contradict = 0;
    struct ohm_out out;
    enum ohm_status st;

    if ((st = ohm_data_duplicates(l->data, &pair, &count, err)) != OHM_OK)
        return st;
    for (int i = 0; i < count; i++) {
        across += pair[i].across;
        contradict += pair[i].labels;
    }
    ohm_out_begin(&out, &opt->format, "ohmnas.data_check/1");
    out_head(&out, l, opt);
    for (int s = OHM_TRAIN; s < OHM_TRAINVAL; s++) {
        int n;

        ohm_data_split(l->data, s, &n);
        ohm_out_int(&out, ohm_split_names[s], n);
    }
    ohm_out_int(&out, "problems", problems);
    ohm_out_int(&out, "duplicates", count);
    ohm_out_int(&out, "duplicates_across_splits", across);
    ohm_out_int(&out, "duplicates_with_other_label", contradict);
    if (opt->duplicates)
        out_pairs(&out, l, pair, count);
    else
        out_classes(&out, l);
    ohm_free(pair);
    return ohm_out_end(&out, err);
}

static enum ohm_status run_check(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                 struct ohm_error *err)
{
    struct loaded l = {0};
    enum ohm_status st = load(cli, &l, object, true, err);

    (void)args;
    if (st == OHM_OK && (st = report(&l, object, cli->diag.count, err)) == OHM_OK)
        st = ohm_diag_status(&cli->diag, err);
    loaded_release(&l);
    return st;
}

static const char *const check_examples[] = {"ohmnas data check --task kws --data speech_commands_v0.02.tar.gz",
                                             "ohmnas data check --task vww --data vww --folds 4 --fold 0 --json", NULL};

const struct ohm_command ohm_cmd_data_check = {
    .name = "data check",
    .operands = "",
    .summary = "find what is wrong with a data folder; count classes, splits and duplicates",
    .details = "Every broken file is told, and what else stands in the way of training; then the exit code is not 0. "
               "Samples of equal content are duplicates; across splits they make a test too easy.",
    .examples = check_examples,
    .options = check_options,
    .size = sizeof(struct data),
    .run = run_check,
};

/* ---- stats ---- */

static const struct ohm_option stats_options[] = {
    OPT_DATA,
    OHM_OPT_TEXT(data, split, "split", 0, "SPLIT", "whose values", .fallback = "train", .names = ohm_split_names),
    OHM_OPT_FORMAT(data),
    OHM_OPT_END,
};

static enum ohm_split split_named(const char *name)
{
    int s = 0;

    while (s < OHM_SPLITS - 1 && strcmp(ohm_split_names[s], name) != 0)
        s++;
    return s;
}

/* By channel, and where there is one channel, by column: the two ways in which a task normalises. */
static enum ohm_status out_stats(const struct loaded *l, const struct data *opt, struct ohm_error *err)
{
    const bool columns = l->task->c == 1;
    const int n = columns ? l->task->w : l->task->c;
    double *const mean = ohm_alloc((size_t)n, sizeof *mean), *const std = ohm_alloc((size_t)n, sizeof *std);
    struct ohm_data_stats stats = {.column_mean = columns ? mean : NULL,
                                   .column_std = columns ? std : NULL,
                                   .channel_mean = columns ? NULL : mean,
                                   .channel_std = columns ? NULL : std};
    struct ohm_out out;
    enum ohm_status st = mean && std ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "out of memory");

    if (st == OHM_OK && (st = ohm_data_stats(l->data, split_named(opt->split), &stats, err)) == OHM_OK) {
        ohm_out_begin(&out, &opt->format, "ohmnas.data_stats/1");
        out_head(&out, l, opt);
        ohm_out_text(&out, "split", opt->split);
        ohm_out_double(&out, "min", stats.min);
        ohm_out_double(&out, "max", stats.max);
        ohm_out_list(&out, columns ? "columns" : "channels");
        for (int i = 0; i < n; i++) {
            ohm_out_row(&out);
            ohm_out_int(&out, columns ? "column" : "channel", i);
            ohm_out_double(&out, "mean", mean[i]);
            ohm_out_double(&out, "std", std[i]);
            ohm_out_row_end(&out);
        }
        ohm_out_list_end(&out);
        st = ohm_out_end(&out, err);
    }
    ohm_free(mean);
    ohm_free(std);
    return st;
}

static enum ohm_status run_stats(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                 struct ohm_error *err)
{
    struct loaded l = {0};
    enum ohm_status st = load(cli, &l, object, false, err);

    (void)args;
    if (st == OHM_OK)
        st = out_stats(&l, object, err);
    loaded_release(&l);
    return st;
}

static const char *const stats_examples[] = {"ohmnas data stats --task cifar10 --data cifar-10-binary.tar.gz", NULL};

const struct ohm_command ohm_cmd_data_stats = {
    .name = "data stats",
    .operands = "",
    .summary = "mean and spread of the values before normalisation",
    .details = "What `normalise` of a task file is set to, so that a network sees values of mean 0 and spread 1.",
    .examples = stats_examples,
    .options = stats_options,
    .size = sizeof(struct data),
    .run = run_stats,
};

/* ---- features ---- */

static const struct ohm_option features_options[] = {
    OPT_DATA,
    OHM_OPT_TEXT(data, output, "output", 'o', "DIR", "folder for the arrays, made where it is missing",
                 .complete = "folder"),
    OHM_OPT_FORMAT(data),
    OHM_OPT_END,
};

static enum ohm_status write_all(const struct loaded *l, const struct data *opt, struct ohm_error *err)
{
    struct ohm_out out;
    enum ohm_status st = OHM_OK;

    ohm_out_begin(&out, &opt->format, "ohmnas.data_features/1");
    out_head(&out, l, opt);
    ohm_out_list(&out, "splits");
    for (int s = OHM_TRAIN; s < OHM_TRAINVAL && st == OHM_OK; s++) {
        int n;

        ohm_data_split(l->data, s, &n);
        if (n == 0)
            continue;
        st = ohm_data_write_npy(l->data, s, opt->output, jobs_of(opt), err);
        ohm_out_row(&out);
        ohm_out_text(&out, "split", ohm_split_names[s]);
        ohm_out_int(&out, "samples", n);
        ohm_out_row_end(&out);
    }
    ohm_out_list_end(&out);
    return st == OHM_OK ? ohm_out_end(&out, err) : (ohm_out_drop(&out), st);
}

static enum ohm_status run_features(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                    struct ohm_error *err)
{
    const struct data *const opt = object;
    struct loaded l = {0};
    enum ohm_status st;

    (void)args;
    if (!opt->output)
        return ohm_fail(err, OHM_ECONFIG, "--output is missing: which folder are the arrays for?");
    st = load(cli, &l, opt, false, err);
    if (st == OHM_OK)
        st = write_all(&l, opt, err);
    loaded_release(&l);
    return st;
}

static const char *const features_examples[] = {"ohmnas data features --task kws --data speech_commands -o features",
                                                NULL};

const struct ohm_command ohm_cmd_data_features = {
    .name = "data features",
    .operands = "",
    .summary = "write what a network sees as .npy arrays",
    .details = "x_SPLIT.npy holds the inputs (float, normalised, without augmentation), y_SPLIT.npy the labels. A task "
               "of kind npy reads such a folder.",
    .examples = features_examples,
    .options = features_options,
    .size = sizeof(struct data),
    .run = run_features,
};
