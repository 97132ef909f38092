/* The process that has the nodes of a federation on one machine as its children. It looks at them many times a second,
 * fires the scenario's events, whose virtual times are real ones here, and starts nobody again whom no event says so
 * of.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "node/log.h"
#include "node/net.h"
#include "scenario/scenario.h"

enum { LOOK_MS = 50, STOP_PATIENCE_MS = 10000 };

struct net_child {
    pid_t pid;                  /* 0: it does not run */
    int64_t start_ns, go_on_ns; /* when it is to be started again, or to go on; 0: never */
};

struct planned {
    bool fired;
};

struct supervisor {
    const struct net *net;
    struct scenario scenario;
    struct net_child *children; /* owned */
    struct planned *planned;    /* owned; one for each event */
    int64_t *entered_ns;        /* owned; when the first node was seen in this epoch; [epoch - epoch_start] */
    uint64_t entered_count;
    int64_t began_ns;
    int primary; /* node, as last seen; -1 */
};

static volatile sig_atomic_t told_to_stop;

static void on_signal(int number)
{
    (void)number;
    told_to_stop = 1;
}

static int64_t clock_ns(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- children */

static void start_node(struct supervisor *s, unsigned node)
{
    const struct net_node *n = &s->net->nodes[node];
    struct net_child *c = &s->children[node];
    int log = open(n->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    pid_t pid = log >= 0 ? fork() : -1;

    if (pid == 0) {
        if (dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
            _exit(127);
        execl(s->net->program, s->net->program, "node", "run", "--config", n->config, (char *)NULL);
        _exit(127);
    }
    if (log >= 0)
        close(log);
    c->start_ns = 0;
    c->pid = pid > 0 ? pid : 0;
    log_line(pid > 0 ? LOG_INFO : LOG_ERROR, "start", "node=%s pid=%d", n->name, (int)pid);
}

static void kill_node(struct supervisor *s, unsigned node)
{
    struct net_child *c = &s->children[node];

    if (c->pid == 0)
        return;
    kill(c->pid, SIGKILL);
    waitpid(c->pid, NULL, 0);
    log_line(LOG_INFO, "kill", "node=%s pid=%d", s->net->nodes[node].name, (int)c->pid);
    c->pid = 0;
    c->go_on_ns = 0;
}

static void wipe_node(struct supervisor *s, unsigned node)
{
    static const char *const files[] = {"store.sqlite", "store.sqlite-wal", "store.sqlite-shm", "store.sqlite-mark"};

    kill_node(s, node);
    for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct buf path = {0};

        buf_printf(&path, "%s/%s/%s", s->net->folder, s->net->nodes[node].name, files[i]);
        (void)unlink(buf_text(&path));
        buf_free(&path);
    }
}

static void reap_nodes(struct supervisor *s)
{
    for (unsigned i = 0; i < s->net->node_count; i++) {
        struct net_child *c = &s->children[i];
        int status;

        if (c->pid == 0 || waitpid(c->pid, &status, WNOHANG) != c->pid)
            continue;
        log_line(LOG_ERROR, "ended", "node=%s status=%d", s->net->nodes[i].name, status);
        c->pid = 0;
    }
}

/* ---- events */

static void fire(struct supervisor *s, const struct scenario_event *e, int64_t now_ns)
{
    int node = e->primary ? s->primary : (int)e->node;
    struct net_child *c = node >= 0 ? &s->children[node] : NULL;
    int64_t then_ns = e->duration_ns > 0 ? now_ns + e->duration_ns : 0;

    if (c == NULL)
        return;
    switch (e->kind) {
    case EVENT_CRASH:
        kill_node(s, (unsigned)node);
        c->start_ns = then_ns;
        break;
    case EVENT_RESTART:
        if (c->pid == 0)
            start_node(s, (unsigned)node);
        break;
    case EVENT_WIPE:
        wipe_node(s, (unsigned)node);
        c->start_ns = then_ns > 0 ? then_ns : now_ns;
        break;
    case EVENT_PAUSE:
        if (c->pid != 0)
            kill(c->pid, SIGSTOP);
        c->go_on_ns = then_ns;
        break;
    default:
        log_line(LOG_WARNING, "event", "kind=%s reason=\"it is not done on real processes\"",
                 scenario_event_name(e->kind));
    }
}

/* When it is due; -1: its epoch has not begun. */
static int64_t due_ns(const struct supervisor *s, const struct scenario_event *e)
{
    uint64_t index = e->epoch - s->scenario.epoch_start;

    if (!e->at_epoch)
        return s->began_ns + e->at_ns;
    return index < s->entered_count ? s->entered_ns[index] + e->after_ns : -1;
}

static void events_fire(struct supervisor *s, int64_t now_ns)
{
    for (unsigned i = 0; i < s->scenario.event_count; i++) {
        int64_t at_ns = due_ns(s, &s->scenario.events[i]);

        if (s->planned[i].fired || at_ns < 0 || at_ns > now_ns)
            continue;
        s->planned[i].fired = true;
        log_line(LOG_INFO, "event", "kind=%s", scenario_event_name(s->scenario.events[i].kind));
        fire(s, &s->scenario.events[i], now_ns);
    }
    for (unsigned i = 0; i < s->net->node_count; i++) {
        struct net_child *c = &s->children[i];

        if (c->start_ns > 0 && c->start_ns <= now_ns && c->pid == 0)
            start_node(s, i);
        if (c->go_on_ns > 0 && c->go_on_ns <= now_ns) {
            kill(c->pid, SIGCONT);
            c->go_on_ns = 0;
        }
    }
}

/* ---- looking */

static void look(struct supervisor *s, int64_t now_ns)
{
    for (unsigned i = 0; i < s->net->node_count; i++) {
        json_t *status =
            s->children[i].pid != 0 && s->children[i].go_on_ns == 0 ? net_ask(&s->net->nodes[i], "status") : NULL;
        uint64_t epoch = (uint64_t)json_integer_value(json_object_get(status, "epoch"));

        if (json_is_true(json_object_get(json_object_get(status, "consensus"), "is_primary")))
            s->primary = (int)i;
        while (status != NULL && epoch >= s->scenario.epoch_start &&
               s->entered_count <= epoch - s->scenario.epoch_start) {
            s->entered_ns = mem_resize(s->entered_ns, s->entered_count + 1, sizeof s->entered_ns[0]);
            s->entered_ns[s->entered_count++] = now_ns;
        }
        if (status != NULL)
            json_decref(status);
    }
}

static bool has_events_left(const struct supervisor *s)
{
    for (unsigned i = 0; i < s->scenario.event_count; i++) {
        if (!s->planned[i].fired)
            return true;
    }
    return false;
}

static void pause_ms(unsigned ms)
{
    const struct timespec t = {.tv_nsec = (long)ms * 1000000};

    nanosleep(&t, NULL);
}

static void stop_nodes(struct supervisor *s)
{
    bool any = true;

    for (unsigned i = 0; i < s->net->node_count; i++) {
        if (s->children[i].pid == 0)
            continue;
        kill(s->children[i].pid, SIGTERM);
        kill(s->children[i].pid, SIGCONT);
    }
    for (unsigned ms = 0; any && ms < STOP_PATIENCE_MS; ms += LOOK_MS) {
        any = false;
        for (unsigned i = 0; i < s->net->node_count; i++) {
            struct net_child *c = &s->children[i];

            if (c->pid != 0 && waitpid(c->pid, NULL, WNOHANG) == c->pid)
                c->pid = 0;
            any |= c->pid != 0;
        }
        if (any)
            pause_ms(LOOK_MS);
    }
    for (unsigned i = 0; i < s->net->node_count; i++)
        kill_node(s, i);
}

static void supervise(struct supervisor *s)
{
    s->began_ns = clock_ns();
    for (unsigned i = 0; i < s->net->node_count; i++) {
        if (!s->net->nodes[i].joins_later)
            start_node(s, i);
    }
    while (!told_to_stop) {
        reap_nodes(s);
        if (has_events_left(s))
            look(s, clock_ns());
        events_fire(s, clock_ns());
        pause_ms(LOOK_MS);
    }
    stop_nodes(s);
}

/* The supervisor's process: nothing of the caller's is left but the folder. */
static _Noreturn void supervisor_main(const struct net *net)
{
    struct supervisor s = {.net = net, .primary = -1};
    struct buf log_path = {0};
    struct diag diag = {0};
    int null = open("/dev/null", O_RDWR), log;

    buf_printf(&log_path, "%s/log", net->folder);
    log = open(buf_text(&log_path), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (setsid() < 0 || null < 0 || log < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
        dup2(log, STDERR_FILENO) < 0)
        _exit(1);
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    signal(SIGHUP, SIG_IGN);
    if (scenario_load(net->scenario, &s.scenario, &diag) != ERR_OK) {
        log_line(LOG_ERROR, "stopped", "reason=\"%s\"", diag.text);
        _exit(1);
    }
    s.children = mem_array(net->node_count, sizeof s.children[0]);
    s.planned = mem_array(s.scenario.event_count + 1, sizeof s.planned[0]);
    supervise(&s);
    _exit(0);
}

/* ---- whoever asks for it */

static int lock_open(const struct net *net)
{
    struct buf path = {0};
    int fd;

    buf_printf(&path, "%s/supervisor", net->folder);
    fd = open(buf_text(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    buf_free(&path);
    return fd;
}

/* The process that holds the lock; 0: nobody does. */
static pid_t supervisor_of(const struct net *net)
{
    char text[24] = "";
    int fd = lock_open(net), pid = 0;

    if (fd < 0)
        return 0;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && read(fd, text, sizeof text - 1) > 0)
        (void)sscanf(text, "%d", &pid);
    close(fd);
    return pid;
}

bool net_is_up(const struct net *net)
{
    return supervisor_of(net) != 0;
}

enum err net_start(const struct net *net, struct diag *diag)
{
    int lock = lock_open(net), told[2] = {-1, -1};
    char text[24];
    pid_t pid;

    if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0) {
        if (lock >= 0)
            close(lock);
        return diag_set(diag, ERR_STATE, "%s: it is up already, or cannot be written to", net->folder);
    }
    pid = pipe(told) == 0 ? fork() : -1;
    if (pid == 0) {
        snprintf(text, sizeof text, "%d\n", (int)getpid());
        if (ftruncate(lock, 0) != 0 || write(lock, text, strlen(text)) < 0)
            _exit(1);
        close(told[0]);
        close(told[1]); /* the lock says who we are: now the caller may go on */
        supervisor_main(net);
    }
    close(told[1]);
    if (pid > 0)
        (void)!read(told[0], text, 1);
    close(told[0]);
    close(lock);
    return pid > 0 ? ERR_OK : diag_set(diag, ERR_IO, "fork: %s", strerror(errno));
}

enum err net_stop(const struct net *net, struct diag *diag)
{
    pid_t pid = supervisor_of(net);

    if (pid == 0)
        return diag_set(diag, ERR_STATE, "%s: it is not up", net->folder);
    if (kill(pid, SIGTERM) != 0)
        return diag_set(diag, ERR_IO, "process %d: %s", (int)pid, strerror(errno));
    for (unsigned ms = 0; ms < 2 * STOP_PATIENCE_MS && net_is_up(net); ms += LOOK_MS)
        pause_ms(LOOK_MS);
    return net_is_up(net) ? diag_set(diag, ERR_STATE, "process %d does not end", (int)pid) : ERR_OK;
}
