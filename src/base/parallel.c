/* parallel.c - the only OpenMP pragmas and the only thread of the program. */
#include "ohm/parallel.h"

#include "ohm/mem.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#ifdef _OPENMP
#include <omp.h>
#endif

struct failure {
    int index;
    enum ohm_status status;
    struct ohm_error error;
};

/* Inside the critical section: keeps the failure with the lowest index. */
static void note(struct failure *first, int index, enum ohm_status status, const struct ohm_error *error)
{
    if (first->status == OHM_OK || index < first->index) {
        first->index = index;
        first->status = status;
        first->error = *error;
    }
}

static enum ohm_status report(const struct failure *first, struct ohm_error *err)
{
    if (first->status != OHM_OK && err)
        *err = first->error;
    return first->status;
}

static enum ohm_status serial_for(int n, ohm_item_fn *fn, void *context, struct ohm_error *err)
{
    struct failure first = { 0 };

    for (int i = 0; i < n; i++) {
        struct ohm_error error = { 0 };
        const enum ohm_status st = fn(context, i, 0, &error);

        if (st != OHM_OK)
            note(&first, i, st, &error);
    }
    return report(&first, err);
}

#ifdef _OPENMP
/* Chunks keep the cost of handing out an index small beside a cheap item, and still share uneven items well. */
static int chunk_size(int jobs, int n)
{
    const int chunk = n / (jobs * 8);

    return chunk < 1 ? 1 : chunk > 64 ? 64 : chunk;
}

enum ohm_status ohm_parallel_for(int jobs, int n, ohm_item_fn *fn, void *context, struct ohm_error *err)
{
    struct failure first = { 0 };
    const int team = jobs < n ? jobs : n;
    const int chunk = chunk_size(jobs < 1 ? 1 : jobs, n);

    if (team <= 1 || omp_in_parallel())
        return serial_for(n, fn, context, err);
#pragma omp parallel for num_threads(team) schedule(dynamic, chunk)
    for (int i = 0; i < n; i++) {
        struct ohm_error error = { 0 };
        const enum ohm_status st = fn(context, i, omp_get_thread_num(), &error);

        if (st != OHM_OK) {
#pragma omp critical(ohm_parallel_failure)
            note(&first, i, st, &error);
        }
    }
    return report(&first, err);
}

int ohm_parallel_worker(void)
{
    return omp_get_thread_num();
}
#else
int ohm_parallel_worker(void)
{
    return 0;
}

enum ohm_status ohm_parallel_for(int jobs, int n, ohm_item_fn *fn, void *context, struct ohm_error *err)
{
    (void)jobs;
    return serial_for(n, fn, context, err);
}
#endif

int ohm_processor_count(void)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    return CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
}

/* States of the worker: idle (fn NULL, busy false), busy (fn set), and leaving. */
struct ohm_task {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    ohm_task_fn *fn;
    void *context;
    bool busy, leave;
    enum ohm_status status;
    struct ohm_error error;
};

static void *worker(void *argument)
{
    struct ohm_task *task = argument;

    pthread_mutex_lock(&task->mutex);
    for (;;) {
        struct ohm_error error = { 0 };
        enum ohm_status st;

        while (!task->busy && !task->leave)
            pthread_cond_wait(&task->changed, &task->mutex);
        if (!task->busy)
            break;
        pthread_mutex_unlock(&task->mutex);
        st = task->fn(task->context, &error);
        pthread_mutex_lock(&task->mutex);
        task->status = st;
        task->error = error;
        task->busy = false;
        pthread_cond_broadcast(&task->changed);
    }
    pthread_mutex_unlock(&task->mutex);
    return NULL;
}

enum ohm_status ohm_task_create(struct ohm_task **out, struct ohm_error *err)
{
    struct ohm_task *task = ohm_alloc(1, sizeof *task);
    int reason;

    if (!task)
        return ohm_fail(err, OHM_ENOMEM, "out of memory for a worker thread");
    pthread_mutex_init(&task->mutex, NULL);
    pthread_cond_init(&task->changed, NULL);
    reason = pthread_create(&task->thread, NULL, worker, task);
    if (reason) {
        pthread_cond_destroy(&task->changed);
        pthread_mutex_destroy(&task->mutex);
        ohm_free(task);
        return ohm_fail_errno(err, OHM_EFAIL, reason, "cannot start a thread");
    }
    *out = task;
    return OHM_OK;
}

void ohm_task_start(struct ohm_task *task, ohm_task_fn *fn, void *context)
{
    ohm_task_wait(task, NULL);
    pthread_mutex_lock(&task->mutex);
    task->fn = fn;
    task->context = context;
    task->status = OHM_OK;
    task->busy = true;
    pthread_cond_broadcast(&task->changed);
    pthread_mutex_unlock(&task->mutex);
}

enum ohm_status ohm_task_wait(struct ohm_task *task, struct ohm_error *err)
{
    enum ohm_status st;

    pthread_mutex_lock(&task->mutex);
    while (task->busy)
        pthread_cond_wait(&task->changed, &task->mutex);
    st = task->status;
    if (st != OHM_OK && err)
        *err = task->error;
    pthread_mutex_unlock(&task->mutex);
    return st;
}

void ohm_task_free(struct ohm_task *task)
{
    if (!task)
        return;
    pthread_mutex_lock(&task->mutex);
    task->leave = true;
    pthread_cond_broadcast(&task->changed);
    pthread_mutex_unlock(&task->mutex);
    pthread_join(task->thread, NULL);
    pthread_cond_destroy(&task->changed);
    pthread_mutex_destroy(&task->mutex);
    ohm_free(task);
}
