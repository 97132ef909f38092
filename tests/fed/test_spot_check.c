#include "federation.h"

#include "tap.h"

/* Claims that validators run again: who claims what is not so is found, nobody else is, whatever fails. */

static struct federation fed;

enum { SITE = 5, OTHER_SITE = 4, NOBODY = 99, SEEDS = 6 };

static struct federation_options usual(unsigned validators, uint64_t seed)
{
    struct federation_options options = federation_usual(validators, 2, seed);

    options.spot_checks = SPOT_CHECKS_MAX;
    options.last_epoch = 4;
    return options;
}

/* Runs it to its end; how often node `site` was found. Nobody else was. */
static uint64_t run(unsigned site)
{
    uint64_t found = 0;

    federation_start(&fed);
    CHECK(federation_run(&fed, 900 * SECOND));
    CHECK_EQ_TEXT(fed.breach, "");
    CHECK(federation_agrees(&fed));
    const struct federation_state *s = federation_state(&fed);
    for (unsigned i = 0; i < s->member_count; i++) {
        if (i == site)
            found = state_member(s, i)->false_claims;
        else
            CHECK_EQ_U64(state_member(s, i)->false_claims, 0);
    }
    return found;
}

static unsigned recounts(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < fed.count; i++)
        count += fed.nodes[i].recounts;
    return count;
}

static void false_claims_are_found(void)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct federation_options options = usual(4, seed);
        tap_seed(seed);
        federation_init(&fed, &options);
        fed.nodes[SITE].inflates = true;
        CHECK_EQ_U64(run(SITE), 3); /* in epochs 1 and 2, and, when it has sat out two, in 4 */
        CHECK_EQ_U64(state_member(federation_state(&fed), SITE)->status, MEMBER_QUARANTINED);
        federation_fini(&fed);
    }
}

static void false_rows_are_found(void)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct federation_options options = usual(4, seed);
        tap_seed(seed);
        options.last_epoch = 5;
        federation_init(&fed, &options);
        fed.nodes[1].inverts = true; /* a validator is no better */
        CHECK(run(1) >= 1);
        federation_fini(&fed);
    }
}

static void what_is_not_disclosed_is_not_found(void)
{
    struct federation_options options = usual(4, 7);

    federation_init(&fed, &options);
    fed.nodes[SITE].inflates = true;
    fed.nodes[SITE].hidden = true;
    CHECK_EQ_U64(run(SITE), 0);
    federation_fini(&fed);
}

static void without_the_policy_nothing_is_run_again(void)
{
    struct federation_options options = usual(4, 8);

    options.spot_checks = 0;
    federation_init(&fed, &options);
    fed.nodes[SITE].inflates = true;
    CHECK_EQ_U64(run(SITE), 0);
    CHECK_EQ_U64(recounts(), 0);
    federation_fini(&fed);
}

/* Shards that move, a late site, lost and damaged messages, a validator that crashes again and again. */
static void trouble(struct federation *f, uint64_t seed)
{
    f->nodes[OTHER_SITE].cycle_ns = 6 * SECOND; /* its UPDATEs are for the epoch before */
    federation_at(f, 1 * SECOND, node_cut_off, SITE);
    federation_at(f, 12 * SECOND, node_reconnect, SITE);
    f->calm_ns = 20 * SECOND;
    f->nodes[seed % 4].crash_spread = 200;
    f->nodes[seed % 4].back_after_ns = SECOND;
}

static void nobody_honest_is_ever_found(void)
{
    for (uint64_t seed = 0; seed < 2 * SEEDS; seed++) {
        struct federation_options options = usual(4, seed);
        tap_seed(seed);
        options.last_epoch = 6;
        options.shards = 6;
        options.loss_permille = options.duplicate_permille = options.garble_permille = seed % 2 * 30;
        federation_init(&fed, &options);
        trouble(&fed, seed);
        CHECK_EQ_U64(run(NOBODY), 0);
        CHECK(recounts() > 100);
        federation_fini(&fed);
    }
}

/* With one voter a decision comes within the step that asks for it. */
static void nor_where_one_validator_decides_alone(void)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct federation_options options = usual(1, seed);
        tap_seed(seed);
        options.shards = 6;
        federation_init(&fed, &options);
        federation_at(&fed, 1 * SECOND, node_cut_off, 2);
        federation_at(&fed, 8 * SECOND, node_reconnect, 2);
        CHECK_EQ_U64(run(NOBODY), 0);
        CHECK(recounts() > 10);
        federation_fini(&fed);
    }
}

static void a_liar_is_found_in_trouble_too(void)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct federation_options options = usual(4, seed);
        tap_seed(seed);
        options.last_epoch = 6;
        options.shards = 6;
        federation_init(&fed, &options);
        trouble(&fed, seed);
        fed.nodes[2].inflates = true;
        CHECK(run(2) >= 1);
        federation_fini(&fed);
    }
}

/* f of them say of every claim that it is false: nothing comes of it. */
static void one_liar_finds_nobody(void)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct federation_options options = usual(4, seed);
        tap_seed(seed);
        federation_init(&fed, &options);
        fed.nodes[3].slanders = true;
        CHECK_EQ_U64(run(NOBODY), 0);
        CHECK(fed.nodes[3].recounts > 10);
        federation_fini(&fed);
    }
}

/* One more than the federation bears: their word would count. That the one above is heard at all shows here. */
static void two_liars_would(void)
{
    struct federation_options options = usual(4, 1);
    uint64_t found = 0;

    federation_init(&fed, &options);
    fed.nodes[2].slanders = fed.nodes[3].slanders = true;
    federation_start(&fed);
    CHECK(federation_run(&fed, 900 * SECOND));
    for (unsigned i = 0; i < fed.count; i++)
        found += state_member(federation_state(&fed), i)->false_claims;
    CHECK(found > 0);
    federation_fini(&fed);
}

int main(void)
{
    TAP_RUN(false_claims_are_found);
    TAP_RUN(false_rows_are_found);
    TAP_RUN(what_is_not_disclosed_is_not_found);
    TAP_RUN(without_the_policy_nothing_is_run_again);
    TAP_RUN(nobody_honest_is_ever_found);
    TAP_RUN(nor_where_one_validator_decides_alone);
    TAP_RUN(a_liar_is_found_in_trouble_too);
    TAP_RUN(one_liar_finds_nobody);
    TAP_RUN(two_liars_would);
    return tap_done();
}
