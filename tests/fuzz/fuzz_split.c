/* fuzz_split.c (data) - any bytes as a split file: entries that are found again, or an error with its place. */
#include "../../src/data/data_int.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ohm_error err = {0};
    struct split_list list;

    if (split_list_parse(&list, (const char *)data, size, "split.csv", &err) != OHM_OK) {
        if (err.text[0] == '\0' || list.entry)
            abort();
        return 0;
    }
    for (int i = 0; i < list.count; i++) {
        const char *speaker;
        size_t n;

        if (split_list_find(&list, list.entry[i].file) != &list.entry[i] || list.entry[i].split > OHM_TEST)
            abort();
        if (speaker_of(list.entry[i].file, &speaker, &n) && split_by_speaker(speaker, n) > OHM_TEST)
            abort();
    }
    split_list_release(&list);
    return 0;
}
