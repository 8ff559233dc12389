/* space_values.c - reads the values of an axis: a choice, or an int or real range with a step. */
#include "space_read.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Ends and steps of int and real axes are whole numbers of 10^-digits below this: exact in a double, and so is the
 * value nearest to each decimal that the file means (0.5 + 101 * 0.001 is 0.601, and not 0.6010000000000001). */
#define GRID_MAX 9007199254740992.0 /* 2^53 */

/* Makes room for n values; false: too many, or no memory. */
static bool values_alloc(struct ohm_space_reader *r, struct ohm_space_axis *a, int64_t n, const struct ohm_node *node)
{
    if (n > OHM_AXIS_SIZE_MAX || r->values + n > OHM_SPACE_VALUES_MAX) {
        ohm_node_fail(node, r->diag, "axis '%s' has %lld values: an axis takes %d, all axes together %d", a->shown.name,
                      (long long)n, OHM_AXIS_SIZE_MAX, OHM_SPACE_VALUES_MAX);
        return false;
    }
    r->values += n;
    a->shown.value = ohm_reader_take(r, (size_t)n, sizeof *a->shown.value);
    a->pair = ohm_reader_take(r, (size_t)n, sizeof *a->pair);
    a->label = ohm_reader_take(r, (size_t)n, sizeof *a->label);
    a->shown.size = (int)n;
    return !r->no_memory;
}

static void set_label(struct ohm_space_reader *r, struct ohm_space_axis *a, int v, const char *text)
{
    const size_t name_length = strlen(a->shown.name), length = strlen(text);
    char *const pair = ohm_reader_take(r, name_length + length + 2, 1);

    if (!pair)
        return;
    memcpy(pair, a->shown.name, name_length);
    pair[name_length] = '=';
    memcpy(pair + name_length + 1, text, length);
    ((const char **)a->pair)[v] = pair;
    ((const char **)a->label)[v] = pair + name_length + 1;
}

/* Decimal places of the shortest text of a number: 2 for 0.05, 0 for 300. */
static int decimal_places(double value)
{
    char text[32];
    const char *dot, *e;
    int64_t exponent = 0;
    int places;

    ohm_format_double(text, value);
    dot = strchr(text, '.');
    e = strpbrk(text, "eE");
    if (e && !ohm_parse_int64(e + 1, &exponent))
        return 0;
    places = (dot ? (int)((e ? e : text + strlen(text)) - dot - 1) : 0) - (int)exponent;
    return places > 0 ? places : 0;
}

static void fill_grid(struct ohm_space_reader *r, struct ohm_space_axis *a, int64_t first, int64_t step, double unit)
{
    char text[32];

    for (int v = 0; v < a->shown.size; v++) {
        a->shown.value[v] = (double)(first + v * step) / unit;
        set_label(r, a, v, ohm_format_double(text, a->shown.value[v]));
        if (r->no_memory)
            return;
    }
}

static void read_grid(struct ohm_space_reader *r, struct ohm_space_axis *a, double low, double high, double step,
                      const struct ohm_node *node)
{
    const int p = decimal_places(low), q = decimal_places(high), s = decimal_places(step);
    const int places = p > q ? (p > s ? p : s) : (q > s ? q : s);
    double unit = 1, last;
    int64_t first, steps, stride;

    for (int i = 0; i < places && unit < GRID_MAX; i++)
        unit *= 10;
    if (fabs(low) * unit >= GRID_MAX || fabs(high) * unit >= GRID_MAX || step * unit >= GRID_MAX || unit >= GRID_MAX) {
        ohm_node_fail(node, r->diag, "axis '%s': ends and step must be whole numbers of a decimal unit below 2^53",
                      a->shown.name);
        return;
    }
    first = llround(low * unit);
    stride = llround(step * unit);
    steps = (llround(high * unit) - first) / stride;
    last = (double)(first + steps * stride) / unit;
    if (last != high) {
        ohm_node_fail(node, r->diag, "axis '%s': step %g does not fit into [%g, %g]: the last value would be %.15g",
                      a->shown.name, step, low, high, last);
        return;
    }
    if (values_alloc(r, a, steps + 1, node))
        fill_grid(r, a, first, stride, unit);
}

/* Both ends of a range; false: noted. */
static bool read_ends(struct ohm_space_reader *r, const struct ohm_node *range, const char *axis, bool whole,
                      double end[2])
{
    char what[128];

    snprintf(what, sizeof what, "the range of axis '%s'", axis);
    if (!ohm_node_is_list(range, what, r->diag))
        return false;
    if (range->count != 2) {
        ohm_node_fail(range, r->diag, "%s has %d numbers instead of two: [first, last]", what, range->count);
        return false;
    }
    for (int i = 0; i < 2; i++) {
        long long number;

        if (whole && !ohm_node_int(range->item[i], what, -1000000000, 1000000000, &number, r->diag))
            return false;
        if (whole)
            end[i] = (double)number;
        else if (!ohm_node_double(range->item[i], what, -1e15, 1e15, &end[i], r->diag))
            return false;
    }
    if (end[0] > end[1]) {
        ohm_node_fail(range, r->diag, "%s is empty: %g is above %g", what, end[0], end[1]);
        return false;
    }
    return true;
}

static void read_int(struct ohm_space_reader *r, struct ohm_space_axis *a, const struct ohm_node *range,
                     const struct ohm_node *step_node)
{
    double end[2];
    long long step = 1;

    a->shown.kind = OHM_AXIS_INT;
    if (read_ends(r, range, a->shown.name, true, end) &&
        (!step_node || ohm_node_int(step_node, "step", 1, 1000000000, &step, r->diag)))
        read_grid(r, a, end[0], end[1], (double)step, range);
}

static void read_real(struct ohm_space_reader *r, struct ohm_space_axis *a, const struct ohm_node *range,
                      const struct ohm_node *step_node)
{
    double end[2], step;

    a->shown.kind = OHM_AXIS_REAL;
    if (!read_ends(r, range, a->shown.name, false, end))
        return;
    if (!step_node)
        ohm_node_fail(range, r->diag, "axis '%s': a real range needs a step, as in { real: [%g, %g], step: %g }",
                      a->shown.name, end[0], end[1], end[1] > end[0] ? (end[1] - end[0]) / 10 : 0.1);
    else if (ohm_node_double(step_node, "step", 1e-15, 1e15, &step, r->diag))
        read_grid(r, a, end[0], end[1], step, range);
}

static bool is_number(const struct ohm_node *node, double *value)
{
    return node->kind == OHM_NODE_SCALAR && !node->quoted && ohm_parse_double(node->text, value);
}

static void read_choice_item(struct ohm_space_reader *r, struct ohm_space_axis *a, int v, const struct ohm_node *item)
{
    const char *text, *const name = a->shown.name;
    char number[32];

    if (!a->shown.text) {
        if (!is_number(item, &a->shown.value[v])) {
            ohm_node_fail(item, r->diag, "axis '%s': '%.64s' is no number, as the values before it are", name,
                          item->text ? item->text : "");
            return;
        }
        a->shown.value[v] += 0.0; /* -0 is 0 */
        set_label(r, a, v, ohm_format_double(number, a->shown.value[v]));
    } else {
        if (!ohm_node_text(item, "a value of a choice", &text, r->diag))
            return;
        if (is_number(item, &a->shown.value[v])) {
            ohm_node_fail(item, r->diag, "axis '%s': %.64s is a number, the values before it are texts", name, text);
        } else if (!*text || strpbrk(text, " \t\r\n=") || strlen(text) > 64) {
            ohm_node_fail(item, r->diag,
                          "axis '%s': the value '%.64s' must have 1 to 64 characters, no blank and no '='", name, text);
        }
        a->shown.value[v] = v;
        set_label(r, a, v, text);
        a->shown.text[v] = a->label[v];
    }
    for (int k = 0; k < v; k++) {
        if (a->label[k] && a->label[v] && strcmp(a->label[k], a->label[v]) == 0) {
            ohm_node_fail(item, r->diag, "axis '%s': the value %s is there twice", name, a->label[v]);
            return;
        }
    }
}

static void read_choice(struct ohm_space_reader *r, struct ohm_space_axis *a, const struct ohm_node *list)
{
    enum { CHOICES_MAX = 1024 }; /* each is compared with each */
    double number;

    a->shown.kind = OHM_AXIS_CHOICE;
    if (!ohm_node_is_list(list, "a choice", r->diag))
        return;
    if (list->count < 1 || list->count > CHOICES_MAX) {
        ohm_node_fail(list, r->diag, "axis '%s' has %d values; a choice has 1 to %d", a->shown.name, list->count,
                      CHOICES_MAX);
        return;
    }
    if (!values_alloc(r, a, list->count, list))
        return;
    if (!is_number(list->item[0], &number) &&
        !(a->shown.text = ohm_reader_take(r, (size_t)list->count, sizeof *a->shown.text)))
        return;
    for (int v = 0; v < list->count; v++)
        read_choice_item(r, a, v, list->item[v]);
}

void ohm_read_values(struct ohm_space_reader *r, struct ohm_space_axis *a, struct ohm_node *map,
                     const struct ohm_node *key)
{
    const struct ohm_node *const choice = ohm_map_get(map, "choice"), *const whole = ohm_map_get(map, "int"),
                                 *const real = ohm_map_get(map, "real"), *const step = ohm_map_get(map, "step");

    if ((choice != NULL) + (whole != NULL) + (real != NULL) != 1)
        ohm_node_fail(key, r->diag, "axis '%s' needs one of choice: [...], int: [first, last] and real: [first, last]",
                      a->shown.name);
    else if (choice && step)
        ohm_node_fail(step, r->diag, "axis '%s': a choice has no step", a->shown.name);
    else if (choice)
        read_choice(r, a, choice);
    else if (whole)
        read_int(r, a, whole, step);
    else
        read_real(r, a, real, step);
}
