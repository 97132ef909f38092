#include "genome/genome.h"
#include "sample.h"
#include "tap.h"

#include "base/text.h"
#include "codec/cbor.h"
#include "genome/schema.h"

static void survives_its_bytes(void)
{
    struct genome_schema schema = sample_schema();
    struct prng prng;
    tap_seed(11);
    prng_seed(&prng, 11);
    for (unsigned i = 0; i < 500; i++) {
        struct genome genome, back;
        struct buf bytes = {0};
        struct digest named, hash = genome_schema_hash(&schema);
        genome_random(&schema, &prng, &genome);
        genome_encode(&schema, &genome, &bytes);
        REQUIRE_OK(genome_decode(&schema, bytes_of_buf(&bytes), &back));
        CHECK(sample_equal(&genome, &back));
        REQUIRE_OK(genome_peek_schema(bytes_of_buf(&bytes), &named));
        CHECK(digest_equal(&named, &hash));
        struct digest a = genome_hash(&schema, &genome), b = digest_of(bytes_of_buf(&bytes));
        CHECK(digest_equal(&a, &b));
        buf_free(&bytes);
    }
}

/* Signed and hashed: these bytes may not change. */
static void has_pinned_bytes(void)
{
    struct genome_schema schema = sample_schema();
    struct genome genome;
    struct buf bytes = {0}, hex = {0};
    genome_default(&schema, &genome);
    genome_encode(&schema, &genome, &bytes);
    hex_encode(bytes_of_buf(&bytes), &hex);
    CHECK_EQ_TEXT(buf_text(&hex), "a26567656e657387f93c00f9340004080000f5"
                                  "6b736368656d615f686173685820"
                                  "b1252391629e85655eaa60a8df1012d8b3eb153514b35ec7844194e6673316af");
    buf_free(&bytes);
    buf_free(&hex);
}

static void has_one_encoding(void)
{
    struct genome_schema schema = sample_schema();
    struct genome genome, back;
    struct buf bytes = {0}, again = {0};
    unsigned accepted = 0;
    genome_default(&schema, &genome);
    genome_encode(&schema, &genome, &bytes);
    for (size_t i = 0; i < bytes.len; i++) {
        CHECK(genome_decode(&schema, bytes_of(bytes.data, i), &back) != ERR_OK);
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes.data[i] ^= (uint8_t)(1u << bit);
            if (genome_decode(&schema, bytes_of_buf(&bytes), &back) == ERR_OK) {
                accepted++;
                buf_clear(&again);
                genome_encode(&schema, &back, &again);
                CHECK_EQ_BYTES(bytes_of_buf(&again), bytes_of_buf(&bytes));
            }
            bytes.data[i] ^= (uint8_t)(1u << bit);
        }
    }
    CHECK(accepted > 0);
    buf_add_byte(&bytes, 0);
    CHECK(genome_decode(&schema, bytes_of_buf(&bytes), &back) != ERR_OK);
    buf_free(&bytes);
    buf_free(&again);
}

/* Encoded without a look at the schema's ranges, so the decoder must look. */
static enum err decoded(const struct genome_schema *schema, const struct genome *genome)
{
    struct buf bytes = {0};
    struct genome back;
    genome_encode(schema, genome, &bytes);
    enum err err = genome_decode(schema, bytes_of_buf(&bytes), &back);
    buf_free(&bytes);
    return err;
}

static void refuses_values_outside(void)
{
    const double zero = 0.0, reals[] = {1.0001, -1.0001, -0.0, 1 / zero, zero / zero};
    struct genome_schema schema = sample_schema();
    struct genome genome;
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        genome_default(&schema, &genome);
        genome.values[SAMPLE_SHIFT].real = reals[i];
        CHECK_ERR(decoded(&schema, &genome), ERR_RANGE);
    }
    for (unsigned i = SAMPLE_DEPTH; i < SAMPLE_FLAG; i++) {
        int64_t lo, hi;
        gene_integer_bounds(&schema.genes[i], &lo, &hi);
        for (int64_t value = lo - 1; value <= hi + 1; value++) {
            genome_default(&schema, &genome);
            genome.values[i].integer = value;
            CHECK_ERR(decoded(&schema, &genome), value < lo || value > hi ? ERR_RANGE : ERR_OK);
        }
    }
}

static void refuses_another_schema(void)
{
    struct genome_schema schema = sample_schema(), other = sample_schema();
    struct genome genome, back;
    struct buf bytes = {0};
    genome_default(&schema, &genome);
    genome_encode(&schema, &genome, &bytes);
    other.genes[SAMPLE_DEPTH].ihi++;
    CHECK_ERR(genome_decode(&other, bytes_of_buf(&bytes), &back), ERR_MISMATCH);
    buf_free(&bytes);
}

static void writes_map(struct buf *out, uint64_t genes, struct digest hash, bool with_float_flag)
{
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 2);
    cbor_put_text(&w, "genes");
    cbor_put_array(&w, genes);
    for (uint64_t i = 0; i < genes; i++)
        if (with_float_flag)
            cbor_put_double(&w, 0.5);
        else
            cbor_put_uint(&w, 1);
    cbor_put_text(&w, "schema_hash");
    digest_put(&w, &hash);
    cbor_writer_done(&w);
}

static void refuses_other_shapes(void)
{
    struct genome_schema schema = sample_schema();
    struct digest hash = genome_schema_hash(&schema), named;
    const struct {
        uint64_t genes;
        bool floats;
        enum err want;
    } cases[] = {{6, false, ERR_MISMATCH},
                 {8, false, ERR_MISMATCH},
                 {7, false, ERR_TYPE},
                 {7, true, ERR_TYPE},
                 {GENOME_GENES_MAX + 1, false, ERR_LIMIT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf bytes = {0};
        struct genome back;
        writes_map(&bytes, cases[i].genes, hash, cases[i].floats);
        CHECK_ERR(genome_decode(&schema, bytes_of_buf(&bytes), &back), cases[i].want);
        buf_free(&bytes);
    }
    struct buf big = {0};
    for (unsigned i = 0; i <= GENOME_SIZE_MAX; i++)
        buf_add_byte(&big, 0);
    CHECK_ERR(genome_peek_schema(bytes_of_buf(&big), &named), ERR_LIMIT);
    buf_free(&big);
}

static void draws_from_the_whole_range(void)
{
    struct genome_schema schema = sample_schema();
    struct prng prng;
    unsigned small_batches = 0, small_rates = 0, depths[16] = {0}, levels[3] = {0}, flags[2] = {0};
    tap_seed(12);
    prng_seed(&prng, 12);
    for (unsigned i = 0; i < 2000; i++) {
        struct genome genome;
        genome_random(&schema, &prng, &genome);
        CHECK(sample_fits(&schema, &genome));
        small_batches += genome.values[SAMPLE_BATCH].integer < 8;
        small_rates += genome.values[SAMPLE_RATE].real < 0.1;
        depths[genome.values[SAMPLE_DEPTH].integer + 3]++;
        levels[genome.values[SAMPLE_LEVEL].integer]++;
        flags[genome.values[SAMPLE_FLAG].integer]++;
    }
    CHECK(small_batches > 900 && small_batches < 1100); /* log scale: half below the geometric middle */
    CHECK(small_rates > 900 && small_rates < 1100);
    for (unsigned i = 0; i < 16; i++)
        CHECK(depths[i] > 60 && depths[i] < 200);
    CHECK(levels[0] > 500 && levels[1] > 500 && levels[2] > 500);
    CHECK(flags[0] > 850 && flags[1] > 850);
}

static void projects_into_the_schema(void)
{
    const double zero = 0.0;
    struct genome_schema schema = sample_schema();
    struct genome genome = {.count = 64};
    for (unsigned i = 0; i < GENOME_GENES_MAX; i++)
        genome.values[i] = i < schema.count && schema.genes[i].type == GENE_CONTINUOUS
                               ? (struct gene_value){.real = zero / zero}
                               : (struct gene_value){.integer = INT64_MAX};
    genome_project(&schema, &genome);
    CHECK_EQ_U64(genome.count, 7);
    CHECK(genome.values[SAMPLE_RATE].real == 0.001);
    CHECK_EQ_I64(genome.values[SAMPLE_DEPTH].integer, 12);
    CHECK_EQ_I64(genome.values[SAMPLE_KIND].integer, 1);
    CHECK_EQ_I64(genome.values[SAMPLE_FLAG].integer, 1);
    CHECK(genome.values[7].integer == 0);
    genome.values[SAMPLE_SHIFT].real = -0.0;
    genome.values[SAMPLE_DEPTH].integer = -100;
    genome_project(&schema, &genome);
    CHECK_OK(decoded(&schema, &genome));
    CHECK_EQ_I64(genome.values[SAMPLE_DEPTH].integer, -3);
}

int main(void)
{
    TAP_RUN(survives_its_bytes);
    TAP_RUN(has_pinned_bytes);
    TAP_RUN(has_one_encoding);
    TAP_RUN(refuses_values_outside);
    TAP_RUN(refuses_another_schema);
    TAP_RUN(refuses_other_shapes);
    TAP_RUN(draws_from_the_whole_range);
    TAP_RUN(projects_into_the_schema);
    return tap_done();
}
