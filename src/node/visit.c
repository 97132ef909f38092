/* A visit of a site that needs no daemon: when is it over? */
#include "fed/messages.h"
#include "node/carried.h"
#include "node/parts.h"

enum { LOOK_NS = 50000000, FED_NS = 1000000 };

/* ---- by a folder that somebody carries */

void visit_by_folder(struct node *n, const char *folder)
{
    n->visit.folder = folder;
}

/* Entries alone: who could answer a question? One entry goes to each member, and is left once. */
void visit_leave(struct node *n, struct blob *message)
{
    struct bytes envelope;
    struct digest id;
    enum err err;

    if (message_purpose(blob_bytes(message)) != MESSAGE_ENTRIES ||
        message_entry_decode(blob_bytes(message), &envelope) != ERR_OK)
        return;
    id = envelope_id(envelope);
    if (digest_equal(&id, &n->visit.left))
        return;
    err = carried_leave(n->visit.folder, envelope, &n->diag);
    if (err != ERR_OK)
        node_fail(n, err);
    n->visit.left = id;
}

/* Any voter could have given them: they are certified. */
static unsigned a_voter(const struct federation_state *s)
{
    for (unsigned i = 0; i < s->member_count; i++) {
        if (state_replica(s, i) >= 0)
            return i;
    }
    return 0;
}

/* False: the folder has no more blocks, or one that does not follow. */
static bool is_fed(struct node *n)
{
    const uint64_t height = fed_state(n->fed)->height;
    struct blob *blocks = NULL;
    enum err err;

    if (outbox_in_flight(&n->outbox) > 0)
        return true;
    err = carried_blocks(n->visit.folder, height + 1, &blocks, &n->diag);
    if (blocks == NULL) {
        if (err != ERR_OK)
            node_fail(n, err);
        return false;
    }
    err = node_hear(n, a_voter(fed_state(n->fed)), blocks);
    blob_drop(blocks);
    if (err == ERR_OK && fed_state(n->fed)->height > height)
        return true;
    err = err == ERR_OK ? ERR_MISMATCH : err;
    diag_set(&n->diag, err, "%s: block %llu cannot be taken: %s", n->visit.folder, (unsigned long long)height + 1,
             err_text(err));
    node_fail(n, err);
    return false;
}

/* ---- when it is over */

static void count_connected(void *context, const struct transport_peer_status *status)
{
    *(unsigned *)context += status->connected;
}

/* Has it heard all that a quorum has to tell? Who is behind gets many blocks at a time (replica/replica.h), and who is
 * not gets them as they are decided, one by one. */
static bool is_up_to_date(struct node *n)
{
    const struct federation_state *s = fed_state(n->fed);
    unsigned connected = 0;

    transport_each(n->contacts.transport, count_connected, &connected);
    if (connected < s->quorum || s->height >= n->visit.seen_height + REPLICA_BLOCKS_MAX || n->visit.quiet_since_ns == 0)
        n->visit.quiet_since_ns = loop_now(n->loop);
    n->visit.seen_height = s->height;
    return connected >= s->quorum && loop_now(n->loop) - n->visit.quiet_since_ns > 2 * n->scenario.submit_ns + LOOK_NS;
}

/* What this site has put into the log: a number that grows. */
static uint64_t contributions_of(const struct node *n)
{
    const struct federation_state *s = fed_state(n->fed);
    int self = fed_member(n->fed);
    const struct contribution *c = self >= 0 ? state_contribution(s, (unsigned)self) : NULL;

    return self < 0 ? 0 : 2 * state_member(s, (unsigned)self)->last_epoch + (c != NULL && c->scored);
}

/* The last epoch has ended: nobody owes anything any more. */
static bool all_is_over(const struct node *n)
{
    return fed_state(n->fed)->epoch > n->config->last_epoch;
}

/* Is what is owed in the present phase in the log? */
static bool has_contributed(const struct node *n)
{
    const struct federation_state *s = fed_state(n->fed);
    const struct contribution *c = fed_member(n->fed) >= 0 ? state_contribution(s, (unsigned)fed_member(n->fed)) : NULL;

    return c != NULL && (s->phase == PHASE_COLLECT ? c->updated : c->scored);
}

/* Over is a visit that was up to date and found nothing owed, or that has put something into the log since then: the
 * others may go on to the next phase at once, and that is for the next visit. */
static bool visit_is_over(struct node *n)
{
    if (!n->visit.begun && (n->visit.folder != NULL || is_up_to_date(n))) {
        n->visit.begun = true;
        n->visit.owes = !has_contributed(n);
        n->visit.contributions = contributions_of(n);
    }
    if (!n->visit.begun || outbox_in_flight(&n->outbox) > 0)
        return false;
    if (n->visit.folder != NULL && !digest_is_zero(&n->visit.left) && jobs_running(n->jobs) == 0)
        return true; /* it is in the log when the folder comes back */
    return !n->visit.owes || all_is_over(n) || contributions_of(n) > n->visit.contributions;
}

static void look(void *context)
{
    struct node *n = context;

    if (n->visit.folder != NULL && !n->visit.begun && is_fed(n)) {
        loop_timer_set(n->loop, &n->visit.look, loop_now(n->loop) + FED_NS);
        return;
    }
    if (n->failed != ERR_OK)
        return;
    if (visit_is_over(n)) {
        loop_stop(n->loop);
        return;
    }
    if (loop_now(n->loop) >= n->visit.until_ns) {
        diag_set(&n->diag, ERR_AGAIN, "the time is over, and not all that is owed is in the log; run it again");
        node_fail(n, ERR_AGAIN);
        return;
    }
    loop_timer_set(n->loop, &n->visit.look, loop_now(n->loop) + LOOK_NS);
}

enum err node_run_once(struct node *n, uint64_t timeout_s, struct diag *diag)
{
    n->visit.first_height = fed_state(n->fed)->height + 1;
    n->visit.look = (struct loop_timer){.rings = look, .context = n};
    n->visit.until_ns = loop_now(n->loop) + (int64_t)timeout_s * 1000000000;
    loop_timer_set(n->loop, &n->visit.look, loop_now(n->loop) + LOOK_NS);
    return node_run(n, diag);
}

/* ---- what has come of it */

struct own {
    const struct digest *fingerprint;
    void (*each)(void *context, const struct logged *logged);
    void *context;
};

static void choose_own(void *context, const struct logged *logged)
{
    const struct own *own = context;
    const struct entry *e = logged->entry;

    if (e->syntax == ERR_OK && digest_equal(&e->envelope.node_fingerprint, own->fingerprint))
        own->each(own->context, logged);
}

enum err node_own_entries(const struct node *n, void (*each)(void *context, const struct logged *logged), void *context)
{
    struct own own = {&n->contacts.key.fingerprint, each, context};
    enum err err = ERR_OK;

    for (uint64_t h = n->visit.first_height; h <= fed_state(n->fed)->height && err == ERR_OK; h++) {
        err = logged_block(store_ledger(n->store), h, choose_own, &own);
        err = err == ERR_MISSING ? ERR_OK : err;
    }
    return err;
}
