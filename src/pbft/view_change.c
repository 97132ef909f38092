#include "pbft/internal.h"

#include <string.h>

/* OSDI'99 section 4.4. */

static struct view_rules rules_of(const struct pbft *p)
{
    return (struct view_rules){&p->members, p->config.window, p->base.sequence, p->base.block_id};
}

static void forget_view_change(struct peer *peer)
{
    blob_drop(peer->view_change);
    peer->view_change = NULL;
    peer->view_change_to = 0;
}

static void keep_view_change(struct peer *peer, uint64_t to, struct bytes message)
{
    forget_view_change(peer);
    peer->view_change = blob_new(message);
    peer->view_change_to = to;
}

static void changes_known(const struct pbft *p, struct blob *known[PBFT_REPLICAS_MAX])
{
    for (unsigned i = 0; i < p->members.n; i++)
        known[i] = p->peers[i].view_change;
}

unsigned view_change_count(const struct pbft *p)
{
    unsigned count = 0;

    for (unsigned i = 0; i < p->members.n; i++)
        count += p->peers[i].view_change != NULL && p->peers[i].view_change_to >= p->view;
    return count;
}

/* ---- VIEW-CHANGE */

/* Leaves the present view: nothing of it counts any more. */
static void leave_view(struct pbft *p, uint64_t view)
{
    MUTATE(LEAVES_WITHOUT_UNDO, (void)0, normal_undo(p));
    p->view = view;
    p->active = false;
    p->top = p->planned_top = 0;
    p->watching = false;
    blob_drop(p->new_view);
    p->new_view = NULL;
    blob_drop(p->short_view);
    p->short_view = NULL;
    p->wants_whole = false;
    p->view_said_ns = p->now_ns;
    timer_stop(p, PBFT_TIMER_VIEW);
    timer_stop(p, PBFT_TIMER_BATCH);
    timers_ask_anew(p);
}

/* VIEW-CHANGE of this replica: h with its certificate, and P. */
static struct blob *own_view_change(struct pbft *p)
{
    struct bytes *proofs = mem_array(p->config.window, sizeof proofs[0]);
    struct buf body = {0};
    struct claim claim;
    unsigned count = 0;

    for (uint64_t n = p->stable.sequence + 1; n <= p->stable.sequence + p->config.window; n++) {
        const struct slot *s = log_find(p, n);
        bool proved = s != NULL && MUTATE(PBFT_NO_P_SET, false, s->proof != NULL);
        if (proved && MUTATE(PBFT_P_SET_OF_LAST_VIEW, s->proof_view + 1 >= p->view, true))
            proofs[count++] = blob_bytes(s->proof);
    }
    struct bytes signatures = p->stable.signatures != NULL ? blob_bytes(p->stable.signatures) : bytes_of(NULL, 0);
    view_change_body(p->stable.sequence, &p->stable.block_id, signatures, proofs, count, &body);
    struct digest digest = digest_of(bytes_of_buf(&body));
    claim_sign(p, MESSAGE_VIEW_CHANGE, p->view, p->stable.sequence, &digest, &claim);
    struct blob *message = message_of(p, &claim, bytes_of_buf(&body));
    buf_free(&body);
    mem_free(proofs);
    return message;
}

static void open_view(struct pbft *p);
static void new_view_retry(struct pbft *p);

/* Section 4.5.2: the first wait for a NEW-VIEW is no longer than that for a decision was; each further one that nothing
 * has come of doubles. */
static void timeout_grow(struct pbft *p)
{
    if (p->left_in_vain && p->timeout_ns > p->config.view_timeout_max_ns / 2)
        p->timeout_ns = p->config.view_timeout_max_ns;
    else if (p->left_in_vain)
        p->timeout_ns *= 2;
    p->left_in_vain = true;
}

void view_change_start(struct pbft *p, uint64_t view)
{
    ASSERT(view > p->view && view > p->floor && view <= VIEW_MAX && !p->recovering);
    leave_view(p, view);
    MUTATE(PBFT_TIMER_NOT_DOUBLED, (void)0, timeout_grow(p));
    effects_note(p->out, "pbft.view_change", view, p->stable.sequence);
    struct blob *message = own_view_change(p);
    keep_view_change(&p->peers[p->config.self], view, blob_bytes(message));
    record_message(p, message);
    send_dropping(p, PEER_OTHERS, message);
    open_view(p);
}

/* Section 4.5.2: f+1 others that want later views cannot all be liars; go with the least of these views. */
static bool join(struct pbft *p)
{
    uint64_t least = UINT64_MAX, above = MUTATE(JOINS_BELOW_FLOOR, p->view, p->view > p->floor ? p->view : p->floor);
    unsigned count = 0;

    if (MUTATE(JOINS_WHILE_RECOVERING, false, p->recovering))
        return false;
    for (unsigned i = 0; i < p->members.n; i++) {
        const struct peer *peer = &p->peers[i];
        if (peer->view_change == NULL || peer->view_change_to <= above)
            continue;
        count++;
        if (MUTATE(JOINS_THE_LAST, true, peer->view_change_to < least))
            least = peer->view_change_to;
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
    if (p->new_view == NULL)
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

enum err receive_view_change(struct pbft *p, struct bytes message)
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
    if (to < p->view || (to == p->view && p->active))
        return answer_late(p, &claim, body);
    if (peer->view_change != NULL && MUTATE(VIEW_CHANGE_OF_EARLIER_VIEW, false, to <= peer->view_change_to))
        return ERR_STALE;
    err = view_change_parse(&rules, message, true, &vc);
    if (err != ERR_OK)
        return err;
    peer_seen(p, &vc.claim);
    keep_view_change(peer, to, message);
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
        s->voted = MUTATE(NEW_PRIMARY_PREPARES, false, nv->claim.signer == p->config.self);
    }
}

/* The content of a checked NEW-VIEW becomes the view. Takes a holding of message. */
static void enter_view(struct pbft *p, const struct new_view *nv, struct blob *message)
{
    const struct view_change *source = &nv->changes[nv->plan.source];

    p->view = nv->claim.says.view;
    p->active = true;
    p->view_said_ns = p->now_ns;
    timers_ask_anew(p);
    p->new_view = blob_hold(message);
    p->views_entered += p->started;
    p->top = p->planned_top = nv->plan.max_s;
    for (unsigned i = 0; i < p->members.n; i++) {
        if (p->peers[i].view_change_to <= p->view)
            forget_view_change(&p->peers[i]);
    }
    install(p, nv);
    if (p->started && nv->plan.min_s > p->stable.sequence) {
        struct stable s = {nv->plan.min_s, source->block_id, blob_new(source->signatures)};
        checkpoint_prove(p, &s);
    }
}

void new_view_install(struct pbft *p)
{
    struct view_rules rules = rules_of(p);
    struct new_view nv;

    if (p->new_view == NULL)
        return;
    new_view_reread(&rules, blob_bytes(p->new_view), &nv);
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
        if (peer->view_change == NULL || peer->view_change_to != p->view)
            continue;
        if (i != p->config.self && others == 0)
            continue;
        others -= i != p->config.self;
        view_change_reread(&rules, blob_bytes(peer->view_change), &changes[count++]);
    }
    ASSERT(count == p->members.quorum);
    plan_make(&rules, changes, count, &plan);
    uint64_t proposals = plan.max_s - plan.min_s;
    struct claim *signed_ones = mem_array(proposals + 1, sizeof signed_ones[0]);
    for (uint64_t i = 0; i < proposals; i++)
        claim_sign(p, MESSAGE_PRE_PREPARE, p->view, plan.min_s + 1 + i, &plan.items[i].digest, &signed_ones[i]);
    new_view_body(changes, count, signed_ones, (unsigned)proposals, &body);
    struct digest digest = digest_of(bytes_of_buf(&body));
    claim_sign(p, MESSAGE_NEW_VIEW, p->view, plan.min_s, &digest, &claim);
    struct blob *message = message_of(p, &claim, bytes_of_buf(&body));
    mem_free(signed_ones);
    plan_fini(&plan);
    buf_free(&body);
    return message;
}

static unsigned exact_count(const struct pbft *p)
{
    unsigned count = 0;

    for (unsigned i = 0; i < p->members.n; i++)
        count +=
            p->peers[i].view_change != NULL && MUTATE(OPENS_WITH_LATER_VIEWS, p->peers[i].view_change_to >= p->view,
                                                      p->peers[i].view_change_to == p->view);
    return count;
}

static void open_view(struct pbft *p)
{
    struct view_rules rules = rules_of(p);
    bool has[PBFT_REPLICAS_MAX];
    struct new_view nv;

    bool primary = members_primary(&p->members, p->view) == p->config.self;
    if (p->active || MUTATE(OPENS_ANY_VIEW, false, !primary) || exact_count(p) < p->members.quorum)
        return;
    struct blob *message = make_new_view(p);
    ASSERT(new_view_parse(&rules, blob_bytes(message), false, NULL, &nv) == ERR_OK);
    record_message(p, message);
    memset(has, true, sizeof has);
    send_dropping(p, PEER_OTHERS, new_view_shorten(&rules, blob_bytes(message), has));
    effects_note(p->out, "pbft.new_view", p->view, nv.plan.max_s);
    timer_stop(p, PBFT_TIMER_VIEW);
    enter_view(p, &nv, message);
    blob_drop(message);
    new_view_fini(&nv);
    fetch_missing(p);
}

void new_view_answer(struct pbft *p, unsigned peer, const uint64_t *changes)
{
    struct view_rules rules = rules_of(p);
    bool has[PBFT_REPLICAS_MAX];

    for (unsigned i = 0; i < p->members.n; i++)
        has[i] = changes != NULL && changes[i] == p->view;
    struct blob *message = new_view_shorten(&rules, blob_bytes(p->new_view), has);
    answer(p, peer, message);
    blob_drop(message);
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
    peer_seen(p, &nv.claim);
    leave_view(p, nv.claim.says.view);
    struct blob *blob = blob_new(message);
    record_message(p, blob);
    effects_note(p->out, "pbft.new_view", nv.claim.says.view, nv.plan.max_s);
    enter_view(p, &nv, blob);
    blob_drop(blob);
    new_view_fini(&nv);
    fetch_missing(p);
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
    peer_seen(p, claim);
    if (claim->says.view > p->view) {
        status_tell(p, claim->signer);
        return err;
    }
    blob_drop(p->short_view);
    p->short_view = blob_new(message);
    p->wants_whole = p->wants_whole || err == ERR_MISMATCH;
    return err;
}

enum err receive_new_view(struct pbft *p, struct bytes message)
{
    struct view_rules rules = rules_of(p);
    struct blob *known[PBFT_REPLICAS_MAX];
    struct buf whole = {0};
    struct bytes body;
    struct claim claim;

    enum err err = message_parse(&p->members, message, MESSAGE_NEW_VIEW, &claim, &body);
    if (err != ERR_OK)
        return err;
    if (MUTATE(PBFT_STALE_NEW_VIEW, false, claim.says.view < p->view))
        return ERR_STALE;
    if ((claim.says.view == p->view && p->active) || claim.signer == p->config.self)
        return ERR_STALE;
    struct digest digest = digest_of(body);
    if (digest_equal(&digest, &claim.says.digest))
        return new_view_take(p, message);
    changes_known(p, known);
    err = new_view_expand(&rules, body, known, &whole);
    if (err == ERR_OK) {
        struct blob *blob = message_of(p, &claim, bytes_of_buf(&whole));
        err = new_view_take(p, blob_bytes(blob));
        blob_drop(blob);
    }
    buf_free(&whole);
    return err == ERR_OK ? err : new_view_keep(p, &claim, message, err);
}

/* A VIEW-CHANGE has come: was a NEW-VIEW short of it? */
static void new_view_retry(struct pbft *p)
{
    struct blob *message = p->short_view;

    if (message == NULL)
        return;
    p->short_view = NULL;
    (void)receive_new_view(p, blob_bytes(message)); /* what is still short of one is kept again */
    blob_drop(message);
}

/* ---- own records */

enum err view_change_restore(struct pbft *p, struct bytes message)
{
    struct view_rules rules = rules_of(p);
    struct view_change vc;

    enum err err = view_change_parse(&rules, message, false, &vc);
    if (err != ERR_OK || vc.claim.says.view <= p->view)
        return err;
    p->view = vc.claim.says.view;
    p->active = false;
    p->top = p->planned_top = 0;
    blob_drop(p->new_view);
    p->new_view = NULL;
    keep_view_change(&p->peers[p->config.self], p->view, message);
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
        MUTATE(RESTART_FORGETS_WHAT_NEW_VIEW_SIGNED, (void)0, signed_up_to(p, nv.plan.max_s));
    if (view > p->view || (view == p->view && !p->active)) {
        struct blob *blob = blob_new(message);
        blob_drop(p->new_view);
        enter_view(p, &nv, blob);
        blob_drop(blob);
    }
    new_view_fini(&nv);
    return ERR_OK;
}
