/* clock.c - the monotonic clock. */
#include "ohm/clock.h"

#include <time.h>

double ohm_now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
