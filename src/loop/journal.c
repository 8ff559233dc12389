/* journal.c - the decisions of a loop: a line for each row that is to be measured, a group written whole before it is
 * begun. The head holds all settings that decide; another run has to have the same. */
#include "loop_int.h"

#include "ohm/csv.h"
#include "ohm/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const kind_names[GROUP_KINDS + 1] = {"had", "drawn", "chosen", "repeat", NULL};
enum { ROUND, KIND, OF, TAU, ID, GENOTYPE, GAIN, FIXED_COLUMNS };
static const char *const column_names[FIXED_COLUMNS] = {"round", "kind", "of", "tau", "id", "genotype", "gain"};

void group_release(struct group *g)
{
    ohm_free(g->item);
    *g = (struct group){0};
}

void journal_close(struct journal *j)
{
    for (int i = 0; i < j->count; i++)
        group_release(&j->group[i]);
    ohm_free(j->group);
    if (j->fd >= 0)
        close(j->fd);
    *j = (struct journal){.fd = -1};
}

static enum ohm_status fail_file(const char *path, const char *what, struct ohm_error *err)
{
    const int reason = errno;

    ohm_fail_errno(err, OHM_EIO, reason, "%s", what);
    ohm_error_set_path(err, path);
    return OHM_EIO;
}

/* ---- the head ---- */

static void put_line(struct ohm_str *s, const char *key, const char *text)
{
    ohm_str_printf(s, "#   %s: ", key);
    for (; *text; text++)
        ohm_str_append_n(s, (unsigned char)*text < ' ' ? " " : text, 1);
    ohm_str_append(s, "\n");
}

static void put_fields(struct ohm_str *s, const char *key, const struct ohm_field *fields, const void *object)
{
    struct ohm_str text = {0};

    ohm_fields_print(&text, fields, object);
    put_line(s, key, ohm_str_text(&text));
    s->failed |= text.failed;
    ohm_str_release(&text);
}

/* From the second line on: what two runs must share, and the names of the columns. */
static void print_head(struct ohm_str *s, const struct goals *g, const struct ohm_loop_spec *spec)
{
    ohm_str_printf(s, "# space %s %016" PRIx64 ", chip %016" PRIx64 ", and:\n", ohm_space_name(spec->space),
                   ohm_space_hash(spec->space), spec->chip ? ohm_chip_hash(spec->chip) : 0);
    put_line(s, "source", spec->settings);
    for (int i = 0; i < spec->objective_count; i++)
        put_line(s, "objective", spec->objectives[i]);
    for (int i = 0; i < spec->constraint_count; i++)
        put_line(s, "constraint", spec->constraints[i]);
    put_fields(s, "chip_use", ohm_chip_use_fields, &spec->chip_use);
    put_fields(s, "loop", ohm_loop_fields, &spec->options);
    ohm_str_printf(s, "#   a round: %d networks, %d repeats; seed %" PRId64 "\n", spec->top, spec->race, spec->seed);
    ohm_str_printf(s, "#   search: %s, %" PRId64 " candidates\n", spec->strategy->name, spec->search_budget);
    put_fields(s, "strategy", spec->strategy->fields, spec->strategy_options);
    put_line(s, "features", spec->features);
    if (spec->physics)
        put_fields(s, "physics", ohm_physics_fields, spec->physics);
    put_fields(s, "surrogate", ohm_surrogate_fields, &spec->surrogate);
    for (int i = 0; i < FIXED_COLUMNS; i++)
        ohm_str_printf(s, "%s%s", i ? "," : "", column_names[i]);
    for (int i = 0; i < 2 * g->figures; i++)
        ohm_str_printf(s, ",%s", g->name[g->fixed + i]);
    ohm_str_append(s, "\n");
}

/* The first line that is not as it should be, for people. */
static enum ohm_status check_head(const char *path, const char *bytes, const struct ohm_str *head,
                                  struct ohm_error *err)
{
    const char *found = bytes + strcspn(bytes, "\n"), *wanted = ohm_str_text(head);
    int line = 2;

    for (found += *found == '\n'; *wanted; line++) {
        const size_t n = strcspn(wanted, "\n");

        if (strncmp(found, wanted, n + 1) != 0)
            return ohm_fail_at(err, OHM_ECONFIG, OHM_ORIGIN, path, line, 0,
                               "this loop was begun with '%.*s', and now it is '%.*s': end it as it was, or begin "
                               "another one in another file",
                               (int)strcspn(found, "\n") > 80 ? 80 : (int)strcspn(found, "\n"), found,
                               n > 80 ? 80 : (int)n, wanted);
        found += n + 1;
        wanted += n + 1;
    }
    return OHM_OK;
}

/* ---- reading ---- */

struct reader {
    struct journal *j;
    const struct ohm_csv *csv;
    const struct ohm_space *space;
};

static const char *cell(const struct reader *r, int row, int column)
{
    return r->csv->cell[(size_t)row * (size_t)r->csv->columns + (size_t)column];
}

static enum ohm_status damaged(const struct reader *r, int row, const char *what, struct ohm_error *err)
{
    return ohm_fail_at(err, OHM_EDATA, OHM_ORIGIN, r->csv->path, r->csv->line[row], 0, "the journal is damaged: %s",
                       what);
}

static enum ohm_status read_decision(const struct reader *r, int row, struct decision *d, struct ohm_error *err)
{
    const struct goals *const g = r->j->goals;
    const char *const id = cell(r, row, ID);
    const size_t base = strcspn(id, ".");
    int64_t repeat = 0;
    enum ohm_status st;

    *d = (struct decision){0};
    if (base == 0 || base >= sizeof d->item.base ||
        (id[base] && (!ohm_parse_int64(id + base + 1, &repeat) || repeat < 1 || repeat > 1000000)))
        return damaged(r, row, "this is no id of a row", err);
    memcpy(d->item.base, id, base);
    d->item.repeat = (int)repeat;
    if (ohm_genotype_parse(r->space, &d->item.genotype, cell(r, row, GENOTYPE), NULL) != OHM_OK)
        return damaged(r, row, "this is no network of the space", err);
    st = ohm_csv_double(r->csv, row, GAIN, &d->gain, err);
    for (int i = 0; i < 2 * g->figures && st == OHM_OK; i++)
        st = ohm_csv_double(r->csv, row, FIXED_COLUMNS + i, &d->figure[i], err);
    return st;
}

/* The group that begins in this row, and where the next one begins. *count stays 0 where it is the last one and lacks
 * rows. */
static enum ohm_status read_group(const struct reader *r, int row, struct group *g, struct ohm_error *err)
{
    int64_t round, of;
    enum ohm_status st;

    *g = (struct group){.kind = -1};
    for (int i = 0; i < GROUP_KINDS; i++)
        if (strcmp(kind_names[i], cell(r, row, KIND)) == 0)
            g->kind = i;
    if (g->kind < 0 || !ohm_parse_int64(cell(r, row, ROUND), &round) || round < 0 || round > 1000000 ||
        !ohm_parse_int64(cell(r, row, OF), &of) || of < 1 || of > 10000000)
        return damaged(r, row, "round, kind or number of rows", err);
    g->round = (int)round;
    if ((st = ohm_csv_double(r->csv, row, TAU, &g->tau, err)) != OHM_OK || row + of > r->csv->rows)
        return st;
    if (!(g->item = ohm_alloc((size_t)of, sizeof *g->item)))
        return ohm_fail(err, OHM_ENOMEM, "out of memory");
    for (int i = 0; i < of && st == OHM_OK; i++) {
        if (strcmp(cell(r, row + i, ROUND), cell(r, row, ROUND)) != 0 ||
            strcmp(cell(r, row + i, KIND), cell(r, row, KIND)) != 0 ||
            strcmp(cell(r, row + i, OF), cell(r, row, OF)) != 0)
            st = damaged(r, row + i, "a group of rows is broken off", err);
        else
            st = read_decision(r, row + i, &g->item[i], err);
    }
    if (st == OHM_OK)
        g->count = (int)of;
    else
        group_release(g);
    return st;
}

/* *lines: those that belong to whole groups. */
static enum ohm_status read_groups(const struct reader *r, int *lines, struct ohm_error *err)
{
    struct journal *const j = r->j;
    enum ohm_status st = OHM_OK;
    int row = 0;

    *lines = r->csv->rows;
    while (row < r->csv->rows && st == OHM_OK) {
        struct group g;

        if ((st = read_group(r, row, &g, err)) != OHM_OK)
            break;
        if (g.count == 0) {
            *lines = row;
            break;
        }
        row += g.count;
        if (ohm_grow(&j->group, &j->capacity, (size_t)j->count + 1, sizeof *j->group)) {
            j->group[j->count++] = g;
        } else {
            group_release(&g);
            st = ohm_fail(err, OHM_ENOMEM, "out of memory");
        }
    }
    return st;
}

/* Where the line of that number begins. */
static size_t offset_of(const char *bytes, int line)
{
    const char *p = bytes;

    for (int i = 1; i < line; i++)
        p += strcspn(p, "\n") + 1;
    return (size_t)(p - bytes);
}

static enum ohm_status read_file(struct journal *j, const struct ohm_str *head, const struct ohm_space *space,
                                 size_t *length, struct ohm_error *err)
{
    struct ohm_csv csv = {0};
    char *bytes = NULL;
    int lines = 0;
    enum ohm_status st = ohm_file_read(&bytes, length, j->path, OHM_TEXT_FILE_MAX, err);

    if (st != OHM_OK)
        return st;
    while (*length > 0 && bytes[*length - 1] != '\n')
        (*length)--;
    bytes[*length] = '\0';
    if ((st = check_head(j->path, bytes, head, err)) == OHM_OK &&
        (st = ohm_csv_parse(&csv, bytes, *length, j->path, err)) == OHM_OK)
        st = read_groups(&(struct reader){j, &csv, space}, &lines, err);
    if (st == OHM_OK && lines < csv.rows)
        *length = offset_of(bytes, csv.line[lines]);
    ohm_csv_release(&csv);
    ohm_free(bytes);
    return st;
}

/* ---- opening ---- */

static enum ohm_status begin(const char *path, const struct ohm_str *head, const struct ohm_loop_spec *spec,
                             struct ohm_error *err)
{
    struct ohm_str s = {0};
    enum ohm_status st;

    ohm_str_printf(&s, "# %s search --refine: what is measured in which round; docs/closed-loop.md\n", spec->program);
    ohm_str_append(&s, ohm_str_text(head));
    st = s.failed || head->failed ? ohm_fail(err, OHM_ENOMEM, "out of memory")
                                  : ohm_file_write(path, ohm_str_text(&s), s.length, err);
    ohm_str_release(&s);
    return st;
}

static enum ohm_status open_file(struct journal *j, const struct ohm_str *head, const struct ohm_loop_spec *spec,
                                 struct ohm_error *err)
{
    struct stat info;
    size_t length = 0;
    enum ohm_status st = OHM_OK;

    if ((stat(j->path, &info) != 0 || info.st_size == 0) && (st = begin(j->path, head, spec, err)) != OHM_OK)
        return st;
    j->fd = open(j->path, O_RDWR | O_APPEND | O_CLOEXEC);
    if (j->fd < 0)
        return fail_file(j->path, "cannot open the journal", err);
    if (flock(j->fd, LOCK_EX | LOCK_NB) != 0)
        return ohm_fail_at(err, OHM_EBUSY, OHM_ORIGIN, j->path, 0, 0, "another process runs this loop");
    if ((st = read_file(j, head, spec->space, &length, err)) == OHM_OK && ftruncate(j->fd, (off_t)length) != 0)
        st = fail_file(j->path, "cannot cut off a group that was not written whole", err);
    return st;
}

enum ohm_status journal_open(struct journal *j, const char *path, const struct goals *goals,
                             const struct ohm_loop_spec *spec, struct ohm_error *err)
{
    struct ohm_str head = {0};
    enum ohm_status st;

    *j = (struct journal){.fd = -1, .path = path, .goals = goals};
    if (!path)
        return OHM_OK;
    print_head(&head, goals, spec);
    st = open_file(j, &head, spec, err);
    ohm_str_release(&head);
    if (st != OHM_OK)
        journal_close(j);
    return st;
}

/* ---- writing ---- */

static void put_number(struct ohm_str *s, double value)
{
    ohm_str_append(s, ",");
    if (!isnan(value))
        ohm_str_append_double(s, value);
}

static void print_decision(struct ohm_str *s, const struct journal *j, const struct group *g, const struct decision *d)
{
    char id[OHM_COLLECT_ID_SIZE];
    struct ohm_str genotype = {0};

    ohm_collect_item_id(id, &d->item);
    ohm_genotype_print(j->goals->space, &d->item.genotype, &genotype);
    ohm_str_printf(s, "%d,%s,%d", g->round, kind_names[g->kind], g->count);
    put_number(s, g->tau);
    ohm_str_printf(s, ",%s,", id);
    ohm_csv_append(s, ohm_str_text(&genotype));
    put_number(s, d->gain);
    for (int i = 0; i < 2 * j->goals->figures; i++)
        put_number(s, d->figure[i]);
    ohm_str_append(s, "\n");
    s->failed |= genotype.failed;
    ohm_str_release(&genotype);
}

enum ohm_status journal_append(struct journal *j, const struct group *g, struct ohm_error *err)
{
    struct ohm_str s = {0};
    enum ohm_status st = OHM_OK;
    size_t done = 0;

    if (j->fd < 0)
        return OHM_OK;
    for (int i = 0; i < g->count; i++)
        print_decision(&s, j, g, &g->item[i]);
    if (s.failed)
        st = ohm_fail(err, OHM_ENOMEM, "out of memory");
    while (st == OHM_OK && done < s.length) {
        const ssize_t n = write(j->fd, s.text + done, s.length - done);

        if (n < 0 && errno != EINTR)
            st = fail_file(j->path, "cannot write to the journal", err);
        done += n > 0 ? (size_t)n : 0;
    }
    if (st == OHM_OK && s.length > 0 && fsync(j->fd) != 0)
        st = fail_file(j->path, "cannot write to the journal", err);
    ohm_str_release(&s);
    return st;
}
