#include "base/sorted.h"

#include "base/prng.h"
#include "tap.h"

struct item {
    char other[3];
    unsigned number;
};

/* As a walk from the first item finds it, whatever is in the array and is asked for. */
static void the_place_is_that_of_a_walk(void)
{
    struct item items[20];
    struct prng prng;

    prng_stream(&prng, 7, "sorted", 0);
    for (unsigned round = 0; round < 2000; round++) {
        unsigned count = (unsigned)prng_below(&prng, 21), number = 0, place = 0;
        for (unsigned i = 0; i < count; i++)
            items[i].number = number += 1 + (unsigned)prng_below(&prng, 3);
        unsigned wanted = (unsigned)prng_below(&prng, number + 3);
        while (place < count && items[place].number < wanted)
            place++;
        CHECK_EQ_U64(sorted_place(items, count, sizeof items[0], offsetof(struct item, number), wanted), place);
    }
}

static void there_may_be_nothing(void)
{
    CHECK_EQ_U64(sorted_place(NULL, 0, sizeof(struct item), offsetof(struct item, number), 5), 0);
}

int main(void)
{
    TAP_RUN(the_place_is_that_of_a_walk);
    TAP_RUN(there_may_be_nothing);
    return tap_done();
}
