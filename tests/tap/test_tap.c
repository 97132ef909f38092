/* tap.h sees failures: this program runs itself with "fail" and reads what it says. */

#include "tap.h"

static void passes(void)
{
    CHECK(1 + 1 == 2);
    CHECK_EQ_U64(UINT64_MAX, UINT64_MAX);
    CHECK_EQ_BYTES(bytes_of("ab", 2), bytes_of("ab", 2));
    CHECK_OK(ERR_OK);
}

static void fails(void)
{
    tap_seed(42);
    CHECK_EQ_U64(1, 2);
    CHECK_EQ_I64(-1, 1);
    CHECK_EQ_TEXT("a", "b");
    CHECK_EQ_BYTES(bytes_of("ab", 2), bytes_of("ac", 2));
    CHECK_ERR(ERR_IO, ERR_OK);
    REQUIRE(1 > 2);
    CHECK(0 && "a failed REQUIRE returns");
}

static void skips(void)
{
    SKIP("nothing to see");
}

static const char *program;

static void failures_are_told(void)
{
    char command[4200];
    char got[4096] = {0};
    snprintf(command, sizeof command, "'%s' fail", program);
    FILE *child = popen(command, "r");
    REQUIRE(child != NULL);
    size_t len = fread(got, 1, sizeof got - 1, child);
    CHECK(pclose(child) != 0);
    CHECK(len > 0);
    CHECK(strstr(got, "ok 1 - passes\n") == got);
    CHECK(strstr(got, "1 is 1, should be 2 [seed 42]\n") != NULL);
    CHECK(strstr(got, "-1 is -1, should be 1 [seed 42]\n") != NULL);
    CHECK(strstr(got, "is \"a\", should be \"b\"") != NULL);
    CHECK(strstr(got, "#   want (2): 61 63\n") != NULL);
    CHECK(strstr(got, "ERR_IO gives") != NULL);
    CHECK(strstr(got, "not true: 1 > 2 [seed 42]\nnot ok 2 - fails\n") != NULL);
    CHECK(strstr(got, "ok 3 - skips # SKIP nothing to see\n1..3\n") != NULL);
}

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc > 1) {
        TAP_RUN(passes);
        TAP_RUN(fails);
        TAP_RUN(skips);
        return tap_done();
    }
    TAP_RUN(passes);
    TAP_RUN(failures_are_told);
    return tap_done();
}
