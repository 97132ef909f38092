#include "audit/fork.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mutate.h"
#include "codec/cbor.h"

/* Two different certified blocks at one height are proof of more than f liars (docs/rfc/M5-federation.md section 6).
 * Where two histories part for the first time they stand on the same state, so those who voted twice have the same
 * names in both. */

static void keep_voters(struct fork_block *b, struct bytes certificate)
{
    struct cbor_reader r;

    cbor_reader_init(&r, certificate);
    uint64_t count = cbor_get_array(&r);
    b->voters = mem_array((size_t)count + 1, sizeof b->voters[0]);
    for (uint64_t i = 0; i < count; i++) {
        struct vote vote;
        struct cose_sign1 cose;
        enum err err = vote_parse(cbor_get_raw(&r), &vote, &cose);

        ASSERT(err == ERR_OK); /* the certificate has been verified */
        b->voters[b->voter_count++] = cose.kid;
    }
}

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *out = mem_alloc(size);

    memcpy(out, text, size);
    return out;
}

static void keep_epoch(struct fork_history *h, const struct replayed_epoch *e)
{
    h->blocks = mem_resize(h->blocks, h->block_count + e->bytes.block_count, sizeof h->blocks[0]);
    for (unsigned i = 0; i < e->bytes.block_count; i++) {
        struct fork_block *b = &h->blocks[h->block_count++];

        *b = (struct fork_block){.id = block_id(&e->bytes.blocks[i].header), .file = h->file_count, .index = i};
        keep_voters(b, e->bytes.blocks[i].certificate);
    }
    h->files = mem_resize(h->files, h->file_count + 1, sizeof h->files[0]);
    h->files[h->file_count++] = copy_text(e->file);
}

/* Names of those who voted for both blocks. */
static void add_both(const struct fork_block *a, const struct fork_block *b, const struct names *names, struct buf *out)
{
    unsigned both = 0;

    for (unsigned i = 0; i < a->voter_count; i++) {
        for (unsigned k = 0; k < b->voter_count; k++) {
            const char *name = names_find(names, &a->voters[i]);

            if (digest_equal(&a->voters[i], &b->voters[k]))
                buf_printf(out, "%s%s", both++ > 0 ? ", " : "", name != NULL ? name : "a stranger");
        }
    }
    if (both == 0)
        buf_add_text(out, "nobody");
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
    add_both(a, b, &names, &both);
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
    struct fork_history h = {.federation_id = r->state.federation_id};

    for (unsigned i = 0; i < r->epoch_count; i++)
        keep_epoch(&h, &r->epochs[i]);
    for (unsigned i = 0; i < w->count; i++) {
        if (digest_equal(&w->items[i].federation_id, &h.federation_id))
            compare(&h, &w->items[i], r, report);
    }
    w->items = mem_resize(w->items, w->count + 1, sizeof w->items[0]);
    w->items[w->count++] = h;
}

void fork_watch_free(struct fork_watch *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        struct fork_history *h = &w->items[i];

        for (unsigned k = 0; k < h->file_count; k++)
            mem_free(h->files[k]);
        for (unsigned k = 0; k < h->block_count; k++)
            mem_free(h->blocks[k].voters);
        mem_free(h->files);
        mem_free(h->blocks);
    }
    mem_free(w->items);
    *w = (struct fork_watch){0};
}
