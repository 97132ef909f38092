#include "fixture.h"
#include "state/membership.h"
#include "pbft/pbft.h"
#include "pbft/quorum.h"

/* Who votes, and how that changes. Five validators v0.. v4 and one participant; quorum 3 (f is 0 in the fixture). */

enum { NEW = 20 }; /* number of a key that is nobody's */

static struct change joins(const struct fixture *f, unsigned key)
{
    return fixture_newcomer(f, key, ROLE_CORE);
}

static struct change named(const struct fixture *f, enum change_kind kind, const char *name, unsigned key)
{
    struct change c = {.kind = kind};
    snprintf(c.card.name, sizeof c.card.name, "%s", name);
    if (kind == CHANGE_ROTATE)
        c.card.key = f->keys[key].public;
    return c;
}

static void a_quorum_agrees_and_the_epoch_closes_it(void)
{
    struct fixture f;
    fixture_init(&f, 5, 1, NULL);
    struct change c = joins(&f, NEW);
    CHECK_ERR(fixture_sign_off(&f, 0, 1, &c, NEW), ERR_OK);
    CHECK_EQ_U64(f.state.change_count, 0);
    CHECK_EQ_U64(f.state.ballots[0].count, 1);
    CHECK_ERR(fixture_sign_off(&f, 1, 1, &c, NEW), ERR_DUPLICATE); /* twice is once */
    CHECK_ERR(fixture_sign_off(&f, 5, 5, &c, NEW), ERR_STATE);     /* a participant */
    CHECK_EQ_U64(f.state.change_count, 0);
    CHECK_ERR(fixture_sign_off(&f, 2, 2, &c, NEW), ERR_OK);
    CHECK_EQ_U64(f.state.change_count, 1);
    CHECK_EQ_U64(f.state.ballots[0].count, 0);
    CHECK_ERR(fixture_sign_off(&f, 3, 3, &c, NEW), ERR_DUPLICATE); /* it is agreed */
    CHECK_EQ_U64(f.state.membership_epoch, 1);
    struct digest before = f.last.header.next_voters;
    fixture_epoch(&f, 5);
    CHECK_EQ_U64(f.last.header.membership_epoch, 1); /* the closing block is the old ones' */
    CHECK_EQ_U64(f.state.membership_epoch, 2);
    CHECK(!digest_equal(&f.last.header.next_voters, &before));
    struct voter_set voters;
    state_voter_set(&f.state, &voters);
    struct digest digest = voter_set_digest(&voters);
    CHECK(digest_equal(&f.last.header.next_voters, &digest));
    CHECK_EQ_U64(voters.count, 6);
    CHECK_EQ_U64(f.state.quorum, quorum_size(6, 0));
    CHECK_EQ_I64(state_replica(&f.state, 6), 5);
    CHECK_EQ_U64(state_member(&f.state, 6)->status, MEMBER_ABSENT);
    fixture_epoch(&f, 6);
    CHECK_EQ_U64(f.last.header.membership_epoch, 2);
    CHECK_EQ_U64(f.state.membership_epoch, 2);
    fixture_fini(&f);
}

/* One version after the other, for all from the end of an epoch on; who votes stays. */
static void the_next_protocol_takes_effect_with_the_epoch(void)
{
    struct fixture f;
    fixture_init(&f, 5, 1, NULL);
    struct change c = {.kind = CHANGE_PROTOCOL, .protocol = 3};
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, 0), ERR_STATE); /* 2 first */
    c.protocol = 2;
    CHECK_ERR(fixture_sign_off(&f, 0, 2, &c, 0), ERR_OK);
    CHECK_EQ_U64(f.state.change_count, 1);
    CHECK_EQ_U64(f.state.protocol, PROTOCOL_FIRST);
    struct digest before = state_root(&f.state);
    fixture_epoch(&f, 5);
    CHECK_EQ_U64(f.state.protocol, 2);
    CHECK_EQ_U64(f.state.membership_epoch, 1);
    struct digest root = state_root(&f.state);
    CHECK(!digest_equal(&root, &before));
    CHECK_ERR(membership_lost(&f.state, &c), ERR_DUPLICATE);
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, 0), ERR_STATE);
    fixture_epoch(&f, 5);
    CHECK_EQ_U64(f.state.protocol, 2);
    fixture_fini(&f);
}

static void who_leaves_is_gone_with_the_epoch(void)
{
    struct fixture f;
    fixture_init(&f, 5, 1, NULL);
    struct change c = named(&f, CHANGE_LEAVE, "v1", 0);
    CHECK_ERR(fixture_sign_off(&f, 0, 2, &c, 0), ERR_OK);
    CHECK_EQ_I64(state_replica(&f.state, 1), 1);
    fixture_epoch(&f, 5);
    CHECK_EQ_U64(state_member(&f.state, 1)->status, MEMBER_LEFT);
    CHECK_EQ_I64(state_replica(&f.state, 1), -1);
    CHECK_EQ_I64(state_replica(&f.state, 2), 1);
    CHECK_EQ_U64(state_validator(&f.state, 1), 2);
    CHECK_EQ_U64(f.state.validator_count, 4);
    CHECK_EQ_U64(f.state.quorum, quorum_size(4, 0));
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, 0), ERR_STATE);
    c = joins(&f, NEW);
    CHECK_ERR(fixture_sign_off(&f, 1, 1, &c, NEW), ERR_STATE); /* no vote any more */
    fixture_fini(&f);
}

static void a_key_changes(void)
{
    struct fixture f;
    fixture_init(&f, 5, 1, NULL);
    struct change c = named(&f, CHANGE_ROTATE, "v3", NEW);
    CHECK_ERR(fixture_sign_off(&f, 0, 2, &c, NEW), ERR_OK); /* the old key is lost: it need not sign */
    fixture_epoch(&f, 5);
    CHECK_EQ_I64(state_find(&f.state, &f.keys[3].fingerprint), -1);
    CHECK_EQ_I64(state_find(&f.state, &f.keys[NEW].fingerprint), 3);
    CHECK_EQ_U64(f.state.validator_count, 5);
    fixture_update(&f, 3, 0, 2); /* by the old key */
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_UNKNOWN);
    f.keys[3] = f.keys[NEW];
    fixture_update(&f, 3, 0, 2);
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_OK);
    fixture_fini(&f);
}

/* An entry that was opened and found good stays so only as long as its signer has the key that signed it. */
static void an_open_entry_is_of_the_key_that_signed_it(void)
{
    struct fixture f;
    struct buf body = {0}, bytes = {0};

    fixture_init(&f, 5, 1, NULL);
    struct change c = named(&f, CHANGE_ROTATE, "v3", NEW);
    CHECK_ERR(fixture_sign_off(&f, 0, 2, &c, NEW), ERR_OK);
    fixture_update_body(&f, NULL, 0, &body);
    struct envelope e = fixture_envelope(&f, 3, ENTRY_UPDATE, bytes_of_buf(&body));
    e.federated_epoch = 1;
    fixture_sign(&f, 3, &e, &bytes);
    struct entry *opened = entry_open(bytes_of_buf(&bytes));
    CHECK_ERR(entry_judge(&f.state, opened), ERR_OK);
    CHECK_EQ_U64(opened->member, 3);
    CHECK(opened->verified && opened->signature == ERR_OK);
    fixture_epoch(&f, 5);
    CHECK_ERR(entry_check(&f.state, opened), ERR_UNKNOWN);
    CHECK_ERR(entry_judge(&f.state, opened), ERR_UNKNOWN);
    CHECK_ERR(entry_verify(opened, &f.keys[NEW].public, NULL), ERR_MISMATCH);
    CHECK_ERR(entry_verify(opened, &f.keys[3].public, NULL), ERR_OK);
    entry_drop(opened);
    buf_free(&bytes);
    buf_free(&body);
    fixture_fini(&f);
}

static void what_does_not_fit_is_refused(void)
{
    struct fixture f;
    fixture_init(&f, 3, 1, NULL);
    struct change c = joins(&f, NEW);
    snprintf(c.card.name, sizeof c.card.name, "v0");
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, NEW), ERR_DUPLICATE);
    c = joins(&f, 1); /* somebody's key */
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, 1), ERR_DUPLICATE);
    c = joins(&f, NEW);
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, NEW + 1), ERR_MISMATCH); /* not in the hands of who brings it */
    memset(&c.card.key, 0, sizeof c.card.key);                        /* of small order */
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, NEW), ERR_KEY);
    c = named(&f, CHANGE_ROTATE, "v1", 2);
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, 2), ERR_DUPLICATE);
    c = named(&f, CHANGE_ROTATE, "nobody", NEW);
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, NEW), ERR_UNKNOWN);
    f.state.policy.min_participants = 4;
    c = named(&f, CHANGE_LEAVE, "v1", 0);
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, 0), ERR_LIMIT);
    fixture_fini(&f);
}

/* A proof of possession is of one change, to be made by a certain epoch, in one federation. */
static void a_proof_of_possession_is_bound(void)
{
    struct fixture f;
    struct buf body = {0};
    uint64_t until;
    fixture_init(&f, 3, 0, NULL);
    struct change c = joins(&f, NEW), back;
    struct digest other = f.state.federation_id;
    other.b[3] ^= 1;
    change_body_encode(&c, 7, &f.state.federation_id, &f.keys[NEW], &body);
    CHECK_OK(change_body_decode(bytes_of_buf(&body), &f.state.federation_id, &back, &until));
    CHECK_EQ_TEXT(back.card.name, c.card.name);
    CHECK_EQ_TEXT(back.sponsor, "v0");
    CHECK_EQ_U64(until, 7);
    CHECK_ERR(change_body_decode(bytes_of_buf(&body), &other, &back, &until), ERR_MISMATCH);
    for (size_t i = 0; i < body.len; i++) {
        body.data[i] ^= 4;
        CHECK(change_body_decode(bytes_of_buf(&body), &f.state.federation_id, &back, &until) != ERR_OK);
        body.data[i] ^= 4;
    }
    for (size_t len = 0; len < body.len; len++)
        CHECK(change_body_decode(bytes_of(body.data, len), &f.state.federation_id, &back, &until) != ERR_OK);
    buf_free(&body);
    fixture_fini(&f);
}

/* Several changes, agreed on in any order, are one closing; one that has lost its room does nothing. */
static void all_that_is_agreed_closes_together(void)
{
    struct fixture f;
    fixture_init(&f, 5, 1, NULL);
    f.state.policy.min_participants = 5; /* one may leave */
    struct change a = named(&f, CHANGE_LEAVE, "v1", 0), b = named(&f, CHANGE_LEAVE, "v2", 0);
    struct change c = named(&f, CHANGE_ROTATE, "v0", NEW), d = joins(&f, NEW + 1);
    CHECK_ERR(fixture_sign_off(&f, 0, 1, &a, 0), ERR_OK);
    CHECK_ERR(fixture_sign_off(&f, 0, 2, &b, 0), ERR_OK);
    CHECK_ERR(fixture_sign_off(&f, 2, 4, &c, NEW), ERR_OK);
    CHECK_ERR(fixture_sign_off(&f, 0, 3, &d, NEW + 1), ERR_DUPLICATE);
    CHECK_EQ_U64(f.state.change_count, 3);
    CHECK_ERR(fixture_sign_off(&f, 4, 4, &a, 0), ERR_OK); /* the third of its ballots */
    CHECK_EQ_U64(f.state.change_count, 4);
    fixture_epoch(&f, 5);
    CHECK_EQ_U64(f.state.membership_epoch, 2);
    CHECK_EQ_U64(state_member(&f.state, 2)->status, MEMBER_LEFT);
    CHECK_EQ_U64(state_member(&f.state, 6)->votes, true);
    CHECK_EQ_U64(state_member(&f.state, 1)->status, MEMBER_LEFT); /* the newcomer made room */
    CHECK_EQ_I64(state_find(&f.state, &f.keys[NEW].fingerprint), 0);
    CHECK_EQ_U64(f.state.validator_count, 4);
    CHECK_EQ_U64(f.state.change_count, 0);
    fixture_fini(&f);
}

static void the_latest_ballots_stand(void)
{
    struct fixture f;
    fixture_init(&f, 5, 0, NULL);
    struct change first = joins(&f, NEW), c;
    CHECK_ERR(fixture_sign_off(&f, 0, 1, &first, NEW), ERR_OK);
    for (unsigned i = 1; i <= BALLOTS_KEPT; i++) {
        c = joins(&f, NEW + i);
        CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, NEW + i), ERR_OK);
    }
    CHECK_EQ_U64(f.state.ballots[0].count, BALLOTS_KEPT);
    CHECK_ERR(fixture_sign_off(&f, 2, 2, &first, NEW), ERR_OK); /* v0's is forgotten: two stand */
    CHECK_EQ_U64(f.state.change_count, 0);
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &first, NEW), ERR_OK);
    CHECK_EQ_U64(f.state.change_count, 1);
    fixture_fini(&f);
}

static void convict(struct fixture *f, unsigned culprit)
{
    struct buf a = {0}, b = {0};
    struct vote vote = {f->state.federation_id, f->state.membership_epoch, 3, 9, f->state.block_id};
    vote_sign(&f->keys[culprit], &vote, &a);
    vote.block_id = f->state.incumbent_hash;
    vote_sign(&f->keys[culprit], &vote, &b);
    fixture_evidence(f, 0, bytes_of_buf(&a), bytes_of_buf(&b));
    fixture_run(f);
    CHECK_ERR(f->last.verdicts[0], ERR_OK);
    buf_free(&a);
    buf_free(&b);
}

static void the_convicted_go_with_the_epoch(void)
{
    struct fixture f;
    fixture_init(&f, 5, 0, NULL);
    struct change c = joins(&f, NEW);
    CHECK_ERR(fixture_sign_off(&f, 3, 3, &c, NEW), ERR_OK);
    convict(&f, 3);
    CHECK_EQ_U64(f.state.validator_count, 5);
    CHECK_ERR(fixture_sign_off(&f, 0, 1, &c, NEW), ERR_OK); /* what the liar signed off does not count */
    CHECK_EQ_U64(f.state.change_count, 0);
    fixture_epoch(&f, 5);
    CHECK_EQ_U64(f.state.membership_epoch, 2);
    CHECK_EQ_U64(f.state.validator_count, 4);
    CHECK_EQ_I64(state_replica(&f.state, 3), -1);
    CHECK_EQ_I64(state_replica(&f.state, 4), 3);
    CHECK_EQ_U64(f.state.quorum, quorum_size(4, 0));
    CHECK_EQ_U64(f.state.ballots[0].count, 0); /* nothing is carried over */
    fixture_fini(&f);
}

/* What two votes of an earlier membership epoch prove is proved for good, by a key that is in use. */
static void evidence_outlives_its_membership_epoch(void)
{
    struct fixture f;
    fixture_init(&f, 5, 0, NULL);
    struct change c = named(&f, CHANGE_ROTATE, "v1", NEW);
    CHECK_ERR(fixture_sign_off(&f, 0, 2, &c, NEW), ERR_OK);
    fixture_epoch(&f, 5);
    CHECK_EQ_U64(f.state.membership_epoch, 2);
    struct vote vote = {f.state.federation_id, 1, 3, 9, f.state.block_id};
    struct buf a = {0}, b = {0};
    vote_sign(&f.keys[4], &vote, &a);
    vote.block_id = f.state.incumbent_hash;
    vote_sign(&f.keys[4], &vote, &b);
    fixture_evidence(&f, 0, bytes_of_buf(&a), bytes_of_buf(&b));
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_OK);
    CHECK_EQ_U64(state_member(&f.state, 4)->status, MEMBER_CONVICTED);
    buf_free(&a);
    buf_free(&b);
    fixture_fini(&f);
}

static void quorums_follow_the_number(void)
{
    struct federation_state *s = mem_alloc(sizeof *s);
    unsigned f, q;
    s->faults_wanted = PBFT_REPLICAS_MAX;
    for (unsigned n = 1; n <= PBFT_REPLICAS_MAX; n++) {
        membership_quorum(s, n, &f, &q);
        CHECK_EQ_U64(f, quorum_faults(n));
        CHECK_EQ_U64(q, quorum_size(n, f));
        CHECK_OK(quorum_check(n, f, q, NULL));
    }
    s->faults_wanted = 1;
    s->quorum_surplus = 2;
    for (unsigned n = 1; n <= PBFT_REPLICAS_MAX; n++) {
        membership_quorum(s, n, &f, &q);
        CHECK_EQ_U64(f, n < 4 ? 0 : 1);
        CHECK(q == quorum_size(n, f) + 2 || q == n);
        CHECK_OK(quorum_check(n, f, q, NULL));
    }
    mem_free(s);
}

int main(void)
{
    TAP_RUN(a_quorum_agrees_and_the_epoch_closes_it);
    TAP_RUN(who_leaves_is_gone_with_the_epoch);
    TAP_RUN(a_key_changes);
    TAP_RUN(an_open_entry_is_of_the_key_that_signed_it);
    TAP_RUN(what_does_not_fit_is_refused);
    TAP_RUN(a_proof_of_possession_is_bound);
    TAP_RUN(all_that_is_agreed_closes_together);
    TAP_RUN(the_latest_ballots_stand);
    TAP_RUN(the_convicted_go_with_the_epoch);
    TAP_RUN(evidence_outlives_its_membership_epoch);
    TAP_RUN(quorums_follow_the_number);
    TAP_RUN(the_next_protocol_takes_effect_with_the_epoch);
    return tap_done();
}
