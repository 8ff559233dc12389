/* data.c - samples in memory: kept, ordered, divided. */
#include "data_int.h"

#include "ohm/file.h"
#include "ohm/str.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

size_t data_item_values(const struct ohm_data *d)
{
    return (size_t)d->task->h * (size_t)d->task->w * (size_t)d->task->c;
}

struct ohm_data *data_create(const struct ohm_task_spec *task, enum data_form form)
{
    struct ohm_data *const d = ohm_alloc(1, sizeof *d);

    if (!d)
        return NULL;
    d->task = task;
    d->form = form;
    d->item = form == FORM_WAVE     ? (size_t)task->frontend.clip_samples * sizeof(int16_t)
              : form == FORM_FLOATS ? data_item_values(d) * sizeof(float)
                                    : data_item_values(d);
    return d;
}

void ohm_data_free(struct ohm_data *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->noises; i++)
        ohm_free(d->noise[i].wave);
    ohm_free(d->noise);
    ohm_free(d->bytes);
    ohm_free(d->row);
    ohm_free(d->index);
    ohm_free(d->feature);
    frontend_plan_free(d->plan);
    ohm_arena_release(&d->arena);
    ohm_free(d);
}

void *data_slot(struct ohm_data *d)
{
    size_t offset;

    if (d->count == INT_MAX / 4 || !ohm_mul_size(&offset, (size_t)d->count, d->item) ||
        !ohm_grow(&d->bytes, &d->bytes_cap, offset + d->item, 1))
        return NULL;
    return d->bytes + offset;
}

bool data_keep(struct ohm_data *d, const char *name, int label, enum ohm_split split, uint64_t group)
{
    const char *const copy = ohm_arena_strdup(&d->arena, name);

    if (!copy || !ohm_grow(&d->row, &d->row_cap, (size_t)d->count + 1, sizeof *d->row))
        return false;
    d->row[d->count] = (struct sample_row){.name = copy,
                                           .label = label,
                                           .content = ohm_hash(d->bytes + (size_t)d->count * d->item, d->item),
                                           .group = group,
                                           .split = (unsigned char)split,
                                           .split_loaded = (unsigned char)split};
    d->count++;
    return true;
}

static int compare_rows(const void *a, const void *b)
{
    const struct sample_row *const *const x = a, *const *const y = b;

    return strcmp((*x)->name, (*y)->name);
}

/* Moves rows and bytes into order along the cycles of the permutation: no second copy of the samples is needed. */
static void permute(struct ohm_data *d, int *from, unsigned char *held)
{
    for (int start = 0; start < d->count; start++) {
        const struct sample_row row = d->row[start];
        int to = start;

        if (from[start] == start)
            continue;
        memcpy(held, d->bytes + (size_t)start * d->item, d->item);
        while (from[to] != start) {
            const int next = from[to];

            d->row[to] = d->row[next];
            memcpy(d->bytes + (size_t)to * d->item, d->bytes + (size_t)next * d->item, d->item);
            from[to] = to;
            to = next;
        }
        d->row[to] = row;
        memcpy(d->bytes + (size_t)to * d->item, held, d->item);
        from[to] = to;
    }
}

enum ohm_status data_sort(struct ohm_data *d, struct ohm_error *err)
{
    const size_t n = (size_t)d->count;
    const struct sample_row **const sorted = ohm_alloc(n, sizeof *sorted);
    int *const from = ohm_alloc(n, sizeof *from);
    unsigned char *const held = ohm_alloc(d->item, 1);
    const bool good = sorted && from && held;

    for (int i = 0; good && i < d->count; i++)
        sorted[i] = &d->row[i];
    if (good && n) {
        qsort(sorted, n, sizeof *sorted, compare_rows);
        for (int i = 0; i < d->count; i++)
            from[i] = (int)(sorted[i] - d->row);
        permute(d, from, held);
    }
    ohm_free(sorted);
    ohm_free(from);
    ohm_free(held);
    return good ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "no memory to sort the samples");
}

static void fill_lists(struct ohm_data *d)
{
    int at = 0;

    for (int s = 0; s < OHM_SPLITS; s++) {
        d->first[s] = at;
        for (int i = 0; i < d->count; i++)
            if (d->row[i].split == s || (s == OHM_TRAINVAL && d->row[i].split != OHM_TEST))
                d->index[at++] = i;
        d->size[s] = at - d->first[s];
    }
}

static uint64_t hash_rows(const struct ohm_data *d)
{
    uint64_t h = ohm_hash_mix(d->task->hash, (uint64_t)d->count);

    for (int i = 0; i < d->count; i++) {
        const struct sample_row *const r = &d->row[i];

        h = ohm_hash_mix(h, ohm_hash(r->name, strlen(r->name)));
        h = ohm_hash_mix(h, r->content ^ (uint64_t)r->label << 8 ^ r->split_loaded);
    }
    return h;
}

enum ohm_status data_index(struct ohm_data *d, struct ohm_error *err)
{
    if (!d->index && !(d->index = ohm_alloc((size_t)d->count, 2 * sizeof *d->index)))
        return ohm_fail(err, OHM_ENOMEM, "no memory for the splits");
    fill_lists(d);
    d->hash = hash_rows(d);
    return OHM_OK;
}

/* ---- cross-validation ---- */

struct fold_key {
    int label, sample;
    uint64_t group;
};

static int compare_fold_keys(const void *a, const void *b)
{
    const struct fold_key *const x = a, *const y = b;

    if (x->label != y->label)
        return x->label < y->label ? -1 : 1;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return (x->sample > y->sample) - (x->sample < y->sample);
}

/* Samples of one name each are dealt out in turn, class by class; clips of a speaker go where the speaker's hash says.
 */
static enum ohm_status deal(struct ohm_data *d, int folds, int fold, struct ohm_error *err)
{
    struct fold_key *const key = ohm_alloc((size_t)d->count, sizeof *key);
    const bool by_group = ohm_data_has_groups(d);

    if (!key)
        return ohm_fail(err, OHM_ENOMEM, "no memory for the folds");
    for (int i = 0; i < d->count; i++)
        key[i] = (struct fold_key){d->row[i].label, i, d->row[i].group};
    if (d->count)
        qsort(key, (size_t)d->count, sizeof *key, compare_fold_keys);
    for (int i = 0, rank = 0; i < d->count; i++) {
        rank = i && key[i].label == key[i - 1].label ? rank + 1 : 0;
        d->row[key[i].sample].split =
            (int)((by_group ? key[i].group : (uint64_t)rank) % (uint64_t)folds) == fold ? OHM_TEST : OHM_TRAIN;
    }
    ohm_free(key);
    return OHM_OK;
}

enum ohm_status ohm_data_refold(struct ohm_data *d, int folds, int fold, struct ohm_error *err)
{
    enum ohm_status st;

    if (folds != 0 && (folds < 2 || folds > 1000))
        return ohm_fail(err, OHM_ERANGE, "folds is %d, outside [2, 1000] (0: none)", folds);
    if (folds != 0 && (fold < 0 || fold >= folds))
        return ohm_fail(err, OHM_ERANGE, "fold is %d, outside [0, %d]", fold, folds - 1);
    if (folds != 0 && (st = deal(d, folds, fold, err)) != OHM_OK)
        return st;
    for (int i = 0; folds == 0 && i < d->count; i++)
        d->row[i].split = d->row[i].split_loaded;
    fill_lists(d);
    return OHM_OK;
}

/* ---- duplicates ---- */

struct content_key {
    uint64_t content;
    int sample;
};

static int compare_contents(const void *a, const void *b)
{
    const struct content_key *const x = a, *const y = b;

    if (x->content != y->content)
        return x->content < y->content ? -1 : 1;
    return (x->sample > y->sample) - (x->sample < y->sample);
}

enum ohm_status ohm_data_duplicates(const struct ohm_data *d, struct ohm_data_pair **pairs, int *count,
                                    struct ohm_error *err)
{
    const size_t n = (size_t)d->count;
    struct content_key *const key = ohm_alloc(n, sizeof *key);
    struct ohm_data_pair *const pair = ohm_alloc(n, sizeof *pair);
    int first = 0;

    *count = 0;
    if (!key || !pair) {
        ohm_free(key);
        ohm_free(pair);
        return ohm_fail(err, OHM_ENOMEM, "no memory to look for duplicates");
    }
    for (int i = 0; i < d->count; i++)
        key[i] = (struct content_key){d->row[i].content, i};
    if (n)
        qsort(key, n, sizeof *key, compare_contents);
    for (int i = 1; i < d->count; i++) {
        const struct sample_row *const a = &d->row[key[first].sample], *const b = &d->row[key[i].sample];

        if (key[i].content != key[first].content)
            first = i;
        else
            pair[(*count)++] =
                (struct ohm_data_pair){key[first].sample, key[i].sample, a->split != b->split, a->label != b->label};
    }
    ohm_free(key);
    *pairs = pair;
    return OHM_OK;
}

/* ---- what others may ask ---- */

const struct ohm_task_spec *ohm_data_task(const struct ohm_data *d)
{
    return d->task;
}

int ohm_data_count(const struct ohm_data *d)
{
    return d->count;
}

bool ohm_data_is_synthetic(const struct ohm_data *d)
{
    return d->synthetic;
}

uint64_t ohm_data_hash(const struct ohm_data *d)
{
    return d->hash;
}

const int *ohm_data_split(const struct ohm_data *d, enum ohm_split split, int *count)
{
    *count = d->size[split];
    return d->index + d->first[split];
}

int ohm_data_label(const struct ohm_data *d, int sample)
{
    return d->row[sample].label;
}

const char *ohm_data_name(const struct ohm_data *d, int sample)
{
    return d->row[sample].name;
}

uint64_t ohm_data_content(const struct ohm_data *d, int sample)
{
    return d->row[sample].content;
}

enum ohm_split ohm_data_split_of(const struct ohm_data *d, int sample)
{
    return d->row[sample].split;
}

bool ohm_data_has_groups(const struct ohm_data *d)
{
    return d->form == FORM_WAVE && !d->synthetic;
}

uint64_t ohm_data_group(const struct ohm_data *d, int sample)
{
    return d->row[sample].group;
}
