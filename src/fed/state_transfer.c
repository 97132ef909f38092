#include "fed/internal.h"
#include "state/membership.h"
#include "transfer/messages.h"

/* States at checkpoints: at multiples of the interval, and where a membership epoch ends. Validators keep the latest
 * ones and offer them; who is far behind takes one (transfer/transfer.h) in place of executing all blocks. */

/* ---- giving */

static bool is_checkpoint(const struct fed *f, const struct block_header *header)
{
    return header->height % f->config.checkpoint_interval == 0 ||
           header->membership_epoch != f->decided.membership_epoch;
}

static void keep(struct fed *f, struct bytes proof, struct bytes state)
{
    enum err err = transfer_keep(f->transfer, f->decided.height, proof, state);

    if (err != ERR_OK && f->out != NULL) /* others get blocks; f->out: not while the store is read */
        effects_note(f->out, "fed.state_too_large", f->decided.height, state.len);
}

/* The membership epoch ended with this block: from here on voters are who the decided state says. */
static void add_link(struct fed *f, struct bytes header, struct bytes certificate)
{
    struct voter_set voters;
    struct buf next = {0}, link = {0};

    state_voter_set(&f->decided, &voters);
    voter_set_encode(&voters, &next);
    link_encode(header, certificate, bytes_of_buf(&next), &link);
    links_add(&f->links, bytes_of_buf(&link));
    f->base_height = f->decided.height;
    f->base_id = f->decided.block_id;
    buf_free(&next);
    buf_free(&link);
}

void state_transfer_pass(struct fed *f, struct blob *bytes, const struct block_header *head)
{
    struct buf header = {0}, proof = {0}, state = {0};
    struct block block;

    ASSERT(head->height == f->decided.height);
    if (!is_checkpoint(f, head))
        return;
    ASSERT(block_decode(bytes, &block) == ERR_OK);
    block_header_encode(head, &header);
    if (fed_self_replica(f) >= 0) {
        state_encode(&f->decided, &state);
        state_proof_encode(bytes_of_buf(&header), block.certificate, &f->decided.log, &f->links, &proof);
        keep(f, bytes_of_buf(&proof), bytes_of_buf(&state));
    }
    if (head->membership_epoch != f->decided.membership_epoch)
        add_link(f, bytes_of_buf(&header), block.certificate);
    block_fini(&block);
    buf_free(&header);
    buf_free(&proof);
    buf_free(&state);
}

/* ---- taking */

static enum err check(void *context, uint64_t height, struct bytes proof, const struct digest *root)
{
    struct fed *f = context;
    struct state_proof p;
    enum err err =
        state_proof_check(proof, &f->decided.federation_id, &f->founders, height, root, f->config.verify_cache, &p);

    if (err == ERR_OK)
        links_free(&p.links);
    return err;
}

/* The state that the bytes and their proof give; the proof's links are the caller's on success. */
static enum err open_state(const struct fed *f, uint64_t height, struct bytes proof, struct bytes bytes,
                           struct state_proof *p, struct federation_state *out)
{
    struct digest root = chunks_root(bytes, STATE_CHUNK_SIZE);
    struct voter_set voters;
    enum err err =
        state_proof_check(proof, &f->decided.federation_id, &f->founders, height, &root, f->config.verify_cache, p);

    if (err != ERR_OK)
        return err;
    err = state_decode(&f->decided, bytes, out);
    if (err != ERR_OK)
        goto free_links;
    state_voter_set(out, &voters);
    struct digest digest = voter_set_digest(&voters);
    if (!digest_equal(&digest, &p->header.next_voters)) {
        err = ERR_MISMATCH;
        goto free_state;
    }
    out->height = height;
    out->block_id = block_id(&p->header);
    out->log = p->log;
    return ERR_OK;
free_state:
    state_free(out);
free_links:
    links_free(&p->links);
    return err;
}

/* state and the links of p become ours. */
static void take(struct fed *f, struct federation_state *state, struct state_proof *p)
{
    state_free(&f->decided);
    f->decided = *state;
    links_free(&f->links);
    f->links = p->links;
    if (f->links.count > 0) {
        struct block_header closing = links_closing(&f->links);
        f->base_height = closing.height;
        f->base_id = block_id(&closing);
    }
    spot_check_pass(f);
    if (p->header.membership_epoch != f->decided.membership_epoch)
        add_link(f, p->header_bytes, p->certificate);
}

static enum err install(void *context, uint64_t height, struct bytes proof, struct bytes bytes, struct effects *effects)
{
    struct fed *f = context;
    struct federation_state state;
    struct state_proof p;

    ASSERT(effects == f->out);
    if (height <= f->decided.height)
        return ERR_STALE;
    enum err err = open_state(f, height, proof, bytes, &p, &state);
    if (err != ERR_OK)
        return err;
    application_undo(f, 0);
    filling_extend(f, height, &state.block_id);
    take(f, &state, &p);
    struct blob *snapshot = snapshot_encode(&(struct snapshot){height, proof, bytes});
    effects_install(effects, height, snapshot);
    blob_drop(snapshot);
    for (unsigned i = 0; i < RECENT_BLOCKS; i++) {
        blob_drop(f->recent[i]);
        f->recent[i] = NULL;
    }
    f->pushed_height = height;
    keep(f, proof, bytes);
    effects_note(effects, "fed.installed", height, f->decided.epoch);
    return ERR_OK;
}

enum err state_transfer_load(struct fed *f, struct diag *diag)
{
    struct federation_state state;
    struct state_proof p;
    struct snapshot s;
    struct bytes bytes;

    if (f->store == NULL || f->store->snapshot == NULL || f->store->snapshot(f->store->context, &bytes) != ERR_OK)
        return ERR_OK;
    f->restarted = true;
    enum err err = snapshot_decode(bytes, &s);
    if (err == ERR_OK)
        err = open_state(f, s.height, s.proof, s.state, &p, &state);
    if (err != ERR_OK)
        return diag_set(diag, err, "snapshot of the store: %s", err_text(err));
    struct digest genesis_id = f->decided.block_id;
    take(f, &state, &p);
    keep(f, s.proof, s.state);
    err = filling_load(f, s.height, &genesis_id);
    return err == ERR_OK ? ERR_OK : diag_set(diag, err, "blocks of the store below its snapshot: %s", err_text(err));
}

/* ---- the machine in between */

void state_transfer_init(struct fed *f)
{
    struct transfer_config config = {
        .peers = MEMBERS_MAX,
        .self = f->config.self,
        .chunk_size = STATE_CHUNK_SIZE,
        .timeout_ns = f->config.view_timeout_ns / 2,
        .timer = FED_TIMER_TRANSFER,
    };
    struct transfer_app app = {f, check, install};

    state_voter_set(&f->decided, &f->founders);
    f->base_height = f->decided.height;
    f->base_id = f->decided.block_id;
    f->filling.next = 1;
    f->transfer = transfer_new(&config, &app);
}

bool state_transfer_begin(struct fed *f)
{
    unsigned peers[MEMBERS_MAX], count = 0;

    if (f->decided.height < f->tried)
        return false;
    for (unsigned i = 0; i < f->decided.member_count; i++) {
        if (f->decided.members[i].votes && i != f->config.self)
            peers[count++] = i;
    }
    f->tried = f->decided.height + STATE_GAP;
    transfer_begin(f->transfer, f->now_ns, f->decided.height, peers, count, f->out);
    return true;
}

/* A state was installed: consensus goes on from there, in its membership epoch or (lifecycle_settle) in a later one. */
static void go_on(struct fed *f, uint64_t before)
{
    if (f->decided.height == before)
        return;
    f->polling = f->hinted = f->gone = false;
    if (f->pbft != NULL && f->consensus_epoch == f->decided.membership_epoch)
        consensus_advance(f);
}

enum err state_transfer_receive(struct fed *f, unsigned from, struct bytes message)
{
    uint64_t before = f->decided.height;
    enum err err = transfer_receive(f->transfer, f->now_ns, from, message, f->out);

    go_on(f, before);
    return err;
}

void state_transfer_timer(struct fed *f)
{
    transfer_timer(f->transfer, f->now_ns, f->out);
}
