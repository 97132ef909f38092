#include "cluster_parts.h"

#include "pbft/view_change_format.h"

#include <string.h>

/* Messages as a liar would make them. */

/* What a message says first, and by whom; false for those that are not signed. */
bool cluster_first_claim(const struct cluster *c, struct bytes message, struct claim *out)
{
    enum message_type type = (enum message_type)message.data[1];
    struct cbor_reader r;

    if (statement_subject(type) == NULL)
        return false;
    cbor_reader_init(&r, message);
    (void)cbor_get_array(&r);
    (void)cbor_get_uint(&r);
    return claim_parse(&c->members, cbor_get_raw(&r), type, out) == ERR_OK;
}

static void resign(struct cluster *c, unsigned signer, struct claim *claim, const struct digest *digest)
{
    *claim = cluster_claim(c, signer, claim->says.type, claim->says.view, claim->says.sequence, digest);
}

static struct blob *pack(struct cluster *c, const struct claim *claim, struct bytes extra)
{
    struct buf cose = {0}, out = {0};
    struct cbor_writer w;

    claim_encode(&c->members, claim, &cose);
    cbor_writer_init(&w, &out);
    cbor_put_array(&w, extra.len > 0 ? 3 : 2);
    cbor_put_uint(&w, claim->says.type);
    cbor_put_raw(&w, bytes_of_buf(&cose));
    if (extra.len > 0)
        cbor_put_raw(&w, extra);
    cbor_writer_done(&w);
    struct blob *blob = blob_new(bytes_of_buf(&out));
    buf_free(&cose);
    buf_free(&out);
    return blob;
}

struct claim cluster_claim(struct cluster *c, unsigned signer, enum message_type type, uint64_t view, uint64_t sequence,
                           const struct digest *digest)
{
    struct statement says = {type, view, sequence, *digest};
    struct claim claim;

    statement_sign(&c->members, signer, &c->keys[signer], &says, &claim);
    return claim;
}

struct blob *cluster_pre_prepare(struct cluster *c, uint64_t view, uint64_t sequence, const char *request)
{
    struct bytes requests = bytes_of_text(request);
    struct buf batch = {0};

    batch_encode(&requests, 1, &batch);
    struct digest digest = digest_of(bytes_of_buf(&batch));
    struct claim claim =
        cluster_claim(c, members_primary(&c->members, view), MESSAGE_PRE_PREPARE, view, sequence, &digest);
    struct blob *message = pack(c, &claim, bytes_of_buf(&batch));
    buf_free(&batch);
    return message;
}

/* What a liar sends instead: to half of the others another batch, another vote, an empty VIEW-CHANGE, nothing. */
/* Its VIEW-CHANGE without P: it would rather not have prepared anything. */
static struct blob *without_proofs(struct cluster *c, struct bytes message)
{
    struct view_rules rules = {&c->members, c->config.window, 0, {{0}}, NULL};
    struct view_change vc;
    struct buf body = {0};

    if (view_change_parse(&rules, message, false, &vc) != ERR_OK)
        return NULL;
    view_change_body(vc.claim.says.sequence, &vc.block_id, vc.signatures, NULL, 0, &body);
    struct digest digest = digest_of(bytes_of_buf(&body));
    resign(c, vc.claim.signer, &vc.claim, &digest);
    struct blob *out = pack(c, &vc.claim, bytes_of_buf(&body));
    buf_free(&body);
    return out;
}

struct blob *cluster_tamper(struct cluster *c, unsigned from, unsigned to, struct blob *message)
{
    struct claim claim;

    if (!cluster_first_claim(c, blob_bytes(message), &claim) || (to + claim.says.sequence) % 2 == 0)
        return blob_hold(message);
    struct digest odd = digest_of(bytes_of_text("something else"));
    struct blob *out = NULL;
    switch (claim.says.type) {
    case MESSAGE_PRE_PREPARE:
        out = cluster_pre_prepare(c, claim.says.view, claim.says.sequence, "forged");
        break;
    case MESSAGE_COMMIT:
    case MESSAGE_CHECKPOINT:
        resign(c, from, &claim, &odd);
        out = pack(c, &claim, bytes_of(NULL, 0));
        break;
    case MESSAGE_VIEW_CHANGE:
        out = without_proofs(c, blob_bytes(message));
        break;
    case MESSAGE_STATUS:
    case MESSAGE_PREPARE:
        break;
    default:
        out = blob_hold(message);
    }
    return out;
}
