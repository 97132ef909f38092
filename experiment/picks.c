#include "experiment/picks.h"

#include <stdio.h>

#include "base/dmath.h"
#include "driver/pick.h"
#include "experiment/experiment.h"
#include "experiment/rows.h"
#include "experiment/statistics.h"
#include "genome/distance.h"

/* Is a federation of any use to sites of which each wants something else? The work of a site is here to come near a
 * hidden genome of its own, in runs that scatter: what is good for one site tells nothing of another one. */

enum { SITES = 4, PICK_RUNS = 3, HELD_OUT = 200 };

static const struct trial_plan full_plan = {
    .epochs = 4,
    .instances = 4,
    .evaluations = 24,
    .limit = 100000,
    .migrants = 4,
    .archive = 8,
    .rule = RANK_TRIMMED,
    .more = "",
};
static const struct trial_plan slice_plan = {
    .epochs = 2,
    .instances = 2,
    .evaluations = 6,
    .limit = 100000,
    .migrants = 2,
    .archive = 2,
    .rule = RANK_TRIMMED,
    .more = "",
};

/* ---- what a site takes */

static bool is_among(const struct genome *genomes, unsigned count, const struct digest *hash)
{
    for (unsigned i = 0; i < count; i++) {
        struct digest other = genome_hash(workload_schema(), &genomes[i]);

        if (digest_equal(&other, hash))
            return true;
    }
    return false;
}

static unsigned candidates_of(const struct trial_result *result, const struct offers *own, struct genome *out)
{
    unsigned count = 0;

    for (; count < result->archive_count; count++)
        out[count] = result->archive[count];
    for (unsigned i = 0; own != NULL && i < own->count; i++) {
        if (!is_among(out, result->archive_count, &own->best[i].hash))
            out[count++] = own->best[i].genome;
    }
    if (own != NULL)
        genome_default(workload_schema(), &out[count++]);
    return count;
}

enum err picks_take(const struct trial *t, unsigned site, const struct trial_result *result, enum picks picks,
                    struct genome *out, uint64_t *evaluations, struct diag *diag)
{
    struct genome *candidates = mem_array(PICK_CANDIDATES_MAX, sizeof candidates[0]);
    struct pick_task task = {
        .schema = workload_schema(),
        .epoch = t->plan->epochs + 1,
        .limit = t->plan->limit,
        .runs = PICK_RUNS,
        .threads = 1,
        .count = candidates_of(result, picks == PICKS_OWN ? &t->offers[site] : NULL, candidates),
        .candidates = candidates,
    };
    double logs[PICK_CANDIDATES_MAX];
    struct workload own;
    enum err err = trial_workload(t, site, &own, diag);

    if (err == ERR_OK) {
        task.work = &own;
        *out = candidates[pick_run(&task, logs)];
        *evaluations += PICK_RUNS * task.count;
        workload_fini(&own);
    }
    mem_free(candidates);
    return err;
}

/* ---- work that comes near a hidden genome */

struct hidden {
    struct evaluator evaluator; /* first */
    struct genome best;
};

static void hidden_evaluate(struct evaluator *self, const struct evaluation_task *task, struct evaluation *out)
{
    const struct hidden *h = (const struct hidden *)(void *)self;
    struct digest hash = genome_hash(task->schema, task->genome);
    uint64_t scatter = 500 + evaluation_seed(task, &hash) % 1001; /* thousandths */
    uint64_t away = genome_distance(task->schema, task->genome, &h->best);
    uint64_t cost = (100000 + away) * scatter / 1000000;

    *out = (struct evaluation){EVALUATION_SUCCESS, cost, cost};
}

/* The mean of the logarithms of what it costs, in runs that belong to no epoch. */
static double judged(struct hidden *h, const struct genome *genome)
{
    struct instance instance = {.evaluator = &h->evaluator};
    double sum = 0;

    for (unsigned i = 0; i < HELD_OUT; i++) {
        struct evaluation e = instance_evaluate(&instance, workload_schema(), genome, UINT64_MAX - i, UINT64_MAX);

        sum += dmath_log((double)e.cost);
    }
    return sum / HELD_OUT;
}

/* ---- the experiment */

enum way { ALONE, FEDERATED, ARCHIVE, OWN, WAYS };
static const char *const way_names[WAYS] = {"alone", "federated", "federated, archive alone", "federated, own pick"};

struct outcome {
    double logs[WAYS][SAMPLE_MAX]; /* relative to the default genome; mean over the sites, one for each seed */
};

struct round {
    const struct trial_plan *plan;
    uint64_t seed;
    unsigned at; /* among the outcome's seeds */
    struct hidden hidden[SITES];
    struct outcome *out;
};

static void note(struct round *r, enum way way, unsigned site, const struct genome *genome)
{
    struct genome usual;

    genome_default(workload_schema(), &usual);
    r->out->logs[way][r->at] += (judged(&r->hidden[site], genome) - judged(&r->hidden[site], &usual)) / SITES;
}

static void add_site(struct round *r, unsigned site, struct trial *t)
{
    t->numbers[t->sites] = site;
    t->families[t->sites] = "queen"; /* of the instances; nobody colours them */
    t->evaluators[t->sites++] = &r->hidden[site].evaluator;
}

static enum err run_alone(struct round *r, unsigned site, struct diag *diag)
{
    struct trial t = {.plan = r->plan, .seed = r->seed};
    struct trial_result result;

    add_site(r, site, &t);
    enum err err = trial_run(&t, &result, diag);
    if (err == ERR_OK)
        note(r, ALONE, site, &result.genome);
    return err;
}

static enum err run_federated(struct round *r, struct diag *diag)
{
    static const enum way ways[] = {[PICKS_ARCHIVE] = ARCHIVE, [PICKS_OWN] = OWN};
    struct trial t = {.plan = r->plan, .seed = r->seed, .offers = mem_array(SITES, sizeof t.offers[0])};
    struct trial_result result;
    uint64_t evaluations = 0;

    for (unsigned i = 0; i < SITES; i++)
        add_site(r, i, &t);
    enum err err = trial_run(&t, &result, diag);
    for (unsigned i = 0; i < SITES && err == ERR_OK; i++) {
        note(r, FEDERATED, i, &result.genome);
        for (unsigned p = 0; p < PICKS_COUNT && err == ERR_OK; p++) {
            struct genome genome;

            err = picks_take(&t, i, &result, (enum picks)p, &genome, &evaluations, diag);
            if (err == ERR_OK)
                note(r, ways[p], i, &genome);
        }
    }
    mem_free(t.offers);
    return err;
}

struct campaign {
    const struct trial_plan *plan;
    struct outcome *out;
};

static enum err run_seed(void *context, unsigned at, struct diag *diag)
{
    const struct campaign *c = context;
    struct round *r = mem_alloc(sizeof *r);
    enum err err = ERR_OK;

    r->plan = c->plan;
    r->seed = at + 1;
    r->at = at;
    r->out = c->out;
    for (unsigned i = 0; i < SITES; i++) {
        struct prng prng;

        prng_stream(&prng, r->seed, "hidden", i);
        r->hidden[i].evaluator.evaluate = hidden_evaluate;
        genome_random(workload_schema(), &prng, &r->hidden[i].best);
    }
    for (unsigned i = 0; i < SITES && err == ERR_OK; i++)
        err = run_alone(r, i, diag);
    if (err == ERR_OK)
        err = run_federated(r, diag);
    mem_free(r);
    return err;
}

static void print(const struct outcome *o, unsigned seeds)
{
    printf("\n| on the site's own work: cost, default genome = 1 | geometric mean | lower quartile | median | upper "
           "quartile |\n|---|---|---|---|---|\n");
    for (unsigned w = 0; w < WAYS; w++)
        rows_print(way_names[w], o->logs[w], seeds);
    printf("\n| pair | ratio | better | p |\n|---|---|---|---|\n");
    rows_print_pair(o->logs[FEDERATED], o->logs[ALONE], "federated / alone", seeds);
    rows_print_pair(o->logs[ARCHIVE], o->logs[ALONE], "federated, archive alone / alone", seeds);
    rows_print_pair(o->logs[OWN], o->logs[ALONE], "federated, own pick / alone", seeds);
    rows_print_pair(o->logs[OWN], o->logs[ARCHIVE], "federated, own pick / archive alone", seeds);
}

static enum err run(const struct experiment_options *options, struct diag *diag)
{
    const struct trial_plan *plan = options->slice ? &slice_plan : &full_plan;
    struct outcome *out = mem_alloc(sizeof *out);
    struct campaign campaign = {plan, out};

    printf(
        "%u seeds; %d sites, each with a hidden genome of its own; %u epochs of %u evaluations on %u instances; runs "
        "scatter by half of their cost; %d held-out runs\n",
        options->seeds, SITES, (unsigned)plan->epochs, plan->evaluations, plan->instances, HELD_OUT);
    enum err err = experiment_each(options, "picks", run_seed, &campaign, diag);
    if (err == ERR_OK)
        print(out, options->seeds);
    mem_free(out);
    return err;
}

const struct experiment experiment_picks = {"picks", "what a site among very unlike ones takes for itself", 20, run};
