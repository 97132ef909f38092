#include "genome/schema.h"

#include <string.h>

#include "base/mutate.h"
#include "codec/decimal.h"

static const char *const type_names[] = {"continuous", "discrete", "ordinal", "categorical", "toggle"};

const char *gene_type_name(enum gene_type type)
{
    ASSERT((unsigned)type <= GENE_TOGGLE);
    return type_names[type];
}

void gene_integer_bounds(const struct gene_spec *spec, int64_t *lo, int64_t *hi)
{
    ASSERT(spec->type != GENE_CONTINUOUS);
    *lo = spec->type == GENE_DISCRETE ? spec->ilo : 0;
    *hi = spec->type == GENE_DISCRETE ? spec->ihi : spec->type == GENE_TOGGLE ? 1 : (int64_t)spec->choice_count - 1;
}

static bool is_negative_zero(double x)
{
    static const double zero = 0.0;
    return x == 0.0 && memcmp(&x, &zero, sizeof x) != 0;
}

bool gene_real_fits(const struct gene_spec *spec, double x)
{
    return x >= spec->lo && x <= spec->hi && !is_negative_zero(x); /* false for a NaN */
}

bool gene_number_fits(double x)
{
    const double largest = 1e300;
    return x >= -largest && x <= largest && !is_negative_zero(x);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool gene_name_fits(const char *name)
{
    double x;
    size_t len = 0;
    if (name[0] == '-' || decimal_parse(bytes_of_text(name), &x) != ERR_SYNTAX)
        return false; /* in an expression it would be a number, or begin one */
    for (; len <= GENOME_NAME_MAX && name[len] != 0; len++) {
        char c = name[len];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !is_digit(c) && strchr("_.:@-", c) == NULL)
            return false;
    }
    return len > 0 && len <= GENOME_NAME_MAX;
}

bool gene_choice_fits(const char *choice)
{
    size_t len = 0;
    for (; len <= GENOME_CHOICE_MAX && choice[len] != 0; len++)
        if (choice[len] < ' ' || choice[len] > '~')
            return false;
    return len <= GENOME_CHOICE_MAX;
}

static enum err continuous_check(const struct gene_spec *spec, struct diag *diag)
{
    if (is_negative_zero(spec->lo) || is_negative_zero(spec->hi))
        return diag_set(diag, ERR_CANONICAL, "gene %s: a bound is -0.0", spec->name);
    if (!gene_number_fits(spec->lo) || !gene_number_fits(spec->hi) || !(spec->lo <= spec->hi))
        return diag_set(diag, ERR_RANGE, "gene %s: bounds must be finite and ordered", spec->name);
    if (spec->log_scale && spec->lo <= 0)
        return diag_set(diag, ERR_RANGE, "gene %s: a log scale needs a positive lower bound", spec->name);
    if (!gene_real_fits(spec, spec->default_real))
        return diag_set(diag, ERR_RANGE, "gene %s: the default lies outside", spec->name);
    return ERR_OK;
}

static enum err integer_check(const struct gene_spec *spec, struct diag *diag)
{
    int64_t lo, hi;
    gene_integer_bounds(spec, &lo, &hi);
    if (lo < -GENE_INTEGER_MAX || hi > GENE_INTEGER_MAX || lo > hi)
        return diag_set(diag, ERR_RANGE, "gene %s: bounds must be ordered and within 2^53", spec->name);
    if (spec->log_scale && lo <= 0)
        return diag_set(diag, ERR_RANGE, "gene %s: a log scale needs a positive lower bound", spec->name);
    if (spec->default_integer < lo || spec->default_integer > hi)
        return diag_set(diag, ERR_RANGE, "gene %s: the default lies outside", spec->name);
    return ERR_OK;
}

static enum err choices_check(const struct genome_schema *schema, const struct gene_spec *spec, struct diag *diag)
{
    if (spec->choice_count < 1 || spec->choice_count > GENOME_CHOICES_MAX)
        return diag_set(diag, ERR_LIMIT, "gene %s: %u choices, 1 to %d are possible", spec->name, spec->choice_count,
                        GENOME_CHOICES_MAX);
    if (schema->word_count > GENOME_WORDS_MAX || spec->choice_first > schema->word_count ||
        spec->choice_count > schema->word_count - spec->choice_first)
        return diag_set(diag, ERR_LIMIT, "gene %s: its choices lie outside of the %d that all genes can have",
                        spec->name, GENOME_WORDS_MAX);
    for (unsigned i = 0; i < spec->choice_count; i++) {
        const char *choice = gene_choice(schema, spec, i);
        if (!gene_choice_fits(choice))
            return diag_set(diag, ERR_SYNTAX, "gene %s: choice %u is not of printable ASCII", spec->name, i);
        for (unsigned j = 0; j < i; j++)
            if (strcmp(choice, gene_choice(schema, spec, j)) == 0)
                return diag_set(diag, ERR_DUPLICATE, "gene %s: choice %s twice", spec->name, choice);
    }
    return ERR_OK;
}

static enum err gene_check(const struct genome_schema *schema, const struct gene_spec *spec, struct diag *diag)
{
    if (spec->type == GENE_CONTINUOUS)
        return continuous_check(spec, diag);
    if (spec->type == GENE_ORDINAL || spec->type == GENE_CATEGORICAL) {
        enum err err = choices_check(schema, spec, diag);
        if (err != ERR_OK)
            return err;
    }
    return integer_check(spec, diag);
}

static enum err forbidden_check(const struct genome_schema *schema, struct diag *diag)
{
    struct genome first;
    if (schema->forbidden_count > GENOME_FORBIDDEN_MAX)
        return diag_set(diag, ERR_LIMIT, "%u forbidden combinations, %d are possible", schema->forbidden_count,
                        GENOME_FORBIDDEN_MAX);
    for (unsigned i = 0; i < schema->forbidden_count; i++) {
        enum err err = condition_check(schema, schema->forbidden[i], diag);
        if (err != ERR_OK)
            return diag_prefix(diag, err, "forbidden combination %u", i + 1);
    }
    genome_default(schema, &first);
    int which = genome_forbidden(schema, &first);
    if (which >= 0)
        return diag_set(diag, ERR_RANGE, "forbidden combination %d forbids the defaults", which + 1);
    return ERR_OK;
}

static enum err conditions_check(const struct genome_schema *schema, struct diag *diag)
{
    for (unsigned i = 0; i < schema->count; i++) {
        const struct gene_spec *spec = &schema->genes[i];
        enum err err = spec->condition.count == 0 ? ERR_OK : condition_check(schema, spec->condition, diag);
        if (err != ERR_OK)
            return diag_prefix(diag, err, "gene %s: condition", spec->name);
    }
    int gene = condition_cycle(schema);
    if (MUTATE(GENOME_CYCLE_UNCHECKED, false, gene >= 0))
        return diag_set(diag, ERR_STATE, "gene %s: its condition depends on itself", schema->genes[gene].name);
    return forbidden_check(schema, diag);
}

enum err genome_schema_check(const struct genome_schema *schema, struct diag *diag)
{
    if (schema->count < 1 || schema->count > GENOME_GENES_MAX)
        return diag_set(diag, ERR_LIMIT, "%u genes, 1 to %d are possible", schema->count, GENOME_GENES_MAX);
    for (unsigned i = 0; i < schema->count; i++) {
        const struct gene_spec *spec = &schema->genes[i];
        if (!gene_name_fits(spec->name))
            return diag_set(diag, ERR_SYNTAX, "gene %u has no proper name", i);
        for (unsigned j = 0; j < i; j++)
            if (strcmp(spec->name, schema->genes[j].name) == 0)
                return diag_set(diag, ERR_DUPLICATE, "gene %s twice", spec->name);
        if ((unsigned)spec->type > GENE_TOGGLE)
            return diag_set(diag, ERR_UNKNOWN, "gene %s: unknown type", spec->name);
        enum err err = gene_check(schema, spec, diag);
        if (err != ERR_OK)
            return err;
    }
    return conditions_check(schema, diag);
}

void genome_schema_copy(struct genome_schema *to, const struct genome_schema *from)
{
    to->count = from->count;
    to->word_count = from->word_count;
    to->forbidden_count = from->forbidden_count;
    to->item_count = from->item_count;
    to->hash = (struct digest){0}; /* the copy may be changed */
    memcpy(to->genes, from->genes, from->count * sizeof from->genes[0]);
    memcpy(to->words, from->words, from->word_count * sizeof from->words[0]);
    memcpy(to->forbidden, from->forbidden, from->forbidden_count * sizeof from->forbidden[0]);
    memcpy(to->items, from->items, from->item_count * sizeof from->items[0]);
}

struct shared {
    struct genome_schema schema; /* first: a pointer to it is one to both */
    uint32_t holders;
};

static struct shared *shared_of(const struct genome_schema *schema)
{
    return (struct shared *)(uintptr_t)schema;
}

const struct genome_schema *genome_schema_hold(const struct genome_schema *schema)
{
    ASSERT(shared_of(schema)->holders > 0 && shared_of(schema)->holders < UINT32_MAX);
    shared_of(schema)->holders++;
    return schema;
}

static bool is_same(const struct genome_schema *a, const struct genome_schema *b)
{
    return a->count == b->count && a->word_count == b->word_count && a->forbidden_count == b->forbidden_count &&
           a->item_count == b->item_count && memcmp(a->genes, b->genes, a->count * sizeof a->genes[0]) == 0 &&
           memcmp(a->words, b->words, a->word_count * sizeof a->words[0]) == 0 &&
           memcmp(a->forbidden, b->forbidden, a->forbidden_count * sizeof a->forbidden[0]) == 0 &&
           memcmp(a->items, b->items, a->item_count * sizeof a->items[0]) == 0;
}

/* The latest one that is held: thousands of nodes of one process are of one federation, and read its genesis each.
 * (Where bytes between fields differ, two are held, which is all that comes of it.) */
static _Thread_local const struct genome_schema *latest;

const struct genome_schema *genome_schema_share(const struct genome_schema *schema)
{
    if (latest != NULL && is_same(latest, schema))
        return genome_schema_hold(latest);
    struct shared *s = mem_alloc(sizeof *s);
    genome_schema_copy(&s->schema, schema);
    s->schema.hash = genome_schema_hash(schema);
    s->holders = 1;
    latest = &s->schema;
    return &s->schema;
}

void genome_schema_drop(const struct genome_schema *schema)
{
    if (schema == NULL || --shared_of(schema)->holders > 0)
        return;
    if (schema == latest)
        latest = NULL;
    mem_free(shared_of(schema));
}
