#include "cli/say.h"

#include "tap.h"

static void read_back(FILE *file, struct buf *out)
{
    int c;

    rewind(file);
    while ((c = fgetc(file)) != EOF)
        buf_add_byte(out, (uint8_t)c);
    fclose(file);
}

static void arguments_end_no_line(void)
{
    FILE *file = tmpfile();
    struct buf out = {0};

    REQUIRE(file != NULL);
    say(file, "auditing %s ",
        "x\033[2J\xc2\x9b"
        "31m");
    say(file, "%s\n", "a\nverdict: compliant\n");
    say(file, "\n");
    say(file, "%d %s\n\n", 7, "\xe2\x80\xae\xff");
    read_back(file, &out);
    CHECK_EQ_TEXT(buf_text(&out), "auditing x\\u{1b}[2J\\u{9b}31m a\\u{a}verdict: compliant\\u{a}\n\n"
                                  "7 \\u{202e}\\x{ff}\n\n");
    buf_free(&out);
}

static void lines_stay_lines(void)
{
    FILE *file = tmpfile();
    struct buf out = {0};

    REQUIRE(file != NULL);
    say_lines(file, bytes_of_text("one\r\n\ntwo\xe2\x80\x8b\nthree"));
    read_back(file, &out);
    CHECK_EQ_TEXT(buf_text(&out), "one\\u{d}\n\ntwo\\u{200b}\nthree");
    buf_free(&out);
}

int main(void)
{
    TAP_RUN(arguments_end_no_line);
    TAP_RUN(lines_stay_lines);
    return tap_done();
}
