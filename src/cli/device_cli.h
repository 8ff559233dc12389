/* device_cli.h - what the commands of memory devices share. */
#ifndef OHM_DEVICE_CLI_H
#define OHM_DEVICE_CLI_H

#include "cli_int.h"

#include "ohm/device.h"

/* Loads a device by name or path. Problems go to cli->diag. */
enum ohm_status ohm_cli_device(struct ohm_cli *cli, const char *name, struct ohm_device **device);
/* Sets what "KEY=VALUE" says, a key of ohm_device_fields. */
enum ohm_status ohm_cli_device_set(struct ohm_device *device, const char *text, struct ohm_error *err);

#endif
