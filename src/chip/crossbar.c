/* crossbar.c - tiles of grouped matrices. */
#include "crossbar.h"

static int shift_of(int64_t n)
{
    return (n & (n - 1)) == 0 ? __builtin_ctzll((unsigned long long)n) : -1;
}

struct crossbar ohm_crossbar(double rows, double cols)
{
    return (struct crossbar){.rows = (int64_t)rows,
                             .cols = (int64_t)cols,
                             .row_shift = shift_of((int64_t)rows),
                             .col_shift = shift_of((int64_t)cols),
                             .cells = rows * cols};
}

void ohm_tile_groups(struct tiling *t, const struct crossbar *m, const struct block_matrix *x)
{
    const int64_t by_rows = m->rows / x->rows, by_cols = m->cols / x->cols;
    const int64_t fit = by_rows < by_cols ? by_rows : by_cols;

    if (fit == 0) {
        tile_dense(t, m, x->rows, x->cols);
        t->tiles *= x->groups;
        return;
    }
    t->tiles = t->col_tiles = divide_up(x->groups, fit);
    t->row_tiles = 1;
    t->groups_per_tile = divide_up(x->groups, t->tiles);
    t->tile_rows = t->groups_per_tile * x->rows;
    t->tile_cols = t->groups_per_tile * x->cols;
}
