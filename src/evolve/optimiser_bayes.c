#include "evolve/gaussian.h"
#include "evolve/optimiser.h"
#include "evolve/search.h"
#include "evolve/variation.h"

#include "base/dmath.h"
#include "base/mutate.h"

/* Bayesian optimisation of noisy costs (Jones et al. 1998; Hutter et al. 2011): a Gaussian process over all runs says
 * what each genome is worth, and how sure that is. What may be the best gets the next few runs: a child of good
 * genomes, or a genome that has had some. So the many that are no good cost a few runs each, and what looks good by
 * luck does not stay so. What is handed out goes by the process, too, which believes no single genome's runs more than
 * their number says. */

/* Found by trying. When so many genomes in a row were tried before, random ones take the place of children
 * (IDLE_CHILDREN), and then there are no new ones (IDLE_MAX). */
enum { PARENTS = 8, CHILDREN = 32, SWEEPS = 3, RUNS_AT_ONCE_MIN = 3, IDLE_CHILDREN = 6, IDLE_MAX = 100, LANES = 8 };
static const double curiosity = 2;

struct bayes {
    struct search *s;
    struct gaussian model;
    struct tried tried[GAUSSIAN_POINTS_MAX]; /* of the model's points */
    double instances[SEARCH_INSTANCES_MAX];  /* what the one at this place of the order adds to every cost */
    unsigned best[PARENTS], best_count;      /* points, by what the model believes */
    double noise;                            /* variance of a run */
    bool noise_known;                        /* from more runs than there are genomes and instances */
    unsigned at_once, idle;
};

static double merit_at(const struct tried *t, unsigned place)
{
    return t->merits[place] / 1e6;
}

static bool ran_at(const struct bayes *b, const struct tried *t, unsigned place)
{
    unsigned count = b->s->job->instance_count;
    return !t->is_known && (place + count - t->start) % count < t->runs;
}

/* The mean of its costs beyond what the instances add. */
static double value_of(const struct bayes *b, const struct tried *t)
{
    unsigned count = b->s->job->instance_count;
    double sum = t->is_known ? (double)t->merit / 1e6 : 0;
    for (unsigned i = 0; i < count; i++)
        sum += (ran_at(b, t, i) ? merit_at(t, i) : 0) - (t->is_known || ran_at(b, t, i) ? b->instances[i] : 0);
    return sum / (t->is_known ? count : t->runs);
}

/* Two-way analysis of variance by sweeps: genomes, instances, and the noise that is left. */
static void values_take(struct bayes *b)
{
    unsigned count = b->s->job->instance_count, runs = 0;
    double squares = 0;
    for (unsigned sweep = 0; sweep < SWEEPS; sweep++) {
        for (unsigned k = 0; k < b->model.count; k++)
            b->model.points[k].value = value_of(b, &b->tried[k]);
        for (unsigned i = 0; i < count; i++) {
            double sum = 0;
            unsigned here = 0;
            for (unsigned k = 0; k < b->model.count; k++)
                if (ran_at(b, &b->tried[k], i)) {
                    sum += merit_at(&b->tried[k], i) - b->model.points[k].value;
                    here++;
                }
            b->instances[i] = here > 0 ? sum / here : 0;
        }
    }
    for (unsigned k = 0; k < b->model.count; k++)
        for (unsigned i = 0; i < count; i++)
            if (ran_at(b, &b->tried[k], i)) {
                double rest = merit_at(&b->tried[k], i) - b->instances[i] - b->model.points[k].value;
                squares += rest * rest;
                runs++;
            }
    unsigned used = b->model.count + count;
    b->noise_known = runs > used;
    b->noise = (squares + 4) / ((b->noise_known ? runs - used : 0) + 4.0);
}

static double fit_with(struct bayes *b, double noise)
{
    for (unsigned k = 0; k < b->model.count; k++)
        b->model.points[k].noise = noise / (b->tried[k].is_known ? b->s->job->instance_count : b->tried[k].runs);
    return gaussian_fit(&b->model);
}

/* Where runs cannot tell the noise, as on a single instance, it is that of some under which the values are most likely.
 */
static void fit(struct bayes *b)
{
    static const double quieter[] = {10, 100, 1000};
    double best = b->noise, least = fit_with(b, best);
    if (b->noise_known)
        return;
    for (unsigned i = 0; i < sizeof quieter / sizeof quieter[0]; i++) {
        double noise = b->noise / quieter[i], at = fit_with(b, noise);
        if (at >= least)
            continue;
        least = at;
        best = noise;
    }
    (void)fit_with(b, best);
}

static void best_take(struct bayes *b)
{
    double means[PARENTS];
    b->best_count = 0;
    for (unsigned k = 0; k < b->model.count; k++) {
        double mean = gaussian_point_mean(&b->model, k);
        unsigned at = b->best_count < PARENTS ? b->best_count++ : PARENTS;
        if (at == PARENTS && mean >= means[PARENTS - 1])
            continue;
        for (at = at < PARENTS ? at : PARENTS - 1; at > 0 && mean < means[at - 1]; at--) {
            means[at] = means[at - 1];
            b->best[at] = b->best[at - 1];
        }
        means[at] = mean;
        b->best[at] = k;
    }
}

static void learn(struct bayes *b)
{
    values_take(b);
    fit(b);
    best_take(b);
}

/* The point that a full model can best do without. */
static unsigned worst(const struct bayes *b)
{
    unsigned at = 0;
    for (unsigned k = 1; k < b->model.count; k++)
        if (b->model.points[k].value > b->model.points[at].value)
            at = k;
    return at;
}

static unsigned point_add(struct bayes *b, const struct tried *t)
{
    unsigned at = gaussian_add(&b->model, &t->genome, worst(b));
    b->tried[at] = *t;
    return at;
}

static bool is_complete(const struct bayes *b, unsigned point)
{
    return b->tried[point].is_known || b->tried[point].runs == b->s->job->instance_count;
}

/* Some more runs for a point; one that has them all goes into the pool. */
static void run_some(struct bayes *b, unsigned point)
{
    struct tried *t = &b->tried[point];
    unsigned left = b->s->job->instance_count - t->runs, more = left < b->at_once ? left : b->at_once;
    search_run(b->s, t, 1, more < b->s->runs_left ? more : (unsigned)b->s->runs_left);
    if (is_complete(b, point))
        search_keep(b->s, t);
}

static bool is_tried(const struct bayes *b, const struct genome *genome, struct digest *hash)
{
    *hash = genome_hash(b->s->job->schema, genome);
    for (unsigned k = 0; k < b->model.count; k++)
        if (digest_equal(&b->tried[k].hash, hash))
            return true;
    return false;
}

/* A point for a genome that is none yet, without runs; -1: it is one. */
static int genome_add(struct bayes *b, const struct genome *genome)
{
    struct tried t = {.genome = *genome, .is_new = true};
    if (is_tried(b, genome, &t.hash)) {
        b->idle++;
        return -1;
    }
    b->idle = 0;
    t.start = (unsigned)prng_below(&b->s->prng, b->s->job->instance_count);
    return (int)point_add(b, &t);
}

/* Some random genomes beside each other, as long as more runs are left than that. */
static void randoms_run(struct bayes *b, uint64_t until)
{
    struct search *s = b->s;
    unsigned first = b->model.count, instances = s->job->instance_count;
    unsigned more = b->at_once < instances ? b->at_once : instances;
    uint64_t left = s->runs_left;
    while (b->model.count < first + LANES && left > until && left >= more && b->idle < IDLE_MAX) {
        struct genome genome;
        genome_random(s->job->schema, &s->prng, &genome);
        if (genome_add(b, &genome) >= 0)
            left -= more;
    }
    if (b->model.count > first)
        search_run(s, &b->tried[first], b->model.count - first, more);
    for (unsigned k = first; k < b->model.count; k++)
        if (is_complete(b, k))
            search_keep(s, &b->tried[k]);
}

static const struct genome *parent_draw(struct bayes *b)
{
    uint64_t x = prng_below(&b->s->prng, b->best_count), y = prng_below(&b->s->prng, b->best_count);
    return &b->tried[b->best[x < y ? x : y]].genome;
}

/* Near and far: one in two changes a gene or two, the others many. */
static void child_make(struct bayes *b, struct genome *out)
{
    const struct genome_schema *schema = b->s->job->schema;
    struct prng *prng = &b->s->prng;
    struct genome child = *parent_draw(b);
    if (prng_below(prng, 2) == 0) {
        struct genome first = child;
        variation_cross(schema, prng, &first, parent_draw(b), &child);
    }
    if (prng_below(prng, 2) == 0) {
        variation_mutate(schema, 0.25, prng, &child);
    } else {
        for (unsigned i = 0; i < 2; i++) {
            unsigned gene = (unsigned)prng_below(prng, schema->count);
            variation_step(&schema->genes[gene], 0.25, prng, &child.values[gene]);
        }
        genome_project(schema, &child);
    }
    *out = child;
}

/* The lower confidence bound (Cox and John 1992): how good it may be. */
static double promise(struct gaussian_guess guess)
{
    return guess.mean - curiosity * dmath_sqrt(guess.variance);
}

static double child_choose(struct bayes *b, struct genome *out)
{
    struct genome child;
    double least = 0;
    for (unsigned i = 0; i < CHILDREN; i++) {
        child_make(b, &child);
        double at = promise(gaussian_guess(&b->model, &child));
        if (i > 0 && at >= least)
            continue;
        least = at;
        *out = child;
    }
    return least;
}

/* Of the points that have runs left to do, the one that promises most, and less than `least`; -1: none does. The
 * variance of a point is below that of its own runs, so that most need no more than their mean. */
static int point_choose(const struct bayes *b, double least)
{
    int point = -1;
    for (unsigned k = 0; k < b->model.count; k++) {
        struct gaussian_guess guess = {gaussian_point_mean(&b->model, k), b->model.points[k].noise};
        if (is_complete(b, k) || promise(guess) >= least)
            continue;
        double at = promise(gaussian_point_guess(&b->model, k));
        if (at >= least)
            continue;
        least = at;
        point = (int)k;
    }
    return point;
}

/* What may be the best gets the next runs. */
static void step(struct bayes *b)
{
    struct genome best = {0};
    double least = child_choose(b, &best);
    int point = point_choose(b, least);
    if (b->idle >= IDLE_CHILDREN)
        genome_random(b->s->job->schema, &b->s->prng, &best);
    if (point < 0)
        point = genome_add(b, &best);
    if (point >= 0)
        run_some(b, (unsigned)point);
}

/* The best that has runs left to do; -1: none. */
static int unfinished(const struct bayes *b)
{
    for (unsigned i = 0; i < b->best_count; i++)
        if (!is_complete(b, b->best[i]))
            return (int)b->best[i];
    return -1;
}

/* Those that go the whole way in the end, best first, as long as there are runs. */
static void finish(struct bayes *b)
{
    for (int at = unfinished(b); at >= 0 && b->s->runs_left > 0; at = unfinished(b)) {
        run_some(b, (unsigned)at);
        learn(b);
    }
}

static void pool_order(struct bayes *b)
{
    struct search *s = b->s;
    double means[SEARCH_POOL_MAX];
    for (unsigned i = 0; i < s->count; i++) {
        struct tried t = s->pool[i];
        double mean = MUTATE(EVOLVE_OFFERS_THE_LUCKY, (double)t.merit, gaussian_guess(&b->model, &t.genome).mean);
        unsigned at = i;
        for (; at > 0 && mean < means[at - 1]; at--) {
            means[at] = means[at - 1];
            s->pool[at] = s->pool[at - 1];
        }
        means[at] = mean;
        s->pool[at] = t;
    }
}

void optimiser_bayes(struct search *s)
{
    struct bayes *b = mem_alloc(sizeof *b);
    unsigned instances = s->job->instance_count;
    uint64_t all = s->runs_left, randoms_until = all - all / 5, finals = all / 4;
    b->s = s;
    b->model.schema = s->job->schema;
    b->at_once = instances / 5 > RUNS_AT_ONCE_MIN ? instances / 5 : RUNS_AT_ONCE_MIN;
    for (unsigned i = 0; i < s->count; i++)
        (void)point_add(b, &s->pool[i]);
    while (s->runs_left > randoms_until && s->runs_left >= instances && b->idle < IDLE_MAX &&
           b->model.count < GAUSSIAN_POINTS_MAX / 2)
        randoms_run(b, randoms_until);
    learn(b);
    while (s->runs_left > finals && b->idle < IDLE_MAX) {
        step(b);
        learn(b);
    }
    finish(b);
    pool_order(b);
    mem_free(b);
}
