#include "pbft/internal.h"

#include <string.h>

/* STATUS: what a replica has, so that others send again what it lacks and nothing else (TOCS 2002 section 5.2,
 * "message retransmission"). Nobody sends a VIEW-CHANGE, a proposal or a vote a second time unasked: a link that is
 * slow would be filled by copies of what is on its way.
 *
 *   body = [state, h, attempt, changes, slots]
 *   state: STATE_* flags
 *   attempt: how often it has asked since its last progress
 *   changes: for each replica the view of its VIEW-CHANGE that is here, 0 for none or one of a view before this one;
 *            [] when all are 0
 *   slots:   for each sequence above the highest decided one, up to the highest proposed one: a byte of HAS_* flags, a
 *            bit for each replica whose PREPARE of this view is here, and the same of COMMITs; [] unless active
 *
 * What b answers to a about views, when a's is v and b's is w (tests/pbft/test_states.c tries all groups of four):
 *
 *                      b changes to w                      b is in w
 *   v < w              b's VIEW-CHANGE                     the NEW-VIEW of w, whole
 *   v = w, a changes   b's VIEW-CHANGE, if a lacks it      the NEW-VIEW, short of the VIEW-CHANGEs that a has
 *   v = w, a is in v   b's STATUS, which a answers         proposals and votes that a lacks
 *   v > w              b's STATUS, which a answers, whatever the two do
 *
 * Of f+1 VIEW-CHANGEs for later views a makes its own, and the NEW-VIEW brings it into the view, so that all who hear
 * each other meet in one view. A replica that recovers is answered like any other, and keeps the VIEW-CHANGEs. a is
 * taken at its word only if it never said more: all that tells its view waits for its disk, but for a FETCH, which
 * therefore counts for nothing here. */

enum {
    STATE_CHANGING = 1, /* between views */
    STATE_WHOLE = 2,    /* a short NEW-VIEW is of no use to it */
    STATE_MUTE = 4,     /* it lost its disk, and may be behind what it once said */
    STATE_STARTED = 8,  /* just now: what was on its way to it is lost */
    STATE_END = 16
};
enum { HAS_PROPOSAL = 1, HAS_BATCH = 2, HAS_PREPARED = 4 };
enum { VOTES_SIZE_MAX = (PBFT_REPLICAS_MAX + 7) / 8 };

struct status {
    struct claim claim; /* view; sequence: the highest decided one */
    unsigned state;
    uint64_t stable, attempt;
    uint64_t changes[PBFT_REPLICAS_MAX];
    unsigned slot_count;
    struct bytes slots[RESEND_SLOTS_MAX];
};

/* ---- the form */

static bool is_active(const struct status *s)
{
    return (s->state & STATE_CHANGING) == 0;
}

static size_t votes_size(const struct pbft *p)
{
    return (p->members.n + 7) / 8;
}

static void put_changes(const struct pbft *p, struct cbor_writer *w)
{
    bool any = false;

    for (unsigned i = 0; i < p->members.n; i++)
        any = any || p->peers[i].change.to >= (p->view.number > 0 ? p->view.number : 1);
    cbor_put_array(w, any ? p->members.n : 0);
    for (unsigned i = 0; any && i < p->members.n; i++) {
        uint64_t to = p->peers[i].change.to;
        cbor_put_uint(w, to >= p->view.number ? to : 0);
    }
}

static void votes_mark(const struct pbft *p, const struct claim *claims, uint8_t *out)
{
    for (unsigned i = 0; i < p->members.n; i++) {
        if (claims[i].says.type != 0 && claims[i].says.view == p->view.number)
            out[i / 8] |= (uint8_t)(1U << i % 8);
    }
}

static void put_slot(struct pbft *p, uint64_t sequence, struct cbor_writer *w)
{
    uint8_t out[1 + 2 * VOTES_SIZE_MAX] = {0};
    struct slot *s = log_find(p, sequence);
    size_t votes = votes_size(p);

    if (s != NULL) {
        bool proposed = slot_current(p, s);
        out[0] |= proposed ? HAS_PROPOSAL : 0;
        out[0] |= proposed && slot_batch(s, &s->proposal.says.digest) != NULL ? HAS_BATCH : 0;
        out[0] |= proposed && s->state == SLOT_PREPARED ? HAS_PREPARED : 0;
        votes_mark(p, s->prepares, out + 1);
        votes_mark(p, s->commits, out + 1 + votes);
    }
    cbor_put_bytes(w, bytes_of(out, 1 + 2 * votes));
}

static void put_slots(struct pbft *p, struct cbor_writer *w)
{
    uint64_t count =
        view_is_active(&p->view) && p->view.top > p->executions.decided ? p->view.top - p->executions.decided : 0;

    if (count > RESEND_SLOTS_MAX)
        count = RESEND_SLOTS_MAX;
    cbor_put_array(w, count);
    for (uint64_t i = 0; i < count; i++)
        put_slot(p, p->executions.decided + 1 + i, w);
}

static void status_send(struct pbft *p, int32_t to, unsigned started)
{
    struct buf body = {0};
    struct cbor_writer w;
    struct claim claim;

    cbor_writer_init(&w, &body);
    cbor_put_array(&w, 5);
    cbor_put_uint(&w, (view_is_active(&p->view) ? 0 : STATE_CHANGING) |
                          (p->view.state == VIEW_UNMATCHED ? STATE_WHOLE : 0) | (recovery_is_mute(p) ? STATE_MUTE : 0) |
                          started);
    cbor_put_uint(&w, p->checkpoints.stable.sequence);
    cbor_put_uint(&w, p->timers.fruitless);
    put_changes(p, &w);
    put_slots(p, &w);
    cbor_writer_done(&w);
    struct digest digest = digest_of(bytes_of_buf(&body));
    outgoing_sign(p, MESSAGE_STATUS, p->view.number, p->executions.decided, &digest, &claim);
    struct blob *message = message_make(&p->members, &claim, bytes_of_buf(&body));
    buf_free(&body);
    if (to >= 0)
        retransmit_answer(p, (unsigned)to, message);
    else
        outgoing_send(p, to, message);
    blob_drop(message);
}

void status_send_all(struct pbft *p, bool started)
{
    status_send(p, PEER_OTHERS, MUTATE(PBFT_STARTS_UNTOLD, 0, started ? STATE_STARTED : 0));
}

static bool may_tell(const struct pbft *p, unsigned peer)
{
    return p->now_ns - p->peers[peer].status.told_ns >= p->config.resend_ns;
}

void status_tell(struct pbft *p, unsigned peer)
{
    struct peer_status *to = &p->peers[peer].status;

    if (!may_tell(p, peer))
        return;
    to->told_ns = p->now_ns;
    status_send(p, (int32_t)peer, 0);
}

static enum err body_read(const struct pbft *p, struct bytes body, struct status *out)
{
    struct cbor_reader r;

    cbor_reader_init(&r, body);
    cbor_expect_array(&r, 5);
    uint64_t state = cbor_get_uint(&r);
    if (r.err == ERR_OK && state >= STATE_END)
        cbor_fail(&r, ERR_RANGE);
    out->state = (unsigned)state;
    out->stable = cbor_get_uint(&r);
    out->attempt = cbor_get_uint(&r);
    uint64_t changes = cbor_get_array(&r);
    if (r.err == ERR_OK && changes != 0 && changes != p->members.n)
        cbor_fail(&r, ERR_RANGE);
    for (uint64_t i = 0; i < p->members.n && r.err == ERR_OK; i++)
        out->changes[i] = i < changes ? cbor_get_uint(&r) : 0;
    uint64_t slots = cbor_get_array(&r);
    out->slot_count = 0;
    if (r.err == ERR_OK && slots > (is_active(out) ? RESEND_SLOTS_MAX : 0))
        cbor_fail(&r, ERR_RANGE);
    for (uint64_t i = 0; i < slots && r.err == ERR_OK; i++)
        out->slots[out->slot_count++] = cbor_get_bytes_of(&r, 1 + 2 * votes_size(p));
    return cbor_reader_done(&r);
}

/* ---- the answer */

/* What the peer says of a sequence; empty: nothing of it is there. */
static struct bytes slot_of(const struct pbft *p, const struct status *peer, uint64_t sequence)
{
    uint64_t at = sequence - peer->claim.says.sequence - 1;
    bool told = is_active(peer) && peer->claim.says.view == p->view.number && at < peer->slot_count;
    return told ? peer->slots[at] : bytes_of(NULL, 0);
}

static bool slot_has(struct bytes slot, unsigned flags)
{
    return slot.len > 0 && (slot.data[0] & flags) == flags;
}

static bool slot_has_vote(const struct pbft *p, struct bytes slot, bool commit)
{
    unsigned self = p->config.self;
    return slot.len > 0 && (slot.data[1 + (commit ? votes_size(p) : 0) + self / 8] >> self % 8 & 1) != 0;
}

static void answer_dropping(struct pbft *p, unsigned peer, struct blob *message)
{
    retransmit_answer(p, peer, message);
    blob_drop(message);
}

/* Our latest messages of one sequence, as far as the peer lacks them: as many as three. */
static void answer_slot(struct pbft *p, unsigned peer, struct slot *s, struct bytes had)
{
    const struct claim *prepare = &s->prepares[p->config.self], *commit = &s->commits[p->config.self];

    if (slot_current(p, s)) {
        const struct batch *batch = slot_batch(s, &s->proposal.says.digest);
        bool ours = s->proposal.signer == p->config.self && !s->proved;
        if (ours && batch != NULL && !slot_has(had, HAS_PROPOSAL | HAS_BATCH))
            answer_dropping(p, peer, message_make(&p->members, &s->proposal, blob_bytes(batch->requests)));
        if (prepare->says.type != 0 && prepare->says.view == p->view.number && !slot_has(had, HAS_PREPARED) &&
            !slot_has_vote(p, had, false))
            answer_dropping(p, peer, message_pair(&p->members, prepare, &s->proposal));
    }
    if (commit->says.type != 0 && !(commit->says.view == p->view.number && slot_has_vote(p, had, true)))
        answer_dropping(p, peer, message_make(&p->members, commit, bytes_of(NULL, 0)));
}

/* Who asks for what has only just been sent to all asked before it can have come, unless it was down then. A time-out
 * should have room for four ways (a proposal, two rounds of votes, and one to spare): within a fourth of the present
 * one a message is there. */
static bool is_on_its_way(const struct pbft *p, const struct status *peer, const struct slot *s)
{
    bool lost = (peer->state & STATE_STARTED) != 0;
    return MUTATE(PBFT_SENT_AT_ONCE_AGAIN, false, !lost && p->now_ns - s->said_ns < p->timers.timeout_ns / 4);
}

static void answer_slots(struct pbft *p, const struct status *peer)
{
    uint64_t above = peer->claim.says.sequence;
    uint64_t from = above > p->checkpoints.stable.sequence ? above : p->checkpoints.stable.sequence;
    uint64_t last = p->view.top > p->executions.decided ? p->view.top : p->executions.decided;

    for (uint64_t n = from + 1; n <= last && n - from <= RESEND_SLOTS_MAX; n++) {
        struct slot *s = log_find(p, n);
        if (s != NULL && !is_on_its_way(p, peer, s))
            answer_slot(p, peer->claim.signer, s, slot_of(p, peer, n));
    }
}

/* What everybody has goes out once, not n - 1 times: from the primary at the first attempt, then from one replica more
 * each time, up to f+1 of them, beginning with another one. Liars among them cannot keep it back for ever. */
static bool is_our_turn(const struct pbft *p, const struct status *peer)
{
    uint64_t n = p->members.n, f = p->members.f, attempt = peer->attempt % n;
    uint64_t distance = (p->config.self + 2 * n - members_primary(&p->members, p->view.number) - attempt) % n;
    return MUTATE(PBFT_EVERYBODY_ANSWERS, true, distance <= (peer->attempt < f ? peer->attempt : f));
}

/* The peer has something that we lack, or lacks our word that we are ahead. */
static bool should_know_of_us(const struct pbft *p, const struct status *peer)
{
    const struct statement *theirs = &peer->claim.says;

    if (MUTATE(STATUS_DRAWS_NO_STATUS, false,
               p->executions.decided > theirs->sequence || theirs->view != p->view.number))
        return true;
    uint64_t top = theirs->sequence + peer->slot_count;
    return is_active(peer) ? !view_is_active(&p->view) || (top > p->view.top && top > p->executions.decided)
                           : !view_is_active(&p->view) && p->peers[peer->claim.signer].change.to < theirs->view;
}

/* The peer has moved since: this one waited long on its way, or was overtaken. */
static bool is_stale(const struct pbft *p, const struct status *status)
{
    const struct heard *heard = &p->peers[status->claim.signer].heard;
    const struct statement *says = &status->claim.says;
    return MUTATE(PBFT_STALE_STATUS, false, (status->state & STATE_MUTE) == 0) &&
           (says->view < heard->view || says->sequence < heard->decided);
}

/* The peer asks what it asked before, and got an answer to. */
static bool is_asked_again(const struct pbft *p, const struct status *peer)
{
    const struct peer_status *last = &p->peers[peer->claim.signer].status;
    const struct statement *says = &peer->claim.says;
    return last->view == says->view && last->state == peer->state && last->decided == says->sequence &&
           last->stable == peer->stable && last->slots == peer->slot_count && last->wait_ns > 0;
}

static bool is_answer_due(const struct pbft *p, const struct status *peer)
{
    const struct peer_status *last = &p->peers[peer->claim.signer].status;
    return !is_asked_again(p, peer) || p->now_ns - last->answered_ns >= last->wait_ns;
}

/* Answers to the same question go out more and more seldom, too: who asks again may have asked before the first answer
 * could come, and many such questions may have waited on one slow link. */
static void note_answer(struct pbft *p, const struct status *peer)
{
    struct peer_status *last = &p->peers[peer->claim.signer].status;
    const struct statement *says = &peer->claim.says;
    int64_t longest = p->config.view_timeout_max_ns / 8, wait = p->config.resend_ns / 2;

    if (is_asked_again(p, peer))
        wait = last->wait_ns < longest ? 2 * last->wait_ns : last->wait_ns;
    last->view = says->view;
    last->decided = says->sequence;
    last->stable = peer->stable;
    last->slots = peer->slot_count;
    last->state = peer->state;
    last->answered_ns = p->now_ns;
    last->wait_ns = wait;
}

/* What is said of the view itself is long, and was sent to all when it was new: to one peer again only after half of
 * the present time-out, which is as long as views have been found to need. */
static bool may_say_view(struct pbft *p, struct peer_status *peer)
{
    int64_t said = peer->view_said_ns > p->view.said_ns ? peer->view_said_ns : p->view.said_ns;

    if (p->now_ns - said < MUTATE(PBFT_VIEW_SAID_AT_ONCE, 0, p->timers.timeout_ns / 2))
        return false;
    peer->view_said_ns = p->now_ns;
    return true;
}

static void answer_view(struct pbft *p, const struct status *peer)
{
    struct peer_status *to = &p->peers[peer->claim.signer].status;
    struct blob *own = p->peers[p->config.self].change.message;
    uint64_t view = peer->claim.says.view;
    bool same = view == p->view.number;

    if (view > p->view.number || (same && is_active(peer)))
        return;
    if (view_is_active(&p->view) && MUTATE(STATUS_DRAWS_NO_NEW_VIEW, false, p->view.new_view != NULL) &&
        is_our_turn(p, peer) && may_say_view(p, to))
        new_view_answer(p, peer->claim.signer, same && (peer->state & STATE_WHOLE) == 0 ? peer->changes : NULL);
    if (!view_is_active(&p->view) && MUTATE(STATUS_DRAWS_NO_VIEW_CHANGE, false, own != NULL) &&
        peer->changes[p->config.self] < p->view.number && may_say_view(p, to))
        retransmit_answer(p, peer->claim.signer, own);
}

static void status_answer(struct pbft *p, const struct status *peer)
{
    if (MUTATE(STATUS_DRAWS_NO_STABLE, false, peer->stable < p->checkpoints.stable.sequence) &&
        p->checkpoints.stable.signatures != NULL && is_our_turn(p, peer))
        answer_dropping(p, peer->claim.signer, checkpoint_stable_message(p));
    answer_view(p, peer);
    if (MUTATE(STATUS_DRAWS_NO_VOTES, false, view_is_active(&p->view)) && peer->claim.says.view <= p->view.number)
        answer_slots(p, peer);
}

/* Whether the peer says it or somebody in its name: it changes nothing here and draws nothing. */
static bool is_idle(const struct pbft *p, const struct status *peer)
{
    unsigned signer = peer->claim.signer;

    return !peers_is_news(p, &peer->claim) && !is_answer_due(p, peer) &&
           !(should_know_of_us(p, peer) && may_tell(p, signer));
}

/* Many replicas ask at the same time, and again, so that most of what is asked was answered: its signature, which costs
 * more than all else, is looked at only when something comes of it. */
enum err status_receive(struct pbft *p, struct bytes message)
{
    struct status status; /* large: its arrays are filled as far as they are read */
    struct bytes body;

    enum err err = message_parse(&p->members, message, MESSAGE_STATUS, &status.claim, &body);
    if (err != ERR_OK)
        return err;
    if (MUTATE(STATUS_OF_ITSELF, false, status.claim.signer == p->config.self))
        return ERR_STALE;
    enum err form = body_read(p, body, &status);
    if (form == ERR_OK && is_stale(p, &status))
        return ERR_STALE;
    if (form == ERR_OK && is_idle(p, &status))
        return ERR_OK;
    err = message_body_check(&status.claim, body);
    if (err == ERR_OK)
        err = MUTATE(STATUS_UNVERIFIED, ERR_OK, claim_verify(&p->members, &status.claim));
    if (err == ERR_OK)
        err = form;
    if (err != ERR_OK)
        return err;
    peers_heard(p, &status.claim);
    peers_heard_decided(p, status.claim.signer, status.claim.says.sequence);
    if (is_answer_due(p, &status)) {
        note_answer(p, &status);
        status_answer(p, &status);
    }
    if (should_know_of_us(p, &status))
        status_tell(p, status.claim.signer);
    return ERR_OK;
}
