#include "base/prng.h"
#include "run.h"
#include "tap.h"

/* Random trouble in many small federations. The checkers look at every step; when the trouble is over,
 * every epoch must have been anchored, or given up by the log itself, and all nodes agree.
 *
 *     test_sim_campaign [FIRST [COUNT]]     seeds FIRST, FIRST + 1, ...
 */

enum { SEEDS = 50, EPOCHS = 3 };

static uint64_t first_seed = 1, seed_count = SEEDS;

static uint64_t draw(struct prng *p, uint64_t lo, uint64_t hi)
{
    return lo + prng_below(p, hi - lo + 1);
}

static void when(struct prng *p, struct buf *out)
{
    buf_printf(out, ", \"epoch\": %" PRIu64 ", \"after_ms\": %" PRIu64 "}", draw(p, 1, EPOCHS), draw(p, 0, 1500));
}

/* A node falls and comes back. */
static void add_crash(struct prng *p, unsigned nodes, unsigned validators, struct buf *out)
{
    unsigned node = (unsigned)draw(p, 0, nodes - 1);
    char letter = node < validators ? 'v' : 'e';
    unsigned number = node < validators ? node : node - validators;
    uint64_t epoch = draw(p, 1, EPOCHS), after_ms = draw(p, 0, 1500);

    buf_printf(out, "{\"kind\": \"crash\", \"node\": \"%c%u\", \"epoch\": %" PRIu64 ", \"after_ms\": %" PRIu64 "}, ",
               letter, number, epoch, after_ms);
    buf_printf(out, "{\"kind\": \"restart\", \"node\": \"%c%u\", \"epoch\": %" PRIu64 ", \"after_ms\": %" PRIu64 "}",
               letter, number, epoch, after_ms + draw(p, 1, 4000));
}

static void add_partition(struct prng *p, unsigned nodes, unsigned validators, struct buf *out)
{
    buf_printf(out, "{\"kind\": \"partition\", \"duration_ms\": %" PRIu64 ", \"groups\": [[\"v0\"", draw(p, 1, 3000));
    for (unsigned i = 1; i < nodes; i++) {
        if (draw(p, 0, 1) == 0)
            buf_printf(out, ", \"%c%u\"", i < validators ? 'v' : 'e', i < validators ? i : i - validators);
    }
    buf_add_text(out, "]]");
    when(p, out);
}

/* A participant lies, is slow, leaves or gets other work: e0, which is always there. */
static void add_misbehaviour(struct prng *p, struct buf *out)
{
    static const char *const what[] = {"\"lie\", \"behaviour\": \"double_sign\"",
                                       "\"lie\", \"behaviour\": \"inverted_scores\"",
                                       "\"lie\", \"behaviour\": \"inflated_claims\"",
                                       "\"lie\", \"behaviour\": \"mimic_scores\"",
                                       "\"lie\", \"behaviour\": \"colluding_scores\"",
                                       "\"lie\", \"behaviour\": \"copy_cat\"",
                                       "\"lie\", \"behaviour\": \"stale\"",
                                       "\"slow_down\", \"factor\": 3000, \"duration_ms\": 900",
                                       "\"leave\"",
                                       "\"drift\", \"workload\": {\"family\": \"queen\"}"};

    buf_printf(out, "{\"node\": \"e0\", \"kind\": %s", what[draw(p, 0, sizeof what / sizeof what[0] - 1)]);
    when(p, out);
}

static void add_event(struct prng *p, unsigned nodes, unsigned validators, struct buf *out)
{
    switch (draw(p, 0, 6)) {
    case 0:
    case 1:
        add_crash(p, nodes, validators, out);
        break;
    case 2:
        add_partition(p, nodes, validators, out);
        break;
    case 3:
        buf_printf(out, "{\"kind\": \"loss_burst\", \"loss_ppm\": %" PRIu64 ", \"duration_ms\": 1500",
                   draw(p, 1, 400000));
        when(p, out);
        break;
    case 4:
        add_misbehaviour(p, out);
        break;
    default:
        buf_printf(out, "{\"kind\": \"latency_spike\", \"factor\": %" PRIu64 ", \"duration_ms\": 1500", draw(p, 2, 20));
        when(p, out);
        break;
    }
}

static void trouble(uint64_t seed, unsigned *validators, unsigned *participants, unsigned *quorum, struct buf *more)
{
    struct prng p;

    prng_stream(&p, seed, "campaign", 0);
    *validators = (unsigned)draw(&p, 1, 5);
    *participants = (unsigned)draw(&p, 1, 2);
    *quorum = *validators - (*validators > 3) - (*validators == 3 && draw(&p, 0, 1) == 1);
    buf_printf(more,
               ", \"network\": {\"default\": {\"latency_ms\": %" PRIu64 ", \"jitter_ms\": 10, \"loss_ppm\": %" PRIu64
               "}}",
               draw(&p, 1, 40), draw(&p, 0, 1) * draw(&p, 0, 50000));
    buf_add_text(more, ", \"events\": [");
    for (uint64_t i = 0, count = draw(&p, 1, 5); i < count; i++) {
        buf_add_text(more, i > 0 ? ", " : "");
        add_event(&p, *validators + *participants, *validators, more);
    }
    if (*validators >= 4 && draw(&p, 0, 3) == 0)
        buf_printf(more, ", {\"kind\": \"lie\", \"node\": \"v3\", \"at_ms\": %" PRIu64 ", \"behaviour\": \"%s\"}",
                   draw(&p, 0, 1500), draw(&p, 0, 1) == 0 ? "mute" : "double_sign");
    buf_add_text(more, "]");
}

static bool all_told(const struct run *run)
{
    return run->err == ERR_OK && run->report.roots_agree && run->told.chronicle.epoch_count == EPOCHS;
}

static void random_trouble(void)
{
    for (uint64_t seed = first_seed; seed < first_seed + seed_count; seed++) {
        unsigned validators, participants, quorum;
        struct buf more = {0};
        struct run run;

        tap_seed(seed);
        trouble(seed, &validators, &participants, &quorum, &more);
        run_federation(&run, validators, participants, quorum, buf_text(&more), EPOCHS, seed);
        if (!CHECK(all_told(&run)))
            tap_note("replay: test_sim_campaign %" PRIu64 " 1   (%u validators, %u participants, quorum %u%s)", seed,
                     validators, participants, quorum, buf_text(&more));
        run_free(&run);
        buf_free(&more);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1)
        first_seed = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        seed_count = strtoull(argv[2], NULL, 10);
    TAP_RUN(random_trouble);
    return tap_done();
}
