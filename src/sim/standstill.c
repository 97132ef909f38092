#include "sim/results.h"

#include <inttypes.h>
#include <string.h>

#include "base/dmath.h"
#include "state/cohort.h"
#include "state/governance.h"

/* Why a run is over before its epochs are: which validators the others miss, and since when; how many are needed; what
 * the epoch waits for; what ended the run. */

enum { NAMED_MAX = 8, WAITING_NAMED_MAX = 3 };

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

/* ---- who is missing */

static const char *why_missing(const struct rehearsal *r, const struct sim_node *n)
{
    if (!n->up)
        return "down";
    if (n->paused_until_ns > 0)
        return "paused";
    if (n->recovering)
        return "up again without what it had signed";
    return n->lie == LIE_MUTE ? "mute" : r->network.partitioned || faults_cut(r) ? "cut off" : "not heard";
}

/* Does the fault account for a validator that is missing? */
static bool accounts_for(const struct rehearsal *r, const struct fault_record *record, unsigned node)
{
    const struct scenario_event *e = &r->scenario->events[record->fault];
    const struct sim_node *n = &r->nodes[node];

    if (record->ends || record->idle)
        return false;
    if (e->kind == EVENT_PARTITION)
        return n->up && (e->one_way ? r->faults.cutting[record->fault] : r->network.partitioned);
    if (record->node != (int)node)
        return false;
    return e->kind == EVENT_CRASH || e->kind == EVENT_WIPE || e->kind == EVENT_PAUSE || e->kind == EVENT_FULL_DISK ||
           (e->kind == EVENT_LIE && e->lie == LIE_MUTE);
}

/* When the last fault happened that accounts for it. */
static uint64_t missing_since(const struct rehearsal *r, unsigned node)
{
    for (size_t i = r->faults.count; i > 0; i--) {
        if (accounts_for(r, &r->faults.records[i - 1], node))
            return (uint64_t)r->faults.records[i - 1].now_ns;
    }
    return 0;
}

static void find_missing(const struct rehearsal *r, struct federated_standstill *out)
{
    bool *heard = mem_array(r->count, sizeof *heard);

    out->together = rehearsal_together(r, heard);
    out->quorum = r->quorum;
    out->missing = mem_array(r->count, sizeof *out->missing);
    for (unsigned i = 0; i < r->count; i++) {
        const struct sim_node *n = &r->nodes[i];

        if (!rehearsal_is_validator(r, n))
            continue;
        out->validators++;
        if (heard[i])
            continue;
        struct federated_missing *m = &out->missing[out->missing_count++];
        m->why = why_missing(r, n);
        m->since_ns = missing_since(r, i);
        snprintf(m->node_id, sizeof m->node_id, "%s", n->name);
    }
    mem_free(heard);
}

static void say_missing(const struct federated_standstill *s, struct buf *out)
{
    for (unsigned i = 0; i < s->missing_count && i < NAMED_MAX; i++) {
        const struct federated_missing *m = &s->missing[i];

        buf_add_text(out, i == 0 ? "" : i + 1 == s->missing_count ? " and " : ", ");
        buf_printf(out, "%s (%s since %.3f s)", m->node_id, m->why, seconds((int64_t)m->since_ns));
    }
    if (s->missing_count > NAMED_MAX)
        buf_printf(out, " and %u more", s->missing_count - NAMED_MAX);
    buf_printf(out, " %s missing; ", s->missing_count == 1 ? "is" : "are");
}

static void say_quorum(const struct federated_standstill *s, struct buf *out)
{
    buf_printf(out, "epoch %" PRIu64 " stands still since %.3f s: ", s->epoch, seconds((int64_t)s->since_ns));
    if (s->missing_count > 0)
        say_missing(s, out);
    buf_printf(out, "%u of %u validators can hear each other, and %u are needed", s->together, s->validators,
               s->quorum);
}

/* ---- what waits */

static void say_phase(const struct federation_state *s, struct buf *out)
{
    unsigned active = 0;

    for (unsigned i = 0; i < cohort_size(s); i++)
        active += cohort_awaits(s, cohort_member(s, i));
    switch (s->phase) {
    case PHASE_COLLECT:
        buf_printf(out, "; the log has the updates of %u of %u active members", state_updates(s), active);
        break;
    case PHASE_SCORE:
        buf_printf(out, "; the log has the scores of %u of %u active members", state_rows(s), active);
        break;
    case PHASE_ROLLBACK:
        buf_printf(out, "; the rollback to epoch %" PRIu64 " waits to be decided", s->rollback_epoch);
        break;
    }
}

/* The log has all epochs, but not everybody has the log. */
static void say_late(const struct rehearsal *r, struct buf *out)
{
    unsigned count = 0;

    buf_add_text(out, "every epoch has ended, but not for ");
    for (unsigned i = 0; i < r->count; i++) {
        const struct sim_node *n = &r->nodes[i];

        if (!n->up || rehearsal_has_ended(r, n))
            continue;
        if (count < NAMED_MAX)
            buf_printf(out, "%s%s", count > 0 ? ", " : "", n->name);
        count++;
    }
    if (count > NAMED_MAX)
        buf_printf(out, " and %u more", count - NAMED_MAX);
}

static void say_event(const struct rehearsal *r, unsigned event, struct buf *out)
{
    const struct scenario_event *e = &r->scenario->events[event];

    buf_printf(out, "/events/%u (%s", e->source, scenario_event_name(e->kind));
    if (faults_concern_node(e->kind) && !e->primary)
        buf_printf(out, " of %s", r->nodes[e->node].name);
    buf_add_byte(out, ')');
}

static bool waits_for_epoch(const struct results *t, unsigned event)
{
    return !t->r->faults.planned[event];
}

static bool waits_for_members(const struct results *t, unsigned event)
{
    return operators_wait(t->r, event, &t->history.ahead);
}

/* Names the events for which `waits` holds. */
static void say_events(const struct results *t, bool (*waits)(const struct results *, unsigned), const char *one,
                       const char *several, struct buf *out)
{
    const struct rehearsal *r = t->r;
    unsigned count = 0;

    for (unsigned i = 0; i < r->scenario->event_count; i++) {
        if (!waits(t, i))
            continue;
        if (count < WAITING_NAMED_MAX) {
            buf_add_text(out, count > 0 ? ", " : out->len > 0 ? "; " : "");
            say_event(r, i, out);
        }
        count++;
    }
    if (count > WAITING_NAMED_MAX)
        buf_printf(out, " and %u more", count - WAITING_NAMED_MAX);
    if (count > 0)
        buf_printf(out, " %s", count == 1 ? one : several);
}

static void say_end(const struct rehearsal *r, struct buf *out)
{
    if (r->end == REHEARSAL_LIMIT)
        buf_printf(out,
                   "; the run ended at its limit of %.3f s of virtual time (--limit-ms, or limit_ms of the scenario)",
                   seconds(r->scenario->limit_ns));
    else
        buf_add_text(out, "; the run ended because nothing can happen any more");
}

/* NULL: there is none. Frees the buffer. */
static char *owned_text(struct buf *text)
{
    char *out = text->len > 0 ? mem_array(text->len + 1, 1) : NULL;

    if (out != NULL)
        memcpy(out, buf_text(text), text->len);
    buf_free(text);
    return out;
}

void results_standstill(const struct results *t, struct federated_standstill *out)
{
    const struct rehearsal *r = t->r;
    const struct federation_state *s = &t->history.ahead;
    struct buf text = {0};

    *out = (struct federated_standstill){.epoch = s->epoch > r->last_epoch ? 0 : s->epoch,
                                         .limit = r->end == REHEARSAL_LIMIT};
    if (r->end == REHEARSAL_ENDED)
        return;
    find_missing(r, out);
    if (out->epoch == 0) {
        say_late(r, &text);
    } else if (out->together < out->quorum) {
        out->since_ns = (uint64_t)r->timeline.stalled_ns;
        say_quorum(out, &text);
    } else if (governance_halted(s)) {
        buf_printf(&text, "epoch %" PRIu64 " stands still: the governors have halted the federation", s->epoch);
    } else {
        buf_printf(&text, "epoch %" PRIu64 " has not ended, though a quorum of validators can hear each other",
                   s->epoch);
    }
    if (out->epoch > 0)
        say_phase(s, &text);
    say_events(t, waits_for_epoch, "waits for an epoch that never began", "wait for epochs that never began", &text);
    say_events(t, waits_for_members, "is wanted, and not done", "are wanted, and not done", &text);
    say_end(r, &text);
    out->text = owned_text(&text);
}

char *results_undone(const struct results *t)
{
    struct buf text = {0};

    say_events(t, waits_for_members, "was wanted, and was not done until the run ended",
               "were wanted, and were not done until the run ended", &text);
    return owned_text(&text);
}
