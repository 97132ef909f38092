#include "state/membership.h"
#include "base/mutate.h"
#include "state/recount.h"

#include <string.h>

#include "state/execute.h"

/* ---- what the membership alone says */

static enum err check_update(const struct federation_state *s, struct bytes body)
{
    struct update_body b;
    struct genome genome;
    enum err err = update_body_decode(body, &b);
    if (err != ERR_OK)
        return err;
    if (b.count > s->policy.migrants)
        return ERR_LIMIT;
    for (unsigned i = 0; i < b.count; i++) {
        err = genome_decode(&s->schema, b.genomes[i], &genome);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

static enum err check_evidence(const struct federation_state *s, const struct envelope *e)
{
    struct evidence_body b;
    unsigned culprit;
    enum err err = evidence_body_decode(e, &b);
    return err != ERR_OK ? err : evidence_culprit(s, &b, &culprit);
}

static enum err check_body(const struct federation_state *s, const struct envelope *e)
{
    union {
        struct score_body score;
        struct close_body close;
        struct reconcile_body reconcile;
        struct recount_body recount;
        uint64_t to_epoch;
    } b;
    struct change change;
    uint64_t until;
    switch (e->kind) {
    case ENTRY_UPDATE:
        return check_update(s, e->body);
    case ENTRY_SCORE:
        return score_body_decode(e->body, &b.score);
    case ENTRY_CLOSE:
        return close_body_decode(e->body, &b.close);
    case ENTRY_ROLLBACK:
        return rollback_body_decode(e->body, &b.to_epoch);
    case ENTRY_EVIDENCE:
        return check_evidence(s, e);
    case ENTRY_RECONCILE:
        return reconcile_body_decode(e->body, &b.reconcile);
    case ENTRY_LEAVE:
        return leave_body_decode(e->body);
    case ENTRY_RECONFIGURE:
        return change_body_decode(e->body, &s->federation_id, &change, &until);
    case ENTRY_RECOUNT:
        return recount_body_decode(e->body, &b.recount);
    case ENTRY_KIND_COUNT:
        break;
    }
    return ERR_UNKNOWN;
}

enum err entry_check(const struct federation_state *s, struct bytes entry, struct judgement *out)
{
    struct judgement j = {0};
    struct cose_sign1 cose;
    enum err err = envelope_parse(entry, &j.envelope, &cose);
    if (err != ERR_OK)
        return err;
    if (!digest_equal(&j.envelope.federation_id, &s->federation_id))
        return ERR_MISMATCH;
    int member = state_find(s, &j.envelope.node_fingerprint);
    if (member < 0)
        return ERR_UNKNOWN;
    j.member = (unsigned)member;
    err = cose_verify_cached(&cose, &s->members[member].card.key, s->verify_cache);
    if (err != ERR_OK)
        return err;
    if (digest_is_zero(&j.envelope.ledger_block_id))
        return ERR_MISSING;
    err = check_body(s, &j.envelope);
    if (err == ERR_OK)
        *out = j;
    return err;
}

/* ---- what the state says */

static bool contributes(const struct member *m)
{
    return m->status == MEMBER_ACTIVE || m->status == MEMBER_ABSENT;
}

/* ERR_AGAIN for an epoch to come, ERR_STALE for one that is over. */
static enum err judge_epoch(const struct federation_state *s, const struct envelope *e)
{
    if (e->federated_epoch > s->epoch)
        return ERR_AGAIN;
    return e->federated_epoch < s->epoch ? ERR_STALE : ERR_OK;
}

/* One UPDATE of each member in an epoch; what was made for an earlier one counts with its staleness. An UPDATE
 * that missed COLLECT waits for the next one. */
static enum err judge_update(const struct federation_state *s, struct judgement *j)
{
    const struct envelope *e = &j->envelope;
    if (!contributes(&s->members[j->member]))
        return ERR_STATE;
    if (e->federated_epoch > s->epoch)
        return ERR_AGAIN;
    if (s->contributions[j->member].updated)
        return ERR_DUPLICATE;
    if (s->phase != PHASE_COLLECT)
        return ERR_AGAIN;
    j->too_late = s->epoch - e->federated_epoch > s->policy.max_ledger_drift;
    return j->too_late ? ERR_STALE : ERR_OK;
}

static enum err judge_score(const struct federation_state *s, const struct judgement *j)
{
    struct score_body b;
    if (!contributes(&s->members[j->member]))
        return ERR_STATE;
    enum err err = judge_epoch(s, &j->envelope);
    if (err != ERR_OK)
        return err;
    if (s->phase != PHASE_SCORE)
        return s->phase == PHASE_COLLECT ? ERR_AGAIN : ERR_STALE;
    if (s->contributions[j->member].scored)
        return ERR_DUPLICATE;
    err = score_body_decode(j->envelope.body, &b);
    if (err != ERR_OK)
        return err;
    struct digest candidates = align_digest(s->candidates, s->candidate_count);
    return b.count == s->candidate_count && digest_equal(&b.candidates, &candidates) ? ERR_OK : ERR_MISMATCH;
}

/* Whether a CLOSE is early is no question of the state: validators ask their clocks before they vote. */
static enum err judge_close(const struct federation_state *s, const struct judgement *j)
{
    struct close_body b;
    enum err err = judge_epoch(s, &j->envelope);
    if (err != ERR_OK)
        return err;
    err = close_body_decode(j->envelope.body, &b);
    if (err != ERR_OK)
        return err;
    if (b.phase != s->phase)
        return b.phase < s->phase ? ERR_STALE : ERR_AGAIN;
    if (b.attempt != s->attempt)
        return b.attempt < s->attempt ? ERR_STALE : ERR_AGAIN;
    return s->closing ? ERR_DUPLICATE : ERR_OK;
}

static enum err judge_rollback(const struct federation_state *s, const struct judgement *j)
{
    uint64_t to_epoch;
    enum err err = judge_epoch(s, &j->envelope);
    if (err != ERR_OK)
        return err;
    if (s->phase != PHASE_ROLLBACK)
        return ERR_AGAIN;
    err = rollback_body_decode(j->envelope.body, &to_epoch);
    if (err != ERR_OK)
        return err;
    if (to_epoch != s->rollback_epoch)
        return ERR_MISMATCH;
    return s->restoring ? ERR_DUPLICATE : ERR_OK;
}

static enum err judge_evidence(const struct federation_state *s, const struct judgement *j)
{
    struct evidence_body b;
    unsigned culprit;
    enum err err = evidence_body_decode(&j->envelope, &b);
    if (err == ERR_OK)
        err = evidence_culprit(s, &b, &culprit);
    if (err != ERR_OK)
        return err;
    return s->members[culprit].status == MEMBER_CONVICTED ? ERR_DUPLICATE : ERR_OK;
}

static enum err judge_reconcile(const struct federation_state *s, const struct judgement *j)
{
    struct reconcile_body b;
    enum member_status status = s->members[j->member].status;
    if (status != MEMBER_QUARANTINED && status != MEMBER_ABSENT)
        return ERR_STATE;
    enum err err = reconcile_body_decode(j->envelope.body, &b);
    if (err != ERR_OK)
        return err;
    if (b.height > s->height || state_sits_out(s, j->member))
        return ERR_AGAIN;
    if (s->height - b.height > s->recent_count)
        return ERR_STALE;
    return state_knows_block(s, b.height, &b.block_id) ? ERR_OK : ERR_MISMATCH;
}

static enum err judge_kind(const struct federation_state *s, struct judgement *j)
{
    bool validator = s->members[j->member].votes;
    switch (j->envelope.kind) {
    case ENTRY_UPDATE:
        return judge_update(s, j);
    case ENTRY_SCORE:
        return judge_score(s, j);
    case ENTRY_CLOSE:
        return validator ? judge_close(s, j) : ERR_STATE;
    case ENTRY_ROLLBACK:
        return validator ? judge_rollback(s, j) : ERR_STATE;
    case ENTRY_EVIDENCE:
        return judge_evidence(s, j);
    case ENTRY_RECONCILE:
        return judge_reconcile(s, j);
    case ENTRY_LEAVE:
        return validator ? ERR_STATE : ERR_OK;
    case ENTRY_RECONFIGURE:
        return validator ? membership_judge(s, j) : ERR_STATE;
    case ENTRY_RECOUNT:
        return validator ? recount_judge(s, j) : ERR_STATE;
    case ENTRY_KIND_COUNT:
        break;
    }
    return ERR_UNKNOWN;
}

/* ledger_block_id names the block that the sender built on: the newest one that it had, or the one that its work began
 * at. Which of those that are remembered it is, is not judged: who is late, or sends again, names an older one. An id
 * that is not among them is of no block, of one that is too old, or of one that the sender has before us. */
static enum err judge_block(const struct federation_state *s, const struct envelope *e)
{
    return state_remembers_block(s, &e->ledger_block_id) ? ERR_OK : ERR_AGAIN;
}

enum err entry_judge(const struct federation_state *s, struct judgement *j)
{
    const struct member *m = &s->members[j->member];
    if (m->status == MEMBER_CONVICTED || m->status == MEMBER_LEFT)
        return ERR_STATE;
    if (MUTATE(STATE_NO_SEQUENCE_CHECK, false, j->envelope.sequence <= m->sequence))
        return ERR_DUPLICATE;
    enum err err = judge_kind(s, j);

    return err == ERR_OK ? judge_block(s, &j->envelope) : err;
}

/* ---- public */

enum err state_check_entry(const struct federation_state *s, struct bytes entry)
{
    struct judgement j;
    return entry_check(s, entry, &j);
}

enum err state_admit(const struct federation_state *s, struct bytes entry, struct envelope *envelope, unsigned *member)
{
    struct judgement j;
    enum err err = entry_check(s, entry, &j);
    if (err == ERR_OK)
        err = entry_judge(s, &j);
    if (err == ERR_OK) {
        *envelope = j.envelope;
        *member = j.member;
    }
    return err;
}
