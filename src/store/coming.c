/* Made by its owner. */
typedef int ohm_store_is_coming;
