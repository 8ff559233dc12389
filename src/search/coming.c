/* Made by its owner. */
typedef int ohm_search_is_coming;
