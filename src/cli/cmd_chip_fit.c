/* cmd_chip_fit.c - numbers of a chip from networks measured on it: the file of a chip of one's own. */
#include "chip_arg.h"
#include "net_list.h"

#include "ohm/chip_fit.h"
#include "ohm/csv.h"
#include "ohm/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct chip_fit {
    const char *measurements, *test, *fit, *name, *source, *output;
    struct ohm_words set;
    bool force;
    struct ohm_net_options net;
    struct ohm_format format;
};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(chip_fit, measurements, "measurements", 'm', "FILE.csv", "what was measured, a network a row",
                 .complete = "file"),
    OHM_OPT_TEXT(chip_fit, fit, "fit", 0, "A,B,...",
                 "numbers of the chip to fit: block.number, or a block for all of its numbers that count nothing"),
    OHM_OPT_TEXT(chip_fit, test, "test", 0, "FILE.csv", "networks to judge the fit on, which it does not see",
                 .complete = "file"),
    OHM_OPT_LIST(chip_fit, set, "set", 0, "KEY=VALUE", "how the chip was used, such as read_mode=1-phase"),
    OHM_OPT_TEXT(chip_fit, name, "name", 0, "NAME", "of the fitted chip; that of CHIP when not given"),
    OHM_OPT_TEXT(chip_fit, source, "source", 0, "TEXT",
                 "where the fitted numbers come from; the file of measurements and the residual when not given"),
    OHM_OPT_TEXT(chip_fit, output, "output", 'o', "FILE.yaml", "the fitted chip; none is written when not given",
                 .complete = "file"),
    OHM_OPT_FLAG(chip_fit, force, "force", 0, "overwrite the file"),
    OHM_OPT_NET(chip_fit),
    OHM_OPT_FORMAT(chip_fit),
    OHM_OPT_END,
};

/* A file of measurements, with its networks. */
struct measured {
    struct ohm_csv csv;
    struct ohm_net_list list;
    struct ohm_chip_sample *sample; /* [list.count], as the rows */
};

static void measured_release(struct measured *m)
{
    ohm_csv_release(&m->csv);
    ohm_net_list_release(&m->list);
    ohm_free(m->sample);
}

/* ---- the measurements ---- */

struct columns {
    int network, space, figure[OHM_FIT_FIGURES]; /* -1: none */
};

static const char *const figure_names[OHM_FIT_FIGURES] = {"latency_us", "energy_uJ"};

static enum ohm_status find_columns(struct columns *c, const struct ohm_csv *csv, struct ohm_error *err)
{
    const enum ohm_status st = ohm_csv_need(csv, "network", &c->network, err);

    if (st != OHM_OK)
        return st;
    c->space = ohm_csv_column(csv, "space");
    for (int f = 0; f < OHM_FIT_FIGURES; f++)
        c->figure[f] = ohm_csv_column(csv, figure_names[f]);
    if (c->figure[OHM_FIT_LATENCY] < 0 && c->figure[OHM_FIT_ENERGY] < 0)
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, csv->path, 0, 0,
                           "neither a column latency_us nor a column energy_uJ");
    return OHM_OK;
}

static enum ohm_status read_figure(const struct ohm_csv *csv, int row, int column, double *value, struct ohm_error *err)
{
    enum ohm_status st;

    *value = (double)NAN;
    if (column < 0 || (st = ohm_csv_double(csv, row, column, value, err)) == OHM_OK) {
        if (isnan(*value) || (*value > 0 && isfinite(*value)))
            return OHM_OK;
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, csv->path, csv->line[row], 0, "%s is %g, not above 0",
                           csv->name[column], *value);
    }
    return st;
}

static enum ohm_status read_row(struct ohm_cli *cli, struct measured *m, const struct columns *c, int row,
                                const struct ohm_net_options *net, struct ohm_error *err)
{
    const char *const *const cell = m->csv.cell + (size_t)row * (size_t)m->csv.columns;
    struct ohm_net_options of = *net;
    struct ohm_error why = {0};
    enum ohm_status st;

    if (c->space >= 0 && *cell[c->space])
        of.space = cell[c->space];
    if ((st = ohm_net_list_add(cli, &m->list, cell[c->network], &of, &why)) != OHM_OK)
        return cli->diag.count ? st
                               : ohm_fail_at(err, st, OHM_ORIGIN, m->csv.path, m->csv.line[row], 0, "%s", why.text);
    m->sample[row].net = m->list.item[row]->net;
    if ((st = read_figure(&m->csv, row, c->figure[OHM_FIT_LATENCY], &m->sample[row].latency_us, err)) == OHM_OK)
        st = read_figure(&m->csv, row, c->figure[OHM_FIT_ENERGY], &m->sample[row].energy_uJ, err);
    return st;
}

static enum ohm_status load(struct ohm_cli *cli, struct measured *m, const char *path,
                            const struct ohm_net_options *net, struct ohm_error *err)
{
    struct columns c;
    enum ohm_status st;

    if ((st = ohm_csv_load(&m->csv, path, err)) != OHM_OK || (st = find_columns(&c, &m->csv, err)) != OHM_OK)
        return st;
    if (!(m->sample = ohm_alloc((size_t)m->csv.rows, sizeof(*m->sample))))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int row = 0; row < m->csv.rows && st == OHM_OK; row++)
        st = read_row(cli, m, &c, row, net, err);
    return st;
}

/* An error of the fit names the sample by its number: the user knows it by its line. */
static enum ohm_status with_line(const struct measured *m, enum ohm_status st, struct ohm_error *err)
{
    int sample = 0;

    if (st != OHM_OK && sscanf(err->text, "sample %d:", &sample) == 1 && sample >= 1 && sample <= m->csv.rows) {
        ohm_error_set_path(err, m->csv.path);
        err->line = m->csv.line[sample - 1];
    }
    return st;
}

/* ---- the numbers to fit ---- */

struct chosen {
    int number[OHM_CHIP_FIT_MAX], count;
};

static enum ohm_status add_number(struct chosen *c, int number, struct ohm_error *err)
{
    if (c->count == OHM_CHIP_FIT_MAX)
        return ohm_fail(err, OHM_ECONFIG, "--fit names more than %d numbers", OHM_CHIP_FIT_MAX);
    c->number[c->count++] = number;
    return OHM_OK;
}

static enum ohm_status add_block(struct chosen *c, const struct ohm_chip *chip, const char *block,
                                 struct ohm_error *err)
{
    const int before = c->count;
    enum ohm_status st = OHM_OK;
    struct ohm_chip_number n;

    for (int i = 0; ohm_chip_number(chip, i, &n) && st == OHM_OK; i++)
        if (strcmp(n.block, block) == 0 && !n.whole)
            st = add_number(c, i, err);
    if (st == OHM_OK && c->count == before)
        return ohm_fail(err, OHM_ECONFIG,
                        "--fit names '%.60s', which is no block of chip %s that has numbers to fit; ohmnas chip show "
                        "lists them",
                        block, ohm_chip_name(chip));
    return st;
}

static enum ohm_status choose(struct ohm_cli *cli, struct chosen *c, const struct ohm_chip *chip, const char *list,
                              struct ohm_error *err)
{
    struct ohm_words words = {0};
    enum ohm_status st = ohm_words_split(cli, list, ',', &words, err);
    int number;

    if (st == OHM_OK && words.count == 0)
        return ohm_fail(err, OHM_ECONFIG, "--fit is needed: which numbers of the chip to fit");
    for (int i = 0; i < words.count && st == OHM_OK; i++)
        if (!strchr(words.item[i], '.'))
            st = add_block(c, chip, words.item[i], err);
        else if ((st = ohm_chip_find(chip, words.item[i], &number, err)) == OHM_OK)
            st = add_number(c, number, err);
    return st;
}

/* ---- the report ---- */

static double percent(double relative, int n)
{
    return n > 0 ? 100 * relative : (double)NAN;
}

static void out_residual(struct ohm_out *o, const char *what, const struct ohm_chip_residual *r,
                         const struct measured *m)
{
    char name[48];

    if (r->n == 0 && ohm_out_for_people(o))
        return;
    snprintf(name, sizeof(name), "%s_rms_percent", what);
    ohm_out_double(o, name, percent(r->rms, r->n));
    snprintf(name, sizeof(name), "%s_worst_percent", what);
    ohm_out_double(o, name, percent(r->worst, r->n));
    snprintf(name, sizeof(name), "%s_worst_line", what);
    if (r->n > 0)
        ohm_out_int(o, name, m->csv.line[r->worst_at]);
    else
        ohm_out_text(o, name, NULL);
}

static void out_name(struct ohm_out *o, const char *key, const struct ohm_chip *chip, int number)
{
    struct ohm_chip_number n = {0};
    char name[96];

    if (!ohm_chip_number(chip, number, &n)) {
        ohm_out_text(o, key, NULL);
        return;
    }
    snprintf(name, sizeof(name), "%s.%s", n.block, n.key);
    ohm_out_text(o, key, name);
}

static void out_number(struct ohm_out *o, const struct ohm_chip *chip, const struct ohm_chip_fit *fit, int i)
{
    const struct ohm_chip_fitted *const f = &fit->number[i];

    ohm_out_row(o);
    out_name(o, "number", chip, f->number);
    ohm_out_double(o, "start", f->start);
    ohm_out_double(o, "fitted", f->value);
    ohm_out_double(o, "error", f->error);
    ohm_out_text(o, "bound", f->at_min ? "lowest" : f->at_max ? "highest" : NULL);
    out_name(o, "tied_to", chip, f->with >= 0 ? fit->number[f->with].number : -1);
    ohm_out_double(o, "correlation", f->correlation);
    ohm_out_row_end(o);
}

/* What the fit and its test came to. */
struct judged {
    struct ohm_chip_fit fit;
    struct ohm_chip_residual test[OHM_FIT_FIGURES];
};

static enum ohm_status report(const struct chip_fit *opt, const struct ohm_chip *chip, const struct judged *j,
                              const struct measured *m, const struct measured *test, struct ohm_error *err)
{
    static const char *const short_names[OHM_FIT_FIGURES] = {"latency", "energy"};
    struct ohm_out out;
    char name[32];

    ohm_out_begin(&out, &opt->format, "ohmnas.chip_fit/1");
    ohm_out_text(&out, "chip", ohm_chip_name(chip));
    ohm_out_int(&out, "measurements", j->fit.measurements);
    for (int f = 0; f < OHM_FIT_FIGURES; f++) {
        snprintf(name, sizeof(name), "%s_before", short_names[f]);
        out_residual(&out, name, &j->fit.before[f], m);
        out_residual(&out, short_names[f], &j->fit.after[f], m);
        snprintf(name, sizeof(name), "%s_left_out_percent", short_names[f]);
        if (j->fit.after[f].n > 0 || !ohm_out_for_people(&out))
            ohm_out_double(&out, name, 100 * j->fit.left_out[f]);
        snprintf(name, sizeof(name), "test_%s", short_names[f]);
        if (opt->test)
            out_residual(&out, name, &j->test[f], test);
    }
    ohm_out_list(&out, "numbers");
    for (int i = 0; i < j->fit.numbers; i++)
        out_number(&out, chip, &j->fit, i);
    ohm_out_list_end(&out);
    return ohm_out_end(&out, err);
}

/* ---- the file ---- */

static const char *last_part(const char *path)
{
    const char *const slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static void put_source(struct ohm_str *s, const struct chip_fit *opt, const struct ohm_chip_fit *fit)
{
    const char *divider = "residual";

    if (opt->source) {
        ohm_str_append(s, opt->source);
        return;
    }
    ohm_str_printf(s, "%s, %d measurements", last_part(opt->measurements), fit->measurements);
    for (int f = 0; f < OHM_FIT_FIGURES; f++)
        if (fit->after[f].n > 0) {
            ohm_str_printf(s, ", %s %.2g %% of the %s", divider, 100 * fit->after[f].rms,
                           f == OHM_FIT_LATENCY ? "latencies" : "energies");
            divider = "and";
        }
}

static enum ohm_status write_chip(const struct chip_fit *opt, const struct ohm_chip *chip, const struct chosen *c,
                                  const struct ohm_chip_fit *fit, struct ohm_error *err)
{
    struct ohm_str source = {0}, yaml = {0};
    enum ohm_status st = OHM_OK;

    put_source(&source, opt, fit);
    if (opt->output &&
        (st = ohm_chip_write(&yaml, chip, opt->name, ohm_str_text(&source), c->number, c->count, err)) == OHM_OK)
        st = source.failed || yaml.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory")
                                          : ohm_write(opt->output, &yaml, err);
    ohm_str_release(&source);
    ohm_str_release(&yaml);
    return st;
}

/* ---- the command ---- */

static enum ohm_status check_options(const struct chip_fit *opt, struct ohm_error *err)
{
    if (!opt->measurements)
        return ohm_fail(err, OHM_ECONFIG, "--measurements is needed: a CSV file with a network a row");
    if (opt->output && strcmp(opt->output, "-") == 0)
        return ohm_fail(err, OHM_ECONFIG, "--output is a file: standard output has the report");
    for (int i = 0; i < opt->set.count; i++)
        if (strcspn(opt->set.item[i], ".") < strcspn(opt->set.item[i], "="))
            return ohm_fail(err, OHM_ECONFIG, "--set %.60s is a number of the chip: write it into the chip's file",
                            opt->set.item[i]);
    if (opt->output && !opt->force && ohm_file_exists(opt->output))
        return ohm_fail_at(err, OHM_ECONFIG, OHM_ORIGIN, opt->output, 0, 0, "the file exists (--force overwrites it)");
    return OHM_OK;
}

/* Six digits are more than any measurement knows. */
static enum ohm_status round_off(struct ohm_chip *chip, struct ohm_chip_fit *fit, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < fit->numbers && st == OHM_OK; i++) {
        char text[32];

        snprintf(text, sizeof(text), "%.6g", fit->number[i].value);
        if (ohm_parse_double(text, &fit->number[i].value))
            st = ohm_chip_put(chip, fit->number[i].number, fit->number[i].value, err);
    }
    return st;
}

static enum ohm_status fit(struct ohm_cli *cli, const struct chip_fit *opt, struct ohm_chip_arg *arg,
                           const struct measured *m, const struct measured *test, struct ohm_error *err)
{
    struct chosen c = {.count = 0};
    struct judged j = {0};
    enum ohm_status st;

    if ((st = choose(cli, &c, arg->chip, opt->fit, err)) != OHM_OK ||
        (st = with_line(m, ohm_chip_fit(arg->chip, &j.fit, &arg->use, m->sample, m->csv.rows, c.number, c.count, err),
                        err)) != OHM_OK ||
        (st = round_off(arg->chip, &j.fit, err)) != OHM_OK ||
        (st = with_line(test, ohm_chip_residuals(j.test, arg->chip, &arg->use, test->sample, test->csv.rows, err),
                        err)) != OHM_OK ||
        (st = write_chip(opt, arg->chip, &c, &j.fit, err)) != OHM_OK)
        return st;
    return report(opt, arg->chip, &j, m, test, err);
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct chip_fit *opt = object;
    struct measured m = {0}, test = {0};
    struct ohm_chip_arg arg = {0};
    enum ohm_status st;

    if ((st = check_options(opt, err)) == OHM_OK &&
        (st = ohm_chip_arg_load(cli, &arg, args->word[0], &opt->set, err)) == OHM_OK &&
        (st = load(cli, &m, opt->measurements, &opt->net, err)) == OHM_OK &&
        (!opt->test || (st = load(cli, &test, opt->test, &opt->net, err)) == OHM_OK))
        st = fit(cli, opt, &arg, &m, &test, err);
    measured_release(&m);
    measured_release(&test);
    ohm_chip_arg_release(&arg);
    return st;
}

static const char *const examples[] = {
    "ohmnas chip fit hermes64 -m lab.csv --fit digital_latency.hop_cycles,energy.output_pJ --name lab -o lab.yaml",
    "ohmnas chip fit cpu -m mine.csv --test others.csv --fit time -o mine.yaml",
    "ohmnas chip fit mesh512 -m lab.csv --fit step.step_ns,energy.operation_pJ --json", NULL};

const struct ohm_command ohm_cmd_chip_fit = {
    .name = "chip fit",
    .operands = "CHIP",
    .words_min = 1,
    .words_max = 1,
    .complete = "chip",
    .summary = "numbers of a chip from networks that were measured on it",
    .details =
        "The table has the columns network (named as for cost; paths as seen from here), latency_us and energy_uJ (one "
        "of them may be missing, cells may be empty), and where networks are genotypes or keys, space. Least squares "
        "of "
        "the relative errors, within the range that each number has; the other numbers stay.\n\n"
        "'error' is the standard error; 'tied_to' and 'correlation' name the number whose error goes most with this "
        "one's: near 1 or -1 the measurements know hardly more than a sum of the two. 'left_out' is the error "
        "to "
        "expect of a network that is like the others and was not among them. Numbers that no measurement depends on, "
        "or that cannot be told apart at all, are refused.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct chip_fit),
    .run = run,
};
