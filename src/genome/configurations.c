#include "genome/configurations.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/file.h"
#include "base/mutate.h"
#include "base/nearest.h"
#include "base/text.h"
#include "codec/decimal.h"
#include "genome/condition_text.h"

void configurations_free(struct configurations *c)
{
    mem_free(c->items);
    *c = (struct configurations){0};
}

/* ---- one value */

static bool refuse(struct buf *reason, struct bytes text, const char *what)
{
    buf_add_byte(reason, '"');
    buf_add(reason, text.data, text.len < 64 ? text.len : 64);
    buf_printf(reason, "\" is %s", what);
    return false;
}

/* Exact, also where a double is not. */
static bool whole_number(struct bytes text, int64_t *out)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    struct buf digits = {0};
    double real;
    uint64_t size;
    bool good;

    buf_add(&digits, text.data + negative, text.len - negative);
    good = u64_parse(buf_text(&digits), &size) == ERR_OK && size <= INT64_MAX;
    buf_free(&digits);
    if (good) {
        *out = negative ? -(int64_t)size : (int64_t)size;
        return true;
    }
    if (decimal_parse(text, &real) != ERR_OK || real < -9e15 || real > 9e15 || (double)(int64_t)real != real)
        return false;
    *out = (int64_t)real;
    return true;
}

static bool range_refuse(const struct gene_spec *spec, struct bytes text, struct buf *reason)
{
    struct buf range = {0};

    buf_add_text(&range, "not from ");
    if (spec->type == GENE_CONTINUOUS) {
        decimal_print(spec->lo, &range);
        buf_add_text(&range, " to ");
        decimal_print(spec->hi, &range);
    } else {
        buf_printf(&range, "%" PRId64 " to %" PRId64, spec->ilo, spec->ihi);
    }
    refuse(reason, text, buf_text(&range));
    buf_free(&range);
    return false;
}

static bool choice_value(const struct genome_schema *schema, const struct gene_spec *spec, struct bytes text,
                         int64_t *out, struct buf *reason)
{
    enum { SHOWN = 8 };

    for (unsigned i = 0; i < spec->choice_count; i++) {
        if (bytes_equal(text, bytes_of_text(gene_choice(schema, spec, i)))) {
            *out = i;
            return true;
        }
    }
    refuse(reason, text, "none of its choices: ");
    for (unsigned i = 0; i < spec->choice_count && i < SHOWN; i++)
        buf_printf(reason, "%s%s", i > 0 ? ", " : "", gene_choice(schema, spec, i));
    buf_add_text(reason, spec->choice_count > SHOWN ? ", ..." : "");
    return false;
}

static bool toggle_value(struct bytes text, int64_t *out, struct buf *reason)
{
    static const char *const words[] = {"0", "1", "false", "true", "FALSE", "TRUE"};

    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (bytes_equal(text, bytes_of_text(words[i]))) {
            *out = i % 2;
            return true;
        }
    }
    return refuse(reason, text, "neither 0 nor 1");
}

static bool discrete_value(const struct gene_spec *spec, struct bytes text, int64_t *out, struct buf *reason)
{
    if (!whole_number(text, out))
        return refuse(reason, text, "not a whole number");
    if (MUTATE(CONFIGURATION_OUT_OF_RANGE, false, *out < spec->ilo || *out > spec->ihi))
        return range_refuse(spec, text, reason);
    return true;
}

static bool continuous_value(const struct gene_spec *spec, struct bytes text, double *out, struct buf *reason)
{
    if (decimal_parse(text, out) != ERR_OK)
        return refuse(reason, text, "not a number");
    if (MUTATE(CONFIGURATION_OUT_OF_RANGE, false, *out < spec->lo || *out > spec->hi))
        return range_refuse(spec, text, reason);
    *out += 0.0; /* never -0.0 */
    return true;
}

bool configuration_value(const struct space *space, unsigned gene, struct bytes text, struct gene_value *out,
                         struct buf *reason)
{
    const struct gene_spec *spec = &space->schema.genes[gene];

    switch (spec->type) {
    case GENE_CONTINUOUS:
        return continuous_value(spec, text, &out->real, reason);
    case GENE_DISCRETE:
        return discrete_value(spec, text, &out->integer, reason);
    case GENE_TOGGLE:
        return toggle_value(text, &out->integer, reason);
    default:
        return choice_value(&space->schema, spec, text, &out->integer, reason);
    }
}

int configuration_gene(const struct space *space, struct bytes name, struct buf *reason)
{
    const struct genome_schema *schema = &space->schema;
    const char **names = mem_array(schema->count + 1, sizeof names[0]), *nearest;
    struct buf text = {0};
    int found = -1;

    for (unsigned i = 0; i < schema->count; i++) {
        names[i] = schema->genes[i].name;
        if (bytes_equal(name, bytes_of_text(names[i])))
            found = (int)i;
    }
    if (found < 0) {
        buf_add(&text, name.data, name.len < 64 ? name.len : 64);
        nearest = nearest_name(buf_text(&text), names);
        buf_printf(reason, "the space has no parameter \"%s\"", buf_text(&text));
        if (nearest != NULL)
            buf_printf(reason, "; did you mean \"%s\"?", nearest);
    }
    buf_free(&text);
    mem_free(names);
    return found;
}

/* ---- one row */

/* Active genes have values, others have none. */
static int activity_check(const struct space *space, const struct configuration_row *row, const struct genome *genome,
                          struct buf *reason)
{
    struct gene_set active = genome_active(&space->schema, genome);

    for (unsigned i = 0; i < space->schema.count; i++) {
        bool is_active = gene_set_has(active, i);

        if (is_active == row->given[i])
            continue;
        buf_add_text(reason, is_active ? "it is active in this row, and has no value"
                                       : "it has a value, and its condition is not met in this row");
        return (int)i;
    }
    return -1;
}

static bool is_there(const struct space *space, const struct configurations *c, const struct genome *genome)
{
    struct digest hash = genome_hash(&space->schema, genome);

    for (unsigned i = 0; i < c->count; i++) {
        struct digest other = genome_hash(&space->schema, &c->items[i]);

        if (digest_equal(&hash, &other))
            return true;
    }
    return false;
}

bool configuration_add(const struct space *space, const struct configuration_row *row, struct configurations *out,
                       int *gene, struct buf *reason)
{
    struct genome genome;
    int which;

    genome_default(&space->schema, &genome);
    for (unsigned i = 0; i < space->schema.count; i++) {
        if (row->given[i])
            genome.values[i] = row->values[i];
    }
    *gene = activity_check(space, row, &genome, reason);
    if (*gene >= 0)
        return false;
    which = genome_forbidden(&space->schema, &genome);
    if (MUTATE(CONFIGURATION_FORBIDDEN, false, which >= 0)) {
        buf_add_text(reason, "forbidden: ");
        if (condition_print(&space->schema, space->schema.forbidden[which], CONDITION_JSON, reason, NULL) != ERR_OK)
            buf_printf(reason, "combination %d", which + 1);
        return false;
    }
    if (out->count == CONFIGURATIONS_MAX) {
        buf_printf(reason, "there are more than %d configurations", (int)CONFIGURATIONS_MAX);
        return false;
    }
    if (is_there(space, out, &genome))
        return true;
    out->items = mem_resize(out->items, (size_t)out->count + 1, sizeof out->items[0]);
    out->items[out->count++] = genome;
    return true;
}

/* ---- a list in JSON */

/* As the table would have it. */
static bool cell_text(const json_t *value, struct buf *out)
{
    if (json_is_string(value))
        buf_add(out, json_string_value(value), json_string_length(value));
    else if (json_is_boolean(value))
        buf_add_text(out, json_is_true(value) ? "1" : "0");
    else if (json_is_real(value))
        decimal_print(json_real_value(value), out);
    else if (json_is_integer(value))
        buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else
        return false;
    return true;
}

static void read_member(struct json_reader *r, const char *name, const json_t *value, const struct space *space,
                        struct configuration_row *row)
{
    struct buf reason = {0}, text = {0};
    int gene = configuration_gene(space, bytes_of_text(name), &reason);

    if (json_is_null(value) && gene >= 0)
        goto out; /* not active */
    if (gene >= 0 && !cell_text(value, &text))
        buf_add_text(&reason, "expected a number, a text, true or false");
    else if (gene >= 0)
        row->given[gene] = configuration_value(space, (unsigned)gene, bytes_of_buf(&text), &row->values[gene], &reason);
    if (reason.len > 0)
        read_fail(r, name, ERR_RANGE, "row %u, parameter %s: %s", row->number, name, buf_text(&reason));
out:
    buf_free(&reason);
    buf_free(&text);
}

static void read_row(struct json_reader *r, const json_t *object, const struct space *space,
                     struct configuration_row *row, struct configurations *out)
{
    struct buf reason = {0};
    const char *name;
    json_t *value;
    int gene;

    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        read_member(r, name, value, space, row);
    }
    if (r->err == ERR_OK && !configuration_add(space, row, out, &gene, &reason))
        read_fail(r, NULL, ERR_RANGE, gene >= 0 ? "row %u, parameter %s: %s" : "row %u%s: %s", row->number,
                  gene >= 0 ? space->schema.genes[gene].name : "", buf_text(&reason));
    buf_free(&reason);
}

void configurations_read(struct json_reader *r, const json_t *array, const struct space *space,
                         struct configurations *out)
{
    struct configuration_row *row = mem_alloc(sizeof *row);
    size_t count = json_array_size(array);

    if (count == 0)
        read_fail(r, NULL, ERR_RANGE, "expected at least one configuration");
    for (size_t i = 0; i < count && r->err == ERR_OK; i++) {
        size_t mark;
        const json_t *object = read_enter_element(r, array, i, &mark);

        *row = (struct configuration_row){.number = (unsigned)i + 1};
        if (object != NULL)
            read_row(r, object, space, row, out);
        read_leave(r, mark);
    }
    mem_free(row);
}

/* ---- a file */

static enum err parse_json(const char *name, struct bytes text, const struct space *space, struct configurations *out,
                           struct diag *diag)
{
    struct json_doc doc;
    enum err err = json_doc_parse(&doc, name, text, diag);

    if (err != ERR_OK)
        return err;
    struct json_reader r = {.doc = &doc, .diag = diag};
    if (json_is_array(doc.root))
        configurations_read(&r, doc.root, space, out);
    else
        read_fail(&r, NULL, ERR_TYPE, "expected a list of configurations");
    buf_free(&r.pointer);
    json_doc_free(&doc);
    return r.err;
}

enum err configurations_load(const char *path, const struct space *space, struct configurations *out, struct diag *diag)
{
    size_t length = strlen(path);
    bool is_json = length > 5 && strcmp(path + length - 5, ".json") == 0;
    struct buf text = {0};
    enum err err = file_read(path, CONFIGURATIONS_SIZE_MAX, &text, diag);

    if (err == ERR_OK)
        err = (is_json ? parse_json : configurations_parse)(path, bytes_of_buf(&text), space, out, diag);
    if (err != ERR_OK)
        configurations_free(out);
    buf_free(&text);
    return err;
}
