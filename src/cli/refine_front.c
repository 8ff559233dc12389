/* refine_front.c - the measured front as files that train, validate, cost and export read. */
#include "refine.h"

#include "ohm/decode.h"
#include "ohm/export.h"
#include "ohm/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static enum ohm_status print_network(struct ohm_str *s, const struct ohm_loop_spec *spec,
                                     const struct ohm_loop_result *result, const struct ohm_loop_network *n,
                                     struct ohm_error *err)
{
    struct ohm_net_builder builder = {.with_names = true};
    const char *name[OHM_TARGETS_MAX];
    struct ohm_net_record record = {.space = spec->space,
                                    .genotype = &n->item.genotype,
                                    .chip = spec->chip,
                                    .use = &spec->chip_use,
                                    .score_name = name,
                                    .score = n->figure,
                                    .scores = result->figures,
                                    .version = OHM_VERSION};
    enum ohm_status st = ohm_decode(spec->space, &n->item.genotype, &builder, &record.net, err);

    for (int i = 0; i < result->figures; i++)
        name[i] = result->figure[i].name;
    if (st == OHM_OK)
        st = ohm_net_record_write(s, &record, false, err);
    ohm_net_release(&builder);
    return st;
}

/* "n:1f3a" is a file "n-1f3a.yaml". */
static enum ohm_status write_network(const char *folder, const struct ohm_loop_spec *spec,
                                     const struct ohm_loop_result *result, const struct ohm_loop_network *n,
                                     struct ohm_error *err)
{
    struct ohm_str path = {0}, text = {0};
    enum ohm_status st;

    ohm_str_printf(&path, "%s/", folder);
    for (const char *p = n->item.base; *p; p++)
        ohm_str_append_n(&path, *p == ':' ? "-" : p, 1);
    ohm_str_append(&path, ".yaml");
    st = print_network(&text, spec, result, n, err);
    if (st == OHM_OK && (path.failed || text.failed))
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    if (st == OHM_OK)
        st = ohm_file_write(ohm_str_text(&path), ohm_str_text(&text), text.length, err);
    ohm_str_release(&path);
    ohm_str_release(&text);
    return st;
}

enum ohm_status ohm_refine_write_front(const char *folder, const struct ohm_loop_spec *spec,
                                       const struct ohm_loop_result *result, struct ohm_error *err)
{
    enum ohm_status st = ohm_make_folder(folder, err);

    for (int i = 0; i < result->count && st == OHM_OK; i++)
        st = write_network(folder, spec, result, &result->front[i], err);
    return st;
}
