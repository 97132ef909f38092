#include "sim/results.h"

#include <stdlib.h>
#include <string.h>

#include "aggregate/row_distance.h"
#include "base/mutate.h"
#include "ledger/entry.h"
#include "state/body.h"

/* What happened in the run beside the epochs' decisions: which faults fired, who joined, left or was convicted, whose
 * row of scores lies far from the others'. */

static struct federated_happening *add(struct results *t, uint64_t epoch, int64_t at_ns, const char *what)
{
    if (t->happening_count == t->happening_cap) {
        t->happening_cap = t->happening_cap > 0 ? 2 * t->happening_cap : 16;
        t->happenings = mem_resize(t->happenings, t->happening_cap, sizeof t->happenings[0]);
    }
    struct federated_happening *h = &t->happenings[t->happening_count++];
    *h = (struct federated_happening){.epoch = epoch, .at_ns = (uint64_t)at_ns, .what = what, .effect = true};
    return h;
}

/* ---- members */

void happenings_begin(struct results *t)
{
    const struct federation_state *s = &t->history.state;

    t->epoch.validators = s->validator_count;
    t->epoch.max_byzantine = s->max_byzantine;
    t->epoch.quorum = s->quorum;
    t->statuses = mem_resize(t->statuses, s->member_count, sizeof t->statuses[0]);
    t->member_count = s->member_count;
    for (unsigned i = 0; i < s->member_count; i++)
        t->statuses[i] = state_member(s, i)->status;
}

static void add_member(struct results *t, const char *what, const struct member *m)
{
    struct federated_happening *h = add(t, t->epoch.epoch, t->epoch.times.ended_ns, what);

    snprintf(h->node_id, sizeof h->node_id, "%s", m->card.name);
}

void happenings_members(struct results *t)
{
    const struct federation_state *s = &t->history.state;

    for (unsigned i = 0; i < s->member_count; i++) {
        enum member_status now = state_member(s, i)->status;

        if (i >= t->member_count)
            add_member(t, "joined", state_member(s, i));
        else if (now == MEMBER_LEFT && t->statuses[i] != now)
            add_member(t, "left", state_member(s, i));
        else if (now == MEMBER_CONVICTED && t->statuses[i] != now)
            add_member(t, "convicted", state_member(s, i));
    }
}

/* ---- rows */

struct rows {
    unsigned count, candidates;
    const struct sim_node *of[RANK_SITES_MAX]; /* no more count in an epoch */
    uint64_t *costs;                           /* owned */
};

static const struct sim_node *node_of_key(const struct rehearsal *r, const struct digest *fingerprint)
{
    for (unsigned i = 0; i < r->count; i++) {
        const struct sim_node *n = &r->nodes[i];

        if (digest_equal(&n->key.fingerprint, fingerprint) || digest_equal(&n->next_key.fingerprint, fingerprint))
            return n;
    }
    return NULL;
}

/* At any time of the epoch. Results are told when the run is over, so that what the node is now says nothing. */
static bool lied_in(const struct rehearsal *r, const struct sim_node *n, uint64_t epoch)
{
    bool lying = false;

    for (size_t i = 0; i < r->faults.count && r->faults.records[i].epoch <= epoch; i++) {
        const struct fault_record *record = &r->faults.records[i];
        const struct scenario_event *e = &r->scenario->events[record->fault];
        bool now = !record->ends && e->lie != LIE_NONE;

        if (e->kind != EVENT_LIE || record->idle || record->node != (int)n->index)
            continue;
        lying = now || (lying && record->epoch == epoch);
    }
    return lying;
}

static void take_row(const struct results *t, struct bytes bytes, struct rows *rows)
{
    struct entry *entry = entry_open(bytes);
    struct score_body *row = mem_alloc(sizeof *row);

    if (entry->syntax == ERR_OK && entry->envelope.kind == ENTRY_SCORE && rows->count < RANK_SITES_MAX &&
        score_body_decode(entry->envelope.body, row) == ERR_OK &&
        (rows->count == 0 || row->count == rows->candidates)) {
        rows->candidates = row->count;
        rows->costs = mem_resize(rows->costs, (size_t)(rows->count + 1) * row->count, sizeof rows->costs[0]);
        memcpy(rows->costs + (size_t)rows->count * row->count, row->costs, row->count * sizeof row->costs[0]);
        rows->of[rows->count++] = node_of_key(t->r, &entry->envelope.node_fingerprint);
    }
    mem_free(row);
    entry_drop(entry);
}

static void take_rows(const struct results *t, struct rows *rows)
{
    const struct history_epoch *log = t->epoch.log;
    size_t verdict = 0;

    for (unsigned b = 0; b < log->block_count; b++) {
        for (unsigned i = 0; i < log->blocks[b].count; i++) {
            if (log->verdicts[verdict++] == ERR_OK)
                take_row(t, log->blocks[b].entries[i], rows);
        }
    }
}

/* The farthest first. */
static void put_liar(struct results_epoch *e, const char *name, uint64_t distance_ppm)
{
    unsigned at = e->liar_count;

    if (at == FEDERATED_ROWS_MAX && distance_ppm <= e->liars[at - 1].distance_ppm)
        return;
    at -= at == FEDERATED_ROWS_MAX;
    for (; at > 0 && e->liars[at - 1].distance_ppm < distance_ppm; at--)
        e->liars[at] = e->liars[at - 1];
    snprintf(e->liars[at].node_id, sizeof e->liars[at].node_id, "%s", name);
    e->liars[at].distance_ppm = distance_ppm;
    e->liar_count += e->liar_count < FEDERATED_ROWS_MAX;
}

void happenings_rows(struct results *t)
{
    struct results_epoch *e = &t->epoch;
    struct rows *rows = mem_alloc(sizeof *rows);
    uint64_t distances[RANK_SITES_MAX];

    e->liar_count = 0;
    e->honest_ppm = 0;
    take_rows(t, rows);
    if (rows->count > 0)
        row_distances(rows->costs, rows->count, rows->candidates, distances);
    for (unsigned i = 0; i < rows->count; i++) {
        if (rows->of[i] != NULL &&
            MUTATE(SIM_LIARS_FROM_THE_START, rows->of[i]->lied, lied_in(t->r, rows->of[i], e->epoch)))
            put_liar(e, rows->of[i]->name, distances[i]);
        else if (distances[i] > e->honest_ppm)
            e->honest_ppm = distances[i];
    }
    mem_free(rows->costs);
    mem_free(rows);
}

/* ---- all of it */

/* What a lie makes of the node that tells it. */
static const char *const lies[LIE_COUNT] = {
    [LIE_NONE] = "is honest again",
    [LIE_INVERTED_SCORES] = "inverts its scores",
    [LIE_IPM_SCORES] = "inverts and magnifies its scores",
    [LIE_ALIE_SCORES] = "bends its scores a little",
    [LIE_MIMIC_SCORES] = "copies the scores of another site",
    [LIE_COLLUDING_SCORES] = "scores for its friends",
    [LIE_INFLATED_CLAIMS] = "inflates its claims",
    [LIE_NEGATED_CLAIMS] = "negates its claims",
    [LIE_COPY_CAT] = "offers what another site has found",
    [LIE_STALE] = "repeats what it offered first",
    [LIE_DOUBLE_SIGN] = "signs two updates for one",
    [LIE_MUTE] = "is mute",
    [LIE_FALSE_RECOUNTS] = "recounts falsely",
    [LIE_HOSTILE] = "sends hostile entries",
    [LIE_EQUIVOCATE] = "equivocates",
};

/* A fault in words behind the name of its node; how it ends. What has no node has its kind alone, and "is over". */
static const struct {
    const char *begins, *ends;
} words[EVENT_KIND_COUNT] = {
    [EVENT_CRASH] = {"down", "up again"},
    [EVENT_RESTART] = {"up again", NULL},
    [EVENT_WIPE] = {"lost its disk", "up again"},
    [EVENT_SLOW_DOWN] = {"is slowed down", "has its full speed again"},
    [EVENT_STAKE] = {"has another stake", NULL},
    [EVENT_ROTATE_KEY] = {"rotates its key", NULL},
    [EVENT_LIE] = {NULL, "is honest again"},
    [EVENT_DRIFT] = {"has other work", NULL},
    [EVENT_PAUSE] = {"pauses", "goes on"},
    [EVENT_SLOW_DISK] = {"has a slow disk", "has a fast disk again"},
    [EVENT_FULL_DISK] = {"has a full disk", "has room on its disk again"},
    [EVENT_CLOCK_SKEW] = {"has another clock", NULL},
    [EVENT_SIGN_OFF] = {"brings in what governors signed", NULL},
};

static const char *what_of(const struct scenario_event *e, bool ends)
{
    if (ends && words[e->kind].ends != NULL)
        return words[e->kind].ends;
    if (e->kind == EVENT_LIE)
        return lies[e->lie];
    return words[e->kind].begins != NULL ? words[e->kind].begins : scenario_event_name(e->kind);
}

/* What operators want shows when it is done. */
static bool is_a_wish(enum scenario_event_kind kind)
{
    return kind == EVENT_JOIN || kind == EVENT_LEAVE;
}

static void add_faults(struct results *t)
{
    const struct faults *f = &t->r->faults;

    for (size_t i = 0; i < f->count; i++) {
        const struct fault_record *fired = &f->records[i];
        const struct scenario_event *e = &t->r->scenario->events[fired->fault];

        if (is_a_wish(e->kind))
            continue;
        struct federated_happening *h = add(t, fired->epoch, fired->now_ns, what_of(e, fired->ends));
        h->ends = fired->ends && words[e->kind].ends == NULL;
        h->effect = !fired->idle;
        if (fired->node >= 0)
            snprintf(h->node_id, sizeof h->node_id, "%s", t->r->nodes[fired->node].name);
    }
}

static int compare(const void *a, const void *b)
{
    const struct federated_happening *x = a, *y = b;

    if (x->epoch != y->epoch)
        return x->epoch < y->epoch ? -1 : 1;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return strcmp(x->node_id, y->node_id);
}

void happenings_report(struct results *t, struct federated_simulation_report *report)
{
    add_faults(t);
    if (t->happening_count > 0)
        qsort(t->happenings, t->happening_count, sizeof t->happenings[0], compare);
    report->happening_count = t->happening_count;
    report->happenings = t->happenings;
    t->happenings = NULL;
    t->happening_count = t->happening_cap = 0;
}
