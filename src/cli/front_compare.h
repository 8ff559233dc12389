/* front_compare.h - the front of one study against those of others. */
#ifndef OHM_CLI_FRONT_COMPARE_H
#define OHM_CLI_FRONT_COMPARE_H

#include "front.h"

struct ohm_front_question {
    const struct ohm_db_options *db;
    const struct ohm_words *against; /* names of the other studies */
    const char *objective, *where;   /* NULL: those of the first study; all trials */
};

/* Prints, for each of the others, hypervolumes and how much of one front the other one covers. */
enum ohm_status ohm_fronts_compare(struct ohm_cli *cli, const struct ohm_front_question *q,
                                   const struct ohm_format *format, struct ohm_error *err);
/* All fronts in one drawing: the first objective upwards, the second to the right. */
enum ohm_status ohm_fronts_draw(struct ohm_cli *cli, const struct ohm_front_question *q, struct ohm_str *svg,
                                struct ohm_error *err);

#endif
