#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "crypto/verify_cache.h"
#include "driver/outbox.h"
#include "pbft/pbft.h"
#include "pbft/quorum.h"

/* PBFT with the least driver: n replicas in one process, messages handed over at once and in order, nothing written,
 * every signature real. What is measured is the processor time of one replica's steps, primary or backup, whichever
 * takes more; as a ratio to the least that it can take: three signatures of its own for a block (PRE-PREPARE or
 * PREPARE, COMMIT, CHECKPOINT) and b + 4f verifications (the requests, 2f PREPAREs, 2f COMMITs), s and v seconds each.
 *
 * The replicas that are not measured share a cache of verdicts, so that a hundred of them can run here. */

enum { REQUEST_BODY = 104, REQUEST_SIZE = KEY_PUBLIC_SIZE + SIGNATURE_SIZE + REQUEST_BODY, MEASURED = 2, INTERVAL = 8 };
enum { WORK = 1500 /* verifications of a measured replica in a run, about */ };

struct replica {
    struct world *world;
    struct outbox outbox;
    struct pbft *pbft;
    struct verify_cache *cache; /* NULL: it verifies everything itself */
    struct digest tip;          /* the hash chain of what was executed */
    uint64_t decided;           /* requests; every batch is full */
    double seconds;
};

struct letter {
    unsigned to;
    struct blob *blob;
};

struct world {
    unsigned n, batch;
    struct replica replicas[PBFT_REPLICAS_MAX];
    struct letter *queue; /* from head to tail, modulo cap, a power of two */
    size_t head, tail, cap;
};

/* ---- the application: signed requests of about the size of a small envelope */

static enum err judge(void *context, uint64_t sequence, const struct bytes *requests, unsigned count)
{
    struct replica *r = context;
    enum err err = ERR_OK;

    if (sequence == 0)
        return requests[0].len == REQUEST_SIZE ? ERR_OK : ERR_SYNTAX;
    for (unsigned i = 0; i < count && err == ERR_OK; i++) {
        const uint8_t *at = requests[i].data;
        struct public_key key;

        if (requests[i].len != REQUEST_SIZE)
            return ERR_SYNTAX;
        memcpy(key.b, at, KEY_PUBLIC_SIZE);
        err = verify_cache_check(r->cache, &key, bytes_of(at + KEY_PUBLIC_SIZE + SIGNATURE_SIZE, REQUEST_BODY),
                                 at + KEY_PUBLIC_SIZE);
    }
    return err;
}

static void execute(void *context, uint64_t sequence, const struct bytes *requests, unsigned count,
                    struct pbft_result *out)
{
    struct replica *r = context;
    struct digest_context c;

    (void)sequence;
    digest_init(&c);
    digest_add(&c, r->tip.b, DIGEST_SIZE);
    for (unsigned i = 0; i < count; i++)
        digest_add(&c, requests[i].data, requests[i].len);
    r->tip = out->block_id = digest_final(&c);
}

static void undo(void *context, uint64_t sequence)
{
    (void)context, (void)sequence;
    ASSERT(!"nothing fails here");
}

static void decide(void *context, uint64_t sequence, const struct digest *block_id, struct bytes certificate,
                   struct effects *effects)
{
    struct replica *r = context;

    (void)sequence, (void)block_id, (void)certificate, (void)effects;
    r->decided += r->world->batch;
}

/* ---- the world */

static void post(struct world *w, unsigned to, struct blob *blob)
{
    if (w->tail - w->head == w->cap) {
        size_t cap = w->cap > 0 ? 2 * w->cap : 1024;
        struct letter *queue = mem_array(cap, sizeof *queue);

        for (size_t i = w->head; i < w->tail; i++)
            queue[i & (cap - 1)] = w->queue[i & (w->cap - 1)];
        mem_free(w->queue);
        w->queue = queue;
        w->cap = cap;
    }
    w->queue[w->tail++ & (w->cap - 1)] = (struct letter){to, blob_hold(blob)};
}

static void do_send(void *context, const struct effect *e)
{
    struct replica *r = context;
    struct world *w = r->world;

    for (unsigned to = 0; to < w->n; to++) {
        if (&w->replicas[to] != r && (e->to == PEER_OTHERS || e->to == (int32_t)to))
            post(w, to, e->blob);
    }
}

/* The disk takes no time. */
static void do_persist(void *context, uint64_t serial, uint64_t number, struct blob *record)
{
    struct replica *r = context;

    (void)number, (void)record;
    outbox_durable(&r->outbox, serial);
}

static const struct outbox_actions ACTIONS = {
    .persist = do_persist,
    .append = do_persist,
    .send = do_send,
};

/* One step of a replica: a message, or (NULL) some requests, which are one so that the clock is read twice for all. */
static void step(struct world *w, unsigned to, struct blob *message, struct blob *const *requests, unsigned count,
                 struct effects *effects)
{
    struct replica *r = &w->replicas[to];
    double start = to < MEASURED ? bench_seconds() : 0;
    enum err err = ERR_OK;

    if (message != NULL)
        err = pbft_receive(r->pbft, 0, message, effects);
    for (unsigned i = 0; i < count && err == ERR_OK; i++)
        err = pbft_request(r->pbft, 0, requests[i], effects);
    if (to < MEASURED)
        r->seconds += bench_seconds() - start;
    ASSERT(err == ERR_OK || err == ERR_STALE);
    outbox_carry(&r->outbox, effects);
}

static void deliver(struct world *w, struct effects *effects)
{
    while (w->head < w->tail) {
        struct letter l = w->queue[w->head++ & (w->cap - 1)];

        step(w, l.to, l.blob, NULL, 0, effects);
        blob_drop(l.blob);
    }
}

static void start(struct world *w)
{
    struct effects effects = {0};

    for (unsigned i = 0; i < w->n; i++) {
        pbft_start(w->replicas[i].pbft, 0, &effects);
        outbox_carry(&w->replicas[i].outbox, &effects);
    }
    deliver(w, &effects);
    effects_free(&effects);
    for (unsigned i = 0; i < w->n; i++)
        w->replicas[i].seconds = 0;
}

static void run(struct world *w, struct blob *const *requests, unsigned count)
{
    struct effects effects = {0};

    ASSERT(count % w->batch == 0);
    for (unsigned k = 0; k < count; k += w->batch) {
        for (unsigned i = 0; i < w->n; i++)
            step(w, i, NULL, &requests[k], w->batch, &effects);
        deliver(w, &effects);
    }
    for (unsigned i = 0; i < w->n; i++)
        ASSERT(w->replicas[i].decided == count);
    effects_free(&effects);
}

/* cache: of all replicas from the `first` one on. */
static void world_init(struct world *w, unsigned n, unsigned batch, unsigned requests, struct verify_cache *cache,
                       unsigned first)
{
    static const struct pbft_app CALLBACKS = {NULL, judge, execute, undo, NULL, decide};
    struct pbft_config config = {.federation_id = digest_of(bytes_of_text("benchmark")),
                                 .membership_epoch = 1,
                                 .n = n,
                                 .f = quorum_faults(n),
                                 .quorum = quorum_size(n, quorum_faults(n)),
                                 .view_timeout_ns = INT64_MAX / 4,
                                 .view_timeout_max_ns = INT64_MAX / 4,
                                 .batch_delay_ns = INT64_MAX / 4,
                                 .resend_ns = INT64_MAX / 8,
                                 .batch_max = batch,
                                 .pipeline = 4,
                                 .checkpoint_interval = INTERVAL,
                                 .window = 4 * INTERVAL,
                                 .pending_max = requests};
    struct secret_key keys[PBFT_REPLICAS_MAX];
    struct pbft_app app = CALLBACKS;
    struct digest genesis = {0};

    *w = (struct world){.n = n, .batch = batch};
    for (unsigned i = 0; i < n; i++) {
        char label[16];

        (void)snprintf(label, sizeof label, "replica %u", i);
        key_simulated(1, label, &keys[i]);
        config.keys[i] = keys[i].public;
    }
    for (unsigned i = 0; i < n; i++) {
        struct replica *r = &w->replicas[i];

        r->world = w;
        outbox_init(&r->outbox, &ACTIONS, r);
        r->cache = i < first ? NULL : cache;
        config.verify_cache = r->cache;
        config.self = i;
        config.key = keys[i];
        app.context = app.log = r;
        r->pbft = pbft_new(&config, &app, 0, &genesis);
    }
    start(w);
}

static void world_fini(struct world *w)
{
    for (unsigned i = 0; i < w->n; i++) {
        pbft_free(w->replicas[i].pbft);
        outbox_fini(&w->replicas[i].outbox);
    }
    ASSERT(w->head == w->tail);
    mem_free(w->queue);
}

static struct blob **sign_requests(unsigned count)
{
    struct blob **requests = mem_array(count, sizeof *requests);
    struct secret_key key;

    key_simulated(1, "client", &key);
    for (unsigned i = 0; i < count; i++) {
        uint8_t bytes[REQUEST_SIZE] = {0};
        uint8_t *signature = bytes + KEY_PUBLIC_SIZE, *body = signature + SIGNATURE_SIZE;

        memcpy(bytes, key.public.b, KEY_PUBLIC_SIZE);
        be64_put(body, i);
        key_sign(&key, bytes_of(body, REQUEST_BODY), signature);
        requests[i] = blob_new(bytes_of(bytes, sizeof bytes));
    }
    return requests;
}

/* ---- one replica */

struct rate {
    double entries, limit, ratio;
};

static struct rate measure(struct blob *const *requests, unsigned n, unsigned batch, unsigned blocks)
{
    static struct world w;
    struct verify_cache *cache = verify_cache_new(1 << 16);
    struct rate rate;
    unsigned f = quorum_faults(n);

    world_init(&w, n, batch, blocks * batch, cache, MEASURED);
    double s = bench_sign_seconds(), v = bench_verify_seconds();
    run(&w, requests, blocks * batch);
    s = (s + bench_sign_seconds()) / 2;
    v = (v + bench_verify_seconds()) / 2;
    double a = w.replicas[0].seconds, b = w.replicas[1].seconds, busiest = a > b ? a : b;
    rate.entries = blocks * batch / busiest;
    rate.limit = batch / (3 * s + (batch + 4 * f) * v);
    rate.ratio = rate.entries / rate.limit;
    world_fini(&w);
    verify_cache_free(cache);
    return rate;
}

static void one_replica(struct blob *const *requests, unsigned n, unsigned b)
{
    unsigned work = WORK / (b + 4 * quorum_faults(n)), blocks = (work / INTERVAL + 1) * INTERVAL;
    double entries[BENCH_RUNS], limits[BENCH_RUNS], ratios[BENCH_RUNS];

    for (unsigned run = 0; run < BENCH_RUNS; run++) {
        struct rate r = measure(requests, n, b, blocks);

        entries[run] = r.entries;
        limits[run] = r.limit;
        ratios[run] = r.ratio;
    }
    double rate = bench_median(entries, BENCH_RUNS);
    printf("%4u %5u %10.1f %10.0f %12.0f %8.3f\n", n, b, rate / b, rate, bench_median(limits, BENCH_RUNS),
           bench_median(ratios, BENCH_RUNS));
    fflush(stdout);
}

static void one_replica_all(struct blob *const *requests)
{
    static const unsigned SIZES[] = {4, 7, 16, 31, 100}, BATCHES[] = {1, 10, 100, 1000};

    printf("one replica, median of %d runs; limit: b / (3s + (b + 4f)v)\n", BENCH_RUNS);
    printf("%4s %5s %10s %10s %12s %8s\n", "n", "b", "blocks/s", "entries/s", "limit", "ratio");
    for (unsigned i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        for (unsigned k = 0; k < sizeof BATCHES / sizeof BATCHES[0]; k++)
            one_replica(requests, SIZES[i], BATCHES[k]);
    }
}

/* ---- all replicas */

static double world_seconds(struct blob *const *requests, unsigned n, unsigned batch, unsigned blocks,
                            struct verify_cache *cache, struct digest *tip)
{
    static struct world w;

    world_init(&w, n, batch, blocks * batch, cache, 0);
    double start = bench_seconds();
    run(&w, requests, blocks * batch);
    double seconds = bench_seconds() - start;
    *tip = w.replicas[n - 1].tip;
    world_fini(&w);
    return seconds / blocks;
}

static void cache_gain(struct blob *const *requests)
{
    enum { N = 100, BATCH = 100, BLOCKS = 3 };
    double plain[BENCH_RUNS], with[BENCH_RUNS], gains[BENCH_RUNS];
    struct digest a, b;

    for (unsigned run = 0; run < BENCH_RUNS; run++) {
        struct verify_cache *cache = verify_cache_new(1 << 16);

        with[run] = world_seconds(requests, N, BATCH, BLOCKS, cache, &a);
        plain[run] = world_seconds(requests, N, BATCH, BLOCKS, NULL, &b);
        gains[run] = plain[run] / with[run];
        ASSERT(digest_equal(&a, &b));
        verify_cache_free(cache);
    }
    printf("all %d replicas in one process, b = %d: %.3f s a block, with the verification cache %.3f s: gain %.1f\n", N,
           BATCH, bench_median(plain, BENCH_RUNS), bench_median(with, BENCH_RUNS), bench_median(gains, BENCH_RUNS));
}

/* bench_pbft [cache | N B]: all of it, the cache alone, or one row of the table. */
int main(int argc, char **argv)
{
    enum { REQUESTS = INTERVAL * PBFT_BATCH_MAX };
    struct blob **requests;

    key_library_init();
    requests = sign_requests(REQUESTS);
    if (argc == 3) {
        one_replica(requests, (unsigned)strtoul(argv[1], NULL, 10), (unsigned)strtoul(argv[2], NULL, 10));
    } else {
        if (argc < 2)
            one_replica_all(requests);
        cache_gain(requests);
    }
    for (unsigned i = 0; i < REQUESTS; i++)
        blob_drop(requests[i]);
    mem_free(requests);
    return 0;
}
