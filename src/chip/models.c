/* models.c - the chip models that a file can name. */
#include "chip_int.h"

static const struct chip_model *const models[] = {
    &ohm_model_multicore,
    &ohm_model_mesh,
    &ohm_model_layerserial,
    &ohm_model_cluster,
    &ohm_model_cpu,
};

const char *const ohm_chip_model_names[] = {
    "multicore", "mesh", "layerserial", "cluster", "cpu", NULL,
};

int ohm_chip_models(void)
{
    return (int)(sizeof models / sizeof models[0]);
}

const struct chip_model *ohm_chip_model(int i)
{
    return models[i];
}
