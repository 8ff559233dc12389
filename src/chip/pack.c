/* pack.c - TILE&PACK of Garofalo et al. (arXiv 2201.01089, algorithm 1): matrices are cut into tiles of a crossbar, and
 * the rectangles are packed by maximal rectangles (Jylanki, "A thousand ways to pack the bin"): each crossbar keeps
 * the largest free rectangles, which may overlap; an item goes where the shorter of the two gaps beside it is smallest
 * over all crossbars, and opens a new one where it fits none. The order is not printed: by rows, then columns, the
 * largest first, gives the published number of crossbars. */
#include "pack.h"

#include "ohm/mem.h"

#include <stdlib.h>

/* Of the crossbars opened so far only the newest are still filled up, so that time grows no faster than the items. */
enum { OPEN_MAX = 128 };

struct free_rect {
    int32_t row, col, rows, cols;
};

struct bin {
    struct free_rect *rect;
    int n, cap;
};

void ohm_packing_release(struct packing *p)
{
    ohm_free(p->item);
    *p = (struct packing){0};
}

/* ---- cutting ---- */

static enum ohm_status push(struct packing *p, struct pack_item item, struct ohm_error *err)
{
    if (p->n == PACK_ITEMS_MAX)
        return ohm_fail(err, OHM_ERANGE, "the network takes more than %d rectangles of crossbars: too many to pack",
                        PACK_ITEMS_MAX);
    if (p->n == p->cap) {
        const int32_t cap = p->cap ? 2 * p->cap : 64;
        struct pack_item *const more = ohm_realloc(p->item, (size_t)cap, sizeof *more);

        if (!more)
            return ohm_fail(err, OHM_ENOMEM, "no memory to pack %d rectangles", cap);
        p->item = more;
        p->cap = cap;
    }
    p->item[p->n++] = item;
    return OHM_OK;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static enum ohm_status cut(struct packing *p, const struct crossbar *tile, int64_t rows, int64_t cols,
                           struct pack_item at, struct ohm_error *err)
{
    const int64_t row0 = at.row, col0 = at.col;
    enum ohm_status st = OHM_OK;

    for (int64_t c = 0; c < cols && st == OHM_OK; c += tile->cols)
        for (int64_t r = 0; r < rows && st == OHM_OK; r += tile->rows) {
            at.row = row0 + r;
            at.col = col0 + c;
            at.rows = (int32_t)smaller(tile->rows, rows - r);
            at.cols = (int32_t)smaller(tile->cols, cols - c);
            st = push(p, at, err);
        }
    return st;
}

enum ohm_status ohm_packing_add(struct packing *p, const struct crossbar *tile, const struct block_matrix *x,
                                int32_t layer, struct ohm_error *err)
{
    struct pack_item at = {.layer = layer};
    enum ohm_status st = OHM_OK;
    struct tiling t;

    if (x->groups == 1)
        return cut(p, tile, x->rows, x->cols, at, err);
    tile_matrix(&t, tile, x);
    for (int64_t g = 0, n; g < x->groups && st == OHM_OK; g += n) {
        n = t.groups_per_tile > 0 ? smaller(t.groups_per_tile, x->groups - g) : 1;
        at.row = g * x->rows;
        at.col = g * x->cols;
        st = cut(p, tile, n * x->rows, n * x->cols, at, err);
    }
    return st;
}

/* ---- packing ---- */

static int larger_first(const void *a, const void *b)
{
    const struct pack_item *const x = *(struct pack_item *const *)a, *const y = *(struct pack_item *const *)b;

    if (x->rows != y->rows)
        return x->rows > y->rows ? -1 : 1;
    if (x->cols != y->cols)
        return x->cols > y->cols ? -1 : 1;
    return x < y ? -1 : x > y;
}

struct spot {
    int bin, rect; /* -1: none */
    int32_t gap, other_gap;
};

static void look(struct spot *best, const struct bin *b, int bin, const struct pack_item *item)
{
    for (int i = 0; i < b->n; i++) {
        const int32_t down = b->rect[i].rows - item->rows, right = b->rect[i].cols - item->cols;
        const int32_t gap = down < right ? down : right, other = down < right ? right : down;

        if (gap < 0)
            continue;
        if (best->bin < 0 || gap < best->gap || (gap == best->gap && other < best->other_gap))
            *best = (struct spot){bin, i, gap, other};
    }
}

static bool bin_push(struct bin *b, struct free_rect r)
{
    if (r.rows < 1 || r.cols < 1)
        return true;
    if (b->n == b->cap) {
        const int cap = b->cap ? 2 * b->cap : 16;
        struct free_rect *const more = ohm_realloc(b->rect, (size_t)cap, sizeof *more);

        if (!more)
            return false;
        b->rect = more;
        b->cap = cap;
    }
    b->rect[b->n++] = r;
    return true;
}

static bool covers(struct free_rect a, struct free_rect b)
{
    return a.row <= b.row && a.col <= b.col && a.row + a.rows >= b.row + b.rows && a.col + a.cols >= b.col + b.cols;
}

/* Free rectangles within others say nothing; of two that are equal the first stays. Only the new ones, from `first` on,
 * can lie within others: they are parts of old ones that are gone, and no old one lay within another. */
static void prune(struct bin *b, int first)
{
    int kept = first;

    for (int i = first; i < b->n; i++) {
        bool within = false;

        for (int k = 0; k < b->n && !within; k++) {
            /* Between kept and i are those already dropped. */
            if (k == kept)
                k = i + 1;
            if (k < b->n)
                within = covers(b->rect[k], b->rect[i]) && (k < i || !covers(b->rect[i], b->rect[k]));
        }
        if (!within)
            b->rect[kept++] = b->rect[i];
    }
    b->n = kept;
}

/* Takes the item out of every free rectangle that it touches: what is left above, below, left and right of it. false:
 * no memory. */
static bool take(struct bin *b, const struct pack_item *x)
{
    const int32_t bottom = x->at_row + x->rows, right = x->at_col + x->cols;
    const int before = b->n;
    int kept = 0, old = 0;

    for (int i = 0; i < before; i++) {
        const struct free_rect f = b->rect[i];

        if (x->at_col >= f.col + f.cols || right <= f.col || x->at_row >= f.row + f.rows || bottom <= f.row)
            continue;
        b->rect[i].rows = 0;
        if (!bin_push(b, (struct free_rect){f.row, f.col, f.rows, x->at_col - f.col}) ||
            !bin_push(b, (struct free_rect){f.row, right, f.rows, f.col + f.cols - right}) ||
            !bin_push(b, (struct free_rect){f.row, f.col, x->at_row - f.row, f.cols}) ||
            !bin_push(b, (struct free_rect){bottom, f.col, f.row + f.rows - bottom, f.cols}))
            return false;
    }
    for (int i = 0; i < b->n; i++) {
        if (b->rect[i].rows > 0)
            b->rect[kept++] = b->rect[i];
        old = i < before ? kept : old;
    }
    b->n = kept;
    prune(b, old);
    return true;
}

/* The open crossbars: number i lies at i % OPEN_MAX. */
struct bench {
    struct bin bin[OPEN_MAX];
    int32_t opened;
};

/* A new crossbar with the item in its corner; the oldest open one is closed where there is no room for more. */
static bool open_bin(struct bench *open, struct pack_item *item, const struct crossbar *tile)
{
    struct bin *const b = &open->bin[open->opened % OPEN_MAX];

    item->bin = open->opened++;
    item->at_row = item->at_col = 0;
    b->n = 0;
    return bin_push(b, (struct free_rect){0, 0, (int32_t)tile->rows, (int32_t)tile->cols}) && take(b, item);
}

static bool place(struct bench *open, struct pack_item *item, const struct crossbar *tile)
{
    const bool full = item->rows == tile->rows && item->cols == tile->cols;
    const int32_t oldest = open->opened > OPEN_MAX ? open->opened - OPEN_MAX : 0;
    struct spot best = {-1, -1, 0, 0};
    struct bin *b;

    for (int32_t i = oldest; i < open->opened && !full; i++)
        look(&best, &open->bin[i % OPEN_MAX], i, item);
    if (best.bin < 0)
        return open_bin(open, item, tile);
    b = &open->bin[best.bin % OPEN_MAX];
    item->bin = best.bin;
    item->at_row = b->rect[best.rect].row;
    item->at_col = b->rect[best.rect].col;
    return take(b, item);
}

enum ohm_status ohm_pack(struct packing *p, const struct crossbar *tile, struct ohm_error *err)
{
    struct bench *const open = p->n ? ohm_alloc(1, sizeof *open) : NULL;
    struct pack_item **const order = p->n ? ohm_alloc((size_t)p->n, sizeof *order) : NULL;
    bool ok = open && order;

    p->bins = 0;
    for (int32_t i = 0; i < p->n && ok; i++)
        order[i] = &p->item[i];
    if (ok)
        qsort(order, (size_t)p->n, sizeof *order, larger_first);
    for (int32_t i = 0; i < p->n && ok; i++)
        ok = place(open, order[i], tile);
    if (open)
        p->bins = open->opened;
    for (int i = 0; i < OPEN_MAX && open; i++)
        ohm_free(open->bin[i].rect);
    ohm_free(open);
    ohm_free(order);
    return ok || p->n == 0 ? OHM_OK : ohm_fail(err, OHM_ENOMEM, "no memory to pack %d rectangles", p->n);
}
