#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "program/queue.h"

extern char **environ;

enum { LOOK_LEAST_MS = 10, LOOK_MOST_MS = 250, MERCY_MS = 2000, LOG_MAX = 1 << 20 };

bool queue_sleep(const struct queue_user *u, unsigned ms)
{
    for (; ms > 0 && !atomic_load(u->stopped); ms -= ms < LOOK_MOST_MS ? ms : LOOK_MOST_MS)
        (void)poll(NULL, 0, ms < LOOK_MOST_MS ? (int)ms : LOOK_MOST_MS);
    return !atomic_load(u->stopped);
}

/* In a process group of its own, so that it can be ended with all that it has started. */
static int spawn(const struct queue_user *u, char *const *words, const char *log, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int error;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    posix_spawn_file_actions_addchdir_np(&actions, u->spec->folder);
    error = posix_spawnp(pid, words[0], &actions, &attributes, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

/* True: it has ended before the deadline, and before it was stopped. */
static bool await(const struct queue_user *u, pid_t pid, int64_t deadline_ns, int *status)
{
    int ms = LOOK_LEAST_MS;

    for (;;) {
        pid_t ended = waitpid(pid, status, WNOHANG);

        if (ended == pid || (ended < 0 && errno != EINTR))
            return true;
        if (child_clock_ns() >= deadline_ns || atomic_load(u->stopped))
            return false;
        (void)poll(NULL, 0, ms);
        ms = 2 * ms < LOOK_MOST_MS ? 2 * ms : LOOK_MOST_MS;
    }
}

static void end(pid_t pid)
{
    int status;

    (void)kill(-pid, SIGTERM);
    for (int waited = 0; waited < MERCY_MS; waited += LOOK_LEAST_MS) {
        if (waitpid(pid, &status, WNOHANG) == pid) {
            (void)kill(-pid, SIGKILL); /* what it has left */
            return;
        }
        (void)poll(NULL, 0, LOOK_LEAST_MS);
    }
    (void)kill(-pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
}

void queue_last_words(const char *folder, struct buf *says)
{
    struct buf text = {0}, log = {0};
    size_t from, to;

    buf_printf(&log, "%s/log", folder);
    if (file_read(buf_text(&log), LOG_MAX, &text, NULL) == ERR_OK) {
        for (to = text.len; to > 0 && text.data[to - 1] == '\n'; to--)
            ;
        for (from = to; from > 0 && text.data[from - 1] != '\n' && to - from < PROGRAM_SAYS_SIZE / 2; from--)
            ;
        if (to > from) {
            buf_add_text(says, "; its last words: ");
            text_escape(bytes_of(text.data + from, to - from), says);
        }
    }
    buf_free(&text);
    buf_free(&log);
}

static enum queue_end run(const struct queue_user *u, char *const *words, const char *log, struct buf *says)
{
    int64_t deadline = child_clock_ns() + (int64_t)u->spec->queue.timeout_s * 1000000000;
    int status = 0, error;
    pid_t pid;

    error = spawn(u, words, log, &pid);
    if (error != 0) {
        buf_printf(says, "%s cannot be executed: %s", words[0], strerror(error));
        return QUEUE_FAILED;
    }
    if (!await(u, pid, deadline, &status)) {
        end(pid);
        buf_printf(says, "%s has not ended within %u s", words[0], u->spec->queue.timeout_s);
        return atomic_load(u->stopped) ? QUEUE_STOPPED : QUEUE_LATE;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return QUEUE_ENDED;
    if (WIFEXITED(status))
        buf_printf(says, "%s: exit status %d", words[0], WEXITSTATUS(status));
    else
        buf_printf(says, "%s: ended by signal %d", words[0], WTERMSIG(status));
    return QUEUE_FAILED;
}

enum queue_end queue_command(const struct queue_user *u, const char *folder, const char *numbers, struct buf *says)
{
    const struct program_queue *q = &u->spec->queue;
    struct words words = {0};
    struct buf log = {0};

    for (unsigned i = 0; i < q->argument_count; i++)
        words_add(&words, q->arguments[i], strlen(q->arguments[i]));
    words_add(&words, folder, strlen(folder));
    words_add(&words, numbers, strlen(numbers));
    buf_printf(&log, "%s/log", folder);
    enum queue_end end = run(u, words.items, buf_text(&log), says);
    if (end == QUEUE_FAILED)
        queue_last_words(folder, says);
    words_free(&words);
    buf_free(&log);
    return end;
}
