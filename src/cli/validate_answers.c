/* validate_answers.c - the answers of a validation as a file. */
#include "validate_answers.h"

#include "ohm/answers.h"
#include "ohm/file.h"

#include <string.h>

/* What can be known before hours of work: there is a place for the file, and nothing in it. */
enum ohm_status ohm_validate_check_answers(const char *path, bool force, struct ohm_error *err)
{
    const char *const slash = strrchr(path, '/');
    struct ohm_str folder = {0};
    bool there;

    if (!force && ohm_file_exists(path))
        return ohm_fail_at(err, OHM_ECONFIG, OHM_ORIGIN, path, 0, 0, "the file exists (--force overwrites it)");
    if (!slash || slash == path)
        return OHM_OK;
    ohm_str_append_n(&folder, path, (size_t)(slash - path));
    there = ohm_is_folder(ohm_str_text(&folder));
    ohm_str_release(&folder);
    return there ? OHM_OK : ohm_fail_at(err, OHM_ENOTFOUND, OHM_ORIGIN, path, 0, 0, "there is no such folder");
}

static uint32_t short_hash(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 32);
}

static struct ohm_answers_item item_of(const struct ohm_validate_setup *s, const struct ohm_validate_answers *a, int i,
                                       bool grouped)
{
    const struct ohm_data *const data = s->fit.data;
    const int number = s->fit.parts.sample[1][a->sample[i]];
    const char *const name = ohm_data_name(data, number);
    const uint64_t id = ohm_hash_mix(ohm_hash(name, strlen(name)), ohm_data_content(data, number));

    return (struct ohm_answers_item){.number = number,
                                     .label = a->label[i],
                                     .id = short_hash(id),
                                     .group = grouped ? short_hash(ohm_data_group(data, number)) : 0};
}

static enum ohm_status write_file(const struct ohm_answers *a, const char *path, struct ohm_error *err)
{
    struct ohm_str text = {0};
    enum ohm_status st;

    ohm_answers_write(&text, a);
    st = text.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory")
                     : ohm_file_write(path, ohm_str_text(&text), text.length, err);
    ohm_str_release(&text);
    return st;
}

enum ohm_status ohm_validate_write_answers(const struct ohm_validate_setup *s, const struct ohm_validate_origin *origin,
                                           const struct ohm_validate_result *r, struct ohm_error *err)
{
    const struct ohm_validate_options *const opt = s->opt;
    struct ohm_answers a = {.program = "ohmnas " OHM_VERSION,
                            .network = s->fit.named.name,
                            .network_hash = origin->shape,
                            .weights = origin->weights,
                            .task = s->fit.task->name,
                            .samples = origin->data,
                            .split = opt->split,
                            .chip = opt->chip,
                            .device = s->device->name,
                            .settings = ohm_str_text(&s->settings),
                            .folds = opt->from.folds,
                            .fold = opt->from.fold,
                            .seed = opt->seed,
                            .draws = r->draws,
                            .reads = r->reads,
                            .grouped = ohm_data_has_groups(s->fit.data),
                            .items = r->samples,
                            .times = r->times,
                            .time = s->times.item,
                            .right = r->answers.right};
    enum ohm_status st;

    if (!(a.item = ohm_alloc((size_t)a.items, sizeof *a.item)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < a.items; i++)
        a.item[i] = item_of(s, &r->answers, i, a.grouped);
    st = write_file(&a, opt->answers, err);
    ohm_free(a.item);
    return st;
}
