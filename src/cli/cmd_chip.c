/* cmd_chip.c - the chips there are, the numbers of one with their sources, and the check of a chip file. */
#include "chip_arg.h"

#include <math.h>
#include <string.h>

struct chip_options {
    struct ohm_words set;
    struct ohm_format format;
};

static const struct ohm_option options[] = {
    OHM_OPT_FORMAT(chip_options),
    OHM_OPT_END,
};
static const struct ohm_option show_options[] = {
    OHM_OPT_LIST(chip_options, set, "set", 0, "KEY=VALUE",
                 "how the chip is used, for its peaks, or another number, such as energy.output_pJ=150"),
    OHM_OPT_FORMAT(chip_options),
    OHM_OPT_END,
};

/* ---- what a chip is, on one line ---- */

static double known(double value)
{
    return value > 0 ? value : (double)NAN;
}

static void out_chip(struct ohm_out *o, const struct ohm_chip *chip, const struct ohm_chip_use *use)
{
    struct ohm_chip_peak top = {0};
    int64_t rows, cols;

    ohm_chip_peak(chip, use, &top);
    ohm_chip_tile(chip, &rows, &cols);
    ohm_out_text(o, "chip", ohm_chip_name(chip));
    ohm_out_text(o, "model", ohm_chip_model_of(chip));
    ohm_out_int(o, "cores", ohm_chip_cores(chip));
    ohm_out_int(o, "rows", rows);
    ohm_out_int(o, "cols", cols);
    ohm_out_double(o, "mvm_ns", top.mvm_ns);
    ohm_out_double(o, "peak_tops", top.tops);
    ohm_out_double(o, "peak_tops_per_W", known(top.tops_per_W));
    ohm_out_double(o, "peak_tops_per_mm2", known(top.tops_per_mm2));
}

static void out_uses(struct ohm_out *o, const struct ohm_chip *chip)
{
    struct ohm_str text = {0};

    for (const struct ohm_field *f = ohm_chip_use_fields; f->kind != OHM_FIELD_END; f++)
        if (ohm_chip_uses(chip, f))
            ohm_str_printf(&text, "%s%s", text.length ? " " : "", f->key);
    ohm_out_str(o, "options", &text);
    ohm_str_release(&text);
}

/* ---- list ---- */

static enum ohm_status list(struct ohm_cli *cli, const struct ohm_format *format, const struct ohm_words *names,
                            struct ohm_error *err)
{
    enum ohm_status st, end, first = OHM_OK;
    struct ohm_chip_use use;
    struct ohm_out out;

    ohm_fields_default(ohm_chip_use_fields, &use);
    ohm_out_begin(&out, format, "ohmnas.chips/1");
    ohm_out_list(&out, "chips");
    for (int i = 0; i < names->count; i++) {
        struct ohm_chip *chip = NULL;

        if ((st = ohm_cli_chip(cli, names->item[i], &chip)) == OHM_OK) {
            ohm_out_row(&out);
            out_chip(&out, chip, &use);
            out_uses(&out, chip);
            ohm_out_row_end(&out);
        }
        first = first == OHM_OK ? st : first;
        ohm_chip_free(chip);
    }
    ohm_out_list_end(&out);
    end = ohm_out_end(&out, first == OHM_OK ? err : NULL);
    return first == OHM_OK ? end : first;
}

static enum ohm_status run_list(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                struct ohm_error *err)
{
    const struct chip_options *opt = object;
    struct ohm_words names = {0};
    enum ohm_status st = ohm_cli_names(cli, "chip", &names, err);

    (void)args;
    return st == OHM_OK ? list(cli, &opt->format, &names, err) : st;
}

static const char *const list_examples[] = {"ohmnas chip list", NULL};

const struct ohm_command ohm_cmd_chip_list = {
    .name = "chip list",
    .operands = "",
    .summary = "the chips there are, what they do at best, and the options that each reads",
    .details = "Peaks are of matrix-vector products alone, every core full, and of the options' defaults.",
    .examples = list_examples,
    .options = options,
    .size = sizeof(struct chip_options),
    .run = run_list,
};

/* ---- show ---- */

static void out_numbers(struct ohm_out *o, const struct ohm_chip *chip)
{
    struct ohm_chip_number n;

    ohm_out_list(o, "numbers");
    for (int i = 0; ohm_chip_number(chip, i, &n); i++) {
        ohm_out_row(o);
        ohm_out_text(o, "block", n.block);
        ohm_out_text(o, "key", n.key);
        ohm_out_double(o, "value", n.value);
        ohm_out_text(o, "unit", n.unit);
        ohm_out_text(o, "mark", n.mark);
        if (!ohm_out_for_people(o)) {
            ohm_out_double(o, "min", n.min);
            ohm_out_double(o, "max", n.max);
        }
        ohm_out_text(o, "source", n.source);
        ohm_out_row_end(o);
    }
    ohm_out_list_end(o);
}

static enum ohm_status run_show(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                struct ohm_error *err)
{
    const struct chip_options *opt = object;
    struct ohm_chip_arg arg = {0};
    struct ohm_out out;
    enum ohm_status st;

    if ((st = ohm_chip_arg_load(cli, &arg, args->word[0], &opt->set, err)) == OHM_OK) {
        ohm_out_begin(&out, &opt->format, "ohmnas.chip/1");
        out_chip(&out, arg.chip, &arg.use);
        out_uses(&out, arg.chip);
        out_numbers(&out, arg.chip);
        st = ohm_out_end(&out, err);
    }
    ohm_chip_arg_release(&arg);
    return st;
}

static const char *const show_examples[] = {"ohmnas chip show hermes64", "ohmnas chip show aon-cim --json",
                                            "ohmnas chip show mine.yaml --set array.cores=16", NULL};

const struct ohm_command ohm_cmd_chip_show = {
    .name = "chip show",
    .operands = "CHIP",
    .words_min = 1,
    .words_max = 1,
    .complete = "chip",
    .summary = "the numbers of a chip, how far they are to be trusted, and where they come from",
    .details = "Marks: published (printed in the source), derived (follows from printed numbers), fitted (least "
               "squares on printed or measured numbers), default (our choice), set (by --set). ohmnas show CHIP prints "
               "the file "
               "itself.",
    .examples = show_examples,
    .options = show_options,
    .size = sizeof(struct chip_options),
    .run = run_show,
};

/* ---- check ---- */

static enum ohm_status run_check(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                 struct ohm_error *err)
{
    const struct chip_options *opt = object;
    const struct ohm_words files = {.item = args->word, .count = args->words};

    return list(cli, &opt->format, &files, err);
}

static const char *const check_examples[] = {"ohmnas chip check mine.yaml",
                                             "ohmnas chip check searchspaces/chips/*.yaml", NULL};

const struct ohm_command ohm_cmd_chip_check = {
    .name = "chip check",
    .operands = "FILE...",
    .words_min = 1,
    .words_max = -1,
    .complete = "file",
    .summary = "find every error of chip files; what those without one do at best",
    .details = "Each number must be there, within its range, in a block with a source and a mark; no other key may be. "
               "All errors are shown, with line and column. A peak far from what you expect is a number in another "
               "unit than its key says.",
    .examples = check_examples,
    .options = options,
    .size = sizeof(struct chip_options),
    .run = run_check,
};
