#include "sim/timeline.h"

static struct timeline_epoch *epoch_at(struct timeline *t, uint64_t epoch)
{
    return epoch >= t->start && epoch - t->start < t->count ? &t->epochs[epoch - t->start] : NULL;
}

static void enter(struct timeline *t, uint64_t epoch, int64_t now_ns)
{
    struct timeline_epoch *e = epoch_at(t, epoch);

    t->present = epoch;
    if (e == NULL)
        return;
    e->entered = true;
    e->entered_ns = now_ns;
    e->stalled = t->stalled;
}

void timeline_init(struct timeline *t, uint64_t start, uint64_t count)
{
    *t = (struct timeline){.start = start, .count = count};
    t->epochs = mem_array(count, sizeof *t->epochs);
    enter(t, start, 0);
}

void timeline_fini(struct timeline *t)
{
    mem_free(t->epochs);
    *t = (struct timeline){0};
}

bool timeline_enter(struct timeline *t, uint64_t epoch, int64_t now_ns)
{
    if (epoch <= t->present)
        return false;
    while (t->present < epoch) {
        struct timeline_epoch *e = epoch_at(t, t->present);

        if (e != NULL) {
            e->ended = true;
            e->ended_ns = now_ns;
        }
        enter(t, t->present + 1, now_ns);
    }
    return true;
}

void timeline_view(struct timeline *t, uint64_t membership_epoch, uint64_t view)
{
    struct timeline_epoch *e = epoch_at(t, t->present);

    if (membership_epoch > t->membership_epoch) {
        t->membership_epoch = membership_epoch; /* in which views begin anew */
        t->view = 0;
    }
    if (membership_epoch < t->membership_epoch || view <= t->view)
        return;
    if (e != NULL)
        e->view_changes += view - t->view;
    t->view = view;
}

void timeline_stall(struct timeline *t, bool stalled)
{
    struct timeline_epoch *e = epoch_at(t, t->present);

    t->stalled = stalled;
    if (stalled && e != NULL)
        e->stalled = true;
}
