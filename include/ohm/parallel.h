/* parallel.h - loops over independent items, and the only place that knows of threads.
 *
 * Each index writes its own slot; sums over results are taken after the loop, in index order, so that the number of
 * threads never shows in a result. */
#ifndef OHM_PARALLEL_H
#define OHM_PARALLEL_H

#include "ohm/error.h"

/* One item. `worker` in [0, jobs) names the scratch memory that this thread may use. */
typedef enum ohm_status ohm_item_fn(void *context, int index, int worker, struct ohm_error *err);

/* Calls fn for every index in [0, n) on up to `jobs` threads (jobs >= 1). All items run even if one fails; the failure
 * with the lowest index is the one reported. A nested call runs serially. */
enum ohm_status ohm_parallel_for(int jobs, int n, ohm_item_fn *fn, void *context, struct ohm_error *err);

/* The worker that calls, inside a loop; 0 outside. For callbacks that are not handed their worker. */
int ohm_parallel_worker(void);

int ohm_processor_count(void); /* processors this process may use, >= 1 */

/* One task beside the caller: start, then wait. At most one at a time per ohm_task. */
struct ohm_task;
typedef enum ohm_status ohm_task_fn(void *context, struct ohm_error *err);
/* Makes an idle worker thread. */
enum ohm_status ohm_task_create(struct ohm_task **out, struct ohm_error *err);
void ohm_task_start(struct ohm_task *task, ohm_task_fn *fn, void *context);
/* Waits for the task started last and returns its status; OHM_OK when none is under way. */
enum ohm_status ohm_task_wait(struct ohm_task *task, struct ohm_error *err);
void ohm_task_free(struct ohm_task *task); /* waits first; NULL is fine */

#endif
