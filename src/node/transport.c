/* The peers: who is dialled, which connection of two stays, what is counted. */
#include "node/transport.h"

#include <stdio.h>

#include "base/mutate.h"
#include "node/attest_exchange.h"
#include "node/protocol.h"

static const int64_t dial_first_ns = 100000000, dial_most_ns = 10000000000;
static const int64_t look_again_ns = 5000000; /* whether a name was found */
static const int64_t attest_within_ns = 5000000000, attest_large_ns = 1500000000;

enum {
    WHY_MAX = 200,
    LINKS_MAX = 4, /* of one peer at a time: two that cross each other, and two that end */
    /* What the connections are closed with; part of the protocol. */
    CODE_OTHER_STAYS = 16,
    CODE_BANNED,
    CODE_TOO_MANY,
    CODE_NO_ATTESTATION,
    CODE_NO_MEMBER,
    CODE_ATTESTATION = 64 /* and the enum attest_code */
};

/* One connection, and what it is to whom. */
struct link {
    struct transport *transport;
    struct peer *peer; /* the one that was dialled, or that has come */
    struct quic_connection *connection;
    struct attest_exchange attest;
    struct loop_timer timer; /* the attestation is to end */
    bool is_up;
};

/* A node that we know of. */
struct peer {
    struct transport *transport;
    struct peer *next;
    struct digest fingerprint;
    char *address; /* owned; NULL: it dials us */
    bool banned;
    struct link *up, *dialling;
    bool small;                 /* the next time, packets are to be as in a network */
    unsigned links;             /* those two, and those that have come and are not up yet or end */
    struct loop_timer timer;    /* to dial */
    struct quic_lookup *lookup; /* of the address; NULL: none goes on */
    unsigned failures;          /* since it was connected */
    int64_t since_ns;
    uint64_t bytes_in, bytes_out; /* of connections that are over */
    uint64_t messages_in, messages_out, dropped, connections;
    char why[WHY_MAX];
};

struct transport {
    struct transport_config config;
    struct secret_key key;
    struct attest_policy policy;
    struct quic_endpoint *endpoint;
    struct peer *peers;
    uint64_t refused[ATTEST_CODE_COUNT];
    uint64_t in_force; /* protocol */
    bool ends;         /* nobody is told of anything any more */
};

static struct peer *find(const struct transport *t, const struct digest *fingerprint)
{
    for (struct peer *p = t->peers; p != NULL; p = p->next) {
        if (digest_equal(&p->fingerprint, fingerprint))
            return p;
    }
    return NULL;
}

static void dial_rings(void *context);

static struct peer *find_or_add(struct transport *t, const struct digest *fingerprint)
{
    struct peer *p = find(t, fingerprint);

    if (p != NULL)
        return p;
    p = mem_alloc(sizeof *p);
    p->transport = t;
    p->fingerprint = *fingerprint;
    p->timer = (struct loop_timer){.rings = dial_rings, .context = p};
    p->next = t->peers;
    t->peers = p;
    return p;
}

/* ---- dialling */

static void say_refused(struct transport *t, struct peer *p, const char *why)
{
    if (p != NULL)
        snprintf(p->why, sizeof p->why, "%s", why);
    if (t->config.actions->refused != NULL)
        t->config.actions->refused(t->config.context, p != NULL ? &p->fingerprint : NULL, why);
}

static void attest_send(void *context, struct blob *message)
{
    struct link *l = context;

    (void)quic_connection_send(l->connection, QUIC_STREAM_FIRST, message, TRANSPORT_QUEUE_MAX);
}

/* Without one where the TPM fails: the peer says that it misses it. */
static void attest_quote(void *context, const struct digest *qualifying, struct buf *out)
{
    const struct link *l = context;
    struct diag diag = {0};

    if (attest_tpm_quote(l->transport->config.tpm, qualifying, out, &diag) != ERR_OK)
        say_refused(l->transport, l->peer, diag.text);
}

static void attest_rings(void *context)
{
    struct link *l = context;

    quic_connection_close(l->connection, CODE_NO_ATTESTATION, "the attestation has taken too long");
}

static struct link *link_new(struct peer *p, struct quic_connection *c)
{
    struct link *l = mem_alloc(sizeof *l);

    *l = (struct link){.transport = p->transport,
                       .peer = p,
                       .connection = c,
                       .attest = {.key = &p->transport->key,
                                  .policy = &p->transport->policy,
                                  .send = attest_send,
                                  .quote = p->transport->config.tpm != NULL ? attest_quote : NULL,
                                  .context = l},
                       .timer = {.rings = attest_rings, .context = l}};
    p->links++;
    return l;
}

static void link_free(struct link *l)
{
    if (l == NULL)
        return;
    l->peer->links--;
    loop_timer_stop(l->transport->config.loop, &l->timer);
    attest_exchange_fini(&l->attest);
    mem_free(l);
}

static bool is_allowed(const struct peer *p)
{
    const struct transport_config *c = &p->transport->config;

    return !p->banned && c->actions->allowed(c->context, &p->fingerprint);
}

static bool wants_connection(const struct peer *p)
{
    return p->address != NULL && !p->banned && p->up == NULL && p->dialling == NULL;
}

/* Doubled each time, and spread so that those who lost each other together do not meet in a crowd. */
static void dial_later(struct peer *p)
{
    int64_t delay_ns = dial_first_ns << (p->failures < 7 ? p->failures : 7);
    uint32_t random;

    if (!wants_connection(p))
        return;
    if (delay_ns > dial_most_ns)
        delay_ns = dial_most_ns;
    tls_random(&random, sizeof random);
    delay_ns = delay_ns / 2 + (int64_t)(random % (uint64_t)delay_ns);
    loop_timer_set(p->transport->config.loop, &p->timer, loop_now(p->transport->config.loop) + delay_ns);
}

static void forget_lookup(struct peer *p)
{
    quic_lookup_free(p->lookup);
    p->lookup = NULL;
}

/* ERR_AGAIN: the name is still being looked up. */
static enum err look_up(struct peer *p, union quic_address *to, struct diag *diag)
{
    int family = quic_endpoint_local(p->transport->endpoint)->any.sa_family;
    enum err err = p->lookup == NULL ? quic_lookup_new(p->address, family, &p->lookup, diag) : ERR_OK;

    if (err == ERR_OK)
        err = quic_lookup_ask(p->lookup, to, diag);
    if (err != ERR_AGAIN)
        forget_lookup(p);
    return err;
}

static void dial_rings(void *context)
{
    struct peer *p = context;
    struct transport *t = p->transport;
    struct diag diag = {0};
    union quic_address to;
    struct link *l;

    if (!wants_connection(p))
        return;
    if (!is_allowed(p)) { /* not yet, or not any more */
        p->failures++;
        dial_later(p);
        return;
    }
    switch (look_up(p, &to, &diag)) {
    case ERR_OK:
        break;
    case ERR_AGAIN:
        loop_timer_set(t->config.loop, &p->timer, loop_now(t->config.loop) + look_again_ns);
        return;
    default:
        p->failures++;
        say_refused(t, p, diag.text);
        dial_later(p);
        return;
    }
    l = link_new(p, NULL);
    l->connection = quic_endpoint_dial(t->endpoint, &to, !p->small, l);
    if (l->connection != NULL) {
        p->dialling = l;
        return;
    }
    link_free(l);
    p->failures++;
    dial_later(p);
}

/* ---- connections */

static bool welcome(void *context, void *dialled, const struct digest *fingerprint)
{
    struct transport *t = context;
    const struct link *l = dialled;
    const struct peer *p = find(t, fingerprint);

    if (l != NULL && !digest_equal(&l->peer->fingerprint, fingerprint))
        return false; /* somebody else lives at that address */
    return (p == NULL || !p->banned) && !digest_equal(fingerprint, &t->key.fingerprint) &&
           t->config.actions->allowed(t->config.context, fingerprint);
}

/* Does this one stay, of two? The one that the smaller fingerprint dialled; of two that the same one dialled the later,
 * since whoever dials again has lost the earlier. */
static bool stays(const struct link *later, const struct link *earlier)
{
    bool ours_stays = digest_compare(&later->transport->key.fingerprint, &later->peer->fingerprint) < 0;

    return quic_connection_is_dialler(later->connection) == quic_connection_is_dialler(earlier->connection) ||
           quic_connection_is_dialler(later->connection) == ours_stays;
}

static void count(struct peer *p, const struct link *l)
{
    struct quic_connection_status s;

    quic_connection_status(l->connection, &s);
    p->bytes_in += s.received;
    p->bytes_out += s.sent;
}

static void close_unwelcome(struct link *l)
{
    if (l == NULL)
        return;
    if (l->peer->banned)
        quic_connection_close(l->connection, CODE_BANNED, "this node is banned here");
    else
        quic_connection_close(l->connection, CODE_NO_MEMBER, "this node is no member here any more");
}

/* What both sides speak; 0: nothing that has a number. */
static unsigned protocol_of(const struct link *l)
{
    struct quic_connection_status s;

    quic_connection_status(l->connection, &s);
    return protocol_of_name(s.protocol);
}

/* What is new in the protocol in force is said to whoever speaks it. */
static void speak(struct link *l)
{
    if (MUTATE(NODE_PACKS_FOR_ANYBODY, true, protocol_of(l) >= PROTOCOL_PACKED_ENTRIES) &&
        l->transport->in_force >= PROTOCOL_PACKED_ENTRIES)
        quic_connection_pack(l->connection, 1 + TRANSPORT_ENTRIES);
}

/* It may carry messages from now on. */
static void link_up(struct link *l)
{
    struct peer *p = l->peer;
    struct transport *t = l->transport;
    bool is_first = p->up == NULL;

    if (MUTATE(LINK_OF_ANYBODY, false, !is_allowed(p))) { /* by now */
        close_unwelcome(l);
        return;
    }
    if (!is_first && !stays(l, p->up)) {
        quic_connection_close(l->connection, CODE_OTHER_STAYS, "another connection of the same two nodes stays");
        return;
    }
    if (!is_first) {
        p->up->is_up = false;
        count(p, p->up);
        quic_connection_close(p->up->connection, CODE_OTHER_STAYS, "another connection of the same two nodes stays");
    }
    if (p->dialling == l)
        p->dialling = NULL;
    l->is_up = true;
    p->up = l;
    p->failures = 0;
    p->connections++;
    p->why[0] = '\0';
    p->since_ns = loop_now(t->config.loop);
    loop_timer_stop(t->config.loop, &p->timer);
    speak(l);
    quic_connection_open(l->connection);
    if (is_first)
        t->config.actions->connected(t->config.context, &p->fingerprint);
}

static void attest(struct link *l)
{
    struct quic_connection *c = l->connection;
    struct digest session, nonce;

    if (quic_connection_export(c, ATTEST_EXPORTER, &session) != ERR_OK) {
        quic_connection_close(c, CODE_NO_ATTESTATION, "the TLS session has no keying material to attest with");
        return;
    }
    tls_random(&nonce, sizeof nonce);
    loop_timer_set(l->transport->config.loop, &l->timer,
                   loop_now(l->transport->config.loop) +
                       (quic_connection_is_large(c) ? attest_large_ns : attest_within_ns));
    attest_exchange_begin(&l->attest, quic_connection_is_dialler(c) ? ATTEST_DIALLER : ATTEST_LISTENER,
                          quic_connection_key(c), &session, &nonce, quic_connection_is_large(c));
}

static void authenticated(void *context, struct quic_connection *c)
{
    struct transport *t = context;
    struct link *l = quic_connection_owner(c);

    if (l == NULL) {
        l = link_new(find_or_add(t, quic_connection_peer(c)), c);
        quic_connection_set_owner(c, l);
    }
    if (protocol_of(l) >= PROTOCOL_PACKED_ENTRIES)
        quic_connection_unpack(c, 1 + TRANSPORT_ENTRIES);
    if (l->peer->links > LINKS_MAX)
        quic_connection_close(c, CODE_TOO_MANY, "there are too many connections of the same two nodes");
    else
        attest(l);
}

static void refuse(struct link *l)
{
    uint64_t code = l->attest.code;
    char why[WHY_MAX];

    l->transport->refused[code < ATTEST_CODE_COUNT ? code : 0]++;
    if (l->attest.state == ATTEST_NONSENSE) {
        quic_connection_close(l->connection, CODE_NO_ATTESTATION, "the attestation does not follow its protocol");
        return;
    }
    snprintf(why, sizeof why, "attestation refused%s, code %llu: %s",
             l->attest.state == ATTEST_THEY_REFUSE ? " by the peer" : "", (unsigned long long)code,
             attest_code_text(code));
    quic_connection_close(l->connection, CODE_ATTESTATION + code, why);
}

static void attest_message(struct link *l, struct blob *blob)
{
    if (l->attest.state != ATTEST_GOES_ON)
        return;
    switch (attest_exchange_receive(&l->attest, blob_bytes(blob))) {
    case ATTEST_GOES_ON:
        return;
    case ATTEST_DONE:
        loop_timer_stop(l->transport->config.loop, &l->timer);
        link_up(l);
        return;
    default:
        refuse(l);
    }
}

static void message(void *context, struct quic_connection *c, unsigned stream, struct blob *blob)
{
    struct transport *t = context;
    struct link *l = quic_connection_owner(c);

    if (stream == QUIC_STREAM_FIRST) {
        attest_message(l, blob);
    } else if (l->is_up) {
        l->peer->messages_in++;
        t->config.actions->message(t->config.context, &l->peer->fingerprint, blob);
    }
}

static void closed(void *context, struct quic_connection *c, uint64_t code, const char *why)
{
    struct transport *t = context;
    struct link *l = quic_connection_owner(c);
    struct peer *p = l->peer;
    bool was_up = l->is_up;

    if (t->ends) {
        link_free(l);
        return;
    }
    if (was_up) {
        count(p, l);
        p->up = NULL;
        snprintf(p->why, sizeof p->why, "%s", why);
    }
    if (p->dialling == l) {
        p->dialling = NULL;
        p->small = !p->small; /* the size of packets may have been the reason: in turn with and without */
        p->failures += code != CODE_OTHER_STAYS;
    }
    link_free(l);
    if (was_up)
        t->config.actions->disconnected(t->config.context, &p->fingerprint, why);
    else if (code != CODE_OTHER_STAYS)
        say_refused(t, p, why);
    dial_later(p);
}

static void turned_away(void *context, const union quic_address *from, const char *why)
{
    struct transport *t = context;
    char address[QUIC_ADDRESS_TEXT], text[QUIC_ADDRESS_TEXT + WHY_MAX];

    quic_address_text(from, address);
    snprintf(text, sizeof text, "%s: %s", address, why);
    if (!t->ends)
        say_refused(t, NULL, text);
}

static const struct quic_endpoint_actions endpoint_actions = {.welcome = welcome,
                                                              .authenticated = authenticated,
                                                              .message = message,
                                                              .closed = closed,
                                                              .turned_away = turned_away};

/* ---- what the node asks */

enum err transport_new(const struct transport_config *config, struct transport **out, struct diag *diag)
{
    struct transport *t = mem_alloc(sizeof *t);
    const struct quic_endpoint_config endpoint = {.loop = config->loop,
                                                  .key = config->key,
                                                  .listen = config->listen,
                                                  .protocols = config->protocols,
                                                  .handshakes_per_second = config->handshakes_per_second,
                                                  .first_stream_limit = ATTEST_SIZE_MAX,
                                                  .actions = &endpoint_actions,
                                                  .context = t};
    enum err err;

    t->config = *config;
    t->in_force = PROTOCOL_OLDEST;
    t->key = *config->key;
    t->policy = (struct attest_policy){.own = {.federation_id = config->federation_id,
                                               .configuration = config->configuration,
                                               .software = config->software},
                                       .software = config->admitted,
                                       .software_count = config->admitted_count,
                                       .expected = config->expected,
                                       .context = config->context,
                                       .refuses_simulators = config->refuses_simulated_tpms};
    err = quic_endpoint_new(&endpoint, &t->endpoint, diag);
    if (err != ERR_OK) {
        transport_free(t);
        return err;
    }
    *out = t;
    return ERR_OK;
}

static void peer_free(struct peer *p)
{
    loop_timer_stop(p->transport->config.loop, &p->timer);
    forget_lookup(p);
    mem_free(p->address);
    mem_free(p);
}

void transport_free(struct transport *t)
{
    if (t == NULL)
        return;
    t->ends = true;
    quic_endpoint_free(t->endpoint);
    while (t->peers != NULL) {
        struct peer *p = t->peers;

        t->peers = p->next;
        peer_free(p);
    }
    key_wipe(&t->key);
    mem_free(t);
}

const union quic_address *transport_local(const struct transport *t)
{
    return quic_endpoint_local(t->endpoint);
}

void transport_peer(struct transport *t, const struct digest *peer, const char *address)
{
    struct peer *p = find_or_add(t, peer);
    size_t size = address != NULL ? strlen(address) + 1 : 0;

    forget_lookup(p);
    mem_free(p->address);
    p->address = NULL;
    if (address != NULL) {
        p->address = mem_alloc(size);
        memcpy(p->address, address, size);
    }
    p->failures = 0;
    if (wants_connection(p))
        loop_timer_set(t->config.loop, &p->timer, loop_now(t->config.loop));
    else
        loop_timer_stop(t->config.loop, &p->timer);
}

void transport_ban(struct transport *t, const struct digest *peer, bool banned)
{
    struct peer *p = find_or_add(t, peer);

    p->banned = banned;
    if (banned) {
        close_unwelcome(p->up);
        close_unwelcome(p->dialling);
    }
    dial_later(p);
}

void transport_members_changed(struct transport *t)
{
    for (struct peer *p = t->peers; p != NULL; p = p->next) {
        if (!is_allowed(p)) {
            close_unwelcome(p->up);
            close_unwelcome(p->dialling);
        }
        dial_later(p);
    }
}

bool transport_send(struct transport *t, const struct digest *peer, enum transport_stream stream, struct blob *blob)
{
    struct peer *p = find(t, peer);

    if (p == NULL)
        return false;
    if (p->up == NULL || !quic_connection_send(p->up->connection, 1 + (unsigned)stream, blob, TRANSPORT_QUEUE_MAX)) {
        p->dropped++;
        return false;
    }
    p->messages_out++;
    return true;
}

void transport_protocol(struct transport *t, uint64_t in_force)
{
    if (t->in_force == in_force)
        return;
    t->in_force = in_force;
    for (struct peer *p = t->peers; p != NULL; p = p->next) {
        if (p->up != NULL)
            speak(p->up);
    }
}

void transport_pause(struct transport *t, bool paused)
{
    quic_endpoint_pause(t->endpoint, paused);
}

void transport_counts(const struct transport *t, struct transport_counts *out)
{
    quic_endpoint_counts(t->endpoint, &out->quic);
    memcpy(out->refused, t->refused, sizeof out->refused);
}

static void status_of(const struct peer *p, struct transport_peer_status *out)
{
    struct quic_connection_status s = {0};

    if (p->up != NULL)
        quic_connection_status(p->up->connection, &s);
    *out =
        (struct transport_peer_status){.peer = p->fingerprint,
                                       .connected = p->up != NULL,
                                       .banned = p->banned,
                                       .dialled_by_us = p->up != NULL && quic_connection_is_dialler(p->up->connection),
                                       .rtt_ns = s.rtt_ns,
                                       .since_ns = p->since_ns,
                                       .bytes_in = p->bytes_in + s.received,
                                       .bytes_out = p->bytes_out + s.sent,
                                       .messages_in = p->messages_in,
                                       .messages_out = p->messages_out,
                                       .dropped = p->dropped,
                                       .connections = p->connections,
                                       .queued = s.held,
                                       .why = p->why};
    memcpy(out->protocol, s.protocol, sizeof out->protocol);
    if (p->up != NULL)
        quic_address_text(quic_connection_address(p->up->connection), out->address);
    else if (p->address != NULL)
        snprintf(out->address, sizeof out->address, "%s", p->address);
}

void transport_each(const struct transport *t, void (*tell)(void *context, const struct transport_peer_status *status),
                    void *context)
{
    for (const struct peer *p = t->peers; p != NULL; p = p->next) {
        struct transport_peer_status status;

        status_of(p, &status);
        tell(context, &status);
    }
}
