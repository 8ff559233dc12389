/* cmd_pareto.c - the Pareto front of a study, as a table with a small picture, and plots of it. */
#include "front_compare.h"

#include <math.h>
#include <string.h>

enum { PLOT_WIDTH = 64, PLOT_HEIGHT = 16 };

/* ---- pareto ---- */

struct pareto {
    struct ohm_db_options db;
    const char *objective, *where, *cols;
    bool knee, no_plot;
    struct ohm_words against;
    struct ohm_format format;
};

static const struct ohm_option options[] = {
    OHM_OPT_DB(pareto),
    OHM_OPT_STUDY(pareto),
    OHM_OPT_TEXT(pareto, objective, "objective", 0, "A,B", "metrics or 'minimize FORMULA'; the study's when not given",
                 .complete = "metric"),
    OHM_OPT_TEXT(pareto, where, "where", 'w', "EXPR", "only of trials for which this holds"),
    OHM_OPT_TEXT(pareto, cols, "cols", 0, "A,B", "columns to show"),
    OHM_OPT_FLAG(pareto, knee, "knee", 0, "only the knee: nearest to the best of all objectives"),
    OHM_OPT_FLAG(pareto, no_plot, "no-plot", 0, "no picture before the table"),
    OHM_OPT_LIST(pareto, against, "against", 0, "STUDY",
                 "instead: this front against that one, by hypervolume and "
                 "coverage",
                 .complete = "study"),
    OHM_OPT_FORMAT(pareto),
    OHM_OPT_END,
};

/* Marks of all points: plain, on the front, the knee. */
static unsigned char *marks_of(const struct ohm_front *f)
{
    unsigned char *mark = ohm_alloc((size_t)f->n, 1);

    for (int i = 0; mark && i < f->count; i++)
        mark[f->index[i]] = i == f->knee ? OHM_MARK_BEST : OHM_MARK_FRONT;
    return mark;
}

/* The first two objectives: the second to the right, the first upwards. */
static enum ohm_status make_plot(const struct ohm_front *f, struct ohm_str *s, bool svg, const char *title,
                                 struct ohm_error *err)
{
    double *x = ohm_alloc((size_t)f->n + (size_t)f->count, sizeof(*x));
    double *y = ohm_alloc((size_t)f->n + (size_t)f->count, sizeof(*y));
    unsigned char *mark = ohm_alloc((size_t)f->n + (size_t)f->count, 1), *on = marks_of(f);
    const int m = f->objectives.count;
    int n = 0;
    enum ohm_status st = OHM_OK;

    if (!x || !y || !mark || !on)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    /* Plain points first, then the front in its own order, which is that of the line through it. */
    for (int64_t i = 0; st == OHM_OK && i < f->n; i++)
        if (!on[i]) {
            x[n] = f->value[i * m + 1];
            y[n++] = f->value[i * m];
        }
    for (int i = 0; st == OHM_OK && i < f->count; i++) {
        x[n] = f->value[(int64_t)f->index[i] * m + 1];
        y[n] = f->value[(int64_t)f->index[i] * m];
        mark[n++] = on[f->index[i]];
    }
    if (st == OHM_OK) {
        const struct ohm_plot plot = {title, f->objectives.name[1], f->objectives.name[0], x, y, mark, n, true};

        if (svg)
            ohm_plot_svg(s, &plot);
        else
            ohm_plot_text(s, &plot, PLOT_WIDTH, PLOT_HEIGHT);
    }
    ohm_free(x);
    ohm_free(y);
    ohm_free(mark);
    ohm_free(on);
    return st;
}

struct listing {
    struct ohm_out *out;
    const struct ohm_columns *columns;
    int64_t number;
};

static enum ohm_status out_trial(void *context, const struct ohm_trial *trial, struct ohm_error *err)
{
    struct listing *l = context;

    if (trial->number != l->number)
        return ohm_fail(err, OHM_EDATA, "trial #%lld is gone", (long long)l->number);
    ohm_out_row(l->out);
    ohm_out_trial(l->out, trial, l->columns);
    ohm_out_row_end(l->out);
    return OHM_EINTR; /* seen: the walk ends here */
}

static enum ohm_status list_front(const struct pareto *opt, struct ohm_out *out, struct ohm_store *store, int64_t study,
                                  const struct ohm_front *f, const struct ohm_columns *columns, struct ohm_error *err)
{
    enum ohm_status st = OHM_EINTR;

    for (int i = 0; i < f->count && st == OHM_EINTR; i++) {
        struct listing l = {out, columns, f->number[f->index[i]]};

        if (!opt->knee || i == f->knee)
            st = ohm_store_each_trial(store, study, l.number, out_trial, &l, err);
    }
    return st == OHM_EINTR ? OHM_OK : st;
}

static void say_heading(struct ohm_out *out, const struct ohm_study_row *study, const struct ohm_front *f)
{
    struct ohm_str s = {0};

    for (int k = 0; k < f->objectives.count; k++)
        ohm_str_printf(&s, "%s%s %s", k ? ", " : "", f->objectives.sign[k] > 0 ? "maximize" : "minimize",
                       f->objectives.name[k]);
    if (ohm_out_for_people(out)) {
        ohm_out_say(out, "study %s: %d of %lld feasible trials on the front (%s)\n", study->name, f->count,
                    (long long)f->n, ohm_str_text(&s));
    } else {
        ohm_out_text(out, "study", study->name);
        ohm_out_str(out, "objectives", &s);
        ohm_out_int(out, "feasible", f->n);
        ohm_out_int(out, "knee", f->knee >= 0 ? f->number[f->index[f->knee]] : -1);
    }
    ohm_str_release(&s);
}

/* The objectives are always among the columns that people see; a formula of the user's has no column. */
static enum ohm_status add_objectives(const struct ohm_front *f, const struct ohm_metric_names *names,
                                      struct ohm_columns *columns, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int k = 0; k < f->objectives.count && st == OHM_OK; k++)
        if (ohm_metric_names_find(names, f->objectives.name[k]) >= 0)
            st = ohm_columns_add(columns, f->objectives.name[k], names, err);
    return st;
}

static enum ohm_status show_front(struct ohm_cli *cli, const struct pareto *opt, struct ohm_store *store,
                                  const struct ohm_study_row *study, const struct ohm_front *f,
                                  const struct ohm_metric_names *names, struct ohm_error *err)
{
    struct ohm_columns columns = {0};
    struct ohm_out out;
    struct ohm_str plot = {0};
    enum ohm_status st, end;

    ohm_out_begin(&out, &opt->format, "ohmnas.pareto/1");
    st = ohm_cli_columns(cli, store, study->id, opt->cols, ohm_out_for_people(&out), names, &columns, err);
    if (st == OHM_OK && !opt->cols)
        st = add_objectives(f, names, &columns, err);
    if (st == OHM_OK) {
        say_heading(&out, study, f);
        if (ohm_out_for_people(&out) && !opt->no_plot && !opt->knee &&
            make_plot(f, &plot, false, NULL, err) == OHM_OK) {
            ohm_out_block(&out, &plot);
            ohm_out_say(&out, "(o the front, * its knee, . the rest)\n");
        }
        ohm_out_list(&out, "trials");
        st = list_front(opt, &out, store, study->id, f, &columns, err);
        ohm_out_list_end(&out);
    }
    end = out.listed ? ohm_out_end(&out, st == OHM_OK ? err : NULL) : ohm_out_drop(&out);
    ohm_str_release(&plot);
    return st == OHM_OK ? end : st;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct pareto *opt = object;
    struct ohm_metric_names names = {0};
    struct ohm_store *store = NULL;
    struct ohm_study_row study;
    struct ohm_front front = {.knee = -1};
    enum ohm_status st;

    (void)args;
    if (opt->against.count > 0)
        return ohm_fronts_compare(
            cli, &(struct ohm_front_question){&opt->db, &opt->against, opt->objective, opt->where}, &opt->format, err);
    if ((st = ohm_cli_study(&opt->db, &store, &study, err)) == OHM_OK &&
        (st = ohm_store_metrics(store, study.id, names.name, &names.count, err)) == OHM_OK &&
        (st = ohm_front_load(cli, &front, store, study.id, opt->objective, opt->where, &names, err)) == OHM_OK)
        st = show_front(cli, opt, store, &study, &front, &names, err);
    ohm_front_release(&front);
    ohm_metric_names_release(&names);
    ohm_store_close(store);
    return st;
}

static const char *const examples[] = {
    "ohmnas pareto", "ohmnas pareto --objective acc_1d,energy_uJ --knee --json",
    "ohmnas pareto --objective 'acc_1d,minimize cores*latency_us' --where 'cores <= 64'",
    "ohmnas pareto --study cosearch --against fixed", NULL};

const struct ohm_command ohm_cmd_pareto = {
    .name = "pareto",
    .operands = "",
    .summary = "show the Pareto front of a study",
    .details = "Only trials that meet every constraint count. Exit code 4: there is none.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct pareto),
    .run = run,
};

/* ---- plot ---- */

struct plot {
    struct ohm_db_options db;
    const char *objective, *where, *output;
    struct ohm_words against;
};

static const struct ohm_option plot_options[] = {
    OHM_OPT_DB(plot),
    OHM_OPT_STUDY(plot),
    OHM_OPT_TEXT(plot, objective, "objective", 0, "A,B", "metrics or 'minimize FORMULA'; the study's when not given",
                 .complete = "metric"),
    OHM_OPT_TEXT(plot, where, "where", 'w', "EXPR", "only of trials for which this holds"),
    OHM_OPT_LIST(plot, against, "against", 0, "STUDY", "the front of that study as well", .complete = "study"),
    OHM_OPT_TEXT(plot, output, "output", 'o', "FILE", "where the SVG goes; standard output when not given",
                 .complete = "file"),
    OHM_OPT_END,
};

static enum ohm_status draw(struct ohm_cli *cli, const struct plot *opt, struct ohm_store *store,
                            const struct ohm_study_row *study, struct ohm_error *err)
{
    struct ohm_metric_names names = {0};
    struct ohm_front front = {.knee = -1};
    struct ohm_str svg = {0};
    enum ohm_status st;

    if ((st = ohm_store_metrics(store, study->id, names.name, &names.count, err)) == OHM_OK &&
        (st = ohm_front_load(cli, &front, store, study->id, opt->objective, opt->where, &names, err)) == OHM_OK &&
        (st = make_plot(&front, &svg, true, study->name, err)) == OHM_OK)
        st = ohm_write(opt->output, &svg, err);
    ohm_str_release(&svg);
    ohm_front_release(&front);
    ohm_metric_names_release(&names);
    return st;
}

static enum ohm_status draw_several(struct ohm_cli *cli, const struct plot *opt, struct ohm_error *err)
{
    const struct ohm_front_question q = {&opt->db, &opt->against, opt->objective, opt->where};
    struct ohm_str svg = {0};
    enum ohm_status st = ohm_fronts_draw(cli, &q, &svg, err);

    if (st == OHM_OK)
        st = ohm_write(opt->output, &svg, err);
    ohm_str_release(&svg);
    return st;
}

static enum ohm_status run_plot(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                struct ohm_error *err)
{
    const struct plot *opt = object;
    struct ohm_store *store = NULL;
    struct ohm_study_row study;
    enum ohm_status st;

    if (strcmp(args->word[0], "pareto") != 0)
        return ohm_fail(err, OHM_ECONFIG, "no plot '%.40s', only pareto", args->word[0]);
    if (opt->against.count > 0)
        return draw_several(cli, opt, err);
    if ((st = ohm_cli_study(&opt->db, &store, &study, err)) == OHM_OK)
        st = draw(cli, opt, store, &study, err);
    ohm_store_close(store);
    return st;
}

static const char *const plot_examples[] = {"ohmnas plot pareto -o front.svg",
                                            "ohmnas plot pareto --study together --against fixed -o fronts.svg", NULL};

const struct ohm_command ohm_cmd_plot = {
    .name = "plot",
    .operands = "pareto",
    .words_min = 1,
    .words_max = 1,
    .summary = "draw the Pareto front of a study as SVG",
    .examples = plot_examples,
    .options = plot_options,
    .size = sizeof(struct plot),
    .run = run_plot,
};
