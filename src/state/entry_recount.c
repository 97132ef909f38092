#include "state/governance.h"
#include "state/kind.h"
#include "base/mutate.h"
#include "state/membership.h"
#include "state/recount.h"

/* RECOUNT: a validator ran a drawn claim again and got another cost (state/recount.h). */

void recount_body_encode(const struct recount_body *b, struct buf *out)
{
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 3);
    cbor_put_text(&w, "cost");
    cbor_put_uint(&w, b->cost);
    cbor_put_text(&w, "number");
    cbor_put_uint(&w, b->number);
    cbor_put_text(&w, "leaf_hash");
    digest_put(&w, &b->leaf_hash);
    cbor_writer_done(&w);
}

enum err recount_body_decode(struct bytes in, struct recount_body *out)
{
    struct recount_body b = {0};
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 3);
    cbor_expect_key(&r, "cost");
    b.cost = kind_get_number(&r);
    cbor_expect_key(&r, "number");
    uint64_t number = cbor_get_uint(&r);
    if (number >= CYCLE_CANDIDATES_MAX)
        cbor_fail(&r, ERR_RANGE);
    b.number = (unsigned)number;
    cbor_expect_key(&r, "leaf_hash");
    b.leaf_hash = digest_get(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *out = b;
    return err;
}

static enum err decode(const void *context, const struct envelope *e, void **out)
{
    struct recount_body b;
    enum err err = recount_body_decode(e->body, &b);

    (void)context;
    if (err == ERR_OK)
        *out = kind_keep(&b, sizeof b);
    return err;
}

/* ---- judging */

static struct spot_check *check_find(const struct federation_state *s, const struct recount_body *b)
{
    for (unsigned i = 0; i < s->check_count; i++) {
        struct spot_check *c = &s->checks[i];
        if (c->number == b->number && digest_equal(&c->leaf_hash, &b->leaf_hash))
            return c;
    }
    return NULL;
}

static bool has_spoken(const struct spot_check *c, unsigned member)
{
    bool found = false;

    for (unsigned i = 0; i < c->recount_count; i++)
        found = found || c->recounts[i].member == member;
    return found;
}

/* ERR_UNKNOWN: that claim is not drawn, or is no longer. ERR_STATE: one's own claim, or of one who is out for good.
 * ERR_MISMATCH: it is what the claim says. ERR_DUPLICATE: a second word of one validator about a claim. */
static enum err judge(const struct federation_state *s, struct entry *e)
{
    const struct recount_body *b = e->body;

    if (e->envelope.federated_epoch > s->epoch)
        return ERR_AGAIN;
    const struct spot_check *c = check_find(s, b);
    if (c == NULL)
        return ERR_UNKNOWN;
    if (c->member == e->member || !membership_stays(state_member(s, c->member)))
        return ERR_STATE;
    if (b->cost == c->cost)
        return ERR_MISMATCH;
    return has_spoken(c, e->member) ? MUTATE(STATE_RECOUNT_TWICE, ERR_OK, ERR_DUPLICATE) : ERR_OK;
}

/* ---- taking effect */

/* How many of those who have a vote say so. */
static unsigned voices(const struct federation_state *s, const struct spot_check *c, uint64_t cost)
{
    unsigned count = 0;

    for (unsigned i = 0; i < c->recount_count; i++) {
        const struct member *m = state_member(s, c->recounts[i].member);
        bool same = MUTATE(STATE_RECOUNTS_ADD_UP, true, c->recounts[i].cost == cost);
        count += same && m->votes && membership_stays(m);
    }
    return count;
}

/* All that is drawn of its author has served its purpose. */
static void find_false(struct federation_state *s, unsigned author)
{
    struct member *m = state_member_change(s, author);
    enum response response = governance_respond(s, VIOLATION_FALSE_CLAIM, (int)author);

    if (response != RESPONSE_WARN)
        m->status = MEMBER_QUARANTINED;
    m->found_epoch = s->epoch;
    m->false_claims++;
    MUTATE(STATE_FALSE_CLAIM_COUNTS, (void)0, contribution_drop(s, author));
    recount_drop(s, author);
}

static void apply(struct federation_state *s, const struct entry *e)
{
    const struct recount_body *b = e->body;
    unsigned enough = MUTATE(STATE_ONE_RECOUNT, 1, s->max_byzantine + 1);
    struct spot_check *c = check_find(s, b);

    ASSERT(c != NULL);
    c->recounts = mem_resize(c->recounts, c->recount_count + 1, sizeof c->recounts[0]);
    c->recounts[c->recount_count++] = (struct recount){e->member, b->cost};
    if (voices(s, c, b->cost) >= enough)
        find_false(s, c->member);
}

const struct kind kind_recount = {
    .signer = SIGNED_BY_VALIDATORS, .decode = decode, .judge = judge, .apply = apply, .waits = true};
