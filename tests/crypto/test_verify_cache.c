#include "crypto/verify_cache.h"

#include "base/prng.h"
#include "crypto/cose.h"
#include "tap.h"

enum { KEYS = 3, MESSAGES = 5, FLIPS = 4 };

struct question {
    struct public_key key;
    uint8_t message[48];
    size_t len;
    uint8_t signature[SIGNATURE_SIZE];
};

/* Key k's signature under message m; flip 1: in the message, 2: in the signature, 3: another key. */
static struct question question_of(unsigned k, unsigned m, unsigned flip)
{
    struct question q = {.len = 16 * (m % 3) + m};
    struct secret_key key, other;
    char label[16];

    snprintf(label, sizeof label, "key %u", k);
    key_simulated(1, label, &key);
    key_simulated(2, label, &other);
    memset(q.message, (int)m, sizeof q.message);
    key_sign(&key, bytes_of(q.message, q.len), q.signature);
    q.key = flip == 3 ? other.public : key.public;
    if (flip == 1)
        q.message[0] ^= 1;
    if (flip == 2)
        q.signature[40] ^= 1;
    return q;
}

static enum err ask(struct verify_cache *cache, const struct question *q)
{
    return verify_cache_check(cache, &q->key, bytes_of(q->message, q->len), q->signature);
}

static enum err truth(const struct question *q)
{
    return key_verify(&q->key, bytes_of(q->message, q->len), q->signature);
}

/* Good and bad, in random order, in caches of any size: always what key_verify says. */
static void says_what_key_verify_says(void)
{
    static struct question all[KEYS * MESSAGES * FLIPS];
    enum { COUNT = sizeof all / sizeof all[0] };
    enum err expected[COUNT];
    struct prng prng;

    for (unsigned i = 0; i < COUNT; i++) {
        all[i] = question_of(i % KEYS, i / KEYS % MESSAGES, i / KEYS / MESSAGES);
        expected[i] = truth(&all[i]);
    }
    tap_seed(7);
    prng_stream(&prng, 7, "verify cache", 0);
    for (size_t size = 1; size <= 512; size *= 8) {
        struct verify_cache *cache = verify_cache_new(size);

        for (unsigned k = 0; k < 400; k++) {
            unsigned i = (unsigned)prng_below(&prng, COUNT);

            CHECK(ask(cache, &all[i]) == expected[i]);
        }
        CHECK_EQ_U64(verify_cache_hits(cache) + verify_cache_misses(cache), 400);
        CHECK(size < 512 || verify_cache_misses(cache) <= COUNT);
        verify_cache_free(cache);
    }
}

static void asks_once(void)
{
    struct question good = question_of(0, 1, 0), bad = question_of(0, 1, 2);
    struct verify_cache *cache = verify_cache_new(8);

    for (unsigned i = 0; i < 5; i++) {
        CHECK_ERR(ask(cache, &good), ERR_OK);
        CHECK_ERR(ask(cache, &bad), ERR_SIGNATURE);
    }
    CHECK_EQ_U64(verify_cache_misses(cache), 2);
    CHECK_EQ_U64(verify_cache_hits(cache), 8);
    verify_cache_free(cache);
}

static void forgets_when_it_is_full(void)
{
    struct verify_cache *cache = verify_cache_new(8);
    struct question first = question_of(0, 0, 0);

    CHECK_ERR(ask(cache, &first), ERR_OK);
    for (unsigned i = 1; i < 4 * 8; i++) {
        struct question q = question_of(i % KEYS, 1, 0);

        q.message[1] = (uint8_t)(100 + i);
        CHECK_ERR(ask(cache, &q), ERR_SIGNATURE);
    }
    CHECK_ERR(ask(cache, &first), ERR_OK);
    CHECK_EQ_U64(verify_cache_misses(cache), 4 * 8 + 1);
    verify_cache_free(cache);
}

static void none_is_fine(void)
{
    struct question good = question_of(1, 2, 0), bad = question_of(1, 2, 1);

    CHECK_ERR(ask(NULL, &good), ERR_OK);
    CHECK_ERR(ask(NULL, &bad), ERR_SIGNATURE);
    verify_cache_free(NULL);
}

/* Of a COSE_Sign1 the whole is remembered: another kid or payload is another question. */
static void cose_with_and_without(void)
{
    struct verify_cache *cache = verify_cache_new(8);
    struct secret_key key, other;
    struct cose_sign1 message;
    struct buf out = {0};

    key_simulated(1, "a", &key);
    key_simulated(1, "b", &other);
    cose_sign(&key, "text/plain", "greeting", bytes_of_text("hello"), &out);
    REQUIRE_OK(cose_parse(bytes_of_buf(&out), &message));
    for (unsigned i = 0; i < 2; i++) {
        CHECK_ERR(cose_verify_cached(&message, &key.public, cache), ERR_OK);
        CHECK_ERR(cose_verify_cached(&message, &other.public, cache), ERR_MISMATCH);
        message.payload = bytes_of_text("hullo");
        CHECK_ERR(cose_verify_cached(&message, &key.public, cache), ERR_SIGNATURE);
        message.payload = bytes_of_text("hello");
    }
    CHECK_EQ_U64(verify_cache_misses(cache), 2);
    CHECK_EQ_U64(verify_cache_hits(cache), 2);
    buf_free(&out);
    verify_cache_free(cache);
}

int main(void)
{
    key_library_init();
    TAP_RUN(says_what_key_verify_says);
    TAP_RUN(asks_once);
    TAP_RUN(forgets_when_it_is_full);
    TAP_RUN(none_is_fine);
    TAP_RUN(cose_with_and_without);
    return tap_done();
}
