#include "cluster_parts.h"
#include "pbft/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What a correct replica never does. */

void cluster_fail(struct cluster *c, const char *fmt, ...)
{
    va_list args;

    if (c->failure[0] != '\0')
        return;
    int used = snprintf(c->failure, sizeof c->failure, "at %lld ms: ", (long long)(cluster_now(c) / MS));
    va_start(args, fmt);
    vsnprintf(c->failure + used, sizeof c->failure - (size_t)used, fmt, args);
    va_end(args);
}

static bool contains(struct bytes in, const uint8_t *what, size_t len)
{
    for (size_t i = 0; i + len <= in.len; i++) {
        if (in.data[i] == what[0] && memcmp(in.data + i, what, len) == 0)
            return true;
    }
    return false;
}

static bool is_durable(const struct cluster_node *node, const struct claim *claim)
{
    for (size_t i = node->host.disk.count; i > 0; i--) {
        if (contains(blob_bytes(node->host.disk.records[i - 1].blob), claim->signature, SIGNATURE_SIZE))
            return true;
    }
    return false;
}

void cluster_check_sent(struct cluster *c, const struct cluster_node *node, struct bytes message)
{
    struct claim claim;

    if (node->liar || !cluster_first_claim(c, message, &claim) || claim.says.type > MESSAGE_NEW_VIEW ||
        claim.signer != node->index)
        return;
    uint64_t key = claim.says.sequence * 31 + claim.says.view * 131 + (uint64_t)claim.says.type * 1009 +
                   (uint64_t)claim.signer * 7919;
    if (claim.says.type >= MESSAGE_VIEW_CHANGE)
        key = claim.says.view * 131 + (uint64_t)claim.says.type * 1009 + (uint64_t)claim.signer * 7919;
    for (uint64_t i = key;; i++) {
        struct cluster_seen *seen = &c->seen[i % CLUSTER_SEEN];
        if (!seen->used) {
            *seen = (struct cluster_seen){claim.signer, claim.says, true};
            if (!is_durable(node, &claim))
                cluster_fail(c, "%u sends what is not durable: type %d, sequence %llu", node->index,
                             (int)claim.says.type, (unsigned long long)claim.says.sequence);
            return;
        }
        bool one_for_a_view = claim.says.type >= MESSAGE_VIEW_CHANGE;
        if (seen->signer != claim.signer || seen->says.type != claim.says.type || seen->says.view != claim.says.view ||
            (!one_for_a_view && seen->says.sequence != claim.says.sequence))
            continue;
        if (!digest_equal(&seen->says.digest, &claim.says.digest))
            cluster_fail(c, "%u signs two digests: type %d, view %llu, sequence %llu", node->index,
                         (int)claim.says.type, (unsigned long long)claim.says.view,
                         (unsigned long long)claim.says.sequence);
        return;
    }
}

/* At most one digest is prepared for a view and sequence: replicas persist what they prepared. */
void cluster_check_prepared(struct cluster_node *node, struct bytes record)
{
    struct cluster *c = node->cluster;
    struct record_head head;
    struct cbor_reader r;

    if (node->liar || record_open(record, &head, &r) != ERR_OK || head.kind != RECORD_PROOF)
        return;
    struct proof proof = proof_read(&r, &c->members, false, NULL);
    if (r.err != ERR_OK)
        return;
    struct statement says = {MESSAGE_TYPES_END, proof.view, proof.sequence, proof.digest};
    for (uint64_t i = proof.sequence * 31 + proof.view * 131;; i++) {
        struct cluster_seen *seen = &c->seen[i % CLUSTER_SEEN];
        if (!seen->used) {
            *seen = (struct cluster_seen){c->n, says, true};
            return;
        }
        if (seen->signer != c->n || seen->says.view != says.view || seen->says.sequence != says.sequence)
            continue;
        if (!digest_equal(&seen->says.digest, &says.digest))
            cluster_fail(c, "%u prepares another digest in view %llu at %llu", node->index,
                         (unsigned long long)says.view, (unsigned long long)says.sequence);
        return;
    }
}

void cluster_check_order(struct cluster *c, const struct cluster_node *node)
{
    struct pbft_status status = pbft_status(node->pbft);

    if (status.decided != node->decided || status.executed != node->executed)
        cluster_fail(c, "%u has %llu/%llu, its application %llu/%llu", node->index, (unsigned long long)status.decided,
                     (unsigned long long)status.executed, (unsigned long long)node->decided,
                     (unsigned long long)node->executed);
}

static struct voters voters_of(const struct cluster *c)
{
    return (struct voters){.count = c->n, .quorum = c->quorum, .keys = c->config.keys, .fingerprints = c->fingerprints};
}

void cluster_check_agreement(struct cluster *c, const struct cluster_node *node, uint64_t sequence,
                             const struct digest *id)
{
    if (node->liar)
        return;
    while (c->agreed_count < sequence) {
        if (c->agreed_count == c->agreed_cap) {
            c->agreed_cap = c->agreed_cap == 0 ? 64 : 2 * c->agreed_cap;
            c->agreed = mem_resize(c->agreed, c->agreed_cap, sizeof c->agreed[0]);
        }
        memset(&c->agreed[c->agreed_count++], 0, sizeof c->agreed[0]);
    }
    struct digest *agreed = &c->agreed[sequence - 1];
    if (digest_is_zero(agreed))
        *agreed = *id;
    else if (!digest_equal(agreed, id))
        cluster_fail(c, "%u decides another block at %llu", node->index, (unsigned long long)sequence);
}

void cluster_check_certificate(struct cluster *c, uint64_t sequence, const struct digest *id, struct bytes certificate)
{
    struct voters voters = voters_of(c);
    struct vote expected = {c->config.federation_id, c->config.membership_epoch, 0, sequence, *id};

    enum err err = certificate_verify(certificate, &expected, &voters, NULL, NULL, NULL);
    if (err != ERR_OK)
        cluster_fail(c, "certificate of %llu: %s", (unsigned long long)sequence, err_text(err));
}
