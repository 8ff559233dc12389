/* collect_int.h - what drawing, measuring and the file share. */
#ifndef OHM_COLLECT_INT_H
#define OHM_COLLECT_INT_H

#include "ohm/collect.h"
#include "ohm/csv.h"

struct collect_fold {
    int *train, *judge, *curve; /* sample numbers of the data */
    int trains, judges, curves;
};

struct ohm_collect {
    const struct ohm_collect_recipe *recipe;
    const struct ohm_space *space;
    const struct ohm_chip *chip;
    const struct ohm_device *device;
    const struct ohm_data *data;
    struct ohm_tile_config tile;  /* with the size of the chip's */
    struct ohm_genotype *network; /* [recipe->use.networks] */
    struct collect_fold *fold;
    int folds; /* 1 where the recipe has none */
    uint64_t fingerprint;
};

/* recipe.c: the tables that the fingerprint is taken from too. */
extern const struct ohm_field collect_draw_fields[], collect_sample_fields[], collect_teach_fields[],
    collect_validate_fields[], collect_halving_fields[];

/* draw.c */
enum ohm_status draw_networks(struct ohm_collect *c, struct ohm_error *err);
enum ohm_status size_of_net(const struct ohm_collect *c, struct ohm_collect_size *size, const struct ohm_net *net,
                            struct ohm_error *err);

/* row.c */
void row_header(struct ohm_str *line, const struct ohm_collect_recipe *recipe);
void row_print(struct ohm_str *line, const struct ohm_collect *c, const struct ohm_collect_row *row);
bool row_column_is_time(const char *name);

/* log.c: the file of rows. */
struct row_log {
    const char *path;
    int fd;
};
/* Makes the file where it is missing, locks it, cuts off a last line without end. */
enum ohm_status log_open(struct row_log *log, const struct ohm_collect *c, const char *path, const char *program,
                         struct ohm_error *err);
void log_close(struct row_log *log);
/* One line; safe from several threads. */
enum ohm_status log_append(const struct row_log *log, const struct ohm_str *line, struct ohm_error *err);
/* The rows, after a look at columns and fingerprints. */
enum ohm_status log_read(struct ohm_csv *rows, const struct ohm_collect *c, const char *path, struct ohm_error *err);
/* Index of the row of that id, or -1. */
int log_find(const struct ohm_csv *rows, const char *id);
const char *log_cell(const struct ohm_csv *rows, int row, const char *column);

#endif
