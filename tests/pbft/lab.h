#ifndef PRISMFED_TESTS_PBFT_LAB_H
#define PRISMFED_TESTS_PBFT_LAB_H

#include "cluster.h"
#include "tap.h"

/* One replica whose peers are scripted: whatever they say the test signs for them, and what the replica sends is
 * kept here instead of being delivered. The replica's disk, timers and application are those of the cluster. */

enum { LAB_NOTES_MAX = 32, LAB_PROOFS_MAX = 8 };

struct lab {
    struct cluster c;
    unsigned self;
    struct {
        unsigned count;
        struct blob *last; /* NULL: none yet */
        int32_t to;
    } sent[MESSAGE_TYPES_END];
    struct {
        const char *name;
        unsigned count;
    } notes[LAB_NOTES_MAX];
};

/* A batch that was prepared in a view. */
struct lab_proof {
    uint64_t sequence, view;
    const char *request;
};

void lab_init(struct lab *l, unsigned n, unsigned self); /* l->c.config may be changed before lab_start */
void lab_start(struct lab *l);
void lab_free(struct lab *l);
static inline void lab_finish(struct lab *l)
{
    if (l->c.failure[0] != '\0')
        tap_complain(__FILE__, __LINE__, "%s", l->c.failure);
    lab_free(l);
}
struct pbft_status lab_status(const struct lab *l);
const struct cluster_node *lab_node(const struct lab *l);
/* Crashes the replica and starts it again from what it persisted. */
void lab_restart(struct lab *l);
void lab_wait(struct lab *l, int64_t ns); /* timers that fall due fire */
enum err lab_request(struct lab *l, const char *request);

unsigned lab_sent(const struct lab *l, enum message_type type); /* how many so far */
void lab_forget_sent(struct lab *l);
/* What the last message of this type says. Only of types that begin with a statement, and were sent. */
struct statement lab_last(struct lab *l, enum message_type type);
unsigned lab_noted(const struct lab *l, const char *note);

/* What a batch of one request is known as (NULL: the null batch), and the block that it makes on top of `parent`
 * (NULL: at the beginning). */
struct digest lab_digest(const char *request);
struct digest lab_block(const struct digest *parent, const char *request);

/* What peers say, delivered right away. */
enum err lab_claim(struct lab *l, const struct claim *claim, struct bytes rest);
enum err lab_vote(struct lab *l, unsigned signer, enum message_type type, uint64_t view, uint64_t sequence,
                  const struct digest *digest);
enum err lab_propose(struct lab *l, uint64_t view, uint64_t sequence, const char *request);
/* PREPARE with the primary's PRE-PREPARE beside it. */
enum err lab_prepare(struct lab *l, unsigned signer, uint64_t view, uint64_t sequence, const char *request);
enum err lab_pair(struct lab *l, const struct claim *prepare, const struct claim *proposal);
/* All others, or as many as make a quorum with the replica itself, prepare and commit what is proposed. */
void lab_decide(struct lab *l, uint64_t view, uint64_t sequence, const char *request);
struct claim lab_proposal(struct lab *l, uint64_t view, uint64_t sequence, const char *request);

/* Catch-up: the block of this request, on top of what is decided, was decided elsewhere. */
void lab_learn(struct lab *l, const char *request);
/* A STATUS of a peer, and what it answers when it is asked by one that has lost its memory. */
enum err lab_peer_status(struct lab *l, unsigned signer, uint64_t view, uint64_t decided, bool active, uint64_t stable);
enum err lab_report(struct lab *l, unsigned signer, uint64_t view, uint64_t sequence, const struct digest *nonce);
struct digest lab_nonce(const struct lab *l); /* of the replica's present life */
/* STABLE: a checkpoint with the signatures of the first `voices` others. */
enum err lab_stable(struct lab *l, uint64_t sequence, const struct digest *id, unsigned voices);

/* A VIEW-CHANGE of a replica at the beginning of the log. One holding is the caller's. */
struct blob *lab_view_change(struct lab *l, unsigned signer, uint64_t view, const struct lab_proof *proofs,
                             unsigned count);
/* The same with a checkpoint that a quorum signed. */
struct blob *lab_view_change_at(struct lab *l, unsigned signer, uint64_t view, uint64_t stable, const struct digest *id,
                                const struct lab_proof *proofs, unsigned count);
/* A NEW-VIEW by the primary of `view` from a quorum of these. */
struct blob *lab_new_view(struct lab *l, uint64_t view, struct blob *const *changes);
/* Leads the replica into `view`, of which another one is primary: a quorum of others had these proofs. */
void lab_enter(struct lab *l, uint64_t view, const struct lab_proof *proofs, unsigned count);

#endif
