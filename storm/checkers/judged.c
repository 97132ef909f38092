#include "storm/world.h"

#include <string.h>

static uint64_t key_of(uint64_t sequence, const struct digest *digest)
{
    uint64_t key;

    memcpy(&key, digest->b, sizeof key);
    return (key ^ sequence << 1) | 1;
}

void judged_batch(struct machine *m, uint64_t sequence, const struct bytes *requests, unsigned count)
{
    struct buf batch = {0};

    if (!machine_means_well(m))
        return;
    batch_encode(requests, count, &batch);
    struct digest digest = digest_of(bytes_of_buf(&batch));
    number_add(&m->judged, key_of(sequence, &digest));
    buf_free(&batch);
}

void judged_sent(struct machine *m, const struct claim *claim)
{
    const struct statement *s = &claim->says;
    bool again = s->view == m->planned_view && s->sequence <= m->planned_top;

    if (m->wiped) /* what it entered and judged before it had recovered is not known here */
        return;
    if ((s->type != MESSAGE_PRE_PREPARE && s->type != MESSAGE_PREPARE) || again)
        return;
    if (!number_in(&m->judged, key_of(s->sequence, &s->digest)))
        world_fail(m->world, "7 judged", "machine %u votes in view %llu at %llu for what its application has not seen",
                   m->index, (unsigned long long)s->view, (unsigned long long)s->sequence);
}
