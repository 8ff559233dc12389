/* Made by its owner. */
typedef int ohm_chip_is_coming;
