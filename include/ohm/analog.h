/* analog.h - a matrix on crossbar tiles: programmed once, read at any time after, multiplied with vectors.
 *
 * A matrix [outputs][inputs] is cut into tiles of equal parts; every tile has its own scale, converters and drift
 * compensation, and the tiles' sums are digital. What happens to a vector, in this order (docs/analog.md has the
 * formulas): input range, noise management, DAC, product, IR drop, voltage offset and series resistance, weight noise,
 * non-linearity, output noise, ADC, bound management, scales, compensation.
 *
 * Draws are counted, not queued: what a vector meets follows from its number, its tile and the key of the stream alone;
 * neither the order of calls nor the number of threads nor the instruction set shows in a bit. */
#ifndef OHM_ANALOG_H
#define OHM_ANALOG_H

#include "ohm/device.h"
#include "ohm/error.h"
#include "ohm/field.h"
#include "ohm/nmpu.h"
#include "ohm/ops.h"
#include "ohm/rng.h"
#include "ohm/tensor.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- settings of a tile ---- */

/* How inputs of both signs meet weights of both signs.
 *   one_phase          all at once, one conversion
 *   two_phase          positive, then negative inputs; their difference is taken before the one conversion
 *   two_phase_digital  the same, each with a conversion of its own
 *   four_phase         each sign of inputs with each sign of weights alone, four conversions (4-phase reading of the
 *                      64-core chip; one_phase is its 1-phase) */
enum ohm_tile_read_mode { OHM_TILE_ONE_PHASE, OHM_TILE_TWO_PHASE, OHM_TILE_TWO_PHASE_DIGITAL, OHM_TILE_FOUR_PHASE };
enum ohm_tile_scaling { OHM_SCALING_NONE, OHM_SCALING_TILE, OHM_SCALING_COLUMN };
/* What the inputs of a vector are divided by, and its outputs multiplied with. */
enum ohm_noise_management { OHM_NM_NONE, OHM_NM_ABS_MAX, OHM_NM_MAX, OHM_NM_CONSTANT, OHM_NM_ABS_MAX_NP_SUM };
enum ohm_bound_management { OHM_BM_NONE, OHM_BM_ITERATIVE, OHM_BM_ITERATIVE_WORST_CASE };
enum ohm_output_weight_noise { OHM_WNOISE_NONE, OHM_WNOISE_ADDITIVE, OHM_WNOISE_PCM_READ };
/* one_hot reads the whole tile with one input at a time and compares with the reading right after programming
 * (aihwkit's global compensation): biased where outputs are as small as noise or a step of the ADC. unbiased sends
 * vectors of random signs and regresses on what the target weights would give. _column: a factor for each output. */
enum ohm_compensation {
    OHM_COMPENSATE_NONE,
    OHM_COMPENSATE_ONE_HOT,
    OHM_COMPENSATE_ONE_HOT_COLUMN,
    OHM_COMPENSATE_UNBIASED,
    OHM_COMPENSATE_UNBIASED_COLUMN
};

/* What comes behind the ADC.
 *   fp32  arithmetic without a limit
 *   fp16  the digital unit of the 64-core chip: binary16, INT8 out and between tiles of rows
 *   nmpu  the fixed-point unit (nmpu.h), INT8 likewise
 * All three know the gains and zeros of the converters as measured; ohm_tiles_fold tells the two what to give. */
enum ohm_tile_periphery { OHM_TILE_FP32, OHM_TILE_FP16, OHM_TILE_NMPU };

/* Inputs in units of the input range, weights in units of their scale; outputs are their products. */
struct ohm_tile_config {
    int64_t rows, columns; /* inputs and outputs of a tile, at most; 0: no limit */
    int scaling;           /* enum ohm_tile_scaling */
    double omega;          /* the largest weight after scaling */

    int64_t dac_bits; /* with sign: 2^bits - 1 levels; 0: no rounding */
    double dac_bound; /* 0: no limit */
    double dac_noise; /* standard deviation behind the DAC */
    int noise_management;
    double nm_threshold;    /* constant: the divisor (0: 1); else the largest divisor, 0: no limit */
    double input_asymmetry; /* negative inputs are smaller by this share */

    int read_mode;
    double read_asymmetry_sd; /* spread of the weights' factors that negative inputs meet; not with one_phase */
    double ir_drop, ir_drop_g_ratio;
    double v_offset_sd, v_offset_w_min, r_series;
    int weight_noise;
    double weight_noise_sd;
    double out_nonlinearity, out_nonlinearity_sd, slope_calibration;
    double out_asymmetry;
    double out_noise, out_noise_sd; /* deviation; its own spread over outputs, relative */

    int64_t adc_bits;
    double adc_bound; /* 0: no limit */
    int bound_management;
    double bm_max_factor, bm_max_resolution;

    double adc_gain_sd;   /* spread of the ADCs' gains over columns and signs, relative */
    double adc_offset_sd; /* of the counts without any current; those are |sd xi|, to whole counts */
    int periphery;        /* enum ohm_tile_periphery */
    struct ohm_nmpu_config nmpu;

    int64_t redundancy; /* the weights of a tile lie in so many arrays, whose outputs are averaged digitally */
    int64_t weight_slices, weight_slice_bits; /* slices of so many bits, each on tiles of its own; 0 bits: not cut */
    int64_t input_slice_bits;                 /* a conversion for so many bits of the inputs; 0: of all */
    bool on_off_current; /* the current of g_min flows through the converters; the sum of phases takes it back */

    int64_t partial_bits; /* of the sum after each tile of rows, as on the 64-core chip; 0: exact */
    double partial_bound; /* its end, in input range times largest scale */
    int compensation;
};
extern const struct ohm_field ohm_tile_fields[];

/* OHM_ECONFIG: settings that exclude each other. */
enum ohm_status ohm_tile_config_check(const struct ohm_tile_config *config, struct ohm_error *err);
/* No error source and no limit: the product is the digital one, to the bit. */
bool ohm_tile_config_exact(const struct ohm_tile_config *config);

/* ---- a matrix on tiles ---- */

struct ohm_tiles;

struct ohm_tiles_spec {
    const float *w; /* [outputs][inputs], copied */
    int outputs, inputs;
    double input_range;              /* vectors end at +-this, which is 1 to the DAC; 0: none */
    const float *sign;               /* [outputs] or NULL: a column with a number below 0 is held mirrored */
    const struct ohm_device *device; /* borrowed; NULL or one without any error: weights stay as they are, to the bit */
};
/* OHM_ENOMEM, OHM_ECONFIG. The weights are the targets until ohm_tiles_program. */
enum ohm_status ohm_tiles_create(struct ohm_tiles **out, const struct ohm_tile_config *config,
                                 const struct ohm_tiles_spec *spec, struct ohm_error *err);
void ohm_tiles_free(struct ohm_tiles *tiles); /* NULL is fine */

/* Programs all devices and draws what is fixed in the periphery; the weights are then those programmed, before any
 * read. May be called again: another instance of the hardware. On an error the tiles are to be programmed anew. */
enum ohm_status ohm_tiles_program(struct ohm_tiles *tiles, const struct ohm_rng *stream, struct ohm_exec exec,
                                  struct ohm_error *err);
/* The weights as they are t_s after programming, one draw of read noise, and the compensation for them; in any order of
 * times. OHM_ERANGE: the device is not known at that time. */
enum ohm_status ohm_tiles_read(struct ohm_tiles *tiles, double t_s, const struct ohm_rng *stream, struct ohm_exec exec,
                               struct ohm_error *err);

/* What the outputs of a periphery are that is not fp32: INT8 of scale x sum + offset, ReLU; for which the unit of an
 * INT8 is bound / 127 (of nmpu larger where it has no factor that large). As created: scale 1, offset 0, bound that of
 * the ADC. Scales should have the signs of the spec, the fixed-point unit knows no others. Holds from the next
 * programming or reading on; all is copied. */
struct ohm_tiles_fold {
    const float *scale, *offset; /* [outputs] */
    bool relu;
    double bound; /* > 0 */
};
void ohm_tiles_fold(struct ohm_tiles *tiles, const struct ohm_tiles_fold *fold);
int ohm_tiles_rows(const struct ohm_tiles *tiles); /* tiles of rows, whose sums are added */

/* What one call multiplies. */
struct ohm_mvm {
    const float *x; /* [n][inputs] */
    int n;
    const float *bias; /* [outputs] or NULL: what the digital sum begins with; behind a periphery that is not fp32 */
    float *partials;   /* [tiles of rows][n][outputs], the sums after each of them, and all is as in fp32; or NULL */
    uint64_t first;    /* number of the first vector: a batch in two parts is [0, k) and [k, n) */
    struct ohm_rng stream;
    float *scratch; /* of ohm_tiles_scratch floats */
};
size_t ohm_tiles_scratch(const struct ohm_tiles *tiles, int jobs);
/* y[n][outputs]. Allocates nothing; several threads may call it on the same tiles. */
void ohm_tiles_mvm(const struct ohm_tiles *tiles, float *y, const struct ohm_mvm *mvm, struct ohm_exec exec);

/* The same for a convolution of groups, each with tiles of its own: group[d->groups], of one shape, one fold and one
 * set of settings; the stream of group g is child g of that of the call. x [n][h][w][c_in], y [n][out_h][out_w][c_out],
 * where an output is the product with its patch in the order (k_y, k_x, c), to the bit, and `first` the number of the
 * first output of the first image; partials [tiles of rows][all outputs][c_out]. d->n is not read. Quicker than
 * patches: DAC and product are shared between them. The scratch is 0 where the settings ask for something of each
 * patch: noise management, bound management, DAC noise, offset voltages, series resistance, additive weight noise,
 * slices of inputs; or for no step at all. */
size_t ohm_tiles_conv_scratch(struct ohm_tiles *const *group, const struct ohm_conv2d *d, int jobs);
void ohm_tiles_conv(struct ohm_tiles *const *group, float *y, const struct ohm_mvm *mvm, const struct ohm_conv2d *d,
                    struct ohm_exec exec);

/* ---- what is inside, for statistics ---- */

struct ohm_tile_view {
    int first_row, rows, first_column, columns;
    const float *scale;                     /* [columns] */
    const float *target, *programmed, *now; /* [columns][rows], in units of scale */
    const float *alpha;                     /* [columns]: factors of compensation */
};
int ohm_tiles_count(const struct ohm_tiles *tiles);
struct ohm_tile_view ohm_tiles_view(const struct ohm_tiles *tiles, int tile);

#endif
