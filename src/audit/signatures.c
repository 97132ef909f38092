#include "audit/signatures.h"

#include "base/mutate.h"

/* What the tasks look at; each writes what is its own. */
struct verifying {
    struct signatures *out;
    const struct federation_state *s;
    struct voters voters;
    uint64_t entry_count;
    struct entry **entries; /* of all blocks */
};

static enum err verify_certificate(const struct verifying *v, unsigned index)
{
    const struct block *b = &v->out->blocks[index];
    struct vote expected = {
        .federation_id = v->s->federation_id,
        .membership_epoch = v->s->membership_epoch,
        .sequence = b->header.height,
        .block_id = block_id(&b->header),
    };

    return certificate_verify(b->certificate, &expected, &v->voters, NULL, NULL, NULL);
}

/* The entry keeps the verdict, for which execution asks under the key that the signer has by then. */
static enum err verify_entry(const struct verifying *v, struct entry *e)
{
    int member = e->syntax == ERR_OK ? state_find(v->s, &e->envelope.node_fingerprint) : -1;

    return member >= 0 ? entry_verify(e, &state_member(v->s, (unsigned)member)->card.key, NULL) : ERR_UNKNOWN;
}

/* Certificates first: they take longest. */
static bool verify_one(void *context, uint64_t index)
{
    const struct verifying *v = context;

    unsigned count = v->out->block_count;
    enum err err = index < count ? verify_certificate(v, (unsigned)index) : verify_entry(v, v->entries[index - count]);

    if (index < count)
        v->out->certificates[index] = err;
    return true;
}

void signatures_verify(struct signatures *out, const struct federation_state *s, const struct block *blocks,
                       unsigned count, struct pool *pool)
{
    struct public_key *keys = mem_array(PBFT_REPLICAS_MAX, sizeof keys[0]);
    struct digest *fingerprints = mem_array(PBFT_REPLICAS_MAX, sizeof fingerprints[0]);
    struct verifying v = {.out = out, .s = s};
    uint64_t all = 0;

    *out = (struct signatures){.block_count = count, .blocks = blocks};
    out->entries = mem_array(count + 1, sizeof out->entries[0]);
    out->certificates = mem_array(count + 1, sizeof out->certificates[0]);
    for (unsigned i = 0; i < count; i++)
        all += blocks[i].count;
    v.entries = mem_array((size_t)all + 1, sizeof v.entries[0]);
    for (unsigned i = 0; i < count; i++) {
        out->entries[i] = entries_open(blocks[i].entries, blocks[i].count);
        for (unsigned k = 0; k < blocks[i].count; k++)
            v.entries[v.entry_count++] = out->entries[i][k];
    }
    state_voters(s, keys, fingerprints, &v.voters);
    pool_share(pool, count + all, verify_one, &v);
    mem_free(v.entries);
    mem_free(keys);
    mem_free(fingerprints);
}

enum err signatures_apply(const struct signatures *v, unsigned index, struct federation_state *s, struct execution *out)
{
    enum err err = state_check_header(s, &v->blocks[index].header);

    if (err == ERR_OK)
        err = MUTATE(AUDIT_CERTIFICATE_UNASKED, ERR_OK, v->certificates[index]);
    return err == ERR_OK ? state_apply_certified(s, &v->blocks[index], v->entries[index], out) : err;
}

void signatures_fini(struct signatures *v)
{
    for (unsigned i = 0; i < v->block_count; i++)
        entries_drop(v->entries[i], v->blocks[i].count);
    mem_free(v->entries);
    mem_free(v->certificates);
    *v = (struct signatures){0};
}
