#include "audit/fork.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mutate.h"
#include "codec/cbor.h"

/* Two different certified blocks at one height are proof of more than f liars (docs/rfc/M5-federation.md section 6).
 * Where two histories part for the first time they stand on the same state, so those who voted twice have the same
 * names in both. */

/* Arrays grow to the next power of two. */
static void *room(void *items, size_t count, size_t size)
{
    return (count & (count - 1)) == 0 ? mem_resize(items, count > 0 ? 2 * count : 1, size) : items;
}

static uint16_t voter_number(struct fork_history *h, const struct digest *fingerprint)
{
    unsigned i = 0;

    while (i < h->voter_count && !digest_equal(&h->voters[i], fingerprint))
        i++;
    if (i == h->voter_count) {
        h->voters = room(h->voters, h->voter_count, sizeof h->voters[0]);
        h->voters[h->voter_count++] = *fingerprint;
    }
    ASSERT(i <= UINT16_MAX); /* members join by the log, a few in an epoch */
    return (uint16_t)i;
}

static void keep_voters(struct fork_history *h, struct fork_block *b, struct bytes certificate)
{
    struct cbor_reader r;

    cbor_reader_init(&r, certificate);
    uint64_t count = cbor_get_array(&r);
    b->votes = h->vote_count;
    for (uint64_t i = 0; i < count; i++) {
        struct vote vote;
        struct cose_sign1 cose;
        enum err err = vote_parse(cbor_get_raw(&r), &vote, &cose);

        ASSERT(err == ERR_OK); /* the certificate has been verified */
        h->votes = room(h->votes, h->vote_count, sizeof h->votes[0]);
        h->votes[h->vote_count++] = voter_number(h, &cose.kid);
        b->view = vote.view; /* of all of them */
        b->vote_count++;
    }
}

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *out = mem_alloc(size);

    memcpy(out, text, size);
    return out;
}

void fork_history_add(struct fork_history *h, const struct replayed_epoch *e)
{
    for (unsigned i = 0; i < e->bytes.block_count; i++) {
        h->blocks = room(h->blocks, h->block_count, sizeof h->blocks[0]);
        struct fork_block *b = &h->blocks[h->block_count++];

        *b = (struct fork_block){.id = block_id(&e->bytes.blocks[i].header), .file = h->file_count, .index = i};
        keep_voters(h, b, e->bytes.blocks[i].certificate);
    }
    h->files = room(h->files, h->file_count, sizeof h->files[0]);
    h->files[h->file_count++] = copy_text(e->file);
}

static const struct digest *voter_of(const struct fork_history *h, const struct fork_block *b, unsigned i)
{
    return &h->voters[h->votes[b->votes + i]];
}

/* Names of those who voted for both blocks. */
static void add_both(const struct fork_history *here, const struct fork_history *there, unsigned at,
                     const struct names *names, struct buf *out)
{
    const struct fork_block *a = &here->blocks[at], *b = &there->blocks[at];
    unsigned both = 0;

    for (unsigned i = 0; i < a->vote_count; i++) {
        for (unsigned k = 0; k < b->vote_count; k++) {
            const struct digest *voter = voter_of(here, a, i);
            const char *name = names_find(names, voter);

            if (digest_equal(voter, voter_of(there, b, k)))
                buf_printf(out, "%s%s", both++ > 0 ? ", " : "", name != NULL ? name : "a stranger");
        }
    }
    if (both == 0)
        buf_add_text(out, "nobody");
}

/* What the two certificates prove (Sheng et al., CCS 2021). A validator signs one block for a height in a view,
 * so who signed two in one view has lied, and any two quorums have more than f such members in common. In a later view
 * it may sign another one, unless it had prepared the earlier one and hid that: its VIEW-CHANGE message would show
 * that, and artifacts have none. */
static void add_proven(const struct fork_block *a, const struct fork_block *b, unsigned f, struct buf *out)
{
    if (MUTATE(AUDIT_FORK_ANY_VIEW, true, a->view == b->view))
        buf_printf(out,
                   "; both are of view %" PRIu64 ", in which no honest validator votes twice: each of them is proven "
                   "to have lied",
                   a->view);
    else
        buf_printf(out,
                   "; one is of view %" PRIu64 " and the other of view %" PRIu64
                   ", so more than %u validators have lied, "
                   "but who of them did the certificates alone do not prove: their view changes would",
                   a->view, b->view, f);
}

static void blame(const struct fork_history *here, const struct fork_history *there, unsigned at,
                  const struct replay *r, struct audit_report *report)
{
    const struct fork_block *a = &here->blocks[at], *b = &there->blocks[at];
    struct names names = r->names; /* a view */
    char id[2 * DIGEST_SIZE + 1], other[2 * DIGEST_SIZE + 1], pointer[48];
    struct buf both = {0};

    digest_hex(&a->id, id);
    digest_hex(&b->id, other);
    snprintf(pointer, sizeof pointer, "/blocks/%u", a->index);
    add_both(here, there, at, &names, &both);
    add_proven(a, b, r->state.max_byzantine, &both);
    audit_fail(report, RULE_BLOCK_FORK, here->files[a->file], pointer,
               "the block at height %u is %.16s here and %.16s in %s /blocks/%u, and both are certified; "
               "who voted for both: %s",
               at + 1, id, other, there->files[b->file], b->index, buf_text(&both));
    buf_free(&both);
}

static void compare(const struct fork_history *here, const struct fork_history *there, const struct replay *r,
                    struct audit_report *report)
{
    unsigned shared = here->block_count < there->block_count ? here->block_count : there->block_count;

    for (unsigned i = 0; i < shared; i++) {
        if (MUTATE(AUDIT_FORK_PASSED, false, !digest_equal(&here->blocks[i].id, &there->blocks[i].id))) {
            blame(here, there, i, r, report);
            return;
        }
    }
    audit_pass(report, RULE_BLOCK_FORK);
}

void fork_watch_add(struct fork_watch *w, const struct replay *r, struct audit_report *report)
{
    struct fork_history *h = r->history;

    h->federation_id = r->state.federation_id;
    for (unsigned i = 0; i < w->count; i++) {
        if (digest_equal(&w->items[i].federation_id, &h->federation_id))
            compare(h, &w->items[i], r, report);
    }
    w->items = room(w->items, w->count, sizeof w->items[0]);
    w->items[w->count++] = *h;
    *h = (struct fork_history){0};
}

void fork_history_free(struct fork_history *h)
{
    for (unsigned k = 0; k < h->file_count; k++)
        mem_free(h->files[k]);
    mem_free(h->files);
    mem_free(h->blocks);
    mem_free(h->voters);
    mem_free(h->votes);
    *h = (struct fork_history){0};
}

void fork_watch_free(struct fork_watch *w)
{
    for (unsigned i = 0; i < w->count; i++)
        fork_history_free(&w->items[i]);
    mem_free(w->items);
    *w = (struct fork_watch){0};
}
