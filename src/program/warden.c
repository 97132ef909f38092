/* pipe2 and close_range: another thread may fork at any moment. */
#define _GNU_SOURCE

#include "program/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mutate.h"
#include "program/cage.h"
#include "program/folder.h"
#include "program/init.h"
#include "program/processes.h"

/* Everything below that the warden or its child calls is safe after a fork of a process with many threads: system
 * calls and the stack, no allocation, no stdio. */

enum { FD_CONTROL = 3, FD_REPORT = 4, FD_ABOVE = 10, LOOK_MS = 25, KILL_MS = WARDEN_FINISH_MS / 2, REMOVALS = 100 };

/* ---- the warden's side */

struct ward {
    const struct warden_command *command;
    struct control_group group;
    pid_t init;
    int notes; /* from the init */
    int alive; /* our end, which nothing is written to */
    atomic_uint *force;
    bool over; /* the report says how it has ended */
    struct warden_report report;
};

/* The first end is the end. */
static void ends(struct ward *w, enum warden_end end, long number)
{
    if (!w->over)
        w->report = (struct warden_report){end, number};
    w->over = true;
}

static bool has_force(const struct ward *w, unsigned force)
{
    return (atomic_load(w->force) & force) != 0;
}

/* A file system of limited size has its own limit, and the init looks after it. */
static bool space_broken(const struct ward *w)
{
    bool watched = MUTATE(CAGE_SPACE_UNWATCHED, false, !has_force(w, CAGE_SPACE));

    return watched && folder_size(w->command->scratch) > w->command->file_size;
}

/* All descendants: how many, and how much memory. */
static bool within_limits(struct ward *w)
{
    const struct warden_command *c = w->command;
    pid_t pids[PROCESSES_MAX];
    unsigned count = processes_below(w->init, pids);
    uint64_t kib = 0;

    for (unsigned i = 0; i < count && c->memory > 0; i++)
        kib += processes_resident_kib(pids[i]);
    if (count > c->processes)
        ends(w, WARDEN_CROWD, (long)count);
    else if (c->memory > 0 && kib > c->memory / 1024)
        ends(w, WARDEN_MEMORY, (long)kib);
    else if (space_broken(w))
        ends(w, WARDEN_FILES, 0);
    return !w->over;
}

/* Takes what the init, or the program before it was one, has said. */
static void notes_take(struct ward *w)
{
    struct warden_report note;

    while (read(w->notes, &note, sizeof note) == (ssize_t)sizeof note)
        ends(w, note.end, note.number);
}

static bool init_ended(const struct ward *w)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)w->init, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

static void on_child(int number)
{
    (void)number; /* only to interrupt pselect */
}

static void watch(struct ward *w)
{
    struct timespec look = {0, LOOK_MS * 1000000};
    sigset_t open_mask;

    sigfillset(&open_mask);
    sigdelset(&open_mask, SIGCHLD);
    for (;;) {
        fd_set fds;

        notes_take(w);
        if (w->over || init_ended(w))
            return;
        FD_ZERO(&fds);
        FD_SET(FD_CONTROL, &fds);
        int ready = pselect(FD_CONTROL + 1, &fds, NULL, NULL, &look, &open_mask);
        if (ready > 0) {   /* the end of the pipe: told to stop, or our parent is gone */
            notes_take(w); /* it may have ended just now */
            ends(w, WARDEN_TOLD, 0);
            return;
        }
        if (ready == 0 && !within_limits(w))
            return;
    }
}

/* The init's children first, and the groups that they lead: in a namespace the init's death is theirs, else they become
 * ours. */
static void end_everything(struct ward *w)
{
    pid_t pids[PROCESSES_MAX];
    unsigned count = !has_force(w, CAGE_PROCESSES) ? processes_children(w->init, pids, 0) : 0;

    control_group_kill(&w->group);
    for (unsigned i = 0; i < count; i++)
        (void)kill(-pids[i], SIGKILL);
    bool remain = MUTATE(CAGE_INIT_ALONE, kill(w->init, SIGKILL) != 0 || waitpid(w->init, NULL, 0) < 0,
                         !processes_kill_children(processes_clock_ns() + (int64_t)KILL_MS * 1000000));
    notes_take(w);
    if (control_group_memory_ran_out(&w->group))
        w->report = (struct warden_report){WARDEN_MEMORY, 0};
    if ((w->report.end == WARDEN_EXITED || w->report.end == WARDEN_KILLED) && space_broken(w))
        w->report = (struct warden_report){WARDEN_FILES, 0};
    if (remain)
        w->report = (struct warden_report){WARDEN_REMAINS, (long)processes_below(getpid(), pids)};
    control_group_remove(&w->group);
    folder_remove(w->command->scratch);
}

/* The init, in whatever namespaces there are, and two pipes between us. */
static bool init_start(struct ward *w, pid_t above)
{
    int alive[2], notes[2];

    if (pipe2(alive, O_CLOEXEC) != 0 || pipe2(notes, O_CLOEXEC) != 0)
        return false;
    (void)fcntl(notes[0], F_SETFL, O_NONBLOCK);
    w->alive = alive[1];
    w->notes = notes[0];
    struct init_command command = {
        .warden = w->command,
        .group = &w->group,
        .force = w->force,
        .guarded = {above, getpgid(above) > 0 ? getpgid(above) : above, getpid()},
        .alive = alive[0],
        .notes = notes[1],
    };
    atomic_fetch_or(w->force, init_namespaces(w->command));
    w->init = fork();
    if (w->init == 0) {
        close(FD_CONTROL);
        close(FD_REPORT);
        close(alive[1]);
        close(notes[0]);
        init_main(&command);
    }
    close(alive[0]);
    close(notes[1]);
    return w->init > 0;
}

static _Noreturn void warden_main(const struct warden_command *c, int control, int report_fd, atomic_uint *force)
{
    struct sigaction action = {.sa_handler = on_child};
    int given[5] = {c->in, c->out, c->err, control, report_fd};
    struct ward w = {.command = c, .force = force, .report = {WARDEN_LOST, 0}};
    pid_t above = getppid();
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    sigaction(SIGCHLD, &action, NULL);
    for (int i = 0; i < 5; i++)
        given[i] = fcntl(given[i], F_DUPFD, FD_ABOVE);
    for (int i = 0; i < 5; i++)
        (void)dup2(given[i], i);
    (void)close_range(FD_REPORT + 1, ~0U, 0);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    if ((c->forgone & CAGE_GROUP) == 0)
        (void)control_group_make(c->control_groups, c->memory > 0 ? c->memory + c->file_size : 0, c->processes,
                                 &w.group);
    if (!init_start(&w, above))
        ends(&w, WARDEN_NOT_STARTED, errno);
    (void)prctl(PR_SET_DUMPABLE, 0);
    for (int i = 0; i < FD_CONTROL; i++)
        close(i);
    if (w.init > 0)
        watch(&w);
    end_everything(&w);
    (void)!write(FD_REPORT, &w.report, sizeof w.report);
    _exit(0);
}

/* ---- our side */

static atomic_uint *force_new(void)
{
    void *page = mmap(NULL, sizeof(atomic_uint), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return page == MAP_FAILED ? NULL : page;
}

enum err warden_start(const struct warden_command *command, struct warden *out, struct diag *diag)
{
    int control[2] = {-1, -1}, report[2] = {-1, -1};
    atomic_uint *force = force_new();
    pid_t pid = -1;

    if (force != NULL && pipe2(control, O_CLOEXEC) == 0 && pipe2(report, O_CLOEXEC) == 0)
        pid = fork();
    if (pid == 0)
        warden_main(command, control[0], report[1], force);
    if (pid < 0)
        diag_set(diag, ERR_IO, "no process or pipe to be had: %s", strerror(errno));
    close(control[0]);
    close(report[1]);
    if (pid < 0) {
        close(control[1]);
        close(report[0]);
        if (force != NULL)
            (void)munmap(force, sizeof *force);
        return ERR_IO;
    }
    *out = (struct warden){pid, control[1], report[0], mem_alloc(strlen(command->scratch) + 1), force};
    memcpy(out->scratch, command->scratch, strlen(command->scratch));
    return ERR_OK;
}

/* Is there something to read (or the end) before the deadline? */
static bool readable(int fd, int64_t deadline_ns)
{
    for (;;) {
        int64_t left_ns = deadline_ns - processes_clock_ns();
        int ready = poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, left_ns > 0 ? (int)(left_ns / 1000000) : 0);

        if (ready != 0 && !(ready < 0 && errno == EINTR))
            return ready > 0;
        if (left_ns <= 0)
            return false;
    }
}

/* A report is written in one piece (pipe(7)). */
static bool report_read(int fd, int64_t deadline_ns, struct warden_report *out)
{
    struct warden_report report;

    if (!readable(fd, deadline_ns) || read(fd, &report, sizeof report) != (ssize_t)sizeof report)
        return false;
    *out = report;
    return true;
}

static bool buried(pid_t pid, int64_t deadline_ns)
{
    for (;;) {
        pid_t dead = waitpid(pid, NULL, WNOHANG);

        if (dead == pid || (dead < 0 && errno == ECHILD))
            return true;
        if (processes_clock_ns() > deadline_ns)
            return false;
        (void)poll(NULL, 0, 1);
    }
}

/* The warden says nothing: somebody has stopped it. It goes, and all that is seen below it. */
static void warden_kill(const struct warden *w)
{
    pid_t pids[PROCESSES_MAX];
    unsigned count = processes_below(w->pid, pids);

    (void)kill(w->pid, SIGKILL);
    for (unsigned i = 0; i < count; i++)
        (void)kill(pids[i], SIGKILL);
}

struct warden_report warden_finish(struct warden *w)
{
    struct warden_report report = {WARDEN_LOST, 0};
    int64_t patience_ns = (int64_t)WARDEN_FINISH_MS * 1000000;
    int64_t deadline_ns = MUTATE(CAGE_WAITS_FOREVER, INT64_MAX, processes_clock_ns() + patience_ns);

    if (w->pid <= 0) /* finished already */
        return report;
    close(w->control);
    if (!report_read(w->report, deadline_ns, &report))
        warden_kill(w);
    close(w->report);
    if (!buried(w->pid, deadline_ns)) {
        warden_kill(w);
        (void)buried(w->pid, processes_clock_ns() + patience_ns);
    }
    for (int i = 0; i < REMOVALS && report.end == WARDEN_LOST && access(w->scratch, F_OK) == 0; i++) {
        folder_remove(w->scratch);
        (void)poll(NULL, 0, 10); /* what dies with the warden may write a last file */
    }
    mem_free(w->scratch);
    (void)munmap(w->force, sizeof *w->force);
    *w = (struct warden){.pid = -1, .control = -1, .report = -1};
    return report;
}
