/* A pool's threads run the jobs; who is done stands in a list, and an eventfd(2) wakes the loop. */
#define _GNU_SOURCE

#include "node/jobs.h"

#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LESS_URGENT = 5 };

struct running {
    struct pool_task task; /* first */
    struct jobs *jobs;
    struct work *work;
    struct running *next; /* of those that are done */
    struct running *all_next, **all_back;
};

struct jobs {
    struct loop *loop;
    struct pool *pool;
    struct loop_watch watch;
    void (*done)(void *context, struct work *work);
    void *context;
    struct running *all; /* owned; submitted and not told done */
    unsigned count;
    pthread_mutex_t lock;
    struct running *finished; /* under the lock */
};

static void job_run(struct pool_task *task)
{
    struct running *r = (struct running *)(void *)task;
    struct jobs *j = r->jobs;
    uint64_t one = 1;

    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), LESS_URGENT); /* of this thread alone: setpriority(2), "Notes" */
    r->work->task.run(&r->work->task);
    pthread_mutex_lock(&j->lock);
    r->next = j->finished;
    j->finished = r;
    pthread_mutex_unlock(&j->lock);
    ssize_t n = write(j->watch.fd, &one, sizeof one);
    ASSERT(n == sizeof one);
}

static void running_free(struct jobs *j, struct running *r)
{
    *r->all_back = r->all_next;
    if (r->all_next != NULL)
        r->all_next->all_back = r->all_back;
    j->count--;
    mem_free(r);
}

static void ready(void *context, uint32_t events)
{
    struct jobs *j = context;
    struct running *r, *next;
    uint64_t count;

    (void)events;
    if (read(j->watch.fd, &count, sizeof count) < 0)
        return; /* told already */
    pthread_mutex_lock(&j->lock);
    r = j->finished;
    j->finished = NULL;
    pthread_mutex_unlock(&j->lock);
    for (; r != NULL; r = next) {
        struct work *work = r->work;

        next = r->next;
        pool_cancel(j->pool, &r->task); /* it is on its last steps; pool_wait() would lend a hand */
        running_free(j, r);
        j->done(j->context, work);
    }
}

enum err jobs_new(struct loop *loop, unsigned threads, void (*done)(void *context, struct work *work), void *context,
                  struct jobs **out, struct diag *diag)
{
    struct jobs *j;
    enum err err;
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (fd < 0)
        return diag_set(diag, ERR_IO, "eventfd: %s", strerror(errno));
    j = mem_alloc(sizeof *j);
    *j = (struct jobs){.loop = loop, .watch = {ready, j, fd}, .done = done, .context = context};
    err = loop_watch(loop, &j->watch, EPOLLIN);
    if (err != ERR_OK) {
        close(fd);
        mem_free(j);
        return diag_set(diag, err, "epoll: %s", strerror(errno));
    }
    pthread_mutex_init(&j->lock, NULL);
    j->pool = pool_new(threads + 1); /* the loop's own thread does none of it */
    *out = j;
    return ERR_OK;
}

void jobs_free(struct jobs *j)
{
    if (j == NULL)
        return;
    while (j->all != NULL) {
        struct running *r = j->all;
        struct work *work = r->work;

        pool_cancel(j->pool, &r->task);
        running_free(j, r);
        work_free(work);
    }
    loop_unwatch(j->loop, &j->watch);
    close(j->watch.fd);
    pool_free(j->pool);
    pthread_mutex_destroy(&j->lock);
    mem_free(j);
}

struct pool *jobs_pool(struct jobs *j)
{
    return j->pool;
}

void jobs_submit(struct jobs *j, struct work *work)
{
    struct running *r = mem_alloc(sizeof *r);

    *r = (struct running){.task = {.run = job_run}, .jobs = j, .work = work, .all_next = j->all, .all_back = &j->all};
    if (j->all != NULL)
        j->all->all_back = &r->all_next;
    j->all = r;
    j->count++;
    pool_submit(j->pool, &r->task);
}

unsigned jobs_running(const struct jobs *j)
{
    return j->count;
}
