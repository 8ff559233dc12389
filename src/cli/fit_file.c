/* fit_file.c - what a file of trained weights says of the training that wrote it. */
#include "fit_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void ohm_provenance_release(struct ohm_provenance *p)
{
    ohm_str_release(&p->network);
    ohm_str_release(&p->recipe);
    ohm_str_release(&p->analog);
    ohm_str_release(&p->options);
}

enum ohm_status ohm_provenance_fill(struct ohm_provenance *p, const struct ohm_fit_loaded *l,
                                    const struct ohm_train_spec_net *spec, struct ohm_error *err)
{
    const enum ohm_status st = ohm_net_arg_text(&l->named, &p->network, err);

    if (st != OHM_OK)
        return st;
    p->name = l->named.name;
    p->task = l->task->name;
    p->fingerprint = ohm_run_fingerprint(spec);
    ohm_fields_print(&p->recipe, ohm_recipe_fields, &spec->recipe);
    ohm_fields_print(&p->analog, ohm_analog_fields, &spec->analog);
    snprintf(p->run, sizeof(p->run), "%016" PRIx64, p->fingerprint);
    snprintf(p->shape, sizeof(p->shape), "%016" PRIx64, ohm_net_hash(l->net));
    snprintf(p->data, sizeof(p->data), "%016" PRIx64, ohm_data_hash(l->data));
    snprintf(p->seed, sizeof(p->seed), "%" PRIu64, spec->seed);
    if (p->recipe.failed || p->analog.failed || p->options.failed)
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    return OHM_OK;
}

/* ---- written ---- */

enum ohm_status ohm_fit_file_save(const char *path, const struct ohm_weights *w, const struct ohm_provenance *p,
                                  const struct ohm_train_result *result, struct ohm_error *err)
{
    struct ohm_str curve = {0};
    enum ohm_status st = OHM_ENOMEM;

    ohm_curve_print(&curve, result);
    if (curve.failed) {
        ohm_fail(err, OHM_ENOMEM, "out of memory");
    } else {
        const struct ohm_meta meta[] = {{"format", "ohmnas.weights/1"},
                                        {"program", "ohmnas " OHM_VERSION},
                                        {"fingerprint", p->run},
                                        {"network", p->name},
                                        {"network_hash", p->shape},
                                        {"task", p->task},
                                        {"split", p->split},
                                        {"seed", p->seed},
                                        {"recipe", ohm_str_text(&p->recipe)},
                                        {"analog", ohm_str_text(&p->analog)},
                                        {"data_hash", p->data},
                                        {"curve", ohm_str_text(&curve)},
                                        {"started_from", p->from}};

        st = ohm_weights_save(w, path, meta, (int)(sizeof(meta) / sizeof(meta[0])), err);
    }
    ohm_str_release(&curve);
    return st;
}

/* ---- recognised ---- */

static int best_of(const struct ohm_train_result *r)
{
    int best = -1;

    for (int i = 0; i < r->epochs; i++)
        best = best < 0 || r->curve[i].val_accuracy > r->curve[best].val_accuracy ? i : best;
    return best;
}

enum ohm_status ohm_fit_file_finished(struct ohm_train_result *result, const char *path, const struct ohm_provenance *p,
                                      int64_t epochs, struct ohm_error *err)
{
    struct ohm_train_result r = {.curve = ohm_alloc((size_t)epochs, sizeof(*r.curve)), .best = -1};
    struct ohm_tensor_file file = {0};
    enum ohm_status st = r.curve ? ohm_tensor_file_read(&file, path, err) : ohm_fail(err, OHM_ENOMEM, "out of memory");
    const char *run = st == OHM_OK ? ohm_tensor_file_meta(&file, "fingerprint") : NULL;

    if (st == OHM_OK && (!run || strcmp(run, p->run) != 0))
        st = ohm_fail_at(err, OHM_ECONFIG, OHM_ORIGIN, path, 0, 0,
                         "these weights are not of this training, and there is no checkpoint to resume (--force "
                         "overwrites them)");
    else if (st == OHM_OK && !ohm_curve_parse(&r, ohm_tensor_file_meta(&file, "curve"), epochs))
        st = ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0, "the learning curve in the file cannot be read");
    ohm_tensor_file_release(&file);
    r.best = best_of(&r);
    if (st == OHM_OK)
        *result = r;
    else
        ohm_train_result_release(&r);
    return st;
}
