#include "cluster_parts.h"

#include <string.h>

/* The application: a chain of hashes over the batches, that looks at how it is called. */

bool cluster_executed_request(const struct cluster_node *node, struct bytes request)
{
    struct bytes *requests = mem_array(PBFT_BATCH_MAX, sizeof *requests);
    bool found = false;
    unsigned count;

    for (uint64_t i = 0; i < node->executed && !found; i++) {
        ASSERT(batch_decode(blob_bytes(node->blocks[i].batch), requests, &count) == ERR_OK);
        for (unsigned k = 0; k < count; k++)
            found = found || bytes_equal(requests[k], request);
    }
    mem_free(requests);
    return found;
}

static enum err judge_request(const struct cluster_node *node, struct bytes request)
{
    const struct cluster *c = node->cluster;

    if (c->censored != NULL && c->censor == node->index && bytes_equal(request, bytes_of_text(c->censored)))
        return ERR_AGAIN;
    return cluster_executed_request(node, request) ? ERR_STALE : ERR_OK;
}

static enum err app_judge(void *context, uint64_t sequence, const struct bytes *requests, unsigned count)
{
    struct cluster_node *node = context;

    if (sequence == 0)
        return judge_request(node, requests[0]);
    if (sequence != node->executed + 1)
        cluster_fail(node->cluster, "%u is asked about %llu on top of %llu", node->index, (unsigned long long)sequence,
                     (unsigned long long)node->executed);
    if (cluster_now(node->cluster) < node->cluster->again_until)
        return ERR_AGAIN;
    for (unsigned i = 0; i < count; i++) {
        if (cluster_executed_request(node, requests[i]))
            return ERR_STALE;
        for (unsigned k = 0; k < i; k++) {
            if (bytes_equal(requests[i], requests[k]))
                return ERR_DUPLICATE;
        }
    }
    return ERR_OK;
}

static struct digest chain(const struct cluster_node *node, uint64_t sequence, struct bytes batch)
{
    struct digest_context d;

    digest_init(&d);
    if (sequence > 1)
        digest_add(&d, node->blocks[sequence - 2].id.b, DIGEST_SIZE);
    digest_add(&d, batch.data, batch.len);
    return digest_final(&d);
}

void cluster_append_block(struct cluster_node *node, struct bytes batch)
{
    if (node->executed == node->block_cap) {
        node->block_cap = node->block_cap == 0 ? 16 : 2 * node->block_cap;
        node->blocks = mem_resize(node->blocks, node->block_cap, sizeof node->blocks[0]);
    }
    node->blocks[node->executed].id = chain(node, node->executed + 1, batch);
    node->blocks[node->executed].batch = blob_new(batch);
    node->executed++;
}

void cluster_truncate_blocks(struct cluster_node *node, uint64_t height)
{
    while (node->executed > height)
        blob_drop(node->blocks[--node->executed].batch);
}

struct pbft_result cluster_result(const struct cluster_node *node, uint64_t sequence)
{
    struct bytes *requests = mem_array(PBFT_BATCH_MAX, sizeof *requests);
    const char *closing = node->cluster->closing;
    struct pbft_result result = {.block_id = node->blocks[sequence - 1].id};
    unsigned count;

    ASSERT(batch_decode(blob_bytes(node->blocks[sequence - 1].batch), requests, &count) == ERR_OK);
    for (unsigned i = 0; i < count && closing != NULL; i++)
        result.closes = result.closes || bytes_equal(requests[i], bytes_of_text(closing));
    mem_free(requests);
    return result;
}

static void app_execute(void *context, uint64_t sequence, const struct bytes *requests, unsigned count,
                        struct pbft_result *out)
{
    struct cluster_node *node = context;
    struct buf batch = {0};

    if (sequence != node->executed + 1)
        cluster_fail(node->cluster, "%u executes %llu on top of %llu", node->index, (unsigned long long)sequence,
                     (unsigned long long)node->executed);
    for (unsigned i = 0; i < count; i++) {
        if (cluster_executed_request(node, requests[i]))
            cluster_fail(node->cluster, "%u executes a request twice", node->index);
    }
    batch_encode(requests, count, &batch);
    cluster_append_block(node, bytes_of_buf(&batch));
    buf_free(&batch);
    if (sequence == node->errs_at)
        node->blocks[node->executed - 1].id.b[0] ^= 1;
    *out = cluster_result(node, sequence);
}

static void app_undo(void *context, uint64_t sequence)
{
    struct cluster_node *node = context;

    if (sequence < node->decided || sequence > node->executed)
        cluster_fail(node->cluster, "%u undoes to %llu", node->index, (unsigned long long)sequence);
    cluster_truncate_blocks(node, sequence);
}

static void app_decide(void *context, uint64_t sequence, const struct digest *block_id, struct bytes certificate,
                       struct effects *effects)
{
    struct cluster_node *node = context;
    struct cluster *c = node->cluster;
    struct buf out = {0};
    struct cbor_writer w;

    if (sequence != node->decided + 1 || sequence > node->executed ||
        !digest_equal(block_id, &node->blocks[sequence - 1].id)) {
        cluster_fail(c, "%u decides %llu out of order", node->index, (unsigned long long)sequence);
        return;
    }
    cluster_check_agreement(c, node, sequence, block_id);
    cluster_check_certificate(c, sequence, block_id, certificate);
    node->decided = sequence;
    cbor_writer_init(&w, &out);
    cbor_put_array(&w, 3);
    digest_put(&w, block_id);
    cbor_put_raw(&w, blob_bytes(node->blocks[sequence - 1].batch));
    cbor_put_raw(&w, certificate);
    cbor_writer_done(&w);
    struct blob *blob = blob_new(bytes_of_buf(&out));
    effects_append(effects, sequence, blob);
    blob_drop(blob);
    buf_free(&out);
}

struct pbft_app cluster_app(struct cluster_node *node)
{
    return (struct pbft_app){node, app_judge, app_execute, app_undo, node, app_decide};
}
