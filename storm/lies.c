#include "replica/messages.h"
#include "storm/lies.h"

#include <string.h>

#include "transfer/messages.h"

bool lie_open(const struct world *w, struct bytes message, struct claim *claim, struct bytes *beside)
{
    enum message_type type = message.len > 1 ? (enum message_type)message.data[1] : MESSAGE_TYPES_END;
    unsigned items = message.len > 0 ? message.data[0] & 0x1fU : 0;

    *beside = bytes_of(NULL, 0);
    if (!pbft_owns(message) || statement_subject(type) == NULL || items < 2 || items > 3)
        return false;
    const struct members *members = &epoch_of_message(w, message)->members;
    return message_parse(members, message, type, claim, items == 3 ? beside : NULL) == ERR_OK;
}

static struct blob *signed_as(const struct machine *m, const struct members *members, const struct statement *says,
                              struct bytes beside)
{
    struct claim claim;

    statement_sign(members, (unsigned)machine_epoch(m)->number_of[m->replica], machine_key(m), says, &claim);
    return message_make(members, &claim, beside);
}

struct blob *lie_statement(const struct machine *m, const struct statement *says, struct bytes beside)
{
    return signed_as(m, &machine_epoch(m)->members, says, beside);
}

struct blob *lie_batch(const struct machine *m, const struct claim *claim, struct bytes batch, uint64_t v)
{
    struct bytes *requests = mem_array(PBFT_BATCH_MAX, sizeof requests[0]);
    struct buf changed = {0}, out = {0};
    struct statement says = claim->says;
    unsigned count = 0;

    if (batch_decode(batch, requests, &count) != ERR_OK)
        count = 0;
    if (count > 0 && requests[0].len > 8) {
        /* Another operation, or now and then a timestamp whose time is not. */
        size_t at = v >> 62 == 1 ? 4 : 8 + v % (requests[0].len - 8);
        buf_add(&changed, requests[0].data, requests[0].len);
        changed.data[at] ^= 1;
        requests[0] = bytes_of_buf(&changed);
    }
    if (v >> 62 == 0)
        count = 0; /* a null batch that nobody asked for */
    else if (v >> 62 == 2 && count > 0 && count < PBFT_BATCH_MAX)
        requests[count++] = requests[0]; /* twice in one batch */
    batch_encode(requests, count, &out);
    says.digest = digest_of(bytes_of_buf(&out));
    struct blob *blob = lie_statement(m, &says, bytes_of_buf(&out));
    buf_free(&changed);
    buf_free(&out);
    mem_free(requests);
    return blob;
}

struct blob *lie_new_view(const struct machine *m, struct bytes message, uint64_t v)
{
    const struct epoch *e = machine_epoch(m);
    struct view_rules rules = {&e->members, m->world->plan.window, e->base, e->base_id, NULL};
    struct new_view nv;
    struct buf body = {0};

    if (new_view_parse(&rules, message, false, NULL, &nv) != ERR_OK)
        return NULL;
    if (v % 5 > 2) {
        struct blob *blob = lie_changes(m, &nv, v % 5 == 3);
        new_view_fini(&nv);
        return blob;
    }
    unsigned count = (unsigned)(nv.plan.max_s - nv.plan.min_s), votes = nv.count;
    struct claim *proposals = mem_array(count + 1, sizeof proposals[0]);
    for (unsigned i = 0; i < count; i++)
        proposals[i] = nv.proposals[i];
    if (count > 0 && v % 5 == 0) {
        struct statement says = proposals[v % count].says;
        says.digest = batch_null_digest();
        statement_sign(&e->members, nv.claim.signer, machine_key(m), &says, &proposals[v % count]);
    } else if (count > 0 && v % 5 == 1) {
        count--;
    } else {
        votes--;
    }
    new_view_body(nv.changes, votes, proposals, count, &body);
    struct statement says = nv.claim.says;
    says.digest = digest_of(bytes_of_buf(&body));
    struct blob *blob = lie_statement(m, &says, bytes_of_buf(&body));
    buf_free(&body);
    mem_free(proposals);
    new_view_fini(&nv);
    return blob;
}

struct blob *lie_role(const struct machine *m, const struct claim *claim)
{
    static const uint8_t NULL_BATCH = 0x80;
    struct statement says = claim->says;
    struct buf beside = {0};

    if (says.type == MESSAGE_PREPARE) {
        says.type = MESSAGE_PRE_PREPARE;
        says.digest = batch_null_digest();
        return lie_statement(m, &says, bytes_of(&NULL_BATCH, 1));
    }
    says.type = MESSAGE_PREPARE;
    claim_encode(&machine_epoch(m)->members, claim, &beside);
    struct blob *blob = lie_statement(m, &says, bytes_of_buf(&beside));
    buf_free(&beside);
    return blob;
}

struct blob *lie_foreign(const struct machine *m, const struct claim *claim, struct bytes beside, uint64_t v)
{
    struct members *foreign = mem_alloc(sizeof *foreign);

    *foreign = machine_epoch(m)->members;
    if (v % 2 == 0)
        foreign->membership_epoch += 1 + v % 3;
    else
        foreign->federation_id.b[v % DIGEST_SIZE] ^= 1;
    struct blob *blob = signed_as(m, foreign, &claim->says, beside);
    mem_free(foreign);
    return blob;
}

struct blob *lie_flipped(struct bytes message, uint64_t v)
{
    struct blob *blob = blob_new(message);

    if (blob->len > 0)
        blob->data[v % blob->len] ^= (uint8_t)(1 + (v >> 32) % 255);
    return blob;
}

struct blob *lie_blocks(struct bytes message, uint64_t v)
{
    struct replica_wire m;

    if (replica_message_decode(message, &m) != ERR_OK || m.type == REPLICA_FETCH)
        return blob_new(message);
    uint64_t height = m.height + (v % 8 == 0 ? 1 + (v >> 8) % 100 : 0);
    if (m.type == REPLICA_STATUS)
        return replica_message_status(height);
    if (v % 8 == 1)
        return lie_flipped(message, v >> 8);
    if (m.count == 0 || v % 8 == 2)
        return replica_message_blocks(height, m.blocks, 0);
    struct bytes *bad = &m.blocks[(v >> 16) % m.count];
    struct blob *changed = lie_flipped(*bad, v >> 8);
    *bad = blob_bytes(changed);
    struct blob *blob = replica_message_blocks(height, m.blocks, m.count);
    blob_drop(changed);
    return blob;
}

static struct blob *lie_offer(const struct transfer_wire *m, uint64_t v)
{
    struct buf hashes = {0};
    uint64_t height = m->height;

    buf_add(&hashes, m->hashes.data, m->hashes.len);
    if (v % 4 == 0)
        hashes.data[(v >> 8) % hashes.len] ^= 1;
    else if (v % 4 == 1)
        height += 1 + (v >> 8) % 64; /* with a certificate of an earlier one */
    else if (v % 4 == 2)
        buf_add(&hashes, m->hashes.data, DIGEST_SIZE);
    for (unsigned i = 0; v % 4 == 3 && i < 2 * TRANSFER_CHUNKS_MAX; i++)
        buf_add(&hashes, m->hashes.data, DIGEST_SIZE);
    struct blob *blob = transfer_offer(height, m->proof, bytes_of_buf(&hashes));
    buf_free(&hashes);
    return blob;
}

struct blob *lie_transfer(struct bytes message, uint64_t v)
{
    struct transfer_wire m;
    struct buf chunk = {0};
    struct blob *blob;

    if (transfer_decode(message, &m) != ERR_OK || m.type == TRANSFER_ASK || m.type == TRANSFER_GET)
        return blob_new(message);
    if (m.type == TRANSFER_OFFER)
        return v % 3 > 0 ? blob_new(message) : lie_offer(&m, v / 3); /* mostly right: to be asked for chunks */
    buf_add(&chunk, m.chunk.data, m.chunk.len);
    chunk.data[(v >> 8) % chunk.len] ^= 1;
    blob = transfer_chunk(m.height, v % 4 == 0 ? m.index + (v >> 8) % TRANSFER_CHUNKS_MAX : m.index,
                          bytes_of(chunk.data, v % 4 == 1 ? chunk.len / 2 : chunk.len));
    buf_free(&chunk);
    return blob;
}
