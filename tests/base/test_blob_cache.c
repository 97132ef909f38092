#include "base/blob_cache.h"
#include "tap.h"

static void equal_bytes_are_held_once(void)
{
    struct blob_cache *cache = blob_cache_new(2);
    uint8_t long_one[100] = {0}, other[100] = {0};

    other[3] = 1; /* they end alike */
    struct blob *a = blob_cache_blob(cache, bytes_of(long_one, sizeof long_one));
    struct blob *b = blob_cache_blob(cache, bytes_of(other, sizeof other));
    struct blob *again = blob_cache_blob(cache, bytes_of(long_one, sizeof long_one));
    CHECK(a == again && a != b);
    CHECK_EQ_BYTES(blob_bytes(b), bytes_of(other, sizeof other));
    struct blob *third = blob_cache_blob(cache, bytes_of_text("")); /* the oldest one makes place */
    CHECK_EQ_U64(third->len, 0);
    struct blob *anew = blob_cache_blob(cache, bytes_of(long_one, sizeof long_one));
    CHECK(anew != a);
    CHECK_EQ_BYTES(blob_bytes(anew), blob_bytes(a));
    blob_cache_free(cache);
    CHECK_EQ_BYTES(blob_bytes(anew), blob_bytes(a)); /* what is held stays */
    blob_drop(a), blob_drop(b), blob_drop(again), blob_drop(third), blob_drop(anew);
}

static void without_a_cache_each_is_new(void)
{
    struct blob *a = blob_cache_blob(NULL, bytes_of_text("x")), *b = blob_cache_blob(NULL, bytes_of_text("x"));

    CHECK(a != b);
    blob_drop(a);
    blob_drop(b);
    blob_cache_free(NULL);
}

int main(void)
{
    TAP_RUN(equal_bytes_are_held_once);
    TAP_RUN(without_a_cache_each_is_new);
    return tap_done();
}
