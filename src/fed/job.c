#include "fed/job.h"

#include "genome/schema.h"

/* What a site is to compute, made by the machine and run by its driver. */

static void job_free(struct effect_body *body)
{
    struct job *job = (struct job *)body;

    genome_schema_drop(job->cycle.schema);
    mem_free(job->candidates);
    mem_free(job);
}

struct job *job_new(enum job_kind kind, uint64_t number, const struct genome_schema *schema, unsigned candidate_count)
{
    struct job *job = mem_alloc(sizeof *job);

    job->body = (struct effect_body){.holders = 1, .free = job_free};
    job->kind = kind;
    job->number = number;
    job->cycle.schema = genome_schema_hold(schema);
    job->candidate_count = candidate_count;
    job->candidates = mem_array(candidate_count, sizeof *job->candidates);
    return job;
}

struct job *job_hold(struct job *job)
{
    effect_body_hold(&job->body);
    return job;
}

void job_drop(struct job *job)
{
    effect_body_drop(job != NULL ? &job->body : NULL);
}

struct job *job_of(struct effect_body *body)
{
    ASSERT(body->free == job_free);
    return (struct job *)body;
}

bool job_instances(struct job *job, const struct claim_work *work)
{
    return claim_instances(work, &job->site, &job->shards, &job->cycle);
}
