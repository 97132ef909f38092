#include "sim/results.h"

#include <stdio.h>

#include "base/dmath.h"

enum { GAIN_DRAWS = 4, GAIN_DRAWS_PROGRAM = 1 };

static const struct sim_node *teller_of(const struct rehearsal *r)
{
    const struct sim_node *best = NULL;

    for (unsigned pass = 0; pass < 3 && best == NULL; pass++) { /* honest and up; honest; anybody */
        for (unsigned i = 0; i < r->count; i++) {
            const struct sim_node *n = &r->nodes[i];

            if (n->member < 0 || (pass < 2 && n->lied) || (pass < 1 && !n->up))
                continue;
            if (best == NULL || n->disk.height > best->disk.height)
                best = n;
        }
    }
    return best;
}

/* ---- who signs */

/* The key of the node that is among the signers, or NULL. */
static const struct secret_key *key_among(const struct sim_node *n, const struct signers *signers)
{
    if (signers_find(signers, &n->key.fingerprint) != NULL)
        return &n->key;
    return signers_find(signers, &n->next_key.fingerprint) != NULL ? &n->next_key : NULL;
}

/* The teller, where it may sign; else the first that may: honest and up, honest, anybody. */
static const struct sim_node *signer_of(const struct results *t, const struct signers *signers,
                                        const struct secret_key **key)
{
    *key = key_among(t->teller, signers);
    if (*key != NULL)
        return t->teller;
    for (unsigned pass = 0; pass < 3; pass++) {
        for (unsigned i = 0; i < t->r->count; i++) {
            const struct sim_node *n = &t->r->nodes[i];

            if ((pass < 2 && n->lied) || (pass < 1 && !n->up))
                continue;
            *key = key_among(n, signers);
            if (*key != NULL)
                return n;
        }
    }
    ASSERT(!"somebody may sign, and every member is a node");
    return NULL;
}

static void sign_anchor(struct results *t, struct results_epoch *e)
{
    const struct secret_key *key;

    (void)signer_of(t, &e->log->signers, &key);
    anchor_sign(key, &e->log->anchor, &e->signature);
}

static void choose_recorder(struct results *t)
{
    struct signers signers = {0};

    signers_of(&t->history.state, &signers);
    t->recorder = signer_of(t, &signers, &t->recorder_key);
    signers_free(&signers);
}

/* ---- costs and agreement */

/* Sum over draws. */
static uint64_t cost_of(const struct batch_run *runs, unsigned draws)
{
    uint64_t cost = 0;

    for (unsigned draw = 0; draw < draws; draw++)
        cost += runs[draw].answer.cost;
    return cost;
}

/* Of the first and the last genome on a site's own work: sums over its instances. */
struct site_sums {
    double gain;        /* logarithms of the last one's cost over the first one's */
    double first, last; /* logarithms of the cost of a draw + 1 */
};

/* One instance: runs are the draws of both, which belong to no epoch of the run. */
static void sums_add(struct site_sums *sums, const struct batch_run *runs, unsigned draws)
{
    uint64_t first = cost_of(runs, draws), last = cost_of(runs + draws, draws);

    sums->gain += dmath_log((double)(last > 0 ? last : 1) / (double)(first > 0 ? first : 1));
    sums->first += dmath_log((double)first / draws + 1);
    sums->last += dmath_log((double)last / draws + 1);
}

static void site_sums(const struct results *t, const struct workload *w, struct journalled *journalled,
                      struct run_watch *watch, struct site_sums *sums)
{
    const struct federation_state *s = &t->history.state;
    const struct genome *genomes[2] = {&t->history.first_incumbent, &s->incumbent};
    unsigned draws = w->instances[0].graph != NULL ? GAIN_DRAWS : GAIN_DRAWS_PROGRAM, all = 2 * draws;
    struct batch batch = {.schema = s->schema, .limit = s->policy.iteration_limit, .pool = t->r->pool};
    struct batch_run *runs = mem_array((uint64_t)w->count * all, sizeof runs[0]);

    for (unsigned i = 0; i < w->count * all; i++) {
        if (i % all == 0)
            runs[i].instance = run_watch_instance(watch, journalled_instance(journalled, &w->instances[i / all]));
        else
            runs[i].instance = runs[i - 1].instance;
        runs[i].genome = genomes[i / draws % 2];
        runs[i].epoch = UINT64_MAX - i % draws;
    }
    batch_evaluate(&batch, runs, (uint64_t)w->count * all);
    for (unsigned i = 0; i < w->count; i++)
        sums_add(sums, &runs[i * all], draws);
    mem_free(runs);
}

/* In tenths of what is counted, so that a report does not say more digits than there are. */
static double shown_cost(const struct program_spec *program, double sum, unsigned count)
{
    double mean = dmath_exp(sum / count) - 1;

    return program != NULL ? program_mean_cost(program, mean) : (double)(uint64_t)(mean * 10 + 0.5) / 10;
}

static void add_site(struct results *t, const struct sim_node *n, const struct site_sums *sums)
{
    const struct program_spec *program = program_spec_of(&n->workload->instances[0]);
    struct federated_site_cost *site = &t->costs[t->cost_count++];

    snprintf(site->node_id, sizeof site->node_id, "%s", n->name);
    snprintf(site->unit, sizeof site->unit, "%s", program != NULL ? program->unit : "iterations");
    site->least = program != NULL ? program_mean_cost(program, 0) : 0;
    site->first = shown_cost(program, sums->first, n->workload->count);
    site->last = shown_cost(program, sums->last, n->workload->count);
}

/* The first and the last incumbent on all private instances of all sites. */
static void cost_sites(struct results *t)
{
    double sum = 0;
    uint64_t count = 0;

    t->costs = mem_array(t->r->count, sizeof t->costs[0]);
    for (unsigned i = 0; i < t->r->count; i++) {
        const struct sim_node *n = &t->r->nodes[i];
        struct site_sums sums = {0};

        if (n->member < 0 || n->workload->count == 0)
            continue;
        struct journalled *journalled = journalled_new(t->r->options.journal, t->r->jobs + i);
        struct run_watch *watch = runs_begin(t->r->options.runs, n->name, "compare", 0, journalled);
        site_sums(t, n->workload, journalled, watch, &sums);
        journalled_taken(journalled);
        runs_taken(watch);
        run_watch_free(watch);
        journalled_free(journalled);
        add_site(t, n, &sums);
        sum += sums.gain;
        count += n->workload->count;
    }
    t->gain_ppm = count == 0 ? PPM : (int64_t)(dmath_exp(sum / (double)count) * PPM + 0.5);
}

/* The header of the block at a height of the teller's ledger. */
static enum err header_at(const struct results *t, uint64_t height, struct block_header *out)
{
    struct block block;
    enum err err = ledger_store_block(&t->teller->disk.ledger, height, &block);

    if (err != ERR_OK)
        return err;
    *out = block.header;
    block_fini(&block);
    return ERR_OK;
}

/* Does the node stand where the teller's ledger was at its height? */
static bool agrees(const struct results *t, const struct sim_node *n)
{
    const struct federation_state *s = fed_state(n->fed);
    struct digest log = merkle_frontier_root(&s->log), state = state_root(s);
    struct block_header header;

    if (s->height == 0)
        return true; /* nothing to compare with */
    return header_at(t, s->height, &header) == ERR_OK && digest_equal(&log, &header.log_root) &&
           digest_equal(&state, &header.state_root);
}

static bool all_agree(const struct results *t)
{
    const struct federation_state *agreed = NULL; /* many nodes may share it */

    for (unsigned i = 0; i < t->r->count; i++) {
        const struct sim_node *n = &t->r->nodes[i];

        if (!n->up || fed_state(n->fed) == agreed)
            continue;
        if (!agrees(t, n))
            return false;
        agreed = fed_state(n->fed);
    }
    return true;
}

enum err results_open(struct results *t, const struct rehearsal *r, const char *label, struct diag *diag)
{
    enum err err;

    *t = (struct results){.r = r, .label = label, .teller = teller_of(r), .epoch_count = r->options.epochs};
    err = history_open(bytes_of_buf(&r->genesis), &t->teller->disk.ledger, t->teller->disk.height, r->last_epoch,
                       &t->history, diag);
    return err == ERR_OK ? ERR_OK : ERR_MISMATCH; /* whatever is wrong with a ledger of our own, it is a violation */
}

/* A disk that failed us is no violation. */
static enum err read_on(struct results *t, bool *more, struct diag *diag)
{
    enum err err = history_next(&t->history, more, diag);

    return err == ERR_OK || err == ERR_IO ? err : ERR_MISMATCH;
}

enum err results_next(struct results *t, bool *more, struct diag *diag)
{
    struct results_epoch *e = &t->epoch;
    bool ended = false;
    int64_t end_ns;
    enum err err;

    buf_clear(&e->signature);
    e->log = NULL;
    *more = t->next < t->epoch_count;
    if (!*more)
        return ERR_OK;
    happenings_begin(t);
    err = read_on(t, &ended, diag);
    if (err == ERR_OK)
        err = timeline_read(&t->r->timeline, t->next, &e->times);
    if (err != ERR_OK)
        return err;
    e->epoch = t->r->timeline.start + t->next++;
    end_ns = e->times.ended ? e->times.ended_ns : t->r->agenda.now_ns;
    e->virtual_ns = e->times.entered ? (uint64_t)(end_ns - e->times.entered_ns) : 0;
    if (!ended)
        return ERR_OK;
    e->log = &t->history.epoch;
    ASSERT(e->log->epoch == e->epoch);
    t->anchored += e->log->outcome.anchored;
    happenings_members(t);
    happenings_rows(t);
    sign_anchor(t, e);
    return ERR_OK;
}

enum err results_close(struct results *t, struct diag *diag)
{
    bool more;
    enum err err = read_on(t, &more, diag); /* the blocks behind the last epoch */

    if (err != ERR_OK)
        return err;
    ASSERT(!more && t->next == t->epoch_count);
    choose_recorder(t);
    cost_sites(t);
    t->roots_agree = all_agree(t);
    return t->r->options.journal != NULL ? journal_check(t->r->options.journal, diag) : ERR_OK;
}

void results_fini(struct results *t)
{
    buf_free(&t->epoch.signature);
    history_fini(&t->history);
    mem_free(t->statuses);
    mem_free(t->happenings);
    mem_free(t->costs);
    *t = (struct results){0};
}
