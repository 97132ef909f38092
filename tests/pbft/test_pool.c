#include "pbft/pool.h"

#include "base/prng.h"
#include "tap.h"

static struct blob *request(unsigned k)
{
    char text[16];
    snprintf(text, sizeof text, "%u", k);
    return blob_new(bytes_of_text(text));
}

static enum err add(struct pool *pool, unsigned k)
{
    struct blob *blob = request(k);
    enum err err = pool_add(pool, blob);
    blob_drop(blob);
    return err;
}

/* The free requests in order, "3 4 7 ". */
static const char *listing(const struct pool *pool, struct buf *out)
{
    buf_clear(out);
    for (int32_t at = pool->first; at >= 0; at = pool->entries[at].next) {
        if (pool->entries[at].sequence != 0)
            continue;
        struct bytes bytes = blob_bytes(pool->entries[at].request);
        buf_add(out, bytes.data, bytes.len);
        buf_add_text(out, " ");
    }
    return buf_text(out);
}

static void order_of_arrival_each_once(void)
{
    struct pool pool;
    struct buf text = {0};

    pool_init(&pool, 3);
    CHECK_OK(add(&pool, 5));
    CHECK_OK(add(&pool, 1));
    CHECK_ERR(add(&pool, 5), ERR_DUPLICATE);
    CHECK_OK(add(&pool, 3));
    CHECK_ERR(add(&pool, 4), ERR_LIMIT);
    CHECK_EQ_TEXT(listing(&pool, &text), "5 1 3 ");
    pool_remove(&pool, (struct bytes[]){bytes_of_text("1"), bytes_of_text("9")}, 2);
    CHECK_OK(add(&pool, 4));
    CHECK_EQ_TEXT(listing(&pool, &text), "5 3 4 ");
    buf_free(&text);
    pool_fini(&pool);
}

static void what_was_proposed_waits_and_comes_back(void)
{
    struct pool pool;
    struct buf text = {0};

    pool_init(&pool, 8);
    for (unsigned k = 0; k < 5; k++)
        CHECK_OK(add(&pool, k));
    pool_mark(&pool, (struct bytes[]){bytes_of_text("1"), bytes_of_text("2")}, 2, 7);
    pool_mark(&pool, (struct bytes[]){bytes_of_text("3")}, 1, 8);
    CHECK_EQ_TEXT(listing(&pool, &text), "0 4 ");
    CHECK_EQ_U64(pool.free_count, 2);
    pool_release(&pool, 7);
    CHECK_EQ_TEXT(listing(&pool, &text), "0 3 4 ");
    pool_release(&pool, 0);
    CHECK_EQ_TEXT(listing(&pool, &text), "0 1 2 3 4 ");
    CHECK_EQ_U64(pool.free_count, 5);
    buf_free(&text);
    pool_fini(&pool);
}

static void as_a_plain_list_would(void)
{
    enum { MAX = 50, KEYS = 90 };
    struct pool pool;
    struct prng prng;
    struct buf text = {0}, want = {0};
    unsigned list[MAX], count = 0;

    tap_seed(4);
    prng_seed(&prng, 4);
    pool_init(&pool, MAX);
    for (unsigned step = 0; step < 20000; step++) {
        unsigned k = (unsigned)prng_below(&prng, KEYS), at = 0;
        while (at < count && list[at] != k)
            at++;
        if (prng_below(&prng, 2) == 0) {
            enum err err = add(&pool, k);
            CHECK_ERR(err, at < count ? ERR_DUPLICATE : count == MAX ? ERR_LIMIT : ERR_OK);
            if (err == ERR_OK)
                list[count++] = k;
        } else {
            char name[16];
            snprintf(name, sizeof name, "%u", k);
            pool_remove(&pool, (struct bytes[]){bytes_of_text(name)}, 1);
            if (at < count) {
                memmove(&list[at], &list[at + 1], (count - at - 1) * sizeof list[0]);
                count--;
            }
        }
        if (step % 100 != 0)
            continue;
        buf_clear(&want);
        for (unsigned i = 0; i < count; i++)
            buf_printf(&want, "%u ", list[i]);
        CHECK_EQ_TEXT(listing(&pool, &text), buf_text(&want));
        CHECK_EQ_U64(pool.count, count);
    }
    buf_free(&text);
    buf_free(&want);
    pool_fini(&pool);
}

int main(void)
{
    TAP_RUN(order_of_arrival_each_once);
    TAP_RUN(what_was_proposed_waits_and_comes_back);
    TAP_RUN(as_a_plain_list_would);
    return tap_done();
}
