#include "genome/condition.h"

#include <string.h>

#include "genome/schema.h"

/* What an operator takes and what comes of it. What comes of CONDITION_IF is what its branches are. */
enum kind { KIND_NUMBER, KIND_TRUTH };

static const struct {
    const char *name;
    unsigned arity;
    enum kind takes, gives;
} ops[CONDITION_OP_COUNT] = {
    [CONDITION_GENE] = {NULL, 0, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_NUMBER] = {NULL, 0, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_CHOICE] = {NULL, 0, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_NOT] = {"!", 1, KIND_TRUTH, KIND_TRUTH},
    [CONDITION_AND] = {"&", 2, KIND_TRUTH, KIND_TRUTH},
    [CONDITION_OR] = {"|", 2, KIND_TRUTH, KIND_TRUTH},
    [CONDITION_XOR] = {"xor", 2, KIND_TRUTH, KIND_TRUTH},
    [CONDITION_TRUE] = {"true", 0, KIND_TRUTH, KIND_TRUTH},
    [CONDITION_FALSE] = {"false", 0, KIND_TRUTH, KIND_TRUTH},
    [CONDITION_UNKNOWN] = {"is.na", 1, KIND_NUMBER, KIND_TRUTH},
    [CONDITION_EQ] = {"==", 2, KIND_NUMBER, KIND_TRUTH},
    [CONDITION_NE] = {"!=", 2, KIND_NUMBER, KIND_TRUTH},
    [CONDITION_LT] = {"<", 2, KIND_NUMBER, KIND_TRUTH},
    [CONDITION_LE] = {"<=", 2, KIND_NUMBER, KIND_TRUTH},
    [CONDITION_GT] = {">", 2, KIND_NUMBER, KIND_TRUTH},
    [CONDITION_GE] = {">=", 2, KIND_NUMBER, KIND_TRUTH},
    [CONDITION_IN] = {"in", 1, KIND_NUMBER, KIND_TRUTH},
    [CONDITION_ADD] = {"+", 2, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_SUBTRACT] = {"-", 2, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_MULTIPLY] = {"*", 2, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_DIVIDE] = {"/", 2, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_MODULO] = {"%%", 2, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_NEGATE] = {"negate", 1, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_MIN] = {"min", 2, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_MAX] = {"max", 2, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_ABS] = {"abs", 1, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_FLOOR] = {"floor", 1, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_CEILING] = {"ceiling", 1, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_ROUND] = {"round", 1, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_TRUNC] = {"trunc", 1, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_POWER] = {"^", 2, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_SQRT] = {"sqrt", 1, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_EXP] = {"exp", 1, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_LOG] = {"log", 1, KIND_NUMBER, KIND_NUMBER},
    [CONDITION_IF] = {"ifelse", 3, KIND_NUMBER, KIND_NUMBER},
};

bool gene_has_choices(const struct gene_spec *spec)
{
    return spec->type != GENE_CONTINUOUS && spec->type != GENE_DISCRETE;
}

const char *condition_op_name(enum condition_op op)
{
    ASSERT((unsigned)op < CONDITION_OP_COUNT);
    return ops[op].name;
}

unsigned condition_op_arity(enum condition_op op)
{
    ASSERT((unsigned)op < CONDITION_OP_COUNT);
    return ops[op].arity;
}

bool condition_in_order(enum condition_op op, double difference)
{
    switch (op) {
    case CONDITION_LT:
        return difference < 0;
    case CONDITION_LE:
        return difference <= 0;
    case CONDITION_GT:
        return difference > 0;
    default:
        ASSERT(op == CONDITION_GE);
        return difference >= 0;
    }
}

unsigned condition_length(const struct condition_item *item)
{
    unsigned len = 0;
    for (unsigned wanted = 1; wanted > 0; wanted--, len++)
        wanted += ops[item[len].op].arity + (item[len].op == CONDITION_IN ? item[len].index : 0);
    return len;
}

bool condition_append(struct genome_schema *schema, struct condition_item item)
{
    if (schema->item_count == GENOME_ITEMS_MAX)
        return false;
    schema->items[schema->item_count++] = item;
    return true;
}

bool condition_insert(struct genome_schema *schema, unsigned at, struct condition_item item)
{
    ASSERT(at <= schema->item_count);
    if (!condition_append(schema, item))
        return false;
    memmove(schema->items + at + 1, schema->items + at, (schema->item_count - 1 - at) * sizeof item);
    schema->items[at] = item;
    return true;
}

/* ---- is it an expression? Recursion goes no deeper than there are items. */

struct checker {
    const struct genome_schema *schema;
    const struct condition_item *next, *end;
    struct diag *diag;
};

static const struct condition_item *take(struct checker *k)
{
    return k->next < k->end ? k->next++ : NULL;
}

/* The gene with choices that comes next, or NULL. */
static const struct gene_spec *choice_gene_next(const struct checker *k)
{
    if (k->next == k->end || k->next->op != CONDITION_GENE || k->next->index >= k->schema->count)
        return NULL;
    const struct gene_spec *spec = &k->schema->genes[k->next->index];
    return gene_has_choices(spec) ? spec : NULL;
}

static enum err choice_check(struct checker *k, const struct gene_spec *spec)
{
    const struct condition_item *item = take(k);
    int64_t lo, hi;
    gene_integer_bounds(spec, &lo, &hi);
    if (item == NULL || item->op != CONDITION_CHOICE)
        return diag_set(k->diag, ERR_TYPE, "gene %s compares with its own choices only", spec->name);
    if (item->index > hi)
        return diag_set(k->diag, ERR_RANGE, "gene %s has no choice %u", spec->name, item->index);
    return ERR_OK;
}

static enum err kind_check(struct checker *k, enum kind want);

/* Two genes with choices, at the second one. Those of a toggle are no texts. */
static enum err choosers_check(struct checker *k, enum condition_op op, const struct gene_spec *spec)
{
    const struct gene_spec *other = choice_gene_next(k);
    k->next++;
    if (op != CONDITION_EQ && op != CONDITION_NE)
        return diag_set(k->diag, ERR_TYPE, "genes %s and %s compare with == and != only", spec->name, other->name);
    if ((spec->type == GENE_TOGGLE) != (other->type == GENE_TOGGLE))
        return diag_set(k->diag, ERR_TYPE, "genes %s and %s have nothing in common", spec->name, other->name);
    return ERR_OK;
}

static enum err comparison_check(struct checker *k, const struct condition_item *op)
{
    const struct gene_spec *spec = choice_gene_next(k);
    unsigned values = op->op == CONDITION_IN ? op->index : 1;
    bool by_order = op->op >= CONDITION_LT && op->op <= CONDITION_GE;
    if (op->op == CONDITION_IN && values < 2)
        return diag_set(k->diag, ERR_CANONICAL, "\"in\" has %u values, of one it is \"==\"", values);
    if (spec != NULL && by_order && spec->type != GENE_ORDINAL)
        return diag_set(k->diag, ERR_TYPE, "gene %s has no order", spec->name);
    enum err err = ERR_OK;
    if (spec != NULL)
        k->next++;
    else
        err = kind_check(k, KIND_NUMBER);
    if (spec != NULL && choice_gene_next(k) != NULL)
        return choosers_check(k, op->op, spec);
    for (unsigned i = 0; i < values && err == ERR_OK; i++) {
        if (spec == NULL && op->op == CONDITION_IN && k->next < k->end && k->next->op != CONDITION_NUMBER)
            return diag_set(k->diag, ERR_TYPE, "the values of \"in\" are no numbers");
        err = spec != NULL ? choice_check(k, spec) : kind_check(k, KIND_NUMBER);
    }
    return err;
}

static enum err value_check(struct checker *k, const struct condition_item *item)
{
    if (item->op == CONDITION_CHOICE)
        return diag_set(k->diag, ERR_TYPE, "a choice stands where a number should be");
    if (item->op == CONDITION_NUMBER)
        return gene_number_fits(item->number) ? ERR_OK : diag_set(k->diag, ERR_RANGE, "a number is none, or too large");
    if (item->index >= k->schema->count)
        return diag_set(k->diag, ERR_RANGE, "there is no gene %u", item->index);
    k->next--;
    const struct gene_spec *spec = choice_gene_next(k);
    k->next++;
    return spec == NULL ? ERR_OK : diag_set(k->diag, ERR_TYPE, "gene %s is no number", spec->name);
}

static enum err if_check(struct checker *k, enum kind want)
{
    enum err err = kind_check(k, KIND_TRUTH);
    for (unsigned i = 0; i < 2 && err == ERR_OK; i++)
        err = kind_check(k, want);
    return err;
}

static enum err kind_check(struct checker *k, enum kind want)
{
    const struct condition_item *item = take(k);
    if (item == NULL)
        return diag_set(k->diag, ERR_TRUNCATED, "the expression ends early");
    if (item->op >= CONDITION_OP_COUNT)
        return diag_set(k->diag, ERR_UNKNOWN, "there is no operator %u", item->op);
    if (item->op == CONDITION_IF)
        return if_check(k, want);
    if (ops[item->op].gives != want)
        return diag_set(k->diag, ERR_TYPE,
                        want == KIND_TRUTH ? "a number stands where true or false should be"
                                           : "true or false stands where a number should be");
    if (item->op <= CONDITION_CHOICE)
        return value_check(k, item);
    if (item->op >= CONDITION_EQ && item->op <= CONDITION_IN)
        return comparison_check(k, item);
    if (item->op == CONDITION_UNKNOWN && choice_gene_next(k) != NULL) {
        k->next++;
        return ERR_OK;
    }
    enum err err = ERR_OK;
    for (unsigned i = 0; i < ops[item->op].arity && err == ERR_OK; i++)
        err = kind_check(k, ops[item->op].takes);
    return err;
}

enum err condition_check(const struct genome_schema *schema, struct condition c, struct diag *diag)
{
    ASSERT((unsigned)c.first + c.count <= schema->item_count);
    const struct condition_item *first = schema->items + c.first;
    struct checker k = {schema, first, first + c.count, diag};
    enum err err = kind_check(&k, KIND_TRUTH);
    if (err == ERR_OK && k.next != k.end)
        return diag_set(diag, ERR_SYNTAX, "the expression goes on after its end");
    return err;
}

/* ---- which genes it depends on */

struct gene_set condition_genes(const struct genome_schema *schema, struct condition c)
{
    struct gene_set genes = {0};
    for (unsigned i = 0; i < c.count; i++) {
        const struct condition_item *item = &schema->items[c.first + i];
        if (item->op == CONDITION_GENE)
            gene_set_add(&genes, item->index);
    }
    return genes;
}

int condition_cycle(const struct genome_schema *schema)
{
    struct gene_set settled = {0};
    for (bool moves = true; moves;) {
        moves = false;
        for (unsigned i = 0; i < schema->count; i++) {
            struct gene_set needs = condition_genes(schema, schema->genes[i].condition);
            if (gene_set_has(settled, i) || !gene_set_within(needs, settled))
                continue;
            gene_set_add(&settled, i);
            moves = true;
        }
    }
    for (unsigned i = 0; i < schema->count; i++)
        if (!gene_set_has(settled, i))
            return (int)i;
    return -1;
}

/* ---- bytes */

static void item_put(struct cbor_writer *w, const struct condition_item *item)
{
    if (item->op == CONDITION_GENE) {
        cbor_put_uint(w, item->index);
    } else if (item->op == CONDITION_NUMBER) {
        cbor_put_double(w, item->number);
    } else if (item->op == CONDITION_CHOICE) {
        cbor_put_array(w, 1);
        cbor_put_uint(w, item->index);
    } else {
        cbor_put_text(w, ops[item->op].name);
        if (item->op == CONDITION_IN)
            cbor_put_uint(w, item->index);
    }
}

void condition_put(struct cbor_writer *w, const struct genome_schema *schema, struct condition c)
{
    const struct condition_item *items = schema->items + c.first;
    unsigned counts = 0;
    for (unsigned i = 0; i < c.count; i++)
        counts += items[i].op == CONDITION_IN;
    cbor_put_array(w, c.count + counts);
    for (unsigned i = 0; i < c.count; i++)
        item_put(w, &items[i]);
}

static uint16_t index_get(struct cbor_reader *r)
{
    uint64_t index = cbor_get_uint(r);
    if (index > UINT16_MAX)
        cbor_fail(r, ERR_RANGE);
    return index > UINT16_MAX ? 0 : (uint16_t)index;
}

static uint16_t op_get(struct cbor_reader *r)
{
    struct bytes name = cbor_get_text(r);
    for (uint16_t op = CONDITION_NOT; op < CONDITION_OP_COUNT; op++)
        if (bytes_equal(name, bytes_of_text(ops[op].name)))
            return op;
    cbor_fail(r, ERR_UNKNOWN);
    return CONDITION_NUMBER;
}

/* One item; *left counts what the array still holds. */
static struct condition_item item_get(struct cbor_reader *r, uint64_t *left)
{
    struct condition_item item = {.op = CONDITION_NUMBER};
    --*left;
    switch (cbor_peek(r)) {
    case CBOR_UINT:
        item.op = CONDITION_GENE;
        item.index = index_get(r);
        break;
    case CBOR_ARRAY:
        item.op = CONDITION_CHOICE;
        cbor_expect_array(r, 1);
        item.index = index_get(r);
        break;
    case CBOR_TEXT:
        item.op = op_get(r);
        if (item.op == CONDITION_IN && *left > 0) {
            item.index = index_get(r);
            --*left;
        }
        break;
    default:
        item.number = cbor_get_double(r);
    }
    return item;
}

struct condition condition_get(struct cbor_reader *r, struct genome_schema *schema)
{
    struct condition c = {.first = (uint16_t)schema->item_count};
    uint64_t left = cbor_get_array(r);
    while (left > 0 && r->err == ERR_OK) {
        struct condition_item item = item_get(r, &left);
        if (r->err == ERR_OK && !condition_append(schema, item))
            cbor_fail(r, ERR_LIMIT);
    }
    c.count = (uint16_t)(schema->item_count - c.first);
    return c;
}
