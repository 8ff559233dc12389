/* near.h - comparison of doubles for the tests of math; cmocka's own takes floats. */
#ifndef NEAR_H
#define NEAR_H

#include <math.h>

#define assert_near(a, b, within)                                                                                      \
    do {                                                                                                               \
        const double near_a = (a), near_b = (b);                                                                       \
                                                                                                                       \
        if (!(fabs(near_a - near_b) <= (within)))                                                                      \
            fail_msg("%.17g is not within %g of %.17g", near_a, (double)(within), near_b);                             \
    } while (0)

#endif
