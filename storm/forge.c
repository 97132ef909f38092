#include <string.h>

#include "storm/lies.h"

/* What a liar makes of signatures that it does not have: forged ones of others beside its own, or its own many times
 * over. */

static unsigned own_number(const struct machine *m)
{
    return (unsigned)machine_epoch(m)->number_of[m->replica];
}

static struct claim forged(const struct machine *m, const struct statement *says, unsigned signer)
{
    struct claim claim = {.says = *says, .signer = signer};

    if (signer == own_number(m))
        statement_sign(&machine_epoch(m)->members, signer, machine_key(m), says, &claim);
    else
        memset(claim.signature, 0x33, SIGNATURE_SIZE);
    return claim;
}

/* `count` signatures under a statement, none of `except`. */
static void forge_quorum(const struct machine *m, const struct statement *says, unsigned count, unsigned except,
                         bool own_only, struct claim *out)
{
    for (unsigned i = 0, signer = 0; i < count; i++, signer++) {
        signer += signer == except;
        out[i] = forged(m, says, own_only ? own_number(m) : signer);
    }
}

/* A checkpoint at what the liar has executed, or above. */
static void forge_stable(const struct machine *m, uint64_t v, struct statement *says, struct buf *signatures)
{
    const struct members *members = &machine_epoch(m)->members;
    const struct application *a = &m->app;
    uint64_t interval = m->world->plan.interval;
    struct claim claims[REPLICAS_MAX];
    struct cbor_writer w;

    *says = (struct statement){.type = MESSAGE_CHECKPOINT, .sequence = (a->executed / interval + v % 3) * interval};
    if (says->sequence >= a->base && says->sequence <= a->executed)
        says->digest = application_id(a, says->sequence);
    else
        says->digest = digest_of(bytes_of((const uint8_t *)&says->sequence, sizeof says->sequence));
    forge_quorum(m, says, members->quorum, members->n, v / 3 % 2 == 0, claims);
    cbor_writer_init(&w, signatures);
    signatures_encode(&w, claims, members->quorum);
    cbor_writer_done(&w);
}

struct blob *lie_stable(const struct machine *m, uint64_t v)
{
    struct buf signatures = {0}, out = {0};
    struct statement says;
    struct cbor_writer w;

    forge_stable(m, v, &says, &signatures);
    cbor_writer_init(&w, &out);
    cbor_put_array(&w, 4);
    cbor_put_uint(&w, MESSAGE_STABLE);
    cbor_put_uint(&w, says.sequence);
    digest_put(&w, &says.digest);
    cbor_put_raw(&w, bytes_of_buf(&signatures));
    cbor_writer_done(&w);
    struct blob *blob = blob_new(bytes_of_buf(&out));
    buf_free(&signatures);
    buf_free(&out);
    return blob;
}

/* That null batches were prepared in the view before, right above where the epoch began. */
static unsigned forge_proofs(const struct machine *m, uint64_t view, uint64_t v, struct buf proofs[3])
{
    const struct epoch *e = machine_epoch(m);
    struct claim prepares[REPLICAS_MAX];
    unsigned count = 1 + (unsigned)(v % 3);

    for (unsigned i = 0; i < count; i++) {
        struct statement says = {MESSAGE_PRE_PREPARE, view - 1, e->base + 1 + i, batch_null_digest()};
        unsigned primary = members_primary(&e->members, says.view);
        struct claim proposal = forged(m, &says, primary);
        says.type = MESSAGE_PREPARE;
        bool own_only = v / 3 % 2 == 0 && primary != own_number(m);
        forge_quorum(m, &says, e->members.quorum - 1, primary, own_only, prepares);
        proof_encode(&proposal, prepares, e->members.quorum - 1, &proofs[i]);
    }
    return count;
}

struct blob *lie_view_change(const struct machine *m, uint64_t view, uint64_t v)
{
    const struct epoch *e = machine_epoch(m);
    struct buf body = {0}, signatures = {0}, proofs[3] = {{0}};
    struct bytes items[3];
    struct statement stable = {MESSAGE_CHECKPOINT, 0, e->base, e->base_id},
                     says = {MESSAGE_VIEW_CHANGE, view, 0, {{0}}};
    unsigned count = 0;

    if (v % 4 == 1)
        count = forge_proofs(m, view, v / 4, proofs);
    else if (v % 4 == 2)
        forge_stable(m, v / 4, &stable, &signatures);
    for (unsigned i = 0; i < count; i++)
        items[i] = bytes_of_buf(&proofs[i]);
    view_change_body(stable.sequence, &stable.digest, bytes_of_buf(&signatures), items, count, &body);
    says.sequence = stable.sequence;
    says.digest = digest_of(bytes_of_buf(&body));
    struct blob *blob = lie_statement(m, &says, bytes_of_buf(&body));
    buf_free(&body);
    buf_free(&signatures);
    for (unsigned i = 0; i < count; i++)
        buf_free(&proofs[i]);
    return blob;
}

/* A NEW-VIEW of these view changes, otherwise as the rules have it. */
static struct blob *new_view_of(const struct machine *m, uint64_t view, const struct view_change *changes,
                                unsigned count)
{
    const struct epoch *e = machine_epoch(m);
    struct view_rules rules = {&e->members, m->world->plan.window, e->base, e->base_id, NULL};
    struct buf body = {0};
    struct plan plan;

    plan_make(&rules, changes, count, &plan);
    unsigned proposals = (unsigned)(plan.max_s - plan.min_s);
    struct claim *signed_ones = mem_array(proposals + 1, sizeof signed_ones[0]);
    for (unsigned i = 0; i < proposals; i++) {
        struct statement says = {MESSAGE_PRE_PREPARE, view, plan.min_s + 1 + i, plan.items[i].digest};
        signed_ones[i] = forged(m, &says, own_number(m));
    }
    new_view_body(changes, count, signed_ones, proposals, &body);
    struct statement says = {MESSAGE_NEW_VIEW, view, plan.min_s, digest_of(bytes_of_buf(&body))};
    struct blob *blob = lie_statement(m, &says, bytes_of_buf(&body));
    buf_free(&body);
    mem_free(signed_ones);
    plan_fini(&plan);
    return blob;
}

struct blob *lie_changes(const struct machine *m, const struct new_view *nv, bool own_only)
{
    const struct epoch *e = machine_epoch(m);
    struct view_rules rules = {&e->members, m->world->plan.window, e->base, e->base_id, NULL};
    struct view_change changes[REPLICAS_MAX];
    struct blob *blobs[REPLICAS_MAX];
    struct buf body = {0};

    view_change_body(e->base, &e->base_id, bytes_of(NULL, 0), NULL, 0, &body);
    struct statement says = {MESSAGE_VIEW_CHANGE, nv->claim.says.view, e->base, digest_of(bytes_of_buf(&body))};
    for (unsigned i = 0; i < nv->count; i++) {
        struct claim claim = forged(m, &says, own_only ? own_number(m) : nv->changes[i].claim.signer);
        blobs[i] = message_make(&e->members, &claim, bytes_of_buf(&body));
        ASSERT(view_change_parse(&rules, blob_bytes(blobs[i]), false, &changes[i]) == ERR_OK);
    }
    struct blob *blob = new_view_of(m, nv->claim.says.view, changes, nv->count);
    for (unsigned i = 0; i < nv->count; i++)
        blob_drop(blobs[i]);
    buf_free(&body);
    return blob;
}
