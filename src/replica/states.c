#include "base/mutate.h"
#include "replica/internal.h"
#include "transfer/messages.h"

/* What the machine that transfers states asks of the replica, and how it is called. */

static void keep(struct replica *r, struct bytes proof, struct bytes state)
{
    enum err err = transfer_keep(r->states.transfer, r->now_ns, r->chain.height, proof, state);

    if (err != ERR_OK && r->out != NULL) /* others get blocks */
        effects_note(r->out, "replica.state_too_large", r->chain.height, state.len);
}

/* A decided block has a certificate, so its state need not wait for the checkpoint to be stable before it is stored. A
 * snapshot leads to no block below it: while such blocks are missing, only the one that was installed says so. */
void states_checkpoint(struct replica *r, const struct replica_block *block, struct blob *bytes)
{
    bool stores = r->out != NULL && MUTATE(REPLICA_SNAPSHOT_ABOVE_GAP, true, !backfill_wanted(r)),
         offers = r->chain.voters.self >= 0;
    struct snapshot s;

    if (!stores && !offers)
        return;
    struct blob *snapshot = r->app.snapshot(r->app.context, block, bytes);
    if (stores)
        effects_snapshot(r->out, r->chain.height, snapshot);
    if (offers) {
        enum err err = snapshot_decode(blob_bytes(snapshot), &s);
        ASSERT(err == ERR_OK);
        keep(r, s.proof, s.state);
    }
    blob_drop(snapshot);
}

static enum err check(void *context, uint64_t height, struct bytes proof, const struct digest *root)
{
    struct replica *r = context;
    return r->app.check(r->app.context, height, proof, root);
}

static enum err install(void *context, uint64_t height, struct bytes proof, struct bytes state, struct effects *effects)
{
    struct replica *r = context;
    struct replica_point point;

    ASSERT(effects == r->out);
    if (height <= r->chain.height)
        return ERR_STALE;
    MUTATE(REPLICA_STATE_OVER_SPECULATION, (void)0, consensus_undo(r));
    enum err err = r->app.install(r->app.context, height, proof, state, &point);
    if (err != ERR_OK)
        return err;
    backfill_extend(r, height, &point.id);
    chain_jump(r, height, &point);
    struct blob *snapshot = snapshot_encode(&(struct snapshot){height, proof, state});
    effects_snapshot(r->out, height, snapshot);
    blob_drop(snapshot);
    keep(r, proof, state);
    effects_note(effects, "replica.installed", height, point.membership_epoch);
    return ERR_OK;
}

void states_init(struct replica *r)
{
    struct transfer_config config = {
        .peers = r->config.peers,
        .self = r->config.self,
        .chunk_size = r->config.chunk_size,
        .timeout_ns = r->config.transfer_ns,
        .timer = REPLICA_TIMER_TRANSFER,
    };
    struct transfer_app app = {r, check, install};

    r->states.transfer = transfer_new(&config, &app);
}

void states_free(struct replica *r)
{
    transfer_free(r->states.transfer);
}

/* Nothing has changed when it fails. */
static enum err take_stored(struct replica *r, uint64_t height, struct blob *bytes)
{
    struct replica_point point;
    struct snapshot s;
    enum err err = snapshot_decode(blob_bytes(bytes), &s);

    if (err == ERR_OK && MUTATE(REPLICA_SNAPSHOT_OF_ANOTHER_HEIGHT, false, s.height != height))
        err = ERR_MISMATCH;
    if (err == ERR_OK)
        err = r->app.install(r->app.context, s.height, s.proof, s.state, &point);
    if (err != ERR_OK)
        return err;
    chain_jump(r, s.height, &point);
    keep(r, s.proof, s.state);
    return ERR_OK;
}

static enum err take_number(struct replica *r, unsigned number)
{
    struct states *s = &r->states;
    struct blob *bytes = NULL;
    uint64_t height = 0;
    enum err err = r->store->snapshot(r->store->context, number, &height, &bytes);

    if (err == ERR_MISSING)
        return err;
    if (err == ERR_OK) {
        err = take_stored(r, height, bytes);
        blob_drop(bytes);
    }
    if (err != ERR_OK && s->damage == ERR_OK) {
        s->damage = err;
        s->damaged_height = height;
    }
    return err == ERR_MISSING ? ERR_SYNTAX : err;
}

enum err states_load(struct replica *r, const struct digest *genesis_id, struct diag *diag)
{
    enum err err = ERR_SYNTAX;

    if (r->store == NULL || r->store->snapshot == NULL)
        return ERR_OK;
    for (unsigned number = 0; err != ERR_OK && err != ERR_MISSING; number++)
        err = take_number(r, number);
    return err == ERR_OK ? backfill_load(r, genesis_id, diag) : ERR_OK;
}

enum err states_reached(const struct replica *r, struct diag *diag)
{
    const struct states *s = &r->states;

    if (s->damage == ERR_OK || MUTATE(REPLICA_STARTS_SHORT, true, r->chain.height >= s->damaged_height))
        return ERR_OK;
    return diag_set(diag, s->damage, "snapshot of the store at height %llu: %s; the blocks lead no further than %llu",
                    (unsigned long long)s->damaged_height, err_text(s->damage), (unsigned long long)r->chain.height);
}

/* The operator must know that the disk forgets. */
void states_start(struct replica *r)
{
    if (r->states.damage != ERR_OK)
        effects_note(r->out, "replica.damaged_snapshot", r->states.damaged_height, r->states.damage);
}

bool states_begin(struct replica *r)
{
    const struct replica_voters *v = &r->chain.voters;
    unsigned peers[PBFT_REPLICAS_MAX], count = 0;

    for (unsigned i = 0; i < v->set.count; i++) {
        if (v->peers[i] != r->config.self)
            peers[count++] = v->peers[i];
    }
    if (count == 0)
        return false;
    transfer_begin(r->states.transfer, r->now_ns, r->chain.height, peers, count, r->out);
    return true;
}

bool states_running(const struct replica *r)
{
    return transfer_running(r->states.transfer);
}

enum err states_receive(struct replica *r, unsigned from, struct bytes message)
{
    return transfer_receive(r->states.transfer, r->now_ns, from, message, r->out);
}

void states_timer(struct replica *r)
{
    transfer_timer(r->states.transfer, r->now_ns, r->out);
}
