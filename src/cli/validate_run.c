/* validate_run.c - one network on the hardware that the options describe, as a row of the run log. */
#include "validate_run.h"

#include "device_cli.h"
#include "validate_answers.h"
#include "validate_log.h"

#include "ohm/file.h"
#include "ohm/weights.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- hardware from the options ---- */

/* In the order of enum ohm_compensation. */
const char *const ohm_compensation_kinds[] = {"none", "global", "column", "unbiased", "unbiased_column", NULL};

static enum ohm_status read_times(struct ohm_cli *cli, struct ohm_validate_setup *s, const char *list,
                                  struct ohm_error *err)
{
    const enum ohm_status st = ohm_words_split(cli, list, ',', &s->times, err);

    if (st != OHM_OK)
        return st;
    if (s->times.count < 1 || s->times.count > OHM_VALIDATE_TIMES_MAX)
        return ohm_fail(err, OHM_ECONFIG, "--times has %d times, outside [1, %d]", s->times.count,
                        OHM_VALIDATE_TIMES_MAX);
    for (int i = 0; i < s->times.count; i++)
        if (!ohm_parse_time(s->times.item[i], &s->t_s[i]))
            return ohm_fail(err, OHM_ECONFIG, "'%.40s' is no time: a number and one of ns, us, ms, s, min, h, d, y",
                            s->times.item[i]);
    return OHM_OK;
}

static enum ohm_status read_width(double *width, const char *text, struct ohm_error *err)
{
    if (text && (!ohm_parse_double(text, width) || !(*width > 0 && *width <= 100)))
        return ohm_fail(err, OHM_ECONFIG, "--width is '%.40s', not points in (0, 100]", text);
    return OHM_OK;
}

static enum ohm_status set_one(struct ohm_validate_setup *s, const char *text, struct ohm_error *err)
{
    const bool tile = strncmp(text, "tile.", 5) == 0, device = strncmp(text, "device.", 7) == 0;
    const char *const begin = text + (tile ? 5 : 7), *const equals = strchr(text, '=');
    char key[64];

    if ((!tile && !device) || !equals || equals < begin || (size_t)(equals - begin) >= sizeof key)
        return ohm_fail(err, OHM_ECONFIG, "--set is '%.80s'; here it is tile.KEY=VALUE or device.KEY=VALUE", text);
    memcpy(key, begin, (size_t)(equals - begin));
    key[equals - begin] = '\0';
    return tile ? ohm_field_set(ohm_tile_fields, &s->tile, key, equals + 1, err)
                : ohm_device_set(s->device, key, equals + 1, err);
}

/* Chip, then --compensation, then --set: the last word has who says most exactly what is meant. */
static enum ohm_status read_tile(struct ohm_cli *cli, struct ohm_validate_setup *s, struct ohm_error *err)
{
    const struct ohm_validate_options *const opt = s->opt;
    struct ohm_chip *chip = NULL;
    enum ohm_status st = OHM_OK;

    ohm_fields_default(ohm_tile_fields, &s->tile);
    if (opt->chip && (st = ohm_cli_chip(cli, opt->chip, &chip)) == OHM_OK) {
        ohm_chip_tile(chip, &s->tile.rows, &s->tile.columns);
        s->tile.read_mode = OHM_TILE_FOUR_PHASE; /* as all its accuracies were published */
        ohm_chip_free(chip);
    }
    for (int i = 0; ohm_compensation_kinds[i]; i++)
        if (strcmp(opt->compensation, ohm_compensation_kinds[i]) == 0)
            s->tile.compensation = i;
    for (int i = 0; i < opt->set.count && st == OHM_OK; i++)
        st = set_one(s, opt->set.item[i], err);
    return st;
}

/* ---- the settings as JSON ---- */

static void put_fields(struct ohm_emit *e, const char *name, const struct ohm_field *fields, const void *object)
{
    ohm_emit_map(e, name);
    for (const struct ohm_field *f = fields; f->kind != OHM_FIELD_END; f++) {
        const void *const at = (const char *)object + f->offset;

        if (!ohm_field_told(f, object))
            continue;
        switch (f->kind) {
        case OHM_FIELD_INT:
            ohm_emit_int(e, f->key, *(const int64_t *)at);
            break;
        case OHM_FIELD_REAL:
            ohm_emit_double(e, f->key, *(const double *)at);
            break;
        case OHM_FIELD_BOOL:
            ohm_emit_bool(e, f->key, *(const bool *)at);
            break;
        case OHM_FIELD_CHOICE:
            ohm_emit_text(e, f->key, f->names[*(const int *)at]);
            break;
        default:
            ohm_emit_text(e, f->key, at);
            break;
        }
    }
    ohm_emit_end(e);
}

static enum ohm_status describe_settings(struct ohm_validate_setup *s, struct ohm_error *err)
{
    struct ohm_emit e = {.json = true, .compact = true};
    char hash[17];

    snprintf(hash, sizeof hash, "%016" PRIx64, s->device->hash);
    ohm_emit_map(&e, NULL);
    ohm_emit_text(&e, "device", s->device->name);
    ohm_emit_text(&e, "device_hash", hash);
    put_fields(&e, "device_scale", ohm_device_fields, s->device);
    put_fields(&e, "tile", ohm_tile_fields, &s->tile);
    ohm_emit_list(&e, "times_s");
    for (int i = 0; i < s->times.count; i++)
        ohm_emit_double(&e, NULL, s->t_s[i]);
    ohm_emit_end(&e);
    ohm_emit_text(&e, "ranges", s->opt->ranges);
    ohm_emit_int(&e, "calibrate", s->opt->calibrate);
    ohm_emit_int(&e, "bn_samples", s->opt->bn_samples);
    ohm_emit_end(&e);
    if (!e.out.failed) /* without the line end behind it */
        ohm_str_append_n(&s->settings, ohm_str_text(&e.out), e.out.length - 1);
    s->settings.failed |= e.out.failed;
    ohm_str_release(&e.out);
    return s->settings.failed ? ohm_fail(err, OHM_ENOMEM, "out of memory") : OHM_OK;
}

enum ohm_status ohm_validate_setup_init(struct ohm_cli *cli, struct ohm_validate_setup *s,
                                        const struct ohm_validate_options *opt, struct ohm_error *err)
{
    enum ohm_status st;

    *s = (struct ohm_validate_setup){.opt = opt};
    if ((st = read_times(cli, s, opt->times, err)) != OHM_OK ||
        (st = read_width(&s->width, opt->width, err)) != OHM_OK ||
        (st = ohm_range_rule_parse(&s->ranges, opt->ranges, err)) != OHM_OK ||
        (st = ohm_cli_device(cli, opt->device, &s->device)) != OHM_OK || (st = read_tile(cli, s, err)) != OHM_OK)
        return st;
    return describe_settings(s, err);
}

void ohm_validate_setup_release(struct ohm_validate_setup *s)
{
    ohm_str_release(&s->settings);
    ohm_device_free(s->device);
    ohm_fit_release(&s->fit);
}

/* ---- what a validation comes from ---- */

enum ohm_status ohm_validate_hash_file(char hash[17], const char *path, struct ohm_error *err)
{
    char *bytes = NULL;
    size_t length = 0;
    const enum ohm_status st = ohm_file_read(&bytes, &length, path, OHM_TENSOR_FILE_MAX, err);

    if (st == OHM_OK)
        snprintf(hash, 17, "%016" PRIx64, ohm_hash(bytes, length));
    ohm_free(bytes);
    return st;
}

static enum ohm_status find_origin(struct ohm_validate_origin *o, const struct ohm_validate_setup *s,
                                   const char *weights, struct ohm_error *err)
{
    const int64_t all = s->fit.samples.count[1];
    const enum ohm_status st = ohm_net_arg_text(&s->fit.named, &o->network, err);

    if (st != OHM_OK)
        return st;
    o->samples = s->opt->samples > 0 && s->opt->samples < all ? s->opt->samples : all;
    snprintf(o->shape, sizeof o->shape, "%016" PRIx64, ohm_net_hash(s->fit.net));
    snprintf(o->data, sizeof o->data, "%016" PRIx64, ohm_data_hash(s->fit.data));
    return ohm_validate_hash_file(o->weights, weights, err);
}

static enum ohm_status fingerprint_of(uint64_t *fingerprint, const struct ohm_validate_setup *s,
                                      const struct ohm_validate_origin *o, struct ohm_error *err)
{
    const struct ohm_validate_options *const opt = s->opt;
    struct ohm_str text = {0};
    enum ohm_status st = OHM_OK;

    ohm_str_printf(&text, "%s %s %s %s %s %lld/%lld %lld %lld %lld %lld ", ohm_str_text(&s->settings), o->shape,
                   o->data, o->weights, opt->split, (long long)opt->from.fold, (long long)opt->from.folds,
                   (long long)opt->seed, (long long)opt->draws, (long long)opt->reads, (long long)o->samples);
    ohm_str_append_double(&text, s->width);
    if (text.failed)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    else
        *fingerprint = ohm_hash(ohm_str_text(&text), text.length);
    ohm_str_release(&text);
    return st;
}

static enum ohm_status begin_log(struct ohm_validate_log *log, const struct ohm_validate_setup *s,
                                 const struct ohm_validate_origin *o, const char *weights,
                                 enum ohm_validate_reuse reuse, struct ohm_error *err)
{
    const struct ohm_validate_options *const opt = s->opt;
    struct ohm_validation_spec row = {
        .network = s->fit.named.name,
        .network_hash = o->shape,
        .network_text = ohm_str_text(&o->network),
        .study = s->fit.named.logged ? s->fit.named.study.id : -1,
        .trial = s->fit.named.trial,
        .weights = weights,
        .weights_hash = o->weights,
        .task = s->fit.task->name,
        .data = opt->from.folder,
        .data_hash = o->data,
        .split = opt->split,
        .folds = opt->from.folds,
        .fold = opt->from.fold,
        .chip = opt->chip,
        .device = s->device->name,
        .settings = ohm_str_text(&s->settings),
        .time = s->times.item,
        .t_s = s->t_s,
        .times = s->times.count,
        .seed = opt->seed,
        .draws = opt->draws,
        .reads = opt->reads,
        .samples = o->samples,
        .width = s->width,
        .program = "ohmnas " OHM_VERSION,
    };
    const enum ohm_status st = fingerprint_of(&row.fingerprint, s, o, err);

    return st == OHM_OK ? ohm_validate_log_begin(log, opt->from.net.db, &row, reuse, err) : st;
}

/* ---- running ---- */

struct watch {
    bool quiet;
    const char *prefix;
    const struct ohm_words *times;
    struct ohm_validate_log log;
};

static bool watch(void *context, const struct ohm_validate_progress *p)
{
    const struct watch *const w = context;

    if (ohm_signal_pending())
        return false;
    if (!w->quiet)
        fprintf(stderr, "%sdraw %d/%d  %s  top1 %.2f %%\n", w->prefix, p->draw, p->draws, w->times->item[p->time],
                p->top1);
    return true;
}

static void watch_draw(void *context, const struct ohm_validate_result *so_far)
{
    struct watch *const w = context;

    ohm_validate_log_draw(&w->log, so_far);
}

static enum ohm_status measure(struct ohm_validate_result *result, const struct ohm_validate_setup *s,
                               const struct ohm_validate_origin *origin, struct ohm_weights *w, struct watch *watched,
                               struct ohm_error *err)
{
    const struct ohm_validate_options *const opt = s->opt;
    const struct ohm_validate_spec spec = {.w = w,
                                           .samples = &s->fit.samples,
                                           .device = s->device,
                                           .tile = &s->tile,
                                           .t_s = s->t_s,
                                           .times = s->times.count,
                                           .draws = (int)opt->draws,
                                           .reads = (int)opt->reads,
                                           .count = (int)opt->samples,
                                           .calibrate = (int)opt->calibrate,
                                           .ranges = s->ranges,
                                           .bn_samples = (int)opt->bn_samples,
                                           .width = s->width,
                                           .seed = (uint64_t)opt->seed,
                                           .batch = (int)opt->batch,
                                           .jobs = ohm_fit_jobs(opt->from.jobs),
                                           .answers = opt->answers != NULL,
                                           .known = watched->log.known,
                                           .known_draws = watched->log.known_draws,
                                           .progress = watch,
                                           .draw = watch_draw,
                                           .context = watched};
    struct ohm_validate_result made = {0};
    enum ohm_status st = ohm_validate(&made, &spec, err);

    if (st == OHM_OK && opt->answers)
        st = ohm_validate_write_answers(s, origin, &made, err);
    ohm_validate_log_end(&watched->log, st, err, &made);
    if (st == OHM_OK)
        *result = made;
    else
        ohm_validate_result_release(&made);
    return st;
}

/* Somebody has done it already. */
static enum ohm_status take_measured(struct ohm_cli *cli, struct ohm_validate_result *result,
                                     const struct ohm_validate_log *log, const char *prefix, struct ohm_error *err)
{
    struct ohm_validation_row row;
    struct ohm_words times;
    char name[32];
    enum ohm_status st;

    snprintf(name, sizeof name, "v:%lld", (long long)log->id);
    if ((st = ohm_store_find_validation(log->store, name, &row, err)) != OHM_OK ||
        (st = ohm_validate_log_result(cli, result, &times, log->store, &row, err)) != OHM_OK)
        return st;
    ohm_say("%s%s has it (--again measures it anew)", prefix, name);
    return OHM_OK;
}

enum ohm_status ohm_validate_net(struct ohm_cli *cli, struct ohm_validated *out, struct ohm_validate_setup *s,
                                 const char *weights, bool reuse, const char *prefix, struct ohm_error *err)
{
    struct watch watched = {.quiet = strcmp(s->opt->progress, "none") == 0, .prefix = prefix, .times = &s->times};
    struct ohm_weights w = {0};
    struct ohm_validate_origin origin = {0};
    const enum ohm_validate_reuse logged = s->opt->answers ? OHM_REUSE_NOTHING
                                           : reuse         ? OHM_REUSE_DONE
                                                           : OHM_REUSE_DRAWS;
    enum ohm_status st;

    if ((st = ohm_weights_init(&w, s->fit.net, err)) == OHM_OK && (st = ohm_weights_load(&w, weights, err)) == OHM_OK &&
        (st = find_origin(&origin, s, weights, err)) == OHM_OK &&
        (st = begin_log(&watched.log, s, &origin, weights, logged, err)) == OHM_OK)
        st = watched.log.measured ? take_measured(cli, &out->result, &watched.log, prefix, err)
                                  : measure(&out->result, s, &origin, &w, &watched, err);
    out->id = watched.log.id;
    ohm_validate_log_release(&watched.log);
    ohm_str_release(&origin.network);
    ohm_weights_release(&w);
    return st;
}
