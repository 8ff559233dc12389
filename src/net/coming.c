/* Made by its owner. */
typedef int ohm_net_is_coming;
