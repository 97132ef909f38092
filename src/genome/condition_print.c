#include <string.h>

#include "codec/decimal.h"
#include "genome/condition_text.h"
#include "genome/schema.h"

struct printer {
    const struct genome_schema *schema;
    enum condition_style style;
    struct buf *out;
    struct diag *diag;
    enum err err;
    const struct condition_item *next;
    bool is_exact; /* below a "not" or the like, where unknown and false are not one */
};

/* How tightly it binds; an operand that binds less needs parentheses. */
enum level {
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_COMPARISON,
    LEVEL_SUM,
    LEVEL_PRODUCT,
    LEVEL_SIGN,
    LEVEL_POWER,
    LEVEL_VALUE
};

static enum level level_of(enum condition_op op)
{
    switch (op) {
    case CONDITION_OR:
        return LEVEL_OR;
    case CONDITION_AND:
        return LEVEL_AND;
    case CONDITION_NOT:
        return LEVEL_NOT;
    case CONDITION_ADD:
    case CONDITION_SUBTRACT:
        return LEVEL_SUM;
    case CONDITION_MULTIPLY:
    case CONDITION_DIVIDE:
    case CONDITION_MODULO:
        return LEVEL_PRODUCT;
    case CONDITION_NEGATE:
        return LEVEL_SIGN;
    case CONDITION_POWER:
        return LEVEL_POWER;
    default:
        return op >= CONDITION_EQ && op <= CONDITION_IN ? LEVEL_COMPARISON : LEVEL_VALUE;
    }
}

bool condition_choice_is_bare(const char *choice)
{
    struct scan scan = {.text = bytes_of_text(choice)};
    return *choice != '\0' && gene_choice_fits(choice) && scan_choice(&scan).len == strlen(choice);
}

/* As R reads it in an expression. */
static void put_quoted(struct buf *out, const char *text)
{
    buf_add_byte(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buf_add_byte(out, '\\');
        buf_add_byte(out, (uint8_t)*text);
    }
    buf_add_byte(out, '"');
}

static void fail(struct printer *p, const char *what, const char *name)
{
    if (p->err == ERR_OK)
        p->err = diag_set(p->diag, ERR_RANGE, "PCS has no way to write %s%s", what, name);
}

static void put_choice(struct printer *p, const struct gene_spec *spec, unsigned choice)
{
    static const char *const toggles[2][2] = {{"0", "1"}, {"false", "true"}};
    if (spec->type == GENE_TOGGLE) {
        bool is_json = p->style == CONDITION_JSON;
        buf_printf(p->out, p->style == CONDITION_R ? "\"%s\"" : "%s", toggles[is_json][choice]);
        return;
    }
    const char *text = gene_choice(p->schema, spec, choice);
    if (p->style != CONDITION_PCS)
        put_quoted(p->out, text);
    else if (condition_choice_is_bare(text))
        buf_add_text(p->out, text);
    else if (p->err == ERR_OK)
        p->err = diag_set(p->diag, ERR_RANGE, "PCS has no way to write the choice \"%s\" of %s", text, spec->name);
}

/* A name that R would take for something else stands between backquotes. */
static void put_name(struct printer *p, const struct gene_spec *spec, bool opposite)
{
    char first = spec->name[0];
    bool plain = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '.';
    const char *quote = p->style == CONDITION_R && !plain ? "`" : "";
    bool grouped = opposite && p->style != CONDITION_R; /* or it could be a choice of the gene to its left */
    buf_printf(p->out, "%s%s%s%s%s", grouped ? "(" : "", quote, spec->name, quote, grouped ? ")" : "");
}

static void print_at(struct printer *p, enum level loosest);

static void print_list(struct printer *p, const struct gene_spec *chooser, unsigned count)
{
    bool in_r = p->style != CONDITION_PCS;
    buf_add_text(p->out, in_r ? " %in% c(" : " in {");
    for (unsigned i = 0; i < count && p->err == ERR_OK; i++) {
        buf_add_text(p->out, i > 0 ? ", " : "");
        if (chooser != NULL)
            put_choice(p, chooser, p->next++->index);
        else
            print_at(p, LEVEL_OR);
    }
    buf_add_text(p->out, in_r ? ")" : "}");
}

static const struct gene_spec *chooser_at(const struct printer *p, const struct condition_item *item)
{
    const struct gene_spec *spec = item->op == CONDITION_GENE ? &p->schema->genes[item->index] : NULL;
    return spec != NULL && gene_has_choices(spec) ? spec : NULL;
}

/* Where it makes a difference R knows what is in a list and what is not, also of what is unknown: x in {a, b} is
 * (x == a | x == b) there. */
static void print_list_apart(struct printer *p, const struct condition_item *op, const struct gene_spec *chooser)
{
    struct buf text = {0}, *out = p->out;
    p->out = &text;
    print_at(p, LEVEL_SUM);
    p->out = out;
    for (unsigned i = 0; i < op->index; i++) {
        buf_printf(out, "%s%s == ", i > 0 ? " | " : "(", buf_text(&text));
        if (chooser != NULL)
            put_choice(p, chooser, p->next++->index);
        else
            print_at(p, LEVEL_SUM);
    }
    buf_add_text(out, ")");
    buf_free(&text);
}

/* Do the places of the choices give the same answers as their texts, which is what R compares? */
static bool order_is_of_texts(const struct printer *p, const struct gene_spec *spec, enum condition_op op,
                              unsigned choice)
{
    for (unsigned i = 0; i < spec->choice_count; i++) {
        int text = strcmp(gene_choice(p->schema, spec, i), gene_choice(p->schema, spec, choice));
        if (condition_in_order(op, text) != condition_in_order(op, (double)i - (double)choice))
            return false;
    }
    return true;
}

/* level >= "mid" as the list of what it means; in none of them is level != level. */
static void print_order_as_list(struct printer *p, enum condition_op op, const struct gene_spec *spec, unsigned choice)
{
    unsigned count = 0;
    buf_add_text(p->out, p->is_exact ? "(" : "");
    for (unsigned i = 0; i < spec->choice_count; i++) {
        if (!condition_in_order(op, (double)i - (double)choice))
            continue;
        if (count++ > 0)
            buf_add_text(p->out, p->is_exact ? " | " : ", ");
        if (count == 1 || p->is_exact)
            put_name(p, spec, false);
        if (count == 1 || p->is_exact)
            buf_add_text(p->out, p->is_exact ? " == " : " %in% c(");
        put_choice(p, spec, i);
    }
    if (count == 0)
        buf_printf(p->out, "%s != %s", spec->name, spec->name);
    buf_add_text(p->out, count > 0 || p->is_exact ? ")" : "");
}

static void print_comparison(struct printer *p, const struct condition_item *op)
{
    const struct gene_spec *chooser = chooser_at(p, p->next), *other = chooser_at(p, p->next + 1);
    bool by_order = op->op >= CONDITION_LT && op->op <= CONDITION_GE;
    if (op->op == CONDITION_IN && p->style == CONDITION_R && p->is_exact) {
        print_list_apart(p, op, chooser);
        return;
    }
    if (chooser != NULL && by_order && p->style == CONDITION_R &&
        !order_is_of_texts(p, chooser, op->op, p->next[1].index)) {
        print_order_as_list(p, op->op, chooser, p->next[1].index);
        p->next += 2;
        return;
    }
    print_at(p, LEVEL_SUM);
    if (op->op == CONDITION_IN) {
        print_list(p, chooser, op->index);
        return;
    }
    buf_printf(p->out, " %s ", condition_op_name(op->op));
    if (chooser != NULL && other != NULL) {
        p->next++;
        put_name(p, other, true);
    } else if (chooser != NULL) {
        put_choice(p, chooser, p->next++->index);
    } else {
        print_at(p, LEVEL_SUM);
    }
}

/* Behind the first &: is it "x is known, and x in ...", which below a "not" is how R's %in% is read? */
static bool is_known_list(const struct printer *p)
{
    const struct condition_item *i = p->next;
    if (p->style != CONDITION_R || !p->is_exact || i[0].op != CONDITION_NOT || i[1].op != CONDITION_UNKNOWN)
        return false;
    unsigned len = condition_length(i + 2);
    const struct condition_item *list = i + 2 + len;
    if (list->op != CONDITION_EQ && list->op != CONDITION_IN)
        return false;
    for (unsigned k = 0; k < len; k++)
        if (i[2 + k].op != list[1 + k].op || i[2 + k].index != list[1 + k].index ||
            i[2 + k].number != list[1 + k].number)
            return false;
    const struct condition_item *value = list + 1 + len;
    return value->op == CONDITION_NUMBER || value->op == CONDITION_CHOICE;
}

static void print_known_list(struct printer *p)
{
    p->next += 2 + condition_length(p->next + 2);
    const struct condition_item *list = p->next++;
    const struct gene_spec *chooser = chooser_at(p, p->next);
    print_at(p, LEVEL_SIGN);
    print_list(p, chooser, list->op == CONDITION_IN ? list->index : 1);
}

/* % is as tight as * in PCS and tighter in R: whoever mixes them gets parentheses. */
static enum level operand_level(enum condition_op op, const struct condition_item *operand, bool is_right)
{
    bool mixed = (op == CONDITION_MODULO) != (operand->op == CONDITION_MODULO);
    if (level_of(op) == LEVEL_PRODUCT && level_of(operand->op) == LEVEL_PRODUCT && mixed)
        return LEVEL_VALUE;
    return level_of(op) + is_right; /* all of these group to the left */
}

static void print_binary(struct printer *p, enum condition_op op)
{
    bool doubled = p->style == CONDITION_PCS && (op == CONDITION_AND || op == CONDITION_OR);
    const char *name = p->style == CONDITION_PCS && op == CONDITION_MODULO ? "%" : condition_op_name(op);
    print_at(p, operand_level(op, p->next, false));
    buf_printf(p->out, " %s%s ", name, doubled ? name : "");
    print_at(p, operand_level(op, p->next, true));
}

/* The base has no sign; an exponent that has one, or is a power, gets parentheses. */
static void print_power(struct printer *p)
{
    print_at(p, LEVEL_VALUE);
    buf_add_text(p->out, " ^ ");
    print_at(p, LEVEL_VALUE);
}

static void print_function(struct printer *p, enum condition_op op)
{
    bool was_exact = p->is_exact;
    p->is_exact = was_exact || op == CONDITION_XOR || op == CONDITION_UNKNOWN || op == CONDITION_IF;
    if (p->style == CONDITION_PCS && (op == CONDITION_XOR || op == CONDITION_UNKNOWN || op == CONDITION_IF))
        fail(p, condition_op_name(op), "()");
    buf_printf(p->out, "%s(", condition_op_name(op));
    for (unsigned i = 0; i < condition_op_arity(op); i++) {
        buf_add_text(p->out, i > 0 ? ", " : "");
        print_at(p, LEVEL_OR);
    }
    buf_add_text(p->out, ")");
    p->is_exact = was_exact;
}

static void print_not(struct printer *p)
{
    bool was_exact = p->is_exact;
    p->is_exact = true;
    buf_add_text(p->out, "!");
    print_at(p, LEVEL_VALUE);
    p->is_exact = was_exact;
}

static void print_value(struct printer *p, const struct condition_item *item)
{
    if (item->op == CONDITION_NUMBER) {
        decimal_print(item->number, p->out);
    } else if (item->op == CONDITION_GENE) {
        put_name(p, &p->schema->genes[item->index], false);
    } else if (item->op == CONDITION_TRUE || item->op == CONDITION_FALSE) {
        if (p->style == CONDITION_PCS)
            fail(p, condition_op_name(item->op), "");
        buf_add_text(p->out, item->op == CONDITION_TRUE ? "TRUE" : "FALSE");
    } else {
        print_function(p, item->op);
    }
}

static void print_item(struct printer *p, const struct condition_item *item)
{
    switch (level_of(item->op)) {
    case LEVEL_OR:
    case LEVEL_AND:
    case LEVEL_SUM:
    case LEVEL_PRODUCT:
        print_binary(p, item->op);
        break;
    case LEVEL_NOT:
        print_not(p);
        break;
    case LEVEL_COMPARISON:
        print_comparison(p, item);
        break;
    case LEVEL_SIGN: /* its operand in parentheses, or it would be the sign of a number */
        buf_add_text(p->out, "-(");
        print_at(p, LEVEL_OR);
        buf_add_text(p->out, ")");
        break;
    case LEVEL_POWER:
        print_power(p);
        break;
    case LEVEL_VALUE:
        print_value(p, item);
    }
}

static enum level level_at(const struct condition_item *item)
{
    return item->op == CONDITION_NUMBER && item->number < 0 ? LEVEL_SIGN : level_of(item->op);
}

static void print_at(struct printer *p, enum level loosest)
{
    const struct condition_item *item = p->next++;
    bool is_list = item->op == CONDITION_AND && is_known_list(p);
    bool grouped = (is_list ? LEVEL_COMPARISON : level_at(item)) < loosest;
    if (p->err != ERR_OK)
        return;
    buf_add_text(p->out, grouped ? "(" : "");
    if (is_list)
        print_known_list(p);
    else
        print_item(p, item);
    buf_add_text(p->out, grouped ? ")" : "");
}

enum err condition_print(const struct genome_schema *schema, struct condition c, enum condition_style style,
                         struct buf *out, struct diag *diag)
{
    struct printer p = {.schema = schema, .style = style, .out = out, .diag = diag, .next = schema->items + c.first};
    print_at(&p, LEVEL_OR);
    return p.err;
}
