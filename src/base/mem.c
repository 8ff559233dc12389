/* mem.c - checked allocation and the arena. */
#include "ohm/mem.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The countdown to a failure that a test asks for is per thread, and the one writable static of the library: it is
 * zero, and costs one comparison, unless a test sets it. */
static _Thread_local struct {
    long fail_at, count;
} fault;

void ohm_mem_fail_at(long n)
{
    fault.fail_at = n;
    fault.count = 0;
}

long ohm_mem_count(void)
{
    return fault.count;
}

static bool must_fail(void)
{
    fault.count++;
    return fault.fail_at > 0 && fault.count == fault.fail_at;
}

bool ohm_mul_size(size_t *product, size_t a, size_t b)
{
    return !__builtin_mul_overflow(a, b, product);
}

void *ohm_alloc(size_t n, size_t size)
{
    size_t bytes;

    if (!ohm_mul_size(&bytes, n, size) || must_fail())
        return NULL;
    return calloc(1, bytes ? bytes : 1);
}

void *ohm_realloc(void *block, size_t n, size_t size)
{
    size_t bytes;

    if (!ohm_mul_size(&bytes, n, size) || must_fail())
        return NULL;
    return realloc(block, bytes ? bytes : 1);
}

void ohm_free(void *block)
{
    free(block);
}

char *ohm_strdup(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = ohm_alloc(size, 1);

    if (copy)
        memcpy(copy, text, size);
    return copy;
}

bool ohm_grow(void *block_pointer, size_t *cap, size_t need, size_t item_size)
{
    void *block;
    size_t grown = *cap ? *cap : 8;

    if (need <= *cap)
        return true;
    while (grown < need) {
        if (grown > SIZE_MAX / 2)
            return false;
        grown *= 2;
    }
    memcpy(&block, block_pointer, sizeof block);
    block = ohm_realloc(block, grown, item_size);
    if (!block)
        return false;
    memcpy(block_pointer, &block, sizeof block);
    *cap = grown;
    return true;
}

/* A block holds its header, then objects one after another. Under AddressSanitizer each object is a block of its own,
 * so that a write past its end is seen. */
struct ohm_arena_block {
    struct ohm_arena_block *next;
    size_t size, used;
    alignas(16) unsigned char bytes[];
};

#if defined(__SANITIZE_ADDRESS__)
enum { FIRST_BLOCK = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { FIRST_BLOCK = 0 };
#else
enum { FIRST_BLOCK = 4096 };
#endif
#else
enum { FIRST_BLOCK = 4096 };
#endif

static struct ohm_arena_block *block_create(size_t size)
{
    struct ohm_arena_block *block;

    if (size > SIZE_MAX - sizeof *block || must_fail())
        return NULL;
    block = malloc(sizeof *block + size);
    if (block) {
        block->next = NULL;
        block->size = size;
        block->used = 0;
    }
    return block;
}

/* A spare block that is large enough, or a new one of at least twice the size of the last. */
static struct ohm_arena_block *block_for(struct ohm_arena *arena, size_t need)
{
    struct ohm_arena_block *block = arena->spare;
    size_t size = FIRST_BLOCK;

    if (block && block->size >= need && FIRST_BLOCK > 0) {
        arena->spare = block->next;
        block->used = 0;
    } else {
        if (FIRST_BLOCK > 0 && arena->head && arena->head->size < SIZE_MAX / 4)
            size = arena->head->size * 2;
        block = block_create(size > need ? size : need);
    }
    if (block) {
        block->next = arena->head;
        arena->head = block;
    }
    return block;
}

void *ohm_arena_alloc(struct ohm_arena *arena, size_t n, size_t size)
{
    struct ohm_arena_block *block = arena->head;
    size_t bytes;
    void *object;

    if (!ohm_mul_size(&bytes, n, size) || bytes > SIZE_MAX - 16)
        return NULL;
    bytes = (bytes + 15) & ~(size_t)15;
    if (!block || FIRST_BLOCK == 0 || block->size - block->used < bytes)
        block = block_for(arena, bytes);
    if (!block)
        return NULL;
    object = block->bytes + block->used;
    block->used += bytes;
    return memset(object, 0, bytes);
}

char *ohm_arena_strdup(struct ohm_arena *arena, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = ohm_arena_alloc(arena, size, 1);

    return copy ? memcpy(copy, text, size) : NULL;
}

static void free_list(struct ohm_arena_block *block)
{
    while (block) {
        struct ohm_arena_block *next = block->next;

        free(block);
        block = next;
    }
}

/* Only the newest block, the largest, is kept: after a few rounds one block holds everything. */
void ohm_arena_reset(struct ohm_arena *arena)
{
    struct ohm_arena_block *newest = arena->head;

    if (!newest)
        return;
    free_list(newest->next);
    free_list(arena->spare);
    newest->next = NULL;
    newest->used = 0;
    arena->spare = FIRST_BLOCK > 0 ? newest : NULL;
    if (FIRST_BLOCK == 0)
        free(newest);
    arena->head = NULL;
}

void ohm_arena_release(struct ohm_arena *arena)
{
    free_list(arena->head);
    free_list(arena->spare);
    *arena = (struct ohm_arena){ 0 };
}
