/* pipe2: another thread may fork at any moment. */
#define _GNU_SOURCE

#include "program/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program/control_group.h"
#include "program/processes.h"

enum { READS_AT_THE_END = 64, REMARKS_KEPT = 2048, REMARK_MAX = 160, KIB = 1024, MIB = 1 << 20 };

int64_t child_clock_ns(void)
{
    return processes_clock_ns();
}

/* ---- starting */

/* What is of one run. */
struct surroundings {
    char folder[PATH_MAX]; /* its working folder */
    char home[PATH_MAX + 16], scratch[PATH_MAX + 16];
    char **names;               /* owned; what they point to is not */
    struct confine_path *paths; /* owned, likewise */
    unsigned path_count;
};

/* Our own control group, as it is when the first program is started. */
static char groups[CONTROL_GROUP_PATH];
static pthread_once_t groups_once = PTHREAD_ONCE_INIT;

static void groups_find(void)
{
    control_group_find(groups);
}

static enum err folder_make(struct surroundings *s, struct diag *diag)
{
    const char *below = getenv("TMPDIR");

    if (below == NULL || *below != '/' || strlen(below) > PATH_MAX - 64)
        below = "/tmp";
    snprintf(s->folder, sizeof s->folder, "%s/prismfed-run-XXXXXX", below);
    if (mkdtemp(s->folder) == NULL)
        return diag_set(diag, ERR_IO, "no working folder to be had in %s: %s", below, strerror(errno));
    return ERR_OK;
}

static enum err surroundings_init(struct surroundings *s, const struct cage *cage, struct diag *diag)
{
    unsigned count = cage->environment_count;
    enum err err = folder_make(s, diag);

    if (err != ERR_OK)
        return err;
    snprintf(s->home, sizeof s->home, "HOME=%s", s->folder);
    snprintf(s->scratch, sizeof s->scratch, "TMPDIR=%s", s->folder);
    s->names = mem_array((size_t)count + 3, sizeof s->names[0]);
    memcpy(s->names, cage->environment, count * sizeof s->names[0]);
    s->names[count] = s->home;
    s->names[count + 1] = s->scratch;
    s->paths = mem_array((size_t)cage->path_count + 2, sizeof s->paths[0]);
    memcpy(s->paths, cage->paths, cage->path_count * sizeof s->paths[0]);
    s->path_count = cage->path_count;
    s->paths[s->path_count++] = (struct confine_path){s->folder, CONFINE_READ | CONFINE_WRITE | CONFINE_EXECUTE};
    s->paths[s->path_count++] = (struct confine_path){"/dev/shm", CONFINE_READ | CONFINE_WRITE};
    pthread_once(&groups_once, groups_find);
    return ERR_OK;
}

static void surroundings_fini(struct surroundings *s)
{
    mem_free(s->names);
    mem_free(s->paths);
}

/* Both ends close on exec; [0] is ours. A socket for its input: writing to a program that is gone is no signal. */
static bool streams_open(bool talks, int in[2], int out[2], int err[2])
{
    int swapped[2];

    if (talks ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0
              : (in[1] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
        return false;
    if (pipe2(swapped, O_CLOEXEC) != 0)
        return false;
    out[0] = swapped[0];
    out[1] = swapped[1];
    if (pipe2(swapped, O_CLOEXEC) != 0)
        return false;
    err[0] = swapped[0];
    err[1] = swapped[1];
    return true;
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

enum err child_start(const struct child_command *command, struct child *out, struct diag *diag)
{
    const struct child_limits *l = &command->limits;
    int in[2] = {-1, -1}, print[2] = {-1, -1}, remark[2] = {-1, -1};
    struct surroundings around = {0};
    struct warden warden;
    enum err err = surroundings_init(&around, command->cage, diag);

    if (err != ERR_OK)
        goto out;
    if (!streams_open(command->talks, in, print, remark)) {
        err = diag_set(diag, ERR_IO, "no pipe to be had: %s", strerror(errno));
        goto out;
    }
    err = warden_start(
        &(struct warden_command){
            .file = command->file,
            .arguments = command->arguments,
            .environment = around.names,
            .folder = command->folder,
            .scratch = around.folder,
            .paths = around.paths,
            .path_count = around.path_count,
            .control_groups = groups,
            .network = command->cage->network,
            .forgone = command->cage->forgone,
            .in = in[1],
            .out = print[1],
            .err = remark[1],
            .memory = (uint64_t)l->memory_mb * MIB,
            .file_size = (uint64_t)l->file_mb * MIB,
            .cpu_s = l->cpu_s,
            .processes = l->processes,
        },
        &warden, diag);
    if (err != ERR_OK)
        goto out;
    (void)fcntl(print[0], F_SETFL, O_NONBLOCK);
    (void)fcntl(remark[0], F_SETFL, O_NONBLOCK);
    *out = (struct child){
        .warden = warden,
        .in = in[0],
        .out = print[0],
        .err = remark[0],
        .limit = (size_t)l->output_kb * KIB,
    };
out:
    if (err != ERR_OK && around.names != NULL)
        (void)rmdir(around.folder);
    surroundings_fini(&around);
    close_one(&in[1]);
    close_one(&print[1]);
    close_one(&remark[1]);
    if (err != ERR_OK) {
        close_one(&in[0]);
        close_one(&print[0]);
        close_one(&remark[0]);
    }
    return err;
}

unsigned child_force(const struct child *c)
{
    return atomic_load(c->warden.force);
}

/* ---- listening */

void child_allow(struct child *c)
{
    c->printed = c->unread.len;
}

/* Takes what there is on one stream; closes it at its end. */
static void take_in(struct child *c, int *fd, struct buf *into)
{
    uint8_t chunk[4096];
    ssize_t n = read(*fd, chunk, sizeof chunk);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        close_one(fd);
        return;
    }
    c->printed += (size_t)n;
    if (c->printed <= c->limit)
        buf_add(into, chunk, (size_t)n);
    if (into == &c->remarks && into->len > 2 * REMARKS_KEPT) {
        memmove(into->data, into->data + into->len - REMARKS_KEPT, REMARKS_KEPT);
        into->len = REMARKS_KEPT;
    }
}

/* Waits until there is something to read, or room to write where that is wanted; false: the deadline has passed. */
static bool wait_for(struct child *c, int64_t deadline_ns, bool to_write)
{
    struct pollfd fds[4] = {
        {.fd = c->out, .events = POLLIN},
        {.fd = c->err, .events = POLLIN},
        {.fd = c->warden.report, .events = POLLIN},
        {.fd = to_write ? c->in : -1, .events = POLLOUT},
    };
    int64_t left_ns = deadline_ns - child_clock_ns();

    if (left_ns <= 0)
        return false;
    int64_t left_ms = left_ns / 1000000 + 1;
    int ready = poll(fds, 4, left_ms > 60000 ? 60000 : (int)left_ms);
    if (ready <= 0)
        return true; /* the caller comes again, and looks at the clock */
    if (fds[0].revents != 0)
        take_in(c, &c->out, &c->unread);
    if (fds[1].revents != 0)
        take_in(c, &c->err, &c->remarks);
    if (fds[0].revents == 0 && fds[1].revents == 0 && fds[2].revents != 0) {
        close_one(&c->out); /* all that could write is gone */
        close_one(&c->err);
    }
    return true;
}

static bool line_take(struct child *c, struct buf *line)
{
    uint8_t *end = c->unread.len > 0 ? memchr(c->unread.data, '\n', c->unread.len) : NULL;
    size_t len, used;

    if (end == NULL && (c->out >= 0 || c->unread.len == 0))
        return false;
    len = end != NULL ? (size_t)(end - c->unread.data) : c->unread.len;
    used = end != NULL ? len + 1 : len;
    buf_clear(line);
    buf_add(line, c->unread.data, len > 0 && c->unread.data[len - 1] == '\r' ? len - 1 : len);
    memmove(c->unread.data, c->unread.data + used, c->unread.len - used);
    c->unread.len -= used;
    return true;
}

enum child_said child_line(struct child *c, int64_t deadline_ns, struct buf *line)
{
    for (;;) {
        if (line_take(c, line))
            return CHILD_LINE;
        if (c->printed > c->limit)
            return CHILD_FLOOD;
        if (c->out < 0)
            return CHILD_ENDED;
        if (!wait_for(c, deadline_ns, false))
            return CHILD_LATE;
    }
}

/* Its streams are closed; has it ended? How it did is known only then. */
static bool wait_for_end(struct child *c, int64_t deadline_ns)
{
    for (;;) {
        int64_t left_ns = deadline_ns - child_clock_ns();
        int64_t left_ms = left_ns > 0 ? left_ns / 1000000 + 1 : 0;
        int ready =
            poll(&(struct pollfd){.fd = c->warden.report, .events = POLLIN}, 1, left_ms > 60000 ? 60000 : (int)left_ms);

        if (ready > 0)
            return true;
        if (left_ns <= 0)
            return false;
    }
}

enum child_said child_rest(struct child *c, int64_t deadline_ns, struct buf *text)
{
    while (c->out >= 0 || c->err >= 0) {
        if (c->printed > c->limit)
            return CHILD_FLOOD;
        if (!wait_for(c, deadline_ns, false))
            return CHILD_LATE;
    }
    if (c->printed > c->limit)
        return CHILD_FLOOD;
    if (!wait_for_end(c, deadline_ns))
        return CHILD_LATE;
    buf_add(text, c->unread.data, c->unread.len);
    buf_clear(&c->unread);
    return CHILD_ENDED;
}

enum child_said child_tell(struct child *c, struct bytes text, int64_t deadline_ns)
{
    while (text.len > 0) {
        ssize_t n = send(c->in, text.data, text.len, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n > 0) {
            text.data += n;
            text.len -= (size_t)n;
            continue;
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return CHILD_ENDED;
        if (c->printed > c->limit)
            return CHILD_FLOOD;
        if (!wait_for(c, deadline_ns, true))
            return CHILD_LATE;
    }
    return CHILD_LINE;
}

/* ---- the end */

/* The last line that is not blank: of a Python traceback, the one that says what it was. */
static void last_line(struct bytes text, struct buf *out)
{
    size_t end = text.len, start;

    while (end > 0 && text.data[end - 1] <= ' ')
        end--;
    for (start = end; start > 0 && text.data[start - 1] != '\n'; start--)
        ;
    if (end - start > REMARK_MAX)
        end = start + REMARK_MAX;
    for (; start < end; start++)
        buf_add_byte(out, text.data[start] < ' ' || text.data[start] > '~' ? '?' : text.data[start]);
}

struct warden_report child_stop(struct child *c, struct buf *remarks)
{
    struct warden_report report = warden_finish(&c->warden);

    for (int i = 0; i < READS_AT_THE_END && c->err >= 0; i++) { /* what is left in the pipe */
        if (poll(&(struct pollfd){.fd = c->err, .events = POLLIN}, 1, 0) <= 0)
            break;
        c->printed = 0;
        take_in(c, &c->err, &c->remarks);
    }
    close_one(&c->err);
    if (remarks != NULL)
        last_line(bytes_of_buf(&c->remarks), remarks);
    close_one(&c->in);
    close_one(&c->out);
    buf_free(&c->unread);
    buf_free(&c->remarks);
    *c = (struct child){.in = -1, .out = -1, .err = -1};
    return report;
}
