#define _GNU_SOURCE

#include "node/log.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/text.h"
#include "codec/json.h"

static const char *const names[LOG_LEVELS] = {"error", "warning", "info", "debug"};

static enum log_level wanted = LOG_INFO;
static enum log_format format = LOG_LOGFMT;

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

void log_format_set(enum log_format wish)
{
    format = wish;
}

/* RFC 3339, in UTC, to the microsecond. */
static void add_time(struct buf *out)
{
    struct timespec now = {0};
    struct tm utc;
    char text[32];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    buf_printf(out, "%s.%06ldZ", text, now.tv_nsec / 1000);
}

/* ---- JSON */

/* Does another pair begin here, or nothing? A text in quotes may have some in it, too. */
static bool is_pair(const char *at)
{
    if (*at == '\0')
        return true;
    size_t key = *at == ' ' ? strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_0123456789") : 0;
    return key > 0 && at[1 + key] == '=';
}

static json_t *value_json(const char *text, size_t len)
{
    char digits[20] = "";

    if (len == 0 || len > 15 || strspn(text, "0123456789") < len || (text[0] == '0' && len > 1))
        return json_stringn(text, len);
    memcpy(digits, text, len);
    return json_integer(strtoll(digits, NULL, 10));
}

/* KEY=VALUE KEY="VALUE" ..., as log_line() gets it. */
static void put_pairs(json_t *out, char *at)
{
    while (*at != '\0') {
        char *key = at + strspn(at, " "), *equals = strchr(key, '=');
        char *value, *end;

        if (equals == NULL)
            return;
        *equals = '\0';
        value = equals + 1;
        if (*value == '"') {
            for (end = ++value; *end != '\0' && !(*end == '"' && is_pair(end + 1)); end++)
                ;
            json_put(out, key, json_stringn(value, (size_t)(end - value)));
            at = end + (*end == '"');
        } else {
            end = value + strcspn(value, " ");
            json_put(out, key, value_json(value, (size_t)(end - value)));
            at = end;
        }
    }
}

static void add_json(enum log_level level, const char *event, struct buf *pairs, struct buf *line)
{
    struct buf time = {0}, plain = {0};
    json_t *o = json_object();

    add_time(&time);
    json_put(o, "time", json_string(buf_text(&time)));
    json_put(o, "level", json_string(names[level]));
    json_put(o, "event", json_string(event));
    text_escape(bytes_of_buf(pairs), &plain);
    buf_add_byte(&plain, 0);
    put_pairs(o, (char *)plain.data);
    json_line(o, line);
    json_decref(o);
    buf_free(&time);
    buf_free(&plain);
}

static void add_logfmt(enum log_level level, const char *event, const struct buf *pairs, struct buf *line)
{
    buf_add_text(line, "time=");
    add_time(line);
    buf_printf(line, " level=%s event=%s ", names[level], event);
    text_escape(bytes_of_buf(pairs), line);
}

void log_line(enum log_level level, const char *event, const char *fmt, ...)
{
    struct buf line = {0}, pairs = {0};
    va_list args;

    if (level > wanted)
        return;
    va_start(args, fmt);
    buf_vprintf(&pairs, fmt, args);
    va_end(args);
    if (format == LOG_JSON)
        add_json(level, event, &pairs, &line);
    else
        add_logfmt(level, event, &pairs, &line);
    buf_add_byte(&line, '\n');
    /* in one write, so that lines of several processes do not mix; a log that cannot be written stops nobody */
    ssize_t ignored = write(STDERR_FILENO, line.data, line.len);
    (void)ignored;
    buf_free(&line);
    buf_free(&pairs);
}
