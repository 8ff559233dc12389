/* feature.c - the groups of features, and the list that a surrogate is trained on. */
#include "feature_int.h"

#include "ohm/str.h"
#include "ohm/surrogate_train.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct ohm_feature_group *const groups[] = {&ohm_feature_genes, &ohm_feature_onehot, &ohm_feature_net,
                                                         &ohm_feature_graph, &ohm_feature_plane,  &ohm_feature_chip,
                                                         &ohm_feature_noise, &ohm_feature_cell};
enum { GROUPS = sizeof groups / sizeof groups[0], NAME_SIZE = 128 };

enum ohm_status ohm_feature_add(struct ohm_features *features, struct ohm_error *err, const char *format, ...)
{
    char name[NAME_SIZE];
    va_list args;

    if (features->count == OHM_FEATURES_MAX)
        return ohm_fail(err, OHM_ECONFIG, "feature groups %s give more than %d features", features->group_text,
                        OHM_FEATURES_MAX);
    va_start(args, format);
    (void)vsnprintf(name, sizeof name, format, args);
    va_end(args);
    features->name[features->count] = ohm_arena_strdup(&features->arena, name);
    if (!features->name[features->count])
        return ohm_fail(err, OHM_ENOMEM, "out of memory for features");
    features->count++;
    return OHM_OK;
}

enum ohm_status ohm_feature_add_table(struct ohm_features *features, const char *group,
                                      const struct ohm_feature_text *table, int n, struct ohm_error *err)
{
    enum ohm_status st = OHM_OK;

    for (int i = 0; i < n && st == OHM_OK; i++) {
        st = ohm_feature_add(features, err, "%s.%s", group, table[i].name);
        if (st == OHM_OK)
            features->text[features->count - 1] = &table[i];
    }
    return st;
}

static bool serves(const struct ohm_feature_group *group, const char *family)
{
    return !group->family || !family || strcmp(group->family, family) == 0;
}

static enum ohm_status find_group(const struct ohm_feature_group **out, const char *name, const char *family,
                                  struct ohm_error *err)
{
    const char *known[GROUPS];
    const char *near;

    for (int i = 0; i < GROUPS; i++) {
        known[i] = serves(groups[i], family) ? groups[i]->name : NULL;
        if (strcmp(groups[i]->name, name) != 0)
            continue;
        if (!known[i])
            return ohm_fail(err, OHM_ECONFIG, "feature group '%s' is for spaces of family %s, this one is of family %s",
                            name, groups[i]->family, family);
        *out = groups[i];
        return OHM_OK;
    }
    near = ohm_nearest(name, known, GROUPS);
    return ohm_fail(
        err, OHM_ECONFIG,
        "unknown feature group '%s'%s%s%s; legal are genes, onehot, net, graph, plane, chip, noise, and cell in nb201",
        name, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static enum ohm_status add_group(struct ohm_features *f, const char *name, struct ohm_error *err)
{
    const struct ohm_feature_group *group = NULL;
    enum ohm_status st = find_group(&group, name, ohm_space_family(f->space), err);

    if (st != OHM_OK)
        return st;
    for (int i = 0; i < f->groups; i++)
        if (f->group[i] == group)
            return ohm_fail(err, OHM_ECONFIG, "feature group '%s' is named twice", name);
    f->group[f->groups++] = group;
    f->need_net |= group->need_net;
    f->need_physics |= group->need_physics;
    return group->create(f, err);
}

static enum ohm_status add_groups(struct ohm_features *f, struct ohm_error *err)
{
    char word[NAME_SIZE];
    const char *p = f->group_text;
    enum ohm_status st;

    do {
        const size_t n = strcspn(p, ",");
        const size_t blanks = strspn(p, " ");
        size_t length = n > blanks ? n - blanks : 0;

        while (length > 0 && p[blanks + length - 1] == ' ')
            length--;
        (void)snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1), p + blanks);
        if ((st = add_group(f, word, err)) != OHM_OK)
            return st;
        p += n;
    } while (*p++ == ',');
    return OHM_OK;
}

static uint64_t hash_names(const struct ohm_features *f)
{
    uint64_t hash = 0;

    for (int i = 0; i < f->count; i++)
        hash = ohm_hash_mix(hash, ohm_hash(f->name[i], strlen(f->name[i])));
    return hash;
}

enum ohm_status ohm_features_create(struct ohm_features **out, const struct ohm_space *space, const char *group_text,
                                    struct ohm_error *err)
{
    return ohm_features_create_for(out, space, group_text, NULL, err);
}

enum ohm_status ohm_features_create_for(struct ohm_features **out, const struct ohm_space *space,
                                        const char *group_text, const struct ohm_physics *physics,
                                        struct ohm_error *err)
{
    struct ohm_features *const f = ohm_alloc(1, sizeof *f);
    enum ohm_status st;

    if (!f)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for features");
    f->space = space;
    f->has_physics = physics != NULL;
    if (physics)
        f->physics = *physics;
    f->group_text = ohm_strdup(group_text);
    st = f->group_text ? add_groups(f, err) : ohm_fail(err, OHM_ENOMEM, "out of memory for features");
    if (st != OHM_OK) {
        ohm_features_free(f);
        return st;
    }
    f->hash = hash_names(f);
    *out = f;
    return OHM_OK;
}

void ohm_features_free(struct ohm_features *features)
{
    if (!features)
        return;
    ohm_arena_release(&features->arena);
    ohm_free(features->group_text);
    ohm_free(features);
}

int ohm_features_count(const struct ohm_features *features)
{
    return features->count;
}

const char *ohm_features_name(const struct ohm_features *features, int i)
{
    return features->name[i];
}

const char *ohm_features_unit(const struct ohm_features *features, int i)
{
    return features->text[i] ? features->text[i]->unit : "";
}

const char *ohm_features_meaning(const struct ohm_features *features, int i)
{
    return features->text[i] ? features->text[i]->meaning : "";
}

const char *ohm_features_groups(const struct ohm_features *features)
{
    return features->group_text;
}

uint64_t ohm_features_hash(const struct ohm_features *features)
{
    return features->hash;
}

bool ohm_features_need_net(const struct ohm_features *features)
{
    return features->need_net;
}

void ohm_features_compute(const struct ohm_features *features, const struct ohm_genotype *g, const struct ohm_net *net,
                          float *x)
{
    for (int i = 0; i < features->groups; i++)
        x += features->group[i]->compute(features, g, net, x);
}

static const struct ohm_feature_group *group_at(const char *family, int i)
{
    for (int k = 0; k < GROUPS; k++)
        if (serves(groups[k], family) && i-- == 0)
            return groups[k];
    return NULL;
}

const char *ohm_feature_group_name(const char *family, int i)
{
    const struct ohm_feature_group *const group = group_at(family, i);

    return group ? group->name : NULL;
}

const char *ohm_feature_group_help(const char *family, int i)
{
    const struct ohm_feature_group *const group = group_at(family, i);

    return group ? group->help : NULL;
}
