#include "pbft/view_change_format.h"

#include <string.h>

#include "base/mutate.h"

void view_change_body(uint64_t stable, const struct digest *block_id, struct bytes signatures,
                      const struct bytes *proofs, unsigned count, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_array(&w, 4);
    cbor_put_uint(&w, stable);
    digest_put(&w, block_id);
    if (signatures.len > 0)
        cbor_put_known(&w, signatures);
    else
        cbor_put_array(&w, 0);
    cbor_put_array(&w, count);
    for (unsigned i = 0; i < count; i++)
        cbor_put_known(&w, proofs[i]);
    cbor_writer_done(&w);
}

/* C of the VIEW-CHANGE: a quorum's CHECKPOINTs for h, or the beginning of the epoch. */
static enum err stable_check(const struct view_rules *rules, const struct view_change *vc, bool verify)
{
    struct statement checkpoint = {MESSAGE_CHECKPOINT, 0, vc->claim.says.sequence, vc->block_id};
    struct cbor_reader r;
    bool is_base = checkpoint.sequence == rules->base;

    if (MUTATE(VIEW_CHANGE_BELOW_BASE, false, checkpoint.sequence < rules->base))
        return ERR_RANGE;
    if (is_base && MUTATE(VIEW_CHANGE_OF_ANOTHER_BASE, false, !digest_equal(&vc->block_id, &rules->base_id)))
        return ERR_MISMATCH;
    cbor_reader_init(&r, vc->signatures);
    signatures_check(&r, rules->members, &checkpoint, is_base ? 0 : rules->members->quorum, rules->members->n,
                     MUTATE(PBFT_STABLE_UNVERIFIED, false, verify), NULL);
    return cbor_reader_done(&r);
}

/* P of the VIEW-CHANGE: ascending, inside the window, of earlier views. */
static enum err proofs_check(const struct view_rules *rules, const struct view_change *vc, bool verify)
{
    uint64_t last = vc->claim.says.sequence, high = last + rules->window;
    struct cbor_reader r;

    cbor_reader_init(&r, vc->proofs);
    uint64_t count = cbor_get_array(&r);
    if (r.err == ERR_OK && count > rules->window)
        cbor_fail(&r, ERR_LIMIT);
    for (uint64_t i = 0; i < count && r.err == ERR_OK; i++) {
        struct proof proof = proof_read(&r, rules->members, MUTATE(PBFT_PROOF_UNVERIFIED, false, verify), rules->kept);
        if (r.err != ERR_OK)
            break;
        if (MUTATE(PROOF_TWICE, false, proof.sequence <= last) ||
            MUTATE(PROOF_ABOVE_WINDOW, false, proof.sequence > high) ||
            MUTATE(PROOF_OF_THIS_VIEW, false, proof.view >= vc->claim.says.view))
            cbor_fail(&r, ERR_RANGE);
        last = proof.sequence;
    }
    return cbor_reader_done(&r);
}

static enum err change_check(const struct view_rules *rules, const struct view_change *vc, bool verify)
{
    enum err err = stable_check(rules, vc, verify);
    return err == ERR_OK ? proofs_check(rules, vc, verify) : err;
}

/* What the body has beside h, which is in the claim too. The proofs are its last item, and whoever has not read them
 * before reads them next (proofs_check). */
static enum err body_parse(struct bytes body, uint64_t *stable, struct view_change *vc)
{
    struct cbor_reader r;

    cbor_reader_init(&r, body);
    cbor_expect_array(&r, 4);
    *stable = cbor_get_uint(&r);
    vc->block_id = digest_get(&r);
    vc->signatures = cbor_get_raw(&r);
    vc->proofs = bytes_of(body.data + r.pos, body.len - r.pos);
    return r.err;
}

enum err view_change_parse(const struct view_rules *rules, struct bytes message, bool verify, struct view_change *out)
{
    struct view_change vc = {.message = message};
    struct bytes body;
    uint64_t stable;

    enum err err = message_split(rules->members, message, MESSAGE_VIEW_CHANGE, &vc.claim, &body);
    if (err == ERR_OK && verify)
        err = MUTATE(VIEW_CHANGE_UNVERIFIED, ERR_OK, claim_verify(rules->members, &vc.claim));
    if (err == ERR_OK)
        err = body_parse(body, &stable, &vc);
    if (err != ERR_OK)
        return err;
    if (MUTATE(VIEW_CHANGE_OF_ANOTHER_STABLE, false, stable != vc.claim.says.sequence) ||
        MUTATE(VIEW_CHANGE_TO_VIEW_0, false, vc.claim.says.view == 0))
        return ERR_RANGE;
    err = change_check(rules, &vc, verify);
    if (err == ERR_OK)
        *out = vc;
    return err;
}

enum err view_change_verify(const struct view_rules *rules, const struct view_change *vc)
{
    enum err err = claim_verify(rules->members, &vc->claim);
    return err == ERR_OK ? change_check(rules, vc, true) : err;
}

void view_change_reread(const struct view_rules *rules, struct bytes message, struct view_change *out)
{
    struct bytes body;
    uint64_t stable;

    out->message = message;
    ASSERT(message_parse(rules->members, message, MESSAGE_VIEW_CHANGE, &out->claim, &body) == ERR_OK);
    ASSERT(body_parse(body, &stable, out) == ERR_OK);
}

static void plan_proofs(const struct view_change *vc, struct plan *plan)
{
    struct cbor_reader r;

    cbor_reader_init(&r, vc->proofs);
    uint64_t count = cbor_get_array(&r);
    for (uint64_t i = 0; i < count; i++) {
        struct proof proof = proof_reread(&r);
        if (proof.sequence <= plan->min_s)
            continue;
        struct planned *item = &plan->items[proof.sequence - plan->min_s - 1];
        /* Two digests prepared in one view: more liars than tolerated. The choice must still be everyone's. */
        bool later = MUTATE(PBFT_LOWEST_PROOF, proof.view<item->view, proof.view> item->view);
        if (!item->proved || later || (proof.view == item->view && digest_compare(&proof.digest, &item->digest) < 0))
            *item = (struct planned){true, proof.view, proof.digest};
        if (proof.sequence > plan->max_s)
            plan->max_s = proof.sequence;
    }
}

void plan_make(const struct view_rules *rules, const struct view_change *changes, unsigned count, struct plan *out)
{
    struct plan plan = {0};

    ASSERT(count > 0);
    for (unsigned i = 1; i < count; i++) {
        if (MUTATE(PLAN_FROM_FIRST_STABLE, false,
                   changes[i].claim.says.sequence > changes[plan.source].claim.says.sequence))
            plan.source = i;
    }
    plan.min_s = plan.max_s = changes[plan.source].claim.says.sequence;
    plan.items = mem_array(rules->window, sizeof plan.items[0]);
    for (unsigned i = 0; i < count; i++)
        plan_proofs(&changes[i], &plan);
    struct digest none = batch_null_digest();
    for (uint64_t i = 0; i < plan.max_s - plan.min_s; i++) {
        if (!plan.items[i].proved)
            plan.items[i].digest = none;
        if (!plan.items[i].proved)
            plan.max_s = MUTATE(PBFT_NO_NULL_FILL, plan.min_s + i, plan.max_s);
    }
    *out = plan;
}

void plan_fini(struct plan *plan)
{
    mem_free(plan->items);
    plan->items = NULL;
}

static void put_proposals(struct cbor_writer *w, const struct claim *proposals, unsigned count)
{
    cbor_put_array(w, count);
    for (unsigned i = 0; i < count; i++)
        cbor_put_bytes(w, bytes_of(proposals[i].signature, SIGNATURE_SIZE));
}

void new_view_body(const struct view_change *changes, unsigned count, const struct claim *proposals,
                   unsigned proposal_count, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_array(&w, 2);
    cbor_put_array(&w, count);
    for (unsigned i = 0; i < count; i++)
        cbor_put_known(&w, changes[i].message);
    put_proposals(&w, proposals, proposal_count);
    cbor_writer_done(&w);
}

/* An element of V in a short body stands for a whole VIEW-CHANGE: its signer, and the digest of its body, which it
 * signs. */
static void put_reference(struct cbor_writer *w, const struct view_change *vc)
{
    cbor_put_array(w, 2);
    cbor_put_uint(w, vc->claim.signer);
    digest_put(w, &vc->claim.says.digest);
}

struct blob *new_view_shorten(const struct view_rules *rules, const struct new_view *nv, const bool *has)
{
    struct buf body = {0};
    struct cbor_writer w;

    cbor_writer_init(&w, &body);
    cbor_put_array(&w, 2);
    cbor_put_array(&w, nv->count);
    for (unsigned i = 0; i < nv->count; i++) {
        if (has[nv->changes[i].claim.signer])
            put_reference(&w, &nv->changes[i]);
        else
            cbor_put_known(&w, nv->changes[i].message);
    }
    put_proposals(&w, nv->proposals, (unsigned)(nv->plan.max_s - nv->plan.min_s));
    cbor_writer_done(&w);
    struct blob *out = message_make(rules->members, &nv->claim, bytes_of_buf(&body));
    buf_free(&body);
    return out;
}

/* The VIEW-CHANGE that an element of V stands for. */
static struct bytes dereference(struct bytes item, const struct view_rules *rules, struct blob *const *known,
                                enum err *err)
{
    struct cbor_reader r;

    cbor_reader_init(&r, item);
    if (cbor_get_array(&r) != 2)
        return item;
    uint64_t replica = cbor_get_uint(&r);
    struct digest digest = digest_get(&r);
    *err = cbor_reader_done(&r);
    if (*err == ERR_OK && replica >= rules->members->n)
        *err = ERR_RANGE;
    if (*err == ERR_OK && known[replica] == NULL)
        *err = ERR_MISSING;
    if (*err != ERR_OK)
        return item;
    struct bytes here = blob_bytes(known[replica]), body;
    struct claim claim;
    ASSERT(message_parse(rules->members, here, MESSAGE_VIEW_CHANGE, &claim, &body) == ERR_OK);
    if (!digest_equal(&claim.says.digest, &digest))
        *err = ERR_MISMATCH;
    return here;
}

enum err new_view_expand(const struct view_rules *rules, struct bytes body, struct blob *const *known, struct buf *out)
{
    enum err err = ERR_OK;
    struct cbor_reader r;
    struct cbor_writer w;

    cbor_reader_init(&r, body);
    cbor_expect_array(&r, 2);
    cbor_expect_array(&r, rules->members->quorum);
    cbor_writer_init(&w, out);
    cbor_put_array(&w, 2);
    cbor_put_array(&w, rules->members->quorum);
    for (unsigned i = 0; i < rules->members->quorum && r.err == ERR_OK; i++) {
        struct bytes item = cbor_get_raw(&r);
        err = r.err;
        if (err == ERR_OK)
            item = dereference(item, rules, known, &err);
        if (err == ERR_OK && out->len + item.len > PBFT_MESSAGE_SIZE_MAX)
            err = ERR_LIMIT;
        if (err != ERR_OK)
            return err;
        cbor_put_known(&w, item);
    }
    struct bytes proposals = cbor_get_raw(&r);
    err = cbor_reader_done(&r);
    if (err != ERR_OK)
        return err;
    cbor_put_known(&w, proposals);
    cbor_writer_done(&w);
    return ERR_OK;
}

static bool is_known(const struct view_rules *rules, struct blob *const *known, struct bytes message)
{
    for (unsigned i = 0; known != NULL && i < rules->members->n; i++) {
        if (known[i] != NULL && bytes_equal(blob_bytes(known[i]), message))
            return true;
    }
    return false;
}

enum scrutiny { REREAD /* all of it was checked before */, CHECK_FORM, CHECK_SIGNATURES };

/* V: parses the view changes into nv. The reader gets the error. */
static void read_changes(struct cbor_reader *r, const struct view_rules *rules, enum scrutiny scrutiny,
                         struct blob *const *known, struct new_view *nv)
{
    unsigned least = 0;

    cbor_expect_array(r, rules->members->quorum);
    for (unsigned i = 0; i < rules->members->quorum && r->err == ERR_OK; i++) {
        struct bytes item = cbor_get_raw(r);
        struct view_change *vc = &nv->changes[i];
        enum err err = ERR_OK;
        if (r->err != ERR_OK)
            return;
        bool seen = scrutiny == REREAD || is_known(rules, known, item);
        if (seen)
            view_change_reread(rules, item, vc);
        else
            err = view_change_parse(rules, item, false, vc);
        if (err == ERR_OK && (MUTATE(NEW_VIEW_OF_OTHER_CHANGES, false, vc->claim.says.view != nv->claim.says.view) ||
                              vc->claim.signer < least))
            err = ERR_RANGE;
        if (err == ERR_OK && scrutiny == CHECK_SIGNATURES && !seen)
            err = MUTATE(PBFT_CHANGES_UNVERIFIED, ERR_OK, view_change_verify(rules, vc));
        if (err != ERR_OK) {
            cbor_fail(r, err);
            return;
        }
        least = MUTATE(PBFT_CHANGES_OF_ONE, 0, vc->claim.signer + 1);
        nv->count++;
    }
}

/* O: the signatures must be over what V dictates. The reader gets the error. */
static void read_proposals(struct cbor_reader *r, const struct view_rules *rules, bool verify, struct new_view *nv)
{
    uint64_t count = nv->plan.max_s - nv->plan.min_s;

    cbor_expect_array(r, count);
    if (r->err != ERR_OK)
        return;
    nv->proposals = mem_array(count + 1, sizeof nv->proposals[0]);
    for (uint64_t i = 0; i < count && r->err == ERR_OK; i++) {
        struct claim *c = &nv->proposals[i];
        struct bytes signature = cbor_get_bytes_of(r, SIGNATURE_SIZE);
        if (r->err != ERR_OK)
            return;
        c->says = (struct statement){MESSAGE_PRE_PREPARE, nv->claim.says.view, nv->plan.min_s + 1 + i,
                                     nv->plan.items[i].digest};
        c->signer = nv->claim.signer;
        memcpy(c->signature, signature.data, SIGNATURE_SIZE);
        enum err err = verify ? MUTATE(PBFT_ACCEPT_ANY_NEW_VIEW, ERR_OK, claim_verify(rules->members, c)) : ERR_OK;
        if (err != ERR_OK)
            cbor_fail(r, err);
    }
}

static enum err new_view_body_read(const struct view_rules *rules, struct bytes body, enum scrutiny scrutiny,
                                   struct blob *const *known, struct new_view *out)
{
    struct cbor_reader r;

    cbor_reader_init(&r, body);
    cbor_expect_array(&r, 2);
    read_changes(&r, rules, scrutiny, known, out);
    if (r.err == ERR_OK) {
        plan_make(rules, out->changes, out->count, &out->plan);
        if (MUTATE(NEW_VIEW_OF_ANOTHER_STABLE, false, out->plan.min_s != out->claim.says.sequence))
            cbor_fail(&r, ERR_MISMATCH);
    }
    if (r.err == ERR_OK)
        read_proposals(&r, rules, scrutiny == CHECK_SIGNATURES, out);
    return cbor_reader_done(&r);
}

static void new_view_init(struct new_view *nv)
{
    nv->count = 0;
    nv->plan = (struct plan){0};
    nv->proposals = NULL;
}

enum err new_view_parse(const struct view_rules *rules, struct bytes message, bool verify, struct blob *const *known,
                        struct new_view *out)
{
    struct bytes body;

    new_view_init(out);
    enum err err = message_split(rules->members, message, MESSAGE_NEW_VIEW, &out->claim, &body);
    if (err != ERR_OK)
        return err;
    unsigned primary = members_primary(rules->members, out->claim.says.view);
    if (out->claim.says.view == 0 || MUTATE(NEW_VIEW_OF_ANYBODY, false, out->claim.signer != primary))
        return ERR_STATE;
    err = verify ? MUTATE(NEW_VIEW_UNVERIFIED, ERR_OK, claim_verify(rules->members, &out->claim)) : ERR_OK;
    if (err != ERR_OK)
        return err;
    err = new_view_body_read(rules, body, verify ? CHECK_SIGNATURES : CHECK_FORM, known, out);
    if (err != ERR_OK)
        new_view_fini(out);
    return err;
}

void new_view_reread(const struct view_rules *rules, struct bytes message, struct new_view *out)
{
    struct bytes body;

    new_view_init(out);
    ASSERT(message_parse(rules->members, message, MESSAGE_NEW_VIEW, &out->claim, &body) == ERR_OK);
    ASSERT(new_view_body_read(rules, body, REREAD, NULL, out) == ERR_OK);
}

void new_view_fini(struct new_view *nv)
{
    plan_fini(&nv->plan);
    mem_free(nv->proposals);
    nv->proposals = NULL;
}
