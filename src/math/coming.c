/* Made by its owner. */
typedef int ohm_math_is_coming;
