#include "state/signers.h"

#include "base/mutate.h"

/* Keys and standing belong to a time: an anchor is judged by those of the epoch that it closes
 * (docs/rfc/M5-federation.md section 5), whatever became of its signer later. */

static void add(struct signers *out, const struct member *m)
{
    if (out->count == out->cap) {
        out->cap = out->cap == 0 ? 16 : 2 * out->cap;
        out->items = mem_resize(out->items, out->cap, sizeof out->items[0]);
    }
    out->items[out->count++] = (struct signer){m->fingerprint, m->card.key};
}

static bool in_standing(const struct member *m)
{
    return MUTATE(STATE_ANY_MEMBER_SIGNS, true, m->status == MEMBER_ACTIVE || m->status == MEMBER_ABSENT);
}

void signers_of(const struct federation_state *s, struct signers *out)
{
    out->count = 0;
    for (unsigned i = 0; i < s->member_count; i++) {
        if (in_standing(state_member(s, i)))
            add(out, state_member(s, i));
    }
    for (unsigned i = 0, nobody = out->count == 0; nobody && i < s->member_count; i++) {
        if (state_member(s, i)->votes)
            add(out, state_member(s, i));
    }
}

const struct public_key *signers_find(const struct signers *s, const struct digest *fingerprint)
{
    for (unsigned i = 0; i < s->count; i++) {
        if (digest_equal(&s->items[i].fingerprint, fingerprint))
            return &s->items[i].key;
    }
    return NULL;
}

void signers_free(struct signers *s)
{
    mem_free(s->items);
    *s = (struct signers){0};
}

struct end_statement state_end(const struct federation_state *s)
{
    return (struct end_statement){
        .federation_id = s->federation_id,
        .membership_epoch = s->membership_epoch,
        .epoch = s->epoch,
        .height = s->height,
        .block_id = s->block_id,
        .log_size = s->log.size,
        .log_root = merkle_frontier_root(&s->log),
        .state_root = state_root(s),
    };
}
