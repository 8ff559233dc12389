/* plan_log.c - a study's configuration in the log: settings with their origins, and hashes of what they named. */
#include "study_int.h"

#include "ohm/emit.h"
#include "ohm/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HASH_TEXT = 17 };

static void emit_hash(struct ohm_emit *e, const char *key, uint64_t hash)
{
    char text[HASH_TEXT];

    snprintf(text, sizeof text, "%016" PRIx64, hash);
    ohm_emit_text(e, key, text);
}

static void emit_setting(struct ohm_emit *e, const struct ohm_setting *s)
{
    ohm_emit_map(e, NULL);
    ohm_emit_text(e, "key", s->key);
    ohm_emit_text(e, "value", s->value);
    ohm_emit_text(e, "origin", s->origin);
    ohm_emit_end(e);
}

enum ohm_status plan_config(const struct ohm_plan *plan, struct ohm_str *json, struct ohm_error *err)
{
    struct ohm_emit e = { .json = true, .compact = true };

    ohm_emit_map(&e, NULL);
    ohm_emit_list(&e, "settings");
    for (int i = 0; i < plan->settings.count; i++)
        emit_setting(&e, &plan->settings.item[i].setting);
    ohm_emit_end(&e);
    emit_hash(&e, "space_hash", ohm_space_hash(plan->space));
    emit_hash(&e, "chip_hash", plan->chip ? ohm_chip_hash(plan->chip) : 0);
    ohm_emit_list(&e, "surrogate_hashes");
    for (int i = 0; i < plan->surrogates; i++)
        emit_hash(&e, NULL, ohm_surrogate_hash(plan->surrogate[i]));
    ohm_emit_end(&e);
    ohm_emit_end(&e);
    if (e.out.failed) {
        ohm_str_release(&e.out);
        return ohm_fail(err, OHM_ENOMEM, "out of memory for the configuration");
    }
    *json = e.out;
    return OHM_OK;
}

/* The configuration as a tree; NULL and noted where it cannot be read. */
static struct ohm_doc *read_config(struct ohm_store *store, int64_t study, struct ohm_diag *diag)
{
    struct ohm_str text = { 0 };
    struct ohm_error error = { 0 };
    struct ohm_doc *doc = NULL;

    if (ohm_store_study_text(store, study, "config", &text, &error) != OHM_OK)
        ohm_diag_take(diag, &error);
    else if (ohm_json_parse(&doc, ohm_str_text(&text), text.length, "configuration in the database", diag) != OHM_OK)
        doc = NULL;
    ohm_str_release(&text);
    return doc;
}

typedef bool each_fn(void *context, const struct ohm_setting *setting);

static void each_setting(struct ohm_doc *doc, each_fn *fn, void *context, struct ohm_diag *diag)
{
    struct ohm_node *list = ohm_map_need(ohm_doc_root(doc), "settings", diag);

    for (int i = 0; list && list->kind == OHM_NODE_LIST && i < list->count; i++) {
        struct ohm_setting s = { 0 };

        if (ohm_node_text(ohm_map_need(list->item[i], "key", diag), "key", &s.key, diag) &&
            ohm_node_text(ohm_map_need(list->item[i], "value", diag), "value", &s.value, diag) &&
            ohm_node_text(ohm_map_need(list->item[i], "origin", diag), "origin", &s.origin, diag) && !fn(context, &s))
            return;
    }
}

static bool add_to_list(void *context, const struct ohm_setting *s)
{
    return setting_add(context, s->key, s->value, s->origin, 1);
}

enum ohm_status settings_read_config(struct setting_list *list, struct ohm_store *store, int64_t study,
                                     struct ohm_diag *diag)
{
    struct ohm_doc *doc = read_config(store, study, diag);

    if (doc)
        each_setting(doc, add_to_list, list, diag);
    ohm_doc_free(doc);
    return ohm_diag_status(diag, NULL);
}

struct telling {
    ohm_setting_fn *fn;
    void *context;
    enum ohm_status status;
    struct ohm_error *err;
};

static bool tell_setting(void *context, const struct ohm_setting *s)
{
    struct telling *t = context;

    t->status = t->fn(t->context, s, t->err);
    return t->status == OHM_OK;
}

enum ohm_status ohm_study_settings(struct ohm_store *store, int64_t study, ohm_setting_fn *fn, void *context,
                                   struct ohm_error *err)
{
    struct ohm_diag diag = { 0 };
    struct telling t = { fn, context, OHM_OK, err };
    struct ohm_doc *doc = read_config(store, study, &diag);

    if (doc)
        each_setting(doc, tell_setting, &t, &diag);
    if (t.status == OHM_OK)
        t.status = ohm_diag_status(&diag, err);
    ohm_doc_free(doc);
    ohm_diag_release(&diag);
    return t.status;
}

/* ---- what was loaded is what the log was made with ---- */

static void compare(const struct ohm_node *node, uint64_t hash, const char *what, struct ohm_diag *diag)
{
    char text[HASH_TEXT];
    const char *logged;

    snprintf(text, sizeof text, "%016" PRIx64, hash);
    if (ohm_node_text(node, what, &logged, diag) && strcmp(logged, text) != 0)
        ohm_diag_add(diag, OHM_EDATA, NULL, 0, 0,
                     "the %s is not the one the study was made with (its content is %s, the log says %s)", what, text,
                     logged);
}

enum ohm_status plan_check_hashes(const struct ohm_plan *plan, struct ohm_store *store, int64_t study,
                                  struct ohm_diag *diag)
{
    struct ohm_doc *doc = read_config(store, study, diag);
    struct ohm_node *root = doc ? ohm_doc_root(doc) : NULL;
    struct ohm_node *list;

    if (!doc)
        return ohm_diag_status(diag, NULL);
    compare(ohm_map_need(root, "space_hash", diag), ohm_space_hash(plan->space), "search space", diag);
    compare(ohm_map_need(root, "chip_hash", diag), plan->chip ? ohm_chip_hash(plan->chip) : 0, "chip", diag);
    list = ohm_map_need(root, "surrogate_hashes", diag);
    for (int i = 0; list && i < plan->surrogates; i++)
        compare(i < list->count ? list->item[i] : NULL, ohm_surrogate_hash(plan->surrogate[i]), "surrogate", diag);
    ohm_doc_free(doc);
    return ohm_diag_status(diag, NULL);
}
