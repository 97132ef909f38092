#include "world/clock.h"
#include "tap.h"

/* When the timer rings that is set last: the world's time. */
static int64_t rings_at(struct agenda *a, struct clock *c)
{
    struct event *e;

    while ((e = agenda_take(a)) != NULL) {
        bool rings = clock_timer_rings(c, e);

        CHECK(e->kind == EVENT_TIMER && e->node == 3);
        if (rings)
            clock_timer_stop(c, e->number);
        agenda_done(a, e);
        if (rings)
            return a->now_ns;
    }
    return -1;
}

static void only_the_last_setting_rings(void)
{
    struct agenda a = {0};
    struct clock c;

    clock_init(&c, &a, 3, 1000, 0);
    CHECK_EQ_I64(clock_now(&c), 1000);
    clock_timer_set(&c, 1, 1050);
    clock_timer_set(&c, 1, 1030);
    CHECK_EQ_I64(rings_at(&a, &c), 30);
    CHECK_EQ_I64(rings_at(&a, &c), -1);
    clock_timer_set(&c, 2, 1060);
    clock_timer_set(&c, 2, 1080);
    clock_timer_put_off(&c, 2, 70);
    CHECK_EQ_I64(rings_at(&a, &c), 70);
    clock_timer_set(&c, 0, 1100);
    clock_timer_stop(&c, 0);
    clock_timer_set(&c, 5, 1100);
    clock_timers_stop(&c);
    CHECK_EQ_I64(rings_at(&a, &c), -1);
    clock_timer_set(&c, 4, 1); /* long past: at once */
    CHECK_EQ_I64(rings_at(&a, &c), a.now_ns);
    agenda_fini(&a);
}

/* A timer rings when the clock shows its time, however the clock comes there. */
static void jumps_and_rates(void)
{
    struct agenda a = {0};
    struct clock c;

    clock_init(&c, &a, 3, 0, 0);
    clock_timer_set(&c, 0, 1000);
    clock_change(&c, 0, 500000); /* half as fast again */
    CHECK_EQ_I64(rings_at(&a, &c), 667);
    CHECK(clock_now(&c) >= 1000 && clock_now(&c) < 1002);
    int64_t shows = clock_now(&c);
    clock_change(&c, 0, 0);
    CHECK_EQ_I64(clock_now(&c), shows);
    clock_timer_set(&c, 0, shows + 100);
    clock_change(&c, 60, 0);
    CHECK_EQ_I64(rings_at(&a, &c), 667 + 40);
    shows = clock_now(&c);
    clock_timer_set(&c, 0, shows + 100);
    clock_change(&c, -50, -300000); /* back, and slower */
    CHECK_EQ_I64(clock_now(&c), shows - 50);
    CHECK_EQ_I64(rings_at(&a, &c), 707 + 214); /* 150 at 0.7 each, rounded to what it shows */
    agenda_fini(&a);
}

/* A timer for no time that comes does not overflow. */
static void far_away(void)
{
    struct agenda a = {0};
    struct clock c;

    clock_init(&c, &a, 3, 0, 500000);
    clock_timer_set(&c, 0, INT64_MAX / 4);
    CHECK(clock_timer_rings(&c, &(struct event){.number = 0, .serial = 1}));
    clock_change(&c, 10, -300000);
    CHECK(!clock_timer_rings(&c, &(struct event){.number = 0, .serial = 1}));
    agenda_fini(&a);
}

int main(void)
{
    TAP_RUN(only_the_last_setting_rings);
    TAP_RUN(jumps_and_rates);
    TAP_RUN(far_away);
    return tap_done();
}
