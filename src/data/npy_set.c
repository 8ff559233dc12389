/* npy_set.c - pairs of arrays: x_train.npy [n][h][w][c] and y_train.npy [n], and the same of val and test; val may be
 * missing. Labels are whole numbers from 0. */
#include "data_int.h"

#include "ohm/file.h"
#include "ohm/str.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct pair {
    char *x, *y; /* bytes of the files */
    size_t x_length, y_length;
    struct npy picture, label;
};

static enum ohm_status read_file(const char *place, const char *what, enum ohm_split split, char **bytes,
                                 size_t *length, char path[300], struct ohm_diag *diag)
{
    char name[32];
    char *const whole =
        (snprintf(name, sizeof name, "%s_%s.npy", what, ohm_split_names[split]), ohm_path_join(place, name));
    struct ohm_error err = {0};
    enum ohm_status st = OHM_OK;

    if (!whole)
        return ohm_diag_add(diag, OHM_ENOMEM, place, 0, 0, "no memory for the data");
    snprintf(path, 300, "%s", whole);
    if (ohm_file_exists(whole) || split != OHM_VAL)
        st = ohm_file_read(bytes, length, whole, OHM_NPY_FILE_MAX, &err);
    ohm_free(whole);
    return st == OHM_OK ? OHM_OK : ohm_diag_take(diag, &err);
}

static enum ohm_status check_pair(const struct pair *p, const struct ohm_task_spec *t, const char *x_path,
                                  const char *y_path, struct ohm_error *err)
{
    const size_t *const s = p->picture.shape;

    if (p->picture.dims != 4 || s[1] != (size_t)t->h || s[2] != (size_t)t->w || s[3] != (size_t)t->c)
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, x_path, 0, 0,
                           "the array has %d dimensions (%zu x %zu x %zu x %zu); task %s wants n x %d x %d x %d",
                           p->picture.dims, s[0], s[1], s[2], s[3], t->name, t->h, t->w, t->c);
    if (p->label.dims != 1 || p->label.kind == 'f')
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, y_path, 0, 0, "labels are a list of whole numbers");
    if (p->label.items != s[0])
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, y_path, 0, 0, "there are %zu labels for %zu samples",
                           p->label.items, s[0]);
    return OHM_OK;
}

static enum ohm_status keep_sample(struct ohm_data *d, const struct pair *p, enum ohm_split split, size_t i,
                                   const char *x_path, const char *y_path, struct ohm_diag *diag)
{
    const size_t n = data_item_values(d);
    const double label = npy_value(&p->label, i);
    float *const x = data_slot(d);
    char name[64];

    if (!(label >= 0 && label < d->task->classes))
        return ohm_diag_add(diag, OHM_EDATA, y_path, 0, 0, "label %zu is %g, outside [0, %d]", i, label,
                            d->task->classes - 1);
    for (size_t k = 0; x && k < n; k++) {
        x[k] = (float)npy_value(&p->picture, i * n + k);
        if (!isfinite(x[k]))
            return ohm_diag_add(diag, OHM_EDATA, x_path, 0, 0, "sample %zu holds a value that is no number", i);
    }
    snprintf(name, sizeof name, "x_%s.npy#%07zu", ohm_split_names[split], i);
    if (!x || !data_keep(d, name, (int)label, split, ohm_hash(name, strlen(name))))
        return ohm_diag_add(diag, OHM_ENOMEM, x_path, 0, 0, "no memory for the data");
    return OHM_OK;
}

static enum ohm_status load_pair(struct ohm_data *d, struct pair *p, const char *place, enum ohm_split split,
                                 struct ohm_diag *diag)
{
    char x_path[300], y_path[300];
    struct ohm_error err = {0};
    enum ohm_status st;

    if ((st = read_file(place, "x", split, &p->x, &p->x_length, x_path, diag)) != OHM_OK || !p->x)
        return st;
    if ((st = read_file(place, "y", split, &p->y, &p->y_length, y_path, diag)) != OHM_OK)
        return st;
    if (!p->y)
        return ohm_diag_add(diag, OHM_ENOTFOUND, y_path, 0, 0, "the labels of x_%s.npy are missing",
                            ohm_split_names[split]);
    if ((st = npy_parse(&p->picture, (const unsigned char *)p->x, p->x_length, x_path, &err)) != OHM_OK ||
        (st = npy_parse(&p->label, (const unsigned char *)p->y, p->y_length, y_path, &err)) != OHM_OK ||
        (st = check_pair(p, d->task, x_path, y_path, &err)) != OHM_OK)
        return ohm_diag_take(diag, &err);
    for (size_t i = 0; i < p->label.items && st != OHM_ENOMEM; i++)
        st = keep_sample(d, p, split, i, x_path, y_path, diag);
    return st == OHM_ENOMEM ? st : OHM_OK;
}

static void check_classes(const struct ohm_data *d, const char *place, struct ohm_diag *diag)
{
    for (int k = 0; k < d->task->classes; k++) {
        int n = 0;

        for (int i = 0; i < d->count; i++)
            n += d->row[i].label == k;
        if (n == 0)
            ohm_diag_add(diag, OHM_EDATA, place, 0, 0, "class %d (%s) has no sample", k, d->task->class_name[k]);
    }
}

enum ohm_status load_npy(struct ohm_data **out, const struct ohm_task_spec *task, const char *place,
                         const struct ohm_data_options *options, struct ohm_diag *diag)
{
    struct ohm_data *const d = *out = data_create(task, FORM_FLOATS);
    enum ohm_status st = OHM_OK;

    if (!d)
        return ohm_diag_add(diag, OHM_ENOMEM, place, 0, 0, "no memory for the data");
    if (options->split_file)
        return ohm_diag_add(diag, OHM_ECONFIG, place, 0, 0, "arrays take no split file: their names say it");
    for (int s = 0; s < OHM_TRAINVAL && st == OHM_OK; s++) {
        struct pair p = {0};

        st = load_pair(d, &p, place, s, diag);
        ohm_free(p.x);
        ohm_free(p.y);
    }
    if (st == OHM_OK)
        check_classes(d, place, diag);
    return st;
}
