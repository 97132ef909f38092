#ifndef PRISMFED_NODE_CONTACTS_H
#define PRISMFED_NODE_CONTACTS_H

#include "crypto/key_memory.h"
#include "fed/fed.h"
#include "node/config.h"
#include "node/members.h"
#include "node/transport.h"

/* Whom a node knows and how it is known: its own keys, where the members are, and the connections to them. */

/* The fields are contacts.c's own but for `key` and `transport`, which others may use. */
struct contacts {
    const struct node_config *config; /* borrowed, like the next one */
    const struct fed *fed;
    struct loop *loop;
    const struct transport_actions *actions;
    void (*failed)(void *context, enum err err, const struct diag *diag);
    void *context; /* of the actions, and of failed() */

    struct key_memory *memory; /* owned; NULL where the configuration names none */
    struct digest federation_id;
    struct members addresses;   /* members.json; empty where there is none */
    struct secret_key key;      /* that the log has; of a newcomer: that it will have */
    struct secret_key next_key; /* zero: none */
    bool shows_next_key;        /* to its peers, who may have agreed on it while it was away */

    struct transport *transport; /* NULL until contacts_open() */
    struct loop_task rekeyed;    /* the log has taken the next key */
    unsigned refusals;           /* by peers, since one was connected */
    unsigned members;            /* whom the transport knows */
    uint64_t membership;         /* the membership epoch of that */
};

/* Reads keys and addresses as the configuration, which is borrowed, names them. *out is zeroed before, and is the
 * caller's to free, also after an error: those of the files. */
enum err contacts_read(const struct node_config *config, struct contacts *out, struct diag *diag) MUST_CHECK;
/* The keys sign from now on what the memory that the configuration names, if it does, has no other statement of. Errors
 * of key_memory_open(). */
enum err contacts_guard(struct contacts *c, struct diag *diag) MUST_CHECK;
/* Begins to listen and to dial. fed, loop and actions are borrowed. failed(): it cannot go on, which may happen in a
 * later pass of the loop. Errors of transport_new(). */
enum err contacts_open(struct contacts *c, struct loop *loop, const struct digest *federation_id, const struct fed *fed,
                       const struct transport_actions *actions,
                       void (*failed)(void *context, enum err err, const struct diag *diag), void *context,
                       struct diag *diag) MUST_CHECK;
void contacts_free(struct contacts *c);

/* The log may have another key of this node's than the one that it is known by: then it is known by that one from now
 * on. True: so it is, and connections are of the old one. */
bool contacts_take_next_key(struct contacts *c, const struct federation_state *s);
/* The state may have other members now: tells the transport, if so. Does nothing before contacts_open(). */
void contacts_follow(struct contacts *c);
/* A peer has taken this node; or would not: then the other key may be the one that they know. */
void contacts_connected(struct contacts *c);
void contacts_refused(struct contacts *c, const struct digest *peer);
/* A member's name; "?" for anybody else's. */
const char *contacts_name(const struct contacts *c, const struct digest *peer);

#endif
