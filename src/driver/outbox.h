#ifndef PRISMFED_DRIVER_OUTBOX_H
#define PRISMFED_DRIVER_OUTBOX_H

#include "base/effect.h"

/* Between a machine and whoever drives it: carries out what the machine's steps ask for, in order, and holds back what
 * depends on a write until that write is durable. No other code looks at the kinds of effects to do them.
 *
 *     struct effects effects = {0};
 *     fed_step(fed, &event, &effects);
 *     outbox_carry(&outbox, &effects);
 *     ...and whenever the disk has finished a write:
 *     outbox_durable(&outbox, serial);
 */

/* How a driver does each thing. Blobs and bodies are borrowed for the call. An action may stop the machine
 * (outbox_reset); what follows is then not done. NULL: this driver has nothing to do for it; of the writes, the machine
 * never asks for one. */
struct outbox_actions {
    /* A write is asked for; it gets the next serial number, counted from 1. Writes become durable in this order;
     * whoever does them says so with outbox_durable, also from within the call when the disk is quick. */
    void (*persist)(void *context, uint64_t serial, uint64_t number, struct blob *record);
    void (*append)(void *context, uint64_t serial, uint64_t height, struct blob *block);
    void (*snapshot)(void *context, uint64_t serial, uint64_t height, struct blob *snapshot);
    /* All writes ahead of it are durable; records of those that came behind it stay, whatever their number. */
    void (*forget)(void *context, uint64_t number);
    void (*send)(void *context, const struct effect *send);
    void (*timer_set)(void *context, uint32_t timer, int64_t at_ns);
    void (*timer_stop)(void *context, uint32_t timer);
    void (*job)(void *context, struct effect_body *job);
    void (*anchor)(void *context, uint64_t epoch, struct effect_body *outcome);
    void (*recovered)(void *context);
    void (*note)(void *context, const char *name, uint64_t number, uint64_t other);
    /* Told of each effect just before it is done, of a write before it begins. */
    void (*seen)(void *context, const struct effect *effect);
};

/* The fields are the outbox's own. */
struct outbox {
    const struct outbox_actions *actions;
    void *context;
    struct effect *held; /* owned; a ring of held_cap: waits for writes */
    size_t held_first, held_count, held_cap;
    uint64_t written, durable; /* serials: of the last write that was asked for, and that is durable */
    uint64_t resets;
    bool busy; /* doing something */
};

void outbox_init(struct outbox *o, const struct outbox_actions *actions, void *context);
void outbox_fini(struct outbox *o);
/* The machine is gone: what it asked for and was not done is dropped, and serials begin anew. */
void outbox_reset(struct outbox *o);
/* Takes over what a step asked for: begins its writes and does what need not wait. Leaves effects empty. */
void outbox_carry(struct outbox *o, struct effects *effects);
/* Every write up to `serial` is durable. Not before an earlier one, and never more than was asked for. */
void outbox_durable(struct outbox *o, uint64_t serial);
/* Writes that are asked for and not durable. */
uint64_t outbox_in_flight(const struct outbox *o);
/* Effects that wait for them. */
size_t outbox_held(const struct outbox *o);

#endif
