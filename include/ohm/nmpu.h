/* nmpu.h - the fixed-point unit behind a core of the 64-core chip: two counts of a column become one 8-bit output.
 *
 * Ferro et al., arXiv 2402.07549 (ISCAS 2024) publish its two branches, scales with 1 + 7 bits without sign, offsets
 * with 7 + 1 bits with sign, batch norm and ReLU; not the order of roundings, the widths inside, nor what saturates.
 * Those are design defaults here, and options. */
#ifndef OHM_NMPU_H
#define OHM_NMPU_H

#include "ohm/error.h"
#include "ohm/field.h"

#include <stdbool.h>
#include <stdint.h>

enum ohm_nmpu_rounding { OHM_NMPU_HALF_UP, OHM_NMPU_TRUNCATE };

struct ohm_nmpu_config {
    int rounding;        /* enum ohm_nmpu_rounding, at both places */
    int64_t guard_bits;  /* fraction bits between the branches and the batch norm */
    int64_t branch_bits; /* width of a branch with sign; it saturates */
};
extern const struct ohm_field ohm_nmpu_fields[];

/* What the unit keeps for a column. Scales are codes / 128, offsets codes / 2. */
struct ohm_nmpu_codes {
    uint8_t scale_plus, scale_minus;  /* of each count */
    int8_t offset_plus, offset_minus; /* in counts, behind the scale */
    uint8_t norm_scale;
    int8_t norm_offset; /* in outputs */
    bool relu;
};

/* plus and minus in [0, 4095], the counters of the ADC. */
int8_t ohm_nmpu_output(const struct ohm_nmpu_config *config, const struct ohm_nmpu_codes *codes, int plus, int minus);
void ohm_nmpu_outputs(int8_t *out, const struct ohm_nmpu_config *config, const struct ohm_nmpu_codes *codes,
                      const uint16_t *plus, const uint16_t *minus, int n);

/* What was measured of a column, and what is wanted of it. */
struct ohm_nmpu_column {
    double gain_plus, gain_minus; /* counts per unit of the ideal count, > 0 */
    double zero_plus, zero_minus; /* counts without any current */
    double scale, offset; /* output = scale (plus - minus of ideal counts) + offset, batch norm included; >= 0 */
    bool relu;
};
/* Codes of a core's columns: inverse gains over the smallest power of two that brings them all below 2; the batch
 * norm's scale takes it back. OHM_ERANGE: column and number for which there is no code; codes are untouched then. */
enum ohm_status ohm_nmpu_calibrate(struct ohm_nmpu_codes *codes, const struct ohm_nmpu_column *columns, int n,
                                   struct ohm_error *err);

/* The codes that come nearest to what is wanted of one column, whatever that is: of all products of a scale and the batch
 * norm's scale the pair with the smallest error at outputs of 32; what the batch norm's offset cannot hold goes to the
 * offsets of the branches. What no code reaches is held to the last one. */
void ohm_nmpu_fit(struct ohm_nmpu_codes *codes, const struct ohm_nmpu_config *config,
                  const struct ohm_nmpu_column *column);

#endif
