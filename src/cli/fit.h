/* fit.h - what training a network and judging it share: the options for network, task and samples, and these loaded. */
#ifndef OHM_CLI_FIT_H
#define OHM_CLI_FIT_H

#include "cli_int.h"

#include "ohm/train.h"

struct ohm_fit_sources {
    const char *task, *folder, *split_file, *cache;
    int64_t folds, fold, jobs;
    struct ohm_net_options net;
};

#define OHM_OPT_SOURCES(s)                                                                                             \
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
        OHM_OPT_TEXT(s, from.net.study, "study", 's', "STUDY", "study of #number; the newest when not given",          \
                     .complete = "study")

/* A network, a task and its samples, for as long as a command runs. */
struct ohm_fit_loaded {
    struct ohm_named_net named;
    const struct ohm_net *net;
    struct ohm_task_spec *task;
    struct ohm_data *data;
    struct ohm_data_parts parts;
    struct ohm_samples samples;
};

/* Needs the options task and data. Problems of files go to cli->diag. */
enum ohm_status ohm_fit_load(struct ohm_cli *cli, struct ohm_fit_loaded *l, const char *net,
                             const struct ohm_fit_sources *from, enum ohm_split train, enum ohm_split judge,
                             struct ohm_error *err);
void ohm_fit_release(struct ohm_fit_loaded *l);
/* The words of --set: "lr=0.1" goes to the recipe (NULL: there is none), "analog.dac_bits=6" to the hardware. */
enum ohm_status ohm_fit_set(struct ohm_recipe *recipe, struct ohm_analog *analog, const struct ohm_words *set,
                            struct ohm_error *err);
enum ohm_split ohm_fit_split(const char *name);
int ohm_fit_jobs(int64_t jobs); /* 0: one for each processor */

#endif
