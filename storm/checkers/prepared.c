#include "pbft/record.h"
#include "storm/world.h"

void prepared_persisted(struct machine *m, struct bytes record)
{
    struct world *w = m->world;
    struct cbor_reader r, inner;
    struct record_head head;

    if (record_kind(record) != RECORD_PROOF || record_head_read(record, &head, &r) != ERR_OK)
        return;
    cbor_reader_init(&inner, cbor_get_raw(&r));
    const struct epoch *e = epoch_of_record(w, record);
    struct proof proof = proof_read(&inner, &e->members, true, NULL);
    if (record_done(&r) != ERR_OK || cbor_reader_done(&inner) != ERR_OK) {
        world_fail(w, "2 prepared", "machine %u keeps a proof that does not hold", m->index);
        return;
    }
    uint64_t key = (uint64_t)(e - w->epochs) << 56 | proof.view << 28 | proof.sequence;
    const struct digest *first = seen_first(&w->checkers.prepared, key, &proof.digest);
    if (!digest_equal(first, &proof.digest))
        world_fail(w, "2 prepared", "machine %u prepared another digest in view %llu at %llu", m->index,
                   (unsigned long long)proof.view, (unsigned long long)proof.sequence);
}
