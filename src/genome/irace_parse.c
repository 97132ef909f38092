#include <string.h>

#include "genome/schema.h"
#include "genome/space_formats.h"

/* irace's parameters.txt (Lopez-Ibanez, Dubois-Lacoste, Perez Caceres, Birattari, Stuetzle 2016, and the user guide
 * of irace 4): one parameter a line,
 *
 *     name "switch" type (domain) [| condition]        type: r i c o, r and i also with ,log
 *
 * then [forbidden] with an expression a line, and [global] with digits. A bound may be an expression over other
 * parameters: here the bound is the widest that it can be, and what lies beyond the expression is forbidden. Names may
 * be used before they are defined, so expressions are read in a second pass. */

struct reader {
    struct scan *scan;
    struct space *space;
    struct space_places places;           /* conditions: behind the |, 0 when there is none */
    size_t bound_at[GENOME_GENES_MAX][2]; /* of bounds that are expressions */
    size_t domain_at[GENOME_GENES_MAX];
    double bound[GENOME_GENES_MAX][2];
    size_t forbidden_at; /* the line below [forbidden] */
};

static bool at_quote(const struct scan *s)
{
    return scan_peek(s) == '"' || scan_peek(s) == '\'';
}

static void read_switch(struct reader *r, unsigned gene)
{
    struct scan *s = r->scan;
    scan_blank(s);
    size_t at = s->pos;
    if (!at_quote(s)) {
        scan_fail_found(s, at, "the switch in quotes (\"\" for none)");
        return;
    }
    struct bytes text = scan_quoted(s);
    char *field = r->space->switches[gene];
    bool fits = space_text_copy(field, sizeof r->space->switches[0], text);
    r->space->has_switches = true;
    for (size_t i = 0; fits && i < text.len; i++)
        fits = field[i] >= ' ' && field[i] <= '~' && field[i] != '"';
    if (!fits)
        scan_fail(s, at, ERR_RANGE, "a switch is at most %d characters of printable ASCII without a \"",
                  SPACE_SWITCH_MAX);
}

static void read_type(struct scan *s, struct gene_spec *spec)
{
    static const char letters[] = "rico";
    static const enum gene_type types[] = {GENE_CONTINUOUS, GENE_DISCRETE, GENE_CATEGORICAL, GENE_ORDINAL};
    scan_blank(s);
    size_t at = s->pos;
    struct bytes word = scan_word(s, "_");
    const char *letter = word.len == 1 ? strchr(letters, word.data[0]) : NULL;
    if (letter == NULL) {
        scan_fail_found(s, at, "a type (r, i, c or o)");
        return;
    }
    spec->type = types[letter - letters];
    if (!scan_accept(s, ","))
        return;
    scan_blank(s);
    at = s->pos;
    if (!bytes_equal(scan_word(s, "_"), bytes_of_text("log")))
        scan_fail_found(s, at, "log behind the comma");
    else if (spec->type != GENE_CONTINUOUS && spec->type != GENE_DISCRETE)
        scan_fail(s, at, ERR_TYPE, "only r and i have a log scale");
    spec->log_scale = true;
}

/* ---- domains */

/* Skips an expression: up to a comma or parenthesis of the domain itself. */
static void skip_bound(struct scan *s)
{
    size_t at = s->pos;
    unsigned depth = 0;
    for (; scan_peek(s) >= 0 && scan_peek(s) != '\n'; s->pos++) {
        int c = scan_peek(s);
        if (depth == 0 && (c == ',' || c == ')'))
            return;
        depth += c == '(';
        depth -= c == ')';
    }
    scan_fail(s, at, ERR_SYNTAX, "this domain is not closed in its line");
}

/* A number, or an expression (in quotes or not) that is read later. */
static void read_bound(struct reader *r, unsigned gene, unsigned which)
{
    struct scan *s = r->scan;
    scan_blank(s);
    size_t at = s->pos;
    if (at_quote(s)) {
        struct bytes text = scan_quoted(s);
        r->bound_at[gene][which] = at + 1;
        if (text.len == 0)
            scan_fail(s, at, ERR_SYNTAX, "a bound is empty");
        return;
    }
    struct bytes number = scan_number(s);
    scan_blank(s);
    if (number.len > 0 && (scan_peek(s) == ',' || scan_peek(s) == ')')) {
        r->bound[gene][which] = space_number(s, at, number);
        return;
    }
    s->pos = at;
    skip_bound(s);
    if (s->pos == at)
        scan_fail_found(s, at, "a bound");
    r->bound_at[gene][which] = at;
}

static void read_range(struct reader *r, unsigned gene)
{
    struct scan *s = r->scan;
    read_bound(r, gene, 0);
    scan_blank(s);
    scan_expect(s, ",", "between the two bounds");
    read_bound(r, gene, 1);
    scan_blank(s);
    scan_expect(s, ")", "behind the two bounds");
}

/* Where the domain ends: at the last parenthesis of the line before a condition or a comment; without one, there. */
static size_t domain_end(const struct scan *s)
{
    size_t at = s->pos, end = 0;
    for (; at < s->text.len && strchr("\n\r#|", s->text.data[at]) == NULL; at++)
        if (s->text.data[at] == ')')
            end = at;
    return end > 0 ? end : at;
}

/* Without quotes: up to the comma, without the blanks before it. Quotes and parentheses in it are its own, and so are
 * apostrophes around it: irace hands them on to a shell. */
static struct bytes bare_choice(struct scan *s, size_t limit)
{
    size_t start = s->pos, end = start;
    for (; s->pos < limit && scan_peek(s) != ',' && scan_peek(s) >= 0; s->pos++)
        if (scan_peek(s) > ' ')
            end = s->pos + 1;
    if (end == start)
        scan_fail_found(s, start, "a choice");
    return bytes_of(s->text.data + start, end - start);
}

static void read_choices(struct scan *s, struct space *space, struct gene_spec *spec)
{
    size_t limit = domain_end(s);
    do {
        scan_blank(s);
        size_t at = s->pos;
        space_choice_add(s, space, spec, at, scan_peek(s) == '"' ? scan_quoted(s) : bare_choice(s, limit));
        scan_blank(s);
    } while (s->pos < limit && scan_accept(s, ","));
    scan_expect(s, ")", "or a comma after a choice");
}

static void read_parameter(struct reader *r)
{
    struct scan *s = r->scan;
    size_t at = s->pos;
    unsigned gene = r->space->schema.count;
    struct bytes name = scan_word(s, "_.");
    if (name.len == 0) {
        scan_fail_found(s, at, "the name of a parameter");
        return;
    }
    struct gene_spec *spec = space_gene_add(s, r->space, at, name);
    if (spec == NULL)
        return;
    read_switch(r, gene);
    read_type(s, spec);
    scan_blank(s);
    r->domain_at[gene] = s->pos;
    scan_expect(s, "(", "to open the domain");
    if (spec->type == GENE_CONTINUOUS || spec->type == GENE_DISCRETE)
        read_range(r, gene);
    else
        read_choices(s, r->space, spec);
    scan_blank(s);
    if (scan_accept(s, "|")) {
        r->places.condition[gene] = s->pos;
        if (scan_line_ends(s))
            scan_fail_found(s, s->pos, "a condition behind |");
    } else {
        scan_line_expect_end(s);
    }
}

/* ---- sections */

enum section { SECTION_PARAMETERS, SECTION_FORBIDDEN, SECTION_GLOBAL };

static enum section read_header(struct scan *s)
{
    size_t at = s->pos;
    enum section section = SECTION_PARAMETERS;
    if (scan_accept(s, "[forbidden]"))
        section = SECTION_FORBIDDEN;
    else if (scan_accept(s, "[global]"))
        section = SECTION_GLOBAL;
    else
        scan_fail_found(s, at, "[forbidden] or [global]");
    scan_line_expect_end(s);
    return section;
}

static void read_global(struct scan *s, struct space *space)
{
    size_t at = s->pos;
    if (!bytes_equal(scan_word(s, "_."), bytes_of_text("digits"))) {
        scan_fail_found(s, at, "digits, the only setting that is known");
        return;
    }
    scan_blank(s);
    scan_expect(s, "=", "behind digits");
    scan_blank(s);
    at = s->pos;
    double digits = space_number(s, at, scan_number(s));
    if (!(digits >= 1 && digits <= SPACE_DIGITS_MAX) || (double)(unsigned)digits != digits)
        scan_fail(s, at, ERR_RANGE, "digits is a whole number of 1 to %d", SPACE_DIGITS_MAX);
    else
        space->digits = (unsigned)digits;
    scan_line_expect_end(s);
}

/* The first pass: all but expressions. */
static void read_lines(struct reader *r)
{
    struct scan *s = r->scan;
    enum section section = SECTION_PARAMETERS;
    for (; scan_peek(s) >= 0; scan_line_skip(s)) {
        if (scan_line_ends(s))
            continue;
        if (scan_peek(s) == '[') {
            section = read_header(s);
            if (section == SECTION_FORBIDDEN)
                r->forbidden_at = s->pos;
        } else if (section == SECTION_PARAMETERS) {
            read_parameter(r);
        } else if (section == SECTION_GLOBAL) {
            read_global(s, r->space);
        }
    }
}

/* ---- the second pass: expressions */

static void forbid(struct reader *r, size_t at, struct condition c)
{
    if (space_forbid_add(r->scan, at, r->space, c))
        r->places.forbidden[r->space->schema.forbidden_count - 1] = at;
}

/* Two items, and the bound behind them: what lies beyond it is forbidden. */
static struct condition read_beyond(struct reader *r, unsigned gene, unsigned which)
{
    struct scan *s = r->scan;
    struct genome_schema *schema = &r->space->schema;
    struct condition all = {.first = (uint16_t)schema->item_count}, bound = {0};
    size_t at = r->bound_at[gene][which];
    s->pos = at;
    if (!condition_append(schema, (struct condition_item){.op = which == 0 ? CONDITION_LT : CONDITION_GT}) ||
        !condition_append(schema, (struct condition_item){.op = CONDITION_GENE, .index = (uint16_t)gene})) {
        scan_fail(s, at, ERR_LIMIT, "conditions and forbidden combinations together have over %d parts",
                  GENOME_ITEMS_MAX);
        return all;
    }
    if (!condition_parse_number(s, CONDITION_R, schema, &bound))
        return all;
    scan_blank(s);
    if (scan_peek(s) != ',' && scan_peek(s) != ')' && !at_quote(s))
        scan_fail_found(s, s->pos, "the end of the bound");
    all.count = (uint16_t)(bound.count + 2);
    forbid(r, at, all);
    return all;
}

/* The nearest whole number inside. */
static double inward(double x, bool up)
{
    if (!(x > -(double)GENE_INTEGER_MAX && x < (double)GENE_INTEGER_MAX))
        return x;
    double t = (double)(int64_t)x;
    return up ? t + (t < x) : t - (t > x);
}

static void set_bounds(struct reader *r, unsigned gene, struct condition beyond[2])
{
    struct genome_schema *schema = &r->space->schema;
    struct gene_spec *spec = &schema->genes[gene];
    for (unsigned which = 0; which < 2; which++) {
        struct condition bound = {(uint16_t)(beyond[which].first + 2), (uint16_t)(beyond[which].count - 2)};
        double range[2];
        if (beyond[which].count == 0)
            continue;
        if (!condition_range(schema, bound, &range[0], &range[1])) {
            scan_fail(r->scan, r->bound_at[gene][which], ERR_RANGE, "this bound may divide by zero or grow too large");
            return;
        }
        r->bound[gene][which] = spec->type == GENE_DISCRETE ? inward(range[which], which == 0) : range[which];
    }
    space_bounds_set(r->scan, spec, r->domain_at[gene], r->bound[gene][0], r->bound[gene][1]);
}

/* A bound needs those of the parameters that it names: settled in any order that works. */
static void settle_bounds(struct reader *r, struct condition beyond[][2], const struct gene_set needs[])
{
    const struct genome_schema *schema = &r->space->schema;
    struct gene_set settled = {0};
    for (bool moves = true; moves && r->scan->err == ERR_OK;) {
        moves = false;
        for (unsigned i = 0; i < schema->count; i++) {
            if (gene_set_has(settled, i) || !gene_set_within(needs[i], settled))
                continue;
            gene_set_add(&settled, i);
            moves = true;
            if (schema->genes[i].type == GENE_CONTINUOUS || schema->genes[i].type == GENE_DISCRETE)
                set_bounds(r, i, beyond[i]);
        }
    }
    for (unsigned i = 0; i < schema->count; i++)
        if (!gene_set_has(settled, i))
            scan_fail(r->scan, r->domain_at[i], ERR_STATE, "the bounds of %s depend on themselves",
                      schema->genes[i].name);
}

static void read_bounds(struct reader *r)
{
    const struct genome_schema *schema = &r->space->schema;
    struct condition beyond[GENOME_GENES_MAX][2] = {{{0}}};
    struct gene_set needs[GENOME_GENES_MAX] = {{{0}}};
    for (unsigned i = 0; i < schema->count; i++) {
        for (unsigned which = 0; which < 2; which++) {
            if (r->bound_at[i][which] == 0) /* no expression stands at the first byte of a file */
                continue;
            beyond[i][which] = read_beyond(r, i, which);
            struct condition bound = beyond[i][which];
            if (r->scan->err != ERR_OK)
                return;
            bound.first = (uint16_t)(bound.first + 2);
            bound.count = (uint16_t)(bound.count - 2);
            struct gene_set genes = condition_genes(schema, bound);
            gene_set_join(&needs[i], genes);
        }
    }
    settle_bounds(r, beyond, needs);
}

static void read_conditions(struct reader *r)
{
    struct genome_schema *schema = &r->space->schema;
    for (unsigned i = 0; i < schema->count; i++) {
        if (r->places.condition[i] == 0)
            continue;
        r->scan->pos = r->places.condition[i];
        if (condition_parse(r->scan, CONDITION_R, schema, &schema->genes[i].condition))
            scan_line_expect_end(r->scan);
    }
}

static void read_forbidden(struct reader *r)
{
    struct scan *s = r->scan;
    for (s->pos = r->forbidden_at; scan_peek(s) >= 0 && scan_peek(s) != '['; scan_line_skip(s)) {
        if (scan_line_ends(s))
            continue;
        size_t at = s->pos;
        struct condition c;
        if (!condition_parse(s, CONDITION_R, &r->space->schema, &c))
            return;
        forbid(r, at, c);
        scan_line_expect_end(s);
    }
}

enum err irace_parse(const char *name, struct bytes text, struct space *out, struct diag *diag)
{
    struct scan scan = {.name = name, .text = text, .diag = diag};
    struct reader *r = mem_alloc(sizeof *r);
    r->scan = &scan;
    r->space = out;
    read_lines(r);
    read_bounds(r);
    read_conditions(r);
    if (r->forbidden_at != 0)
        read_forbidden(r);
    for (unsigned i = 0; i < out->schema.count && scan.err == ERR_OK; i++)
        space_default_set(&out->schema.genes[i]);
    if (out->schema.count == 0)
        scan_fail(&scan, text.len, ERR_MISSING, "there is no parameter");
    space_fault_report(&scan, out, &r->places, true);
    mem_free(r);
    return scan.err;
}
