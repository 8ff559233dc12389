/* Made by its owner. */
typedef int ohm_eval_is_coming;
