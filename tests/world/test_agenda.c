#include "world/agenda.h"
#include "tap.h"

enum { KIND = EVENT_OWN };

static void add(struct agenda *a, int64_t at_ns, uint32_t number)
{
    agenda_add(a, at_ns, KIND)->number = number;
}

/* Takes the next event, which must be this one. */
static void expect(struct agenda *a, int64_t at_ns, uint32_t number)
{
    int64_t next_ns = -1;

    CHECK(agenda_peek(a, &next_ns));
    CHECK_EQ_I64(next_ns, at_ns);
    struct event *e = agenda_take(a);
    REQUIRE(e != NULL);
    CHECK_EQ_I64(a->now_ns, at_ns);
    CHECK_EQ_U64(e->number, number);
    agenda_done(a, e);
}

static void by_time_then_as_they_came(void)
{
    struct agenda a = {0};

    add(&a, 5, 1);
    add(&a, 3, 2);
    add(&a, 5, 3);
    add(&a, 3, 4);
    expect(&a, 3, 2);
    add(&a, 3, 5); /* at once, but after what was there */
    add(&a, 1, 6); /* that is past: at once, too */
    expect(&a, 3, 4);
    expect(&a, 3, 5);
    expect(&a, 3, 6);
    expect(&a, 5, 1);
    expect(&a, 5, 3);
    CHECK(agenda_take(&a) == NULL);
    agenda_fini(&a);
}

static void a_place_is_kept(void)
{
    struct agenda a = {0};

    add(&a, 7, 1);
    uint64_t place = agenda_place(&a);
    add(&a, 7, 3);
    agenda_add_at(&a, 7, place, KIND)->number = 2;
    for (uint32_t i = 1; i <= 3; i++)
        expect(&a, 7, i);
    agenda_fini(&a);
}

static void a_blob_goes_with_its_event(void)
{
    struct agenda a = {0};
    struct blob *blob = blob_new(bytes_of_text("message"));

    agenda_add(&a, 1, EVENT_MESSAGE)->blob = blob_hold(blob);
    struct event *e = agenda_take(&a);
    agenda_again(&a, 4, e);
    CHECK_EQ_U64(blob->holders, 3);
    agenda_done(&a, e);
    CHECK_EQ_U64(blob->holders, 2);
    e = agenda_take(&a);
    CHECK_EQ_I64(a.now_ns, 4);
    CHECK(e->kind == EVENT_MESSAGE && e->blob == blob);
    agenda_done(&a, e);
    agenda_add(&a, 9, EVENT_MESSAGE)->blob = blob_hold(blob);
    agenda_fini(&a);
    CHECK_EQ_U64(blob->holders, 1);
    blob_drop(blob);
}

static void time_goes_on_without_events(void)
{
    struct agenda a = {0};

    add(&a, 5, 1);
    agenda_wait(&a, 9);
    CHECK_EQ_I64(a.now_ns, 9);
    agenda_wait(&a, 8);
    CHECK_EQ_I64(a.now_ns, 9);
    struct event *e = agenda_take(&a);
    CHECK_EQ_I64(a.now_ns, 9); /* it comes late; time does not go back */
    agenda_done(&a, e);
    agenda_fini(&a);
}

int main(void)
{
    TAP_RUN(by_time_then_as_they_came);
    TAP_RUN(a_place_is_kept);
    TAP_RUN(a_blob_goes_with_its_event);
    TAP_RUN(time_goes_on_without_events);
    return tap_done();
}
