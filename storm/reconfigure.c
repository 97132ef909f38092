#include "storm/reconfigure.h"

#include <stdio.h>
#include <string.h>

#include "pbft/internal.h"
#include "storm/stub.h"
#include "storm/world.h"

/* ---- the epochs */

/* Key `generation` of a replica, made when it is first needed. */
static const struct secret_key *key_of(struct world *w, unsigned replica, unsigned generation)
{
    struct secret_key *key = &w->keys[replica][generation];
    unsigned index = replica + 16 * generation;
    char label[24];

    if (!digest_is_zero(&key->fingerprint))
        return key;
    snprintf(label, sizeof label, "replica %u", index);
    if (w->plan.real_signatures)
        key_simulated(w->draw.seed, label, key);
    else
        stub_key(w->draw.seed, index, key);
    return key;
}

static void epoch_make(struct world *w, struct epoch *e, uint64_t number, uint32_t changes)
{
    bool in[REPLICAS_MAX];

    for (unsigned i = 0; i < REPLICAS_MAX; i++)
        e->generation[i] = 0;
    plan_members(&w->plan, changes, in, e->generation);
    e->changes = changes;
    e->members = (struct members){
        .federation_id = w->config.federation_id, .membership_epoch = number, .verify_cache = w->verify_cache};
    for (unsigned i = 0; i < REPLICAS_MAX; i++) {
        unsigned at = e->members.n;
        e->number_of[i] = in[i] ? (int)at : -1;
        if (!in[i])
            continue;
        const struct secret_key *key = key_of(w, i, e->generation[i]);
        e->members.keys[at] = key->public;
        e->members.fingerprints[at] = key->fingerprint;
        e->replica_of[at] = i;
        e->liars += w->plan.lies[i] != LIE_NONE;
        e->members.n++;
    }
    plan_group(&w->plan, e->members.n, &e->members.f, &e->members.quorum);
    members_prepare(&e->members, &w->forms);
}

void epochs_begin(struct world *w)
{
    epoch_make(w, &w->epochs[0], w->config.membership_epoch, 0);
    w->epoch_count = 1;
}

static void mark_change(struct world *w, const struct change *c)
{
    if (c->kind == CHANGE_JOIN)
        MARK(w, EPOCH_JOIN);
    else if (c->kind == CHANGE_LEAVE)
        MARK(w, EPOCH_LEAVE);
    else
        MARK(w, EPOCH_ROTATE);
    if (c->kind == CHANGE_LEAVE && w->plan.lies[c->who] != LIE_NONE)
        MARK(w, EPOCH_LIAR_LEAVES);
    for (unsigned i = 0; i < w->machine_count; i++) {
        if (c->kind == CHANGE_ROTATE && w->machines[i].replica == c->who && !w->machines[i].up)
            MARK(w, EPOCH_ROTATE_DOWN);
    }
}

/* The next epoch, once somebody has decided its base. */
static void epoch_add(struct world *w, uint64_t base, const struct digest *base_id, uint32_t changes)
{
    const struct epoch *last = &w->epochs[w->epoch_count - 1];

    ASSERT(w->epoch_count <= CHANGES_MAX);
    for (uint32_t i = last->changes; i < changes; i++)
        mark_change(w, &w->plan.changes[i]);
    struct epoch *e = &w->epochs[w->epoch_count++];
    epoch_make(w, e, last->members.membership_epoch + 1, changes);
    e->base = base;
    e->base_id = *base_id;
    MARK(w, EPOCH_CLOSED);
    if (w->epoch_count == 4)
        MARK(w, EPOCH_THIRD);
    trace_line(w, "membership epoch %llu begins at %llu: %u replicas, f %u, quorum %u",
               (unsigned long long)e->members.membership_epoch, (unsigned long long)base, e->members.n, e->members.f,
               e->members.quorum);
}

const struct epoch *epoch_named(const struct world *w, uint64_t number)
{
    uint64_t first = w->epochs[0].members.membership_epoch;
    return number >= first && number - first < w->epoch_count ? &w->epochs[number - first] : NULL;
}

const struct epoch *epoch_of_height(const struct world *w, uint64_t height)
{
    unsigned i = w->epoch_count - 1;

    while (i > 0 && height <= w->epochs[i].base)
        i--;
    return &w->epochs[i];
}

/* Which membership epoch a message names, known at sight when it is of the usual form. */
static bool epoch_number(const struct world *w, struct bytes message, uint64_t *number)
{
    struct claim_signer signer;
    struct claim_parts parts;
    const uint8_t *signature;

    if (message.len > 2 && message.data[1] < MESSAGE_TYPES_END &&
        claim_form_read(&w->forms.of[message.data[1]], bytes_of(message.data + 2, message.len - 2), &signer, &parts,
                        &signature) > 0) {
        *number = parts.membership_epoch;
        return true;
    }
    return pbft_membership_epoch(message, number);
}

const struct epoch *epoch_of_message(const struct world *w, struct bytes message)
{
    const struct epoch *e = NULL;
    uint64_t number;

    if (w->epoch_count > 1 && epoch_number(w, message, &number))
        e = epoch_named(w, number);
    return e != NULL ? e : &w->epochs[0];
}

const struct epoch *epoch_of_record(const struct world *w, struct bytes record)
{
    struct cbor_reader r;

    cbor_reader_init(&r, record);
    (void)cbor_get_array(&r);
    (void)cbor_get_uint(&r);
    const struct epoch *e = epoch_named(w, cbor_get_uint(&r));
    return e != NULL ? e : &w->epochs[0];
}

const struct epoch *machine_epoch(const struct machine *m)
{
    return &m->world->epochs[m->epoch];
}

const struct epoch *epoch_of_replica(const struct machine *m)
{
    const struct epoch *e = epoch_named(m->world, machine_pbft(m)->members.membership_epoch);
    return e != NULL ? e : machine_epoch(m);
}

struct voters epoch_voters(const struct epoch *e)
{
    const struct members *m = &e->members;
    return (struct voters){m->n, m->quorum, m->keys, m->fingerprints, m->verify_cache};
}

bool epoch_current_member(const struct world *w, const struct machine *m)
{
    return w->epochs[w->epoch_count - 1].number_of[m->replica] >= 0;
}

const struct secret_key *machine_key(const struct machine *m)
{
    return &m->world->keys[m->replica][machine_epoch(m)->generation[m->replica]];
}

enum err epoch_voters_of(const struct machine *m, uint64_t membership_epoch, struct replica_voters *out)
{
    const struct world *w = m->world;
    const struct epoch *e = epoch_named(w, membership_epoch);

    if (e == NULL)
        return ERR_MISSING;
    const struct members *members = &e->members;
    out->set.membership_epoch = membership_epoch;
    out->set.max_byzantine = members->f;
    out->set.quorum = members->quorum;
    out->set.count = members->n;
    memcpy(out->set.keys, members->keys, members->n * sizeof members->keys[0]);
    memcpy(out->set.fingerprints, members->fingerprints, members->n * sizeof members->fingerprints[0]);
    memcpy(out->peers, e->replica_of, members->n * sizeof e->replica_of[0]);
    out->digest = application_voters_digest(membership_epoch);
    out->self = e->number_of[m->replica];
    out->key = &w->keys[m->replica][e->generation[m->replica]];
    return ERR_OK;
}

/* ---- a machine's way through them */

static void mark_step(struct machine *m)
{
    struct world *w = m->world;
    bool votes = machine_epoch(m)->number_of[m->replica] >= 0;

    if (m->live == NULL)
        return; /* of its own disk */
    if (!m->voted && votes && m->life == 0)
        MARK(w, EPOCH_NEWCOMER);
    if (!m->voted)
        return;
    if (m->before.view > 0)
        MARK(w, EPOCH_CLOSED_LATER_VIEW);
    if (m->before.in_view_change)
        MARK(w, EPOCH_CLOSED_VIEW_CHANGE);
    if (votes && m->before.pending > 0)
        MARK(w, EPOCH_INHERITS);
    if (!votes)
        MARK(w, EPOCH_LEAVER_KNOWS);
}

/* What a machine has decided and a crash has taken from it, before it was durable, may come out in another way: nobody
 * else knows of it. That was then not the end of an epoch, and none of those that came after it began. */
static void epochs_withdraw(struct world *w, unsigned first)
{
    while (w->epoch_count > first) {
        const struct epoch *e = &w->epochs[w->epoch_count - 1];
        if (agreed_at(w, e->base)->decided)
            return;
        trace_line(w, "membership epoch %llu did not begin at %llu", (unsigned long long)e->members.membership_epoch,
                   (unsigned long long)e->base);
        w->epoch_count--;
    }
}

void epoch_appended(struct world *w, uint64_t height, const struct digest *id)
{
    for (unsigned i = 1; i < w->epoch_count; i++) {
        if (height == w->epochs[i].base && !digest_equal(&w->epochs[i].base_id, id))
            epochs_withdraw(w, i);
    }
}

void epoch_enter(struct machine *m)
{
    struct world *w = m->world;
    struct digest id = application_id(&m->app, m->app.decided);

    m->epoch++;
    if (m->epoch < w->epoch_count && !digest_equal(&machine_epoch(m)->base_id, &id))
        epochs_withdraw(w, m->epoch);
    if (m->epoch == w->epoch_count)
        epoch_add(w, m->app.decided, &id, application_changes(&m->app, m->app.decided));
    const struct epoch *e = machine_epoch(m);
    if (e->base != m->app.decided || !digest_equal(&e->base_id, &id))
        world_fail(w, "1 agreement", "machine %u ends its membership epoch at %llu, others at %llu", m->index,
                   (unsigned long long)m->app.decided, (unsigned long long)e->base);
    mark_step(m);
}

void epoch_jump(struct machine *m, uint64_t membership_epoch)
{
    struct world *w = m->world;
    unsigned epoch = (unsigned)(membership_epoch - w->epochs[0].members.membership_epoch);
    struct digest id = application_id(&m->app, m->app.decided);

    if (epoch == w->epoch_count)
        epoch_add(w, m->app.decided, &id, application_changes(&m->app, m->app.decided));
    if (epoch == m->epoch)
        return;
    m->epoch = epoch;
    mark_step(m);
}
