/* cli_int.h - what the commands share: the context, the table of options that everything is made from, output in four
 * forms, names to files, and the NET argument. Only this module prints and looks at the environment. */
#ifndef OHM_CLI_INT_H
#define OHM_CLI_INT_H

#include "ohm/chip.h"
#include "ohm/doc.h"
#include "ohm/emit.h"
#include "ohm/error.h"
#include "ohm/mem.h"
#include "ohm/net.h"
#include "ohm/report.h"
#include "ohm/space.h"
#include "ohm/store.h"
#include "ohm/str.h"
#include "ohm/study.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- options: one row knows everything ---- */

enum ohm_option_kind {
    OHM_OPTION_END,
    OHM_OPTION_FLAG, /* bool */
    OHM_OPTION_TEXT, /* const char *; one of names[] where there are names */
    OHM_OPTION_INT,  /* int64_t */
    OHM_OPTION_LIST, /* struct ohm_words; each mention adds one */
};

struct ohm_words {
    const char **item;
    int count;
};

struct ohm_option {
    enum ohm_option_kind kind;
    size_t offset;
    const char *name;         /* without the dashes */
    char letter;              /* 0: none */
    const char *value;        /* what the value is called in help; NULL for a flag */
    const char *fallback;     /* default as text; NULL: none */
    double min, max;          /* of an int */
    const char *const *names; /* legal texts, NULL-terminated; NULL: any */
    const char *env;          /* environment variable between flag and default; NULL: none */
    const char *key;          /* setting of a study that this option sets; NULL: none */
    const char *complete;     /* what the shell offers: "file", "folder", or a kind of ohm_cli_names; NULL: nothing */
    const char *help;
};

#define OHM_OPT_FLAG(s, m, name_, letter_, help_)                                                                      \
    {                                                                                                                  \
        .kind = OHM_OPTION_FLAG, .offset = offsetof(struct s, m), .name = (name_), .letter = (letter_),                \
        .help = (help_)                                                                                                \
    }
#define OHM_OPT_TEXT(s, m, name_, letter_, value_, help_, ...)                                                         \
    {                                                                                                                  \
        .kind = OHM_OPTION_TEXT, .offset = offsetof(struct s, m), .name = (name_), .letter = (letter_),                \
        .value = (value_), .help = (help_), __VA_ARGS__                                                                \
    }
#define OHM_OPT_INT(s, m, name_, letter_, value_, default_, lo, hi, help_, ...)                                        \
    {                                                                                                                  \
        .kind = OHM_OPTION_INT, .offset = offsetof(struct s, m), .name = (name_), .letter = (letter_),                 \
        .value = (value_), .fallback = (default_), .min = (lo), .max = (hi), .help = (help_), __VA_ARGS__              \
    }
#define OHM_OPT_LIST(s, m, name_, letter_, value_, help_, ...)                                                         \
    {                                                                                                                  \
        .kind = OHM_OPTION_LIST, .offset = offsetof(struct s, m), .name = (name_), .letter = (letter_),                \
        .value = (value_), .help = (help_), __VA_ARGS__                                                                \
    }
#define OHM_OPT_END                                                                                                    \
    {                                                                                                                  \
        .kind = OHM_OPTION_END                                                                                         \
    }

enum { OHM_OPTIONS_MAX = 48 };

/* What a command line came to. */
struct ohm_args {
    const char **word; /* operands, in order */
    int words;
    const char *origin[OHM_OPTIONS_MAX]; /* by row of the table: "--budget", "OHMNAS_SEED", NULL: default */
    bool help;                           /* --help or -h was given */
    bool verbose;
};

struct ohm_cli;

struct ohm_command {
    const char *name;            /* "sample", "db check" */
    const char *operands;        /* "SPACE", "NET...", "" */
    int words_min, words_max;    /* of operands; words_max -1: any number */
    const char *complete;        /* of operands, as in ohm_option */
    const char *summary;         /* one line, no full stop */
    const char *details;         /* paragraphs divided by empty lines; may be NULL */
    const char *const *examples; /* command lines, NULL-terminated; may be NULL */
    const struct ohm_option *options;
    size_t size; /* of the struct that the options fill */
    enum ohm_status (*run)(struct ohm_cli *cli, const void *options, const struct ohm_args *args,
                           struct ohm_error *err);
};

/* The context of one run of the program. */
struct ohm_cli {
    const struct ohm_command *const *commands; /* NULL-terminated */
    struct ohm_arena arena;                    /* texts that live as long as the run */
    struct ohm_diag diag;                      /* problems of the user's files; printed at the end, all at once */
    bool colour;                               /* messages on a terminal that takes colour */
    bool verbose;
    int signal;    /* that ended the run, or 0 */
    int exit_code; /* 0: follows from the status */
};

/* opt.c */
/* Fills object from defaults, environment and argv[0..argc); nothing in it is owned by the caller (cli->arena). */
enum ohm_status ohm_opt_parse(struct ohm_cli *cli, const struct ohm_command *command, int argc, const char *const *argv,
                              void *object, struct ohm_args *args, struct ohm_error *err);
/* "a,b,c" as words, without empty ones; NULL gives none. */
enum ohm_status ohm_words_split(struct ohm_cli *cli, const char *text, char divider, struct ohm_words *words,
                                struct ohm_error *err);
/* The words "key=value" of --set into the struct that the table describes. */
enum ohm_status ohm_opt_set_fields(const struct ohm_field *fields, void *object, const struct ohm_words *set,
                                   struct ohm_error *err);
/* The options of the table that set a key of the study, as settings with their origin. */
enum ohm_status ohm_opt_settings(struct ohm_cli *cli, const struct ohm_option *options, const void *object,
                                 const struct ohm_args *args, struct ohm_setting **settings, int *count,
                                 struct ohm_error *err);

/* run.c */
int ohm_cli_main(const struct ohm_command *const *commands, int argc, char **argv);
/* The command that argv begins with, by one or two words; *used says how many. */
enum ohm_status ohm_command_find(const struct ohm_command *const *commands, int argc, const char *const *argv,
                                 const struct ohm_command **command, int *used, struct ohm_error *err);

/* help.c man.c completion.c: all from the same rows */
void ohm_help_command(struct ohm_str *s, const struct ohm_command *command);
void ohm_help_overview(struct ohm_str *s, const struct ohm_command *const *commands);
void ohm_help_man(struct ohm_str *s, const struct ohm_command *const *commands);
void ohm_help_options(struct ohm_str *s, const struct ohm_option *options, const char *indent);
extern const struct ohm_option ohm_common_options[]; /* that every command takes */
extern const char *const ohm_shell_names[];          /* bash zsh fish, NULL-terminated */
void ohm_completion(struct ohm_str *s, const char *shell, const struct ohm_command *const *commands);

/* ---- output in four forms ---- */

struct ohm_format {
    bool json, jsonl, csv;
};
#define OHM_OPT_FORMAT(s)                                                                                              \
    OHM_OPT_FLAG(s, format.json, "json", 0, "one JSON object on standard output"),                                     \
        OHM_OPT_FLAG(s, format.jsonl, "jsonl", 0, "one JSON object a row"),                                            \
        OHM_OPT_FLAG(s, format.csv, "csv", 0, "comma-separated values, first row the names")

/* One answer: fields, and lists of rows. As a table the fields come one below the other, a list as columns; CSV and
 * JSON lines show the rows of the lists, or the fields where there is no list. Columns are those of the first row. */
struct ohm_out {
    enum { OHM_OUT_TABLE, OHM_OUT_JSON, OHM_OUT_JSONL, OHM_OUT_CSV } form;
    struct ohm_emit emit;
    struct ohm_table table;
    struct ohm_str text, names; /* CSV: the line, and the header line */
    const char *list;           /* name of the open list, or NULL */
    bool in_row, listed, quiet, failed;
    int rows;
    int width; /* of the terminal; 0: no limit */
    bool bold;
};

void ohm_out_begin(struct ohm_out *o, const struct ohm_format *format, const char *schema);
void ohm_out_list(struct ohm_out *o, const char *name);
void ohm_out_row(struct ohm_out *o);
void ohm_out_row_end(struct ohm_out *o);
void ohm_out_list_end(struct ohm_out *o);
void ohm_out_text(struct ohm_out *o, const char *name, const char *value);          /* NULL: missing */
void ohm_out_str(struct ohm_out *o, const char *name, const struct ohm_str *value); /* notes a failed text */
void ohm_out_int(struct ohm_out *o, const char *name, int64_t value);
void ohm_out_double(struct ohm_out *o, const char *name, double value); /* NaN: missing */
void ohm_out_bool(struct ohm_out *o, const char *name, bool value);
/* A heading or remark that only people see. */
void ohm_out_say(struct ohm_out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A text of several lines that only people see. */
void ohm_out_block(struct ohm_out *o, const struct ohm_str *text);
/* Gives everything back and writes nothing; OHM_OK. */
enum ohm_status ohm_out_drop(struct ohm_out *o);
bool ohm_out_for_people(const struct ohm_out *o);
/* Writes what is left and gives everything back. OHM_ENOMEM, OHM_EIO. */
enum ohm_status ohm_out_end(struct ohm_out *o, struct ohm_error *err);
/* Writes to standard output. */
/* The text of a file: as it is, or as a text in one of the machine formats. */
enum ohm_status ohm_out_source(const struct ohm_format *format, const char *kind, const char *name, const char *source,
                               struct ohm_error *err);
enum ohm_status ohm_print(const struct ohm_str *s, struct ohm_error *err);
/* Writes to `path`, or to standard output when it is NULL or "-". */
enum ohm_status ohm_write(const char *path, const struct ohm_str *s, struct ohm_error *err);
/* A line on standard error. */
void ohm_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
int ohm_terminal_width(void); /* of standard output; 0: no terminal */
bool ohm_colour_wanted(int fd);

/* ---- names and files ---- */

/* Finds a space, chip, task, device or surrogate: a path when it holds a slash or exists, else a name in the data
 * folders. context is the struct ohm_cli (an ohm_find_fn). */
enum ohm_status ohm_find(void *context, const char *kind, const char *name, struct ohm_str *path,
                         struct ohm_error *err);
/* All names of a kind, sorted, each once: what ohm_find knows, and "strategy", "metric", "study", "command". */
enum ohm_status ohm_cli_names(struct ohm_cli *cli, const char *kind, struct ohm_words *names, struct ohm_error *err);
/* The folders that ohm_find looks in, strongest first. */
enum ohm_status ohm_find_folders(struct ohm_cli *cli, struct ohm_words *folders, struct ohm_error *err);

/* Loaders by name or path. Problems go to cli->diag. */
enum ohm_status ohm_cli_space(struct ohm_cli *cli, const char *name, struct ohm_space **space);
enum ohm_status ohm_cli_chip(struct ohm_cli *cli, const char *name, struct ohm_chip **chip);

struct ohm_task_spec;
enum ohm_status ohm_cli_task(struct ohm_cli *cli, const char *name, struct ohm_task_spec **task);

/* ---- the database ---- */

struct ohm_db_options {
    const char *db, *study;
};
#define OHM_OPT_DB(s)                                                                                                  \
    OHM_OPT_TEXT(s, db.db, "db", 0, "FILE", "the run log", .fallback = "ohmnas.db", .env = "OHMNAS_DB",                \
                 .complete = "file")
#define OHM_OPT_STUDY(s)                                                                                               \
    OHM_OPT_TEXT(s, db.study, "study", 's', "STUDY", "name, prefix of it, or #number; the newest when not given",      \
                 .complete = "study")

/* Opens for reading and finds the study. */
enum ohm_status ohm_cli_study(const struct ohm_db_options *db, struct ohm_store **store, struct ohm_study_row *row,
                              struct ohm_error *err);

/* A list of the run log: opens it and shows what `rows` puts out. */
typedef enum ohm_status ohm_rows_fn(struct ohm_store *store, struct ohm_out *out, struct ohm_error *err);
enum ohm_status ohm_cli_list(const struct ohm_db_options *db, const struct ohm_format *format, const char *schema,
                             const char *list, ohm_rows_fn *rows, struct ohm_error *err);

/* The metrics of a study and which of its trials a command shows. */
struct ohm_metric_names {
    char *name[OHM_METRICS_MAX];
    int count;
};
void ohm_metric_names_release(struct ohm_metric_names *names);
int ohm_metric_names_find(const struct ohm_metric_names *names, const char *name);
/* Columns of a listing of trials, each once. Names are borrowed from the metric names. */
enum { OHM_COLUMNS_MAX = OHM_METRICS_MAX + 16 };
struct ohm_columns {
    const char *name[OHM_COLUMNS_MAX];
    int slot[OHM_COLUMNS_MAX]; /* index of the metric, or -1 - index of the fixed column */
    int count;
};
/* OHM_ENOTFOUND, with the nearest: neither a metric of the study nor a fixed column of a trial. */
enum ohm_status ohm_columns_add(struct ohm_columns *columns, const char *name, const struct ohm_metric_names *names,
                                struct ohm_error *err);
/* Those of `list` ("a,b"); where it is NULL, what people, or machines, want. */
enum ohm_status ohm_cli_columns(struct ohm_cli *cli, struct ohm_store *store, int64_t study, const char *list,
                                bool for_people, const struct ohm_metric_names *names, struct ohm_columns *columns,
                                struct ohm_error *err);
/* The cells of one trial. */
void ohm_out_trial(struct ohm_out *o, const struct ohm_trial *trial, const struct ohm_columns *columns);
/* A listing of trials: ohm_list_trial is an ohm_trial_fn over it. */
struct ohm_listing {
    struct ohm_out out;
    struct ohm_metric_names names;
    struct ohm_columns columns;
};
enum ohm_status ohm_list_trial(void *listing, const struct ohm_trial *trial, struct ohm_error *err);
/* Ends a listing whose walk came to `st`; no row at all is OHM_EUNFIT with the text `nothing`. */
enum ohm_status ohm_list_end(struct ohm_listing *listing, enum ohm_status st, const char *nothing,
                             struct ohm_error *err);
/* The objectives of a study as metric names and directions (+1 larger is better). A formula is "objective_<i>". */
struct ohm_objective_names {
    const char *name[OHM_OBJECTIVES_MAX];
    const char *text[OHM_OBJECTIVES_MAX];
    int sign[OHM_OBJECTIVES_MAX];
    int count;
};
enum ohm_status ohm_cli_objectives(struct ohm_cli *cli, struct ohm_store *store, int64_t study,
                                   struct ohm_objective_names *objectives, struct ohm_error *err);
/* The same from "a,b" of the user: a metric, or "minimize x" / "maximize x". */
enum ohm_status ohm_cli_parse_objectives(struct ohm_cli *cli, const char *list, const struct ohm_metric_names *names,
                                         struct ohm_objective_names *objectives, struct ohm_error *err);

/* ---- the NET argument ---- */

struct ohm_net_options {
    const char *space, *db, *study;
};
#define OHM_OPT_NET(s)                                                                                                 \
    OHM_OPT_TEXT(s, net.space, "space", 0, "SPACE", "NET is 'axis=value ...' or a key of this space",                  \
                 .complete = "space"),                                                                                 \
        OHM_OPT_TEXT(s, net.db, "db", 0, "FILE", "the run log, for NET as n:id or #number", .fallback = "ohmnas.db",   \
                     .env = "OHMNAS_DB", .complete = "file"),                                                          \
        OHM_OPT_TEXT(s, net.study, "study", 's', "STUDY", "study of #number; the newest when not given",               \
                     .complete = "study")

/* A network that the user named, with what is known of it. */
struct ohm_named_net {
    struct ohm_space *space; /* NULL: written layer by layer, of no space; then it has no genotype and no id */
    struct ohm_genotype genotype;
    uint64_t id;                    /* of a trial: that of its network together with its chip */
    struct ohm_study_spaces spaces; /* of a trial whose study has axes of the chip; `net` is NULL, for it is `space` */
    struct ohm_genotype point;      /* of spaces.all */
    char name[OHM_ID_TEXT_SIZE + 64]; /* n:ID, or the name in the file of layers */
    struct ohm_str layers_text;       /* the file of layers */
    struct ohm_net_builder builder;
    const struct ohm_net *net;
    bool logged; /* it came from the run log: */
    struct ohm_study_row study;
    int64_t trial;
    struct ohm_metric_names metric;
    double value[OHM_METRICS_MAX];
    struct ohm_str genotype_text, operation, state;
};
enum ohm_status ohm_net_arg(struct ohm_cli *cli, struct ohm_named_net *out, const char *text,
                            const struct ohm_net_options *options, struct ohm_error *err);
/* As ohm_net_arg, and refuses what is of no space. */
enum ohm_status ohm_net_arg_of_space(struct ohm_cli *cli, struct ohm_named_net *out, const char *text,
                                     const struct ohm_net_options *options, struct ohm_error *err);
/* Appends a file that is read as this NET. */
enum ohm_status ohm_net_arg_text(const struct ohm_named_net *net, struct ohm_str *s, struct ohm_error *err);
/* "schedule=pipelined cores=32": the chip of a trial that was searched together with it; else nothing. */
void ohm_net_arg_chip(const struct ohm_named_net *net, struct ohm_str *s);
void ohm_net_arg_release(struct ohm_named_net *net);
/* Is the text a way to name one network of the log ("n:..." or "#17")? */
bool ohm_is_trial_id(const char *text);

/* Is the text the name of a training ("t:3")? */
bool ohm_is_training_id(const char *text);
/* Prints a training and its curve. */
enum ohm_status ohm_cli_show_training(const struct ohm_format *format, const char *db, const char *name,
                                      struct ohm_error *err);

/* Is the text the name of a validation ("v:3")? */
bool ohm_is_validation_id(const char *text);
/* Prints a validation and its table of times. */
enum ohm_status ohm_cli_show_validation(struct ohm_cli *cli, const struct ohm_format *format, const char *db,
                                        const char *name, struct ohm_error *err);

/* Options "key=value" of --set into how the chip is used. */
enum ohm_status ohm_cli_chip_use(struct ohm_chip_use *use, const struct ohm_words *set, struct ohm_error *err);
/* Is this metric one of the sums that every network has by itself (params, macs ...)? */
bool ohm_is_net_sum(const char *metric);
/* Prints the card of a surrogate. */
enum ohm_status ohm_cli_surrogate_card(struct ohm_cli *cli, const struct ohm_format *format, const char *name,
                                       struct ohm_error *err);
/* A surrogate by name or folder, with the space that its card names or, where not NULL, that of space_name. */
struct ohm_surrogate;
enum ohm_status ohm_cli_surrogate(struct ohm_cli *cli, const char *name, const char *space_name,
                                  struct ohm_space **space, struct ohm_surrogate **surrogate);
/* Appends the text of a key at the root of the card; of a map its name. */
enum ohm_status ohm_cli_card_text(const char *folder, const char *key, struct ohm_str *out, struct ohm_diag *diag);
/* Loads a surrogate and forgets it: problems are in cli->diag. */
enum ohm_status ohm_cli_surrogate_check(struct ohm_cli *cli, const char *folder);

/* ---- long runs ---- */

/* SIGINT and SIGTERM wait from here on; ohm_signal_pending says which one came, or 0. */
void ohm_signals_hold(void);
int ohm_signal_pending(void);

#define OHM_COMMANDS(X)                                                                                                \
    X(init)                                                                                                            \
    X(check)                                                                                                           \
    X(sample)                                                                                                          \
    X(show)                                                                                                            \
    X(cost)                                                                                                            \
    X(chip_list) X(chip_show) X(chip_check) X(chip_measure) X(chip_fit) X(map) X(search) X(resume) X(ls_studies)       \
        X(ls_trainings) X(ls_validations) X(ls_trials) X(best) X(pareto) X(diff) X(compare) X(sql) X(plot) X(report) X(export)    \
            X(import) X(db_check) X(db_upgrade) X(db_backup) X(surrogate_train) X(surrogate_eval) X(surrogate_predict) \
                X(surrogate_info) X(bench) X(data_check) X(data_stats) X(data_features) X(device_list) X(device_show)  \
                    X(device_sample) X(device_mvm) X(device_fit) X(doctor) X(train) X(eval) X(validate) X(predict)     \
                        X(collect) X(version) X(completion) X(help)
#define X(name) extern const struct ohm_command ohm_cmd_##name;
OHM_COMMANDS(X)
#undef X

#endif
