#include "evolve/surrogate.h"

#include "genome/unit.h"

/* Found by trying: how far a genome tells about others, what a distance of 1 may hide (in natural logarithms of a
 * cost), and how much the mean of all is believed. */
static const double reach = 0.15, curiosity = 3, doubt = 0.1;

static void point_init(const struct genome_schema *schema, const struct genome *genome, struct surrogate_point *p)
{
    p->active = genome_active(schema, genome);
    for (unsigned i = 0; i < schema->count; i++)
        p->units[i] = gene_unit(&schema->genes[i], &genome->values[i]);
}

/* Gower's, as in genome/distance.h, over units. */
static double distance(const struct genome_schema *schema, const struct surrogate_point *a,
                       const struct surrogate_point *b)
{
    double sum = 0;
    unsigned count = 0;
    for (unsigned i = 0; i < schema->count; i++) {
        bool in_a = gene_set_has(a->active, i), in_b = gene_set_has(b->active, i);
        bool is_number = schema->genes[i].type != GENE_CATEGORICAL && schema->genes[i].type != GENE_TOGGLE;
        double apart = a->units[i] > b->units[i] ? a->units[i] - b->units[i] : b->units[i] - a->units[i];
        count += in_a || in_b;
        if (in_a && in_b)
            sum += is_number ? apart : apart > 0;
        else
            sum += in_a != in_b;
    }
    return count > 0 ? sum / count : 0;
}

void surrogate_add(struct surrogate *s, const struct genome *genome, double value, double weight)
{
    struct surrogate_point *p = &s->points[s->next];
    ASSERT(weight > 0);
    point_init(s->schema, genome, p);
    p->value = value;
    p->weight = weight;
    s->next = (s->next + 1) % SURROGATE_POINTS_MAX;
    s->count += s->count < SURROGATE_POINTS_MAX;
}

unsigned surrogate_open(struct surrogate *s, const struct genome *genome)
{
    unsigned number = 0;
    while (s->open[number].weight > 0) {
        number++;
        ASSERT(number < SURROGATE_OPEN_MAX);
    }
    point_init(s->schema, genome, &s->open[number]);
    s->open[number].weight = 1;
    return number;
}

void surrogate_close(struct surrogate *s, unsigned number)
{
    ASSERT(number < SURROGATE_OPEN_MAX && s->open[number].weight > 0);
    s->open[number].weight = 0;
}

bool surrogate_has(const struct surrogate *s, const struct genome *genome)
{
    struct surrogate_point at;
    bool found = false;
    point_init(s->schema, genome, &at);
    for (unsigned i = 0; i < s->count && !found; i++)
        found = distance(s->schema, &at, &s->points[i]) <= 0;
    for (unsigned i = 0; i < SURROGATE_OPEN_MAX && !found; i++)
        found = s->open[i].weight > 0 && distance(s->schema, &at, &s->open[i]) <= 0;
    return found;
}

double surrogate_promise(const struct surrogate *s, const struct genome *genome)
{
    struct surrogate_point at;
    double near = 0, values = 0, all = 0, nearest = 1;
    if (s->count == 0)
        return 0;
    point_init(s->schema, genome, &at);
    for (unsigned i = 0; i < s->count; i++) {
        double d = distance(s->schema, &at, &s->points[i]), r = d * d / (reach * reach);
        double weight = s->points[i].weight / (1.0 + r + r * r);
        near += weight;
        values += weight * s->points[i].value;
        all += s->points[i].value;
        nearest = d < nearest ? d : nearest;
    }
    for (unsigned i = 0; i < SURROGATE_OPEN_MAX; i++) {
        double d = s->open[i].weight > 0 ? distance(s->schema, &at, &s->open[i]) : 1;
        nearest = d < nearest ? d : nearest;
    }
    return (values + doubt * all / s->count) / (near + doubt) - curiosity * nearest;
}
