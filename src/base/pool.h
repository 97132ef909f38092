#ifndef PRISMFED_BASE_POOL_H
#define PRISMFED_BASE_POOL_H

#include <stdbool.h>
#include <stdint.h>

/* Threads that run tasks. What a task computes depends on nothing but the task, so the number of threads and their
 * order never show. */

enum { POOL_THREADS_MAX = 256 };

enum pool_state { POOL_IDLE, POOL_QUEUED, POOL_RUNNING, POOL_DONE };

/* Part of what is to be done. Zero-initialise, set run; the rest is the pool's. */
struct pool_task {
    void (*run)(struct pool_task *task);
    enum pool_state state;
    struct pool_task *next;
};

struct pool;

/* How many threads a user's wish means: 0 is one for each processor. Never 0, never above POOL_THREADS_MAX. */
unsigned pool_threads(unsigned wish);

/* threads >= 1, the caller's own counted. Where the system has no more threads, the tasks are done by those there are.
 */
struct pool *pool_new(unsigned threads);
void pool_free(struct pool *pool);                           /* nothing may be queued or running */
void pool_submit(struct pool *pool, struct pool_task *task); /* borrowed until waited for or cancelled */
void pool_wait(struct pool *pool, struct pool_task *task);   /* until it is done; lends a hand */
void pool_cancel(struct pool *pool, struct pool_task *task); /* it may be freed afterwards */

/* Calls run(context, index) for each index below count, begun in order, on the caller's thread and on those of the pool
 * that have nothing else to do, and returns when all are done. The caller does no other task meanwhile, so a task may
 * call it. pool: NULL: on the caller's thread alone. After one that returns false, no further index is begun. */
void pool_share(struct pool *pool, uint64_t count, bool (*run)(void *context, uint64_t index), void *context);
/* The same with a pool of so many threads that is there for this alone. */
void pool_each(unsigned threads, uint64_t count, bool (*run)(void *context, uint64_t index), void *context);

#endif
