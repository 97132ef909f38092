#include "cli/command.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "cli/say.h"

int command_fail(const char *verb, const char *fmt, ...)
{
    struct buf text = {0};
    va_list args;

    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    say(stderr, "prismfed %s: %s\n", verb, buf_text(&text));
    buf_free(&text);
    return EXIT_UNUSABLE;
}

int command_misuse(const char *verb, const char *fmt, ...)
{
    struct buf text = {0};
    va_list args;

    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    say(stderr, "prismfed %s: %s (prismfed %s --help says how)\n", verb, buf_text(&text), verb);
    buf_free(&text);
    return EXIT_UNUSABLE;
}

int command_number(const char *verb, const char *option, const char *text, uint64_t lo, uint64_t hi, uint64_t *out)
{
    uint64_t number;

    if (u64_parse(text, &number) != ERR_OK || number < lo || number > hi)
        return command_misuse(verb, "%s must be a number from %" PRIu64 " to %" PRIu64 ", not \"%s\"", option, lo, hi,
                              text);
    *out = number;
    return EXIT_FINE;
}
