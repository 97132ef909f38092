#include <inttypes.h>
#include <stdio.h>

#include "storm/seed.h"
#include "storm/checkers/checkers.h"
#include "storm/enumerate.h"

/* Four replicas, one request, a checkpoint after it; every message takes equally long. Then each message in turn, and
 * each two of them, and so on to the depth, come late by some hops, or after a view time-out, or never: all orders with
 * so many deviations from the straight one (delay-bounded scheduling, Emmi, Qadeer and Rakamaric 2011). */

enum { MESSAGES = 64 }; /* only the first so many of a run */

struct search {
    const struct enumeration *e;
    struct storm_plan plan;
    uint64_t ways[3];
    uint64_t orders, findings;
    struct table seen; /* what the runs did */
};

/* Deviates at most `depth` times, after the first `from` decisions of the run. */
static void search(struct search *s, const struct draw *draw, uint64_t depth, size_t from)
{
    uint64_t *noted, place = s->orders++;
    struct outcome o;
    size_t count;

    bool told = s->e->only >= 0 && place == (uint64_t)s->e->only;
    plan_run(&s->plan, draw, told, &o, &noted, &count);
    number_add(&s->seen, o.trace | 1);
    if (o.checker != NULL && s->findings++ < 10)
        printf("place %" PRIu64 ": %s: %s\n", place, o.checker, o.failure);
    for (size_t i = from; depth > 0 && i < count && i < from + MESSAGES; i++) {
        if (noted[i] >> 56 != DRAW_LINK)
            continue;
        for (unsigned way = 0; way < sizeof s->ways / sizeof s->ways[0]; way++) {
            struct draw other;
            draw_copy(&other, draw);
            draw_force(&other, noted[i], s->ways[way]);
            search(s, &other, depth - 1, i + 1);
            draw_free(&other);
        }
    }
    mem_free(noted);
}

int enumerate_orders(const struct enumeration *e)
{
    struct search s = {.e = e, .plan = script_plan(1)};
    struct draw straight;

    s.plan.clients = 1;
    s.plan.interval = 1;
    s.plan.window = 2;
    s.plan.write_delay = 0;
    s.plan.delay_span = 2 * s.plan.view_timeout;
    s.plan.horizon = 4 * s.plan.view_timeout;
    s.ways[0] = (uint64_t)(5 * s.plan.delay_min / 2) << 32;
    s.ways[1] = (uint64_t)(s.plan.view_timeout + s.plan.view_timeout / 3) << 32;
    s.ways[2] = DRAW_NEVER;
    draw_init(&straight, e->first);
    straight.straight = true;
    search(&s, &straight, e->depth, 0);
    printf("%" PRIu64 " orders with at most %" PRIu64 " deviations, %zu different behaviours, %" PRIu64 " findings\n",
           s.orders, e->depth, s.seen.count, s.findings);
    draw_free(&straight);
    table_free(&s.seen);
    return s.findings > 0;
}
