#include "sim/timeline.h"

static void enter(struct timeline *t, uint64_t epoch, int64_t now_ns)
{
    t->present = epoch;
    t->now = (struct timeline_epoch){.entered_ns = now_ns, .entered = true, .stalled = t->stalled};
}

void timeline_init(struct timeline *t, uint64_t start, uint64_t count, struct spool_room *room)
{
    *t = (struct timeline){.start = start, .count = count, .past = spool_new(room)};
    enter(t, start, 0);
}

void timeline_fini(struct timeline *t)
{
    spool_free(t->past);
    *t = (struct timeline){0};
}

void timeline_traffic(struct timeline *t, uint64_t messages, uint64_t bytes)
{
    t->now.messages = messages - t->messages;
    t->now.bytes = bytes - t->bytes;
}

bool timeline_enter(struct timeline *t, uint64_t epoch, int64_t now_ns)
{
    if (epoch <= t->present)
        return false;
    while (t->present < epoch) {
        t->now.ended = true;
        t->now.ended_ns = now_ns;
        spool_add(t->past, bytes_of(&t->now, sizeof t->now));
        t->messages += t->now.messages;
        t->bytes += t->now.bytes;
        enter(t, t->present + 1, now_ns);
    }
    return true;
}

void timeline_view(struct timeline *t, uint64_t membership_epoch, uint64_t view)
{
    if (membership_epoch > t->membership_epoch) {
        t->membership_epoch = membership_epoch; /* in which views begin anew */
        t->view = 0;
    }
    if (membership_epoch < t->membership_epoch || view <= t->view)
        return;
    t->now.view_changes += view - t->view;
    t->view = view;
}

void timeline_stall(struct timeline *t, bool stalled, int64_t now_ns)
{
    if (stalled && !t->stalled)
        t->stalled_ns = now_ns;
    t->stalled = stalled;
    t->now.stalled |= stalled;
}

enum err timeline_read(const struct timeline *t, uint64_t index, struct timeline_epoch *out)
{
    *out = (struct timeline_epoch){0};
    if (t->start + index < t->present)
        return spool_read(t->past, index * sizeof *out, out, sizeof *out);
    if (t->start + index == t->present)
        *out = t->now;
    return ERR_OK;
}
