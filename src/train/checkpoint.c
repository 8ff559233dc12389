/* checkpoint.c - a run between two epochs, as a file: what it has learned, and what its optimizer remembers. */
#include "train_int.h"

#include "ohm/mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { META_MAX = 8 };

static uint64_t hash_text(uint64_t h, const struct ohm_field *fields, const void *object)
{
    struct ohm_str s = {0};

    ohm_fields_print(&s, fields, object);
    h = ohm_hash_mix(h, ohm_hash(ohm_str_text(&s), s.length));
    ohm_str_release(&s);
    return h;
}

static uint64_t hash_weights(uint64_t h, const struct ohm_weights *w)
{
    return w ? ohm_hash_mix(h, ohm_hash(w->value, w->count * sizeof(*w->value))) : ohm_hash_mix(h, 1);
}

static bool another(const struct ohm_weights *teacher, const struct ohm_net *net)
{
    return teacher && ohm_net_hash(teacher->net) != ohm_net_hash(net);
}

/* Raised when the hardware's noise of a seed becomes another: older checkpoints could not go on with the same bits. */
enum { ANALOG_BITS = 2 };

uint64_t ohm_run_fingerprint(const struct ohm_train_spec_net *spec)
{
    const double number[] = {spec->distill,    spec->temperature,       spec->keep_best,
                             spec->reestimate, spec->samples->count[0], spec->samples->count[1]};
    uint64_t h = ohm_hash_mix(ohm_net_hash(spec->net), spec->seed);

    h = hash_text(h, ohm_recipe_fields, &spec->recipe);
    h = hash_text(h, ohm_analog_fields, &spec->analog);
    h = spec->analog.on ? ohm_hash_mix(h, ANALOG_BITS) : h;
    h = ohm_hash_mix(h, spec->data_hash);
    h = ohm_hash_mix(h, ohm_hash(number, sizeof(number)));
    h = hash_weights(hash_weights(h, spec->from), spec->teacher);
    return another(spec->teacher, spec->net) ? ohm_hash_mix(h, ohm_net_hash(spec->teacher->net)) : h;
}

static struct ohm_tensor vector(const char *name, const float *data, size_t n)
{
    return (struct ohm_tensor){.name = name, .dims = 1, .dim = {(int64_t)n}, .count = n, .data = data};
}

enum ohm_status ohm_checkpoint_write(const char *path, const struct ohm_weights *w, const struct ohm_run_state *s,
                                     uint64_t fingerprint, struct ohm_error *err)
{
    const struct ohm_tensor tensor[] = {vector("value", w->value, w->count),
                                        vector("first", s->opt.first, s->opt.count),
                                        vector("second", s->opt.second, s->opt.count), vector("ema", s->ema, w->count),
                                        vector("best", s->best, w->count)};
    struct ohm_str text[META_MAX] = {{0}};
    struct ohm_meta meta[META_MAX] = {{"format", "ohmnas.checkpoint/1"},
                                      {"fingerprint", NULL},
                                      {"epoch", NULL},
                                      {"step", NULL},
                                      {"best", NULL},
                                      {"since_best", NULL},
                                      {"best_accuracy", NULL},
                                      {"curve", NULL}};
    bool failed = false;
    enum ohm_status st;

    ohm_str_printf(&text[1], "%016" PRIx64, fingerprint);
    ohm_str_printf(&text[2], "%" PRId64, s->epoch);
    ohm_str_printf(&text[3], "%" PRId64, s->step);
    ohm_str_printf(&text[4], "%d", s->result.best);
    ohm_str_printf(&text[5], "%" PRId64, s->since_best);
    ohm_str_append_double(&text[6], s->best_accuracy);
    ohm_curve_print(&text[7], &s->result);
    for (int i = 1; i < META_MAX; i++) {
        meta[i].value = ohm_str_text(&text[i]);
        failed = failed || text[i].failed;
    }
    st = failed ? ohm_fail(err, OHM_ENOMEM, "out of memory")
                : ohm_tensor_file_write(path, tensor, 5, meta, META_MAX, err);
    for (int i = 0; i < META_MAX; i++)
        ohm_str_release(&text[i]);
    return st;
}

/* ---- back ---- */

static enum ohm_status damaged(struct ohm_error *err, const char *path, const char *what)
{
    return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0, "the checkpoint %s", what);
}

static enum ohm_status take_vector(float *to, size_t n, const struct ohm_tensor_file *f, const char *name,
                                   const char *path, struct ohm_error *err)
{
    const struct ohm_tensor *t = ohm_tensor_file_find(f, name);

    if (!t || t->count != n)
        return damaged(err, path, "lacks a vector, or has one of another size");
    memcpy(to, t->data, n * sizeof(*to));
    return OHM_OK;
}

static bool take_int(int64_t *to, const struct ohm_tensor_file *f, const char *key, int64_t min, int64_t max)
{
    const char *text = ohm_tensor_file_meta(f, key);

    return text && ohm_parse_int64(text, to) && *to >= min && *to <= max;
}

static enum ohm_status take(struct ohm_weights *w, struct ohm_run_state *s, const struct ohm_tensor_file *f,
                            int64_t epochs, const char *path, struct ohm_error *err)
{
    const char *accuracy = ohm_tensor_file_meta(f, "best_accuracy");
    int64_t best = -1;
    enum ohm_status st;

    if (!take_int(&s->epoch, f, "epoch", 0, epochs) || !take_int(&s->step, f, "step", 0, INT64_MAX) ||
        !take_int(&s->since_best, f, "since_best", 0, INT64_MAX) || !take_int(&best, f, "best", -1, s->epoch - 1) ||
        !accuracy || !ohm_parse_double(accuracy, &s->best_accuracy) ||
        !ohm_curve_parse(&s->result, ohm_tensor_file_meta(f, "curve"), s->epoch) || s->result.epochs != s->epoch)
        return damaged(err, path, "has numbers that cannot be read");
    s->result.best = (int)best;
    s->opt.step = s->step;
    if ((st = take_vector(w->value, w->count, f, "value", path, err)) != OHM_OK ||
        (st = take_vector(s->opt.first, s->opt.count, f, "first", path, err)) != OHM_OK ||
        (st = take_vector(s->opt.second, s->opt.count, f, "second", path, err)) != OHM_OK ||
        (st = take_vector(s->ema, w->count, f, "ema", path, err)) != OHM_OK)
        return st;
    return take_vector(s->best, w->count, f, "best", path, err);
}

enum ohm_status ohm_checkpoint_read(const char *path, struct ohm_weights *w, struct ohm_run_state *s,
                                    uint64_t fingerprint, int64_t epochs, struct ohm_error *err)
{
    struct ohm_tensor_file f = {0};
    const char *text;
    char want[17];
    enum ohm_status st = ohm_tensor_file_read(&f, path, err);

    if (st != OHM_OK)
        return st;
    for (int i = 0; i < 16; i++)
        want[i] = "0123456789abcdef"[fingerprint >> (60 - 4 * i) & 15];
    want[16] = '\0';
    text = ohm_tensor_file_meta(&f, "fingerprint");
    if (!text || strcmp(text, want) != 0)
        st = damaged(err, path, "is of another network, recipe, data set or seed");
    else
        st = take(w, s, &f, epochs, path, err);
    ohm_tensor_file_release(&f);
    return st;
}
