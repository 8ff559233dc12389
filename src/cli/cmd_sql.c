/* cmd_sql.c - a question in SQL to the run log, which is opened for reading only. */
#include "cli_int.h"

struct sql {
    const char *db;
    struct ohm_format format;
};

static const struct ohm_option options[] = {
    OHM_OPT_TEXT(sql, db, "db", 0, "FILE", "the run log", .fallback = "ohmnas.db", .env = "OHMNAS_DB",
                 .complete = "file"),
    OHM_OPT_FORMAT(sql),
    OHM_OPT_END,
};

static enum ohm_status out_row(void *context, int columns, const char *const *name, const char *const *cell,
                               const bool *is_number, struct ohm_error *err)
{
    struct ohm_out *o = context;

    (void)err;
    ohm_out_row(o);
    for (int i = 0; i < columns; i++) {
        double number;
        int64_t whole;

        if (cell[i] && is_number[i] && ohm_parse_int64(cell[i], &whole))
            ohm_out_int(o, name[i], whole);
        else if (cell[i] && is_number[i] && ohm_parse_double(cell[i], &number))
            ohm_out_double(o, name[i], number);
        else
            ohm_out_text(o, name[i], cell[i]);
    }
    ohm_out_row_end(o);
    return OHM_OK;
}

static enum ohm_status run(struct ohm_cli *cli, const void *object, const struct ohm_args *args, struct ohm_error *err)
{
    const struct sql *opt = object;
    struct ohm_store *store = NULL;
    struct ohm_out out;
    enum ohm_status st, end;

    (void)cli;
    if ((st = ohm_store_open(&store, opt->db, OHM_STORE_READ, err)) != OHM_OK)
        return st;
    ohm_out_begin(&out, &opt->format, "ohmnas.sql/1");
    ohm_out_list(&out, "rows");
    st = ohm_store_sql(store, args->word[0], out_row, &out, err);
    ohm_out_list_end(&out);
    end = st == OHM_OK || out.rows > 0 ? ohm_out_end(&out, st == OHM_OK ? err : NULL) : ohm_out_drop(&out);
    ohm_store_close(store);
    return st == OHM_OK ? end : st;
}

static const char *const examples[] = {
    "ohmnas sql 'SELECT name, trials FROM study'",
    "ohmnas sql 'SELECT operation, count(*) AS n FROM trial GROUP BY operation' --csv", NULL};

const struct ohm_command ohm_cmd_sql = {
    .name = "sql",
    .operands = "QUERY",
    .words_min = 1,
    .words_max = 1,
    .summary = "ask the run log in SQL (read-only)",
    .details = "Tables: study, trial, generation, training, epoch, validation, validation_time, validation_read; views "
               "trainings, validations, validation_times, and for every study study_<name>, whose columns are its "
               "metrics. docs/database.md tells of all of them.",
    .examples = examples,
    .options = options,
    .size = sizeof(struct sql),
    .run = run,
};
