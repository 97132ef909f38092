#include "fed/proof.h"

#include "base/mutate.h"
#include "codec/cbor.h"

/* ---- links */

void links_add(struct links *l, struct bytes link)
{
    l->items = mem_resize(l->items, l->count + 1, sizeof l->items[0]);
    l->items[l->count++] = blob_new(link);
}

void links_free(struct links *l)
{
    for (unsigned i = 0; i < l->count; i++)
        blob_drop(l->items[i]);
    mem_free(l->items);
    *l = (struct links){0};
}

/* Part 0 or 2 of a link that was verified or made here. */
static struct bytes link_part(const struct blob *link, unsigned part)
{
    struct cbor_reader r;
    struct bytes bytes = {0};

    cbor_reader_init(&r, blob_bytes(link));
    cbor_expect_array(&r, 3);
    for (unsigned i = 0; i <= part; i++)
        bytes = cbor_get_bytes(&r);
    ASSERT(r.err == ERR_OK);
    return bytes;
}

void links_voters(const struct links *l, const struct voter_set *founders, uint64_t membership_epoch,
                  struct voter_set *out)
{
    ASSERT(membership_epoch >= 1 && membership_epoch <= l->count + 1);
    if (membership_epoch == 1)
        *out = *founders;
    else
        ASSERT(voter_set_decode(link_part(l->items[membership_epoch - 2], 2), out) == ERR_OK);
}

struct block_header links_closing(const struct links *l)
{
    struct block_header header;

    ASSERT(l->count > 0 && block_header_decode(link_part(l->items[l->count - 1], 0), &header) == ERR_OK);
    return header;
}

/* ---- the proof */

void state_proof_encode(struct bytes header, struct bytes certificate, const struct federation_state *s,
                        const struct links *links, struct buf *out)
{
    struct cbor_writer w;
    unsigned edge = bits_set(s->log.size);

    cbor_writer_init(&w, out);
    cbor_put_array(&w, 5);
    cbor_put_bytes(&w, header);
    cbor_put_bytes(&w, certificate);
    cbor_put_array(&w, edge);
    for (unsigned i = 0; i < edge; i++)
        digest_put(&w, &s->log.nodes[i]);
    cbor_put_array(&w, s->recent_count);
    for (unsigned i = 0; i < s->recent_count; i++)
        digest_put(&w, &s->recent[i]);
    cbor_put_array(&w, links->count);
    for (unsigned i = 0; i < links->count; i++)
        cbor_put_bytes(&w, blob_bytes(links->items[i]));
    cbor_writer_done(&w);
}

static void read_log(struct cbor_reader *r, struct merkle_frontier *log)
{
    uint64_t count = cbor_get_array(r);

    if (count > MERKLE_PROOF_MAX)
        cbor_fail(r, ERR_LIMIT);
    log->size = count;
    for (uint64_t i = 0; i < count && r->err == ERR_OK; i++)
        log->nodes[i] = digest_get(r);
}

static void read_recent(struct cbor_reader *r, struct state_proof *p)
{
    uint64_t count = cbor_get_array(r);

    if (count > BLOCKS_REMEMBERED)
        cbor_fail(r, ERR_LIMIT);
    for (uint64_t i = 0; i < count && r->err == ERR_OK; i++)
        p->recent[p->recent_count++] = digest_get(r);
}

static enum err read_proof(struct bytes in, struct state_proof *p)
{
    struct cbor_reader r;

    cbor_reader_init(&r, in);
    cbor_expect_array(&r, 5);
    p->header_bytes = cbor_get_bytes(&r);
    p->certificate = cbor_get_bytes(&r);
    read_log(&r, &p->log);
    read_recent(&r, p);
    uint64_t count = cbor_get_array(&r);
    if (count > LINKS_MAX)
        cbor_fail(&r, ERR_LIMIT);
    for (uint64_t i = 0; i < count && r.err == ERR_OK; i++)
        links_add(&p->links, cbor_get_bytes(&r));
    enum err err = cbor_reader_done(&r);
    return err == ERR_OK ? block_header_decode(p->header_bytes, &p->header) : err;
}

/* log->size is the number of nodes, so far. */
static bool log_fits(struct merkle_frontier *log, const struct block_header *header)
{
    if (log->size != bits_set(header->log_size))
        return false;
    log->size = header->log_size;
    struct digest root = merkle_frontier_root(log);
    return digest_equal(&root, &header->log_root);
}

static bool recent_fits(const struct state_proof *p)
{
    struct digest digest = block_ids_digest(p->recent, p->recent_count);

    return MUTATE(FED_RECENT_UNCHECKED, true, digest_equal(&digest, &p->header.recent_blocks));
}

static enum err check_voters(const struct state_proof *p, const struct voter_set *founders, struct verify_cache *cache)
{
    struct voter_set present = *founders, next;
    enum err err = ERR_OK;

    for (unsigned i = 0; i < p->links.count && err == ERR_OK; i++) {
        err = link_verify(blob_bytes(p->links.items[i]), &p->header.federation_id, &present, &next, NULL);
        if (err == ERR_OK)
            present = next;
    }
    if (err == ERR_OK)
        err = voter_set_certifies(&present, &p->header, p->certificate, cache);
    return err;
}

enum err state_proof_check(struct bytes in, const struct digest *federation_id, const struct voter_set *founders,
                           uint64_t height, const struct digest *root, struct verify_cache *cache,
                           struct state_proof *out)
{
    struct state_proof p = {0};
    enum err err = read_proof(in, &p);

    root = MUTATE(FED_STATE_ROOT_UNCHECKED, &p.header.state_root, root);
    if (err == ERR_OK &&
        (!digest_equal(&p.header.federation_id, federation_id) || p.header.height != height ||
         !digest_equal(&p.header.state_root, root) || !log_fits(&p.log, &p.header) || !recent_fits(&p)))
        err = ERR_MISMATCH;
    if (err == ERR_OK)
        err = check_voters(&p, founders, cache);
    err = MUTATE(FED_STATE_UNCERTIFIED, err == ERR_SIGNATURE ? ERR_OK : err, err);
    if (err == ERR_OK)
        *out = p;
    else
        links_free(&p.links);
    return err;
}
