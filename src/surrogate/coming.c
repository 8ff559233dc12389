/* Made by its owner. */
typedef int ohm_surrogate_is_coming;
