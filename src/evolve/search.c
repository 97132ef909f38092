#include "evolve/search.h"

#include "base/dmath.h"
#include "base/mutate.h"
#include "evolve/variation.h"

/* A genome is given up after k runs when the sum of its merits lies above that of the best genome, over the same
 * instances, by more than RACE_SLACK * sqrt(k): about what chance does to two equal genomes whose costs scatter like
 * run lengths of a search do. */
#define RACE_SLACK UINT64_C(1500000)

/* Of children: among how many of the best their parents are, how often they have none, how far they go. */
enum { PARENTS_MAX = 8, RANDOM_ONE_IN = 8 };
#define MUTATION_WIDTH 0.25

uint32_t search_merit(uint64_t cost)
{
    return (uint32_t)(dmath_log((double)cost + 1.0) * 1e6 + 0.5); /* below 45 millions */
}

uint64_t search_cost(uint64_t merit, unsigned instances)
{
    return (uint64_t)(dmath_exp((double)merit / 1e6 / (double)instances) * 1000.0 + 0.5);
}

void search_tell(const struct cycle_job *job, uint64_t cost)
{
    if (job->watch != NULL)
        job->watch->costs(job->watch, cost);
}

bool search_over(const struct search *s)
{
    return s->runs_left < s->job->instance_count;
}

static bool ranks_before(const struct tried *a, const struct tried *b)
{
    return a->merit != b->merit ? a->merit < b->merit : digest_compare(&a->hash, &b->hash) < 0;
}

void search_keep(struct search *s, const struct tried *t)
{
    unsigned at = s->count;
    if (!t->is_known)
        search_tell(s->job, search_cost(t->merit, s->job->instance_count));
    for (unsigned i = 0; i < s->count; i++)
        if (digest_equal(&s->pool[i].hash, &t->hash))
            return;
    if (s->count == SEARCH_POOL_MAX) {
        if (!ranks_before(t, &s->pool[s->count - 1]))
            return;
        at = s->count - 1;
    } else {
        s->count++;
    }
    for (; at > 0 && ranks_before(t, &s->pool[at - 1]); at--)
        s->pool[at] = s->pool[at - 1];
    s->pool[at] = *t;
}

/* Whom others race against: the best that ran here. NULL: nobody did yet. */
static const struct tried *rival(const struct search *s)
{
    for (unsigned i = 0; i < s->count; i++)
        if (!s->pool[i].is_known)
            return &s->pool[i];
    return NULL;
}

/* Where in the order its run number `run` is. */
static unsigned place_of(const struct search *s, const struct tried *t, unsigned run)
{
    return (t->start + run) % s->job->instance_count;
}

static void run_charge(struct search *s, struct tried *t, const struct evaluation *e)
{
    s->evaluations += t->runs == 0;
    s->runs_left--;
    s->iterations += e->work;
    unsigned place = place_of(s, t, t->runs);
    t->merits[place] = search_merit(e->cost);
    t->merit += t->merits[place];
    t->runs++;
}

/* So many more runs of each genome of the field, all beside each other. */
void search_run(struct search *s, struct tried *field, unsigned count, unsigned more)
{
    const struct cycle_job *job = s->job;
    uint64_t all = (uint64_t)count * more;
    struct batch_run *runs = mem_array(all, sizeof runs[0]);
    ASSERT(all <= s->runs_left);
    for (unsigned i = 0; i < count; i++) {
        ASSERT(field[i].runs + more <= job->instance_count);
        for (unsigned k = 0; k < more; k++)
            runs[i * more + k] = (struct batch_run){
                &field[i].genome, job->instances[s->order[place_of(s, &field[i], field[i].runs + k)]], job->epoch, {0}};
    }
    batch_evaluate(&s->batch, runs, all);
    for (unsigned i = 0; i < all; i++)
        run_charge(s, &field[i / more], &runs[i].answer);
    mem_free(runs);
}

/* The best's sum of merits over the first so many instances; as bad as can be where there is none. */
static uint64_t sum_of(const struct tried *best, unsigned runs)
{
    uint64_t sum = 0;
    for (unsigned i = 0; best != NULL && i < runs; i++)
        sum += best->merits[i];
    return best != NULL ? sum : UINT64_MAX;
}

static bool is_hopeless(const struct tried *t, uint64_t bar)
{
    const uint64_t plain =
        UINT32_MAX; /* a lead beyond it is hopeless after any number of runs, and its square too large */
    uint64_t lead = t->merit > bar ? t->merit - bar : 0, most = RACE_SLACK * RACE_SLACK * t->runs;
    lead = lead < plain ? lead : plain;
    return MUTATE(EVOLVE_NO_RACE, lead, lead * lead) > most;
}

static void begin(const struct search *s, struct tried *t)
{
    t->hash = genome_hash(s->job->schema, &t->genome);
}

void search_first(struct search *s, const struct genome *genome, struct tried *out)
{
    struct tried t = {.genome = *genome};
    ASSERT(!search_over(s) && s->count == 0);
    begin(s, &t);
    search_run(s, &t, 1, s->job->instance_count);
    search_keep(s, &t);
    *out = t;
}

/* ---- lanes */

static unsigned lanes_of(const struct cycle_job *job)
{
    unsigned lanes = job->evaluations / SEARCH_GENOMES_A_LANE;
    return lanes < 1 ? 1 : lanes < SEARCH_LANES_MAX ? lanes : SEARCH_LANES_MAX;
}

/* Are there runs for one more genome on all instances, when all of the field go the whole way? */
static bool has_room(const struct search *s, const struct tried *field, unsigned count)
{
    uint64_t instances = s->job->instance_count, needed = instances;
    for (unsigned i = 0; i < count; i++)
        needed += MUTATE(EVOLVE_BEGINS_TOO_MANY, 0, instances - field[i].runs);
    return needed <= s->runs_left;
}

/* Begins genomes where there are lanes, room and genomes. Returns how many there are then. */
static unsigned field_fill(struct search *s, const struct search_source *source, struct tried *field, unsigned count,
                           unsigned lanes)
{
    while (count < lanes && has_room(s, field, count)) {
        field[count] = (struct tried){0};
        if (!source->next(source->context, s, &field[count]))
            break;
        begin(s, &field[count++]);
    }
    return count;
}

/* Takes those that are done out of the field, in its order. Returns how many stay. */
static unsigned field_settle(struct search *s, const struct search_source *source, struct tried *field, unsigned count)
{
    unsigned stay = 0;
    for (unsigned i = 0; i < count; i++) {
        struct tried *t = &field[i];
        bool hopeless = is_hopeless(t, sum_of(rival(s), t->runs));
        bool is_whole = !hopeless && t->runs == s->job->instance_count;
        if (is_whole)
            search_keep(s, t);
        if ((is_whole || hopeless) && source->done != NULL)
            source->done(source->context, s, t, is_whole);
        if (!is_whole && !hopeless && stay++ != i)
            field[stay - 1] = *t;
    }
    return stay;
}

void search_stream(struct search *s, const struct search_source *source)
{
    unsigned lanes = lanes_of(s->job), count = 0;
    struct tried *field = mem_array(lanes, sizeof field[0]);
    for (;;) {
        count = field_fill(s, source, field, count, lanes);
        if (count == 0)
            break;
        search_run(s, field, count, 1);
        count = field_settle(s, source, field, count);
    }
    mem_free(field);
}

uint64_t search_estimate(const struct search *s, const struct tried *t)
{
    unsigned instances = s->job->instance_count;
    const struct tried *best = rival(s);
    if (t->is_known || t->runs == instances)
        return t->merit;
    ASSERT(best != NULL && t->runs > 0);
    return best->merit + (t->merit - sum_of(best, t->runs)) * instances / t->runs; /* given up: it is behind */
}

/* Drops those of the field that are hopeless after so many runs each. Returns how many stay. */
static unsigned field_thin(const struct search *s, struct tried *field, unsigned count, unsigned runs)
{
    uint64_t bar = sum_of(rival(s), runs);
    unsigned stay = 0;
    for (unsigned i = 0; i < count; i++)
        bar = field[i].merit < bar ? field[i].merit : bar;
    for (unsigned i = 0; i < count; i++)
        if (!is_hopeless(&field[i], bar))
            field[stay++] = field[i];
    return stay;
}

void search_race(struct search *s, struct tried *field, unsigned count)
{
    unsigned instances = s->job->instance_count;
    ASSERT(count >= 1 && count <= s->runs_left);
    for (unsigned i = 0; i < count; i++) {
        field[i].is_new = true;
        begin(s, &field[i]);
    }
    for (unsigned runs = 1; runs <= instances; runs++) {
        if (s->runs_left < count)
            return;
        search_run(s, field, count, 1);
        count = field_thin(s, field, count, runs);
    }
    for (unsigned i = 0; i < count; i++)
        search_keep(s, &field[i]);
}

/* The better of two draws among the best. */
static const struct genome *parent_draw(struct search *s)
{
    uint64_t parents = s->count < PARENTS_MAX ? s->count : PARENTS_MAX;
    uint64_t a = prng_below(&s->prng, parents), b = prng_below(&s->prng, parents);
    return &s->pool[a < b ? a : b].genome;
}

void search_child(struct search *s, struct genome *out)
{
    const struct genome_schema *schema = s->job->schema;
    if (prng_below(&s->prng, RANDOM_ONE_IN) == 0) {
        genome_random(schema, &s->prng, out);
        return;
    }
    struct genome child = *parent_draw(s);
    if (prng_below(&s->prng, 2) == 0) {
        struct genome first = child;
        variation_cross(schema, &s->prng, &first, parent_draw(s), &child);
    }
    variation_mutate(schema, MUTATION_WIDTH, &s->prng, &child);
    *out = child;
}
