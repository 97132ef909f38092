#include <string.h>

#include "fed/internal.h"

/* What the replica asks of us. The decided state and the tentative ones above it are a chain: consensus executes on top
 * of the last, undoes from the top, decides from the bottom. */

const struct federation_state *application_tip(const struct fed *f)
{
    return f->tentative_count > 0 ? &f->tentative[f->tentative_count - 1].state : &f->decided;
}

static void tentative_free(struct tentative *t)
{
    state_free(&t->state);
    execution_free(&t->execution);
    buf_free(&t->text);
    mem_free(t->entries);
    *t = (struct tentative){0};
}

void application_undo(struct fed *f, uint64_t sequence)
{
    while (f->tentative_count > 0 && f->decided.height + f->tentative_count > sequence)
        tentative_free(&f->tentative[--f->tentative_count]);
}

/* false when the entry is no CLOSE at all. */
static bool close_moment(const struct envelope *e, struct moment *out)
{
    struct close_body body;

    if (e->kind != ENTRY_CLOSE || close_body_decode(e->body, &body) != ERR_OK)
        return false;
    *out = (struct moment){.epoch = e->federated_epoch, .phase = body.phase, .attempt = body.attempt};
    return true;
}

static enum err judge_request(struct fed *f, struct bytes request)
{
    const struct federation_state *tip = application_tip(f);
    struct envelope envelope;
    struct moment moment;
    unsigned member;
    enum err err = state_admit(tip, request, &envelope, &member);

    if (err == ERR_OK && close_moment(&envelope, &moment))
        return lifecycle_judge_close(f, tip, &moment, 0);
    return err;
}

/* An entry of a batch on top of `tip`, which is NULL while blocks below the batch are missing: then only what needs
 * no state can be judged. */
static enum err judge_entry(struct fed *f, const struct federation_state *tip, struct bytes entry)
{
    const struct federation_state *members = application_tip(f);
    struct envelope envelope;
    struct cose_sign1 cose;
    struct moment moment;
    enum err err = envelope_parse(entry, &envelope, &cose);

    if (err != ERR_OK)
        return err;
    int member = state_find(members, &envelope.node_fingerprint);
    if (member < 0)
        return tip == NULL ? ERR_AGAIN : ERR_UNKNOWN; /* a JOIN may be below */
    if (!evidence_knows(f, (unsigned)member, envelope.sequence, entry)) {
        err = state_check_entry(members, entry);
        if (err != ERR_OK)
            return err;
        evidence_watch(f, (unsigned)member, envelope.sequence, entry);
    }
    if (!close_moment(&envelope, &moment))
        return ERR_OK;
    if (tip == NULL)
        return ERR_AGAIN;
    return lifecycle_judge_close(f, tip, &moment, (int64_t)f->decided.policy.close_tolerance_ns);
}

static enum err judge_batch(struct fed *f, uint64_t sequence, const struct bytes *requests, unsigned count)
{
    uint64_t executed = f->decided.height + f->tentative_count;
    const struct federation_state *tip = sequence == executed + 1 ? application_tip(f) : NULL;
    enum err result = ERR_OK;

    if (count > f->decided.policy.batch_max)
        return ERR_LIMIT;
    for (unsigned i = 0; i < count; i++) {
        enum err err = judge_entry(f, tip, requests[i]);
        if (err != ERR_OK && err != ERR_AGAIN)
            return err;
        if (err == ERR_AGAIN)
            result = ERR_AGAIN;
    }
    return result;
}

static enum err judge(void *context, uint64_t sequence, const struct bytes *requests, unsigned count)
{
    return sequence == 0 ? judge_request(context, requests[0]) : judge_batch(context, sequence, requests, count);
}

static void keep_entries(struct tentative *t, const struct bytes *requests, unsigned count)
{
    size_t at = 0;

    for (unsigned i = 0; i < count; i++)
        buf_add(&t->text, requests[i].data, requests[i].len);
    t->entries = mem_array(count > 0 ? count : 1, sizeof *t->entries);
    t->count = count;
    for (unsigned i = 0; i < count; i++) {
        t->entries[i] = bytes_of(t->text.data + at, requests[i].len);
        at += requests[i].len;
    }
}

static void execute(void *context, uint64_t sequence, const struct bytes *requests, unsigned count,
                    struct pbft_result *out)
{
    struct fed *f = context;

    ASSERT(sequence == f->decided.height + f->tentative_count + 1);
    if (f->tentative_count == f->tentative_cap) {
        f->tentative_cap = f->tentative_cap > 0 ? 2 * f->tentative_cap : 4;
        f->tentative = mem_resize(f->tentative, f->tentative_cap, sizeof *f->tentative);
    }
    struct tentative *t = &f->tentative[f->tentative_count];
    *t = (struct tentative){0};
    state_copy(&t->state, application_tip(f));
    keep_entries(t, requests, count);
    state_execute(&t->state, t->entries, count, &t->execution);
    f->tentative_count++;
    out->block_id = t->state.block_id;
    out->closes = t->execution.header.membership_epoch != t->state.membership_epoch;
}

static void undo(void *context, uint64_t sequence)
{
    application_undo(context, sequence);
}

/* ---- blocks */

static void describe(const struct block_header *header, const struct digest *id, struct bytes certificate,
                     struct replica_block *out)
{
    *out = (struct replica_block){
        .height = header->height,
        .membership_epoch = header->membership_epoch,
        .id = *id,
        .parent = header->parent_id,
        .next_voters = header->next_voters,
        .certificate = certificate,
    };
}

static struct blob *decide(void *context, struct bytes certificate, struct replica_block *out)
{
    struct fed *f = context;
    struct tentative *t = &f->tentative[0];
    struct buf encoded = {0};

    ASSERT(f->tentative_count > 0);
    block_encode(&t->execution.header, t->entries, t->count, certificate, &encoded);
    struct blob *block = blob_new(bytes_of_buf(&encoded));
    buf_free(&encoded);
    describe(&t->execution.header, &t->state.block_id, certificate, out);
    state_free(&f->decided);
    f->decided = t->state;
    f->execution = t->execution;
    t->state = (struct federation_state){0};
    t->execution = (struct execution){0};
    tentative_free(t);
    f->tentative_count--;
    memmove(f->tentative, f->tentative + 1, f->tentative_count * sizeof *f->tentative);
    return block;
}

static enum err open_block(void *context, struct blob *bytes, struct replica_block *out)
{
    struct fed *f = context;
    struct block block = {0};
    enum err err = block_decode(bytes, &block);

    if (err != ERR_OK)
        return err;
    block_fini(&f->foreign);
    f->foreign = block;
    struct digest id = block_id(&block.header);
    describe(&block.header, &id, block.certificate, out);
    return digest_equal(&block.header.federation_id, &f->decided.federation_id) ? ERR_OK : ERR_MISMATCH;
}

static enum err apply(void *context, struct blob *bytes)
{
    struct fed *f = context;

    ASSERT(f->foreign.bytes == bytes && f->tentative_count == 0);
    return state_apply_certified(&f->decided, &f->foreign, &f->execution);
}

static void advanced(void *context, const struct replica_block *block, struct blob *bytes, bool is_last)
{
    struct fed *f = context;

    spot_check_pass(f);
    if (is_last) {
        snapshot_add_link(f, bytes, block);
        lifecycle_meet_voters(f);
    }
    fed_block_decided(f, &f->execution);
    execution_free(&f->execution);
}

/* ---- states, and who votes */

static enum err voters(void *context, uint64_t membership_epoch, struct replica_voters *out)
{
    return snapshot_voters(context, membership_epoch, out);
}

static void snapshot(void *context, const struct replica_block *block, struct blob *bytes, struct buf *proof,
                     struct buf *state)
{
    snapshot_make(context, block, bytes, proof, state);
}

static enum err check(void *context, uint64_t height, struct bytes proof, const struct digest *root)
{
    return snapshot_check(context, height, proof, root);
}

static enum err install(void *context, uint64_t height, struct bytes proof, struct bytes state,
                        struct replica_point *out)
{
    return snapshot_install(context, height, proof, state, out);
}

/* ---- the rest */

static enum replica_interest interest(void *context)
{
    const struct fed *f = context;

    if (fed_resting(f))
        return REPLICA_RESTS;
    return f->expired ? REPLICA_SEARCHES : REPLICA_FOLLOWS;
}

static bool follows(void *context, unsigned peer)
{
    const struct federation_state *s = &((const struct fed *)context)->decided;

    return peer < s->member_count && state_replica(s, peer) < 0 && s->members[peer].status != MEMBER_LEFT;
}

static void accuse(void *context, unsigned peer, struct bytes first, struct bytes second)
{
    evidence_take(context, peer, first, second);
}

static void compact(void *context, uint64_t number)
{
    submit_compact(context, number);
}

static struct replica_app application_of(struct fed *f)
{
    return (struct replica_app){
        .context = f,
        .judge = judge,
        .execute = execute,
        .undo = undo,
        .decide = decide,
        .open = open_block,
        .apply = apply,
        .advanced = advanced,
        .voters = voters,
        .snapshot = snapshot,
        .check = check,
        .install = install,
        .interest = interest,
        .follows = follows,
        .accuse = accuse,
        .compact = compact,
    };
}

enum err application_open(struct fed *f, const struct ledger_store *store, struct diag *diag)
{
    const struct federation_state *s = &f->decided;
    struct replica_app app = application_of(f);
    struct replica_config config = {
        .peers = MEMBERS_MAX,
        .self = f->config.self,
        .poll_ns = f->config.poll_ns,
        .transfer_ns = f->config.view_timeout_ns / 2,
        .chunk_size = STATE_CHUNK_SIZE,
        .state_gap = STATE_GAP,
        .recent = REPLICA_RECENT,
        .writes_in_flight = FED_WRITES_IN_FLIGHT,
        .whole_ledger = true,
        .pbft =
            {
                .recovering = f->config.recovering,
                .nonce = f->config.nonce,
                .federation_id = s->federation_id,
                .membership_epoch = s->membership_epoch,
                .view_timeout_ns = f->config.view_timeout_ns,
                .view_timeout_max_ns = f->config.view_timeout_max_ns,
                .batch_delay_ns = f->config.batch_delay_ns,
                .resend_ns = f->config.resend_ns,
                .batch_max = s->policy.batch_max,
                .pipeline = f->config.pipeline,
                .checkpoint_interval = s->policy.checkpoint_interval,
                .window = s->policy.window,
                .pending_max = PENDING_REQUESTS,
                .verify_cache = f->config.verify_cache,
            },
    };

    return replica_new(&config, &app, store, &f->genesis_id, &f->replica, diag);
}
