#include "sim/operators.h"

#include <stdio.h>

#include "base/mutate.h"
#include "sim/rehearsal.h"

/* What operators want and whom they tell. */

static const struct scenario_event *event_at(const struct rehearsal *r, unsigned fault)
{
    return &r->scenario->events[fault];
}

void operators_init(struct rehearsal *r)
{
    struct operators *o = &r->operators;

    o->count = (unsigned)r->scenario->event_count;
    o->changes = mem_array(o->count + 1, sizeof *o->changes);
    for (unsigned i = 0; i < o->count; i++)
        o->changes[i] = (struct wanted){
            .sponsor = -1, .told = mem_array(r->count, sizeof(bool)), .kept = mem_array(r->count, sizeof(uint64_t))};
}

void operators_fini(struct operators *o)
{
    for (unsigned i = 0; i < o->count; i++) {
        mem_free(o->changes[i].told);
        mem_free(o->changes[i].kept);
    }
    mem_free(o->changes);
    *o = (struct operators){0};
}

/* ---- what they agree on */

static bool in_good_standing(const struct rehearsal *r, const struct federation_state *s, unsigned node)
{
    int member = r->nodes[node].member;

    if (member < 0 || (unsigned)member >= s->member_count || !state_member(s, member)->votes || !r->nodes[node].up)
        return false;
    return state_weighs(s, (unsigned)member) && state_member(s, member)->status <= MEMBER_ABSENT;
}

/* Who the event names, or the first validator that may sponsor somebody as this state has it; -1: nobody. */
static int sponsor_of(const struct rehearsal *r, unsigned fault, const struct federation_state *s)
{
    const struct scenario_event *e = event_at(r, fault);

    if (e->sponsored)
        return (int)e->sponsor;
    for (unsigned i = 0; i < r->members; i++) {
        if (in_good_standing(r, s, r->node_of[i]))
            return (int)r->node_of[i];
    }
    return -1;
}

static enum change_kind kind_of_change(enum scenario_event_kind kind)
{
    switch (kind) {
    case EVENT_JOIN:
        return CHANGE_JOIN;
    case EVENT_STAKE:
        return CHANGE_STAKE;
    case EVENT_ROTATE_KEY:
        return CHANGE_ROTATE;
    default:
        return CHANGE_LEAVE;
    }
}

/* The body that every validator is given. */
static void change_of(const struct rehearsal *r, unsigned fault, const struct wanted *wanted, struct buf *body)
{
    const struct scenario_event *e = event_at(r, fault);
    const struct sim_node *n = &r->nodes[e->node];
    struct change change = {.kind = kind_of_change(e->kind)};
    enum err err = scenario_card(r->scenario, e->node, r->options.seed, &change.card, NULL);
    struct digest federation_id = digest_of(bytes_of_buf(&r->genesis));
    const struct secret_key *key = NULL;

    ASSERT(err == ERR_OK); /* its files were there when the rehearsal began */
    if (change.kind == CHANGE_STAKE)
        change.card.stake = e->stake;
    if (change.kind == CHANGE_JOIN)
        snprintf(change.sponsor, sizeof change.sponsor, "%s", r->nodes[wanted->sponsor].name);
    if (change_has_key(&change)) {
        key = change.kind == CHANGE_JOIN ? &n->key : &n->next_key;
        change.card.key = key->public;
    }
    change_body_encode(&change, wanted->until, &federation_id, key, body);
}

/* In the log that this node has. */
static bool change_is_made(const struct rehearsal *r, unsigned fault, const struct federation_state *s)
{
    const struct scenario_event *e = event_at(r, fault);
    const struct sim_node *n = &r->nodes[e->node];

    if (e->kind == EVENT_JOIN || e->kind == EVENT_ROTATE_KEY)
        return state_find(s, e->kind == EVENT_JOIN ? &n->key.fingerprint : &n->next_key.fingerprint) >= 0;
    const struct member *m = state_member(s, n->member);
    if (e->kind == EVENT_STAKE && m->card.stake == e->stake)
        return true;
    return m->status == MEMBER_LEFT || m->status == MEMBER_CONVICTED;
}

const struct federation_state *operators_latest(const struct rehearsal *r)
{
    const struct federation_state *latest = NULL;

    for (unsigned i = 0; i < r->members; i++) {
        const struct sim_node *n = &r->nodes[r->node_of[i]];
        if (!n->up || !rehearsal_is_validator(r, n))
            continue;
        const struct federation_state *s = fed_state(n->fed);
        if (latest == NULL || s->height > latest->height)
            latest = s;
    }
    return latest;
}

/* The body as it was last time, unless that can come to nothing any more. False: nobody could sponsor it now. */
static bool agree_on_body(struct rehearsal *r, unsigned fault, const struct federation_state *s)
{
    struct wanted *wanted = &r->operators.changes[fault];
    bool joins = event_at(r, fault)->kind == EVENT_JOIN;
    bool sponsored = !joins || (wanted->sponsor >= 0 && in_good_standing(r, s, (unsigned)wanted->sponsor));

    if (wanted->until >= s->epoch && sponsored)
        return true;
    wanted->sponsor = joins ? sponsor_of(r, fault, s) : -1;
    wanted->until = s->epoch + CHANGE_EPOCHS_MAX / 2;
    for (unsigned i = 0; i < r->count; i++)
        wanted->told[i] = false;
    return !joins || wanted->sponsor >= 0;
}

bool operators_wait(const struct rehearsal *r, unsigned fault, const struct federation_state *s)
{
    return r->operators.changes[fault].open && !change_is_made(r, fault, s);
}

/* ---- whom they tell */

void operators_tell(struct rehearsal *r, unsigned fault)
{
    struct wanted *wanted = &r->operators.changes[fault];
    const struct federation_state *s = operators_latest(r);
    struct buf body = {0};

    if (!wanted->open || s == NULL)
        return;
    wanted->open = !change_is_made(r, fault, s);
    if (!wanted->open || !agree_on_body(r, fault, s))
        return;
    change_of(r, fault, wanted, &body);
    for (unsigned i = 0; i < r->members; i++) {
        struct sim_node *n = &r->nodes[r->node_of[i]];
        if (wanted->told[n->index] || !n->up || n->paused_until_ns > 0 || !rehearsal_is_validator(r, n))
            continue;
        struct fed_event event = {.kind = FED_EVENT_SIGN_OFF, .blob = blob_new(bytes_of_buf(&body))};
        wanted->told[n->index] = sim_node_step(n, r, &event) == ERR_OK;
        wanted->kept[n->index] = outbox_in_flight(&n->outbox) > 0 ? n->outbox.written : 0;
        blob_drop(event.blob);
    }
    buf_free(&body);
}

void operators_want(struct rehearsal *r, unsigned fault)
{
    r->operators.changes[fault].open = true;
    operators_tell(r, fault);
}

void operators_look(struct rehearsal *r)
{
    for (unsigned i = 0; i < r->operators.count; i++) {
        if (r->operators.changes[i].open)
            agenda_add(&r->agenda, r->agenda.now_ns, HAPPEN_TELL)->number = i;
    }
}

void operators_lose(struct rehearsal *r, unsigned node)
{
    for (unsigned i = 0; i < r->operators.count; i++)
        r->operators.changes[i].told[node] = false;
}

void operators_crash(struct rehearsal *r, unsigned node, uint64_t durable)
{
    for (unsigned i = 0; i < r->operators.count; i++) {
        struct wanted *wanted = &r->operators.changes[i];

        if (wanted->kept[node] > durable)
            wanted->told[node] = MUTATE(SIM_OPERATORS_BELIEVE_AT_ONCE, true, false);
        wanted->kept[node] = 0;
    }
}
