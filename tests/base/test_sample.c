#include "base/sample.h"
#include "tap.h"

enum { OF = 10, RUNS = 2000 };

static unsigned take(uint64_t seed, uint64_t wanted, uint64_t of, bool *taken)
{
    struct sample s;
    unsigned count = 0;

    sample_begin(&s, seed, wanted, of);
    for (uint64_t i = 0; i < of; i++) {
        taken[i] = sample_takes(&s);
        count += taken[i];
    }
    return count;
}

static void as_many_as_wanted_are_taken(void)
{
    bool taken[OF];

    for (uint64_t wanted = 0; wanted < OF + 3; wanted++)
        CHECK_EQ_U64(take(wanted, wanted, OF, taken), wanted < OF ? wanted : OF);
    CHECK_EQ_U64(take(1, 5, 0, taken), 0);
}

/* 600 on average, give or take five standard deviations (20.5). */
static void each_is_taken_as_often_as_any_other(void)
{
    unsigned counts[OF] = {0};
    bool taken[OF];

    for (uint64_t seed = 0; seed < RUNS; seed++) {
        take(seed, 3, OF, taken);
        for (unsigned i = 0; i < OF; i++)
            counts[i] += taken[i];
    }
    for (unsigned i = 0; i < OF; i++)
        CHECK(counts[i] > 500 && counts[i] < 700);
}

static void the_seed_decides(void)
{
    bool first[OF], again[OF], other[OF];
    bool differ = false;

    take(7, 3, OF, first);
    take(7, 3, OF, again);
    take(8, 3, OF, other);
    for (unsigned i = 0; i < OF; i++) {
        CHECK_EQ_U64(first[i], again[i]);
        differ |= first[i] != other[i];
    }
    CHECK(differ);
}

int main(void)
{
    TAP_RUN(as_many_as_wanted_are_taken);
    TAP_RUN(each_is_taken_as_often_as_any_other);
    TAP_RUN(the_seed_decides);
    return tap_done();
}
