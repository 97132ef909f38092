#include "base/heap.h"

#include "base/prng.h"
#include "tap.h"

static void empty_heap(void)
{
    struct heap h = {0};
    int64_t key = 5;
    void *value = &key;

    CHECK(!heap_peek(&h, &key, &value));
    CHECK(!heap_pop(&h, &key, &value));
    CHECK_EQ_I64(key, 5);
    heap_free(&h);
}

static void equal_keys_leave_first_in_first_out(void)
{
    static int values[100];
    struct heap h = {0};
    int64_t key;
    void *value;

    for (int i = 0; i < 100; i++)
        heap_push(&h, i % 3, &values[i]);
    for (int k = 0; k < 3; k++) {
        for (int i = k; i < 100; i += 3) {
            CHECK(heap_peek(&h, &key, &value) && value == &values[i]);
            CHECK(heap_pop(&h, &key, &value) && key == k && value == &values[i]);
        }
    }
    CHECK(!heap_pop(&h, &key, &value));
    heap_free(&h);
}

/* Random pushes and pops against the plain rule: the smallest (key, order). */
static void agrees_with_a_list(void)
{
    enum { STEPS = 3000 };
    static struct heap_item list[STEPS];
    size_t count = 0;
    struct heap h = {0};
    struct prng p;
    int64_t key;
    void *value;

    tap_seed(2);
    prng_seed(&p, 2);
    for (uint64_t step = 0; step < STEPS; step++) {
        if (prng_below(&p, 5) < 3) {
            key = (int64_t)prng_below(&p, 50) - 25;
            list[count++] = (struct heap_item){.key = key, .order = step, .value = &list[step]};
            heap_push(&h, key, &list[step]);
        } else if (count > 0) {
            size_t best = 0;

            for (size_t i = 1; i < count; i++) {
                if (list[i].key < list[best].key || (list[i].key == list[best].key && list[i].order < list[best].order))
                    best = i;
            }
            CHECK(heap_pop(&h, &key, &value));
            CHECK_EQ_I64(key, list[best].key);
            CHECK(value == list[best].value);
            list[best] = list[--count];
        }
        CHECK_EQ_U64(h.count, count);
    }
    heap_free(&h);
}

static void extreme_keys(void)
{
    struct heap h = {0};
    int64_t key;
    void *value;

    heap_push(&h, INT64_MAX, NULL);
    heap_push(&h, INT64_MIN, NULL);
    heap_push(&h, 0, NULL);
    CHECK(heap_pop(&h, &key, &value) && key == INT64_MIN);
    CHECK(heap_pop(&h, &key, &value) && key == 0);
    CHECK(heap_pop(&h, &key, &value) && key == INT64_MAX);
    heap_free(&h);
}

int main(void)
{
    TAP_RUN(empty_heap);
    TAP_RUN(equal_keys_leave_first_in_first_out);
    TAP_RUN(agrees_with_a_list);
    TAP_RUN(extreme_keys);
    return tap_done();
}
