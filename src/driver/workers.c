#include "driver/workers.h"

#include <pthread.h>

enum { THREADS_MAX = 256 };

struct workers {
    pthread_mutex_t lock;
    pthread_cond_t submitted, finished;
    struct work *first, *last; /* queued */
    bool stopping;
    unsigned count;
    pthread_t threads[THREADS_MAX];
};

struct work *work_new(struct job *job)
{
    struct work *w = mem_alloc(sizeof *w);

    w->job = job;
    w->costs = mem_array(job->candidate_count, sizeof *w->costs);
    return w;
}

void work_free(struct work *w)
{
    if (w == NULL)
        return;
    job_drop(w->job);
    mem_free(w->costs);
    memo_free(w->memo);
    mem_free(w);
}

static void work_run(struct work *w)
{
    const struct job *job = w->job;

    if (job->kind != JOB_CYCLE) {
        w->iterations = cycle_score(&job->cycle, job->candidates, job->candidate_count, w->costs);
        return;
    }
    cycle_run(&job->cycle, &w->result);
    w->iterations = w->result.iterations;
}

/* Takes w out of the queue; the lock is held. */
static void queue_remove(struct workers *workers, struct work *w)
{
    struct work *before = NULL;

    for (struct work *at = workers->first; at != w; at = at->next) {
        ASSERT(at != NULL);
        before = at;
    }
    if (before == NULL)
        workers->first = w->next;
    else
        before->next = w->next;
    if (workers->last == w)
        workers->last = before;
    w->next = NULL;
}

/* Runs a queued job; the lock is held before and after. */
static void take(struct workers *workers, struct work *w)
{
    queue_remove(workers, w);
    w->state = WORK_RUNNING;
    pthread_mutex_unlock(&workers->lock);
    work_run(w);
    pthread_mutex_lock(&workers->lock);
    w->state = WORK_DONE;
    pthread_cond_broadcast(&workers->finished);
}

static void *worker_main(void *context)
{
    struct workers *workers = context;

    pthread_mutex_lock(&workers->lock);
    while (!workers->stopping) {
        if (workers->first != NULL)
            take(workers, workers->first);
        else
            pthread_cond_wait(&workers->submitted, &workers->lock);
    }
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

struct workers *workers_new(unsigned threads)
{
    struct workers *workers = mem_alloc(sizeof *workers);
    unsigned wanted = threads > THREADS_MAX ? THREADS_MAX : threads;

    ASSERT(threads >= 1);
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->submitted, NULL);
    pthread_cond_init(&workers->finished, NULL);
    while (workers->count + 1 < wanted &&
           pthread_create(&workers->threads[workers->count], NULL, worker_main, workers) == 0)
        workers->count++;
    return workers;
}

void workers_free(struct workers *workers)
{
    ASSERT(workers->first == NULL);
    pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    pthread_cond_broadcast(&workers->submitted);
    pthread_mutex_unlock(&workers->lock);
    for (unsigned i = 0; i < workers->count; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_cond_destroy(&workers->finished);
    pthread_cond_destroy(&workers->submitted);
    pthread_mutex_destroy(&workers->lock);
    mem_free(workers);
}

void workers_submit(struct workers *workers, struct work *w)
{
    pthread_mutex_lock(&workers->lock);
    w->state = WORK_QUEUED;
    w->next = NULL;
    if (workers->last == NULL)
        workers->first = w;
    else
        workers->last->next = w;
    workers->last = w;
    pthread_cond_signal(&workers->submitted);
    pthread_mutex_unlock(&workers->lock);
}

void workers_wait(struct workers *workers, struct work *w)
{
    pthread_mutex_lock(&workers->lock);
    if (w->state == WORK_QUEUED)
        take(workers, w);
    while (w->state != WORK_DONE) {
        if (workers->first != NULL)
            take(workers, workers->first);
        else
            pthread_cond_wait(&workers->finished, &workers->lock);
    }
    pthread_mutex_unlock(&workers->lock);
}

void workers_cancel(struct workers *workers, struct work *w)
{
    pthread_mutex_lock(&workers->lock);
    if (w->state == WORK_QUEUED)
        queue_remove(workers, w);
    while (w->state == WORK_RUNNING)
        pthread_cond_wait(&workers->finished, &workers->lock);
    pthread_mutex_unlock(&workers->lock);
}
