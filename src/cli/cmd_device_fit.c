/* cmd_device_fit.c - a device file from a measurement. */
#include "device_cli.h"

#include "ohm/csv.h"
#include "ohm/device_fit.h"

struct device_fit {
    const char *name, *g_max, *t_read, *output;
    int64_t degree;
};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(device_fit, name, "name", 0, "NAME", "of the device", .fallback = "measured"),
    OHM_OPT_TEXT(device_fit, g_max, "g-max", 0, "G",
                 "conductance of the largest weight, uS; the largest target if not given"),
    OHM_OPT_INT(device_fit, degree, "degree", 0, "N", "2", 1, 5, "of the polynomial of the programming error"),
    OHM_OPT_TEXT(device_fit, t_read, "t-read", 0, "TIME", "length of a read", .fallback = "250ns"),
    OHM_OPT_TEXT(device_fit, output, "output", 'o', "FILE", "instead of standard output", .complete = "file"),
    OHM_OPT_END,
};

static enum ohm_status read_options(const struct device_fit *opt, struct ohm_device_fit *fit, struct ohm_error *err)
{
    *fit = (struct ohm_device_fit){.name = opt->name, .degree = (int)opt->degree};
    if (opt->g_max && (!ohm_parse_double(opt->g_max, &fit->g_max_uS) || !(fit->g_max_uS > 0 && fit->g_max_uS <= 1e6)))
        return ohm_fail(err, OHM_ECONFIG, "--g-max is '%.40s', no conductance in (0, 1e6] uS", opt->g_max);
    if (!ohm_parse_time(opt->t_read, &fit->t_read_s) || !(fit->t_read_s > 0))
        return ohm_fail(err, OHM_ECONFIG, "--t-read is '%.40s', no time above 0 (250ns, 1us)", opt->t_read);
    return OHM_OK;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct device_fit *opt = object;
    struct ohm_device_fit fit;
    struct ohm_csv table = {0};
    struct ohm_str yaml = {0};
    struct ohm_device *device = NULL;
    enum ohm_status st = read_options(opt, &fit, err);

    if (st == OHM_OK && (st = ohm_csv_load(&table, args->word[0], err)) == OHM_OK &&
        (st = ohm_device_fit(&yaml, &table, &fit, err)) == OHM_OK &&
        (st = ohm_device_parse(&device, ohm_str_text(&yaml), yaml.length, "the fitted device", &cli->diag)) == OHM_OK)
        st = ohm_write(opt->output, &yaml, err);
    ohm_device_free(device);
    ohm_str_release(&yaml);
    ohm_csv_release(&table);
    return st;
}

static const char *const examples[] = {"ohmnas device fit reads.csv --name my-pcm -o searchspaces/devices/my-pcm.yaml",
                                       NULL};

const struct ohm_command ohm_cmd_device_fit = {
    .name = "device fit",
    .operands = "FILE.csv",
    .words_min = 1,
    .words_max = 1,
    .complete = "file",
    .summary = "a device file from a measurement of your own",
    .details =
        "One row a read, with the columns device (its name), g_target_uS, t_s (since programming; the earliest is "
        "t0, and every device is read then) and g_uS; others are passed over. Each target needs three devices, "
        "read at two times or more; with three times read noise is told from drift.\n\n"
        "Fitted: the programming error as a polynomial of the target, drift exponents (mean and spread) and read "
        "noise as tables over the targets.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct device_fit),
    .run = run,
};
