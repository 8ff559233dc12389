/* names.c - texts to numbers, by open addressing: a file may define hundreds of thousands of names. */
#include "onnx_int.h"

#include "ohm/mem.h"

#include <string.h>

bool ohm_name_map_init(struct ohm_name_map *map, size_t names)
{
    size_t room = 16;

    while (room < 2 * names)
        room *= 2;
    *map = (struct ohm_name_map){
        .key = ohm_alloc(room, sizeof(*map->key)), .at = ohm_alloc(room, sizeof(*map->at)), .mask = room - 1};
    return map->key && map->at;
}

void ohm_name_map_release(struct ohm_name_map *map)
{
    ohm_free(map->key);
    ohm_free(map->at);
    *map = (struct ohm_name_map){0};
}

/* Where the key is, or where it would go. */
static size_t place_of(const struct ohm_name_map *map, const char *key)
{
    size_t i = (size_t)ohm_hash(key, strlen(key)) & map->mask;

    while (map->key[i] && strcmp(map->key[i], key) != 0)
        i = (i + 1) & map->mask;
    return i;
}

int32_t *ohm_name_map_find(const struct ohm_name_map *map, const char *key)
{
    const size_t i = place_of(map, key);

    return map->key[i] ? &map->at[i] : NULL;
}

bool ohm_name_map_add(struct ohm_name_map *map, const char *key, int32_t at)
{
    const size_t i = place_of(map, key);

    if (map->key[i])
        return false;
    map->key[i] = key;
    map->at[i] = at;
    return true;
}
