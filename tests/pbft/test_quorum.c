#include "pbft/quorum.h"

#include "tap.h"

static void sizes_are_the_papers(void)
{
    /* n, f, q: DESIGN section 8 */
    static const unsigned table[][3] = {{1, 0, 1}, {2, 0, 2}, {3, 0, 2},  {4, 1, 3},    {5, 1, 4},
                                        {6, 1, 4}, {7, 2, 5}, {10, 3, 7}, {100, 33, 67}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        CHECK_EQ_U64(quorum_faults(table[i][0]), table[i][1]);
        CHECK_EQ_U64(quorum_size(table[i][0], table[i][1]), table[i][2]);
    }
}

static void any_two_quorums_share_a_correct_replica(void)
{
    for (unsigned n = 1; n <= 128; n++) {
        for (unsigned f = 0; f <= quorum_faults(n); f++) {
            unsigned q = quorum_size(n, f);
            CHECK(2 * q >= n + f + 1);      /* safe */
            CHECK(2 * (q - 1) < n + f + 1); /* and the smallest that is */
            CHECK(q <= n - f);              /* live without the liars */
        }
    }
}

static void the_check_explains_itself(void)
{
    struct diag diag = {0};

    CHECK_OK(quorum_check(4, 1, 3, &diag));
    CHECK_OK(quorum_check(4, 1, 4, NULL));
    CHECK_OK(quorum_check(3, 0, 3, NULL));
    CHECK_ERR(quorum_check(0, 0, 0, &diag), ERR_RANGE);
    CHECK_ERR(quorum_check(6, 1, 3, &diag), ERR_RANGE);
    CHECK(strstr(diag.text, "at least ceil((6+1+1)/2) = 4") != NULL);
    CHECK_ERR(quorum_check(4, 2, 3, &diag), ERR_RANGE);
    CHECK(strstr(diag.text, "at most floor((4-1)/3) = 1") != NULL);
    CHECK_ERR(quorum_check(4, 1, 5, &diag), ERR_RANGE);
    CHECK_ERR(quorum_check(4, 1, 0, NULL), ERR_RANGE);
}

int main(void)
{
    TAP_RUN(sizes_are_the_papers);
    TAP_RUN(any_two_quorums_share_a_correct_replica);
    TAP_RUN(the_check_explains_itself);
    return tap_done();
}
