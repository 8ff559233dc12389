/* find.c - from the name of a space, chip, task, device or surrogate to its file.
 *
 * Folders, strongest first: $OHMNAS_HOME; the source tree, seen from a build folder in it; the installed data, seen
 * from the program (../share/ohmnas) and as configured (OHM_DATA_DIR). */
#include "cli_int.h"

#include "ohm/file.h"
#include "ohm/mem.h"
#include "ohm/strategy.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct place {
    const char *kind, *folder, *suffix;
} places[] = {
    {"space", "searchspaces", ".yaml"},
    {"chip", "searchspaces/chips", ".yaml"},
    {"task", "searchspaces/tasks", ".yaml"},
    {"device", "searchspaces/devices", ".yaml"},
    {"surrogate", "surrogates", ""},
    {"recipe", "searchspaces/recipes", ".yaml"},
    {"reference", "searchspaces/reference", ".yaml"},
};

static const struct place *place_of(const char *kind)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (strcmp(places[i].kind, kind) == 0)
            return &places[i];
    return NULL;
}

static enum ohm_status no_memory(struct ohm_error *err)
{
    return ohm_fail(err, OHM_ENOMEM, "out of memory");
}

static enum ohm_status add_name(struct ohm_cli *cli, struct ohm_words *words, const char *name, struct ohm_error *err)
{
    const char **item;

    for (int i = 0; i < words->count; i++)
        if (strcmp(words->item[i], name) == 0)
            return OHM_OK;
    item = ohm_arena_alloc(&cli->arena, (size_t)words->count + 1, sizeof(*item));
    name = ohm_arena_strdup(&cli->arena, name);
    if (!item || !name)
        return no_memory(err);
    if (words->count > 0)
        memcpy(item, words->item, (size_t)words->count * sizeof(*item));
    item[words->count++] = name;
    words->item = item;
    return OHM_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum ohm_status add_folder(struct ohm_cli *cli, struct ohm_words *folders, const char *base, const char *rest,
                                  struct ohm_error *err)
{
    char *path = ohm_path_join(base, rest), *real = NULL;
    char *probe = path ? ohm_path_join(path, "searchspaces") : NULL;
    enum ohm_status st = OHM_OK;

    if (!path || !probe)
        st = no_memory(err);
    else if (ohm_is_folder(probe) && (real = realpath(path, NULL)) != NULL)
        st = add_name(cli, folders, real, err);
    free(real);
    ohm_free(path);
    ohm_free(probe);
    return st;
}

enum ohm_status ohm_find_folders(struct ohm_cli *cli, struct ohm_words *folders, struct ohm_error *err)
{
    const char *home = getenv("OHMNAS_HOME");
    char exe[4096];
    const ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    enum ohm_status st = OHM_OK;
    char *slash;

    if (home && *home && (st = add_folder(cli, folders, home, ".", err)) != OHM_OK)
        return st;
    exe[n > 0 ? n : 0] = '\0';
    slash = strrchr(exe, '/');
    if (slash) {
        *slash = '\0';
        if ((st = add_folder(cli, folders, exe, "..", err)) != OHM_OK ||
            (st = add_folder(cli, folders, exe, "../..", err)) != OHM_OK ||
            (st = add_folder(cli, folders, exe, "../share/ohmnas", err)) != OHM_OK)
            return st;
    }
#ifdef OHM_DATA_DIR
    st = add_folder(cli, folders, OHM_DATA_DIR, ".", err);
#endif
    return st;
}

/* A surrogate is a folder with a card; without one a folder may hold the rows that a surrogate will come from. */
static bool has_card(const char *folder, const char *name)
{
    char *sub = ohm_path_join(folder, name), *card = sub ? ohm_path_join(sub, "card.yaml") : NULL;
    const bool has = card && access(card, F_OK) == 0;

    ohm_free(sub);
    ohm_free(card);
    return has;
}

/* The names of one folder: files with the suffix, or surrogates where the suffix is empty. */
static enum ohm_status list_folder(struct ohm_cli *cli, struct ohm_words *names, const char *folder, const char *suffix,
                                   struct ohm_error *err)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    enum ohm_status st = OHM_OK;

    while (dir && st == OHM_OK && (entry = readdir(dir)) != NULL) {
        const size_t n = strlen(entry->d_name), m = strlen(suffix);
        char name[256];

        if (entry->d_name[0] == '.' || n <= m || n - m >= sizeof(name) || strcmp(entry->d_name + n - m, suffix) != 0)
            continue;
        if (m == 0 && !has_card(folder, entry->d_name))
            continue;
        memcpy(name, entry->d_name, n - m);
        name[n - m] = '\0';
        st = add_name(cli, names, name, err);
    }
    if (dir)
        closedir(dir);
    return st;
}

static enum ohm_status names_of_files(struct ohm_cli *cli, const struct place *place, struct ohm_words *names,
                                      struct ohm_error *err)
{
    struct ohm_words folders = {0};
    enum ohm_status st = ohm_find_folders(cli, &folders, err);

    for (int i = 0; i < folders.count && st == OHM_OK; i++) {
        char *folder = ohm_path_join(folders.item[i], place->folder);

        st = folder ? list_folder(cli, names, folder, place->suffix, err) : no_memory(err);
        ohm_free(folder);
    }
    if (names->count > 0)
        qsort(names->item, (size_t)names->count, sizeof(*names->item), by_text);
    return st;
}

struct name_list {
    struct ohm_cli *cli;
    struct ohm_words *names;
};

static enum ohm_status add_study(void *context, const struct ohm_study_row *row, struct ohm_error *err)
{
    const struct name_list *list = context;

    return add_name(list->cli, list->names, row->name, err);
}

static enum ohm_status names_of_studies(struct ohm_cli *cli, struct ohm_words *names, struct ohm_error *err)
{
    const char *path = getenv("OHMNAS_DB");
    struct name_list list = {cli, names};
    struct ohm_store *store = NULL;
    enum ohm_status st = ohm_store_open(&store, path && *path ? path : "ohmnas.db", OHM_STORE_READ, err);

    if (st == OHM_OK)
        st = ohm_store_each_study(store, add_study, &list, err);
    ohm_store_close(store);
    return st == OHM_ENOTFOUND ? OHM_OK : st;
}

enum ohm_status ohm_cli_names(struct ohm_cli *cli, const char *kind, struct ohm_words *names, struct ohm_error *err)
{
    const struct place *place = place_of(kind);
    enum ohm_status st = OHM_OK;

    if (place)
        return names_of_files(cli, place, names, err);
    if (strcmp(kind, "study") == 0)
        return names_of_studies(cli, names, err);
    if (strcmp(kind, "strategy") == 0)
        for (int i = 0; ohm_strategies[i] && st == OHM_OK; i++)
            st = add_name(cli, names, ohm_strategies[i]->name, err);
    if (strcmp(kind, "metric") == 0)
        for (int i = 0; ohm_fixed_metric(i) && st == OHM_OK; i++)
            st = add_name(cli, names, ohm_fixed_metric(i)->name, err);
    if (strcmp(kind, "command") == 0)
        for (int i = 0; cli->commands[i] && st == OHM_OK; i++)
            st = add_name(cli, names, cli->commands[i]->name, err);
    return st;
}

static enum ohm_status not_found(struct ohm_cli *cli, const char *kind, const char *name, struct ohm_error *err)
{
    struct ohm_words names = {0};
    struct ohm_str list = {0};
    const char *near;
    enum ohm_status st;

    if ((st = ohm_cli_names(cli, kind, &names, err)) != OHM_OK)
        return st;
    near = ohm_nearest(name, names.item, names.count);
    for (int i = 0; i < names.count; i++)
        ohm_str_printf(&list, "%s%s", i ? ", " : "", names.item[i]);
    st = ohm_fail(err, OHM_ENOTFOUND, "no %s '%.80s'%s%s%s; there are: %s (or give a path)", kind, name,
                  near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "",
                  names.count ? ohm_str_text(&list) : "none");
    ohm_str_release(&list);
    return st;
}

static bool ends_in_yaml(const char *name)
{
    const size_t n = strlen(name);

    return (n > 5 && strcmp(name + n - 5, ".yaml") == 0) || (n > 4 && strcmp(name + n - 4, ".yml") == 0);
}

/* folder/place/name+suffix, when there is such a file. */
static bool try_folder(const char *folder, const struct place *place, const char *name, struct ohm_str *path)
{
    struct ohm_str full = {0};
    bool found;

    ohm_str_printf(&full, "%s/%s/%s%s", folder, place->folder, name, place->suffix);
    found = !full.failed && ohm_file_exists(ohm_str_text(&full));
    if (found)
        ohm_str_append(path, ohm_str_text(&full));
    ohm_str_release(&full);
    return found;
}

enum ohm_status ohm_find(void *context, const char *kind, const char *name, struct ohm_str *path, struct ohm_error *err)
{
    struct ohm_cli *cli = context;
    const struct place *place = place_of(kind);
    struct ohm_words folders = {0};
    enum ohm_status st;

    if (!place)
        return ohm_fail(err, OHM_ENOTFOUND, "no kind of thing '%s'", kind);
    if (strchr(name, '/') || ends_in_yaml(name) ||
        (ohm_file_exists(name) && (!ohm_is_folder(name) || place->suffix[0] == '\0'))) {
        if (!ohm_file_exists(name))
            return ohm_fail_at(err, OHM_ENOTFOUND, OHM_ORIGIN, name, 0, 0, "no such file");
        ohm_str_append(path, name);
        return path->failed ? no_memory(err) : OHM_OK;
    }
    if ((st = ohm_find_folders(cli, &folders, err)) != OHM_OK)
        return st;
    for (int i = 0; i < folders.count; i++)
        if (try_folder(folders.item[i], place, name, path))
            return OHM_OK;
    return not_found(cli, kind, name, err);
}

/* ---- loaders ---- */

enum ohm_status ohm_cli_space(struct ohm_cli *cli, const char *name, struct ohm_space **space)
{
    struct ohm_str path = {0};
    struct ohm_error err = {0};
    enum ohm_status st = ohm_find(cli, "space", name, &path, &err);

    if (st != OHM_OK)
        ohm_diag_take(&cli->diag, &err);
    else
        st = ohm_space_load(space, ohm_str_text(&path), &cli->diag);
    ohm_str_release(&path);
    return st;
}

enum ohm_status ohm_cli_chip(struct ohm_cli *cli, const char *name, struct ohm_chip **chip)
{
    struct ohm_str path = {0};
    struct ohm_error err = {0};
    enum ohm_status st = ohm_find(cli, "chip", name, &path, &err);

    if (st != OHM_OK)
        ohm_diag_take(&cli->diag, &err);
    else
        st = ohm_chip_load(chip, ohm_str_text(&path), &cli->diag);
    ohm_str_release(&path);
    return st;
}
