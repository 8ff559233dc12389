/* device.h - statistics of memory devices: how far a programmed conductance is from its target, how it drifts, how it
 * reads; and the converters between weights and conductances.
 *
 * Conductances in uS, times in s since the end of programming, x = conductance / g_max. A device is read from
 * searchspaces/devices/NAME.yaml, where every number names its source. Three models (docs/devices.md has the formulas):
 *   power_law  programming error sigma(x), drift g (t/t0)^-nu with nu drawn once a device, 1/f read noise Q(x)
 *   snapshots  the error at a few measured times and at no other; the mean does not move
 *   log_decay  a shift and a spread that grow with ln t, the same for all conductances; one device a weight
 *
 * Two paths lead from a target to what is read later, and they differ (the first is for statistics of devices, the
 * second for weights of a tile):
 *   device path  program(target) -> drift(t) -> read, on conductances
 *   tile path    ohm_tile_program, ohm_tile_read: programmed conductances are folded into a weight, and the weight is
 *                converted again before drift and noise. Of a pair the smaller device then is exactly 0.
 *
 * Draws are counted, not queued: device i takes the draws i of its stream, so that neither the order, nor the
 * number of threads, nor where an array is cut shows in a result. A stream is known by its key alone (ohm_rng_child,
 * ohm_rng_named); its place is neither looked at nor moved. One stream serves one purpose: programming and each read
 * have their own. */
#ifndef OHM_DEVICE_H
#define OHM_DEVICE_H

#include "ohm/error.h"
#include "ohm/field.h"
#include "ohm/mem.h"
#include "ohm/rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- curves ---- */

/* A function of x in pieces. Piece i holds for x < below of it and not of the piece before; the last one for the rest.
 * Its value is held to [low, high]. */
enum ohm_curve_form { OHM_CURVE_POLY, OHM_CURVE_LN, OHM_CURVE_POWER, OHM_CURVE_FORMS };
enum { OHM_CURVE_PIECES_MAX = 8, OHM_CURVE_TERMS_MAX = 6, OHM_CURVE_POINTS_MAX = 1024 };

struct ohm_curve_piece {
    int form; /* poly: sum c[i] x^i; ln: c[0] ln x + c[1]; power: c[0] x^c[1] */
    double c[OHM_CURVE_TERMS_MAX];
    double below, low, high; /* infinite: no limit */
};

struct ohm_curve {
    int pieces; /* 0: a table */
    struct ohm_curve_piece piece[OHM_CURVE_PIECES_MAX];
    int points;    /* of a table: straight lines between points, the outermost values beyond */
    double *x, *y; /* [points], x rising; owned by the device */
};

/* The value at one x; ln and power take x as at least 1e-7. */
double ohm_curve_at(const struct ohm_curve *curve, double x);

/* ---- converters ---- */

enum ohm_converter_kind {
    OHM_CONVERT_PAIRS,  /* f-weighted pairs, the first filled first; one pair with f = 1 is the usual differential pair
                         */
    OHM_CONVERT_CUSTOM, /* g of each device as a table over the weight */
    OHM_CONVERT_SINGLE, /* one device a weight, between g_min and g_max */
    OHM_CONVERTER_KINDS
};
enum { OHM_PAIRS_MAX = 8, OHM_CONVERTER_POINTS_MAX = 64 };

struct ohm_converter {
    int kind;
    double g_max_uS, g_min_uS;
    int pairs;                                            /* 1 but for n pairs; 0 for a single device */
    double f[OHM_PAIRS_MAX];                              /* significance of each pair, lowest first */
    int points;                                           /* custom: g at equidistant weights over [-max, max] */
    double g[OHM_PAIRS_MAX][2][OHM_CONVERTER_POINTS_MAX]; /* custom: [pair][plus, minus][point] */
};

/* What a conversion decided on, needed to go back: w = w_min + signal / scale. */
struct ohm_conversion {
    double scale_uS; /* per unit of weight, > 0 */
    double w_min;    /* single device: the weight of g_min; else 0 */
};

int ohm_converter_slices(const struct ohm_converter *c); /* conductances a weight: 2 for each pair, or 1 */
/* The largest absolute weight, in a tile as a whole, is given g_max; weights of 0 only are fine.
 *   g[slices]  out  arrays [n], uS: plus and minus of pair 0, plus and minus of pair 1, ... */
struct ohm_conversion ohm_converter_forward(const struct ohm_converter *c, float *const *g, const float *w, size_t n);
void ohm_converter_back(const struct ohm_converter *c, const struct ohm_conversion *by, float *w, const float *const *g,
                        size_t n);
/* OHM_ECONFIG: a custom converter whose way there and back is not the identity (1e-4, at five weights). */
enum ohm_status ohm_converter_check(const struct ohm_converter *c, struct ohm_error *err);

/* ---- devices ---- */

enum ohm_device_model { OHM_DEVICE_POWER_LAW, OHM_DEVICE_SNAPSHOTS, OHM_DEVICE_LOG_DECAY, OHM_DEVICE_MODELS };
extern const char *const ohm_device_model_names[]; /* power_law snapshots log_decay, NULL-terminated */
enum { OHM_SNAPSHOTS_MAX = 16 };

struct ohm_device {
    char name[64], about[256];
    int model; /* enum ohm_device_model */
    double g_max_uS, g_min_uS;
    double scale_program, scale_drift, scale_read; /* 1: as published; 0: switched off */
    /* Shares of devices that programming does not move: at g_min, at g_max, anywhere in between (uniform). They do not
     * drift. */
    double stuck_reset, stuck_set, stuck_random;
    double on_off_ratio;    /* g_max / g_min, if set; 0: as in the file */
    double sigma_unit;      /* sigma in uS is this times its curve: g_max over the g_max of the fit */
    struct ohm_curve sigma; /* programming error; of log_decay a function of g in uS, not of x */
    /* power_law */
    double t0_s, t_read_s; /* first read, from which drift counts; length of a read */
    struct ohm_curve nu_mean, nu_sd, q;
    /* snapshots; programming has the error of the first one */
    int snapshots;
    struct ohm_snapshot {
        double t_s;
        struct ohm_curve sigma;
    } snapshot[OHM_SNAPSHOTS_MAX];
    /* log_decay: shift = decay_mean ln t, spread = decay_sd[0] + decay_sd[1] ln t, read noise = read_uS log10(g) s(t)
     */
    double decay_mean_uS, decay_sd_uS[2], read_uS;
    struct ohm_converter converter; /* how weights lie on it */
    char *source;                   /* the file, NUL-terminated */
    uint64_t hash;                  /* of all numbers that change a result */
    struct ohm_arena arena;
};

/* Problems, all of them, go to diag; then the status is that of the first and *out is NULL. */
enum ohm_status ohm_device_load(struct ohm_device **out, const char *path, struct ohm_diag *diag);
enum ohm_status ohm_device_parse(struct ohm_device **out, const char *bytes, size_t length, const char *path,
                                 struct ohm_diag *diag);
void ohm_device_free(struct ohm_device *device); /* NULL is fine */

/* What may be set of a device that was loaded: program, drift, read (scales), stuck_reset, stuck_set, stuck_random,
 * on_off_ratio. The hash follows. OHM_ECONFIG, OHM_ERANGE: as ohm_field_set; more than all devices are stuck; no ratio
 * above 1, or one of a converter with tables. */
extern const struct ohm_field ohm_device_fields[];
enum ohm_status ohm_device_set(struct ohm_device *device, const char *key, const char *text, struct ohm_error *err);

/* "0", "60s", "90min", "1h", "1d", "30d", "1y" (365 d); a number alone is seconds. false: no such time, or negative. */
bool ohm_parse_time(const char *text, double *seconds);

/* ---- a device at a time ---- */

struct ohm_moment {
    const struct ohm_device *device; /* borrowed */
    double t_s;
    double log_ratio; /* power_law: ln((t + t0) / t0), 0 at t = 0 */
    double read;      /* sqrt(ln((t' + t_read) / (2 t_read))) of the 1/f noise; t' = t + t0 for power_law */
    double decay_mean_uS, decay_sd_uS;
    int snapshot;
};
/* OHM_ERANGE: t negative or no number, or no snapshot of that time. */
enum ohm_status ohm_moment_init(struct ohm_moment *moment, const struct ohm_device *device, double t_s,
                                struct ohm_error *err);

/* Programs n devices. Arrays may be the same as target. Allocates nothing, as all below.
 *   g_uS[n], latent[n]  out  conductance reached; what the device keeps for later: its drift exponent nu (power_law),
 *                            its target (snapshots), nothing (log_decay: 0)
 *   target_uS[n]        in   in [0, g_max]
 *   first               in   index of the first device in the stream: an array in two parts is [0, k) and [k, n) */
void ohm_device_program(const struct ohm_device *device, float *g_uS, float *latent, const float *target_uS, size_t n,
                        uint64_t first, const struct ohm_rng *stream);
/* What drift makes of programmed conductances, without read noise. */
void ohm_device_drift(const struct ohm_moment *moment, float *g_uS, const float *programmed_uS, const float *latent,
                      size_t n, uint64_t first, const struct ohm_rng *stream);
/* Drift and read noise. The noise is accumulated over the time since programming: one read stands for a whole run of
 * the network, the next run takes another stream. */
void ohm_device_read(const struct ohm_moment *moment, float *g_uS, const float *programmed_uS, const float *latent,
                     size_t n, uint64_t first, const struct ohm_rng *stream);

/* Mean and spread that the sampling functions have in the limit of many draws, of devices that are not stuck; NaN where
 * the model has no such stage. Closed forms and a quadrature over the programmed conductance, good to 1e-6 of g_max. */
struct ohm_expected {
    double program_mean, program_sd; /* uS */
    double nu_mean, nu_sd;
    double drift_mean, drift_sd, read_mean, read_sd; /* uS */
};
void ohm_device_expect(const struct ohm_moment *moment, double target_uS, struct ohm_expected *out);

/* ---- weights of a tile ---- */

/* Programs the weights of one tile: converts, programs every device, converts back.
 *   programmed[n]    out  weights reached; may be the same as w
 *   latent[slices]   out  arrays [n], as of ohm_device_program
 *   scratch[n]       of the caller, and so g[slices], arrays [n] */
struct ohm_tile_state {
    float *programmed, **latent, **g;
    size_t n;
};
void ohm_tile_program(const struct ohm_device *device, struct ohm_tile_state *tile, const float *w,
                      const struct ohm_rng *stream);
/* The weights that a tile has at a time: converts the programmed weights anew (their own largest is g_max now), lets
 * them drift, reads them, converts back. A weight whose sign turned takes the exponent of its other device. tile->g is
 * scratch. */
void ohm_tile_read(const struct ohm_moment *moment, const struct ohm_tile_state *tile, float *w,
                   const struct ohm_rng *stream);

#endif
