/* curve_yaml.c - curves and converters of a device file. */
#include "device_int.h"

#include "ohm/doc.h"

#include <math.h>

static const double any[2] = {-1e9, 1e9};

static void read_terms(double *c, int most, struct ohm_device *d, const char *what, const struct ohm_node *list,
                       struct ohm_diag *diag)
{
    if (!list || !ohm_node_is_list(list, what, diag))
        return;
    if (list->count < 1 || list->count > most)
        ohm_node_fail(list, diag, "%s has %d numbers, outside [1, %d]", what, list->count, most);
    for (int i = 0; i < list->count && i < most; i++)
        device_number(&c[i], d, what, list->item[i], any, diag);
}

static struct ohm_curve_piece open_piece(void)
{
    return (struct ohm_curve_piece){.below = INFINITY, .low = -INFINITY, .high = INFINITY};
}

void curve_read_poly(struct ohm_curve *out, struct ohm_device *device, const char *what, const struct ohm_node *node,
                     struct ohm_diag *diag)
{
    out->pieces = 1;
    out->piece[0] = open_piece();
    read_terms(out->piece[0].c, OHM_CURVE_TERMS_MAX, device, what, node, diag);
}

/* { below: 0.1, ln: [a, b], clip: [low, high] } */
static void read_piece(struct ohm_curve_piece *piece, struct ohm_device *d, struct ohm_node *node, bool last,
                       struct ohm_diag *diag)
{
    static const char *const forms[OHM_CURVE_FORMS] = {"poly", "ln", "power"};
    struct ohm_node *clip, *below;
    int found = 0;

    *piece = open_piece();
    if (!ohm_node_is_map(node, "a piece of a curve", diag))
        return;
    for (int i = 0; i < OHM_CURVE_FORMS; i++) {
        const struct ohm_node *const list = ohm_map_get(node, forms[i]);

        if (!list)
            continue;
        found++;
        piece->form = i;
        device_mix(d, "form", i);
        read_terms(piece->c, i == OHM_CURVE_POLY ? OHM_CURVE_TERMS_MAX : 2, d, forms[i], list, diag);
    }
    if (found != 1)
        ohm_node_fail(node, diag, "a piece of a curve has one of poly, ln, power; this has %d", found);
    clip = ohm_map_get(node, "clip");
    if (clip && ohm_node_is_list(clip, "clip", diag)) {
        if (clip->count == 2) {
            device_number(&piece->low, d, "clip", clip->item[0], any, diag);
            device_number(&piece->high, d, "clip", clip->item[1], any, diag);
        }
        if (clip->count != 2 || piece->low > piece->high)
            ohm_node_fail(clip, diag, "clip must be [low, high]");
    }
    below = last ? ohm_map_get(node, "below") : ohm_map_need(node, "below", diag);
    if (last && below)
        ohm_node_fail(below, diag, "the last piece of a curve holds for all larger x: it has no 'below'");
    else if (below)
        device_number(&piece->below, d, "below", below, any, diag);
    ohm_map_finish(node, diag);
}

static void read_pieces(struct ohm_curve *out, struct ohm_device *d, const char *what, const struct ohm_node *list,
                        struct ohm_diag *diag)
{
    if (list->count < 1 || list->count > OHM_CURVE_PIECES_MAX) {
        ohm_node_fail(list, diag, "%s has %d pieces, outside [1, %d]", what, list->count, OHM_CURVE_PIECES_MAX);
        return;
    }
    for (int i = 0; i < list->count; i++) {
        read_piece(&out->piece[i], d, list->item[i], i == list->count - 1, diag);
        if (i > 0 && out->piece[i].below <= out->piece[i - 1].below)
            ohm_node_fail(list->item[i], diag, "below is %g, not above that of the piece before, %g",
                          out->piece[i].below, out->piece[i - 1].below);
    }
    out->pieces = list->count;
}

/* { table: [[x, y], ...] }. false: no memory. */
static bool read_table(struct ohm_curve *out, struct ohm_device *d, const char *what, struct ohm_node *map,
                       struct ohm_diag *diag)
{
    const struct ohm_node *const list = ohm_map_need(map, "table", diag);

    ohm_map_finish(map, diag);
    if (!list || !ohm_node_is_list(list, "table", diag))
        return true;
    if (list->count < 2 || list->count > OHM_CURVE_POINTS_MAX) {
        ohm_node_fail(list, diag, "the table of %s has %d points, outside [2, %d]", what, list->count,
                      OHM_CURVE_POINTS_MAX);
        return true;
    }
    out->x = ohm_arena_alloc(&d->arena, (size_t)list->count, sizeof *out->x);
    out->y = ohm_arena_alloc(&d->arena, (size_t)list->count, sizeof *out->y);
    if (!out->x || !out->y)
        return false;
    for (int i = 0; i < list->count; i++) {
        const struct ohm_node *const point = list->item[i];

        if (!ohm_node_is_list(point, "a point", diag))
            continue;
        if (point->count != 2) {
            ohm_node_fail(point, diag, "a point has %d numbers; it is [x, y]", point->count);
            continue;
        }
        device_number(&out->x[i], d, "x", point->item[0], any, diag);
        device_number(&out->y[i], d, "y", point->item[1], any, diag);
        if (i > 0 && out->x[i] <= out->x[i - 1])
            ohm_node_fail(point, diag, "x is %g, not above that of the point before, %g", out->x[i], out->x[i - 1]);
    }
    out->points = list->count;
    return true;
}

/* A list of numbers is a polynomial, a list of maps are pieces, a map is a table. */
bool curve_read(struct ohm_curve *out, struct ohm_device *device, const char *what, struct ohm_node *node,
                struct ohm_diag *diag)
{
    if (!node)
        return true;
    if (node->kind == OHM_NODE_MAP)
        return read_table(out, device, what, node, diag);
    if (!ohm_node_is_list(node, what, diag))
        return true;
    if (node->count > 0 && node->item[0]->kind == OHM_NODE_MAP)
        read_pieces(out, device, what, node, diag);
    else
        curve_read_poly(out, device, what, node, diag);
    return true;
}

static void read_significance(struct ohm_converter *c, struct ohm_device *d, struct ohm_node *map,
                              struct ohm_diag *diag)
{
    static const double bounds[2] = {1e-6, 1e6};
    const struct ohm_node *const list = ohm_map_need(map, "significance", diag);

    if (!list || !ohm_node_is_list(list, "significance", diag))
        return;
    if (list->count < 1 || list->count > OHM_PAIRS_MAX) {
        ohm_node_fail(list, diag, "significance has %d numbers, outside [1, %d]", list->count, OHM_PAIRS_MAX);
        return;
    }
    c->pairs = list->count;
    for (int i = 0; i < list->count; i++)
        device_number(&c->f[i], d, "significance", list->item[i], bounds, diag);
}

/* g_uS of one device over the weight; all tables have the same number of points. */
static void read_custom_table(struct ohm_converter *c, struct ohm_device *d, double *g, const struct ohm_node *list,
                              struct ohm_diag *diag)
{
    static const double bounds[2] = {0, 1e6};

    if (!ohm_node_is_list(list, "a table of g_uS", diag))
        return;
    if (list->count < 2 || list->count > OHM_CONVERTER_POINTS_MAX || (c->points && list->count != c->points)) {
        ohm_node_fail(list, diag, "a table of g_uS has %d points; all have the same number, from 2 to %d", list->count,
                      OHM_CONVERTER_POINTS_MAX);
        return;
    }
    c->points = list->count;
    for (int i = 0; i < list->count; i++)
        device_number(&g[i], d, "g_uS", list->item[i], bounds, diag);
}

static void read_custom(struct ohm_converter *c, struct ohm_device *d, struct ohm_node *map, struct ohm_diag *diag)
{
    const struct ohm_node *const tables = ohm_map_need(map, "g_uS", diag);
    struct ohm_error err = {0};

    read_significance(c, d, map, diag);
    if (!tables || !ohm_node_is_list(tables, "g_uS", diag))
        return;
    if (tables->count != 2 * c->pairs) {
        ohm_node_fail(tables, diag, "g_uS has %d tables; it has two, plus and minus, for each of the %d pairs",
                      tables->count, c->pairs);
        return;
    }
    for (int i = 0; i < tables->count; i++)
        read_custom_table(c, d, c->g[i / 2][i % 2], tables->item[i], diag);
    if (diag->count == 0 && ohm_converter_check(c, &err) != OHM_OK)
        ohm_node_fail(tables, diag, "%s", err.text);
}

void converter_read(struct ohm_device *device, struct ohm_node *node, struct ohm_diag *diag)
{
    static const char *const kinds[] = {"single_pair", "n_pair", "custom", "single_device"};
    static const int kind_of[] = {OHM_CONVERT_PAIRS, OHM_CONVERT_PAIRS, OHM_CONVERT_CUSTOM, OHM_CONVERT_SINGLE};
    struct ohm_converter *const c = &device->converter;
    int kind = 0;

    *c = (struct ohm_converter){.g_max_uS = device->g_max_uS, .g_min_uS = device->g_min_uS, .pairs = 1, .f = {1}};
    if (!node || !ohm_node_is_map(node, "converter", diag))
        return;
    if (!ohm_node_choice(ohm_map_need(node, "kind", diag), "kind", kinds, 4, &kind, diag))
        return;
    c->kind = kind_of[kind];
    device_mix(device, "kind", kind);
    if (kind == 1)
        read_significance(c, device, node, diag);
    if (kind == 2)
        read_custom(c, device, node, diag);
    if (kind == 3)
        c->pairs = 0;
    ohm_map_finish(node, diag);
}
