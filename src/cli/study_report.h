/* study_report.h - what a report of a study is made of: gathered once, then written as Markdown, as JSON and as plots.
 *
 * Nothing in it depends on the time at which it is made or on the number of threads: the same study, rows and files of
 * the project give the same bytes. */
#ifndef OHM_CLI_STUDY_REPORT_H
#define OHM_CLI_STUDY_REPORT_H

#include "front.h"
#include "report_race.h"

#include "ohm/csv.h"
#include "ohm/surrogate_train.h"
#include "ohm/validate.h"
#include "ohm/validation.h"

enum { OHM_REPORT_SURROGATES_MAX = 8, OHM_REPORT_MEASURES_MAX = 32, OHM_REPORT_FRONT_SHOWN = 20 };

struct ohm_report_options {
    const char *db, *rows, *baselines, *loops, *output, *net;
    struct ohm_words baseline, compare;
    int64_t random, jobs;
    bool json;
};

/* ---- rows of `ohmnas collect` ---- */

/* A file of rows, and which of its columns are accuracies. */
struct ohm_report_rows {
    const char *path; /* NULL: there is none */
    struct ohm_csv csv;
    int done, censored, failed, networks; /* networks: of all states, whatever their seeds */
    int chosen;                           /* of the networks: by a closed loop, not drawn */
    double hours;                         /* of the processor */
    const char *recipe, *fingerprint;     /* of the first row; "" where there is no row */
};

/* The accuracies that are shown, by name: of all files, in the order of their columns. */
struct ohm_report_measures {
    const char *name[OHM_REPORT_MEASURES_MAX];
    int count;
};

/* Rows of one network together. */
struct ohm_report_measured {
    int seeds;         /* rows of state done; 0: not measured */
    const char *state; /* where no row is done: censored or failed; else NULL */
    bool other;        /* rows of another fingerprint than those of the surrogate */
    const char *fingerprint;
    double mean[OHM_REPORT_MEASURES_MAX];   /* over seeds; NaN: not measured */
    double spread[OHM_REPORT_MEASURES_MAX]; /* over seeds; of one seed over its draws of hardware; NaN: not known */
};

/* ---- networks ---- */

/* One of the front, or a baseline. */
struct ohm_report_net {
    const char *name, *genotype; /* genotype NULL: of no space, or not known */
    int64_t trial;               /* -1: none */
    uint64_t shape;              /* ohm_net_hash; 0: not known */
    bool priced;
    struct ohm_cost cost;
    double params, macs;            /* NaN: not known */
    double metric[OHM_METRICS_MAX]; /* of the study: logged, or what its evaluator says; NaN: not known */
    struct ohm_report_measured measured;
};

/* A validation of the run log. */
struct ohm_report_run {
    struct ohm_validation_row row;
    struct ohm_words times;
    struct ohm_validate_result result;
    const char *weights;            /* file */
    const char *kind;               /* "hardware-aware", "digital", or "" where the training is not in the log */
    const char *recipe;             /* of that training, or "" */
    const char *settings;           /* of the hardware, as JSON */
    double metric[OHM_METRICS_MAX]; /* of its trial; NaN: not of this study */
    bool of_study;
    int64_t redundancy;   /* of its tiles */
    bool repriced;        /* that is another than the study's: what it costs is */
    bool priced;          /* known, */
    struct ohm_cost cost; /* and this */
};

struct ohm_report_surrogate {
    const char *name, *bare; /* as the study has it; without the chips that it is for */
    const char *folder, *protocol, *source, *command;
    struct ohm_surrogate *model; /* NULL: a plain file */
};

struct ohm_report {
    struct ohm_cli *cli;
    const struct ohm_report_options *opt;
    struct ohm_store *store;
    struct ohm_study_row study;
    struct ohm_plan *plan;
    struct ohm_study_spaces spaces;
    struct ohm_metric_names metrics;
    struct ohm_objective_names objectives;
    const struct ohm_setting **setting; /* [settings], in one order, wherever they were written */
    int settings;
    char size[64]; /* networks of the space, as text; empty: too many */
    struct ohm_report_surrogate surrogate[OHM_REPORT_SURROGATES_MAX];
    int surrogates;

    struct ohm_report_net *net; /* [nets]: the front; of one objective the best trials */
    int nets, knee;             /* knee: index in net, or -1 */
    struct ohm_named_net best;
    const struct ohm_chip *best_chip; /* NULL: the study has none */
    struct ohm_cost best_cost;
    struct ohm_cost_layer *best_layer; /* [best_layers] */
    int best_layers;
    int best_at; /* index in net, or -1 */

    struct ohm_race race;
    struct ohm_report_rows rows, baseline_rows;
    struct ohm_report_measures measures;
    struct ohm_report_net *baseline; /* [baselines] */
    int baselines;
    struct ohm_report_run *run; /* [runs], by network, then as they were made */
    int runs;
    struct ohm_csv *paired; /* [paireds]: tables of `ohmnas compare` */
    int paireds;
    struct ohm_csv loops; /* of tools/compare_loops.py, where the option is given */
    struct ohm_words commands;
};

/* report_study.c */
enum ohm_status ohm_report_load_study(struct ohm_report *r, const char *name, struct ohm_error *err);
/* The value of a setting, or NULL. */
const char *ohm_report_setting(const struct ohm_report *r, const char *key);
void ohm_report_release(struct ohm_report *r);

/* report_rows.c */
enum ohm_status ohm_report_load_rows(struct ohm_report *r, struct ohm_error *err);
/* "" and NaN where there is no such column, or no number. */
const char *ohm_report_cell(const struct ohm_csv *csv, int row, const char *column);
double ohm_report_number(const struct ohm_csv *csv, int row, const char *column);
/* Joins the rows of that shape, or where it is 0 of that genotype, of both files. */
void ohm_report_measure(struct ohm_report_measured *m, const struct ohm_report *r, uint64_t shape,
                        const char *genotype);

/* report_baselines.c */
enum ohm_status ohm_report_load_baselines(struct ohm_report *r, struct ohm_error *err);

/* report_runs.c */
enum ohm_status ohm_report_load_runs(struct ohm_report *r, struct ohm_error *err);
/* The metric that predicts what the run has at one of its times ("acc_1d"; "acc_fresh" of 0), or -1. */
int ohm_report_target(const struct ohm_report *r, const struct ohm_report_run *run, int time);

/* report_copies.c */
/* Fills redundancy and, where the study's networks have another one, the cost; run->settings is there. */
enum ohm_status ohm_report_price_run(struct ohm_report *r, struct ohm_report_run *run, struct ohm_error *err);

/* report_paired.c */
enum ohm_status ohm_report_load_paired(struct ohm_report *r, struct ohm_error *err);
void ohm_report_release_paired(struct ohm_report *r);
void ohm_report_put_paired(struct ohm_str *s, const struct ohm_report *r);
void ohm_report_emit_paired(struct ohm_emit *e, const struct ohm_report *r);

/* report_loops.c */
enum ohm_status ohm_report_load_loops(struct ohm_report *r, struct ohm_error *err);
void ohm_report_put_loops(struct ohm_str *s, const struct ohm_report *r);
void ohm_report_emit_loops(struct ohm_emit *e, const struct ohm_report *r);

/* report_commands.c, report_commands_runs.c */
enum ohm_status ohm_report_list_commands(struct ohm_report *r, struct ohm_error *err);
enum ohm_status ohm_report_list_runs(struct ohm_report *r, struct ohm_error *err);

/* report_text.c, report_json.c, report_plots.c */
void ohm_report_write_text(struct ohm_str *s, const struct ohm_report *r, bool plots);
void ohm_report_write_json(struct ohm_str *s, const struct ohm_report *r);
/* A picture that the study has nothing for is left empty. */
enum ohm_status ohm_report_plot_front(struct ohm_str *s, const struct ohm_report *r, struct ohm_error *err);
void ohm_report_plot_race(struct ohm_str *s, const struct ohm_report *r);
void ohm_report_plot_drift(struct ohm_str *s, const struct ohm_report *r);
/* What was trained and measured, by the first two objectives; false: there is nothing to be shown. */
bool ohm_report_plot_trained(struct ohm_str *s, const struct ohm_report *r);
bool ohm_report_has_drift(const struct ohm_report *r);

/* The value of a metric of the study for a network, NaN where it is not known. */
double ohm_report_metric(const struct ohm_report *r, const struct ohm_report_net *n, const char *name);

#endif
