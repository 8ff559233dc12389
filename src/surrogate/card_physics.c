/* card_physics.c - the hardware that a surrogate's features reckon with, in its card: settings, and what the device
 * made of weights, so that the device's file need not be there, and may have changed, when the surrogate is loaded. */
#include "card.h"

#include "ohm/device.h"
#include "ohm/field.h"

#include <stdio.h>
#include <string.h>

void ohm_card_print_fields(struct ohm_emit *e, const struct ohm_field *fields, const void *object)
{
    for (const struct ohm_field *f = fields; f->kind != OHM_FIELD_END; f++) {
        const char *const member = (const char *)object + f->offset;

        if (f->kind == OHM_FIELD_INT)
            ohm_emit_int(e, f->key, *(const int64_t *)(const void *)member);
        else if (f->kind == OHM_FIELD_REAL)
            ohm_emit_double(e, f->key, *(const double *)(const void *)member);
        else if (f->kind == OHM_FIELD_CHOICE)
            ohm_emit_text(e, f->key, f->names[*(const int *)(const void *)member]);
        else if (f->kind == OHM_FIELD_TEXT)
            ohm_emit_text(e, f->key, member);
    }
}

void ohm_card_print_physics(struct ohm_emit *e, const struct ohm_physics *p)
{
    char hash[17];

    ohm_emit_map(e, "physics");
    ohm_card_print_fields(e, ohm_physics_fields, p);
    if (p->time_count > 0) {
        ohm_hash_print(hash, p->device_hash);
        ohm_emit_map(e, "device");
        ohm_emit_text(e, "name", p->device);
        ohm_emit_text(e, "hash", hash);
        ohm_emit_double(e, "weight_power", p->weight_power);
        ohm_emit_list(e, "weights");
        for (int t = 0; t < p->time_count; t++) {
            ohm_emit_flow_map(e, NULL);
            ohm_emit_text(e, "time", p->time[t].name);
            ohm_emit_double(e, "slope", p->time[t].weight.slope);
            ohm_emit_double(e, "error", p->time[t].weight.error);
            ohm_emit_end(e);
        }
        ohm_emit_end(e);
        ohm_emit_end(e);
    }
    ohm_emit_end(e);
}

/* Limits are those within which nothing overflows, far from anything that a device does. */
static void read_time(struct ohm_physics *p, struct ohm_node *map, struct ohm_diag *diag)
{
    struct ohm_physics_time *const time = &p->time[p->time_count];
    struct ohm_node *node;
    const char *name = "";
    double seconds;

    if (!ohm_node_is_map(map, "a time", diag))
        return;
    node = ohm_map_need(map, "time", diag);
    if (ohm_node_text(node, "time", &name, diag) &&
        (strlen(name) >= sizeof time->name || !ohm_parse_time(name, &seconds)))
        (void)ohm_node_fail(node, diag, "time is '%.40s', not a time such as 0, 1h or 30d", name);
    (void)snprintf(time->name, sizeof time->name, "%s", name);
    (void)ohm_node_double(ohm_map_need(map, "slope", diag), "slope", 1e-9, 1e9, &time->weight.slope, diag);
    (void)ohm_node_double(ohm_map_need(map, "error", diag), "error", 0, 1e12, &time->weight.error, diag);
    ohm_map_finish(map, diag);
    p->time_count++;
}

static void read_device(struct ohm_physics *p, struct ohm_node *map, struct ohm_diag *diag)
{
    struct ohm_node *node, *list;
    const char *text;

    if (!ohm_node_is_map(map, "device", diag))
        return;
    node = ohm_map_need(map, "name", diag);
    if (ohm_node_text(node, "name", &text, diag)) {
        if (strlen(text) >= sizeof p->device)
            (void)ohm_node_fail(node, diag, "name has more than %zu letters", sizeof p->device - 1);
        (void)snprintf(p->device, sizeof p->device, "%s", text);
    }
    node = ohm_map_need(map, "hash", diag);
    if (ohm_node_text(node, "hash", &text, diag) && !ohm_hash_parse(text, &p->device_hash))
        (void)ohm_node_fail(node, diag, "hash is '%.40s', not 16 hexadecimal digits", text);
    (void)ohm_node_double(ohm_map_need(map, "weight_power", diag), "weight_power", 1e-6, 1, &p->weight_power, diag);
    list = ohm_map_need(map, "weights", diag);
    ohm_map_finish(map, diag);
    if (!list || !ohm_node_is_list(list, "weights", diag))
        return;
    if (list->count < 1 || list->count > OHM_PHYSICS_TIMES_MAX) {
        (void)ohm_node_fail(list, diag, "%d times, outside [1, %d]", list->count, OHM_PHYSICS_TIMES_MAX);
        return;
    }
    for (int i = 0; i < list->count; i++)
        read_time(p, list->item[i], diag);
}

void ohm_card_read_physics(struct ohm_physics *p, struct ohm_node *map, struct ohm_diag *diag)
{
    struct ohm_node *device;

    *p = (struct ohm_physics){0};
    ohm_fields_default(ohm_physics_fields, p);
    if (!ohm_node_is_map(map, "physics", diag))
        return;
    ohm_fields_read(ohm_physics_fields, p, map, diag);
    if ((device = ohm_map_get(map, "device")) != NULL)
        read_device(p, device, diag);
    ohm_map_finish(map, diag);
}
