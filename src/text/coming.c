/* Made by its owner. */
typedef int ohm_text_is_coming;
