#define _GNU_SOURCE
#include <sys/epoll.h>
#include <unistd.h>

#include "base/prng.h"
#include "node/loop.h"
#include "tap.h"

/* The loop of a real node: what is ready is told once, timers ring in their order, and time never goes back. */

enum { TIMERS = 200, MS = 1000000 };

static struct loop *loop;
static struct diag diag;

static unsigned rung;
static int64_t last_at_ns;
static bool in_order;

struct alarm {
    struct loop_timer timer; /* first */
    int64_t at_ns;
    bool stopped, rang;
};

static void rings(void *context)
{
    struct alarm *a = context;

    in_order &= !a->stopped && !a->rang && a->at_ns >= last_at_ns && loop_now(loop) >= a->at_ns;
    a->rang = true;
    last_at_ns = a->at_ns;
    rung++;
}

/* A pass ends when something has happened; this takes as many as it needs. */
static void pass_until(const unsigned *count, unsigned wanted)
{
    for (unsigned i = 0; i < 10000 && *count < wanted; i++)
        CHECK_OK(loop_pass(loop, 100 * MS, &diag));
}

static void timers_ring_in_order(void)
{
    static struct alarm alarms[TIMERS];
    unsigned wanted = 0;
    struct prng prng;

    prng_stream(&prng, 1, "loop", 0);
    in_order = true;
    for (unsigned i = 0; i < TIMERS; i++) {
        alarms[i] = (struct alarm){.timer = {.rings = rings, .context = &alarms[i]}};
        loop_timer_set(loop, &alarms[i].timer, loop_now(loop) + (int64_t)prng_below(&prng, 50 * MS));
    }
    for (unsigned i = 0; i < TIMERS; i++) { /* set again, or stopped */
        alarms[i].at_ns = loop_now(loop) + (int64_t)prng_below(&prng, 50 * MS);
        alarms[i].stopped = prng_below(&prng, 3) == 0;
        if (alarms[i].stopped)
            loop_timer_stop(loop, &alarms[i].timer);
        else
            loop_timer_set(loop, &alarms[i].timer, alarms[i].at_ns);
        wanted += !alarms[i].stopped;
    }
    pass_until(&rung, wanted);
    CHECK_EQ_U64(rung, wanted);
    CHECK(in_order);
}

static struct loop_watch reader, other;
static unsigned told;

static void told_once(void *context, uint32_t events)
{
    char byte;

    (void)context;
    CHECK((events & EPOLLIN) != 0);
    CHECK(read(reader.fd, &byte, 1) == 1);
    loop_unwatch(loop, &other); /* it is ready in this same pass */
    loop_unwatch(loop, &reader);
    told++;
}

static void who_is_not_watched_any_more_is_not_told(void)
{
    int a[2], b[2];

    CHECK(pipe(a) == 0 && pipe(b) == 0);
    reader = (struct loop_watch){.ready = told_once, .fd = a[0]};
    other = reader;
    other.fd = b[0];
    CHECK_OK(loop_watch(loop, &reader, EPOLLIN));
    CHECK_OK(loop_watch(loop, &other, EPOLLIN));
    CHECK(write(a[1], "x", 1) == 1 && write(b[1], "y", 1) == 1);
    pass_until(&told, 1);
    CHECK_OK(loop_pass(loop, MS, &diag));
    CHECK_EQ_U64(told, 1);
    for (unsigned i = 0; i < 2; i++) {
        close(a[i]);
        close(b[i]);
    }
}

static struct loop_task task;
static unsigned runs;

static void runs_again(void *context)
{
    (void)context;
    runs++;
    if (runs == 1) {
        loop_after(loop, &task);
        loop_after(loop, &task);
    }
}

static void what_is_planned_twice_is_done_once(void)
{
    task = (struct loop_task){.run = runs_again};
    loop_after(loop, &task);
    loop_after(loop, &task);
    CHECK_OK(loop_pass(loop, 0, &diag));
    CHECK_EQ_U64(runs, 2);
}

static void stop(void *context)
{
    (void)context;
    loop_stop(loop);
}

static void it_runs_until_it_is_stopped(void)
{
    struct loop_timer t = {.rings = stop};
    int64_t from_ns = loop_now(loop);

    loop_timer_set(loop, &t, from_ns + 5 * MS);
    CHECK_OK(loop_run(loop, &diag));
    CHECK(loop_now(loop) >= from_ns + 5 * MS);
}

int main(void)
{
    if (loop_new(&loop, &diag) != ERR_OK)
        return 1;
    TAP_RUN(timers_ring_in_order);
    TAP_RUN(who_is_not_watched_any_more_is_not_told);
    TAP_RUN(what_is_planned_twice_is_done_once);
    TAP_RUN(it_runs_until_it_is_stopped);
    loop_free(loop);
    return tap_done();
}
