#include "cli/say.h"

#include <stdarg.h>

#include "base/mutate.h"
#include "base/text.h"

static void write_line(FILE *to, struct bytes line)
{
    struct buf shown = {0};

    if (MUTATE(SAY_RAW, false, true))
        text_escape(line, &shown);
    else
        buf_add(&shown, line.data, line.len);
    if (shown.len > 0)
        (void)(fwrite(shown.data, 1, shown.len, to) == shown.len); /* the stream remembers */
    buf_free(&shown);
}

void say(FILE *to, const char *fmt, ...)
{
    size_t ends = 0, length = strlen(fmt);
    struct buf text = {0};
    va_list args;

    while (ends < length && fmt[length - 1 - ends] == '\n')
        ends++;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    write_line(to, bytes_of(text.data, text.len - ends));
    for (; ends > 0; ends--)
        fputc('\n', to);
    buf_free(&text);
}

void say_lines(FILE *to, struct bytes text)
{
    for (size_t start = 0; start < text.len;) {
        const uint8_t *end = memchr(text.data + start, '\n', text.len - start);
        size_t len = end != NULL ? (size_t)(end - text.data) - start : text.len - start;

        write_line(to, bytes_of(text.data + start, len));
        if (end != NULL)
            fputc('\n', to);
        start += len + 1;
    }
}
