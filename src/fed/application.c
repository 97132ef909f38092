#include <string.h>

#include "fed/internal.h"

/* What the replica asks of the node: to judge, to execute, to undo, to decide; and the rest of struct replica_app. */

static const struct executed *tip(const struct application *a)
{
    return a->tentative_count > 0 ? a->tentative[a->tentative_count - 1].executed : a->decided;
}

const struct federation_state *application_tip(const struct fed *f)
{
    return &tip(&f->application)->state;
}

static void tentative_free(struct tentative *t)
{
    executed_drop(t->executed);
    entries_drop(t->entries, t->count);
}

void application_undo(struct fed *f, uint64_t sequence)
{
    while (f->application.tentative_count > 0 && f->decided->height + f->application.tentative_count > sequence)
        tentative_free(&f->application.tentative[--f->application.tentative_count]);
}

enum err application_begin(struct fed *f, struct bytes genesis, struct diag *diag)
{
    struct executed *founding;
    enum err err = executed_genesis(genesis, f->config.executed_cache, &founding, diag);

    if (err == ERR_OK)
        application_install(f, founding);
    return err;
}

void application_free(struct fed *f)
{
    application_undo(f, 0);
    mem_free(f->application.tentative);
    block_fini(&f->application.foreign);
    executed_drop(f->application.decided);
}

void application_install(struct fed *f, struct executed *decided)
{
    executed_drop(f->application.decided);
    f->application.decided = decided;
    f->decided = &decided->state;
    if (f->replica != NULL)
        replica_meet(f->replica, f->decided->member_count);
}

/* A CLOSE is a question of the clock as well. s: the state that it would meet. */
static enum err judge_time(const struct fed *f, const struct federation_state *s, const struct entry *e,
                           int64_t tolerance_ns)
{
    const struct close_body *close = entry_closes(e);

    if (close == NULL)
        return ERR_OK;
    struct moment moment = {.epoch = e->envelope.federated_epoch, .phase = close->phase, .attempt = close->attempt};
    return duties_judge_close(f, s, &moment, tolerance_ns);
}

/* A single request that has no place yet is judged on all that is executed, and it is no use to propose a CLOSE before
 * its time; in a batch of somebody else's clocks may differ by so much. s: NULL while blocks below the batch are
 * missing: then only what needs no state can be judged. */
static enum err judge_entry(struct fed *f, const struct federation_state *s, bool alone, struct bytes bytes)
{
    const struct federation_state *members = application_tip(f);
    int64_t tolerance_ns = alone ? 0 : (int64_t)f->decided->policy.close_tolerance_ns;
    struct entry *e;
    enum err err = admission_open(f, members, bytes, &e);

    if (err == ERR_OK && alone)
        err = entry_judge(members, e);
    if (err == ERR_UNKNOWN && s == NULL)
        err = ERR_AGAIN; /* a JOIN may be below */
    else if (err == ERR_OK)
        err = s != NULL ? judge_time(f, s, e, tolerance_ns) : entry_closes(e) != NULL ? ERR_AGAIN : ERR_OK;
    if (!alone && (err == ERR_OK || err == ERR_AGAIN))
        admission_add_to_batch(f, e);
    entry_drop(e);
    return err;
}

/* At sequence 0 the primary asks of a single request (struct pbft_app). */
static enum err judge(void *context, uint64_t sequence, const struct bytes *requests, unsigned count)
{
    struct fed *f = context;
    uint64_t next = f->decided->height + f->application.tentative_count + 1;
    bool alone = sequence == 0;
    const struct federation_state *state = alone || sequence == next ? application_tip(f) : NULL;
    enum err result = ERR_OK;

    if (count > f->decided->policy.batch_max)
        return ERR_LIMIT;
    if (!alone)
        admission_begin_batch(f);
    for (unsigned i = 0; i < count; i++) {
        enum err err = judge_entry(f, state, alone, requests[i]);
        if (err != ERR_OK && err != ERR_AGAIN)
            return err;
        if (err == ERR_AGAIN)
            result = ERR_AGAIN;
    }
    return result;
}

/* The entries of a batch or of a block, opened; the array is the caller's to drop (entries_drop). */
static struct entry **open_entries(struct fed *f, const struct bytes *bytes, unsigned count)
{
    struct entry **entries = mem_array(count > 0 ? count : 1, sizeof *entries);

    for (unsigned i = 0; i < count; i++) {
        enum err err = admission_open(f, application_tip(f), bytes[i], &entries[i]);
        (void)err; /* the state says it again */
    }
    return entries;
}

static void execute(void *context, uint64_t sequence, const struct bytes *requests, unsigned count,
                    struct pbft_result *out)
{
    struct fed *f = context;

    ASSERT(sequence == f->decided->height + f->application.tentative_count + 1);
    if (f->application.tentative_count == f->application.tentative_cap) {
        f->application.tentative_cap = f->application.tentative_cap > 0 ? 2 * f->application.tentative_cap : 4;
        f->application.tentative =
            mem_resize(f->application.tentative, f->application.tentative_cap, sizeof *f->application.tentative);
    }
    struct tentative *t = &f->application.tentative[f->application.tentative_count];
    t->entries = open_entries(f, requests, count);
    t->count = count;
    t->executed = state_execute_above(tip(&f->application), t->entries, count, f->config.executed_cache);
    f->application.tentative_count++;
    out->block_id = t->executed->state.block_id;
    out->closes = t->executed->execution.header.membership_epoch != t->executed->state.membership_epoch;
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
    struct tentative *t = &f->application.tentative[0];
    struct buf encoded = {0};

    ASSERT(f->application.tentative_count > 0);
    struct bytes *entries = mem_array(t->count > 0 ? t->count : 1, sizeof *entries);
    for (unsigned i = 0; i < t->count; i++)
        entries[i] = entry_bytes(t->entries[i]);
    block_encode(&t->executed->execution.header, entries, t->count, certificate, &encoded);
    mem_free(entries);
    struct blob *block = blob_new(bytes_of_buf(&encoded));
    buf_free(&encoded);
    describe(&t->executed->execution.header, &t->executed->state.block_id, certificate, out);
    application_install(f, t->executed);
    entries_drop(t->entries, t->count);
    f->application.tentative_count--;
    memmove(f->application.tentative, f->application.tentative + 1,
            f->application.tentative_count * sizeof *f->application.tentative);
    return block;
}

static enum err open_block(void *context, struct blob *bytes, struct replica_block *out)
{
    struct fed *f = context;
    struct block block = {0};
    enum err err = block_decode(bytes, &block);

    if (err != ERR_OK)
        return err;
    block_fini(&f->application.foreign);
    f->application.foreign = block;
    struct digest id = block_id(&block.header);
    describe(&block.header, &id, block.certificate, out);
    return digest_equal(&block.header.federation_id, &f->decided->federation_id) ? ERR_OK : ERR_MISMATCH;
}

/* A validator opens all entries that it meets: one of them may be evidence against its signer. */
static struct executed *execute_block(struct fed *f, const struct block *block)
{
    const struct executed *below = f->application.decided;
    struct executed_cache *cache = f->config.executed_cache;
    struct executed *next = NULL;

    if (cache != NULL && !admission_watches(f)) {
        struct digest name = executed_name_of_block(below, block);
        next = executed_find(cache, &name);
    }
    if (next != NULL)
        return next;
    struct entry **entries = open_entries(f, block->entries, block->count);
    next = state_execute_above(below, entries, block->count, cache);
    entries_drop(entries, block->count);
    return next;
}

static enum err apply(void *context, struct blob *bytes)
{
    struct fed *f = context;
    const struct block *block = &f->application.foreign;

    ASSERT(block->bytes == bytes && f->application.tentative_count == 0);
    struct executed *next = execute_block(f, block);
    struct digest id = block_id(&block->header);
    if (!digest_equal(&next->state.block_id, &id)) {
        executed_drop(next);
        return ERR_MISMATCH;
    }
    application_install(f, next);
    return ERR_OK;
}

static void note_block(struct fed *f, const struct execution *execution)
{
    const struct federation_state *s = f->decided;

    effects_note(f->out, "fed.decided", s->height, execution->count);
    effects_note(f->out, "fed.merkle_append", s->height, s->log.size);
    if (execution->phase_changed && s->phase == PHASE_SCORE)
        effects_note(f->out, "fed.align", s->epoch, s->candidate_count);
    if (!execution->epoch_ended)
        return;
    const struct epoch_outcome *o = fed_outcome(f);
    effects_note(f->out, "fed.aggregate", o->epoch, (uint64_t)o->aggregated_delta_ppm);
    effects_note(f->out, "fed.guard", o->epoch, o->changed);
    effects_note(f->out, "fed.meta_state", s->epoch, s->height);
    effects_note(f->out, "fed.anchor", o->epoch, s->height);
    effects_anchor(f->out, o->epoch, &f->epoch_end->body);
}

static void advanced(void *context, const struct replica_block *block, struct blob *bytes, bool is_last)
{
    struct fed *f = context;
    const struct execution *execution = &f->application.decided->execution;

    spot_check_pass(f);
    if (is_last) {
        snapshot_add_link(f, bytes, block);
        duties_meet_voters(f);
    }
    if (execution->epoch_ended)
        outcome_keep(f, &execution->outcome);
    if (f->out != NULL) /* else it is a block of the store, which was told about when it was decided */
        note_block(f, execution);
}

/* ---- states, and who votes */

static enum err voters(void *context, uint64_t membership_epoch, struct replica_voters *out)
{
    return snapshot_voters(context, membership_epoch, out);
}

static struct blob *snapshot(void *context, const struct replica_block *block, struct blob *bytes)
{
    return snapshot_make(context, block, bytes);
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
    return f->duties.clock == CLOCK_EXPIRED ? REPLICA_SEARCHES : REPLICA_FOLLOWS;
}

static bool follows(void *context, unsigned peer)
{
    const struct federation_state *s = ((const struct fed *)context)->decided;

    return peer < s->member_count && !state_member(s, peer)->votes && state_member(s, peer)->status != MEMBER_LEFT;
}

static void accuse(void *context, unsigned peer, struct bytes first, struct bytes second)
{
    evidence_take(context, peer, first, second);
}

static void compact(void *context, uint64_t number)
{
    fed_compact(context, number);
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
    const struct federation_state *s = f->decided;
    struct replica_app app = application_of(f);
    struct replica_config config = {
        .peers = MEMBERS_MAX,
        .self = f->self, /* as far as it is known */
        .poll_ns = f->config.poll_ns,
        .transfer_ns = f->config.view_timeout_ns / 2,
        .chunk_size = STATE_CHUNK_SIZE,
        .state_gap = STATE_GAP,
        .recent = REPLICA_RECENT,
        .writes_in_flight = FED_WRITES_IN_FLIGHT,
        .whole_ledger = !f->config.partial_ledger,
        .blobs = f->config.blobs,
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

    enum err err = replica_new(&config, &app, store, &f->genesis_id, &f->replica, diag);

    if (err == ERR_OK)
        replica_meet(f->replica, f->decided->member_count);
    return err;
}
