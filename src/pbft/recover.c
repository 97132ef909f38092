#include "pbft/internal.h"

/* What is lost is sent again: by its sender while it waits, and to a peer whose STATUS shows that it lacks it. */

bool answer_allowed(struct pbft *p, unsigned peer)
{
    struct peer *to = &p->peers[peer];

    if (to->answers == 0 || p->now_ns - to->answered_at >= p->config.resend_ns) {
        to->answered_at = p->now_ns;
        to->answers = 0;
    }
    return MUTATE(PBFT_ANSWERS_UNLIMITED, true, to->answers++ < ANSWERS_MAX);
}

static void answer(struct pbft *p, unsigned peer, struct blob *message)
{
    if (answer_allowed(p, peer))
        send_to(p, (int32_t)peer, message);
    blob_drop(message);
}

/* ---- what others are known to have */

/* The highest number above `best` that more than f others claim at least: one of them does not lie. */
static uint64_t claimed_decided(const struct pbft *p, uint64_t best)
{
    for (unsigned i = 0; i < p->members.n && p->peers_decided > best; i++) {
        uint64_t claimed = p->peers[i].decided;
        unsigned supporters = 0;
        if (i == p->config.self || claimed <= best)
            continue;
        for (unsigned k = 0; k < p->members.n; k++)
            supporters += k != p->config.self && p->peers[k].decided >= claimed;
        if (supporters > MUTATE(PBFT_STATUS_BELIEVED, 0, p->members.f))
            best = claimed;
    }
    return best;
}

uint64_t known_decided(const struct pbft *p)
{
    return claimed_decided(p, p->proved_decided > p->decided ? p->proved_decided : p->decided);
}

bool can_catch_up(const struct pbft *p)
{
    uint64_t proved = MUTATE(PBFT_LATE_COMMITS_BELIEVED, p->proved_decided, p->proven.sequence);

    return proved > p->decided || claimed_decided(p, p->decided) > p->decided;
}

bool is_behind(const struct pbft *p)
{
    unsigned ahead = 0;

    for (unsigned i = 0; i < p->members.n && p->peers_view > p->view; i++)
        ahead += i != p->config.self && p->peers[i].view > p->view;
    return ahead > p->members.f || known_decided(p) > p->decided || p->proven.sequence > p->stable.sequence;
}

/* ---- STATUS */

void status_send(struct pbft *p, int32_t to)
{
    struct buf body = {0};
    struct cbor_writer w;
    struct claim claim;

    cbor_writer_init(&w, &body);
    cbor_put_array(&w, 2);
    cbor_put_bool(&w, p->active);
    cbor_put_uint(&w, p->stable.sequence);
    cbor_writer_done(&w);
    struct digest digest = digest_of(bytes_of_buf(&body));
    claim_sign(p, MESSAGE_STATUS, p->view, p->decided, &digest, &claim);
    send_dropping(p, to, message_of(p, &claim, bytes_of_buf(&body)));
    buf_free(&body);
}

/* Own latest messages of one sequence: as many as three. */
static unsigned slot_messages(struct pbft *p, struct slot *s, struct blob *out[3])
{
    const struct claim *prepare = &s->prepares[p->config.self], *commit = &s->commits[p->config.self];
    unsigned count = 0;

    if (slot_current(p, s)) {
        const struct batch *batch = slot_batch(s, &s->proposal.says.digest);
        if (s->proposal.signer == p->config.self && !s->proved && batch != NULL)
            out[count++] = message_of(p, &s->proposal, blob_bytes(batch->requests));
        if (prepare->says.type != 0 && prepare->says.view == p->view)
            out[count++] = message_prepare(p, prepare, &s->proposal);
    }
    if (commit->says.type != 0)
        out[count++] = message_of(p, commit, bytes_of(NULL, 0));
    return count;
}

static void answer_slots(struct pbft *p, unsigned peer, uint64_t above)
{
    uint64_t from = above > p->stable.sequence ? above : p->stable.sequence;
    uint64_t last = p->top > p->decided ? p->top : p->decided;
    struct blob *messages[3];

    for (uint64_t n = from + 1; n <= last && n - from <= RESEND_SLOTS_MAX; n++) {
        struct slot *s = log_find(p, n);
        unsigned count = s != NULL ? slot_messages(p, s, messages) : 0;
        for (unsigned i = 0; i < count; i++)
            answer(p, peer, messages[i]);
    }
}

static struct blob *stable_message(const struct pbft *p)
{
    struct buf out = {0};
    struct cbor_writer w;

    cbor_writer_init(&w, &out);
    cbor_put_array(&w, 4);
    cbor_put_uint(&w, MESSAGE_STABLE);
    cbor_put_uint(&w, p->stable.sequence);
    cbor_put_bytes(&w, digest_bytes(&p->stable.block_id));
    cbor_put_raw(&w, blob_bytes(p->stable.signatures));
    cbor_writer_done(&w);
    struct blob *message = blob_new(bytes_of_buf(&out));
    buf_free(&out);
    return message;
}

static void status_answer(struct pbft *p, const struct claim *peer, bool active, uint64_t stable)
{
    const struct blob *own = p->peers[p->config.self].view_change;
    bool view_behind = peer->says.view < p->view || (peer->says.view == p->view && !active);

    if (stable < p->stable.sequence && p->stable.signatures != NULL)
        answer(p, peer->signer, stable_message(p));
    if (p->active && p->new_view != NULL && view_behind)
        answer(p, peer->signer, blob_hold(p->new_view));
    if (!p->active && peer->says.view <= p->view && own != NULL)
        answer(p, peer->signer, blob_hold(p->peers[p->config.self].view_change));
    if (p->active && peer->says.view <= p->view)
        answer_slots(p, peer->signer, peer->says.sequence);
    if (p->decided > peer->says.sequence && answer_allowed(p, peer->signer))
        status_send(p, (int32_t)peer->signer);
}

enum err receive_status(struct pbft *p, struct bytes message)
{
    struct bytes body;
    struct claim claim;
    struct cbor_reader r;

    enum err err = message_split(&p->members, message, MESSAGE_STATUS, &claim, &body);
    if (err != ERR_OK)
        return err;
    if (claim.signer == p->config.self)
        return ERR_STALE;
    err = claim_verify(&p->members, &claim);
    if (err != ERR_OK)
        return err;
    cbor_reader_init(&r, body);
    cbor_expect_array(&r, 2);
    bool active = cbor_get_bool(&r);
    uint64_t stable = cbor_get_uint(&r);
    err = cbor_reader_done(&r);
    if (err != ERR_OK)
        return err;
    struct peer *peer = &p->peers[claim.signer];
    peer_seen(p, &claim);
    if (claim.says.sequence > peer->decided)
        peer->decided = claim.says.sequence;
    if (peer->decided > p->peers_decided)
        p->peers_decided = peer->decided;
    status_answer(p, &claim, active, stable);
    return ERR_OK;
}

/* ---- batches */

void fetch_missing(struct pbft *p)
{
    uint64_t high = log_high(p), last = p->top < high ? p->top : high;
    unsigned asked = 0;

    for (uint64_t n = p->stable.sequence + 1; n <= last && asked < RESEND_SLOTS_MAX; n++) {
        struct slot *s = log_find(p, n);
        struct claim fetch;
        if (s == NULL || !slot_current(p, s) || slot_batch(s, &s->proposal.says.digest) != NULL)
            continue;
        claim_sign(p, MESSAGE_FETCH, p->view, n, &s->proposal.says.digest, &fetch);
        send_dropping(p, PEER_OTHERS, message_of(p, &fetch, bytes_of(NULL, 0)));
        asked++;
    }
}

enum err receive_fetch(struct pbft *p, struct bytes message)
{
    struct claim fetch;

    enum err err = message_parse(&p->members, message, MESSAGE_FETCH, &fetch, NULL);
    if (err == ERR_OK && fetch.signer == p->config.self)
        err = ERR_STALE;
    if (err == ERR_OK)
        err = claim_verify(&p->members, &fetch);
    if (err != ERR_OK)
        return err;
    peer_seen(p, &fetch);
    struct slot *s = log_find(p, fetch.says.sequence);
    const struct batch *batch = s != NULL ? slot_batch(s, &fetch.says.digest) : NULL;
    if (batch == NULL)
        return ERR_MISSING;
    struct buf out = {0};
    struct cbor_writer w;
    cbor_writer_init(&w, &out);
    cbor_put_array(&w, 2);
    cbor_put_uint(&w, MESSAGE_BATCH);
    cbor_put_raw(&w, blob_bytes(batch->requests));
    cbor_writer_done(&w);
    answer(p, fetch.signer, blob_new(bytes_of_buf(&out)));
    buf_free(&out);
    return ERR_OK;
}

enum err receive_batch(struct pbft *p, struct bytes message)
{
    uint64_t high = log_high(p), last = p->top < high ? p->top : high;
    struct bytes requests;
    unsigned count;

    enum err err = message_open(message, MESSAGE_BATCH, &requests);
    if (err == ERR_OK)
        err = batch_decode(requests, p->requests, &count);
    if (err != ERR_OK)
        return err;
    struct digest digest = digest_of(requests);
    for (uint64_t n = p->stable.sequence + 1; n <= last; n++) {
        struct slot *s = log_find(p, n);
        if (s == NULL || !slot_current(p, s) || !digest_equal(&s->proposal.says.digest, &digest) ||
            slot_batch(s, &digest) != NULL)
            continue;
        struct blob *blob = blob_new(requests);
        slot_keep_batch(s, &digest, blob);
        blob_drop(blob);
        return ERR_OK;
    }
    return ERR_STALE;
}

/* ---- the timer */

void resend_all(struct pbft *p)
{
    struct blob *messages[3];
    struct blob *own = p->peers[p->config.self].view_change;

    if (!p->active && own != NULL)
        send_to(p, PEER_OTHERS, own);
    for (uint64_t n = p->decided + 1; p->active && n <= p->top && n - p->decided <= RESEND_SLOTS_MAX; n++) {
        struct slot *s = log_find(p, n);
        unsigned count = s != NULL ? slot_messages(p, s, messages) : 0;
        for (unsigned i = 0; i < count; i++)
            send_dropping(p, PEER_OTHERS, messages[i]);
    }
    if (checkpoint_waits(p))
        send_dropping(p, PEER_OTHERS, checkpoint_message(p));
    status_send(p, PEER_OTHERS);
    if (p->recovering)
        wiped_ask(p);
    fetch_missing(p);
}
