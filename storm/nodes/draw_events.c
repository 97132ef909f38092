#include <jansson.h>

#include "pbft/quorum.h"
#include "scenario/scenario.h"
#include "storm/nodes/sketch.h"

/* What goes wrong, and what operators do, in a scenario that is drawn. */

static json_t *event(const char *kind)
{
    json_t *e = json_object();

    json_put(e, "kind", json_string(kind));
    return e;
}

static void put_when(json_t *e, uint64_t epoch, uint64_t after_ms)
{
    json_put(e, "epoch", json_u64(epoch));
    json_put(e, "after_ms", json_u64(after_ms));
}

/* Puts it somewhere into the troubled epochs. */
static void add(struct sketch *s, json_t *e)
{
    put_when(e, sketch_draw(s, 1, s->troubled), sketch_draw(s, 0, 1500));
    json_push(s->events, e);
}

static json_t *node_event(const struct sketch *s, const char *kind, unsigned node)
{
    json_t *e = event(kind);

    json_put(e, "node", sketch_name(s, node));
    return e;
}

static unsigned any_node(struct sketch *s)
{
    return (unsigned)sketch_draw(s, 0, s->count - 1);
}

/* May it lie, lose its disk or be away for long? The first validator and the first participant stay what they are. */
static bool make_faulty(struct sketch *s, unsigned node)
{
    struct sketch_node *n = &s->nodes[node];

    if (n->faulty)
        return true;
    if (node == 0 || node == s->validators || (n->core && s->bears == 0))
        return false;
    n->faulty = true;
    s->bears -= n->core;
    return true;
}

/* ---- changes of who takes part */

static void add_leave(struct sketch *s)
{
    unsigned node = any_node(s), left = 0;

    if (node == 0 || node == s->validators || s->nodes[node].changes)
        return;
    for (unsigned i = 0; i < s->validators; i++)
        left += !s->nodes[i].changes && i != node;
    if (s->nodes[node].core && s->bears > quorum_faults(left))
        s->bears = quorum_faults(left);
    s->nodes[node].changes = true;
    add(s, node_event(s, "leave", node));
}

static void add_rotation(struct sketch *s)
{
    unsigned node = any_node(s);

    if (s->nodes[node].changes)
        return;
    s->nodes[node].changes = true;
    add(s, node_event(s, "rotate_key", node));
}

/* Nobody gets more than the greatest founder has. */
static void add_stake(struct sketch *s)
{
    json_t *e = node_event(s, "stake", any_node(s)), *node;
    json_int_t most = 1;
    size_t i;

    json_array_foreach(json_object_get(s->scenario, "nodes"), i, node)
    {
        json_int_t stake = json_integer_value(json_object_get(node, "stake"));
        most = !s->nodes[i].joins && stake > most ? stake : most;
    }
    json_put(e, "stake", json_u64(sketch_draw(s, 1, (uint64_t)most)));
    add(s, e);
}

static void add_changes(struct sketch *s)
{
    for (unsigned i = 0; i < s->count; i++) {
        if (s->nodes[i].joins)
            add(s, node_event(s, "join", i));
    }
    if (sketch_chance(s, 20))
        add_leave(s);
    for (unsigned i = 0; i < 2; i++) {
        if (sketch_chance(s, 20))
            add_rotation(s);
    }
    if (sketch_chance(s, 20))
        add_stake(s);
}

/* ---- faults */

/* It is back soon, or, where nobody needs it, in another epoch. */
static void add_crash(struct sketch *s)
{
    unsigned node = any_node(s);
    uint64_t epoch = sketch_draw(s, 1, s->troubled), after_ms = sketch_draw(s, 0, 1500);
    bool long_away = sketch_chance(s, 40) && (!s->nodes[node].core || make_faulty(s, node));
    json_t *crash = node_event(s, "crash", node), *restart = node_event(s, "restart", node);

    put_when(crash, epoch, after_ms);
    if (long_away)
        put_when(restart, sketch_draw(s, epoch, s->troubled + 1), after_ms + 1 + sketch_draw(s, 0, 1500));
    else
        put_when(restart, epoch, after_ms + sketch_draw(s, 1, 4000));
    json_push(s->events, crash);
    json_push(s->events, restart);
}

/* Whoever it was is back a while later. */
static void add_crash_of_primary(struct sketch *s)
{
    uint64_t epoch = sketch_draw(s, 1, s->troubled), after_ms = sketch_draw(s, 0, 1500);
    uint64_t back_ms = after_ms + sketch_draw(s, 1, 4000);
    json_t *crash = event("crash");

    json_put(crash, "primary", json_true());
    put_when(crash, epoch, after_ms);
    json_push(s->events, crash);
    for (unsigned i = 0; i < s->validators; i++) {
        json_t *restart = node_event(s, "restart", i);
        put_when(restart, epoch, back_ms);
        json_push(s->events, restart);
    }
}

static void add_lasting(struct sketch *s, json_t *e, uint64_t most_ms)
{
    json_put(e, "duration_ms", json_u64(sketch_draw(s, 1, most_ms)));
    add(s, e);
}

static void add_partition(struct sketch *s)
{
    json_t *e = event("partition"), *groups = json_array(), *parts[2] = {json_array(), json_array()};

    for (unsigned i = 0; i < s->count; i++) {
        uint64_t part = sketch_draw(s, 0, 9);
        if (part < 8) /* else alone */
            json_push(parts[part % 2], sketch_name(s, i));
    }
    for (unsigned i = 0; i < 2; i++) {
        if (json_array_size(parts[i]) > 0)
            json_push(groups, parts[i]);
        else
            json_decref(parts[i]);
    }
    if (json_array_size(groups) == 0) {
        json_t *first = json_array();
        json_push(first, sketch_name(s, 0));
        json_push(groups, first);
    }
    json_put(e, "groups", groups);
    add_lasting(s, e, 4000);
}

static void add_number(struct sketch *s, const char *kind, const char *key, uint64_t lo, uint64_t hi)
{
    json_t *e = event(kind);

    json_put(e, key, json_u64(sketch_draw(s, lo, hi)));
    add_lasting(s, e, 3000);
}

static void add_slow_down(struct sketch *s)
{
    json_t *e = node_event(s, "slow_down", any_node(s));

    json_put(e, "factor", json_u64(sketch_draw(s, 2, sketch_chance(s, 50) ? 100 : 10000)));
    add_lasting(s, e, 4000);
}

static void add_wipe(struct sketch *s)
{
    unsigned node = any_node(s);
    json_t *e;

    if (!make_faulty(s, node))
        return;
    e = node_event(s, "wipe", node);
    if (sketch_chance(s, 50))
        json_put(e, "duration_ms", json_u64(sketch_draw(s, 1, 4000)));
    add(s, e);
}

static void add_drift(struct sketch *s)
{
    json_t *e = node_event(s, "drift", any_node(s)), *w = json_object();

    json_put(w, "family", json_string("rook"));
    json_put(w, "instances", json_u64(1));
    json_put(w, "size_min", json_u64(4));
    json_put(e, "workload", w);
    add(s, e);
}

static void add_fault(struct sketch *s)
{
    switch (sketch_draw(s, 0, 13)) {
    case 0:
    case 1:
    case 2:
    case 3:
        add_crash(s);
        break;
    case 4:
        add_crash_of_primary(s);
        break;
    case 5:
    case 6:
        add_partition(s);
        break;
    case 7:
        add_number(s, "loss_burst", "loss_ppm", 1, 800000);
        break;
    case 8:
        add_number(s, "latency_spike", "factor", 2, 40);
        break;
    case 9:
        add_slow_down(s);
        break;
    case 10:
        add_drift(s);
        break;
    default:
        add_wipe(s);
        break;
    }
}

/* ---- liars */

/* What hostile ones send is as much as a link carries that carries little. */
static enum lie any_lie(struct sketch *s)
{
    enum lie lie = sketch_chance(s, 40) ? LIE_HOSTILE : (enum lie)sketch_draw(s, LIE_NONE + 1, LIE_HOSTILE);

    return s->thin && lie == LIE_HOSTILE ? LIE_DOUBLE_SIGN : lie;
}

static void add_lie(struct sketch *s)
{
    unsigned node = any_node(s), tries = 3;
    json_t *e;

    while (!make_faulty(s, node)) {
        if (tries-- == 0)
            return;
        node = any_node(s);
    }
    e = node_event(s, "lie", node);
    json_put(e, "behaviour", json_string(lie_name(any_lie(s))));
    add(s, e);
    if (!sketch_chance(s, 40))
        return;
    e = node_event(s, "lie", node);
    json_put(e, "behaviour", json_string(lie_name(LIE_NONE)));
    add(s, e);
}

/* Somebody is away for so long that it must fetch a state. */
static void add_absence(struct sketch *s)
{
    unsigned node = any_node(s);
    json_t *crash, *restart;

    if (s->nodes[node].core && !make_faulty(s, node))
        return;
    crash = node_event(s, "crash", node);
    restart = node_event(s, "restart", node);
    put_when(crash, 2, 0);
    put_when(restart, s->troubled, sketch_draw(s, 0, 1500));
    json_push(s->events, crash);
    json_push(s->events, restart);
}

void sketch_events(struct sketch *s)
{
    s->events = json_array();
    json_put(s->scenario, "events", s->events);
    add_changes(s);
    if (sketch_chance(s, 8))
        return; /* nothing goes wrong */
    for (uint64_t i = 0, count = sketch_draw(s, 0, 5); i < count; i++)
        add_fault(s);
    for (uint64_t i = 0, count = sketch_chance(s, 50) ? sketch_draw(s, 1, 3) : 0; i < count; i++)
        add_lie(s);
    if (s->troubled > 20)
        add_absence(s);
}
