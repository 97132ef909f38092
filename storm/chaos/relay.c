/* A bad network between real nodes: each speaks to the relay instead of to its peers, and the relay hands the datagrams
 * on, late, twice or not at all.
 *
 * relay --seed S NAME=HOST:PORT... (IPv4) prints for each pair "FROM TO HOST:PORT": where FROM finds TO from now on.
 * Two nodes are joined by a pair of sockets, so that each sees the other at one place, and what comes to a socket from
 * anybody but its owner is dropped. Lines on standard input change the links while it runs:
 *
 *     FROM TO [delay_ms=D] [jitter_ms=J] [loss=P] [duplicate=P] [cut=1]    what is not named is 0; * is every node
 *     count                                                                tells what each link has done
 *
 * Each line is answered by "ok" or "error: ...". A delay is drawn from D to D+J for each datagram, which is what
 * changes their order. The n-th datagram of a link meets the same draws in every run with the same seed. The end of
 * standard input ends it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/heap.h"
#include "base/prng.h"
#include "base/text.h"

enum { NODES_MAX = 16, DATAGRAM_MAX = 65535, WAITING_MAX = 65536, LINE_MAX_BYTES = 1024, AT_ONCE = 64 };

struct faults {
    int64_t delay_ns, jitter_ns;
    double loss, duplicate; /* probabilities */
    bool cut;
};

/* One direction. The socket is the one that `from` sends to; what comes there leaves through that of the way back. */
struct link {
    int fd;
    unsigned from, to;
    struct faults faults;
    struct prng prng;
    uint64_t came, left, lost, twice, strange;
};

struct node {
    char name[64];
    struct sockaddr_in address;
};

struct datagram {
    const struct link *link;
    size_t len;
    uint8_t data[];
};

struct relay {
    unsigned node_count;
    struct node nodes[NODES_MAX];
    struct link links[NODES_MAX][NODES_MAX]; /* [from][to] */
    struct heap waiting;                     /* of struct datagram, owned, by the time when they leave */
    char line[LINE_MAX_BYTES];
    size_t line_len;
    bool ended;
};

static _Noreturn void give_up(const char *what, const char *why)
{
    fprintf(stderr, "relay: %s: %s\n", what, why);
    exit(2);
}

static int64_t now_ns(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- datagrams */

static void hold(struct relay *r, struct link *l, const uint8_t *data, size_t len, double jitter)
{
    struct datagram *d;

    if (r->waiting.count == WAITING_MAX) {
        l->lost++;
        return;
    }
    d = mem_alloc(sizeof *d + len);
    d->link = l;
    d->len = len;
    memcpy(d->data, data, len);
    heap_push(&r->waiting, now_ns() + l->faults.delay_ns + (int64_t)(jitter * (double)l->faults.jitter_ns), d);
}

/* Always the same number of draws, so that a setting shifts no later one. */
static void judge(struct relay *r, struct link *l, const uint8_t *data, size_t len)
{
    double loss = prng_unit(&l->prng), duplicate = prng_unit(&l->prng);
    double first = prng_unit(&l->prng), second = prng_unit(&l->prng);

    l->came++;
    if (l->faults.cut || loss < l->faults.loss) {
        l->lost++;
        return;
    }
    hold(r, l, data, len, first);
    if (duplicate < l->faults.duplicate) {
        l->twice++;
        hold(r, l, data, len, second);
    }
}

static void receive(struct relay *r, struct link *l)
{
    static uint8_t data[DATAGRAM_MAX];
    const struct sockaddr_in *owner = &r->nodes[l->from].address;

    for (unsigned i = 0; i < AT_ONCE; i++) {
        struct sockaddr_in sender = {0};
        socklen_t size = sizeof sender;
        ssize_t len = recvfrom(l->fd, data, sizeof data, 0, (struct sockaddr *)&sender, &size);

        if (len < 0 && errno == ECONNREFUSED)
            continue; /* an earlier datagram found nobody there: a node that is down */
        if (len < 0)
            return;
        if (sender.sin_port == owner->sin_port && sender.sin_addr.s_addr == owner->sin_addr.s_addr)
            judge(r, l, data, (size_t)len);
        else
            l->strange++;
    }
}

/* Sends what is due. Returns for how long nothing is, in milliseconds; -1: nothing waits. */
static int release(struct relay *r)
{
    int64_t due, now = now_ns();
    void *value;

    while (heap_peek(&r->waiting, &due, &value) && due <= now) {
        struct datagram *d = value;
        struct link *l = &r->links[d->link->from][d->link->to];
        const struct sockaddr_in *to = &r->nodes[l->to].address;

        heap_pop(&r->waiting, &due, &value);
        if (l->faults.cut) /* since it came: nothing crosses a cut */
            l->lost++;
        else if (sendto(r->links[l->to][l->from].fd, d->data, d->len, 0, (const struct sockaddr *)to, sizeof *to) >= 0)
            l->left++;
        free(d);
    }
    return heap_peek(&r->waiting, &due, &value) ? (int)((due - now + 999999) / 1000000) : -1;
}

/* ---- commands */

static bool parse_part(const char *text, double max, double *out)
{
    char *end;

    *out = strtod(text, &end);
    return end != text && *end == '\0' && *out >= 0 && *out <= max;
}

/* "key=value"; false when it is none of ours. */
static bool parse_setting(const char *word, struct faults *out)
{
    double value;

    if (strncmp(word, "delay_ms=", 9) == 0 && parse_part(word + 9, 60000, &value))
        out->delay_ns = (int64_t)(value * 1e6);
    else if (strncmp(word, "jitter_ms=", 10) == 0 && parse_part(word + 10, 60000, &value))
        out->jitter_ns = (int64_t)(value * 1e6);
    else if (strncmp(word, "loss=", 5) == 0 && parse_part(word + 5, 1, &value))
        out->loss = value;
    else if (strncmp(word, "duplicate=", 10) == 0 && parse_part(word + 10, 1, &value))
        out->duplicate = value;
    else if (strcmp(word, "cut=1") == 0)
        out->cut = true;
    else
        return false;
    return true;
}

static bool is_named(const struct relay *r, unsigned node, const char *name)
{
    return strcmp(name, "*") == 0 || strcmp(r->nodes[node].name, name) == 0;
}

static bool set_links(struct relay *r, const char *from, const char *to, const struct faults *faults)
{
    bool some = false;

    for (unsigned i = 0; i < r->node_count; i++) {
        for (unsigned j = 0; j < r->node_count; j++) {
            if (i == j || !is_named(r, i, from) || !is_named(r, j, to))
                continue;
            r->links[i][j].faults = *faults;
            some = true;
        }
    }
    return some;
}

static void tell_counts(const struct relay *r)
{
    for (unsigned i = 0; i < r->node_count; i++) {
        for (unsigned j = 0; j < r->node_count; j++) {
            const struct link *l = &r->links[i][j];

            if (i != j)
                printf("%s %s came %" PRIu64 " left %" PRIu64 " lost %" PRIu64 " twice %" PRIu64 " strange %" PRIu64
                       "\n",
                       r->nodes[i].name, r->nodes[j].name, l->came, l->left, l->lost, l->twice, l->strange);
        }
    }
}

static void obey(struct relay *r, char *line)
{
    char *rest = NULL, *from = strtok_r(line, " ", &rest), *to = strtok_r(NULL, " ", &rest);
    struct faults faults = {0};

    if (from == NULL)
        return;
    if (to == NULL && strcmp(from, "count") == 0) {
        tell_counts(r);
        puts("ok");
        return;
    }
    for (char *word = strtok_r(NULL, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        if (!parse_setting(word, &faults)) {
            printf("error: %s is no setting: delay_ms=, jitter_ms=, loss=, duplicate= or cut=1\n", word);
            return;
        }
    }
    puts(to != NULL && set_links(r, from, to, &faults) ? "ok" : "error: there is no such link: FROM TO SETTING...");
}

static void listen_to_commands(struct relay *r)
{
    ssize_t n = read(STDIN_FILENO, r->line + r->line_len, sizeof r->line - r->line_len);
    char *end;

    if (n <= 0) {
        r->ended = true;
        return;
    }
    r->line_len += (size_t)n;
    while ((end = memchr(r->line, '\n', r->line_len)) != NULL) {
        size_t used = (size_t)(end - r->line) + 1;

        *end = '\0';
        obey(r, r->line);
        memmove(r->line, r->line + used, r->line_len - used);
        r->line_len -= used;
    }
    fflush(stdout);
    if (r->line_len == sizeof r->line)
        give_up("a command", "too long");
}

/* ---- start */

/* NAME=HOST:PORT */
static void read_node(const char *word, struct node *out)
{
    const char *equals = strchr(word, '='), *colon = strrchr(word, ':');
    char host[INET_ADDRSTRLEN] = "";
    uint64_t port;

    if (equals == NULL || colon == NULL || colon < equals || (size_t)(equals - word) >= sizeof out->name ||
        (size_t)(colon - equals) > sizeof host)
        give_up(word, "expected NAME=HOST:PORT");
    memcpy(out->name, word, (size_t)(equals - word));
    memcpy(host, equals + 1, (size_t)(colon - equals) - 1);
    out->address.sin_family = AF_INET;
    if (inet_pton(AF_INET, host, &out->address.sin_addr) != 1 || u64_parse(colon + 1, &port) != ERR_OK || port == 0 ||
        port > UINT16_MAX)
        give_up(word, "expected NAME=HOST:PORT with an IPv4 address");
    out->address.sin_port = htons((uint16_t)port);
}

static void open_link(struct relay *r, uint64_t seed, unsigned from, unsigned to)
{
    struct link *l = &r->links[from][to];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = r->nodes[from].address.sin_addr};
    socklen_t size = sizeof address;

    *l = (struct link){.fd = socket(AF_INET, SOCK_DGRAM, 0), .from = from, .to = to};
    prng_stream(&l->prng, seed, "relay", (uint64_t)from * NODES_MAX + to);
    if (l->fd < 0 || fcntl(l->fd, F_SETFL, O_NONBLOCK) != 0 ||
        bind(l->fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(l->fd, (struct sockaddr *)&address, &size) != 0)
        give_up("a socket", strerror(errno));
    printf("%s %s %s:%u\n", r->nodes[from].name, r->nodes[to].name, inet_ntoa(address.sin_addr),
           (unsigned)ntohs(address.sin_port));
}

static void run(struct relay *r)
{
    struct pollfd waits[NODES_MAX * NODES_MAX + 1] = {{.fd = STDIN_FILENO, .events = POLLIN}};
    struct link *links[NODES_MAX * NODES_MAX + 1] = {NULL};
    nfds_t count = 1;

    for (unsigned i = 0; i < r->node_count; i++) {
        for (unsigned j = 0; j < r->node_count; j++) {
            if (i == j)
                continue;
            links[count] = &r->links[i][j];
            waits[count++] = (struct pollfd){.fd = r->links[i][j].fd, .events = POLLIN};
        }
    }
    while (!r->ended) {
        if (poll(waits, count, release(r)) < 0 && errno != EINTR)
            give_up("poll", strerror(errno));
        if (waits[0].revents != 0)
            listen_to_commands(r);
        for (nfds_t k = 1; k < count; k++) {
            if (waits[k].revents != 0)
                receive(r, links[k]);
        }
    }
}

int main(int argc, char **argv)
{
    static struct relay relay;
    uint64_t seed;
    int64_t due;
    void *value;

    if (argc < 5 || argc > 3 + NODES_MAX || strcmp(argv[1], "--seed") != 0 || u64_parse(argv[2], &seed) != ERR_OK)
        give_up("usage", "relay --seed S NAME=HOST:PORT NAME=HOST:PORT...");
    for (int i = 3; i < argc; i++)
        read_node(argv[i], &relay.nodes[relay.node_count++]);
    for (unsigned i = 0; i < relay.node_count; i++) {
        for (unsigned j = 0; j < relay.node_count; j++) {
            if (i != j)
                open_link(&relay, seed, i, j);
        }
    }
    puts("ready");
    fflush(stdout);
    run(&relay);
    while (heap_pop(&relay.waiting, &due, &value))
        free(value);
    heap_free(&relay.waiting);
    return 0;
}
