#include "fed/internal.h"

/* How decided blocks reach those who did not decide them. Validators push; whoever waits polls one validator after
 * the other. What anybody says of its height is a hint, never a reason to wait for more of it: who says that it is far
 * ahead, and lies, costs us an attempt to fetch a state, and the next one only STATE_GAP blocks later. */

static void ask(struct fed *f, unsigned from, uint64_t height)
{
    struct blob *message = message_fetch(height);

    effects_send(f->out, (int32_t)from, message);
    blob_drop(message);
}

static bool is_far(const struct fed *f)
{
    uint64_t known = f->pbft != NULL ? pbft_status(f->pbft).known_decided : 0;

    if (f->heard > known)
        known = f->heard;
    return f->gone || (known > f->decided.height && known - f->decided.height >= STATE_GAP);
}

static void fetch(struct fed *f, unsigned from)
{
    if (transfer_running(f->transfer) || (is_far(f) && state_transfer_begin(f)))
        return;
    ask(f, from, f->decided.height + 1);
    f->fetching = true;
}

static bool is_behind(const struct fed *f)
{
    if (f->pbft == NULL)
        return !fed_resting(f);
    return (f->probing && !fed_resting(f)) || f->expired || f->hinted ||
           pbft_status(f->pbft).known_decided > f->decided.height;
}

/* Validators in turn, beginning beside ourselves, so that not everybody asks the same one. */
static void poll(struct fed *f)
{
    for (unsigned tries = 0; tries < f->decided.validator_count; tries++) {
        unsigned turn = f->config.self + 1 + f->poll_turn++;
        unsigned peer = state_validator(&f->decided, turn % f->decided.validator_count);
        if (peer == f->config.self)
            continue;
        if (is_behind(f))
            fetch(f, peer);
        if (filling_wanted(f))
            ask(f, peer, f->filling.next);
        return;
    }
}

void catch_up_start(struct fed *f)
{
    bool alone = f->pbft != NULL && f->decided.validator_count == 1;

    f->probing = (f->restarted || f->config.recovering) && !alone;
    if (f->probing)
        poll(f);
}

static bool is_wanted(const struct fed *f)
{
    return is_behind(f) || filling_wanted(f);
}

void catch_up_arm(struct fed *f)
{
    bool wanted = is_wanted(f);

    if (wanted && !f->polling)
        fed_timer(f, FED_TIMER_POLL, &f->poll_at_ns, f->now_ns + f->config.poll_ns);
    else if (!wanted)
        fed_timer(f, FED_TIMER_POLL, &f->poll_at_ns, 0);
    f->polling = wanted;
}

void catch_up_timer(struct fed *f)
{
    if (!is_wanted(f))
        return;
    poll(f);
    fed_timer(f, FED_TIMER_POLL, &f->poll_at_ns, f->now_ns + f->config.poll_ns);
    f->polling = true;
}

struct blob *catch_up_block(const struct fed *f, uint64_t height)
{
    struct blob *recent = f->recent[height % RECENT_BLOCKS], *block;

    if (height == 0 || height > f->decided.height)
        return NULL;
    if (f->decided.height - height < RECENT_BLOCKS && recent != NULL)
        return blob_hold(recent);
    if (f->store == NULL || f->store->read(f->store->context, height, &block) != ERR_OK)
        return NULL;
    return block;
}

static void serve(struct fed *f, unsigned to, uint64_t from)
{
    struct bytes blocks[MESSAGE_BLOCKS_MAX];
    struct blob *held[MESSAGE_BLOCKS_MAX], *message;
    unsigned count = 0;
    size_t size = 0;

    while (count < MESSAGE_BLOCKS_MAX) {
        struct blob *block = catch_up_block(f, from + count);
        if (block == NULL || (count > 0 && size + block->len > MESSAGE_BLOCKS_SIZE_MAX)) {
            blob_drop(block);
            break;
        }
        held[count] = block;
        blocks[count++] = blob_bytes(block);
        size += block->len;
    }
    if (count > 0)
        message = message_blocks(f->decided.height, blocks, count);
    else
        message = message_status(f->decided.height);
    effects_send(f->out, (int32_t)to, message);
    blob_drop(message);
    while (count > 0)
        blob_drop(held[--count]);
}

/* *applied grows when the block was the next one. ERR_AGAIN: there is a gap below it. */
static enum err apply(struct fed *f, struct bytes encoded, unsigned *applied)
{
    struct blob *bytes = blob_new(encoded);
    struct execution execution = {0};
    struct block block = {0};
    enum err err = block_decode(bytes, &block);

    if (err != ERR_OK)
        goto drop_bytes;
    if (block.header.height <= f->decided.height) {
        err = filling_take(f, bytes, &block);
        goto fini_block;
    }
    err = ERR_AGAIN;
    if (block.header.height > f->decided.height + 1)
        goto fini_block;
    err = state_apply_block(&f->decided, &block, &execution);
    if (err != ERR_OK)
        goto fini_block;
    application_undo(f, 0); /* all of it stood on the state before */
    fed_block_decided(f, bytes, &execution);
    consensus_follow(f);
    if (f->pbft != NULL)
        consensus_advance(f);
    execution_free(&execution);
    ++*applied;
fini_block:
    block_fini(&block);
drop_bytes:
    blob_drop(bytes);
    return err;
}

static enum err receive_blocks(struct fed *f, unsigned from, const struct message *m)
{
    unsigned applied = 0;
    uint64_t missing = f->filling.next;
    enum err err = ERR_OK;

    for (unsigned i = 0; i < m->count && err == ERR_OK; i++)
        err = apply(f, m->blocks[i], &applied);
    if (applied > 0) {
        effects_note(f->out, "fed.catch_up", f->decided.height, applied);
        f->polling = false;                   /* progress: the next poll is a whole interval away */
        f->pushed_height = f->decided.height; /* who decided them has pushed them */
        f->hinted = f->gone = false;
    }
    if (filling_wanted(f) && f->filling.next > missing)
        ask(f, from, f->filling.next);
    f->behind = m->height > f->decided.height;
    if (f->behind && (applied > 0 || (err == ERR_AGAIN && !f->fetching)))
        fetch(f, from);
    else
        f->fetching = false;
    return err == ERR_AGAIN ? ERR_OK : err;
}

enum err catch_up_receive(struct fed *f, unsigned from, const struct message *m)
{
    if (m->type == FED_FETCH) {
        serve(f, from, m->height);
        return ERR_OK;
    }
    enum err err = ERR_OK;
    f->heard = m->height;
    if (m->type == FED_BLOCKS) {
        err = receive_blocks(f, from, m);
    } else {
        if (f->fetching && m->height > f->decided.height) { /* it lacks them itself */
            f->gone = true;
            f->tried = 0;
        }
        f->fetching = false;
        f->behind = m->height > f->decided.height;
        f->hinted = f->behind;
    }
    if (err == ERR_OK && !f->behind)
        f->probing = false;
    return err;
}

void catch_up_hear(struct fed *f, unsigned from, struct bytes message)
{
    uint64_t theirs;

    if (!pbft_membership_epoch(message, &theirs) || theirs == f->decided.membership_epoch)
        return;
    if (theirs > f->decided.membership_epoch) {
        f->hinted = true;
        return;
    }
    struct blob *status = message_status(f->decided.height);
    effects_send(f->out, (int32_t)from, status);
    blob_drop(status);
}

void catch_up_push(struct fed *f)
{
    if (f->pbft == NULL)
        return;
    unsigned replica = (unsigned)state_replica(&f->decided, f->config.self);
    for (uint64_t h = f->pushed_height + 1; h <= f->decided.height; h++) {
        struct blob *block = catch_up_block(f, h), *message = NULL;
        if (block == NULL)
            continue; /* those who want it will ask */
        for (unsigned p = 0; p < f->decided.member_count; p++) {
            if (state_replica(&f->decided, p) >= 0 || f->decided.members[p].status == MEMBER_LEFT ||
                (p + h) % f->decided.validator_count != replica)
                continue;
            if (message == NULL) {
                struct bytes bytes = blob_bytes(block);
                message = message_blocks(h, &bytes, 1);
            }
            effects_send(f->out, (int32_t)p, message);
        }
        blob_drop(message);
        blob_drop(block);
    }
    f->pushed_height = f->decided.height;
}
