/* Somebody who does not keep to the protocol, at the doors of real nodes: strangers, and a member whose key is right.
 *
 * bad_peer --seed S --draw D --genesis FILE --member NAME NODE=HOST:PORT...
 *
 * The keys are those of the rehearsal with seed S. What is done to whom is drawn from D, until standard input ends;
 * then it prints how often it did what, in one line. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/prng.h"
#include "base/text.h"
#include "node/transport.h"

enum { NODES_MAX = 16, CROWD = 30, MESSAGES = 100, MESSAGE_MAX = 4096, GENESIS_MAX = 16 << 20 };

static const int64_t ms = 1000000, pass_ns = 5000000;

enum attack { STRANGER, CROWD_OF_STRANGERS, VERSION, NOISE, GARBAGE, SILENCE, FEDERATION, LIES, ATTACK_COUNT };

static const char *const names[] = {"strangers", "crowds",   "versions",    "noises",
                                    "garbage",   "silences", "federations", "lies"};

struct victim {
    struct digest fingerprint;
    const char *address; /* borrowed */
    union quic_address at;
};

struct bad_peer {
    struct loop *loop;
    struct prng prng;
    struct secret_key member;
    struct digest federation_id;
    unsigned victim_count;
    struct victim victims[NODES_MAX];
    enum attack attack; /* the present one */
    struct quic_endpoint *endpoint;
    struct transport *transport;
    bool is_over;
    uint64_t done[ATTACK_COUNT], authenticated, connected, messages;
};

static _Noreturn void give_up(const char *what, const char *why)
{
    fprintf(stderr, "bad_peer: %s: %s\n", what, why);
    exit(2);
}

/* ---- what it says */

static struct blob *noise(struct bad_peer *b)
{
    struct blob *blob = blob_sized(1 + prng_below(&b->prng, MESSAGE_MAX));

    for (size_t i = 0; i < blob->len; i++)
        blob->data[i] = (uint8_t)prng_next(&b->prng);
    return blob;
}

/* A message that was heard, with some other bytes. */
static struct blob *spoiled(struct bad_peer *b, const struct blob *heard)
{
    struct blob *blob = blob_new(blob_bytes(heard));

    for (uint64_t i = prng_below(&b->prng, 4); i > 0 && blob->len > 0; i--)
        blob->data[prng_below(&b->prng, blob->len)] = (uint8_t)prng_next(&b->prng);
    return blob;
}

/* ---- below the attestation: an endpoint of its own */

static bool welcomes_all(void *context, void *dialled, const struct digest *peer)
{
    (void)context;
    (void)dialled;
    (void)peer;
    return true;
}

static void authenticated(void *context, struct quic_connection *c)
{
    struct bad_peer *b = context;

    b->authenticated++;
    for (unsigned stream = 0; stream < QUIC_STREAMS; stream++) {
        struct blob *blob = noise(b);

        if (stream != QUIC_STREAM_FIRST || b->attack == GARBAGE)
            (void)quic_connection_send(c, stream, blob, SIZE_MAX);
        blob_drop(blob);
    }
}

static void ignore_message(void *context, struct quic_connection *c, unsigned stream, struct blob *message)
{
    (void)context;
    (void)c;
    (void)stream;
    (void)message;
}

static void closed(void *context, struct quic_connection *c, uint64_t code, const char *why)
{
    struct bad_peer *b = context;

    (void)c;
    (void)code;
    (void)why;
    b->is_over = b->attack != CROWD_OF_STRANGERS;
}

static void turned_away(void *context, const union quic_address *from, const char *why)
{
    (void)context;
    (void)from;
    (void)why;
}

static const struct quic_endpoint_actions endpoint_actions = {.welcome = welcomes_all,
                                                              .authenticated = authenticated,
                                                              .message = ignore_message,
                                                              .closed = closed,
                                                              .turned_away = turned_away};

static void dial(struct bad_peer *b, const struct victim *victim)
{
    static const char *const versions[] = {"prismfed/0", NULL};
    bool is_member = b->attack == GARBAGE || b->attack == SILENCE;
    struct secret_key key = b->member;
    struct diag diag;
    char name[32];

    snprintf(name, sizeof name, "stranger %u", (unsigned)prng_below(&b->prng, 1000));
    if (!is_member)
        key_simulated(0, name, &key);
    const struct quic_endpoint_config config = {.loop = b->loop,
                                                .key = &key,
                                                .protocols = b->attack == VERSION ? versions : NULL,
                                                .first_stream_limit = QUIC_FRAME_MAX,
                                                .actions = &endpoint_actions,
                                                .context = b,
                                                .listen = "127.0.0.1:0"};
    if (quic_endpoint_new(&config, &b->endpoint, &diag) != ERR_OK)
        give_up("endpoint", diag.text);
    for (unsigned i = 0; i < (b->attack == CROWD_OF_STRANGERS ? CROWD : 1); i++)
        (void)quic_endpoint_dial(b->endpoint, &victim->at, true, NULL);
    key_wipe(&key);
}

/* ---- above it: a transport, of a member that lies */

static void say_noise(struct bad_peer *b, const struct digest *peer)
{
    for (unsigned i = 0; i < MESSAGES; i++) {
        struct blob *blob = noise(b);
        /* half of them look like messages: an array, and a type */
        if (i % 2 == 0 && blob->len > 2) {
            blob->data[0] = (uint8_t)(0x82 + prng_below(&b->prng, 8));
            blob->data[1] = (uint8_t)prng_below(&b->prng, 20);
        }
        b->messages += transport_send(b->transport, peer, (enum transport_stream)(i % TRANSPORT_STREAM_COUNT), blob);
        blob_drop(blob);
    }
}

static void connected(void *context, const struct digest *peer)
{
    struct bad_peer *b = context;

    b->connected++;
    say_noise(b, peer);
}

static void message(void *context, const struct digest *peer, struct blob *heard)
{
    struct bad_peer *b = context;
    struct blob *blob = spoiled(b, heard);

    b->messages +=
        transport_send(b->transport, peer, (enum transport_stream)prng_below(&b->prng, TRANSPORT_STREAM_COUNT), blob);
    blob_drop(blob);
}

static void disconnected(void *context, const struct digest *peer, const char *why)
{
    (void)peer;
    (void)why;
    ((struct bad_peer *)context)->is_over = true;
}

static void refused(void *context, const struct digest *peer, const char *why)
{
    disconnected(context, peer, why);
}

static bool allowed(void *context, const struct digest *peer)
{
    (void)context;
    (void)peer;
    return true;
}

static const struct transport_actions transport_actions = {
    .message = message, .connected = connected, .disconnected = disconnected, .refused = refused, .allowed = allowed};

static void join(struct bad_peer *b, const struct victim *victim)
{
    struct diag diag;
    struct transport_config config = {.loop = b->loop,
                                      .key = &b->member,
                                      .federation_id = b->federation_id,
                                      .actions = &transport_actions,
                                      .context = b};

    if (b->attack == FEDERATION)
        config.federation_id.b[0] ^= 1;
    if (transport_new(&config, &b->transport, &diag) != ERR_OK)
        give_up("transport", diag.text);
    transport_peer(b->transport, &victim->fingerprint, victim->address);
}

/* ---- below everything: datagrams */

static void send_noise(struct bad_peer *b, const struct victim *victim)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    for (unsigned i = 0; fd >= 0 && i < 10 * MESSAGES; i++) {
        struct blob *blob = noise(b);

        if (i % 4 == 0 && blob->len > 5)
            memcpy(blob->data, "\xc3\x00\x00\x00\x01", 5); /* the first bytes of an Initial packet */
        (void)!sendto(fd, blob->data, blob->len < 1400 ? blob->len : 1400, 0, &victim->at.any,
                      quic_address_size(&victim->at));
        blob_drop(blob);
    }
    if (fd >= 0)
        close(fd);
}

/* ---- how it goes on */

static void pass(struct bad_peer *b, int64_t most_ns)
{
    int64_t until_ns = loop_now(b->loop) + most_ns;
    struct diag diag;

    while (!b->is_over && loop_now(b->loop) < until_ns) {
        if (loop_pass(b->loop, pass_ns, &diag) != ERR_OK)
            give_up("loop", diag.text);
    }
}

static void attack(struct bad_peer *b)
{
    const struct victim *victim = &b->victims[prng_below(&b->prng, b->victim_count)];

    b->attack = (enum attack)prng_below(&b->prng, ATTACK_COUNT);
    b->done[b->attack]++;
    b->is_over = b->attack == NOISE;
    if (b->attack == NOISE)
        send_noise(b, victim);
    else if (b->attack >= FEDERATION)
        join(b, victim);
    else
        dial(b, victim);
    pass(b, 700 * ms);
    transport_free(b->transport);
    quic_endpoint_free(b->endpoint);
    b->transport = NULL;
    b->endpoint = NULL;
    b->is_over = false;
    pass(b, 20 * ms); /* what is closed says so */
}

static bool goes_on(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    return poll(&input, 1, 0) == 0;
}

/* NODE=HOST:PORT */
static void read_victim(struct bad_peer *b, uint64_t seed, char *word)
{
    struct victim *victim = &b->victims[b->victim_count++];
    char *equals = strchr(word, '=');
    struct secret_key key;
    struct diag diag;

    if (equals == NULL)
        give_up(word, "expected NODE=HOST:PORT");
    *equals = '\0';
    key_simulated(seed, word, &key);
    victim->fingerprint = key.fingerprint;
    victim->address = equals + 1;
    if (quic_address_parse(victim->address, AF_INET, &victim->at, &diag) != ERR_OK)
        give_up(victim->address, diag.text);
    key_wipe(&key);
}

static void read_arguments(struct bad_peer *b, int argc, char **argv)
{
    static const char *const options[] = {"--seed", "--draw", "--genesis", "--member"};
    struct buf genesis = {0};
    struct diag diag;
    uint64_t seed, draw;

    if (argc < 10 || argc > 9 + NODES_MAX)
        give_up("usage", "bad_peer --seed S --draw D --genesis FILE --member NAME NODE=HOST:PORT...");
    for (int i = 0; i < 4; i++) {
        if (strcmp(argv[2 * i + 1], options[i]) != 0)
            give_up(argv[2 * i + 1], "the options are --seed S --draw D --genesis FILE --member NAME, in this order");
    }
    if (u64_parse(argv[2], &seed) != ERR_OK || u64_parse(argv[4], &draw) != ERR_OK)
        give_up("--seed, --draw", "expected a number");
    if (file_read(argv[6], GENESIS_MAX, &genesis, &diag) != ERR_OK)
        give_up("--genesis", diag.text);
    b->federation_id = digest_of(bytes_of_buf(&genesis));
    buf_free(&genesis);
    key_simulated(seed, argv[8], &b->member);
    prng_stream(&b->prng, draw, "bad peer", 0);
    for (int i = 9; i < argc; i++)
        read_victim(b, seed, argv[i]);
}

int main(int argc, char **argv)
{
    static struct bad_peer b;
    struct diag diag;

    key_library_init();
    read_arguments(&b, argc, argv);
    if (loop_new(&b.loop, &diag) != ERR_OK)
        give_up("loop", diag.text);
    while (goes_on())
        attack(&b);
    for (unsigned i = 0; i < ATTACK_COUNT; i++)
        printf("%s %" PRIu64 " ", names[i], b.done[i]);
    printf("authenticated %" PRIu64 " connected %" PRIu64 " messages %" PRIu64 "\n", b.authenticated, b.connected,
           b.messages);
    loop_free(b.loop);
    return 0;
}
