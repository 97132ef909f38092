#define _GNU_SOURCE

#include "node/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/text.h"

static const char *const names[LOG_LEVELS] = {"error", "warning", "info", "debug"};

static enum log_level wanted = LOG_INFO;

const char *log_level_name(enum log_level level)
{
    return names[level];
}

bool log_level_of(const char *name, enum log_level *out)
{
    for (unsigned i = 0; i < LOG_LEVELS; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_level_set(enum log_level level)
{
    wanted = level;
}

enum log_level log_level_now(void)
{
    return wanted;
}

/* RFC 3339, in UTC, to the microsecond. */
static void add_time(struct buf *line)
{
    struct timespec now = {0};
    struct tm utc;
    char text[32];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    buf_printf(line, "time=%s.%06ldZ", text, now.tv_nsec / 1000);
}

void log_line(enum log_level level, const char *event, const char *fmt, ...)
{
    struct buf line = {0}, pairs = {0};
    va_list args;

    if (level > wanted)
        return;
    add_time(&line);
    buf_printf(&line, " level=%s event=%s ", names[level], event);
    va_start(args, fmt);
    buf_vprintf(&pairs, fmt, args);
    va_end(args);
    text_escape(bytes_of_buf(&pairs), &line);
    buf_add_byte(&line, '\n');
    /* in one write, so that lines of several processes do not mix; a log that cannot be written stops nobody */
    ssize_t ignored = write(STDERR_FILENO, line.data, line.len);
    (void)ignored;
    buf_free(&line);
    buf_free(&pairs);
}
