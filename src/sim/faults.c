#include "sim/faults.h"

#include <stdio.h>

#include "base/dmath.h"
#include "base/mutate.h"
#include "sim/rehearsal.h"

static const struct scenario_event *event_at(const struct rehearsal *r, unsigned fault)
{
    return &r->scenario->events[fault];
}

static void plan(struct rehearsal *r, enum rehearsal_event kind, unsigned fault, int64_t at_ns)
{
    agenda_add(&r->agenda, at_ns, kind)->number = fault;
}

void faults_init(struct rehearsal *r)
{
    size_t events = r->scenario->event_count;
    struct faults *f = &r->faults;

    f->planned = mem_array(events + 1, sizeof *f->planned);
    f->struck = mem_array(events + 1, sizeof *f->struck);
    f->cutting = mem_array(events + 1, sizeof *f->cutting);
    f->in_force = mem_array((size_t)EVENT_KIND_COUNT * (r->count + 1), sizeof *f->in_force);
    for (unsigned i = 0; i < events; i++) {
        f->struck[i] = -1;
        if (event_at(r, i)->at_epoch)
            continue;
        f->planned[i] = true;
        plan(r, HAPPEN_FAULT, i, event_at(r, i)->at_ns);
    }
}

void faults_fini(struct faults *f)
{
    mem_free(f->planned);
    mem_free(f->struck);
    mem_free(f->cutting);
    mem_free(f->in_force);
    mem_free(f->records);
    *f = (struct faults){0};
}

void faults_epoch(struct rehearsal *r, uint64_t epoch)
{
    for (unsigned i = 0; i < r->scenario->event_count; i++) {
        const struct scenario_event *e = event_at(r, i);

        if (r->faults.planned[i] || e->epoch > epoch)
            continue;
        r->faults.planned[i] = true;
        plan(r, HAPPEN_FAULT, i, r->agenda.now_ns + e->after_ns);
    }
}

static void begin_record(struct rehearsal *r, unsigned fault, int node, bool ends)
{
    struct faults *f = &r->faults;

    if (f->count == f->cap) {
        f->cap = f->cap > 0 ? 2 * f->cap : 16;
        f->records = mem_resize(f->records, f->cap, sizeof *f->records);
    }
    f->records[f->count++] = (struct fault_record){
        .fault = fault, .ends = ends, .node = node, .now_ns = r->agenda.now_ns, .epoch = r->timeline.present};
    trace_line(r->trace, r->agenda.now_ns, node >= 0 ? r->nodes[node].name : "*", "fault %s%s",
               scenario_event_name(event_at(r, fault)->kind), ends ? " ends" : "");
}

static void end_record(struct rehearsal *r, size_t at, bool effective)
{
    struct fault_record *fired = &r->faults.records[at];

    fired->idle = !effective;
    if (!effective)
        trace_line(r->trace, r->agenda.now_ns, fired->node >= 0 ? r->nodes[fired->node].name : "*",
                   "fault %s: nothing to do", scenario_event_name(event_at(r, fired->fault)->kind));
}

/* Of such events one is in force for a node, or for the network: it takes the place of the one before, whose end does
 * nothing any more. */
static bool takes_place(const struct scenario_event *e)
{
    switch (e->kind) {
    case EVENT_PARTITION:
        return !e->one_way;
    case EVENT_LOSS_BURST:
        return !e->on_link;
    case EVENT_LATENCY_SPIKE:
    case EVENT_SLOW_DOWN:
    case EVENT_PAUSE:
    case EVENT_SLOW_DISK:
    case EVENT_LIE:
        return true;
    default:
        return false;
    }
}

/* node -1: the network's */
static unsigned *in_force(struct rehearsal *r, enum scenario_event_kind kind, int node)
{
    return &r->faults.in_force[(size_t)kind * (r->count + 1) + (size_t)(node + 1)];
}

bool faults_cut(const struct rehearsal *r)
{
    for (unsigned i = 0; i < r->scenario->event_count; i++) {
        if (r->faults.cutting[i] && event_at(r, i)->kind == EVENT_PARTITION)
            return true;
    }
    return false;
}

bool faults_slow_disks(const struct rehearsal *r)
{
    for (unsigned i = 0; i < r->count; i++) {
        if (r->nodes[i].disk_ppm > PPM)
            return true;
    }
    return false;
}

/* Whom the node furthest in consensus takes for the primary; -1: nobody is up. */
static int primary_node(const struct rehearsal *r)
{
    uint64_t view = 0;
    int found = -1;

    for (unsigned i = 0; i < r->count; i++) {
        const struct sim_node *n = &r->nodes[i];
        struct pbft_status status;

        if (!n->up || !rehearsal_is_validator(r, n))
            continue;
        status = fed_pbft_status(n->fed);
        if (found >= 0 && status.view <= view)
            continue;
        view = status.view;
        found = (int)r->node_of[state_validator(fed_state(n->fed), status.primary)];
    }
    return found;
}

static int target(struct rehearsal *r, unsigned fault)
{
    const struct scenario_event *e = event_at(r, fault);

    if (e->kind == EVENT_CRASH && e->primary) {
        if (r->faults.struck[fault] < 0)
            r->faults.struck[fault] = primary_node(r);
        return r->faults.struck[fault];
    }
    return (int)e->node;
}

static bool crash(struct rehearsal *r, int node)
{
    if (node < 0 || !r->nodes[node].up)
        return false;
    sim_node_stop(&r->nodes[node], r);
    return true;
}

static bool restart(struct rehearsal *r, int node)
{
    struct sim_node *n = node < 0 ? NULL : &r->nodes[node];
    struct diag diag = {0};

    if (n == NULL || n->up || n->left == MUTATE(SIM_LEAVERS_STAY_DOWN, LEFT_ANSWERS, LEFT_RETIRED) || n->member < 0)
        return false;
    n->restarts++;
    if (sim_node_start(n, r, &diag) == ERR_OK)
        operators_look(r);
    else
        checkers_violation(&r->checkers, r->agenda.now_ns, n->name, "it does not start again: %s", diag.text);
    return true;
}

/* Its operator knows of the loss. */
static bool wipe(struct rehearsal *r, unsigned fault, struct sim_node *n)
{
    if (n->left || n->member < 0)
        return false;
    if (n->up)
        sim_node_stop(n, r);
    disk_wipe(&n->disk);
    replicates_free(&n->replicates);
    operators_lose(r, n->index);
    n->recovering = true;
    return event_at(r, fault)->duration_ns > 0 || restart(r, (int)n->index);
}

static bool rotate_key(struct rehearsal *r, unsigned fault, struct sim_node *n)
{
    struct fed_event event = {.kind = FED_EVENT_KEY, .key = &n->next_key};
    char label[2 * MEMBER_NAME_MAX];

    if (n->member < 0)
        return false;
    snprintf(label, sizeof label, "%s, another key", n->name);
    key_simulated(r->options.seed, label, &n->next_key);
    if (n->up)
        sim_node_step(n, r, &event);
    operators_want(r, fault);
    return true;
}

static bool is_validators(const struct rehearsal *r, unsigned fault)
{
    return r->scenario->nodes[event_at(r, fault)->node].card.role == ROLE_CORE;
}

static bool join(struct rehearsal *r, unsigned fault, unsigned node)
{
    if (r->nodes[node].member >= 0)
        return false;
    operators_want(r, fault);
    return true;
}

static bool change_stake(struct rehearsal *r, unsigned fault, unsigned node)
{
    if (r->nodes[node].member < 0)
        return false;
    operators_want(r, fault);
    return true;
}

static bool leave(struct rehearsal *r, unsigned fault, unsigned node)
{
    struct fed_event event = {.kind = FED_EVENT_LEAVE};

    if (is_validators(r, fault) && r->nodes[node].member >= 0) {
        operators_want(r, fault);
        return true;
    }
    if (!r->nodes[node].up)
        return false;
    sim_node_step(&r->nodes[node], r, &event);
    return true;
}

static bool lie(struct rehearsal *r, unsigned node, enum lie how)
{
    r->nodes[node].lie = how;
    mem_free(r->nodes[node].kept);
    r->nodes[node].kept = NULL;
    r->nodes[node].lied |= how != LIE_NONE;
    return true;
}

/* What was checked when the rehearsal began is built again: it cannot fail now. */
static bool drift(struct rehearsal *r, unsigned fault)
{
    unsigned node = event_at(r, fault)->node;
    struct diag diag = {0};

    if (rehearsal_workload(r, node, &event_at(r, fault)->workload, &diag) != ERR_OK)
        checkers_violation(&r->checkers, r->agenda.now_ns, r->nodes[node].name, "its new work cannot be built: %s",
                           diag.text);
    return true;
}

/* Begins or ends the event's cut: what nodes of the one side say does not reach those of the other. */
static bool cut(struct rehearsal *r, unsigned fault, bool begins)
{
    if (r->faults.cutting[fault] == begins)
        return false;
    r->faults.cutting[fault] = begins;
    network_cut_sides(&r->network, event_at(r, fault)->group_of, begins);
    return true;
}

/* Loss on the links of two regions; bursts add up. */
static bool burst_on_link(struct rehearsal *r, unsigned fault, bool begins)
{
    const struct scenario_event *e = event_at(r, fault);

    if (r->faults.cutting[fault] == begins)
        return false;
    r->faults.cutting[fault] = begins;
    links_lose(r->scenario, &r->network, e->link_from, e->link_to, (begins ? 1 : -1) * (int64_t)e->loss_ppm);
    return true;
}

static bool burst(struct rehearsal *r, unsigned fault)
{
    if (event_at(r, fault)->on_link)
        return burst_on_link(r, fault, true);
    network_burst(&r->network, event_at(r, fault)->loss_ppm);
    return true;
}

static bool pause_node(struct rehearsal *r, unsigned fault, struct sim_node *n)
{
    if (!n->up)
        return false;
    n->paused_until_ns = r->agenda.now_ns + event_at(r, fault)->duration_ns;
    return true;
}

/* Nobody starts it again before there is room. */
static bool fill_disk(struct rehearsal *r, int node, bool full)
{
    struct sim_node *n = &r->nodes[node];

    if (n->full_disk == full)
        return false;
    n->full_disk = full;
    disk_fill(&n->disk, full);
    return full || n->up || restart(r, node);
}

static bool partition(struct rehearsal *r, unsigned fault)
{
    if (event_at(r, fault)->one_way)
        return cut(r, fault, true);
    network_partition(&r->network, event_at(r, fault)->group_of);
    return true;
}

/* Whatever cuts nodes off from each other. */
static bool heal(struct rehearsal *r)
{
    *in_force(r, EVENT_PARTITION, -1) = 0;
    network_heal(&r->network);
    for (unsigned i = 0; i < r->scenario->event_count; i++) {
        if (r->faults.cutting[i] && event_at(r, i)->kind == EVENT_PARTITION)
            cut(r, i, false);
    }
    return true;
}

/* Of links and the whole network. */
static bool strike_network(struct rehearsal *r, unsigned fault)
{
    switch (event_at(r, fault)->kind) {
    case EVENT_PARTITION:
        return partition(r, fault);
    case EVENT_HEAL:
        return heal(r);
    case EVENT_LATENCY_SPIKE:
        network_slow_down(&r->network, event_at(r, fault)->factor_ppm);
        return true;
    default:
        return burst(r, fault);
    }
}

/* Of the membership, and of what a node does as a member. */
static bool strike_member(struct rehearsal *r, unsigned fault, unsigned node)
{
    switch (event_at(r, fault)->kind) {
    case EVENT_JOIN:
        return join(r, fault, node);
    case EVENT_LEAVE:
        return leave(r, fault, node);
    case EVENT_STAKE:
        return change_stake(r, fault, node);
    case EVENT_ROTATE_KEY:
        return rotate_key(r, fault, &r->nodes[node]);
    case EVENT_LIE:
        return lie(r, node, event_at(r, fault)->lie);
    case EVENT_SIGN_OFF:
        return governors_sign(r, fault, &r->nodes[node]);
    default:
        return drift(r, fault);
    }
}

/* Of a node's machine. */
static bool strike_machine(struct rehearsal *r, unsigned fault, int node)
{
    const struct scenario_event *e = event_at(r, fault);

    switch (e->kind) {
    case EVENT_CRASH:
        return crash(r, node);
    case EVENT_RESTART:
        return restart(r, node);
    case EVENT_WIPE:
        return wipe(r, fault, &r->nodes[node]);
    case EVENT_SLOW_DOWN:
        r->nodes[node].slow_ppm = e->factor_ppm;
        r->nodes[node].slow_until_ns = e->duration_ns > 0 ? r->agenda.now_ns + e->duration_ns : INT64_MAX;
        return true;
    case EVENT_PAUSE:
        return pause_node(r, fault, &r->nodes[node]);
    case EVENT_SLOW_DISK:
        r->nodes[node].disk_ppm = e->factor_ppm;
        return true;
    case EVENT_FULL_DISK:
        return fill_disk(r, node, true);
    case EVENT_CLOCK_SKEW:
        clock_change(&r->nodes[node].clock, e->ahead_ns, e->drift_ppm);
        return true;
    default: /* EVENT_RANDOM_CRASHES: it was read as crashes */
        ASSERT(false);
        return false;
    }
}

static bool concerns_member(enum scenario_event_kind kind)
{
    return kind == EVENT_JOIN || kind == EVENT_LEAVE || kind == EVENT_STAKE || kind == EVENT_ROTATE_KEY ||
           kind == EVENT_LIE || kind == EVENT_DRIFT || kind == EVENT_SIGN_OFF;
}

static bool strike(struct rehearsal *r, unsigned fault, int node)
{
    enum scenario_event_kind kind = event_at(r, fault)->kind;

    if (!faults_concern_node(kind))
        return strike_network(r, fault);
    return concerns_member(kind) ? strike_member(r, fault, (unsigned)node) : strike_machine(r, fault, node);
}

bool faults_concern_node(enum scenario_event_kind kind)
{
    return kind != EVENT_PARTITION && kind != EVENT_HEAL && kind != EVENT_LATENCY_SPIKE && kind != EVENT_LOSS_BURST;
}

void faults_fire(struct rehearsal *r, unsigned fault)
{
    const struct scenario_event *e = event_at(r, fault);
    int node = faults_concern_node(e->kind) ? target(r, fault) : -1;
    size_t at = r->faults.count;

    begin_record(r, fault, node, false);
    bool effective = strike(r, fault, node);
    end_record(r, at, effective);
    if (effective && takes_place(e))
        *in_force(r, e->kind, node) = fault + 1;
    rehearsal_faults_changed(r);
    if (e->duration_ns > 0)
        plan(r, HAPPEN_FAULT_END, fault, r->agenda.now_ns + e->duration_ns);
}

static bool relieve_network(struct rehearsal *r, unsigned fault)
{
    const struct scenario_event *e = event_at(r, fault);

    switch (e->kind) {
    case EVENT_PARTITION:
        if (e->one_way)
            return cut(r, fault, false);
        network_heal(&r->network);
        return true;
    case EVENT_LATENCY_SPIKE:
        network_slow_down(&r->network, PPM);
        return true;
    case EVENT_LOSS_BURST:
        if (e->on_link)
            return burst_on_link(r, fault, false);
        network_burst(&r->network, 0);
        return true;
    default:
        return false; /* nothing that lasts */
    }
}

static bool goes_on(struct rehearsal *r, struct sim_node *n)
{
    if (n->paused_until_ns == 0)
        return false;
    n->paused_until_ns = 0;
    operators_look(r);
    return true;
}

static bool relieve(struct rehearsal *r, unsigned fault, int node)
{
    switch (event_at(r, fault)->kind) {
    case EVENT_CRASH:
    case EVENT_WIPE:
        return restart(r, node);
    case EVENT_SLOW_DOWN:
        r->nodes[node].slow_ppm = PPM;
        return true;
    case EVENT_PAUSE:
        return goes_on(r, &r->nodes[node]);
    case EVENT_SLOW_DISK:
        r->nodes[node].disk_ppm = PPM;
        return true;
    case EVENT_FULL_DISK:
        return fill_disk(r, node, false);
    case EVENT_LIE:
        return lie(r, (unsigned)node, LIE_NONE);
    default:
        return relieve_network(r, fault);
    }
}

/* Ends what the event began, unless a later one has taken its place. */
void faults_end(struct rehearsal *r, unsigned fault)
{
    const struct scenario_event *e = event_at(r, fault);
    int node = faults_concern_node(e->kind) ? target(r, fault) : -1;
    size_t at = r->faults.count;

    begin_record(r, fault, node, true);
    bool replaced = takes_place(e) && *in_force(r, e->kind, node) != fault + 1;
    end_record(r, at, !replaced && relieve(r, fault, node));
    rehearsal_faults_changed(r);
}
