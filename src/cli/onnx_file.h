/* onnx_file.h - a network of the command line, with its weights, as an ONNX file. */
#ifndef OHM_CLI_ONNX_FILE_H
#define OHM_CLI_ONNX_FILE_H

#include "cli_int.h"

/* Appends the bytes: the network with the numbers of the file of weights, and all that both tell of where they come
 * from. */
enum ohm_status ohm_cli_onnx(struct ohm_cli *cli, struct ohm_str *bytes, const struct ohm_named_net *net,
                             const char *weights, bool fold, struct ohm_error *err);

#endif
