#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "tap.h"

enum { TASKS = 40, INDICES = 1000 };

struct square {
    struct pool_task task; /* first */
    uint64_t of, is;
};

static void square_run(struct pool_task *task)
{
    struct square *s = (struct square *)(void *)task;

    s->is = s->of * s->of;
}

static void tasks_are_done_whoever_waits(void)
{
    for (unsigned threads = 1; threads <= 5; threads++) {
        struct square squares[TASKS] = {0};
        struct pool *pool = pool_new(threads);

        for (unsigned i = 0; i < TASKS; i++) {
            squares[i] = (struct square){.task = {.run = square_run}, .of = i};
            pool_submit(pool, &squares[i].task);
        }
        for (unsigned i = 0; i < TASKS; i++) { /* in another order than they came in */
            struct square *s = &squares[(i * 7 + 3) % TASKS];

            if (i % 4 == 3) {
                pool_cancel(pool, &s->task);
                CHECK(s->is == 0 || s->is == s->of * s->of);
            } else {
                pool_wait(pool, &s->task);
                CHECK_EQ_U64(s->is, s->of * s->of);
            }
        }
        pool_free(pool);
    }
}

static void an_idle_pool_ends(void)
{
    pool_free(pool_new(1));
    pool_free(pool_new(8));
}

struct counting {
    pthread_mutex_t lock;
    uint64_t calls[INDICES];
    uint64_t highest, stop_at; /* stop_at: the index that says false */
};

static bool count_one(void *context, uint64_t index)
{
    struct counting *c = context;

    pthread_mutex_lock(&c->lock);
    c->calls[index]++;
    c->highest = index > c->highest ? index : c->highest;
    pthread_mutex_unlock(&c->lock);
    return index != c->stop_at;
}

static void each_index_has_its_turn(void)
{
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct counting c = {.stop_at = UINT64_MAX};
        unsigned once = 0;

        pthread_mutex_init(&c.lock, NULL);
        pool_each(threads, INDICES, count_one, &c);
        for (unsigned i = 0; i < INDICES; i++)
            once += c.calls[i] == 1;
        CHECK_EQ_U64(once, INDICES);
        pool_each(threads, 0, count_one, &c);
        CHECK_EQ_U64(c.calls[0], 1);
        pthread_mutex_destroy(&c.lock);
    }
}

/* All below the one that says false have been begun, and few above. */
static void one_that_says_no_is_the_last(void)
{
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct counting c = {.stop_at = 10};

        pthread_mutex_init(&c.lock, NULL);
        pool_each(threads, INDICES, count_one, &c);
        for (unsigned i = 0; i <= 10; i++)
            CHECK_EQ_U64(c.calls[i], 1);
        if (threads == 1)
            CHECK_EQ_U64(c.highest, 10);
        pthread_mutex_destroy(&c.lock);
    }
}

struct sharing {
    struct pool_task task; /* first */
    struct pool *pool;
    struct counting counting;
};

static void share_all(struct pool_task *task)
{
    struct sharing *s = (struct sharing *)(void *)task;

    pool_share(s->pool, INDICES, count_one, &s->counting);
}

/* A task may share what it does; no thread runs another task inside of it. */
static void tasks_share_what_they_do(void)
{
    enum { SHARING = 6 };

    for (unsigned threads = 1; threads <= 4; threads++) {
        struct pool *pool = pool_new(threads);
        struct sharing *all = mem_array(SHARING, sizeof all[0]);

        for (unsigned i = 0; i < SHARING; i++) {
            all[i] = (struct sharing){.task.run = share_all, .pool = pool, .counting.stop_at = UINT64_MAX};
            pthread_mutex_init(&all[i].counting.lock, NULL);
            pool_submit(pool, &all[i].task);
        }
        for (unsigned i = 0; i < SHARING; i++) {
            unsigned once = 0;

            pool_wait(pool, &all[i].task);
            for (unsigned k = 0; k < INDICES; k++)
                once += all[i].counting.calls[k] == 1;
            CHECK_EQ_U64(once, INDICES);
            pthread_mutex_destroy(&all[i].counting.lock);
        }
        mem_free(all);
        pool_free(pool);
    }
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

struct meeting {
    struct pool_task task; /* first */
    struct pool *pool;
    atomic_bool begun;
    pthread_barrier_t all;
};

static bool meet(void *context, uint64_t index)
{
    struct meeting *m = context;

    (void)index;
    (void)pthread_barrier_wait(&m->all);
    return true;
}

static void meet_all(struct pool_task *task)
{
    struct meeting *m = (struct meeting *)(void *)task;

    atomic_store(&m->begun, true);
    pause_ms(20); /* until the other one waits */
    pool_share(m->pool, 2, meet, m);
}

/* Both threads are needed: the one that waits for the task, too. */
static void who_waits_takes_a_share(void)
{
    struct pool *pool = pool_new(2);
    struct meeting m = {.task.run = meet_all, .pool = pool};

    pthread_barrier_init(&m.all, NULL, 2);
    pool_submit(pool, &m.task);
    while (!atomic_load(&m.begun))
        pause_ms(1);
    alarm(60); /* alone it would wait for ever */
    pool_wait(pool, &m.task);
    alarm(0);
    pthread_barrier_destroy(&m.all);
    pool_free(pool);
}

static void without_a_pool_the_caller_does_it(void)
{
    struct counting c = {.stop_at = 10};

    pthread_mutex_init(&c.lock, NULL);
    pool_share(NULL, INDICES, count_one, &c);
    pool_share(NULL, 0, count_one, &c);
    CHECK_EQ_U64(c.highest, 10);
    CHECK_EQ_U64(c.calls[0], 1);
    pthread_mutex_destroy(&c.lock);
}

static void a_wish_for_threads(void)
{
    CHECK_EQ_U64(pool_threads(3), 3);
    CHECK_EQ_U64(pool_threads(100000), POOL_THREADS_MAX);
    CHECK(pool_threads(0) >= 1);
}

int main(void)
{
    TAP_RUN(tasks_are_done_whoever_waits);
    TAP_RUN(an_idle_pool_ends);
    TAP_RUN(each_index_has_its_turn);
    TAP_RUN(one_that_says_no_is_the_last);
    TAP_RUN(tasks_share_what_they_do);
    TAP_RUN(who_waits_takes_a_share);
    TAP_RUN(without_a_pool_the_caller_does_it);
    TAP_RUN(a_wish_for_threads);
    return tap_done();
}
