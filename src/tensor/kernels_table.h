/* kernels_table.h - the kernels of one instruction set, for the table that ohm_kernels_of chooses from. */
#include "kernels_conv.h"
#include "kernels_depthwise.h"
#include "kernels_elementwise.h"

#include "kernels_analog.h"

const struct kernels OHM_KERNELS = {
    .conv = conv,
    .conv_pair = conv_pair,
    .weights = weights,
    .depthwise = depthwise,
    .depthwise_weights = depthwise_weights,
    .column_sums = column_sums,
    .affine = affine,
    .relu = relu,
    .relu_backward = relu_backward,
    .add = add,
    .add_relu = add_relu,
    .add_scaled = add_scaled,
    .larger = larger,
    .scale = scale,
    .dac = dac,
    .adc = adc,
    .range_part = range_part,
    .moments = moments,
    .limit = limit,
    .weight_noise = weight_noise,
    .normals = normals,
};
