#ifndef PRISMFED_STATE_KIND_H
#define PRISMFED_STATE_KIND_H

#include "codec/cbor.h"
#include "state/execute.h"

/* A kind of entry is one file, entry_NAME.c, with its body's format (state/body.h) and its struct kind, and one row of
 * the table in kind.c. Shared by the files of this folder. */

enum kind_signer { SIGNED_BY_ANYBODY, SIGNED_BY_VALIDATORS, SIGNED_BY_PARTICIPANTS };

struct kind {
    enum kind_signer signer;
    bool waits; /* while the federation is halted (state/action_halt.c) */
    /* Strictly. Of the state (the context) only what genesis fixes. NULL body: nothing is kept of it. */
    entry_decoder *decode;
    /* What the membership says beyond that; NULL: nothing. */
    enum err (*check)(const struct federation_state *s, struct entry *e);
    /* What the state says, of an entry that is checked and whose signer's standing is right. */
    enum err (*judge)(const struct federation_state *s, struct entry *e);
    /* What it does in the block above s, when it was judged ERR_OK on s. */
    void (*apply)(struct federation_state *s, const struct entry *e);
    /* What it does although it was judged otherwise; NULL: nothing. */
    void (*refuse)(struct federation_state *s, const struct entry *e, enum err verdict);
};

const struct kind *kind_of(const struct entry *e);

/* Does the signer take part in epochs? */
bool kind_contributes(const struct federation_state *s, const struct entry *e);
/* ERR_AGAIN for an epoch to come, ERR_STALE for one that is over. */
enum err kind_judge_epoch(const struct federation_state *s, const struct entry *e) MUST_CHECK;
/* Of a body: a number and its sign within BODY_NUMBER_MAX, a digest. */
uint64_t kind_get_number(struct cbor_reader *r);
int64_t kind_get_delta(struct cbor_reader *r);
/* A body of this size and with these bytes, as entry_decoder returns it. */
void *kind_keep(const void *body, size_t size);

extern const struct kind kind_update, kind_score, kind_close, kind_rollback, kind_evidence, kind_reconcile, kind_leave,
    kind_reconfigure, kind_recount, kind_sign_off;

#endif
