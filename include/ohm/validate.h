/* validate.h - how accurate a trained network is on analog hardware, at any time after it was programmed.
 *
 * Every conv and dense layer lies on crossbar tiles (analog.h); all else runs digitally in FP32. A draw is one
 * programming of the whole network, a read one draw of read noise at a time after it. Draw, read, time, layer, group,
 * tile and the number of a vector name every random number: neither the order of draws nor threads show in a bit, and
 * draw 7 is the same whether 10 draws were asked for or 100. Accuracies are in percent. */
#ifndef OHM_VALIDATE_H
#define OHM_VALIDATE_H

#include "ohm/analog.h"
#include "ohm/train.h"

enum { OHM_VALIDATE_TIMES_MAX = 64 };

struct ohm_validate_progress {
    int draw, draws; /* draw counts from 1 */
    int time;        /* index of the time that is done */
    double top1;     /* there, of the last read */
};
/* false: stop (OHM_EINTR). */
typedef bool ohm_validate_progress_fn(void *context, const struct ohm_validate_progress *progress);

struct ohm_validate_result;
/* After each new draw: so_far->draws have been made, the last of them just now. */
typedef void ohm_validate_draw_fn(void *context, const struct ohm_validate_result *so_far);

/* What a read came to. */
struct ohm_validate_reading {
    double top1;
    double dw;    /* mean |weight now - target| / largest target of the tile, before compensation */
    double alpha; /* mean factor of compensation */
};

/* Where the range of a layer's inputs comes from.
 *   trained   hardware-aware training; where that has set none, as quantile with 0.99995
 *   max       the largest input that was seen
 *   quantile  the share `value` of inputs is inside
 *   sigma     `value` standard deviations
 *   mse       inputs behind the DAC are as near as can be, in the mean square: rounding against clipping */
enum ohm_ranges {
    OHM_RANGES_TRAINED,
    OHM_RANGES_MAX,
    OHM_RANGES_QUANTILE,
    OHM_RANGES_SIGMA,
    OHM_RANGES_MSE
};
struct ohm_range_rule {
    int kind; /* enum ohm_ranges */
    double value;
};
/* "trained", "max", "quantile:0.999", "sigma:3", "mse". OHM_ECONFIG, OHM_ERANGE. */
enum ohm_status ohm_range_rule_parse(struct ohm_range_rule *rule, const char *text, struct ohm_error *err);

struct ohm_validate_spec {
    struct ohm_weights *w;              /* input ranges that are 0, or all, are calibrated, in w */
    struct ohm_range_rule ranges;
    const struct ohm_samples *samples;  /* part 0 calibrates, part 1 judges */
    const struct ohm_device *device;    /* NULL: weights stay as they are */
    const struct ohm_tile_config *tile; /* with its compensation of drift */
    const double *t_s;                  /* [times], in any order */
    int times;
    int draws, reads; /* draws at most; reads of each draw at each time */
    int count;        /* samples to judge, spread evenly over part 1; 0 or more than there are: all */
    int calibrate;    /* samples to calibrate with, likewise of part 0 */
    int bn_samples;   /* of part 0, for the statistics of batch norms anew at each read; 0: as trained */
    double width;     /* draws end once every interval (low to high) is narrower than so many points; 0: never */
    uint64_t seed;
    int batch, jobs;
    bool answers; /* keep them by sample; no draw may be known then, for only its accuracy is */
    const struct ohm_validate_reading *known; /* [known_draws][times][reads]: the first draws, made earlier */
    int known_draws;
    ohm_validate_progress_fn *progress; /* may be NULL */
    ohm_validate_draw_fn *draw;         /* may be NULL */
    void *context;                      /* of both */
};

/* What is known at one time, over all draws. */
struct ohm_validate_moment {
    double t_s;
    double mean, sd;         /* of the draws, each the mean of its reads; sd NaN for one draw */
    double low, high;        /* 95 % interval of the mean over hardware, Student's t, in [0, 100]; NaN for one draw */
    double q05, median, q95; /* of all reads */
    double dw, alpha;        /* means of all reads */
};

/* Which samples were answered rightly. */
struct ohm_validate_answers {
    int *sample;    /* [samples]: number within part 1, rising */
    int32_t *label; /* [samples] */
    int32_t *right; /* [1 + times][samples]: without hardware, 0 or 1; at each time so many of all draws and reads */
};

struct ohm_validate_result {
    int samples, draws, reads, times;          /* draws: made */
    int calibrated;                            /* layers whose input range was not known */
    double digital, digital_low, digital_high; /* with Wilson's 95 % interval for the number of samples */
    double avm; /* accuracy variation over one month: mean at 60 s less mean at 30 d, points; NaN: not both judged */
    struct ohm_validate_moment *moment;   /* [times], owned */
    struct ohm_validate_reading *reading; /* [draws][times][reads], owned */
    struct ohm_validate_answers answers;  /* owned; NULLs: not kept */
};

/* OHM_ERANGE: the device is not known at one of the times; more than 2^31 reads in all. OHM_EDATA: there are no samples
 * to judge or calibrate with. OHM_ECONFIG: settings of tiles that exclude each other, or
 * bn_samples with batch norms that are folded. *result is untouched on failure. */
enum ohm_status ohm_validate(struct ohm_validate_result *result, const struct ohm_validate_spec *spec,
                             struct ohm_error *err);
void ohm_validate_result_release(struct ohm_validate_result *result);

/* Memory for a result of so many draws, to be filled with readings; moment[].t_s is set. OHM_ERANGE, OHM_ENOMEM. */
enum ohm_status ohm_validate_result_init(struct ohm_validate_result *result, const double *t_s, int times, int draws,
                                         int reads, struct ohm_error *err);
/* The moments and AVM from the readings of result->draws draws, as ohm_validate works them out. OHM_ENOMEM. */
enum ohm_status ohm_validate_summarize(struct ohm_validate_result *result, struct ohm_error *err);

/* The t that |T| exceeds with probability 0.05, Student's distribution of df >= 1 degrees of freedom; good to 1e-4. */
double ohm_student_95(int df);

#endif
