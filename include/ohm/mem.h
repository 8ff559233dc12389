/* mem.h - memory: checked sizes, an arena for what is built once and then only read, and a call that fails on demand.
 *
 * Every allocation of ohmnas goes through ohm_alloc, so that a test can make the n-th one fail. */
#ifndef OHM_MEM_H
#define OHM_MEM_H

#include <stdbool.h>
#include <stddef.h>

/* a * b, or false where the product does not fit. */
bool ohm_mul_size(size_t *product, size_t a, size_t b);

/* Zeroed memory for n items of `size` bytes, or NULL (too large, or no memory). n = 0 gives a valid pointer. */
void *ohm_alloc(size_t n, size_t size);
/* Like realloc; new memory is not cleared. On failure NULL, and the old block stays valid. */
void *ohm_realloc(void *block, size_t n, size_t size);
void ohm_free(void *block); /* NULL is fine */
char *ohm_strdup(const char *text);

/* Grows *block (capacity *cap items) so that `need` items fit, by doubling. false: no memory, nothing changed. */
bool ohm_grow(void *block_pointer, size_t *cap, size_t need, size_t item_size);

/* For tests: from now on the n-th allocation of this thread fails (1 = the next one); 0 switches that off. */
void ohm_mem_fail_at(long n);
long ohm_mem_count(void); /* allocations of this thread since the last ohm_mem_fail_at */

/* An arena: many small objects, one free. {0} is an empty arena. Not safe for two threads. */
struct ohm_arena {
    struct ohm_arena_block *head;
    struct ohm_arena_block *spare; /* kept by reset for the next use */
};
/* Zeroed, aligned to 16 bytes; NULL: no memory. */
void *ohm_arena_alloc(struct ohm_arena *arena, size_t n, size_t size);
char *ohm_arena_strdup(struct ohm_arena *arena, const char *text);
void ohm_arena_reset(struct ohm_arena *arena);   /* forgets the objects, keeps the memory */
void ohm_arena_release(struct ohm_arena *arena); /* gives the memory back */

#endif
