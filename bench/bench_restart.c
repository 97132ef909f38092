#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "bench.h"
#include "driver/outbox.h"
#include "fed/fed.h"
#include "fed/job.h"
#include "file_disk.h"

/* What a start costs after more and more blocks: time and peak memory must not grow with them. A federation of one node
 * decides them, with next to no work at its site; its disk is a folder, so that the memory of a process that starts
 * from it is the node's. Each start is one of a process of its own. The argument is the greatest number of blocks. */

#define SECOND INT64_C(1000000000)
#define BOUND 1.5 /* that each may differ from another */

static char folder[] = "/tmp/prismfed-bench-XXXXXX";

struct node {
    struct fed *fed;
    struct file_disk disk;
    struct outbox outbox;
    struct effects effects;
    uint64_t told;
    int64_t now_ns;
    int64_t timers[FED_TIMER_END]; /* 0: not armed */
    struct job *job;               /* one holding; NULL: none is asked for */
    struct workload work;
};

static struct secret_key key;

/* Without an end, or a deadline that would be met. */
static void genesis_build(struct buf *out, uint64_t *interval)
{
    struct genesis *g = mem_alloc(sizeof *g);

    snprintf(g->name, sizeof g->name, "bench");
    g->simulated = true;
    g->epoch_start = 1;
    g->quorum = 1;
    policy_default(&g->policy);
    g->policy.min_participants = 1;
    g->policy.evaluations = 1;
    g->policy.iteration_limit = 1;
    g->policy.migrants = 1;
    g->schema = *workload_schema();
    genome_default(&g->schema, &g->incumbent);
    g->member_count = 1;
    g->members = mem_alloc(sizeof g->members[0]);
    g->members[0] =
        (struct member_card){.name = "node", .region = "r", .role = ROLE_CORE, .stake = 1, .key = key.public};
    *interval = g->policy.checkpoint_interval;
    genesis_encode(g, out);
    genesis_fini(g);
    mem_free(g);
}

/* ---- what the machine asks for */

static void do_persist(void *context, uint64_t serial, uint64_t number, struct blob *record)
{
    struct node *n = context;

    file_disk_record(&n->disk, number, blob_bytes(record));
    outbox_durable(&n->outbox, serial);
}

static void do_append(void *context, uint64_t serial, uint64_t height, struct blob *block)
{
    struct node *n = context;

    file_disk_block(&n->disk, height, blob_bytes(block));
    outbox_durable(&n->outbox, serial);
}

static void do_snapshot(void *context, uint64_t serial, uint64_t height, struct blob *snapshot)
{
    struct node *n = context;

    file_disk_snapshot(&n->disk, height, blob_bytes(snapshot));
    outbox_durable(&n->outbox, serial);
}

static void do_forget(void *context, uint64_t number)
{
    struct node *n = context;

    file_disk_forget(&n->disk, number);
}

static void do_timer_set(void *context, uint32_t timer, int64_t at_ns)
{
    struct node *n = context;

    n->timers[timer] = at_ns > n->now_ns ? at_ns : n->now_ns;
}

static void do_timer_stop(void *context, uint32_t timer)
{
    struct node *n = context;

    n->timers[timer] = 0;
}

static const struct instance *own_of(void *context, const struct member *member, unsigned *count)
{
    const struct node *n = context;

    (void)member;
    *count = n->work.count;
    return n->work.instances;
}

static void do_job(void *context, struct effect_body *body)
{
    struct node *n = context;
    struct claim_work work = {n, own_of, NULL};
    bool complete = job_instances(job_of(body), &work);

    ASSERT(complete && n->job == NULL);
    n->job = job_hold(job_of(body));
}

static const struct outbox_actions actions = {
    .persist = do_persist,
    .append = do_append,
    .snapshot = do_snapshot,
    .forget = do_forget,
    .timer_set = do_timer_set,
    .timer_stop = do_timer_stop,
    .job = do_job,
};

/* ---- driving it */

static void step(struct node *n, struct fed_event event)
{
    event.now_ns = n->now_ns;
    enum err err = fed_step(n->fed, &event, &n->effects);
    ASSERT(err == ERR_OK);
    outbox_carry(&n->outbox, &n->effects);
    if (n->told < n->outbox.durable) {
        n->told = n->outbox.durable;
        step(n, (struct fed_event){.kind = FED_EVENT_DURABLE, .number = n->told});
    }
}

static void answer(struct node *n)
{
    struct job *job = n->job;
    struct cycle_result cycle;
    uint64_t costs[CYCLE_CANDIDATES_MAX];

    n->job = NULL;
    if (job->kind == JOB_CYCLE) {
        cycle_run(&job->cycle, &cycle);
        step(n, (struct fed_event){.kind = FED_EVENT_CYCLE_DONE, .epoch = job->cycle.epoch, .cycle = &cycle});
    } else {
        cycle_score(&job->cycle, job->candidates, job->candidate_count, costs);
        step(n, (struct fed_event){.kind = FED_EVENT_SCORE_DONE,
                                   .epoch = job->cycle.epoch,
                                   .costs = costs,
                                   .count = job->candidate_count});
    }
    job_drop(job);
}

static void expire(struct node *n)
{
    unsigned first = FED_TIMER_END;

    for (unsigned i = 0; i < FED_TIMER_END; i++) {
        if (n->timers[i] > 0 && (first == FED_TIMER_END || n->timers[i] < n->timers[first]))
            first = i;
    }
    ASSERT(first < FED_TIMER_END);
    n->now_ns = n->timers[first];
    n->timers[first] = 0;
    step(n, (struct fed_event){.kind = FED_EVENT_TIMER, .timer = first});
}

static uint64_t node_height(const struct node *n)
{
    return fed_state(n->fed)->height;
}

/* From what its disk has; without: it pretends that there is no snapshot. */
static void node_start(struct node *n, struct bytes genesis, bool without)
{
    struct fed_config config = {
        .key = key,
        .view_timeout_ns = SECOND,
        .view_timeout_max_ns = 16 * SECOND,
        .batch_delay_ns = 1,
        .resend_ns = SECOND,
        .submit_ns = SECOND,
        .submit_max_ns = SECOND,
        .poll_ns = SECOND,
        .pipeline = 4,
        .last_epoch = UINT64_MAX,
    };
    struct ledger_store store = file_disk_store(&n->disk);
    struct diag diag = {0};

    if (without)
        store.snapshot = NULL;
    n->now_ns = 1;
    if (fed_new(genesis, &config, &store, &n->fed, &diag) != ERR_OK) {
        fprintf(stderr, "%s\n", diag.text);
        exit(2);
    }
    for (size_t i = 0; i < n->disk.record_count; i++)
        ASSERT(fed_restore(n->fed, blob_bytes(n->disk.records[i].blob)) == ERR_OK);
    ASSERT(fed_restored(n->fed) == ERR_OK);
    step(n, (struct fed_event){.kind = FED_EVENT_START});
    ASSERT(node_height(n) == n->disk.height);
}

static void node_init(struct node *n)
{
    struct workload_spec spec = {.family = "queen", .instances = 1, .size_min = 4, .size_max = 4};

    *n = (struct node){0};
    ASSERT(workload_build(&spec, 1, "bench", &n->work, NULL) == ERR_OK);
    file_disk_open(&n->disk, folder);
    outbox_init(&n->outbox, &actions, n);
}

static void node_stop(struct node *n)
{
    fed_free(n->fed);
    job_drop(n->job);
    effects_free(&n->effects);
    outbox_fini(&n->outbox);
    workload_fini(&n->work);
}

/* ---- a start, measured */

/* What only this process had: getrusage() also counts what was there before exec(). */
static double peak_megabytes(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    unsigned long kilobytes = 0;
    char line[256];

    while (file != NULL && kilobytes == 0 && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            kilobytes = strtoul(line + 6, NULL, 10);
    }
    if (file != NULL)
        fclose(file);
    return (double)kilobytes / 1024;
}

struct measured {
    double milliseconds, megabytes;
};

static int child(struct bytes genesis, bool without)
{
    double runs[BENCH_RUNS];

    for (unsigned run = 0; run < BENCH_RUNS; run++) {
        struct node n;

        node_init(&n);
        double start = bench_seconds();
        node_start(&n, genesis, without);
        runs[run] = (bench_seconds() - start) * 1e3;
        file_disk_close(&n.disk, false); /* the next one starts from the same */
        node_stop(&n);
    }
    printf("%.6f %.6f\n", bench_median(runs, BENCH_RUNS), peak_megabytes());
    return 0;
}

static struct measured measure(const char *program, bool without)
{
    struct measured m = {0};
    char command[600];

    snprintf(command, sizeof command, "'%s' --start '%s' %d", program, folder, without);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL || fscanf(pipe, "%lf %lf", &m.milliseconds, &m.megabytes) != 2 || pclose(pipe) != 0)
        exit(2);
    return m;
}

/* ---- all of them */

/* Flushed, for who waits. */
static void print(uint64_t blocks, const struct measured *m, const struct measured *first, const char *note)
{
    printf("%8" PRIu64 " blocks: %9.2f ms of processor time, %.2f of the first; peak memory %6.2f MB, %.2f%s\n", blocks,
           m->milliseconds, m->milliseconds / first->milliseconds, m->megabytes, m->megabytes / first->megabytes, note);
    fflush(stdout);
}

static bool differs(double a, double b)
{
    return a > BOUND * b || b > BOUND * a;
}

/* Each is measured with as many blocks above the snapshot as there ever are. */
static uint64_t rounded(uint64_t blocks, uint64_t interval)
{
    return blocks / interval * interval + interval - 1;
}

static int run_all(const char *program, struct bytes genesis, uint64_t interval, uint64_t most)
{
    uint64_t block_bytes = 0, snapshot_bytes = 0;
    struct measured first = {0};
    bool grows = false;
    struct node n;

    printf("restart of a node, median of %d starts\n", BENCH_RUNS);
    node_init(&n);
    node_start(&n, genesis, false);
    for (uint64_t blocks = 1000; blocks <= most; blocks *= 10) {
        while (node_height(&n) < rounded(blocks, interval)) {
            if (n.job != NULL)
                answer(&n);
            else
                expire(&n);
        }
        block_bytes += n.disk.block_bytes;
        snapshot_bytes += n.disk.snapshot_bytes;
        file_disk_close(&n.disk, true);
        struct measured m = measure(program, false);
        if (blocks == 1000)
            first = m;
        grows = grows || differs(m.milliseconds, first.milliseconds) || differs(m.megabytes, first.megabytes);
        print(node_height(&n), &m, &first, "");
        if (blocks <= 10000) {
            m = measure(program, true);
            print(node_height(&n), &m, &first, ", from the first block on");
        }
        file_disk_open(&n.disk, folder);
    }
    file_disk_close(&n.disk, true);
    node_stop(&n);
    printf("bytes of snapshots written for each byte of blocks: %.2f\n", (double)snapshot_bytes / (double)block_bytes);
    return grows;
}

int main(int argc, char **argv)
{
    uint64_t most = 100000, interval;
    struct buf genesis = {0};
    int status;

    key_library_init();
    key_simulated(1, "bench", &key);
    genesis_build(&genesis, &interval);
    if (argc == 4 && strcmp(argv[1], "--start") == 0) {
        snprintf(folder, sizeof folder, "%s", argv[2]);
        return child(bytes_of_buf(&genesis), argv[3][0] == '1');
    }
    if ((argc > 1 && u64_parse(argv[1], &most) != ERR_OK) || mkdtemp(folder) == NULL)
        return 2;
    status = run_all(argv[0], bytes_of_buf(&genesis), interval, most);
    printf("within %.1f of each other: %s\n", BOUND, status == 0 ? "yes" : "no");
    buf_free(&genesis);
    return bench_remove(folder) != 0 || status != 0;
}
