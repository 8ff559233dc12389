/* steps_avx2.c - the steps for x86-64-v3. */
#ifdef __x86_64__
#define STEPS_NAME steps_avx2
#include "steps.h"
#else
typedef int steps_avx2; /* a file may not be empty */
#endif
