/* net_list.h - several networks at once: named one by one, drawn from a space, or the front of a study. */
#ifndef OHM_CLI_NET_LIST_H
#define OHM_CLI_NET_LIST_H

#include "cli_int.h"

enum { OHM_NET_LIST_MAX = 100000 };

struct ohm_net_list {            /* {0} is empty */
    struct ohm_named_net **item; /* [count]; each its own, for a net points into its builder */
    int count;
    size_t room;
};
void ohm_net_list_release(struct ohm_net_list *list);

/* Appends the network that the text names (ohm_net_arg). */
enum ohm_status ohm_net_list_add(struct ohm_cli *cli, struct ohm_net_list *list, const char *text,
                                 const struct ohm_net_options *options, struct ohm_error *err);
enum ohm_status ohm_net_list_words(struct ohm_cli *cli, struct ohm_net_list *list, const struct ohm_args *args,
                                   const struct ohm_net_options *options, struct ohm_error *err);
/* Appends n networks as `ohmnas sample` draws them. */
enum ohm_status ohm_net_list_draw(struct ohm_cli *cli, struct ohm_net_list *list, const char *space, int64_t n,
                                  uint64_t seed, struct ohm_error *err);
/* Appends the Pareto front of a study, best by its first objective first. */
enum ohm_status ohm_net_list_front(struct ohm_cli *cli, struct ohm_net_list *list,
                                   const struct ohm_net_options *options, struct ohm_error *err);
/* Appends the k best networks of a study, best first (ohm_best_trials). */
enum ohm_status ohm_net_list_best(struct ohm_cli *cli, struct ohm_net_list *list, const struct ohm_net_options *options,
                                  int k, struct ohm_error *err);

#endif
