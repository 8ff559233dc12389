/* fuzz_task.c (data) - any bytes as a task file: a task that a front end can be made for, or errors. */
#include "../../src/data/data_int.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ohm_task_spec *task = NULL;
    struct ohm_diag diag = {0};

    if (ohm_task_spec_parse(&task, (const char *)data, size, "fuzz.yaml", &diag) == OHM_OK) {
        if (diag.count || task->classes < 2 || task->h < 1 || task->norms < 1)
            abort();
        if (task->kind == OHM_DATA_SPEECH)
            frontend_plan_free(frontend_plan_create(&task->frontend, NULL));
    } else if (diag.count == 0 || task)
        abort();
    ohm_diag_release(&diag);
    ohm_task_spec_free(task);
    return 0;
}
