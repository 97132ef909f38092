#include "pbft/view_change_format.h"

#include "pbft/evidence.h"
#include "tap.h"

enum { N = 4, Q = 3, WINDOW = 8 };

static struct secret_key keys[N];
static struct members members;
static struct view_rules rules;

static void world_init(void)
{
    members = (struct members){.n = N, .f = 1, .quorum = Q, .membership_epoch = 5};
    members.federation_id = digest_of(bytes_of_text("f"));
    for (unsigned i = 0; i < N; i++) {
        char label[8];
        snprintf(label, sizeof label, "r%u", i);
        key_simulated(3, label, &keys[i]);
        members.keys[i] = keys[i].public;
        members.fingerprints[i] = keys[i].fingerprint;
    }
    rules = (struct view_rules){&members, WINDOW, 0, {{0}}, NULL};
}

static struct claim sign(unsigned signer, enum message_type type, uint64_t view, uint64_t sequence,
                         const struct digest *digest)
{
    struct statement says = {type, view, sequence, *digest};
    struct claim claim;

    statement_sign(&members, signer, &keys[signer], &says, &claim);
    return claim;
}

static struct digest digest_named(const char *name)
{
    return digest_of(bytes_of_text(name));
}

/* A proof that `name` was prepared. */
static void prove(uint64_t sequence, uint64_t view, const char *name, struct buf *out)
{
    struct digest digest = digest_named(name);
    unsigned primary = members_primary(&members, view), count = 0;
    struct claim pre_prepare = sign(primary, MESSAGE_PRE_PREPARE, view, sequence, &digest), prepares[N];

    for (unsigned i = 0; i < N && count < Q - 1; i++) {
        if (i != primary)
            prepares[count++] = sign(i, MESSAGE_PREPARE, view, sequence, &digest);
    }
    proof_encode(&pre_prepare, prepares, count, out);
}

static void wrap(const struct claim *claim, struct bytes body, struct buf *out)
{
    struct buf cose = {0};
    struct cbor_writer w;

    claim_encode(&members, claim, &cose);
    cbor_writer_init(&w, out);
    cbor_put_array(&w, 3);
    cbor_put_uint(&w, claim->says.type);
    cbor_put_raw(&w, bytes_of_buf(&cose));
    cbor_put_raw(&w, body);
    cbor_writer_done(&w);
    buf_free(&cose);
}

struct prepared {
    uint64_t sequence, view;
    const char *name;
};

static bool imposed; /* the VIEW-CHANGE's signature is not its signer's */

/* VIEW-CHANGE of a replica with a checkpoint at `stable` that `voices` replicas signed, and these proofs. */
static void view_change(unsigned replica, uint64_t view, uint64_t stable, unsigned voices,
                        const struct prepared *prepared, unsigned count, struct buf *out)
{
    struct buf proofs[WINDOW + 2] = {0}, body = {0}, signatures = {0};
    struct bytes views[WINDOW + 2];
    struct digest id = stable == 0 ? (struct digest){{0}} : digest_named("checkpoint");
    struct claim marks[N];
    struct cbor_writer w;

    for (unsigned i = 0; i < voices; i++)
        marks[i] = sign(i, MESSAGE_CHECKPOINT, 0, stable, &id);
    cbor_writer_init(&w, &signatures);
    signatures_encode(&w, marks, voices);
    for (unsigned i = 0; i < count; i++) {
        prove(prepared[i].sequence, prepared[i].view, prepared[i].name, &proofs[i]);
        views[i] = bytes_of_buf(&proofs[i]);
    }
    view_change_body(stable, &id, bytes_of_buf(&signatures), views, count, &body);
    struct digest digest = digest_of(bytes_of_buf(&body));
    struct claim claim = sign(replica, MESSAGE_VIEW_CHANGE, view, stable, &digest);
    claim.signature[9] ^= imposed;
    buf_clear(out);
    wrap(&claim, bytes_of_buf(&body), out);
    for (unsigned i = 0; i < count; i++)
        buf_free(&proofs[i]);
    buf_free(&body);
    buf_free(&signatures);
}

static enum err parse(const struct buf *message, struct view_change *vc)
{
    return view_change_parse(&rules, bytes_of_buf(message), true, vc);
}

static void a_view_change_proves_what_it_says(void)
{
    struct buf m = {0};
    struct view_change vc;

    view_change(1, 3, 0, 0, (struct prepared[]){{1, 0, "a"}, {8, 2, "b"}}, 2, &m);
    CHECK_OK(parse(&m, &vc));
    CHECK(vc.claim.signer == 1 && vc.claim.says.view == 3 && vc.claim.says.sequence == 0);
    view_change(1, 3, 4, Q, (struct prepared[]){{12, 2, "b"}}, 1, &m);
    CHECK_OK(parse(&m, &vc));
    view_change(1, 3, 4, Q - 1, NULL, 0, &m); /* too few CHECKPOINTs */
    CHECK_ERR(parse(&m, &vc), ERR_RANGE);
    view_change(1, 3, 4, 0, NULL, 0, &m); /* none: only the beginning needs none */
    CHECK_ERR(parse(&m, &vc), ERR_RANGE);
    view_change(1, 3, 0, 0, (struct prepared[]){{9, 0, "a"}}, 1, &m); /* above the high water mark */
    CHECK_ERR(parse(&m, &vc), ERR_RANGE);
    view_change(1, 3, 0, 0, (struct prepared[]){{1, 3, "a"}}, 1, &m); /* not of an earlier view */
    CHECK_ERR(parse(&m, &vc), ERR_RANGE);
    view_change(1, 3, 0, 0, (struct prepared[]){{2, 0, "a"}, {2, 1, "b"}}, 2, &m); /* twice */
    CHECK_ERR(parse(&m, &vc), ERR_RANGE);
    view_change(1, 0, 0, 0, NULL, 0, &m); /* nobody changes to view 0 */
    CHECK_ERR(parse(&m, &vc), ERR_RANGE);
    buf_free(&m);
}

static void every_flipped_bit_of_a_view_change_fails(void)
{
    struct buf m = {0};
    struct view_change vc;

    view_change(1, 3, 4, Q, (struct prepared[]){{5, 0, "a"}}, 1, &m);
    for (size_t bit = 0; bit < 8 * m.len; bit++) {
        m.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (parse(&m, &vc) == ERR_OK)
            CHECK_EQ_U64(bit, SIZE_MAX);
        m.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    buf_free(&m);
}

/* Nobody goes back behind the block at which the membership epoch began, and there is one such block. */
static void a_view_change_stands_on_the_beginning_of_the_epoch(void)
{
    struct buf m = {0};
    struct view_change vc;

    view_change(1, 3, 0, 0, NULL, 0, &m);
    rules.base_id = digest_named("another beginning");
    CHECK_ERR(parse(&m, &vc), ERR_MISMATCH);
    view_change(1, 3, 4, Q, NULL, 0, &m);
    rules.base = 8;
    CHECK_ERR(parse(&m, &vc), ERR_RANGE);
    rules.base = 4;
    rules.base_id = digest_named("checkpoint");
    view_change(1, 3, 4, 0, NULL, 0, &m);
    CHECK_OK(parse(&m, &vc));
    rules.base = 0;
    rules.base_id = (struct digest){{0}};
    buf_free(&m);
}

/* What the claim says of the checkpoint its body says, too. */
static void a_view_change_names_one_checkpoint(void)
{
    struct buf m = {0}, body = {0}, signatures = {0};
    struct digest id = digest_named("checkpoint");
    struct claim marks[Q];
    struct view_change vc;
    struct cbor_writer w;

    for (unsigned i = 0; i < Q; i++)
        marks[i] = sign(i, MESSAGE_CHECKPOINT, 0, 4, &id);
    cbor_writer_init(&w, &signatures);
    signatures_encode(&w, marks, Q);
    view_change_body(8, &id, bytes_of_buf(&signatures), NULL, 0, &body);
    struct digest digest = digest_of(bytes_of_buf(&body));
    struct claim claim = sign(1, MESSAGE_VIEW_CHANGE, 3, 4, &digest);
    wrap(&claim, bytes_of_buf(&body), &m);
    CHECK_ERR(parse(&m, &vc), ERR_RANGE);
    buf_free(&signatures);
    buf_free(&body);
    buf_free(&m);
}

static bool planned(const struct plan *plan, uint64_t sequence, const char *name)
{
    struct digest want = name != NULL ? digest_named(name) : batch_null_digest();
    return digest_equal(&plan->items[sequence - plan->min_s - 1].digest, &want);
}

/* Section 4.4: from the latest stable checkpoint on, the proof of the highest view, gaps filled with null. */
static void the_plan_is_the_papers(void)
{
    struct buf m[Q] = {0};
    struct view_change vcs[Q];
    struct plan plan;

    view_change(0, 5, 0, 0, (struct prepared[]){{2, 0, "below"}, {5, 1, "old"}, {8, 4, "top"}}, 3, &m[0]);
    view_change(2, 5, 4, Q, (struct prepared[]){{5, 3, "new"}, {6, 0, "six"}}, 2, &m[1]);
    view_change(3, 5, 4, Q, (struct prepared[]){{5, 2, "middle"}}, 1, &m[2]);
    for (unsigned i = 0; i < Q; i++)
        REQUIRE_OK(parse(&m[i], &vcs[i]));
    plan_make(&rules, vcs, Q, &plan);
    CHECK_EQ_U64(plan.min_s, 4);
    CHECK_EQ_U64(plan.max_s, 8);
    CHECK_EQ_U64(plan.source, 1);
    if (plan.max_s == 8)
        CHECK(planned(&plan, 5, "new") && planned(&plan, 6, "six") && planned(&plan, 7, NULL) &&
              planned(&plan, 8, "top"));
    plan_fini(&plan);
    view_change(0, 5, 4, Q, NULL, 0, &m[0]);
    view_change(2, 5, 4, Q, NULL, 0, &m[1]);
    view_change(3, 5, 0, 0, (struct prepared[]){{3, 0, "done"}}, 1, &m[2]);
    for (unsigned i = 0; i < Q; i++)
        REQUIRE_OK(parse(&m[i], &vcs[i]));
    plan_make(&rules, vcs, Q, &plan);
    CHECK(plan.min_s == 4 && plan.max_s == 4);
    plan_fini(&plan);
    for (unsigned i = 0; i < Q; i++)
        buf_free(&m[i]);
}

/* A NEW-VIEW for `view` from these view changes; spoil: the last proposal is signed over another digest. */
static uint64_t misnamed; /* added to the checkpoint that a NEW-VIEW's claim names */
static bool forged;       /* its signature is not its signer's */

static void new_view(unsigned signer, uint64_t view, struct buf *messages, unsigned count, bool spoil, struct buf *out)
{
    struct view_change vcs[N];
    struct claim proposals[WINDOW];
    struct buf body = {0};
    struct plan plan;

    for (unsigned i = 0; i < count; i++)
        CHECK_OK(view_change_parse(&rules, bytes_of_buf(&messages[i]), false, &vcs[i]));
    plan_make(&rules, vcs, count, &plan);
    uint64_t items = plan.max_s - plan.min_s;
    for (uint64_t i = 0; i < items; i++) {
        struct digest odd = digest_named("odd");
        bool bad = spoil && i + 1 == items;
        proposals[i] = sign(signer, MESSAGE_PRE_PREPARE, view, plan.min_s + 1 + i, bad ? &odd : &plan.items[i].digest);
    }
    new_view_body(vcs, count, proposals, (unsigned)items, &body);
    struct digest digest = digest_of(bytes_of_buf(&body));
    struct claim claim = sign(signer, MESSAGE_NEW_VIEW, view, plan.min_s + misnamed, &digest);
    claim.signature[9] ^= forged;
    buf_clear(out);
    wrap(&claim, bytes_of_buf(&body), out);
    plan_fini(&plan);
    buf_free(&body);
}

static enum err judge(const struct buf *message)
{
    struct new_view nv;
    enum err err = new_view_parse(&rules, bytes_of_buf(message), true, NULL, &nv);
    if (err == ERR_OK)
        new_view_fini(&nv);
    return err;
}

static void a_new_view_other_than_the_plan_is_refused(void)
{
    struct buf m[N] = {0}, out = {0};

    view_change(0, 5, 0, 0, (struct prepared[]){{1, 0, "a"}}, 1, &m[0]);
    view_change(1, 5, 0, 0, (struct prepared[]){{3, 4, "c"}}, 1, &m[1]);
    view_change(2, 5, 0, 0, NULL, 0, &m[2]);
    new_view(1, 5, m, Q, false, &out);
    CHECK_OK(judge(&out));
    new_view(1, 5, m, Q, true, &out);
    CHECK_ERR(judge(&out), ERR_SIGNATURE);
    misnamed = 1;
    new_view(1, 5, m, Q, false, &out);
    CHECK_ERR(judge(&out), ERR_MISMATCH);
    misnamed = 0;
    forged = true;
    new_view(1, 5, m, Q, false, &out);
    CHECK_ERR(judge(&out), ERR_SIGNATURE);
    forged = false;
    imposed = true;
    view_change(2, 5, 0, 0, NULL, 0, &m[2]); /* nobody has said that */
    imposed = false;
    new_view(1, 5, m, Q, false, &out);
    CHECK_ERR(judge(&out), ERR_SIGNATURE);
    view_change(2, 5, 0, 0, NULL, 0, &m[2]);
    new_view(2, 5, m, Q, false, &out); /* view 5 is not replica 2's */
    CHECK_ERR(judge(&out), ERR_STATE);
    new_view(1, 5, m, Q - 1, false, &out);
    CHECK_ERR(judge(&out), ERR_RANGE);
    view_change(3, 5, 0, 0, NULL, 0, &m[3]);
    new_view(1, 5, m, N, false, &out); /* exactly a quorum: one form */
    CHECK_ERR(judge(&out), ERR_RANGE);
    view_change(1, 5, 0, 0, NULL, 0, &m[2]);
    new_view(1, 5, m, Q, false, &out); /* one voice twice */
    CHECK_ERR(judge(&out), ERR_RANGE);
    view_change(2, 9, 0, 0, NULL, 0, &m[2]);
    new_view(1, 5, m, Q, false, &out); /* somebody who wants another view */
    CHECK_ERR(judge(&out), ERR_RANGE);
    for (unsigned i = 0; i < N; i++)
        buf_free(&m[i]);
    buf_free(&out);
}

/* A short NEW-VIEW, made whole again by who has the VIEW-CHANGEs that it names. */
static void a_short_new_view_is_the_whole_one(void)
{
    struct buf m[N] = {0}, out = {0}, whole = {0};
    struct blob *known[N] = {NULL};
    const bool has[N] = {true, false, true};
    struct new_view nv;
    struct bytes body;
    struct claim claim;

    view_change(0, 5, 0, 0, (struct prepared[]){{1, 0, "a"}}, 1, &m[0]);
    view_change(1, 5, 0, 0, (struct prepared[]){{3, 4, "c"}}, 1, &m[1]);
    view_change(2, 5, 0, 0, NULL, 0, &m[2]);
    new_view(1, 5, m, Q, false, &out);
    new_view_reread(&rules, bytes_of_buf(&out), &nv);
    struct blob *shorter = new_view_shorten(&rules, &nv, has);
    new_view_fini(&nv);
    CHECK(shorter->len < out.len);
    CHECK_OK(message_parse(&members, blob_bytes(shorter), MESSAGE_NEW_VIEW, &claim, &body));
    CHECK_ERR(new_view_expand(&rules, body, known, &whole), ERR_MISSING);
    known[0] = blob_new(bytes_of_buf(&m[0]));
    known[2] = blob_new(bytes_of_buf(&m[1]));
    buf_clear(&whole);
    CHECK_ERR(new_view_expand(&rules, body, known, &whole), ERR_MISMATCH);
    blob_drop(known[2]);
    known[2] = blob_new(bytes_of_buf(&m[2]));
    buf_clear(&whole);
    CHECK_OK(new_view_expand(&rules, body, known, &whole));
    struct blob *again = message_make(&members, &claim, bytes_of_buf(&whole));
    CHECK_EQ_BYTES(blob_bytes(again), bytes_of_buf(&out));
    blob_drop(again);
    for (size_t i = 0; i < body.len; i++) { /* no change of it gives the same, or another that is signed */
        struct blob *odd = blob_new(body);
        odd->data[i] ^= 1;
        buf_clear(&whole);
        bool same = new_view_expand(&rules, blob_bytes(odd), known, &whole) == ERR_OK &&
                    digest_equal(&claim.says.digest, &(struct digest[]){digest_of(bytes_of_buf(&whole))}[0]);
        if (!CHECK(!same))
            tap_note("byte %zu", i);
        blob_drop(odd);
    }
    blob_drop(known[0]);
    blob_drop(known[2]);
    blob_drop(shorter);
    for (unsigned i = 0; i < N; i++)
        buf_free(&m[i]);
    buf_free(&out);
    buf_free(&whole);
}

/* ---- statements */

static void a_commit_is_the_ledgers_vote(void)
{
    struct digest id = digest_named("block");
    struct vote vote = {members.federation_id, members.membership_epoch, 2, 9, id};
    struct claim claim = sign(1, MESSAGE_COMMIT, 2, 9, &id), again;
    struct buf ours = {0}, ledgers = {0};

    claim_encode(&members, &claim, &ours);
    vote_sign(&keys[1], &vote, &ledgers);
    CHECK_EQ_BYTES(bytes_of_buf(&ours), bytes_of_buf(&ledgers));
    CHECK_OK(claim_parse(&members, bytes_of_buf(&ours), MESSAGE_COMMIT, &again));
    CHECK(memcmp(&again, &claim, sizeof claim) == 0 || digest_equal(&again.says.digest, &id));
    CHECK_OK(claim_verify(&members, &again));
    buf_free(&ours);
    buf_free(&ledgers);
}

/* Property 12: another federation, another membership epoch, another type. */
static void nothing_foreign_counts(void)
{
    struct digest id = digest_named("block");
    struct claim claim = sign(1, MESSAGE_PREPARE, 2, 9, &id), out;
    struct members other = members;
    struct buf cose = {0};

    claim_encode(&members, &claim, &cose);
    CHECK_OK(claim_parse(&members, bytes_of_buf(&cose), MESSAGE_PREPARE, &out));
    CHECK_ERR(claim_parse(&members, bytes_of_buf(&cose), MESSAGE_PRE_PREPARE, &out), ERR_TYPE);
    CHECK_ERR(claim_parse(&members, bytes_of_buf(&cose), MESSAGE_COMMIT, &out), ERR_TYPE);
    other.membership_epoch++;
    CHECK_ERR(claim_parse(&other, bytes_of_buf(&cose), MESSAGE_PREPARE, &out), ERR_MISMATCH);
    other = members;
    other.federation_id.b[3] ^= 1;
    CHECK_ERR(claim_parse(&other, bytes_of_buf(&cose), MESSAGE_PREPARE, &out), ERR_MISMATCH);
    other = members;
    other.n = 1;
    CHECK_ERR(claim_parse(&other, bytes_of_buf(&cose), MESSAGE_PREPARE, &out), ERR_UNKNOWN);
    buf_clear(&cose);
    claim = sign(1, MESSAGE_PREPARE, VIEW_MAX + 1, 9, &id);
    claim_encode(&members, &claim, &cose);
    CHECK_ERR(claim_parse(&members, bytes_of_buf(&cose), MESSAGE_PREPARE, &out), ERR_RANGE);
    buf_free(&cose);
}

static void null_batch_is_the_empty_one(void)
{
    struct digest digest = batch_null_digest();
    struct buf batch = {0};

    batch_encode(NULL, 0, &batch);
    struct digest expected = digest_of(bytes_of_buf(&batch));
    CHECK(digest_equal(&digest, &expected));
    buf_free(&batch);
}

/* ---- evidence */

static enum err convict(const struct claim *a, const struct claim *b, unsigned *culprit)
{
    struct voters voters = {N, Q, members.keys, members.fingerprints, NULL};
    struct buf first = {0}, second = {0};

    claim_encode(&members, a, &first);
    claim_encode(&members, b, &second);
    enum err err = evidence_check(bytes_of_buf(&first), bytes_of_buf(&second), &voters, culprit);
    buf_free(&first);
    buf_free(&second);
    return err;
}

/* `a` was signed before the membership epoch or the federation changed to that of now, in which `b` is. */
static enum err convict_across(const struct claim *a, const struct claim *b)
{
    struct voters voters = {N, Q, members.keys, members.fingerprints, NULL};
    struct members before = members;
    struct buf first = {0}, second = {0};
    unsigned culprit;

    before.membership_epoch = 5;
    before.federation_id = digest_of(bytes_of_text("f"));
    claim_encode(&before, a, &first);
    claim_encode(&members, b, &second);
    enum err err = evidence_check(bytes_of_buf(&first), bytes_of_buf(&second), &voters, &culprit);
    buf_free(&first);
    buf_free(&second);
    return err;
}

static void two_digests_for_one_place_convict(void)
{
    static const enum message_type types[] = {MESSAGE_PRE_PREPARE, MESSAGE_PREPARE, MESSAGE_COMMIT, MESSAGE_CHECKPOINT};
    struct digest one = digest_named("one"), two = digest_named("two");
    unsigned culprit = 99;

    for (unsigned i = 0; i < 4; i++) {
        struct claim a = sign(2, types[i], 1, 7, &one), b = sign(2, types[i], 1, 7, &two);
        CHECK_OK(convict(&a, &b, &culprit));
        CHECK_EQ_U64(culprit, 2);
    }
}

static void a_correct_replica_is_never_convicted(void)
{
    struct digest one = digest_named("one"), two = digest_named("two");
    struct claim a = sign(2, MESSAGE_PREPARE, 1, 7, &one), b;
    unsigned culprit = 99;

    CHECK_ERR(convict(&a, &a, &culprit), ERR_MISMATCH);
    b = sign(2, MESSAGE_PREPARE, 2, 7, &two);
    CHECK_ERR(convict(&a, &b, &culprit), ERR_MISMATCH);
    b = sign(2, MESSAGE_PREPARE, 1, 8, &two);
    CHECK_ERR(convict(&a, &b, &culprit), ERR_MISMATCH);
    b = sign(1, MESSAGE_PREPARE, 1, 7, &two);
    CHECK_ERR(convict(&a, &b, &culprit), ERR_MISMATCH);
    b = sign(2, MESSAGE_PRE_PREPARE, 1, 7, &two);
    CHECK_ERR(convict(&a, &b, &culprit), ERR_MISMATCH);
    b = sign(2, MESSAGE_PREPARE, 1, 7, &two);
    b.signature[5] ^= 1;
    CHECK_ERR(convict(&a, &b, &culprit), ERR_SIGNATURE);
    members.membership_epoch++;
    b = sign(2, MESSAGE_PREPARE, 1, 7, &two);
    CHECK_ERR(convict_across(&a, &b), ERR_MISMATCH);
    members.membership_epoch--;
    members.federation_id.b[0] ^= 1;
    b = sign(2, MESSAGE_PREPARE, 1, 7, &two);
    CHECK_ERR(convict_across(&a, &b), ERR_MISMATCH);
    members.federation_id.b[0] ^= 1;
    a = sign(2, MESSAGE_STATUS, 1, 7, &one);
    b = sign(2, MESSAGE_STATUS, 1, 7, &two);
    CHECK_ERR(convict(&a, &b, &culprit), ERR_TYPE);
    CHECK_EQ_U64(culprit, 99);
}

int main(void)
{
    key_library_init();
    world_init();
    TAP_RUN(a_view_change_proves_what_it_says);
    TAP_RUN(a_view_change_stands_on_the_beginning_of_the_epoch);
    TAP_RUN(a_view_change_names_one_checkpoint);
    TAP_RUN(every_flipped_bit_of_a_view_change_fails);
    TAP_RUN(the_plan_is_the_papers);
    TAP_RUN(a_new_view_other_than_the_plan_is_refused);
    TAP_RUN(a_short_new_view_is_the_whole_one);
    TAP_RUN(a_commit_is_the_ledgers_vote);
    TAP_RUN(nothing_foreign_counts);
    TAP_RUN(two_digests_for_one_place_convict);
    TAP_RUN(a_correct_replica_is_never_convicted);
    TAP_RUN(null_batch_is_the_empty_one);
    return tap_done();
}
