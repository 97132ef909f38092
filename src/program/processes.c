/* The tree of processes below one of ours. A thread's file `children` names those that this thread has forked, so all
 * threads of a process are asked (proc(5)). */
#define _GNU_SOURCE

#include "program/processes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mutate.h"
#include "program/folder.h"

int64_t processes_clock_ns(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

char *text_put(char *at, const char *text)
{
    while (*text != '\0')
        *at++ = *text++;
    *at = '\0';
    return at;
}

char *text_put_number(char *at, uint64_t v)
{
    char digits[24];
    int n = 0;

    do
        digits[n++] = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    while (n > 0)
        *at++ = digits[--n];
    *at = '\0';
    return at;
}

/* Numbers, each with a blank after it; one that is cut off is none. */
static unsigned numbers_read(int fd, pid_t *pids, unsigned count)
{
    char chunk[4096];
    pid_t number = 0;
    ssize_t n;

    while ((n = read(fd, chunk, sizeof chunk)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            if (chunk[i] >= '0' && chunk[i] <= '9') {
                number = number * 10 + (chunk[i] - '0');
                continue;
            }
            if (number > 0 && count < PROCESSES_MAX)
                pids[count++] = number;
            number = 0;
        }
    }
    return count;
}

struct gathering {
    pid_t *pids;
    unsigned count;
};

static bool thread_add(void *context, int folder, const char *thread, unsigned char type)
{
    struct gathering *g = context;
    char path[300];
    int fd;

    (void)type;
    text_put(text_put(path, thread), "/children");
    fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    g->count = numbers_read(fd, g->pids, g->count);
    close(fd);
    return MUTATE(CAGE_FIRST_THREAD, false, true);
}

unsigned processes_children(pid_t pid, pid_t *pids, unsigned count)
{
    struct gathering g = {pids, count};
    char path[64];
    int folder;

    text_put(text_put_number(text_put(path, "/proc/"), (uint64_t)pid), "/task");
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return count;
    (void)folder_each(folder, thread_add, &g);
    close(folder);
    return g.count;
}

unsigned processes_below(pid_t pid, pid_t *pids)
{
    unsigned count = processes_children(pid, pids, 0);

    for (unsigned i = 0; i < count; i++)
        count = processes_children(pids[i], pids, count);
    return count;
}

uint64_t processes_resident_kib(pid_t pid)
{
    char path[64], text[128];
    unsigned blanks = 0;
    uint64_t pages = 0;
    ssize_t n = 0;
    int fd;

    text_put(text_put_number(text_put(path, "/proc/"), (uint64_t)pid), "/statm");
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        n = read(fd, text, sizeof text);
        close(fd);
    }
    for (ssize_t i = 0; i < n && blanks < 2; i++) { /* the second number */
        blanks += text[i] == ' ';
        if (blanks == 1 && text[i] != ' ')
            pages = pages * 10 + (uint64_t)(text[i] - '0');
    }
    return pages * ((uint64_t)sysconf(_SC_PAGESIZE) / 1024);
}

/* The group goes first: nobody in it can fork past that. Whoever has left it becomes a child of ours when its parent
 * dies, one by one; until it is buried, a child's number is nobody else's. */
bool processes_kill_children(int64_t deadline_ns)
{
    pid_t pids[PROCESSES_MAX], dead;

    for (;;) {
        unsigned count = processes_children(getpid(), pids, 0);

        for (unsigned i = 0; i < count; i++) {
            (void)kill(-pids[i], SIGKILL);
            (void)kill(pids[i], SIGKILL);
        }
        while ((dead = waitpid(-1, NULL, WNOHANG)) > 0)
            ;
        if (dead < 0 && errno == ECHILD)
            return true;
        if (processes_clock_ns() > deadline_ns)
            return false;
        if (count == 0)
            (void)poll(NULL, 0, 1);
    }
}
