/* error.h - what can go wrong, told once, where it went wrong.
 *
 * A function that can fail returns an enum ohm_status and takes a struct ohm_error * as its last argument. On success
 * the error is untouched; on failure it holds the status, the place in the user's file where there is one, and a text
 * that says what was found and what would be legal. Nobody up the stack rewords it. err may be NULL.
 * A reader of configuration files takes a struct ohm_diag * instead: it notes every problem of the file and goes on. */
#ifndef OHM_ERROR_H
#define OHM_ERROR_H

/* name, exit code of the program, text */
#define OHM_STATUS_LIST(X)                                                                                             \
    X(OHM_OK, 0, "done")                                                                                               \
    X(OHM_EFAIL, 1, "failed")                                                                                          \
    X(OHM_ENOMEM, 1, "out of memory")                                                                                  \
    X(OHM_EIO, 1, "input or output failed")                                                                            \
    X(OHM_ECONFIG, 2, "wrong usage or configuration")                                                                  \
    X(OHM_ERANGE, 2, "value out of range")                                                                             \
    X(OHM_ENOTFOUND, 3, "not found")                                                                                   \
    X(OHM_EUNFIT, 4, "nothing feasible")                                                                               \
    X(OHM_EGATE, 5, "gate missed")                                                                                     \
    X(OHM_EBUSY, 6, "in use elsewhere")                                                                                \
    X(OHM_EDATA, 7, "damaged or foreign data")                                                                         \
    X(OHM_EINTR, 130, "interrupted")

enum ohm_status {
#define X(name, code, text) name,
    OHM_STATUS_LIST(X)
#undef X
};

struct ohm_error {
    enum ohm_status status;
    char path[256];     /* the user's file, or "" */
    int line, column;   /* 1-based; line 0: not a place in a file */
    char text[512];     /* "tile.rows is 0, outside [1, 4096]": what, found, legal */
    const char *origin; /* "chip.c:88", shown with -v */
};

/* Fills err (which may be NULL) and returns status. */
#define ohm_fail(err, status, ...) ohm_fail_at((err), (status), OHM_ORIGIN, NULL, 0, 0, __VA_ARGS__)

#define OHM_STRINGIFY2(x) #x
#define OHM_STRINGIFY(x) OHM_STRINGIFY2(x)
#define OHM_ORIGIN (__FILE__ ":" OHM_STRINGIFY(__LINE__))

/* As ohm_fail, with a place in a file; path may be NULL, line 0. */
enum ohm_status ohm_fail_at(struct ohm_error *err, enum ohm_status status, const char *origin, const char *path,
                            int line, int column, const char *format, ...) __attribute__((format(printf, 7, 8)));

/* As ohm_fail, and appends ": " and the text of errno_value. */
enum ohm_status ohm_fail_errno(struct ohm_error *err, enum ohm_status status, int errno_value, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Says which file an error belongs to, where it does not say so yet. err may be NULL. */
void ohm_error_set_path(struct ohm_error *err, const char *path);

const char *ohm_status_name(enum ohm_status status); /* "OHM_EIO" */
const char *ohm_status_text(enum ohm_status status); /* "input or output failed" */
int ohm_status_exit_code(enum ohm_status status);

/* A list of problems found in one pass over a file. {0} is an empty list. At most OHM_DIAG_MAX are kept; `count` goes
 * on counting. */
enum { OHM_DIAG_MAX = 64 };

struct ohm_diag {
    struct ohm_error *item; /* [min(count, OHM_DIAG_MAX)], owned */
    int count;
};

/* Notes one problem; returns status. diag may be NULL. */
#define ohm_diag_add(diag, status, path, line, column, ...)                                                            \
    ohm_diag_add_at((diag), (status), OHM_ORIGIN, (path), (line), (column), __VA_ARGS__)
enum ohm_status ohm_diag_add_at(struct ohm_diag *diag, enum ohm_status status, const char *origin, const char *path,
                                int line, int column, const char *format, ...) __attribute__((format(printf, 7, 8)));
/* Notes an error made elsewhere; returns its status. */
enum ohm_status ohm_diag_take(struct ohm_diag *diag, const struct ohm_error *err);
/* OHM_OK when empty, else the status of the first problem, which is copied to err. */
enum ohm_status ohm_diag_status(const struct ohm_diag *diag, struct ohm_error *err);
void ohm_diag_release(struct ohm_diag *diag);

#endif
