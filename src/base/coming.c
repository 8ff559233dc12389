/* Made by its owner. */
typedef int ohm_base_is_coming;
