#include "fed/internal.h"

#include "base/mutate.h"

/* Accusations: two statements that contradict each other wait here until they can be signed as an EVIDENCE entry. */

void evidence_take(struct fed *f, unsigned culprit, struct bytes first, struct bytes second)
{
    struct evidence *e = &f->evidence;

    if (e->count == MUTATE(FED_NO_EVIDENCE, e->count, ACCUSATIONS_MAX) ||
        state_member(f->decided, culprit)->status == MEMBER_CONVICTED)
        return;
    for (unsigned i = 0; i < e->count; i++) {
        if (e->items[i].culprit == culprit)
            return;
    }
    e->items[e->count++] = (struct accusation){
        .culprit = culprit,
        .first = blob_new(first),
        .second = blob_new(second),
    };
    effects_note(f->out, "fed.evidence", culprit, f->decided->height);
}

void evidence_take_entries(struct fed *f, const struct entry *first, const struct entry *second)
{
    struct buf a = {0}, b = {0};

    if (second->member >= f->decided->member_count)
        return;
    envelope_statement(entry_bytes(first), &a);
    envelope_statement(entry_bytes(second), &b);
    evidence_take(f, second->member, bytes_of_buf(&a), bytes_of_buf(&b));
    buf_free(&a);
    buf_free(&b);
}

static void accusation_drop(struct evidence *e, unsigned index)
{
    blob_drop(e->items[index].first);
    blob_drop(e->items[index].second);
    e->count--;
    for (unsigned i = index; i < e->count; i++)
        e->items[i] = e->items[i + 1];
}

void evidence_accuse(struct fed *f)
{
    struct evidence *e = &f->evidence;

    while (e->count > 0 && submit_possible(f, ENTRY_EVIDENCE)) {
        const struct accusation *a = &e->items[0];
        if (state_member(f->decided, a->culprit)->status == MEMBER_CONVICTED) {
            accusation_drop(e, 0);
            continue;
        }
        struct evidence_body body = {.first = blob_bytes(a->first), .second = blob_bytes(a->second)};
        submit_evidence(f, &body);
        if (!submit_pending(f, ENTRY_EVIDENCE)) /* does not convict: not worth another try */
            accusation_drop(e, 0);
        return;
    }
}

void evidence_free(struct fed *f)
{
    while (f->evidence.count > 0)
        accusation_drop(&f->evidence, f->evidence.count - 1);
}
