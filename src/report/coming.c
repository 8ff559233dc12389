/* Made by its owner. */
typedef int ohm_report_is_coming;
