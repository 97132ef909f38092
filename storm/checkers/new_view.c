#include "pbft/record.h"
#include "storm/world.h"

#include <string.h>

/* ---- what it is made of: every signature anew, whatever the replica itself has looked at */

/* [[replica, signature]...] of distinct replicas. */
static bool are_distinct(struct cbor_reader *r)
{
    uint64_t seen = 0;

    for (uint64_t left = cbor_get_array(r); left > 0 && r->err == ERR_OK; left--) {
        (void)cbor_get_array(r);
        uint64_t signer = cbor_get_uint(r);
        (void)cbor_get_raw(r);
        if (signer >= REPLICAS_MAX || (seen >> signer & 1) != 0)
            return false;
        seen |= UINT64_C(1) << signer;
    }
    return r->err == ERR_OK;
}

static bool proofs_hold(const struct members *members, struct bytes proofs)
{
    struct cbor_reader r, signers;

    cbor_reader_init(&r, proofs);
    for (uint64_t left = cbor_get_array(&r); left > 0; left--) {
        signers = r;
        (void)proof_read(&r, members, true, NULL);
        (void)cbor_get_array(&signers);
        for (unsigned i = 0; i < 4; i++)
            (void)cbor_get_raw(&signers);
        if (r.err != ERR_OK || !are_distinct(&signers))
            return false;
    }
    return true;
}

static bool change_holds(const struct epoch *e, const struct view_change *vc)
{
    struct statement stable = {MESSAGE_CHECKPOINT, 0, vc->claim.says.sequence, vc->block_id};
    struct cbor_reader r, signers;

    if (claim_verify(&e->members, &vc->claim) != ERR_OK || !proofs_hold(&e->members, vc->proofs))
        return false;
    if (stable.sequence == e->base)
        return true;
    cbor_reader_init(&r, vc->signatures);
    signers = r;
    signatures_check(&r, &e->members, &stable, e->members.quorum, e->members.n, true, NULL);
    return r.err == ERR_OK && are_distinct(&signers);
}

static bool sources_hold(const struct epoch *e, const struct new_view *nv)
{
    uint64_t seen = 0;
    bool holds = claim_verify(&e->members, &nv->claim) == ERR_OK && nv->count >= e->members.quorum;

    for (unsigned i = 0; i < nv->count; i++) {
        const struct view_change *vc = &nv->changes[i];
        holds = holds && vc->claim.says.view == nv->claim.says.view && change_holds(e, vc);
        holds = holds && (seen >> vc->claim.signer & 1) == 0;
        seen |= UINT64_C(1) << vc->claim.signer;
    }
    for (uint64_t i = 0; i < nv->plan.max_s - nv->plan.min_s; i++)
        holds = holds && claim_verify(&e->members, &nv->proposals[i]) == ERR_OK;
    return holds;
}

/* Reads it; whether its sources hold is a function of its bytes, so that is asked once for all who enter the view. */
static bool open_checked(struct machine *m, const struct epoch *e, struct bytes message, struct new_view *nv)
{
    struct world *w = m->world;
    struct checkers *c = &w->checkers;
    struct view_rules rules = {&e->members, w->plan.window, e->base, e->base_id, NULL};

    if (c->entered != NULL && c->entered_epoch == e && bytes_equal(blob_bytes(c->entered), message)) {
        new_view_reread(&rules, message, nv);
    } else if (new_view_parse(&rules, message, false, NULL, nv) != ERR_OK) {
        world_fail(w, "8 new view", "machine %u enters a view that cannot be read", m->index);
        return false;
    } else {
        blob_drop(c->entered);
        c->entered = blob_new(message);
        c->entered_epoch = e;
        c->entered_holds = sources_hold(e, nv);
    }
    if (!c->entered_holds || (nv->plan.min_s > e->base && !stable_vouched(m, nv->plan.min_s)))
        world_fail(w, "8 new view", "machine %u enters view %llu, which does not hold", m->index,
                   (unsigned long long)nv->claim.says.view);
    return true;
}

/* ---- what follows from it */

/* OSDI'99 section 4.4, a second time and as plainly as can be: the digest for a sequence is that of the proof of the
 * highest view, and no proof means the null batch. */
static void expect_proofs(const struct new_view *nv, struct planned *expected, bool *two)
{
    for (unsigned i = 0; i < nv->count; i++) {
        struct cbor_reader r;
        cbor_reader_init(&r, nv->changes[i].proofs);
        for (uint64_t left = cbor_get_array(&r); left > 0; left--) {
            struct proof proof = proof_reread(&r);
            if (proof.sequence <= nv->plan.min_s || proof.sequence > nv->plan.max_s)
                continue;
            struct planned *best = &expected[proof.sequence - nv->plan.min_s - 1];
            *two = *two || (best->proved && !digest_equal(&best->digest, &proof.digest));
            if (!best->proved || proof.view > best->view)
                *best = (struct planned){true, proof.view, proof.digest};
        }
    }
}

static void check_content(struct machine *m, const struct epoch *e, const struct new_view *nv)
{
    struct world *w = m->world;
    struct digest none = batch_null_digest();
    uint64_t low = 0;
    bool two = false, null = false, real = false;
    struct planned *expected = mem_array(nv->plan.max_s - nv->plan.min_s, sizeof expected[0]);

    for (unsigned i = 0; i < nv->count; i++) {
        uint64_t h = nv->changes[i].claim.says.sequence;
        if (i > 0 && h != low)
            MARK(w, NEW_VIEW_MIXED);
        if (h > low)
            low = h;
    }
    if (nv->plan.min_s != low)
        world_fail(w, "8 new view", "view %llu begins at %llu", (unsigned long long)nv->claim.says.view,
                   (unsigned long long)nv->plan.min_s);
    expect_proofs(nv, expected, &two);
    for (uint64_t i = 0; i < nv->plan.max_s - nv->plan.min_s; i++) {
        const struct digest *digest = expected[i].proved ? &expected[i].digest : &none;
        if (!digest_equal(digest, &nv->proposals[i].says.digest))
            world_fail(w, "8 new view", "view %llu proposes something else at %llu",
                       (unsigned long long)nv->claim.says.view, (unsigned long long)(nv->plan.min_s + 1 + i));
        if (digest_equal(digest, &none))
            null = true;
        else
            real = true;
    }
    mem_free(expected);
    if (nv->plan.max_s == nv->plan.min_s)
        MARK(w, NEW_VIEW_EMPTY);
    if (real)
        MARK(w, NEW_VIEW_PROPOSES);
    if (null)
        MARK(w, NEW_VIEW_NULL);
    if (two)
        MARK(w, NEW_VIEW_TWO_DIGESTS);
    if (nv->plan.min_s > e->base)
        MARK(w, NEW_VIEW_ABOVE_STABLE);
}

/* What somebody correct decided in an earlier view. */
static void check_decided(struct machine *m, const struct epoch *e, const struct new_view *nv)
{
    struct world *w = m->world;

    for (uint64_t s = nv->plan.min_s + 1; s <= w->checkers.agreed_count && epoch_of_height(w, s) == e; s++) {
        const struct agreed_block *b = agreed_at(w, s);
        if (!b->decided || b->view >= nv->claim.says.view)
            continue;
        bool kept = s <= nv->plan.max_s && digest_equal(&b->batch, &nv->proposals[s - nv->plan.min_s - 1].says.digest);
        if (!kept)
            world_fail(w, "3 decided survives", "view %llu forgets what is decided at %llu",
                       (unsigned long long)nv->claim.says.view, (unsigned long long)s);
    }
}

void new_view_persisted(struct machine *m, struct bytes record)
{
    struct world *w = m->world;
    struct cbor_reader r;
    struct record_head head;
    struct new_view nv;

    if (record_kind(record) != RECORD_MESSAGE || record_head_read(record, &head, &r) != ERR_OK)
        return;
    const struct epoch *e = epoch_of_record(w, record);
    struct bytes message = cbor_get_raw(&r);
    if (message.len < 2 || message.data[1] != MESSAGE_NEW_VIEW || !open_checked(m, e, message, &nv))
        return;
    m->planned_view = nv.claim.says.view;
    m->planned_top = nv.plan.max_s;
    check_content(m, e, &nv);
    check_decided(m, e, &nv);
    if (m->app.decided < nv.plan.min_s)
        MARK(w, NEW_VIEW_BEHIND);
    if (m->app.decided > nv.plan.min_s && nv.plan.max_s > nv.plan.min_s)
        MARK(w, NEW_VIEW_BELOW);
    if (w->plan.lies[e->replica_of[nv.claim.signer]] != LIE_NONE)
        MARK(w, NEW_VIEW_LIAR);
    new_view_fini(&nv);
}
