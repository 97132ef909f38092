#include "pbft/internal.h"

#include <string.h>

/* OSDI'99 section 4.2, with signatures. Execution is speculative, at prepared, so that COMMIT can
 * name the block that results. A backup prepares a sequence only on top of what it has executed: then a proof for
 * one sequence implies proofs for all below, and a batch is never re-proposed above another past than it was judged on.
 */

/* ---- receiving */

/* The same replica says two things: which of them are its words? One that was kept unverified may not be. */
static enum err judge_contradiction(struct pbft *p, const struct claim *kept, const struct claim *vote, bool *fresh)
{
    if (MUTATE(VOTE_KEPT_BELIEVED, false, kept->unverified) && claim_verify(&p->members, kept) != ERR_OK) {
        *fresh = true;
        return ERR_OK;
    }
    MUTATE(VOTE_CONTRADICTION_IGNORED, (void)0, peers_convict(p, kept, vote));
    return ERR_DUPLICATE;
}

/* May this vote be kept beside those of other replicas? ERR_STALE: we have one of a later view. fresh: not the one that
 * is there already, and verified, unless the matter is settled: when a quorum of this view has said the same, one more
 * is kept as it comes, for the case that its signer contradicts it. */
static enum err judge_vote(struct pbft *p, const struct claim *kept, struct claim *vote, bool settled, bool *fresh)
{
    bool same_view = kept->says.type != 0 && MUTATE(PBFT_EVIDENCE_ANY_VIEW, true, vote->says.view == kept->says.view);

    *fresh = false;
    if (kept->says.type != 0 && MUTATE(VOTE_OF_EARLIER_VIEW_KEPT, false, vote->says.view < kept->says.view))
        return ERR_STALE;
    if (same_view && digest_equal(&kept->says.digest, &vote->says.digest))
        return ERR_OK;
    if (MUTATE(VOTE_ALL_VERIFIED, false, settled) && !same_view && vote->says.view == p->view.number) {
        vote->unverified = true;
        *fresh = true;
        return ERR_OK;
    }
    enum err err = MUTATE(PBFT_VOTE_UNVERIFIED, ERR_OK, claim_verify(&p->members, vote));
    if (MUTATE(PBFT_EVIDENCE_UNVERIFIED, err != ERR_OK && !same_view, err != ERR_OK))
        return err;
    peers_heard(p, vote);
    if (same_view)
        return judge_contradiction(p, kept, vote, fresh);
    *fresh = true;
    return ERR_OK;
}

static struct slot *slot_for(struct pbft *p, const struct claim *claim, enum err *err)
{
    bool own = MUTATE(VOTE_OWN_FROM_OTHERS, false, claim->signer == p->config.self);
    struct slot *s = own ? NULL : log_slot(p, claim->says.sequence);
    bool old = own || claim->says.sequence <= p->checkpoints.stable.sequence;
    *err = s != NULL ? ERR_OK : old ? ERR_STALE : ERR_RANGE;
    return s;
}

/* A PRE-PREPARE against what this view has at its sequence. ERR_DUPLICATE: the primary contradicts itself. */
static enum err judge_proposal(struct pbft *p, struct slot *s, const struct claim *proposal, bool *fresh)
{
    bool known = slot_current(p, s) && proposal->says.view == p->view.number;
    bool same = known && digest_equal(&s->proposal.says.digest, &proposal->says.digest);

    *fresh = false;
    if (same && memcmp(s->proposal.signature, proposal->signature, SIGNATURE_SIZE) == 0)
        return ERR_OK;
    enum err err = MUTATE(PROPOSAL_UNVERIFIED, ERR_OK, claim_verify(&p->members, proposal));
    if (err != ERR_OK)
        return err;
    peers_heard(p, proposal);
    if (known && !same) {
        MUTATE(PROPOSAL_CONTRADICTION_IGNORED, (void)0, peers_convict(p, &s->proposal, proposal));
        MUTATE(PBFT_SECOND_PROPOSAL, slot_set_proposal(s, proposal), (void)0);
        return ERR_DUPLICATE;
    }
    bool open = MUTATE(PROPOSAL_BEFORE_NEW_VIEW, true, view_is_active(&p->view));
    *fresh = !known && open && MUTATE(PROPOSAL_OF_LATER_VIEW, true, proposal->says.view == p->view.number);
    return ERR_OK;
}

static void keep_batch(struct slot *s, const struct digest *digest, struct bytes requests)
{
    if (slot_batch(s, digest) != NULL)
        return;
    struct blob *blob = blob_new(requests);
    slot_keep_batch(s, digest, blob);
    blob_drop(blob);
}

enum err normal_receive_pre_prepare(struct pbft *p, struct bytes message)
{
    struct bytes requests;
    struct claim proposal;
    unsigned count;
    bool fresh;

    enum err err = message_parse(&p->members, message, MESSAGE_PRE_PREPARE, &proposal, &requests);
    if (err != ERR_OK)
        return err;
    if (MUTATE(PBFT_ANY_PROPOSER, false, proposal.signer != members_primary(&p->members, proposal.says.view)))
        return ERR_STATE;
    struct slot *s = slot_for(p, &proposal, &err);
    if (s == NULL)
        return err;
    if (proposal.says.view < p->view.number)
        return ERR_STALE;
    struct digest digest = MUTATE(PBFT_BATCH_UNCHECKED, proposal.says.digest, digest_of(requests));
    if (!digest_equal(&digest, &proposal.says.digest))
        return ERR_MISMATCH;
    err = batch_decode(requests, p->requests, &count);
    if (err == ERR_OK)
        err = judge_proposal(p, s, &proposal, &fresh);
    if (err != ERR_OK)
        return err;
    if (fresh) {
        slot_propose(p, s, &proposal, false);
        effects_note(p->out, "pbft.pre_prepare", proposal.says.sequence, p->view.number);
    }
    if (MUTATE(BATCH_UNPROPOSED_KEPT, false, !slot_current(p, s) || !digest_equal(&s->proposal.says.digest, &digest)))
        return ERR_STATE;
    keep_batch(s, &digest, requests);
    return ERR_OK;
}

enum err normal_receive_prepare(struct pbft *p, struct bytes message)
{
    struct bytes beside;
    struct claim prepare, proposal;
    bool fresh;

    enum err err = message_parse(&p->members, message, MESSAGE_PREPARE, &prepare, &beside);
    if (err == ERR_OK)
        err = claim_parse(&p->members, beside, MESSAGE_PRE_PREPARE, &proposal);
    if (err != ERR_OK)
        return err;
    unsigned primary = members_primary(&p->members, prepare.says.view);
    if (MUTATE(PREPARE_OF_ANOTHER_VIEW, false, proposal.says.view != prepare.says.view) ||
        MUTATE(PREPARE_OF_ANOTHER_SEQUENCE, false, proposal.says.sequence != prepare.says.sequence) ||
        MUTATE(PREPARE_OF_ANOTHER_DIGEST, false, !digest_equal(&proposal.says.digest, &prepare.says.digest)))
        return ERR_MISMATCH;
    if (MUTATE(PREPARE_OF_ANY_PROPOSER, false, proposal.signer != primary))
        return ERR_STATE;
    if (MUTATE(PBFT_PRIMARY_PREPARES, false, prepare.signer == primary))
        return ERR_STATE;
    struct slot *s = slot_for(p, &prepare, &err);
    if (s == NULL)
        return err;
    if (prepare.says.view < p->view.number)
        return ERR_STALE;
    bool settled =
        s->state == SLOT_PREPARED && slot_current(p, s) && digest_equal(&s->proposal.says.digest, &prepare.says.digest);
    err = judge_vote(p, &s->prepares[prepare.signer], &prepare, settled, &fresh);
    if (err != ERR_OK || !fresh)
        return err;
    if (primary != p->config.self) {
        err = judge_proposal(p, s, &proposal, &fresh);
        if (MUTATE(PREPARE_BESIDE_A_FORGERY, false, err != ERR_OK && err != ERR_DUPLICATE))
            return err;
        if (err == ERR_OK && fresh)
            slot_propose(p, s, &proposal, false);
    }
    slot_keep_claim(s, &s->prepares[prepare.signer], &prepare);
    return ERR_OK;
}

/* Counts the votes that this one joins. */
static void commit_count(struct pbft *p, struct slot *s, const struct claim *vote)
{
    if (s->commit_count < p->members.quorum || log_count_claims(p, s->commits, &vote->says, NULL) <
                                                   MUTATE(COMMITS_BELIEVED_AT_F1, p->members.f + 1, p->members.quorum))
        return;
    executions_prove(p, s->sequence);
    bool present =
        view_is_active(&p->view) && MUTATE(DIVERGENCE_OF_EARLIER_VIEW, true, vote->says.view == p->view.number);
    bool binding = MUTATE(DIVERGENCE_IGNORED, false, s->sequence <= p->executions.decided || present);
    if (binding && s->has_block && !digest_equal(&s->block_id, &vote->says.digest))
        executions_diverge(p, s->sequence);
}

enum err normal_receive_commit(struct pbft *p, struct bytes message)
{
    struct claim vote;
    bool fresh;

    enum err err = message_parse(&p->members, message, MESSAGE_COMMIT, &vote, NULL);
    if (err != ERR_OK)
        return err;
    struct slot *s = slot_for(p, &vote, &err);
    if (s == NULL)
        return err;
    bool settled =
        s->sequence <= p->executions.decided && s->has_block && digest_equal(&s->block_id, &vote.says.digest);
    err = judge_vote(p, &s->commits[vote.signer], &vote, settled, &fresh);
    if (err != ERR_OK || !fresh)
        return err;
    slot_keep_claim(s, &s->commits[vote.signer], &vote);
    commit_count(p, s, &vote);
    return ERR_OK;
}

/* ---- voting */

/* Section 4.2: a backup prepares what it has the batch of, inside the water marks, after the application agreed. What
 * a NEW-VIEW re-proposes was agreed to by a quorum before, on the same past. */
static bool may_prepare(struct pbft *p, struct slot *s)
{
    unsigned count;

    if (s->state >= SLOT_VOTED || MUTATE(REFUSED_ASKED_AGAIN, false, s->state == SLOT_REFUSED) ||
        s->sequence > log_high(p))
        return false;
    const struct batch *batch = slot_batch(s, &s->proposal.says.digest);
    if (batch == NULL)
        return false;
    if (MUTATE(PROVED_JUDGED_AGAIN, false, s->proved))
        return true;
    if (MUTATE(PBFT_PREPARES_AHEAD, false, s->sequence != p->executions.executed + 1))
        return false;
    if (s->asked == p->executions.occasion)
        return false;
    ASSERT(batch_decode(blob_bytes(batch->requests), p->requests, &count) == ERR_OK);
    enum err err = MUTATE(PBFT_VOTE_UNCHECKED, ERR_OK, p->app.judge(p->app.context, s->sequence, p->requests, count));
    bool refused = err != ERR_OK && err != ERR_AGAIN;
    slot_judged(s, p->executions.occasion, refused);
    if (refused)
        effects_note(p->out, "pbft.refused", s->sequence, (uint64_t)err);
    return err == ERR_OK;
}

static void send_prepare(struct pbft *p, struct slot *s)
{
    struct claim prepare;

    if (recovery_is_mute(p)) {
        slot_voted(s); /* as far as following the others goes */
        return;
    }
    ASSERT(s->prepares[p->config.self].says.type == 0 || s->prepares[p->config.self].says.view < p->view.number);
    outgoing_sign(p, MESSAGE_PREPARE, p->view.number, s->sequence, &s->proposal.says.digest, &prepare);
    slot_keep_claim(s, &s->prepares[p->config.self], &prepare);
    slot_voted(s);
    slot_said(s, p->now_ns);
    struct blob *message = message_pair(&p->members, &prepare, &s->proposal);
    MUTATE(PBFT_VOTE_BEFORE_DURABLE, outgoing_broadcast(p, message), record_accept(p, s, &prepare));
    MUTATE(PBFT_VOTE_BEFORE_DURABLE, record_accept(p, s, &prepare), outgoing_broadcast(p, message));
}

/* What can be said of it without looking at each vote: this is asked after every message. */
static bool may_be_prepared(const struct pbft *p, const struct slot *s)
{
    return s->state != SLOT_PREPARED && MUTATE(PREPARED_WITHOUT_OWN_VOTE, true, s->state == SLOT_VOTED) &&
           s->prepare_count + MUTATE(PREPARED_AT_ONE_LESS, 2, 1) >= p->members.quorum;
}

/* prepared(m, v, n, i): the PRE-PREPARE and quorum - 1 PREPAREs of distinct backups. */
static bool become_prepared(struct pbft *p, struct slot *s)
{
    struct claim which[PBFT_REPLICAS_MAX];
    struct statement says = s->proposal.says;
    struct buf proof = {0};

    const struct batch *batch = slot_batch(s, &s->proposal.says.digest);
    says.type = MESSAGE_PREPARE;
    if (batch == NULL ||
        log_count_claims(p, s->prepares, &says, which) + MUTATE(PREPARED_AT_ONE_LESS, 2, 1) < p->members.quorum)
        return false;
    proof_encode(&s->proposal, which, p->members.quorum - 1, &proof);
    slot_prepared(s, blob_new(bytes_of_buf(&proof)));
    buf_free(&proof);
    if (!batch->durable)
        MUTATE(PROVED_BATCH_NOT_RECORDED, (void)0,
               record_accept(p, s, NULL)); /* the primary of a new view, which had no batch when it re-proposed it */
    MUTATE(PROOF_NOT_RECORDED, (void)0, record_proof(p, s));
    effects_note(p->out, "pbft.prepared", s->sequence, p->view.number);
    return true;
}

static bool may_execute(const struct slot *s)
{
    return MUTATE(PBFT_COMMIT_UNPREPARED, s->state >= SLOT_VOTED, s->state == SLOT_PREPARED);
}

static bool execute(struct pbft *p)
{
    struct slot *s = log_find(p, p->executions.executed + 1);
    unsigned count;

    bool current = s != NULL && MUTATE(EXECUTES_FOR_EARLIER_VIEW, s->proposal.says.type != 0, slot_current(p, s));
    if (!current || !may_execute(s) || MUTATE(EXECUTES_ABOVE_CLOSE, false, s->sequence > log_high(p)))
        return false;
    struct batch *batch = slot_batch(s, &s->proposal.says.digest);
    ASSERT(batch != NULL && batch_decode(blob_bytes(batch->requests), p->requests, &count) == ERR_OK);
    struct pbft_result result = {0};
    p->app.execute(p->app.context, s->sequence, p->requests, count, &result);
    slot_set_block(s, &result.block_id);
    executions_done(p, s->sequence, result.closes);
    pool_mark(&p->pool, p->requests, count, s->sequence);
    MUTATE(PBFT_CHECKPOINT_TENTATIVE, checkpoint_vote(p, s->sequence, &s->block_id), (void)0);
    return true;
}

static bool send_commit(struct pbft *p, struct slot *s)
{
    struct claim *own = &s->commits[p->config.self], vote;

    if (recovery_is_mute(p) || !may_execute(s) || !s->has_block || s->sequence > p->executions.executed)
        return false;
    if (own->says.type != 0 && own->says.view >= p->view.number) {
        /* Voted before a restart: the same block must have come out again, unless a later view decided another. */
        ASSERT(own->says.view == p->view.number);
        if (s->sequence > p->executions.decided && !digest_equal(&own->says.digest, &s->block_id))
            executions_diverge(p, s->sequence);
        return false;
    }
    outgoing_sign(p, MESSAGE_COMMIT, p->view.number, s->sequence, &s->block_id, &vote);
    slot_keep_claim(s, own, &vote);
    slot_said(s, p->now_ns);
    struct blob *message = message_make(&p->members, &vote, bytes_of(NULL, 0));
    MUTATE(PBFT_VOTE_BEFORE_DURABLE, outgoing_broadcast(p, message), record_claim(p, &vote));
    MUTATE(PBFT_VOTE_BEFORE_DURABLE, record_claim(p, &vote), outgoing_broadcast(p, message));
    commit_count(p, s, &vote);
    return true;
}

static void certificate_make(const struct pbft *p, const struct claim *votes, unsigned count, struct buf *out)
{
    struct keyed_vote keyed[PBFT_REPLICAS_MAX];
    size_t ends[PBFT_REPLICAS_MAX + 1] = {0};
    struct buf encoded = {0};

    buf_reserve(&encoded, (size_t)count * CLAIM_SIZE_MAX);
    for (unsigned i = 0; i < count; i++) {
        claim_encode(&p->members, &votes[i], &encoded);
        ends[i + 1] = encoded.len;
    }
    for (unsigned i = 0; i < count; i++) {
        struct bytes item = bytes_of(encoded.data + ends[i], ends[i + 1] - ends[i]);
        keyed[i] = (struct keyed_vote){p->members.fingerprints[votes[i].signer], item};
    }
    certificate_join(keyed, count, out);
    buf_free(&encoded);
}

/* The slot of which a quorum of COMMITs may be here; NULL: surely not. This is asked after every message, too. */
static struct slot *decidable(struct pbft *p)
{
    if (p->executions.decided == p->executions.executed)
        return NULL;
    struct slot *s = log_find(p, p->executions.decided + 1);
    bool may = s != NULL && s->has_block &&
               s->commit_count >= MUTATE(DECIDES_AT_ONE_LESS, p->members.quorum - 1, p->members.quorum);
    return may ? s : NULL;
}

/* A quorum of COMMITs of this view, our own among them unless we must not vote, and everything below is decided. */
static bool decide(struct pbft *p, struct slot *s)
{
    struct claim votes[PBFT_REPLICAS_MAX];
    struct buf certificate = {0};
    unsigned count;

    const struct statement says = {MESSAGE_COMMIT, p->view.number, s->sequence, s->block_id};
    const struct statement *own = &s->commits[p->config.self].says;
    bool voted = own->type != 0 && own->view == p->view.number && digest_equal(&own->digest, &s->block_id);
    if (MUTATE(DECIDES_WITHOUT_OWN_VOTE, false, !voted && !recovery_is_mute(p)))
        return false;
    unsigned voices = log_count_claims(p, s->commits, &says, votes);
    if (voices < MUTATE(DECIDES_AT_ONE_LESS, p->members.quorum - 1, p->members.quorum))
        return false;
    certificate_make(p, votes, voices, &certificate);
    executions_decide(p, s->sequence, &s->block_id);
    MUTATE(DECISION_NOT_RECORDED, (void)0, record_decided(p, s->sequence, &s->block_id));
    p->app.decide(p->app.log, s->sequence, &s->block_id, bytes_of_buf(&certificate), p->out);
    buf_free(&certificate);
    if (s->sequence == p->executions.closing)
        effects_note(p->out, "pbft.closed", s->sequence, p->view.number);
    struct batch *batch = slot_batch(s, &s->proposal.says.digest);
    ASSERT(batch != NULL && batch_decode(blob_bytes(batch->requests), p->requests, &count) == ERR_OK);
    pool_remove(&p->pool, p->requests, count);
    checkpoint_vote(p, s->sequence, &s->block_id);
    checkpoint_adopt(p);
    return true;
}

/* ---- proposing */

static bool is_refused_for_good(const struct pbft *p, enum err verdict)
{
    bool final = MUTATE(REFUSED_ON_SPECULATION, true, p->executions.executed == p->executions.decided);

    return verdict != ERR_OK && verdict != ERR_AGAIN && final;
}

enum err normal_judge_request(const struct pbft *p, struct bytes request)
{
    return p->app.judge(p->app.context, 0, &request, 1);
}

enum err normal_requested(struct pbft *p)
{
    if (p->proposing.asked != p->executions.occasion || p->proposing.ready)
        return ERR_OK;
    const struct pool_entry *last = &p->pool.entries[p->pool.last];
    enum err err = normal_judge_request(p, blob_bytes(last->request));
    p->proposing.ready = err == ERR_OK;
    p->proposing.oldest = last->digest;
    if (!is_refused_for_good(p, err))
        return ERR_OK;
    pool_drop(&p->pool, p->pool.last);
    return err;
}

void normal_batch_due(struct pbft *p, bool due)
{
    p->proposing.batch_due = due;
}

void normal_expect(struct pbft *p, bool expecting)
{
    p->proposing.expecting = expecting;
}

bool normal_proposable(struct pbft *p)
{
    if (p->proposing.asked == p->executions.occasion)
        return p->proposing.ready;
    p->proposing.asked = p->executions.occasion;
    p->proposing.ready = false;
    for (int32_t at = p->pool.first, next; at >= 0 && !p->proposing.ready; at = next) {
        const struct pool_entry *e = &p->pool.entries[at];
        next = e->next;
        if (e->sequence != 0)
            continue;
        enum err err = normal_judge_request(p, blob_bytes(e->request));
        if (err == ERR_OK) {
            p->proposing.ready = true;
            p->proposing.oldest = e->digest;
        } else if (is_refused_for_good(p, err)) {
            pool_drop(&p->pool, at);
        }
    }
    return p->proposing.ready;
}

/* The oldest proposable requests, as many as a batch takes. */
static unsigned collect(struct pbft *p)
{
    unsigned count = 0;
    size_t size = 0;

    for (int32_t at = p->pool.first, next; at >= 0 && count < p->config.batch_max; at = next) {
        const struct pool_entry *e = &p->pool.entries[at];
        next = e->next;
        if (e->sequence != 0)
            continue;
        struct bytes request = blob_bytes(e->request);
        if (MUTATE(BATCH_TOO_LARGE, false, size + request.len > BATCH_SIZE_MAX))
            break;
        enum err err = normal_judge_request(p, request);
        if (err == ERR_OK) {
            p->requests[count++] = request;
            size += request.len;
        } else if (is_refused_for_good(p, err)) {
            pool_drop(&p->pool, at);
        }
    }
    return count;
}

/* The batch as a whole must pass what backups will ask; else requests contradict each other and the first goes alone.
 */
static unsigned collect_checked(struct pbft *p, uint64_t sequence)
{
    unsigned count = collect(p);

    for (; count > 0; count = 1) {
        enum err err = p->app.judge(p->app.context, sequence, p->requests, count);
        if (err == ERR_OK)
            return count;
        if (count > 1)
            continue;
        if (is_refused_for_good(p, err))
            pool_remove(&p->pool, p->requests, 1);
        return 0;
    }
    return 0;
}

static void send_pre_prepare(struct pbft *p, struct slot *s, unsigned count)
{
    struct claim proposal;
    struct buf batch = {0};

    batch_encode(p->requests, count, &batch);
    pool_mark(&p->pool, p->requests, count, s->sequence);
    struct digest digest = digest_of(bytes_of_buf(&batch));
    outgoing_sign(p, MESSAGE_PRE_PREPARE, p->view.number, s->sequence, &digest, &proposal);
    slot_propose(p, s, &proposal, false);
    keep_batch(s, &digest, bytes_of_buf(&batch));
    slot_voted(s);
    slot_said(s, p->now_ns);
    record_accept(p, s, NULL);
    effects_note(p->out, "pbft.pre_prepare", s->sequence, p->view.number);
    outgoing_broadcast(p, message_make(&p->members, &proposal, bytes_of_buf(&batch)));
    buf_free(&batch);
}

/* One batch at a time on top of what is executed, so that a request is judged on the very state that the batch will
 * meet; up to `pipeline` of them may wait for their COMMITs. */
static bool propose(struct pbft *p)
{
    uint64_t last = p->view.top > p->executions.executed ? p->view.top : p->executions.executed, sequence = last + 1;

    bool full = sequence - p->executions.decided > MUTATE(PIPELINE_ENDLESS, UINT64_MAX, p->config.pipeline);
    bool primary = members_primary(&p->members, p->view.number) == p->config.self;
    if (MUTATE(BACKUP_PROPOSES, false, !primary) || p->executions.executed != last || sequence > log_high(p) || full ||
        MUTATE(PROPOSES_WHILE_MUTE, false, recovery_is_mute(p)) ||
        !(normal_proposable(p) || recovery_of_another_waits(p)))
        return false;
    if (p->pool.free_count < p->config.batch_max && p->config.batch_delay_ns > 0 && !p->proposing.batch_due) {
        if (!p->timers.of[PBFT_TIMER_BATCH].armed)
            MUTATE(BATCH_TIMER_NOT_ARMED, (void)0, timers_arm(p, PBFT_TIMER_BATCH, p->config.batch_delay_ns));
        return false;
    }
    struct slot *s = log_slot(p, sequence);
    ASSERT(s != NULL && !slot_current(p, s));
    unsigned count = collect_checked(p, sequence);
    p->proposing.batch_due = false;
    timers_stop(p, PBFT_TIMER_BATCH);
    if (count == 0)
        p->proposing.ready = false;
    if (count == 0 &&
        (!recovery_of_another_waits(p) || p->app.judge(p->app.context, sequence, p->requests, 0) != ERR_OK))
        return false;
    send_pre_prepare(p, s, count);
    executions_occasion(p);
    return true;
}

/* ---- all of it */

static bool may_go_on(const struct pbft *p)
{
    return view_is_active(&p->view) && MUTATE(PBFT_DIVERGED_GOES_ON, true, !p->executions.diverged) &&
           MUTATE(PBFT_OUTRUNS_ITS_DISK, true, !p->held);
}

static bool vote_all(struct pbft *p)
{
    uint64_t high = log_high(p), last = p->view.top < high ? p->view.top : high;
    bool moved = false;

    for (uint64_t n = p->checkpoints.stable.sequence + 1; n <= last && may_go_on(p); n++) {
        struct slot *s = log_find(p, n);
        if (s == NULL || !slot_current(p, s))
            continue;
        if (may_prepare(p, s)) {
            send_prepare(p, s);
            moved = true;
        }
        if (may_be_prepared(p, s) && become_prepared(p, s))
            moved = true;
        if (send_commit(p, s))
            moved = true;
    }
    return moved;
}

void normal_run(struct pbft *p)
{
    bool moved = p->started;

    while (moved && may_go_on(p)) {
        moved = vote_all(p);
        while (execute(p))
            moved = true;
        for (struct slot *s; may_go_on(p) && (s = decidable(p)) != NULL && decide(p, s);)
            moved = true;
        if (may_go_on(p) && propose(p))
            moved = true;
    }
    if (p->started) {
        recovery_look(p);
        timers_update(p);
    }
}
