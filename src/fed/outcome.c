#include "fed/internal.h"

/* What came of the epoch that ended last; effects may hold it for longer. */

static void epoch_end_free(struct effect_body *body)
{
    struct epoch_end *end = (struct epoch_end *)body;

    mem_free(end->outcome.updates);
    mem_free(end);
}

void outcome_keep(struct fed *f, const struct epoch_outcome *outcome)
{
    struct epoch_end *end = mem_alloc(sizeof *end);

    end->body = (struct effect_body){.holders = 1, .free = epoch_end_free};
    end->outcome = *outcome;
    end->outcome.updates = mem_array(outcome->update_count, sizeof *outcome->updates);
    for (unsigned i = 0; i < outcome->update_count; i++)
        end->outcome.updates[i] = outcome->updates[i];
    effect_body_drop(f->epoch_end != NULL ? &f->epoch_end->body : NULL);
    f->epoch_end = end;
}

const struct epoch_outcome *fed_outcome_of(struct effect_body *body)
{
    ASSERT(body->free == epoch_end_free);
    return &((struct epoch_end *)body)->outcome;
}

const struct epoch_outcome *fed_outcome(const struct fed *f)
{
    static const struct epoch_outcome none;

    return f->epoch_end != NULL ? &f->epoch_end->outcome : &none;
}
