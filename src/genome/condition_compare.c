#include <string.h>

#include "base/mutate.h"
#include "codec/decimal.h"
#include "genome/condition_parser.h"
#include "genome/schema.h"

/* Comparisons. R compares the choices of a parameter as texts, in the order of their bytes; so an order by place, or by
 * number, is taken over from R where that is the same. */

enum { SEQUENCE_MAX = 4096 };

static const struct gene_spec *chooser_of(const struct parser *p, const struct operand *o)
{
    return &p->schema->genes[o->gene];
}

/* Without backslashes; false for what is longer than any choice. */
static bool literal_text(const struct parser *p, const struct operand *o, char out[GENOME_CHOICE_MAX + 1])
{
    size_t len = 0;
    for (size_t i = 0; i < o->literal.len; i++) {
        if (o->is_quoted && p->style != CONDITION_PCS && o->literal.data[i] == '\\')
            i++;
        if (len == GENOME_CHOICE_MAX)
            return false;
        out[len++] = (char)o->literal.data[i];
    }
    out[len] = '\0';
    return true;
}

static int choice_find(const struct parser *p, const struct gene_spec *spec, const struct operand *o)
{
    char text[GENOME_CHOICE_MAX + 1];
    return literal_text(p, o, text) ? gene_choice_find(p->schema, spec, bytes_of_text(text)) : -1;
}

static void fail_no_choice(struct parser *p, const struct gene_spec *spec, const struct operand *o)
{
    struct buf list = {0};
    for (unsigned i = 0; i < spec->choice_count; i++)
        buf_printf(&list, "%s%s", i > 0 ? ", " : "", gene_choice(p->schema, spec, i));
    scan_fail(p->scan, o->at, ERR_UNKNOWN, "%s has no choice \"%.*s\"; it has %.200s%s", spec->name,
              (int)(o->literal.len < 80 ? o->literal.len : 80), (const char *)o->literal.data,
              spec->type == GENE_TOGGLE ? "false, true" : buf_text(&list), list.len > 200 ? "..." : "");
    buf_free(&list);
}

/* The choice of the gene that `o` stands for, in place of whatever it put into the pool. */
static void put_choice(struct parser *p, unsigned gene, const struct operand *o)
{
    const struct gene_spec *spec = &p->schema->genes[gene];
    if (parser_failed(p))
        return;
    if (o->literal.data == NULL) {
        scan_fail(p->scan, o->at, ERR_TYPE, "%s compares with its own choices only, and with == and != with others",
                  spec->name);
        return;
    }
    int choice = choice_find(p, spec, o);
    if (choice < 0) {
        fail_no_choice(p, spec, o);
        return;
    }
    p->schema->item_count = o->start;
    parser_append(p, (struct condition_item){.op = CONDITION_CHOICE, .index = (uint16_t)choice});
}

/* A value opposite to the gene. In PCS the whole word is a choice, even one that is also the name of a gene. */
static struct operand parse_choice(struct parser *p, unsigned gene)
{
    scan_blank(p->scan);
    struct operand o = {.kind = OPERAND_TEXT, .at = p->scan->pos, .start = p->schema->item_count};
    int c = scan_peek(p->scan);
    if (c == '"' || c == '\'' || c == '(' || p->style == CONDITION_R)
        return parser_unary(p);
    size_t start = p->scan->pos;
    o.literal = scan_choice(p->scan);
    if (o.literal.len == 0)
        scan_fail_found(p->scan, o.at, "a choice");
    if (parser_failed(p) || choice_find(p, &p->schema->genes[gene], &o) >= 0)
        return o;
    int other = gene_find(p->schema, o.literal);
    if (other >= 0 && gene_has_choices(&p->schema->genes[other])) {
        p->scan->pos = start;
        return parser_value(p);
    }
    return o;
}

static bool is_order(enum condition_op op)
{
    return op >= CONDITION_LT && op <= CONDITION_GE;
}

/* All of them and the literal as numbers; false when one is none. */
static bool choice_numbers(const struct parser *p, const struct gene_spec *spec, const char *text,
                           double out[GENOME_CHOICES_MAX + 1])
{
    bool all = decimal_parse(bytes_of_text(text), &out[spec->choice_count]) == ERR_OK;
    for (unsigned i = 0; i < spec->choice_count && all; i++)
        all = decimal_parse(bytes_of_text(gene_choice(p->schema, spec, i)), &out[i]) == ERR_OK;
    return all && spec->choice_count > 0;
}

/* What is meant by an order of choices: their places, or their numbers. */
static void meanings(struct parser *p, const struct operand *gene, const struct operand *o, const char *text,
                     double out[GENOME_CHOICES_MAX + 1])
{
    const struct gene_spec *spec = chooser_of(p, gene);
    if (spec->type == GENE_ORDINAL) {
        for (unsigned i = 0; i < spec->choice_count; i++)
            out[i] = i;
        out[spec->choice_count] = choice_find(p, spec, o);
        if (out[spec->choice_count] < 0)
            fail_no_choice(p, spec, o);
    } else if (p->style != CONDITION_R || !choice_numbers(p, spec, text, out)) {
        scan_fail(p->scan, gene->at, ERR_TYPE, "%s has no order: only ==, != and in compare it", spec->name);
    }
}

static void put_equal(struct parser *p, unsigned gene, unsigned choice)
{
    parser_append(p, (struct condition_item){.op = CONDITION_EQ});
    parser_append(p, (struct condition_item){.op = CONDITION_GENE, .index = (uint16_t)gene});
    parser_append(p, (struct condition_item){.op = CONDITION_CHOICE, .index = (uint16_t)choice});
}

/* gene in {the chosen ones}, in place of the gene; none: gene != gene, which is never true. Where R's %in% would mean
 * something else, it is gene == a | gene == b, so that it can be written for R. */
static void put_some(struct parser *p, const struct operand *gene, const bool chosen[])
{
    const struct gene_spec *spec = chooser_of(p, gene);
    unsigned count = 0;
    for (unsigned i = 0; i < spec->choice_count; i++)
        count += chosen[i];
    p->schema->item_count = gene->start;
    if (count == 0)
        parser_append(p, (struct condition_item){.op = CONDITION_NE});
    else if (count > 1 && !p->is_exact)
        parser_append(p, (struct condition_item){.op = CONDITION_IN, .index = (uint16_t)count});
    for (unsigned i = 1; i < count && p->is_exact; i++)
        parser_append(p, (struct condition_item){.op = CONDITION_OR});
    bool apart = count == 1 || (count > 1 && p->is_exact);
    for (unsigned i = 0; i < (apart ? 0U : count == 0 ? 2U : 1U); i++)
        parser_append(p, (struct condition_item){.op = CONDITION_GENE, .index = (uint16_t)gene->gene});
    for (unsigned i = 0; i < spec->choice_count; i++) {
        if (chosen[i] && apart)
            put_equal(p, gene->gene, i);
        else if (chosen[i])
            parser_append(p, (struct condition_item){.op = CONDITION_CHOICE, .index = (uint16_t)i});
    }
}

/* gene < literal, the gene being in the pool and whatever the literal has put there behind it. */
static void put_order(struct parser *p, const struct operand *gene, enum condition_op op, const struct operand *o)
{
    const struct gene_spec *spec = chooser_of(p, gene);
    char text[GENOME_CHOICE_MAX + 1] = "";
    double meant[GENOME_CHOICES_MAX + 1] = {0};
    bool chosen[GENOME_CHOICES_MAX], agrees = o->literal.data != NULL && literal_text(p, o, text);
    if (!agrees)
        put_choice(p, gene->gene, o); /* complains */
    else
        meanings(p, gene, o, text, meant);
    for (unsigned i = 0; i < spec->choice_count && !parser_failed(p); i++) {
        chosen[i] = condition_in_order(op, meant[i] - meant[spec->choice_count]);
        agrees = agrees && chosen[i] == condition_in_order(op, strcmp(gene_choice(p->schema, spec, i), text));
    }
    if (p->style == CONDITION_R && !agrees)
        scan_fail(p->scan, o->at, ERR_TYPE,
                  "R compares the choices of %s as texts, in another order than their own: name those that are meant "
                  "(%%in%% c(...))",
                  spec->name);
    if (parser_failed(p))
        return;
    if (spec->type != GENE_ORDINAL) {
        put_some(p, gene, chosen);
        return;
    }
    p->schema->item_count = o->start;
    parser_append(p, (struct condition_item){.op = CONDITION_CHOICE, .index = (uint16_t)meant[spec->choice_count]});
    parser_insert(p, gene->start, (struct condition_item){.op = (uint16_t)op});
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

/* Two genes with choices, both in the pool. */
static void compare_choosers(struct parser *p, const struct operand *left, enum condition_op op,
                             const struct operand *right)
{
    const struct gene_spec *a = chooser_of(p, left), *b = chooser_of(p, right);
    if (op != CONDITION_EQ && op != CONDITION_NE)
        scan_fail(p->scan, right->at, ERR_TYPE, "%s and %s have no common order: only == and != compare them", a->name,
                  b->name);
    else if ((a->type == GENE_TOGGLE) != (b->type == GENE_TOGGLE))
        scan_fail(p->scan, right->at, ERR_TYPE, "%s and %s have no choices in common: one of them is a toggle", a->name,
                  b->name);
    parser_insert(p, left->start, (struct condition_item){.op = (uint16_t)op});
}

/* A gene with choices, and what stands opposite to it. */
static void compare_chooser(struct parser *p, const struct operand *gene, enum condition_op op,
                            const struct operand *other)
{
    if (other->kind == OPERAND_CHOOSER) {
        compare_choosers(p, gene, op, other);
    } else if (is_order(op)) {
        put_order(p, gene, op, other);
    } else {
        put_choice(p, gene->gene, other);
        parser_insert(p, gene->start, (struct condition_item){.op = (uint16_t)op});
    }
}

/* A choice, then the gene: "low" < level. The gene comes first in the pool. */
static void compare_turned(struct parser *p, struct operand choice, enum condition_op op, struct operand gene)
{
    p->schema->item_count = gene.start = choice.start; /* gene.at stays where it stands in the text */
    parser_append(p, (struct condition_item){.op = CONDITION_GENE, .index = (uint16_t)gene.gene});
    choice.start = p->schema->item_count;
    compare_chooser(p, &gene, turned(op), &choice);
}

/* n == "3": R compares them as texts, which is the same for == and !=. */
static void number_in_quotes(struct parser *p, struct operand *o)
{
    double x = 0;
    if (o->kind != OPERAND_TEXT || !o->is_quoted || decimal_parse(o->literal, &x) != ERR_OK ||
        !gene_number_fits(x + 0.0))
        return;
    o->kind = OPERAND_NUMBER;
    parser_append(p, (struct condition_item){.op = CONDITION_NUMBER, .number = x + 0.0});
}

static void compare_numbers(struct parser *p, struct operand left, enum condition_op op, struct operand right)
{
    if (left.kind == OPERAND_NUMBER && !is_order(op))
        number_in_quotes(p, &right);
    parser_want_number(p, &left);
    parser_want_number(p, &right);
    parser_insert(p, left.start, (struct condition_item){.op = (uint16_t)op});
}

static void compare_operands(struct parser *p, struct operand left, enum condition_op op, struct operand right)
{
    if (left.kind == OPERAND_CHOOSER)
        compare_chooser(p, &left, op, &right);
    else if (right.kind == OPERAND_CHOOSER && left.literal.data != NULL)
        compare_turned(p, left, op, right);
    else
        compare_numbers(p, left, op, right);
}

static struct operand compare(struct parser *p, struct operand left, enum condition_op op)
{
    struct operand right = left.kind == OPERAND_CHOOSER ? parse_choice(p, left.gene) : parser_sum(p);
    if (parser_failed(p))
        return left;
    compare_operands(p, left, op, right);
    return (struct operand){.kind = OPERAND_TRUTH, .at = left.at, .start = left.start};
}

/* ---- lists */

/* Is the newest item among those from first on? */
static bool is_repeated(const struct parser *p, unsigned first)
{
    const struct condition_item *items = p->schema->items;
    unsigned last = p->schema->item_count - 1;
    for (unsigned i = first; i < last; i++)
        if (items[i].op == items[last].op && items[i].index == items[last].index &&
            items[i].number == items[last].number)
            return true;
    return false;
}

/* 1:3 in R; a choice that the gene has not is none of those meant. */
static void put_sequence(struct parser *p, const struct operand *left, unsigned first, const struct operand *from)
{
    struct operand to = parser_unary(p);
    parser_want_number(p, from);
    parser_want_number(p, &to);
    if (!parser_failed(p) && (from->literal.data == NULL || to.literal.data == NULL))
        scan_fail(p->scan, from->at, ERR_TYPE, "a sequence a:b is of two numbers");
    if (parser_failed(p))
        return;
    double a = p->schema->items[from->start].number, b = p->schema->items[to.start].number;
    double step = a <= b ? 1 : -1;
    if (!((b - a) * step < SEQUENCE_MAX)) {
        scan_fail(p->scan, from->at, ERR_LIMIT, "a sequence has at most %d values", SEQUENCE_MAX);
        return;
    }
    p->schema->item_count = from->start;
    for (double x = a; (b - x) * step >= 0 && !parser_failed(p); x += step) {
        struct buf text = {0};
        decimal_print(x, &text);
        int choice =
            left->kind != OPERAND_CHOOSER ? 0 : gene_choice_find(p->schema, chooser_of(p, left), bytes_of_buf(&text));
        if (left->kind != OPERAND_CHOOSER)
            parser_append(p, (struct condition_item){.op = CONDITION_NUMBER, .number = x + 0.0});
        else if (choice >= 0)
            parser_append(p, (struct condition_item){.op = CONDITION_CHOICE, .index = (uint16_t)choice});
        if (p->schema->item_count > from->start && is_repeated(p, first))
            p->schema->item_count--;
        buf_free(&text);
    }
}

static bool sequence_follows(struct parser *p)
{
    size_t start = p->scan->pos;
    scan_blank(p->scan);
    if (p->style == CONDITION_R && scan_accept(p->scan, ":"))
        return true;
    p->scan->pos = start;
    return false;
}

static struct operand parse_list_value(struct parser *p, const struct operand *left)
{
    return left->kind == OPERAND_CHOOSER ? parse_choice(p, left->gene) : parser_unary(p);
}

/* A value of a list (the first of which is in the pool from `first` on), and what it means opposite to the left side.
 */
static void put_list_value(struct parser *p, const struct operand *left, unsigned first, struct operand *value)
{
    bool choosing = left->kind == OPERAND_CHOOSER;
    if (sequence_follows(p)) {
        put_sequence(p, left, first, value);
        return;
    }
    if (choosing)
        put_choice(p, left->gene, value);
    else
        number_in_quotes(p, value);
    if (!choosing && (value->literal.len == 0 || value->kind != OPERAND_NUMBER))
        scan_fail(p->scan, value->at, ERR_TYPE, "expected a number");
    if (!parser_failed(p) && is_repeated(p, first))
        scan_fail(p->scan, value->at, ERR_DUPLICATE, "this value stands twice");
}

/* "left is known, and" before the comparison that begins at left.start, whose left side has `len` items. */
static void put_known(struct parser *p, const struct operand *left, unsigned len)
{
    static const enum condition_op ops[] = {CONDITION_UNKNOWN, CONDITION_NOT, CONDITION_AND};
    for (unsigned i = 0; i < len && !parser_failed(p); i++) /* each insertion moves the next item to the same place */
        parser_insert(p, left->start, p->schema->items[left->start + len]);
    for (unsigned i = 0; i < 3; i++)
        parser_insert(p, left->start, (struct condition_item){.op = (uint16_t)ops[i]});
}

/* left in the values that lie in the pool from first on: in one it is ==, in none left != left. What R does not know is
 * in no list, and where it makes a difference (below a "not") that is said. */
static struct operand membership(struct parser *p, struct operand left, unsigned first, bool in_r)
{
    unsigned count = p->schema->item_count - first;
    struct condition_item op = {.op = count == 1 ? CONDITION_EQ : CONDITION_NE};
    if (count > 1)
        op = (struct condition_item){.op = CONDITION_IN, .index = (uint16_t)count};
    if (count == 0)
        parser_repeat(p, left.start, first);
    parser_insert(p, left.start, op);
    if (MUTATE(GENOME_LIST_OF_UNKNOWN, false, in_r && p->is_exact))
        put_known(p, &left, first - left.start);
    return (struct operand){.kind = OPERAND_TRUTH, .at = left.at, .start = left.start};
}

/* Behind "in {" or "%in% c(". */
static struct operand parse_list(struct parser *p, struct operand left, const char *end)
{
    bool in_r = p->style == CONDITION_R;
    unsigned first = p->schema->item_count;
    if (left.kind != OPERAND_CHOOSER)
        parser_want_number(p, &left);
    scan_blank(p->scan);
    if (in_r && scan_accept(p->scan, end))
        return membership(p, left, first, in_r);
    do {
        struct operand value = parse_list_value(p, &left);
        put_list_value(p, &left, first, &value);
        scan_blank(p->scan);
    } while (scan_accept(p->scan, ","));
    scan_expect(p->scan, end, "or a comma after a value");
    return parser_failed(p) ? left : membership(p, left, first, in_r);
}

/* Behind %in%: c(...), or one value or sequence, also in parentheses. */
static struct operand parse_in(struct parser *p, struct operand left)
{
    unsigned first = p->schema->item_count;
    bool in_r = p->style == CONDITION_R;
    if (in_r && left.is_open)
        scan_fail(p->scan, left.at, ERR_SYNTAX, "%%in%% binds tighter than this: its left side stands in parentheses");
    scan_blank(p->scan);
    size_t start = p->scan->pos;
    if (scan_accept(p->scan, "c")) {
        scan_blank(p->scan);
        if (scan_accept(p->scan, "("))
            return parse_list(p, left, ")");
        p->scan->pos = start;
    }
    if (left.kind != OPERAND_CHOOSER)
        parser_want_number(p, &left);
    bool is_group = in_r && scan_accept(p->scan, "(");
    struct operand value = parse_list_value(p, &left);
    if (!is_group && value.literal.data == NULL && !parser_failed(p)) { /* another parameter: one value needs no c() */
        compare_operands(p, left, CONDITION_EQ, value);
        return (struct operand){.kind = OPERAND_TRUTH, .at = left.at, .start = left.start};
    }
    put_list_value(p, &left, first, &value);
    scan_blank(p->scan);
    if (is_group && scan_peek(p->scan) == ',')
        scan_fail(p->scan, start, ERR_SYNTAX, "a list of values begins with c(");
    if (is_group)
        scan_expect(p->scan, ")", "to close the group");
    return parser_failed(p) ? left : membership(p, left, first, in_r);
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
    if (bytes_equal(scan_word(p->scan, parser_name_marks(p)), bytes_of_text("in")))
        return true;
    p->scan->pos = start;
    return false;
}

struct operand parser_comparison(struct parser *p)
{
    struct operand left = parser_sum(p);
    enum condition_op op;
    scan_blank(p->scan);
    if (scan_accept(p->scan, "%in%"))
        return parse_in(p, left);
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
