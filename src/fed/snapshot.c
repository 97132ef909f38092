#include <string.h>

#include "fed/internal.h"
#include "state/membership.h"
#include "merkle/chunks.h"

/* The decided state as bytes that somebody who knows only the genesis can check, and back; and who votes, in each
 * membership epoch so far. */

/* ---- who votes */

void snapshot_begin(struct fed *f)
{
    state_voter_set(f->decided, &f->founders);
}

/* The membership epoch ended with this block: from here on voters are who the decided state says. */
static void add_link(struct fed *f, struct bytes header, struct bytes certificate)
{
    struct voter_set voters;
    struct buf next = {0}, link = {0};

    state_voter_set(f->decided, &voters);
    voter_set_encode(&voters, &next);
    link_encode(header, certificate, bytes_of_buf(&next), &link);
    links_add(&f->links, bytes_of_buf(&link));
    buf_free(&next);
    buf_free(&link);
}

void snapshot_add_link(struct fed *f, struct blob *bytes, const struct replica_block *b)
{
    struct block block;
    struct buf header = {0};
    enum err err = block_decode(bytes, &block);

    ASSERT(err == ERR_OK);
    block_header_encode(&block.header, &header);
    add_link(f, bytes_of_buf(&header), b->certificate);
    buf_free(&header);
    block_fini(&block);
}

enum err snapshot_voters(struct fed *f, uint64_t membership_epoch, struct replica_voters *out)
{
    const struct federation_state *s = f->decided;

    if (membership_epoch < 1 || membership_epoch > f->links.count + 1)
        return ERR_MISSING;
    *out = (struct replica_voters){.self = -1};
    links_voters(&f->links, &f->founders, membership_epoch, &out->set);
    out->digest = voter_set_digest(&out->set);
    if (membership_epoch != s->membership_epoch)
        return ERR_OK;
    for (unsigned i = 0; i < s->validator_count; i++)
        out->peers[i] = state_validator(s, i);
    out->self = fed_self_replica(f);
    out->key = &f->config.key;
    return ERR_OK;
}

/* ---- giving */

struct blob *snapshot_make(const struct fed *f, const struct replica_block *b, struct blob *bytes)
{
    struct block block;
    struct buf header = {0}, proof = {0};
    enum err err = block_decode(bytes, &block);

    ASSERT(err == ERR_OK && b->height == f->decided->height);
    block_header_encode(&block.header, &header);
    state_proof_encode(bytes_of_buf(&header), b->certificate, f->decided, &f->links, &proof);
    struct blob *snapshot = executed_snapshot(f->application.decided, bytes_of_buf(&proof), f->config.executed_cache);
    buf_free(&header);
    buf_free(&proof);
    block_fini(&block);
    return snapshot;
}

/* ---- taking */

enum err snapshot_check(const struct fed *f, uint64_t height, struct bytes proof, const struct digest *root)
{
    struct state_proof p;
    enum err err =
        state_proof_check(proof, &f->decided->federation_id, &f->founders, height, root, f->config.verify_cache, &p);

    if (err == ERR_OK)
        links_free(&p.links);
    return err;
}

/* The state that the bytes and their proof give; the proof's links are the caller's on success. */
static enum err open_state(const struct fed *f, uint64_t height, struct bytes proof, struct bytes bytes,
                           struct state_proof *p, struct federation_state *out)
{
    struct digest root = chunks_root(bytes, STATE_CHUNK_SIZE);
    struct voter_set voters;
    enum err err =
        state_proof_check(proof, &f->decided->federation_id, &f->founders, height, &root, f->config.verify_cache, p);

    if (err != ERR_OK)
        return err;
    err = state_decode(f->decided, bytes, out);
    if (err != ERR_OK)
        goto free_links;
    state_voter_set(out, &voters);
    struct digest digest = voter_set_digest(&voters);
    if (!digest_equal(&digest, &p->header.next_voters)) {
        err = ERR_MISMATCH;
        goto free_state;
    }
    out->height = height;
    out->block_id = block_id(&p->header);
    out->log = p->log;
    out->recent_count = p->recent_count;
    memcpy(out->recent, p->recent, p->recent_count * sizeof p->recent[0]);
    return ERR_OK;
free_state:
    state_free(out);
free_links:
    links_free(&p->links);
    return err;
}

/* state and the links of p become ours. */
static void take(struct fed *f, struct federation_state *state, struct state_proof *p)
{
    application_install(f, executed_given(state));
    links_free(&f->links);
    f->links = p->links;
    if (p->header.membership_epoch != f->decided->membership_epoch)
        add_link(f, p->header_bytes, p->certificate);
    spot_check_pass(f);
}

static void point_of(const struct fed *f, struct replica_point *out)
{
    *out = (struct replica_point){f->decided->block_id, f->decided->membership_epoch, 0, f->genesis_id};
    if (f->links.count > 0) {
        struct block_header closing = links_closing(&f->links);
        out->base_height = closing.height;
        out->base_id = block_id(&closing);
    }
}

enum err snapshot_install(struct fed *f, uint64_t height, struct bytes proof, struct bytes bytes,
                          struct replica_point *out)
{
    uint64_t before = f->decided->membership_epoch;
    struct federation_state state;
    struct state_proof p;
    enum err err = open_state(f, height, proof, bytes, &p, &state);

    if (err != ERR_OK)
        return err;
    take(f, &state, &p);
    point_of(f, out);
    if (f->decided->membership_epoch != before)
        duties_meet_voters(f);
    return ERR_OK;
}
