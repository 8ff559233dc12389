/* chip_golden.h - the golden values of chips, computed from the same published formulas by another program. */
#ifndef CHIP_GOLDEN_H
#define CHIP_GOLDEN_H

#include "chip_fixture.h"

#include "ohm/doc.h"

#include <math.h>

#define GOLDEN "../shared/golden/chips/golden.json"

static struct ohm_doc *golden;

static inline int load_golden(void **state)
{
    (void)state;
    if (ohm_doc_load(&golden, GOLDEN, NULL) != OHM_OK)
        print_message("SKIPPED: ../shared is absent: no golden values of the chip are checked\n");
    return 0;
}

static inline int free_golden(void **state)
{
    (void)state;
    ohm_doc_free(golden);
    return 0;
}

/* The golden value of that key. */
static inline double gold(const char *a, const char *b, const char *c)
{
    char key[128];
    double value = NAN;

    snprintf(key, sizeof key, "%s%s%s", a, b, c);
    if (!ohm_node_double(ohm_map_get(ohm_doc_root(golden), key), key, 0, 1e12, &value, NULL))
        fail_msg("no golden value %s", key);
    return value;
}

static inline void near(double value, double wanted, double relative, const char *what)
{
    if (!(fabs(value - wanted) <= relative * fabs(wanted)))
        fail_msg("%s is %.8g, should be %.8g", what, value, wanted);
}

#define GOLD(value, prefix, middle, name) near((value), gold(prefix, middle, name), 1e-3, prefix " " name)
/* As printed in a publication of few digits: within 0.5 %. */
#define GOLD_PRINTED(value, key) near((value), gold(key, "", ""), 5e-3, key)
#define GOLD_COUNT(value, key)   assert_int_equal((int64_t)(value), (int64_t)gold(key, "", ""))

#endif
