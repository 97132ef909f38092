#include "pbft/internal.h"

/* OSDI'99 section 4.2, and 5.3.3 (tentative execution) for what is executed ahead of the decision. */

void executions_init(struct pbft *p, uint64_t sequence, const struct digest *block_id)
{
    struct executions *e = &p->executions;

    e->decided = e->executed = sequence;
    e->decided_id = *block_id;
    e->occasion = 1;
}

void executions_step(struct pbft *p)
{
    p->executions.progress = 0;
}

void executions_occasion(struct pbft *p)
{
    p->executions.occasion++;
}

/* Does what was executed last close the membership epoch? */
static void set_closing(struct executions *e, bool closes)
{
    e->closing = closes ? MUTATE(PBFT_CLOSE_IGNORED, 0, e->executed) : 0;
}

void executions_done(struct pbft *p, uint64_t sequence, bool closes)
{
    struct executions *e = &p->executions;

    e->executed = sequence;
    set_closing(e, closes);
    e->occasion += MUTATE(EXECUTION_IS_NO_OCCASION, 0, 1);
}

void executions_decide(struct pbft *p, uint64_t sequence, const struct digest *block_id)
{
    struct executions *e = &p->executions;

    e->progress += sequence - e->decided;
    e->decided = sequence;
    e->decided_id = *block_id;
    effects_note(p->out, "pbft.decided", sequence, p->view.number);
}

void executions_learn(struct pbft *p, uint64_t sequence, const struct pbft_result *block)
{
    struct executions *e = &p->executions;
    uint64_t last = MUTATE(LEARNED_KEEPS_SPECULATION, sequence, e->executed);

    for (uint64_t n = e->decided + 1; n <= sequence || n <= last; n++) {
        struct slot *s = log_find(p, n);
        if (s == NULL && n > e->executed)
            break;
        if (s != NULL)
            slot_set_block(s, NULL);
    }
    struct slot *s = log_slot(p, sequence);
    if (s != NULL) {
        slot_set_block(s, &block->block_id);
        MUTATE(LEARNED_NOT_RECORDED, (void)0, record_decided(p, sequence, &block->block_id));
    }
    e->progress += sequence - e->decided;
    e->decided = sequence;
    e->executed = MUTATE(LEARNED_KEEPS_EXECUTED, e->executed > sequence ? e->executed : sequence, sequence);
    e->decided_id = block->block_id;
    e->diverged = MUTATE(LEARNED_STAYS_DIVERGED, e->diverged, false);
    set_closing(e, block->closes);
    if (e->closing != 0)
        effects_note(p->out, "pbft.closed", sequence, p->view.number);
    e->occasion++;
}

void executions_undo(struct pbft *p)
{
    struct executions *e = &p->executions;

    if (e->executed > e->decided) {
        MUTATE(PBFT_DOUBLE_EXECUTE, (void)0, p->app.undo(p->app.context, e->decided));
        for (uint64_t n = e->decided + 1; n <= e->executed; n++) {
            struct slot *s = log_find(p, n);
            if (s != NULL)
                MUTATE(UNDO_KEEPS_BLOCK, (void)0, slot_set_block(s, NULL));
        }
        e->executed = e->decided;
        e->closing = MUTATE(UNDO_KEEPS_CLOSE, e->closing, 0);
    }
    MUTATE(UNDO_KEEPS_MARKS, (void)0, pool_release(&p->pool, e->decided));
    normal_batch_due(p, false);
    e->occasion += MUTATE(UNDO_IS_NO_OCCASION, 0, 1);
}

void executions_prove(struct pbft *p, uint64_t sequence)
{
    if (sequence > p->executions.proved)
        p->executions.proved = sequence;
}

void executions_diverge(struct pbft *p, uint64_t sequence)
{
    if (p->executions.diverged)
        return;
    p->executions.diverged = true;
    effects_note(p->out, "pbft.divergence", sequence, p->view.number);
}
