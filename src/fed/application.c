#include <string.h>

#include "fed/internal.h"

/* What PBFT asks of us, and how we call it. The decided state and the tentative ones above it are a chain: PBFT
 * executes on top of the last, undoes from the top, decides from the bottom. */

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

static enum err check_request(void *context, struct bytes request)
{
    struct fed *f = context;
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
static enum err check_batch_entry(struct fed *f, const struct federation_state *tip, struct bytes entry)
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

static enum err check_batch(void *context, uint64_t sequence, const struct bytes *requests, unsigned count)
{
    struct fed *f = context;
    uint64_t executed = f->decided.height + f->tentative_count;
    const struct federation_state *tip = sequence == executed + 1 ? application_tip(f) : NULL;
    enum err result = ERR_OK;

    if (count > f->decided.policy.batch_max)
        return ERR_LIMIT;
    for (unsigned i = 0; i < count; i++) {
        enum err err = check_batch_entry(f, tip, requests[i]);
        if (err != ERR_OK && err != ERR_AGAIN)
            return err;
        if (err == ERR_AGAIN)
            result = ERR_AGAIN;
    }
    return result;
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
                    struct digest *block_id)
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
    *block_id = t->state.block_id;
}

static void undo(void *context, uint64_t sequence)
{
    application_undo(context, sequence);
}

static void decide(void *context, uint64_t sequence, const struct digest *block_id, struct bytes certificate,
                   struct effects *effects)
{
    struct fed *f = context;
    struct tentative *t = &f->tentative[0];
    struct buf encoded = {0};

    ASSERT(effects == f->out);
    ASSERT(f->tentative_count > 0 && sequence == f->decided.height + 1);
    ASSERT(digest_equal(block_id, &t->state.block_id));
    block_encode(&t->execution.header, t->entries, t->count, certificate, &encoded);
    struct blob *block = blob_new(bytes_of_buf(&encoded));
    buf_free(&encoded);

    state_free(&f->decided);
    f->decided = t->state;
    t->state = (struct federation_state){0};
    fed_block_decided(f, block, &t->execution);
    blob_drop(block);
    tentative_free(t);
    f->tentative_count--;
    memmove(f->tentative, f->tentative + 1, f->tentative_count * sizeof *f->tentative);
}

static bool closes(void *context, uint64_t sequence)
{
    const struct fed *f = context;
    uint64_t at = sequence - f->decided.height;

    ASSERT(sequence >= f->decided.height && at <= f->tentative_count);
    const struct federation_state *s = at == 0 ? &f->decided : &f->tentative[at - 1].state;
    return s->membership_epoch != f->consensus_epoch;
}

static struct pbft_app application_of(struct fed *f)
{
    return (struct pbft_app){
        .context = f,
        .check_request = check_request,
        .check_batch = check_batch,
        .execute = execute,
        .undo = undo,
        .decide = decide,
        .closes = closes,
    };
}

/* PBFT wrote its effects to our list from `begin` on: replicas become members, and before its old records go, what
 * we filed among them is filed anew. */
static void translate(struct fed *f, size_t begin)
{
    uint64_t forget = 0;
    size_t kept = begin;

    for (size_t i = begin; i < f->out->count; i++) {
        struct effect e = f->out->items[i];
        if (e.kind == EFFECT_FORGET) {
            forget = e.number > forget ? e.number : forget;
            continue;
        }
        if (e.kind == EFFECT_SEND && e.to == PEER_OTHERS)
            e.to = PEER_VALIDATORS;
        else if (e.kind == EFFECT_SEND)
            e.to = (int32_t)f->validators[e.to];
        f->out->items[kept++] = e;
    }
    f->out->count = kept;
    if (forget > 0)
        submit_compact(f, forget);
}

/* Of each membership epoch another one. */
static struct digest recovery_nonce(const struct fed *f)
{
    struct digest_context c;
    uint8_t epoch[8];

    be64_put(epoch, f->decided.membership_epoch);
    digest_init(&c);
    digest_add(&c, f->config.nonce.b, DIGEST_SIZE);
    digest_add(&c, epoch, sizeof epoch);
    return digest_final(&c);
}

void consensus_make(struct fed *f)
{
    const struct federation_state *s = &f->decided;
    struct digest fingerprints[PBFT_REPLICAS_MAX];
    struct voters voters;
    int replica = fed_self(f) != NULL ? state_replica(s, f->config.self) : -1;

    ASSERT(f->pbft == NULL);
    f->consensus_epoch = s->membership_epoch;
    if (replica < 0)
        return;
    if (f->seen == NULL)
        f->seen = mem_array(MEMBERS_MAX, sizeof *f->seen);
    for (unsigned i = 0; i < s->validator_count; i++)
        f->validators[i] = state_validator(s, i);
    struct pbft_app app = application_of(f);
    struct pbft_config config = {
        .recovering = f->config.recovering,
        .nonce = recovery_nonce(f),
        .federation_id = s->federation_id,
        .membership_epoch = s->membership_epoch,
        .n = s->validator_count,
        .f = s->max_byzantine,
        .quorum = s->quorum,
        .self = (unsigned)replica,
        .key = f->config.key,
        .view_timeout_ns = f->config.view_timeout_ns,
        .view_timeout_max_ns = f->config.view_timeout_max_ns,
        .batch_delay_ns = f->config.batch_delay_ns,
        .resend_ns = f->config.resend_ns,
        .batch_max = s->policy.batch_max,
        .pipeline = f->config.pipeline,
        .checkpoint_interval = f->config.checkpoint_interval,
        .window = f->config.window,
        .pending_max = PENDING_REQUESTS,
        .verify_cache = f->config.verify_cache,
    };

    state_voters(s, config.keys, fingerprints, &voters);
    f->pbft = pbft_new(&config, &app, s->height, &s->block_id);
    pbft_begin_at(f->pbft, f->base_height, &f->base_id);
    key_wipe(&config.key);
}

void consensus_start(struct fed *f)
{
    size_t begin = f->out->count;

    pbft_start(f->pbft, f->now_ns, f->out);
    translate(f, begin);
}

void consensus_follow(struct fed *f)
{
    struct pbft *old = f->pbft;

    if (f->consensus_epoch == f->decided.membership_epoch)
        return;
    if (old != NULL)
        evidence_take(f);
    for (uint32_t timer = 0; timer < PBFT_TIMER_COUNT && old != NULL; timer++)
        effects_timer_stop(f->out, timer);
    effects_note(f->out, "fed.membership", f->decided.membership_epoch, f->decided.validator_count);
    f->pbft = NULL;
    f->watching = f->expired = f->expecting = f->hinted = false;
    fed_take_key(f);
    consensus_make(f);
    if (f->pbft != NULL) {
        if (old != NULL)
            pbft_inherit(f->pbft, old);
        consensus_start(f);
    }
    pbft_free(old);
}

enum err consensus_receive(struct fed *f, struct blob *message)
{
    size_t begin = f->out->count;
    enum err err = pbft_receive(f->pbft, f->now_ns, message, f->out);

    translate(f, begin);
    return err;
}

enum err consensus_request(struct fed *f, struct blob *envelope)
{
    size_t begin = f->out->count;
    enum err err = pbft_request(f->pbft, f->now_ns, envelope, f->out);

    translate(f, begin);
    return err;
}

void consensus_timer(struct fed *f, uint32_t timer)
{
    size_t begin = f->out->count;

    pbft_timer(f->pbft, f->now_ns, timer, f->out);
    translate(f, begin);
}

void consensus_expect(struct fed *f, bool expecting)
{
    size_t begin = f->out->count;

    pbft_expect(f->pbft, f->now_ns, expecting, f->out);
    translate(f, begin);
}

void consensus_poke(struct fed *f)
{
    size_t begin = f->out->count;

    pbft_poke(f->pbft, f->now_ns, f->out);
    translate(f, begin);
}

void consensus_advance(struct fed *f)
{
    size_t begin = f->out->count;

    pbft_advance(f->pbft, f->now_ns, f->decided.height, &f->decided.block_id, f->out);
    translate(f, begin);
}
