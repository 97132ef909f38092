#ifndef PRISMFED_NODE_LOOP_H
#define PRISMFED_NODE_LOOP_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a real node waits for: descriptors and timers, in one thread (epoll(7)). The clock is read once for each pass,
 * so that all that happens in a pass happens at one time, which never goes back. */

struct loop;

/* A descriptor that is waited for. The caller's, from loop_watch() until loop_unwatch(). */
struct loop_watch {
    void (*ready)(void *context, uint32_t events); /* events: EPOLLIN, EPOLLOUT, ... */
    void *context;
    int fd;
};

/* Zero-initialise, and set rings and context. The caller's, as long as it is set. */
struct loop_timer {
    void (*rings)(void *context); /* once; the timer is not set any more */
    void *context;
    int64_t at_ns; /* the loop's own, like the next */
    size_t place;  /* among those that are set, counted from 1; 0: it is not */
};

/* What is done once at the end of a pass. Zero-initialise, and set run and context. */
struct loop_task {
    void (*run)(void *context);
    void *context;
    bool is_planned;
    struct loop_task *next; /* the loop's own */
};

enum err loop_new(struct loop **out, struct diag *diag) MUST_CHECK;
void loop_free(struct loop *l); /* NULL is fine; nothing is watched, set or planned any more that would be told */

/* CLOCK_MONOTONIC in nanoseconds, as it was when the present pass began. */
int64_t loop_now(const struct loop *l);

/* Waits for these events from now on, and no longer for those named before. ERR_IO. */
enum err loop_watch(struct loop *l, struct loop_watch *w, uint32_t events) MUST_CHECK;
void loop_unwatch(struct loop *l, struct loop_watch *w); /* one that is not watched is fine */

/* At that time or, where it is over, in the next pass; in place of an earlier setting. */
void loop_timer_set(struct loop *l, struct loop_timer *t, int64_t at_ns);
void loop_timer_stop(struct loop *l, struct loop_timer *t); /* one that is not set is fine */

/* In the present pass, behind all that is ready; or in the next one, between passes. Planned twice it is run once. */
void loop_after(struct loop *l, struct loop_task *task);
void loop_forget(struct loop *l, struct loop_task *task); /* one that is not planned is fine */

/* Until loop_stop(). ERR_IO. */
enum err loop_run(struct loop *l, struct diag *diag) MUST_CHECK;
/* One pass, which waits for at most so long (negative: until something happens). ERR_IO. */
enum err loop_pass(struct loop *l, int64_t most_ns, struct diag *diag) MUST_CHECK;
void loop_stop(struct loop *l);

#endif
