#include "run.h"
#include "tap.h"

/* Whoever sends anything that it can sign, and more, harms nobody but itself. */

#define HOSTILE(node, epoch)                                                                                           \
    "{\"kind\": \"lie\", \"node\": \"" node "\", \"epoch\": " epoch ", \"behaviour\": \"hostile_entries\"}"

/* A participant from the start, a validator from the third epoch on. */
static void run_hostile(struct run *run, uint64_t seed)
{
    run_federation(run, 4, 2, 3, ", \"events\": [" HOSTILE("e1", "1") ", " HOSTILE("v3", "3") "]", 6, seed);
}

static unsigned refusals(const struct run *run)
{
    return run_count(run, " refused: ");
}

static void the_others_go_on(void)
{
    unsigned refused = 0;

    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct run run;

        tap_seed(seed);
        run_hostile(&run, seed);
        REQUIRE(run_anchored(&run));
        const struct federation_state *s = &run.results.history.state;
        for (unsigned m = 0; m < s->member_count; m++) {
            bool honest = m != 3 && m != 5;
            CHECK(!honest || state_member(s, m)->status == MEMBER_ACTIVE);
        }
        CHECK_EQ_U64(s->member_count, 6);
        CHECK(run.report.epochs[5].participants >= 4);
        refused += refusals(&run);
        run_free(&run);
    }
    tap_note("%u messages refused", refused);
    CHECK(refused > 500);
}

/* Its log does not tell of itself when it starts. */
static void a_newcomer_is_hostile(void)
{
    struct run run;

    run_federation(&run, 4, 2, 3,
                   ", \"events\": [{\"kind\": \"join\", \"node\": \"e1\", \"epoch\": 2}, " HOSTILE("e1", "1") "]", 6,
                   4);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(run.results.history.state.member_count, 6);
    run_free(&run);
}

static void the_same_seed_is_as_hostile_again(void)
{
    struct run first, second;

    run_hostile(&first, 3);
    run_hostile(&second, 3);
    CHECK(digest_equal(&first.bytes, &second.bytes));
    run_free(&first);
    run_free(&second);
}

int main(void)
{
    TAP_RUN(the_others_go_on);
    TAP_RUN(a_newcomer_is_hostile);
    TAP_RUN(the_same_seed_is_as_hostile_again);
    return tap_done();
}
