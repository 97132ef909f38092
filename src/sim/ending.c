#include "sim/results.h"

#include "state/membership.h"
#include "state/signers.h"

/* The record is closed: each validator that is up says whether the last epoch that has ended for it is the one that is
 * told last, and signs the end (ledger/end.h) if so. It looks at its own ledger and at nothing else. */

static bool has_block(const struct sim_node *n, uint64_t height, const struct digest *id)
{
    struct block block;
    bool same;

    if (height == 0)
        return true; /* genesis, by which it is a member */
    if (ledger_store_block(&n->disk.ledger, height, &block) != ERR_OK)
        return false;
    struct digest own = block_id(&block.header);
    same = digest_equal(&own, id);
    block_fini(&block);
    return same;
}

/* Is this the end for the node, too? What has ended after the epochs that were to be run is not asked about. */
static bool agrees(const struct results *t, const struct sim_node *n, const struct end_statement *end)
{
    uint64_t epoch;

    if (!n->up || n->lie == LIE_MUTE)
        return false;
    epoch = fed_state(n->fed)->epoch;
    if (epoch > t->r->last_epoch + 1)
        epoch = t->r->last_epoch + 1;
    return epoch == end->epoch && has_block(n, end->height, &end->block_id);
}

static const struct secret_key *voting_key(const struct sim_node *n, const struct voters *voters)
{
    if (voters_find(voters, &n->key.fingerprint) >= 0)
        return &n->key;
    return voters_find(voters, &n->next_key.fingerprint) >= 0 ? &n->next_key : NULL;
}

/* After the epoch's last block each validator of the next one signs where the log is, if it has that block. */
bool results_checkpoint(const struct results *t, struct buf *out)
{
    const struct anchor_statement *anchor = &t->epoch.log->anchor;
    struct checkpoint_signer *signers = mem_array(t->r->count, sizeof signers[0]);
    struct checkpoint c = {.size = anchor->log_size, .root = anchor->log_root};
    struct voter_set set;
    struct buf origin = {0};
    unsigned count = 0;

    state_voter_set(&t->history.state, &set);
    struct voters voters = voter_set_voters(&set);
    checkpoint_origin(&anchor->federation_id, &origin);
    c.origin = bytes_of_buf(&origin);
    for (unsigned i = 0; i < t->r->count; i++) {
        const struct sim_node *n = &t->r->nodes[i];
        const struct secret_key *key = voting_key(n, &voters);

        if (key != NULL && n->up && n->lie != LIE_MUTE && has_block(n, anchor->height, &anchor->block_id))
            checkpoint_signer_make(key, &c, &signers[count++]);
    }
    if (count > 0)
        checkpoint_assemble(&c, signers, count, out);
    for (unsigned i = 0; i < count; i++)
        checkpoint_signer_fini(&signers[i]);
    mem_free(signers);
    buf_free(&origin);
    return count > 0;
}

unsigned results_vouches(const struct results *t, struct record_vouch *out)
{
    struct end_statement end = state_end(&t->history.state);
    struct voter_set set;
    unsigned count = 0;

    state_voter_set(&t->history.state, &set);
    struct voters voters = voter_set_voters(&set);
    for (unsigned i = 0; i < t->r->count; i++) {
        const struct sim_node *n = &t->r->nodes[i];
        const struct secret_key *key = voting_key(n, &voters);

        if (key == NULL || !agrees(t, n, &end))
            continue;
        out[count] = (struct record_vouch){.kid = key->fingerprint, .name = n->name};
        end_sign(key, &end, &out[count++].signature);
    }
    return count;
}
