#include "storm/plan.h"

#include <string.h>

#include "base/err.h"
#include "pbft/quorum.h"

/* Which number of the stream decides what. */
enum decision {
    DECIDE_REPLICAS,
    DECIDE_TOLERANCE,
    DECIDE_QUORUM,
    DECIDE_INTERVAL,
    DECIDE_WINDOW,
    DECIDE_BATCH,
    DECIDE_PIPELINE,
    DECIDE_PENDING,
    DECIDE_TIMEOUT,
    DECIDE_TIMEOUT_MAX,
    DECIDE_BATCH_DELAY,
    DECIDE_RESEND,
    DECIDE_REAL,
    DECIDE_FAULTLESS,
    DECIDE_NETWORK,
    DECIDE_LOSS,
    DECIDE_DUPLICATE,
    DECIDE_DISK,
    DECIDE_POLL,
    DECIDE_LIARS,
    DECIDE_FAULTS,
    DECIDE_CLIENTS,
    DECIDE_REQUESTS,
    DECIDE_OUTSTANDING,
    DECIDE_LYING_CLIENT,
    DECIDE_THINK,
    DECIDE_HORIZON,
    DECIDE_CORE,
    DECIDE_ENDLESS,
    DECIDE_CHANGES,
    DECIDE_CHANGE_AT,
    DECIDE_CHUNK,
    DECIDE_TRANSFER_GAP,
    DECIDE_RETENTION,
    DECIDE_CARRIES,
    DECIDE_LIE = 64,    /* two for each liar */
    DECIDE_CHANGE = 128 /* two for each change */
};

static uint64_t decide(const struct draw *d, enum decision what, uint64_t choices)
{
    return draw_value(d, draw_id(DRAW_PLAN, 0, (uint32_t)what)) % choices;
}

static bool percent(const struct draw *d, enum decision what, unsigned share)
{
    return draw_value(d, draw_id(DRAW_PLAN, 0, (uint32_t)what)) % 100 >= 100 - share;
}

void plan_group(const struct storm_plan *p, unsigned n, unsigned *f, unsigned *quorum)
{
    *f = quorum_faults(n) / (p->fewer_faults ? 2 : 1);
    *quorum = quorum_size(n, *f);
    if (p->larger_quorum && *quorum < n)
        ++*quorum;
}

static void draw_group(struct storm_plan *p, const struct draw *d)
{
    static const unsigned SIZES[] = {4, 1, 2,  3, 4, 4, 4,  5, 4, 6,  4, 7, 4, 7,
                                     5, 6, 10, 4, 8, 4, 13, 4, 9, 12, 4, 7, 11};

    p->n = SIZES[decide(d, DECIDE_REPLICAS, sizeof SIZES / sizeof SIZES[0])];
    p->replicas = p->n;
    p->fewer_faults = percent(d, DECIDE_TOLERANCE, 6);
    p->larger_quorum = percent(d, DECIDE_QUORUM, 6);
    plan_group(p, p->n, &p->f, &p->quorum);
}

static void draw_limits(struct storm_plan *p, const struct draw *d)
{
    static const uint64_t INTERVALS[] = {4, 1, 2, 3, 4, 8, 5};
    static const unsigned PENDING[] = {40, 2, 3, 5, 8, 13, 20, 30};
    static const int64_t TIMEOUTS[] = {400, 100, 250, 400, 1000, 2000};

    p->interval = INTERVALS[decide(d, DECIDE_INTERVAL, 7)];
    p->window = p->interval * (2 + decide(d, DECIDE_WINDOW, 3));
    p->batch_max = 1 + (unsigned)decide(d, DECIDE_BATCH, 6);
    p->pipeline = 1 + (unsigned)decide(d, DECIDE_PIPELINE, 12);
    p->pending_max = PENDING[decide(d, DECIDE_PENDING, 8)];
    p->view_timeout = TIMEOUTS[decide(d, DECIDE_TIMEOUT, 6)] * MS;
    p->view_timeout_max = p->view_timeout << decide(d, DECIDE_TIMEOUT_MAX, 6);
    p->batch_delay = p->view_timeout / 40 * (int64_t)decide(d, DECIDE_BATCH_DELAY, 3);
    p->resend = p->view_timeout / (2 + (int64_t)decide(d, DECIDE_RESEND, 8));
}

static void draw_network(struct storm_plan *p, const struct draw *d)
{
    static const unsigned LOSSES[] = {0, 0, 20, 50, 100, 250};
    static const unsigned DUPLICATES[] = {0, 0, 30, 200};
    /* A time-out is long enough for a change of view at any of these speeds. */
    static const uint64_t CARRIES[] = {0, 0, 0, 400000, 200000, 100000};
    static const int64_t SPANS[] = {100, 50, 10, 4, 2, 1}; /* parts of the time-out */

    p->delay_min = p->view_timeout / 200;
    p->delay_span = p->view_timeout / SPANS[p->faultless ? decide(d, DECIDE_NETWORK, 2) : decide(d, DECIDE_NETWORK, 6)];
    p->loss = p->faultless ? 0 : LOSSES[decide(d, DECIDE_LOSS, 6)];
    p->duplicate = DUPLICATES[decide(d, DECIDE_DUPLICATE, 4)];
    p->carries = p->faultless ? 0 : CARRIES[decide(d, DECIDE_CARRIES, 6)];
    p->write_delay = p->view_timeout / 100 * (int64_t)decide(d, DECIDE_DISK, 3);
    p->poll = p->view_timeout / (1 + (int64_t)decide(d, DECIDE_POLL, 8));
}

static void draw_transfer(struct storm_plan *p, const struct draw *d)
{
    static const size_t CHUNKS[] = {32, 16, 8, 24};
    static const uint64_t GAPS[] = {1000, 2, 4, 8}, RETENTIONS[] = {1000, 1000, 4, 12};

    p->chunk = CHUNKS[decide(d, DECIDE_CHUNK, 4)];
    p->transfer_gap = GAPS[decide(d, DECIDE_TRANSFER_GAP, 4)];
    p->retention = RETENTIONS[decide(d, DECIDE_RETENTION, 4)];
}

static void draw_workload(struct storm_plan *p, const struct draw *d)
{
    p->clients = 1 + (unsigned)decide(d, DECIDE_CLIENTS, CLIENTS_MAX);
    p->requests = 1 + (unsigned)decide(d, DECIDE_REQUESTS, 10);
    p->outstanding = 1 + (unsigned)decide(d, DECIDE_OUTSTANDING, 3);
    p->lying_client = !p->faultless && percent(d, DECIDE_LYING_CLIENT, 20);
    p->think = p->view_timeout / 8 * (int64_t)decide(d, DECIDE_THINK, 8);
    p->horizon = p->view_timeout * (int64_t)(4 + decide(d, DECIDE_HORIZON, 24));
    p->core_alone = !p->faultless && percent(d, DECIDE_CORE, 40);
}

/* As many as leave a quorum of others: else nothing could be asked of the rest. */
static void draw_liars(struct storm_plan *p, const struct draw *d)
{
    unsigned room = p->n - p->quorum < p->f ? p->n - p->quorum : p->f;
    unsigned count = p->faultless ? 0 : (unsigned)decide(d, DECIDE_LIARS, room + 1);

    for (unsigned i = 0; i < count; i++) {
        uint64_t lie = draw_value(d, draw_id(DRAW_PLAN, 0, (uint32_t)DECIDE_LIE + 2 * i));
        uint64_t who = draw_value(d, draw_id(DRAW_PLAN, 0, (uint32_t)DECIDE_LIE + 2 * i + 1));
        if (lie >> 60 == 15) /* its chance is small otherwise: it must be primary in the end */
            lie = LIE_CENSOR;
        /* The first primaries lie more often than others. */
        who = who >> 62 == 3 ? who : who % 3;
        if (lie % LIE_KINDS == LIE_NONE || lie % LIE_KINDS == LIE_WIPED || p->lies[who % p->n] != LIE_NONE)
            continue;
        p->lies[who % p->n] = (enum lie)(lie % LIE_KINDS);
        p->liar_count++;
    }
}

/* Clients that never stop asking: what a censor hides behind. */
static void draw_endless(struct storm_plan *p, const struct draw *d)
{
    unsigned share = 15;

    for (unsigned i = 0; i < p->n; i++)
        share = p->lies[i] == LIE_CENSOR ? 95 : share;
    p->endless = !p->faultless && p->clients > 1 && percent(d, DECIDE_ENDLESS, share);
    /* Else they would always be there first when a place is free. */
    unsigned crowd = 2 * (CLIENTS_MAX + 1) * p->outstanding;
    if (p->endless && p->pending_max < crowd)
        p->pending_max = crowd;
}

static struct fault draw_fault(const struct storm_plan *p, const struct draw *d, uint32_t index)
{
    uint64_t v[6];

    for (uint32_t i = 0; i < 6; i++)
        v[i] = draw_value(d, draw_id(DRAW_FAULT, index, i));
    struct fault fault = {
        .kind = (enum fault_kind)(v[0] % FAULT_KINDS),
        .node = (unsigned)(v[1] % p->n),
        .other = (unsigned)(v[2] % p->n),
        .detail = v[3],
        .at = (int64_t)(v[4] % (uint64_t)p->horizon),
        .lasts = (int64_t)(v[5] % (uint64_t)(p->horizon / 2)) + 1,
    };
    if (v[5] >> 63)
        fault.lasts /= 8;
    if (v[0] >> 60 == 15) /* what takes the longest to come to something comes more often */
        fault.kind = FAULT_SLOW_KIND;
    if (v[0] >> 60 == 14)
        fault.kind = FAULT_THIN;
    return fault;
}

static void draw_faults(struct storm_plan *p, const struct draw *d)
{
    unsigned room = p->n - p->quorum < p->f ? p->n - p->quorum : p->f;

    p->fault_count = p->faultless ? 0 : (unsigned)decide(d, DECIDE_FAULTS, FAULTS_MAX + 1);
    for (unsigned i = 0; i < p->fault_count; i++) {
        struct fault *fault = &p->faults[i];
        *fault = draw_fault(p, d, i);
        bool forgets = fault->kind == FAULT_WIPED_DISK || fault->kind == FAULT_DAMAGED_DISK;
        if (!forgets || p->lies[fault->node] != LIE_NONE)
            continue;
        if (p->liar_count == room) {
            fault->kind = FAULT_CRASH;
            continue;
        }
        p->lies[fault->node] = LIE_WIPED;
        p->liar_count++;
    }
}

void plan_members(const struct storm_plan *p, uint32_t changes, bool in[REPLICAS_MAX],
                  unsigned generation[REPLICAS_MAX])
{
    for (unsigned i = 0; i < REPLICAS_MAX; i++)
        in[i] = i < p->n;
    for (uint32_t i = 0; i < changes; i++) {
        const struct change *c = &p->changes[i];
        if (c->kind == CHANGE_ROTATE)
            generation[c->who]++;
        else
            in[c->who] = c->kind == CHANGE_JOIN;
    }
}

/* Can the replicas live with their liars, as after this many changes? */
static bool group_holds(const struct storm_plan *p, uint32_t changes)
{
    unsigned generation[REPLICAS_MAX] = {0}, n = 0, liars = 0, f, quorum;
    bool in[REPLICAS_MAX];

    plan_members(p, changes, in, generation);
    for (unsigned i = 0; i < REPLICAS_MAX; i++) {
        n += in[i];
        liars += in[i] && p->lies[i] != LIE_NONE;
    }
    if (n == 0)
        return false;
    plan_group(p, n, &f, &quorum);
    return liars <= f && liars <= n - quorum;
}

/* Does it change anything? */
static bool change_fits(const struct storm_plan *p, const struct change *c)
{
    unsigned generation[REPLICAS_MAX] = {0};
    bool in[REPLICAS_MAX];

    plan_members(p, p->change_count, in, generation);
    return c->kind == CHANGE_JOIN ? c->who < REPLICAS_MAX && !in[c->who] : in[c->who];
}

static void draw_changes(struct storm_plan *p, const struct draw *d)
{
    unsigned wanted = percent(d, DECIDE_CHANGES, 40) ? 1 + (unsigned)decide(d, DECIDE_CHANGES, CHANGES_MAX) : 0;

    p->change_at = (int64_t)(decide(d, DECIDE_CHANGE_AT, 100) * (uint64_t)p->horizon / 100);
    for (unsigned i = 0; i < wanted; i++) {
        uint64_t kind = draw_value(d, draw_id(DRAW_PLAN, 0, (uint32_t)DECIDE_CHANGE + 2 * i));
        uint64_t who = draw_value(d, draw_id(DRAW_PLAN, 0, (uint32_t)DECIDE_CHANGE + 2 * i + 1));
        struct change c = {(enum change_kind)(kind % CHANGE_KINDS), (unsigned)(who % p->n)};
        if (c.kind == CHANGE_JOIN && (who >> 60 > 3 || !change_fits(p, &c)))
            c.who = p->replicas; /* else one comes back that has left */
        /* A newcomer is behind: not what a faultless seed is about. */
        if (c.kind == CHANGE_NONE || (c.kind == CHANGE_JOIN && p->faultless) || !change_fits(p, &c))
            continue;
        p->changes[p->change_count++] = c;
        if (!group_holds(p, p->change_count))
            p->change_count--;
        else if (c.who == p->replicas)
            p->replicas++;
    }
}

void plan_draw(struct storm_plan *p, const struct draw *d, unsigned real_percent)
{
    memset(p, 0, sizeof *p);
    p->faultless = p->steady = percent(d, DECIDE_FAULTLESS, 6);
    p->real_signatures = percent(d, DECIDE_REAL, real_percent);
    draw_group(p, d);
    draw_limits(p, d);
    draw_network(p, d);
    draw_transfer(p, d);
    draw_workload(p, d);
    draw_liars(p, d);
    draw_endless(p, d);
    draw_faults(p, d);
    draw_changes(p, d);
    /* Every primary that is not in the core may cost a time-out of full length, and one more to agree on leaving. */
    p->bound = (int64_t)(2 * (p->n - p->quorum) + 6) * p->view_timeout_max + 60 * p->view_timeout;
    p->bound *= 1 + p->change_count;
}

enum { THIN_WIDEST = 24000, THIN_SPEEDS = 8 };

/* At the widest a decision takes a part of the time-out; at the narrowest, half a statement's size, several. */
uint64_t fault_carries(const struct fault *fault)
{
    return (uint64_t)THIN_WIDEST >> fault->detail / 3 % THIN_SPEEDS;
}

bool fault_thins(const struct fault *fault, unsigned from, unsigned to)
{
    if (fault->kind != FAULT_THIN)
        return false;
    switch (fault->detail % 3) {
    case 0:
        return from == fault->node && to == fault->other;
    case 1:
        return from == fault->node || to == fault->node;
    default:
        return true;
    }
}

const char *fault_name(enum fault_kind kind)
{
    static const char *const NAMES[FAULT_KINDS] = {"none",
                                                   "crash",
                                                   "crash at a write",
                                                   "pause",
                                                   "clock jump",
                                                   "clock back",
                                                   "clock rate",
                                                   "one-way cut",
                                                   "deaf",
                                                   "muted",
                                                   "isolated",
                                                   "split",
                                                   "just a quorum",
                                                   "clogged link",
                                                   "thin links",
                                                   "slow messages of a kind",
                                                   "primary isolated",
                                                   "primary crashes",
                                                   "all crash",
                                                   "full disk",
                                                   "unsure",
                                                   "damaged disk",
                                                   "wiped disk"};

    ASSERT(kind < FAULT_KINDS);
    return NAMES[kind];
}

const char *lie_name(enum lie lie)
{
    static const char *const NAMES[LIE_KINDS] = {
        "correct",          "equivocates", "votes twice", "mute",    "selective", "stale", "forges view changes",
        "forges new views", "far numbers", "floods",      "mutates", "foreign",   "twins", "censors",
        "rotten",           "bad blocks",  "wiped"};

    ASSERT(lie < LIE_KINDS);
    return NAMES[lie];
}

const char *change_name(enum change_kind kind)
{
    static const char *const NAMES[CHANGE_KINDS] = {"none", "a new key", "leaves", "joins"};

    ASSERT(kind < CHANGE_KINDS);
    return NAMES[kind];
}
