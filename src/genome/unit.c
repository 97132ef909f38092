#include "genome/unit.h"

#include "base/dmath.h"
#include "genome/schema.h"

/* What the unit interval stands for: from..to, on the gene's scale. */
struct span {
    double from, to;
};

static double on_scale(const struct gene_spec *spec, double x)
{
    return spec->log_scale ? dmath_log(x) : x;
}

static struct span span_of(const struct gene_spec *spec)
{
    int64_t lo, hi;
    if (spec->type == GENE_CONTINUOUS)
        return (struct span){on_scale(spec, spec->lo), on_scale(spec, spec->hi)};
    gene_integer_bounds(spec, &lo, &hi);
    return (struct span){on_scale(spec, (double)lo), on_scale(spec, (double)hi + 1.0)};
}

static int64_t floor_of(double x)
{
    int64_t whole = (int64_t)x;
    return (double)whole > x ? whole - 1 : whole;
}

struct gene_value gene_at(const struct gene_spec *spec, double u)
{
    struct span span = span_of(spec);
    double at = span.from + (u < 0 ? 0 : u > 1 ? 1 : u) * (span.to - span.from);
    double x = spec->log_scale ? dmath_exp(at) : at;
    int64_t lo, hi;
    if (spec->type == GENE_CONTINUOUS)
        return (struct gene_value){.real = x < spec->lo ? spec->lo : x > spec->hi ? spec->hi : x};
    gene_integer_bounds(spec, &lo, &hi);
    int64_t whole = floor_of(x);
    return (struct gene_value){.integer = whole < lo ? lo : whole > hi ? hi : whole};
}

double gene_unit(const struct gene_spec *spec, const struct gene_value *value)
{
    struct span span = span_of(spec);
    double x = spec->type == GENE_CONTINUOUS ? value->real : (double)value->integer + 0.5;
    double u = span.to > span.from ? (on_scale(spec, x) - span.from) / (span.to - span.from) : 0;
    return u < 0 ? 0 : u > 1 ? 1 : u;
}
