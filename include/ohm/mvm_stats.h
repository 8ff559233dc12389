/* mvm_stats.h - how far products of an analog matrix are from the digital ones. */
#ifndef OHM_MVM_STATS_H
#define OHM_MVM_STATS_H

#include <stddef.h>

/* Sums over pairs (wanted, got); {0} is empty. Sums of parts may be added up. */
struct ohm_mvm_sums {
    double n, wanted, wanted2, error, error2, cross; /* error = got - wanted; cross = sum wanted error */
};
void ohm_mvm_sums_add(struct ohm_mvm_sums *s, const float *wanted, const float *got, size_t n);
void ohm_mvm_sums_join(struct ohm_mvm_sums *s, const struct ohm_mvm_sums *other);

struct ohm_mvm_stats {
    double wanted_sd;
    double error_mean, error_sd, error_rms;
    double relative;       /* error_rms / wanted_sd */
    double slope;          /* of the regression of what was got on what was wanted */
    double sd_after_slope; /* of the error around that line */
};
/* NaN where there is nothing to tell. */
struct ohm_mvm_stats ohm_mvm_stats(const struct ohm_mvm_sums *s);

#endif
