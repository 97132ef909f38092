#include "driver/replicates.h"

#include "base/mutate.h"
#include "evolve/interposed.h"

/* Of one genome on one instance: so many runs at most, then the older half of them fades. */
enum { RUNS_MAX = 256, REPLICATES_MAX = 1 << 16 };

struct replicate {
    struct digest key; /* first */
    uint64_t sum;      /* of the costs of so many runs */
    uint64_t runs, epoch;
};

/* One run of the row. */
struct slot {
    struct digest key;
    uint64_t sum, runs; /* before it */
    uint64_t cost;      /* its own */
};

struct averaged {
    struct interposed between; /* first */
    const struct job *job;
    struct slot *slots; /* owned; candidate by candidate */
};

void replicates_free(struct replicates *r)
{
    if (r->begun)
        table_free(&r->table);
    *r = (struct replicates){0};
}

/* Runs of one row write to slots of their own, from any thread. */
static void averaged_evaluate(struct evaluator *self, const struct evaluation_task *task, struct evaluation *out)
{
    struct averaged *a = (struct averaged *)(void *)self;
    struct evaluation_task asked = interposed_task(&a->between, task);
    size_t instance = (size_t)(task->instance - a->between.instances);
    size_t genome = (size_t)(task->genome - a->job->candidates);
    struct slot *slot = &a->slots[genome * a->between.count + instance];

    ASSERT(genome < a->job->candidate_count);
    asked.instance->evaluator->evaluate(asked.instance->evaluator, &asked, out);
    slot->cost = out->cost;
    out->cost =
        MUTATE(REPLICATES_FORGOTTEN, out->cost, (slot->sum + out->cost + (slot->runs + 1) / 2) / (slot->runs + 1));
}

static void slot_fill(const struct replicates *r, const struct digest *genome, const struct instance *instance,
                      struct slot *out)
{
    const struct replicate *known;
    struct digest_context c;

    digest_init(&c);
    digest_add(&c, genome->b, sizeof genome->b);
    digest_add(&c, instance->hash.b, sizeof instance->hash.b);
    *out = (struct slot){.key = digest_final(&c)};
    known = r->begun ? table_find(&r->table, &out->key) : NULL;
    if (known != NULL) {
        out->sum = known->sum;
        out->runs = known->runs;
    }
}

struct averaged *averaged_new(const struct replicates *r, struct job *job)
{
    struct cycle_job *cycle = &job->cycle;
    struct averaged *a;

    if (job->kind != JOB_SCORE || cycle->instance_count == 0 || cycle->instances[0]->graph != NULL)
        return NULL;
    a = mem_alloc(sizeof *a);
    interposed_init(&a->between, averaged_evaluate);
    a->job = job;
    a->slots = mem_array((size_t)job->candidate_count * cycle->instance_count, sizeof a->slots[0]);
    for (unsigned j = 0; j < job->candidate_count; j++) {
        struct digest hash = genome_hash(cycle->schema, &job->candidates[j]);

        for (unsigned i = 0; i < cycle->instance_count; i++)
            slot_fill(r, &hash, cycle->instances[i], &a->slots[j * cycle->instance_count + i]);
    }
    for (unsigned i = 0; i < cycle->instance_count; i++)
        cycle->instances[i] = interposed_add(&a->between, cycle->instances[i]);
    return a;
}

void averaged_free(struct averaged *a)
{
    if (a == NULL)
        return;
    mem_free(a->slots);
    mem_free(a);
}

static bool is_of_late(void *context, const void *item)
{
    return ((const struct replicate *)item)->epoch == *(const uint64_t *)context;
}

static void replicate_add(struct replicates *r, const struct slot *slot, uint64_t epoch)
{
    bool is_new;
    struct replicate *known = table_add(&r->table, &slot->key, &is_new);

    if (!is_new && known->epoch >= epoch)
        return; /* the same seed */
    if (known->runs == RUNS_MAX) {
        known->sum /= 2;
        known->runs /= 2;
    }
    known->sum += slot->cost;
    known->runs++;
    known->epoch = epoch;
}

void averaged_keep(const struct averaged *a, struct replicates *r)
{
    if (a == NULL)
        return;
    if (!r->begun)
        table_init(&r->table, sizeof(struct replicate), DIGEST_SIZE);
    r->begun = true;
    for (size_t i = 0; i < (size_t)a->job->candidate_count * a->between.count; i++)
        replicate_add(r, &a->slots[i], a->job->number);
    if (r->table.count > REPLICATES_MAX) { /* what is no candidate any more */
        uint64_t epoch = a->job->number;

        table_filter(&r->table, is_of_late, &epoch);
    }
}
