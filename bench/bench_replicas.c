/* Four replicas as processes of their own on this machine: QUIC, SQLite with synchronous=FULL, and the same PBFT.
 * Clients in each process submit signed entries of 256 bytes, in a closed loop (each waits for its own) or an open one
 * (so many a second, whatever comes of them). An entry is committed when its block is durable at the replica that took
 * it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "crypto/verify_cache.h"
#include "driver/outbox.h"
#include "node/loop.h"
#include "node/store.h"
#include "node/transport.h"
#include "pbft/pbft.h"
#include "pbft/quorum.h"

enum {
    N = 4,
    BODY = 160,
    ENTRY = KEY_PUBLIC_SIZE + SIGNATURE_SIZE + BODY, /* 256 */
    RING = 1024,
    ENTRIES = 40000, /* that one replica's clients have signed beforehand */
    KEPT = 100000    /* latencies */
};

static const int64_t ms_ns = 1000000;

/* One run. */
struct plan {
    unsigned batch, outstanding; /* outstanding: of each replica's clients, in a closed loop; 0: open */
    double rate;                 /* entries a second of each replica's clients, in an open loop */
    double seconds;
    int killed;              /* the replica that is killed in the middle; -1: none */
    int64_t view_timeout_ms; /* the first; 0: a scenario's default, a second */
};

/* What a replica tells, in memory that all processes share. */
struct told {
    atomic_uint ready;
    uint64_t submitted, committed, decided, syncs;
    double cpu;
    int64_t longest_gap_ns; /* between two blocks */
    unsigned latency_count;
    float latency_ms[KEPT];
};

struct shared {
    atomic_uint go, stop;
    struct told told[N];
};

struct batch {
    uint64_t serial; /* of its write; 0: not asked for */
    unsigned count, own_count;
    uint32_t own[PBFT_BATCH_MAX];
    struct buf bytes;
};

struct replica {
    const struct plan *plan;
    struct told *told;
    unsigned self;
    struct loop *loop;
    struct transport *transport;
    struct store *store;
    struct loop_watch durable;
    struct outbox outbox;
    struct pbft *pbft;
    struct effects effects;
    struct verify_cache *cache;
    struct digest tip, peers[N];
    struct batch ring[RING];                             /* by sequence number */
    uint64_t appended[RING], append_first, append_count; /* sequence numbers whose blocks are on their way */
    struct timer {
        struct loop_timer timer;
        struct replica *replica;
        uint32_t number;
    } timers[PBFT_TIMER_COUNT];
    struct loop_timer tick;
    struct blob **entries;
    int64_t *submitted_ns, started_ns, last_block_ns;
    uint32_t submitted;
    bool held;
};

static struct shared *shared;

/* ---- the application */

static enum err judge(void *context, uint64_t sequence, const struct bytes *requests, unsigned count)
{
    struct replica *r = context;
    enum err err = ERR_OK;

    (void)sequence;
    for (unsigned i = 0; i < count && err == ERR_OK; i++) {
        const uint8_t *at = requests[i].data;
        struct public_key key;

        if (requests[i].len != ENTRY)
            return ERR_SYNTAX;
        memcpy(key.b, at, KEY_PUBLIC_SIZE);
        err = verify_cache_check(r->cache, &key, bytes_of(at + KEY_PUBLIC_SIZE + SIGNATURE_SIZE, BODY),
                                 at + KEY_PUBLIC_SIZE);
    }
    return err;
}

static void execute(void *context, uint64_t sequence, const struct bytes *requests, unsigned count,
                    struct pbft_result *out)
{
    struct replica *r = context;
    struct batch *b = &r->ring[sequence % RING];
    struct digest_context c;

    b->count = count;
    b->own_count = 0;
    b->serial = 0;
    buf_clear(&b->bytes);
    digest_init(&c);
    digest_add(&c, r->tip.b, DIGEST_SIZE);
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *body = requests[i].data + KEY_PUBLIC_SIZE + SIGNATURE_SIZE;

        digest_add(&c, requests[i].data, requests[i].len);
        buf_add(&b->bytes, requests[i].data, requests[i].len);
        if (be64_get(body) == r->self)
            b->own[b->own_count++] = (uint32_t)be64_get(body + 8);
    }
    r->tip = out->block_id = digest_final(&c);
}

static void undo(void *context, uint64_t sequence)
{
    (void)context, (void)sequence; /* the chain of tips is not looked at after a view change */
}

static void decide(void *context, uint64_t sequence, const struct digest *block_id, struct bytes certificate,
                   struct effects *effects)
{
    struct replica *r = context;
    struct batch *b = &r->ring[sequence % RING];
    const struct bytes parts[] = {certificate, bytes_of_buf(&b->bytes)};
    struct blob *block = blob_join(parts, 2);
    int64_t now_ns = loop_now(r->loop);

    (void)block_id;
    effects_append(effects, sequence, block);
    blob_drop(block);
    r->told->decided += b->count;
    if (r->last_block_ns > 0 && now_ns - r->last_block_ns > r->told->longest_gap_ns)
        r->told->longest_gap_ns = now_ns - r->last_block_ns;
    r->last_block_ns = now_ns;
}

/* ---- clients */

static void carry(struct replica *r);

static void submit(struct replica *r)
{
    struct blob *entry;

    if (r->submitted == ENTRIES)
        return;
    entry = r->entries[r->submitted];
    r->submitted_ns[r->submitted++] = loop_now(r->loop);
    r->told->submitted++;
    for (unsigned i = 0; i < N; i++) {
        if (i != r->self)
            (void)transport_send(r->transport, &r->peers[i], TRANSPORT_ENTRIES, entry);
    }
    (void)!pbft_request(r->pbft, loop_now(r->loop), entry, &r->effects);
    carry(r);
}

static void committed(struct replica *r, const struct batch *b)
{
    int64_t now_ns = loop_now(r->loop);

    r->told->committed += b->own_count;
    for (unsigned i = 0; i < b->own_count; i++) {
        if (r->told->latency_count < KEPT)
            r->told->latency_ms[r->told->latency_count++] = (float)(now_ns - r->submitted_ns[b->own[i]]) / 1e6F;
    }
    for (unsigned i = 0; i < b->own_count && r->plan->outstanding > 0; i++)
        submit(r);
}

/* ---- what the machine asks for */

static void do_persist(void *context, uint64_t serial, uint64_t number, struct blob *record)
{
    store_write(((struct replica *)context)->store, STORE_RECORD, serial, number, record);
}

static void do_append(void *context, uint64_t serial, uint64_t height, struct blob *block)
{
    struct replica *r = context;

    r->ring[height % RING].serial = serial;
    r->appended[(r->append_first + r->append_count++) % RING] = height;
    store_write(r->store, STORE_BLOCK, serial, height, block);
}

static void do_forget(void *context, uint64_t number)
{
    struct replica *r = context;

    store_forget(r->store, r->outbox.durable, number);
}

static void do_send(void *context, const struct effect *e)
{
    struct replica *r = context;

    for (unsigned to = 0; to < N; to++) {
        if (to != r->self && (e->to == PEER_OTHERS || e->to == (int32_t)to))
            (void)transport_send(r->transport, &r->peers[to], TRANSPORT_CONSENSUS, e->blob);
    }
}

static void do_timer_set(void *context, uint32_t timer, int64_t at_ns)
{
    struct replica *r = context;

    loop_timer_set(r->loop, &r->timers[timer].timer, at_ns);
}

static void do_timer_stop(void *context, uint32_t timer)
{
    struct replica *r = context;

    loop_timer_stop(r->loop, &r->timers[timer].timer);
}

static const struct outbox_actions ACTIONS = {.persist = do_persist,
                                              .append = do_append,
                                              .forget = do_forget,
                                              .send = do_send,
                                              .timer_set = do_timer_set,
                                              .timer_stop = do_timer_stop};

/* A replica does not run ahead of its disk, as replica/replica.h has it. */
static void carry(struct replica *r)
{
    outbox_carry(&r->outbox, &r->effects);
    bool behind = outbox_in_flight(&r->outbox) >= 64;

    if (behind != r->held) {
        r->held = behind;
        pbft_hold(r->pbft, loop_now(r->loop), behind, &r->effects);
        outbox_carry(&r->outbox, &r->effects);
    }
}

static void rings(void *context)
{
    struct timer *t = context;

    pbft_timer(t->replica->pbft, loop_now(t->replica->loop), t->number, &t->replica->effects);
    carry(t->replica);
}

static void message_came(void *context, const struct digest *peer, struct blob *blob)
{
    struct replica *r = context;
    int64_t now_ns = loop_now(r->loop);

    (void)peer;
    if (r->started_ns == 0)
        return;
    if (pbft_owns(blob_bytes(blob)))
        (void)!pbft_receive(r->pbft, now_ns, blob, &r->effects);
    else
        (void)!pbft_request(r->pbft, now_ns, blob, &r->effects);
    carry(r);
}

static void store_has_news(void *context, uint32_t events)
{
    struct replica *r = context;
    struct diag diag = {0};
    uint64_t durable = r->outbox.durable;

    (void)events;
    if (store_finished(r->store, &durable, &diag) != ERR_OK) {
        fprintf(stderr, "%s\n", diag.text);
        exit(2);
    }
    r->told->syncs += durable > r->outbox.durable;
    while (r->outbox.durable < durable)
        outbox_durable(&r->outbox, r->outbox.durable + 1);
    while (r->append_count > 0 && r->ring[r->appended[r->append_first % RING] % RING].serial <= durable) {
        const struct batch *b = &r->ring[r->appended[r->append_first++ % RING] % RING];

        r->append_count--;
        committed(r, b);
    }
    carry(r);
}

static bool allowed(void *context, const struct digest *fingerprint)
{
    const struct replica *r = context;

    for (unsigned i = 0; i < N; i++) {
        if (digest_equal(fingerprint, &r->peers[i]))
            return true;
    }
    return false;
}

static void connected(void *context, const struct digest *peer)
{
    (void)peer;
    atomic_fetch_add(&((struct replica *)context)->told->ready, 1);
}

static void disconnected(void *context, const struct digest *peer, const char *why)
{
    (void)context, (void)peer, (void)why;
}

/* ---- a replica's process */

static void begin(struct replica *r)
{
    r->started_ns = loop_now(r->loop);
    pbft_start(r->pbft, r->started_ns, &r->effects);
    carry(r);
    for (unsigned i = 0; i < r->plan->outstanding; i++)
        submit(r);
}

static void tick(void *context)
{
    struct replica *r = context;
    double since;

    if (atomic_load(&shared->stop) != 0) {
        loop_stop(r->loop);
        return;
    }
    if (r->started_ns == 0 && atomic_load(&shared->go) != 0)
        begin(r);
    since = (double)(loop_now(r->loop) - r->started_ns) / 1e9;
    while (r->started_ns != 0 && r->plan->outstanding == 0 && r->submitted < since * r->plan->rate &&
           r->submitted < ENTRIES)
        submit(r);
    loop_timer_set(r->loop, &r->tick, loop_now(r->loop) + ms_ns);
}

static void sign_entries(struct replica *r)
{
    struct secret_key key;
    char label[32];
    unsigned try = 0;

    do { /* an entry begins with this key, and is told from a message by it: no CBOR array begins so */
        snprintf(label, sizeof label, "client %u %u", r->self, try++);
        key_simulated(1, label, &key);
    } while (key.public.b[0] >= 0x80);
    r->entries = mem_array(ENTRIES, sizeof(struct blob *));
    r->submitted_ns = mem_array(ENTRIES, sizeof r->submitted_ns[0]);
    for (unsigned i = 0; i < ENTRIES; i++) {
        uint8_t bytes[ENTRY] = {0}, *body = bytes + KEY_PUBLIC_SIZE + SIGNATURE_SIZE;

        memcpy(bytes, key.public.b, KEY_PUBLIC_SIZE);
        be64_put(body, r->self);
        be64_put(body + 8, i);
        key_sign(&key, bytes_of(body, BODY), bytes + KEY_PUBLIC_SIZE);
        r->entries[i] = blob_new(bytes_of(bytes, sizeof bytes));
    }
}

static void need(enum err err, const struct diag *diag)
{
    if (err == ERR_OK)
        return;
    fprintf(stderr, "bench_replicas: %s\n", diag->text);
    exit(2);
}

static void replica_open(struct replica *r, const char *folder, const unsigned *ports)
{
    static const struct transport_actions transport_actions = {
        .message = message_came, .connected = connected, .disconnected = disconnected, .allowed = allowed};
    const int64_t view_ns = (r->plan->view_timeout_ms > 0 ? r->plan->view_timeout_ms : 1000) * ms_ns;
    struct pbft_config config = {.federation_id = digest_of(bytes_of_text("benchmark")),
                                 .membership_epoch = 1,
                                 .n = N,
                                 .f = quorum_faults(N),
                                 .quorum = quorum_size(N, quorum_faults(N)),
                                 .self = r->self,
                                 .view_timeout_ns = view_ns,
                                 .view_timeout_max_ns = 16 * view_ns,
                                 .batch_delay_ns = 2 * ms_ns,
                                 .resend_ns = view_ns / 8,
                                 .batch_max = r->plan->batch,
                                 .pipeline = 4,
                                 .checkpoint_interval = 64,
                                 .window = 256,
                                 .pending_max = N * ENTRIES};
    const struct pbft_app app = {r, judge, execute, undo, r, decide};
    struct transport_config transport = {
        .federation_id = config.federation_id, .actions = &transport_actions, .context = r};
    struct diag diag = {0};
    struct digest genesis = {0};
    char path[256], address[32];

    for (unsigned i = 0; i < N; i++) {
        struct secret_key key;

        snprintf(path, sizeof path, "replica %u", i);
        key_simulated(1, path, &key);
        config.keys[i] = key.public;
        r->peers[i] = key.fingerprint;
        if (i == r->self)
            config.key = key;
    }
    sign_entries(r);
    r->cache = verify_cache_new(1 << 16);
    outbox_init(&r->outbox, &ACTIONS, r);
    need(loop_new(&r->loop, &diag), &diag);
    snprintf(path, sizeof path, "%s/%u.sqlite", folder, r->self);
    need(store_open(path, &config.federation_id, true, &r->store, &diag), &diag);
    r->durable = (struct loop_watch){store_has_news, r, store_fd(r->store)};
    need(loop_watch(r->loop, &r->durable, EPOLLIN), &diag);
    for (uint32_t i = 0; i < PBFT_TIMER_COUNT; i++)
        r->timers[i] = (struct timer){{.rings = rings, .context = &r->timers[i]}, r, i};
    r->pbft = pbft_new(&config, &app, 0, &genesis);
    snprintf(address, sizeof address, "127.0.0.1:%u", ports[r->self]);
    transport.loop = r->loop;
    transport.key = &config.key;
    transport.listen = address;
    need(transport_new(&transport, &r->transport, &diag), &diag);
    for (unsigned i = 0; i < N; i++) {
        snprintf(address, sizeof address, "127.0.0.1:%u", ports[i]);
        if (i != r->self)
            transport_peer(r->transport, &r->peers[i], address);
    }
}

static _Noreturn void replica_main(const struct plan *plan, unsigned self, const char *folder, const unsigned *ports)
{
    struct replica *r = mem_alloc(sizeof *r);
    struct rusage before, after;
    struct diag diag = {0};

    r->plan = plan;
    r->self = self;
    r->told = &shared->told[self];
    replica_open(r, folder, ports);
    r->tick = (struct loop_timer){.rings = tick, .context = r};
    loop_timer_set(r->loop, &r->tick, loop_now(r->loop));
    getrusage(RUSAGE_SELF, &before);
    need(loop_run(r->loop, &diag), &diag);
    getrusage(RUSAGE_SELF, &after);
    r->told->cpu =
        (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_stime.tv_sec) +
        (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_stime.tv_usec) /
            1e6;
    _exit(0);
}

/* ---- a run */

static void ports_find(unsigned *ports)
{
    int fds[N];

    for (unsigned i = 0; i < N; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof address;

        fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
        ASSERT(fds[i] >= 0 && bind(fds[i], (struct sockaddr *)&address, sizeof address) == 0 &&
               getsockname(fds[i], (struct sockaddr *)&address, &size) == 0);
        ports[i] = ntohs(address.sin_port);
    }
    for (unsigned i = 0; i < N; i++)
        close(fds[i]);
}

static void pause_s(double seconds)
{
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};

    nanosleep(&t, NULL);
}

static void run(const struct plan *plan)
{
    char folder[] = "/var/tmp/prismfed-bench-XXXXXX"; /* on a disk: /tmp may be memory */
    unsigned ports[N], up = 0;
    pid_t pids[N];

    ASSERT(mkdtemp(folder) != NULL);
    memset(shared, 0, sizeof *shared);
    ports_find(ports);
    for (unsigned i = 0; i < N; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            replica_main(plan, i, folder, ports);
    }
    for (unsigned tries = 0; up < N && tries < 600; tries++) {
        up = 0;
        for (unsigned i = 0; i < N; i++)
            up += atomic_load(&shared->told[i].ready) >= N - 1;
        pause_s(0.1);
    }
    if (up < N)
        fprintf(stderr, "bench_replicas: not all replicas are connected\n");
    atomic_store(&shared->go, 1);
    pause_s(plan->seconds / 2);
    if (plan->killed >= 0)
        kill(pids[plan->killed], SIGKILL);
    pause_s(plan->seconds / 2);
    atomic_store(&shared->stop, 1);
    for (unsigned i = 0; i < N; i++)
        waitpid(pids[i], NULL, 0);
    bench_remove(folder);
}

struct outcome {
    double per_second, p50, p95, p99, cpu_us, syncs, gap_ms;
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static struct outcome outcome_of(const struct plan *plan)
{
    static double all[N * KEPT];
    struct outcome out = {0};
    size_t count = 0;
    double committed = 0, cpu = 0, syncs = 0, gap_ms = 0;

    for (unsigned i = 0; i < N; i++) {
        const struct told *t = &shared->told[i];

        if ((int)i == plan->killed)
            continue;
        for (unsigned k = 0; k < t->latency_count; k++)
            all[count++] = (double)t->latency_ms[k];
        committed += (double)t->committed;
        cpu += t->cpu;
        syncs += (double)t->syncs;
        if ((double)t->longest_gap_ns / 1e6 > gap_ms)
            gap_ms = (double)t->longest_gap_ns / 1e6;
    }
    if (count == 0 || committed == 0)
        return out;
    qsort(all, count, sizeof all[0], compare);
    out = (struct outcome){committed / plan->seconds,
                           all[count / 2],
                           all[count * 95 / 100],
                           all[count * 99 / 100],
                           cpu * 1e6 / committed / N,
                           syncs / committed / N,
                           gap_ms};
    return out;
}

/* Appends and syncs of 300 bytes, one after the other, a second. */
static double durable_commits(void)
{
    char path[] = "/var/tmp/prismfed-bench-XXXXXX", bytes[300] = {0};
    int fd = mkstemp(path);
    double start = bench_wall_seconds();
    unsigned count = 0;

    ASSERT(fd >= 0);
    while (bench_wall_seconds() - start < 1) {
        ASSERT(write(fd, bytes, sizeof bytes) == sizeof bytes && fdatasync(fd) == 0);
        count++;
    }
    close(fd);
    unlink(path);
    return count / (bench_wall_seconds() - start);
}

/* For ./dev bench peers, on one line: entries/s that were offered and committed, microseconds of processor time of one
 * replica for each, and the longest gaps in ms after the primary was killed, of so many trials. view_timeout_ms: 0: the
 * default. */
static int load(double rate, double seconds, unsigned trials, int64_t view_timeout_ms)
{
    struct plan plan = {
        .batch = 400, .rate = rate / N, .seconds = seconds, .killed = -1, .view_timeout_ms = view_timeout_ms};
    struct outcome o;
    double offered = 0;

    run(&plan);
    o = outcome_of(&plan);
    for (unsigned i = 0; i < N; i++)
        offered += shared->told[i].submitted / seconds;
    printf("%.0f %.0f %.1f", offered, o.per_second, o.cpu_us);
    for (unsigned i = 0; i < trials; i++) {
        struct plan killed = {.batch = 100, .rate = 50, .seconds = 10, .killed = 0, .view_timeout_ms = view_timeout_ms};

        run(&killed);
        printf(" %.0f", outcome_of(&killed).gap_ms);
    }
    puts("");
    return 0;
}

int main(int argc, char **argv)
{
    static const unsigned BATCHES[] = {1, 100, 400};
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 5, disk, signatures;

    key_library_init();
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT(shared != MAP_FAILED);
    if (argc == 6 && strcmp(argv[1], "--load") == 0)
        return load(strtod(argv[2], NULL), strtod(argv[3], NULL), (unsigned)strtoul(argv[4], NULL, 10),
                    strtol(argv[5], NULL, 10));
    disk = durable_commits();
    signatures = (double)sysconf(_SC_NPROCESSORS_ONLN) / N / bench_verify_seconds();
    printf("%d replicas as processes, entries of %d bytes, %.0f s each; this machine: %.0f durable commits/s, "
           "signatures for %.0f entries/s (one verification in each replica)\n",
           (int)N, (int)ENTRY, seconds, disk, signatures);
    printf("%5s %-7s %10s %9s %9s %9s %9s %9s %9s %9s\n", "batch", "loop", "entries/s", "p50 ms", "p95 ms", "p99 ms",
           "cpu us", "syncs", "/ disk", "/ sign.");
    for (unsigned i = 0; i < 2 * sizeof BATCHES / sizeof BATCHES[0]; i++) {
        unsigned batch = BATCHES[i / 2];
        struct plan plan = {.batch = batch, .seconds = seconds, .killed = -1};
        struct outcome o;

        plan.outstanding = i % 2 == 0 ? (batch == 1 ? 8 : 2 * batch) : 0;
        plan.rate = batch == 1 ? 200 : 1000;
        run(&plan);
        o = outcome_of(&plan);
        printf("%5u %-7s %10.0f %9.2f %9.2f %9.2f %9.1f %9.3f %9.2f %9.2f\n", batch, i % 2 == 0 ? "closed" : "open",
               o.per_second, o.p50, o.p95, o.p99, o.cpu_us, o.syncs, o.per_second / disk, o.per_second / signatures);
        fflush(stdout);
    }
    struct plan plan = {.batch = 100, .rate = 200, .seconds = 2 * seconds, .killed = 0};
    run(&plan);
    printf("the primary is killed: longest gap between two blocks %.0f ms (first view time-out 1000 ms)\n",
           outcome_of(&plan).gap_ms);
    return 0;
}
