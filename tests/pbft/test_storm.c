#include "cluster.h"

#include <signal.h>

#include "tap.h"

enum { REQUESTS = 20 };

static uint64_t only_seed;

/* Faults until here, then calm. */
static const int64_t CALM = 12000 * MS;
static const int64_t BOUND = 120000 * MS;

static void one_storm(unsigned n, uint64_t seed, bool liar)
{
    struct cluster c;

    tap_seed(seed);
    cluster_init(&c, n, seed);
    c.loss = (unsigned)prng_below(&c.hosts.prng, 4) * 50;
    c.duplicate = (unsigned)prng_below(&c.hosts.prng, 3) * 50;
    c.crash = (unsigned)prng_below(&c.hosts.prng, 3) * 300;
    c.delay_max = (int64_t)(1 + prng_below(&c.hosts.prng, 3)) * 30 * MS;
    c.config.pipeline = 1 + (unsigned)prng_below(&c.hosts.prng, 4);
    if (liar && c.f > 0)
        c.nodes[prng_below(&c.hosts.prng, n)].liar = true;
    cluster_start(&c);
    for (unsigned k = 0; k < REQUESTS && c.failure[0] == '\0'; k++) {
        cluster_submit(&c, k);
        cluster_run_until(&c, cluster_now(&c) + (int64_t)prng_below(&c.hosts.prng, 600) * MS);
        if (prng_below(&c.hosts.prng, 4) == 0)
            cluster_isolate(&c, (unsigned)prng_below(&c.hosts.prng, n), prng_below(&c.hosts.prng, 3) > 0);
    }
    cluster_run_until(&c, CALM);
    c.loss = c.duplicate = c.crash = 0;
    cluster_heal(&c);
    cluster_run_until(&c, CALM + 1000 * MS);
    bool decided = cluster_run_decided(&c, CALM + BOUND);
    if (!decided || c.failure[0] != '\0')
        tap_complain(__FILE__, __LINE__, "n=%u%s: %s; again: test_pbft_storm %llu", n, liar ? " with a liar" : "",
                     c.failure[0] != '\0' ? c.failure : "not all decided", (unsigned long long)seed);
    if (only_seed != 0)
        tap_note("n=%u steps %llu, until %lld ms, decided %llu, new views %u, stable %u, evidence %u", n,
                 (unsigned long long)c.hosts.steps, (long long)(cluster_now(&c) / MS),
                 (unsigned long long)c.agreed_count, c.view_changes, c.stables, c.equivocations);
    cluster_free(&c);
}

static unsigned seeds_per_size(void)
{
    const char *text = getenv("PRISMFED_STORM_SEEDS");
    return text != NULL ? (unsigned)strtoul(text, NULL, 10) : 12;
}

static void storms(bool liar, uint64_t first)
{
    for (uint64_t i = 0; i < seeds_per_size(); i++) {
        for (unsigned n = 1; n <= 7; n++) {
            uint64_t seed = first + i * 10 + n;
            if (only_seed == 0 || only_seed == seed)
                one_storm(n, seed, liar);
        }
    }
}

static void crashes_loss_and_partitions_cost_no_agreement(void)
{
    storms(false, 1000000);
}

static void nor_does_a_liar(void)
{
    storms(true, 2000000);
}

/* An own invariant that breaks must name the seed too. */
static void on_abort(int signal_number)
{
    (void)signal_number;
    printf("# again: test_pbft_storm %llu\n", (unsigned long long)tap.seed);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    key_library_init();
    signal(SIGABRT, on_abort);
    if (argc > 1)
        only_seed = strtoull(argv[1], NULL, 10);
    TAP_RUN(crashes_loss_and_partitions_cost_no_agreement);
    TAP_RUN(nor_does_a_liar);
    return tap_done();
}
