/* collection.h - all that a recipe of measured networks names, loaded: what collecting and the closed loop share. */
#ifndef OHM_CLI_COLLECTION_H
#define OHM_CLI_COLLECTION_H

#include "cli_int.h"

#include "ohm/collect.h"

struct ohm_collection_options {
    const char *folder, *split_file, *cache;
};
#define OHM_OPT_COLLECTION(s, m)                                                                                       \
    OHM_OPT_TEXT(s, m.folder, "data", 0, "DIR", "folder or archive of the samples, or synthetic:N",                    \
                 .env = "OHMNAS_DATA", .complete = "folder"),                                                          \
        OHM_OPT_TEXT(s, m.split_file, "split-file", 0, "FILE", "columns file, split; in place of the task's",          \
                     .complete = "file"),                                                                              \
        OHM_OPT_TEXT(s, m.cache, "cache", 0, "DIR", "keep features of speech here", .complete = "folder")

struct ohm_collection {
    struct ohm_collect_recipe recipe;
    struct ohm_space *space;
    struct ohm_chip *chip;
    struct ohm_device *device;
    struct ohm_task_spec *task;
    struct ohm_data *data;
    struct ohm_collect *collect;
};

/* The recipe and what it names, but for the samples. Problems of files go to cli->diag. */
enum ohm_status ohm_collection_load(struct ohm_cli *cli, struct ohm_collection *c, const char *recipe,
                                    struct ohm_error *err);
/* The samples, and the networks drawn. */
enum ohm_status ohm_collection_create(struct ohm_cli *cli, struct ohm_collection *c,
                                      const struct ohm_collection_options *from, int jobs, struct ohm_error *err);
void ohm_collection_release(struct ohm_collection *c);
/* A line on standard error about a row just written; left_s: estimate, NaN for none. */
void ohm_collection_say_row(const struct ohm_collect_recipe *recipe, const struct ohm_collect_progress *p,
                            double left_s);

#endif
