#include <stdio.h>

#include "bench.h"
#include "crypto/key.h"
#include "evolve/workload.h"
#include "state/state.h"

/* What a block costs beside its entries, with ever more members: a copy of the state, a change of 64 members here and
 * there, and the state root. And what the first root costs, for which all pages are hashed. */

enum { TOUCHED = 64, ROUNDS = 200 };

static const unsigned sizes[] = {1000, 10000, 100000, 1000000};

/* One founder; the others have no keys, for nothing of them is verified. */
static void founding_state(struct federation_state *s)
{
    struct genesis *g = mem_alloc(sizeof *g);
    struct buf document = {0};
    struct secret_key key;

    key_simulated(1, "founder", &key);
    snprintf(g->name, sizeof g->name, "bench");
    g->simulated = true;
    g->epoch_start = g->quorum = g->member_count = 1;
    policy_default(&g->policy);
    g->policy.min_participants = 1;
    g->policy.cohort = 100;
    g->schema = *workload_schema();
    genome_default(&g->schema, &g->incumbent);
    g->members = mem_alloc(sizeof g->members[0]);
    g->members[0] =
        (struct member_card){.name = "founder", .region = "r", .role = ROLE_CORE, .stake = 1, .key = key.public};
    genesis_encode(g, &document);
    enum err err = state_genesis(bytes_of_buf(&document), s, NULL);
    ASSERT(err == ERR_OK);
    buf_free(&document);
    genesis_fini(g);
    mem_free(g);
}

static void fill(struct federation_state *s, unsigned members)
{
    for (uint32_t i = s->member_count; i < members; i++) {
        struct member m = {.card = {.region = "r", .role = ROLE_EDGE, .site = SITE_EDGE, .stake = 1}};

        snprintf(m.card.name, sizeof m.card.name, "m%u", i);
        m.fingerprint = digest_of(bytes_of(&i, sizeof i));
        state_add_member(s, &m);
    }
}

/* Seconds of a round. */
static double measure(struct federation_state *s)
{
    double start = bench_seconds();
    uint64_t at = 1;

    for (unsigned round = 0; round < ROUNDS; round++) {
        struct federation_state next;

        state_copy(&next, s);
        for (unsigned i = 0; i < TOUCHED; i++) {
            at = at * UINT64_C(6364136223846793005) + 1442695040888963407U;
            state_member_change(&next, (unsigned)((at >> 33) % s->member_count))->sequence++;
        }
        (void)state_root(&next);
        state_free(s);
        *s = next;
    }
    return (bench_seconds() - start) / ROUNDS;
}

int main(void)
{
    struct federation_state s;

    key_library_init();
    founding_state(&s);
    printf("a copy of the state, a change of %d members and the root; processor time, mean of %d\n", TOUCHED, ROUNDS);
    printf("%8s %12s %16s\n", "members", "a block, ms", "first root, ms");
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        fill(&s, sizes[i]);
        double start = bench_seconds();
        (void)state_root(&s);
        double first = bench_seconds() - start;
        printf("%8u %12.3f %16.1f\n", sizes[i], 1e3 * measure(&s), 1e3 * first);
    }
    printf("peak memory %.0f MB\n", bench_peak_megabytes());
    state_free(&s);
    return 0;
}
