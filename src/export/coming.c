/* Made by its owner. */
typedef int ohm_export_is_coming;
