#include "pbft/internal.h"

#include <string.h>

/* OSDI'99 section 4.4. */

void view_raise_top(struct pbft *p, uint64_t sequence)
{
    if (sequence > p->view.top)
        p->view.top = sequence;
}

static struct view_rules rules_of(const struct pbft *p)
{
    return (struct view_rules){&p->members, p->config.window, p->checkpoints.base.sequence,
                               p->checkpoints.base.block_id, &p->log.kept};
}

static void forget_view_change(struct peer_change *change)
{
    blob_drop(change->message);
    change->message = NULL;
    change->to = 0;
}

static void keep_view_change(struct peer_change *change, uint64_t to, struct bytes message)
{
    forget_view_change(change);
    change->message = blob_new(message);
    change->to = to;
}

static void forget_new_view(struct view *v)
{
    blob_drop(v->new_view);
    v->new_view = NULL;
}

static void forget_short_view(struct view *v)
{
    blob_drop(v->short_view);
    v->short_view = NULL;
}

void view_fini(struct pbft *p)
{
    for (unsigned i = 0; i < p->members.n; i++)
        forget_view_change(&p->peers[i].change);
    forget_new_view(&p->view);
    forget_short_view(&p->view);
}

static void changes_known(const struct pbft *p, struct blob *known[PBFT_REPLICAS_MAX])
{
    for (unsigned i = 0; i < p->members.n; i++)
        known[i] = p->peers[i].change.message;
}

unsigned view_change_count(const struct pbft *p)
{
    unsigned count = 0;

    for (unsigned i = 0; i < p->members.n; i++)
        count += p->peers[i].change.message != NULL && p->peers[i].change.to >= p->view.number;
    return count;
}

/* ---- VIEW-CHANGE */

/* Leaves the present view: nothing of it counts any more. */
static void leave_view(struct pbft *p, uint64_t view)
{
    MUTATE(LEAVES_WITHOUT_UNDO, (void)0, executions_undo(p));
    p->view.number = view;
    p->view.state = VIEW_CHANGING;
    p->view.top = p->view.planned_top = 0;
    forget_new_view(&p->view);
    forget_short_view(&p->view);
    p->view.said_ns = p->now_ns;
    timers_leave_view(p);
}

/* VIEW-CHANGE of this replica: h with its certificate, and P. */
static struct blob *own_view_change(struct pbft *p)
{
    struct bytes *proofs = mem_array(p->config.window, sizeof proofs[0]);
    struct buf body = {0};
    struct claim claim;
    unsigned count = 0;

    for (uint64_t n = p->checkpoints.stable.sequence + 1; n <= p->checkpoints.stable.sequence + p->config.window; n++) {
        const struct slot *s = log_find(p, n);
        bool proved = s != NULL && MUTATE(PBFT_NO_P_SET, false, s->proof != NULL);
        if (proved && MUTATE(PBFT_P_SET_OF_LAST_VIEW, s->proof_view + 1 >= p->view.number, true))
            proofs[count++] = blob_bytes(s->proof);
    }
    struct bytes signatures =
        p->checkpoints.stable.signatures != NULL ? blob_bytes(p->checkpoints.stable.signatures) : bytes_of(NULL, 0);
    view_change_body(p->checkpoints.stable.sequence, &p->checkpoints.stable.block_id, signatures, proofs, count, &body);
    struct digest digest = digest_of(bytes_of_buf(&body));
    outgoing_sign(p, MESSAGE_VIEW_CHANGE, p->view.number, p->checkpoints.stable.sequence, &digest, &claim);
    struct blob *message = message_make(&p->members, &claim, bytes_of_buf(&body));
    buf_free(&body);
    mem_free(proofs);
    return message;
}

static void open_view(struct pbft *p);
static void new_view_retry(struct pbft *p);

void view_change_start(struct pbft *p, uint64_t view)
{
    ASSERT(view > p->view.number && view > p->recovery.floor && view <= VIEW_MAX && !recovery_is_on(&p->recovery));
    leave_view(p, view);
    MUTATE(PBFT_TIMER_NOT_DOUBLED, (void)0, timers_grow(p));
    effects_note(p->out, "pbft.view_change", view, p->checkpoints.stable.sequence);
    struct blob *message = own_view_change(p);
    keep_view_change(&p->peers[p->config.self].change, view, blob_bytes(message));
    record_message(p, message);
    outgoing_broadcast(p, message);
    open_view(p);
}

uint64_t view_change_next(const struct pbft *p)
{
    uint64_t view = p->view.number, floor = p->recovery.floor;
    return (MUTATE(LEAVES_BELOW_FLOOR, true, view > floor) ? view : floor) + 1;
}

/* Section 4.5.2: f+1 others that want later views cannot all be liars; go with the least of these views. */
static bool join(struct pbft *p)
{
    uint64_t least = UINT64_MAX,
             above = MUTATE(JOINS_BELOW_FLOOR, p->view.number,
                            p->view.number > p->recovery.floor ? p->view.number : p->recovery.floor);
    unsigned count = 0;

    if (MUTATE(JOINS_WHILE_RECOVERING, false, recovery_is_on(&p->recovery)))
        return false;
    for (unsigned i = 0; i < p->members.n; i++) {
        const struct peer *peer = &p->peers[i];
        if (peer->change.message == NULL || peer->change.to <= above)
            continue;
        count++;
        if (MUTATE(JOINS_THE_LAST, true, peer->change.to < least))
            least = peer->change.to;
    }
    if (count <= MUTATE(PBFT_JOINS_ONE, 0, p->members.f))
        return false;
    view_change_start(p, least);
    return true;
}

/* One that comes too late. What its sender lacks is the NEW-VIEW, unless that is on its way: it is told where we are,
 * and asks. Whether it is really asking must be certain. */
static enum err answer_late(struct pbft *p, const struct claim *claim, struct bytes body)
{
    if (p->view.new_view == NULL)
        return ERR_STALE;
    struct digest digest = digest_of(body);
    if (!digest_equal(&digest, &claim->says.digest))
        return ERR_MISMATCH;
    enum err err = MUTATE(LATE_VIEW_CHANGE_UNVERIFIED, ERR_OK, claim_verify(&p->members, claim));
    if (err != ERR_OK)
        return err;
    status_tell(p, claim->signer);
    return ERR_STALE;
}

enum err view_change_receive(struct pbft *p, struct bytes message)
{
    struct view_rules rules = rules_of(p);
    struct view_change vc;
    struct bytes body;
    struct claim claim;

    enum err err = message_parse(&p->members, message, MESSAGE_VIEW_CHANGE, &claim, &body);
    if (err != ERR_OK)
        return err;
    struct peer *peer = &p->peers[claim.signer];
    uint64_t to = claim.says.view;
    if (MUTATE(VIEW_CHANGE_OWN_FROM_OTHERS, false, claim.signer == p->config.self))
        return ERR_STALE;
    if (to < p->view.number || (to == p->view.number && view_is_active(&p->view)))
        return answer_late(p, &claim, body);
    if (peer->change.message != NULL && MUTATE(VIEW_CHANGE_OF_EARLIER_VIEW, false, to <= peer->change.to))
        return ERR_STALE;
    err = view_change_parse(&rules, message, true, &vc);
    if (err != ERR_OK)
        return err;
    peers_heard(p, &vc.claim);
    keep_view_change(&peer->change, to, message);
    while (join(p))
        ;
    open_view(p);
    new_view_retry(p);
    return ERR_OK;
}

/* ---- NEW-VIEW */

static void install(struct pbft *p, const struct new_view *nv)
{
    for (uint64_t i = 0; i < nv->plan.max_s - nv->plan.min_s; i++) {
        struct slot *s = log_slot(p, nv->plan.min_s + 1 + i);
        if (s == NULL || slot_current(p, s))
            continue;
        slot_propose(p, s, &nv->proposals[i], true);
        /* The primary's PREPARE is its signature in the NEW-VIEW. */
        if (MUTATE(NEW_PRIMARY_PREPARES, false, nv->claim.signer == p->config.self))
            slot_voted(s);
    }
}

/* The content of a checked NEW-VIEW becomes the view. Takes a holding of message. */
static void enter_view(struct pbft *p, const struct new_view *nv, struct blob *message)
{
    const struct view_change *source = &nv->changes[nv->plan.source];

    p->view.number = nv->claim.says.view;
    p->view.state = VIEW_ACTIVE;
    p->view.said_ns = p->now_ns;
    timers_enter_view(p);
    p->view.new_view = blob_hold(message);
    p->view.entered += p->started;
    p->view.top = p->view.planned_top = nv->plan.max_s;
    for (unsigned i = 0; i < p->members.n; i++) {
        if (p->peers[i].change.to <= p->view.number)
            forget_view_change(&p->peers[i].change);
    }
    install(p, nv);
    if (p->started && nv->plan.min_s > p->checkpoints.stable.sequence) {
        struct stable s = {nv->plan.min_s, source->block_id, blob_new(source->signatures)};
        checkpoint_prove(p, &s);
    }
}

void new_view_install(struct pbft *p)
{
    struct view_rules rules = rules_of(p);
    struct new_view nv;

    if (p->view.new_view == NULL)
        return;
    new_view_reread(&rules, blob_bytes(p->view.new_view), &nv);
    install(p, &nv);
    new_view_fini(&nv);
}

/* The new primary, once a quorum wants its view. */
static struct blob *make_new_view(struct pbft *p)
{
    struct view_rules rules = rules_of(p);
    struct view_change changes[PBFT_REPLICAS_MAX];
    struct buf body = {0};
    struct claim claim;
    struct plan plan;
    unsigned count = 0, others = p->members.quorum - 1;

    for (unsigned i = 0; i < p->members.n; i++) {
        const struct peer *peer = &p->peers[i];
        if (peer->change.message == NULL || peer->change.to != p->view.number)
            continue;
        if (i != p->config.self && others == 0)
            continue;
        others -= i != p->config.self;
        view_change_reread(&rules, blob_bytes(peer->change.message), &changes[count++]);
    }
    ASSERT(count == p->members.quorum);
    plan_make(&rules, changes, count, &plan);
    uint64_t proposals = plan.max_s - plan.min_s;
    struct claim *signed_ones = mem_array(proposals + 1, sizeof signed_ones[0]);
    for (uint64_t i = 0; i < proposals; i++)
        outgoing_sign(p, MESSAGE_PRE_PREPARE, p->view.number, plan.min_s + 1 + i, &plan.items[i].digest,
                      &signed_ones[i]);
    new_view_body(changes, count, signed_ones, (unsigned)proposals, &body);
    struct digest digest = digest_of(bytes_of_buf(&body));
    outgoing_sign(p, MESSAGE_NEW_VIEW, p->view.number, plan.min_s, &digest, &claim);
    struct blob *message = message_make(&p->members, &claim, bytes_of_buf(&body));
    mem_free(signed_ones);
    plan_fini(&plan);
    buf_free(&body);
    return message;
}

static unsigned exact_count(const struct pbft *p)
{
    unsigned count = 0;

    for (unsigned i = 0; i < p->members.n; i++)
        count += p->peers[i].change.message != NULL &&
                 MUTATE(OPENS_WITH_LATER_VIEWS, p->peers[i].change.to >= p->view.number,
                        p->peers[i].change.to == p->view.number);
    return count;
}

static void open_view(struct pbft *p)
{
    struct view_rules rules = rules_of(p);
    bool has[PBFT_REPLICAS_MAX];
    struct new_view nv;

    bool primary = members_primary(&p->members, p->view.number) == p->config.self;
    if (view_is_active(&p->view) || MUTATE(OPENS_ANY_VIEW, false, !primary) || exact_count(p) < p->members.quorum)
        return;
    struct blob *message = make_new_view(p);
    new_view_reread(&rules, blob_bytes(message), &nv);
    record_message(p, message);
    memset(has, true, sizeof has);
    outgoing_broadcast(p, new_view_shorten(&rules, &nv, has));
    effects_note(p->out, "pbft.new_view", p->view.number, nv.plan.max_s);
    timers_stop(p, PBFT_TIMER_VIEW);
    enter_view(p, &nv, message);
    blob_drop(message);
    new_view_fini(&nv);
    retransmit_fetch(p);
}

void new_view_answer(struct pbft *p, unsigned peer, const uint64_t *changes)
{
    struct view_rules rules = rules_of(p);
    bool has[PBFT_REPLICAS_MAX];
    struct new_view nv;

    for (unsigned i = 0; i < p->members.n; i++)
        has[i] = changes != NULL && changes[i] == p->view.number;
    new_view_reread(&rules, blob_bytes(p->view.new_view), &nv);
    struct blob *message = new_view_shorten(&rules, &nv, has);
    retransmit_answer(p, peer, message);
    blob_drop(message);
    new_view_fini(&nv);
}

/* A whole one: checks it and enters its view. */
static enum err new_view_take(struct pbft *p, struct bytes message)
{
    struct view_rules rules = rules_of(p);
    struct blob *known[PBFT_REPLICAS_MAX];
    struct new_view nv;

    changes_known(p, known);
    enum err err = new_view_parse(&rules, message, true, known, &nv);
    if (err != ERR_OK)
        return err;
    peers_heard(p, &nv.claim);
    leave_view(p, nv.claim.says.view);
    struct blob *blob = blob_new(message);
    record_message(p, blob);
    effects_note(p->out, "pbft.new_view", nv.claim.says.view, nv.plan.max_s);
    enter_view(p, &nv, blob);
    blob_drop(blob);
    new_view_fini(&nv);
    retransmit_fetch(p);
    return ERR_OK;
}

/* One that is short of a VIEW-CHANGE which is on its way waits for it: the primary signed it, so it is the only one
 * that may. Who has another VIEW-CHANGE than it names asks for the whole. */
static enum err new_view_keep(struct pbft *p, const struct claim *claim, struct bytes message, enum err err)
{
    if ((err != ERR_MISSING && err != ERR_MISMATCH) || claim->signer != members_primary(&p->members, claim->says.view))
        return err;
    enum err verdict = claim_verify(&p->members, claim);
    if (verdict != ERR_OK)
        return verdict;
    peers_heard(p, claim);
    if (claim->says.view > p->view.number) {
        status_tell(p, claim->signer);
        return err;
    }
    forget_short_view(&p->view);
    p->view.short_view = blob_new(message);
    if (p->view.state != VIEW_UNMATCHED)
        p->view.state = err == ERR_MISMATCH ? VIEW_UNMATCHED : VIEW_SHORT;
    return err;
}

enum err view_change_receive_new_view(struct pbft *p, struct bytes message)
{
    struct view_rules rules = rules_of(p);
    struct blob *known[PBFT_REPLICAS_MAX];
    struct buf whole = {0};
    struct bytes body;
    struct claim claim;

    enum err err = message_parse(&p->members, message, MESSAGE_NEW_VIEW, &claim, &body);
    if (err != ERR_OK)
        return err;
    if (MUTATE(PBFT_STALE_NEW_VIEW, false, claim.says.view < p->view.number))
        return ERR_STALE;
    if ((claim.says.view == p->view.number && view_is_active(&p->view)) || claim.signer == p->config.self)
        return ERR_STALE;
    struct digest digest = digest_of(body);
    if (digest_equal(&digest, &claim.says.digest))
        return new_view_take(p, message);
    changes_known(p, known);
    err = new_view_expand(&rules, body, known, &whole);
    if (err == ERR_OK) {
        struct blob *blob = message_make(&p->members, &claim, bytes_of_buf(&whole));
        err = new_view_take(p, blob_bytes(blob));
        blob_drop(blob);
    }
    buf_free(&whole);
    return err == ERR_OK ? err : new_view_keep(p, &claim, message, err);
}

/* A VIEW-CHANGE has come: was a NEW-VIEW short of it? */
static void new_view_retry(struct pbft *p)
{
    struct blob *message = p->view.short_view;

    if (message == NULL)
        return;
    p->view.short_view = NULL;
    (void)view_change_receive_new_view(p, blob_bytes(message)); /* what is still short of one is kept again */
    blob_drop(message);
}

/* ---- own records */

enum err view_change_restore(struct pbft *p, struct bytes message)
{
    struct view_rules rules = rules_of(p);
    struct view_change vc;

    enum err err = view_change_parse(&rules, message, false, &vc);
    if (err != ERR_OK || vc.claim.says.view <= p->view.number)
        return err;
    p->view.number = vc.claim.says.view;
    p->view.state = VIEW_CHANGING;
    p->view.top = p->view.planned_top = 0;
    forget_new_view(&p->view);
    keep_view_change(&p->peers[p->config.self].change, p->view.number, message);
    return ERR_OK;
}

enum err new_view_restore(struct pbft *p, struct bytes message)
{
    struct view_rules rules = rules_of(p);
    struct new_view nv;

    enum err err = new_view_parse(&rules, message, false, NULL, &nv);
    if (err != ERR_OK)
        return err;
    uint64_t view = nv.claim.says.view;
    if (nv.claim.signer == p->config.self)
        MUTATE(RESTART_FORGETS_WHAT_NEW_VIEW_SIGNED, (void)0, recovery_signed(p, nv.plan.max_s));
    if (view > p->view.number || (view == p->view.number && !view_is_active(&p->view))) {
        struct blob *blob = blob_new(message);
        forget_new_view(&p->view);
        enter_view(p, &nv, blob);
        blob_drop(blob);
    }
    new_view_fini(&nv);
    return ERR_OK;
}
