#include "state/judge.h"

#include <string.h>

#include "base/mutate.h"
#include "state/kind.h"

/* Is an entry admissible? First what the membership alone says, then what the state says. What can be told from the
 * entry's bytes is asked of the entry, which answers from memory (ledger/entry.h). */

/* Who signed it: mostly the one that the state before found. */
static bool find_signer(const struct federation_state *s, struct entry *e)
{
    const struct digest *fingerprint = &e->envelope.node_fingerprint;

    if (e->member < s->member_count && digest_equal(&s->members[e->member].fingerprint, fingerprint))
        return true;
    int member = state_find(s, fingerprint);
    if (member >= 0)
        entry_set_member(e, (unsigned)member);
    return member >= 0;
}

enum err entry_check(const struct federation_state *s, struct entry *e)
{
    if (e->syntax != ERR_OK)
        return e->syntax;
    if (!digest_equal(&e->envelope.federation_id, &s->federation_id))
        return ERR_MISMATCH;
    if (!find_signer(s, e))
        return ERR_UNKNOWN;
    enum err err = entry_verify(e, &s->members[e->member].card.key, NULL);
    if (err != ERR_OK)
        return err;
    if (digest_is_zero(&e->envelope.ledger_block_id))
        return ERR_MISSING;
    const struct kind *kind = kind_of(e);
    err = entry_decode(e, kind->decode, s);
    return err == ERR_OK && kind->check != NULL ? kind->check(s, e) : err;
}

/* ledger_block_id names the block that the sender built on: the newest one that it had, or the one that its work began
 * at. Which of those that are remembered it is, is not judged: who is late, or sends again, names an older one. An id
 * that is not among them is of no block, of one that is too old, or of one that the sender has before us. */
static enum err judge_block(const struct federation_state *s, const struct envelope *e)
{
    return state_remembers_block(s, &e->ledger_block_id) ? ERR_OK : ERR_AGAIN;
}

static bool may_sign(const struct member *m, enum kind_signer signer)
{
    return signer == SIGNED_BY_ANYBODY || m->votes == (signer == SIGNED_BY_VALIDATORS);
}

enum err entry_judge(const struct federation_state *s, struct entry *e)
{
    enum err err = entry_check(s, e);
    if (err != ERR_OK)
        return err;
    const struct member *m = &s->members[e->member];
    if (m->status == MEMBER_CONVICTED || m->status == MEMBER_LEFT)
        return ERR_STATE;
    if (MUTATE(STATE_NO_SEQUENCE_CHECK, false, e->envelope.sequence <= m->sequence))
        return ERR_DUPLICATE;
    const struct kind *kind = kind_of(e);
    if (!may_sign(m, kind->signer))
        return ERR_STATE;
    err = kind->judge(s, e);

    return err == ERR_OK ? judge_block(s, &e->envelope) : err;
}
