/* export.h - a network as a file: YAML or JSON with genotype, layers, cost, mapping, scores and where it came from;
 * and as a graph for dot. What YAML and JSON hold is read back: the genotype is the network, the rest is checked. */
#ifndef OHM_EXPORT_H
#define OHM_EXPORT_H

#include "ohm/chip.h"
#include "ohm/doc.h"
#include "ohm/error.h"
#include "ohm/net.h"
#include "ohm/space.h"
#include "ohm/str.h"

#include <stdbool.h>
#include <stdint.h>

/* What is written. Everything is borrowed. */
struct ohm_net_record {
    const struct ohm_space *space;
    const struct ohm_genotype *genotype;
    const struct ohm_net *net;      /* of the genotype, with names */
    const struct ohm_chip *chip;    /* NULL: neither cost nor mapping */
    const struct ohm_chip_use *use; /* with a chip */
    const char *chip_axes;          /* "cores=32 ...": what chip and use have of a search; NULL: nothing */
    const char *const *score_name;  /* [scores], with units */
    const double *score;            /* [scores] */
    int scores;
    const char *version; /* of the program that writes */
    const char *study;   /* NULL: it came from no study */
    int64_t trial, seed; /* with a study */
};

enum ohm_status ohm_net_record_write(struct ohm_str *s, const struct ohm_net_record *record, bool json,
                                     struct ohm_error *err);
/* The graph in the language of Graphviz. */
void ohm_net_dot(struct ohm_str *s, const struct ohm_net *net, const char *title);

/* What was read. Texts live in doc. */
struct ohm_net_file {
    struct ohm_doc *doc;  /* owned */
    const char *space;    /* its name */
    const char *genotype; /* canonical text */
    const char *id;       /* "n:..." */
    uint64_t space_hash;
    long long layers, params, macs;
    const char *chip;      /* name, or NULL */
    const char *study;     /* or NULL */
    long long trial, seed; /* with a study */
    const char **score_name;
    double *score; /* NaN: not there */
    int scores;
};

/* Does the root of this document say that it is a network file? */
bool ohm_is_net_file(const struct ohm_doc *doc);
/* Every problem of the file in one pass. */
enum ohm_status ohm_net_file_load(struct ohm_net_file *out, const char *path, struct ohm_diag *diag);
void ohm_net_file_release(struct ohm_net_file *file);
/* Is the space the one that the file was written from? OHM_EDATA when not. */
enum ohm_status ohm_net_file_check_space(const struct ohm_net_file *file, const struct ohm_space *space,
                                         struct ohm_error *err);
/* Is this genotype, with this net, the one that the file tells of? OHM_EDATA: id, layers, parameters or MACs differ. */
enum ohm_status ohm_net_file_check(const struct ohm_net_file *file, const struct ohm_space *space,
                                   const struct ohm_genotype *genotype, const struct ohm_net *net,
                                   struct ohm_error *err);

#endif
