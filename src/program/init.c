/* The first process around a program. As the first one of a pid namespace no signal of the program reaches it, and its
 * end is the end of all in the namespace (pid_namespaces(7)). Here too: system calls and the stack, no allocation. */
#define _GNU_SOURCE

#include "program/init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mutate.h"
#include "program/cage.h"
#include "program/guard.h"
#include "program/processes.h"

enum { LOOK_MS = 25, SPARE = 64 << 10, INODES_MAX = 1 << 16 };

/* Where seccomp cannot forbid sockets (base/confine), a network namespace of its own leaves the program none that lead
 * anywhere. It costs some milliseconds. */
#if defined(__x86_64__) || defined(__aarch64__) || (defined(__riscv) && __riscv_xlen == 64)
enum { NETWORK_NAMESPACE = 0 };
#else
enum { NETWORK_NAMESPACE = CLONE_NEWNET };
#endif

/* ---- namespaces */

static bool text_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return ok;
}

/* Whoever we are outside we are inside, and nobody else (user_namespaces(7)). */
static void map_self(const char *path, unsigned long id)
{
    char line[80];

    text_put(text_put_number(text_put(text_put_number(line, id), " "), id), " 1");
    (void)text_write(path, line);
}

unsigned init_namespaces(const struct warden_command *command)
{
    int flags = CLONE_NEWPID | CLONE_NEWIPC | (command->network ? 0 : NETWORK_NAMESPACE);
    unsigned long user = geteuid(), group = getegid();

    if ((command->forgone & CAGE_PROCESSES) != 0)
        return 0;
    if (unshare(flags) != 0) {
        if (unshare(CLONE_NEWUSER | flags) != 0)
            return 0;
        (void)text_write("/proc/self/setgroups", "deny");
        map_self("/proc/self/uid_map", user);
        map_self("/proc/self/gid_map", group);
    }
    return CAGE_PROCESSES | (NETWORK_NAMESPACE != 0 && !command->network ? CAGE_NETWORK : 0);
}

/* A file system of limited size in place of the working folder. What programs share memory through counts, too. */
static bool space_mount(const struct warden_command *c, bool *shared_memory)
{
    char options[128], shared[512];

    text_put(text_put_number(text_put(text_put_number(text_put(options, "size="), c->file_size + SPARE), ",nr_inodes="),
                             INODES_MAX),
             ",mode=0700");
    if (mount("prismfed", c->scratch, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0)
        return false;
    if (strlen(c->scratch) + 16 < sizeof shared) {
        text_put(text_put(shared, c->scratch), "/.shm");
        *shared_memory = mkdir(shared, 0700) == 0 && mount(shared, "/dev/shm", NULL, MS_BIND, NULL) == 0;
    }
    return true;
}

static bool is_first(const struct init_command *i)
{
    return (atomic_load(i->force) & CAGE_PROCESSES) != 0;
}

/* Mounts are changed only where nobody else sees it. */
static void mounts_make(struct init_command *i)
{
    if (!is_first(i) || unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return;
    (void)mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    if ((i->warden->forgone & CAGE_SPACE) == 0 && space_mount(i->warden, &i->shared_memory))
        atomic_fetch_or(i->force, CAGE_SPACE);
}

/* Nothing of what makes a superuser, but for the access to files that Landlock limits. In a user namespace these are
 * rights in it alone. */
static void rights_drop(void)
{
    enum { KEPT = 1 << CAP_CHOWN | 1 << CAP_DAC_OVERRIDE | 1 << CAP_FOWNER };
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    for (int capability = 0; capability < 64; capability++) {
        if (capability >= 32 || (KEPT >> capability & 1) == 0)
            (void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
    if (syscall(SYS_capget, &header, data) != 0)
        return;
    data[0].effective &= KEPT;
    data[0].permitted &= KEPT;
    data[0].inheritable = 0;
    data[1] = (struct __user_cap_data_struct){0};
    (void)syscall(SYS_capset, &header, data);
}

/* ---- the program's side */

static void note(const struct init_command *i, enum warden_end end, long number)
{
    struct warden_report report = {end, number};

    (void)!write(i->notes, &report, sizeof report);
}

static _Noreturn void program_fail(const struct init_command *i)
{
    note(i, WARDEN_NOT_STARTED, errno);
    _exit(127);
}

static void limit_set(int what, uint64_t limit)
{
    struct rlimit r = {.rlim_cur = limit, .rlim_max = limit};

    if (limit > 0)
        (void)setrlimit(what, &r);
}

static void limits_set(const struct warden_command *c)
{
    struct rlimit no_core = {0, 0};
    struct rlimit cpu = {c->cpu_s, (rlim_t)c->cpu_s + 1}; /* the first one is SIGXCPU, which can be named */

    (void)setrlimit(RLIMIT_CORE, &no_core);
    limit_set(RLIMIT_FSIZE, c->file_size);
    if (c->cpu_s > 0)
        (void)setrlimit(RLIMIT_CPU, &cpu);
    limit_set(RLIMIT_AS, c->memory);
}

/* The rules are made here, where the new mounts are. */
static unsigned confine_self(const struct init_command *i)
{
    const struct warden_command *c = i->warden;
    struct confine_rules rules = {c->paths, c->path_count - (i->shared_memory ? 0 : 1),
                                  c->network || (c->forgone & CAGE_NETWORK) != 0};
    struct confine_force force = {0};
    struct confine confine;
    unsigned has = 0;

    if (!is_first(i) && (c->forgone & CAGE_SIGNALS) == 0 &&
        guard_enter(i->guarded, sizeof i->guarded / sizeof i->guarded[0]))
        has |= CAGE_SIGNALS;
    if (confine_init(&confine, &rules, NULL) != ERR_OK)
        return has;
    confine.network_allowed = MUTATE(CAGE_NETWORK, true, confine.network_allowed);
    confine.network_tcp = MUTATE(CAGE_NETWORK, false, confine.network_tcp);
    if ((c->forgone & CAGE_FILES) != 0)
        confine_fini(&confine);
    force = confine_enter(&confine);
    confine_fini(&confine);
    has |= force.files ? CAGE_FILES : 0;
    has |= force.signals ? CAGE_SIGNALS : 0;
    has |= force.network ? CAGE_NETWORK : 0;
    return has | (force.network_tcp ? CAGE_TCP : 0);
}

static _Noreturn void program_exec(const struct init_command *i)
{
    const struct warden_command *c = i->warden;
    sigset_t none;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || setsid() < 0)
        program_fail(i);
    limits_set(c);
    for (int signal_number = 1; signal_number < 32; signal_number++)
        (void)signal(signal_number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (chdir(c->folder) != 0)
        program_fail(i);
    atomic_fetch_or(i->force, CAGE_STARTED | confine_self(i));
    execve(c->file, c->arguments, MUTATE(CAGE_ENVIRONMENT, environ, c->environment));
    program_fail(i);
}

/* ---- the init's side */

/* Buries the orphans; has the program ended? */
static bool program_ended(pid_t program, siginfo_t *out)
{
    for (;;) {
        siginfo_t info = {0};

        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
            return false;
        if (info.si_pid == program) {
            *out = info;
            return true;
        }
        (void)waitpid(info.si_pid, NULL, WNOHANG);
    }
}

/* More than the working folder may hold: the file system has some to spare, so that this shows. */
static bool space_broken(const struct init_command *i)
{
    uint64_t limit = i->warden->file_size;
    struct statfs fs;

    if ((atomic_load(i->force) & CAGE_SPACE) == 0 || statfs(i->warden->scratch, &fs) != 0)
        return false;
    return (uint64_t)(fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize > limit || fs.f_ffree == 0;
}

static void on_child(int number)
{
    (void)number; /* only to interrupt ppoll */
}

static void watch(const struct init_command *i, pid_t program)
{
    struct timespec look = {0, LOOK_MS * 1000000};
    struct pollfd alive = {.fd = i->alive, .events = POLLIN};
    sigset_t open_mask;

    sigfillset(&open_mask);
    sigdelset(&open_mask, SIGCHLD);
    for (;;) {
        siginfo_t info = {0};
        bool ended = program_ended(program, &info);

        if (space_broken(i)) /* what ends the program then is a consequence */
            note(i, WARDEN_FILES, 0);
        else if (ended)
            note(i, info.si_code == CLD_EXITED ? WARDEN_EXITED : WARDEN_KILLED, info.si_status);
        else if (ppoll(&alive, 1, &look, &open_mask) <= 0)
            continue;
        return;
    }
}

_Noreturn void init_main(struct init_command *i)
{
    struct sigaction action = {.sa_handler = on_child};
    pid_t program;

    if (is_first(i))
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* else we have to clean up when the warden is gone */
    else
        (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigaction(SIGCHLD, &action, NULL);
    if (control_group_enter(i->group))
        atomic_fetch_or(i->force, CAGE_GROUP);
    mounts_make(i);
    rights_drop();
    (void)prctl(PR_SET_DUMPABLE, 0);
    i->guarded[sizeof i->guarded / sizeof i->guarded[0] - 1] = getpid();
    program = fork();
    if (program == 0)
        program_exec(i);
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    if (program < 0)
        note(i, WARDEN_NOT_STARTED, errno);
    else
        watch(i, program);
    if (!is_first(i))
        (void)processes_kill_children(processes_clock_ns() + (int64_t)WARDEN_FINISH_MS * 1000000);
    _exit(0);
}
