/* answers_join.c - files of answers as trainings of a network that were asked the same. */
#include "ohm/answers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define foreign(path, line, ...) ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, (path), (line), 0, __VA_ARGS__)

/* ---- files of one side ---- */

/* Both were asked the same, whatever network they are of. */
static enum ohm_status same_question(const struct ohm_answers *a, const struct ohm_answers *b, struct ohm_error *err)
{
    const struct {
        const char *what, *a, *b;
    } all[] = {{"task", a->task, b->task}, {"samples", a->samples, b->samples}, {"split", a->split, b->split}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].a, all[i].b) != 0)
            return foreign(b->path, 1, "its %s '%.60s', and %.150s has '%.60s'",
                           i == 1   ? "samples are"
                           : i == 0 ? "task is"
                                    : "split is",
                           all[i].b, a->path, all[i].a);
    if (a->folds != b->folds)
        return foreign(b->path, 1, "it is of %" PRId64 " folds, and %.200s of %" PRId64, b->folds, a->path, a->folds);
    return OHM_OK;
}

static enum ohm_status same_times(const struct ohm_answers *a, const struct ohm_answers *b, struct ohm_error *err)
{
    bool same = a->times == b->times;

    for (int t = 0; t < a->times && same; t++)
        same = ohm_answers_time(a, b->t_s[t]) == t;
    return same ? OHM_OK : foreign(b->path, 1, "its times are not those of %.200s", a->path);
}

static enum ohm_status same_network(const struct ohm_answers *a, const struct ohm_answers *b, struct ohm_error *err)
{
    if (strcmp(a->network_hash, b->network_hash) != 0)
        return foreign(b->path, 1, "it is of another network, '%.60s', than %.150s, '%.60s': one side is one network",
                       b->network, a->path, a->network);
    if (strcmp(a->device, b->device) != 0 || strcmp(a->chip, b->chip) != 0 || strcmp(a->settings, b->settings) != 0)
        return foreign(b->path, 1, "it is of another hardware than %.200s: see the settings in their heads", a->path);
    if (strcmp(a->weights, b->weights) == 0)
        return foreign(b->path, 1, "its weights are those of %.200s: a training counts once", a->path);
    if (a->folds > 0 && a->seed == b->seed && a->fold == b->fold)
        return foreign(b->path, 1,
                       "fold %" PRId64 " of seed %" PRId64 " is in %.200s: each training takes a --seed of its own",
                       b->fold, b->seed, a->path);
    return OHM_OK;
}

static enum ohm_status check_files(const struct ohm_answers *file, int files, struct ohm_error *err)
{
    for (int i = 0; i < files; i++)
        for (int k = 0; k < i; k++) {
            enum ohm_status st;

            if ((st = same_question(&file[k], &file[i], err)) != OHM_OK ||
                (st = same_times(&file[k], &file[i], err)) != OHM_OK ||
                (st = same_network(&file[k], &file[i], err)) != OHM_OK)
                return st;
        }
    return OHM_OK;
}

/* ---- trainings ---- */

/* The file that begins the training which file i is of. */
static int first_of(const struct ohm_answers *file, int i)
{
    for (int k = 0; k < i && file[i].folds > 0; k++)
        if (file[k].seed == file[i].seed)
            return k;
    return i;
}

static int by_number(const void *a, const void *b)
{
    const struct ohm_answers_place *const x = a, *const y = b;

    return (x->number > y->number) - (x->number < y->number);
}

static const struct ohm_answers_item *item_at(const struct ohm_answers_side *side, const struct ohm_answers_place *p)
{
    return &side->file[p->file].item[p->row];
}

/* Appends the items of the training that file `first` begins; they are sorted, and each is there once. */
static enum ohm_status add_training(struct ohm_answers_side *side, int first, int *at, struct ohm_error *err)
{
    struct ohm_answers_place *const place = side->place + *at;
    int n = 0;

    for (int f = first; f < side->files; f++)
        for (int i = 0; first_of(side->file, f) == first && i < side->file[f].items; i++)
            place[n++] = (struct ohm_answers_place){f, i, side->file[f].item[i].number};
    qsort(place, (size_t)n, sizeof *place, by_number);
    for (int i = 1; i < n; i++)
        if (place[i].number == place[i - 1].number)
            return foreign(side->file[place[i].file].path, item_at(side, &place[i])->line,
                           "item %d is in two folds of seed %" PRId64, place[i].number, side->file[place[i].file].seed);
    side->items = side->seeds ? side->items : n;
    side->seeds++;
    *at += n;
    return OHM_OK;
}

/* The first item that one of both lists lacks, as an error; x[nx] of side a, y[ny] of side b. */
static enum ohm_status same_items(const struct ohm_answers_side *a, const struct ohm_answers_place *x, int nx,
                                  const struct ohm_answers_side *b, const struct ohm_answers_place *y, int ny,
                                  struct ohm_error *err)
{
    int i = 0;

    while (i < nx && i < ny && x[i].number == y[i].number)
        i++;
    if (i == nx && i == ny)
        return OHM_OK;
    if (i < nx && (i == ny || x[i].number < y[i].number))
        return foreign(a->file[x[i].file].path, item_at(a, &x[i])->line, "item %d is missing in %.200s", x[i].number,
                       b->file[y[0].file].path);
    return foreign(b->file[y[i].file].path, item_at(b, &y[i])->line, "item %d is missing in %.200s", y[i].number,
                   a->file[x[0].file].path);
}

static enum ohm_status add_trainings(struct ohm_answers_side *side, struct ohm_error *err)
{
    int at = 0;

    for (int f = 0; f < side->files; f++) {
        const int begin = at;
        enum ohm_status st;

        if (first_of(side->file, f) != f)
            continue;
        if ((st = add_training(side, f, &at, err)) != OHM_OK ||
            (st = same_items(side, side->place, side->items, side, side->place + begin, at - begin, err)) != OHM_OK)
            return st;
    }
    return OHM_OK;
}

enum ohm_status ohm_answers_join(struct ohm_answers_side *out, const struct ohm_answers *file, int files,
                                 struct ohm_error *err)
{
    struct ohm_answers_side side = {.file = file, .files = files};
    enum ohm_status st = check_files(file, files, err);
    size_t all = 0;

    *out = (struct ohm_answers_side){0};
    if (st != OHM_OK)
        return st;
    for (int i = 0; i < files; i++)
        all += (size_t)file[i].items;
    if (all > INT32_MAX || !(side.place = ohm_alloc(all, sizeof *side.place)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    if ((st = add_trainings(&side, err)) == OHM_OK)
        *out = side;
    else
        ohm_answers_side_release(&side);
    return st;
}

void ohm_answers_side_release(struct ohm_answers_side *side)
{
    ohm_free(side->place);
    *side = (struct ohm_answers_side){0};
}

/* ---- two sides ---- */

static bool have_common(const struct ohm_answers_side *a, const struct ohm_answers_side *b)
{
    int i = 0, k = 0;

    while (i < a->items && k < b->items && a->place[i].number != b->place[k].number)
        if (a->place[i].number < b->place[k].number)
            i++;
        else
            k++;
    return i < a->items && k < b->items;
}

enum ohm_status ohm_answers_match(const struct ohm_answers_side *a, const struct ohm_answers_side *b,
                                  struct ohm_error *err)
{
    enum ohm_status st;

    if ((st = same_question(&a->file[0], &b->file[0], err)) != OHM_OK)
        return st;
    if (!have_common(a, b))
        return foreign(b->file[0].path, 0, "no item is in %.200s too", a->file[0].path);
    if ((st = same_items(a, a->place, a->items, b, b->place, b->items, err)) != OHM_OK)
        return st;
    for (int i = 0; i < a->items; i++) {
        const struct ohm_answers_item *const x = item_at(a, &a->place[i]), *const y = item_at(b, &b->place[i]);

        if (x->id != y->id || x->label != y->label || x->group != y->group)
            return foreign(b->file[b->place[i].file].path, y->line, "item %d is another sample than in %.200s",
                           y->number, a->file[a->place[i].file].path);
    }
    return OHM_OK;
}

void ohm_answers_shares(const struct ohm_answers_side *side, double *share, int time)
{
    const size_t all = (size_t)side->seeds * (size_t)side->items;

    for (size_t i = 0; i < all; i++) {
        const struct ohm_answers *const file = &side->file[side->place[i].file];
        const double answers = time < 0 ? 1 : (double)file->draws * (double)file->reads;

        share[i] = file->right[(size_t)(1 + time) * (size_t)file->items + (size_t)side->place[i].row] / answers;
    }
}

bool ohm_answers_groups(const struct ohm_answers_side *side, uint64_t *group)
{
    for (int i = 0; i < side->items; i++)
        group[i] = item_at(side, &side->place[i])->group;
    return side->file[0].grouped;
}
