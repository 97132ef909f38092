#include "genome/schema.h"
#include "sample.h"
#include "tap.h"

#include "base/text.h"

static void survives_its_bytes(void)
{
    struct genome_schema schema = sample_schema(), back;
    struct buf bytes = {0}, again = {0};
    CHECK_OK(genome_schema_check(&schema, NULL));
    genome_schema_encode(&schema, &bytes);
    REQUIRE_OK(genome_schema_decode(bytes_of_buf(&bytes), &back));
    genome_schema_encode(&back, &again);
    CHECK_EQ_BYTES(bytes_of_buf(&again), bytes_of_buf(&bytes));
    CHECK(back.count == 7 && back.genes[SAMPLE_RATE].log_scale && back.genes[SAMPLE_DEPTH].ilo == -3);
    CHECK_EQ_TEXT(gene_choice(&back, &back.genes[SAMPLE_LEVEL], 2), "high");
    struct digest hash = genome_schema_hash(&schema), of_bytes = digest_of(bytes_of_buf(&bytes));
    CHECK(digest_equal(&hash, &of_bytes));
    buf_free(&bytes);
    buf_free(&again);
}

/* The format is signed and hashed: these bytes may not change. */
static void has_pinned_bytes(void)
{
    struct genome_schema schema = {
        .count = 2,
        .genes = {{.name = "x", .type = GENE_CONTINUOUS, .lo = 0, .hi = 1, .default_real = 0.5},
                  {.name = "t", .type = GENE_TOGGLE}},
    };
    struct buf bytes = {0}, hex = {0};
    genome_schema_encode(&schema, &bytes);
    hex_encode(bytes_of_buf(&bytes), &hex);
    CHECK_EQ_TEXT(buf_text(&hex), "a26567656e6573828661786a636f6e74696e756f7573f4f90000f93c00f93800"
                                  "83617466746f67676c65f46776657273696f6e01");
    buf_free(&bytes);
    buf_free(&hex);
}

/* Whatever one flipped bit decodes to has exactly the flipped bytes. */
static void has_one_encoding(void)
{
    struct genome_schema schema = sample_schema(), back;
    struct buf bytes = {0}, again = {0};
    genome_schema_encode(&schema, &bytes);
    for (size_t i = 0; i < bytes.len; i++) {
        CHECK(genome_schema_decode(bytes_of(bytes.data, i), &back) != ERR_OK);
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes.data[i] ^= (uint8_t)(1u << bit);
            if (genome_schema_decode(bytes_of_buf(&bytes), &back) == ERR_OK) {
                buf_clear(&again);
                genome_schema_encode(&back, &again);
                CHECK_EQ_BYTES(bytes_of_buf(&again), bytes_of_buf(&bytes));
            }
            bytes.data[i] ^= (uint8_t)(1u << bit);
        }
    }
    buf_add_byte(&bytes, 0);
    CHECK(genome_schema_decode(bytes_of_buf(&bytes), &back) != ERR_OK);
    buf_free(&bytes);
    buf_free(&again);
}

/* The sample with one thing broken. */
#define BROKEN(want, change)                                                                                           \
    do {                                                                                                               \
        static struct genome_schema s;                                                                                 \
        s = *sample_kept(sample_schema);                                                                               \
        struct buf bytes = {0};                                                                                        \
        struct diag diag = {0};                                                                                        \
        change;                                                                                                        \
        CHECK_ERR(genome_schema_check(&s, &diag), want);                                                               \
        CHECK(diag.text[0] != 0);                                                                                      \
        if (s.count >= 1 && s.count <= GENOME_GENES_MAX && (unsigned)s.genes[0].type <= GENE_TOGGLE) {                 \
            genome_schema_encode(&s, &bytes);                                                                          \
            CHECK(genome_schema_decode(bytes_of_buf(&bytes), &s) != ERR_OK);                                           \
            buf_free(&bytes);                                                                                          \
        }                                                                                                              \
    } while (0)

static void refuses_bad_numbers(void)
{
    double zero = 0.0, not_a_number = zero / zero;
    BROKEN(ERR_RANGE, s.genes[SAMPLE_RATE].lo = 0);
    BROKEN(ERR_RANGE, s.genes[SAMPLE_RATE].lo = 20);
    BROKEN(ERR_RANGE, s.genes[SAMPLE_RATE].default_real = 10.5);
    BROKEN(ERR_RANGE, s.genes[SAMPLE_SHIFT].hi = 1 / zero);
    BROKEN(ERR_RANGE, s.genes[SAMPLE_SHIFT].lo = not_a_number);
    BROKEN(ERR_RANGE, s.genes[SAMPLE_SHIFT].default_real = not_a_number);
    BROKEN(ERR_RANGE, s.genes[SAMPLE_SHIFT].default_real = -0.0);
    BROKEN(ERR_CANONICAL, s.genes[SAMPLE_SHIFT].lo = -0.0);
    BROKEN(ERR_RANGE, s.genes[SAMPLE_DEPTH].ihi = -4);
    BROKEN(ERR_RANGE, s.genes[SAMPLE_DEPTH].default_integer = 13);
    BROKEN(ERR_RANGE, s.genes[SAMPLE_DEPTH].ihi = GENE_INTEGER_MAX + 1);
    BROKEN(ERR_RANGE, s.genes[SAMPLE_BATCH].ilo = 0);
    BROKEN(ERR_RANGE, s.genes[SAMPLE_LEVEL].default_integer = 3);
}

static void refuses_bad_names(void)
{
    BROKEN(ERR_SYNTAX, s.genes[0].name[0] = 0);
    BROKEN(ERR_SYNTAX, s.genes[0].name[0] = ' ');
    BROKEN(ERR_DUPLICATE, s.genes[1] = s.genes[0]);
    BROKEN(ERR_SYNTAX, s.words[1][0] = '\n');
    BROKEN(ERR_DUPLICATE, strcpy(s.words[1], "low"));
}

static void refuses_bad_counts(void)
{
    BROKEN(ERR_LIMIT, s.count = 0);
    BROKEN(ERR_LIMIT, s.count = GENOME_GENES_MAX + 1);
    BROKEN(ERR_LIMIT, s.genes[SAMPLE_KIND].choice_count = 0);
    BROKEN(ERR_LIMIT, s.genes[SAMPLE_KIND].choice_count = GENOME_CHOICES_MAX + 1);
    BROKEN(ERR_UNKNOWN, s.genes[0].type = (enum gene_type)5);
}

static void refuses_foreign_bytes(void)
{
    const struct {
        const char *hex;
        enum err want;
    } cases[] = {
        {"", ERR_TRUNCATED},
        {"a1", ERR_TRUNCATED},
        {"a26567656e6573806776657273696f6e01", ERR_LIMIT},                          /* no genes */
        {"a26567656e65738183617466746f67676c65f46776657273696f6e02", ERR_UNKNOWN},  /* version 2 */
        {"a26567656e65738183617466746f67676c66f46776657273696f6e01", ERR_UNKNOWN},  /* type "togglf" */
        {"a26567656e65738184617466746f67676c65f4f46776657273696f6e01", ERR_SYNTAX}, /* one item more */
        {"a26567656e65738183610066746f67676c65f46776657273696f6e01", ERR_SYNTAX},   /* a name with a NUL */
        {"a26567656e65738183617466746f67676c65006776657273696f6e01", ERR_TYPE},     /* 0 for false */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf bytes = {0};
        struct genome_schema schema;
        REQUIRE_OK(hex_decode(bytes_of_text(cases[i].hex), &bytes));
        CHECK_ERR(genome_schema_decode(bytes_of_buf(&bytes), &schema), cases[i].want);
        buf_free(&bytes);
    }
}

static void a_shared_one_knows_its_hash(void)
{
    const struct genome_schema *schema = sample_kept(sample_schema);
    struct digest hash = genome_schema_hash(schema), other;
    const struct genome_schema *shared = genome_schema_share(schema);
    struct genome_schema *copy = mem_alloc(sizeof *copy);

    CHECK(digest_equal(&shared->hash, &hash));
    genome_schema_copy(copy, shared);
    copy->genes[0].default_real = 2;
    other = genome_schema_hash(copy);
    CHECK(!digest_equal(&other, &hash));
    mem_free(copy);
    genome_schema_drop(shared);
}

int main(void)
{
    TAP_RUN(survives_its_bytes);
    TAP_RUN(has_pinned_bytes);
    TAP_RUN(has_one_encoding);
    TAP_RUN(refuses_bad_numbers);
    TAP_RUN(refuses_bad_names);
    TAP_RUN(refuses_bad_counts);
    TAP_RUN(refuses_foreign_bytes);
    TAP_RUN(a_shared_one_knows_its_hash);
    return tap_done();
}
