/* chip.h - a chip from a YAML file in which every number has a unit in its key and a source beside it, and what a
 * network costs on it. Immutable once loaded; shared by threads. */
#ifndef OHM_CHIP_H
#define OHM_CHIP_H

#include "ohm/doc.h"
#include "ohm/error.h"
#include "ohm/field.h"
#include "ohm/net.h"

#include <stdbool.h>
#include <stdint.h>

struct ohm_chip; /* opaque */

enum ohm_status ohm_chip_load(struct ohm_chip **out, const char *path, struct ohm_diag *diag);
enum ohm_status ohm_chip_parse(struct ohm_chip **out, const char *bytes, size_t length, const char *path,
                               struct ohm_diag *diag);
void ohm_chip_free(struct ohm_chip *chip);
const char *ohm_chip_name(const struct ohm_chip *chip);
uint64_t ohm_chip_hash(const struct ohm_chip *chip);      /* of everything that decides a cost */
const char *ohm_chip_source(const struct ohm_chip *chip); /* the file's text, kept for the run log */

/* How the chip is used. Options are a field table (ohm_chip_use_fields): "read_mode=4-phase overlap=off ..." */
enum ohm_read_mode { OHM_READ_1_PHASE, OHM_READ_4_PHASE };
enum ohm_schedule { OHM_SCHEDULE_SERIAL, OHM_SCHEDULE_PIPELINED };
struct ohm_chip_use {
    int read_mode;        /* enum ohm_read_mode; default 4-phase: every published accuracy is 4-phase */
    int schedule;         /* enum ohm_schedule; default serial */
    bool overlap;         /* the ADC registers decouple MVM and digital part; default off, as measured */
    bool replicate;       /* copies of the slowest layers on free cores (pipelined only); default off */
    bool scale_energy_with_util; /* default off: the full array is active in the published numbers */
};

extern const struct ohm_field ohm_chip_use_fields[];

/* One conv or dense layer on the chip. */
struct ohm_cost_layer {
    int32_t layer;             /* index in the net */
    int64_t rows, cols, positions;
    int32_t row_tiles, col_tiles, tiles, copies;
    double util;               /* weights / (tiles * tile size) */
    double latency_us;         /* of all positions, without copies */
    double energy_uJ;          /* dynamic */
};

struct ohm_cost {
    int64_t cores;             /* tiles in use, copies included */
    int64_t cores_single;      /* without copies */
    int32_t chips;             /* chips needed: 1 when it fits */
    bool fits;
    double util;               /* weights / (cores_single * tile size) */
    double latency_us;         /* of one inference: layer-serial, or first image of the pipeline */
    double interval_us;        /* between inferences: equals latency_us when serial */
    double energy_uJ;          /* of one inference, static share included */
    double energy_static_uJ;   /* of that, the static share */
    double area_mm2;           /* cores in use */
    double power_mW;           /* energy per inference / interval */
    double tops, tops_per_W;   /* 2 MACs per inference over interval and energy */
    int64_t mvm_steps;         /* sequential matrix-vector products of one inference, layer-serial */
};

/* Prices a net. layers (may be NULL) has room for net->mvm_layers rows. Allocates nothing for serial use. Does not
 * fail when the net does not fit (cost->fits is false, cost->chips says by how much); OHM_EUNFIT never comes from
 * here. OHM_ERANGE: a net without conv or dense layers. */
enum ohm_status ohm_cost_net(const struct ohm_chip *chip, const struct ohm_chip_use *use, const struct ohm_net *net,
                             struct ohm_cost *cost, struct ohm_cost_layer *layers, struct ohm_error *err);

/* Where the weights lie: one rectangle of a layer's matrix on one core. */
struct ohm_placement {
    int32_t layer, copy, core;
    int64_t row, col;    /* first row and column of the matrix */
    int32_t rows, cols;  /* of this tile */
};
/* Fills at most `cap` placements in core order and returns in *n how many there are in all. */
enum ohm_status ohm_map_net(const struct ohm_chip *chip, const struct ohm_chip_use *use, const struct ohm_net *net,
                            struct ohm_placement *placements, int64_t cap, int64_t *n, struct ohm_error *err);

#endif
