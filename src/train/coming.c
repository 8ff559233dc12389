/* Made by its owner. */
typedef int ohm_train_is_coming;
