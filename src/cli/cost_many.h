/* cost_many.h - many networks on several chips, and how far the chips agree on their order. */
#ifndef OHM_CLI_COST_MANY_H
#define OHM_CLI_COST_MANY_H

#include "chip_arg.h"
#include "net_list.h"

enum { OHM_COMPARE_MAX = 16 }; /* chips side by side */

/* One row a network with latency and energy on each chip, then one row a pair of chips: Kendall's tau of latency and of
 * energy, and the place that the fastest network of one has on the other. */
enum ohm_status ohm_cost_many(struct ohm_cli *cli, const struct ohm_net_list *nets, const struct ohm_words *chips,
                              const struct ohm_words *set, const struct ohm_format *format, struct ohm_error *err);

#endif
