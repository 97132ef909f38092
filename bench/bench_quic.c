#include <gnutls/x509.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "node/transport.h"

/* The transport of nodes beside TLS over TCP, by the same GnuTLS with the same certificates and ciphers, over the
 * loopback device between two processes: how fast messages of 64 KiB arrive, and how long it takes until a new
 * connection is known by both sides to be good. The runs of both alternate, so that what else the machine does meets
 * both. Ends with status 1 when a ratio misses what was promised. The argument is the number of megabytes in a run. */

enum { MESSAGE_SIZE = 64 << 10, HANDSHAKES = 200, HEADER = 4 };

#define THROUGHPUT_RATIO 1.0 /* at least */
#define HANDSHAKE_RATIO 1.5  /* at most */
#define IDLE_KILOBYTES 128.0 /* at most, of a connection at the side that answers */

static struct secret_key server_key, client_key;
static struct diag diag;
static unsigned messages;

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "bench_quic: %s %s\n", what, diag.text);
    exit(2);
}

/* ---- TLS over TCP */

static const char tcp_priority[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:-GROUP-ALL:+GROUP-X25519:"
                                   "-SIGN-ALL:+SIGN-EDDSA-ED25519";

/* As much work as the transport's look at the key. */
static int look_at_key(gnutls_session_t session)
{
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    uint8_t id[DIGEST_SIZE];
    size_t size = sizeof id;
    gnutls_x509_crt_t crt;
    int rv;

    if (chain == NULL || count == 0 || gnutls_x509_crt_init(&crt) < 0)
        return -1;
    rv = gnutls_x509_crt_import(crt, &chain[0], GNUTLS_X509_FMT_DER);
    rv = rv < 0 ? rv : gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, id, &size);
    gnutls_x509_crt_deinit(crt);
    return rv < 0 ? -1 : 0;
}

static gnutls_certificate_credentials_t tcp_credentials(const struct secret_key *key)
{
    gnutls_certificate_credentials_t c;

    if (gnutls_certificate_allocate_credentials(&c) < 0 || tls_certify(key, c) < 0)
        give_up("credentials");
    gnutls_certificate_set_verify_function(c, look_at_key);
    return c;
}

static gnutls_session_t tcp_session(gnutls_certificate_credentials_t c, bool is_server, int fd)
{
    gnutls_session_t s;
    const int on = 1;
    int rv;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (gnutls_init(&s, (is_server ? GNUTLS_SERVER : GNUTLS_CLIENT) | GNUTLS_NO_AUTO_SEND_TICKET | GNUTLS_NO_TICKETS) <
        0)
        give_up("session");
    if (is_server)
        gnutls_certificate_server_set_request(s, GNUTLS_CERT_REQUIRE);
    if (gnutls_priority_set_direct(s, tcp_priority, NULL) < 0 ||
        gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, c) < 0)
        give_up("session");
    gnutls_transport_set_int(s, fd);
    do
        rv = gnutls_handshake(s);
    while (rv < 0 && !gnutls_error_is_fatal(rv));
    if (rv < 0)
        give_up(gnutls_strerror(rv));
    return s;
}

static void tcp_send(gnutls_session_t s, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t sent = gnutls_record_send(s, data, len);

        if (sent < 0)
            give_up(gnutls_strerror((int)sent));
        data += sent;
        len -= (size_t)sent;
    }
}

static void tcp_receive(gnutls_session_t s, uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t got = gnutls_record_recv(s, data, len);

        if (got <= 0)
            give_up(got < 0 ? gnutls_strerror((int)got) : "the end");
        data += got;
        len -= (size_t)got;
    }
}

static int tcp_listen(struct sockaddr_in *at)
{
    socklen_t size = sizeof *at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || bind(fd, (struct sockaddr *)at, size) < 0 || listen(fd, 16) < 0 ||
        getsockname(fd, (struct sockaddr *)at, &size) < 0)
        give_up("listen");
    return fd;
}

static int tcp_connect(const struct sockaddr_in *at)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || connect(fd, (const struct sockaddr *)at, sizeof *at) < 0)
        give_up("connect");
    return fd;
}

/* The other side says one byte when it has seen our certificate: only then both know. */
static void tcp_one_byte(gnutls_session_t s, bool sends)
{
    uint8_t byte = 1;

    if (sends)
        tcp_send(s, &byte, 1);
    else
        tcp_receive(s, &byte, 1);
}

static void tcp_handshake_client(const struct sockaddr_in *at, gnutls_certificate_credentials_t c)
{
    int fd = tcp_connect(at);
    gnutls_session_t s = tcp_session(c, false, fd);

    tcp_one_byte(s, false);
    gnutls_deinit(s);
    close(fd);
}

static void tcp_handshake_server(int listener, gnutls_certificate_credentials_t c)
{
    int fd = accept(listener, NULL, NULL);
    gnutls_session_t s = tcp_session(c, true, fd);

    tcp_one_byte(s, true);
    gnutls_deinit(s);
    close(fd);
}

static double tcp_handshakes(void)
{
    struct sockaddr_in at;
    int listener = tcp_listen(&at);
    double took[HANDSHAKES];
    pid_t server = fork();

    if (server == 0) {
        gnutls_certificate_credentials_t c = tcp_credentials(&server_key);

        for (unsigned i = 0; i < HANDSHAKES; i++)
            tcp_handshake_server(listener, c);
        _exit(0);
    }
    gnutls_certificate_credentials_t c = tcp_credentials(&client_key);

    for (unsigned i = 0; i < HANDSHAKES; i++) {
        double start = bench_wall_seconds();

        tcp_handshake_client(&at, c);
        took[i] = bench_wall_seconds() - start;
    }
    gnutls_certificate_free_credentials(c);
    close(listener);
    ASSERT(waitpid(server, NULL, 0) == server);
    return bench_median(took, HANDSHAKES);
}

static double tcp_throughput(void)
{
    static uint8_t message[HEADER + MESSAGE_SIZE];
    struct sockaddr_in at;
    int listener = tcp_listen(&at);
    pid_t sender = fork();
    double start = 0;

    if (sender == 0) {
        gnutls_session_t s = tcp_session(tcp_credentials(&client_key), false, tcp_connect(&at));

        for (unsigned i = 0; i < messages; i++)
            tcp_send(s, message, sizeof message);
        tcp_one_byte(s, false);
        _exit(0);
    }
    int fd = accept(listener, NULL, NULL);
    gnutls_certificate_credentials_t c = tcp_credentials(&server_key);
    gnutls_session_t s = tcp_session(c, true, fd);

    for (unsigned i = 0; i < messages; i++) {
        struct blob *b = blob_sized(MESSAGE_SIZE);

        tcp_receive(s, message, HEADER);
        tcp_receive(s, b->data, b->len);
        if (i == 0)
            start = bench_wall_seconds();
        blob_drop(b);
    }
    start = bench_wall_seconds() - start;
    tcp_one_byte(s, true);
    ASSERT(waitpid(sender, NULL, 0) == sender);
    gnutls_deinit(s);
    gnutls_certificate_free_credentials(c);
    close(fd);
    close(listener);
    return start;
}

/* ---- the transport */

static struct side {
    struct loop *loop;
    struct transport *transport;
    unsigned received;
    bool connected;
    double start, end;
} side;

static void came(void *context, const struct digest *peer, struct blob *blob)
{
    (void)context;
    (void)peer;
    ASSERT(blob->len == MESSAGE_SIZE);
    if (side.received++ == 0)
        side.start = bench_wall_seconds();
    if (side.received == messages)
        side.end = bench_wall_seconds();
}

static void connected(void *context, const struct digest *peer)
{
    (void)context;
    (void)peer;
    side.connected = true;
}

static void disconnected(void *context, const struct digest *peer, const char *why)
{
    (void)context;
    (void)peer;
    (void)why;
}

static bool allowed(void *context, const struct digest *fingerprint)
{
    (void)context;
    (void)fingerprint;
    return true;
}

static const struct transport_actions actions = {
    .message = came, .connected = connected, .disconnected = disconnected, .allowed = allowed};

static void side_begin(const struct secret_key *key, const char *listen)
{
    struct transport_config config = {.key = key, .listen = listen, .actions = &actions};

    side = (struct side){0};
    if (loop_new(&side.loop, &diag) != ERR_OK)
        give_up("loop");
    config.loop = side.loop;
    if (transport_new(&config, &side.transport, &diag) != ERR_OK)
        give_up("transport");
}

static void side_end(void)
{
    transport_free(side.transport);
    loop_free(side.loop);
}

static void step(int64_t most_ns)
{
    if (loop_pass(side.loop, most_ns, &diag) != ERR_OK)
        give_up("loop");
}

static _Noreturn void quic_sender(const char *address)
{
    struct blob *b = blob_sized(MESSAGE_SIZE);

    memset(b->data, 1, b->len);
    side_begin(&client_key, "127.0.0.1:0");
    transport_peer(side.transport, &server_key.fingerprint, address);
    while (!side.connected)
        step(-1);
    for (unsigned sent = 0;; step(sent < messages ? 1000000 : -1)) {
        while (sent < messages && transport_send(side.transport, &server_key.fingerprint, TRANSPORT_ENTRIES, b))
            sent++;
    }
}

static double quic_throughput(void)
{
    char address[QUIC_ADDRESS_TEXT];
    pid_t sender;

    side_begin(&server_key, "127.0.0.1:0");
    quic_address_text(transport_local(side.transport), address);
    sender = fork();
    if (sender == 0)
        quic_sender(address);
    while (side.received < messages)
        step(-1);
    ASSERT(kill(sender, SIGKILL) == 0 && waitpid(sender, NULL, 0) == sender);
    side_end();
    return side.end - side.start;
}

/* ---- handshakes of the transport's endpoint */

static struct quic_endpoint *endpoint;
static bool done;

static bool welcome(void *context, void *dialled, const struct digest *peer)
{
    (void)context;
    (void)dialled;
    (void)peer;
    return true;
}

static void authenticated(void *context, struct quic_connection *c)
{
    (void)context;
    if (quic_connection_is_dialler(c)) {
        done = true;
        quic_connection_close(c, QUIC_CODE_ENDS, "");
    }
}

static void closed(void *context, struct quic_connection *c, uint64_t code, const char *why)
{
    (void)context;
    (void)c;
    (void)code;
    (void)why;
}

static void message(void *context, struct quic_connection *c, unsigned stream, struct blob *blob)
{
    (void)context;
    (void)c;
    (void)stream;
    (void)blob;
}

static void turned_away(void *context, const union quic_address *from, const char *why)
{
    (void)context;
    (void)from;
    (void)why;
}

static const struct quic_endpoint_actions endpoint_actions = {.welcome = welcome,
                                                              .authenticated = authenticated,
                                                              .closed = closed,
                                                              .message = message,
                                                              .turned_away = turned_away};

static void endpoint_begin(const struct secret_key *key, const struct quic_endpoint_actions *with)
{
    struct quic_endpoint_config config = {.key = key,
                                          .listen = "127.0.0.1:0",
                                          .handshakes_per_second = 1000000,
                                          .first_stream_limit = 1024,
                                          .actions = with};

    side = (struct side){0};
    if (loop_new(&side.loop, &diag) != ERR_OK)
        give_up("loop");
    config.loop = side.loop;
    if (quic_endpoint_new(&config, &endpoint, &diag) != ERR_OK)
        give_up("endpoint");
}

static double quic_handshakes(void)
{
    double took[HANDSHAKES];
    union quic_address at;
    pid_t server;
    int ends[2];

    ASSERT(pipe(ends) == 0);
    server = fork();
    if (server == 0) {
        endpoint_begin(&server_key, &endpoint_actions);
        ASSERT(write(ends[1], quic_endpoint_local(endpoint), sizeof at) == sizeof at);
        for (;;)
            step(-1);
    }
    ASSERT(read(ends[0], &at, sizeof at) == sizeof at);
    endpoint_begin(&client_key, &endpoint_actions);
    for (unsigned i = 0; i < HANDSHAKES; i++) {
        double start = bench_wall_seconds();

        done = false;
        ASSERT(quic_endpoint_dial(endpoint, &at, true, NULL) != NULL);
        while (!done)
            step(-1);
        took[i] = bench_wall_seconds() - start;
    }
    quic_endpoint_free(endpoint);
    loop_free(side.loop);
    close(ends[0]);
    close(ends[1]);
    ASSERT(kill(server, SIGKILL) == 0 && waitpid(server, NULL, 0) == server);
    return bench_median(took, HANDSHAKES);
}

/* ---- memory */

enum { IDLE = 256 };

static unsigned idle;

static void stays(void *context, struct quic_connection *c)
{
    (void)context;
    (void)c;
    idle++;
}

static double resident_kilobytes(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long pages = 0;

    ASSERT(f != NULL && fscanf(f, "%*d %ld", &pages) == 1 && fclose(f) == 0);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
}

/* Of each connection that others have begun and that is idle. */
static double idle_kilobytes(void)
{
    struct quic_endpoint_actions actions_of_idle = endpoint_actions;
    union quic_address at;
    double before, after;
    pid_t client;

    actions_of_idle.authenticated = stays;
    endpoint_begin(&server_key, &actions_of_idle);
    at = *quic_endpoint_local(endpoint);
    before = resident_kilobytes();
    client = fork();
    if (client == 0) {
        endpoint_begin(&client_key, &actions_of_idle);
        for (unsigned i = 0; i < IDLE; i++) {
            ASSERT(quic_endpoint_dial(endpoint, &at, true, NULL) != NULL);
            while (idle <= i)
                step(-1);
        }
        for (;;)
            step(-1);
    }
    while (idle < IDLE)
        step(-1);
    after = resident_kilobytes();
    ASSERT(kill(client, SIGKILL) == 0 && waitpid(client, NULL, 0) == client);
    quic_endpoint_free(endpoint);
    loop_free(side.loop);
    return (after - before) / IDLE;
}

/* ---- both */

int main(int argc, char **argv)
{
    double quic[BENCH_RUNS], tcp[BENCH_RUNS], quic_hand[BENCH_RUNS], tcp_hand[BENCH_RUNS], megabytes;
    double ratio, hand_ratio, kilobytes;

    key_library_init();
    key_simulated(1, "server", &server_key);
    key_simulated(1, "client", &client_key);
    messages = (argc > 1 ? (unsigned)atoi(argv[1]) : 256) * 16;
    megabytes = (double)messages / 16;
    for (size_t run = 0; run < BENCH_RUNS; run++) {
        tcp[run] = tcp_throughput();
        quic[run] = quic_throughput();
        tcp_hand[run] = tcp_handshakes();
        quic_hand[run] = quic_handshakes();
    }
    ratio = bench_median(tcp, BENCH_RUNS) / bench_median(quic, BENCH_RUNS);
    hand_ratio = bench_median(quic_hand, BENCH_RUNS) / bench_median(tcp_hand, BENCH_RUNS);
    printf("quic: messages of 64 KiB: %.0f MB/s, TLS over TCP %.0f MB/s, ratio %.2f (at least %.1f)\n",
           megabytes / bench_median(quic, BENCH_RUNS), megabytes / bench_median(tcp, BENCH_RUNS), ratio,
           THROUGHPUT_RATIO);
    printf("quic: handshake p50: %.2f ms, TLS over TCP %.2f ms, ratio %.2f (at most %.1f)\n",
           1000 * bench_median(quic_hand, BENCH_RUNS), 1000 * bench_median(tcp_hand, BENCH_RUNS), hand_ratio,
           HANDSHAKE_RATIO);
    kilobytes = idle_kilobytes();
    printf("quic: memory of an idle connection, of %d: %.0f KB (at most %.0f)\n", IDLE, kilobytes, IDLE_KILOBYTES);
    return ratio >= THROUGHPUT_RATIO && kilobytes <= IDLE_KILOBYTES && hand_ratio <= HANDSHAKE_RATIO ? 0 : 1;
}
