#include "base/table.h"

#include <stdint.h>

#include "tap.h"

struct pair {
    uint64_t key, value;
};

enum { PAIRS = 5000 };

static void what_is_put_in_is_found(void)
{
    struct table t;
    bool is_new;

    table_init(&t, sizeof(struct pair), sizeof(uint64_t));
    CHECK(table_find(&t, &(uint64_t){7}) == NULL);
    for (uint64_t key = 1; key <= PAIRS; key++) {
        struct pair *p = table_add(&t, &key, &is_new);

        CHECK(is_new && p->key == key && p->value == 0);
        p->value = key * key;
    }
    for (uint64_t key = 1; key <= PAIRS; key++) {
        struct pair *p = table_find(&t, &key);

        CHECK(p != NULL && p->value == key * key);
        CHECK(table_add(&t, &key, &is_new) == p && !is_new);
    }
    CHECK(table_find(&t, &(uint64_t){PAIRS + 1}) == NULL);
    CHECK_EQ_U64(t.count, PAIRS);
    table_free(&t);
}

/* Keys that begin alike, in one place of the table. */
static void longer_keys_are_compared_to_their_end(void)
{
    struct long_key {
        uint64_t words[4];
        unsigned value;
    };
    struct table t;
    bool is_new;

    table_init(&t, sizeof(struct long_key), sizeof(uint64_t[4]));
    for (uint64_t i = 0; i < 100; i++) {
        struct long_key *k = table_add(&t, (uint64_t[4]){0, 0, 0, i + 1}, &is_new);

        CHECK(is_new);
        k->value = (unsigned)i;
    }
    for (uint64_t i = 0; i < 100; i++) {
        struct long_key *k = table_find(&t, (uint64_t[4]){0, 0, 0, i + 1});

        CHECK(k != NULL && k->value == i);
    }
    table_free(&t);
}

static bool is_even(void *context, const void *item)
{
    (void)context;
    return ((const struct pair *)item)->key % 2 == 0;
}

static void a_filter_leaves_out(void)
{
    struct table t;
    bool is_new;

    table_init(&t, sizeof(struct pair), sizeof(uint64_t));
    table_filter(&t, is_even, NULL);
    for (uint64_t key = 1; key <= PAIRS; key++)
        (void)table_add(&t, &key, &is_new);
    table_filter(&t, is_even, NULL);
    CHECK_EQ_U64(t.count, PAIRS / 2);
    for (uint64_t key = 1; key <= PAIRS; key++)
        CHECK((table_find(&t, &key) != NULL) == (key % 2 == 0));
    table_free(&t);
}

int main(void)
{
    TAP_RUN(what_is_put_in_is_found);
    TAP_RUN(longer_keys_are_compared_to_their_end);
    TAP_RUN(a_filter_leaves_out);
    return tap_done();
}
