/* Made by its owner. */
typedef int ohm_space_is_coming;
