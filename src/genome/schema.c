#include "genome/schema.h"

#include <string.h>

#include "codec/cbor.h"

enum { SCHEMA_VERSION = 1 };

static const char *const type_names[] = {"continuous", "discrete", "ordinal", "categorical", "toggle"};

const char *gene_type_name(enum gene_type type)
{
    ASSERT((unsigned)type <= GENE_TOGGLE);
    return type_names[type];
}

void gene_integer_bounds(const struct gene_spec *spec, int64_t *lo, int64_t *hi)
{
    ASSERT(spec->type != GENE_CONTINUOUS);
    *lo = spec->type == GENE_DISCRETE ? spec->ilo : 0;
    *hi = spec->type == GENE_DISCRETE ? spec->ihi : spec->type == GENE_TOGGLE ? 1 : (int64_t)spec->choice_count - 1;
}

static bool is_negative_zero(double x)
{
    static const double zero = 0.0;
    return x == 0.0 && memcmp(&x, &zero, sizeof x) != 0;
}

bool gene_real_fits(const struct gene_spec *spec, double x)
{
    return x >= spec->lo && x <= spec->hi && !is_negative_zero(x); /* false for a NaN */
}

static bool name_fits(const char *name)
{
    size_t len = 0;
    for (; len <= GENOME_NAME_MAX && name[len] != 0; len++) {
        char c = name[len];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '.' && c != '-')
            return false;
    }
    return len > 0 && len <= GENOME_NAME_MAX;
}

static enum err continuous_check(const struct gene_spec *spec, struct diag *diag)
{
    const double largest = 1e300; /* leaves room for arithmetic on bounds */
    if (!(spec->lo >= -largest && spec->hi <= largest && spec->lo <= spec->hi))
        return diag_set(diag, ERR_RANGE, "gene %s: bounds must be finite and ordered", spec->name);
    if (is_negative_zero(spec->lo) || is_negative_zero(spec->hi))
        return diag_set(diag, ERR_CANONICAL, "gene %s: a bound is -0.0", spec->name);
    if (spec->log_scale && spec->lo <= 0)
        return diag_set(diag, ERR_RANGE, "gene %s: a log scale needs a positive lower bound", spec->name);
    if (!gene_real_fits(spec, spec->default_real))
        return diag_set(diag, ERR_RANGE, "gene %s: the default lies outside", spec->name);
    return ERR_OK;
}

static enum err integer_check(const struct gene_spec *spec, struct diag *diag)
{
    int64_t lo, hi;
    gene_integer_bounds(spec, &lo, &hi);
    if (lo < -GENE_INTEGER_MAX || hi > GENE_INTEGER_MAX || lo > hi)
        return diag_set(diag, ERR_RANGE, "gene %s: bounds must be ordered and within 2^53", spec->name);
    if (spec->log_scale && lo <= 0)
        return diag_set(diag, ERR_RANGE, "gene %s: a log scale needs a positive lower bound", spec->name);
    if (spec->default_integer < lo || spec->default_integer > hi)
        return diag_set(diag, ERR_RANGE, "gene %s: the default lies outside", spec->name);
    return ERR_OK;
}

static enum err choices_check(const struct gene_spec *spec, struct diag *diag)
{
    if (spec->choice_count < 1 || spec->choice_count > GENOME_CHOICES_MAX)
        return diag_set(diag, ERR_LIMIT, "gene %s: %u choices, 1 to %d are possible", spec->name, spec->choice_count,
                        GENOME_CHOICES_MAX);
    for (unsigned i = 0; i < spec->choice_count; i++) {
        if (!name_fits(spec->choices[i]))
            return diag_set(diag, ERR_SYNTAX, "gene %s: choice %u has no proper name", spec->name, i);
        for (unsigned j = 0; j < i; j++)
            if (strcmp(spec->choices[i], spec->choices[j]) == 0)
                return diag_set(diag, ERR_DUPLICATE, "gene %s: choice %s twice", spec->name, spec->choices[i]);
    }
    return ERR_OK;
}

static enum err gene_check(const struct gene_spec *spec, struct diag *diag)
{
    if (spec->type == GENE_CONTINUOUS)
        return continuous_check(spec, diag);
    if (spec->type == GENE_ORDINAL || spec->type == GENE_CATEGORICAL) {
        enum err err = choices_check(spec, diag);
        if (err != ERR_OK)
            return err;
    }
    return integer_check(spec, diag);
}

enum err genome_schema_check(const struct genome_schema *schema, struct diag *diag)
{
    if (schema->count < 1 || schema->count > GENOME_GENES_MAX)
        return diag_set(diag, ERR_LIMIT, "%u genes, 1 to %d are possible", schema->count, GENOME_GENES_MAX);
    for (unsigned i = 0; i < schema->count; i++) {
        const struct gene_spec *spec = &schema->genes[i];
        if (!name_fits(spec->name))
            return diag_set(diag, ERR_SYNTAX, "gene %u has no proper name", i);
        for (unsigned j = 0; j < i; j++)
            if (strcmp(spec->name, schema->genes[j].name) == 0)
                return diag_set(diag, ERR_DUPLICATE, "gene %s twice", spec->name);
        if ((unsigned)spec->type > GENE_TOGGLE)
            return diag_set(diag, ERR_UNKNOWN, "gene %s: unknown type", spec->name);
        enum err err = gene_check(spec, diag);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

/* ---- bytes: {"genes": [gene...], "version": 1}, a gene being
 *   [name, "continuous", log, lo, hi, default]    reals
 *   [name, "discrete", log, lo, hi, default]      integers
 *   [name, "ordinal" or "categorical", [choice...], default index]
 *   [name, "toggle", default]                     a bool */

static void gene_encode(struct cbor_writer *w, const struct gene_spec *spec)
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
            cbor_put_text(w, spec->choices[i]);
        cbor_put_int(w, spec->default_integer);
    }
}

void genome_schema_encode(const struct genome_schema *schema, struct buf *out)
{
    ASSERT(schema->count >= 1 && schema->count <= GENOME_GENES_MAX);
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 2);
    cbor_put_text(&w, "genes");
    cbor_put_array(&w, schema->count);
    for (unsigned i = 0; i < schema->count; i++)
        gene_encode(&w, &schema->genes[i]);
    cbor_put_text(&w, "version");
    cbor_put_uint(&w, SCHEMA_VERSION);
    cbor_writer_done(&w);
}

static void name_decode(struct cbor_reader *r, char out[GENOME_NAME_MAX + 1])
{
    struct bytes text = cbor_get_text(r);
    if (text.len > GENOME_NAME_MAX)
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
        if (bytes_equal(text, bytes_of_text(type_names[i])))
            return (enum gene_type)i;
    cbor_fail(r, ERR_UNKNOWN);
    return GENE_TOGGLE;
}

static void choices_decode(struct cbor_reader *r, struct gene_spec *spec)
{
    uint64_t count = cbor_get_array(r);
    if (count > GENOME_CHOICES_MAX) {
        cbor_fail(r, ERR_LIMIT);
        return;
    }
    spec->choice_count = (unsigned)count;
    for (unsigned i = 0; i < count; i++)
        name_decode(r, spec->choices[i]);
    spec->default_integer = cbor_get_int(r);
}

static void gene_decode(struct cbor_reader *r, struct gene_spec *spec)
{
    uint64_t items = cbor_get_array(r);
    name_decode(r, spec->name);
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
        choices_decode(r, spec);
    }
}

enum err genome_schema_decode(struct bytes in, struct genome_schema *out)
{
    struct genome_schema schema = {0};
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    if (cbor_get_map(&r) != 2)
        cbor_fail(&r, ERR_SYNTAX);
    cbor_expect_key(&r, "genes");
    uint64_t count = cbor_get_array(&r);
    if (count > GENOME_GENES_MAX) {
        cbor_fail(&r, ERR_LIMIT);
        count = 0;
    }
    schema.count = (unsigned)count;
    for (unsigned i = 0; i < count && r.err == ERR_OK; i++)
        gene_decode(&r, &schema.genes[i]);
    cbor_expect_key(&r, "version");
    if (cbor_get_uint(&r) != SCHEMA_VERSION)
        cbor_fail(&r, ERR_UNKNOWN);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        err = genome_schema_check(&schema, NULL);
    if (err == ERR_OK)
        *out = schema;
    return err;
}

struct digest genome_schema_hash(const struct genome_schema *schema)
{
    struct buf bytes = {0};
    genome_schema_encode(schema, &bytes);
    struct digest hash = digest_of(bytes_of_buf(&bytes));
    buf_free(&bytes);
    return hash;
}
