/* pipe2 and close_range: another thread may fork at any moment. */
#define _GNU_SOURCE

#include "program/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

/* Everything below that the warden or its child calls is safe after a fork of a process with many threads: system
 * calls and the stack, no allocation, no stdio. */

enum { FD_CONTROL = 3, FD_REPORT = 4, FD_ABOVE = 10, PIDS_MAX = 2048, LOOK_MS = 25 };

/* ---- the program's side */

static void limit_set(int what, uint64_t limit)
{
    struct rlimit r = {.rlim_cur = limit, .rlim_max = limit};

    if (limit > 0)
        (void)setrlimit(what, &r);
}

static _Noreturn void program_fail(void)
{
    struct warden_report report = {WARDEN_NOT_STARTED, errno};

    (void)!write(FD_REPORT, &report, sizeof report);
    _exit(127);
}

static _Noreturn void program_exec(const struct warden_command *c)
{
    struct rlimit no_core = {0, 0};
    struct rlimit cpu = {c->cpu_s, (rlim_t)c->cpu_s + 1}; /* the first one is SIGXCPU, which can be named */
    sigset_t none;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || setsid() < 0)
        program_fail();
    (void)setrlimit(RLIMIT_CORE, &no_core);
    limit_set(RLIMIT_FSIZE, c->file_size);
    if (c->cpu_s > 0)
        (void)setrlimit(RLIMIT_CPU, &cpu);
    limit_set(RLIMIT_AS, c->memory);
    for (int i = 1; i < 32; i++)
        (void)signal(i, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (chdir(c->folder) != 0)
        program_fail();
    close(FD_CONTROL);
    (void)fcntl(FD_REPORT, F_SETFD, FD_CLOEXEC);
    execve(c->file, c->arguments, c->environment);
    program_fail();
}

/* ---- the warden's side */

static bool read_whole(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t n;

    if (fd < 0)
        return false;
    while (len + 1 < size && (n = read(fd, out + len, size - 1 - len)) > 0)
        len += (size_t)n;
    out[len] = '\0';
    close(fd);
    return true;
}

static const char *number_take(const char *p, unsigned long *out)
{
    while (*p == ' ')
        p++;
    if (*p < '0' || *p > '9')
        return NULL;
    for (*out = 0; *p >= '0' && *p <= '9'; p++)
        *out = *out * 10 + (unsigned long)(*p - '0');
    return p;
}

static char *text_put(char *at, const char *text)
{
    while (*text != '\0')
        *at++ = *text++;
    *at = '\0';
    return at;
}

static char *number_put(char *at, unsigned long v)
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

/* Children that the first thread of pid has, appended to pids. */
static unsigned children_of(pid_t pid, pid_t *pids, unsigned count)
{
    char path[80], text[8192];
    unsigned long child;

    text_put(
        number_put(text_put(number_put(text_put(path, "/proc/"), (unsigned long)pid), "/task/"), (unsigned long)pid),
        "/children");
    if (!read_whole(path, text, sizeof text))
        return count;
    for (const char *p = text; count < PIDS_MAX && (p = number_take(p, &child)) != NULL;)
        pids[count++] = (pid_t)child;
    return count;
}

static long resident_kib(pid_t pid)
{
    char path[64], text[128];
    unsigned long size, resident;
    const char *p;

    text_put(number_put(text_put(path, "/proc/"), (unsigned long)pid), "/statm");
    if (!read_whole(path, text, sizeof text) || (p = number_take(text, &size)) == NULL ||
        number_take(p, &resident) == NULL)
        return 0;
    return (long)resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* All descendants: how many, and how much memory. */
static bool within_limits(const struct warden_command *c, struct warden_report *report)
{
    pid_t pids[PIDS_MAX];
    unsigned count = children_of(getpid(), pids, 0);
    long kib = 0;

    for (unsigned i = 0; i < count; i++) {
        kib += c->memory > 0 ? resident_kib(pids[i]) : 0;
        count = children_of(pids[i], pids, count);
    }
    if (count > c->processes)
        *report = (struct warden_report){WARDEN_CROWD, (long)count};
    else if (c->memory > 0 && (uint64_t)kib > c->memory / 1024)
        *report = (struct warden_report){WARDEN_MEMORY, kib};
    else
        return true;
    return false;
}

/* Buries the orphans. The program itself stays a zombie, so that nobody else gets its number; has it ended? */
static bool program_ended(pid_t program, struct warden_report *report)
{
    for (;;) {
        siginfo_t info = {0};

        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
            return false;
        if (info.si_pid == program) {
            report->end = info.si_code == CLD_EXITED ? WARDEN_EXITED : WARDEN_KILLED;
            report->number = info.si_status;
            return true;
        }
        (void)waitpid(info.si_pid, NULL, WNOHANG);
    }
}

/* The group first: nobody in it can fork past that. Those who left the group become our children one by one. */
static void kill_everything(pid_t program)
{
    pid_t pids[PIDS_MAX];

    (void)kill(-program, SIGKILL);
    (void)kill(program, SIGKILL); /* it may not have a group of its own yet */
    for (unsigned round = 0; round < 10000; round++) {
        unsigned count = children_of(getpid(), pids, 0);

        for (unsigned i = 0; i < count; i++)
            (void)kill(pids[i], SIGKILL);
        pid_t dead;
        while ((dead = waitpid(-1, NULL, WNOHANG)) > 0)
            ;
        if (dead < 0 && errno == ECHILD)
            return;
        (void)poll(NULL, 0, 1);
    }
}

static void on_child(int number)
{
    (void)number; /* only to interrupt pselect */
}

static void watch(const struct warden_command *c, pid_t program, struct warden_report *report)
{
    struct timespec look = {0, LOOK_MS * 1000000};
    sigset_t open_mask;

    sigfillset(&open_mask);
    sigdelset(&open_mask, SIGCHLD);
    for (;;) {
        fd_set fds;

        if (program_ended(program, report))
            return;
        FD_ZERO(&fds);
        FD_SET(FD_CONTROL, &fds);
        int ready = pselect(FD_CONTROL + 1, &fds, NULL, NULL, &look, &open_mask);
        if (ready > 0) { /* the end of the pipe: told to stop, or our parent is gone */
            report->end = WARDEN_TOLD;
            return;
        }
        if (ready == 0 && !within_limits(c, report))
            return;
    }
}

static _Noreturn void warden_main(const struct warden_command *c, int control, int report_fd)
{
    struct warden_report report = {WARDEN_LOST, 0};
    struct sigaction action = {.sa_handler = on_child};
    int given[5] = {c->in, c->out, c->err, control, report_fd};
    sigset_t all;
    pid_t program;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    sigaction(SIGCHLD, &action, NULL);
    for (int i = 0; i < 5; i++)
        given[i] = fcntl(given[i], F_DUPFD, FD_ABOVE);
    for (int i = 0; i < 5; i++)
        (void)dup2(given[i], i);
    (void)close_range(FD_REPORT + 1, ~0U, 0);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    program = fork();
    if (program == 0)
        program_exec(c);
    for (int i = 0; i < FD_CONTROL; i++)
        close(i);
    if (program < 0) {
        report = (struct warden_report){WARDEN_NOT_STARTED, errno};
    } else {
        watch(c, program, &report);
        kill_everything(program);
    }
    (void)!write(FD_REPORT, &report, sizeof report);
    _exit(0);
}

/* ---- our side */

enum err warden_start(const struct warden_command *command, struct warden *out, struct diag *diag)
{
    int control[2], report[2];
    pid_t pid;

    if (pipe2(control, O_CLOEXEC) != 0)
        return diag_set(diag, ERR_IO, "no pipe to be had: %s", strerror(errno));
    if (pipe2(report, O_CLOEXEC) != 0) {
        diag_set(diag, ERR_IO, "no pipe to be had: %s", strerror(errno));
        goto no_report;
    }
    pid = fork();
    if (pid < 0) {
        diag_set(diag, ERR_IO, "no process to be had: %s", strerror(errno));
        goto no_process;
    }
    if (pid == 0)
        warden_main(command, control[0], report[1]);
    close(control[0]);
    close(report[1]);
    *out = (struct warden){pid, control[1], report[0]};
    return ERR_OK;
no_process:
    close(report[0]);
    close(report[1]);
no_report:
    close(control[0]);
    close(control[1]);
    return ERR_IO;
}

/* The program's own word (it could not be started) comes before the warden's. */
static struct warden_report report_read(int fd)
{
    struct warden_report reports[2];
    char *at = (char *)reports;
    size_t len = 0;

    while (len < sizeof reports) {
        ssize_t n = read(fd, at + len, sizeof reports - len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    return len >= sizeof reports[0] ? reports[0] : (struct warden_report){WARDEN_LOST, 0};
}

struct warden_report warden_finish(struct warden *w)
{
    struct warden_report report = {WARDEN_LOST, 0};

    if (w->pid <= 0) /* finished already */
        return report;
    close(w->control);
    report = report_read(w->report);
    close(w->report);
    while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    *w = (struct warden){-1, -1, -1};
    return report;
}
