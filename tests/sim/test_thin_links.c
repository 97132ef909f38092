#include <string.h>

#include "base/prng.h"
#include "run.h"
#include "tap.h"

/* Links that carry little. What is sent again must not be what fills them.
 *
 *     test_sim_thin_links [FIRST [COUNT]]     random scenarios of the seeds FIRST, FIRST + 1, ... */

enum { MEGABYTE = 1000000, SEEDS = 25, EPOCHS = 3 };

static uint64_t first_seed = 1, seed_count = SEEDS;

/* The same federation, its links ten thousand times as fast, needs less than a megabyte. */
static void congestion_ends(void)
{
    static const char *const more[] = {
        ", \"network\": {\"default\": {\"latency_ms\": 20, \"bandwidth_kbps\": 100}, \"local\": {\"bandwidth_kbps\": "
        "100}}",
        ", \"network\": {\"default\": {\"latency_ms\": 20, \"bandwidth_kbps\": 170}, \"local\": {\"bandwidth_kbps\": "
        "170}}",
    };

    for (unsigned i = 0; i < 2; i++) {
        struct run run;
        run_federation(&run, 4, i == 0 ? 1 : 4, 3, more[i], 5, 1);
        if (!CHECK(run.err == ERR_OK && run_anchored(&run) && run.epoch_count == 5))
            tap_note("%s", run.diag.text);
        CHECK(run.report.bytes < 10 * MEGABYTE);
        tap_note("%" PRIu64 " bytes in %" PRIu64 " s", run.report.bytes, run.report.virtual_ns / 1000000000);
        run_free(&run);
    }
}

/* ---- random scenarios: each ends with all its epochs told, or the reader says by which arithmetic it cannot */

struct plan {
    struct prng prng;
    unsigned validators, participants, regions;
    struct buf text;
};

static uint64_t draw(struct plan *p, uint64_t lo, uint64_t hi)
{
    return lo + prng_below(&p->prng, hi - lo + 1);
}

static bool chance(struct plan *p, uint64_t in)
{
    return draw(p, 1, in) == 1;
}

/* 100 kbit/s to 20 Mbit/s, thin ones as often as others. */
static void add_link(struct plan *p, const char *begin)
{
    static const unsigned kbps[] = {100, 150, 250, 400, 700, 1000, 2000, 5000, 10000, 20000};

    buf_printf(&p->text,
               "%s\"latency_ms\": %" PRIu64 ", \"jitter_ms\": %" PRIu64 ", \"loss_ppm\": %" PRIu64
               ", \"bandwidth_kbps\": %u}",
               begin, draw(p, 0, 80), draw(p, 0, 20), chance(p, 2) ? draw(p, 0, 20000) : 0,
               kbps[draw(p, 0, sizeof kbps / sizeof kbps[0] - 1)]);
}

static void add_network(struct plan *p)
{
    add_link(p, ", \"network\": {\"default\": {");
    add_link(p, ", \"local\": {");
    buf_printf(&p->text, ", \"disk_ms\": %" PRIu64, draw(p, 0, 10));
    if (p->regions > 1 && chance(p, 2)) {
        add_link(p, ", \"links\": [{\"between\": [\"r0\", \"r1\"], ");
        buf_add_text(&p->text, "]");
    }
    buf_add_text(&p->text, "}");
}

static void add_nodes(struct plan *p)
{
    buf_add_text(&p->text, ", \"nodes\": [");
    for (unsigned i = 0; i < p->validators + p->participants; i++) {
        bool core = i < p->validators;
        buf_printf(&p->text,
                   "%s{\"id\": \"%c%u\", \"region\": \"r%" PRIu64
                   "\", \"role\": \"%s\", \"stake\": 10, \"workload\": {\"family\": \"random\", \"instances\": 1, "
                   "\"size_min\": 8, \"size_max\": 10}}",
                   i > 0 ? ", " : "", core ? 'v' : 'e', core ? i : i - p->validators,
                   i < p->regions ? i : draw(p, 0, p->regions - 1), core ? "core" : "edge");
    }
    buf_add_text(&p->text, "]");
}

static void add_rules(struct plan *p)
{
    static const unsigned limits[] = {100, 300, 1000, 3000, 10000}, batches[] = {1, 4, 64};

    buf_printf(&p->text,
               ", \"policy\": {\"evaluations\": 2, \"iteration_limit\": 50, \"migrants\": %" PRIu64
               ", \"archive\": 4}, \"guard_rails\": {\"batch_size\": %u",
               draw(p, 1, 4), batches[draw(p, 0, 2)]);
    if (chance(p, 2))
        buf_printf(&p->text, ", \"latency_limit_ms\": %u", limits[draw(p, 0, 4)]);
    if (chance(p, 3))
        buf_printf(&p->text, ", \"collect_deadline_ms\": %u, \"score_deadline_ms\": %u", 8 * limits[draw(p, 0, 4)],
                   8 * limits[draw(p, 0, 4)]);
    buf_add_text(&p->text, "}");
}

/* What makes a link full for a while: somebody is away, messages are lost, everything is slow. */
static void add_event(struct plan *p)
{
    uint64_t kind = draw(p, 0, 3), epoch = draw(p, 1, EPOCHS), after = draw(p, 0, 2000), lasts = draw(p, 200, 8000);

    if (kind == 0)
        buf_printf(&p->text,
                   "{\"kind\": \"crash\", \"node\": \"v0\", \"epoch\": %" PRIu64 ", \"after_ms\": %" PRIu64
                   "}, {\"kind\": \"restart\", \"node\": \"v0\", \"epoch\": %" PRIu64 ", \"after_ms\": %" PRIu64 "}",
                   epoch, after, epoch, after + lasts);
    else if (kind == 1)
        buf_printf(&p->text,
                   "{\"kind\": \"partition\", \"groups\": [[\"v0\"]], \"duration_ms\": %" PRIu64 ", \"epoch\": %" PRIu64
                   ", \"after_ms\": %" PRIu64 "}",
                   lasts, epoch, after);
    else
        buf_printf(&p->text,
                   "{\"kind\": \"%s\": %" PRIu64 ", \"duration_ms\": %" PRIu64 ", \"epoch\": %" PRIu64
                   ", \"after_ms\": %" PRIu64 "}",
                   kind == 2 ? "loss_burst\", \"loss_ppm" : "latency_spike\", \"factor",
                   kind == 2 ? draw(p, 100000, 900000) : draw(p, 2, 20), lasts, epoch, after);
}

static void thin_scenario(uint64_t seed, struct plan *p)
{
    *p = (struct plan){0};
    prng_stream(&p->prng, seed, "thin links", 0);
    p->validators = (unsigned)draw(p, 1, 10);
    p->participants = (unsigned)draw(p, 0, 4);
    p->regions = (unsigned)draw(p, 1, p->validators + p->participants < 4 ? p->validators + p->participants : 4);
    unsigned faults = (p->validators - 1) / 3;
    buf_printf(
        &p->text,
        "{\"name\": \"thin\", \"quorum\": %u, \"max_ledger_drift\": 2, \"epoch_start\": 1, \"limit_ms\": 3600000",
        (p->validators + faults + 2) / 2);
    add_nodes(p);
    add_network(p);
    add_rules(p);
    buf_add_text(&p->text, ", \"events\": [");
    for (uint64_t i = 0, count = draw(p, 0, 3); i < count; i++) {
        buf_add_text(&p->text, i > 0 ? ", " : "");
        add_event(p);
    }
    buf_add_text(&p->text, "]}");
}

static bool is_refused(const struct run *run)
{
    return run->err == ERR_RANGE && strstr(run->diag.text, "guard_rails") != NULL &&
           strstr(run->diag.text, "may take") != NULL;
}

static void random_thin_links(void)
{
    unsigned refused = 0;
    uint64_t most = 0;

    for (uint64_t seed = first_seed; seed < first_seed + seed_count; seed++) {
        struct plan p;
        struct run run;

        tap_seed(seed);
        thin_scenario(seed, &p);
        run_text(&run, buf_text(&p.text), EPOCHS, seed, 1);
        bool ended = run.err == ERR_OK && run.epoch_count == EPOCHS && run.report.roots_agree;
        if (!CHECK(ended || is_refused(&run)))
            tap_note("replay: test_sim_thin_links %" PRIu64 " 1   %s: %s", seed, buf_text(&p.text), run.diag.text);
        refused += run.err != ERR_OK;
        most = run.report.bytes > most ? run.report.bytes : most;
        run_free(&run);
        buf_free(&p.text);
    }
    tap_note("%u of %" PRIu64 " refused; at most %" PRIu64 " bytes", refused, seed_count, most);
    CHECK(seed_count < SEEDS || (refused > 0 && refused < seed_count));
}

int main(int argc, char **argv)
{
    if (argc > 1)
        first_seed = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        seed_count = strtoull(argv[2], NULL, 10);
    TAP_RUN(congestion_ends);
    TAP_RUN(random_thin_links);
    return tap_done();
}
