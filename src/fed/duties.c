#include "fed/internal.h"
#include "state/archive.h"
#include "state/governance.h"

#include "base/mutate.h"

/* What this node does as the epoch's phases change. duties_settle() runs at the end of every step. */

static struct moment moment_of(const struct federation_state *s)
{
    return (struct moment){.epoch = s->epoch, .phase = s->phase, .attempt = s->attempt};
}

static int moment_compare(const struct moment *a, const struct moment *b)
{
    if (a->epoch != b->epoch)
        return a->epoch < b->epoch ? -1 : 1;
    if (a->phase != b->phase)
        return a->phase < b->phase ? -1 : 1;
    return a->attempt == b->attempt ? 0 : a->attempt < b->attempt ? -1 : 1;
}

enum err duties_judge_close(const struct fed *f, const struct federation_state *s, const struct moment *m,
                            int64_t tolerance_ns)
{
    struct moment present = moment_of(s);
    int order = moment_compare(m, &present);

    if (order < 0)
        return ERR_OK;
    /* Our clock for it runs only from when the attempt began in the decided state. */
    bool due = order == 0 && f->duties.clock != CLOCK_STOPPED && moment_compare(m, &f->duties.moment) == 0 &&
               f->now_ns >= f->duties.deadline_ns - tolerance_ns;
    return due ? ERR_OK : MUTATE(FED_CLOSE_EARLY_ACCEPTED, ERR_OK, ERR_AGAIN);
}

/* Each attempt waits twice as long as the one before. */
static int64_t phase_length(const struct federation_state *s)
{
    uint64_t ns = s->phase == PHASE_COLLECT ? s->policy.collect_deadline_ns : s->policy.score_deadline_ns;

    for (uint64_t i = 0; i < s->attempt && ns < INT64_MAX / 4; i++)
        ns *= MUTATE(FED_ATTEMPT_NOT_DOUBLED, 1, 2);
    return ns < INT64_MAX / 4 ? (int64_t)ns : INT64_MAX / 4;
}

static void expect(struct fed *f, bool expecting)
{
    if (f->duties.expecting == expecting)
        return;
    f->duties.expecting = expecting;
    replica_expect(f->replica, expecting);
}

/* The clock of the attempt was of a machine that is gone. */
void duties_meet_voters(struct fed *f)
{
    f->duties.clock = CLOCK_STOPPED;
    f->duties.expecting = false;
    fed_find_self(f);
    admission_meet_voters(f);
}

/* A validator's clock for the running attempt. */
static void watch_phase(struct fed *f)
{
    struct moment present = moment_of(f->decided);
    bool fresh = f->duties.clock == CLOCK_STOPPED || moment_compare(&present, &f->duties.moment) != 0;

    if (fed_resting(f) || governance_halted(f->decided)) {
        f->duties.clock = CLOCK_STOPPED;
        expect(f, false);
        return;
    }
    if (fresh) {
        f->duties.clock = CLOCK_RUNNING;
        f->duties.moment = present;
        f->duties.deadline_ns = f->now_ns + MUTATE(FED_DEADLINE_AT_ONCE, 0, phase_length(f->decided));
    }
    expect(f, f->duties.clock == CLOCK_EXPIRED || present.phase == PHASE_ROLLBACK);
    if (fresh)
        replica_poke(f->replica);
}

void duties_deadline(struct fed *f)
{
    f->duties.deadline_at_ns = 0;
    if (f->duties.clock != CLOCK_RUNNING || f->now_ns < f->duties.deadline_ns)
        return;
    f->duties.clock = CLOCK_EXPIRED;
    expect(f, true);
    replica_poke(f->replica); /* a CLOSE that we found early may be due by now */
}

enum { PATIENCE_TIMEOUTS = 2 /* of the view, after a deadline, before every validator signs its own CLOSE */ };

/* A primary that orders everything but the CLOSE makes progress, so the view timer does not blame it. From this time on
 * every validator asks for a CLOSE that it has signed itself. A CLOSE is a request, and consensus leaves the view of a
 * primary that passes over a request for too long. */
static int64_t patience_ends(const struct fed *f)
{
    return f->duties.deadline_ns + MUTATE(FED_PATIENT_FOR_EVER, 1000 * f->config.view_timeout_max_ns,
                                          PATIENCE_TIMEOUTS * f->config.view_timeout_ns);
}

/* The primary says for everybody that a deadline passed or a rollback is due. */
static void lead(struct fed *f)
{
    struct pbft_status status = replica_status(f->replica);
    const struct federation_state *s = f->decided;
    struct buf body = {0};

    if (!f->duties.expecting || status.in_view_change || (!status.is_primary && f->now_ns < patience_ends(f)))
        return;
    if (s->phase == PHASE_ROLLBACK && submit_possible(f, ENTRY_ROLLBACK)) {
        effects_note(f->out, "fed.rollback", s->epoch, s->rollback_epoch);
        rollback_body_encode(s->rollback_epoch, &body);
        submit_entry(f, submit_envelope(f, ENTRY_ROLLBACK, bytes_of_buf(&body)));
        s = f->decided; /* it may have decided a block */
    }
    buf_clear(&body);
    if (f->duties.clock == CLOCK_EXPIRED && submit_possible(f, ENTRY_CLOSE)) {
        struct close_body close = {.phase = s->phase, .attempt = s->attempt};
        effects_note(f->out, "fed.close", s->epoch, s->attempt);
        close_body_encode(&close, &body);
        submit_entry(f, submit_envelope(f, ENTRY_CLOSE, bytes_of_buf(&body)));
    }
    buf_free(&body);
}

static void submit_update(struct fed *f)
{
    const struct cycle_result *c = f->duties.cycle;
    struct update_body body = {
        .delta_ppm = c->delta_ppm,
        .evaluations = c->evaluations,
        .iterations = c->iterations,
        .count = c->count,
    };
    struct buf genomes[CYCLE_MIGRANTS_MAX] = {{0}};
    struct buf encoded = {0};

    for (unsigned i = 0; i < c->count; i++) {
        genome_encode(f->decided->schema, &c->best[i].genome, &genomes[i]);
        body.genomes[i] = bytes_of_buf(&genomes[i]);
        body.costs[i] = c->best[i].cost;
    }
    update_body_encode(&body, &encoded);
    effects_note(f->out, "fed.meta_update", f->duties.cycle_basis.epoch, c->count);
    struct envelope e = submit_envelope(f, ENTRY_UPDATE, bytes_of_buf(&encoded));
    e.federated_epoch = f->duties.cycle_basis.epoch;
    e.ledger_block_id = f->duties.cycle_basis.block_id;
    submit_entry(f, e);
    buf_free(&encoded);
    for (unsigned i = 0; i < c->count; i++)
        buf_free(&genomes[i]);
}

static void basis_take(const struct fed *f, struct basis *out)
{
    const struct federation_state *s = f->decided;
    int *owners = claim_owners(s);

    out->epoch = s->epoch;
    out->block_id = s->block_id;
    claim_shards_of(s, owners, f->self, &out->shards);
    mem_free(owners);
}

/* ---- jobs */

/* Of what this node scored last: its own offers, and what the topology lets it start from. */
static void known_put(const struct fed *f, struct cycle_job *job)
{
    for (unsigned i = 0; i < f->duties.known_count; i++) {
        bool received = f->duties.known[i].own;

        for (unsigned k = 0; k < job->archive_count && !received; k++) {
            struct digest hash = genome_hash(job->schema, &job->archive[k]);
            received = digest_equal(&hash, &f->duties.known[i].hash);
        }
        if (!received)
            continue;
        struct cycle_candidate *known = &job->known[job->known_count++];
        enum err err = genome_decode(job->schema, blob_bytes(f->duties.known[i].genome), &known->genome);
        ASSERT(err == ERR_OK);
        known->cost = f->duties.known[i].cost;
    }
}

static void cycle_put(const struct fed *f, struct cycle_job *job)
{
    const struct federation_state *s = f->decided;
    struct prng prng;

    prng_stream(&prng, f->config.seed, "cycle", job->epoch);
    job->optimiser = s->policy.optimiser;
    job->seed = prng_next(&prng);
    job->incumbent = s->incumbent;
    job->evaluations = s->policy.evaluations;
    job->migrants = s->policy.migrants;
    job->archive_count = archive_of(s, f->self, job->archive);
    known_put(f, job);
}

static struct job *own_job(const struct fed *f, enum job_kind kind, const struct basis *basis, unsigned candidates)
{
    struct job *job = job_new(kind, basis->epoch, f->decided->schema, candidates);

    job->site = *state_member(f->decided, f->self);
    job->shards = basis->shards;
    job->cycle.epoch = basis->epoch;
    job->cycle.iteration_limit = f->decided->policy.iteration_limit;
    return job;
}

static void ask_cycle(struct fed *f)
{
    struct job *job = own_job(f, JOB_CYCLE, &f->duties.cycle_basis, 0);

    cycle_put(f, &job->cycle);
    effects_job(f->out, &job->body);
}

static void ask_score(struct fed *f)
{
    const struct federation_state *s = f->decided;
    struct job *job = own_job(f, JOB_SCORE, &f->duties.score_basis, s->candidate_count);

    for (unsigned i = 0; i < s->candidate_count; i++)
        job->candidates[i] = s->candidates[i].genome;
    effects_job(f->out, &job->body);
}

static void start_cycle(struct fed *f)
{
    struct basis *basis = &f->duties.cycle_basis;
    unsigned before = basis->shards.count;

    effects_note(f->out, "fed.load_meta", f->decided->epoch, f->decided->height);
    basis_take(f, basis);
    if (basis->shards.count != before)
        effects_note(f->out, "fed.shards", f->decided->epoch, basis->shards.count);
    f->duties.cycle_state = WORK_RUNNING;
    effects_note(f->out, "fed.cycle_start", basis->epoch, f->decided->height);
    ask_cycle(f);
}

static void cycle_drop(struct fed *f)
{
    mem_free(f->duties.cycle);
    f->duties.cycle = NULL;
    f->duties.cycle_state = WORK_NONE;
}

/* What a cycle gave is of no use any more. One that runs goes on. */
static void forget_cycle(struct fed *f)
{
    if (f->duties.cycle_state == WORK_DONE)
        cycle_drop(f);
}

/* COLLECT: our UPDATE is missing. A result that is a little late still counts: a slow site would else never be heard.
 */
static void contribute_update(struct fed *f)
{
    uint64_t drift = f->decided->policy.max_ledger_drift;

    if (submit_pending(f, ENTRY_UPDATE) || f->duties.cycle_state == WORK_RUNNING)
        return;
    if (f->decided->epoch - f->duties.cycle_basis.epoch > drift)
        forget_cycle(f);
    if (f->duties.cycle_state == WORK_NONE)
        start_cycle(f);
    else if (submit_possible(f, ENTRY_UPDATE))
        submit_update(f);
}

static void contribute_score(struct fed *f)
{
    const struct federation_state *s = f->decided;
    struct score_body body = {.candidates = align_digest(s->candidates, s->candidate_count)};
    struct buf encoded = {0};

    if (f->duties.cycle_state == WORK_RUNNING || submit_pending(f, ENTRY_SCORE))
        return;
    bool present = f->duties.score_basis.epoch == s->epoch;
    if (f->duties.score_state == WORK_RUNNING && present)
        return;
    if (f->duties.score_state != WORK_DONE || !present) {
        f->duties.score_state = WORK_RUNNING;
        basis_take(f, &f->duties.score_basis);
        ask_score(f);
        return;
    }
    if (f->duties.score_count != s->candidate_count || !submit_possible(f, ENTRY_SCORE))
        return;
    body.count = f->duties.score_count;
    for (unsigned i = 0; i < body.count; i++)
        body.costs[i] = f->duties.score_costs[i];
    score_body_encode(&body, &encoded);
    struct envelope e = submit_envelope(f, ENTRY_SCORE, bytes_of_buf(&encoded));
    e.ledger_block_id = MUTATE(FED_ROW_NAMES_NEWEST_BLOCK, s->block_id, f->duties.score_basis.block_id);
    submit_entry(f, e);
    buf_free(&encoded);
}

static void reconcile(struct fed *f)
{
    struct reconcile_body body = {.height = f->decided->height, .block_id = f->decided->block_id};
    struct buf encoded = {0};

    if (replica_heard(f->replica) > f->decided->height || state_sits_out(f->decided, f->self) ||
        !submit_possible(f, ENTRY_RECONCILE))
        return;
    effects_note(f->out, "fed.reconcile", f->decided->epoch, f->decided->height);
    reconcile_body_encode(&body, &encoded);
    submit_entry(f, submit_envelope(f, ENTRY_RECONCILE, bytes_of_buf(&encoded)));
    buf_free(&encoded);
}

/* After the loss of its disk, it has caught up. */
static bool is_up_to_date(const struct fed *f)
{
    return !f->config.recovering || replica_level(f->replica);
}

static void contribute(struct fed *f)
{
    const struct member *self = fed_self(f);

    if (self == NULL || self->status == MEMBER_CONVICTED || self->status == MEMBER_LEFT)
        return;
    if (governance_halted(f->decided))
        return;
    if (!is_up_to_date(f))
        return; /* of an epoch that is long over */
    if (self->status == MEMBER_QUARANTINED) {
        reconcile(f);
        return;
    }
    if (!cohort_has(f->decided, f->self)) {
        if (self->status == MEMBER_ABSENT)
            reconcile(f); /* or it would never be drawn again */
        return;
    }
    const struct contribution *c = state_contribution(f->decided, f->self);
    bool counted = f->duties.cycle_basis.epoch <= self->counted_epoch; /* or later work of ours, of before a wipe */
    if (MUTATE(FED_WORK_OFFERED_AGAIN, false, counted))
        forget_cycle(f);
    if (f->decided->phase == PHASE_COLLECT && !c->updated)
        contribute_update(f);
    else if (f->decided->phase == PHASE_SCORE && !c->scored)
        contribute_score(f);
}

/* A request that what was executed has made pointless waits in PBFT's pool until it is asked about again, which comes
 * with the next block. A node that rests waits for no next block, so it has PBFT ask now. */
static void rest(struct fed *f, bool is_new)
{
    submit_forget_all(f);
    if (replica_votes(f->replica) && is_new)
        replica_poke(f->replica);
}

/* Who has no vote has no records but those of its entries. */
static void forget_records(struct fed *f)
{
    fed_compact(f, f->decided->height);
    effects_forget(f->out, f->decided->height);
}

static void meet_new_height(struct fed *f)
{
    const struct member *self = fed_self(f);

    if (f->duties.settled && f->duties.settled_height == f->decided->height)
        return;
    if (self != NULL)
        submit_use_up(f, self->sequence); /* of before our disk was lost */
    submit_review(f);
    if (replica_votes(f->replica)) {
        admission_pass(f);
        self = fed_self(f); /* it may have decided a block */
    } else if (f->duties.settled && f->duties.settled_epoch != f->decided->epoch)
        forget_records(f);
    if (self != NULL && self->status == MEMBER_QUARANTINED && f->duties.settled_status != self->status)
        effects_note(f->out, "fed.quarantined", f->decided->epoch, f->decided->height);
    f->duties.settled = true;
    f->duties.settled_height = f->decided->height;
    f->duties.settled_epoch = f->decided->epoch;
    f->duties.settled_status = self != NULL ? self->status : MEMBER_ACTIVE;
}

static void arm_deadline(struct fed *f)
{
    int64_t at_ns = 0;

    if (f->duties.clock == CLOCK_RUNNING)
        at_ns = f->duties.deadline_ns;
    else if (f->duties.clock == CLOCK_EXPIRED && f->now_ns < patience_ends(f))
        at_ns = patience_ends(f);
    fed_timer(f, FED_TIMER_DEADLINE, &f->duties.deadline_at_ns, at_ns);
}

/* As one who signs entries it has recovered when it has caught up: until then it may turn out to be a validator. */
static void look_at_recovery(struct fed *f)
{
    const struct member *self = fed_self(f);

    if (!f->config.recovering || (!replica_level(f->replica) && !fed_resting(f)))
        return;
    if (replica_votes(f->replica) ? replica_status(f->replica).recovering
                                  : self == NULL || self->card.role == ROLE_CORE)
        return;
    fed_recovered(f);
}

void duties_settle(struct fed *f)
{
    uint64_t height;

    do {
        bool is_new = !f->duties.settled || f->duties.settled_height != f->decided->height;
        height = f->decided->height;
        fed_find_self(f);
        meet_new_height(f);
        if (replica_votes(f->replica))
            watch_phase(f);
        if (fed_resting(f)) {
            rest(f, is_new);
            continue;
        }
        contribute(f);
        if (is_up_to_date(f))
            wishes_settle(f);
        if (replica_votes(f->replica)) {
            lead(f);
            evidence_accuse(f);
            spot_check_settle(f);
        }
    } while (f->decided->height != height);
    look_at_recovery(f);
    submit_arm(f);
    arm_deadline(f);
}

enum err duties_cycle_done(struct fed *f, const struct fed_event *event)
{
    if (f->duties.cycle_state != WORK_RUNNING || event->epoch != f->duties.cycle_basis.epoch)
        return ERR_STALE;
    ASSERT(event->cycle != NULL && event->cycle->count <= CYCLE_MIGRANTS_MAX);
    cycle_drop(f);
    if (event->cycle->count == 0)
        return ERR_OK;
    f->duties.cycle_state = WORK_DONE;
    f->duties.cycle = mem_alloc(sizeof *f->duties.cycle);
    *f->duties.cycle = *event->cycle;
    return ERR_OK;
}

static void known_forget(struct fed *f)
{
    while (f->duties.known_count > 0)
        blob_drop(f->duties.known[--f->duties.known_count].genome);
}

/* The best of the candidates that were just scored, best first. */
static void known_take(struct fed *f, const uint64_t *costs, unsigned count)
{
    const struct federation_state *s = f->decided;
    const struct member *self = fed_self(f);
    struct buf genome = {0};

    known_forget(f);
    if (self == NULL || s->candidate_count != count)
        return;
    for (unsigned i = 0; i < count; i++) {
        const struct candidate *c = &s->candidates[i];
        bool full = f->duties.known_count == CYCLE_KNOWN_MAX;
        unsigned at = full ? CYCLE_KNOWN_MAX - 1 : f->duties.known_count++;

        if (full && costs[i] >= f->duties.known[at].cost)
            continue;
        if (full)
            blob_drop(f->duties.known[at].genome);
        for (; at > 0 && costs[i] < f->duties.known[at - 1].cost; at--)
            f->duties.known[at] = f->duties.known[at - 1];
        buf_clear(&genome);
        genome_encode(s->schema, &c->genome, &genome);
        f->duties.known[at] = (struct known){c->hash, digest_equal(&c->fingerprint, &self->fingerprint),
                                             blob_new(bytes_of_buf(&genome)), costs[i]};
    }
    buf_free(&genome);
}

enum err duties_score_done(struct fed *f, const struct fed_event *event)
{
    if (f->duties.score_state != WORK_RUNNING || event->epoch != f->duties.score_basis.epoch)
        return ERR_STALE;
    ASSERT(event->costs != NULL && event->count <= CYCLE_CANDIDATES_MAX);
    f->duties.score_state = WORK_DONE;
    f->duties.score_count = event->count;
    f->duties.score_costs = mem_resize(f->duties.score_costs, event->count, sizeof f->duties.score_costs[0]);
    for (unsigned i = 0; i < event->count; i++)
        f->duties.score_costs[i] = event->costs[i];
    if (f->decided->epoch == event->epoch)
        known_take(f, event->costs, event->count);
    return ERR_OK;
}

void duties_free(struct fed *f)
{
    cycle_drop(f);
    known_forget(f);
    mem_free(f->duties.score_costs);
}
