/* tensor.c - aligned memory, and the choice among the builds of the kernels. */
#include "tensor_int.h"

#include "ohm/mem.h"

enum ohm_status ohm_buffer_init(struct ohm_buffer *b, size_t n, struct ohm_error *err)
{
    enum { BOUNDARY = 64 };
    size_t bytes;
    void *block = NULL;

    if (ohm_mul_size(&bytes, n, sizeof(float)) && bytes <= SIZE_MAX - BOUNDARY)
        block = ohm_alloc(1, bytes + BOUNDARY);
    if (!block)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for %zu floats", n);
    *b = (struct ohm_buffer){
        .data = (float *)(((uintptr_t)block + BOUNDARY - 1) & ~(uintptr_t)(BOUNDARY - 1)), .n = n, .block = block};
    return OHM_OK;
}

void ohm_buffer_release(struct ohm_buffer *b)
{
    ohm_free(b->block);
    *b = (struct ohm_buffer){0};
}

const char *ohm_isa_name(enum ohm_isa isa)
{
    static const char *const names[OHM_ISA_COUNT] = {"best", "base", "avx2", "avx512"};

    return names[isa];
}

bool ohm_isa_present(enum ohm_isa isa)
{
#ifdef __x86_64__
    if (isa == OHM_ISA_AVX2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    if (isa == OHM_ISA_AVX512)
        return ohm_isa_present(OHM_ISA_AVX2) && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
    return isa == OHM_ISA_BEST || isa == OHM_ISA_BASE;
}

enum ohm_isa ohm_isa_best(void)
{
    if (ohm_isa_present(OHM_ISA_AVX512))
        return OHM_ISA_AVX512;
    return ohm_isa_present(OHM_ISA_AVX2) ? OHM_ISA_AVX2 : OHM_ISA_BASE;
}

const struct kernels *ohm_kernels_of(enum ohm_isa isa)
{
    if (isa == OHM_ISA_BEST)
        isa = ohm_isa_best();
#ifdef __x86_64__
    if (isa == OHM_ISA_AVX512)
        return &ohm_kernels_avx512;
    if (isa == OHM_ISA_AVX2)
        return &ohm_kernels_avx2;
#endif
    return &ohm_kernels_base;
}
