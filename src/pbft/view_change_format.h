#ifndef PRISMFED_PBFT_VIEW_CHANGE_FORMAT_H
#define PRISMFED_PBFT_VIEW_CHANGE_FORMAT_H

#include "pbft/messages.h"

/* The formats of VIEW-CHANGE and NEW-VIEW, and what a NEW-VIEW must propose: pure functions, the
 * same for the new primary and for those who check it (OSDI'99 section 4.4). */

/* What is fixed for a membership epoch. */
struct view_rules {
    const struct members *members;
    uint64_t window;
    uint64_t base; /* the sequence at which the epoch began; it needs no certificate */
    struct digest base_id;
    const struct claims_kept *kept; /* whose signatures need no second look; NULL: none */
};

/* The body is [h, block id of h, signatures of CHECKPOINT (none for the base), [proof...]]. */
struct view_change {
    struct claim claim;      /* view: the one that it moves to; sequence: h */
    struct digest block_id;  /* of h */
    struct bytes signatures; /* one item; views into the message, as are proofs */
    struct bytes proofs;
    struct bytes message; /* the whole */
};

/* signatures: one item or empty; proofs in order of sequence. */
void view_change_body(uint64_t stable, const struct digest *block_id, struct bytes signatures,
                      const struct bytes *proofs, unsigned count, struct buf *out);
/* All of it is checked; with verify false no signature is (own records, messages verified before). */
enum err view_change_parse(const struct view_rules *rules, struct bytes message, bool verify,
                           struct view_change *out) MUST_CHECK;
/* The signatures of one that was parsed without. */
enum err view_change_verify(const struct view_rules *rules, const struct view_change *vc) MUST_CHECK;
/* Of one that was parsed before under these rules. */
void view_change_reread(const struct view_rules *rules, struct bytes message, struct view_change *out);

/* O: min_s is the latest stable checkpoint in V, max_s the highest sequence with a proof. Each
 * sequence between gets the digest of its proof of the highest view, or the null batch. */
struct plan {
    uint64_t min_s, max_s;
    unsigned source; /* which of V brought min_s */
    struct planned {
        bool proved;
        uint64_t view;
        struct digest digest;
    } * items; /* max_s - min_s of them, for min_s + 1 and on; owned */
};
void plan_make(const struct view_rules *rules, const struct view_change *changes, unsigned count, struct plan *out);
void plan_fini(struct plan *plan);

/* The body is [[VIEW-CHANGE...], [signature of a PRE-PREPARE of each planned sequence...]]; what is signed, stored and
 * given to others for good is the whole of it. */
struct new_view {
    struct claim claim; /* sequence: min_s */
    unsigned count;
    struct view_change changes[PBFT_REPLICAS_MAX];
    struct plan plan;
    struct claim *proposals; /* one for each planned sequence; owned */
};

void new_view_body(const struct view_change *changes, unsigned count, const struct claim *proposals,
                   unsigned proposal_count, struct buf *out);
/* A quorum of VIEW-CHANGEs for this view from distinct replicas, in order of replica, and proposals
 * by its primary that are exactly the plan. known: what of each replica was verified before (elements may be
 * NULL), or NULL. */
enum err new_view_parse(const struct view_rules *rules, struct bytes message, bool verify, struct blob *const *known,
                        struct new_view *out) MUST_CHECK;
/* Of one that was parsed before under these rules. */
void new_view_reread(const struct view_rules *rules, struct bytes message, struct new_view *out);
void new_view_fini(struct new_view *nv);

/* Most of a NEW-VIEW is VIEW-CHANGEs that its receivers were sent already (TOCS 2002 section 3.2.4 has digests in their
 * place, too). A short one says [replica, digest that its VIEW-CHANGE signs] instead of some of them; its signature is
 * that of the whole, which tells two VIEW-CHANGEs of one body apart. has: of which replicas the receiver is thought to
 * have the VIEW-CHANGE. One holding is the caller's. */
struct blob *new_view_shorten(const struct view_rules *rules, const struct new_view *nv, const bool *has);
/* Appends the whole body to out, which is the caller's also on errors. known: VIEW-CHANGE of each replica, or NULL.
 * ERR_MISSING: one is not there; ERR_MISMATCH: another one is; ERR_LIMIT: too long; or those of a CBOR reader. */
enum err new_view_expand(const struct view_rules *rules, struct bytes body, struct blob *const *known,
                         struct buf *out) MUST_CHECK;

#endif
