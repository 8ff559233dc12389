/* gate.h - a condition of --gate over values that have a name each: of the whole, and of each time. */
#ifndef OHM_CLI_GATE_H
#define OHM_CLI_GATE_H

#include "cli_int.h"

struct ohm_expr;

/* What there is: names of the whole, and patterns with one %s for the time ("acc_%s_low"). */
struct ohm_gate_names {
    const char *const *fixed, *const *each;
    int fixed_count, each_count;
};

struct ohm_gate {
    struct ohm_expr *expr; /* NULL: there is none */
    const char **name;     /* [names], in the arena: those of the whole, then those of each time */
    int names;
};
/* Before anything is measured; text NULL: no condition. OHM_ECONFIG: syntax. OHM_ENOTFOUND: an unknown name, such as a
 * time not asked for. */
enum ohm_status ohm_gate_init(struct ohm_cli *cli, struct ohm_gate *gate, const char *text,
                              const struct ohm_gate_names *names, const struct ohm_words *times, struct ohm_error *err);
void ohm_gate_release(struct ohm_gate *gate);
/* value[names], NaN: missing. OHM_EGATE: the condition does not hold, or a value in it is missing; err says what is
 * there. */
enum ohm_status ohm_gate_check(const struct ohm_gate *gate, const double *value, struct ohm_error *err);

#endif
