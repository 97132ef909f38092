#include "pbft/evidence.h"

#include "storm/world.h"

/* Nobody but a liar is accused, and a third party is convinced. */
void evidence_taken(struct machine *m, unsigned culprit, struct bytes first, struct bytes second)
{
    struct world *w = m->world;
    const struct epoch *e = epoch_of_replica(m);
    struct voters voters = epoch_voters(e);
    unsigned number = 0;

    if (!machine_correct(m))
        return;
    enum err err = evidence_check(first, second, &voters, &number);
    if (err != ERR_OK || (int)number != e->number_of[culprit])
        world_fail(w, "13 evidence", "machine %u against %u: %s", m->index, culprit, err_text(err));
    if (replica_honest(w, culprit))
        world_fail(w, "13 evidence", "machine %u convicts %u, which is correct", m->index, culprit);
    MARK(w, EQUIVOCATION);
    if (w->checkers.convicted != 0 && w->checkers.convicted != UINT64_C(1) << culprit)
        MARK(w, EVIDENCE_SECOND);
    w->checkers.convicted |= UINT64_C(1) << culprit;
}
