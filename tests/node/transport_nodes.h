#ifndef PRISMFED_TESTS_NODE_TRANSPORT_NODES_H
#define PRISMFED_TESTS_NODE_TRANSPORT_NODES_H

#include "node/transport.h"
#include "tap.h"

/* Nodes that are no more than a transport, in one process and one loop, over the loopback device. */

enum { NODES = 3 };

static const int64_t ms = 1000000;

struct node {
    struct secret_key key;
    struct transport *transport;
    struct digest federation_id, software;
    const struct digest *admitted;         /* one software; NULL: any */
    struct attest_tpm *tpm;                /* NULL: none */
    const struct attest_expected *expects; /* of the TPM of each peer; NULL: nothing */
    const char *const *protocols;          /* NULL: the usual one */
    unsigned handshakes_per_second;        /* 0: as usual */
    char address[QUIC_ADDRESS_TEXT];
    bool hates[NODES];            /* these are not allowed */
    unsigned asks_allowed, asked; /* whoever asks more often is not allowed any more; 0: that is no matter */
    struct secret_key friend;     /* is allowed, too */
    unsigned connected, disconnected, refused;
    char why[256];
    unsigned messages;
    uint64_t bytes;
    struct blob *last; /* one holding */
    struct digest from;
    bool out_of_order;
    uint32_t next_number; /* of numbered messages */
};

static struct loop *loop;
static struct node nodes[NODES];
static struct diag diag;

/* ---- what the transports tell */

static inline void message(void *context, const struct digest *peer, struct blob *blob)
{
    struct node *n = context;
    uint32_t number;

    n->messages++;
    n->bytes += blob->len;
    blob_drop(n->last);
    n->last = blob_hold(blob);
    n->from = *peer;
    if (blob->len >= sizeof number) {
        memcpy(&number, blob->data, sizeof number);
        n->out_of_order |= number != n->next_number;
        n->next_number = number + 1;
    }
}

static inline void connected(void *context, const struct digest *peer)
{
    struct node *n = context;

    (void)peer;
    n->connected++;
}

static inline void disconnected(void *context, const struct digest *peer, const char *why)
{
    struct node *n = context;

    (void)peer;
    n->disconnected++;
    snprintf(n->why, sizeof n->why, "%s", why);
}

static inline void refused(void *context, const struct digest *peer, const char *why)
{
    struct node *n = context;

    (void)peer;
    n->refused++;
    snprintf(n->why, sizeof n->why, "%s", why);
}

static inline bool allowed(void *context, const struct digest *fingerprint)
{
    struct node *n = context;

    if (n->asks_allowed > 0 && ++n->asked > n->asks_allowed)
        return false;
    for (unsigned i = 0; i < NODES; i++) {
        if (digest_equal(fingerprint, &nodes[i].key.fingerprint))
            return !n->hates[i];
    }
    return digest_equal(fingerprint, &n->friend.fingerprint);
}

static inline const struct attest_expected *expected(void *context, const struct digest *peer)
{
    const struct node *n = context;

    (void)peer;
    return n->expects;
}

static const struct transport_actions actions = {
    .message = message, .connected = connected, .disconnected = disconnected, .allowed = allowed, .refused = refused};

/* ---- scaffolding */

static inline void node_open(unsigned i, const char *listen)
{
    struct node *n = &nodes[i];
    const struct transport_config config = {.loop = loop,
                                            .key = &n->key,
                                            .listen = listen,
                                            .federation_id = n->federation_id,
                                            .software = n->software,
                                            .admitted = n->admitted,
                                            .admitted_count = n->admitted != NULL,
                                            .tpm = n->tpm,
                                            .expected = expected,
                                            .protocols = n->protocols,
                                            .handshakes_per_second = n->handshakes_per_second,
                                            .actions = &actions,
                                            .context = n};

    CHECK_OK(transport_new(&config, &n->transport, &diag));
    if (n->transport != NULL)
        quic_address_text(transport_local(n->transport), n->address);
    else
        printf("# %s\n", diag.text);
}

static inline void node_close(unsigned i)
{
    transport_free(nodes[i].transport);
    blob_drop(nodes[i].last);
    nodes[i] = (struct node){0};
}

/* Nodes with keys in the order of their fingerprints. */
static inline void make_keys(unsigned count)
{
    char name[16];

    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof name, "node %u", i);
        key_simulated(7, name, &nodes[i].key);
    }
    for (unsigned i = 0; i + 1 < count; i++) {
        for (unsigned k = i + 1; k < count; k++) {
            if (digest_compare(&nodes[i].key.fingerprint, &nodes[k].key.fingerprint) > 0) {
                struct secret_key key = nodes[i].key;

                nodes[i].key = nodes[k].key;
                nodes[k].key = key;
            }
        }
    }
}

/* They all listen. */
static inline void begin(unsigned count)
{
    make_keys(count);
    for (unsigned i = 0; i < count; i++)
        node_open(i, "127.0.0.1:0");
}

static inline void finish(void)
{
    for (unsigned i = 0; i < NODES; i++)
        node_close(i);
}

static inline void dial(unsigned from, unsigned to)
{
    transport_peer(nodes[from].transport, &nodes[to].key.fingerprint, nodes[to].address);
}

/* Lets so much time pass, or less when done() says so. */
static inline bool pass(int64_t most_ns, bool (*done)(void))
{
    int64_t until_ns;

    CHECK_OK(loop_pass(loop, 0, &diag));
    until_ns = loop_now(loop) + most_ns;
    while (!(done != NULL && done()) && loop_now(loop) < until_ns)
        CHECK_OK(loop_pass(loop, 5 * ms, &diag));
    return done == NULL || done();
}

static inline bool both_connected(void)
{
    return nodes[0].connected > 0 && nodes[1].connected > 0;
}

static inline bool send_text(unsigned from, unsigned to, enum transport_stream stream, const char *text)
{
    struct blob *b = blob_new(bytes_of_text(text));
    bool sent = transport_send(nodes[from].transport, &nodes[to].key.fingerprint, stream, b);

    blob_drop(b);
    return sent;
}

static inline int nodes_main(void (*tests)(void))
{
    key_library_init();
    if (loop_new(&loop, &diag) != ERR_OK)
        return 1;
    tests();
    loop_free(loop);
    return tap_done();
}

#endif
