#include <string.h>

#include "codec/decimal.h"
#include "genome/condition_text.h"
#include "genome/schema.h"

/* Recursive descent straight into the pool. Items are in prefix order, so an operator is put before what has been
 * read of its left operand. */

enum { NESTING_MAX = 32 };

enum operand_kind {
    OPERAND_NUMBER,
    OPERAND_TRUTH,
    OPERAND_CHOOSER, /* a gene with choices, alone */
    OPERAND_TEXT     /* a choice of whatever gene it is compared with; not in the pool */
};

struct operand {
    enum operand_kind kind;
    size_t at;            /* in the text */
    unsigned start;       /* in the pool */
    struct bytes literal; /* a number or a choice, as written; else no data */
    bool is_quoted;
    unsigned gene; /* of OPERAND_CHOOSER */
};

struct parser {
    struct scan *scan;
    enum condition_style style;
    struct genome_schema *schema;
    bool is_clause; /* one = is enough */
    unsigned nesting;
};

static bool failed(const struct parser *p)
{
    return p->scan->err != ERR_OK;
}

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

static void append(struct parser *p, struct condition_item item)
{
    if (!failed(p) && !condition_append(p->schema, item))
        fail_full(p);
}

static void insert(struct parser *p, unsigned at, struct condition_item item)
{
    if (!failed(p) && !condition_insert(p->schema, at, item))
        fail_full(p);
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

static bool is_chooser(const struct gene_spec *spec)
{
    return spec->type != GENE_CONTINUOUS && spec->type != GENE_DISCRETE;
}

static const char *name_marks(const struct parser *p)
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

/* ---- from tight to loose */

static struct operand parse_or(struct parser *p);

static void want_number(struct parser *p, const struct operand *o)
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

static void want_truth(struct parser *p, const struct operand *o)
{
    if (o->kind != OPERAND_TRUTH)
        scan_fail(p->scan, o->at, ERR_TYPE, "expected a comparison, something that is true or false");
}

static bool function_find(struct bytes name, struct condition_item *out)
{
    for (uint16_t op = CONDITION_MIN; op <= CONDITION_TRUNC; op++)
        if (bytes_equal(name, bytes_of_text(condition_op_name(op)))) {
            *out = (struct condition_item){.op = op};
            return true;
        }
    return false;
}

/* Behind NAME( ; min and max take any number of values, min(a, b, c) being min(min(a, b), c). */
static void parse_arguments(struct parser *p, struct bytes name, struct operand *o)
{
    struct condition_item function = {0};
    if (!function_find(name, &function)) {
        scan_fail(p->scan, o->at, ERR_UNKNOWN,
                  "there is no function %.*s; there are min, max, abs, floor, ceiling, round, trunc", (int)name.len,
                  (const char *)name.data);
        return;
    }
    bool is_binary = condition_op_arity(function.op) == 2;
    unsigned count = 0;
    do {
        struct operand argument = parse_or(p);
        want_number(p, &argument);
        scan_blank(p->scan);
        if (!is_binary || count++ > 0)
            insert(p, o->start, function);
    } while (is_binary && scan_accept(p->scan, ","));
    scan_expect(p->scan, ")", "to end the function's values");
}

static void parse_name(struct parser *p, struct operand *o)
{
    struct bytes word = scan_word(p->scan, name_marks(p));
    int gene = gene_find(p->schema, word);
    if (gene < 0 && scan_accept(p->scan, "(")) {
        parse_arguments(p, word, o);
    } else if (gene >= 0) {
        o->gene = (unsigned)gene;
        if (is_chooser(&p->schema->genes[gene]))
            o->kind = OPERAND_CHOOSER;
        append(p, (struct condition_item){.op = CONDITION_GENE, .index = (uint16_t)gene});
    } else if (p->style == CONDITION_R) {
        scan_fail(p->scan, o->at, ERR_UNKNOWN, "there is no parameter %.*s (a choice stands in quotes)", (int)word.len,
                  (const char *)word.data);
    } else {
        o->kind = OPERAND_TEXT;
        o->literal = word;
    }
}

static void parse_group(struct parser *p, struct operand *o)
{
    struct operand inner = parse_or(p);
    inner.at = o->at;
    *o = inner;
    o->literal = (struct bytes){0};
    if (o->kind == OPERAND_TEXT)
        want_number(p, &inner);
    scan_blank(p->scan);
    scan_expect(p->scan, ")", "to close the group");
}

static bool word_is_gene(struct parser *p)
{
    size_t start = p->scan->pos;
    bool found = gene_find(p->schema, scan_word(p->scan, name_marks(p))) >= 0;
    p->scan->pos = start;
    return found;
}

static struct operand parse_value(struct parser *p)
{
    scan_blank(p->scan);
    struct operand o = {.at = p->scan->pos, .start = p->schema->item_count};
    int c = scan_peek(p->scan);
    if (scan_accept(p->scan, "(")) {
        parse_group(p, &o);
    } else if (c == '"' || c == '\'') {
        o.kind = OPERAND_TEXT;
        o.is_quoted = true;
        o.literal = scan_quoted(p->scan);
    } else if (word_is_gene(p)) {
        parse_name(p, &o);
    } else if ((o.literal = scan_number(p->scan)).len > 0) {
        append(p, (struct condition_item){.op = CONDITION_NUMBER, .number = number_of(p, o.at, o.literal)});
    } else if (scan_accept(p->scan, "-")) {
        descend(p);
        struct operand inner = parse_value(p);
        p->nesting--;
        want_number(p, &inner);
        insert(p, o.start, (struct condition_item){.op = CONDITION_NEGATE});
    } else {
        size_t start = p->scan->pos;
        bool is_word = scan_word(p->scan, name_marks(p)).len > 0;
        p->scan->pos = start;
        if (is_word)
            parse_name(p, &o);
        else
            scan_fail_found(p->scan, o.at, "a number, a parameter or a choice");
    }
    return o;
}

static struct operand arithmetic(struct parser *p, struct operand left, enum condition_op op, struct operand right)
{
    want_number(p, &left);
    want_number(p, &right);
    insert(p, left.start, (struct condition_item){.op = (uint16_t)op});
    left.literal = (struct bytes){0};
    return left;
}

/* CONDITION_GENE when none follows; a %in% is none. */
static enum condition_op accept_product(struct scan *s)
{
    size_t start = s->pos;
    scan_blank(s);
    if (scan_accept(s, "*"))
        return CONDITION_MULTIPLY;
    if (scan_accept(s, "/"))
        return CONDITION_DIVIDE;
    if (!scan_accept(s, "%in%") && (scan_accept(s, "%%") || scan_accept(s, "%")))
        return CONDITION_MODULO;
    s->pos = start;
    return CONDITION_GENE;
}

static struct operand parse_product(struct parser *p)
{
    struct operand left = parse_value(p);
    enum condition_op op;
    while ((op = accept_product(p->scan)) != CONDITION_GENE)
        left = arithmetic(p, left, op, parse_value(p));
    return left;
}

static struct operand parse_sum(struct parser *p)
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

/* ---- comparisons */

/* The choice of the gene that `o` stands for, in place of whatever it put into the pool. */
static void put_choice(struct parser *p, unsigned gene, const struct operand *o)
{
    const struct gene_spec *spec = &p->schema->genes[gene];
    struct buf list = {0};
    if (failed(p))
        return;
    if (o->literal.data == NULL) {
        scan_fail(p->scan, o->at, ERR_TYPE, "%s compares with its own choices only", spec->name);
        return;
    }
    int choice = gene_choice_find(p->schema, spec, o->literal);
    p->schema->item_count = o->start;
    append(p, (struct condition_item){.op = CONDITION_CHOICE, .index = (uint16_t)choice});
    for (unsigned i = 0; i < spec->choice_count && choice < 0; i++)
        buf_printf(&list, "%s%s", i > 0 ? ", " : "", gene_choice(p->schema, spec, i));
    if (choice < 0)
        scan_fail(p->scan, o->at, ERR_UNKNOWN, "%s has no choice \"%.*s\"; it has %s", spec->name, (int)o->literal.len,
                  (const char *)o->literal.data, spec->type == GENE_TOGGLE ? "false, true" : buf_text(&list));
    buf_free(&list);
}

/* A value opposite to the gene. In PCS the whole word is a choice, even one that is also the name of a gene. */
static struct operand parse_choice(struct parser *p)
{
    scan_blank(p->scan);
    struct operand o = {.kind = OPERAND_TEXT, .at = p->scan->pos, .start = p->schema->item_count};
    int c = scan_peek(p->scan);
    if (c != '"' && c != '\'' && p->style != CONDITION_R) {
        o.literal = scan_word(p->scan, "_.:@-+/*");
        if (o.literal.len == 0)
            scan_fail_found(p->scan, o.at, "a choice");
        return o;
    }
    return parse_value(p);
}

static void want_order(struct parser *p, const struct operand *chooser, enum condition_op op)
{
    const struct gene_spec *spec = &p->schema->genes[chooser->gene];
    if (op >= CONDITION_LT && op <= CONDITION_GE && spec->type != GENE_ORDINAL)
        scan_fail(p->scan, chooser->at, ERR_TYPE, "%s has no order: only ==, != and in compare it", spec->name);
}

static enum condition_op turned(enum condition_op op)
{
    switch (op) {
    case CONDITION_LT:
        return CONDITION_GT;
    case CONDITION_LE:
        return CONDITION_GE;
    case CONDITION_GT:
        return CONDITION_LT;
    case CONDITION_GE:
        return CONDITION_LE;
    default:
        return op;
    }
}

/* A choice, then the gene: "low" < level. */
static void compare_turned(struct parser *p, struct operand choice, enum condition_op op, const struct operand *gene)
{
    p->schema->item_count = choice.start;
    append(p, (struct condition_item){.op = (uint16_t)turned(op)});
    append(p, (struct condition_item){.op = CONDITION_GENE, .index = (uint16_t)gene->gene});
    choice.start = p->schema->item_count;
    put_choice(p, gene->gene, &choice);
    want_order(p, gene, turned(op));
}

static struct operand compare(struct parser *p, struct operand left, enum condition_op op)
{
    bool choosing = left.kind == OPERAND_CHOOSER;
    struct operand right = choosing ? parse_choice(p) : parse_sum(p);
    if (choosing) {
        want_order(p, &left, op);
        put_choice(p, left.gene, &right);
        insert(p, left.start, (struct condition_item){.op = (uint16_t)op});
    } else if (right.kind == OPERAND_CHOOSER && left.literal.data != NULL) {
        compare_turned(p, left, op, &right);
    } else {
        left = arithmetic(p, left, op, right);
    }
    left.kind = OPERAND_TRUTH;
    return left;
}

static void refuse_twice(struct parser *p, unsigned first, size_t at)
{
    const struct condition_item *items = p->schema->items;
    unsigned last = p->schema->item_count - 1;
    for (unsigned i = first; i < last && !failed(p); i++)
        if (items[i].op == items[last].op && items[i].index == items[last].index &&
            items[i].number == items[last].number)
            scan_fail(p->scan, at, ERR_DUPLICATE, "this value stands twice");
}

/* Behind "in {" or "%in% c(": gene in {v} is gene == v. */
static struct operand parse_list(struct parser *p, struct operand left, const char *end)
{
    unsigned count = 0, first = p->schema->item_count;
    if (left.kind != OPERAND_CHOOSER)
        want_number(p, &left);
    do {
        struct operand value = left.kind == OPERAND_CHOOSER ? parse_choice(p) : parse_value(p);
        if (left.kind == OPERAND_CHOOSER)
            put_choice(p, left.gene, &value);
        else if (value.literal.len == 0 || value.kind != OPERAND_NUMBER)
            scan_fail(p->scan, value.at, ERR_TYPE, "expected a number");
        if (!failed(p))
            refuse_twice(p, first, value.at);
        count++;
        scan_blank(p->scan);
    } while (scan_accept(p->scan, ","));
    scan_expect(p->scan, end, "or a comma after a value");
    insert(p, left.start,
           count == 1 ? (struct condition_item){.op = CONDITION_EQ}
                      : (struct condition_item){.op = CONDITION_IN, .index = (uint16_t)count});
    left.kind = OPERAND_TRUTH;
    return left;
}

static bool accept_comparison(struct parser *p, enum condition_op *op)
{
    static const enum condition_op order[] = {CONDITION_EQ, CONDITION_NE, CONDITION_LE,
                                              CONDITION_GE, CONDITION_LT, CONDITION_GT};
    for (unsigned i = 0; i < sizeof order / sizeof order[0]; i++)
        if (scan_accept(p->scan, condition_op_name(order[i]))) {
            *op = order[i];
            return true;
        }
    if (p->is_clause && scan_accept(p->scan, "=")) {
        *op = CONDITION_EQ;
        return true;
    }
    if (scan_peek(p->scan) == '=')
        scan_fail(p->scan, p->scan->pos, ERR_SYNTAX, "two values compare with ==");
    return false;
}

/* The word "in", not one that begins with it. */
static bool accept_in(struct parser *p)
{
    size_t start = p->scan->pos;
    if (bytes_equal(scan_word(p->scan, name_marks(p)), bytes_of_text("in")))
        return true;
    p->scan->pos = start;
    return false;
}

static struct operand parse_comparison(struct parser *p)
{
    struct operand left = parse_sum(p);
    enum condition_op op;
    scan_blank(p->scan);
    if (scan_accept(p->scan, "%in%")) {
        scan_blank(p->scan);
        if (scan_accept(p->scan, "c")) {
            scan_blank(p->scan);
            scan_expect(p->scan, "(", "after c");
            return parse_list(p, left, ")");
        }
        return compare(p, left, CONDITION_EQ); /* one value needs no c() */
    }
    if (accept_in(p)) {
        scan_blank(p->scan);
        scan_expect(p->scan, "{", "after in");
        return parse_list(p, left, "}");
    }
    if (!accept_comparison(p, &op))
        return left;
    left = compare(p, left, op);
    scan_blank(p->scan);
    size_t at = p->scan->pos;
    if (accept_comparison(p, &op))
        scan_fail(p->scan, at, ERR_SYNTAX, "a comparison has two sides: join two comparisons with &");
    return left;
}

static struct operand parse_not(struct parser *p)
{
    scan_blank(p->scan);
    size_t at = p->scan->pos;
    unsigned start = p->schema->item_count;
    if (!scan_accept(p->scan, "!"))
        return parse_comparison(p);
    descend(p);
    struct operand o = parse_not(p);
    p->nesting--;
    want_truth(p, &o);
    insert(p, start, (struct condition_item){.op = CONDITION_NOT});
    return (struct operand){.kind = OPERAND_TRUTH, .at = at, .start = start};
}

static struct operand logic(struct parser *p, struct operand left, enum condition_op op, struct operand right)
{
    want_truth(p, &left);
    want_truth(p, &right);
    insert(p, left.start, (struct condition_item){.op = (uint16_t)op});
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

static struct operand parse_or(struct parser *p)
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
    if (failed(p))
        return false;
    *out = (struct condition){.first = (uint16_t)first, .count = (uint16_t)(p->schema->item_count - first)};
    return true;
}

bool condition_parse(struct scan *scan, enum condition_style style, struct genome_schema *schema, struct condition *out)
{
    struct parser p = {.scan = scan, .style = style, .schema = schema};
    unsigned first = schema->item_count;
    struct operand o = parse_or(&p);
    want_truth(&p, &o);
    return finish(&p, first, out);
}

bool condition_parse_number(struct scan *scan, enum condition_style style, struct genome_schema *schema,
                            struct condition *out)
{
    struct parser p = {.scan = scan, .style = style, .schema = schema};
    unsigned first = schema->item_count;
    struct operand o = parse_or(&p);
    want_number(&p, &o);
    return finish(&p, first, out);
}

bool condition_parse_clause(struct scan *scan, struct genome_schema *schema, struct condition *out)
{
    struct parser p = {.scan = scan, .style = CONDITION_PCS, .schema = schema, .is_clause = true};
    unsigned first = schema->item_count;
    scan_blank(scan);
    scan_expect(scan, "{", "to open a forbidden combination");
    struct operand o = parse_or(&p);
    want_truth(&p, &o);
    for (scan_blank(scan); scan_accept(scan, ","); scan_blank(scan))
        o = logic(&p, o, CONDITION_AND, parse_or(&p));
    scan_expect(scan, "}", "to close the forbidden combination");
    return finish(&p, first, out);
}
