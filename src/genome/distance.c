#include "genome/distance.h"

#include "base/dmath.h"
#include "genome/schema.h"

static double on_scale(const struct gene_spec *spec, double x)
{
    return spec->log_scale ? dmath_log(x) : x;
}

/* 0..1 */
static double gene_distance(const struct gene_spec *spec, const struct gene_value *a, const struct gene_value *b)
{
    double lo, hi, x, y;
    if (spec->type == GENE_CATEGORICAL || spec->type == GENE_TOGGLE)
        return a->integer != b->integer;
    if (spec->type == GENE_CONTINUOUS) {
        lo = spec->lo;
        hi = spec->hi;
        x = a->real;
        y = b->real;
    } else {
        int64_t least, most;
        gene_integer_bounds(spec, &least, &most);
        lo = (double)least;
        hi = (double)most;
        x = (double)a->integer;
        y = (double)b->integer;
    }
    if (x == y)
        return 0;
    x = on_scale(spec, x);
    y = on_scale(spec, y);
    double part = (x < y ? y - x : x - y) / (on_scale(spec, hi) - on_scale(spec, lo));
    return part < 1 ? part : 1;
}

uint32_t genome_distance(const struct genome_schema *schema, const struct genome *a, const struct genome *b)
{
    struct gene_set in_a = genome_active(schema, a), in_b = genome_active(schema, b);
    double sum = 0;
    unsigned count = 0;
    for (unsigned i = 0; i < schema->count; i++) {
        bool here = gene_set_has(in_a, i), there = gene_set_has(in_b, i);
        if (here && there)
            sum += gene_distance(&schema->genes[i], &a->values[i], &b->values[i]);
        else
            sum += here != there;
        count += here || there;
    }
    return count == 0 ? 0 : (uint32_t)(sum / count * GENOME_DISTANCE_MAX + 0.5);
}
