/* refine.h - search --refine: the closed loop from the command line. */
#ifndef OHM_CLI_REFINE_H
#define OHM_CLI_REFINE_H

#include "collection.h"

#include "ohm/loop.h"

/* What --refine wants to know beside the options of a search. */
struct ohm_refine_options {
    const char *recipe, *rows, *journal, *front, *table, *key, *cost, *hours, *features;
    struct ohm_words target, noise;
    int64_t top, rounds, race, trainings;
    struct ohm_collection_options samples;
};
#define OHM_OPT_REFINE(s)                                                                                              \
    OHM_OPT_INT(s, refine.rounds, "refine", 0, "R", "0", 0, 10000,                                                     \
                "rounds in which networks are measured and the surrogate is fitted again"),                            \
        OHM_OPT_INT(s, refine.top, "validate-top", 0, "K", "8", 1, 10000, "networks measured in each round"),          \
        OHM_OPT_INT(s, refine.race, "race", 0, "N", "0", 0, 10000,                                                     \
                    "further seeds in each round, for networks that noise leaves in question"),                        \
        OHM_OPT_INT(s, refine.trainings, "trainings", 0, "N", "0", 0, 1000000, "budget of it all; 0: none"),           \
        OHM_OPT_TEXT(s, refine.hours, "hours", 0, "H", "budget of processor time; 0: none", .fallback = "0"),          \
        OHM_OPT_TEXT(s, refine.recipe, "recipe", 0, "RECIPE", "how networks are measured, as in collect",              \
                     .complete = "recipe"),                                                                            \
        OHM_OPT_TEXT(s, refine.rows, "rows", 0, "FILE.csv", "measured networks: read, and added to",                   \
                     .complete = "file"),                                                                              \
        OHM_OPT_TEXT(s, refine.journal, "journal", 0, "FILE.loop.csv", "decisions; beside the rows when not given",    \
                     .complete = "file"),                                                                              \
        OHM_OPT_TEXT(s, refine.front, "front", 0, "FOLDER", "at the end, a file for each network of the front",        \
                     .complete = "folder"),                                                                            \
        OHM_OPT_COLLECTION(s, refine.samples),                                                                         \
        OHM_OPT_TEXT(s, refine.features, "features", 0, "GROUPS", "feature groups of the surrogate that is fitted",    \
                     .fallback = "genes,net"),                                                                         \
        OHM_OPT_TEXT(s, refine.table, "measure-from", 0, "TABLE.csv", "look figures up here in place of trainings",    \
                     .complete = "file"),                                                                              \
        OHM_OPT_TEXT(s, refine.key, "key", 0, "COLUMN", "column of the table that names the network",                  \
                     .fallback = "ops"),                                                                               \
        OHM_OPT_LIST(s, refine.target, "target", 0, "NAME[:UNIT]=EXPR", "figure of the table: 'acc_1d:%=column'"),     \
        OHM_OPT_LIST(s, refine.noise, "noise", 0, "NAME=EXPR", "its standard deviation over trainings"),               \
        OHM_OPT_TEXT(s, refine.cost, "cost", 0, "EXPR", "seconds of a training, over columns of the table")

/* The rest of a search's options. */
struct ohm_refine_search {
    const char *task, *space, *chip, *strategy, *budget, *seed, *progress;
    const struct ohm_words *objective, *where, *set;
    int jobs;
    struct ohm_format format;
};

/* refine_out.c: the answer on standard output. */
enum ohm_status ohm_refine_out(const struct ohm_format *format, const struct ohm_space *space,
                               const struct ohm_loop_result *result, struct ohm_error *err);
/* refine_front.c: a file for each network of the measured front. */
enum ohm_status ohm_refine_write_front(const char *folder, const struct ohm_loop_spec *spec,
                                       const struct ohm_loop_result *result, struct ohm_error *err);

enum ohm_status ohm_cli_refine(struct ohm_cli *cli, const struct ohm_refine_options *opt,
                               const struct ohm_refine_search *search, struct ohm_error *err);

#endif
