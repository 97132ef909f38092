#ifndef PRISMFED_WORLD_CLOCK_H
#define PRISMFED_WORLD_CLOCK_H

#include "world/agenda.h"

/* A node's own clock with its timers: it may be ahead of the world's time, jump, and run at another rate. Its time is
 * own time, in nanoseconds; the world's is that of the agenda. */

enum { CLOCK_TIMERS = 16, CLOCK_TIMER_STOPPED = -1 };

/* The fields are the clock's own. */
struct clock {
    struct agenda *agenda;               /* borrowed */
    unsigned node;                       /* of its events */
    int64_t ahead_ns, since_ns;          /* it was ahead by so much then, */
    int64_t rate_ppm;                    /* and gains so many millionths of the time that goes by */
    int64_t timer_ns[CLOCK_TIMERS];      /* own time; CLOCK_TIMER_STOPPED */
    uint64_t timer_serial[CLOCK_TIMERS]; /* counts how often it was set */
};

/* All timers are stopped. */
void clock_init(struct clock *c, struct agenda *agenda, unsigned node, int64_t ahead_ns, int64_t rate_ppm);
int64_t clock_now(const struct clock *c);
/* It jumps (back only while its node is down: no node's clock goes back while it looks), and goes on at this rate,
 * above -1000000. Timers ring when it shows their time. */
void clock_change(struct clock *c, int64_t jump_ns, int64_t rate_ppm);

/* Puts an EVENT_TIMER on the agenda, in the place of an earlier one of this timer; at_ns: own time. */
void clock_timer_set(struct clock *c, uint32_t timer, int64_t at_ns);
/* The same, by the world's time. */
void clock_timer_put_off(struct clock *c, uint32_t timer, int64_t until_ns);
void clock_timer_stop(struct clock *c, uint32_t timer);
void clock_timers_stop(struct clock *c); /* all */
/* Does the timer ring with this event, or was it stopped or set anew meanwhile? */
bool clock_timer_rings(const struct clock *c, const struct event *event);

#endif
