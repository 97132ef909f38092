#ifndef PRISMFED_BASE_EFFECT_H
#define PRISMFED_BASE_EFFECT_H

#include "base/bytes.h"

/* What a state machine asks of its driver. Writes (PERSIST, APPEND, SNAPSHOT) become durable in their order. Any other
 * effect says which of them it waits for: usually for all that were asked for ahead of it, because it may show to
 * others what a crash must not take back; a timer and a job wait for none, nor does what effects_after() says so of. */

enum effect_kind {
    EFFECT_PERSIST, /* append blob to the durable store, filed under `number` (a sequence number) */
    /* append blob, the encoded decided block of height `number`, to the ledger store; durable as PERSIST. Its height
     * is one above the last block's, or, while blocks below a snapshot are missing, that of the lowest missing block */
    EFFECT_APPEND,
    /* blob: a snapshot of the state at height `number` (transfer/messages.h); durable as PERSIST, in one piece: a crash
     * leaves it or what was there before. A start reads the latest one, so of those before it only the last is kept, in
     * case that the latest is damaged. number is the height of the last block, or above it: then the state was
     * installed, the blocks go on above it, and those that stood above an earlier gap go */
    EFFECT_SNAPSHOT,
    EFFECT_FORGET, /* records filed under numbers <= number may be dropped */
    /* blob to peer `to`, by the sender's numbering: those of pbft are its replicas of membership epoch `number`. From a
     * replica (replica/replica.h) a broadcast is one effect for each peer, in a row, and number says in which epoch it
     * was made; to a peer alone it is 0. */
    EFFECT_SEND,
    EFFECT_TIMER_SET, /* (re)arm timer `timer` for the absolute time at_ns */
    EFFECT_TIMER_STOP,
    EFFECT_JOB,       /* run a job of the site's; body: a struct job (fed/job.h) */
    EFFECT_ANCHOR,    /* epoch `number` is anchored (or abandoned); body: what came of it (fed/fed.h) */
    EFFECT_RECOVERED, /* what the loss of the disk asked for is done and durable: no later start needs to know (fed.h)
                       */
    EFFECT_NOTE       /* nothing to do: a named fact for traces, `name`, `number`, `other` */
};

enum {
    PEER_OTHERS = -1 /* every other replica of pbft's; its user knows who they are (replica/consensus.h) */
};

/* What an effect carries that is more than bytes: the first member of it. Counted like a blob, and not shared between
 * threads either; whoever drops the last holding has it freed by `free`. */
struct effect_body {
    uint32_t holders;
    void (*free)(struct effect_body *body);
};

/* What an effect waits for: the serial number of a write, counted from 1 over the life of the machine, or one of these.
 */
#define AFTER_NONE UINT64_C(0)
#define AFTER_ALL UINT64_MAX /* that were asked for ahead of it */

struct effect {
    enum effect_kind kind;
    int32_t to;
    uint32_t timer;
    int64_t at_ns;
    uint64_t number, other;
    uint64_t after;    /* serial of the write that it waits for (driver/outbox.h) */
    const char *name;  /* static text */
    struct blob *blob; /* NULL, or one holding, like body */
    struct effect_body *body;
};

/* Zero-initialise; effects_free() at the end. */
struct effects {
    struct effect *items;
    size_t count, cap;
    uint64_t writes; /* among the items */
};

void effects_persist(struct effects *e, uint64_t number, struct bytes record);
void effects_append(struct effects *e, uint64_t height, struct blob *block);      /* takes a holding of its own */
void effects_snapshot(struct effects *e, uint64_t height, struct blob *snapshot); /* takes a holding of its own */
/* The effect that was added last waits for this instead of AFTER_ALL. */
void effects_after(struct effects *e, uint64_t serial);
void effects_forget(struct effects *e, uint64_t number);
void effects_send(struct effects *e, int32_t to, struct blob *blob); /* takes a holding of its own, like the next */
/* From one replica of a membership epoch to another, or to PEER_OTHERS. */
void effects_send_replica(struct effects *e, uint64_t epoch, int32_t to, struct blob *blob);
void effects_timer_set(struct effects *e, uint32_t timer, int64_t at_ns);
void effects_timer_stop(struct effects *e, uint32_t timer);
void effects_note(struct effects *e, const char *name, uint64_t number, uint64_t other);
void effects_job(struct effects *e, struct effect_body *job); /* takes over the caller's holding */
void effects_anchor(struct effects *e, uint64_t epoch, struct effect_body *outcome); /* takes a holding of its own */
void effects_recovered(struct effects *e, uint64_t height);
/* Keeps the first `count`. */
void effects_cut(struct effects *e, size_t count);
void effects_put(struct effects *e, const struct effect *effect); /* takes over what it holds */
void effects_clear(struct effects *e);
void effects_free(struct effects *e);

bool effect_is_write(const struct effect *e);
/* Drops what one effect holds. */
void effect_drop(struct effect *e);
struct effect_body *effect_body_hold(struct effect_body *body);
void effect_body_drop(struct effect_body *body); /* NULL is fine */

#endif
