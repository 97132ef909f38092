#include "state/cohort.h"
#include "state/kind.h"

/* The table of the kinds of entries: what is true of one kind alone stands in the file of its name. */

static const struct kind *const kinds[ENTRY_KIND_COUNT] = {
    [ENTRY_UPDATE] = &kind_update,     [ENTRY_SCORE] = &kind_score,
    [ENTRY_CLOSE] = &kind_close,       [ENTRY_ROLLBACK] = &kind_rollback,
    [ENTRY_EVIDENCE] = &kind_evidence, [ENTRY_RECONCILE] = &kind_reconcile,
    [ENTRY_LEAVE] = &kind_leave,       [ENTRY_RECONFIGURE] = &kind_reconfigure,
    [ENTRY_RECOUNT] = &kind_recount,   [ENTRY_SIGN_OFF] = &kind_sign_off,
};

const struct kind *kind_of(const struct entry *e)
{
    ASSERT((unsigned)e->envelope.kind < ENTRY_KIND_COUNT);
    return kinds[e->envelope.kind];
}

bool kind_contributes(const struct federation_state *s, const struct entry *e)
{
    enum member_status status = state_member(s, e->member)->status;
    return (status == MEMBER_ACTIVE || status == MEMBER_ABSENT) && cohort_has(s, e->member);
}

enum err kind_judge_epoch(const struct federation_state *s, const struct entry *e)
{
    if (e->envelope.federated_epoch > s->epoch)
        return ERR_AGAIN;
    return e->envelope.federated_epoch < s->epoch ? ERR_STALE : ERR_OK;
}

uint64_t kind_get_number(struct cbor_reader *r)
{
    uint64_t v = cbor_get_uint(r);
    if (v > (uint64_t)BODY_NUMBER_MAX)
        cbor_fail(r, ERR_RANGE);
    return v;
}

int64_t kind_get_delta(struct cbor_reader *r)
{
    int64_t v = cbor_get_int(r);
    if (v > BODY_NUMBER_MAX || v < -BODY_NUMBER_MAX)
        cbor_fail(r, ERR_RANGE);
    return v;
}

void *kind_keep(const void *body, size_t size)
{
    void *kept = mem_alloc(size);
    memcpy(kept, body, size);
    return kept;
}
