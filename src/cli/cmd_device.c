/* cmd_device.c - which memory devices there are, and what is known of one. */
#include "cli_int.h"

#include "device_cli.h"

#include <string.h>

enum ohm_status ohm_cli_device(struct ohm_cli *cli, const char *name, struct ohm_device **device)
{
    struct ohm_str path = {0};
    struct ohm_error err = {0};
    enum ohm_status st = ohm_find(cli, "device", name, &path, &err);

    if (st != OHM_OK)
        ohm_diag_take(&cli->diag, &err);
    else
        st = ohm_device_load(device, ohm_str_text(&path), &cli->diag);
    ohm_str_release(&path);
    return st;
}

enum ohm_status ohm_cli_device_set(struct ohm_device *device, const char *text, struct ohm_error *err)
{
    const char *const equals = strchr(text, '=');
    char key[64];

    if (!equals || (size_t)(equals - text) >= sizeof key)
        return ohm_fail(err, OHM_ECONFIG, "--set is '%.80s', not key=value", text);
    memcpy(key, text, (size_t)(equals - text));
    key[equals - text] = '\0';
    return ohm_device_set(device, key, equals + 1, err);
}

/* ---- list ---- */

struct device_list {
    struct ohm_format format;
};

static const struct ohm_option list_options[] = {OHM_OPT_FORMAT(device_list), OHM_OPT_END};

static void out_device(struct ohm_out *o, const struct ohm_device *d)
{
    static const char *const converters[OHM_CONVERTER_KINDS] = {"pairs", "custom", "single_device"};

    ohm_out_row(o);
    ohm_out_text(o, "device", d->name);
    ohm_out_text(o, "model", ohm_device_model_names[d->model]);
    ohm_out_double(o, "g_min_uS", d->g_min_uS);
    ohm_out_double(o, "g_max_uS", d->g_max_uS);
    ohm_out_text(o, "converter", converters[d->converter.kind]);
    ohm_out_int(o, "devices_a_weight", ohm_converter_slices(&d->converter));
    ohm_out_text(o, "about", d->about);
    ohm_out_row_end(o);
}

static enum ohm_status run_list(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                struct ohm_error *err)
{
    const struct device_list *opt = object;
    struct ohm_words names = {0};
    struct ohm_out out;
    enum ohm_status st, end;

    (void)args;
    if ((st = ohm_cli_names(cli, "device", &names, err)) != OHM_OK)
        return st;
    ohm_out_begin(&out, &opt->format, "ohmnas.devices/1");
    ohm_out_list(&out, "devices");
    for (int i = 0; i < names.count && st == OHM_OK; i++) {
        struct ohm_device *device = NULL;

        if ((st = ohm_cli_device(cli, names.item[i], &device)) == OHM_OK)
            out_device(&out, device);
        ohm_device_free(device);
    }
    ohm_out_list_end(&out);
    end = ohm_out_end(&out, st == OHM_OK ? err : NULL);
    return st == OHM_OK ? end : st;
}

static const char *const list_examples[] = {"ohmnas device list", NULL};

const struct ohm_command ohm_cmd_device_list = {
    .name = "device list",
    .operands = "",
    .summary = "the memory devices there are",
    .examples = list_examples,
    .options = list_options,
    .size = sizeof(struct device_list),
    .run = run_list,
};

/* ---- show ---- */

static enum ohm_status run_show(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                struct ohm_error *err)
{
    const struct device_list *opt = object;
    struct ohm_device *device = NULL;
    enum ohm_status st = ohm_cli_device(cli, args->word[0], &device);

    if (st == OHM_OK)
        st = ohm_out_source(&opt->format, "device", device->name, device->source, err);
    ohm_device_free(device);
    return st;
}

static const char *const show_examples[] = {"ohmnas device show pcm", NULL};

const struct ohm_command ohm_cmd_device_show = {
    .name = "device show",
    .operands = "DEVICE",
    .words_min = 1,
    .words_max = 1,
    .complete = "device",
    .summary = "the numbers of a memory device and where they come from",
    .examples = show_examples,
    .options = list_options,
    .size = sizeof(struct device_list),
    .run = run_show,
};
