#include "state/execute.h"

#include <string.h>

#include "base/mutate.h"
#include "state/cohort.h"
#include "state/executed.h"
#include "state/governance.h"
#include "state/kind.h"
#include "state/membership.h"
#include "state/phase.h"

/* ---- what a state says of an entry */

/* Is an entry admissible? First what the membership alone says, then what the state says. What can be told from the
 * entry's bytes is asked of the entry, which answers from memory (ledger/entry.h). */

/* Who signed it: mostly the one that the state before found. */
static bool find_signer(const struct federation_state *s, struct entry *e)
{
    const struct digest *fingerprint = &e->envelope.node_fingerprint;

    if (e->member < s->member_count && MUTATE(STATE_SIGNER_OF_BEFORE, e->verified,
                                              digest_equal(&state_member(s, e->member)->fingerprint, fingerprint)))
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
    enum err err = entry_verify(e, &state_member(s, e->member)->card.key, NULL);
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

/* From the epoch on from which the governors have revoked its key. */
static bool is_revoked(const struct federation_state *s, const struct member *m)
{
    uint64_t from = governance_revoked(s, &m->fingerprint);

    return from > 0 && s->epoch >= from;
}

enum err entry_judge(const struct federation_state *s, struct entry *e)
{
    enum err err = entry_check(s, e);
    if (err != ERR_OK)
        return err;
    const struct member *m = state_member(s, e->member);
    if (m->status == MEMBER_CONVICTED || m->status == MEMBER_LEFT)
        return ERR_STATE;
    if (MUTATE(STATE_NO_SEQUENCE_CHECK, false, e->envelope.sequence <= m->sequence))
        return ERR_DUPLICATE;
    const struct kind *kind = kind_of(e);
    if (!may_sign(m, kind->signer))
        return ERR_STATE;
    if (MUTATE(STATE_REVOKED_MEMBER, false, is_revoked(s, m)))
        return ERR_REVOKED;
    if (MUTATE(STATE_HALT_IGNORED, false, kind->waits && governance_halted(s)))
        return ERR_AGAIN;
    err = kind->judge(s, e);

    return err == ERR_OK ? judge_block(s, &e->envelope) : err;
}

/* ---- blocks */

/* Every entry is judged on the state that the ones before it left. In a block "not yet" is "no": the log does not
 * wait, the sender sends again. */
static enum err entry_execute(struct federation_state *s, struct entry *e)
{
    enum err err = entry_judge(s, e);
    if (err == ERR_OK) {
        state_member_change(s, e->member)->sequence = e->envelope.sequence;
        kind_of(e)->apply(s, e);
    } else if (e->syntax == ERR_OK && kind_of(e)->refuse != NULL) {
        kind_of(e)->refuse(s, e, err);
    }
    return err == ERR_AGAIN ? ERR_STATE : err;
}

static void remember_parent(struct federation_state *s)
{
    if (s->recent_count == BLOCKS_REMEMBERED) {
        memmove(s->recent, s->recent + 1, (BLOCKS_REMEMBERED - 1) * sizeof s->recent[0]);
        s->recent_count--;
    }
    s->recent[s->recent_count++] = s->block_id;
}

/* When an epoch, phase, attempt or halt is another one, whoever waits for an epoch looks at it again. */
struct moment {
    uint64_t epoch, attempt, membership_epoch;
    enum epoch_phase phase;
    bool halted;
};

static struct moment moment_of(const struct federation_state *s)
{
    return (struct moment){s->epoch, s->attempt, s->membership_epoch, s->phase, governance_halted(s)};
}

static bool is_moment(const struct federation_state *s, const struct moment *m)
{
    return s->epoch == m->epoch && s->attempt == m->attempt && s->phase == m->phase &&
           governance_halted(s) == m->halted;
}

/* What was agreed on until the one before it ended. */
static void begin_epoch(struct federation_state *s)
{
    governance_close(s);
    membership_close(s);
    cohort_draw(s);
}

void state_execute(struct federation_state *s, struct entry *const *entries, unsigned count, struct execution *out)
{
    struct moment before = moment_of(s);
    struct merkle_frontier tree = {0};
    struct voter_set voters;
    governance_open(s);
    out->count = count;
    out->verdicts = mem_array(count, sizeof out->verdicts[0]);
    out->leaf_hashes = mem_array(count, sizeof out->leaf_hashes[0]);
    for (unsigned i = 0; i < count; i++) {
        out->leaf_hashes[i] = entries[i]->leaf_hash;
        merkle_frontier_append(&tree, &out->leaf_hashes[i]);
        merkle_frontier_append(&s->log, &out->leaf_hashes[i]);
        out->verdicts[i] = entry_execute(s, entries[i]);
    }
    phase_advance(s, out);
    if (out->epoch_ended)
        begin_epoch(s);
    state_voter_set(s, &voters);
    out->phase_changed = !is_moment(s, &before);
    remember_parent(s);
    out->header = (struct block_header){
        .federation_id = s->federation_id,
        .membership_epoch = before.membership_epoch,
        .height = s->height + 1,
        .federated_epoch = before.epoch,
        .parent_id = s->block_id,
        .entries_root = merkle_frontier_root(&tree), /* over them alone */
        .entry_count = count,
        .log_size = s->log.size,
        .log_root = merkle_frontier_root(&s->log),
        .state_root = MUTATE(LEDGER_HEADER_NO_STATE_ROOT, (struct digest){{0}}, state_root(s)),
        .next_voters = voter_set_digest(&voters),
        .recent_blocks = block_ids_digest(s->recent, s->recent_count),
    };
    s->height++;
    s->block_id = block_id(&out->header);
}

void execution_free(struct execution *e)
{
    mem_free(e->verdicts);
    mem_free(e->leaf_hashes);
    mem_free(e->outcome.updates);
    *e = (struct execution){0};
}

struct executed *state_execute_above(const struct executed *below, struct entry *const *entries, unsigned count,
                                     struct executed_cache *cache)
{
    struct digest name = cache != NULL ? executed_name(below, entries, count) : (struct digest){{0}};
    struct executed *e = executed_find(cache, &name);
    if (e != NULL)
        return e;
    e = mem_alloc(sizeof *e);
    e->holders = 1;
    state_copy(&e->state, &below->state);
    state_execute(&e->state, entries, count, &e->execution);
    executed_remember(cache, &name, e);
    return e;
}

/* ---- blocks of others */

enum err state_check_header(const struct federation_state *s, const struct block_header *h)
{
    if (!digest_equal(&h->federation_id, &s->federation_id) || h->membership_epoch != s->membership_epoch)
        return ERR_MISMATCH;
    if (h->height != s->height + 1)
        return h->height <= s->height ? ERR_STALE : ERR_AGAIN;
    return digest_equal(&h->parent_id, &s->block_id) ? ERR_OK : ERR_MISMATCH;
}

static enum err check_certificate(const struct federation_state *s, const struct block *block)
{
    struct public_key *keys = mem_array(s->validator_count, sizeof keys[0]);
    struct digest *fingerprints = mem_array(s->validator_count, sizeof fingerprints[0]);
    struct voters voters;
    state_voters(s, keys, fingerprints, &voters);
    struct vote expected = {
        .federation_id = s->federation_id,
        .membership_epoch = s->membership_epoch,
        .sequence = block->header.height,
        .block_id = block_id(&block->header),
    };
    enum err err = certificate_verify(block->certificate, &expected, &voters, NULL, NULL, NULL);
    mem_free(keys);
    mem_free(fingerprints);
    return err;
}

enum err state_apply_block(struct federation_state *s, const struct block *block, struct execution *out)
{
    enum err err = state_check_header(s, &block->header);
    if (err == ERR_OK)
        err = check_certificate(s, block);
    if (err != ERR_OK)
        return err;
    struct entry **entries = entries_open(block->entries, block->count);
    err = state_apply_certified(s, block, entries, out);
    entries_drop(entries, block->count);
    return err;
}

enum err state_apply_certified(struct federation_state *s, const struct block *block, struct entry *const *entries,
                               struct execution *out)
{
    struct federation_state next;
    struct execution execution = {0};
    struct digest id = block_id(&block->header);
    state_copy(&next, s);
    state_execute(&next, entries, block->count, &execution);
    if (!digest_equal(&next.block_id, &id)) {
        execution_free(&execution);
        state_free(&next);
        return ERR_MISMATCH;
    }
    state_free(s);
    *s = next;
    *out = execution;
    return ERR_OK;
}
