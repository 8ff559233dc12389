/* cmd_doctor.c - is everything there that the program needs? */
#include "cli_int.h"

#include "ohm/file.h"
#include "ohm/parallel.h"
#include "ohm/surrogate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct doctor {
    const char *db;
    struct ohm_format format;
};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(doctor, db, "db", 0, "FILE", "the run log", .fallback = "ohmnas.db", .env = "OHMNAS_DB",
                 .complete = "file"),
    OHM_OPT_FORMAT(doctor),
    OHM_OPT_END,
};

struct visit {
    struct ohm_out out;
    int bad;
};

static void note(struct visit *v, const char *what, bool ok, const char *text)
{
    v->bad += !ok;
    ohm_out_row(&v->out);
    ohm_out_text(&v->out, "check", what);
    ohm_out_bool(&v->out, "ok", ok);
    ohm_out_text(&v->out, "result", text);
    ohm_out_row_end(&v->out);
}

static void note_diag(struct visit *v, const char *what, struct ohm_diag *diag, const char *good)
{
    note(v, what, diag->count == 0, diag->count ? diag->item[0].text : good);
    ohm_diag_release(diag);
    *diag = (struct ohm_diag){0};
}

/* Loads every shipped thing of a kind; its problems are told here and not at the end of the program. */
static void visit_things(struct visit *v, struct ohm_cli *cli, const char *kind)
{
    struct ohm_words names = {0};
    struct ohm_str what = {0};

    if (ohm_cli_names(cli, kind, &names, NULL) != OHM_OK || names.count == 0) {
        note(v, kind, false, "none found: set OHMNAS_HOME to the folder that holds searchspaces/ and surrogates/");
        return;
    }
    for (int i = 0; i < names.count; i++) {
        struct ohm_space *space = NULL;
        struct ohm_chip *chip = NULL;

        ohm_str_clear(&what);
        ohm_str_printf(&what, "%s %s", kind, names.item[i]);
        if (strcmp(kind, "space") == 0)
            ohm_cli_space(cli, names.item[i], &space);
        else if (strcmp(kind, "chip") == 0)
            ohm_cli_chip(cli, names.item[i], &chip);
        else
            ohm_cli_surrogate_check(cli, names.item[i]);
        note_diag(v, ohm_str_text(&what), &cli->diag, "loads");
        ohm_space_free(space);
        ohm_chip_free(chip);
    }
    ohm_str_release(&what);
}

static void visit_folders(struct visit *v, struct ohm_cli *cli)
{
    struct ohm_words folders = {0};

    if (ohm_find_folders(cli, &folders, NULL) != OHM_OK || folders.count == 0)
        note(v, "data folder", false, "none: set OHMNAS_HOME to the folder that holds searchspaces/ and surrogates/");
    for (int i = 0; i < folders.count; i++)
        note(v, "data folder", true, folders.item[i]);
}

static void visit_db(struct visit *v, const char *path)
{
    struct ohm_store *store = NULL;
    struct ohm_error err = {0};
    enum ohm_status st = ohm_store_open(&store, path, OHM_STORE_READ, &err);

    if (st == OHM_OK)
        st = ohm_store_check(store, &err);
    ohm_store_close(store);
    if (st == OHM_ENOTFOUND)
        note(v, "run log", true, "none here yet; search makes it");
    else
        note(v, "run log", st == OHM_OK, st == OHM_OK ? path : err.text);
}

static void visit_machine(struct visit *v)
{
    struct ohm_str s = {0};
    const char *policy = getenv("OMP_WAIT_POLICY");

    ohm_str_printf(&s, "%d", ohm_processor_count());
    note(v, "processors", true, ohm_str_text(&s));
    note(v, "OMP_WAIT_POLICY", policy && (strcmp(policy, "passive") == 0 || strcmp(policy, "PASSIVE") == 0),
         policy ? policy : "not set");
    note(v, "working folder", access(".", W_OK) == 0, access(".", W_OK) == 0 ? "can be written" : strerror(errno));
    ohm_str_release(&s);
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct doctor *opt = object;
    struct visit v = {.bad = 0};
    enum ohm_status st;

    (void)args;
    ohm_out_begin(&v.out, &opt->format, "ohmnas.doctor/1");
    ohm_out_list(&v.out, "checks");
    visit_machine(&v);
    visit_folders(&v, cli);
    visit_things(&v, cli, "space");
    visit_things(&v, cli, "chip");
    visit_things(&v, cli, "surrogate");
    visit_db(&v, opt->db);
    ohm_out_list_end(&v.out);
    st = ohm_out_end(&v.out, err);
    if (st == OHM_OK && v.bad > 0)
        return ohm_fail(err, OHM_EFAIL, "%d of the checks failed", v.bad);
    return st;
}

const struct ohm_command ohm_cmd_doctor = {
    .name = "doctor",
    .operands = "",
    .summary = "check that everything is in its place",
    .details = "Loads every space, chip and surrogate there is, and checks the run log. Exit code "
               "1: something is wrong.",
    .options = options,
    .size = sizeof(struct doctor),
    .run = run,
};
