#include "aggregate/align.h"
#include "tap.h"

#include "genome/sample.h"

enum { COUNT = 24 };

static struct genome_schema schema;

/* Few fingerprints and few genomes, so that most things stand twice. */
static void candidates_draw(struct prng *prng, struct candidate *out)
{
    for (unsigned i = 0; i < COUNT; i++) {
        struct prng few;
        prng_stream(&few, 80, "genome", prng_below(prng, 10));
        out[i] = (struct candidate){.claim = prng_below(prng, 3), .staleness = prng_below(prng, 2)};
        out[i].fingerprint.b[0] = (uint8_t)prng_below(prng, 4);
        genome_random(&schema, &few, &out[i].genome);
    }
}

static bool same(const struct candidate *a, const struct candidate *b, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!digest_equal(&a[i].fingerprint, &b[i].fingerprint) || !digest_equal(&a[i].hash, &b[i].hash) ||
            a[i].claim != b[i].claim || a[i].staleness != b[i].staleness || !sample_equal(&a[i].genome, &b[i].genome))
            return false;
    return true;
}

static void candidates_shuffle(struct prng *prng, struct candidate *c, unsigned count)
{
    for (unsigned i = count; i > 1; i--) {
        unsigned at = (unsigned)prng_below(prng, i);
        struct candidate swap = c[at];
        c[at] = c[i - 1];
        c[i - 1] = swap;
    }
}

static void the_order_of_arrival_never_shows(void)
{
    struct prng prng;
    struct candidate first[COUNT], again[2 * COUNT];
    tap_seed(81);
    prng_seed(&prng, 81);
    for (unsigned round = 0; round < 100; round++) {
        candidates_draw(&prng, first);
        memcpy(again, first, sizeof first);
        memcpy(again + COUNT, first, sizeof first); /* everything arrives twice, too */
        candidates_shuffle(&prng, again, 2 * COUNT);
        unsigned a = align_candidates(&schema, first, COUNT), b = align_candidates(&schema, again, 2 * COUNT);
        CHECK_EQ_U64(a, b);
        CHECK(same(first, again, a));
        struct digest x = align_digest(first, a), y = align_digest(again, b);
        CHECK(digest_equal(&x, &y));
        b = align_candidates(&schema, again, b); /* done twice is done once */
        CHECK_EQ_U64(a, b);
        CHECK(same(first, again, a));
    }
}

static void what_is_left_is_sorted_and_single(void)
{
    struct prng prng;
    struct candidate c[COUNT];
    tap_seed(82);
    prng_seed(&prng, 82);
    candidates_draw(&prng, c);
    unsigned count = align_candidates(&schema, c, COUNT);
    CHECK(count > 1 && count <= 10);
    for (unsigned i = 0; i < count; i++) {
        struct digest hash = genome_hash(&schema, &c[i].genome);
        CHECK(digest_equal(&hash, &c[i].hash));
        for (unsigned j = 0; j < i; j++)
            CHECK(!digest_equal(&c[i].hash, &c[j].hash));
        if (i == 0)
            continue;
        int order = digest_compare(&c[i - 1].fingerprint, &c[i].fingerprint);
        CHECK(order < 0 || (order == 0 && digest_compare(&c[i - 1].hash, &c[i].hash) < 0));
    }
}

/* The incumbent (fingerprint zero) stays, whoever offers the same genome. */
static void the_incumbent_goes_first(void)
{
    struct candidate c[2] = {{.claim = 9}, {.claim = 0}};
    memset(c[0].fingerprint.b, 0x01, DIGEST_SIZE);
    genome_default(&schema, &c[0].genome);
    genome_default(&schema, &c[1].genome);
    CHECK_EQ_U64(align_candidates(&schema, c, 2), 1);
    CHECK(digest_is_zero(&c[0].fingerprint));
    CHECK_EQ_U64(c[0].claim, 0);
}

static void genomes_are_projected_and_hashed_anew(void)
{
    struct candidate c = {.claim = 1};
    genome_default(&schema, &c.genome);
    c.genome.values[SAMPLE_DEPTH].integer = 99;
    memset(c.hash.b, 0xee, DIGEST_SIZE);
    CHECK_EQ_U64(align_candidates(&schema, &c, 1), 1);
    CHECK_EQ_I64(c.genome.values[SAMPLE_DEPTH].integer, 12);
    struct digest hash = genome_hash(&schema, &c.genome);
    CHECK(digest_equal(&hash, &c.hash));
}

static void nothing_is_aligned_to_nothing(void)
{
    struct digest of_nothing = align_digest(NULL, 0), empty = digest_of(bytes_of("", 0));
    CHECK_EQ_U64(align_candidates(&schema, NULL, 0), 0);
    CHECK(digest_equal(&of_nothing, &empty));
}

int main(void)
{
    schema = sample_schema();
    TAP_RUN(the_order_of_arrival_never_shows);
    TAP_RUN(what_is_left_is_sorted_and_single);
    TAP_RUN(the_incumbent_goes_first);
    TAP_RUN(genomes_are_projected_and_hashed_anew);
    TAP_RUN(nothing_is_aligned_to_nothing);
    return tap_done();
}
