/* tensor.h - memory for activations and weights, and the instruction sets that kernels are built for.
 *
 * Activations are float NHWC, weights [c_out][k_h][k_w][c_in / groups]; shapes travel beside the pointer. */
#ifndef OHM_TENSOR_H
#define OHM_TENSOR_H

#include "ohm/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Zeroed floats at a 64-byte boundary, so that a vector never straddles two cache lines. {0} holds nothing. */
struct ohm_buffer {
    float *data; /* [n] */
    size_t n;
    void *block; /* what was allocated; data lies in it */
};
/* n = 0 gives a valid pointer. OHM_ENOMEM: *b is untouched. */
enum ohm_status ohm_buffer_init(struct ohm_buffer *b, size_t n, struct ohm_error *err);
void ohm_buffer_release(struct ohm_buffer *b); /* {0} is fine; leaves {0} */

/* Kernels exist once for each of these; all give the same bits. */
enum ohm_isa {
    OHM_ISA_BEST,   /* the widest one that this processor has */
    OHM_ISA_BASE,   /* any processor; emulates the fused multiply-add, slow */
    OHM_ISA_AVX2,   /* x86-64-v3 */
    OHM_ISA_AVX512, /* x86-64-v4 */
    OHM_ISA_COUNT
};
const char *ohm_isa_name(enum ohm_isa isa); /* "best" "base" "avx2" "avx512" */
bool ohm_isa_present(enum ohm_isa isa);     /* built in, and this processor has it */
enum ohm_isa ohm_isa_best(void);

/* How a kernel is to be run. {.jobs = 1} is one thread on the widest instruction set. */
struct ohm_exec {
    int jobs;         /* threads, >= 1; inside an ohm_parallel_for a kernel runs on its caller's thread alone */
    enum ohm_isa isa; /* one that is present */
};

#endif
