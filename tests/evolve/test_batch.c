#include "evolve/local_cycle.h"
#include "tap.h"

#include <pthread.h>
#include <time.h>

#include "genome/sample.h"

/* Whatever the number of threads, and whichever run ends first: the same answers in the same places, the same runs
 * under the same numbers, the same cycle and the same row. */

enum { INSTANCES = 5, RUNS_MAX = 4096, CANDIDATES = 7 };

static const unsigned pools[] = {1, 2, 8};

/* Answers by what is asked, the earlier ones of each eight later. */
struct slow {
    struct evaluator evaluator; /* first */
    pthread_mutex_t lock;
    unsigned times[RUNS_MAX]; /* that a run of this number was done */
    struct digest asked[RUNS_MAX];
};

static void slow_evaluate(struct evaluator *self, const struct evaluation_task *task, struct evaluation *out)
{
    struct slow *slow = (struct slow *)(void *)self;
    struct digest digest = evaluation_digest(task);
    struct timespec pause = {.tv_nsec = (long)(7 - task->number % 8) * 20000};

    nanosleep(&pause, NULL);
    ASSERT(task->number < RUNS_MAX);
    pthread_mutex_lock(&slow->lock);
    slow->times[task->number]++;
    slow->asked[task->number] = digest;
    pthread_mutex_unlock(&slow->lock);
    *out = (struct evaluation){EVALUATION_SUCCESS, 1 + be64_get(digest.b) % 100000, 1 + digest.b[9]};
}

static struct instance instances[INSTANCES];

static struct slow *slow_new(void)
{
    struct slow *slow = mem_alloc(sizeof *slow);

    slow->evaluator.evaluate = slow_evaluate;
    pthread_mutex_init(&slow->lock, NULL);
    for (unsigned i = 0; i < INSTANCES; i++)
        instances[i] = (struct instance){.evaluator = &slow->evaluator, .hash.b[0] = (uint8_t)i};
    return slow;
}

static void slow_free(struct slow *slow)
{
    pthread_mutex_destroy(&slow->lock);
    mem_free(slow);
}

/* Each number once from 0 on, and the same question under it as in the other run. */
static void same_questions(const struct slow *a, const struct slow *b)
{
    bool over = false;

    for (unsigned i = 0; i < RUNS_MAX; i++) {
        CHECK(a->times[i] == (over || a->times[i] == 0 ? 0U : 1U) && a->times[i] == b->times[i]);
        CHECK(digest_equal(&a->asked[i], &b->asked[i]));
        over = a->times[i] == 0;
    }
    CHECK_EQ_U64(a->times[0], 1);
}

static struct cycle_job job_of(enum optimiser optimiser, struct pool *pool)
{
    struct cycle_job job = {
        .schema = workload_schema(),
        .optimiser = optimiser,
        .epoch = 3,
        .seed = 11,
        .evaluations = 12,
        .iteration_limit = 100000,
        .migrants = 3,
        .archive_count = 4,
        .instance_count = INSTANCES,
        .pool = pool,
    };
    struct prng prng;

    prng_seed(&prng, 12);
    genome_default(job.schema, &job.incumbent);
    for (unsigned i = 0; i < job.archive_count; i++)
        genome_random(job.schema, &prng, &job.archive[i]);
    for (unsigned i = 0; i < INSTANCES; i++)
        job.instances[i] = &instances[i];
    return job;
}

static void cycle_on(enum optimiser optimiser, unsigned threads, struct cycle_result *out, struct slow **slow)
{
    struct pool *pool = threads > 0 ? pool_new(threads) : NULL;

    *slow = slow_new();
    struct cycle_job job = job_of(optimiser, pool);
    cycle_run(&job, out);
    if (pool != NULL)
        pool_free(pool);
}

static void a_cycle_is_the_same(void)
{
    for (unsigned o = 0; o < OPTIMISER_COUNT; o++) {
        struct cycle_result alone, r;
        struct slow *first, *slow;

        cycle_on((enum optimiser)o, 0, &alone, &first);
        for (unsigned k = 0; k < sizeof pools / sizeof pools[0]; k++) {
            cycle_on((enum optimiser)o, pools[k], &r, &slow);
            same_questions(first, slow);
            slow_free(slow);
            CHECK_EQ_U64(r.iterations, alone.iterations);
            CHECK_EQ_U64(r.evaluations, alone.evaluations);
            CHECK_EQ_U64(r.incumbent_cost, alone.incumbent_cost);
            CHECK_EQ_U64(r.count, alone.count);
            for (unsigned i = 0; i < r.count; i++)
                CHECK(r.best[i].cost == alone.best[i].cost && sample_equal(&r.best[i].genome, &alone.best[i].genome));
        }
        slow_free(first);
    }
}

static uint64_t row_on(unsigned threads, uint64_t costs[CANDIDATES], struct slow **slow)
{
    struct pool *pool = threads > 0 ? pool_new(threads) : NULL;
    struct genome candidates[CANDIDATES];
    struct prng prng;
    uint64_t iterations;

    *slow = slow_new();
    struct cycle_job job = job_of(OPTIMISER_STEADY, pool);
    prng_seed(&prng, 5);
    for (unsigned i = 0; i < CANDIDATES; i++)
        genome_random(job.schema, &prng, &candidates[i]);
    iterations = cycle_score(&job, candidates, CANDIDATES, costs);
    if (pool != NULL)
        pool_free(pool);
    return iterations;
}

static void a_row_is_the_same(void)
{
    uint64_t alone[CANDIDATES], costs[CANDIDATES];
    struct slow *first, *slow;
    uint64_t iterations = row_on(0, alone, &first);

    CHECK_EQ_U64(first->times[CANDIDATES * INSTANCES - 1], 1);
    for (unsigned k = 0; k < sizeof pools / sizeof pools[0]; k++) {
        CHECK_EQ_U64(row_on(pools[k], costs, &slow), iterations);
        same_questions(first, slow);
        slow_free(slow);
        for (unsigned i = 0; i < CANDIDATES; i++)
            CHECK_EQ_U64(costs[i], alone[i]);
    }
    slow_free(first);
}

/* Runs that wait for each other, as many as there are threads, end only when they are done beside each other. */
struct meeting {
    struct evaluator evaluator; /* first */
    pthread_barrier_t all;
};

static void meet(struct evaluator *self, const struct evaluation_task *task, struct evaluation *out)
{
    struct meeting *m = (struct meeting *)(void *)self;

    (void)task;
    (void)pthread_barrier_wait(&m->all);
    *out = (struct evaluation){EVALUATION_SUCCESS, 1, 1};
}

static void a_row_is_done_side_by_side(void)
{
    struct meeting m = {.evaluator.evaluate = meet};
    struct instance instance = {.evaluator = &m.evaluator};
    struct pool *pool = pool_new(4);
    struct cycle_job job = {.schema = workload_schema(), .instance_count = 1, .pool = pool};
    struct genome candidates[8];
    uint64_t costs[8];

    pthread_barrier_init(&m.all, NULL, 4);
    job.instances[0] = &instance;
    for (unsigned i = 0; i < 8; i++)
        genome_default(job.schema, &candidates[i]);
    alarm(60); /* one run after the other would wait for ever */
    CHECK_EQ_U64(cycle_score(&job, candidates, 8, costs), 8);
    alarm(0);
    pool_free(pool);
    pthread_barrier_destroy(&m.all);
}

/* How many runs there were at once, at most. Until three have met once, a run waits a while for others. */
struct crowd {
    struct evaluator evaluator; /* first */
    pthread_mutex_t lock;
    pthread_cond_t met;
    unsigned now, most;
};

enum { PATIENCE_S = 1, CROWD = 3 };

static void crowd_evaluate(struct evaluator *self, const struct evaluation_task *task, struct evaluation *out)
{
    struct crowd *c = (struct crowd *)(void *)self;
    struct digest digest = evaluation_digest(task);
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&c->lock);
    c->now++;
    c->most = c->now > c->most ? c->now : c->most;
    pthread_cond_broadcast(&c->met);
    while (c->most < CROWD && pthread_cond_timedwait(&c->met, &c->lock, &until) == 0)
        ;
    c->now--;
    pthread_mutex_unlock(&c->lock);
    *out = (struct evaluation){EVALUATION_SUCCESS, 1 + be64_get(digest.b) % 100000, 1};
}

/* One instance: there are never two runs of one genome. */
static void genomes_are_tried_side_by_side(void)
{
    for (unsigned o = 0; o < OPTIMISER_COUNT; o++) {
        struct crowd c = {.evaluator.evaluate = crowd_evaluate};
        struct instance instance = {.evaluator = &c.evaluator};
        struct pool *pool = pool_new(8);
        struct cycle_job job = job_of((enum optimiser)o, pool);
        struct cycle_result r;

        pthread_mutex_init(&c.lock, NULL);
        pthread_cond_init(&c.met, NULL);
        job.archive_count = 0;
        job.evaluations = 60;
        job.instance_count = 1;
        job.instances[0] = &instance;
        cycle_run(&job, &r);
        tap_note("%s: %u runs at once", optimiser_name((enum optimiser)o), c.most);
        CHECK(c.most >= CROWD && c.most <= 8);
        pool_free(pool);
        pthread_cond_destroy(&c.met);
        pthread_mutex_destroy(&c.lock);
    }
}

int main(void)
{
    TAP_RUN(a_row_is_the_same);
    TAP_RUN(a_cycle_is_the_same);
    TAP_RUN(a_row_is_done_side_by_side);
    TAP_RUN(genomes_are_tried_side_by_side);
    return tap_done();
}
