#include "storm/world.h"

void liveness_expired(struct world *w)
{
    unsigned waiting = 0, first = 0;

    for (unsigned i = w->machine_count; i > 0; i--) {
        const struct machine *m = &w->machines[i - 1];
        if (m->amnesia && !m->forgot && !m->gone && epoch_current_member(w, m)) {
            waiting++;
            first = m->index;
        }
        if (!machine_correct(m) || m->gone || !epoch_current_member(w, m))
            continue;
        for (unsigned k = 0; k < CLIENTS_ALL; k++) {
            if (m->app.last[k] < client_requests(w, k)) {
                waiting++;
                first = m->index;
                break;
            }
        }
    }
    const struct machine *m = &w->machines[first];
    struct pbft_status s = {0};
    if (machine_pbft(m) != NULL)
        s = pbft_status(machine_pbft(m));
    world_fail(w, "14 liveness",
               "%u correct machines wait; machine %u: view %llu%s, decided %llu of %llu known, stable %llu, pending %u",
               waiting, first, (unsigned long long)s.view, s.in_view_change ? " (changing)" : "",
               (unsigned long long)s.decided, (unsigned long long)s.known_decided, (unsigned long long)s.stable,
               s.pending);
}
