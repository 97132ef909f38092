#include "genome/schema.h"

#include <string.h>

#include "codec/cbor.h"

enum { SCHEMA_PLAIN = 1, SCHEMA_CONDITIONAL = 2 };

/* Version 1: {"genes": [gene...], "version": 1}. Version 2, of a schema with conditions or forbidden combinations:
 * {"genes": [gene...], "version": 2, "forbidden": [expression...], "conditions": [[index, expression]...]}. A gene is
 *   [name, "continuous", log, lo, hi, default]    reals
 *   [name, "discrete", log, lo, hi, default]      integers
 *   [name, "ordinal" or "categorical", [choice...], default index]
 *   [name, "toggle", default]                     a bool */

static void gene_encode(struct cbor_writer *w, const struct genome_schema *schema, const struct gene_spec *spec)
{
    bool is_number = spec->type == GENE_CONTINUOUS || spec->type == GENE_DISCRETE;
    cbor_put_array(w, is_number ? 6 : spec->type == GENE_TOGGLE ? 3 : 4);
    cbor_put_text(w, spec->name);
    cbor_put_text(w, gene_type_name(spec->type));
    if (is_number)
        cbor_put_bool(w, spec->log_scale);
    if (spec->type == GENE_CONTINUOUS) {
        cbor_put_double(w, spec->lo);
        cbor_put_double(w, spec->hi);
        cbor_put_double(w, spec->default_real);
    } else if (spec->type == GENE_DISCRETE) {
        cbor_put_int(w, spec->ilo);
        cbor_put_int(w, spec->ihi);
        cbor_put_int(w, spec->default_integer);
    } else if (spec->type == GENE_TOGGLE) {
        cbor_put_bool(w, spec->default_integer != 0);
    } else {
        cbor_put_array(w, spec->choice_count);
        for (unsigned i = 0; i < spec->choice_count; i++)
            cbor_put_text(w, gene_choice(schema, spec, i));
        cbor_put_int(w, spec->default_integer);
    }
}

static unsigned condition_count(const struct genome_schema *schema)
{
    unsigned count = 0;
    for (unsigned i = 0; i < schema->count; i++)
        count += schema->genes[i].condition.count > 0;
    return count;
}

static void conditions_encode(struct cbor_writer *w, const struct genome_schema *schema, unsigned conditions)
{
    cbor_put_text(w, "forbidden");
    cbor_put_array(w, schema->forbidden_count);
    for (unsigned i = 0; i < schema->forbidden_count; i++)
        condition_put(w, schema, schema->forbidden[i]);
    cbor_put_text(w, "conditions");
    cbor_put_array(w, conditions);
    for (unsigned i = 0; i < schema->count; i++) {
        if (schema->genes[i].condition.count == 0)
            continue;
        cbor_put_array(w, 2);
        cbor_put_uint(w, i);
        condition_put(w, schema, schema->genes[i].condition);
    }
}

void genome_schema_encode(const struct genome_schema *schema, struct buf *out)
{
    ASSERT(schema->count >= 1 && schema->count <= GENOME_GENES_MAX);
    unsigned conditions = condition_count(schema);
    bool is_plain = conditions == 0 && schema->forbidden_count == 0;
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, is_plain ? 2 : 4);
    cbor_put_text(&w, "genes");
    cbor_put_array(&w, schema->count);
    for (unsigned i = 0; i < schema->count; i++)
        gene_encode(&w, schema, &schema->genes[i]);
    cbor_put_text(&w, "version");
    cbor_put_uint(&w, is_plain ? SCHEMA_PLAIN : SCHEMA_CONDITIONAL);
    if (!is_plain)
        conditions_encode(&w, schema, conditions);
    cbor_writer_done(&w);
}

static void name_decode(struct cbor_reader *r, size_t max, char *out)
{
    struct bytes text = cbor_get_text(r);
    if (text.len > max)
        cbor_fail(r, ERR_LIMIT);
    else if (text.len > 0 && memchr(text.data, 0, text.len) != NULL)
        cbor_fail(r, ERR_SYNTAX);
    else if (text.len > 0)
        memcpy(out, text.data, text.len);
}

static enum gene_type type_decode(struct cbor_reader *r)
{
    struct bytes text = cbor_get_text(r);
    for (unsigned i = 0; i <= GENE_TOGGLE; i++)
        if (bytes_equal(text, bytes_of_text(gene_type_name((enum gene_type)i))))
            return (enum gene_type)i;
    cbor_fail(r, ERR_UNKNOWN);
    return GENE_TOGGLE;
}

static void choices_decode(struct cbor_reader *r, struct genome_schema *schema, struct gene_spec *spec)
{
    uint64_t count = cbor_get_array(r);
    if (count > GENOME_CHOICES_MAX || count > GENOME_WORDS_MAX - schema->word_count) {
        cbor_fail(r, ERR_LIMIT);
        return;
    }
    spec->choice_first = schema->word_count;
    spec->choice_count = (unsigned)count;
    for (unsigned i = 0; i < count; i++)
        name_decode(r, GENOME_CHOICE_MAX, schema->words[schema->word_count++]);
    spec->default_integer = cbor_get_int(r);
}

static void gene_decode(struct cbor_reader *r, struct genome_schema *schema, struct gene_spec *spec)
{
    uint64_t items = cbor_get_array(r);
    name_decode(r, GENOME_NAME_MAX, spec->name);
    spec->type = type_decode(r);
    bool is_number = spec->type == GENE_CONTINUOUS || spec->type == GENE_DISCRETE;
    if (items != (is_number ? 6 : spec->type == GENE_TOGGLE ? 3 : 4)) {
        cbor_fail(r, ERR_SYNTAX);
        return;
    }
    if (is_number)
        spec->log_scale = cbor_get_bool(r);
    if (spec->type == GENE_CONTINUOUS) {
        spec->lo = cbor_get_double(r);
        spec->hi = cbor_get_double(r);
        spec->default_real = cbor_get_double(r);
    } else if (spec->type == GENE_DISCRETE) {
        spec->ilo = cbor_get_int(r);
        spec->ihi = cbor_get_int(r);
        spec->default_integer = cbor_get_int(r);
    } else if (spec->type == GENE_TOGGLE) {
        spec->default_integer = cbor_get_bool(r) ? 1 : 0;
    } else {
        choices_decode(r, schema, spec);
    }
}

/* A condition of a gene further on; sets nothing twice, since indexes rise. */
static void conditions_decode(struct cbor_reader *r, struct genome_schema *schema)
{
    cbor_expect_key(r, "forbidden");
    uint64_t count = cbor_get_array(r);
    if (count > GENOME_FORBIDDEN_MAX)
        cbor_fail(r, ERR_LIMIT);
    for (uint64_t i = 0; i < count && r->err == ERR_OK; i++)
        schema->forbidden[schema->forbidden_count++] = condition_get(r, schema);
    cbor_expect_key(r, "conditions");
    uint64_t conditions = cbor_get_array(r), next = 0;
    if (conditions == 0 && count == 0)
        cbor_fail(r, ERR_CANONICAL);
    for (uint64_t i = 0; i < conditions && r->err == ERR_OK; i++) {
        cbor_expect_array(r, 2);
        uint64_t gene = cbor_get_uint(r);
        struct condition c = condition_get(r, schema);
        if (gene < next || gene >= schema->count || c.count == 0)
            cbor_fail(r, ERR_RANGE);
        else
            schema->genes[gene].condition = c;
        next = gene + 1;
    }
}

static void schema_read(struct cbor_reader *r, struct genome_schema *schema)
{
    uint64_t pairs = cbor_get_map(r);
    if (pairs != 2 && pairs != 4)
        cbor_fail(r, ERR_SYNTAX);
    cbor_expect_key(r, "genes");
    uint64_t count = cbor_get_array(r);
    if (count > GENOME_GENES_MAX) {
        cbor_fail(r, ERR_LIMIT);
        count = 0;
    }
    schema->count = (unsigned)count;
    for (unsigned i = 0; i < count && r->err == ERR_OK; i++)
        gene_decode(r, schema, &schema->genes[i]);
    cbor_expect_key(r, "version");
    if (cbor_get_uint(r) != (pairs == 2 ? SCHEMA_PLAIN : SCHEMA_CONDITIONAL))
        cbor_fail(r, ERR_UNKNOWN);
    if (pairs == 4)
        conditions_decode(r, schema);
}

enum err genome_schema_decode(struct bytes in, struct genome_schema *out)
{
    struct genome_schema *schema = mem_alloc(sizeof *schema);
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    schema_read(&r, schema);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        err = genome_schema_check(schema, NULL);
    if (err == ERR_OK)
        genome_schema_copy(out, schema);
    mem_free(schema);
    return err;
}

struct digest genome_schema_hash(const struct genome_schema *schema)
{
    struct buf bytes = {0};
    if (!digest_is_zero(&schema->hash))
        return schema->hash;
    genome_schema_encode(schema, &bytes);
    struct digest hash = digest_of(bytes_of_buf(&bytes));
    buf_free(&bytes);
    return hash;
}
