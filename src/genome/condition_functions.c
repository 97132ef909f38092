#include "codec/decimal.h"
#include "genome/condition_parser.h"
#include "genome/genome.h"

/* The functions of expressions: those of numbers, which are operators themselves, and R's others, of truths and
 * choices. */

static const char all_functions[] = "min, max, abs, floor, ceiling, round, trunc, sqrt, exp, log, as.numeric, "
                                    "as.integer, is.na, xor, all, any, ifelse";

static void want_comma(struct parser *p)
{
    scan_blank(p->scan);
    scan_expect(p->scan, ",", "between the function's values");
}

static void numeric(struct parser *p, enum condition_op op, struct operand *o)
{
    bool is_binary = condition_op_arity(op) == 2;
    unsigned count = 0;
    do { /* min and max take any number of values, min(a, b, c) being min(min(a, b), c) */
        struct operand argument = parser_or(p);
        parser_want_number(p, &argument);
        scan_blank(p->scan);
        if (!is_binary || count++ > 0)
            parser_insert(p, o->start, (struct condition_item){.op = (uint16_t)op});
    } while (is_binary && scan_accept(p->scan, ","));
}

static void any_or_all(struct parser *p, enum condition_op op, struct operand *o)
{
    unsigned count = 0;
    do {
        struct operand argument = parser_or(p);
        parser_want_truth(p, &argument);
        scan_blank(p->scan);
        if (count++ > 0)
            parser_insert(p, o->start, (struct condition_item){.op = (uint16_t)op});
    } while (scan_accept(p->scan, ","));
    o->kind = OPERAND_TRUTH;
}

static void exclusive(struct parser *p, struct operand *o)
{
    struct operand a = parser_or(p);
    want_comma(p);
    struct operand b = parser_or(p);
    parser_want_truth(p, &a);
    parser_want_truth(p, &b);
    parser_insert(p, o->start, (struct condition_item){.op = CONDITION_XOR});
    o->kind = OPERAND_TRUTH;
}

static void is_unknown(struct parser *p, struct operand *o)
{
    struct operand argument = parser_or(p);
    if (argument.kind != OPERAND_CHOOSER)
        parser_want_number(p, &argument);
    parser_insert(p, o->start, (struct condition_item){.op = CONDITION_UNKNOWN});
    o->kind = OPERAND_TRUTH;
}

static void if_else(struct parser *p, struct operand *o)
{
    struct operand condition = parser_or(p);
    want_comma(p);
    struct operand yes = parser_or(p);
    want_comma(p);
    struct operand no = parser_or(p);
    parser_want_truth(p, &condition);
    if (yes.kind == OPERAND_TRUTH)
        parser_want_truth(p, &no);
    else
        parser_want_number(p, &yes);
    if (yes.kind != OPERAND_TRUTH)
        parser_want_number(p, &no);
    parser_insert(p, o->start, (struct condition_item){.op = CONDITION_IF});
    o->kind = yes.kind;
}

/* The number that a choice is: if it is the first choice then ..., else if ..., the last one otherwise. */
static void number_of_choice(struct parser *p, struct operand *o)
{
    struct operand argument = parser_or(p);
    if (argument.kind != OPERAND_CHOOSER || parser_failed(p)) {
        parser_want_number(p, &argument);
        return;
    }
    const struct gene_spec *spec = &p->schema->genes[argument.gene];
    p->schema->item_count = argument.start;
    for (unsigned i = 0; i < spec->choice_count; i++) {
        double x = 0;
        if (decimal_parse(bytes_of_text(gene_choice(p->schema, spec, i)), &x) != ERR_OK)
            scan_fail(p->scan, argument.at, ERR_TYPE, "the choice \"%s\" of %s is no number",
                      gene_choice(p->schema, spec, i), spec->name);
        if (i + 1 < spec->choice_count || i == 0) {
            parser_append(p, (struct condition_item){.op = CONDITION_IF});
            parser_append(p, (struct condition_item){.op = CONDITION_EQ});
            parser_append(p, (struct condition_item){.op = CONDITION_GENE, .index = (uint16_t)argument.gene});
            parser_append(p, (struct condition_item){.op = CONDITION_CHOICE, .index = (uint16_t)i});
        }
        parser_append(p, (struct condition_item){.op = CONDITION_NUMBER, .number = x + 0.0});
        if (spec->choice_count == 1)
            parser_append(p, (struct condition_item){.op = CONDITION_NUMBER, .number = x + 0.0});
    }
    if (spec->choice_count == 0)
        scan_fail(p->scan, argument.at, ERR_TYPE, "%s has no choices that are numbers", spec->name);
    o->kind = OPERAND_NUMBER;
}

static bool is(struct bytes name, const char *text)
{
    return bytes_equal(name, bytes_of_text(text));
}

static enum condition_op numeric_find(struct bytes name)
{
    for (unsigned op = CONDITION_MIN; op <= CONDITION_LOG; op++)
        if (op != CONDITION_POWER && is(name, condition_op_name(op)))
            return op;
    return CONDITION_OP_COUNT;
}

static void arguments(struct parser *p, struct bytes name, struct operand *o)
{
    enum condition_op op = numeric_find(name);
    if (op != CONDITION_OP_COUNT)
        numeric(p, op, o);
    else if (is(name, "any") || is(name, "all"))
        any_or_all(p, is(name, "any") ? CONDITION_OR : CONDITION_AND, o);
    else if (is(name, "as.numeric") || is(name, "as.integer"))
        number_of_choice(p, o);
    else if (is(name, "is.na"))
        is_unknown(p, o);
    else if (is(name, "xor"))
        exclusive(p, o);
    else if (is(name, "ifelse"))
        if_else(p, o);
    else
        scan_fail(p->scan, o->at, ERR_UNKNOWN, "there is no function %.*s; there are %s", (int)name.len,
                  (const char *)name.data, all_functions);
}

void parser_arguments(struct parser *p, struct bytes name, struct operand *o)
{
    bool was_exact = p->is_exact;
    p->is_exact = was_exact || is(name, "is.na") || is(name, "xor") || is(name, "ifelse");
    arguments(p, name, o);
    p->is_exact = was_exact;
    scan_blank(p->scan);
    scan_expect(p->scan, ")", "to end the function's values");
}
