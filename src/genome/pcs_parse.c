#include <string.h>

#include "genome/schema.h"
#include "genome/space_formats.h"

/* PCS files of ParamILS (Hutter, Hoos, Leyton-Brown, Stuetzle 2009) and SMAC (manuals of versions 2.06 and 2.10), and
 * ConfigSpace's, a line each:
 *
 *     name {a, b} [a]             name categorical {a, b} [a]         name ordinal {a, b} [a]
 *     name [lo, hi] [default]il   name integer [lo, hi] [default] log     name real ... (i integer, l log scale)
 *     child | parent in {a, b}    child | expression; more lines for one child must all hold
 *     {name=a, name=b}            {expression}
 *
 * The lines "Conditionals:" and "Forbidden:" may stand between them. */

static const char name_marks[] = "_.:@-";

/* Quotes are not part of a choice. */
static struct bytes choice_word(struct scan *s)
{
    scan_blank(s);
    return scan_peek(s) == '"' || scan_peek(s) == '\'' ? scan_quoted(s) : scan_choice(s);
}

static void read_choices(struct scan *s, struct space *space, struct gene_spec *spec)
{
    scan_expect(s, "{", "to open the choices");
    do {
        scan_blank(s);
        size_t at = s->pos;
        struct bytes choice = choice_word(s);
        if (s->pos == at)
            scan_fail_found(s, at, "a choice");
        space_choice_add(s, space, spec, at, choice);
        scan_blank(s);
    } while (scan_accept(s, ","));
    scan_expect(s, "}", "or a comma after a choice");
}

static void read_choice_default(struct scan *s, const struct space *space, struct gene_spec *spec)
{
    scan_blank(s);
    scan_expect(s, "[", "to open the default");
    scan_blank(s);
    size_t at = s->pos;
    struct bytes word = choice_word(s);
    int choice = gene_choice_find(&space->schema, spec, word);
    if (choice < 0)
        scan_fail(s, at, ERR_UNKNOWN, "the default \"%.*s\" is no choice of %s", (int)(word.len < 40 ? word.len : 40),
                  (const char *)word.data, spec->name);
    spec->default_integer = choice;
    scan_blank(s);
    scan_expect(s, "]", "to close the default");
}

static double read_number(struct scan *s)
{
    scan_blank(s);
    size_t at = s->pos;
    struct bytes number = scan_number(s);
    if (number.len == 0)
        scan_fail_found(s, at, "a number");
    double x = number.len > 0 ? space_number(s, at, number) : 0;
    scan_blank(s);
    return x;
}

/* The type is known before the range in the new form, and by the letters behind the default in the old one. */
struct range {
    size_t at, default_at;
    double lo, hi, default_value;
};

static struct range read_range(struct scan *s)
{
    struct range range = {.at = s->pos};
    scan_expect(s, "[", "to open the range");
    range.lo = read_number(s);
    scan_expect(s, ",", "between the two bounds");
    range.hi = read_number(s);
    scan_expect(s, "]", "to close the range");
    scan_blank(s);
    scan_expect(s, "[", "to open the default");
    scan_blank(s);
    range.default_at = s->pos;
    range.default_value = read_number(s);
    scan_expect(s, "]", "to close the default");
    return range;
}

static void set_range(struct scan *s, struct gene_spec *spec, const struct range *range)
{
    space_bounds_set(s, spec, range->at, range->lo, range->hi);
    if (s->err != ERR_OK)
        return;
    if (!(range->default_value >= range->lo && range->default_value <= range->hi))
        scan_fail(s, range->default_at, ERR_RANGE, "the default of %s lies outside of its range", spec->name);
    else if (spec->type == GENE_CONTINUOUS)
        spec->default_real = range->default_value;
    else if ((double)(int64_t)range->default_value != range->default_value)
        scan_fail(s, range->default_at, ERR_RANGE, "the default of %s is no whole number", spec->name);
    else
        spec->default_integer = (int64_t)range->default_value;
}

/* name [lo, hi] [default] with i and l in either order. */
static void read_old_range(struct scan *s, struct gene_spec *spec)
{
    struct range range = read_range(s);
    scan_blank(s);
    size_t at = s->pos;
    struct bytes flags = scan_word(s, "");
    spec->type = GENE_CONTINUOUS;
    for (size_t i = 0; i < flags.len; i++) {
        bool *seen = &spec->log_scale, is_integer = spec->type == GENE_DISCRETE;
        if (flags.data[i] == 'i')
            seen = &is_integer;
        if ((flags.data[i] != 'i' && flags.data[i] != 'l') || *seen)
            scan_fail(s, at, ERR_SYNTAX, "behind the default stands i (integer), l (log scale), both, or nothing");
        *seen = true;
        spec->type = is_integer ? GENE_DISCRETE : GENE_CONTINUOUS;
    }
    set_range(s, spec, &range);
}

static void read_new_range(struct scan *s, struct gene_spec *spec, enum gene_type type)
{
    spec->type = type;
    struct range range = read_range(s);
    if (!scan_line_ends(s)) {
        size_t at = s->pos;
        if (!bytes_equal(scan_word(s, name_marks), bytes_of_text("log")))
            scan_fail_found(s, at, "log or the end of the line");
        spec->log_scale = true;
    }
    set_range(s, spec, &range);
}

static void read_typed(struct scan *s, struct space *space, struct gene_spec *spec)
{
    static const struct {
        const char *name;
        enum gene_type type;
    } types[] = {{"categorical", GENE_CATEGORICAL},
                 {"ordinal", GENE_ORDINAL},
                 {"integer", GENE_DISCRETE},
                 {"real", GENE_CONTINUOUS}};
    size_t at = s->pos;
    struct bytes word = scan_word(s, name_marks);
    scan_blank(s);
    for (unsigned i = 0; i < 4; i++) {
        if (!bytes_equal(word, bytes_of_text(types[i].name)))
            continue;
        if (i < 2) {
            spec->type = types[i].type;
            read_choices(s, space, spec);
            read_choice_default(s, space, spec);
        } else {
            read_new_range(s, spec, types[i].type);
        }
        return;
    }
    scan_fail_found(s, at, "{choices}, [range], or a type (categorical, ordinal, integer, real)");
}

static void read_parameter(struct scan *s, struct space *space, size_t at, struct bytes name)
{
    struct gene_spec *spec = space_gene_add(s, space, at, name);
    if (spec == NULL)
        return;
    if (scan_peek(s) == '{') {
        spec->type = GENE_CATEGORICAL;
        read_choices(s, space, spec);
        read_choice_default(s, space, spec);
    } else if (scan_peek(s) == '[') {
        read_old_range(s, spec);
    } else {
        read_typed(s, space, spec);
    }
    scan_line_expect_end(s);
}

/* ---- lines */

enum line { LINE_EMPTY, LINE_PARAMETER, LINE_CONDITION, LINE_FORBIDDEN };

/* What the line is, and what it begins with; the position is behind that. */
static enum line read_line(struct scan *s, size_t *at, struct bytes *name)
{
    if (scan_line_ends(s))
        return LINE_EMPTY;
    *at = s->pos;
    if (scan_peek(s) == '{')
        return LINE_FORBIDDEN;
    *name = scan_word(s, name_marks);
    scan_blank(s);
    if (bytes_equal(*name, bytes_of_text("Conditionals:")) || bytes_equal(*name, bytes_of_text("Forbidden:"))) {
        scan_line_expect_end(s);
        return LINE_EMPTY;
    }
    if (name->len == 0)
        scan_fail_found(s, *at, "the name of a parameter or {");
    return scan_accept(s, "|") ? LINE_CONDITION : LINE_PARAMETER;
}

static void read_parameters(struct scan *s, struct space *space)
{
    size_t at;
    struct bytes name;
    for (s->pos = 0; scan_peek(s) >= 0; scan_line_skip(s))
        if (read_line(s, &at, &name) == LINE_PARAMETER)
            read_parameter(s, space, at, name);
}

/* All lines of one child, joined by and. */
static void read_conditions_of(struct scan *s, struct space *space, unsigned gene, struct space_places *places)
{
    struct genome_schema *schema = &space->schema;
    struct gene_spec *spec = &schema->genes[gene];
    unsigned first = schema->item_count;
    size_t at;
    struct bytes name;
    for (s->pos = 0; scan_peek(s) >= 0; scan_line_skip(s)) {
        struct condition c;
        if (read_line(s, &at, &name) != LINE_CONDITION || !bytes_equal(name, bytes_of_text(spec->name)))
            continue;
        places->condition[gene] = at;
        if (!condition_parse(s, CONDITION_PCS, schema, &c))
            return;
        scan_line_expect_end(s);
        if (c.first != first && !condition_insert(schema, first, (struct condition_item){.op = CONDITION_AND}))
            scan_fail(s, at, ERR_LIMIT, "conditions and forbidden combinations together have over %d parts",
                      GENOME_ITEMS_MAX);
        spec->condition = (struct condition){(uint16_t)first, (uint16_t)(schema->item_count - first)};
    }
}

static void read_others(struct scan *s, struct space *space, struct space_places *places)
{
    size_t at;
    struct bytes name;
    for (s->pos = 0; scan_peek(s) >= 0; scan_line_skip(s)) {
        enum line line = read_line(s, &at, &name);
        struct condition c;
        if (line == LINE_CONDITION && gene_find(&space->schema, name) < 0)
            scan_fail(s, at, ERR_UNKNOWN, "there is no parameter %.*s", (int)(name.len < 80 ? name.len : 80),
                      (const char *)name.data);
        if (line == LINE_FORBIDDEN && condition_parse_clause(s, &space->schema, &c)) {
            if (space_forbid_add(s, at, space, c))
                places->forbidden[space->schema.forbidden_count - 1] = at;
            scan_line_expect_end(s);
        }
    }
}

enum err pcs_parse(const char *name, struct bytes text, struct space *out, struct diag *diag)
{
    struct scan scan = {.name = name, .text = text, .diag = diag};
    struct space_places places = {0};
    read_parameters(&scan, out);
    if (out->schema.count == 0)
        scan_fail(&scan, text.len, ERR_MISSING, "there is no parameter");
    for (unsigned i = 0; i < out->schema.count; i++)
        read_conditions_of(&scan, out, i, &places);
    read_others(&scan, out, &places);
    space_fault_report(&scan, out, &places, false);
    return scan.err;
}
