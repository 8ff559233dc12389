/* paired.h - is A better than B on the same items? Both were trained from several seeds, and each training has, for
 * each item, the share of its answers that were right.
 *
 * What is looked at is, for each item, the mean of A's trainings less the mean of B's. Items of one group (the clips of
 * a speaker) are not independent: a group is taken as one unit, its difference the sum over its items. Where there are
 * no groups a unit is an item.
 *
 * Permutation test: if A and B are alike, each unit's difference is as likely as the same with the other sign. p is the
 * share of sign flips after which the sum is at least as far from 0 (p_one: at least as high). Up to 2^16 flips are all
 * looked at, else so many are drawn, the identity counted once (Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 9, 39,
 * 2010). With one training and one answer each this is McNemar's exact test.
 *
 * Bootstrap: the interval of the mean difference over items, of units drawn with replacement; trainings are as they
 * are. The second interval draws the trainings of each side anew too, one fewer than there are, which gives their mean
 * its variance s^2/n (McCarthy and Snowden, Vital and Health Statistics 2, 95, 1985; as many as there are would give
 * (n - 1)/n of it, two thirds for three seeds). */
#ifndef OHM_PAIRED_H
#define OHM_PAIRED_H

#include "ohm/error.h"

#include <stdbool.h>
#include <stdint.h>

struct ohm_paired {
    const double *a, *b;         /* [a_seeds][items], [b_seeds][items] */
    int a_seeds, b_seeds, items; /* >= 1 each */
    const uint64_t *group;       /* [items]; NULL: each item is alone */
};

struct ohm_paired_options {
    int permutations, resamples; /* >= 1 each */
    double level;                /* of the intervals: they hold 1 - level; in (0, 1) */
    uint64_t seed;
    int jobs; /* no result depends on it */
};

struct ohm_paired_result {
    double a, b, difference;      /* means over items and trainings; a - b */
    double low, high;             /* interval over units */
    double low_seeds, high_seeds; /* over units and trainings; NaN: a side has one training only */
    double p, p_one;              /* two-sided; that A is not better */
    int units, differing;         /* differing: whose difference is not 0 */
    bool exact;                   /* all sign flips were looked at */
};

/* OHM_ENOMEM. */
enum ohm_status ohm_paired_test(struct ohm_paired_result *result, const struct ohm_paired *data,
                                const struct ohm_paired_options *options, struct ohm_error *err);

#endif
