/* A validator's side of a folder that somebody carries: what is new goes into it, and the entries in it go to the log.
 */
#include <jansson.h>

#include "fed/messages.h"
#include "node/carried.h"
#include "node/parts.h"

struct carrying {
    struct node *node;
    unsigned taken, removed;
    json_t *complaints;
};

/* The others have to know of it, too, and its author cannot tell them. */
static void relay(const struct node *n, struct blob *message)
{
    const struct federation_state *s = fed_state(n->fed);

    for (unsigned i = 0; i < s->member_count; i++) {
        if (state_replica(s, i) >= 0 && (int)i != fed_member(n->fed))
            (void)transport_send(n->contacts.transport, &state_member(s, i)->fingerprint, TRANSPORT_ENTRIES, message);
    }
}

static void complain(void *context, const char *why)
{
    struct carrying *c = context;

    json_push(c->complaints, json_string(why));
}

/* An entry stays until the log has it, and is offered again each time: what is lost here on its way is not lost there.
 */
static bool take(void *context, struct bytes envelope)
{
    struct carrying *c = context;
    struct node *n = c->node;
    struct envelope e;
    struct cose_sign1 cose;
    struct blob *message;
    enum err err = envelope_parse(envelope, &e, &cose);
    int author = err == ERR_OK ? state_find(fed_state(n->fed), &e.node_fingerprint) : -1;

    if (author < 0) {
        complain(c, err == ERR_OK ? "an entry of nobody who is a member" : "a file that is no entry");
        c->removed++;
        return true;
    }
    message = message_entry(envelope);
    err = node_hear(n, (unsigned)author, message);
    if (err == ERR_OK)
        relay(n, message);
    blob_drop(message);
    if (err == ERR_OK || err == ERR_AGAIN || err == ERR_LIMIT) {
        c->taken++;
        return false;
    }
    c->removed++;
    return true;
}

json_t *node_carry(struct node *n, const char *folder)
{
    struct carrying c = {.node = n, .complaints = json_array()};
    const uint64_t height = fed_state(n->fed)->height;
    struct diag diag = {0};
    uint64_t added = 0, top = 0;
    json_t *out = json_object();
    enum err err = carried_take(folder, take, complain, &c, &diag);

    if (err == ERR_OK)
        err = carried_top(folder, &top, &diag);
    if (err == ERR_OK && top < store_pruned(n->store))
        err = diag_set(&diag, ERR_MISSING, "this node has dropped block %llu: ask one that keeps all",
                       (unsigned long long)top + 1);
    if (err == ERR_OK)
        err = carried_add_blocks(folder, store_ledger(n->store), height, &added, &diag);
    if (err == ERR_OK)
        err = carried_top(folder, &top, &diag);
    json_put(out, "entries_taken", json_u64(c.taken));
    json_put(out, "entries_removed", json_u64(c.removed));
    json_put(out, "complaints", c.complaints);
    json_put(out, "blocks_added", json_u64(added));
    json_put(out, "height", json_u64(top));
    json_put(out, "more", json_boolean(top < height));
    if (err != ERR_OK)
        json_put(out, "error", json_string(diag.text));
    return out;
}
