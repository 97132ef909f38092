#include "cluster_parts.h"

#include <stdio.h>
#include <string.h>

/* Replicas begin, crash, lose everything, and come back. */

void cluster_stop(struct host *h)
{
    struct cluster_node *node = (struct cluster_node *)h;

    pbft_free(node->pbft);
    node->pbft = NULL;
    node->catching_up = false;
    cluster_truncate_blocks(node, 0);
    node->decided = 0;
}

void cluster_crash(struct cluster *c, unsigned index)
{
    host_crash(&c->nodes[index].host);
}

void cluster_wipe(struct cluster *c, unsigned index)
{
    struct cluster_node *node = &c->nodes[index];

    cluster_crash(c, index);
    disk_wipe(&node->host.disk);
    node->wiped = true;
}

void cluster_restart(struct cluster *c, unsigned index)
{
    struct cluster_node *node = &c->nodes[index];
    struct pbft_config config = c->config;
    struct pbft_app app = cluster_app(node);
    const struct disk *disk = &node->host.disk;
    struct digest id = {0};
    struct effects effects = {0};

    for (uint64_t i = 1; i <= disk->height; i++) {
        struct blob *block = cluster_block(node, i);
        struct cbor_reader r;
        cbor_reader_init(&r, blob_bytes(block));
        cbor_expect_array(&r, 3);
        id = digest_from(cbor_get_bytes(&r));
        cluster_append_block(node, cbor_get_raw(&r));
        blob_drop(block);
    }
    node->decided = disk->height;
    config.self = index;
    config.key = c->keys[index];
    config.recovering = node->wiped;
    config.nonce = host_nonce(&node->host);
    node->pbft = pbft_new(&config, &app, disk->height, &id);
    for (size_t i = 0; i < disk->count; i++) {
        enum err err = pbft_restore(node->pbft, blob_bytes(disk->records[i].blob));
        if (err != ERR_OK)
            cluster_fail(c, "%u cannot read its record %zu: %s", index, i, err_text(err));
    }
    node->host.up = true;
    if (pbft_restored(node->pbft) != ERR_OK)
        cluster_fail(c, "%u misses a record", index);
    pbft_start(node->pbft, cluster_now(c), &effects);
    cluster_settle(c, index, &effects);
    cluster_look_behind(c, node);
}

void cluster_renew(struct cluster *c, unsigned index)
{
    struct cluster_node *node = &c->nodes[index];
    struct pbft_config config = c->config;
    struct pbft_app app = cluster_app(node);
    struct effects effects = {0};
    struct pbft *old = node->pbft;

    ASSERT(node->decided > 0);
    c->members.membership_epoch = c->config.membership_epoch;
    config.self = index;
    config.key = c->keys[index];
    node->pbft = pbft_new(&config, &app, node->decided, &node->blocks[node->decided - 1].id);
    pbft_inherit(node->pbft, old);
    pbft_free(old);
    pbft_start(node->pbft, cluster_now(c), &effects);
    cluster_settle(c, index, &effects);
}

void cluster_init(struct cluster *c, unsigned n, uint64_t seed)
{
    memset(c, 0, sizeof *c);
    c->n = n;
    c->f = (n - 1) / 3;
    c->quorum = (n + c->f + 2) / 2;
    c->seed = seed;
    hosts_init(&c->hosts, n, &cluster_runs, seed);
    c->seen = mem_array(CLUSTER_SEEN, sizeof c->seen[0]);
    c->delay_min = 1 * MS;
    c->delay_max = 10 * MS;
    c->config = (struct pbft_config){
        .federation_id = digest_of(bytes_of_text("test federation")),
        .membership_epoch = 1,
        .n = n,
        .f = c->f,
        .quorum = c->quorum,
        .view_timeout_ns = 1000 * MS,
        .view_timeout_max_ns = 16000 * MS,
        .batch_delay_ns = 2 * MS,
        .resend_ns = 150 * MS,
        .batch_max = 3,
        .pipeline = 4,
        .checkpoint_interval = 4,
        .window = 8,
        .pending_max = 64,
    };
    for (unsigned i = 0; i < n; i++) {
        char label[16];
        snprintf(label, sizeof label, "replica %u", i);
        key_simulated(7, label, &c->keys[i]);
        c->config.keys[i] = c->keys[i].public;
        c->fingerprints[i] = c->keys[i].fingerprint;
        c->nodes[i] = (struct cluster_node){.cluster = c, .index = i};
        host_init(&c->hosts, i, &c->nodes[i].host);
    }
}

void cluster_start(struct cluster *c)
{
    c->members = (struct members){.federation_id = c->config.federation_id,
                                  .membership_epoch = c->config.membership_epoch,
                                  .n = c->n,
                                  .f = c->config.f,
                                  .quorum = c->config.quorum};
    memcpy(c->members.keys, c->config.keys, sizeof c->config.keys);
    memcpy(c->members.fingerprints, c->fingerprints, sizeof c->fingerprints);
    for (unsigned i = 0; i < c->n; i++)
        cluster_restart(c, i);
}

void cluster_free(struct cluster *c)
{
    hosts_fini(&c->hosts);
    for (unsigned i = 0; i < c->n; i++)
        mem_free(c->nodes[i].blocks);
    mem_free(c->seen);
    mem_free(c->agreed);
}
