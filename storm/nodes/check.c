#include <inttypes.h>

#include "storm/nodes/run.h"

/* What must hold of a rehearsal's end and of its log, beside what the rehearsal checks at every step. */

enum { BYTES_THIN = 125000, BYTES_ROOMY = 250000 }; /* of a link, in a second */

/* ---- work counts once */

/* The node that signed; -1: none of ours. */
static int signer_of(const struct node_run *run, const struct digest *fingerprint)
{
    for (unsigned i = 0; i < run->rehearsal->count; i++) {
        const struct sim_node *n = &run->rehearsal->nodes[i];
        if (digest_equal(&n->key.fingerprint, fingerprint) || digest_equal(&n->next_key.fingerprint, fingerprint))
            return (int)i;
    }
    return -1;
}

static const struct aligned_update *update_of(struct node_run *run, unsigned node)
{
    const struct epoch_outcome *o = &run->results.epoch.log->outcome;
    const struct aligned_update *found = NULL;

    for (unsigned i = 0; i < o->update_count; i++) {
        if ((int)o->updates[i].member != run->rehearsal->nodes[node].member)
            continue;
        if (found != NULL)
            run_fail(run, "counted once", "%s counts twice in epoch %" PRIu64, run->rehearsal->nodes[node].name,
                     o->epoch);
        found = &o->updates[i];
    }
    return found;
}

/* An UPDATE that took effect in the epoch told last. */
static void count_update(struct node_run *run, const struct envelope *e)
{
    int node = signer_of(run, &e->node_fingerprint);
    uint64_t present = run->results.epoch.epoch, made_for = e->federated_epoch;

    if (node < 0 || made_for > present || made_for < run->scenario.epoch_start) {
        run_fail(run, "counted once", "work of a stranger, or of epoch %" PRIu64 ", counts in epoch %" PRIu64, made_for,
                 present);
        return;
    }
    const struct sim_node *n = &run->rehearsal->nodes[node];
    bool *counted = &run->counted[(uint64_t)node * (run->epochs + 1) + made_for - run->scenario.epoch_start];
    if (*counted)
        run_fail(run, "counted once", "the work of %s for epoch %" PRIu64 " counts again in epoch %" PRIu64, n->name,
                 made_for, present);
    *counted = true;
    if (present - made_for > run->scenario.policy.max_ledger_drift)
        run_fail(run, "counted once", "the work of %s for epoch %" PRIu64 " counts in epoch %" PRIu64, n->name,
                 made_for, present);
    const struct aligned_update *u = update_of(run, (unsigned)node);
    if (!n->lied && (u == NULL || u->staleness != present - made_for))
        run_fail(run, "counted once", "the work of %s for epoch %" PRIu64 " is lost in epoch %" PRIu64, n->name,
                 made_for, present);
    run_mark(run, NODE_MARK_LATE_COUNTED, made_for < present);
}

static void see_entry(struct node_run *run, struct bytes entry, enum err verdict, unsigned updates[], unsigned rows[])
{
    struct envelope e;
    struct cose_sign1 cose;

    run_mark(run, NODE_MARK_REFUSED_ENTRY, verdict != ERR_OK);
    if (envelope_parse(entry, &e, &cose) != ERR_OK) {
        run_fail(run, "log", "an entry in the log is no envelope");
        return;
    }
    run_mark(run, NODE_MARK_WORK_REFUSED, e.kind == ENTRY_UPDATE && verdict == ERR_DUPLICATE);
    int node = signer_of(run, &e.node_fingerprint);
    bool hostile = node >= 0 && run->rehearsal->nodes[node].hostile != NULL;
    run_mark(run, NODE_MARK_HOSTILE_LOGGED, hostile);
    run_mark(run, NODE_MARK_HOSTILE_EFFECT, hostile && verdict == ERR_OK);
    if (verdict != ERR_OK || node < 0)
        return;
    log_watch_entry(run, entry, &e, &cose, (unsigned)node);
    run_mark(run, NODE_MARK_RECOUNTED, e.kind == ENTRY_RECOUNT);
    run_mark(run, NODE_MARK_CLOSED_EARLY, e.kind == ENTRY_CLOSE);
    run_mark(run, NODE_MARK_QUARANTINE_LIFTED, e.kind == ENTRY_RECONCILE);
    updates[node] += e.kind == ENTRY_UPDATE;
    rows[node] += e.kind == ENTRY_SCORE;
    if (e.kind == ENTRY_UPDATE)
        count_update(run, &e);
}

/* ---- all who are well take part */

/* Nothing stands in its way since the calm began. */
static bool is_well(const struct sim_node *n)
{
    return n->up && !n->lied && !n->left && n->member >= 0 && !n->recovering;
}

/* Does every link carry at least so many bytes a second? */
static bool carries(const struct scenario *s, uint64_t bytes)
{
    uint64_t least = UINT64_MAX;

    for (unsigned i = 0; i < s->link_count + 2; i++) {
        const struct scenario_link *link = i == 0 ? &s->default_link : i == 1 ? &s->local_link : &s->links[i - 2];
        if (link->bytes_per_second > 0 && link->bytes_per_second < least)
            least = link->bytes_per_second;
    }
    return least >= bytes;
}

/* The deadlines are long against what work and messages take. */
static bool is_roomy(const struct node_run *run)
{
    const struct policy *p = &run->scenario.policy;
    uint64_t shorter = p->collect_deadline_ns < p->score_deadline_ns ? p->collect_deadline_ns : p->score_deadline_ns;

    return carries(&run->scenario, BYTES_ROOMY) && shorter >= 6000 * UINT64_C(1000000) &&
           shorter >= 4 * run->scenario.view_timeout_ns;
}

/* A member that every epoch waits for; null: the epoch may end without it. */
static const struct sim_node *awaited(const struct node_run *run, unsigned i)
{
    const struct sim_node *n = &run->rehearsal->nodes[i];
    const struct federation_state *s = &run->log.before;
    bool active =
        is_well(n) && (unsigned)n->member < s->member_count && state_member(s, n->member)->status == MEMBER_ACTIVE;

    return active ? n : NULL;
}

/* Without its liars an epoch may have too few members: then it is given up before anything is scored. */
static bool is_scored(const struct node_run *run)
{
    unsigned count = 0;

    for (unsigned i = 0; i < run->rehearsal->count; i++)
        count += awaited(run, i) != NULL;
    return run->results.epoch.log->outcome.anchored || count >= run->scenario.policy.min_participants;
}

static void check_taking_part(struct node_run *run, const unsigned updates[], const unsigned rows[])
{
    const struct epoch_outcome *o = &run->results.epoch.log->outcome;

    if (run->calm_epoch == UINT64_MAX || o->epoch < run->calm_epoch + 2 || !is_roomy(run))
        return;
    unsigned rows_owed = is_scored(run) ? 1 : 0;
    for (unsigned i = 0; i < run->rehearsal->count; i++) {
        const struct sim_node *n = awaited(run, i);

        if (n != NULL && (updates[i] != 1 || rows[i] != rows_owed))
            run_fail(run, "takes part", "all is well, and %s has %u updates and %u rows in epoch %" PRIu64, n->name,
                     updates[i], rows[i], o->epoch);
    }
}

static void mark_epoch(struct node_run *run)
{
    const struct results_epoch *e = &run->results.epoch;
    const struct epoch_outcome *o = &e->log->outcome;

    run_mark(run, NODE_MARK_ANCHORED, o->anchored);
    run_mark(run, NODE_MARK_ABANDONED, !o->anchored);
    run_mark(run, NODE_MARK_CALM, e->epoch >= run->calm_epoch);
    run_mark(run, NODE_MARK_CHANGED, o->changed);
    run_mark(run, NODE_MARK_ROLLED_BACK, o->rolled_back);
    run_mark(run, NODE_MARK_STALLED, e->times.stalled);
    run_mark(run, NODE_MARK_ABSENT, o->absent > 0);
    run_mark(run, NODE_MARK_QUARANTINED, o->quarantined > 0);
    run_mark(run, NODE_MARK_CONVICTED, o->convicted > 0);
    run_mark(run, NODE_MARK_FOUND, o->false_claims > 0);
    run_mark(run, NODE_MARK_SHARDS_MOVED, e->log->shards_moved > 0);
}

void check_epoch(struct node_run *run)
{
    const struct history_epoch *log = run->results.epoch.log;
    unsigned updates[LOG_NODES_MAX] = {0}, rows[LOG_NODES_MAX] = {0};
    size_t at = 0;

    if (log == NULL) {
        run_fail(run, "liveness", "epoch %" PRIu64 " never ended", run->results.epoch.epoch);
        return;
    }
    run->ended++;
    for (unsigned b = 0; b < log->block_count; b++) {
        for (unsigned i = 0; i < log->blocks[b].count; i++)
            see_entry(run, log->blocks[b].entries[i], log->verdicts[at++], updates, rows);
    }
    check_taking_part(run, updates, rows);
    log_watch_epoch(run);
    mark_epoch(run);
}

/* ---- the end */

/* Epochs may be shorter than the time between two questions: until whoever was away has asked for what it missed, once
 * and once more where a message is lost, has read it, and has a RECONCILE decided under a primary that may have to be
 * replaced. */
static int64_t settling_ns(const struct scenario *s)
{
    return 4 * s->submit_ns + 8 * (int64_t)s->view_timeout_ns;
}

static void check_standing(struct node_run *run, const struct sim_node *n, const struct federation_state *s)
{
    const struct member *m = state_member(s, n->member);

    if (run->calm_epoch == UINT64_MAX || run->rehearsal->last_epoch < run->calm_epoch + 2 ||
        run->rehearsal->last_epoch < m->first_epoch + 3 || !is_roomy(run) ||
        run->rehearsal->agenda.now_ns - run->calm_ns < settling_ns(&run->scenario))
        return;
    if (m->status != MEMBER_ACTIVE)
        run_fail(run, "good standing", "%s is honest, up and %s when all is over", n->name,
                 member_status_name(m->status));
}

/* What it signs twice goes to members of even and of odd number: does a well validator get each? */
static bool is_witnessed(const struct node_run *run)
{
    const struct federation_state *s = &run->results.history.state;
    bool there[2] = {false};

    for (unsigned i = 0; i < run->rehearsal->count; i++) {
        const struct sim_node *n = &run->rehearsal->nodes[i];
        if (is_well(n) && (unsigned)n->member < s->member_count && state_member(s, n->member)->votes)
            there[n->member % 2] = true;
    }
    return there[0] && there[1];
}

/* Work of the calm that counted was judged where its double is, too: what comes too late is dropped before that. */
static bool has_counted(const struct node_run *run, unsigned node)
{
    const bool *counted = &run->counted[(uint64_t)node * (run->epochs + 1)];

    for (uint64_t i = run->calm_epoch - run->scenario.epoch_start; i < run->epochs; i++)
        if (counted[i])
            return true;
    return false;
}

/* Who signed two entries under one number all the time that was calm. */
static void check_convicted(struct node_run *run, const struct sim_node *n)
{
    const struct federation_state *s = &run->results.history.state;
    enum member_status status;

    if (n->lie != LIE_DOUBLE_SIGN || !n->up || n->left || n->member < 0 || (unsigned)n->member >= s->member_count ||
        run->calm_epoch == UINT64_MAX || run->rehearsal->last_epoch < run->calm_epoch + 2 || !is_roomy(run))
        return;
    status = state_member(s, n->member)->status;
    if (is_witnessed(run) && has_counted(run, (unsigned)(n - run->rehearsal->nodes)) && status != MEMBER_CONVICTED)
        run_fail(run, "evidence", "%s signs two entries under one number, and is %s", n->name,
                 member_status_name(status));
}

static void check_node(struct node_run *run, const struct sim_node *n)
{
    const struct federation_state *last = &run->results.history.state;

    run_mark(run, NODE_MARK_HOSTILE, n->hostile != NULL);
    if (!n->up) {
        run_mark(run, NODE_MARK_DOWN_AT_END, n->member >= 0);
        return;
    }
    if (fed_state(n->fed)->epoch <= run->rehearsal->last_epoch)
        run_fail(run, "liveness", "%s is in epoch %" PRIu64 " at the end, epoch %" PRIu64 " was the last", n->name,
                 fed_state(n->fed)->epoch, run->rehearsal->last_epoch);
    if (is_well(n) && (unsigned)n->member < last->member_count)
        check_standing(run, n, last);
    check_convicted(run, n);
    run_mark(run, NODE_MARK_RESTARTED, n->restarts > 0);
}

/* How long the epochs that are left may take when all is calm: each phase its deadline and once more, and each epoch
 * some views. */
static int64_t patience_ns(const struct node_run *run)
{
    const struct scenario *s = &run->scenario;
    uint64_t phases = 2 * (s->policy.collect_deadline_ns + s->policy.score_deadline_ns);

    return (int64_t)(run->epochs * (phases + 16 * s->view_timeout_ns) + 64 * s->view_timeout_ns);
}

static void mark_members(struct node_run *run)
{
    const struct federation_state *s = &run->results.history.state;
    const struct scenario *scenario = &run->scenario;

    for (unsigned m = 0; m < s->member_count; m++) {
        const struct scenario_node *n = &scenario->nodes[scenario_find_node(scenario, state_member(s, m)->card.name)];
        bool validator = n->card.role == ROLE_CORE, left = state_member(s, m)->status == MEMBER_LEFT;

        run_mark(run, NODE_MARK_JOINED, n->joins_later);
        run_mark(run, NODE_MARK_JOINED_VALIDATOR, n->joins_later && validator);
        run_mark(run, NODE_MARK_LEFT, left);
        run_mark(run, NODE_MARK_LEFT_VALIDATOR, left && validator);
        run_mark(run, NODE_MARK_STAKE, state_member(s, m)->card.stake != n->card.stake);
    }
    run_mark(run, NODE_MARK_ROTATED, s->retired_count > 0);
}

static void mark_scenario(struct node_run *run)
{
    const struct scenario *s = &run->scenario;

    run_mark(run, NODE_MARK_THIN, !carries(s, BYTES_THIN));
    run_mark(run, NODE_MARK_ALONE, s->quorum == 1);
    run_mark(run, NODE_MARK_MANY, s->node_count >= 8);
}

void check_end(struct node_run *run)
{
    const struct rehearsal *r = run->rehearsal;

    for (unsigned i = 0; i < r->count; i++)
        check_node(run, &r->nodes[i]);
    if (!run->results.roots_agree)
        run_fail(run, "roots", "nodes that are up hold different logs or states");
    if (r->agenda.now_ns - run->calm_ns > patience_ns(run))
        run_fail(run, "liveness", "the end came %" PRId64 " ms after the last fault; %" PRId64 " ms are enough",
                 (r->agenda.now_ns - run->calm_ns) / 1000000, patience_ns(run) / 1000000);
    mark_members(run);
    mark_scenario(run);
}

/* ---- a node that starts again is where it was */

static void check_restart(struct node_run *run, struct sim_node *n)
{
    struct digest before = state_root(fed_state(n->fed)), after;
    uint64_t height = fed_state(n->fed)->height;
    struct diag diag = {0};

    sim_node_stop(n, run->rehearsal);
    if (sim_node_start(n, run->rehearsal, &diag) != ERR_OK) {
        run_fail(run, "restart", "%s does not start again: %s", n->name, diag.text);
        return;
    }
    after = state_root(fed_state(n->fed));
    if (fed_state(n->fed)->height < height || !digest_equal(&before, &after))
        run_fail(run, "restart",
                 "%s was at height %" PRIu64 ", and is at %" PRIu64 " after a restart, or in another state", n->name,
                 height, fed_state(n->fed)->height);
    if (run->rehearsal->checkers.violated)
        run_fail(run, "restart", "%s", run->rehearsal->checkers.diag.text);
}

void check_restarts(struct node_run *run)
{
    for (unsigned i = 0; i < run->rehearsal->count; i++) {
        if (run->rehearsal->nodes[i].up)
            check_restart(run, &run->rehearsal->nodes[i]);
    }
}
