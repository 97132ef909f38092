#include "pbft/internal.h"

/* What is lost is sent again to who asks for it: who waits says by its STATUS what it has (status.c), and asks for
 * batches. It does so more and more seldom while nothing comes of it (timers.c), and what is sent again to one peer has
 * a budget. */

/* What a peer's messages may draw from us within a time that grows with the present view time-out: so many messages,
 * and so many bytes unless it is a single one. */
static bool answer_allowed(struct pbft *p, unsigned peer, size_t size)
{
    struct peer *to = &p->peers[peer];
    int64_t period = p->config.resend_ns, grown = p->timeout_ns / p->config.view_timeout_ns;

    period = period > INT64_MAX / grown ? INT64_MAX : period * grown;
    if (to->answers == 0 || MUTATE(ANSWERS_END_FOR_EVER, false, p->now_ns - to->answered_at >= period)) {
        to->answered_at = p->now_ns;
        to->answers = 0;
        to->answer_bytes = 0;
    }
    if (MUTATE(PBFT_ANSWERS_UNLIMITED, false, to->answers >= ANSWERS_MAX) ||
        (to->answers > 0 && to->answer_bytes + size > MUTATE(PBFT_ANSWERS_OF_ANY_SIZE, SIZE_MAX, ANSWERS_SIZE_MAX)))
        return false;
    to->answers++;
    to->answer_bytes += size;
    return true;
}

bool answer(struct pbft *p, unsigned peer, struct blob *message)
{
    bool allowed = answer_allowed(p, peer, message->len);

    if (allowed)
        send_to(p, (int32_t)peer, message);
    return allowed;
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
    return ahead > MUTATE(BEHIND_BY_ONE_WORD, 0, p->members.f) || known_decided(p) > p->decided ||
           p->proven.sequence > p->stable.sequence;
}

/* ---- batches */

/* Each batch is asked of one replica: of one that voted for it in this view, or in an earlier one, and so has it; of
 * another one each time, whatever view it is then. */
static unsigned fetch_from(const struct pbft *p, const struct slot *s)
{
    unsigned n = p->members.n, chosen = p->config.self, best = 0;
    uint64_t turn = MUTATE(FETCHES_FROM_THE_SAME, p->fruitless, p->fetch_turn);

    for (unsigned i = 0; i < n; i++) {
        unsigned peer = (unsigned)((s->sequence + turn + i) % n);
        const struct statement *says = &s->prepares[peer].says;
        bool voted = says->type != 0 && digest_equal(&says->digest, &s->proposal.says.digest);
        unsigned rank = 1 + voted + (voted && MUTATE(FETCHES_FROM_EARLIER_VIEWS, false, says->view == p->view));
        if (peer != p->config.self && rank > best) {
            best = rank;
            chosen = peer;
        }
    }
    return chosen;
}

void fetch_missing(struct pbft *p)
{
    uint64_t high = log_high(p), last = p->top < high ? p->top : high;

    for (uint64_t n = p->stable.sequence + 1; n <= last; n++) {
        struct slot *s = log_find(p, n);
        struct claim fetch;
        if (s == NULL || !slot_current(p, s) || slot_batch(s, &s->proposal.says.digest) != NULL)
            continue;
        claim_sign(p, MESSAGE_FETCH, p->view, n, &s->proposal.says.digest, &fetch);
        struct blob *message = message_of(p, &fetch, bytes_of(NULL, 0));
        bool sent = answer(p, fetch_from(p, s), message);
        blob_drop(message);
        if (!sent)
            break;
        effects_after(p->out, AFTER_NONE);
    }
    p->fetch_turn++;
}

enum err receive_fetch(struct pbft *p, struct bytes message)
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
    MUTATE(VIEW_OF_A_FETCH_COUNTS, peer_seen(p, &fetch), (void)0);
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
    struct blob *reply = blob_new(bytes_of_buf(&out));
    answer(p, fetch.signer, reply);
    blob_drop(reply);
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
    if (MUTATE(CHECKPOINT_SENT_ONCE, false, checkpoint_waits(p)))
        send_dropping(p, PEER_OTHERS, checkpoint_message(p));
    MUTATE(STATUS_NOT_SENT, (void)0, status_send(p, PEER_OTHERS));
    if (MUTATE(QUERY_NOT_SENT, false, p->recovering))
        wiped_ask(p);
    MUTATE(BATCH_NOT_FETCHED, (void)0, fetch_missing(p));
}
