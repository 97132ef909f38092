/* The timers that are set stand in a binary heap by their times; each knows its place there, so that it can be stopped.
 */
#define _GNU_SOURCE

#include "node/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"

enum { EVENTS_AT_ONCE = 64 };

static const int64_t second_ns = 1000000000;

struct loop {
    int epoll;
    int64_t now_ns;
    bool stopped;
    struct loop_timer **timers; /* owned, of borrowed ones */
    size_t timer_count, timer_cap;
    struct loop_task *first, **last; /* planned */
    struct epoll_event events[EVENTS_AT_ONCE];
    int event_count, event_at; /* of the present pass */
};

static void clock_read(struct loop *l)
{
    struct timespec t = {0};
    int64_t now_ns;

    clock_gettime(CLOCK_MONOTONIC, &t);
    now_ns = (int64_t)t.tv_sec * second_ns + t.tv_nsec;
    if (now_ns > l->now_ns)
        l->now_ns = now_ns;
}

enum err loop_new(struct loop **out, struct diag *diag)
{
    struct loop *l;
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    if (epoll < 0)
        return diag_set(diag, ERR_IO, "epoll: %s", strerror(errno));
    l = mem_alloc(sizeof *l);
    l->epoll = epoll;
    l->last = &l->first;
    clock_read(l);
    *out = l;
    return ERR_OK;
}

void loop_free(struct loop *l)
{
    if (l == NULL)
        return;
    for (size_t i = 0; i < l->timer_count; i++)
        l->timers[i]->place = 0;
    close(l->epoll);
    mem_free(l->timers);
    mem_free(l);
}

int64_t loop_now(const struct loop *l)
{
    return l->now_ns;
}

/* ---- descriptors */

enum err loop_watch(struct loop *l, struct loop_watch *w, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = w};

    if (epoll_ctl(l->epoll, EPOLL_CTL_MOD, w->fd, &event) == 0)
        return ERR_OK;
    return errno == ENOENT && epoll_ctl(l->epoll, EPOLL_CTL_ADD, w->fd, &event) == 0 ? ERR_OK : ERR_IO;
}

void loop_unwatch(struct loop *l, struct loop_watch *w)
{
    (void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
    for (int i = l->event_at; i < l->event_count; i++) { /* what this pass has still to tell it */
        if (l->events[i].data.ptr == w)
            l->events[i].data.ptr = NULL;
    }
}

/* ---- timers */

static void put(struct loop *l, size_t place, struct loop_timer *t)
{
    l->timers[place - 1] = t;
    t->place = place;
}

static void rise(struct loop *l, struct loop_timer *t)
{
    size_t place = t->place;

    for (; place > 1 && t->at_ns < l->timers[place / 2 - 1]->at_ns; place /= 2)
        put(l, place, l->timers[place / 2 - 1]);
    put(l, place, t);
}

static void sink(struct loop *l, struct loop_timer *t)
{
    size_t place = t->place, child;

    for (; (child = 2 * place) <= l->timer_count; place = child) {
        if (child < l->timer_count && l->timers[child]->at_ns < l->timers[child - 1]->at_ns)
            child++;
        if (t->at_ns <= l->timers[child - 1]->at_ns)
            break;
        put(l, place, l->timers[child - 1]);
    }
    put(l, place, t);
}

void loop_timer_set(struct loop *l, struct loop_timer *t, int64_t at_ns)
{
    t->at_ns = at_ns;
    if (t->place == 0) {
        if (l->timer_count == l->timer_cap) {
            l->timer_cap = 2 * l->timer_cap + 16;
            l->timers = mem_resize(l->timers, l->timer_cap, sizeof(struct loop_timer *));
        }
        put(l, ++l->timer_count, t);
    }
    rise(l, t);
    sink(l, t);
}

void loop_timer_stop(struct loop *l, struct loop_timer *t)
{
    size_t place = t->place;
    struct loop_timer *last;

    if (place == 0)
        return;
    t->place = 0;
    last = l->timers[--l->timer_count];
    if (last == t)
        return;
    put(l, place, last);
    rise(l, last);
    sink(l, last);
}

static void ring(struct loop *l)
{
    int64_t now_ns = l->now_ns; /* one that is set meanwhile for now waits for the next pass: descriptors come first */
    size_t most = l->timer_count;

    for (; most > 0 && l->timer_count > 0 && l->timers[0]->at_ns <= now_ns; most--) {
        struct loop_timer *t = l->timers[0];

        loop_timer_stop(l, t);
        t->rings(t->context);
    }
}

/* ---- the end of a pass */

void loop_after(struct loop *l, struct loop_task *task)
{
    if (task->is_planned)
        return;
    task->is_planned = true;
    task->next = NULL;
    *l->last = task;
    l->last = &task->next;
}

void loop_forget(struct loop *l, struct loop_task *task)
{
    struct loop_task **at = &l->first;

    if (!task->is_planned)
        return;
    while (*at != task)
        at = &(*at)->next;
    *at = task->next;
    if (l->last == &task->next)
        l->last = at;
    task->is_planned = false;
}

static void finish(struct loop *l)
{
    while (l->first != NULL) {
        struct loop_task *task = l->first;

        l->first = task->next;
        if (l->first == NULL)
            l->last = &l->first;
        task->is_planned = false;
        task->run(task->context);
    }
}

/* ---- the pass */

static struct timespec timespec_of(int64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / second_ns), .tv_nsec = (long)(ns % second_ns)};
}

/* How long to wait: until the first timer rings, and at most most_ns. */
static int64_t wait_ns(const struct loop *l, int64_t most_ns)
{
    int64_t until_ns = l->timer_count > 0 ? l->timers[0]->at_ns - l->now_ns : -1;

    if (l->first != NULL)
        return 0;
    if (l->timer_count == 0 || (most_ns >= 0 && most_ns < until_ns))
        return most_ns;
    return until_ns > 0 ? until_ns : 0;
}

enum err loop_pass(struct loop *l, int64_t most_ns, struct diag *diag)
{
    clock_read(l);
    int64_t for_ns = wait_ns(l, most_ns);
    struct timespec timeout = timespec_of(for_ns);

    l->event_count = epoll_pwait2(l->epoll, l->events, EVENTS_AT_ONCE, for_ns >= 0 ? &timeout : NULL, NULL);
    if (l->event_count < 0 && errno != EINTR)
        return diag_set(diag, ERR_IO, "epoll_pwait2: %s", strerror(errno));
    clock_read(l);
    for (l->event_at = 0; l->event_at < l->event_count;) {
        struct epoll_event event = l->events[l->event_at++];
        struct loop_watch *w = event.data.ptr;

        if (w != NULL)
            w->ready(w->context, event.events);
    }
    l->event_count = 0;
    ring(l);
    finish(l);
    return ERR_OK;
}

enum err loop_run(struct loop *l, struct diag *diag)
{
    enum err err = ERR_OK;

    l->stopped = false;
    while (!l->stopped && err == ERR_OK)
        err = loop_pass(l, -1, diag);
    return err;
}

void loop_stop(struct loop *l)
{
    l->stopped = true;
}
