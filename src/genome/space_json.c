#include <jansson.h>
#include <string.h>

#include "codec/decimal.h"
#include "genome/schema.h"
#include "genome/space_formats.h"

/* docs/search-space.schema.json: {"genes": [{"name", "type", ...}...], "forbidden": ["expression"...], "digits"}. */

static const char *const type_names[] = {"continuous", "discrete", "ordinal", "categorical", "toggle", NULL};

/* Hands on what a helper of the other formats has complained about. */
static void carry(struct json_reader *r, const char *key, const struct scan *s)
{
    if (s->err != ERR_OK)
        read_fail(r, key, s->err, "%s", s->diag->text);
}

/* ---- reading */

static void read_number(struct json_reader *r, const json_t *object, const char *key, double *out)
{
    const double largest = 1e300;
    read_require(r, object, key);
    read_real(r, object, key, -largest, largest, out);
    *out += 0.0; /* never -0.0 */
}

static void read_bounds(struct json_reader *r, const json_t *object, struct gene_spec *spec)
{
    struct diag diag = {0};
    struct scan s = {.diag = &diag};
    double lo = 0, hi = 0, chosen = 0;
    read_number(r, object, "low", &lo);
    read_number(r, object, "high", &hi);
    read_bool(r, object, "log", &spec->log_scale);
    if (r->err != ERR_OK)
        return;
    space_bounds_set(&s, spec, 0, lo, hi);
    carry(r, "low", &s);
    space_default_set(spec);
    if (json_object_get(object, "default") == NULL || r->err != ERR_OK)
        return;
    read_real(r, object, "default", lo, hi, &chosen);
    if (spec->type == GENE_CONTINUOUS)
        spec->default_real = chosen + 0.0;
    else if ((double)(int64_t)chosen != chosen)
        read_fail(r, "default", ERR_RANGE, "expected a whole number");
    else
        spec->default_integer = (int64_t)chosen;
}

static void read_choices(struct json_reader *r, const json_t *object, struct space *out, struct gene_spec *spec)
{
    struct diag diag = {0};
    struct scan s = {.diag = &diag};
    size_t mark;
    read_require(r, object, "choices");
    const json_t *choices = read_enter_array(r, object, "choices", &mark);
    if (choices == NULL)
        return;
    if (json_array_size(choices) == 0)
        read_fail(r, NULL, ERR_RANGE, "expected 1 to %d choices", GENOME_CHOICES_MAX);
    for (size_t i = 0; i < json_array_size(choices) && r->err == ERR_OK; i++) {
        const json_t *choice = json_array_get(choices, i);
        char key[24];
        snprintf(key, sizeof key, "%zu", i);
        if (!json_is_string(choice))
            read_fail(r, key, ERR_TYPE, "expected a text");
        else
            space_choice_add(&s, out, spec, 0, bytes_of(json_string_value(choice), json_string_length(choice)));
        carry(r, key, &s);
    }
    read_leave(r, mark);
}

static void read_choice_default(struct json_reader *r, const json_t *object, const struct space *out,
                                struct gene_spec *spec)
{
    const json_t *value = json_object_get(object, "default");
    if (value == NULL || r->err != ERR_OK)
        return;
    if (!json_is_string(value)) {
        read_fail(r, "default", ERR_TYPE, "expected one of the choices, a text");
        return;
    }
    for (unsigned i = 0; i < spec->choice_count; i++) {
        if (strcmp(json_string_value(value), gene_choice(&out->schema, spec, i)) == 0) {
            spec->default_integer = i;
            return;
        }
    }
    read_fail(r, "default", ERR_UNKNOWN, "\"%.40s\" is no choice of %s", json_string_value(value), spec->name);
}

static void read_type(struct json_reader *r, const json_t *object, struct space *out, struct gene_spec *spec)
{
    static const char *const number_keys[] = {"name",    "type",      "low",    "high", "log",
                                              "default", "condition", "switch", NULL};
    static const char *const choice_keys[] = {"name", "type", "choices", "default", "condition", "switch", NULL};
    static const char *const toggle_keys[] = {"name", "type", "default", "condition", "switch", NULL};
    unsigned type = 0;
    bool chosen = false;
    read_require(r, object, "type");
    read_choice(r, object, "type", type_names, &type);
    spec->type = (enum gene_type)type;
    switch (spec->type) {
    case GENE_CONTINUOUS:
    case GENE_DISCRETE:
        read_keys(r, object, number_keys);
        read_bounds(r, object, spec);
        break;
    case GENE_ORDINAL:
    case GENE_CATEGORICAL:
        read_keys(r, object, choice_keys);
        read_choices(r, object, out, spec);
        read_choice_default(r, object, out, spec);
        break;
    case GENE_TOGGLE:
        read_keys(r, object, toggle_keys);
        read_bool(r, object, "default", &chosen);
        spec->default_integer = chosen;
    }
}

static void read_switch(struct json_reader *r, const json_t *object, struct space *out, unsigned gene)
{
    char *field = out->switches[gene];
    const json_t *value = json_object_get(object, "switch");
    out->has_switches = out->has_switches || value != NULL;
    if (value == NULL || r->err != ERR_OK || (json_is_string(value) && json_string_length(value) == 0))
        return;
    read_text(r, object, "switch", field, SPACE_SWITCH_MAX + 1);
    for (size_t i = 0; field[i] != '\0'; i++)
        if (field[i] < ' ' || field[i] > '~' || field[i] == '"')
            read_fail(r, "switch", ERR_SYNTAX, "a switch is printable ASCII without a \"");
}

static void read_gene(struct json_reader *r, const json_t *object, struct space *out)
{
    struct diag diag = {0};
    struct scan s = {.diag = &diag};
    char name[GENOME_NAME_MAX + 2] = "";
    unsigned gene = out->schema.count;
    read_require(r, object, "name");
    read_text(r, object, "name", name, sizeof name);
    if (r->err != ERR_OK)
        return;
    struct gene_spec *spec = space_gene_add(&s, out, 0, bytes_of_text(name));
    carry(r, "name", &s);
    if (spec == NULL)
        return;
    read_type(r, object, out, spec);
    read_switch(r, object, out, gene);
}

static void read_genes(struct json_reader *r, const json_t *object, struct space *out)
{
    size_t mark, inner;
    read_require(r, object, "genes");
    const json_t *genes = read_enter_array(r, object, "genes", &mark);
    size_t count = json_array_size(genes);
    if (genes != NULL && (count < 1 || count > GENOME_GENES_MAX))
        read_fail(r, NULL, ERR_RANGE, "expected 1 to %d genes, found %zu", GENOME_GENES_MAX, count);
    for (size_t i = 0; i < count && r->err == ERR_OK; i++) {
        const json_t *gene = read_enter_element(r, genes, i, &inner);
        if (gene != NULL)
            read_gene(r, gene, out);
        read_leave(r, inner);
    }
    read_leave(r, mark);
}

/* ---- expressions */

static bool read_expression(struct json_reader *r, const json_t *value, const char *key, struct space *out,
                            struct condition *c)
{
    struct diag diag = {0};
    if (!json_is_string(value)) {
        read_fail(r, key, ERR_TYPE, "expected an expression, a text");
        return false;
    }
    struct scan s = {.text = bytes_of(json_string_value(value), json_string_length(value)), .diag = &diag};
    if (condition_parse(&s, CONDITION_JSON, &out->schema, c))
        scan_line_expect_end(&s);
    if (s.err == ERR_OK && s.pos < s.text.len)
        scan_fail(&s, s.pos, ERR_SYNTAX, "an expression has one line");
    carry(r, key, &s);
    return s.err == ERR_OK;
}

static void read_conditions(struct json_reader *r, const json_t *object, struct space *out)
{
    size_t mark, inner;
    const json_t *genes = read_enter_array(r, object, "genes", &mark);
    for (size_t i = 0; i < out->schema.count && r->err == ERR_OK; i++) {
        const json_t *gene = read_enter_element(r, genes, i, &inner), *value = json_object_get(gene, "condition");
        if (value != NULL)
            (void)read_expression(r, value, "condition", out, &out->schema.genes[i].condition);
        read_leave(r, inner);
    }
    read_leave(r, mark);
}

static void read_forbidden(struct json_reader *r, const json_t *object, struct space *out)
{
    struct diag diag = {0};
    struct scan s = {.diag = &diag};
    size_t mark;
    const json_t *all = read_enter_array(r, object, "forbidden", &mark);
    for (size_t i = 0; i < json_array_size(all) && r->err == ERR_OK; i++) {
        struct condition c;
        char key[24];
        snprintf(key, sizeof key, "%zu", i);
        if (read_expression(r, json_array_get(all, i), key, out, &c))
            (void)space_forbid_add(&s, 0, out, c);
        carry(r, key, &s);
    }
    read_leave(r, mark);
}

/* Where the first fault is. */
static void read_faults(struct json_reader *r, struct space *out)
{
    char key[48];
    if (r->err != ERR_OK)
        return;
    struct space_fault fault = space_fault_find(out, false);
    if (fault.text == NULL)
        return;
    size_t mark = r->pointer.len;
    if (fault.gene >= 0)
        snprintf(key, sizeof key, "/genes/%d/condition", fault.gene);
    else
        snprintf(key, sizeof key, "/forbidden/%d", fault.forbidden);
    buf_add_text(&r->pointer, key);
    read_fail(r, NULL, fault.gene >= 0 ? ERR_STATE : ERR_RANGE, "%s", fault.text);
    read_leave(r, mark);
}

void space_read(struct json_reader *r, const json_t *object, struct space *out)
{
    static const char *const keys[] = {"genes", "forbidden", "digits", NULL};
    read_keys(r, object, keys);
    read_genes(r, object, out);
    read_conditions(r, object, out);
    read_forbidden(r, object, out);
    read_unsigned(r, object, "digits", 1, SPACE_DIGITS_MAX, &out->digits);
    read_faults(r, out);
}

enum err space_json_parse(const char *name, struct bytes text, struct space *out, struct diag *diag)
{
    struct json_doc doc;
    enum err err = json_doc_parse(&doc, name, text, diag);
    if (err != ERR_OK)
        return err;
    struct json_reader r = {.doc = &doc, .diag = diag};
    if (json_is_object(doc.root))
        space_read(&r, doc.root, out);
    else
        read_fail(&r, NULL, ERR_TYPE, "expected an object");
    buf_free(&r.pointer);
    json_doc_free(&doc);
    return r.err;
}

/* ---- writing: a gene a line, and every number as short as it can be */

static void put_text(struct buf *out, const char *text)
{
    json_t *value = json_string(text);
    ASSERT(value != NULL);
    json_canonical(value, out);
    json_decref(value);
}

static void put_key(struct buf *out, const char *key)
{
    buf_printf(out, ", \"%s\": ", key);
}

static void put_number(struct buf *out, const char *key, const struct gene_spec *spec, double real, int64_t integer)
{
    put_key(out, key);
    decimal_print(spec->type == GENE_CONTINUOUS ? real : (double)integer, out);
}

static void put_domain(struct buf *out, const struct genome_schema *schema, const struct gene_spec *spec)
{
    if (spec->type == GENE_TOGGLE) {
        buf_printf(out, ", \"default\": %s", spec->default_integer != 0 ? "true" : "false");
    } else if (spec->choice_count == 0) {
        put_number(out, "low", spec, spec->lo, spec->ilo);
        put_number(out, "high", spec, spec->hi, spec->ihi);
        buf_add_text(out, spec->log_scale ? ", \"log\": true" : "");
        put_number(out, "default", spec, spec->default_real, spec->default_integer);
    } else {
        put_key(out, "choices");
        for (unsigned i = 0; i < spec->choice_count; i++) {
            buf_add_text(out, i > 0 ? ", " : "[");
            put_text(out, gene_choice(schema, spec, i));
        }
        buf_add_text(out, "], \"default\": ");
        put_text(out, gene_choice(schema, spec, (unsigned)spec->default_integer));
    }
}

static void put_expression(struct buf *out, const struct genome_schema *schema, struct condition c)
{
    struct buf text = {0};
    enum err err = condition_print(schema, c, CONDITION_JSON, &text, NULL);
    ASSERT(err == ERR_OK);
    put_text(out, buf_text(&text));
    buf_free(&text);
}

static void put_gene(struct buf *out, const struct space *space, unsigned gene)
{
    const struct gene_spec *spec = &space->schema.genes[gene];
    buf_printf(out, "    {\"name\": \"%s\", \"type\": \"%s\"", spec->name, gene_type_name(spec->type));
    put_domain(out, &space->schema, spec);
    if (spec->condition.count > 0) {
        put_key(out, "condition");
        put_expression(out, &space->schema, spec->condition);
    }
    if (space->has_switches) {
        put_key(out, "switch");
        put_text(out, space->switches[gene]);
    }
    buf_printf(out, "}%s\n", gene + 1 < space->schema.count ? "," : "");
}

void space_json_print(const struct space *space, struct buf *out)
{
    const struct genome_schema *schema = &space->schema;
    buf_add_text(out, "{\n  \"genes\": [\n");
    for (unsigned i = 0; i < schema->count; i++)
        put_gene(out, space, i);
    buf_add_text(out, "  ]");
    for (unsigned i = 0; i < schema->forbidden_count; i++) {
        buf_add_text(out, i > 0 ? ",\n    " : ",\n  \"forbidden\": [\n    ");
        put_expression(out, schema, schema->forbidden[i]);
    }
    buf_add_text(out, schema->forbidden_count > 0 ? "\n  ]" : "");
    if (space->digits > 0)
        buf_printf(out, ",\n  \"digits\": %u", space->digits);
    buf_add_text(out, "\n}\n");
}
