/* chip.h - a chip from a YAML file in which every number has a unit in its key and a source beside it, and what a
 * network costs on it. Immutable once loaded; shared by threads. */
#ifndef OHM_CHIP_H
#define OHM_CHIP_H

#include "ohm/doc.h"
#include "ohm/error.h"
#include "ohm/field.h"
#include "ohm/net.h"
#include "ohm/str.h"

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

/* ---- its numbers ---- */

/* The numbers of the chip, in the order of its model: false when there is no i-th one. */
struct ohm_chip_number {
    const char *block, *key, *unit; /* the key ends in the unit */
    double value, min, max;
    bool whole;                     /* a count: no fraction */
    const char *mark, *source;      /* of the block: how far it is to be trusted, where it comes from */
};
bool ohm_chip_number(const struct ohm_chip *chip, int i, struct ohm_chip_number *number);
/* The index of "block.number", as in "energy.output_pJ". OHM_ECONFIG: no such number, with the nearest. */
enum ohm_status ohm_chip_find(const struct ohm_chip *chip, const char *key, int *index, struct ohm_error *err);
/* Another value in place of that of the file. Its mark is "set" from then on, what follows from the numbers (the hash
 * as well) is made anew; name and the file's text stay. Before the chip is shared, or on a copy. Allocates nothing.
 * OHM_ERANGE: outside [min, max], or no such index; OHM_ECONFIG: a fraction of a count. Then the chip is as it was. */
enum ohm_status ohm_chip_put(struct ohm_chip *chip, int i, double value, struct ohm_error *err);
/* The same by name and text. OHM_ECONFIG: no such number (with the nearest), or the text is none. */
enum ohm_status ohm_chip_set(struct ohm_chip *chip, const char *key, const char *text, struct ohm_error *err);
/* A chip of one's own, to be changed while others read the original. */
enum ohm_status ohm_chip_copy(struct ohm_chip **out, const struct ohm_chip *chip, struct ohm_error *err);
const char *ohm_chip_model_of(const struct ohm_chip *chip); /* "multicore" */

/* How the chip is used. Options are a field table (ohm_chip_use_fields): "read_mode=4-phase overlap=off ..." A model
 * reads some of them; the others must have their default. */
enum ohm_read_mode { OHM_READ_1_PHASE, OHM_READ_4_PHASE };
enum ohm_schedule { OHM_SCHEDULE_SERIAL, OHM_SCHEDULE_PIPELINED };
enum ohm_periphery { OHM_PERIPHERY_LDPU, OHM_PERIPHERY_NMPU };
enum ohm_chip_bits { OHM_CHIP_8_BITS, OHM_CHIP_6_BITS, OHM_CHIP_4_BITS };
enum ohm_depthwise { OHM_DEPTHWISE_UNIT, OHM_DEPTHWISE_CORES, OHM_DEPTHWISE_ARRAY };
enum ohm_matrices { OHM_MATRICES_ARRAY, OHM_MATRICES_CORES };
struct ohm_chip_use {
    int read_mode;        /* enum ohm_read_mode; default 4-phase: every published accuracy is 4-phase */
    int schedule;         /* enum ohm_schedule; default serial */
    bool overlap;         /* the ADC registers decouple MVM and digital part; default off, as measured */
    bool replicate;       /* copies of the slowest layers on free cores (pipelined only); default off */
    bool scale_energy_with_util; /* default off: the full array is active in the published numbers */
    int periphery;        /* enum ohm_periphery: what works on the outputs of a core; default LDPU */
    bool static_by_cores; /* static power of the cores in use alone, others use the rest; default off */
    int bits;             /* enum ohm_chip_bits: of converters that can be set; default 8 */
    int depthwise;        /* enum ohm_depthwise: where depthwise layers run; default the unit made for them */
    int matrices;         /* enum ohm_matrices: where all other layers with weights run; default the arrays */
    int64_t redundancy;   /* every tile lies on so many cores, chained, whose outputs are averaged; default 1 */
};

extern const struct ohm_field ohm_chip_use_fields[];
/* Does this chip read that option? */
bool ohm_chip_uses(const struct ohm_chip *chip, const struct ohm_field *field);
/* OHM_ECONFIG: an option that the chip does not read has another value than its default, or the chip has not got what
 * the option asks for. Pricing and mapping check it as well. */
enum ohm_status ohm_chip_check_use(const struct ohm_chip *chip, const struct ohm_chip_use *use, struct ohm_error *err);

/* What the chip does at best: every core full, matrix-vector products only (no digital part, as it is published). */
struct ohm_chip_peak {
    double mvm_ns;
    double energy_uJ; /* of one matrix-vector product on every core, static share included */
    double tops, tops_per_W, tops_per_mm2;
};
void ohm_chip_peak(const struct ohm_chip *chip, const struct ohm_chip_use *use, struct ohm_chip_peak *peak);

/* The parts that time and energy are told by. */
enum ohm_cost_part {
    OHM_PART_ARRAY,     /* crossbars with their converters */
    OHM_PART_DIGITAL,   /* what works on the outputs of a crossbar */
    OHM_PART_DEPTHWISE, /* a digital unit for depthwise layers */
    OHM_PART_CORES,     /* processor cores beside the crossbars */
    OHM_PART_STATIC,    /* what is drawn all the time */
    OHM_COST_PARTS
};
const char *ohm_cost_part_name(int part);

/* One conv or dense layer on the chip, or one of another kind where the chip prices it (then rows, tiles and util are
 * 0, and cols the channels). */
struct ohm_cost_layer {
    int32_t layer;             /* index in the net, or in the list of matrices */
    int64_t rows, cols, positions; /* of the matrix; groups written out along its diagonal */
    int32_t row_tiles, col_tiles, tiles, copies;
    double util;               /* cells that hold a weight / (tiles * tile size) */
    double latency_us;         /* of all positions, without copies */
    double energy_uJ;          /* dynamic */
    double part_us[OHM_COST_PARTS], part_uJ[OHM_COST_PARTS]; /* of these */
};

struct ohm_cost {
    int64_t cores;             /* tiles in use, copies included */
    int64_t cores_single;      /* without copies */
    int32_t chips;             /* chips needed: 1 when it fits */
    bool fits;
    int64_t cores_over;        /* by how many cores the net is too large for one chip; 0 when it fits */
    double util;               /* cells that hold a weight / (cores_single * tile size) */
    double latency_us;         /* of one inference: layer-serial, or first image of the pipeline */
    double interval_us;        /* between inferences: equals latency_us when serial */
    double energy_uJ;          /* of one inference, static share included */
    double energy_static_uJ;   /* of that, the static share */
    double area_mm2;           /* cores in use */
    double area_chips_mm2;     /* of whole chips */
    double power_mW;           /* energy per inference / interval */
    double tops, tops_per_W;   /* 2 MACs per inference over interval and energy */
    int64_t mvm_steps;         /* sequential matrix-vector products of one inference, layer-serial */
    double part_us[OHM_COST_PARTS]; /* of the layer-serial latency */
    double part_uJ[OHM_COST_PARTS]; /* of energy_uJ */
};

/* Rows that ohm_cost_net fills for this net: its conv and dense layers that are live, and those of other kinds that
 * the chip prices. */
int32_t ohm_cost_rows(const struct ohm_chip *chip, const struct ohm_net *net);
/* Prices a net. layers (may be NULL) has room for ohm_cost_rows. A "core" of a cost is what holds one tile: a core of
 * a many-core chip, an array of others. Does not fail when the net does not fit (cost->fits is false,
 * cost->cores_over and ->chips say by how much, and the cost is that of so many chips, transport between them
 * excluded); OHM_EUNFIT never comes from here. OHM_ECONFIG: ohm_chip_check_use. OHM_ERANGE: a net without conv or
 * dense layers, or with more tiles than can be counted (2^31 - 1) or packed (2^16). OHM_ENOMEM; many-core chips
 * allocate nothing for serial use of a net without sigmoid or tanh. */
enum ohm_status ohm_cost_net(const struct ohm_chip *chip, const struct ohm_chip_use *use, const struct ohm_net *net,
                             struct ohm_cost *cost, struct ohm_cost_layer *layers, struct ohm_error *err);

/* Why a net does not fit, one line without a full stop; nothing when it does. */
void ohm_cost_reason(struct ohm_str *s, const struct ohm_chip *chip, const struct ohm_cost *cost);

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
    int32_t layer, copy, core; /* copy: one of copies x redundancy */
    int64_t row, col;    /* first row and column of the matrix, groups written out along its diagonal */
    int32_t rows, cols;  /* of this tile */
    int32_t at_row, at_col; /* where on the core: 0 unless tiles share one */
};
/* Fills at most `cap` placements in core order and returns in *n how many there are in all. */
enum ohm_status ohm_map_net(const struct ohm_chip *chip, const struct ohm_chip_use *use, const struct ohm_net *net,
                            struct ohm_placement *placements, int64_t cap, int64_t *n, struct ohm_error *err);

#endif
