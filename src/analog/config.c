/* config.c - settings of a tile: keys, defaults, what excludes what. */
#include "ohm/analog.h"

static const char *const scaling_names[] = {"none", "tile", "column", NULL};
static const char *const nm_names[] = {"none", "abs_max", "max", "constant", "abs_max_np_sum", NULL};
static const char *const bm_names[] = {"none", "iterative", "iterative_worst_case", NULL};
static const char *const read_names[] = {"one_phase", "two_phase", "two_phase_digital", "four_phase", NULL};
static const char *const noise_names[] = {"none", "additive", "pcm_read", NULL};
static const char *const periphery_names[] = {"fp32", "fp16", "nmpu", NULL};
static const char *const rounding_names[] = {"half_up", "truncate", NULL};
static const char *const compensation_names[] = {"none",     "one_hot",         "one_hot_column",
                                                 "unbiased", "unbiased_column", NULL};

/* 256 x 256, 8 bits: core of the 64-core chip (Le Gallo et al., Nat. Electron. 2023). Bound 10 and noise 0.04: the
 * evaluation settings of Rasch et al., Nat. Commun. 14 (2023), as in aihwkit 1.1.0; from there all other defaults. */
const struct ohm_field ohm_tile_fields[] = {
    OHM_INT(ohm_tile_config, rows, 256, 0, 65536, "inputs of a tile, at most; 0: no limit"),
    OHM_INT(ohm_tile_config, columns, 256, 0, 65536, "outputs of a tile, at most; 0: no limit"),
    OHM_CHOICE(ohm_tile_config, scaling, OHM_SCALING_TILE, scaling_names, "what the largest weight is taken over"),
    OHM_REAL(ohm_tile_config, omega, 1, 1e-6, 1e6, "the largest weight after scaling"),
    OHM_INT(ohm_tile_config, dac_bits, 8, 0, 16, "of inputs, with sign; 0: no rounding"),
    OHM_REAL(ohm_tile_config, dac_bound, 1, 0, 1e6, "inputs end at it; 0: no limit"),
    OHM_REAL(ohm_tile_config, dac_noise, 0, 0, 1e3, "deviation of inputs"),
    OHM_CHOICE(ohm_tile_config, noise_management, OHM_NM_NONE, nm_names, "what inputs are divided by"),
    OHM_REAL(ohm_tile_config, nm_threshold, 0, 0, 1e6, "constant: the divisor (0: 1); else the largest (0: any)"),
    OHM_REAL(ohm_tile_config, input_asymmetry, 0, -1, 1, "negative inputs are smaller by this share"),
    OHM_CHOICE(ohm_tile_config, read_mode, OHM_TILE_ONE_PHASE, read_names, "how signs of inputs and weights meet"),
    OHM_REAL(ohm_tile_config, read_asymmetry_sd, 0, 0, 10, "spread of the weights that negative inputs meet"),
    OHM_REAL(ohm_tile_config, ir_drop, 0, 0, 1e6, "scale of the voltage drop along wires; 0: none"),
    /* 1 / (0.35 Ohm 5 uS): a cell of wire, the largest conductance */
    OHM_REAL(ohm_tile_config, ir_drop_g_ratio, 571428.57, 1, 1e12, "conductance of wire over that of weight 1"),
    OHM_REAL(ohm_tile_config, v_offset_sd, 0, 0, 1, "spread of voltage offsets, relative to the read voltage"),
    OHM_REAL(ohm_tile_config, v_offset_w_min, -1, -1e3, 0, "weight whose current is the reference; 0: none"),
    OHM_REAL(ohm_tile_config, r_series, 0, 0, 1e3, "series resistance"),
    OHM_CHOICE(ohm_tile_config, weight_noise, OHM_WNOISE_NONE, noise_names, "read noise of weights, at the outputs"),
    OHM_REAL(ohm_tile_config, weight_noise_sd, 0.0175, 0, 1e3, "its deviation"),
    OHM_REAL(ohm_tile_config, out_nonlinearity, 0, 0, 1e3, "S-shape of outputs, at adc_bound"),
    OHM_REAL(ohm_tile_config, out_nonlinearity_sd, 0, 0, 1e3, "its spread over outputs, relative"),
    OHM_REAL(ohm_tile_config, slope_calibration, 0, 0, 1, "share of adc_bound where the slope is made right; 0: off"),
    OHM_REAL(ohm_tile_config, out_asymmetry, 0, -1, 1, "negative outputs are smaller by this share"),
    OHM_REAL(ohm_tile_config, out_noise, 0.04, 0, 1e3, "deviation before the ADC"),
    OHM_REAL(ohm_tile_config, out_noise_sd, 0, 0, 1e3, "spread of that deviation over outputs, relative"),
    OHM_INT(ohm_tile_config, adc_bits, 8, 0, 16, "of outputs, with sign; 0: no rounding"),
    OHM_REAL(ohm_tile_config, adc_bound, 10, 0, 1e6, "end of the ADC in largest input x largest weight; 0: none"),
    OHM_CHOICE(ohm_tile_config, bound_management, OHM_BM_NONE, bm_names, "repeat with smaller inputs at the bound"),
    OHM_REAL(ohm_tile_config, bm_max_factor, 1000, 1, 1e9, "no repetition once inputs are divided by more"),
    OHM_REAL(ohm_tile_config, bm_max_resolution, 0.25, 0, 1, "nor once a level of the DAC stands for more"),
    /* published: 0.0709, Khaddam-Aljameh et al., JSSC 57 (2022) 1027 */
    OHM_REAL(ohm_tile_config, adc_gain_sd, 0, 0, 0.25, "spread of ADC gains over columns and signs, relative"),
    OHM_REAL(ohm_tile_config, adc_offset_sd, 0, 0, 30, "spread of counts without any current"),
    OHM_CHOICE(ohm_tile_config, periphery, OHM_TILE_FP32, periphery_names, "what comes behind the ADC"),
    {OHM_FIELD_CHOICE, "nmpu_rounding", offsetof(struct ohm_tile_config, nmpu.rounding), OHM_NMPU_HALF_UP, NULL, 0, 0,
     rounding_names, "of nmpu, to whole numbers", false},
    {OHM_FIELD_INT, "nmpu_guard_bits", offsetof(struct ohm_tile_config, nmpu.guard_bits), 3, NULL, 0, 7, NULL,
     "of nmpu, fraction bits between the branches and the batch norm", false},
    {OHM_FIELD_INT, "nmpu_branch_bits", offsetof(struct ohm_tile_config, nmpu.branch_bits), 21, NULL, 8, 32, NULL,
     "of nmpu, width of a branch, with sign", false},
    OHM_LATER_INT(ohm_tile_config, redundancy, 1, 1, 64,
                  "arrays that hold the same weights, whose outputs are averaged"),
    OHM_INT(ohm_tile_config, weight_slices, 1, 1, 16, "parts of the bits of a weight, each on tiles of its own"),
    OHM_INT(ohm_tile_config, weight_slice_bits, 0, 0, 8, "of such a part, without sign; 0: weights are not rounded"),
    OHM_INT(ohm_tile_config, input_slice_bits, 0, 0, 15, "bits of inputs a conversion is made for; 0: all at once"),
    OHM_BOOL(ohm_tile_config, on_off_current, 0, "the current of g_min goes through the converters"),
    OHM_INT(ohm_tile_config, partial_bits, 0, 0, 16, "of the sum after each tile of rows; 0: exact"),
    /* design default: that of the ADC */
    OHM_REAL(ohm_tile_config, partial_bound, 10, 1e-6, 1e6, "end of that sum in largest input x largest weight"),
    OHM_CHOICE(ohm_tile_config, compensation, OHM_COMPENSATE_ONE_HOT, compensation_names, "of drift"),
    OHM_FIELDS_END,
};

static enum ohm_status check_periphery(const struct ohm_tile_config *c, struct ohm_error *err)
{
    const char *const name = periphery_names[c->periphery];

    if (c->adc_bits == 0 && (c->adc_gain_sd > 0 || c->adc_offset_sd > 0))
        return ohm_fail(err, OHM_ECONFIG, "adc_gain_sd and adc_offset_sd are those of an ADC, and adc_bits is 0");
    if (c->periphery == OHM_TILE_FP32)
        return OHM_OK;
    if (c->adc_bits < 2 || c->adc_bits > 12) /* the counters have 12 bits */
        return ohm_fail(err, OHM_ECONFIG, "periphery %s works on counts of 2 to 12 bits, and adc_bits is %d", name,
                        (int)c->adc_bits);
    if (c->noise_management != OHM_NM_NONE || c->bound_management != OHM_BM_NONE)
        return ohm_fail(err, OHM_ECONFIG, "periphery %s knows neither noise_management nor bound_management", name);
    if (c->partial_bits > 0)
        return ohm_fail(err, OHM_ECONFIG, "periphery %s has 8 bits between tiles: leave partial_bits at 0", name);
    if (c->weight_slice_bits > 0 || c->input_slice_bits > 0)
        return ohm_fail(err, OHM_ECONFIG, "periphery %s does not shift and add: slices need fp32", name);
    if (c->redundancy > 1)
        return ohm_fail(err, OHM_ECONFIG, "periphery %s does not average arrays: redundancy needs fp32", name);
    return OHM_OK;
}

static enum ohm_status check_slices(const struct ohm_tile_config *c, struct ohm_error *err)
{
    if (c->weight_slices < 1)
        return ohm_fail(err, OHM_ECONFIG, "weight_slices is %d: whole weights are one slice", (int)c->weight_slices);
    if (c->weight_slices > 1 && c->weight_slice_bits == 0)
        return ohm_fail(err, OHM_ECONFIG, "weight_slices is %d: of how many bits? weight_slice_bits is 0",
                        (int)c->weight_slices);
    if (c->weight_slices * c->weight_slice_bits > 23)
        return ohm_fail(err, OHM_ECONFIG, "%d slices of %d bits are more than the 23 of a float", (int)c->weight_slices,
                        (int)c->weight_slice_bits);
    if (c->weight_slice_bits > 0 && c->scaling == OHM_SCALING_NONE)
        return ohm_fail(err, OHM_ECONFIG, "weight_slice_bits needs a scaling: what is the largest weight?");
    if (c->input_slice_bits == 0)
        return OHM_OK;
    if (c->dac_bits == 0 || c->dac_noise > 0 || c->input_asymmetry > 0 || c->input_asymmetry < 0)
        return ohm_fail(err, OHM_ECONFIG, "input_slice_bits needs a DAC that rounds, without noise or asymmetry");
    if (c->read_mode == OHM_TILE_TWO_PHASE)
        return ohm_fail(err, OHM_ECONFIG, "input_slice_bits needs a conversion for each phase: two_phase_digital");
    return OHM_OK;
}

enum ohm_status ohm_tile_config_check(const struct ohm_tile_config *c, struct ohm_error *err)
{
    enum ohm_status st;

    if (c->dac_bits > 0 && c->dac_bound <= 0)
        return ohm_fail(err, OHM_ECONFIG, "dac_bits is %d and dac_bound 0: rounding needs a bound", (int)c->dac_bits);
    if (c->adc_bits > 0 && c->adc_bound <= 0)
        return ohm_fail(err, OHM_ECONFIG, "adc_bits is %d and adc_bound 0: rounding needs a bound", (int)c->adc_bits);
    if (c->dac_bits == 1 || c->adc_bits == 1 || c->partial_bits == 1)
        return ohm_fail(err, OHM_ECONFIG, "a converter of 1 bit has no level beside 0: give 0 or at least 2 bits");
    if (c->redundancy < 1)
        return ohm_fail(err, OHM_ECONFIG, "redundancy is %d: weights lie in one array at least", (int)c->redundancy);
    if ((st = check_periphery(c, err)) != OHM_OK || (st = check_slices(c, err)) != OHM_OK)
        return st;
    if (c->noise_management != OHM_NM_NONE && c->dac_bound > 0 && (c->dac_bound < 1 || c->dac_bound > 1))
        return ohm_fail(err, OHM_ECONFIG, "noise_management is %s and dac_bound %g: it has to be 1",
                        nm_names[c->noise_management], c->dac_bound);
    if (c->bound_management != OHM_BM_NONE && c->adc_bound <= 0)
        return ohm_fail(err, OHM_ECONFIG, "bound_management is %s and adc_bound 0: there is no bound",
                        bm_names[c->bound_management]);
    if (c->out_nonlinearity > 0 && c->adc_bound <= 0)
        return ohm_fail(err, OHM_ECONFIG, "out_nonlinearity is relative to adc_bound, which is 0");
    if (c->read_asymmetry_sd > 0 && c->read_mode == OHM_TILE_ONE_PHASE)
        return ohm_fail(err, OHM_ECONFIG, "read_asymmetry_sd needs a read_mode with more than one phase");
    if ((c->noise_management == OHM_NM_ABS_MAX_NP_SUM || c->bound_management == OHM_BM_ITERATIVE_WORST_CASE) &&
        c->adc_bound <= 0)
        return ohm_fail(err, OHM_ECONFIG, "abs_max_np_sum is relative to adc_bound, which is 0");
    return OHM_OK;
}

bool ohm_tile_config_exact(const struct ohm_tile_config *c)
{
    const bool in = c->dac_bits == 0 && c->dac_bound <= 0 && c->dac_noise <= 0 && c->noise_management == OHM_NM_NONE;
    const bool array = c->ir_drop <= 0 && c->v_offset_sd <= 0 && c->r_series <= 0 && c->weight_noise == OHM_WNOISE_NONE;
    const bool out = c->adc_bits == 0 && c->adc_bound <= 0 && c->out_noise <= 0 && c->out_nonlinearity <= 0;
    const double asymmetry = c->input_asymmetry * c->input_asymmetry + c->out_asymmetry * c->out_asymmetry;

    /* Weights in slices are added up to what they were cut from; an ADC that does not round has no gain. */
    return in && array && out && asymmetry <= 0 && c->read_asymmetry_sd <= 0 && c->partial_bits == 0;
}
