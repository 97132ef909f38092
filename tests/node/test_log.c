#include <fcntl.h>
#include <jansson.h>
#include <unistd.h>

#include "node/log.h"
#include "tap.h"

/* A line of the log, as logfmt and as JSON. */

static char line[4096];

/* What one call writes to standard error. */
static void catch_line(enum log_format format, const char *text)
{
    int pipes[2], kept = dup(STDERR_FILENO);
    ssize_t n;

    CHECK(pipe(pipes) == 0 && dup2(pipes[1], STDERR_FILENO) >= 0);
    log_format_set(format);
    log_line(LOG_WARNING, "refused", "peer=core-a reason=\"%s\" hash=%s height=%d", text, "0123", 7);
    log_line(LOG_DEBUG, "not", "number=%d", 1);
    dup2(kept, STDERR_FILENO);
    close(pipes[1]);
    n = read(pipes[0], line, sizeof line - 1);
    line[n > 0 ? n : 0] = '\0';
    close(pipes[0]);
    close(kept);
}

static void logfmt(void)
{
    catch_line(LOG_LOGFMT, "no\nnode");
    CHECK(strncmp(line, "time=20", 7) == 0);
    CHECK(strstr(line, "Z level=warning event=refused peer=core-a reason=\"no\\u{a}node\" hash=0123 height=7\n") !=
          NULL);
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text != NULL ? text : "";
}

static void json(void)
{
    json_error_t error;
    json_t *o;

    catch_line(LOG_JSON, "there is no \"x=1\" and no y=2: \\ \x1b[1m");
    o = json_loads(line, 0, &error);
    CHECK(o != NULL);
    CHECK_EQ_TEXT(text_of(o, "level"), "warning");
    CHECK_EQ_TEXT(text_of(o, "event"), "refused");
    CHECK_EQ_TEXT(text_of(o, "peer"), "core-a");
    CHECK_EQ_TEXT(text_of(o, "reason"), "there is no \"x=1\" and no y=2: \\ \\u{1b}[1m");
    CHECK_EQ_I64(json_integer_value(json_object_get(o, "height")), 7);
    CHECK_EQ_TEXT(text_of(o, "hash"), "0123");
    CHECK_EQ_U64(json_object_size(o), 7);
    CHECK(line[strlen(line) - 1] == '\n' && strchr(line, '\n') == line + strlen(line) - 1);
    json_decref(o);
}

int main(void)
{
    TAP_RUN(logfmt);
    TAP_RUN(json);
    return tap_done();
}
