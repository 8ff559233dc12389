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
uint64_t ohm_chip_hash(const struct ohm_chip *chip);      /* of everything that decides a cost: the numbers, no texts */
const char *ohm_chip_source(const struct ohm_chip *chip); /* the file's text, kept for the run log */
int64_t ohm_chip_cores(const struct ohm_chip *chip);      /* of one chip */
void ohm_chip_tile(const struct ohm_chip *chip, int64_t *rows, int64_t *cols); /* of the crossbar of one core */

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

/* What the chip does at best: every core full, matrix-vector products only (no digital part, as it is published). */
struct ohm_chip_peak {
    double mvm_ns;
    double energy_uJ; /* of one matrix-vector product on every core, static share included */
    double tops, tops_per_W, tops_per_mm2;
};
void ohm_chip_peak(const struct ohm_chip *chip, int read_mode, struct ohm_chip_peak *peak);

/* One conv or dense layer on the chip. */
struct ohm_cost_layer {
    int32_t layer;             /* index in the net, or in the list of matrices */
    int64_t rows, cols, positions; /* of the matrix; groups written out along its diagonal */
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
    int64_t cores_over;        /* by how many cores the net is too large for one chip; 0 when it fits */
    double util;               /* weights / (cores_single * tile size) */
    double latency_us;         /* of one inference: layer-serial, or first image of the pipeline */
    double interval_us;        /* between inferences: equals latency_us when serial */
    double energy_uJ;          /* of one inference, static share included */
    double energy_static_uJ;   /* of that, the static share */
    double area_mm2;           /* cores in use */
    double area_chips_mm2;     /* of whole chips */
    double power_mW;           /* energy per inference / interval */
    double tops, tops_per_W;   /* 2 MACs per inference over interval and energy */
    int64_t mvm_steps;         /* sequential matrix-vector products of one inference, layer-serial */
};

/* Prices a net. layers (may be NULL) has room for net->mvm_layers rows. Allocates nothing for serial use. Does not
 * fail when the net does not fit (cost->fits is false, cost->cores_over and ->chips say by how much, and the cost is
 * that of so many chips, transport between them excluded); OHM_EUNFIT never comes from here. OHM_ERANGE: a net without
 * conv or dense layers, or with more than 2^31 - 1 tiles. OHM_ENOMEM: pipelined use only. */
enum ohm_status ohm_cost_net(const struct ohm_chip *chip, const struct ohm_chip_use *use, const struct ohm_net *net,
                             struct ohm_cost *cost, struct ohm_cost_layer *layers, struct ohm_error *err);

/* A bare matrix, for networks that are no graph of layers (a recurrent one). */
struct ohm_matrix {
    int64_t rows, cols, positions; /* of the dense matrix; how often it is applied in one inference */
    bool gdpu;                     /* its outputs go on through the chip's global digital units */
};
/* Prices a list of matrices that follow one another. Without a graph the pipelined latency is the layer-serial one.
 * OHM_ERANGE: n < 1, or a matrix with a size below 1 or more than OHM_NET_LAYER_MACS_MAX. */
enum ohm_status ohm_cost_matrices(const struct ohm_chip *chip, const struct ohm_chip_use *use,
                                  const struct ohm_matrix *matrix, int n, struct ohm_cost *cost,
                                  struct ohm_cost_layer *layers, struct ohm_error *err);

/* Where the weights lie: one rectangle of a layer's matrix on one core. Core 64 of a chip with 64 cores is the first
 * one of the second chip. Groups lie along the diagonal, so that a rectangle of a grouped layer holds zeros as well. */
struct ohm_placement {
    int32_t layer, copy, core;
    int64_t row, col;    /* first row and column of the matrix, groups written out along its diagonal */
    int32_t rows, cols;  /* of this tile */
};
/* Fills at most `cap` placements in core order and returns in *n how many there are in all. */
enum ohm_status ohm_map_net(const struct ohm_chip *chip, const struct ohm_chip_use *use, const struct ohm_net *net,
                            struct ohm_placement *placements, int64_t cap, int64_t *n, struct ohm_error *err);

#endif
