/* chip_axes.c - axes over parameters of a chip: read from texts, and from genes to a chip.
 *
 * Every chip that the sizes can make is made beforehand, so that pricing a candidate is picking one. Options of the use
 * are set on a copy of a small struct. */
#include "chip_axes_int.h"

#include "ohm/mem.h"

#include <assert.h>
#include <string.h>

enum { AXES_MAX = 32, VALUES_MAX = 64, CHIPS_MAX = 1024 };

struct axis {
    const struct parameter *parameter;
    const struct ohm_field *field; /* of an option */
    int text;                      /* the text that it came from */
    int values, stride;            /* stride: among the chips; 0 for an option */
    const char *label[VALUES_MAX];
    double value[VALUES_MAX];  /* of an option the enum, or 0 and 1 */
    double number[VALUES_MAX]; /* that of the label where it is one, else the value */
};

struct ohm_chip_axes {
    struct ohm_arena arena;
    const struct ohm_chip *chip; /* of the file, borrowed */
    struct ohm_chip_use use;     /* axes of one value put in */
    int first, count;            /* of the axes of two values or more */
    struct axis axis[AXES_MAX];
    struct ohm_chip **variant; /* [variants], owned; none: the chip of the file */
    int variants;
};

/* ---- one axis from its text ---- */

static enum ohm_status find_parameter(const struct ohm_chip *chip, const char *key, const struct parameter **out,
                                      struct ohm_error *err)
{
    const char *known[32], *near;
    const struct parameter *p;
    int n = 0;

    for (int i = 0; (p = parameter_at(i)) != NULL; i++) {
        known[n++] = p->shown.effect == OHM_EFFECT_COUNTING ? NULL : p->shown.key;
        if (strcmp(p->shown.key, key) != 0)
            continue;
        *out = p;
        if (p->shown.effect == OHM_EFFECT_COUNTING)
            return ohm_fail(err, OHM_ECONFIG, "%s is no axis: %s; set it in chip_use", key, p->shown.help);
        if (p->shown.model ? strcmp(p->shown.model, ohm_chip_model_of(chip)) == 0
                           : ohm_chip_uses(chip, ohm_field_find(ohm_chip_use_fields, key)))
            return OHM_OK;
        return ohm_fail(err, OHM_ECONFIG, "chip %.40s (model %s) has no parameter '%s' that can be an axis",
                        ohm_chip_name(chip), ohm_chip_model_of(chip), key);
    }
    near = ohm_nearest(key, known, n);
    return ohm_fail(err, OHM_ECONFIG,
                    "no parameter of a chip that can be an axis is called '%.40s'%s%s%s; "
                    "ohmnas help chips lists them",
                    key, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static void set_option(struct ohm_chip_use *use, const struct ohm_field *field, double value)
{
    void *const at = (char *)use + field->offset;

    if (field->kind == OHM_FIELD_BOOL)
        *(bool *)at = value != 0;
    else
        *(int *)at = (int)value;
}

static double option_of(const struct ohm_chip_use *use, const struct ohm_field *field)
{
    const void *const at = (const char *)use + field->offset;

    return field->kind == OHM_FIELD_BOOL ? *(const bool *)at : *(const int *)at;
}

/* The label is the one spelling of the value: yes, on and true are one. */
static enum ohm_status read_option(struct ohm_chip_axes *a, struct axis *axis, const char *text, struct ohm_str *label,
                                   struct ohm_error *err)
{
    struct ohm_chip_use use = a->use;
    enum ohm_status st = ohm_field_set(ohm_chip_use_fields, &use, axis->field->key, text, err);

    if (st != OHM_OK || (st = ohm_chip_check_use(a->chip, &use, err)) != OHM_OK)
        return st;
    ohm_field_print(label, axis->field, &use);
    axis->value[axis->values] = option_of(&use, axis->field);
    return OHM_OK;
}

/* Whether the chip takes it is tried on a copy. */
static enum ohm_status read_size(const struct ohm_chip_axes *a, struct axis *axis, const char *text,
                                 struct ohm_str *label, struct ohm_error *err)
{
    struct ohm_chip *chip = NULL;
    enum ohm_status st;

    if ((st = ohm_chip_copy(&chip, a->chip, err)) == OHM_OK)
        st = ohm_chip_put_size(chip, axis->parameter->shown.key, text, err);
    ohm_chip_free(chip);
    if (st == OHM_OK && ohm_parse_double(text, &axis->value[axis->values]))
        ohm_str_append_double(label, axis->value[axis->values]);
    return st;
}

static enum ohm_status add_value(struct ohm_chip_axes *a, struct axis *axis, const char *text, struct ohm_error *err)
{
    struct ohm_str label = {0};
    enum ohm_status st;

    if (axis->values == VALUES_MAX)
        return ohm_fail(err, OHM_ERANGE, "%s has more than %d values", axis->parameter->shown.key, VALUES_MAX);
    st = axis->field ? read_option(a, axis, text, &label, err) : read_size(a, axis, text, &label, err);
    for (int i = 0; i < axis->values && st == OHM_OK; i++)
        if (strcmp(axis->label[i], ohm_str_text(&label)) == 0)
            st = ohm_fail(err, OHM_ECONFIG, "%s has the value %s twice", axis->parameter->shown.key, axis->label[i]);
    if (st == OHM_OK) {
        if (!ohm_parse_double(ohm_str_text(&label), &axis->number[axis->values]))
            axis->number[axis->values] = axis->value[axis->values];
        axis->label[axis->values] = ohm_arena_strdup(&a->arena, ohm_str_text(&label));
        if (label.failed || !axis->label[axis->values++])
            st = ohm_fail(err, OHM_ENOMEM, "out of memory for the axes of the chip");
    }
    ohm_str_release(&label);
    return st;
}

static enum ohm_status add_values(struct ohm_chip_axes *a, struct axis *axis, const char *values, struct ohm_error *err)
{
    static const char blanks[] = " \t\r\n";
    enum ohm_status st = OHM_OK;

    do {
        size_t n;
        char word[64];

        values += strspn(values, blanks);
        n = strcspn(values, ",");
        while (n > 0 && strchr(blanks, values[n - 1]))
            n--;
        if (n == 0 || n >= sizeof word)
            return ohm_fail(err, OHM_ECONFIG, "%s: a value is %s", axis->parameter->shown.key,
                            n ? "longer than 63 characters" : "missing");
        memcpy(word, values, n);
        word[n] = '\0';
        st = add_value(a, axis, word, err);
        values += n;
        values += strcspn(values, ",");
    } while (st == OHM_OK && *values++ == ',');
    return st;
}

/* ---- all axes ---- */

/* In the order of the table, whatever that of the texts: a study does not depend on it, and conditions look back. */
static enum ohm_status read_all(struct ohm_chip_axes *a, const struct ohm_chip_axis_text *text, int n, int *bad,
                                struct ohm_error *err)
{
    const struct parameter *p;
    enum ohm_status st = OHM_OK;

    for (*bad = 0; *bad < n; ++*bad)
        if ((st = find_parameter(a->chip, text[*bad].key, &p, err)) != OHM_OK)
            return st;
    for (int i = 0; (p = parameter_at(i)) != NULL; i++)
        for (*bad = 0; *bad < n; ++*bad) {
            struct axis *const axis = &a->axis[a->count];

            if (strcmp(text[*bad].key, p->shown.key) != 0)
                continue;
            assert(a->count < AXES_MAX); /* the table is shorter */
            if (a->count > 0 && axis[-1].parameter == p)
                return ohm_fail(err, OHM_ECONFIG, "%s is given twice", p->shown.key);
            *axis = (struct axis){.parameter = p, .text = *bad};
            axis->field = p->put ? NULL : ohm_field_find(ohm_chip_use_fields, p->shown.key);
            if ((st = add_values(a, axis, text[*bad].values, err)) != OHM_OK)
                return st;
            a->count++;
        }
    return OHM_OK;
}

static struct axis *find_axis(struct ohm_chip_axes *a, const char *key)
{
    for (int i = 0; i < a->count; i++)
        if (strcmp(a->axis[i].parameter->shown.key, key) == 0)
            return &a->axis[i];
    return NULL;
}

/* Copies of layers are made in a pipeline alone: where there is none, the axis would be without any effect. */
static enum ohm_status check_replicate(struct ohm_chip_axes *a, int *bad, struct ohm_error *err)
{
    const struct axis *const replicate = find_axis(a, "replicate"), *const schedule = find_axis(a, "schedule");

    if (!replicate || replicate->values < 2 || a->use.schedule == OHM_SCHEDULE_PIPELINED ||
        (schedule && schedule->values > 1))
        return OHM_OK;
    *bad = replicate->text;
    return ohm_fail(err, OHM_ECONFIG,
                    "replicate has no effect with schedule=serial: say chip_use: { schedule: "
                    "pipelined }, or make schedule an axis");
}

/* Axes of one value go into the use here, and into the chip with the first of the variants. */
static void put_single_options(struct ohm_chip_axes *a)
{
    for (int i = 0; i < a->count; i++)
        if (a->axis[i].values == 1 && a->axis[i].field)
            set_option(&a->use, a->axis[i].field, a->axis[i].value[0]);
}

static enum ohm_status make_variant(struct ohm_chip_axes *a, int index, struct ohm_error *err)
{
    enum ohm_status st = ohm_chip_copy(&a->variant[index], a->chip, err);

    for (int i = 0; i < a->count && st == OHM_OK; i++) {
        const struct axis *const x = &a->axis[i];

        if (!x->field)
            st = x->parameter->put(a->variant[index], x->value[index / x->stride % x->values], err);
    }
    return st == OHM_OK ? ohm_chip_check_use(a->variant[index], &a->use, err) : st;
}

static enum ohm_status make_variants(struct ohm_chip_axes *a, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;
    bool sizes = false;
    int n = 1;

    for (int i = 0; i < a->count; i++) {
        struct axis *const x = &a->axis[i];

        if (x->field)
            continue;
        sizes = true;
        x->stride = n;
        n *= x->values;
        if (n > CHIPS_MAX)
            return ohm_fail(err, OHM_ERANGE, "the sizes make more than %d chips", CHIPS_MAX);
    }
    if (!sizes)
        return OHM_OK;
    if (!(a->variant = ohm_alloc((size_t)n, sizeof *a->variant)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory for the axes of the chip");
    for (a->variants = 0; a->variants < n && st == OHM_OK; a->variants++)
        st = make_variant(a, a->variants, err);
    return st;
}

/* What has one value is no axis any more. */
static void drop_single(struct ohm_chip_axes *a)
{
    int kept = 0;

    for (int i = 0; i < a->count; i++)
        if (a->axis[i].values > 1)
            a->axis[kept++] = a->axis[i];
    a->count = kept;
}

enum ohm_status ohm_chip_axes_create(struct ohm_chip_axes **out, const struct ohm_chip *chip,
                                     const struct ohm_chip_use *use, const struct ohm_chip_axis_text *text, int n,
                                     int first, int *bad, struct ohm_error *err)
{
    struct ohm_chip_axes *const a = ohm_alloc(1, sizeof *a);
    enum ohm_status st;
    int at = 0;

    *out = NULL;
    if (!a)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for the axes of the chip");
    a->chip = chip;
    a->use = *use;
    a->first = first;
    if ((st = read_all(a, text, n, &at, err)) == OHM_OK) {
        put_single_options(a);
        if ((st = check_replicate(a, &at, err)) == OHM_OK && (st = make_variants(a, err)) == OHM_OK) {
            drop_single(a);
            *out = a;
            return OHM_OK;
        }
    }
    if (bad)
        *bad = at < n ? at : 0;
    ohm_chip_axes_free(a);
    return st;
}

void ohm_chip_axes_free(struct ohm_chip_axes *axes)
{
    if (!axes)
        return;
    for (int i = 0; i < axes->variants; i++)
        ohm_chip_free(axes->variant[i]);
    ohm_free(axes->variant);
    ohm_arena_release(&axes->arena);
    ohm_free(axes);
}

/* ---- looking at them ---- */

int ohm_chip_axes_count(const struct ohm_chip_axes *axes)
{
    return axes->count;
}

const struct ohm_chip_parameter *ohm_chip_axes_parameter(const struct ohm_chip_axes *axes, int i)
{
    assert(i >= 0 && i < axes->count);
    return &axes->axis[i].parameter->shown;
}

void ohm_chip_axes_yaml(const struct ohm_chip_axes *axes, struct ohm_str *s)
{
    bool scheduled = false; /* schedule is an axis, and stands above */

    for (int i = 0; i < axes->count; i++) {
        const struct axis *const x = &axes->axis[i];
        const char *const key = x->parameter->shown.key;

        ohm_str_printf(s, "chip.%s: { choice: [", key);
        for (int v = 0; v < x->values; v++)
            ohm_str_printf(s, "%s%s", v ? ", " : "", x->label[v]);
        ohm_str_append(s, "]");
        if (scheduled && strcmp(key, "replicate") == 0)
            ohm_str_append(s, ", when: 'chip.schedule == \"pipelined\"'");
        ohm_str_append(s, " }\n");
        scheduled = scheduled || strcmp(key, "schedule") == 0;
    }
}

void ohm_chip_axes_pick(const struct ohm_chip_axes *axes, const struct ohm_genotype *g, const struct ohm_chip **chip,
                        struct ohm_chip_use *use)
{
    int at = 0;

    *use = axes->use;
    for (int i = 0; i < axes->count; i++) {
        const struct axis *const x = &axes->axis[i];
        const int gene = g->gene[axes->first + i];

        if (x->field)
            set_option(use, x->field, x->value[gene]);
        else
            at += gene * x->stride;
    }
    *chip = axes->variant ? axes->variant[at] : axes->chip;
}

const char *ohm_chip_axes_value(const struct ohm_chip_axes *axes, int i, const struct ohm_genotype *g)
{
    assert(i >= 0 && i < axes->count);
    return axes->axis[i].label[g->gene[axes->first + i]];
}

double ohm_chip_axes_number(const struct ohm_chip_axes *axes, int i, const struct ohm_genotype *g)
{
    assert(i >= 0 && i < axes->count);
    return axes->axis[i].number[g->gene[axes->first + i]];
}

/* ---- conditions ---- */

/* The value as the chip spells it: "on" where the axis has "true". */
static int find_value(const struct ohm_chip_axes *a, const struct axis *x, const char *text)
{
    struct ohm_chip_use use = a->use;
    double value;

    if (x->field ? ohm_field_set(ohm_chip_use_fields, &use, x->field->key, text, NULL) != OHM_OK
                 : !ohm_parse_double(text, &value))
        return -1;
    if (x->field)
        value = option_of(&use, x->field);
    for (int v = 0; v < x->values; v++)
        if (x->value[v] == value)
            return v;
    return -1;
}

static enum ohm_status add_condition(struct ohm_chip_condition *c, const struct ohm_chip_axes *a, char *text,
                                     struct ohm_error *err)
{
    char *const equals = strchr(text, '=');

    if (!equals)
        return ohm_fail(err, OHM_ECONFIG, "'%.40s' is not parameter=value", text);
    *equals = '\0';
    for (int i = 0; i < a->count; i++) {
        const struct axis *const x = &a->axis[i];

        if (strcmp(x->parameter->shown.key, text) != 0)
            continue;
        for (int k = 0; k < c->count; k++)
            if (c->axis[k] == i)
                return ohm_fail(err, OHM_ECONFIG, "%s is given twice", text);
        if (c->count == OHM_CHIP_CONDITION_AXES)
            return ohm_fail(err, OHM_ERANGE, "more than %d parameters", c->count);
        c->axis[c->count] = i;
        c->value[c->count] = find_value(a, x, equals + 1);
        if (c->value[c->count++] < 0)
            return ohm_fail(err, OHM_ECONFIG, "'%.40s' is none of the values of the axis %s", equals + 1, text);
        return OHM_OK;
    }
    return ohm_fail(err, OHM_ECONFIG, "'%.40s' is no axis of the chip in this study", text);
}

enum ohm_status ohm_chip_condition_parse(struct ohm_chip_condition *out, const struct ohm_chip_axes *axes,
                                         const char *text, struct ohm_error *err)
{
    static const char blanks[] = " \t,";
    struct ohm_chip_condition c = {0};
    enum ohm_status st = OHM_OK;
    char *const copy = ohm_strdup(text);
    char *word = copy;

    if (!copy)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a condition");
    while (st == OHM_OK && *(word += strspn(word, blanks))) {
        char *const end = word + strcspn(word, blanks);
        const bool last = *end == '\0';

        *end = '\0';
        st = add_condition(&c, axes, word, err);
        word = last ? end : end + 1;
    }
    if (st == OHM_OK && c.count == 0)
        st = ohm_fail(err, OHM_ECONFIG, "the condition names no parameter");
    if (st == OHM_OK)
        *out = c;
    ohm_free(copy);
    return st;
}

bool ohm_chip_condition_met(const struct ohm_chip_condition *condition, const struct ohm_chip_axes *axes,
                            const struct ohm_genotype *g)
{
    for (int i = 0; i < condition->count; i++)
        if (g->gene[axes->first + condition->axis[i]] != condition->value[i])
            return false;
    return true;
}
