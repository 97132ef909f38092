#include "base/dmath.h"
#include "driver/work.h"
#include "genome/schema.h"
#include "tap.h"

/* A SCORE row of a site with a program has the mean of what each run of a genome on an instance has cost so far. */

/* Costs what the test says of the epoch. */
struct teller {
    struct evaluator evaluator; /* first */
    uint64_t costs[8];          /* by epoch */
    unsigned asked;
};

static void tell(struct evaluator *self, const struct evaluation_task *task, struct evaluation *out)
{
    struct teller *t = (struct teller *)(void *)self;

    t->asked++;
    *out = (struct evaluation){EVALUATION_SUCCESS, t->costs[task->epoch], 1};
}

static struct work *row_of(struct replicates *r, const struct instance *instance, enum job_kind kind, uint64_t epoch)
{
    const struct genome_schema *schema = genome_schema_share(workload_schema());
    struct job *job = job_new(kind, epoch, schema, 1);
    struct work *work;

    job->cycle.epoch = epoch;
    job->cycle.iteration_limit = 1000000;
    job->cycle.instances[job->cycle.instance_count++] = instance;
    genome_default(schema, &job->candidates[0]);
    genome_schema_drop(schema);
    work = work_new(job);
    work->averaged = averaged_new(r, job);
    return work;
}

/* The cost that the row has: a geometric mean over one instance, of cost + 1, in thousandths. */
static uint64_t cost_in(struct work *work)
{
    struct pool *pool = pool_new(1);

    pool_submit(pool, &work->task);
    pool_wait(pool, &work->task);
    pool_free(pool);
    return (work->costs[0] + 500) / 1000 - 1;
}

static void a_row_has_the_mean(void)
{
    struct teller teller = {.evaluator.evaluate = tell, .costs = {0, 100, 200, 600, 100}};
    struct instance instance = {.evaluator = &teller.evaluator, .hash = {{1}}};
    static const uint64_t means[] = {0, 100, 150, 300, 250};
    struct replicates r = {0};

    for (uint64_t epoch = 1; epoch <= 4; epoch++) {
        struct work *row = row_of(&r, &instance, JOB_SCORE, epoch);

        CHECK_EQ_U64(cost_in(row), means[epoch]);
        CHECK_EQ_U64(row->iterations, 1);
        averaged_keep(row->averaged, &r);
        averaged_keep(row->averaged, &r); /* one epoch has one seed */
        work_free(row);
    }
    CHECK_EQ_U64(teller.asked, 4);
    /* another instance is another matter, and what a node forgets it does not know */
    instance.hash.b[0] = 2;
    struct work *other = row_of(&r, &instance, JOB_SCORE, 3);
    CHECK_EQ_U64(cost_in(other), 600);
    work_free(other);
    instance.hash.b[0] = 1;
    replicates_free(&r);
    other = row_of(&r, &instance, JOB_SCORE, 3);
    CHECK_EQ_U64(cost_in(other), 600);
    work_free(other);
}

/* What a row says depends on what was known when it was asked for, not on what comes meanwhile. */
static void a_row_knows_what_was_known(void)
{
    struct teller teller = {.evaluator.evaluate = tell, .costs = {0, 100, 200}};
    struct instance instance = {.evaluator = &teller.evaluator, .hash = {{1}}};
    struct replicates r = {0};
    struct work *first = row_of(&r, &instance, JOB_SCORE, 1), *second = row_of(&r, &instance, JOB_SCORE, 2);

    CHECK_EQ_U64(cost_in(first), 100);
    averaged_keep(first->averaged, &r);
    CHECK_EQ_U64(cost_in(second), 200);
    work_free(first);
    work_free(second);
    replicates_free(&r);
}

/* Claims that others may run again are those of one run. */
static void others_are_left_alone(void)
{
    struct graph *graph = mem_alloc(sizeof *graph);
    struct teller teller = {.evaluator.evaluate = tell, .costs = {0, 100}};
    struct instance program = {.evaluator = &teller.evaluator, .hash = {{1}}};
    struct instance built_in = {.evaluator = &teller.evaluator, .hash = {{1}}, .graph = graph};
    struct replicates r = {0};
    struct work *rows[] = {row_of(&r, &built_in, JOB_SCORE, 1), row_of(&r, &program, JOB_RECOUNT, 1),
                           row_of(&r, &program, JOB_SCORE, 1)};

    CHECK(rows[0]->averaged == NULL && rows[1]->averaged == NULL && rows[2]->averaged != NULL);
    for (unsigned i = 0; i < 3; i++)
        work_free(rows[i]);
    replicates_free(&r);
    mem_free(graph);
}

int main(void)
{
    TAP_RUN(a_row_has_the_mean);
    TAP_RUN(a_row_knows_what_was_known);
    TAP_RUN(others_are_left_alone);
    return tap_done();
}
