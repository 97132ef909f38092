#include "ledger/entry.h"

#include <string.h>

#include "base/mutate.h"
#include "ledger/block.h"

/* What can be told from an entry's bytes is told once, and kept beside them. */

struct entry *entry_open(struct bytes bytes)
{
    struct entry *e = mem_alloc(sizeof *e);

    e->holders = 1;
    e->blob = blob_new(bytes);
    e->leaf_hash = entry_leaf_hash(entry_bytes(e));
    e->syntax = envelope_parse(entry_bytes(e), &e->envelope, &e->cose);
    return e;
}

struct entry *entry_hold(struct entry *e)
{
    e->holders++;
    return e;
}

void entry_drop(struct entry *e)
{
    if (e == NULL || --e->holders > 0)
        return;
    blob_drop(e->blob);
    mem_free(e->body);
    mem_free(e);
}

bool entry_is_shared(const struct entry *e)
{
    return e->holders > 1 || e->blob->holders > 1;
}

struct entry **entries_open(const struct bytes *bytes, unsigned count)
{
    struct entry **entries = mem_array(count > 0 ? count : 1, sizeof *entries);

    for (unsigned i = 0; i < count; i++)
        entries[i] = entry_open(bytes[i]);
    return entries;
}

void entries_drop(struct entry **entries, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        entry_drop(entries[i]);
    mem_free(entries);
}

enum err entry_verify(struct entry *e, const struct public_key *key, struct verify_cache *cache)
{
    ASSERT(e->syntax == ERR_OK);
    bool same_key = MUTATE(ENTRY_OF_ANY_KEY, true, memcmp(e->key.b, key->b, KEY_PUBLIC_SIZE) == 0);
    if (MUTATE(ENTRY_VERIFIED_AGAIN, false, e->verified && same_key))
        return e->signature;
    e->verified = true;
    e->key = *key;
    e->signature = cose_verify_cached(&e->cose, key, cache);
    return e->signature;
}

enum err entry_decode(struct entry *e, entry_decoder *decode, const void *context)
{
    ASSERT(e->syntax == ERR_OK);
    if (!e->decoded) {
        e->decoded = true;
        e->content = decode(context, &e->envelope, &e->body);
    }
    return e->content;
}

void entry_set_member(struct entry *e, unsigned member)
{
    e->member = member;
}
