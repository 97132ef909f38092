#ifndef PRISMFED_NODE_PARTS_H
#define PRISMFED_NODE_PARTS_H

#include "driver/outbox.h"
#include "driver/replicates.h"
#include "fed/fed.h"
#include "node/contacts.h"
#include "node/control.h"
#include "node/gauges.h"
#include "node/http.h"
#include "node/jobs.h"
#include "node/node.h"
#include "node/sinking.h"
#include "node/site.h"
#include "node/store.h"
#include "node/trace.h"

/* What a node is made of. For node.c and the files that open it, look at it and answer for it (opening.c, visit.c,
 * answer.c, operations.c). */

struct node_timer {
    struct loop_timer timer;
    struct node *node;
    uint32_t number; /* enum fed_timer, and the replica's */
};

/* The fields are visit.c's own. */
struct visit {
    struct loop_timer look;             /* whether all that is owed is done, or the time is over */
    int64_t until_ns, quiet_since_ns;   /* quiet: it has not been behind since then */
    uint64_t seen_height, first_height; /* first: above what it knew at the start */
    const char *folder;                 /* that somebody carries (node/carried.h), borrowed; NULL: there is a network */
    struct digest left;                 /* the entry that was left there last; zero: none */
    bool begun, owes;                   /* begun: it is up to date */
    uint64_t contributions;             /* as they were then */
};

struct node {
    const struct node_config *config; /* borrowed */
    struct scenario scenario;
    unsigned index; /* in the scenario */
    struct buf genesis;
    struct digest federation_id;
    struct contacts contacts;
    struct loop *loop;
    struct loop_watch signals; /* an eventfd: node_stop() */
    struct store *store;
    struct loop_watch durable; /* the store has news */
    struct control *control;
    struct http *http;       /* NULL where the configuration names no place for it */
    struct sinking *sinking; /* NULL where the configuration names no sink */
    struct gauges gauges;
    struct site site;
    struct jobs *jobs;
    struct replicates replicates;

    struct trace_file *trace; /* NULL: nobody wants one */
    struct fed *fed;
    struct effects effects;
    struct outbox outbox;
    uint64_t told; /* the machine knows that this write is durable */
    struct node_timer timers[FED_TIMER_END];
    bool recovering; /* the disk was lost: fed_config.recovering */

    struct visit visit; /* of node_run_once() */

    uint64_t messages, refused;
    enum err failed; /* why it stops */
    struct diag diag;
};

/* What the machine asks for, and what it hears from its peers, its timers, its store and its site's work: a node is
 * opened with these. */
extern const struct outbox_actions node_asks;
extern const struct transport_actions node_hears;
void node_timer_rings(void *context);                     /* of a struct node_timer */
void node_store_has_news(void *context, uint32_t events); /* of a struct node, like the next */
void node_job_done(void *context, struct work *w);

/* It cannot go on: node_run() ends with this. n->diag says why. */
void node_fail(struct node *n, enum err err);

/* What the operator wants of the federation (fed/wishes.h). body is borrowed. Errors of fed_step(). */
enum err node_leave(struct node *n) MUST_CHECK;
enum err node_sign_off(struct node *n, struct bytes body) MUST_CHECK;

/* Takes the entries of a folder that somebody carries (node/carried.h) and adds what is new; a new reference to what
 * became of it. */
json_t *node_carry(struct node *n, const char *folder);

/* A message from this member. Errors of fed_step(). */
enum err node_hear(struct node *n, unsigned from, struct blob *blob);

/* A visit has a folder in place of a network, and what it sends is left there. */
void visit_by_folder(struct node *n, const char *folder);
void visit_leave(struct node *n, struct blob *message);

/* The answer to an operator's question (node/control.h); a new reference. */
json_t *node_answer(void *context, const json_t *question, uint64_t *serial);

/* Metrics, health and status over HTTP, where the configuration says; errors of http_new(). */
enum err operations_open(struct node *n, struct diag *diag) MUST_CHECK;

#endif
