#include "pbft/internal.h"

/* What is lost is sent again to who asks for it: who waits says by its STATUS what it has (status.c), and asks for
 * batches. It does so more and more seldom while nothing comes of it (timers.c), and what is sent again to one peer has
 * a budget. */

/* What a peer's messages may draw from us within a time that grows with the present view time-out: so many messages,
 * and so many bytes unless it is a single one. */
static bool answer_allowed(struct pbft *p, unsigned peer, size_t size)
{
    struct peer_answers *to = &p->peers[peer].answers;
    int64_t period = p->config.resend_ns, grown = p->timers.timeout_ns / p->config.view_timeout_ns;

    period = period > INT64_MAX / grown ? INT64_MAX : period * grown;
    if (to->count == 0 || MUTATE(ANSWERS_END_FOR_EVER, false, p->now_ns - to->since_ns >= period)) {
        to->since_ns = p->now_ns;
        to->count = 0;
        to->bytes = 0;
    }
    if (MUTATE(PBFT_ANSWERS_UNLIMITED, false, to->count >= ANSWERS_MAX) ||
        (to->count > 0 && to->bytes + size > MUTATE(PBFT_ANSWERS_OF_ANY_SIZE, SIZE_MAX, ANSWERS_SIZE_MAX)))
        return false;
    to->count++;
    to->bytes += size;
    return true;
}

bool retransmit_answer(struct pbft *p, unsigned peer, struct blob *message)
{
    bool allowed = answer_allowed(p, peer, message->len);

    if (allowed)
        outgoing_send(p, (int32_t)peer, message);
    return allowed;
}

/* ---- batches */

/* Each batch is asked of one replica: of one that voted for it in this view, or in an earlier one, and so has it; of
 * another one each time, whatever view it is then. */
static unsigned fetch_from(const struct pbft *p, const struct slot *s)
{
    unsigned n = p->members.n, chosen = p->config.self, best = 0;
    uint64_t turn = MUTATE(FETCHES_FROM_THE_SAME, p->timers.fruitless, p->retransmission.fetch_turn);

    for (unsigned i = 0; i < n; i++) {
        unsigned peer = (unsigned)((s->sequence + turn + i) % n);
        const struct statement *says = &s->prepares[peer].says;
        bool voted = says->type != 0 && digest_equal(&says->digest, &s->proposal.says.digest);
        unsigned rank = 1 + voted + (voted && MUTATE(FETCHES_FROM_EARLIER_VIEWS, false, says->view == p->view.number));
        if (peer != p->config.self && rank > best) {
            best = rank;
            chosen = peer;
        }
    }
    return chosen;
}

void retransmit_fetch(struct pbft *p)
{
    uint64_t high = log_high(p), last = p->view.top < high ? p->view.top : high;

    for (uint64_t n = p->checkpoints.stable.sequence + 1; n <= last; n++) {
        struct slot *s = log_find(p, n);
        struct claim fetch;
        if (s == NULL || !slot_current(p, s) || slot_batch(s, &s->proposal.says.digest) != NULL)
            continue;
        outgoing_sign(p, MESSAGE_FETCH, p->view.number, n, &s->proposal.says.digest, &fetch);
        struct blob *message = message_make(&p->members, &fetch, bytes_of(NULL, 0));
        bool sent = retransmit_answer(p, fetch_from(p, s), message);
        blob_drop(message);
        if (!sent)
            break;
        effects_after(p->out, AFTER_NONE);
    }
    p->retransmission.fetch_turn++;
}

enum err retransmit_receive_fetch(struct pbft *p, struct bytes message)
{
    struct claim fetch;

    enum err err = message_parse(&p->members, message, MESSAGE_FETCH, &fetch, NULL);
    if (err == ERR_OK && MUTATE(FETCH_OF_ITSELF, false, fetch.signer == p->config.self))
        err = ERR_STALE;
    if (err == ERR_OK)
        err = MUTATE(FETCH_UNVERIFIED, ERR_OK, claim_verify(&p->members, &fetch));
    if (err != ERR_OK)
        return err;
    /* It does not wait for the disk of its sender: a crash may take back the view that it names. */
    MUTATE(VIEW_OF_A_FETCH_COUNTS, peers_heard(p, &fetch), (void)0);
    struct slot *s = log_find(p, fetch.says.sequence);
    const struct batch *batch = s != NULL ? slot_batch(s, &fetch.says.digest) : NULL;
    if (batch == NULL)
        return ERR_MISSING;
    struct buf out = {0};
    struct cbor_writer w;
    cbor_writer_init(&w, &out);
    cbor_put_array(&w, 2);
    cbor_put_uint(&w, MESSAGE_BATCH);
    cbor_put_known(&w, blob_bytes(batch->requests));
    cbor_writer_done(&w);
    struct blob *reply = blob_new(bytes_of_buf(&out));
    retransmit_answer(p, fetch.signer, reply);
    blob_drop(reply);
    buf_free(&out);
    return ERR_OK;
}

enum err retransmit_receive_batch(struct pbft *p, struct bytes message)
{
    uint64_t high = log_high(p), last = p->view.top < high ? p->view.top : high;
    struct bytes requests;
    unsigned count;

    enum err err = message_open(message, MESSAGE_BATCH, &requests);
    if (err == ERR_OK)
        err = batch_decode(requests, p->requests, &count);
    if (err != ERR_OK)
        return err;
    struct digest digest = digest_of(requests);
    for (uint64_t n = p->checkpoints.stable.sequence + 1; n <= last; n++) {
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

void retransmit_all(struct pbft *p, bool started)
{
    if (MUTATE(CHECKPOINT_SENT_ONCE, false, checkpoint_waits(p)))
        outgoing_broadcast(p, checkpoint_message(p));
    MUTATE(STATUS_NOT_SENT, (void)0, status_send_all(p, started));
    if (MUTATE(QUERY_NOT_SENT, false, recovery_is_on(&p->recovery)))
        recovery_ask(p);
    MUTATE(BATCH_NOT_FETCHED, (void)0, retransmit_fetch(p));
}
