/* One queue under one lock. Whoever waits for a task does others meanwhile, so that a pool of one thread, which is the
 * caller's, works as well. */
#include "base/pool.h"

#include <pthread.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/mutate.h"

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t submitted, finished;
    struct pool_task *first, *last; /* queued */
    bool stopping;
    unsigned waiting; /* for a task that another thread does */
    unsigned count;
    pthread_t threads[POOL_THREADS_MAX];
};

unsigned pool_threads(unsigned wish)
{
    long processors = wish > 0 ? (long)wish : sysconf(_SC_NPROCESSORS_ONLN);

    if (processors < 1)
        return 1;
    return processors > POOL_THREADS_MAX ? POOL_THREADS_MAX : (unsigned)processors;
}

/* Takes a task out of the queue; the lock is held. */
static void queue_remove(struct pool *pool, struct pool_task *task)
{
    struct pool_task *before = NULL;

    for (struct pool_task *at = pool->first; at != task; at = at->next) {
        ASSERT(at != NULL);
        before = at;
    }
    if (before == NULL)
        pool->first = task->next;
    else
        before->next = task->next;
    if (pool->last == task)
        pool->last = before;
    task->next = NULL;
}

/* Runs a queued task; the lock is held before and after. */
static void take(struct pool *pool, struct pool_task *task)
{
    queue_remove(pool, task);
    task->state = POOL_RUNNING;
    pthread_mutex_unlock(&pool->lock);
    task->run(task);
    pthread_mutex_lock(&pool->lock);
    task->state = POOL_DONE;
    pthread_cond_broadcast(&pool->finished);
}

static void *thread_main(void *context)
{
    struct pool *pool = context;

    pthread_mutex_lock(&pool->lock);
    while (!pool->stopping) {
        if (pool->first != NULL)
            take(pool, pool->first);
        else
            pthread_cond_wait(&pool->submitted, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

struct pool *pool_new(unsigned threads)
{
    struct pool *pool = mem_alloc(sizeof *pool);
    unsigned wanted = threads > POOL_THREADS_MAX ? POOL_THREADS_MAX : threads;

    ASSERT(threads >= 1);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->submitted, NULL);
    pthread_cond_init(&pool->finished, NULL);
    while (pool->count + 1 < wanted && pthread_create(&pool->threads[pool->count], NULL, thread_main, pool) == 0)
        pool->count++;
    return pool;
}

void pool_free(struct pool *pool)
{
    ASSERT(pool->first == NULL);
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->submitted);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->count; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->finished);
    pthread_cond_destroy(&pool->submitted);
    pthread_mutex_destroy(&pool->lock);
    mem_free(pool);
}

void pool_submit(struct pool *pool, struct pool_task *task)
{
    pthread_mutex_lock(&pool->lock);
    task->state = POOL_QUEUED;
    task->next = NULL;
    if (pool->last == NULL)
        pool->first = task;
    else
        pool->last->next = task;
    pool->last = task;
    pthread_cond_signal(&pool->submitted);
    if (MUTATE(POOL_WAITS_IDLY, false, pool->waiting > 0))
        pthread_cond_broadcast(&pool->finished); /* whoever waits for a task lends a hand */
    pthread_mutex_unlock(&pool->lock);
}

/* Until a task is done or another one is submitted; the lock is held. */
static void wait_finished(struct pool *pool)
{
    pool->waiting++;
    pthread_cond_wait(&pool->finished, &pool->lock);
    pool->waiting--;
}

void pool_wait(struct pool *pool, struct pool_task *task)
{
    pthread_mutex_lock(&pool->lock);
    if (task->state == POOL_QUEUED)
        take(pool, task);
    while (task->state != POOL_DONE) {
        if (pool->first != NULL)
            take(pool, pool->first);
        else
            wait_finished(pool);
    }
    pthread_mutex_unlock(&pool->lock);
}

void pool_cancel(struct pool *pool, struct pool_task *task)
{
    pthread_mutex_lock(&pool->lock);
    if (task->state == POOL_QUEUED)
        queue_remove(pool, task);
    while (task->state == POOL_RUNNING)
        pthread_cond_wait(&pool->finished, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

/* ---- one thing many times */

struct each {
    bool (*run)(void *context, uint64_t index);
    void *context;
    pthread_mutex_t lock;
    uint64_t next, count;
};

struct share {
    struct pool_task task; /* first */
    struct each *each;
};

static void each_go_on(struct each *e)
{
    pthread_mutex_lock(&e->lock);
    while (e->next < e->count) {
        uint64_t index = e->next++;

        pthread_mutex_unlock(&e->lock);
        bool goes_on = e->run(e->context, index);
        pthread_mutex_lock(&e->lock);
        if (!goes_on)
            e->count = 0;
    }
    pthread_mutex_unlock(&e->lock);
}

static void share_run(struct pool_task *task)
{
    each_go_on(((struct share *)(void *)task)->each);
}

/* Whoever shares does not wait for helpers that have not begun: they may stand behind long tasks. */
void pool_share(struct pool *pool, uint64_t count, bool (*run)(void *context, uint64_t index), void *context)
{
    struct each e = {.run = run, .context = context, .count = count};
    uint64_t others = pool != NULL ? pool->count : 0, wanted = count > 0 ? count - 1 : 0;
    uint64_t shares = others < wanted ? others : wanted;
    struct share *helpers = mem_array(shares, sizeof helpers[0]);

    pthread_mutex_init(&e.lock, NULL);
    for (uint64_t i = 0; i < shares; i++) {
        helpers[i] = (struct share){.task = {.run = share_run}, .each = &e};
        pool_submit(pool, &helpers[i].task);
    }
    each_go_on(&e);
    for (uint64_t i = 0; i < shares; i++)
        pool_cancel(pool, &helpers[i].task);
    pthread_mutex_destroy(&e.lock);
    mem_free(helpers);
}

void pool_each(unsigned threads, uint64_t count, bool (*run)(void *context, uint64_t index), void *context)
{
    struct pool *pool = pool_new(threads < count ? threads : count > 0 ? (unsigned)count : 1);

    pool_share(pool, count, run, context);
    pool_free(pool);
}
