#include "sim/equivocate.h"

#include "pbft/batch.h"
#include "pbft/messages.h"
#include "pbft/pbft.h"

static void members_of(const struct federation_state *s, struct members *out)
{
    struct voters voters;

    *out = (struct members){
        .federation_id = s->federation_id,
        .membership_epoch = s->membership_epoch,
        .n = s->validator_count,
        .f = s->max_byzantine,
        .quorum = s->quorum,
    };
    state_voters(s, out->keys, out->fingerprints, &voters);
}

/* What a message says, and the batch beside it; false for what is not signed or not of this membership epoch. */
static bool open_message(const struct members *members, struct bytes message, struct claim *claim, struct bytes *beside)
{
    enum message_type type = message.len > 1 ? (enum message_type)message.data[1] : MESSAGE_TYPES_END;
    unsigned items = message.len > 0 ? message.data[0] & 0x1fU : 0;
    uint64_t epoch;

    *beside = bytes_of(NULL, 0);
    return pbft_owns(message) && pbft_membership_epoch(message, &epoch) && epoch == members->membership_epoch &&
           statement_subject(type) != NULL && (items == 2 || items == 3) &&
           message_parse(members, message, type, claim, items == 3 ? beside : NULL) == ERR_OK;
}

static struct blob *signed_as(const struct members *members, const struct secret_key *key, const struct claim *claim,
                              const struct statement *says, struct bytes beside)
{
    struct claim other;

    statement_sign(members, claim->signer, key, says, &other);
    return message_make(members, &other, beside);
}

static struct blob *other_batch(const struct members *members, const struct secret_key *key, const struct claim *claim,
                                struct bytes batch)
{
    struct bytes *requests = mem_array(PBFT_BATCH_MAX, sizeof requests[0]);
    struct statement says = claim->says;
    struct blob *out = NULL;
    struct buf turned = {0};
    unsigned count = 0;

    if (batch_decode(batch, requests, &count) == ERR_OK && count > 0) {
        for (unsigned i = 0; i < count / 2; i++) {
            struct bytes kept = requests[i];

            requests[i] = requests[count - 1 - i];
            requests[count - 1 - i] = kept;
        }
        batch_encode(requests, count > 1 ? count : 0, &turned);
        says.digest = digest_of(bytes_of_buf(&turned));
        out = signed_as(members, key, claim, &says, bytes_of_buf(&turned));
    }
    buf_free(&turned);
    mem_free(requests);
    return out;
}

struct blob *equivocate(const struct federation_state *s, const struct secret_key *key, unsigned to,
                        struct bytes message)
{
    struct members *members = mem_alloc(sizeof *members);
    struct blob *out = NULL;
    struct claim claim;
    struct bytes beside;

    members_of(s, members);
    if (!open_message(members, message, &claim, &beside) || (to + claim.says.sequence) % 2 != 0 ||
        !digest_equal(&members->fingerprints[claim.signer], &key->fingerprint))
        goto out;
    struct statement says = claim.says;
    if (says.type == MESSAGE_PRE_PREPARE) {
        out = other_batch(members, key, &claim, beside);
    } else if (says.type == MESSAGE_PREPARE || says.type == MESSAGE_COMMIT || says.type == MESSAGE_CHECKPOINT) {
        says.digest.b[0] ^= 0x40;
        out = signed_as(members, key, &claim, &says, beside);
    }
out:
    mem_free(members);
    return out;
}
