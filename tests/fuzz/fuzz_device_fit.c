/* fuzz_device_fit.c (device) - any bytes as a table of reads: a device file that is one, or an error. */
#include "ohm/device.h"
#include "ohm/device_fit.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the fit writes the reader takes, unless a number is beyond what a device file may hold. */
static void read_back(const struct ohm_str *yaml)
{
    struct ohm_device *device = NULL;
    struct ohm_diag diag = {0};

    if (ohm_device_parse(&device, yaml->text, yaml->length, "fit.yaml", &diag) != OHM_OK)
        for (int i = 0; i < diag.count && i < OHM_DIAG_MAX; i++)
            if (!strstr(diag.item[i].text, "outside"))
                abort();
    ohm_diag_release(&diag);
    ohm_device_free(device);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ohm_device_fit options = {.name = "t", .t_read_s = 250e-9, .degree = (int)(size % 5) + 1};
    struct ohm_csv table = {0};
    struct ohm_str yaml = {0};
    struct ohm_error err = {0};

    if (ohm_csv_parse(&table, (const char *)data, size, "fuzz.csv", NULL) == OHM_OK) {
        if (ohm_device_fit(&yaml, &table, &options, &err) == OHM_OK)
            read_back(&yaml);
        else if (err.status == OHM_OK || yaml.length)
            abort();
    }
    ohm_csv_release(&table);
    ohm_str_release(&yaml);
    return 0;
}
