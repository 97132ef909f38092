#include "genome/condition.h"

#include <float.h>
#include <string.h>

#include "base/dmath.h"
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

static double infinite(void)
{
    double zero = 0;
    return 1 / zero;
}

static double no_number(void)
{
    double zero = 0;
    return zero / zero;
}

static double whole_power(double base, double exponent)
{
    uint64_t left = (uint64_t)(exponent < 0 ? -exponent : exponent);
    double out = 1;
    for (; left > 0; left /= 2) {
        out = left % 2 != 0 ? out * base : out;
        base *= base;
    }
    return exponent < 0 ? 1 / out : out;
}

static double exponential(double x)
{
    const double most = 700; /* of dmath_exp; what lies beyond it is beyond what a gene may be, too */
    if (x >= -most && x <= most)
        return dmath_exp(x);
    return x > most ? infinite() : x < -most ? 0 : x;
}

static double logarithm(double x)
{
    if (x > 0)
        return x > DBL_MAX ? x : dmath_log(x);
    return x == 0 ? -infinite() : no_number();
}

/* A power with a whole exponent is made of products, and so exact where these are. */
static double power(double base, double exponent)
{
    const double most = 9007199254740992.0;
    if (exponent > -most && exponent < most && truncated(exponent) == exponent)
        return whole_power(base, exponent);
    if (exponent == 0.5 && base >= 0)
        return dmath_sqrt(base);
    return base == 1 ? 1 : base == 0 && exponent > 0 ? 0 : exponential(exponent * logarithm(base));
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
    case CONDITION_TRUNC:
        return truncated(a);
    case CONDITION_POWER:
        return power(a, b);
    case CONDITION_SQRT:
        return a >= 0 ? dmath_sqrt(a) : no_number();
    case CONDITION_EXP:
        return exponential(a);
    default:
        ASSERT(op == CONDITION_LOG);
        return logarithm(a);
    }
}

static struct number gene_value(const struct evaluation *e, unsigned gene)
{
    const struct gene_value *value = &e->genome->values[gene];
    bool is_real = e->schema->genes[gene].type == GENE_CONTINUOUS;
    return (struct number){gene_set_has(e->active, gene), is_real ? value->real : (double)value->integer};
}

static enum truth truth_eval(struct evaluation *e);
static struct number number_eval(struct evaluation *e);

static struct number if_eval(struct evaluation *e)
{
    enum truth truth = truth_eval(e);
    struct number yes = number_eval(e), no = number_eval(e);
    struct number out = truth == TRUTH_YES ? yes : no;
    out.known = out.known && truth != TRUTH_UNKNOWN;
    return out;
}

/* A choice counts as its place, as the gene that it is compared with does. */
static struct number number_eval(struct evaluation *e)
{
    const struct condition_item *item = e->next++;
    if (item->op == CONDITION_IF)
        return if_eval(e);
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

static const struct gene_spec *choice_gene(const struct evaluation *e, const struct condition_item *item)
{
    const struct gene_spec *spec = item->op == CONDITION_GENE ? &e->schema->genes[item->index] : NULL;
    return spec != NULL && gene_has_choices(spec) ? spec : NULL;
}

/* Two genes with choices have the same one when its text is the same; a toggle's has none. */
static enum truth choosers_eval(struct evaluation *e, enum condition_op op)
{
    const struct gene_spec *left = choice_gene(e, e->next), *right = choice_gene(e, e->next + 1);
    struct number a = number_eval(e), b = number_eval(e);
    if (!a.known || !b.known)
        return TRUTH_UNKNOWN;
    bool same = a.x == b.x;
    if (left->type != GENE_TOGGLE)
        same = strcmp(gene_choice(e->schema, left, (unsigned)a.x), gene_choice(e->schema, right, (unsigned)b.x)) == 0;
    return truth_of(same == (op == CONDITION_EQ));
}

static enum truth comparison_eval(struct evaluation *e, const struct condition_item *op)
{
    if (choice_gene(e, e->next) != NULL && choice_gene(e, e->next + 1) != NULL)
        return choosers_eval(e, op->op);
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

static enum truth joined(enum condition_op op, enum truth a, enum truth b)
{
    enum truth decides = truth_of(op == CONDITION_OR);
    if (op == CONDITION_XOR)
        return a == TRUTH_UNKNOWN || b == TRUTH_UNKNOWN ? TRUTH_UNKNOWN : truth_of(a != b);
    if (a == decides || b == decides)
        return decides;
    return a == TRUTH_UNKNOWN ? a : b;
}

static enum truth truth_if_eval(struct evaluation *e)
{
    enum truth which = truth_eval(e), yes = truth_eval(e), no = truth_eval(e);
    return which == TRUTH_UNKNOWN ? which : which == TRUTH_YES ? yes : no;
}

static enum truth truth_eval(struct evaluation *e)
{
    const struct condition_item *item = e->next++;
    if (item->op == CONDITION_IF)
        return truth_if_eval(e);
    if (item->op >= CONDITION_EQ)
        return comparison_eval(e, item);
    if (item->op == CONDITION_TRUE || item->op == CONDITION_FALSE)
        return truth_of(item->op == CONDITION_TRUE);
    if (item->op == CONDITION_UNKNOWN)
        return truth_of(!number_eval(e).known);
    enum truth a = truth_eval(e);
    if (item->op == CONDITION_NOT)
        return a == TRUTH_UNKNOWN ? a : truth_of(a == TRUTH_NO);
    return joined(item->op, a, truth_eval(e));
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

/* Of the functions that are not defined everywhere, or not monotone: from where on they are. */
static bool range_is_sound(enum condition_op op, struct range a, struct range b)
{
    bool has_zero = b.lo <= 0 && b.hi >= 0;
    switch (op) {
    case CONDITION_DIVIDE:
    case CONDITION_MODULO:
        return !has_zero;
    case CONDITION_SQRT:
        return a.lo >= 0;
    case CONDITION_LOG:
    case CONDITION_POWER:
        return a.lo > 0;
    default:
        return true;
    }
}

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

/* By more than what a function of dmath.h is wrong by. */
static void widen(struct range *range)
{
    const double by = 1e-13;
    range->lo -= (range->lo < 0 ? -range->lo : range->lo) * by;
    range->hi += (range->hi < 0 ? -range->hi : range->hi) * by;
}

/* Least and greatest lie at corners, but where the operator jumps or bends: there *sound becomes false, or the
 * range is widened. */
static struct range range_combined(enum condition_op op, struct range a, struct range b, bool *sound)
{
    *sound = *sound && range_is_sound(op, a, b);
    if (!*sound)
        return a;
    if (op == CONDITION_MODULO)
        return (struct range){b.lo < 0 ? b.lo : 0, b.hi > 0 ? b.hi : 0};
    struct range out = range_of_corners(op, a, b);
    if (op == CONDITION_ABS && a.lo < 0 && a.hi > 0)
        out.lo = 0;
    bool is_exact = op == CONDITION_POWER && b.lo == b.hi && truncated(b.lo) == b.lo;
    if (op == CONDITION_EXP || op == CONDITION_LOG || (op == CONDITION_POWER && !is_exact))
        widen(&out);
    return out;
}

static struct range range_eval(struct evaluation *e, bool *sound);

/* Whichever of the two it is. */
static struct range range_of_if(struct evaluation *e, bool *sound)
{
    (void)truth_eval(e); /* only to be behind it */
    struct range yes = range_eval(e, sound), no = range_eval(e, sound);
    return (struct range){yes.lo < no.lo ? yes.lo : no.lo, yes.hi > no.hi ? yes.hi : no.hi};
}

static struct range range_eval(struct evaluation *e, bool *sound)
{
    const struct condition_item *item = e->next++;
    if (item->op == CONDITION_IF)
        return range_of_if(e, sound);
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
    struct genome any;
    genome_default(schema, &any); /* the truths of CONDITION_IF are read over, whatever they are */
    struct evaluation e = {.schema = schema, .genome = &any, .next = schema->items + c.first};
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
