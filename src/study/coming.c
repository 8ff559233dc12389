/* Made by its owner. */
typedef int ohm_study_is_coming;
