#include "base/text.h"
#include "crypto/cose.h"
#include "node/enrolment.h"
#include "tap.h"

/* Requests that are not what they say, and founders who may not be some; tests/cli/test_admit.sh has what a person can
 * do to the files. */

static const char plan_text[] =
    "{\"name\": \"real\", \"quorum\": 1, \"max_ledger_drift\": 1, \"epoch_start\": 1, \"seed\": 77777,"
    " \"nodes\": [{\"id\": \"a\", \"region\": \"r\", \"role\": \"core\", \"stake\": 1},"
    "             {\"id\": \"b\", \"region\": \"r\", \"role\": \"edge\", \"stake\": 1}]}";

static struct scenario plan;

static struct request request_of(unsigned node, const char *address)
{
    struct request r = {0};

    CHECK_OK(scenario_blank_card(&plan, node, &r.card, NULL));
    CHECK_OK(scenario_terms(&plan, &r.terms, NULL));
    snprintf(r.address, sizeof r.address, "%s", address);
    snprintf(r.federation, sizeof r.federation, "%s", plan.name);
    return r;
}

static struct secret_key key_of(uint8_t first)
{
    uint8_t seed[KEY_SEED_SIZE] = {first, 1, 2, 3};
    struct secret_key key;

    key_from_seed(seed, &key);
    return key;
}

/* Signed and read back, as it travels. */
static enum err sent(const struct request *request, const struct secret_key *key, struct request *out)
{
    struct buf bytes = {0};
    struct diag diag = {0};

    request_sign(request, key, &bytes);
    enum err err = request_open(bytes_of_buf(&bytes), out, &diag);
    buf_free(&bytes);
    return err;
}

static void comes_back(void)
{
    struct request asked = request_of(0, "[2001:db8::1]:7100"), got;
    struct secret_key key = key_of(1);

    REQUIRE_OK(sent(&asked, &key, &got));
    CHECK_EQ_TEXT(got.address, asked.address);
    CHECK_EQ_TEXT(got.card.name, "a");
    CHECK_EQ_TEXT(got.federation, "real");
    CHECK(digest_equal(&got.terms, &asked.terms));
    CHECK(memcmp(&got.card.key, &key.public, sizeof key.public) == 0);
}

static void every_flipped_byte_is_refused(void)
{
    struct request asked = request_of(0, "127.0.0.1:7100"), got;
    struct secret_key key = key_of(1);
    struct buf bytes = {0};

    request_sign(&asked, &key, &bytes);
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.data[i] ^= 1;
        if (!CHECK(request_open(bytes_of_buf(&bytes), &got, NULL) != ERR_OK))
            tap_note("byte %zu", i);
        bytes.data[i] ^= 1;
    }
    buf_free(&bytes);
}

/* The signed bytes of `mine`, but the payload has this key in its card. */
static void sign_for(const struct secret_key *mine, const struct public_key *theirs, struct buf *out)
{
    struct request asked = request_of(0, "127.0.0.1:7100");
    struct cose_sign1 cose;
    struct buf bytes = {0}, payload = {0};

    request_sign(&asked, mine, &bytes);
    if (CHECK_OK(cose_parse(bytes_of_buf(&bytes), &cose))) {
        buf_add(&payload, cose.payload.data, cose.payload.len);
        for (size_t i = 0; i + KEY_PUBLIC_SIZE <= payload.len; i++) {
            if (memcmp(payload.data + i, mine->public.b, KEY_PUBLIC_SIZE) == 0)
                memcpy(payload.data + i, theirs->b, KEY_PUBLIC_SIZE);
        }
        cose_sign(mine, REQUEST_CONTENT_TYPE, REQUEST_SUBJECT, bytes_of_buf(&payload), out);
    }
    buf_free(&bytes);
    buf_free(&payload);
}

/* Who asks in the name of a key must have it: the victim's key in the card, and one's own signature. */
static void key_of_another_is_refused(void)
{
    struct secret_key mine = key_of(1), victim = key_of(2);
    struct request got;
    struct diag diag = {0};
    struct buf bytes = {0};

    sign_for(&mine, &victim.public, &bytes);
    CHECK_ERR(request_open(bytes_of_buf(&bytes), &got, &diag), ERR_MISMATCH);
    CHECK(strstr(diag.text, "has not signed") != NULL);
    buf_free(&bytes);
}

static void small_order_key_is_refused(void)
{
    static const struct public_key weak = {{1}}; /* the neutral element */
    struct secret_key mine = key_of(1);
    struct request got;
    struct buf bytes = {0};

    sign_for(&mine, &weak, &bytes);
    CHECK_ERR(request_open(bytes_of_buf(&bytes), &got, NULL), ERR_KEY);
    buf_free(&bytes);
}

/* ---- enrolment */

static enum err take(struct enrolment *e, unsigned node, const char *address, const struct secret_key *key)
{
    struct request asked = request_of(node, address), got;
    struct diag diag = {0};
    enum err err = sent(&asked, key, &got);

    return err == ERR_OK ? enrolment_take(e, &got, &diag) : err;
}

static void founders_become_a_federation(void)
{
    struct secret_key a = key_of(1), b = key_of(2);
    struct enrolment e;
    struct members members;
    struct genesis *g = mem_alloc(sizeof *g);
    struct buf genesis = {0};

    REQUIRE_OK(enrolment_init(&e, &plan, NULL));
    CHECK_OK(take(&e, 1, "", &b));
    CHECK(enrolment_misses(&e, 0));
    CHECK_OK(take(&e, 0, "127.0.0.1:7100", &a));
    CHECK(!enrolment_misses(&e, 0));
    REQUIRE_OK(enrolment_genesis(&e, &genesis, NULL));
    REQUIRE_OK(genesis_decode(bytes_of_buf(&genesis), g, NULL));
    CHECK(!g->simulated);
    CHECK_EQ_TEXT(g->members[0].name, "a");
    CHECK(memcmp(&g->members[1].key, &b.public, sizeof b.public) == 0);
    enrolment_members(&e, bytes_of_buf(&genesis), &members);
    REQUIRE(members_find(&members, "a") != NULL);
    CHECK_EQ_TEXT(members_find(&members, "a")->address, "127.0.0.1:7100");
    CHECK(digest_equal(&members_find(&members, "b")->fingerprint, &b.fingerprint));
    CHECK(members_find(&members, "c") == NULL);
    members_fini(&members);
    genesis_fini(g);
    mem_free(g);
    buf_free(&genesis);
    enrolment_fini(&e);
}

static void key_of_a_rehearsal_is_refused(void)
{
    struct secret_key own, other, common;
    struct enrolment e;

    key_simulated(plan.seed, "a", &own);
    key_simulated(plan.seed, "b", &other);
    key_simulated(1, "a", &common);
    REQUIRE_OK(enrolment_init(&e, &plan, NULL));
    CHECK_ERR(take(&e, 0, "127.0.0.1:7100", &own), ERR_KEY);
    CHECK_ERR(take(&e, 0, "127.0.0.1:7100", &other), ERR_KEY);
    CHECK_ERR(take(&e, 0, "127.0.0.1:7100", &common), ERR_KEY);
    enrolment_fini(&e);
}

static void two_with_one_key_are_refused(void)
{
    struct secret_key key = key_of(1);
    struct enrolment e;

    REQUIRE_OK(enrolment_init(&e, &plan, NULL));
    CHECK_OK(take(&e, 0, "127.0.0.1:7100", &key));
    CHECK_ERR(take(&e, 1, "127.0.0.1:7101", &key), ERR_DUPLICATE);
    enrolment_fini(&e);
}

static void validator_without_address_is_refused(void)
{
    struct secret_key key = key_of(1);
    struct enrolment e;

    REQUIRE_OK(enrolment_init(&e, &plan, NULL));
    CHECK_ERR(take(&e, 0, "", &key), ERR_MISSING);
    enrolment_fini(&e);
}

int main(void)
{
    struct diag diag = {0};

    key_library_init();
    if (scenario_parse("plan", bytes_of_text(plan_text), &plan, &diag) != ERR_OK) {
        printf("Bail out! %s\n", diag.text);
        return 1;
    }
    TAP_RUN(comes_back);
    TAP_RUN(every_flipped_byte_is_refused);
    TAP_RUN(key_of_another_is_refused);
    TAP_RUN(small_order_key_is_refused);
    TAP_RUN(founders_become_a_federation);
    TAP_RUN(key_of_a_rehearsal_is_refused);
    TAP_RUN(two_with_one_key_are_refused);
    TAP_RUN(validator_without_address_is_refused);
    scenario_fini(&plan);
    return tap_done();
}
