/* config.c - settings of a tile: keys, defaults, what excludes what. */
#include "ohm/analog.h"

static const char *const scaling_names[] = {"none", "tile", "column", NULL};
static const char *const nm_names[] = {"none", "abs_max", "max", "constant", "abs_max_np_sum", NULL};
static const char *const bm_names[] = {"none", "iterative", "iterative_worst_case", NULL};
static const char *const read_names[] = {"one_phase", "two_phase", "two_phase_digital", "four_phase", NULL};
static const char *const noise_names[] = {"none", "additive", "pcm_read", NULL};
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
    OHM_INT(ohm_tile_config, partial_bits, 0, 0, 16, "of the sum after each tile of rows; 0: exact"),
    /* design default: that of the ADC */
    OHM_REAL(ohm_tile_config, partial_bound, 10, 1e-6, 1e6, "end of that sum in largest input x largest weight"),
    OHM_CHOICE(ohm_tile_config, compensation, OHM_COMPENSATE_ONE_HOT, compensation_names, "of drift"),
    OHM_FIELDS_END,
};

enum ohm_status ohm_tile_config_check(const struct ohm_tile_config *c, struct ohm_error *err)
{
    if (c->dac_bits > 0 && c->dac_bound <= 0)
        return ohm_fail(err, OHM_ECONFIG, "dac_bits is %d and dac_bound 0: rounding needs a bound", (int)c->dac_bits);
    if (c->adc_bits > 0 && c->adc_bound <= 0)
        return ohm_fail(err, OHM_ECONFIG, "adc_bits is %d and adc_bound 0: rounding needs a bound", (int)c->adc_bits);
    if (c->dac_bits == 1 || c->adc_bits == 1 || c->partial_bits == 1)
        return ohm_fail(err, OHM_ECONFIG, "a converter of 1 bit has no level beside 0: give 0 or at least 2 bits");
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

    return in && array && out && asymmetry <= 0 && c->read_asymmetry_sd <= 0 && c->partial_bits == 0;
}
