#include "storm/world.h"

#include <string.h>

static bool holds(struct bytes in, const uint8_t *what, size_t len)
{
    for (size_t i = 0; i + len <= in.len; i++) {
        const uint8_t *at = memchr(in.data + i, what[0], in.len - len - i + 1);
        if (at == NULL)
            return false;
        if (memcmp(at, what, len) == 0)
            return true;
        i = (size_t)(at - in.data);
    }
    return false;
}

/* A statement of ours names our federation and epoch; only such liars make any that do not. */
static bool is_foreign(const struct members *members, struct bytes message)
{
    static const char KEY[] = "membership_epoch";
    uint8_t epoch[sizeof KEY];

    ASSERT(members->membership_epoch < 24); /* one byte of CBOR */
    memcpy(epoch, KEY, sizeof KEY - 1);
    epoch[sizeof KEY - 1] = (uint8_t)members->membership_epoch;
    return !holds(message, epoch, sizeof epoch) || !holds(message, members->federation_id.b, DIGEST_SIZE);
}

void foreign_received(struct machine *m, const struct epoch *e, struct bytes message, enum err err, size_t effects)
{
    struct world *w = m->world;

    if ((w->epoch_count == 1 && !w->strangers) || message.len < 2 ||
        statement_subject((enum message_type)message.data[1]) == NULL || !is_foreign(&e->members, message))
        return;
    MARK(w, REFUSED_FOREIGN);
    if (err == ERR_OK)
        world_fail(w, "12 foreign", "machine %u takes a foreign statement, %zu effects", m->index, effects);
}
