/* join.c - groups of one channel and one output side by side, as columns of tiles that hold one column of each.
 *
 * A depthwise convolution has a matrix of one column for each channel. What is done to a sum is done column by column,
 * so that all groups can go through it together, with the bits of one after the other: only the normal numbers of each
 * group are a sequence of their own, of whose lines a single column takes the first number (normals_across). */
#include "conv_int.h"

#include <stddef.h>
#include <string.h>

/* What a tile has for each column. */
static const struct {
    size_t at, size;
} of_columns[] = {
    {offsetof(struct tile, gain), sizeof(float)},
    {offsetof(struct tile, curve), sizeof(float)},
    {offsetof(struct tile, slope), sizeof(float)},
    {offsetof(struct tile, noise), sizeof(float)},
    {offsetof(struct tile, adc_gain[PLUS]), sizeof(float)},
    {offsetof(struct tile, adc_gain[MINUS]), sizeof(float)},
    {offsetof(struct tile, adc_zero[PLUS]), sizeof(float)},
    {offsetof(struct tile, adc_zero[MINUS]), sizeof(float)},
    {offsetof(struct tile, ldpu.scale[PLUS]), sizeof(double)},
    {offsetof(struct tile, ldpu.scale[MINUS]), sizeof(double)},
    {offsetof(struct tile, ldpu.offset[PLUS]), sizeof(double)},
    {offsetof(struct tile, ldpu.offset[MINUS]), sizeof(double)},
    {offsetof(struct tile, ldpu.norm_scale), sizeof(double)},
    {offsetof(struct tile, ldpu.norm_offset), sizeof(double)},
    {offsetof(struct tile, nmpu.scale[PLUS]), sizeof(int32_t)},
    {offsetof(struct tile, nmpu.scale[MINUS]), sizeof(int32_t)},
    {offsetof(struct tile, nmpu.offset[PLUS]), sizeof(int32_t)},
    {offsetof(struct tile, nmpu.offset[MINUS]), sizeof(int32_t)},
    {offsetof(struct tile, nmpu.norm_scale), sizeof(int32_t)},
    {offsetof(struct tile, nmpu.norm_offset), sizeof(int32_t)},
};

struct joining {
    const struct conv_call *call;
    struct ohm_tiles *const *group;
    int groups, index; /* of the tile */
    float *memory;
    size_t used;
};

static const char *member(const struct tile *tile, size_t at)
{
    const char *pointer;

    memcpy(&pointer, (const char *)tile + at, sizeof pointer);
    return pointer;
}

static void join_columns(struct joining *j, struct tile *to, size_t at, size_t size)
{
    const size_t width = (size_t)j->call->width;
    char *own;

    if (!member(&j->group[0]->tile[j->index], at))
        return;
    own = (char *)take(j->memory, &j->used, width * size / sizeof(float));
    for (size_t c = 0; c < width && own; c++) { /* columns beyond the last group are as that one's */
        const size_t g = c < (size_t)j->groups ? c : (size_t)j->groups - 1;

        memcpy(own + c * size, member(&j->group[g]->tile[j->index], at), size);
    }
    memcpy((char *)to + at, &own, sizeof own);
}

static float **weights_of(struct tile *tile, int kind, int packing)
{
    return kind == 0 ? &tile->packed[packing] : kind == 1 ? &tile->absolute[packing] : &tile->ramped[packing];
}

/* The same weights stay the same: a product is not taken twice. */
static float *known_weights(const struct joining *j, struct tile *to, const float *wanted)
{
    for (int kind = 0; kind < 3; kind++)
        for (int k = 0; k < PACKINGS; k++)
            if (*weights_of(&j->group[0]->tile[j->index], kind, k) == wanted && *weights_of(to, kind, k))
                return *weights_of(to, kind, k);
    return NULL;
}

/* Packed weights of one column have a line for each row. */
static void join_weights(struct joining *j, struct tile *to, int kind, int packing)
{
    const int width = j->call->width, rows = j->group[0]->tile[j->index].rows;
    const float *const first = *weights_of(&j->group[0]->tile[j->index], kind, packing);
    float *own = first ? known_weights(j, to, first) : NULL;

    if (first && !own) {
        own = take(j->memory, &j->used, (size_t)rows * (size_t)width);
        for (int g = 0; g < j->groups && own; g++)
            for (int r = 0; r < rows; r++)
                own[r * width + g] = (*weights_of(&j->group[g]->tile[j->index], kind, packing))[r * LINE];
    }
    *weights_of(to, kind, packing) = own;
}

static void join_tile(struct joining *j, struct tile *to)
{
    const struct tile *const first = &j->group[0]->tile[j->index];

    *to =
        (struct tile){.first_row = first->first_row, .rows = first->rows, .columns = j->groups, .plane = first->plane};
    for (size_t i = 0; i < sizeof of_columns / sizeof of_columns[0]; i++)
        join_columns(j, to, of_columns[i].at, of_columns[i].size);
    for (int kind = 0; kind < 3; kind++)
        for (int k = 0; k < PACKINGS; k++)
            join_weights(j, to, kind, k);
}

/* As the noise of the groups one by one is named. */
static void join_keys(const struct joining *j, uint32_t *key, const struct ohm_rng *stream)
{
    const struct ohm_tiles *const t = j->group[0];
    const int width = j->call->width;

    for (int g = 0; g < j->groups; g++) {
        const struct ohm_rng own = ohm_rng_child(stream, (uint64_t)g), tile = ohm_rng_child(&own, (uint64_t)j->index);

        for (int phase = 0; phase < t->phases; phase++)
            for (int i = 0; i < 2; i++) {
                const uint64_t named = noise_stream(t, &tile, 0, phase, i == 0 ? FOR_WEIGHT : FOR_OUTPUT).key;
                uint32_t *const to = key + (size_t)(phase * 2 + i) * key_floats(j->call);

                to[g] = (uint32_t)named;
                to[width + g] = (uint32_t)(named >> 32);
            }
    }
}

size_t join_groups(struct conv_call *call, struct ohm_tiles *const *group, const struct ohm_rng *stream, float *memory)
{
    struct joining j = {.call = call, .group = group, .groups = call->channels, .memory = memory};
    const size_t count = (size_t)group[0]->count, keys = key_floats(call) * 2 * (size_t)group[0]->phases;
    struct tile *const tile = (struct tile *)(void *)take(memory, &j.used, count * sizeof *tile / sizeof(float) + 1);

    call->key = (uint32_t *)(void *)take(memory, &j.used, count * keys);
    call->joined = *group[0];
    call->joined.tile = tile;
    call->joined.outputs = call->joined.columns_most = j.groups;
    call->joined.step = take(memory, &j.used, (size_t)call->width);
    for (int g = 0; g < j.groups && memory; g++)
        call->joined.step[g] = group[g]->step[0];
    for (; j.index < (int)count; j.index++) {
        struct tile none;

        join_tile(&j, memory ? &tile[j.index] : &none);
        if (memory)
            join_keys(&j, call->key + (size_t)j.index * keys, stream);
    }
    return j.used;
}
