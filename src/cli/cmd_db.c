/* cmd_db.c - care of the run log: check, upgrade, backup. */
#include "cli_int.h"

#include <string.h>

struct db {
    const char *db;
};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(db, db, "db", 0, "FILE", "the run log", .fallback = "ohmnas.db", .env = "OHMNAS_DB",
                 .complete = "file"),
    OHM_OPT_END,
};

static enum ohm_status run_check(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                 struct ohm_error *err)
{
    const struct db *opt = object;
    struct ohm_store *store = NULL;
    struct ohm_str s = {0};
    enum ohm_status st;

    (void)cli;
    (void)args;
    if ((st = ohm_store_open(&store, opt->db, OHM_STORE_READ, err)) == OHM_OK)
        st = ohm_store_check(store, err);
    ohm_store_close(store);
    if (st == OHM_OK) {
        ohm_str_printf(&s, "%s: no errors\n", opt->db);
        st = ohm_print(&s, err);
    }
    ohm_str_release(&s);
    return st;
}

const struct ohm_command ohm_cmd_db_check = {
    .name = "db check",
    .operands = "",
    .summary = "check the run log for damage",
    .details = "Exit code 7: the file is damaged, foreign, or of a newer program.",
    .options = options,
    .size = sizeof(struct db),
    .run = run_check,
};

static enum ohm_status run_upgrade(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                   struct ohm_error *err)
{
    const struct db *opt = object;
    struct ohm_str s = {0};
    int from = 0, to = 0;
    enum ohm_status st = ohm_store_upgrade(opt->db, &from, &to, err);

    (void)cli;
    (void)args;
    if (st != OHM_OK)
        return st;
    if (from == to)
        ohm_str_printf(&s, "%s: schema %d is the newest\n", opt->db, to);
    else
        ohm_str_printf(&s, "%s: schema %d is now %d\n", opt->db, from, to);
    st = ohm_print(&s, err);
    ohm_str_release(&s);
    return st;
}

const struct ohm_command ohm_cmd_db_upgrade = {
    .name = "db upgrade",
    .operands = "",
    .summary = "bring the run log of an older program to this one's schema",
    .options = options,
    .size = sizeof(struct db),
    .run = run_upgrade,
};

static enum ohm_status run_backup(struct ohm_cli *cli, const void *object, const struct ohm_args *args,
                                  struct ohm_error *err)
{
    const struct db *opt = object;
    enum ohm_status st = ohm_store_backup(opt->db, args->word[0], err);

    (void)cli;
    if (st == OHM_OK)
        ohm_say("%s: copied to %s", opt->db, args->word[0]);
    return st;
}

static const char *const backup_examples[] = {"ohmnas db backup /mnt/backup/ohmnas.db", NULL};

const struct ohm_command ohm_cmd_db_backup = {
    .name = "db backup",
    .operands = "FILE",
    .words_min = 1,
    .words_max = 1,
    .complete = "file",
    .summary = "copy the run log, also while a study runs",
    .details = "FILE must not exist yet.",
    .examples = backup_examples,
    .options = options,
    .size = sizeof(struct db),
    .run = run_backup,
};
