#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "node/address.h"
#include "node/preflight_parts.h"

/* Are the others there? A QUIC server answers a packet of a version that nobody speaks by saying which ones it speaks
 * (RFC 9000 section 6.1, 15), so that nothing about us need be known. */

enum { PACKET = 1200 /* RFC 9000 section 14.1 */, ID_SIZE = 8, TRIES = 3, TRY_MS = 350 };

struct probe {
    const char *name, *address;
    int fd; /* connected, or -1 */
    uint8_t id[ID_SIZE];
    bool answered, refused;
};

/* The packet's first byte: long header, fixed bit (RFC 9000 section 17.2). */
static void send_probe(const struct probe *probe)
{
    static const uint8_t version[] = {0x1a, 0x2a, 0x3a, 0x4a}; /* reserved to make servers negotiate (section 15) */
    uint8_t packet[PACKET] = {0xc0};
    size_t at = 1;

    memcpy(packet + at, version, sizeof version);
    at += sizeof version;
    packet[at++] = ID_SIZE;
    memcpy(packet + at, probe->id, ID_SIZE);
    at += ID_SIZE;
    packet[at++] = ID_SIZE;
    memcpy(packet + at, probe->id, ID_SIZE);
    (void)!send(probe->fd, packet, sizeof packet, MSG_NOSIGNAL);
}

/* Version negotiation (section 17.2.1): version 0, and our connection id comes back. */
static bool is_answer(const struct probe *probe, const uint8_t *packet, size_t n)
{
    static const uint8_t none[4];

    return n >= 6 + ID_SIZE && (packet[0] & 0x80) != 0 && memcmp(packet + 1, none, sizeof none) == 0 &&
           packet[5] == ID_SIZE && memcmp(packet + 6, probe->id, ID_SIZE) == 0;
}

static void hear(struct probe *probe)
{
    uint8_t packet[PACKET];
    ssize_t n;

    while ((n = recv(probe->fd, packet, sizeof packet, MSG_DONTWAIT)) >= 0)
        probe->answered = probe->answered || is_answer(probe, packet, (size_t)n);
    probe->refused = probe->refused || errno == ECONNREFUSED;
}

static int64_t now_ms(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Hears whoever answers, until a try is over or all have. */
static void wait_for(struct probe *probes, unsigned count, struct pollfd *polled)
{
    int64_t end = now_ms() + TRY_MS;

    for (int64_t left = TRY_MS; left > 0; left = end - now_ms()) {
        nfds_t waiting = 0;

        for (unsigned i = 0; i < count; i++) {
            bool asked = probes[i].fd >= 0 && !probes[i].answered && !probes[i].refused;

            polled[i] = (struct pollfd){.fd = asked ? probes[i].fd : -1, .events = POLLIN};
            waiting += asked;
        }
        if (waiting == 0 || poll(polled, count, (int)left) <= 0)
            return;
        for (unsigned i = 0; i < count; i++) {
            if (polled[i].fd >= 0 && polled[i].revents != 0)
                hear(&probes[i]);
        }
    }
}

static void ask_all(struct probe *probes, unsigned count)
{
    struct pollfd *polled = mem_array(count + 1, sizeof polled[0]);

    for (unsigned i = 0; i < TRIES; i++) {
        for (unsigned k = 0; k < count; k++) {
            if (probes[k].fd >= 0 && !probes[k].answered && !probes[k].refused)
                send_probe(&probes[k]);
        }
        wait_for(probes, count, polled);
    }
    mem_free(polled);
}

/* A connected socket, so that the system tells us when nobody listens there; -1: it was said why. */
static int dial(struct preflight *p, const char *name, const char *text)
{
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV}, *found = NULL;
    struct address address;
    struct diag diag = {0};
    int why, fd;

    if (address_parse(text, &address, &diag) != ERR_OK) {
        preflight_say(p, "peers", PREFLIGHT_MEND, "%s: %s", name, diag.text);
        return -1;
    }
    why = getaddrinfo(address.host, address.port, &hints, &found);
    if (why != 0) {
        preflight_say(p, "peers", PREFLIGHT_MEND, "%s: the address %s does not resolve: %s", name, text,
                      gai_strerror(why));
        return -1;
    }
    fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
        preflight_say(p, "peers", PREFLIGHT_MEND, "%s: no way to %s: %s", name, text, strerror(errno));
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    return fd;
}

/* NULL: nobody says it. */
static const char *address_of(const struct preflight *p, const char *name)
{
    const char *own = node_config_address(p->config, name);
    const struct members_row *row = own == NULL ? members_find(&p->members, name) : NULL;

    return row != NULL && row->address[0] != '\0' ? row->address : own;
}

/* The other validators that have an address. */
static unsigned begin(struct preflight *p, struct probe *probes)
{
    unsigned count = 0;

    for (unsigned i = 0; i < p->genesis->member_count; i++) {
        const struct member_card *m = &p->genesis->members[i];
        const char *address = address_of(p, m->name);

        if (m->role != ROLE_CORE || strcmp(m->name, p->config->node) == 0)
            continue;
        if (address == NULL) {
            preflight_say(p, "peers", PREFLIGHT_MEND,
                          "%s: neither \"peers\" nor \"members\" of the configuration has "
                          "an address of this validator",
                          m->name);
            continue;
        }
        struct probe *probe = &probes[count++];
        *probe = (struct probe){.name = m->name, .address = address, .fd = dial(p, m->name, address)};
        be64_put(probe->id, i);
    }
    return count;
}

static void conclude(struct preflight *p, const struct probe *probes, unsigned count)
{
    unsigned answered = 0;

    for (unsigned i = 0; i < count; i++) {
        const struct probe *probe = &probes[i];

        answered += probe->answered;
        if (probe->fd >= 0 && !probe->answered)
            preflight_say(p, "peers", PREFLIGHT_NOTE, "%s does not answer at %s: %s", probe->name, probe->address,
                          probe->refused ? "nobody listens there yet"
                                         : "it does not run yet, or UDP does not come through (look at firewalls)");
    }
    if (count > 0)
        preflight_say(p, "peers", answered > 0 ? PREFLIGHT_PASSED : PREFLIGHT_NOTE, "%u of %u other validators answer",
                      answered, count);
}

void preflight_peers(struct preflight *p)
{
    if (p->genesis == NULL) {
        preflight_say(p, "peers", PREFLIGHT_NOTE, "who they are is not known without genesis");
        return;
    }
    struct probe *probes = mem_array(p->genesis->member_count + 1, sizeof probes[0]);
    unsigned count = begin(p, probes);

    ask_all(probes, count);
    conclude(p, probes, count);
    for (unsigned i = 0; i < count; i++) {
        if (probes[i].fd >= 0)
            close(probes[i].fd);
    }
    mem_free(probes);
}
