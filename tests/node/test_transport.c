#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/prng.h"
#include "node/protocol.h"
#include "transport_nodes.h"

/* Transports of several nodes in one process, over the loopback device. */

static bool both_have_a_message(void)
{
    return nodes[0].messages > 0 && nodes[1].messages > 0;
}

static bool both_refused(void)
{
    return nodes[0].refused > 0 && nodes[1].refused > 0;
}

/* Both sides are told, and neither has any use of the other. */
static void refuse_each_other(const char *why)
{
    node_open(0, "127.0.0.1:0");
    node_open(1, "127.0.0.1:0");
    dial(0, 1);
    CHECK(pass(2000 * ms, both_refused));
    CHECK_EQ_U64(nodes[0].connected + nodes[1].connected, 0);
    for (unsigned i = 0; i < 2; i++) {
        if (!CHECK(strstr(nodes[i].why, why) != NULL))
            tap_note("node %u: %s", i, nodes[i].why);
    }
    finish();
}

static void nodes_of_two_federations_refuse_each_other(void)
{
    make_keys(2);
    nodes[1].federation_id.b[0] = 1;
    refuse_each_other("code 8: the node is of another federation");
}

static void software_that_is_not_admitted_is_refused(void)
{
    static const struct digest admitted = {{7}};

    make_keys(2);
    nodes[0].software = admitted;
    nodes[0].admitted = &admitted;
    refuse_each_other("code 10: the node runs software that is not admitted here");
}

static void two_nodes_talk(void)
{
    begin(2);
    CHECK(!send_text(0, 1, TRANSPORT_CONSENSUS, "nobody is there yet"));
    dial(0, 1);
    REQUIRE(pass(2000 * ms, both_connected));
    CHECK(send_text(0, 1, TRANSPORT_CONSENSUS, "to the second"));
    CHECK(send_text(1, 0, TRANSPORT_BULK, "to the first"));
    REQUIRE(pass(2000 * ms, both_have_a_message));
    CHECK_EQ_BYTES(blob_bytes(nodes[1].last), bytes_of_text("to the second"));
    CHECK_EQ_BYTES(blob_bytes(nodes[0].last), bytes_of_text("to the first"));
    CHECK(digest_equal(&nodes[1].from, &nodes[0].key.fingerprint));
    CHECK(digest_equal(&nodes[0].from, &nodes[1].key.fingerprint));
    finish();
}

static bool all_came(void)
{
    return nodes[1].messages >= 200;
}

/* Messages of all sizes, with the largest that there are: in their order and whole. */
static void messages_of_all_sizes_come_in_order(void)
{
    static const size_t sizes[] = {4, 5, 100, 1200, 1448, 1452, 65536, 300000, 0, TRANSPORT_MESSAGE_MAX};
    uint64_t bytes = 0;

    begin(2);
    dial(0, 1);
    REQUIRE(pass(2000 * ms, both_connected));
    for (uint32_t i = 0; i < 200; i++) {
        size_t size = sizes[i % 9] + 4;
        struct blob *b = blob_sized(i == 100 ? sizes[9] : size);

        memset(b->data, (int)i, b->len);
        memcpy(b->data, &i, sizeof i);
        bytes += b->len;
        while (!transport_send(nodes[0].transport, &nodes[1].key.fingerprint, TRANSPORT_ENTRIES, b))
            CHECK_OK(loop_pass(loop, ms, &diag));
        blob_drop(b);
    }
    REQUIRE(pass(10000 * ms, all_came));
    CHECK(!nodes[1].out_of_order);
    CHECK_EQ_U64(nodes[1].messages, 200);
    CHECK_EQ_U64(nodes[1].bytes, bytes);
    CHECK_EQ_U64(nodes[1].last->data[nodes[1].last->len - 1], 199);
    finish();
}

static void a_message_that_is_too_long_is_not_sent(void)
{
    struct blob *b = blob_sized(TRANSPORT_MESSAGE_MAX + 1);

    memset(b->data, 0, b->len);
    begin(2);
    dial(0, 1);
    REQUIRE(pass(2000 * ms, both_connected));
    CHECK(!transport_send(nodes[0].transport, &nodes[1].key.fingerprint, TRANSPORT_BULK, b));
    blob_drop(b);
    finish();
}

static struct transport_peer_status status;

static void keep_status(void *context, const struct transport_peer_status *s)
{
    (void)context;
    status = *s;
}

/* How many bytes of a megabyte of zeros go over the wire in the stream of entries. */
static uint64_t travelled(void)
{
    struct blob *b = blob_sized(1 << 20);
    unsigned before = nodes[1].messages;
    uint64_t sent;

    memset(b->data, 0, b->len);
    transport_each(nodes[0].transport, keep_status, NULL);
    sent = status.bytes_out;
    CHECK(transport_send(nodes[0].transport, &nodes[1].key.fingerprint, TRANSPORT_ENTRIES, b));
    blob_drop(b);
    while (nodes[1].messages == before)
        CHECK_OK(loop_pass(loop, 5 * ms, &diag));
    CHECK_EQ_U64(nodes[1].last->len, 1 << 20);
    transport_each(nodes[0].transport, keep_status, NULL);
    return status.bytes_out - sent;
}

/* Of the second version, once it is in force, and to who speaks it. */
static void entries_are_packed_for_who_takes_them(bool both)
{
    static const char *const first[] = {TLS_PROTOCOL, NULL};

    make_keys(2);
    nodes[0].protocols = protocol_names();
    nodes[1].protocols = both ? protocol_names() : first;
    node_open(0, "127.0.0.1:0");
    node_open(1, "127.0.0.1:0");
    dial(0, 1);
    REQUIRE(pass(2000 * ms, both_connected));
    CHECK(travelled() > 1 << 20);
    transport_protocol(nodes[0].transport, PROTOCOL_PACKED_ENTRIES);
    CHECK((travelled() < 1 << 16) == both);
    finish();
}

static void two_nodes_speak_the_next_version(void)
{
    entries_are_packed_for_who_takes_them(true);
}

static void who_speaks_the_first_version_is_spoken_to_in_it(void)
{
    entries_are_packed_for_who_takes_them(false);
}

/* Nothing is read meanwhile, since the loop does not run. */
static void what_waits_is_bounded(void)
{
    struct blob *b = blob_sized(1 << 20);
    unsigned sent = 0;

    memset(b->data, 1, b->len);
    begin(2);
    dial(0, 1);
    REQUIRE(pass(2000 * ms, both_connected));
    while (sent < 100 && transport_send(nodes[0].transport, &nodes[1].key.fingerprint, TRANSPORT_ENTRIES, b))
        sent++;
    CHECK_EQ_U64(sent, 15);
    CHECK(send_text(0, 1, TRANSPORT_CONSENSUS, "that another stream is full is no matter"));
    transport_each(nodes[0].transport, keep_status, NULL);
    CHECK_EQ_U64(status.dropped, 1);
    CHECK_EQ_U64(status.messages_out, 16);
    CHECK(status.queued <= 2 * TRANSPORT_QUEUE_MAX && status.connected && status.dialled_by_us);
    blob_drop(b);
    finish();
}

static void a_stranger_is_refused(void)
{
    begin(2);
    nodes[1].hates[0] = true;
    dial(0, 1);
    CHECK(!pass(300 * ms, both_connected));
    CHECK_EQ_U64(nodes[0].connected + nodes[1].connected, 0);
    CHECK(nodes[0].refused > 0);
    CHECK(strstr(nodes[0].why, "not one that the other side admits") != NULL);
    finish();
}

/* At the address of the second lives the third, whom the first would talk to as well. */
static void somebody_else_at_the_address_is_refused(void)
{
    begin(3);
    transport_peer(nodes[0].transport, &nodes[1].key.fingerprint, nodes[2].address);
    CHECK(!pass(300 * ms, both_connected));
    CHECK_EQ_U64(nodes[0].connected + nodes[2].connected, 0);
    CHECK(nodes[0].refused > 0);
    CHECK(strstr(nodes[0].why, "a key that is not welcome here") != NULL);
    finish();
}

static bool the_smaller_has_dialled(void)
{
    transport_each(nodes[0].transport, keep_status, NULL);
    bool dialled = status.connected && status.dialled_by_us;
    transport_each(nodes[1].transport, keep_status, NULL);
    return dialled && status.connected && !status.dialled_by_us;
}

/* Both dial at once: one connection is left, that of the smaller fingerprint, and neither side hears of a break. */
static void one_connection_of_two_stays(void)
{
    begin(2);
    dial(0, 1);
    dial(1, 0);
    CHECK(pass(10000 * ms, the_smaller_has_dialled));
    pass(400 * ms, NULL);
    CHECK(the_smaller_has_dialled());
    CHECK_EQ_U64(nodes[0].connected, 1);
    CHECK_EQ_U64(nodes[1].connected, 1);
    CHECK_EQ_U64(nodes[0].disconnected + nodes[1].disconnected, 0);
    CHECK(send_text(0, 1, TRANSPORT_CONSENSUS, "one way"));
    CHECK(send_text(1, 0, TRANSPORT_CONSENSUS, "and the other"));
    CHECK(pass(1000 * ms, both_have_a_message));
    finish();
}

static bool lost_and_found(void)
{
    return nodes[0].disconnected == 1 && nodes[0].connected == 2 && nodes[1].connected == 1;
}

static bool lost_and_found_first(void)
{
    return nodes[0].disconnected == 1 && nodes[0].connected == 2;
}

/* The second ends with a good-bye, and comes back under the same address. */
static void a_peer_that_comes_back_is_found(void)
{
    char address[QUIC_ADDRESS_TEXT];
    struct secret_key key;

    begin(2);
    dial(0, 1);
    REQUIRE(pass(2000 * ms, both_connected));
    memcpy(address, nodes[1].address, sizeof address);
    key = nodes[1].key;
    node_close(1);
    nodes[1].key = key;
    node_open(1, address);
    CHECK(pass(4000 * ms, lost_and_found));
    CHECK(strstr(nodes[0].why, "has been stopped") != NULL);
    finish();
}

/* The second node as a process of its own, at this address. */
static pid_t run_second(const char *address)
{
    pid_t child = fork();

    if (child != 0)
        return child;
    if (loop_new(&loop, &diag) != ERR_OK)
        _exit(1);
    node_open(1, address);
    if (loop_run(loop, &diag) != ERR_OK)
        _exit(1);
    _exit(0);
}

static void end_second(pid_t child)
{
    CHECK(kill(child, SIGKILL) == 0);
    CHECK(waitpid(child, NULL, 0) == child);
}

static bool first_connected(void)
{
    return nodes[0].connected == 1;
}

/* It says nothing when it is killed. The one that takes its place has forgotten the connection, and says so with the
 * first packet that comes; nobody has to wait for the idle time-out. */
static void a_peer_that_was_killed_is_found_again(void)
{
    char address[QUIC_ADDRESS_TEXT];
    struct secret_key key;
    pid_t child;
    int64_t from_ns;

    begin(2);
    memcpy(address, nodes[1].address, sizeof address);
    key = nodes[1].key;
    node_close(1);
    nodes[1].key = key;
    child = run_second(address);
    transport_peer(nodes[0].transport, &key.fingerprint, address);
    CHECK(pass(3000 * ms, first_connected));
    end_second(child);
    child = run_second(address);
    from_ns = loop_now(loop);
    CHECK(send_text(0, 1, TRANSPORT_CONSENSUS, "are you there?"));
    CHECK(pass(10000 * ms, lost_and_found_first));
    tap_note("connected again after %lld ms: %s", (long long)((loop_now(loop) - from_ns) / ms), nodes[0].why);
    CHECK(loop_now(loop) - from_ns < 3000 * ms);
    CHECK(strstr(nodes[0].why, "has started anew") != NULL);
    end_second(child);
    finish();
}

static bool second_has_a_message(void)
{
    return nodes[1].messages > 0;
}

static bool twenty_came(void)
{
    return nodes[1].messages == 20;
}

/* What stands between two nodes: it passes packets on up to a size, as a network does, or a program with small buffers.
 */
static struct relay {
    struct loop_watch near, far; /* sockets: where it is dialled, and from where it dials */
    union quic_address from, to;
    unsigned cut;
    bool is_bad;
    struct prng prng;
} relay;

enum { RELAY_MAX = 2048 };

static int relay_socket(union quic_address *at)
{
    socklen_t size = sizeof *at;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    *at = (union quic_address){.ip4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
    CHECK(fd >= 0 && bind(fd, &at->any, sizeof at->ip4) == 0 && getsockname(fd, &at->any, &size) == 0);
    return fd;
}

static unsigned relay_times(void)
{
    uint64_t draw = prng_below(&relay.prng, 10);

    return draw == 0 ? 0 : draw == 1 ? 2 : 1;
}

static void relay_ready(void *context, uint32_t events)
{
    const struct loop_watch *in = context, *out = in == &relay.near ? &relay.far : &relay.near;
    uint8_t packet[RELAY_MAX];
    union quic_address from;
    socklen_t size = sizeof from;
    unsigned times;
    ssize_t len;

    (void)events;
    while ((len = recvfrom(in->fd, packet, sizeof packet, MSG_TRUNC, &from.any, &size)) >= 0) {
        if (in == &relay.near)
            relay.from = from;
        relay.cut += len > RELAY_MAX;
        times = relay.is_bad ? relay_times() : 1;
        for (; times > 0; times--)
            (void)!sendto(out->fd, packet, len > RELAY_MAX ? RELAY_MAX : (size_t)len, 0,
                          in == &relay.near ? &relay.to.any : &relay.from.any, sizeof from.ip4);
    }
}

/* In front of this node. */
static void relay_open(unsigned node, char address[QUIC_ADDRESS_TEXT])
{
    union quic_address at;

    relay = (struct relay){.to = *transport_local(nodes[node].transport)};
    prng_stream(&relay.prng, 1, "relay", 0);
    relay.near = (struct loop_watch){.ready = relay_ready, .context = &relay.near, .fd = relay_socket(&at)};
    quic_address_text(&at, address);
    relay.far = (struct loop_watch){.ready = relay_ready, .context = &relay.far, .fd = relay_socket(&at)};
    CHECK_OK(loop_watch(loop, &relay.near, EPOLLIN));
    CHECK_OK(loop_watch(loop, &relay.far, EPOLLIN));
}

static void relay_close(void)
{
    loop_unwatch(loop, &relay.near);
    loop_unwatch(loop, &relay.far);
    close(relay.near.fd);
    close(relay.far.fd);
}

/* Within one machine packets are large; where they do not get through they become as small as elsewhere. */
static void a_path_for_small_packets_is_found(void)
{
    char address[QUIC_ADDRESS_TEXT];

    begin(2);
    relay_open(1, address);
    transport_peer(nodes[0].transport, &nodes[1].key.fingerprint, address);
    CHECK(pass(6000 * ms, both_connected));
    CHECK(relay.cut > 0);
    relay.cut = 0;
    for (unsigned i = 0; i < 20; i++) {
        struct blob *b = blob_sized(64 << 10);

        memset(b->data, 1, b->len);
        CHECK(transport_send(nodes[0].transport, &nodes[1].key.fingerprint, TRANSPORT_BULK, b));
        blob_drop(b);
    }
    CHECK(pass(3000 * ms, twenty_came));
    CHECK_EQ_U64(relay.cut, 0);
    relay_close();
    finish();
}

static bool first_lost(void)
{
    return nodes[0].disconnected == 1;
}

static bool connected_again(void)
{
    return nodes[0].connected == 2;
}

static void a_ban_ends_the_connection_until_it_is_lifted(void)
{
    begin(2);
    dial(0, 1);
    REQUIRE(pass(2000 * ms, both_connected));
    transport_ban(nodes[0].transport, &nodes[1].key.fingerprint, true);
    CHECK(pass(1000 * ms, first_lost));
    dial(1, 0);
    CHECK(!pass(300 * ms, connected_again));
    transport_ban(nodes[0].transport, &nodes[1].key.fingerprint, false);
    CHECK(pass(3000 * ms, connected_again));
    finish();
}

/* A member that has left is disconnected, and is not let in again. */
static void who_is_no_member_any_more_is_disconnected(void)
{
    begin(2);
    dial(0, 1);
    REQUIRE(pass(2000 * ms, both_connected));
    nodes[1].hates[0] = true;
    transport_members_changed(nodes[1].transport);
    CHECK(pass(1000 * ms, first_lost));
    CHECK(strstr(nodes[0].why, "no member here any more") != NULL);
    CHECK(!pass(500 * ms, connected_again));
    nodes[1].hates[0] = false;
    transport_members_changed(nodes[1].transport);
    CHECK(pass(5000 * ms, connected_again));
    finish();
}

static bool first_refused(void)
{
    return nodes[0].refused > 0;
}

/* A name is looked up; one that there is not is said, and the loop goes on meanwhile. */
static void a_peer_is_dialled_by_its_name(void)
{
    char address[QUIC_ADDRESS_TEXT + 16];

    begin(2);
    transport_peer(nodes[0].transport, &nodes[1].key.fingerprint, "no-such-host.invalid:1");
    CHECK(pass(20000 * ms, first_refused));
    CHECK(strstr(nodes[0].why, "no-such-host.invalid:1: ") != NULL);
    snprintf(address, sizeof address, "localhost%s", strrchr(nodes[1].address, ':'));
    transport_peer(nodes[0].transport, &nodes[1].key.fingerprint, address);
    CHECK(pass(5000 * ms, both_connected));
    finish();
}

/* It is a member when its key is seen, and none when the attestation is complete. */
static void who_leaves_while_it_connects_is_not_let_in(void)
{
    begin(2);
    nodes[1].asks_allowed = 1;
    dial(0, 1);
    CHECK(!pass(500 * ms, both_connected));
    CHECK_EQ_U64(nodes[1].connected, 0);
    CHECK(nodes[1].asked > 1);
    finish();
}

/* The address of one side changes in the midst of a connection, as behind a NAT that was restarted. */
static void a_peer_whose_address_changes_stays_connected(void)
{
    char address[QUIC_ADDRESS_TEXT];
    union quic_address at;

    begin(2);
    relay_open(1, address);
    transport_peer(nodes[0].transport, &nodes[1].key.fingerprint, address);
    REQUIRE(pass(6000 * ms, both_connected));
    loop_unwatch(loop, &relay.far);
    close(relay.far.fd);
    relay.far.fd = relay_socket(&at);
    CHECK_OK(loop_watch(loop, &relay.far, EPOLLIN));
    CHECK(send_text(0, 1, TRANSPORT_CONSENSUS, "from another address"));
    CHECK(pass(3000 * ms, second_has_a_message));
    CHECK(send_text(1, 0, TRANSPORT_CONSENSUS, "to another address"));
    CHECK(pass(3000 * ms, both_have_a_message));
    CHECK_EQ_U64(nodes[0].disconnected + nodes[1].disconnected, 0);
    relay_close();
    finish();
}

/* One packet of ten is lost, and one of ten comes twice. */
static void messages_get_through_a_bad_network(void)
{
    char address[QUIC_ADDRESS_TEXT];

    begin(2);
    relay_open(1, address);
    transport_peer(nodes[0].transport, &nodes[1].key.fingerprint, address);
    REQUIRE(pass(6000 * ms, both_connected));
    relay.is_bad = true;
    for (uint32_t i = 0; i < 20; i++) {
        struct blob *b = blob_sized(64 << 10);

        memset(b->data, (int)i, b->len);
        memcpy(b->data, &i, sizeof i);
        CHECK(transport_send(nodes[0].transport, &nodes[1].key.fingerprint, TRANSPORT_ENTRIES, b));
        blob_drop(b);
    }
    CHECK(pass(20000 * ms, twenty_came));
    CHECK(!nodes[1].out_of_order);
    CHECK_EQ_U64(nodes[0].disconnected + nodes[1].disconnected, 0);
    relay_close();
    finish();
}

static void tests(void)
{
    TAP_RUN(two_nodes_talk);
    TAP_RUN(messages_of_all_sizes_come_in_order);
    TAP_RUN(a_message_that_is_too_long_is_not_sent);
    TAP_RUN(two_nodes_speak_the_next_version);
    TAP_RUN(who_speaks_the_first_version_is_spoken_to_in_it);
    TAP_RUN(what_waits_is_bounded);
    TAP_RUN(a_stranger_is_refused);
    TAP_RUN(somebody_else_at_the_address_is_refused);
    TAP_RUN(nodes_of_two_federations_refuse_each_other);
    TAP_RUN(software_that_is_not_admitted_is_refused);
    TAP_RUN(one_connection_of_two_stays);
    TAP_RUN(a_peer_that_comes_back_is_found);
    TAP_RUN(a_peer_that_was_killed_is_found_again);
    TAP_RUN(a_path_for_small_packets_is_found);
    TAP_RUN(a_peer_whose_address_changes_stays_connected);
    TAP_RUN(messages_get_through_a_bad_network);
    TAP_RUN(who_is_no_member_any_more_is_disconnected);
    TAP_RUN(who_leaves_while_it_connects_is_not_let_in);
    TAP_RUN(a_peer_is_dialled_by_its_name);
    TAP_RUN(a_ban_ends_the_connection_until_it_is_lifted);
}

int main(void)
{
    return nodes_main(tests);
}
