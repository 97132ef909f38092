#include <string.h>

#include "storm/world.h"

void transfer_installed(struct machine *m, uint64_t height, enum err verdict, const struct digest *id)
{
    struct world *w = m->world;
    const struct agreed_block *b = agreed_at(w, height);

    if (!machine_correct(m))
        return;
    if (verdict != ERR_OK)
        world_fail(w, "10 transfer", "machine %u is to install what is not certified at %llu: %s", m->index,
                   (unsigned long long)height, err_text(verdict));
    else if (b->decided && !digest_equal(&b->id, id))
        world_fail(w, "10 transfer", "machine %u installs another state at %llu", m->index, (unsigned long long)height);
}

void transfer_blamed(struct machine *m, unsigned replica)
{
    struct world *w = m->world;

    if (machine_correct(m) && replica_honest(w, replica))
        world_fail(w, "10 transfer", "machine %u blames replica %u, which is correct", m->index, replica);
}

void transfer_noted(struct machine *m, const char *note, uint64_t number)
{
    struct world *w = m->world;

    if (strcmp(note, "transfer.bad_chunk") == 0) {
        MARK(w, TRANSFER_BAD_CHUNK);
        transfer_blamed(m, (unsigned)number);
    } else if (strcmp(note, "transfer.bad_offer") == 0) {
        MARK(w, TRANSFER_BAD_OFFER);
        transfer_blamed(m, (unsigned)number);
    } else if (strcmp(note, "transfer.moved") == 0) {
        MARK(w, TRANSFER_MOVED);
    } else if (strcmp(note, "transfer.fruitless") == 0) {
        MARK(w, TRANSFER_FRUITLESS);
    }
}
