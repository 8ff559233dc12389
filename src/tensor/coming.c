/* Made by its owner. */
typedef int ohm_tensor_is_coming;
