/* analog_int.h - what the files of the module share: a tile, the memory of a worker, steps on vectors. */
#ifndef OHM_ANALOG_INT_H
#define OHM_ANALOG_INT_H

#include "ohm/analog.h"
#include "ohm/nmpu.h"
#include "ohm/ops_analog.h"

/* Vectors that go through a tile together: inputs and sums of 64 x 256 stay in the second-level cache. */
enum { BLOCK = 64 };
enum { LINE = 16 }; /* floats of a cache line */

/* What a stream of mvm, of programming or of reading is for. */
enum purpose { FOR_INPUT, FOR_WEIGHT, FOR_OUTPUT, PURPOSES };

/* A modulation: a slice of the inputs of one sign (0: all) on one version of the weights. */
enum { MODES_MAX = 4, INPUT_SLICES_MAX = 15, PHASES_MAX = MODES_MAX * INPUT_SLICES_MAX };
/* Weights as they are, those above 0, those below 0 as positive numbers; and the same for negative inputs. */
enum packing { PACK_ALL, PACK_PLUS, PACK_MINUS, PACK_ALL_NEG, PACK_PLUS_NEG, PACK_MINUS_NEG, PACKINGS };
struct phase {
    int inputs;  /* 0 all, 1 the positive ones, -1 the negative ones as positive numbers */
    int packing; /* enum packing */
    int sign;    /* with which the result counts */
    int slice;   /* of the inputs, the lowest bits first */
    float share; /* with which the result of the slice counts */
};

/* The two counters behind the ADC of a column. */
enum { PLUS, MINUS, COUNTERS };
/* What the units behind a tile keep for its columns: all [columns], in whole lines; NULL: another periphery. Numbers of
 * the chip's digital unit are binary16, those of the fixed-point unit codes as of struct ohm_nmpu_codes. */
struct ldpu {
    double *scale[COUNTERS], *offset[COUNTERS], *norm_scale, *norm_offset;
};
struct nmpu {
    int32_t *scale[COUNTERS], *offset[COUNTERS], *norm_scale, *norm_offset;
};

struct tile {
    int first_row, rows, first_column, columns;
    int plane;                        /* which of the arrays at its place: redundancy x slices of the weights */
    float *scale, *alpha, *gain;      /* [columns]; gain = scale alpha */
    float *target, *programmed, *now; /* [columns][rows] */
    float *latent[2 * OHM_PAIRS_MAX]; /* of the devices */
    float *asymmetry;                 /* [columns][rows]: factors that negative inputs meet; NULL: none */
    float *v_offset;                  /* [columns]; NULL: none */
    float *curve, *slope;             /* [columns]: bends of the non-linearity, factors in front; NULL: none */
    float *noise;                     /* [columns]: deviations of the output noise; NULL: one for all */
    float *adc_gain[COUNTERS];        /* [columns], in whole lines: counts for one of the ideal converter; NULL: 1 */
    float *adc_zero[COUNTERS];        /* [columns], in whole lines: counts without any current, whole; NULL: 0 */
    struct ldpu ldpu;
    struct nmpu nmpu;
    float *packed[PACKINGS];     /* for the product; NULL: the read mode has no use for it */
    float *absolute[PACKINGS];   /* of absolute weights; NULL: no setting asks for it */
    float *ramped[PACKINGS];     /* times ramp of their row, for the voltage drop; NULL as before */
    float *packed_target;        /* NULL: the compensation does not ask for it */
    const float *ramp;           /* [rows] */
    double baseline, *baselines; /* readings right after programming: of all, of each column */
    double *reading, *expected;  /* [columns]: sums of a reading */
};

struct ohm_tiles {
    struct ohm_tile_config config;
    const struct ohm_device *device;                             /* NULL: no errors */
    int outputs, inputs, row_tiles, column_tiles, planes, count; /* planes: arrays of a place, count: of all */
    int rows_most, columns_most;
    float input_range; /* 0: none */
    float pedestal;    /* weight that the current of the smallest conductance is; 0: it is not seen */
    bool exact;        /* one product of the whole matrix, in whole */
    struct phase phase[PHASES_MAX];
    int phases, modes, input_slices; /* phases: the modes of reading, for each slice of the inputs */
    bool digital;                    /* each phase has a conversion of its own */
    float *fold_scale, *fold_offset; /* [outputs]; of a periphery that is not fp32 */
    bool fold_relu;
    float fold_bound, fold_unit; /* what an INT8 of 127 is to stand for; of 1, as it is */
    struct tile *tile;           /* [column_tiles][row_tiles][planes] */
    float *w, *whole;            /* exact: [outputs][inputs] as given; as it is now, packed */
    float *now;                  /* exact: the same before it is packed */
    float *step;                 /* [outputs]: a level of the partial sums */
    struct ohm_arena arena;
};

/* ---- steps on vectors, built for each instruction set ---- */

struct dac {
    float divisor, step, most; /* step 0: no rounding; most 0: no limit */
};
struct offset {
    const float *v;          /* [n] or NULL */
    float series, reference; /* reference: y_ref of this vector; 0: none */
};
struct adc {
    float step, most; /* as of dac */
};
/* Outputs of n vectors, [n][width], on their way behind a conversion. */
struct band {
    const float *y, *z;                /* what flows, NULL: nothing; normal numbers, NULL: no noise */
    int n, width;                      /* a multiple of LINE */
    float noise;                       /* deviation */
    float inverse, step, levels, most; /* of the ADC, as adc_of makes them */
    float sign; /* digitise: sum = sign x answer, added to what is there unless this is the first */
    bool first;
    float *sum;
    float *to;                   /* [n][width]: what a sum over tiles is in */
    const float *begin, *factor; /* [width]: what that begins with, NULL: with itself; of the columns */
};

/* Channels of a frame that do not meet: sum[rows][cols][width], an output of each channel. */
struct taps {
    float *sum;
    const float *frame;   /* from where the first output's kernel begins; LINE floats follow its last pixel */
    ptrdiff_t pixel, row; /* floats from one to the next */
    int step_x, step_y, k_w;
    int first, end;      /* taps, in the order (k_y, k_x) */
    const float *packed; /* [end - first][width] */
    int rows, cols, width;
};
/* Counts of n vectors, and what a unit makes of them: y is INT8, as numbers, from the tile of rows before, and after.
 */
struct link {
    float *y; /* [n][stride] */
    size_t stride;
    const float *count[COUNTERS]; /* [n][width] */
    const float *zero[COUNTERS];  /* [width] */
    int n, width;
    bool relu;
};

struct steps {
    float (*largest)(const float *x, int n, float sign); /* of |x|; sign +-1: of sign x, at least 0 */
    void (*dac)(float *v, const float *x, int n, struct dac d);
    void (*limit)(float *y, const float *x, int n, float most, float unit);        /* held to +-most, divided by unit */
    void (*limit_dac)(float *v, const float *x, int n, float range, struct dac d); /* both; the divisor is 1 */
    void (*asymmetry)(float *v, int n, float share);
    void (*one_sign)(float *v, const float *x, int n, float sign); /* max(sign x, 0) */
    void (*multiply)(float *v, const float *x, const float *by, int n);
    void (*absolute)(float *v, const float *x, int n);
    void (*add_noise)(float *y, const float *z, int n, float sd);
    void (*add_noises)(float *y, const float *z, const float *sd, int n);
    void (*add_root_noise)(float *y, const float *z, const float *squares, int n, float sd);
    /* y -= drop c(A) s with A = ratio a */
    void (*ir_drop)(float *y, const float *a, const float *s, int n, float drop, float ratio);
    void (*offset)(float *y, int n, struct offset o);
    void (*curve)(float *y, const float *bend, const float *slope, int n);
    bool (*adc)(float *y, int n, struct adc a); /* true: at the bound */
    /* Gains of the ADCs of n vectors [n][width], which count with this sign; back: taken back. */
    void (*gain)(float *y, int n, int width, float *const by[COUNTERS], float sign, bool back);
    void (*count_up)(float *const count[COUNTERS], const float *y, int n, float step, float sign);
    void (*ldpu)(const struct link *l, const struct ldpu *u);
    void (*nmpu)(const struct link *l, const struct nmpu *u, const struct ohm_nmpu_config *config);
    void (*taps)(const struct taps *taps);
    void (*add_scaled)(float *y, const float *x, int n, float factor);                   /* y += factor x */
    void (*scaled)(float *y, const float *x, int n, float factor);                       /* y = factor x */
    void (*add_columns)(float *y, const float *x, const float *by, int n, float factor); /* y += x by factor */
    void (*partial)(float *y, const float *step, int n, float levels);
    void (*digitise)(const struct band *b);     /* noise, ADC, into sum */
    void (*digitise_add)(const struct band *b); /* noise, ADC, times factor, into to */
    void (*add_band)(const struct band *b);     /* sum times factor, into to */
    /* Lines [first, first + lines) of LINE normal numbers of the sequence that the key names, |z| <= 5.4. */
    void (*normals)(float *z, uint64_t first, int64_t lines, uint64_t key);
    /* z[n][width]: the first numbers of the lines [first, first + n) of sequences side by side; key[2][width] has the
     * lower and the upper halves of what names them, width is a multiple of LINE. */
    void (*normals_across)(float *z, uint64_t first, int n, const uint32_t *key, int width);
};
extern const struct steps steps_base;
#ifdef __x86_64__
extern const struct steps steps_avx2, steps_avx512;
#endif
const struct steps *steps_of(enum ohm_isa isa);

/* ---- a tile at work ---- */

/* The memory of one worker. */
struct bench {
    float *x, *v, *signed_in, *aside; /* [BLOCK][rows_most]: inputs, behind the DAC, of one sign, of other products */
    float *sum, *analog, *aid, *drop; /* [BLOCK][columns_most]: of a round, of a phase, of other products */
    float *out;                       /* [BLOCK][columns_most]: what the tile gives */
    float *count[COUNTERS];           /* [BLOCK][columns_most]: where a periphery works on counts */
    float *z;                         /* normal numbers, those of a vector in whole lines */
    float *conv;
};
size_t bench_floats(const struct ohm_tiles *t);
struct bench bench_of(const struct ohm_tiles *t, float *scratch, int worker);

/* Names the normal numbers of a phase in a round; those of vector v are the lines from v x (lines of a vector) on. */
struct ohm_rng noise_stream(const struct ohm_tiles *t, const struct ohm_rng *tile, int round, int phase,
                            enum purpose purpose);

/* b->out = what the tile makes of the n vectors b->x, before scales and compensation. Vector i has number first + i. */
void tile_forward(const struct ohm_tiles *t, const struct tile *tile, struct bench *b, int n, uint64_t first,
                  const struct ohm_rng *stream, enum ohm_isa isa);

/* ---- periphery.c: what comes behind the ADC ---- */

/* Of n vectors y[n][width] behind a tile. */
struct conversion {
    const struct ohm_tiles *t;
    const struct tile *tile;
    const struct steps *steps;
    int n, width;
    bool counts_alone; /* y is not read any more */
};
/* The ADC, which counts with this sign: y becomes what it stands for with measured gains taken back; the counters, NULL
 * or [n][width] each, go up. true: at the bound. */
bool convert(const struct conversion *by, float *y, float *const count[COUNTERS], int sign);
/* The fold that there is as created. */
void units_fold(struct ohm_tiles *t);
/* What the units keep, for the compensation and the fold there are now, and the unit of the outputs. */
void units_settle(struct ohm_tiles *t);
/* What the units of the tile make of counts: y[n][stride], INT8 as numbers, begins with the tile's first column. */
void units_add(const struct conversion *by, float *y, size_t stride, float *const count[COUNTERS]);

/* y[n][columns] = v w^T, packed by pack_weights. */
void product(float *y, const float *v, const float *packed, int n, int columns, int rows, float *conv,
             enum ohm_isa isa);
size_t packed_floats(int columns, int rows);
void pack_weights(float *packed, const float *w, int columns, int rows);

/* Packs the targets, with a periphery without spread. */
enum ohm_status tiles_settle(struct ohm_tiles *t, struct ohm_error *err);

/* ---- slices.c ---- */

/* A slice of inputs that are whole steps of the DAC, as inputs: its digits over the largest digit, with their sign. */
void input_slice(const struct ohm_tiles *t, float *v, const float *x, int n, int slice);
/* With which the result of a slice counts. */
float input_share(const struct ohm_tile_config *config, int slice);
int input_slices(const struct ohm_tile_config *config);
/* The digits of scaled weights over the largest digit, with their sign, times omega; scale[columns] goes down to what
 * they stand for. */
void weight_slice(const struct ohm_tile_config *config, float *w, float *scale, int columns, int rows, int slice);

/* ---- drift compensation ---- */

/* Reads the tile right after programming. */
void compensate_begin(const struct ohm_tiles *t, struct tile *tile, struct bench *b, const struct ohm_rng *stream,
                      enum ohm_isa isa);
/* Sets alpha from a reading now. */
void compensate(const struct ohm_tiles *t, struct tile *tile, struct bench *b, const struct ohm_rng *stream,
                enum ohm_isa isa);

static inline int levels_of(int64_t bits)
{
    return bits > 1 ? (1 << (bits - 1)) - 1 : 0;
}

/* Of a converter; 0: it does not round. */
static inline float step_of(double bound, int64_t bits)
{
    const int levels = levels_of(bits);
    const float resolution = levels > 0 ? 1.0F / (float)(2 * levels) : 0;

    return 2 * (float)bound * resolution;
}

/* The periphery works on whole counts. */
static inline bool counts_wanted(const struct ohm_tiles *t)
{
    return t->config.periphery != OHM_TILE_FP32;
}

#endif
