#include "fed/internal.h"
#include "base/mutate.h"
#include "state/membership.h"

/* Who has installed a state lacks the blocks below it. They decide nothing any more, but a ledger with a gap can be
 * neither served nor audited, so they are fetched, from the lowest one on: each must stand on the one before and be
 * certified by the voters that the header before it, or the founding document, names. Nothing is executed: the state
 * above is certified. */

bool filling_wanted(const struct fed *f)
{
    return f->filling.next <= f->filling.target;
}

static void set_voters(struct filling *g, const struct voter_set *voters)
{
    g->voters = *voters;
    g->voters_digest = voter_set_digest(voters);
}

void filling_extend(struct fed *f, uint64_t target, const struct digest *target_id)
{
    struct filling *g = &f->filling;

    if (!filling_wanted(f)) {
        struct voter_set voters;
        state_voter_set(&f->decided, &voters);
        g->next = f->decided.height + 1;
        g->parent = f->decided.block_id;
        set_voters(g, &voters);
    }
    g->target = target;
    g->target_id = *target_id;
}

/* Are the voters above this block known: those below it, or the next ones, to whom a link leads? */
static bool leads_on(const struct fed *f, const struct block_header *header)
{
    return digest_equal(&header->next_voters, &f->filling.voters_digest) || header->membership_epoch <= f->links.count;
}

/* After a block of ours with this header, which was verified and leads on. */
static void move_on(struct fed *f, const struct block_header *header)
{
    struct filling *g = &f->filling;
    struct voter_set voters;

    g->next = header->height + 1;
    g->parent = block_id(header);
    if (digest_equal(&header->next_voters, &g->voters_digest))
        return;
    links_voters(&f->links, &f->founders, header->membership_epoch + 1, &voters);
    set_voters(g, &voters);
}

/* The highest block up to target to which the store leads without a gap; 0: none. */
static uint64_t highest_whole(const struct fed *f, uint64_t target)
{
    uint64_t low = 0, high = target;

    while (low < high) {
        uint64_t middle = high - (high - low) / 2;
        struct blob *block = NULL;
        if (f->store->read(f->store->context, middle, &block) == ERR_OK)
            low = middle;
        else
            high = middle - 1;
        blob_drop(block);
    }
    return low;
}

enum err filling_load(struct fed *f, uint64_t target, const struct digest *genesis_id)
{
    uint64_t height = highest_whole(f, target);
    struct block block = {0};
    struct voter_set voters;

    f->filling = (struct filling){.next = 1, .target = target, .parent = *genesis_id, .target_id = f->decided.block_id};
    set_voters(&f->filling, &f->founders);
    if (height == 0)
        return ERR_OK;
    enum err err = ledger_store_block(f->store, height, &block);
    if (err != ERR_OK)
        return err;
    uint64_t epoch = block.header.membership_epoch;
    err = block.header.height == height && epoch >= 1 && epoch <= f->links.count + 1 ? ERR_OK : ERR_MISMATCH;
    if (err == ERR_OK) {
        links_voters(&f->links, &f->founders, epoch, &voters);
        set_voters(&f->filling, &voters);
        err = leads_on(f, &block.header) ? ERR_OK : ERR_MISMATCH;
    }
    if (err == ERR_OK)
        move_on(f, &block.header);
    block_fini(&block);
    return err;
}

static enum err check(const struct fed *f, const struct block_header *header, struct bytes certificate)
{
    const struct filling *g = &f->filling;
    struct digest id = block_id(header);

    if (MUTATE(FED_FILLING_UNCHECKED, true, false))
        return ERR_OK;
    if (!digest_equal(&header->federation_id, &f->decided.federation_id) ||
        !digest_equal(&header->parent_id, &g->parent) ||
        (header->height == g->target && !digest_equal(&id, &g->target_id)))
        return ERR_MISMATCH;
    if (!leads_on(f, header))
        return ERR_MISMATCH;
    return voter_set_certifies(&g->voters, header, certificate, f->config.verify_cache);
}

enum err filling_take(struct fed *f, struct blob *bytes, const struct block *block)
{
    struct filling *g = &f->filling;

    if (!filling_wanted(f) || block->header.height != g->next)
        return ERR_OK;
    enum err err = check(f, &block->header, block->certificate);
    if (err != ERR_OK)
        return err;
    effects_append(f->out, g->next, bytes);
    move_on(f, &block->header);
    if (!filling_wanted(f))
        effects_note(f->out, "fed.whole", g->target, f->decided.height);
    return ERR_OK;
}
