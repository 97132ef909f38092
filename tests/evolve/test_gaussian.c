#include "evolve/gaussian.h"
#include "tap.h"

#include "genome/sample.h"

/* The process against its own definition: what it believes of one and two points, and of many. */

static bool near(double a, double b)
{
    double apart = a > b ? a - b : b - a;

    return apart < 1e-9;
}

static struct gaussian *process_new(const struct genome_schema *schema)
{
    struct gaussian *g = mem_alloc(sizeof *g);

    g->schema = schema;
    return g;
}

static unsigned point_put(struct gaussian *g, const struct genome *genome, double value, double noise)
{
    unsigned at = gaussian_add(g, genome, 0);

    g->points[at].value = value;
    g->points[at].noise = noise;
    return at;
}

static void one_point_is_the_mean(void)
{
    struct genome_schema schema = sample_schema();
    struct gaussian *g = process_new(&schema);
    struct genome genome, other;
    struct prng prng;

    prng_seed(&prng, 1);
    genome_default(&schema, &genome);
    genome_random(&schema, &prng, &other);
    point_put(g, &genome, 3, 0.5);
    (void)gaussian_fit(g);
    CHECK(near(gaussian_guess(g, &genome).mean, 3));
    CHECK(near(gaussian_guess(g, &other).mean, 3));
    /* Rasmussen and Williams (2.26): s - s^2 / (s + noise) */
    CHECK(near(gaussian_guess(g, &genome).variance, g->signal - g->signal * g->signal / (g->signal + 0.5)));
    CHECK(gaussian_guess(g, &other).variance > gaussian_guess(g, &genome).variance);
    mem_free(g);
}

static void two_points_by_hand(void)
{
    struct genome_schema schema = sample_schema();
    struct gaussian *g = process_new(&schema);
    struct genome a, b;
    struct prng prng;

    prng_seed(&prng, 2);
    genome_default(&schema, &a);
    genome_random(&schema, &prng, &b);
    point_put(g, &a, 1, 0.1);
    point_put(g, &b, 2, 0.1);
    (void)gaussian_fit(g);
    double s = g->signal, k = s * g->alike[0][1], own = s + 0.1, determinant = own * own - k * k;
    /* alike 1 to itself, so the means are 1.5 -+ 0.5 (s - k) (own + k) / determinant */
    CHECK(near(g->mean, 1.5));
    CHECK(near(gaussian_guess(g, &a).mean, 1.5 - 0.5 * (s - k) * (own + k) / determinant));
    CHECK(near(gaussian_point_mean(g, 1), 1.5 + 0.5 * (s - k) * (own + k) / determinant));
    CHECK(near(gaussian_point_guess(g, 0).variance, s - (s * s * own - 2 * s * k * k + k * k * own) / determinant));
    mem_free(g);
}

/* The fewer runs a value has, the less it is believed. */
static void noise_is_not_believed(void)
{
    struct genome_schema schema = sample_schema();
    struct gaussian *g = process_new(&schema);
    struct genome genome;
    struct prng prng;

    prng_seed(&prng, 3);
    for (unsigned i = 0; i < 20; i++) {
        genome_random(&schema, &prng, &genome);
        point_put(g, &genome, i % 2, 0.1);
    }
    unsigned lucky = point_put(g, &genome, -3, 5), sure = point_put(g, &genome, -1, 0.01);
    genome_random(&schema, &prng, &genome);
    (void)gaussian_fit(g);
    CHECK(gaussian_point_mean(g, lucky) > -1.5);
    CHECK(near(gaussian_point_mean(g, lucky), gaussian_point_mean(g, sure))); /* one genome is worth one thing */
    mem_free(g);
}

/* Any number of genomes, also equal ones, and more than there is room for. */
static void many_points_are_fine(void)
{
    struct genome_schema schema = sample_conditional();
    struct gaussian *g = process_new(&schema);
    struct genome genome;
    struct prng prng;

    prng_seed(&prng, 4);
    for (unsigned i = 0; i < GAUSSIAN_POINTS_MAX + 40; i++) {
        struct gaussian_guess guess;

        if (i == 0 || i % 3 > 0)
            genome_random(&schema, &prng, &genome);
        unsigned at = gaussian_add(g, &genome, i % GAUSSIAN_POINTS_MAX);
        g->points[at].value = (double)prng_below(&prng, 1000) / 1000;
        g->points[at].noise = 1e-6;
        if (i % 32 != 0)
            continue;
        (void)gaussian_fit(g);
        guess = gaussian_point_guess(g, at);
        CHECK(guess.variance >= 0 && guess.variance <= 2e-6);
        CHECK(near(guess.mean, gaussian_guess(g, &genome).mean) && near(guess.mean, gaussian_point_mean(g, at)));
    }
    CHECK_EQ_U64(g->count, GAUSSIAN_POINTS_MAX);
    mem_free(g);
}

int main(void)
{
    TAP_RUN(one_point_is_the_mean);
    TAP_RUN(two_points_by_hand);
    TAP_RUN(noise_is_not_believed);
    TAP_RUN(many_points_are_fine);
    return tap_done();
}
