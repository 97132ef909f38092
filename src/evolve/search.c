#include "evolve/search.h"

#include "base/dmath.h"

/* A genome is given up after k runs when the sum of its merits lies above that of the best genome, over the same
 * instances, by more than RACE_SLACK * sqrt(k): about what chance does to two equal genomes whose costs scatter like
 * run lengths of a search do. */
#define RACE_SLACK INT64_C(1000000)

uint32_t search_merit(uint64_t cost)
{
    return (uint32_t)(dmath_log((double)cost + 1.0) * 1e6 + 0.5); /* below 45 millions */
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

/* lead: by how much the rival is ahead after so many runs. */
static bool is_hopeless(int64_t lead, unsigned runs)
{
    return lead > 0 && (lead / RACE_SLACK) * (lead / RACE_SLACK) >= runs;
}

bool search_try(struct search *s, const struct genome *genome, struct tried *out)
{
    const struct cycle_job *job = s->job;
    const struct tried *best = rival(s);
    struct tried t = {.genome = *genome, .hash = genome_hash(job->schema, genome), .is_new = true};
    int64_t lead = 0;
    ASSERT(!search_over(s));
    s->evaluations++;
    for (unsigned i = 0; i < job->instance_count; i++) {
        struct evaluation e =
            instance_evaluate(job->instances[s->order[i]], job->schema, genome, job->epoch, job->iteration_limit);
        s->iterations += e.work;
        s->runs_left--;
        t.merits[i] = search_merit(e.cost);
        t.merit += t.merits[i];
        lead += best != NULL ? (int64_t)t.merits[i] - (int64_t)best->merits[i] : 0;
        if (is_hopeless(lead, i + 1))
            return false;
    }
    search_keep(s, &t);
    if (out != NULL)
        *out = t;
    return true;
}
