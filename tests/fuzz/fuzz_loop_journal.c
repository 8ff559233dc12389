/* fuzz_loop_journal.c (loop) - any bytes as the decisions of a closed loop: they are followed, or refused with a line.
 */
#include "ohm/file.h"
#include "ohm/loop.h"
#include "ohm/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A source that has measured nothing and of which all that is asked for is measured at once. */
static enum ohm_status read_nothing(void *context, struct ohm_loop_rows *rows, struct ohm_error *err)
{
    (void)context;
    (void)rows;
    (void)err;
    return OHM_OK;
}

static enum ohm_status measure(void *context, struct ohm_loop_row *row, const struct ohm_collect_item *item, int n,
                               struct ohm_error *err)
{
    (void)context;
    (void)err;
    for (int i = 0; i < n; i++) {
        row[i] = (struct ohm_loop_row){.item = item[i], .value = {50 + i}, .cost_s = 1};
        if (!memchr(item[i].base, 0, sizeof item[i].base) || item[i].base[0] == 0 || item[i].repeat < 0)
            abort();
    }
    return OHM_OK;
}

static enum ohm_status draw(void *context, struct ohm_collect_item *item, int number, bool *found,
                            struct ohm_error *err)
{
    (void)context;
    (void)item;
    (void)number;
    (void)err;
    *found = false;
    return OHM_OK;
}

static const struct ohm_target_name figure = {"acc_1d", "%"};
static const char *const objectives[] = {"maximize acc_1d", "params"};
static struct ohm_loop_source source = {
    .figures = 1, .figure = &figure, .read = read_nothing, .measure = measure, .draw = draw};

struct world {
    struct ohm_space *space;
    struct ohm_loop_spec spec;
    char path[64];
    char *head; /* of a journal with these settings */
    size_t length;
};

static void run(const struct world *w, enum ohm_status *st, struct ohm_error *err)
{
    struct ohm_loop_result result;

    *st = ohm_loop_run(&result, &w->spec, err);
    ohm_loop_result_release(&result);
}

static void begin(struct world *w)
{
    enum ohm_status st;

    snprintf(w->path, sizeof w->path, "/tmp/ohm_fuzz_journal.%d", (int)getpid());
    if (ohm_space_load(&w->space, "searchspaces/nb201.yaml", NULL) != OHM_OK)
        abort();
    w->spec = (struct ohm_loop_spec){.space = w->space,
                                     .objectives = objectives,
                                     .objective_count = 2,
                                     .source = &source,
                                     .strategy = ohm_strategy_find("random"),
                                     .strategy_options = calloc(1, 4096),
                                     .search_budget = 1,
                                     .features = "genes",
                                     .top = 1,
                                     .rounds = 3,
                                     .jobs = 1,
                                     .settings = "",
                                     .folder = "unused",
                                     .program = "fuzz",
                                     .journal = w->path};
    ohm_fields_default(ohm_loop_fields, &w->spec.options);
    ohm_fields_default(ohm_surrogate_fields, &w->spec.surrogate);
    ohm_fields_default(ohm_chip_use_fields, &w->spec.chip_use);
    w->spec.options.choose = OHM_LOOP_RANDOM;
    unlink(w->path);
    run(w, &st, NULL);
    if (st != OHM_OK || ohm_file_read(&w->head, &w->length, w->path, 1 << 20, NULL) != OHM_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    struct ohm_error err = {0};
    enum ohm_status st;
    char *bytes;

    if (!w.space)
        begin(&w);
    if (!(bytes = malloc(w.length + size)))
        return 0;
    memcpy(bytes, w.head, w.length);
    if (size > 0)
        memcpy(bytes + w.length, data, size);
    if (ohm_file_write(w.path, bytes, w.length + size, NULL) != OHM_OK)
        abort();
    run(&w, &st, &err);
    if (st != OHM_OK && (st != OHM_EDATA || !err.text[0]))
        abort();
    free(bytes);
    unlink(w.path);
    return 0;
}
