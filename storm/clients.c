#include "storm/application.h"
#include "storm/world.h"

/* A client has some requests outstanding and says them again, to every replica, until they are decided. */

static bool is_done(const struct world *w, unsigned client, uint32_t timestamp)
{
    for (unsigned i = 0; i < w->machine_count; i++) {
        const struct machine *m = &w->machines[i];
        if (!machine_correct(m) || m->gone || (w->healed && !epoch_current_member(w, m)))
            continue;
        bool has = machine_pbft(m) != NULL && application_durable_of(m, client) >= timestamp;
        if (w->healed && !has)
            return false;
        if (!w->healed && has)
            return true;
    }
    return w->healed;
}

uint32_t client_requests(const struct world *w, unsigned client)
{
    if (client == CLIENT_OF_CHANGES)
        return w->plan.change_count;
    return client < w->plan.clients ? w->plan.requests : 0;
}

/* Then null batches fill up to a checkpoint. They are nobody's request: whoever missed the last ones waits for nothing.
 */
static bool any_wiped(const struct world *w)
{
    bool any = false;

    for (unsigned i = 0; i < w->machine_count; i++)
        any = any || w->machines[i].wiped;
    return any;
}

bool clients_satisfied(const struct world *w)
{
    uint64_t height = 0;

    for (unsigned i = 0; i < w->machine_count; i++) {
        const struct machine *m = &w->machines[i];
        if (m->amnesia && !m->forgot && !m->gone && epoch_current_member(w, m))
            return false;
        if (!machine_correct(m) || m->gone || !epoch_current_member(w, m))
            continue;
        if (machine_pbft(m) == NULL)
            return false;
        if ((outbox_in_flight(&m->outbox) > 0 || m->app.executed != m->app.decided) && !w->plan.endless)
            return false;
        for (unsigned k = 0; k < CLIENTS_ALL; k++) {
            if (m->app.last[k] < client_requests(w, k))
                return false;
        }
        if (height != 0 && height != m->app.decided && !w->plan.endless && !any_wiped(w))
            return false;
        height = m->app.decided;
    }
    return true;
}

static void tell(struct world *w, unsigned k, uint32_t timestamp)
{
    struct client *c = &w->clients[k];

    for (unsigned i = 0; i < w->machine_count; i++) {
        uint64_t id = draw_id(DRAW_REQUEST, k, 1 + c->tries++), v = draw_value(&w->draw, id);
        draw_note(&w->draw, id);
        if (v == DRAW_NEVER || (!w->healed && !w->plan.steady && v % 8 == 7))
            continue; /* some do not hear of it this time */
        uint64_t operation = timestamp * 7 + k;
        if (w->plan.lying_client && k == 0 && v % 2 == 1) {
            operation += 1 + i;
            MARK(w, CLIENT_LIED);
        }
        struct event *e = agenda_add(
            &w->agenda, w->agenda.now_ns + w->plan.delay_min + (int64_t)(v >> 16) % w->plan.delay_min, EVENT_CLIENT);
        e->node = k;
        e->from = i;
        e->number = 1;
        e->blob = request_make(k, timestamp, operation);
    }
}

static void hear(struct world *w, const struct event *e)
{
    struct machine *m = &w->machines[e->from];

    if (machine_pbft(m) == NULL || m->paused_until > w->agenda.now_ns)
        return;
    machine_begin(m);
    enum err err = replica_request(m->live, e->blob);
    if (err == ERR_LIMIT)
        MARK(w, POOL_FULL);
    else if (err != ERR_OK && err != ERR_STALE)
        world_fail(w, "5 order", "machine %u answers a request with: %s", m->index, err_text(err));
    trace_line(w, "machine %u is given request %u.%u", m->index, e->node, e->blob->data[4]);
    machine_end(m);
}

static void speak(struct world *w, unsigned k)
{
    struct client *c = &w->clients[k];
    uint32_t all = w->plan.endless && k > 0 && k < CLIENT_OF_CHANGES ? UINT32_MAX : client_requests(w, k);
    uint32_t most = c->done + w->plan.outstanding < all ? c->done + w->plan.outstanding : all;

    c->done = w->healed && !w->plan.endless ? 0 : c->done;
    while (c->done < c->asked && is_done(w, k, c->done + 1))
        c->done++;
    if (c->asked < most)
        c->asked++;
    for (uint32_t t = c->done + 1; t <= c->asked; t++)
        tell(w, k, t);
    if (c->done < all || !w->healed) {
        int64_t wait = c->asked < most ? w->plan.think : w->plan.view_timeout / 2;
        agenda_add(&w->agenda, w->agenda.now_ns + wait + w->plan.delay_min, EVENT_CLIENT)->node = k;
    }
}

void client_event(struct world *w, const struct event *e)
{
    if (e->number == 1)
        hear(w, e);
    else
        speak(w, e->node);
}

void clients_start(struct world *w)
{
    for (unsigned k = 0; k < w->plan.clients; k++)
        agenda_add(&w->agenda, (int64_t)k * w->plan.delay_min, EVENT_CLIENT)->node = k;
    if (w->plan.change_count > 0)
        agenda_add(&w->agenda, w->plan.change_at, EVENT_CLIENT)->node = CLIENT_OF_CHANGES;
}
