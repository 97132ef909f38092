#include "cli/command.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

static void say(const char *verb, const char *fmt, va_list args) PRINTF_LIKE(2, 0);
static void say(const char *verb, const char *fmt, va_list args)
{
    fprintf(stderr, "prismfed %s: ", verb);
    vfprintf(stderr, fmt, args);
}

int command_fail(const char *verb, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(verb, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    return EXIT_UNUSABLE;
}

int command_misuse(const char *verb, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(verb, fmt, args);
    va_end(args);
    fprintf(stderr, " (prismfed %s --help says how)\n", verb);
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
