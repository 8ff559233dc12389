/* json.h - reading JSON (libjansson) as the same tree as YAML: struct ohm_doc of doc.h, with a line on every error of
 * syntax. Duplicate keys are an error. Limits as in doc.h. ohm_doc_load takes a path that ends in .json to be JSON. */
#ifndef OHM_JSON_H
#define OHM_JSON_H

#include "ohm/doc.h"

enum ohm_status ohm_json_parse(struct ohm_doc **out, const char *bytes, size_t length, const char *path,
                               struct ohm_diag *diag);

#endif
