#include "evolve/gaussian.h"

#include "base/dmath.h"
#include "genome/unit.h"

/* Found by trying: what share of the covariance is multiplied, how fast that falls with distance. */
static const double together = 0.5, reach = 0.15;

/* With more points than these the signal stays what it is: choosing it costs as much as several fits, and says nothing
 * new. */
enum { SIGNAL_POINTS = 160 };

static void point_init(const struct genome_schema *schema, const struct genome *genome, struct gaussian_point *p)
{
    p->active = genome_active(schema, genome);
    for (unsigned i = 0; i < schema->count; i++)
        p->units[i] = gene_unit(&schema->genes[i], &genome->values[i]);
}

/* 0 to 1: the mean over the genes. A gene that matters in one of the two only sets them apart; where it matters in
 * neither they agree. */
static double distance(const struct genome_schema *schema, const struct gaussian_point *a,
                       const struct gaussian_point *b)
{
    double sum = 0;
    for (unsigned i = 0; i < schema->count; i++) {
        bool in_a = gene_set_has(a->active, i), in_b = gene_set_has(b->active, i);
        bool is_number = schema->genes[i].type != GENE_CATEGORICAL && schema->genes[i].type != GENE_TOGGLE;
        double apart = a->units[i] > b->units[i] ? a->units[i] - b->units[i] : b->units[i] - a->units[i];
        if (in_a && in_b)
            sum += is_number ? apart : apart > 0;
        else
            sum += in_a != in_b;
    }
    return sum / schema->count;
}

/* Both parts are positive definite: 1 - |u - v| and exp(-|u - v|) are on the unit interval, equality of choices is. */
static double covariance(const struct genome_schema *schema, const struct gaussian_point *a,
                         const struct gaussian_point *b)
{
    double d = distance(schema, a, b);
    return (1 - together) * (1 - d) + together * dmath_exp(-d / reach);
}

unsigned gaussian_add(struct gaussian *g, const struct genome *genome, unsigned instead)
{
    unsigned at = g->count < GAUSSIAN_POINTS_MAX ? g->count++ : instead;
    ASSERT(at < g->count);
    point_init(g->schema, genome, &g->points[at]);
    for (unsigned i = 0; i < g->count; i++)
        g->alike[at][i] = g->alike[i][at] = covariance(g->schema, &g->points[at], &g->points[i]);
    return at;
}

/* factor * factor' = signal * alike + noise. Returns the logarithm of its determinant. */
static double factorise(struct gaussian *g)
{
    double log_determinant = 0;
    for (unsigned i = 0; i < g->count; i++)
        for (unsigned j = 0; j <= i; j++) {
            double sum = g->signal * g->alike[i][j] + (i == j ? g->points[i].noise : 0);
            for (unsigned k = 0; k < j; k++)
                sum -= g->factor[i][k] * g->factor[j][k];
            if (i > j) {
                g->factor[i][j] = sum / g->factor[j][j];
            } else {
                sum = sum > 1e-9 ? sum : 1e-9;
                g->factor[i][i] = dmath_sqrt(sum);
                log_determinant += dmath_log(sum);
            }
        }
    return log_determinant;
}

/* x = factor^-1 x, and then, when whole, factor'^-1 x. */
static void solve(const struct gaussian *g, double *x, bool whole)
{
    for (unsigned i = 0; i < g->count; i++) {
        for (unsigned k = 0; k < i; k++)
            x[i] -= g->factor[i][k] * x[k];
        x[i] /= g->factor[i][i];
    }
    for (unsigned i = g->count; whole && i-- > 0;) {
        for (unsigned k = i + 1; k < g->count; k++)
            x[i] -= g->factor[k][i] * x[k];
        x[i] /= g->factor[i][i];
    }
}

/* Twice the negative logarithm of the likelihood of the values, but for a constant; the weights are those of this
 * signal. */
static double surprise(struct gaussian *g, double signal)
{
    g->signal = signal;
    double sum = factorise(g), away[GAUSSIAN_POINTS_MAX];
    for (unsigned i = 0; i < g->count; i++)
        away[i] = g->weights[i] = g->points[i].value - g->mean;
    solve(g, g->weights, true);
    for (unsigned i = 0; i < g->count; i++)
        sum += away[i] * g->weights[i];
    return sum;
}

double gaussian_fit(struct gaussian *g)
{
    double sum = 0, weight = 0, best = 0, signal = g->count > SIGNAL_POINTS ? g->signal : 0;
    bool chooses = signal <= 0;
    ASSERT(g->count > 0);
    for (unsigned i = 0; i < g->count; i++) {
        sum += g->points[i].value / g->points[i].noise;
        weight += 1 / g->points[i].noise;
    }
    g->mean = sum / weight;
    for (double s = 0.02; chooses && s < 6; s *= 2) {
        double at = surprise(g, s);
        if (signal > 0 && at >= best)
            continue;
        best = at;
        signal = s;
    }
    return surprise(g, signal);
}

static struct gaussian_guess guess_from(const struct gaussian *g, double *alike)
{
    struct gaussian_guess out = {.mean = g->mean, .variance = g->signal};
    for (unsigned i = 0; i < g->count; i++) {
        alike[i] *= g->signal;
        out.mean += alike[i] * g->weights[i];
    }
    solve(g, alike, false);
    for (unsigned i = 0; i < g->count; i++)
        out.variance -= alike[i] * alike[i];
    out.variance = out.variance > 0 ? out.variance : 0;
    return out;
}

struct gaussian_guess gaussian_guess(const struct gaussian *g, const struct genome *genome)
{
    struct gaussian_point at;
    double alike[GAUSSIAN_POINTS_MAX];
    point_init(g->schema, genome, &at);
    for (unsigned i = 0; i < g->count; i++)
        alike[i] = covariance(g->schema, &at, &g->points[i]);
    return guess_from(g, alike);
}

double gaussian_point_mean(const struct gaussian *g, unsigned i)
{
    double mean = g->mean;
    ASSERT(i < g->count);
    for (unsigned k = 0; k < g->count; k++)
        mean += g->alike[i][k] * g->signal * g->weights[k];
    return mean;
}

struct gaussian_guess gaussian_point_guess(const struct gaussian *g, unsigned i)
{
    double alike[GAUSSIAN_POINTS_MAX];
    ASSERT(i < g->count);
    memcpy(alike, g->alike[i], g->count * sizeof alike[0]);
    return guess_from(g, alike);
}
