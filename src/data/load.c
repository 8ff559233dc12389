/* load.c - the table of data sets, and what follows once a loader has read one. */
#include "data_int.h"

#include <string.h>

static data_loader *const loaders[OHM_DATA_KINDS] = {
    [OHM_DATA_CIFAR10] = load_cifar10,
    [OHM_DATA_SPEECH] = load_folders,
    [OHM_DATA_IMAGES] = load_folders,
    [OHM_DATA_NPY] = load_npy,
};

static enum ohm_status complete(struct ohm_data *d, const struct ohm_data_options *options, struct ohm_error *err)
{
    enum ohm_status st;

    if ((st = data_index(d, err)) != OHM_OK)
        return st;
    if (d->form == FORM_WAVE &&
        (!(d->plan = frontend_plan_create(&d->task->frontend, err)) ||
         features_make(d, options->cache, options->jobs < 1 ? 1 : options->jobs, err) != OHM_OK))
        return err->status;
    return options->folds ? ohm_data_refold(d, options->folds, options->fold, err) : OHM_OK;
}

enum ohm_status ohm_data_load(struct ohm_data **out, const struct ohm_task_spec *task, const char *folder,
                              const struct ohm_data_options *options, struct ohm_diag *diag)
{
    const struct ohm_data_options none = {0};
    const struct ohm_data_options *const o = options ? options : &none;
    struct ohm_diag own = {0};
    struct ohm_data *d = NULL;
    struct ohm_error err = {0};
    enum ohm_status st;

    *out = NULL;
    st = (strncmp(folder, "synthetic:", 10) == 0 ? load_synthetic : loaders[task->kind])(&d, task, folder, o, &own);
    if (st == OHM_OK && own.count > 0 && !o->lenient)
        st = own.item ? own.item[0].status : OHM_ENOMEM;
    if (st == OHM_OK && (st = complete(d, o, &err)) != OHM_OK)
        ohm_diag_take(&own, &err);
    if (st == OHM_OK) {
        *out = d;
        d = NULL;
    }
    for (int i = 0; diag && own.item && i < own.count && i < OHM_DIAG_MAX; i++)
        ohm_diag_take(diag, &own.item[i]);
    if (diag && own.count > OHM_DIAG_MAX)
        diag->count += own.count - OHM_DIAG_MAX;
    ohm_diag_release(&own);
    ohm_data_free(d);
    return st;
}
