/* validate_run.h - validating one network after another with the same settings, data and hardware. */
#ifndef OHM_CLI_VALIDATE_RUN_H
#define OHM_CLI_VALIDATE_RUN_H

#include "fit.h"

#include "ohm/validate.h"
#include "ohm/validation.h"

/* What the command line of `validate` says. */
struct ohm_validate_options {
    struct ohm_fit_sources from;
    const char *weights, *split, *device, *chip, *times, *compensation, *gate, *width, *ranges, *progress;
    const char *by, *weights_dir, *answers;
    struct ohm_words set;
    int64_t draws, reads, samples, calibrate, bn_samples, batch, seed, top;
    bool again, force;
    struct ohm_format format;
};

extern const char *const ohm_compensation_kinds[]; /* of --compensation, NULL-terminated */

/* All that networks share, for as long as the command runs. */
struct ohm_validate_setup {
    const struct ohm_validate_options *opt;
    struct ohm_fit_loaded fit; /* the data, and the network under way */
    struct ohm_device *device;
    struct ohm_tile_config tile;
    struct ohm_range_rule ranges;
    struct ohm_words times;
    double t_s[OHM_VALIDATE_TIMES_MAX], width;
    struct ohm_str settings; /* JSON: all that changes the bits besides network, weights, data and counts */
};
/* All but the network and the data. */
enum ohm_status ohm_validate_setup_init(struct ohm_cli *cli, struct ohm_validate_setup *s,
                                        const struct ohm_validate_options *opt, struct ohm_error *err);
void ohm_validate_setup_release(struct ohm_validate_setup *s);

/* A network that was validated. */
struct ohm_validated {
    struct ohm_validate_result result;
    int64_t id; /* of the run log */
};
/* Validates s->fit.net with these weights as a row of the run log; with `reuse` one that is done with the same settings
 * is taken from there. prefix: what each line of progress begins with. */
enum ohm_status ohm_validate_net(struct ohm_cli *cli, struct ohm_validated *out, struct ohm_validate_setup *s,
                                 const char *weights, bool reuse, const char *prefix, struct ohm_error *err);
/* 16 digits, of the bytes of a file. */
enum ohm_status ohm_validate_hash_file(char hash[17], const char *path, struct ohm_error *err);

/* ---- --top ---- */

/* The K best networks of a study, ranked by what is measured. */
enum ohm_status ohm_validate_top(struct ohm_cli *cli, struct ohm_validate_setup *s, struct ohm_error *err);

#endif
