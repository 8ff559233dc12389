/* half.h - binary16 (IEEE 754) as doubles that hold no other numbers: the same bits from every instruction set.
 *
 * Sums and products with one addition of binary16 numbers in the range of counts are exact in double, so that rounding
 * once, here, is what a unit with fused multiply-add does. */
#ifndef OHM_HALF_H
#define OHM_HALF_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* To the nearest, ties to even; from 65520 on infinite. */
static inline double half_of(double x)
{
    const double magic = 402653184.0; /* 1.5 2^28, whose last place is 2^-24, as of subnormal numbers */
    const double fixed = (x + magic) - magic;
    uint64_t bits;
    double floating;

    /* A fraction of 52 bits goes down to 10; a carry goes up into the exponent, as it should. */
    memcpy(&bits, &x, sizeof bits);
    bits += (((uint64_t)1 << 41) - 1) + (bits >> 42 & 1);
    bits &= ~(((uint64_t)1 << 42) - 1);
    memcpy(&floating, &bits, sizeof floating);
    floating = fabs(floating) > 65504 ? copysign(INFINITY, x) : floating;
    return fabs(x) < 0x1p-14 ? fixed : floating;
}

#endif
