#include "genome/genome.h"

#include "base/mutate.h"
#include "genome/schema.h"
#include "genome/unit.h"

enum { DRAWS_MAX = 64 };

/* ---- bytes: {"genes": [value...], "schema_hash": h'..'}, a value being a real
 * (continuous), an integer (discrete; index of an ordinal or categorical choice) or a bool (toggle). */

static void value_encode(struct cbor_writer *w, const struct gene_spec *spec, const struct gene_value *value)
{
    if (spec->type == GENE_CONTINUOUS)
        cbor_put_double(w, value->real);
    else if (spec->type == GENE_TOGGLE)
        cbor_put_bool(w, value->integer != 0);
    else
        cbor_put_int(w, value->integer);
}

static void values_put(struct cbor_writer *w, const struct genome_schema *schema, const struct genome *genome)
{
    ASSERT(genome->count == schema->count);
    cbor_put_array(w, genome->count);
    for (unsigned i = 0; i < genome->count; i++)
        value_encode(w, &schema->genes[i], &genome->values[i]);
}

void genome_put(struct cbor_writer *w, const struct genome_schema *schema, const struct genome *genome)
{
    values_put(w, schema, genome);
}

void genome_encode(const struct genome_schema *schema, const struct genome *genome, struct buf *out)
{
    struct digest schema_hash = genome_schema_hash(schema);
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 2);
    cbor_put_text(&w, "genes");
    values_put(&w, schema, genome);
    cbor_put_text(&w, "schema_hash");
    digest_put(&w, &schema_hash);
    cbor_writer_done(&w);
}

struct digest genome_hash(const struct genome_schema *schema, const struct genome *genome)
{
    struct buf bytes = {0};
    genome_encode(schema, genome, &bytes);
    struct digest hash = digest_of(bytes_of_buf(&bytes));
    buf_free(&bytes);
    return hash;
}

static struct gene_value value_decode(struct cbor_reader *r, const struct gene_spec *spec)
{
    struct gene_value value = {0};
    if (spec->type == GENE_CONTINUOUS) {
        value.real = cbor_get_double(r);
        if (!gene_real_fits(spec, value.real))
            cbor_fail(r, ERR_RANGE);
    } else if (spec->type == GENE_TOGGLE) {
        value.integer = cbor_get_bool(r) ? 1 : 0;
    } else {
        int64_t lo, hi;
        gene_integer_bounds(spec, &lo, &hi);
        value.integer = cbor_get_int(r);
        if (value.integer < lo || value.integer > hi)
            cbor_fail(r, ERR_RANGE);
    }
    return value;
}

/* Reads up to the count of genes, which both decoders need. */
static uint64_t genome_open(struct cbor_reader *r, struct bytes in)
{
    cbor_reader_init(r, in);
    if (in.len > GENOME_SIZE_MAX)
        cbor_fail(r, ERR_LIMIT);
    if (cbor_get_map(r) != 2)
        cbor_fail(r, ERR_SYNTAX);
    cbor_expect_key(r, "genes");
    uint64_t count = cbor_get_array(r);
    if (count > GENOME_GENES_MAX)
        cbor_fail(r, ERR_LIMIT);
    return r->err == ERR_OK ? count : 0;
}

enum err genome_peek_schema(struct bytes in, struct digest *out)
{
    struct cbor_reader r;
    uint64_t count = genome_open(&r, in);
    for (uint64_t i = 0; i < count; i++)
        (void)cbor_get_raw(&r);
    cbor_expect_key(&r, "schema_hash");
    struct bytes hash = cbor_get_bytes_of(&r, DIGEST_SIZE);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *out = digest_from(hash);
    return err;
}

static bool is_default(const struct gene_spec *spec, const struct gene_value *value)
{
    return spec->type == GENE_CONTINUOUS ? value->real == spec->default_real : value->integer == spec->default_integer;
}

/* What the values say together. */
static enum err values_check(const struct genome_schema *schema, const struct genome *genome)
{
    struct gene_set active = genome_active(schema, genome);
    for (unsigned i = 0; i < schema->count; i++) {
        bool counts = MUTATE(GENOME_INACTIVE_ANYTHING, true, gene_set_has(active, i));
        if (!counts && !is_default(&schema->genes[i], &genome->values[i]))
            return ERR_CANONICAL;
    }
    return MUTATE(GENOME_FORBIDDEN_UNCHECKED, true, genome_forbidden(schema, genome) < 0) ? ERR_OK : ERR_RANGE;
}

enum err genome_decode(const struct genome_schema *schema, struct bytes in, struct genome *out)
{
    struct digest named, wanted = genome_schema_hash(schema);
    enum err err = genome_peek_schema(in, &named);
    if (err != ERR_OK)
        return err;
    if (!digest_equal(&named, &wanted))
        return ERR_MISMATCH;

    struct genome genome = {.count = schema->count};
    struct cbor_reader r;
    if (genome_open(&r, in) != schema->count)
        return ERR_MISMATCH;
    for (unsigned i = 0; i < genome.count; i++)
        genome.values[i] = value_decode(&r, &schema->genes[i]);
    cbor_expect_key(&r, "schema_hash");
    (void)cbor_get_bytes_of(&r, DIGEST_SIZE);
    err = cbor_reader_done(&r);
    if (err == ERR_OK)
        err = values_check(schema, &genome);
    if (err == ERR_OK)
        *out = genome;
    return err;
}

void genome_get(struct cbor_reader *r, const struct genome_schema *schema, struct genome *out)
{
    struct genome genome = {.count = schema->count};

    cbor_expect_array(r, schema->count);
    for (unsigned i = 0; i < genome.count && r->err == ERR_OK; i++)
        genome.values[i] = value_decode(r, &schema->genes[i]);
    enum err err = r->err == ERR_OK ? values_check(schema, &genome) : r->err;
    if (err == ERR_OK)
        *out = genome;
    else if (r->err == ERR_OK)
        cbor_fail(r, err);
}

const char *gene_choice(const struct genome_schema *schema, const struct gene_spec *spec, unsigned choice)
{
    ASSERT(choice < spec->choice_count && spec->choice_first + choice < GENOME_WORDS_MAX);
    return schema->words[spec->choice_first + choice];
}

struct gene_set genome_active(const struct genome_schema *schema, const struct genome *genome)
{
    return condition_active(schema, genome);
}

int genome_forbidden(const struct genome_schema *schema, const struct genome *genome)
{
    struct gene_set active = genome_active(schema, genome);
    for (unsigned i = 0; i < schema->forbidden_count; i++)
        if (condition_holds(schema, schema->forbidden[i], genome, active))
            return (int)i;
    return -1;
}

struct gene_value gene_default(const struct gene_spec *spec)
{
    if (spec->type == GENE_CONTINUOUS)
        return (struct gene_value){.real = spec->default_real};
    return (struct gene_value){.integer = spec->default_integer};
}

void genome_default(const struct genome_schema *schema, struct genome *out)
{
    *out = (struct genome){.count = schema->count};
    for (unsigned i = 0; i < schema->count; i++)
        out->values[i] = gene_default(&schema->genes[i]);
}

static struct gene_value value_project(const struct gene_spec *spec, struct gene_value value)
{
    struct gene_value out = {0};
    if (spec->type == GENE_CONTINUOUS) {
        out.real = value.real;
        if (!(out.real >= spec->lo)) /* a NaN too */
            out.real = spec->lo;
        if (out.real > spec->hi)
            out.real = spec->hi;
        if (out.real == 0.0)
            out.real = 0.0; /* -0.0 would be a second encoding */
        return out;
    }
    int64_t lo, hi;
    gene_integer_bounds(spec, &lo, &hi);
    out.integer = value.integer < lo ? lo : value.integer > hi ? hi : value.integer;
    return out;
}

static void genome_clamp(const struct genome_schema *schema, struct genome *genome)
{
    genome->count = schema->count;
    for (unsigned i = 0; i < GENOME_GENES_MAX; i++)
        genome->values[i] =
            i < schema->count ? value_project(&schema->genes[i], genome->values[i]) : (struct gene_value){0};
}

/* Inactive genes get their default. One pass does: what is inactive is unknown to every condition already. */
static void genome_quieten(const struct genome_schema *schema, struct genome *genome)
{
    struct gene_set active = genome_active(schema, genome);
    for (unsigned i = 0; i < schema->count; i++)
        if (!gene_set_has(active, i))
            genome->values[i] = gene_default(&schema->genes[i]);
}

/* Resets the first of these genes that differs from its default; false when none does. */
static bool reset_first(const struct genome_schema *schema, struct gene_set genes, struct genome *genome)
{
    for (unsigned i = 0; i < schema->count; i++) {
        const struct gene_spec *spec = &schema->genes[i];
        if (gene_set_has(genes, i) && !is_default(spec, &genome->values[i])) {
            genome->values[i] = gene_default(spec);
            return true;
        }
    }
    return false;
}

/* Each round leaves one gene more at its default, and the defaults together are allowed: it ends. */
void genome_project(const struct genome_schema *schema, struct genome *genome)
{
    struct gene_set everything = {0};
    for (unsigned i = 0; i < schema->count; i++)
        gene_set_add(&everything, i);
    int which;
    genome_clamp(schema, genome);
    genome_quieten(schema, genome);
    while ((which = genome_forbidden(schema, genome)) >= 0) {
        bool found = reset_first(schema, condition_genes(schema, schema->forbidden[which]), genome) ||
                     reset_first(schema, everything, genome);
        ASSERT(found);
        genome_quieten(schema, genome);
    }
}

void genome_draw(const struct genome_schema *schema, struct prng *prng, struct genome *out)
{
    for (unsigned i = 0; i < schema->count; i++)
        out->values[i] = gene_at(&schema->genes[i], prng_unit(prng));
    genome_clamp(schema, out);
}

void genome_random(const struct genome_schema *schema, struct prng *prng, struct genome *out)
{
    struct genome genome = {.count = schema->count};
    int which = 0;
    for (unsigned draw = 0; draw < DRAWS_MAX && which >= 0; draw++) {
        genome_draw(schema, prng, &genome);
        genome_quieten(schema, &genome);
        which = genome_forbidden(schema, &genome);
    }
    if (which >= 0)
        genome_project(schema, &genome);
    *out = genome;
}
