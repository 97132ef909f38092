#include "scenario/read.h"

/* Events that can never happen, or can never have an effect, in a run of so many epochs: whoever wrote them expects
 * something else. */

static bool stops_a_node(const struct scenario_event *e, unsigned node)
{
    return (e->kind == EVENT_CRASH && (e->primary || e->node == node)) ||
           ((e->kind == EVENT_WIPE || e->kind == EVENT_FULL_DISK) && e->node == node);
}

static bool is_partition(const struct scenario_event *e, unsigned node)
{
    (void)node;
    return e->kind == EVENT_PARTITION;
}

static bool any_event(const struct scenario *s, bool (*is)(const struct scenario_event *, unsigned), unsigned node)
{
    for (unsigned i = 0; i < s->event_count; i++) {
        if (is(&s->events[i], node))
            return true;
    }
    return false;
}

static void check_reached(struct json_reader *r, const struct scenario_run *run, const struct scenario *s,
                          const struct scenario_event *e)
{
    uint64_t last = s->epoch_start + run->epochs - 1;

    if (e->at_epoch && e->epoch > last)
        read_fail(r, "epoch", ERR_RANGE,
                  "epoch %llu never begins: the run has %llu epoch%s (--epochs), %llu to %llu; it would take %llu",
                  (unsigned long long)e->epoch, (unsigned long long)run->epochs, run->epochs == 1 ? "" : "s",
                  (unsigned long long)s->epoch_start, (unsigned long long)last,
                  (unsigned long long)(e->epoch - s->epoch_start + 1));
    else if (!e->at_epoch && e->at_ns > s->limit_ns)
        read_fail(r, "at_ms", ERR_RANGE, "%.10g is behind the limit of virtual time, %.10g (limit_ms, --limit-ms)",
                  (double)e->at_ns / 1e6, (double)s->limit_ns / 1e6);
}

/* Does the event need a node that is there? */
static bool needs_member(enum scenario_event_kind kind)
{
    return kind == EVENT_CRASH || kind == EVENT_RESTART || kind == EVENT_WIPE || kind == EVENT_PAUSE ||
           kind == EVENT_FULL_DISK || kind == EVENT_LEAVE || kind == EVENT_STAKE || kind == EVENT_ROTATE_KEY ||
           kind == EVENT_SIGN_OFF;
}

static void check_member(struct json_reader *r, const struct scenario *s, const struct scenario_event *e)
{
    for (unsigned i = 0; i < s->event_count && needs_member(e->kind) && !e->primary; i++) {
        const struct scenario_event *join = &s->events[i];

        if (join->kind == EVENT_JOIN && join->node == e->node && join->at_epoch && e->at_epoch &&
            e->epoch <= join->epoch) {
            read_fail(r, "epoch", ERR_STATE, "\"%s\" joins in epoch %llu (/events/%u) and is no member before the next",
                      s->nodes[e->node].card.name, (unsigned long long)join->epoch, join->source);
            return;
        }
    }
}

static void check_effect(struct json_reader *r, const struct scenario *s, const struct scenario_event *e)
{
    if (e->kind == EVENT_RESTART && !any_event(s, stops_a_node, e->node))
        read_fail(r, "node", ERR_STATE, "\"%s\" cannot start again: no crash or wipe stops it",
                  s->nodes[e->node].card.name);
    if (e->kind == EVENT_HEAL && !any_event(s, is_partition, 0))
        read_fail(r, "kind", ERR_STATE, "there is no partition that could heal");
}

static bool leaves(const struct scenario_event *e, unsigned node)
{
    return e->kind == EVENT_LEAVE && e->node == node;
}

/* Without a validator nothing is decided any more, so the last one's leave never is. */
static void check_leave(struct json_reader *r, const struct scenario *s, const struct scenario_event *e)
{
    unsigned validators = 0;

    for (const struct scenario_event *before = s->events; before < e && e->kind == EVENT_LEAVE; before++) {
        if (leaves(before, e->node))
            read_fail(r, "node", ERR_DUPLICATE, "\"%s\" leaves twice", s->nodes[e->node].card.name);
    }
    for (unsigned i = 0; i < s->node_count; i++) {
        if (s->nodes[i].card.role != ROLE_CORE)
            continue;
        validators++;
        if (!any_event(s, leaves, i))
            return;
    }
    if (e->kind == EVENT_LEAVE)
        read_fail(r, "node", ERR_STATE, "all %u validators leave; one has to stay, or nothing is decided any more",
                  validators);
}

void scenario_check_schedule(struct json_reader *r, const json_t *root, const struct scenario_run *run,
                             const struct scenario *s)
{
    size_t mark, inner;
    const json_t *events = r->err == ERR_OK ? read_enter_array(r, root, "events", &mark) : NULL;

    if (events == NULL)
        return;
    for (unsigned i = 0; i < s->event_count && r->err == ERR_OK; i++) {
        const struct scenario_event *e = &s->events[i];

        (void)read_enter_element(r, events, e->source, &inner);
        check_reached(r, run, s, e);
        check_member(r, s, e);
        check_effect(r, s, e);
        check_leave(r, s, e);
        read_leave(r, inner);
    }
    read_leave(r, mark);
}
