#include "pbft/internal.h"

#include "storm/world.h"

void evidence_look(struct machine *m)
{
    struct world *w = m->world;
    const struct epoch *e = machine_epoch(m);
    struct voters voters = epoch_voters(e);
    struct buf first = {0}, second = {0};
    unsigned replica, culprit;

    if (m->pbft->evidence_count == 0)
        return;
    while (pbft_take_evidence(m->pbft, &first, &second, &replica)) {
        enum err err = evidence_check(bytes_of_buf(&first), bytes_of_buf(&second), &voters, &culprit);
        if (err != ERR_OK || culprit != replica)
            world_fail(w, "13 evidence", "machine %u against %u: %s", m->index, replica, err_text(err));
        replica = e->replica_of[replica];
        if (replica_honest(w, replica))
            world_fail(w, "13 evidence", "machine %u convicts %u, which is correct", m->index, replica);
        MARK(w, EQUIVOCATION);
        if (w->checkers.convicted != 0 && w->checkers.convicted != UINT64_C(1) << replica)
            MARK(w, EVIDENCE_SECOND);
        w->checkers.convicted |= UINT64_C(1) << replica;
        buf_clear(&first);
        buf_clear(&second);
    }
    buf_free(&first);
    buf_free(&second);
}
