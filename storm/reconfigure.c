#include "storm/reconfigure.h"

#include <stdio.h>
#include <string.h>

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

/* ---- a machine's way through them */

static struct digest recovery_nonce(const struct machine *m)
{
    uint8_t bytes[24];

    be64_put(bytes, m->index);
    be64_put(bytes + 8, m->life);
    be64_put(bytes + 16, m->epoch);
    return digest_of(bytes_of(bytes, sizeof bytes));
}

void replica_new(struct machine *m)
{
    const struct epoch *e = machine_epoch(m);
    struct pbft_app app = application_callbacks(m);
    struct pbft_config config = m->world->config;
    struct digest id = application_id(&m->app, m->app.decided);

    ASSERT(m->pbft == NULL);
    m->calm = (struct calm){0};
    m->diverged = false;
    memset(m->answers, 0, sizeof m->answers);
    if (e->number_of[m->replica] < 0)
        return;
    config.membership_epoch = e->members.membership_epoch;
    config.n = e->members.n;
    config.f = e->members.f;
    config.quorum = e->members.quorum;
    memcpy(config.keys, e->members.keys, sizeof config.keys);
    config.self = (unsigned)e->number_of[m->replica];
    config.key = *machine_key(m);
    config.recovering = m->amnesia;
    config.nonce = recovery_nonce(m);
    m->pbft = pbft_new(&config, &app, m->app.decided, &id);
    pbft_begin_at(m->pbft, e->base, &e->base_id);
}

static void mark_step(struct machine *m, const struct pbft *old)
{
    struct world *w = m->world;

    if (old == NULL && m->pbft != NULL && m->life == 0)
        MARK(w, EPOCH_NEWCOMER);
    if (old == NULL)
        return;
    struct pbft_status status = pbft_status(old);
    if (status.view > 0)
        MARK(w, EPOCH_CLOSED_LATER_VIEW);
    if (status.in_view_change)
        MARK(w, EPOCH_CLOSED_VIEW_CHANGE);
    if (m->pbft != NULL && status.pending > 0)
        MARK(w, EPOCH_INHERITS);
    if (m->pbft == NULL)
        MARK(w, EPOCH_LEAVER_KNOWS);
}

/* The machine of the epoch that m->epoch names now. */
static void replica_next(struct machine *m)
{
    struct pbft *old = m->pbft;
    struct effects effects = {0};

    m->pbft = NULL;
    replica_new(m);
    mark_step(m, old);
    m->view = m->left_in_a_row = 0;
    if (m->pbft != NULL) {
        if (old != NULL)
            pbft_inherit(m->pbft, old);
        pbft_start(m->pbft, machine_now(m), &effects);
    }
    pbft_free(old);
    disk_settle(m, &effects);
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

/* Into the epoch that begins with the block decided last. */
static void step_over(struct machine *m)
{
    struct world *w = m->world;
    struct digest id = application_id(&m->app, m->app.decided);

    m->epoch++;
    if (m->epoch < w->epoch_count && !digest_equal(&machine_epoch(m)->base_id, &id))
        epochs_withdraw(w, m->epoch);
    if (m->epoch == w->epoch_count)
        epoch_add(w, m->app.decided, &id, application_changes(&m->app, m->app.decided));
    const struct epoch *e = machine_epoch(m);
    if (e->base != m->app.decided || !digest_equal(&e->base_id, &id)) {
        world_fail(w, "1 agreement", "machine %u ends its membership epoch at %llu, others at %llu", m->index,
                   (unsigned long long)m->app.decided, (unsigned long long)e->base);
        return;
    }
    replica_next(m);
}

void epoch_resume(struct machine *m)
{
    struct world *w = m->world;
    struct digest id = application_id(&m->app, m->app.decided);

    m->epoch = application_closings(m);
    if (m->epoch == w->epoch_count)
        epoch_add(w, m->app.decided, &id, application_changes(&m->app, m->app.decided));
}

void epoch_jump(struct machine *m, unsigned epoch)
{
    if (epoch <= m->epoch)
        return;
    MARK(m->world, TRANSFER_EPOCH);
    m->epoch = epoch;
    replica_next(m);
}

void epoch_follow(struct machine *m)
{
    while (m->up && m->world->checker == NULL && application_closings(m) > m->epoch)
        step_over(m);
}

/* ---- hints */

void epoch_heard(struct machine *m, unsigned from, struct bytes message)
{
    uint64_t theirs, ours = machine_epoch(m)->members.membership_epoch;
    uint8_t hint[9] = {'H'};

    if (!pbft_membership_epoch(message, &theirs) || theirs == ours)
        return;
    if (theirs > ours) {
        MARK(m->world, EPOCH_LAGGARD);
        m->app.hinted = true;
        m->app.hinted_by = from;
        return;
    }
    be64_put(hint + 1, m->app.decided);
    struct blob *blob = blob_new(bytes_of(hint, sizeof hint));
    network_send(m, from, blob);
    blob_drop(blob);
}

void epoch_hint(struct machine *m, unsigned from, uint64_t height)
{
    if (height <= m->app.decided)
        return;
    MARK(m->world, EPOCH_HINT);
    m->app.hinted = true;
    m->app.hinted_by = from;
    machine_look(m);
}
