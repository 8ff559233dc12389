/* steps_avx512.c - the steps for x86-64-v4. */
#ifdef __x86_64__
#define STEPS_NAME steps_avx512
#include "steps.h"
#else
typedef int steps_avx512; /* a file may not be empty */
#endif
