#include "genome/condition.h"

#include "base/mutate.h"
#include "genome/schema.h"

enum truth { TRUTH_NO, TRUTH_YES, TRUTH_UNKNOWN };

struct number {
    bool known;
    double x;
};

struct evaluation {
    const struct genome_schema *schema;
    const struct genome *genome;
    struct gene_set active;
    const struct condition_item *next;
};

/* ---- numbers; doubles from 2^52 on are integers */

static double truncated(double x)
{
    const double whole = 4503599627370496.0;
    return x > -whole && x < whole ? (double)(int64_t)x : x;
}

static double floored(double x)
{
    double t = truncated(x);
    return t > x ? t - 1 : t;
}

static double rounded(double x)
{
    double f = floored(x), rest = x - f;
    bool is_odd = f - 2 * floored(f / 2) != 0;
    return rest > 0.5 || (rest == 0.5 && is_odd) ? f + 1 : f;
}

static double calculated(enum condition_op op, double a, double b)
{
    switch (op) {
    case CONDITION_ADD:
        return a + b;
    case CONDITION_SUBTRACT:
        return a - b;
    case CONDITION_MULTIPLY:
        return a * b;
    case CONDITION_DIVIDE:
        return a / b;
    case CONDITION_MODULO:
        return a - floored(a / b) * b;
    case CONDITION_NEGATE:
        return -a;
    case CONDITION_MIN:
        return a < b ? a : b;
    case CONDITION_MAX:
        return a > b ? a : b;
    case CONDITION_ABS:
        return a < 0 ? -a : a;
    case CONDITION_FLOOR:
        return floored(a);
    case CONDITION_CEILING:
        return -floored(-a);
    case CONDITION_ROUND:
        return rounded(a);
    default:
        ASSERT(op == CONDITION_TRUNC);
        return truncated(a);
    }
}

static struct number gene_value(const struct evaluation *e, unsigned gene)
{
    const struct gene_value *value = &e->genome->values[gene];
    bool is_real = e->schema->genes[gene].type == GENE_CONTINUOUS;
    return (struct number){gene_set_has(e->active, gene), is_real ? value->real : (double)value->integer};
}

/* A choice counts as its place, as the gene that it is compared with does. */
static struct number number_eval(struct evaluation *e)
{
    const struct condition_item *item = e->next++;
    if (item->op == CONDITION_GENE)
        return gene_value(e, item->index);
    if (item->op == CONDITION_NUMBER || item->op == CONDITION_CHOICE)
        return (struct number){true, item->op == CONDITION_NUMBER ? item->number : (double)item->index};
    struct number a = number_eval(e), b = {true, 0};
    if (condition_op_arity(item->op) == 2)
        b = number_eval(e);
    struct number out = {a.known && b.known, calculated(item->op, a.x, b.x)};
    out.known = out.known && out.x == out.x;
    return out;
}

/* ---- truths */

static enum truth truth_of(bool yes)
{
    return yes ? TRUTH_YES : TRUTH_NO;
}

static bool compares(enum condition_op op, double a, double b)
{
    switch (op) {
    case CONDITION_EQ:
    case CONDITION_IN:
        return a == b;
    case CONDITION_NE:
        return a != b;
    case CONDITION_LT:
        return a < b;
    case CONDITION_LE:
        return a <= b;
    case CONDITION_GT:
        return a > b;
    default:
        ASSERT(op == CONDITION_GE);
        return a >= b;
    }
}

static enum truth comparison_eval(struct evaluation *e, const struct condition_item *op)
{
    struct number a = number_eval(e);
    unsigned values = op->op == CONDITION_IN ? op->index : 1;
    bool found = false, known = a.known;
    for (unsigned i = 0; i < values; i++) {
        struct number b = number_eval(e);
        known = known && b.known;
        found = found || compares(op->op, a.x, b.x);
    }
    return known ? truth_of(found) : MUTATE(GENOME_UNKNOWN_IS_FALSE, truth_of(false), TRUTH_UNKNOWN);
}

static enum truth truth_eval(struct evaluation *e)
{
    const struct condition_item *item = e->next++;
    if (item->op >= CONDITION_EQ)
        return comparison_eval(e, item);
    enum truth a = truth_eval(e);
    if (item->op == CONDITION_NOT)
        return a == TRUTH_UNKNOWN ? a : truth_of(a == TRUTH_NO);
    enum truth b = truth_eval(e), decides = truth_of(item->op == CONDITION_OR);
    if (a == decides || b == decides)
        return decides;
    return a == TRUTH_UNKNOWN ? a : b;
}

bool condition_holds(const struct genome_schema *schema, struct condition c, const struct genome *genome,
                     struct gene_set active)
{
    struct evaluation e = {schema, genome, active, schema->items + c.first};
    enum truth truth = truth_eval(&e);
    ASSERT(e.next == schema->items + c.first + c.count);
    return truth == TRUTH_YES;
}

/* A gene is settled when all that its condition names are: in a schema without cycles each pass settles some. */
struct gene_set condition_active(const struct genome_schema *schema, const struct genome *genome)
{
    struct gene_set settled = {0}, active = {0};
    unsigned left = schema->count;
    while (left > 0) {
        unsigned before = left;
        for (unsigned i = 0; i < schema->count; i++) {
            struct condition c = schema->genes[i].condition;
            if (gene_set_has(settled, i) || !gene_set_within(condition_genes(schema, c), settled))
                continue;
            gene_set_add(&settled, i);
            left--;
            if (c.count == 0 || condition_holds(schema, c, genome, active))
                gene_set_add(&active, i);
        }
        ASSERT(left < before);
    }
    return active;
}

/* ---- ranges */

struct range {
    double lo, hi;
};

static struct range range_of_corners(enum condition_op op, struct range a, struct range b)
{
    struct range out = {0};
    for (unsigned i = 0; i < 4; i++) {
        double x = calculated(op, (i & 1) != 0 ? a.hi : a.lo, (i & 2) != 0 ? b.hi : b.lo);
        out.lo = i == 0 || x < out.lo ? x : out.lo;
        out.hi = i == 0 || x > out.hi ? x : out.hi;
    }
    return out;
}

/* Least and greatest lie at corners, but where the operator jumps or bends: there *sound becomes false, or the
 * range is widened. */
static struct range range_combined(enum condition_op op, struct range a, struct range b, bool *sound)
{
    bool has_zero = b.lo <= 0 && b.hi >= 0;
    if ((op == CONDITION_DIVIDE || op == CONDITION_MODULO) && has_zero)
        *sound = false;
    if (op == CONDITION_MODULO)
        return (struct range){b.lo < 0 ? b.lo : 0, b.hi > 0 ? b.hi : 0};
    struct range out = range_of_corners(op, a, b);
    if (op == CONDITION_ABS && a.lo < 0 && a.hi > 0)
        out.lo = 0;
    return out;
}

static struct range range_eval(struct evaluation *e, bool *sound)
{
    const struct condition_item *item = e->next++;
    if (item->op == CONDITION_NUMBER)
        return (struct range){item->number, item->number};
    if (item->op == CONDITION_GENE) {
        const struct gene_spec *spec = &e->schema->genes[item->index];
        bool is_real = spec->type == GENE_CONTINUOUS;
        *sound = *sound && (is_real || spec->type == GENE_DISCRETE);
        return is_real ? (struct range){spec->lo, spec->hi} : (struct range){(double)spec->ilo, (double)spec->ihi};
    }
    struct range a = range_eval(e, sound), b = {0};
    if (condition_op_arity(item->op) == 2)
        b = range_eval(e, sound);
    return range_combined(item->op, a, b, sound);
}

bool condition_range(const struct genome_schema *schema, struct condition c, double *lo, double *hi)
{
    struct evaluation e = {.schema = schema, .next = schema->items + c.first};
    bool sound = true;
    struct range range = range_eval(&e, &sound);
    ASSERT(e.next == schema->items + c.first + c.count);
    range.lo += 0.0; /* -0.0 becomes 0.0 */
    range.hi += 0.0;
    if (!sound || !gene_number_fits(range.lo) || !gene_number_fits(range.hi))
        return false;
    *lo = range.lo;
    *hi = range.hi;
    return true;
}
