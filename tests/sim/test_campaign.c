#include "base/prng.h"
#include "run.h"
#include "tap.h"

/* Random trouble in many small federations. The checkers look at every step; when the trouble is over,
 * every epoch must have been anchored, or given up by the log itself, and all nodes agree.
 *
 *     test_sim_campaign [FIRST [COUNT]]     seeds FIRST, FIRST + 1, ...
 */

enum { SEEDS = 50, EPOCHS = 3, EPOCHS_LONG = 26 };

static uint64_t first_seed = 1, seed_count = SEEDS;

/* What a seed draws. */
struct plan {
    struct prng prng;
    unsigned validators, participants, quorum;
    bool joins; /* a validator more, v<validators>, does */
    bool liar;  /* v3 is the one that the federation can bear */
    uint64_t epochs;
    struct buf more;
};

static uint64_t draw(struct plan *p, uint64_t lo, uint64_t hi)
{
    return lo + prng_below(&p->prng, hi - lo + 1);
}

static void put_node(const struct plan *p, unsigned node, struct buf *out)
{
    bool core = node < p->validators;

    buf_printf(out, "\"%c%u\"", core ? 'v' : 'e', core ? node : node - p->validators);
}

static void when(struct plan *p)
{
    buf_printf(&p->more, ", \"epoch\": %" PRIu64 ", \"after_ms\": %" PRIu64 "}", draw(p, 1, p->epochs),
               draw(p, 0, 1500));
}

/* A node falls and comes back. */
static void add_crash(struct plan *p)
{
    unsigned node = (unsigned)draw(p, 0, p->validators + p->participants - 1);
    uint64_t epoch = draw(p, 1, p->epochs), after_ms = draw(p, 0, 1500);

    buf_add_text(&p->more, "{\"kind\": \"crash\", \"node\": ");
    put_node(p, node, &p->more);
    buf_printf(&p->more, ", \"epoch\": %" PRIu64 ", \"after_ms\": %" PRIu64 "}, ", epoch, after_ms);
    buf_add_text(&p->more, "{\"kind\": \"restart\", \"node\": ");
    put_node(p, node, &p->more);
    buf_printf(&p->more, ", \"epoch\": %" PRIu64 ", \"after_ms\": %" PRIu64 "}", epoch, after_ms + draw(p, 1, 4000));
}

static void add_partition(struct plan *p)
{
    buf_printf(&p->more, "{\"kind\": \"partition\", \"duration_ms\": %" PRIu64 ", \"groups\": [[\"v0\"",
               draw(p, 1, 3000));
    for (unsigned i = 1; i < p->validators + p->participants; i++) {
        if (draw(p, 0, 1) == 1)
            continue;
        buf_add_text(&p->more, ", ");
        put_node(p, i, &p->more);
    }
    buf_add_text(&p->more, "]]");
    when(p);
}

/* A participant lies, is slow, leaves or gets other work: e0, which is always there. */
static void add_misbehaviour(struct plan *p)
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

    buf_printf(&p->more, "{\"node\": \"e0\", \"kind\": %s", what[draw(p, 0, sizeof what / sizeof what[0] - 1)]);
    when(p);
}

static void add_event(struct plan *p)
{
    switch (draw(p, 0, 6)) {
    case 0:
    case 1:
        add_crash(p);
        break;
    case 2:
        add_partition(p);
        break;
    case 3:
        buf_printf(&p->more, "{\"kind\": \"loss_burst\", \"loss_ppm\": %" PRIu64 ", \"duration_ms\": 1500",
                   draw(p, 1, 400000));
        when(p);
        break;
    case 4:
        add_misbehaviour(p);
        break;
    default:
        buf_printf(&p->more, "{\"kind\": \"latency_spike\", \"factor\": %" PRIu64 ", \"duration_ms\": 1500",
                   draw(p, 2, 20));
        when(p);
        break;
    }
}

/* A disk is lost: of a participant, or, where it is the one fault too many for nobody, of a validator. */
static void add_wipe(struct plan *p)
{
    bool validator = p->validators >= 4 && !p->liar && draw(p, 0, 2) > 0;
    uint64_t node = validator ? draw(p, 0, p->validators - 1) : p->validators + draw(p, 0, p->participants - 1);

    buf_add_text(&p->more, ", {\"kind\": \"wipe\", \"node\": ");
    put_node(p, (unsigned)node, &p->more);
    if (draw(p, 0, 1) == 1)
        buf_printf(&p->more, ", \"duration_ms\": %" PRIu64, draw(p, 1, 4000));
    when(p);
}

/* A participant is away for so long that it must fetch a state. */
static void add_absence(struct plan *p)
{
    buf_printf(&p->more,
               ", {\"kind\": \"crash\", \"node\": \"e0\", \"epoch\": 2}, {\"kind\": \"restart\", \"node\": \"e0\", "
               "\"epoch\": %" PRIu64 "}",
               p->epochs - 1);
}

/* Who votes changes; f stays what it is. */
static void add_change(struct plan *p)
{
    uint64_t kind = draw(p, 0, p->validators == 5 ? 2 : 1);

    if (kind == 0) {
        p->joins = true;
        buf_printf(&p->more, ", {\"kind\": \"join\", \"node\": \"v%u\"", p->validators);
    } else {
        buf_printf(&p->more, ", {\"kind\": \"%s\", \"node\": \"v%" PRIu64 "\"", kind == 1 ? "rotate_key" : "leave",
                   draw(p, 0, p->validators - 1));
    }
    when(p);
}

static void add_liar(struct plan *p)
{
    static const char *const behaviours[] = {"mute", "double_sign", "false_recounts"};
    uint64_t at_ms = draw(p, 0, 1500);

    buf_printf(&p->more, ", {\"kind\": \"lie\", \"node\": \"v3\", \"at_ms\": %" PRIu64 ", \"behaviour\": \"%s\"}",
               at_ms, behaviours[draw(p, 0, 2)]);
}

/* All work is disclosed. */
static void add_spot_checks(struct plan *p)
{
    uint64_t count = draw(p, 0, 1) * draw(p, 1, 20), shards = draw(p, 0, 1) * draw(p, 1, 6);

    buf_printf(&p->more,
               ", \"policy\": {\"evaluations\": 4, \"iteration_limit\": 150, \"spot_checks\": %" PRIu64
               "}, \"rebalance\": {\"shards\": %" PRIu64 ", \"workload\": {\"family\": \"random\", "
               "\"size_min\": 20, \"size_max\": 24}}",
               count, shards);
}

static void trouble(uint64_t seed, struct plan *p)
{
    *p = (struct plan){.epochs = EPOCHS};
    prng_stream(&p->prng, seed, "campaign", 0);
    p->validators = (unsigned)draw(p, 1, 5);
    p->participants = (unsigned)draw(p, 1, 2);
    p->quorum = p->validators - (p->validators > 3) - (p->validators == 3 && draw(p, 0, 1) == 1);
    p->liar = p->validators >= 4 && draw(p, 0, 3) == 0;
    if (p->validators + p->participants > 2 && draw(p, 0, 7) == 0)
        p->epochs = EPOCHS_LONG; /* long enough for states to be fetched */
    buf_printf(&p->more,
               ", \"network\": {\"default\": {\"latency_ms\": %" PRIu64 ", \"jitter_ms\": 10, \"loss_ppm\": %" PRIu64
               "}}",
               draw(p, 1, 40), draw(p, 0, 1) * draw(p, 0, 50000));
    buf_add_text(&p->more, ", \"events\": [");
    for (uint64_t i = 0, count = draw(p, 1, 5); i < count; i++) {
        buf_add_text(&p->more, i > 0 ? ", " : "");
        add_event(p);
    }
    if (draw(p, 0, 2) == 0)
        add_wipe(p);
    if (draw(p, 0, 3) == 0)
        add_change(p);
    if (p->liar)
        add_liar(p);
    if (p->epochs == EPOCHS_LONG)
        add_absence(p);
    buf_add_text(&p->more, "]");
    add_spot_checks(p);
}

static bool all_told(const struct run *run, const struct plan *p)
{
    return run->err == ERR_OK && run->report.roots_agree && run->epoch_count == p->epochs;
}

static void random_trouble(void)
{
    unsigned installs = 0, recoveries = 0, changes = 0, recounts = 0;

    for (uint64_t seed = first_seed; seed < first_seed + seed_count; seed++) {
        struct plan p;
        struct run run;

        tap_seed(seed);
        trouble(seed, &p);
        unsigned validators = p.validators + p.joins;
        run_federation(&run, validators, p.participants, p.quorum, buf_text(&p.more), p.epochs, seed);
        if (!CHECK(all_told(&run, &p)))
            tap_note("replay: test_sim_campaign %" PRIu64 " 1   (%u validators, %u participants, quorum %u%s): %s",
                     seed, validators, p.participants, p.quorum, buf_text(&p.more), run.diag.text);
        installs += run_count(&run, " replica.installed ");
        recoveries += run_count(&run, " fed.recovered ");
        changes += run_count(&run, " replica.membership ");
        recounts += run_count(&run, " work recount ");
        run_free(&run);
        buf_free(&p.more);
    }
    tap_note("%u states installed, %u nodes recovered from a lost disk, %u new membership epochs, %u claims run again",
             installs, recoveries, changes, recounts);
    CHECK(seed_count < SEEDS || (installs > 0 && recoveries > 0 && changes > 0 && recounts > 0));
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
