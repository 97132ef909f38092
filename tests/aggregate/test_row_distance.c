#include "aggregate/row_distance.h"

#include "aggregate/rank.h"
#include "tap.h"

static void a_row_that_is_turned_around(void)
{
    const uint64_t costs[] = {1, 2, 3, 4, 10, 20, 30, 40, 5, 6, 7, 8, 4, 3, 2, 1};
    uint64_t far[4];

    row_distances(costs, 4, 4, far);
    CHECK_EQ_U64(far[3], PPM);
    for (unsigned i = 0; i < 3; i++)
        CHECK_EQ_U64(far[i], 0);
}

/* By hand: ranks 1 2 3 against 2 1 3 are 2 apart, of 4. */
static void one_pair_that_is_swapped(void)
{
    const uint64_t costs[] = {1, 2, 3, 2, 1, 3, 1, 2, 3};
    uint64_t far[3];

    row_distances(costs, 3, 3, far);
    CHECK_EQ_U64(far[1], PPM / 2);
}

static void how_loud_does_not_matter(void)
{
    const uint64_t costs[] = {1, 2, 3, 7, 1000, UINT64_MAX};
    uint64_t far[2];

    row_distances(costs, 2, 3, far);
    CHECK_EQ_U64(far[0], 0);
    CHECK_EQ_U64(far[1], 0);
}

static void nothing_to_compare(void)
{
    const uint64_t costs[] = {5, 4, 3};
    uint64_t far[3] = {9, 9, 9};

    row_distances(costs, 1, 3, far);
    CHECK_EQ_U64(far[0], 0);
    row_distances(costs, 3, 1, far);
    CHECK(far[0] == 0 && far[1] == 0 && far[2] == 0);
}

int main(void)
{
    TAP_RUN(a_row_that_is_turned_around);
    TAP_RUN(one_pair_that_is_swapped);
    TAP_RUN(how_loud_does_not_matter);
    TAP_RUN(nothing_to_compare);
    return tap_done();
}
