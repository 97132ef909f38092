#include <string.h>

#include "codec/decimal.h"
#include "genome/condition_parser.h"
#include "genome/schema.h"

/* Values, arithmetic and logic. In R's order, from tight to loose: ^, the sign, %% %/% %in%, * /, + -, comparisons, !,
 * &,
 * |. In the other styles % is as tight as *. */

enum { NESTING_MAX = 32 };

static void descend(struct parser *p)
{
    if (++p->nesting > NESTING_MAX)
        scan_fail(p->scan, p->scan->pos, ERR_LIMIT, "nested more than %d deep", NESTING_MAX);
}

/* ---- the pool */

static void fail_full(struct parser *p)
{
    scan_fail(p->scan, p->scan->pos, ERR_LIMIT, "conditions and forbidden combinations together have over %d parts",
              GENOME_ITEMS_MAX);
}

void parser_append(struct parser *p, struct condition_item item)
{
    if (!parser_failed(p) && !condition_append(p->schema, item))
        fail_full(p);
}

void parser_insert(struct parser *p, unsigned at, struct condition_item item)
{
    if (!parser_failed(p) && !condition_insert(p->schema, at, item))
        fail_full(p);
}

void parser_repeat(struct parser *p, unsigned first, unsigned end)
{
    for (unsigned i = first; i < end && !parser_failed(p); i++)
        parser_append(p, p->schema->items[i]);
}

/* ---- names and values */

int gene_find(const struct genome_schema *schema, struct bytes name)
{
    for (unsigned i = 0; i < schema->count; i++)
        if (bytes_equal(name, bytes_of_text(schema->genes[i].name)))
            return (int)i;
    return -1;
}

static int numeric_choice_find(const struct genome_schema *schema, const struct gene_spec *spec, struct bytes choice)
{
    double wanted, x;
    if (decimal_parse(choice, &wanted) != ERR_OK)
        return -1;
    for (unsigned i = 0; i < spec->choice_count; i++)
        if (decimal_parse(bytes_of_text(gene_choice(schema, spec, i)), &x) == ERR_OK && x == wanted)
            return (int)i;
    return -1;
}

int gene_choice_find(const struct genome_schema *schema, const struct gene_spec *spec, struct bytes choice)
{
    static const char *const toggles[] = {"false", "true", "0", "1"};
    for (unsigned i = 0; i < 4 && spec->type == GENE_TOGGLE; i++)
        if (bytes_equal(choice, bytes_of_text(toggles[i])))
            return (int)(i % 2);
    for (unsigned i = 0; i < spec->choice_count; i++)
        if (bytes_equal(choice, bytes_of_text(gene_choice(schema, spec, i))))
            return (int)i;
    return numeric_choice_find(schema, spec, choice);
}

const char *parser_name_marks(const struct parser *p)
{
    return p->style == CONDITION_R ? "_." : "_.:@-";
}

static double number_of(struct parser *p, size_t at, struct bytes literal)
{
    double x = 0;
    if (decimal_parse(literal, &x) != ERR_OK || !gene_number_fits(x + 0.0))
        scan_fail(p->scan, at, ERR_RANGE, "this number is too large");
    return x + 0.0; /* never -0.0 */
}

void parser_want_number(struct parser *p, const struct operand *o)
{
    if (o->kind == OPERAND_NUMBER)
        return;
    if (o->kind == OPERAND_TRUTH)
        scan_fail(p->scan, o->at, ERR_TYPE, "true or false stands where a number should be");
    else if (o->kind == OPERAND_CHOOSER)
        scan_fail(p->scan, o->at, ERR_TYPE, "%s has choices and is no number", p->schema->genes[o->gene].name);
    else if (!o->is_quoted)
        scan_fail(p->scan, o->at, ERR_UNKNOWN, "there is no parameter %.*s", (int)o->literal.len,
                  (const char *)o->literal.data);
    else
        scan_fail(p->scan, o->at, ERR_TYPE, "\"%.*s\" is no number, and stands opposite to no parameter with choices",
                  (int)o->literal.len, (const char *)o->literal.data);
}

void parser_want_truth(struct parser *p, const struct operand *o)
{
    if (o->kind != OPERAND_TRUTH)
        scan_fail(p->scan, o->at, ERR_TYPE, "expected a comparison, something that is true or false");
}

/* ---- values */

/* TRUE and FALSE, which in a comparison may also be the text of a choice; R has T and F, too. */
static bool truth_find(const struct parser *p, struct operand *o, struct bytes word)
{
    static const char *const names[] = {"TRUE", "FALSE", "T", "F"};
    for (unsigned i = 0; i < (p->style == CONDITION_R ? 4U : 2U); i++)
        if (bytes_equal(word, bytes_of_text(names[i]))) {
            o->kind = OPERAND_TRUTH;
            o->literal = bytes_of_text(names[i % 2]);
            return true;
        }
    return false;
}

static void put_gene(struct parser *p, struct operand *o, unsigned gene)
{
    o->gene = gene;
    if (gene_has_choices(&p->schema->genes[gene]))
        o->kind = OPERAND_CHOOSER;
    parser_append(p, (struct condition_item){.op = CONDITION_GENE, .index = (uint16_t)gene});
}

static void parse_name(struct parser *p, struct operand *o)
{
    struct bytes word = scan_word(p->scan, parser_name_marks(p));
    int gene = gene_find(p->schema, word);
    if (gene >= 0) {
        put_gene(p, o, (unsigned)gene);
    } else if (scan_accept(p->scan, "(")) {
        parser_arguments(p, word, o);
    } else if (truth_find(p, o, word)) {
        parser_append(p, (struct condition_item){.op = o->literal.data[0] == 'T' ? CONDITION_TRUE : CONDITION_FALSE});
    } else if (p->style == CONDITION_R) {
        scan_fail(p->scan, o->at, ERR_UNKNOWN, "there is no parameter %.*s (a choice stands in quotes)", (int)word.len,
                  (const char *)word.data);
    } else {
        o->kind = OPERAND_TEXT;
        o->literal = word;
    }
}

/* `name`: R's way to write what is no plain name. */
static void parse_quoted_name(struct parser *p, struct operand *o)
{
    struct bytes word = scan_quoted(p->scan);
    int gene = gene_find(p->schema, word);
    if (gene >= 0)
        put_gene(p, o, (unsigned)gene);
    else
        scan_fail(p->scan, o->at, ERR_UNKNOWN, "there is no parameter %.*s", (int)(word.len < 80 ? word.len : 80),
                  (const char *)word.data);
}

/* A literal in parentheses stays one: x %in% ("a"). */
static void parse_group(struct parser *p, struct operand *o)
{
    struct operand inner = parser_or(p);
    inner.at = o->at;
    *o = inner;
    o->is_open = false;
    if (o->kind == OPERAND_TEXT && !o->is_quoted)
        parser_want_number(p, &inner);
    scan_blank(p->scan);
    scan_expect(p->scan, ")", "to close the group");
}

static bool word_is_gene(struct parser *p)
{
    size_t start = p->scan->pos;
    bool found = gene_find(p->schema, scan_word(p->scan, parser_name_marks(p))) >= 0;
    p->scan->pos = start;
    return found;
}

static bool word_follows(struct parser *p)
{
    size_t start = p->scan->pos;
    bool found = scan_word(p->scan, parser_name_marks(p)).len > 0;
    p->scan->pos = start;
    return found;
}

struct operand parser_value(struct parser *p)
{
    scan_blank(p->scan);
    struct operand o = {.at = p->scan->pos, .start = p->schema->item_count};
    int c = scan_peek(p->scan);
    if (scan_accept(p->scan, "(")) {
        parse_group(p, &o);
    } else if (c == '"' || c == '\'') {
        o.kind = OPERAND_TEXT;
        o.is_quoted = true;
        o.literal = p->style == CONDITION_PCS ? scan_quoted(p->scan) : scan_quoted_escaped(p->scan);
    } else if (c == '`' && p->style == CONDITION_R) {
        parse_quoted_name(p, &o);
    } else if (word_is_gene(p)) {
        parse_name(p, &o);
    } else if ((o.literal = scan_number(p->scan)).len > 0) {
        parser_append(p, (struct condition_item){.op = CONDITION_NUMBER, .number = number_of(p, o.at, o.literal)});
    } else if (word_follows(p)) {
        parse_name(p, &o);
    } else {
        scan_fail_found(p->scan, o.at, "a number, a parameter or a choice");
    }
    return o;
}

static struct operand arithmetic(struct parser *p, struct operand left, enum condition_op op, struct operand right)
{
    parser_want_number(p, &left);
    parser_want_number(p, &right);
    parser_insert(p, left.start, (struct condition_item){.op = (uint16_t)op});
    left.literal = (struct bytes){0};
    left.is_open = true;
    return left;
}

/* The power binds tighter than the sign before it, and its exponent may have one: -2 ^ -2 is -(2 ^ (-2)). */
static struct operand parse_power(struct parser *p)
{
    struct operand base = parser_value(p);
    size_t start = p->scan->pos;
    scan_blank(p->scan);
    if (!scan_accept(p->scan, "^") && !scan_accept(p->scan, "**")) {
        p->scan->pos = start;
        return base;
    }
    descend(p);
    base = arithmetic(p, base, CONDITION_POWER, parser_unary(p));
    p->nesting--;
    return base;
}

static bool accept_sign(struct parser *p, char sign)
{
    if (scan_peek(p->scan) != sign || word_is_gene(p))
        return false;
    p->scan->pos++;
    return true;
}

/* A sign belongs to the number behind it, unless that is a power's base. */
struct operand parser_unary(struct parser *p)
{
    scan_blank(p->scan);
    size_t at = p->scan->pos;
    unsigned start = p->schema->item_count;
    bool is_negative = accept_sign(p, '-');
    if (!is_negative && !accept_sign(p, '+'))
        return parse_power(p);
    descend(p);
    struct operand o = parser_unary(p);
    p->nesting--;
    parser_want_number(p, &o);
    struct condition_item *item = &p->schema->items[start];
    if (!is_negative || parser_failed(p))
        o.at = at;
    else if (o.literal.data != NULL && item->op == CONDITION_NUMBER && p->scan->text.data + at + 1 == o.literal.data)
        item->number = 0.0 - item->number;
    else
        parser_insert(p, start, (struct condition_item){.op = CONDITION_NEGATE});
    bool is_literal = o.literal.data == p->scan->text.data + at + 1;
    o.literal = is_literal ? bytes_of(o.literal.data - 1, o.literal.len + 1) : (struct bytes){0};
    o.at = at;
    return o;
}

/* CONDITION_GENE when none follows; a %in% is none. */
static enum condition_op accept_modulo(struct parser *p, bool *is_whole)
{
    size_t start = p->scan->pos;
    scan_blank(p->scan);
    *is_whole = p->style != CONDITION_PCS && scan_accept(p->scan, "%/%");
    if (*is_whole)
        return CONDITION_DIVIDE;
    size_t here = p->scan->pos;
    if (!scan_accept(p->scan, "%in%") && (scan_accept(p->scan, "%%") || scan_accept(p->scan, "%")))
        return CONDITION_MODULO;
    p->scan->pos = here == start ? here : start;
    return CONDITION_GENE;
}

/* a %/% b is floor(a / b). */
static struct operand modulo(struct parser *p, struct operand left, enum condition_op op, bool is_whole,
                             struct operand right)
{
    left = arithmetic(p, left, op, right);
    if (is_whole)
        parser_insert(p, left.start, (struct condition_item){.op = CONDITION_FLOOR});
    return left;
}

/* What * and / join: in R, where %% is tighter, chains of that. */
static struct operand parse_factor(struct parser *p)
{
    struct operand left = parser_unary(p);
    enum condition_op op;
    bool is_whole;
    while (p->style == CONDITION_R && (op = accept_modulo(p, &is_whole)) != CONDITION_GENE)
        left = modulo(p, left, op, is_whole, parser_unary(p));
    return left;
}

static enum condition_op accept_product(struct parser *p, bool *is_whole)
{
    size_t start = p->scan->pos;
    *is_whole = false;
    scan_blank(p->scan);
    if (scan_accept(p->scan, "*"))
        return CONDITION_MULTIPLY;
    if (scan_accept(p->scan, "/"))
        return CONDITION_DIVIDE;
    p->scan->pos = start;
    return p->style == CONDITION_R ? CONDITION_GENE : accept_modulo(p, is_whole);
}

static struct operand parse_product(struct parser *p)
{
    struct operand left = parse_factor(p);
    enum condition_op op;
    bool is_whole;
    while ((op = accept_product(p, &is_whole)) != CONDITION_GENE)
        left = modulo(p, left, op, is_whole, parse_factor(p));
    return left;
}

struct operand parser_sum(struct parser *p)
{
    struct operand left = parse_product(p);
    for (;;) {
        scan_blank(p->scan);
        if (scan_accept(p->scan, "+"))
            left = arithmetic(p, left, CONDITION_ADD, parse_product(p));
        else if (scan_accept(p->scan, "-"))
            left = arithmetic(p, left, CONDITION_SUBTRACT, parse_product(p));
        else
            return left;
    }
}

/* ---- logic */

static struct operand parse_not(struct parser *p)
{
    scan_blank(p->scan);
    size_t at = p->scan->pos;
    unsigned start = p->schema->item_count;
    if (!scan_accept(p->scan, "!"))
        return parser_comparison(p);
    bool was_exact = p->is_exact;
    p->is_exact = true;
    descend(p);
    struct operand o = parse_not(p);
    p->nesting--;
    p->is_exact = was_exact;
    parser_want_truth(p, &o);
    parser_insert(p, start, (struct condition_item){.op = CONDITION_NOT});
    return (struct operand){.kind = OPERAND_TRUTH, .at = at, .start = start};
}

static struct operand logic(struct parser *p, struct operand left, enum condition_op op, struct operand right)
{
    parser_want_truth(p, &left);
    parser_want_truth(p, &right);
    parser_insert(p, left.start, (struct condition_item){.op = (uint16_t)op});
    left.literal = (struct bytes){0};
    return left;
}

static struct operand parse_and(struct parser *p)
{
    struct operand left = parse_not(p);
    for (;;) {
        scan_blank(p->scan);
        if (!scan_accept(p->scan, "&&") && !scan_accept(p->scan, "&"))
            return left;
        left = logic(p, left, CONDITION_AND, parse_not(p));
    }
}

struct operand parser_or(struct parser *p)
{
    descend(p);
    struct operand left = parse_and(p);
    for (;;) {
        scan_blank(p->scan);
        if (!scan_accept(p->scan, "||") && !scan_accept(p->scan, "|"))
            break;
        left = logic(p, left, CONDITION_OR, parse_and(p));
    }
    p->nesting--;
    return left;
}

static bool finish(struct parser *p, unsigned first, struct condition *out)
{
    if (parser_failed(p))
        return false;
    *out = (struct condition){.first = (uint16_t)first, .count = (uint16_t)(p->schema->item_count - first)};
    return true;
}

bool condition_parse(struct scan *scan, enum condition_style style, struct genome_schema *schema, struct condition *out)
{
    struct parser p = {.scan = scan, .style = style, .schema = schema};
    unsigned first = schema->item_count;
    struct operand o = parser_or(&p);
    parser_want_truth(&p, &o);
    return finish(&p, first, out);
}

bool condition_parse_number(struct scan *scan, enum condition_style style, struct genome_schema *schema,
                            struct condition *out)
{
    struct parser p = {.scan = scan, .style = style, .schema = schema};
    unsigned first = schema->item_count;
    struct operand o = parser_or(&p);
    parser_want_number(&p, &o);
    return finish(&p, first, out);
}

bool condition_parse_clause(struct scan *scan, struct genome_schema *schema, struct condition *out)
{
    struct parser p = {.scan = scan, .style = CONDITION_PCS, .schema = schema, .is_clause = true};
    unsigned first = schema->item_count;
    scan_blank(scan);
    scan_expect(scan, "{", "to open a forbidden combination");
    struct operand o = parser_or(&p);
    parser_want_truth(&p, &o);
    for (scan_blank(scan); scan_accept(scan, ","); scan_blank(scan))
        o = logic(&p, o, CONDITION_AND, parser_or(&p));
    scan_expect(scan, "}", "to close the forbidden combination");
    return finish(&p, first, out);
}
