/* card.h - card.yaml of a surrogate: what it says, checked as far as it can be without the files it names. */
#ifndef OHM_CARD_H
#define OHM_CARD_H

#include "ohm/doc.h"
#include "ohm/mem.h"
#include "ohm/surrogate_train.h"

#include <stdint.h>

#define OHM_CARD_FILE   "card.yaml"
#define OHM_CARD_FORMAT "ohmnas.surrogate/1"

enum { CARD_MODELS_MAX = 256 };

struct ohm_card_file {
    const char *name; /* within the folder: no '/' in it */
    int64_t bytes;
    uint64_t hash;
};

struct ohm_card_target {
    struct ohm_target_name name;
    int models;
    struct ohm_card_file *model; /* [models] */
    int knots;                   /* 0: the models give the target itself */
    double *knot;                /* [knots], rising; see quantile.h */
    bool has_noise;
    struct ohm_card_file noise;
    double noise_scale, noise_power;
    struct ohm_target_score score;
};

struct ohm_card {
    struct ohm_arena arena;
    const char *name, *task, *space;
    uint64_t space_hash;
    const char *groups;
    int features;
    const char **feature; /* [features] */
    uint64_t feature_hash;
    bool has_physics; /* of features that need it; cards of others say nothing of hardware */
    struct ohm_physics physics;
    const char *protocol, *source, *command;
    int64_t rows, passed_over;
    uint64_t rows_hash;
    struct ohm_surrogate_options options;
    int targets;
    struct ohm_card_target target[OHM_TARGETS_MAX];
};

/* Reads a card; every problem is noted. card is empty ({0}) before; release it in any case. */
void ohm_card_read(struct ohm_card *card, const struct ohm_doc *doc, struct ohm_diag *diag);
/* The card as YAML. */
void ohm_card_print(struct ohm_emit *e, const struct ohm_card *card);
void ohm_card_release(struct ohm_card *card);

void ohm_card_print_fields(struct ohm_emit *e, const struct ohm_field *fields, const void *object);
/* The part `physics` of a card. */
void ohm_card_print_physics(struct ohm_emit *e, const struct ohm_physics *p);
void ohm_card_read_physics(struct ohm_physics *p, struct ohm_node *map, struct ohm_diag *diag);

/* "0123456789abcdef" and back. */
void ohm_hash_print(char text[17], uint64_t hash);
bool ohm_hash_parse(const char *text, uint64_t *hash);

#endif
