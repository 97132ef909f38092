#include "storm/nodes/check_log.h"

#include <inttypes.h>
#include <string.h>

#include "state/genesis.h"
#include "storm/nodes/run.h"

void log_watch_begin(struct node_run *run)
{
    enum err err = state_genesis(bytes_of_buf(&run->rehearsal->genesis), &run->log.before, NULL);

    ASSERT(err == ERR_OK);
}

void log_watch_free(struct log_watch *w)
{
    state_free(&w->before);
    mem_free(w->leaves);
}

static const char *name_of(const struct node_run *run, unsigned node)
{
    return run->rehearsal->nodes[node].name;
}

static unsigned bits(uint64_t set)
{
    return (unsigned)__builtin_popcountll(set);
}

/* The member that a node was as the epoch began; NULL: none. */
static const struct member *member_before(const struct node_run *run, unsigned node)
{
    const struct federation_state *s = &run->log.before;
    int member = run->rehearsal->nodes[node].member;

    return member >= 0 && (unsigned)member < s->member_count ? state_member(s, member) : NULL;
}

/* ---- entries */

static void check_signed(struct node_run *run, const struct envelope *e, const struct cose_sign1 *cose, unsigned node)
{
    const struct sim_node *n = &run->rehearsal->nodes[node];
    bool second = digest_equal(&e->node_fingerprint, &n->next_key.fingerprint);
    const struct member *m = member_before(run, node);
    uint64_t *sequence = &run->log.sequence[node][second];

    if (cose_verify(cose, second ? &n->next_key.public : &n->key.public) != ERR_OK)
        run_fail(run, "log", "an entry that takes effect is not signed by %s, as it says", n->name);
    if (!digest_equal(&e->federation_id, &run->log.before.federation_id))
        run_fail(run, "log", "an entry of %s for another federation takes effect", n->name);
    if (m == NULL || !digest_equal(&m->fingerprint, &e->node_fingerprint))
        run_fail(run, "log", "an entry of %s takes effect by a key that is not its", n->name);
    if (e->sequence <= *sequence)
        run_fail(run, "log", "entry %" PRIu64 " of %s takes effect after entry %" PRIu64, e->sequence, n->name,
                 *sequence);
    *sequence = e->sequence;
    if (run->log.out[node])
        run_fail(run, "log", "an entry of %s takes effect, which is out", n->name);
}

static void add_leaf(struct log_watch *w, struct bytes entry, unsigned node)
{
    w->leaves = mem_resize(w->leaves, w->leaf_count + 1, sizeof *w->leaves);
    w->leaves[w->leaf_count++] = (struct log_leaf){merkle_leaf_hash(entry), node};
}

/* What is signed off counts for who votes. */
static void add_sign_off(struct node_run *run, const struct envelope *e, unsigned node)
{
    struct log_watch *w = &run->log;
    struct digest what = digest_of(e->body);
    struct log_body body = {.said = {what, 0}};

    if (change_body_decode(e->body, &w->before.federation_id, &body.change, &body.until) != ERR_OK) {
        run_fail(run, "log", "a RECONFIGURE of %s takes effect that says nothing", name_of(run, node));
        return;
    }
    for (unsigned i = 0; i < LOG_BODIES_MAX && i < w->body_count; i++) {
        if (digest_equal(&w->bodies[i].said.what, &what)) {
            w->bodies[i].said.by |= UINT64_C(1) << node;
            return;
        }
    }
    body.said.by = UINT64_C(1) << node;
    w->bodies[w->body_count++ % LOG_BODIES_MAX] = body;
}

static void add_recount(struct node_run *run, const struct envelope *e, unsigned node)
{
    struct log_watch *w = &run->log;
    struct digest what = digest_of(e->body);
    struct recount_body body;
    unsigned claimant = 0;

    if (recount_body_decode(e->body, &body) != ERR_OK)
        return;
    while (claimant < w->leaf_count && !digest_equal(&w->leaves[claimant].hash, &body.leaf_hash))
        claimant++;
    if (claimant == w->leaf_count) {
        run_fail(run, "log", "a RECOUNT of %s takes effect that is about nothing", name_of(run, node));
        return;
    }
    for (unsigned i = 0; i < w->claim_count; i++) {
        if (digest_equal(&w->claims[i].what, &what)) {
            w->claims[i].by |= UINT64_C(1) << node;
            return;
        }
    }
    if (w->claim_count == LOG_CLAIMS_MAX)
        return;
    w->claim_of[w->claim_count] = w->leaves[claimant].node;
    w->claims[w->claim_count++] = (struct log_said){what, UINT64_C(1) << node};
}

void log_watch_entry(struct node_run *run, struct bytes entry, const struct envelope *e, const struct cose_sign1 *cose,
                     unsigned node)
{
    check_signed(run, e, cose, node);
    if (e->kind == ENTRY_UPDATE || e->kind == ENTRY_SCORE)
        add_leaf(&run->log, entry, node);
    else if (e->kind == ENTRY_RECONFIGURE)
        add_sign_off(run, e, node);
    else if (e->kind == ENTRY_RECOUNT)
        add_recount(run, e, node);
    if (e->kind == ENTRY_UPDATE || e->kind == ENTRY_SCORE || e->kind == ENTRY_RECONCILE)
        run->log.spoke[node] = run->results.epoch.epoch;
    run->log.left[node] |= e->kind == ENTRY_LEAVE;
}

/* ---- what became of the members */

static bool has_signed(const struct node_run *run, const struct log_body *b, const char *name)
{
    int node = scenario_find_node(&run->scenario, name);

    return node >= 0 && (b->said.by >> node & 1) != 0;
}

/* Has a quorum of those who voted signed off such a change? name: of the member; key, stake: as it got them. */
static bool is_agreed(const struct node_run *run, enum change_kind kind, const struct member_card *card)
{
    const struct log_watch *w = &run->log;

    for (unsigned i = 0; i < LOG_BODIES_MAX && i < w->body_count; i++) {
        const struct log_body *b = &w->bodies[i];
        uint64_t voters = 0;

        for (unsigned node = 0; node < run->rehearsal->count; node++) {
            const struct member *m = member_before(run, node);
            if (m != NULL && m->votes && m->status != MEMBER_CONVICTED)
                voters |= UINT64_C(1) << node;
        }
        if (b->change.kind != kind || strcmp(b->change.card.name, card->name) != 0 ||
            b->until < run->results.epoch.epoch || bits(b->said.by & voters) < w->before.quorum)
            continue;
        if (kind == CHANGE_STAKE && b->change.card.stake != card->stake)
            continue;
        if (change_has_key(&b->change) && memcmp(b->change.card.key.b, card->key.b, KEY_PUBLIC_SIZE) != 0)
            continue;
        if (kind == CHANGE_JOIN && !has_signed(run, b, b->change.sponsor))
            continue;
        return true;
    }
    return false;
}

static uint64_t absence_ends(const struct node_run *run)
{
    return run->log.before.policy.max_ledger_drift;
}

static void check_member(struct node_run *run, const struct member *before, const struct member *m, unsigned node)
{
    const char *name = m->card.name;

    if (memcmp(before->card.key.b, m->card.key.b, KEY_PUBLIC_SIZE) != 0 && !is_agreed(run, CHANGE_ROTATE, &m->card))
        run_fail(run, "log", "%s has another key, to which no quorum agreed", name);
    if (before->card.stake != m->card.stake && !is_agreed(run, CHANGE_STAKE, &m->card))
        run_fail(run, "log", "%s has another stake, to which no quorum agreed", name);
    if (before->status != MEMBER_LEFT && m->status == MEMBER_LEFT && !is_agreed(run, CHANGE_LEAVE, &m->card) &&
        !(m->card.role == ROLE_EDGE && run->log.left[node]))
        run_fail(run, "log", "%s has left, which neither it nor a quorum wished", name);
    if (m->card.stake > run->log.before.founders_stake)
        run_fail(run, "log", "%s has a greater stake than any founder", name);
    if (run->log.out[node] && m->votes && run->results.history.state.validator_count > 1)
        run_fail(run, "log", "%s is out since the epoch before, and votes", name);
    if (m->status == MEMBER_ABSENT && run->results.epoch.epoch > run->log.spoke[node] + DRIFT_SLACK + absence_ends(run))
        run_fail(run, "log", "%s has said nothing since epoch %" PRIu64 ", and is not in quarantine", name,
                 run->log.spoke[node]);
    if (before->status == MEMBER_CONVICTED && m->status != MEMBER_CONVICTED)
        run_fail(run, "log", "%s was convicted, and is %s", name, member_status_name(m->status));
}

/* More than f validators said of one claim of it that it comes to the same other cost. */
static bool was_found_by_enough(const struct node_run *run, unsigned node)
{
    const struct log_watch *w = &run->log;

    for (unsigned i = 0; i < w->claim_count; i++) {
        if (w->claim_of[i] == node && bits(w->claims[i].by) > w->before.max_byzantine)
            return true;
    }
    return false;
}

static void check_found(struct node_run *run, const struct member *before, const struct member *m, unsigned node)
{
    uint64_t epoch = run->results.epoch.epoch;
    const struct epoch_outcome *o = &run->results.epoch.log->outcome;

    if (m->false_claims > before->false_claims && !was_found_by_enough(run, node))
        run_fail(run, "log", "%s is found with a false claim by too few", m->card.name);
    if (m->found_epoch == 0 || m->found_epoch > epoch || epoch - m->found_epoch >= m->false_claims)
        return;
    for (unsigned i = 0; i < o->update_count; i++) {
        if ((int)o->updates[i].member == run->rehearsal->nodes[node].member)
            run_fail(run, "log", "work of %s counts in epoch %" PRIu64 ", found with a false claim in epoch %" PRIu64,
                     m->card.name, epoch, m->found_epoch);
    }
}

static void check_decision(struct node_run *run)
{
    const struct epoch_outcome *o = &run->results.epoch.log->outcome;
    const struct policy *p = &run->log.before.policy;

    if (o->changed && !o->rolled_back && o->aggregated_delta_ppm < -(int64_t)p->margin_ppm)
        run_fail(run, "log", "epoch %" PRIu64 " takes a genome that is worse by %" PRId64 " ppm", o->epoch,
                 -o->aggregated_delta_ppm);
    if (o->anchored && o->scored == 0)
        run_fail(run, "log", "epoch %" PRIu64 " is anchored without a row", o->epoch);
}

void log_watch_epoch(struct node_run *run)
{
    const struct federation_state *after = &run->results.history.state;
    struct log_watch *w = &run->log;

    for (unsigned m = 0; m < after->member_count; m++) {
        unsigned node = run->rehearsal->node_of[m];
        const struct member *member = state_member(after, m);

        if (m >= w->before.member_count) { /* new */
            if (!is_agreed(run, CHANGE_JOIN, &member->card))
                run_fail(run, "log", "%s is a member, to which no quorum agreed", member->card.name);
            w->spoke[node] = run->results.epoch.epoch;
        } else {
            check_member(run, state_member(&w->before, m), member, node);
            check_found(run, state_member(&w->before, m), member, node);
        }
        w->out[node] = member->status == MEMBER_CONVICTED || member->status == MEMBER_LEFT;
    }
    if (after->member_count > w->before.member_count + w->before.policy.joins_per_epoch)
        run_fail(run, "log", "%u joined in epoch %" PRIu64 ", at most %u may",
                 after->member_count - w->before.member_count, run->results.epoch.epoch,
                 w->before.policy.joins_per_epoch);
    check_decision(run);
    state_free(&w->before);
    w->before = (struct federation_state){0};
    state_copy(&w->before, after);
}
