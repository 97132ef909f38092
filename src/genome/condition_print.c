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
};

/* How tightly it binds; an operand that binds less needs parentheses. */
enum level { LEVEL_OR, LEVEL_AND, LEVEL_NOT, LEVEL_COMPARISON, LEVEL_SUM, LEVEL_PRODUCT, LEVEL_VALUE };

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
    default:
        return op >= CONDITION_EQ && op <= CONDITION_IN ? LEVEL_COMPARISON : LEVEL_VALUE;
    }
}

bool condition_choice_is_bare(const char *choice)
{
    return *choice != '\0' && strpbrk(choice, " #\"'()[]{},|&!=<>;%") == NULL && gene_choice_fits(choice) &&
           choice[strspn(choice, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:@-+/*")] == '\0';
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
        buf_printf(p->out, "\"%s\"", text);
    else if (condition_choice_is_bare(text))
        buf_add_text(p->out, text);
    else
        p->err = diag_set(p->diag, ERR_RANGE, "PCS has no way to write the choice \"%s\" of %s", text, spec->name);
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
            print_at(p, LEVEL_VALUE);
    }
    buf_add_text(p->out, in_r ? ")" : "}");
}

static void print_comparison(struct printer *p, const struct condition_item *op)
{
    const struct gene_spec *spec = p->next->op == CONDITION_GENE ? &p->schema->genes[p->next->index] : NULL;
    const struct gene_spec *chooser =
        spec != NULL && spec->type != GENE_CONTINUOUS && spec->type != GENE_DISCRETE ? spec : NULL;
    print_at(p, LEVEL_SUM);
    if (op->op == CONDITION_IN) {
        print_list(p, chooser, op->index);
        return;
    }
    buf_printf(p->out, " %s ", condition_op_name(op->op));
    if (chooser != NULL)
        put_choice(p, chooser, p->next++->index);
    else
        print_at(p, LEVEL_SUM);
}

static void print_binary(struct printer *p, enum condition_op op)
{
    bool doubled = p->style == CONDITION_PCS && (op == CONDITION_AND || op == CONDITION_OR);
    const char *name = p->style == CONDITION_PCS && op == CONDITION_MODULO ? "%" : condition_op_name(op);
    print_at(p, level_of(op));
    buf_printf(p->out, " %s%s ", name, doubled ? name : "");
    print_at(p, level_of(op) + 1); /* all of these group to the left */
}

static void print_function(struct printer *p, enum condition_op op)
{
    buf_printf(p->out, "%s(", condition_op_name(op));
    print_at(p, LEVEL_OR);
    if (condition_op_arity(op) == 2) {
        buf_add_text(p->out, ", ");
        print_at(p, LEVEL_OR);
    }
    buf_add_text(p->out, ")");
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
        buf_add_text(p->out, "!");
        print_at(p, LEVEL_VALUE);
        break;
    case LEVEL_COMPARISON:
        print_comparison(p, item);
        break;
    case LEVEL_VALUE:
        if (item->op == CONDITION_NUMBER) {
            decimal_print(item->number, p->out);
        } else if (item->op == CONDITION_GENE) {
            buf_add_text(p->out, p->schema->genes[item->index].name);
        } else if (item->op == CONDITION_NEGATE) { /* in parentheses, or it would be the sign of a number */
            buf_add_text(p->out, "-(");
            print_at(p, LEVEL_OR);
            buf_add_text(p->out, ")");
        } else {
            print_function(p, item->op);
        }
    }
}

static void print_at(struct printer *p, enum level loosest)
{
    const struct condition_item *item = p->next++;
    bool grouped = level_of(item->op) < loosest;
    if (p->err != ERR_OK)
        return;
    buf_add_text(p->out, grouped ? "(" : "");
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
