#include "base/mutate.h"
#include "replica/internal.h"
#include "transfer/messages.h"

/* What the machine that transfers states asks of the replica, and how it is called. */

static void keep(struct replica *r, struct bytes proof, struct bytes state)
{
    enum err err = transfer_keep(r->transfer, r->chain.height, proof, state);

    if (err != ERR_OK && r->out != NULL) /* others get blocks */
        effects_note(r->out, "replica.state_too_large", r->chain.height, state.len);
}

void states_offer(struct replica *r, const struct replica_block *block, struct blob *bytes)
{
    struct buf proof = {0}, state = {0};

    r->app.snapshot(r->app.context, block, bytes, &proof, &state);
    keep(r, bytes_of_buf(&proof), bytes_of_buf(&state));
    buf_free(&proof);
    buf_free(&state);
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
    effects_install(effects, height, snapshot);
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

    r->transfer = transfer_new(&config, &app);
}

void states_free(struct replica *r)
{
    transfer_free(r->transfer);
}

enum err states_load(struct replica *r, const struct digest *genesis_id, struct diag *diag)
{
    struct replica_point point;
    struct snapshot s;
    struct bytes bytes;

    if (r->store == NULL || r->store->snapshot == NULL)
        return ERR_OK;
    enum err err = r->store->snapshot(r->store->context, &bytes);
    if (err == ERR_MISSING)
        return ERR_OK;
    if (err == ERR_OK)
        err = snapshot_decode(bytes, &s);
    if (err == ERR_OK)
        err = r->app.install(r->app.context, s.height, s.proof, s.state, &point);
    if (err != ERR_OK)
        return diag_set(diag, err, "snapshot of the store: %s", err_text(err));
    chain_jump(r, s.height, &point);
    keep(r, s.proof, s.state);
    return backfill_load(r, genesis_id, diag);
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
    transfer_begin(r->transfer, r->now_ns, r->chain.height, peers, count, r->out);
    return true;
}

bool states_running(const struct replica *r)
{
    return transfer_running(r->transfer);
}

enum err states_receive(struct replica *r, unsigned from, struct bytes message)
{
    return transfer_receive(r->transfer, r->now_ns, from, message, r->out);
}

void states_timer(struct replica *r)
{
    transfer_timer(r->transfer, r->now_ns, r->out);
}
