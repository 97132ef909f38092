#include "storm/world.h"

/* A machine's own clock: it may be ahead, and run at another rate. It never goes back while the machine is up. */

enum { CLOCK_START_S = 1000 };

void clock_init(struct machine *m)
{
    m->clock_ahead = CLOCK_START_S * 1000 * MS;
}

static int64_t clock_at(const struct machine *m, int64_t world)
{
    return world + m->clock_ahead + (world - m->clock_since) * m->clock_rate / 1000;
}

int64_t machine_now(const struct machine *m)
{
    return clock_at(m, m->world->now);
}

/* The first moment at which the clock shows at least this. */
static int64_t world_at(const struct machine *m, int64_t own)
{
    int64_t pace = 1000 + m->clock_rate, left = own - m->clock_since - m->clock_ahead;

    if (m->clock_rate == 0 || left > INT64_MAX / 2000)
        return m->clock_since + left;
    int64_t world = m->clock_since + left * 1000 / pace;
    while (clock_at(m, world) < own)
        world++;
    return world;
}

void machine_timer_set(struct machine *m, uint32_t timer, int64_t at)
{
    ASSERT(timer < PBFT_TIMER_COUNT);
    m->timer_at[timer] = at;
    struct event *e = world_push(m->world, world_at(m, at), EVENT_TIMER);
    e->machine = m->index;
    e->number = timer;
    e->serial = ++m->timer_serial[timer];
}

void machine_timer_put_off(struct machine *m, uint32_t timer, int64_t until)
{
    machine_timer_set(m, timer, clock_at(m, until));
}

void clock_change(struct machine *m, int64_t jump, int rate)
{
    m->clock_ahead = machine_now(m) - m->world->now + jump;
    m->clock_since = m->world->now;
    m->clock_rate = rate;
    for (uint32_t i = 0; i < PBFT_TIMER_COUNT; i++) {
        if (m->timer_at[i] >= 0)
            machine_timer_set(m, i, m->timer_at[i]);
    }
}
