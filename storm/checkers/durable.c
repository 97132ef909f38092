#include "storm/world.h"

#include <string.h>

/* A signature in a record is a byte string of 64: 0x58 0x40 and the bytes. */

static uint64_t key_of(const uint8_t *signature)
{
    uint64_t key;

    memcpy(&key, signature, sizeof key);
    return key | 1;
}

void durable_written(struct machine *m, struct bytes record)
{
    const uint8_t *at = record.data, *end = record.data + record.len;

    if (!machine_means_well(m))
        return;
    while (at != NULL && (size_t)(end - at) >= 2 + SIGNATURE_SIZE) {
        at = memchr(at, 0x58, (size_t)(end - at) - 1 - SIGNATURE_SIZE);
        if (at == NULL)
            break;
        if (at[1] == 0x40)
            number_add(&m->durable, key_of(at + 2));
        at++;
    }
}

void durable_sent(struct machine *m, const struct claim *claim)
{
    if (!number_in(&m->durable, key_of(claim->signature)))
        world_fail(m->world, "7 durable", "machine %u sends a %s of view %llu at %llu that is not on its disk",
                   m->index, statement_subject(claim->says.type), (unsigned long long)claim->says.view,
                   (unsigned long long)claim->says.sequence);
}
