/* Made by its owner. */
typedef int ohm_data_is_coming;
