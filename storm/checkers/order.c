#include "pbft/internal.h"

#include "storm/world.h"

void order_execute(struct machine *m, uint64_t sequence)
{
    if (sequence != m->app.executed + 1)
        world_fail(m->world, "5 order", "machine %u is to execute %llu on top of %llu", m->index,
                   (unsigned long long)sequence, (unsigned long long)m->app.executed);
}

void order_undo(struct machine *m, uint64_t sequence)
{
    if (sequence < m->app.decided || sequence > m->app.executed)
        world_fail(m->world, "5 order", "machine %u is to undo to %llu, decided %llu, executed %llu", m->index,
                   (unsigned long long)sequence, (unsigned long long)m->app.decided,
                   (unsigned long long)m->app.executed);
}

/* That the block is the one that was decided the replica itself asserts. */
void order_decide(struct machine *m)
{
    if (m->app.decided == m->app.executed)
        world_fail(m->world, "5 order", "machine %u is to decide what it has not executed, at %llu", m->index,
                   (unsigned long long)m->app.decided + 1);
}

void order_request(struct machine *m, unsigned client, uint32_t timestamp)
{
    if (timestamp != m->app.last[client] + 1)
        world_fail(m->world, "5 order", "machine %u executes request %u.%u after %u", m->index, client, timestamp,
                   m->app.last[client]);
}

void order_look(struct machine *m)
{
    struct world *w = m->world;
    const struct pbft *p = machine_pbft(m);

    if (p->executions.decided != m->app.decided || p->executions.executed != m->app.executed) {
        world_fail(w, "5 order", "machine %u is at %llu/%llu, its application at %llu/%llu", m->index,
                   (unsigned long long)p->executions.decided, (unsigned long long)p->executions.executed,
                   (unsigned long long)m->app.decided, (unsigned long long)m->app.executed);
        return;
    }
    if (p->executions.executed == p->checkpoints.stable.sequence + w->plan.window)
        MARK(w, WINDOW_FULL);
    if (p->executions.executed > p->executions.decided + 1)
        MARK(w, PIPELINED);
}
