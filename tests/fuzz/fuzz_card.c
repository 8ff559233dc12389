/* Any bytes as the card of a surrogate; one that is read without a problem is written and read again. */
#include "../../src/surrogate/card.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_card(struct ohm_card *card, const char *bytes, size_t size)
{
    struct ohm_doc *doc = NULL;
    struct ohm_diag diag = {0};
    int problems;

    if (ohm_doc_parse(&doc, bytes, size, "fuzz", &diag) == OHM_OK)
        ohm_card_read(card, doc, &diag);
    problems = diag.count;
    ohm_doc_free(doc);
    ohm_diag_release(&diag);
    return problems;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ohm_card card = {0}, again = {0};
    struct ohm_emit e = {0};

    if (read_card(&card, (const char *)data, size) == 0) {
        ohm_card_print(&e, &card);
        if (read_card(&again, ohm_str_text(&e.out), e.out.length) != 0 || again.targets != card.targets ||
            again.features != card.features)
            abort();
        ohm_card_release(&again);
    }
    ohm_card_release(&card);
    ohm_str_release(&e.out);
    return 0;
}
