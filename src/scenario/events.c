#include <jansson.h>
#include <string.h>

#include "base/dmath.h"
#include "scenario/read.h"

static const char *const kind_names[EVENT_KIND_COUNT + 1] = {
    [EVENT_CRASH] = "crash",
    [EVENT_RESTART] = "restart",
    [EVENT_WIPE] = "wipe",
    [EVENT_PARTITION] = "partition",
    [EVENT_HEAL] = "heal",
    [EVENT_LATENCY_SPIKE] = "latency_spike",
    [EVENT_LOSS_BURST] = "loss_burst",
    [EVENT_SLOW_DOWN] = "slow_down",
    [EVENT_JOIN] = "join",
    [EVENT_LEAVE] = "leave",
    [EVENT_STAKE] = "stake",
    [EVENT_ROTATE_KEY] = "rotate_key",
    [EVENT_LIE] = "lie",
    [EVENT_DRIFT] = "drift",
    [EVENT_PAUSE] = "pause",
    [EVENT_SLOW_DISK] = "slow_disk",
    [EVENT_FULL_DISK] = "full_disk",
    [EVENT_CLOCK_SKEW] = "clock_skew",
    [EVENT_RANDOM_CRASHES] = "random_crashes",
    [EVENT_SIGN_OFF] = "sign_off",
};

static const char *const lie_names[LIE_COUNT + 1] = {
    [LIE_NONE] = "honest",
    [LIE_INVERTED_SCORES] = "inverted_scores",
    [LIE_IPM_SCORES] = "ipm_scores",
    [LIE_ALIE_SCORES] = "alie_scores",
    [LIE_MIMIC_SCORES] = "mimic_scores",
    [LIE_COLLUDING_SCORES] = "colluding_scores",
    [LIE_INFLATED_CLAIMS] = "inflated_claims",
    [LIE_NEGATED_CLAIMS] = "negated_claims",
    [LIE_COPY_CAT] = "copy_cat",
    [LIE_STALE] = "stale",
    [LIE_DOUBLE_SIGN] = "double_sign",
    [LIE_MUTE] = "mute",
    [LIE_FALSE_RECOUNTS] = "false_recounts",
    [LIE_HOSTILE] = "hostile_entries",
    [LIE_EQUIVOCATE] = "equivocate",
};

const char *scenario_event_name(enum scenario_event_kind kind)
{
    ASSERT((unsigned)kind < EVENT_KIND_COUNT);
    return kind_names[kind];
}

const char *lie_name(enum lie lie)
{
    ASSERT((unsigned)lie < LIE_COUNT);
    return lie_names[lie];
}

/* What each kind takes beside kind, at_ms, epoch and after_ms. */
enum {
    TAKES_NODE = 1,
    TAKES_PRIMARY = 2,
    TAKES_GROUPS = 4,
    TAKES_DURATION = 8,
    TAKES_FACTOR = 16,
    TAKES_LOSS = 32,
    TAKES_BEHAVIOUR = 64,
    TAKES_WORKLOAD = 128,
    TAKES_STAKE = 256,
    TAKES_SPONSOR = 512,
    TAKES_NODES = 1024,
    TAKES_SIDES = 2048,
    TAKES_REPEAT = 4096,
    TAKES_BETWEEN = 8192,
    TAKES_CLOCK = 16384,
    TAKES_MTBF = 32768,
    TAKES_TIME = 65536, /* a duration that it may not miss */
    TAKES_PROPOSAL = 131072,
    TAKES_STATEMENT = 262144,
    MAY_MISS = TAKES_DURATION | TAKES_PRIMARY | TAKES_SPONSOR | TAKES_NODES | TAKES_SIDES | TAKES_REPEAT |
               TAKES_BETWEEN | TAKES_STATEMENT
};

static const unsigned takes[EVENT_KIND_COUNT] = {
    [EVENT_CRASH] = TAKES_NODE | TAKES_NODES | TAKES_PRIMARY | TAKES_DURATION | TAKES_REPEAT,
    [EVENT_RESTART] = TAKES_NODE | TAKES_NODES | TAKES_REPEAT,
    [EVENT_WIPE] = TAKES_NODE | TAKES_NODES | TAKES_DURATION | TAKES_REPEAT,
    [EVENT_PARTITION] = TAKES_GROUPS | TAKES_SIDES | TAKES_DURATION | TAKES_REPEAT,
    [EVENT_HEAL] = TAKES_REPEAT,
    [EVENT_LATENCY_SPIKE] = TAKES_FACTOR | TAKES_DURATION | TAKES_REPEAT,
    [EVENT_LOSS_BURST] = TAKES_LOSS | TAKES_BETWEEN | TAKES_DURATION | TAKES_REPEAT,
    [EVENT_SLOW_DOWN] = TAKES_NODE | TAKES_NODES | TAKES_FACTOR | TAKES_DURATION | TAKES_REPEAT,
    [EVENT_JOIN] = TAKES_NODE | TAKES_NODES | TAKES_SPONSOR,
    [EVENT_LEAVE] = TAKES_NODE | TAKES_NODES,
    [EVENT_STAKE] = TAKES_NODE | TAKES_NODES | TAKES_STAKE,
    [EVENT_ROTATE_KEY] = TAKES_NODE | TAKES_NODES,
    [EVENT_LIE] = TAKES_NODE | TAKES_NODES | TAKES_BEHAVIOUR,
    [EVENT_DRIFT] = TAKES_NODE | TAKES_WORKLOAD,
    [EVENT_PAUSE] = TAKES_NODE | TAKES_NODES | TAKES_TIME | TAKES_REPEAT,
    [EVENT_SLOW_DISK] = TAKES_NODE | TAKES_NODES | TAKES_FACTOR | TAKES_DURATION | TAKES_REPEAT,
    [EVENT_FULL_DISK] = TAKES_NODE | TAKES_NODES | TAKES_TIME | TAKES_REPEAT,
    [EVENT_CLOCK_SKEW] = TAKES_NODE | TAKES_NODES | TAKES_CLOCK,
    [EVENT_RANDOM_CRASHES] = TAKES_NODE | TAKES_NODES | TAKES_TIME | TAKES_MTBF,
    [EVENT_SIGN_OFF] = TAKES_NODE | TAKES_PROPOSAL | TAKES_STATEMENT,
};

static const struct {
    const char *key;
    unsigned flag;
} parts[] = {{"node", TAKES_NODE},
             {"primary", TAKES_PRIMARY},
             {"groups", TAKES_GROUPS},
             {"duration_ms", TAKES_DURATION},
             {"factor", TAKES_FACTOR},
             {"loss_ppm", TAKES_LOSS},
             {"behaviour", TAKES_BEHAVIOUR},
             {"workload", TAKES_WORKLOAD},
             {"stake", TAKES_STAKE},
             {"sponsor", TAKES_SPONSOR},
             {"nodes", TAKES_NODES},
             {"from", TAKES_SIDES},
             {"to", TAKES_SIDES},
             {"repeat", TAKES_REPEAT},
             {"duration_ms", TAKES_TIME},
             {"between", TAKES_BETWEEN},
             {"ahead_ms", TAKES_CLOCK},
             {"drift_ppm", TAKES_CLOCK},
             {"mtbf_ms", TAKES_MTBF},
             {"mttr_ms", TAKES_MTBF},
             {"proposal", TAKES_PROPOSAL},
             {"governors", TAKES_PROPOSAL},
             {"statement", TAKES_STATEMENT}};
enum { PART_COUNT = sizeof parts / sizeof parts[0] };

static void fail_part(struct json_reader *r, const char *key, enum scenario_event_kind kind)
{
    struct buf list = {0};

    buf_add_text(&list, "kind, at_ms, epoch, after_ms");
    for (unsigned i = 0; i < PART_COUNT; i++) {
        if ((takes[kind] & parts[i].flag) != 0)
            buf_printf(&list, ", %s", parts[i].key);
    }
    read_fail(r, key, ERR_UNKNOWN, "an event of the kind \"%s\" does not take this key; it takes: %s", kind_names[kind],
              buf_text(&list));
    buf_free(&list);
}

static bool takes_key(enum scenario_event_kind kind, const char *key)
{
    for (unsigned i = 0; i < PART_COUNT; i++) {
        if ((takes[kind] & parts[i].flag) != 0 && strcmp(parts[i].key, key) == 0)
            return true;
    }
    return false;
}

/* One of several keys that say the same in other ways. */
static void check_ways(struct json_reader *r, const char *ways, bool first, bool second, bool third)
{
    if (r->err == ERR_OK && first + second + third != 1)
        read_fail(r, NULL, ERR_MISSING, "name one of %s", ways);
}

/* Every key that the kind takes is there (but what it may miss, and what another key may say), no other one is. */
static void check_keys(struct json_reader *r, const json_t *event, enum scenario_event_kind kind)
{
    const unsigned others = (takes[kind] & TAKES_NODES) != 0   ? TAKES_NODE
                            : (takes[kind] & TAKES_SIDES) != 0 ? TAKES_GROUPS
                                                               : 0;
    bool node = json_object_get(event, "node") != NULL, nodes = json_object_get(event, "nodes") != NULL;
    bool from = json_object_get(event, "from") != NULL, to = json_object_get(event, "to") != NULL;

    for (unsigned i = 0; i < PART_COUNT; i++) {
        bool here = json_object_get(event, parts[i].key) != NULL;
        bool taken = (takes[kind] & parts[i].flag) != 0;

        if (here && !takes_key(kind, parts[i].key))
            fail_part(r, parts[i].key, kind);
        if (!here && taken && (parts[i].flag & (MAY_MISS | others)) == 0)
            read_require(r, event, parts[i].key);
    }
    if ((takes[kind] & TAKES_PRIMARY) != 0)
        check_ways(r, "\"node\", \"nodes\" and \"primary\": true", node, nodes,
                   json_is_true(json_object_get(event, "primary")));
    else if ((takes[kind] & TAKES_NODES) != 0)
        check_ways(r, "\"node\" and \"nodes\"", node, nodes, false);
    if (r->err == ERR_OK && from != to)
        read_fail(r, NULL, ERR_MISSING, "\"from\" and \"to\" go together");
    if ((takes[kind] & TAKES_SIDES) != 0)
        check_ways(r, "\"groups\", and \"from\" with \"to\"", json_object_get(event, "groups") != NULL, from, false);
}

static void read_when(struct json_reader *r, const json_t *event, const struct scenario *s, struct scenario_event *out)
{
    bool at_ms = json_object_get(event, "at_ms") != NULL;

    out->at_epoch = json_object_get(event, "epoch") != NULL;
    if (at_ms == out->at_epoch)
        read_fail(r, NULL, ERR_MISSING, "name either \"at_ms\" or \"epoch\": when does it happen?");
    if (at_ms && json_object_get(event, "after_ms") != NULL)
        read_fail(r, "after_ms", ERR_UNKNOWN, "goes with \"epoch\" only");
    read_u64(r, event, "epoch", s->epoch_start, UINT64_C(1) << 52, &out->epoch);
    read_ms(r, event, "at_ms", 0, INT64_C(1) << 32, &out->at_ns);
    read_ms(r, event, "after_ms", 0, INT64_C(1) << 32, &out->after_ns);
}

/* A group for each node, which the event has from now on; the scenario owns them. */
static uint64_t *add_partition(struct scenario *s, struct scenario_event *out)
{
    uint64_t *groups = mem_array(s->node_count, sizeof groups[0]);

    s->partitions = mem_resize(s->partitions, s->partition_count + 1, sizeof s->partitions[0]);
    s->partitions[s->partition_count++] = groups;
    out->group_of = groups;
    return groups;
}

static void read_group(struct json_reader *r, const json_t *group, unsigned number, const struct scenario *s,
                       uint64_t *group_of)
{
    size_t i;
    json_t *member;

    if (json_array_size(group) == 0)
        read_fail(r, "groups", ERR_TYPE, "group %u is not a list of node ids", number);
    json_array_foreach((json_t *)(uintptr_t)group, i, member)
    {
        const char *id = json_string_value(member);
        int node = id != NULL ? scenario_find_node(s, id) : -1;

        if (node < 0)
            read_fail(r, "groups", ERR_UNKNOWN, "group %u: no node has the id \"%.64s\"", number, id != NULL ? id : "");
        else if (group_of[node] != 0)
            read_fail(r, "groups", ERR_DUPLICATE, "group %u: \"%s\" is in a group already", number, id);
        else
            group_of[node] = number;
    }
}

static void read_groups(struct json_reader *r, const json_t *event, struct scenario *s, struct scenario_event *out)
{
    size_t mark;
    const json_t *groups = read_enter_array(r, event, "groups", &mark);

    read_leave(r, mark);
    if (groups != NULL && json_array_size(groups) == 0)
        read_fail(r, "groups", ERR_MISSING, "expected at least one group");
    if (groups == NULL)
        return;
    uint64_t *group_of = add_partition(s, out);
    for (unsigned i = 0; i < json_array_size(groups); i++)
        read_group(r, json_array_get(groups, i), i + 1, s, group_of);
}

/* What nodes of one side say does not reach those of the other; cuts of several events add up. */
static void read_sides(struct json_reader *r, const json_t *event, struct scenario *s, struct scenario_event *out)
{
    out->one_way = json_object_get(event, "from") != NULL;
    if (!out->one_way)
        return;
    bool *from = mem_array(s->node_count, sizeof *from), *to = mem_array(s->node_count, sizeof *to);
    uint64_t *side = add_partition(s, out);
    read_selector(r, s, event, "from", 2 * out->source, from);
    read_selector(r, s, event, "to", 2 * out->source + 1, to);
    for (unsigned i = 0; i < s->node_count; i++)
        side[i] = (from[i] ? 1 : 0) + (to[i] ? 2 : 0);
    mem_free(from);
    mem_free(to);
}

static void check_membership(struct json_reader *r, struct scenario *s, const struct scenario_event *e)
{
    if (r->err != ERR_OK || (e->kind != EVENT_JOIN && e->kind != EVENT_ROTATE_KEY))
        return;
    struct scenario_node *node = &s->nodes[e->node];
    bool *named = e->kind == EVENT_JOIN ? &node->joins_later : &node->rotates;
    if (*named)
        read_fail(r, "node", ERR_DUPLICATE, "\"%s\" %s twice", node->card.name,
                  e->kind == EVENT_JOIN ? "joins" : "rotates its key");
    *named = true;
}

/* A sponsor signs the newcomer off itself. */
static void read_sponsor(struct json_reader *r, const json_t *event, const struct scenario *s,
                         struct scenario_event *out)
{
    out->sponsored = json_object_get(event, "sponsor") != NULL;
    read_node(r, s, event, "sponsor", &out->sponsor);
    if (r->err != ERR_OK || !out->sponsored)
        return;
    if (s->nodes[out->sponsor].card.role != ROLE_CORE)
        read_fail(r, "sponsor", ERR_STATE, "\"%s\" is a participant; only a validator can be a sponsor",
                  s->nodes[out->sponsor].card.name);
    else if (out->sponsor == out->node)
        read_fail(r, "sponsor", ERR_STATE, "nobody is its own sponsor");
}

static void read_factor(struct json_reader *r, const json_t *event, struct scenario_event *out)
{
    double factor = 1;

    read_real(r, event, "factor", 1, 10000, &factor);
    out->factor_ppm = (int64_t)(factor * 1e6 + 0.5);
}

/* A loss_burst on the links between two regions alone. */
static void read_on_link(struct json_reader *r, const json_t *event, const struct scenario *s,
                         struct scenario_event *out)
{
    const json_t *pair = json_object_get(event, "between");
    int index[2] = {0, 0};

    out->on_link = pair != NULL;
    if (pair == NULL || r->err != ERR_OK)
        return;
    if (json_array_size(pair) != 2) {
        read_fail(r, "between", ERR_TYPE, "expected an array of two regions");
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        const char *region = json_string_value(json_array_get(pair, i));

        index[i] = region != NULL ? scenario_find_region(s, region) : -1;
        if (index[i] < 0) {
            read_fail(r, "between", ERR_UNKNOWN, "no node is in the region \"%.64s\"", region != NULL ? region : "");
            return;
        }
    }
    out->link_from = (unsigned)index[0];
    out->link_to = (unsigned)index[1];
}

static void read_clock(struct json_reader *r, const json_t *event, struct scenario_event *out)
{
    double drift = 0;

    read_ms(r, event, "ahead_ms", 0, 86400000, &out->ahead_ns);
    read_real(r, event, "drift_ppm", -500000, 500000, &drift);
    out->drift_ppm = (int64_t)drift;
}

/* What it takes beside its kind, its time and its nodes. */
static void read_parts(struct json_reader *r, const json_t *event, struct scenario *s, struct scenario_event *out)
{
    unsigned lie = LIE_NONE;

    read_sponsor(r, event, s, out);
    read_u64(r, event, "stake", 1, MEMBER_STAKE_MAX, &out->stake);
    read_groups(r, event, s, out);
    read_sides(r, event, s, out);
    read_ms(r, event, "duration_ms", 1, INT64_C(1) << 32, &out->duration_ns);
    read_factor(r, event, out);
    read_u64(r, event, "loss_ppm", 0, PPM, &out->loss_ppm);
    read_choice(r, event, "behaviour", lie_names, &lie);
    out->lie = (enum lie)lie;
    workload_spec_default(0, &out->workload);
    read_workload(r, event, "workload", s->space, &out->workload);
    read_on_link(r, event, s, out);
    read_clock(r, event, out);
    if (out->kind == EVENT_SIGN_OFF)
        read_proposal(r, event, s, out);
}

static void read_one_event(struct json_reader *r, const json_t *event, unsigned source, struct scenario *s)
{
    static const char *const keys[] = {
        "kind",     "at_ms",     "epoch",     "after_ms", "node",    "primary",  "groups",    "duration_ms", "factor",
        "loss_ppm", "behaviour", "workload",  "stake",    "sponsor", "nodes",    "from",      "to",          "repeat",
        "between",  "ahead_ms",  "drift_ppm", "mtbf_ms",  "mttr_ms", "proposal", "governors", "statement",   NULL};
    struct scenario_event *out = &s->events[s->event_count++];
    size_t first = s->event_count - 1;
    unsigned kind = 0;

    read_keys(r, event, keys);
    read_require(r, event, "kind");
    read_choice(r, event, "kind", kind_names, &kind);
    out->kind = (enum scenario_event_kind)kind;
    out->source = source;
    read_bool(r, event, "primary", &out->primary);
    check_keys(r, event, out->kind);
    read_when(r, event, s, out);
    read_node(r, s, event, "node", &out->node);
    read_parts(r, event, s, out);
    if (json_object_get(event, "nodes") != NULL) {
        bool *chosen = mem_array(s->node_count, sizeof *chosen);
        read_selector(r, s, event, "nodes", source, chosen);
        expand_nodes(r, s, chosen);
        mem_free(chosen);
    }
    for (size_t i = first; i < s->event_count; i++)
        check_membership(r, s, &s->events[i]);
    if (kind == EVENT_RANDOM_CRASHES)
        expand_random_crashes(r, event, s, first);
    expand_repeat(r, event, s, first);
}

/* Known when all events are read: who of the nodes is a founder. */
static uint64_t founders_stake(const struct scenario *s)
{
    uint64_t most = 0;

    for (unsigned i = 0; i < s->node_count; i++) {
        if (!s->nodes[i].joins_later && s->nodes[i].card.stake > most)
            most = s->nodes[i].card.stake;
    }
    return most;
}

/* The state would refuse it, and the rehearsal would wait for it in vain. */
static void check_stakes(struct json_reader *r, const json_t *events, const struct scenario *s)
{
    uint64_t most = founders_stake(s);
    size_t inner;

    for (unsigned i = 0; i < s->event_count && r->err == ERR_OK; i++) {
        const struct scenario_event *e = &s->events[i];
        uint64_t stake = e->kind == EVENT_JOIN ? s->nodes[e->node].card.stake : e->kind == EVENT_STAKE ? e->stake : 0;

        (void)read_enter_element(r, events, e->source, &inner);
        if (stake > most && most > 0)
            read_fail(r, e->kind == EVENT_JOIN ? "node" : "stake", ERR_RANGE,
                      "\"%s\" cannot get a stake of %llu: the greatest of the founders' is %llu",
                      s->nodes[e->node].card.name, (unsigned long long)stake, (unsigned long long)most);
        read_leave(r, inner);
    }
}

void scenario_read_events(struct json_reader *r, const json_t *root, struct scenario *s)
{
    size_t mark, inner;
    const json_t *events = read_enter_array(r, root, "events", &mark);
    size_t count = json_array_size(events);

    if (events == NULL)
        return;
    if (count > SCENARIO_EVENTS_MAX) {
        read_fail(r, NULL, ERR_LIMIT, "at most %d events, found %zu", SCENARIO_EVENTS_MAX, count);
        return;
    }
    for (size_t i = 0; i < count && r->err == ERR_OK; i++) {
        const json_t *event = read_enter_element(r, events, i, &inner);

        s->events = mem_resize(s->events, s->event_count + 1, sizeof s->events[0]);
        memset(&s->events[s->event_count], 0, sizeof s->events[0]);
        if (event != NULL)
            read_one_event(r, event, (unsigned)i, s);
        read_leave(r, inner);
    }
    if (r->err == ERR_OK)
        check_stakes(r, events, s);
    read_leave(r, mark);
}
