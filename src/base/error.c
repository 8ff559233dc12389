/* error.c - statuses, their texts, and errors that know their place. */
#include "ohm/error.h"

#include "ohm/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *text;
    int exit_code;
} statuses[] = {
#define X(name, code, text) { #name, text, code },
    OHM_STATUS_LIST(X)
#undef X
};

const char *ohm_status_name(enum ohm_status status)
{
    return statuses[status].name;
}

const char *ohm_status_text(enum ohm_status status)
{
    return statuses[status].text;
}

int ohm_status_exit_code(enum ohm_status status)
{
    return statuses[status].exit_code;
}

static void copy_text(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
}

static void fill(struct ohm_error *err, enum ohm_status status, const char *origin, const char *path, int line,
                 int column)
{
    err->status = status;
    err->origin = origin;
    err->line = line;
    err->column = column;
    copy_text(err->path, sizeof err->path, path);
}

enum ohm_status ohm_fail_at(struct ohm_error *err, enum ohm_status status, const char *origin, const char *path,
                            int line, int column, const char *format, ...)
{
    va_list args;

    if (!err)
        return status;
    fill(err, status, origin, path, line, column);
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return status;
}

enum ohm_status ohm_fail_errno(struct ohm_error *err, enum ohm_status status, int errno_value, const char *format, ...)
{
    va_list args;
    char reason[128];
    size_t used;

    if (!err)
        return status;
    fill(err, status, NULL, NULL, 0, 0);
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, ": %s", strerror_r(errno_value, reason, sizeof reason));
    return status;
}

void ohm_error_set_path(struct ohm_error *err, const char *path)
{
    if (err && err->path[0] == '\0')
        copy_text(err->path, sizeof err->path, path);
}

static struct ohm_error *diag_slot(struct ohm_diag *diag)
{
    if (!diag->item)
        diag->item = ohm_alloc(OHM_DIAG_MAX, sizeof *diag->item);
    if (!diag->item || diag->count >= OHM_DIAG_MAX) {
        diag->count++;
        return NULL;
    }
    return &diag->item[diag->count++];
}

enum ohm_status ohm_diag_add_at(struct ohm_diag *diag, enum ohm_status status, const char *origin, const char *path,
                                int line, int column, const char *format, ...)
{
    struct ohm_error *err = diag ? diag_slot(diag) : NULL;
    va_list args;

    if (!err)
        return status;
    fill(err, status, origin, path, line, column);
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return status;
}

enum ohm_status ohm_diag_take(struct ohm_diag *diag, const struct ohm_error *err)
{
    struct ohm_error *slot = diag ? diag_slot(diag) : NULL;

    if (slot)
        *slot = *err;
    return err->status;
}

enum ohm_status ohm_diag_status(const struct ohm_diag *diag, struct ohm_error *err)
{
    if (diag->count == 0)
        return OHM_OK;
    if (!diag->item)
        return ohm_fail(err, OHM_ENOMEM, "out of memory while noting %d problems", diag->count);
    if (err)
        *err = diag->item[0];
    return diag->item[0].status;
}

void ohm_diag_release(struct ohm_diag *diag)
{
    ohm_free(diag->item);
    *diag = (struct ohm_diag){ 0 };
}
