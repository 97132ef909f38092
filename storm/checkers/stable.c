#include "pbft/record.h"
#include "storm/world.h"

/* Its word is on the disk: a crash may come before it is sent, and after the restart it is in what the machine proves.
 */
void stable_persisted(struct machine *m, struct bytes record)
{
    struct record_head head;
    struct cbor_reader r;

    if (record_kind(record) != RECORD_CLAIM || record_head_read(record, &head, &r) != ERR_OK)
        return;
    uint64_t type = cbor_get_uint(&r);
    (void)cbor_get_uint(&r);
    uint64_t sequence = cbor_get_uint(&r);
    if (r.err == ERR_OK && type == MESSAGE_CHECKPOINT)
        agreed_at(m->world, sequence)->checkpoint_signers |= UINT64_C(1) << m->replica;
}

void stable_sent(struct machine *m, const struct claim *claim)
{
    if (claim->says.type != MESSAGE_CHECKPOINT)
        return;
    struct agreed_block *b = agreed_at(m->world, claim->says.sequence);
    uint64_t height = m->disk.blocks.top;
    if (claim->says.sequence > height)
        world_fail(m->world, "9 stable", "machine %u signs a checkpoint at %llu and has decided %llu", m->index,
                   (unsigned long long)claim->says.sequence, (unsigned long long)height);
    b->checkpoint_signers |= UINT64_C(1) << m->replica;
    if (b->decided && !digest_equal(&b->id, &claim->says.digest))
        world_fail(m->world, "9 stable", "machine %u signs a checkpoint of another block at %llu", m->index,
                   (unsigned long long)claim->says.sequence);
}

/* Its quorum holds at least so many correct replicas, who all have said so aloud; this one need not have yet. */
bool stable_vouched(struct machine *m, uint64_t sequence)
{
    struct world *w = m->world;
    const struct epoch *e = epoch_of_height(w, sequence);
    unsigned voices = 1 + e->liars;

    for (uint64_t bits = agreed_at(w, sequence)->checkpoint_signers & ~(UINT64_C(1) << m->replica); bits != 0;
         bits &= bits - 1)
        voices++;
    return voices >= e->members.quorum;
}

void stable_noted(struct machine *m, uint64_t sequence)
{
    if (machine_correct(m) && !stable_vouched(m, sequence))
        world_fail(m->world, "9 stable", "machine %u calls %llu stable without a quorum", m->index,
                   (unsigned long long)sequence);
}

void stable_forgets(struct machine *m, uint64_t number)
{
    if (machine_pbft(m) == NULL || !machine_correct(m))
        return;
    if (number > pbft_status(machine_pbft(m)).stable)
        world_fail(m->world, "9 stable", "machine %u forgets up to %llu above its stable checkpoint", m->index,
                   (unsigned long long)number);
}
