#include <inttypes.h>

#include "codec/decimal.h"
#include "genome/space_formats.h"

static enum err choices_print(const struct genome_schema *schema, const struct gene_spec *spec, const char *type,
                              struct buf *out, struct diag *diag)
{
    buf_printf(out, "%s%s{", spec->name, type);
    for (unsigned i = 0; i < spec->choice_count; i++) {
        const char *choice = gene_choice(schema, spec, i);
        if (!condition_choice_is_bare(choice))
            return diag_set(diag, ERR_RANGE, "PCS has no way to write the choice \"%s\" of %s", choice, spec->name);
        buf_printf(out, "%s%s", i > 0 ? ", " : "", choice);
    }
    buf_printf(out, "} [%s]\n", gene_choice(schema, spec, (unsigned)spec->default_integer));
    return ERR_OK;
}

static void range_print(const struct gene_spec *spec, bool is_new, struct buf *out)
{
    bool is_real = spec->type == GENE_CONTINUOUS;
    buf_printf(out, "%s%s [", spec->name, !is_new ? "" : is_real ? " real" : " integer");
    decimal_print(is_real ? spec->lo : (double)spec->ilo, out);
    buf_add_text(out, ", ");
    decimal_print(is_real ? spec->hi : (double)spec->ihi, out);
    buf_add_text(out, "] [");
    decimal_print(is_real ? spec->default_real : (double)spec->default_integer, out);
    buf_add_text(out, "]");
    if (is_new)
        buf_add_text(out, spec->log_scale ? " log" : "");
    else
        buf_printf(out, "%s%s", is_real ? "" : "i", spec->log_scale ? "l" : "");
    buf_add_text(out, "\n");
}

static enum err gene_print(const struct genome_schema *schema, const struct gene_spec *spec, bool is_new,
                           struct buf *out, struct diag *diag)
{
    switch (spec->type) {
    case GENE_CONTINUOUS:
    case GENE_DISCRETE:
        range_print(spec, is_new, out);
        return ERR_OK;
    case GENE_TOGGLE:
        buf_printf(out, "%s%s{0, 1} [%d]\n", spec->name, is_new ? " categorical " : " ", (int)spec->default_integer);
        return ERR_OK;
    case GENE_ORDINAL:
        if (!is_new)
            return diag_set(diag, ERR_RANGE, "%s is ordinal, which only pcs-new has", spec->name);
        return choices_print(schema, spec, " ordinal ", out, diag);
    default:
        return choices_print(schema, spec, is_new ? " categorical " : " ", out, diag);
    }
}

/* ---- conjunctions: all that the old form has */

/* Where the operands of a chain (a & b) & c begin, first to last; the count. */
static unsigned conjuncts(const struct genome_schema *schema, struct condition c, unsigned limit,
                          struct condition out[])
{
    const struct condition_item *items = schema->items + c.first;
    unsigned ands = 0, at = 0, count = 0;
    while (ands < c.count && items[ands].op == CONDITION_AND)
        ands++;
    for (at = ands; at < c.count && count < limit; count++) {
        unsigned len = 3;
        if (items[at].op == CONDITION_IN)
            len = 2 + items[at].index;
        out[count] = (struct condition){(uint16_t)(c.first + at), (uint16_t)len};
        at += len;
    }
    return at == c.count && count == ands + 1 ? count : 0;
}

/* gene == value or gene in {value, ...}. */
static bool is_simple(const struct genome_schema *schema, struct condition c)
{
    const struct condition_item *items = schema->items + c.first;
    if ((items[0].op != CONDITION_EQ && items[0].op != CONDITION_IN) || items[1].op != CONDITION_GENE)
        return false;
    for (unsigned i = 2; i < c.count; i++)
        if (items[i].op != CONDITION_NUMBER && items[i].op != CONDITION_CHOICE)
            return false;
    return true;
}

static unsigned simple_conjuncts(const struct genome_schema *schema, struct condition c, bool only_equal,
                                 struct condition out[])
{
    unsigned count = conjuncts(schema, c, GENOME_GENES_MAX, out);
    for (unsigned i = 0; i < count; i++)
        if (!is_simple(schema, out[i]) || (only_equal && schema->items[out[i].first].op != CONDITION_EQ))
            return 0;
    return count;
}

static enum err value_print(const struct genome_schema *schema, const struct condition_item *items, unsigned i,
                            struct buf *out, struct diag *diag)
{
    const struct gene_spec *spec = &schema->genes[items[1].index];
    if (items[i].op == CONDITION_NUMBER)
        decimal_print(items[i].number, out);
    else if (spec->type == GENE_TOGGLE)
        buf_printf(out, "%u", items[i].index);
    else if (condition_choice_is_bare(gene_choice(schema, spec, items[i].index)))
        buf_add_text(out, gene_choice(schema, spec, items[i].index));
    else
        return diag_set(diag, ERR_RANGE, "PCS has no way to write the choice \"%s\" of %s",
                        gene_choice(schema, spec, items[i].index), spec->name);
    return ERR_OK;
}

static enum err old_condition_print(const struct genome_schema *schema, const struct gene_spec *spec, struct buf *out,
                                    struct diag *diag)
{
    struct condition parts[GENOME_GENES_MAX];
    unsigned count = simple_conjuncts(schema, spec->condition, false, parts);
    enum err err = ERR_OK;
    if (count == 0)
        return diag_set(diag, ERR_RANGE, "the condition of %s is more than \"in\", which only pcs-new has", spec->name);
    for (unsigned i = 0; i < count && err == ERR_OK; i++) {
        const struct condition_item *items = schema->items + parts[i].first;
        buf_printf(out, "%s | %s in {", spec->name, schema->genes[items[1].index].name);
        for (unsigned k = 2; k < parts[i].count && err == ERR_OK; k++) {
            buf_add_text(out, k > 2 ? ", " : "");
            err = value_print(schema, items, k, out, diag);
        }
        buf_add_text(out, "}\n");
    }
    return err;
}

/* Reads over a comparison of a gene with values that pcs-new has: ==, !=, <, > and in. */
static bool is_plain_comparison(const struct condition_item **next)
{
    const struct condition_item *item = (*next)++;
    unsigned values = item->op == CONDITION_IN ? item->index : 1;
    bool plain = item->op >= CONDITION_EQ && item->op <= CONDITION_IN && item->op != CONDITION_LE &&
                 item->op != CONDITION_GE && (*next)->op == CONDITION_GENE;
    for (unsigned i = 0; i < values && plain; i++)
        plain = (*next)[1 + i].op == CONDITION_NUMBER || (*next)[1 + i].op == CONDITION_CHOICE;
    *next += 1 + values;
    return plain;
}

/* The manual of SMAC 2.10 and ConfigSpace's reader: such comparisons, joined by && and, looser, by ||. */
static bool is_plain(const struct condition_item **next, bool may_or)
{
    const struct condition_item *item = *next;
    if (item->op != CONDITION_AND && (item->op != CONDITION_OR || !may_or))
        return is_plain_comparison(next);
    ++*next;
    return is_plain(next, item->op == CONDITION_OR) && (*next)->op != item->op &&
           is_plain(next, item->op == CONDITION_OR);
}

/* One line where that is enough; else what a last "and" joins is two, all of which must hold. */
static enum err new_condition_lines(const struct genome_schema *schema, const struct gene_spec *spec,
                                    struct condition c, struct buf *out, struct diag *diag)
{
    const struct condition_item *items = schema->items + c.first, *next = items;
    if (is_plain(&next, true)) {
        buf_printf(out, "%s | ", spec->name);
        enum err err = condition_print(schema, c, CONDITION_PCS, out, diag);
        buf_add_text(out, "\n");
        return err;
    }
    if (items->op != CONDITION_AND)
        return diag_set(diag, ERR_RANGE,
                        "the condition of %s is more than pcs-new has: comparisons of a parameter with values by ==, "
                        "!=, <, > and in, joined by && and ||, without parentheses",
                        spec->name);
    uint16_t len = (uint16_t)condition_length(items + 1);
    struct condition left = {(uint16_t)(c.first + 1), len};
    struct condition right = {(uint16_t)(left.first + len), (uint16_t)(c.count - 1 - len)};
    enum err err = new_condition_lines(schema, spec, left, out, diag);
    next = schema->items + right.first;
    if (err == ERR_OK && next->op == CONDITION_AND && !is_plain(&next, true))
        return diag_set(diag, ERR_RANGE, "the condition of %s has more parentheses than pcs-new can do without",
                        spec->name);
    return err == ERR_OK ? new_condition_lines(schema, spec, right, out, diag) : err;
}

static enum err new_condition_print(const struct genome_schema *schema, const struct gene_spec *spec, struct buf *out,
                                    struct diag *diag)
{
    return new_condition_lines(schema, spec, spec->condition, out, diag);
}

static enum err forbidden_print(const struct genome_schema *schema, struct condition c, bool is_new, struct buf *out,
                                struct diag *diag)
{
    struct condition parts[GENOME_GENES_MAX];
    unsigned count = simple_conjuncts(schema, c, true, parts);
    enum err err = ERR_OK;
    buf_add_text(out, "{");
    if (count == 0 && is_new)
        err = condition_print(schema, c, CONDITION_PCS, out, diag);
    else if (count == 0)
        err = diag_set(diag, ERR_RANGE, "a forbidden combination is more than name=value, which only pcs-new has");
    for (unsigned i = 0; i < count && err == ERR_OK; i++) {
        const struct condition_item *items = schema->items + parts[i].first;
        buf_printf(out, "%s%s=", i > 0 ? ", " : "", schema->genes[items[1].index].name);
        err = value_print(schema, items, 2, out, diag);
    }
    buf_add_text(out, "}\n");
    return err;
}

enum err pcs_print(const struct space *space, bool is_new, struct buf *out, struct diag *diag)
{
    const struct genome_schema *schema = &space->schema;
    enum err err = ERR_OK;
    for (unsigned i = 0; i < schema->count && err == ERR_OK; i++)
        err = gene_print(schema, &schema->genes[i], is_new, out, diag);
    buf_add_text(out, "\nConditionals:\n");
    for (unsigned i = 0; i < schema->count && err == ERR_OK; i++)
        if (schema->genes[i].condition.count > 0)
            err = (is_new ? new_condition_print : old_condition_print)(schema, &schema->genes[i], out, diag);
    buf_add_text(out, "\nForbidden:\n");
    for (unsigned i = 0; i < schema->forbidden_count && err == ERR_OK; i++)
        err = forbidden_print(schema, schema->forbidden[i], is_new, out, diag);
    return err;
}
