#include "base/err.h"

#include <limits.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/text.h"
#include "tap.h"

static void every_error_has_a_text_of_its_own(void)
{
    for (int a = 0; a < ERR_COUNT; a++) {
        for (int b = 0; b < a; b++)
            CHECK(strcmp(err_text((enum err)a), err_text((enum err)b)) != 0);
    }
    CHECK(err_text((enum err)ERR_COUNT) != NULL);
    CHECK(err_text((enum err)UINT_MAX) != NULL);
}

static void diag_says_where(void)
{
    struct diag diag = {0};

    CHECK_ERR(diag_set(&diag, ERR_RANGE, "%d is above %d", 7, 5), ERR_RANGE);
    CHECK_ERR(diag_prefix(&diag, ERR_RANGE, "node %s", "n1"), ERR_RANGE);
    CHECK_EQ_TEXT(diag.text, "node n1: 7 is above 5");
    CHECK_ERR(diag_set(&diag, ERR_TYPE, "<%s>", diag.text), ERR_TYPE);
    CHECK_EQ_TEXT(diag.text, "<node n1: 7 is above 5>");
    CHECK_ERR(diag_set(NULL, ERR_IO, "nobody listens"), ERR_IO);
    CHECK_ERR(diag_prefix(NULL, ERR_IO, "nobody listens"), ERR_IO);
}

static void diag_is_cut_not_overrun(void)
{
    struct diag diag = {0};

    diag_set(&diag, ERR_RANGE, "%2000s", "x");
    CHECK_EQ_U64(strlen(diag.text), sizeof diag.text - 1);
    for (int i = 0; i < 3; i++)
        diag_prefix(&diag, ERR_RANGE, "%400s", "y");
    CHECK_EQ_U64(strlen(diag.text), sizeof diag.text - 1);
    diag_prefix(&diag, ERR_RANGE, "%2000s", "z");
    CHECK(strlen(diag.text) < sizeof diag.text);
}

static void diag_can_be_printed(void)
{
    struct diag diag = {0};

    diag_set(&diag, ERR_RANGE, "%s",
             "a\033[2Jb\xc2\x9b"
             "31m\xe2\x80\xae\xff\n");
    CHECK_EQ_TEXT(diag.text, "a\\u{1b}[2Jb\\u{9b}31m\\u{202e}\\x{ff}\\u{a}");
    diag_prefix(&diag, ERR_RANGE, "%s", "\xc2");
    CHECK_EQ_TEXT(diag.text, "\\x{c2}: a\\u{1b}[2Jb\\u{9b}31m\\u{202e}\\x{ff}\\u{a}");
}

static void diag_cuts_no_character(void)
{
    for (int before = 1015; before < 1025; before++) {
        struct diag diag = {0};

        diag_set(&diag, ERR_RANGE, "%*s\xf0\x9f\x98\x80\xc3\xbc", before, "x");
        CHECK(utf8_valid(bytes_of_text(diag.text)));
        CHECK(strchr(diag.text, '\\') == NULL);
        diag_prefix(&diag, ERR_RANGE, "\xf0\x9f\x98\x80 %*s", before % 7, "");
        CHECK(utf8_valid(bytes_of_text(diag.text)));
    }
}

static void a_broken_invariant_aborts(void)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(2);
        ASSERT(1 + 1 == 3);
        _exit(0);
    }
    REQUIRE(child > 0);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
    TAP_RUN(every_error_has_a_text_of_its_own);
    TAP_RUN(diag_says_where);
    TAP_RUN(diag_is_cut_not_overrun);
    TAP_RUN(diag_can_be_printed);
    TAP_RUN(diag_cuts_no_character);
    TAP_RUN(a_broken_invariant_aborts);
    return tap_done();
}
