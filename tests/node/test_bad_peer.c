#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/prng.h"
#include "node/quic_connection.h"
#include "node/quic_gate.h"
#include "transport_nodes.h"

/* Peers that do not keep to the protocol: strangers, and members whose key is right. Nodes 0 and 1 are honest and talk
 * to each other; whatever the bad one does to node 0, they go on. */

/* ---- the bad one: an endpoint of its own, without a transport above it */

static struct bad {
    struct quic_endpoint *endpoint;
    struct secret_key key;
    struct quic_connection *connection; /* that is authenticated; NULL: none is */
    unsigned authenticated, closed, turned_away;
    uint64_t code;
    char why[256];
} bad;

static bool welcomes_all(void *context, void *dialled, const struct digest *peer)
{
    (void)context;
    (void)dialled;
    (void)peer;
    return true;
}

static void bad_authenticated(void *context, struct quic_connection *c)
{
    (void)context;
    bad.connection = c;
    bad.authenticated++;
}

static void bad_message(void *context, struct quic_connection *c, unsigned stream, struct blob *message)
{
    (void)context;
    (void)c;
    (void)stream;
    (void)message;
}

static void bad_closed(void *context, struct quic_connection *c, uint64_t code, const char *why)
{
    (void)context;
    if (bad.connection == c)
        bad.connection = NULL;
    bad.closed++;
    bad.code = code;
    snprintf(bad.why, sizeof bad.why, "%s", why);
}

static void bad_turned_away(void *context, const union quic_address *from, const char *why)
{
    (void)context;
    (void)from;
    (void)why;
    bad.turned_away++;
}

static const struct quic_endpoint_actions bad_actions = {.welcome = welcomes_all,
                                                         .authenticated = bad_authenticated,
                                                         .message = bad_message,
                                                         .closed = bad_closed,
                                                         .turned_away = bad_turned_away};

static union quic_address address_of(unsigned node)
{
    return *transport_local(nodes[node].transport);
}

/* So often to node 0. */
static void bad_dials(unsigned times)
{
    union quic_address to = address_of(0);

    for (unsigned i = 0; i < times; i++)
        CHECK(quic_endpoint_dial(bad.endpoint, &to, true, NULL) != NULL);
}

static bool bad_is_in(void)
{
    return bad.connection != NULL;
}

static bool bad_is_out(void)
{
    return bad.closed > 0;
}

/* Two honest nodes that are connected, and the bad one, with a key that node 0 admits or that it does not know. */
static void set_up(bool is_member, const char *const *protocols)
{
    const struct quic_endpoint_config config = {.loop = loop,
                                                .key = &bad.key,
                                                .listen = "127.0.0.1:0",
                                                .protocols = protocols,
                                                .first_stream_limit = QUIC_FRAME_MAX,
                                                .actions = &bad_actions};

    bad = (struct bad){0};
    key_simulated(7, "bad", &bad.key);
    make_keys(2);
    if (is_member)
        nodes[0].friend = bad.key;
    node_open(0, "127.0.0.1:0");
    node_open(1, "127.0.0.1:0");
    CHECK_OK(quic_endpoint_new(&config, &bad.endpoint, &diag));
    dial(1, 0);
    CHECK(pass(2000 * ms, both_connected));
}

static bool talked(void)
{
    return nodes[0].messages > 0 && nodes[1].messages > 0;
}

/* The honest ones are still connected, and nobody else is; only what they say has come through. */
static void tear_down(void)
{
    CHECK_EQ_U64(nodes[0].messages, 0);
    CHECK(send_text(0, 1, TRANSPORT_CONSENSUS, "still there?") && send_text(1, 0, TRANSPORT_BULK, "still there"));
    CHECK(pass(2000 * ms, talked));
    CHECK_EQ_U64(nodes[0].connected, 1);
    CHECK_EQ_U64(nodes[0].disconnected, 0);
    CHECK_EQ_U64(nodes[0].messages, 1);
    quic_endpoint_free(bad.endpoint);
    finish();
}

static void bad_says(unsigned stream, const void *data, size_t len)
{
    struct blob *b = blob_new(bytes_of(data, len));

    CHECK(quic_connection_send(bad.connection, stream, b, SIZE_MAX));
    blob_drop(b);
}

/* What the bad one hears in the end. */
static void is_thrown_out(const char *why)
{
    CHECK(pass(8000 * ms, bad_is_out));
    if (!CHECK(strstr(bad.why, why) != NULL))
        tap_note("it was: %s", bad.why);
    tear_down();
}

/* ---- members */

static void garbage_instead_of_an_attestation(void)
{
    set_up(true, NULL);
    bad_dials(1);
    REQUIRE(pass(2000 * ms, bad_is_in));
    bad_says(QUIC_STREAM_FIRST, "\xff\x00garbage", 9);
    is_thrown_out("the attestation does not follow its protocol");
}

static void a_greeting_that_is_too_long(void)
{
    static const uint8_t zeros[ATTEST_SIZE_MAX + 1];

    set_up(true, NULL);
    bad_dials(1);
    REQUIRE(pass(2000 * ms, bad_is_in));
    bad_says(QUIC_STREAM_FIRST, zeros, sizeof zeros);
    is_thrown_out("a message in stream 0");
}

/* A frame whose packing nobody knows: in the midst of other streams. */
static void a_packing_that_nobody_knows(void)
{
    struct blob *b = blob_new(bytes_of_text("packed in some way"));

    set_up(true, NULL);
    bad_dials(1);
    REQUIRE(pass(2000 * ms, bad_is_in));
    quic_outlet_add(&bad.connection->streams[QUIC_STREAM_FIRST].out, 7, b);
    quic_connection_plan(bad.connection);
    blob_drop(b);
    is_thrown_out("a message in stream 0");
}

/* Messages of the application before the attestation, on each stream: they are not told of, they wait within a small
 * window, and the one who says nothing else is thrown out in the end. That is also what becomes of one who is slow. */
static void messages_before_the_attestation(void)
{
    struct quic_connection_status status;
    struct blob *b = blob_sized(1 << 20);

    memset(b->data, 1, b->len);
    set_up(true, NULL);
    bad_dials(1);
    REQUIRE(pass(2000 * ms, bad_is_in));
    for (unsigned stream = 1; stream < QUIC_STREAMS; stream++)
        CHECK(quic_connection_send(bad.connection, stream, b, SIZE_MAX));
    blob_drop(b);
    CHECK(!pass(500 * ms, bad_is_out));
    quic_connection_status(bad.connection, &status);
    CHECK(status.sent <= QUIC_WINDOW_BEFORE);
    is_thrown_out("the attestation has taken too long");
}

static void many_connections_of_one_member(void)
{
    set_up(true, NULL);
    bad_dials(30);
    pass(1000 * ms, NULL);
    CHECK(bad.authenticated >= 26 && bad.closed >= 26);
    tear_down();
}

/* ---- strangers */

static void a_stranger_hears_why(void)
{
    set_up(false, NULL);
    bad_dials(1);
    CHECK(pass(2000 * ms, bad_is_out));
    CHECK(strstr(nodes[0].why, "a key that is not welcome here") != NULL);
    is_thrown_out("not one that the other side admits");
}

static void another_version_of_the_protocol_is_named_on_both_sides(void)
{
    static const char *const protocols[] = {"prismfed/9", NULL};

    set_up(true, protocols);
    bad_dials(1);
    CHECK(pass(2000 * ms, bad_is_out));
    CHECK(strstr(nodes[0].why, "no version of the protocol in common") != NULL);
    is_thrown_out("no version of the protocol in common");
}

/* Of several versions the best is taken that both speak. */
static void the_best_version_of_both_is_taken(void)
{
    static const char *const two[] = {"prismfed/2", TLS_PROTOCOL, NULL};
    struct quic_connection_status status;

    set_up(true, two);
    bad_dials(1);
    REQUIRE(pass(2000 * ms, bad_is_in));
    quic_connection_status(bad.connection, &status);
    CHECK_EQ_TEXT(status.protocol, TLS_PROTOCOL);
    tear_down();
}

static struct transport_counts counts_of_first(void)
{
    struct transport_counts c;

    transport_counts(nodes[0].transport, &c);
    return c;
}

static bool nobody_is_at_the_door(void)
{
    return counts_of_first().quic.half_open == 0;
}

/* A crowd at the door: those beyond a few have to show where they are, and the honest ones notice nothing. */
static void a_crowd_of_strangers(void)
{
    struct transport_counts c;

    set_up(false, NULL);
    bad_dials(100);
    pass(1500 * ms, NULL);
    c = counts_of_first();
    CHECK_EQ_U64(bad.authenticated, 0);
    CHECK(c.quic.retries > 0 && c.quic.turned_away >= 100 && c.quic.half_open < QUIC_GATE_MOST);
    CHECK(pass(6000 * ms, nobody_is_at_the_door)); /* some packets came late, and began what nobody goes on with */
    tear_down();
}

/* So many a second from one network, and no more. */
static void handshakes_are_limited(void)
{
    struct transport_counts c;
    const struct quic_endpoint_config config = {
        .loop = loop, .key = &bad.key, .listen = "127.0.0.1:0", .actions = &bad_actions};

    make_keys(1);
    nodes[0].handshakes_per_second = 5;
    node_open(0, "127.0.0.1:0");
    CHECK_OK(quic_endpoint_new(&config, &bad.endpoint, &diag));
    bad_dials(40);
    pass(400 * ms, NULL);
    c = counts_of_first();
    if (!CHECK(c.quic.handshakes <= 14 && c.quic.dropped > 0))
        tap_note("%llu handshakes, %llu dropped, %llu retries", (unsigned long long)c.quic.handshakes,
                 (unsigned long long)c.quic.dropped, (unsigned long long)c.quic.retries);
    quic_endpoint_free(bad.endpoint);
    finish();
}

/* ---- bytes that are no QUIC, or almost */

static int raw;

static void raw_open(void)
{
    union quic_address any = {.ip4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};

    raw = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    CHECK(raw >= 0 && bind(raw, &any.any, sizeof any.ip4) == 0);
}

static void raw_send(const uint8_t *data, size_t len)
{
    union quic_address to = address_of(0);

    (void)!sendto(raw, data, len, 0, &to.any, quic_address_size(&to));
}

/* What node 0 has sent back within some time: so many bytes. */
static size_t raw_received(void)
{
    const union quic_address first = address_of(0);
    union quic_address from;
    uint8_t packet[2048];
    size_t bytes = 0;

    pass(100 * ms, NULL);
    for (;;) {
        socklen_t size = sizeof from;
        ssize_t len = recvfrom(raw, packet, sizeof packet, 0, &from.any, &size);

        if (len <= 0)
            return bytes;
        if (quic_address_equal(&from, &first))
            bytes += (size_t)len;
    }
}

static void datagrams_of_noise(void)
{
    uint8_t packet[1400];
    struct prng prng;
    size_t sent = 0;

    set_up(false, NULL);
    raw_open();
    prng_stream(&prng, 1, "noise", 0);
    for (unsigned i = 0; i < 20000; i++) {
        size_t len = prng_below(&prng, sizeof packet);

        for (size_t k = 0; k + 8 <= len; k += 8)
            be64_put(packet + k, prng_next(&prng));
        if (i % 4 == 0 && len > 5)
            memcpy(packet, "\xc3\x00\x00\x00\x01", 5); /* the first bytes of an Initial packet */
        raw_send(packet, len);
        sent += len;
        if (i % 100 == 0)
            CHECK_OK(loop_pass(loop, 0, &diag));
    }
    CHECK(raw_received() < sent / 50);
    close(raw);
    tear_down();
}

/* An unknown version of QUIC is answered with the one that we speak: never with more than what came, and not at all
 * when that was short (RFC 9000 section 6.1). */
static void an_unknown_version_of_quic(void)
{
    uint8_t packet[1200] = {0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8, 1, 2, 3, 4, 5, 6, 7, 8, 8, 1, 2, 3, 4, 5, 6, 7, 8};
    size_t answered;

    set_up(false, NULL);
    raw_open();
    raw_send(packet, sizeof packet);
    answered = raw_received();
    CHECK(answered > 0 && answered < 100);
    raw_send(packet, 100);
    CHECK_EQ_U64(raw_received(), 0);
    close(raw);
    tear_down();
}

/* A first packet without a connection id, or with a short one, and with a token that nobody gave: it is no beginning.
 */
static void a_first_packet_with_a_token_and_no_connection_id(void)
{
    static const uint8_t head[] = {0xc3, 0, 0, 0, 1};

    set_up(false, NULL);
    raw_open();
    for (uint8_t len = 0; len < 8; len++) {
        uint8_t packet[1200] = {0}, *at = packet + sizeof head;

        memcpy(packet, head, sizeof head);
        *at++ = len;
        at += len;
        *at++ = 8; /* the sender's id */
        at += 8;
        *at++ = 4; /* the token */
        at += 4;
        *at++ = 0x44; /* 1,024 bytes follow */
        raw_send(packet, sizeof packet);
        CHECK_EQ_U64(raw_received(), 0);
        CHECK_EQ_U64(counts_of_first().quic.handshakes, 1); /* of the honest one */
    }
    close(raw);
    tear_down();
}

/* An honest first packet, that somebody sends under a false address: what the victim gets is at most three times as
 * much (RFC 9000 section 8.1). */
static void a_first_packet_is_not_amplified(void)
{
    union quic_address at = {0};
    uint8_t packet[QUIC_PACKET_LARGE];
    socklen_t size = sizeof at;
    size_t answered;
    ssize_t len;

    set_up(true, NULL);
    raw_open();
    REQUIRE(getsockname(raw, &at.any, &size) == 0);
    REQUIRE(quic_endpoint_dial(bad.endpoint, &at, true, NULL) != NULL);
    pass(5 * ms, NULL);
    len = recv(raw, packet, sizeof packet, 0);
    REQUIRE(len >= 1200);
    raw_send(packet, (size_t)len);
    pass(1500 * ms, NULL); /* it tries again for a while */
    answered = raw_received();
    if (!CHECK(answered > 0 && answered <= 3 * (size_t)len))
        tap_note("%zu bytes for %zd", answered, len);
    close(raw);
    tear_down();
}

/* ---- the gate alone */

static void the_gate_counts_networks(void)
{
    static struct quic_gate gate;
    union quic_address a = {.ip4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000001)}}, b = a;
    unsigned admitted = 0;

    b.ip4.sin_addr.s_addr = htonl(0x0a000002);
    quic_gate_init(&gate, 10);
    for (unsigned i = 0; i < 50; i++)
        admitted += quic_gate_ask(&gate, &a, true, 0, 1) == QUIC_GATE_ADMIT;
    CHECK_EQ_U64(admitted, 10);
    CHECK(quic_gate_ask(&gate, &a, true, 0, 1) == QUIC_GATE_DROP);
    CHECK(quic_gate_ask(&gate, &a, false, 0, 1) == QUIC_GATE_ADMIT); /* a claim is another matter */
    CHECK(quic_gate_ask(&gate, &b, true, 0, 1) == QUIC_GATE_ADMIT);
    CHECK(quic_gate_ask(&gate, &a, true, 0, 1 + 100 * ms) == QUIC_GATE_ADMIT);
    CHECK(quic_gate_ask(&gate, &b, false, QUIC_GATE_CALM, 1) == QUIC_GATE_RETRY);
    CHECK(quic_gate_ask(&gate, &b, true, QUIC_GATE_CALM, 1) == QUIC_GATE_ADMIT);
    CHECK(quic_gate_ask(&gate, &b, true, QUIC_GATE_MOST, 1) == QUIC_GATE_DROP);
}

static void tests(void)
{
    TAP_RUN(garbage_instead_of_an_attestation);
    TAP_RUN(a_greeting_that_is_too_long);
    TAP_RUN(a_packing_that_nobody_knows);
    TAP_RUN(messages_before_the_attestation);
    TAP_RUN(many_connections_of_one_member);
    TAP_RUN(a_stranger_hears_why);
    TAP_RUN(another_version_of_the_protocol_is_named_on_both_sides);
    TAP_RUN(the_best_version_of_both_is_taken);
    TAP_RUN(a_crowd_of_strangers);
    TAP_RUN(handshakes_are_limited);
    TAP_RUN(datagrams_of_noise);
    TAP_RUN(an_unknown_version_of_quic);
    TAP_RUN(a_first_packet_with_a_token_and_no_connection_id);
    TAP_RUN(a_first_packet_is_not_amplified);
    TAP_RUN(the_gate_counts_networks);
}

int main(void)
{
    return nodes_main(tests);
}
