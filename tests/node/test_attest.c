#include <string.h>

#include "node/attest_exchange.h"
#include "tap.h"

/* Evidence is good for one connection, one direction and one nonce; whatever else is done with it has its code. */

static struct secret_key alice, bob, mallory;
static struct digest of_session, of_nonce, of_another;
static struct attest_policy policy;

static void set_up(void)
{
    key_library_init();
    key_simulated(3, "alice", &alice);
    key_simulated(3, "bob", &bob);
    key_simulated(3, "mallory", &mallory);
    of_session = digest_of(bytes_of_text("session"));
    of_nonce = digest_of(bytes_of_text("nonce"));
    of_another = digest_of(bytes_of_text("another"));
    policy.own = (struct attest_claims){.federation_id = digest_of(bytes_of_text("federation")),
                                        .configuration = digest_of(bytes_of_text("configuration")),
                                        .software = digest_of(bytes_of_text("software"))};
}

/* Bob gives evidence to alice, who has dialled. */
static struct attest_binding honest(void)
{
    return (struct attest_binding){.role = ATTEST_LISTENER,
                                   .giver = bob.fingerprint,
                                   .peer = alice.fingerprint,
                                   .nonce = of_nonce,
                                   .session = of_session};
}

/* What alice says to evidence of this making. */
static enum attest_code judged(const struct secret_key *key, const struct attest_binding *made,
                               const struct attest_claims *claims)
{
    const struct attest_binding seen = honest();
    struct buf evidence = {0};
    enum attest_code code;

    attest_evidence(key, made, claims, bytes_of(NULL, 0), &evidence);
    code = attest_judge(bytes_of_buf(&evidence), &seen, &bob.public, &policy, NULL);
    buf_free(&evidence);
    return code;
}

static void honest_evidence_is_accepted(void)
{
    const struct attest_binding b = honest();
    struct attest_claims claims = {0};
    struct buf evidence = {0};

    attest_evidence(&bob, &b, &policy.own, bytes_of(NULL, 0), &evidence);
    CHECK(attest_judge(bytes_of_buf(&evidence), &b, &bob.public, &policy, &claims) == ATTEST_ACCEPTED);
    CHECK(digest_equal(&claims.software, &policy.own.software));
    buf_free(&evidence);
}

static void evidence_that_is_replayed_is_refused(void)
{
    struct attest_binding b = honest();

    b.nonce = of_another;
    CHECK_EQ_U64(judged(&bob, &b, &policy.own), ATTEST_REPLAYED);
}

/* Mallory has a connection with each, and hands on the nonce of the one and the evidence of the other: made for alice,
 * with her nonce, by bob himself, but over another TLS session. */
static void evidence_that_is_relayed_is_refused(void)
{
    struct attest_binding b = honest();

    b.session = of_another;
    CHECK_EQ_U64(judged(&bob, &b, &policy.own), ATTEST_RELAYED);
}

static void evidence_that_is_diverted_is_refused(void)
{
    struct attest_binding b = honest();

    b.peer = mallory.fingerprint;
    CHECK_EQ_U64(judged(&bob, &b, &policy.own), ATTEST_DIVERTED);
}

static void evidence_that_is_reflected_is_refused(void)
{
    struct attest_binding b = honest();

    b.role = ATTEST_DIALLER;
    CHECK_EQ_U64(judged(&bob, &b, &policy.own), ATTEST_REFLECTED);
    b.giver = alice.fingerprint;
    b.peer = bob.fingerprint;
    CHECK_EQ_U64(judged(&alice, &b, &policy.own), ATTEST_REFLECTED);
}

static void evidence_of_another_signer_is_refused(void)
{
    struct attest_binding b = honest();

    b.giver = mallory.fingerprint;
    CHECK_EQ_U64(judged(&mallory, &b, &policy.own), ATTEST_SIGNER);
}

static void another_federation_configuration_or_software_is_refused(void)
{
    const struct attest_binding b = honest();
    struct attest_claims claims = policy.own;

    claims.federation_id = of_another;
    CHECK_EQ_U64(judged(&bob, &b, &claims), ATTEST_FEDERATION);
    claims = policy.own;
    claims.configuration = of_another;
    CHECK_EQ_U64(judged(&bob, &b, &claims), ATTEST_CONFIGURATION);
    claims = policy.own;
    claims.software = of_another;
    CHECK_EQ_U64(judged(&bob, &b, &claims), ATTEST_ACCEPTED);
    policy.software = &policy.own.software;
    policy.software_count = 1;
    CHECK_EQ_U64(judged(&bob, &b, &claims), ATTEST_SOFTWARE);
    CHECK_EQ_U64(judged(&bob, &b, &policy.own), ATTEST_ACCEPTED);
    policy.software_count = 0;
}

/* One bit anywhere: it is refused, and mostly for its signature. */
static void each_bit_of_evidence_counts(void)
{
    const struct attest_binding b = honest();
    struct buf evidence = {0};
    unsigned by_signature = 0;

    attest_evidence(&bob, &b, &policy.own, bytes_of(NULL, 0), &evidence);
    for (size_t i = 0; i < 8 * evidence.len; i++) {
        enum attest_code code;

        evidence.data[i / 8] ^= (uint8_t)(1U << i % 8);
        code = attest_judge(bytes_of_buf(&evidence), &b, &bob.public, &policy, NULL);
        if (!CHECK(code != ATTEST_ACCEPTED))
            tap_note("bit %zu", i);
        by_signature += code == ATTEST_SIGNATURE;
        evidence.data[i / 8] ^= (uint8_t)(1U << i % 8);
    }
    CHECK(by_signature > 8 * SIGNATURE_SIZE);
    for (size_t len = 0; len < evidence.len; len++)
        CHECK_EQ_U64(attest_judge(bytes_of(evidence.data, len), &b, &bob.public, &policy, NULL), ATTEST_FORM);
    buf_free(&evidence);
}

static void a_verdict_is_about_one_evidence_and_of_one_signer(void)
{
    const struct bytes evidence = bytes_of_text("evidence"), other = bytes_of_text("other evidence");
    struct buf verdict = {0};
    uint64_t code = 99;

    attest_verdict(&alice, evidence, ATTEST_RELAYED, &verdict);
    CHECK_OK(attest_verdict_read(bytes_of_buf(&verdict), &alice.public, evidence, &code));
    CHECK_EQ_U64(code, ATTEST_RELAYED);
    CHECK_ERR(attest_verdict_read(bytes_of_buf(&verdict), &alice.public, other, &code), ERR_MISMATCH);
    CHECK_ERR(attest_verdict_read(bytes_of_buf(&verdict), &bob.public, evidence, &code), ERR_MISMATCH);
    verdict.data[verdict.len - 1] ^= 1;
    CHECK_ERR(attest_verdict_read(bytes_of_buf(&verdict), &alice.public, evidence, &code), ERR_SIGNATURE);
    buf_free(&verdict);
}

/* ---- the exchange */

enum { HELD = 8 };

struct side {
    struct attest_exchange exchange;
    struct attest_policy policy;
    struct blob *sent[HELD]; /* one holding each */
    unsigned count, taken;
};

static void keep(void *context, struct blob *message)
{
    struct side *s = context;

    if (CHECK(s->count < HELD))
        s->sent[s->count++] = blob_hold(message);
}

static void side_begin(struct side *s, const struct secret_key *key, enum attest_role role,
                       const struct secret_key *peer, const struct digest *session, const char *nonce)
{
    const struct digest fresh = digest_of(bytes_of_text(nonce));

    *s = (struct side){.policy = policy};
    s->exchange = (struct attest_exchange){.key = key, .policy = &s->policy, .send = keep, .context = s};
    attest_exchange_begin(&s->exchange, role, &peer->public, session, &fresh, role == ATTEST_DIALLER);
}

static void side_end(struct side *s)
{
    for (unsigned i = 0; i < s->count; i++)
        blob_drop(s->sent[i]);
    attest_exchange_fini(&s->exchange);
}

/* Hands the next message of one side to the other. */
static bool hand_over(struct side *from, struct side *to)
{
    if (from->taken == from->count)
        return false;
    attest_exchange_receive(&to->exchange, blob_bytes(from->sent[from->taken++]));
    return true;
}

static void talk(struct side *a, struct side *b)
{
    while (hand_over(a, b) || hand_over(b, a))
        ;
}

static void both_sides_accept(void)
{
    struct side a, b;

    side_begin(&a, &alice, ATTEST_DIALLER, &bob, &of_session, "a");
    side_begin(&b, &bob, ATTEST_LISTENER, &alice, &of_session, "b");
    talk(&a, &b);
    CHECK(a.exchange.state == ATTEST_DONE && b.exchange.state == ATTEST_DONE);
    CHECK_EQ_U64(a.count, 3);
    CHECK_EQ_U64(b.count, 3);
    side_end(&a);
    side_end(&b);
}

static void both_sides_learn_of_a_refusal(void)
{
    struct side a, b;

    side_begin(&a, &alice, ATTEST_DIALLER, &bob, &of_session, "a");
    side_begin(&b, &bob, ATTEST_LISTENER, &alice, &of_session, "b");
    a.policy.own.configuration = of_another;
    b.policy.own.configuration = of_another;
    a.policy.software = &of_another;
    a.policy.software_count = 1;
    talk(&a, &b);
    CHECK(a.exchange.state == ATTEST_WE_REFUSE && b.exchange.state == ATTEST_THEY_REFUSE);
    CHECK_EQ_U64(a.exchange.code, ATTEST_SOFTWARE);
    CHECK_EQ_U64(b.exchange.code, ATTEST_SOFTWARE);
    side_end(&a);
    side_end(&b);
}

/* Mallory is a member, too, and passes on between her two connections whatever she is told. */
static void a_member_in_the_middle_gains_nothing(void)
{
    struct side a, b;

    side_begin(&a, &alice, ATTEST_DIALLER, &mallory, &of_session, "a");
    side_begin(&b, &bob, ATTEST_LISTENER, &mallory, &of_another, "b");
    talk(&a, &b);
    CHECK(a.exchange.state == ATTEST_WE_REFUSE && b.exchange.state == ATTEST_WE_REFUSE);
    CHECK_EQ_U64(a.exchange.code, ATTEST_SIGNER);
    side_end(&a);
    side_end(&b);
}

/* Everything comes back to the one who says it. */
static void an_echo_is_refused(void)
{
    struct side a;

    side_begin(&a, &alice, ATTEST_DIALLER, &bob, &of_session, "a");
    for (unsigned i = 0; i < a.count && i < HELD; i++)
        attest_exchange_receive(&a.exchange, blob_bytes(a.sent[i]));
    CHECK(a.exchange.state == ATTEST_WE_REFUSE);
    CHECK_EQ_U64(a.exchange.code, ATTEST_REFLECTED);
    side_end(&a);
}

/* A message out of turn, or one that is none. */
static void what_is_not_the_protocol_ends_it(void)
{
    static const uint8_t empty_hello[] = {0x82, 0x01, 0x40}, unknown[] = {0x82, 0x09, 0x40}, garbage[] = {0xff, 0x00};
    const struct bytes nonsense[] = {bytes_of(empty_hello, 3), bytes_of(unknown, 3), bytes_of(garbage, 2),
                                     bytes_of(garbage, 0)};
    struct side a, b;

    for (unsigned i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        side_begin(&a, &alice, ATTEST_DIALLER, &bob, &of_session, "a");
        CHECK(attest_exchange_receive(&a.exchange, nonsense[i]) == ATTEST_NONSENSE);
        side_end(&a);
    }
    side_begin(&a, &alice, ATTEST_DIALLER, &bob, &of_session, "a");
    side_begin(&b, &bob, ATTEST_LISTENER, &alice, &of_session, "b");
    CHECK(hand_over(&b, &a));
    b.taken = 0;
    CHECK(hand_over(&b, &a)); /* the greeting once more */
    CHECK(a.exchange.state == ATTEST_NONSENSE);
    side_end(&a);
    side_end(&b);
}

int main(void)
{
    set_up();
    TAP_RUN(honest_evidence_is_accepted);
    TAP_RUN(evidence_that_is_replayed_is_refused);
    TAP_RUN(evidence_that_is_relayed_is_refused);
    TAP_RUN(evidence_that_is_diverted_is_refused);
    TAP_RUN(evidence_that_is_reflected_is_refused);
    TAP_RUN(evidence_of_another_signer_is_refused);
    TAP_RUN(another_federation_configuration_or_software_is_refused);
    TAP_RUN(each_bit_of_evidence_counts);
    TAP_RUN(a_verdict_is_about_one_evidence_and_of_one_signer);
    TAP_RUN(both_sides_accept);
    TAP_RUN(both_sides_learn_of_a_refusal);
    TAP_RUN(a_member_in_the_middle_gains_nothing);
    TAP_RUN(an_echo_is_refused);
    TAP_RUN(what_is_not_the_protocol_ends_it);
    return tap_done();
}
