#include "sim/liar.h"

#include "fed/messages.h"

enum { PPM = 1000000, CLAIMED_COST = 7, CLAIMED_DELTA_PPM = 900000 };

void liar_costs(enum lie lie, uint64_t *costs, unsigned count)
{
    uint64_t low = UINT64_MAX, high = 0;

    if (lie != LIE_INVERTED_SCORES)
        return;
    for (unsigned i = 0; i < count; i++) {
        low = costs[i] < low ? costs[i] : low;
        high = costs[i] > high ? costs[i] : high;
    }
    for (unsigned i = 0; i < count; i++)
        costs[i] = high - (costs[i] - low);
}

void liar_claims(enum lie lie, struct cycle_result *result)
{
    if (lie != LIE_INFLATED_CLAIMS)
        return;
    for (unsigned i = 0; i < result->count; i++)
        result->best[i].cost = CLAIMED_COST + i;
    result->delta_ppm = CLAIMED_DELTA_PPM;
}

bool liar_withholds(enum lie lie, struct bytes message)
{
    return lie == LIE_MUTE && pbft_owns(message);
}

/* The same UPDATE, but for a delta that differs by one millionth. */
static struct blob *forge(const struct secret_key *key, struct envelope *e)
{
    struct buf body = {0}, envelope = {0};
    struct blob *message = NULL;
    struct update_body update;

    if (update_body_decode(e->body, &update) == ERR_OK) {
        update.delta_ppm += update.delta_ppm < PPM / 2 ? 1 : -1;
        update_body_encode(&update, &body);
        e->body = bytes_of_buf(&body);
        envelope_sign(key, e, &envelope);
        message = message_entry(bytes_of_buf(&envelope));
    }
    buf_free(&envelope);
    buf_free(&body);
    return message;
}

struct blob *liar_double(enum lie lie, const struct secret_key *key, struct bytes message)
{
    struct cose_sign1 cose;
    struct message m;
    struct envelope e;

    if (lie != LIE_DOUBLE_SIGN || message_decode(message, &m) != ERR_OK || m.type != FED_ENTRY)
        return NULL;
    if (envelope_parse(m.entry, &e, &cose) != ERR_OK || e.kind != ENTRY_UPDATE ||
        !digest_equal(&e.node_fingerprint, &key->fingerprint))
        return NULL;
    return forge(key, &e);
}
