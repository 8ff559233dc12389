/* fuzz_layers.c (net) - any bytes as a network file: refused, or a network whose shapes fit. */
#include "ohm/layer_list.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct ohm_net_builder b = {0};
    struct ohm_diag diag = {0};
    struct ohm_doc *doc = NULL;
    const struct ohm_net *net = NULL;

    if (ohm_doc_parse(&doc, (const char *)bytes, n, "fuzz", &diag) == OHM_OK &&
        ohm_layer_list_read(&b, &net, NULL, doc, &diag) == OHM_OK && (!net || net->layers < 1 || net->macs < 0))
        abort();
    ohm_diag_release(&diag);
    ohm_doc_free(doc);
    ohm_net_release(&b);
    return 0;
}
