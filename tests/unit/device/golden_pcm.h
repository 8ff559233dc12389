/* golden_pcm.h - devices by name and the golden tables of memory devices, for the tests of device and analog. */
#ifndef GOLDEN_PCM_H
#define GOLDEN_PCM_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ohm/device.h"
#include "ohm/doc.h"
#include "ohm/file.h"
#include "ohm/mem.h"

#define GOLDEN "../shared/golden/pcm/"

static inline struct ohm_device *device_named(const char *name)
{
    char path[256];
    struct ohm_device *device = NULL;
    struct ohm_diag diag = {0};

    snprintf(path, sizeof path, "searchspaces/devices/%s.yaml", name);
    if (ohm_device_load(&device, path, &diag) != OHM_OK)
        fail_msg("%s:%d: %s", path, diag.item[0].line, diag.item[0].text);
    ohm_diag_release(&diag);
    return device;
}

/* true: there is no such golden file here, and the output says so. */
static inline bool golden_absent(const char *name)
{
    char path[256];

    snprintf(path, sizeof path, GOLDEN "%s", name);
    if (ohm_file_exists(path))
        return false;
    print_message("SKIPPED: ../shared is absent: %s is not compared with\n", path);
    return true;
}

#endif
