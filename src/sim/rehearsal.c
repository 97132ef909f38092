#include "sim/rehearsal.h"

#include <inttypes.h>
#include <string.h>

#include "evolve/workload.h"
#include "fed/messages.h"

/* Ends a run in which time stands still. */
static const uint64_t steps_at_once_max = 1000000;
/* How long a validator that has left still answers. */
static const int64_t retirement_ns = 30000000000;
enum { PROGRESS_STEPS = 64, VERDICTS_KEPT = 1 << 14, STATES_KEPT = 32, BLOCKS_KEPT = 64 };

/* ---- setting up */

/* Genesis, and the nodes that are members by it. */
static enum err genesis_build(struct rehearsal *r, struct diag *diag)
{
    const struct scenario *s = r->scenario;
    enum err err = scenario_genesis(s, r->options.seed, &r->genesis, diag);

    if (err != ERR_OK)
        return err;
    for (unsigned i = 0; i < r->count; i++) {
        if (s->nodes[i].joins_later)
            continue;
        r->nodes[i].member = (int)r->members;
        r->nodes[i].votes = s->nodes[i].card.role == ROLE_CORE;
        r->node_of[r->members++] = i;
    }
    return ERR_OK;
}

enum err rehearsal_workload(struct rehearsal *r, unsigned node, const struct workload_spec *spec, struct diag *diag)
{
    struct workload *w = mem_alloc(sizeof *w);
    enum err err = scenario_workload(r->scenario, node, spec, r->programs, r->options.seed, w, diag);

    if (err != ERR_OK) {
        mem_free(w);
        return err;
    }
    r->workloads = mem_resize(r->workloads, r->workload_count + 1, sizeof *r->workloads);
    r->workloads[r->workload_count++] = w;
    r->nodes[node].workload = w;
    r->nodes[node].work_since = r->nodes[node].epoch + 1;
    return ERR_OK;
}

/* All work that the scenario names, so that a file that is missing is known before anything runs. */
static enum err work_build(struct rehearsal *r, struct diag *diag)
{
    const struct scenario *s = r->scenario;
    enum err err = ERR_OK;

    for (unsigned i = 0; i < s->event_count && err == ERR_OK; i++) {
        if (s->events[i].kind == EVENT_DRIFT)
            err = rehearsal_workload(r, s->events[i].node, &s->events[i].workload, diag);
    }
    for (unsigned i = 0; i < r->count && err == ERR_OK; i++)
        err = rehearsal_workload(r, i, &s->nodes[i].workload, diag);
    for (unsigned i = 0; i < s->policy.shards && err == ERR_OK; i++)
        err = scenario_shard(s, i, r->programs, r->options.seed, &r->shards[i], diag);
    return err;
}

static void share(struct rehearsal *r)
{
    r->verdicts = verify_cache_new(VERDICTS_KEPT);
    r->states = executed_cache_new(STATES_KEPT);
    r->blobs = blob_cache_new(BLOCKS_KEPT);
    r->shelf = shelf_new(r->options.room);
}

enum err rehearsal_new(const struct scenario *scenario, const struct rehearsal_options *options, struct rehearsal **out,
                       struct diag *diag)
{
    struct rehearsal *r = mem_alloc(sizeof *r);
    enum err err;

    ASSERT(options->epochs >= 1 && options->threads >= 1);
    key_library_init();
    r->scenario = scenario;
    r->options = *options;
    r->trace = options->trace != NULL ? options->trace : &r->silence;
    r->quorum = scenario->quorum;
    r->last_epoch = scenario->epoch_start + options->epochs - 1;
    r->count = scenario->node_count;
    r->nodes = mem_array(r->count, sizeof *r->nodes);
    r->node_of = mem_array(r->count, sizeof *r->node_of);
    r->shards = mem_array(scenario->policy.shards + 1, sizeof *r->shards);
    if (!options->shares_nothing)
        share(r);
    for (unsigned i = 0; i < r->count; i++)
        sim_node_init(&r->nodes[i], r, i);
    if (scenario->space != NULL)
        r->programs = programs_new(scenario->space);
    checkers_init(&r->checkers, r->count);
    links_init(&r->links, scenario, options->seed, &r->agenda, &r->network);
    timeline_init(&r->timeline, scenario->epoch_start, options->epochs, options->room);
    r->pool = pool_new(options->threads);
    err = genesis_build(r, diag);
    if (err == ERR_OK)
        err = work_build(r, diag);
    if (err != ERR_OK) {
        rehearsal_free(r);
        return err;
    }
    faults_init(r);
    operators_init(r);
    governors_init(r);
    *out = r;
    return ERR_OK;
}

static void event_free(struct rehearsal *r, struct event *e)
{
    struct work *w = e->own;

    if (w != NULL) {
        pool_cancel(r->pool, &w->task);
        work_free(w);
    }
    agenda_done(&r->agenda, e);
}

void rehearsal_free(struct rehearsal *r)
{
    struct event *e;

    if (r == NULL)
        return;
    while ((e = agenda_take(&r->agenda)) != NULL)
        event_free(r, e);
    agenda_fini(&r->agenda);
    pool_free(r->pool);
    for (unsigned i = 0; i < r->count; i++)
        sim_node_fini(&r->nodes[i]);
    mem_free(r->nodes);
    mem_free(r->node_of);
    verify_cache_free(r->verdicts);
    executed_cache_free(r->states);
    blob_cache_free(r->blobs);
    shelf_free(r->shelf);
    for (size_t i = 0; i < r->workload_count; i++) {
        workload_fini(r->workloads[i]);
        mem_free(r->workloads[i]);
    }
    mem_free(r->workloads);
    for (unsigned i = 0; i < r->scenario->policy.shards; i++)
        instance_fini(&r->shards[i]);
    mem_free(r->shards);
    programs_free(r->programs);
    network_fini(&r->network);
    links_fini(&r->links);
    timeline_fini(&r->timeline);
    faults_fini(&r->faults);
    operators_fini(&r->operators);
    governors_fini(&r->governors);
    checkers_fini(&r->checkers);
    buf_free(&r->genesis);
    mem_free(r);
}

/* ---- while it runs */

void rehearsal_send(struct rehearsal *r, const struct sim_node *from, unsigned to_node, struct blob *blob)
{
    const char *to = r->nodes[to_node].name, *what = message_name(blob_bytes(blob));
    const struct event message = {.node = to_node, .from = from->index, .blob = blob};
    enum network_fate fate = network_send(&r->network, &message, 0);
    bool lost = fate == NETWORK_LOST || fate == NETWORK_CUT;

    trace_line(r->trace, r->agenda.now_ns, from->name, "send %s to %s %zu bytes%s", what, to, blob->len,
               lost ? ", lost" : "");
}

/* A member that the log has just taken in: its operator starts it. */
static void newcomers(struct rehearsal *r, const struct federation_state *s)
{
    while (r->members < s->member_count) {
        unsigned member = r->members, i = 0;
        struct diag diag = {0};

        while (i < r->count && !digest_equal(&r->nodes[i].key.fingerprint, &state_member(s, member)->fingerprint))
            i++;
        ASSERT(i < r->count && r->nodes[i].member < 0);
        r->nodes[i].member = (int)member;
        r->node_of[r->members++] = i;
        if (sim_node_start(&r->nodes[i], r, &diag) != ERR_OK)
            checkers_violation(&r->checkers, r->agenda.now_ns, r->nodes[i].name, "it does not start: %s", diag.text);
    }
}

static void observe_page(struct rehearsal *r, const struct sim_node *n, const struct federation_state *s, unsigned page)
{
    unsigned count, first = page * PAGE_MEMBERS;
    const struct member *members = registry_page(&s->members, page, &count);

    for (unsigned i = 0; i < count; i++)
        check_evidence(&r->checkers, n, &r->nodes[r->node_of[first + i]], &members[i], r->agenda.now_ns);
}

static void observe_block(struct rehearsal *r, struct sim_node *n, const struct federation_state *s)
{
    bool first = s->height > r->top;

    check_agreement(&r->checkers, r, n);
    n->height = s->height;
    if (s->height > r->top) {
        r->top = s->height;
        if (r->options.journal != NULL)
            journal_block(r->options.journal, s->height, &s->block_id);
    }
    r->checkers.moved_ns = r->agenda.now_ns;
    if (s->membership_epoch > r->membership_epoch) {
        r->membership_epoch = s->membership_epoch;
        r->quorum = s->quorum;
        rehearsal_faults_changed(r);
    }
    if (!first)
        return; /* the same state at another node */
    for (unsigned page = 0; page < registry_pages(&s->members); page++)
        observe_page(r, n, s, page);
}

static void retire(struct rehearsal *r, struct sim_node *n)
{
    if (n->up)
        sim_node_stop(n, r);
    n->left = LEFT_RETIRED;
}

static void leave(struct rehearsal *r, struct sim_node *n)
{
    if (r->scenario->nodes[n->index].card.role != ROLE_CORE) {
        retire(r, n);
    } else if (n->left == LEFT_NOT) {
        agenda_add(&r->agenda, r->agenda.now_ns + retirement_ns, HAPPEN_RETIRE)->node = n->index;
        n->left = LEFT_ANSWERS;
    }
}

void rehearsal_observe(struct rehearsal *r, struct sim_node *n)
{
    const struct federation_state *s = fed_state(n->fed);

    newcomers(r, s);
    if (s->height != n->height)
        observe_block(r, n, s);
    if (s->epoch != n->epoch) {
        n->epoch = s->epoch;
        r->ended_unknown = true;
        timeline_traffic(&r->timeline, r->network.messages, r->network.bytes);
        if (timeline_enter(&r->timeline, s->epoch, r->agenda.now_ns)) {
            trace_line(r->trace, r->agenda.now_ns, "*", "epoch %" PRIu64, s->epoch);
            faults_epoch(r, s->epoch);
            operators_look(r);
        }
    }
    if (rehearsal_is_validator(r, n) != n->votes) {
        n->votes = !n->votes;
        rehearsal_faults_changed(r);
        operators_look(r);
    }
    if (n->votes) {
        struct pbft_status status = fed_pbft_status(n->fed);

        if (!status.in_view_change)
            timeline_view(&r->timeline, s->membership_epoch, status.view);
    }
    if ((unsigned)n->member < s->member_count && state_member(s, n->member)->status == MEMBER_LEFT) {
        leave(r, n);
    }
}

bool rehearsal_is_validator(const struct rehearsal *r, const struct sim_node *n)
{
    if (n->up)
        return fed_self_replica(n->fed) >= 0;
    return n->member >= 0 && !n->left && r->scenario->nodes[n->index].card.role == ROLE_CORE;
}

static bool is_heard_by(const struct rehearsal *r, unsigned by, unsigned node)
{
    const struct sim_node *n = &r->nodes[node];

    return rehearsal_is_validator(r, n) && n->up && n->paused_until_ns == 0 && !n->recovering && n->lie != LIE_MUTE &&
           (by == node || (network_hears(&r->network, by, node) && network_hears(&r->network, node, by)));
}

unsigned rehearsal_together(const struct rehearsal *r, bool *heard)
{
    unsigned most = 0, by = 0;

    for (unsigned i = 0; i < r->count; i++) {
        unsigned count = 0;

        for (unsigned j = 0; j < r->count && is_heard_by(r, i, i); j++)
            count += is_heard_by(r, i, j);
        if (count > most) {
            most = count;
            by = i;
        }
    }
    for (unsigned j = 0; heard != NULL && j < r->count; j++)
        heard[j] = is_heard_by(r, by, j);
    return most;
}

bool rehearsal_has_quorum(const struct rehearsal *r)
{
    return rehearsal_together(r, NULL) >= r->quorum;
}

void rehearsal_faults_changed(struct rehearsal *r)
{
    timeline_stall(&r->timeline, !rehearsal_has_quorum(r), r->agenda.now_ns);
    check_progress_faults(&r->checkers, r);
    r->ended_unknown = true;
}

/* ---- the loop */

static void deliver(struct rehearsal *r, struct sim_node *n, const struct event *e)
{
    struct fed_event event = {.kind = FED_EVENT_MESSAGE, .blob = e->blob, .from = (unsigned)r->nodes[e->from].member};
    const char *what = message_name(blob_bytes(e->blob));

    if (!network_deliver(&r->network, e, n->up)) {
        trace_line(r->trace, r->agenda.now_ns, n->name, "miss %s from %s", what, r->nodes[e->from].name);
        return;
    }
    trace_line(r->trace, r->agenda.now_ns, n->name, "receive %s from %s", what, r->nodes[e->from].name);
    sim_node_step(n, r, &event);
}

/* What the event's node was going to do ends with its life. */
static bool is_over(const struct rehearsal *r, const struct event *e)
{
    switch (e->kind) {
    case EVENT_TIMER:
        return !clock_timer_rings(&r->nodes[e->node].clock, e);
    case EVENT_DISK:
    case HAPPEN_WORK_DUE:
    case HAPPEN_WORK_DONE:
        return e->life != r->nodes[e->node].life;
    default:
        return false;
    }
}

/* A node that stands still: what would happen to it waits until it goes on. */
static bool is_put_off(struct rehearsal *r, struct event *e)
{
    bool of_node = e->kind == EVENT_MESSAGE || e->kind == EVENT_TIMER || e->kind == EVENT_DISK ||
                   e->kind == HAPPEN_WORK_DUE || e->kind == HAPPEN_WORK_DONE;
    int64_t until_ns = of_node ? r->nodes[e->node].paused_until_ns : 0;
    struct work *w = e->own;

    if (until_ns <= r->agenda.now_ns)
        return false;
    e->own = NULL;
    agenda_again(&r->agenda, until_ns, e)->own = w;
    return true;
}

static void happen(struct rehearsal *r, struct event *e)
{
    struct sim_node *n = &r->nodes[e->node];
    struct fed_event event = {.kind = FED_EVENT_TIMER, .timer = e->number};
    struct work *w = e->own;

    switch (e->kind) {
    case EVENT_MESSAGE:
        deliver(r, n, e);
        break;
    case EVENT_LINK:
        network_left(&r->network, e);
        break;
    case EVENT_TIMER:
        clock_timer_stop(&n->clock, e->number);
        trace_line(r->trace, r->agenda.now_ns, n->name, "timer %" PRIu32, e->number);
        sim_node_step(n, r, &event);
        break;
    case EVENT_DISK:
        sim_node_flush(n, r);
        r->ended_unknown = true;
        break;
    case HAPPEN_WORK_DUE:
        e->own = NULL;
        sim_node_work_due(n, r, w);
        break;
    case HAPPEN_WORK_DONE:
        e->own = NULL;
        sim_node_work_done(n, r, w);
        break;
    case HAPPEN_FAULT:
        faults_fire(r, e->number);
        break;
    case HAPPEN_FAULT_END:
        faults_end(r, e->number);
        break;
    case HAPPEN_TELL:
        operators_tell(r, e->number);
        break;
    case HAPPEN_RETIRE:
        retire(r, &r->nodes[e->node]);
        break;
    }
}

bool rehearsal_has_ended(const struct rehearsal *r, const struct sim_node *n)
{
    return fed_state(n->fed)->epoch > r->last_epoch && n->disk.height == n->height;
}

static bool all_ended(struct rehearsal *r)
{
    bool any = false;

    if (!r->ended_unknown)
        return false;
    r->ended_unknown = false;
    for (unsigned i = 0; i < r->count; i++) {
        if (r->nodes[i].up && !rehearsal_has_ended(r, &r->nodes[i]))
            return false;
        any |= r->nodes[i].up;
    }
    return any;
}

static bool told_to_stop(const struct rehearsal *r)
{
    const struct rehearsal_options *o = &r->options;
    uint64_t done = r->timeline.present - r->timeline.start;

    return o->progress != NULL &&
           progress_is_stopped(o->progress, done < o->epochs ? done : o->epochs - 1, (double)r->agenda.now_ns / 1e9,
                               o->journal != NULL ? journal_answered(o->journal) : 0);
}

static enum err begin(struct rehearsal *r, struct diag *diag)
{
    faults_epoch(r, r->scenario->epoch_start);
    for (unsigned i = 0; i < r->count; i++) {
        enum err err = r->nodes[i].member >= 0 ? sim_node_start(&r->nodes[i], r, diag) : ERR_OK;

        if (err != ERR_OK)
            return err;
    }
    rehearsal_faults_changed(r);
    return ERR_OK;
}

static enum err check_files(const struct rehearsal *r, struct diag *diag)
{
    const struct rehearsal_options *o = &r->options;

    if (o->room != NULL && o->room->err != ERR_OK)
        return diag_set(diag, o->room->err, "%s", o->room->diag.text);
    return o->journal != NULL ? journal_check(o->journal, diag) : ERR_OK;
}

static enum rehearsal_end look_for_end(struct rehearsal *r, int64_t *at_ns)
{
    if (r->checkers.violated)
        return REHEARSAL_VIOLATED;
    if (all_ended(r))
        return REHEARSAL_ENDED;
    if (!agenda_peek(&r->agenda, at_ns))
        return REHEARSAL_IDLE;
    return *at_ns > r->scenario->limit_ns ? REHEARSAL_LIMIT : REHEARSAL_RUNS;
}

enum err rehearsal_run(struct rehearsal *r, struct diag *diag)
{
    uint64_t count = 0, at_once = 0, present = r->timeline.present;
    enum err err = begin(r, diag);
    int64_t at_ns = 0;

    if (err != ERR_OK)
        return err;
    while ((r->end = look_for_end(r, &at_ns)) == REHEARSAL_RUNS) {
        at_once = at_ns == r->agenda.now_ns ? at_once + 1 : 0;
        struct event *e = agenda_take(&r->agenda);
        if (!is_over(r, e) && !is_put_off(r, e))
            happen(r, e);
        check_progress(&r->checkers, r);
        event_free(r, e);
        err = check_files(r, diag);
        if (err != ERR_OK)
            return err;
        if (at_once > steps_at_once_max)
            checkers_violation(&r->checkers, r->agenda.now_ns, "*", "time stands still");
        if ((++count % PROGRESS_STEPS == 0 || present != r->timeline.present) && told_to_stop(r))
            return diag_set(diag, ERR_STATE, "stopped");
        present = r->timeline.present;
    }
    timeline_traffic(&r->timeline, r->network.messages, r->network.bytes);
    if (r->end == REHEARSAL_VIOLATED) {
        *diag = r->checkers.diag;
        return ERR_MISMATCH;
    }
    return ERR_OK;
}
