/* energy_counter.c - the energy counters of a processor. Folders of whole packages are those whose name is
 * "package-..."; what lies below them (cores, memory) is in their count. */
#include "energy_counter.h"

#include "ohm/file.h"
#include "ohm/mem.h"
#include "ohm/str.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum { COUNT_TEXT_MAX = 4096 };

static enum ohm_status read_line(char *line, size_t size, const char *path, struct ohm_error *err)
{
    char *bytes = NULL;
    size_t length = 0;
    enum ohm_status st;

    if ((st = ohm_file_read(&bytes, &length, path, COUNT_TEXT_MAX, err)) != OHM_OK)
        return st;
    snprintf(line, size, "%.*s", (int)strcspn(bytes, "\n"), bytes);
    ohm_free(bytes);
    return OHM_OK;
}

static enum ohm_status read_count(double *count, const char *path, struct ohm_error *err)
{
    char line[64];
    const enum ohm_status st = read_line(line, sizeof(line), path, err);

    if (st != OHM_OK)
        return st;
    if (!ohm_parse_double(line, count) || *count < 0)
        return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, path, 0, 0, "'%.40s' is no count of microjoules", line);
    return OHM_OK;
}

static bool is_package(const char *folder, const char *name)
{
    char path[OHM_ENERGY_PATH], line[64];

    return name[0] != '.' && snprintf(path, sizeof(path), "%s/%s/name", folder, name) < (int)sizeof(path) &&
           read_line(line, sizeof(line), path, NULL) == OHM_OK && strncmp(line, "package", 7) == 0;
}

static enum ohm_status add_package(struct ohm_energy_counter *c, const char *folder, const char *name,
                                   struct ohm_error *err)
{
    char range[OHM_ENERGY_PATH];
    const int at = c->packages;
    enum ohm_status st;

    if (snprintf(c->path[at], OHM_ENERGY_PATH, "%s/%s/energy_uj", folder, name) >= OHM_ENERGY_PATH ||
        snprintf(range, sizeof(range), "%s/%s/max_energy_range_uj", folder, name) >= (int)sizeof(range))
        return ohm_fail(err, OHM_ERANGE, "the name of folder '%.200s' is too long", folder);
    if ((st = read_count(&c->last_uJ[at], c->path[at], err)) != OHM_OK)
        return st;
    if (read_count(&c->range_uJ[at], range, NULL) != OHM_OK)
        c->range_uJ[at] = 0;
    c->packages++;
    return OHM_OK;
}

enum ohm_status ohm_energy_open(struct ohm_energy_counter *counter, const char *folder, struct ohm_error *err)
{
    DIR *const dir = opendir(folder);
    const struct dirent *entry;
    enum ohm_status st = OHM_OK;

    counter->packages = 0;
    while (dir && st == OHM_OK && counter->packages < OHM_ENERGY_PACKAGES_MAX && (entry = readdir(dir)) != NULL)
        if (is_package(folder, entry->d_name))
            st = add_package(counter, folder, entry->d_name, err);
    if (dir)
        closedir(dir);
    if (st == OHM_OK && counter->packages == 0)
        return ohm_fail(err, OHM_ENOTFOUND, "no energy counter of a processor below %.200s", folder);
    return st;
}

enum ohm_status ohm_energy_spent(struct ohm_energy_counter *counter, double *uJ, struct ohm_error *err)
{
    *uJ = 0;
    for (int i = 0; i < counter->packages; i++) {
        double now, spent;
        const enum ohm_status st = read_count(&now, counter->path[i], err);

        if (st != OHM_OK)
            return st;
        spent = now - counter->last_uJ[i];
        if (spent < 0 && counter->range_uJ[i] <= 0)
            return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, counter->path[i], 0, 0,
                               "the count went back, and its range is not known");
        *uJ += spent < 0 ? spent + counter->range_uJ[i] : spent;
        counter->last_uJ[i] = now;
    }
    return OHM_OK;
}
