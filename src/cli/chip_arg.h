/* chip_arg.h - a chip and how it is used, as the user names both: CHIP, or CHIP:KEY=VALUE:KEY=VALUE, and --set. */
#ifndef OHM_CLI_CHIP_ARG_H
#define OHM_CLI_CHIP_ARG_H

#include "cli_int.h"

struct ohm_chip_arg {  /* {0} is released */
    const char *label; /* as the user named it */
    struct ohm_chip *chip;
    struct ohm_chip_use use;
};

/* Keys with a dot are numbers of the chip, the others say how it is used. set may be NULL. Release it even on failure;
 * problems of the chip's file go to cli->diag. */
enum ohm_status ohm_chip_arg_load(struct ohm_cli *cli, struct ohm_chip_arg *arg, const char *text,
                                  const struct ohm_words *set, struct ohm_error *err);
void ohm_chip_arg_release(struct ohm_chip_arg *arg);
/* "key=value ..." of the options that the chip reads. */
void ohm_chip_arg_print_use(struct ohm_str *s, const struct ohm_chip_arg *arg);
/* "block.key=value ..." of the numbers that are not those of the file. */
void ohm_chip_arg_print_numbers(struct ohm_str *s, const struct ohm_chip_arg *arg);

#endif
