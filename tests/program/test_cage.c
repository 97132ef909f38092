#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "mark.h"
#include "program/child.h"
#include "program/control_group.h"

/* Programs that are out to get away (escape.c, named on the command line). What a kernel does not have cannot be tested
 * there; then what is left is. */

enum { SECOND_NS = 1000000000 };

/* Every kernel that Debian builds for these has its filters. */
#if defined(__x86_64__) || defined(__aarch64__) || (defined(__riscv) && __riscv_xlen == 64)
enum { SECCOMP = 1 };
#else
enum { SECCOMP = 0 };
#endif

static const int64_t PATIENCE_NS = 60 * (int64_t)SECOND_NS;

static char *escape;       /* the program */
static char scratch[4096]; /* a folder of the test's */
static char **hidden;      /* files of others */
static unsigned hidden_count;

struct outcome {
    enum child_said said;
    struct warden_report report;
    struct buf text;
    unsigned force;
    int64_t took_ns;
};

/* What a system has that has nothing: no namespaces, no Landlock, no control groups, no file system of limited size. */
enum { PLAIN = CAGE_PROCESSES | CAGE_FILES | CAGE_SPACE | CAGE_GROUP };

static struct outcome run(const char *way, const char *argument, unsigned forgone, int64_t within_ns)
{
    static char mark[] = "TEST_MARK", *names[] = {mark};
    char *words[] = {escape, (char *)(uintptr_t)way, (char *)(uintptr_t)argument, NULL}, *only[] = {escape, NULL};
    struct cage_rules rules = {.file = escape,
                               .folder = scratch,
                               .arguments = only,
                               .environment = names,
                               .environment_count = 1,
                               .hidden = hidden,
                               .hidden_count = hidden_count};
    struct outcome o = {0};
    struct cage cage;
    struct child child;
    int64_t start = child_clock_ns();

    if (!CHECK_OK(cage_init(&cage, &rules, NULL)))
        return o;
    cage.forgone = forgone;
    struct child_command command = {
        .file = escape,
        .arguments = words,
        .folder = scratch,
        .cage = &cage,
        .limits = {.cutoff_ms = 5000, .output_kb = 64, .file_mb = 1, .processes = 16},
    };
    if (CHECK_OK(child_start(&command, &child, NULL))) {
        o.said = child_rest(&child, start + within_ns, &o.text);
        o.force = child_force(&child);
        o.report = child_stop(&child, NULL);
        o.took_ns = child_clock_ns() - start;
    }
    cage_fini(&cage);
    return o;
}

/* Everything may take a moment to be gone where the warden was killed itself. */
static bool nothing_is_left(void)
{
    for (int i = 0; i < 100 && mark_is_alive(); i++)
        (void)usleep(50000);
    return !mark_is_alive();
}

static void stopping_those_above_does_not_keep_us(void)
{
    static const struct {
        const char *which;
        unsigned forgone;
    } cases[] = {{"1", 0}, {"11", 0}, {"1", PLAIN}, {"11", PLAIN | CAGE_SIGNALS}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outcome o = run("stop", cases[i].which, cases[i].forgone, SECOND_NS / 2);

        CHECK(o.said == CHILD_LATE);
        CHECK(o.took_ns < PATIENCE_NS);
        if (!CHECK(nothing_is_left()))
            tap_note("case %zu", i);
        buf_free(&o.text);
    }
}

/* The parent alone, the one above it alone, and, where a filter keeps that from it, both. */
static void killing_those_above_frees_nobody(void)
{
    static const struct {
        const char *which;
        unsigned forgone;
    } cases[] = {{"11", 0}, {"1", PLAIN | CAGE_SIGNALS}, {"01", PLAIN | CAGE_SIGNALS}, {"11", PLAIN}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outcome o = run("kill", cases[i].which, cases[i].forgone, SECOND_NS / 2);

        if (i == 3 && SECCOMP)
            CHECK((o.force & CAGE_SIGNALS) != 0);
        if (i == 3 && !SECCOMP)
            tap_note("there is no filter here");
        else if (!CHECK(nothing_is_left()))
            tap_note("case %zu", i);
        CHECK(o.took_ns < PATIENCE_NS);
        buf_free(&o.text);
    }
}

static void children_of_any_thread_count(void)
{
    for (int plain = 0; plain < 2; plain++) {
        struct outcome o = run("thread", "", plain ? PLAIN : 0, PATIENCE_NS);

        CHECK(o.report.end == WARDEN_CROWD);
        CHECK(o.took_ns < PATIENCE_NS);
        CHECK(nothing_is_left());
        buf_free(&o.text);
    }
}

static void many_small_files_count_as_one(void)
{
    for (int plain = 0; plain < 2; plain++) {
        struct outcome o = run("files", "6400", plain ? PLAIN : 0, PATIENCE_NS);

        CHECK(o.report.end == WARDEN_FILES);
        buf_free(&o.text);
        o = run("files", "640", plain ? PLAIN : 0, PATIENCE_NS);
        CHECK(o.report.end == WARDEN_EXITED);
        CHECK_EQ_TEXT(buf_text(&o.text), "40\n");
        buf_free(&o.text);
    }
}

static void the_working_folder_is_gone_afterwards(void)
{
    char path[4200], *old = getenv("TMPDIR") != NULL ? strdup(getenv("TMPDIR")) : NULL;

    snprintf(path, sizeof path, "%s/runs", scratch);
    REQUIRE(mkdir(path, 0700) == 0);
    setenv("TMPDIR", path, 1);
    for (int plain = 0; plain < 2; plain++) {
        struct outcome o = run("files", "640", plain ? PLAIN : 0, PATIENCE_NS);

        buf_free(&o.text);
        o = run("kill", plain ? "1" : "11", plain ? PLAIN | CAGE_SIGNALS : 0, SECOND_NS / 4);
        buf_free(&o.text);
    }
    CHECK(rmdir(path) == 0);
    if (old != NULL)
        setenv("TMPDIR", old, 1);
    else
        unsetenv("TMPDIR");
    free(old);
}

static void the_environment_is_cleared(void)
{
    setenv("PRISMFED_TEST_SECRET", "open-sesame", 1);
    for (int plain = 0; plain < 2; plain++) {
        /* another process of ours has it in its environment, as this one's parents may */
        pid_t holder = fork();
        if (holder == 0) {
            execlp("sleep", "sleep", "60", (char *)NULL);
            _exit(1);
        }
        (void)usleep(100000);
        struct outcome o = run("secret", "open-sesame", plain ? CAGE_PROCESSES : 0, PATIENCE_NS);
        if ((o.force & (CAGE_PROCESSES | CAGE_FILES)) != 0)
            CHECK_EQ_TEXT(buf_text(&o.text), "not given\n");
        else
            CHECK(strncmp(buf_text(&o.text), "not given\n", 10) == 0);
        buf_free(&o.text);
        kill(holder, SIGKILL);
        (void)waitpid(holder, NULL, 0);
    }
    unsetenv("PRISMFED_TEST_SECRET");
}

static void put_file(char path[4200], const char *name)
{
    FILE *f;

    snprintf(path, 4200, "%s/%s", scratch, name);
    f = fopen(path, "w");
    REQUIRE(f != NULL);
    fclose(f);
}

static void files_of_others_are_closed_to_it(void)
{
    char theirs[4200], named[4200];
    struct outcome o;

    put_file(theirs, "theirs.txt");
    o = run("read", theirs, 0, PATIENCE_NS);
    if ((o.force & CAGE_FILES) == 0) {
        tap_note("there is no Landlock here");
        buf_free(&o.text);
        return;
    }
    CHECK_EQ_TEXT(buf_text(&o.text), "refused\n");
    buf_free(&o.text);
    o = run("write", theirs, 0, PATIENCE_NS);
    CHECK_EQ_TEXT(buf_text(&o.text), "refused\n");
    buf_free(&o.text);
    snprintf(named, sizeof named, "%s/new.txt", scratch);
    o = run("write", named, CAGE_PROCESSES, PATIENCE_NS);
    CHECK_EQ_TEXT(buf_text(&o.text), "refused\n");
    buf_free(&o.text);
    o = run("read", "/etc/shadow", 0, PATIENCE_NS);
    CHECK_EQ_TEXT(buf_text(&o.text), "refused\n");
    buf_free(&o.text);
}

/* In the program's own folder: its neighbours may be read, what others have there may not. */
static void its_own_folder_is_open_but_for_others(void)
{
    char ours[4200], theirs[4200], copy[4200], *programs_own = escape, *list[1];
    struct buf command = {0};
    struct outcome o;

    snprintf(copy, sizeof copy, "%s/escape", scratch);
    buf_printf(&command, "cp '%s' '%s'", escape, copy);
    REQUIRE(system(buf_text(&command)) == 0);
    buf_free(&command);
    put_file(ours, "ours.txt");
    put_file(theirs, "theirs.txt");
    escape = copy;
    list[0] = theirs;
    hidden = list;
    hidden_count = 1;
    o = run("read", ours, 0, PATIENCE_NS);
    CHECK_EQ_TEXT(buf_text(&o.text), "opened\n");
    buf_free(&o.text);
    o = run("read", theirs, 0, PATIENCE_NS);
    CHECK_EQ_TEXT(buf_text(&o.text), (o.force & CAGE_FILES) != 0 ? "refused\n" : "opened\n");
    buf_free(&o.text);
    hidden_count = 0;
    escape = programs_own;
}

static void the_network_is_closed_to_it(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    char port[16];

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    REQUIRE(listen(listener, 4) == 0 && getsockname(listener, (struct sockaddr *)&address, &len) == 0);
    snprintf(port, sizeof port, "%u", ntohs(address.sin_port));
    struct outcome o = run("reach", port, CAGE_NETWORK, PATIENCE_NS);
    if ((o.force & CAGE_TCP) == 0)
        CHECK_EQ_TEXT(buf_text(&o.text), "tcp\nudp\n"); /* the test can tell */
    buf_free(&o.text);
    for (int plain = 0; plain < 2; plain++) {
        o = run("reach", port, plain ? PLAIN : 0, PATIENCE_NS);
        if ((o.force & CAGE_NETWORK) != 0 || SECCOMP)
            CHECK_EQ_TEXT(buf_text(&o.text), "no tcp\nno udp\n");
        else
            tap_note("no network can be closed here");
        buf_free(&o.text);
    }
    close(listener);
}

static void nobody_above_is_traced(void)
{
    for (int plain = 0; plain < 2; plain++) {
        struct outcome o = run("trace", "", plain ? PLAIN : 0, PATIENCE_NS);

        if ((o.force & (CAGE_PROCESSES | CAGE_SIGNALS)) != 0)
            CHECK_EQ_TEXT(buf_text(&o.text), "refused\n");
        buf_free(&o.text);
    }
}

static void what_is_in_force_is_said(void)
{
    struct outcome o = run("files", "16", PLAIN, PATIENCE_NS);
    struct buf text = {0};

    CHECK((o.force & CAGE_STARTED) != 0);
    CHECK((o.force & PLAIN) == 0);
    cage_text(o.force, false, &text);
    CHECK(strstr(buf_text(&text), "not to be had here: processes of its own") != NULL);
    buf_clear(&text);
    cage_text(CAGE_STARTED | CAGE_PROCESSES | CAGE_FILES, true, &text);
    CHECK_EQ_TEXT(
        buf_text(&text),
        "processes of its own (pid namespace), no signals to others, only its own files (Landlock), the network "
        "is allowed; not to be had here: a working folder of limited size (tmpfs), a control group");
    buf_free(&text);
    buf_free(&o.text);
}

/* A process that was killed has left the group that bears its number, which is ours now. */
static void a_group_left_behind_is_replaced(void)
{
    struct control_group left = {0}, own = {0};
    char file[CONTROL_GROUP_PATH + 8];
    FILE *f;

    CHECK(control_group_make(scratch, 0, 1, &left));
    CHECK(control_group_make(scratch, 0, 1, &own));
    CHECK_EQ_TEXT(own.path, left.path);
    snprintf(file, sizeof file, "%s/busy", own.path);
    f = fopen(file, "w");
    CHECK(f != NULL && fclose(f) == 0);
    CHECK(!control_group_make(scratch, 0, 1, &left)); /* one that is in use stays */
    CHECK(unlink(file) == 0);
    control_group_remove(&own);
    CHECK_EQ_TEXT(own.path, "");
}

int main(int argc, char **argv)
{
    char command[4200];

    escape = argc == 2 ? realpath(argv[1], NULL) : NULL;
    if (escape == NULL)
        return 1;
    snprintf(scratch, sizeof scratch, "/tmp/prismfed-test-XXXXXX");
    if (mkdtemp(scratch) == NULL)
        return 1;
    mark_init();
    TAP_RUN(stopping_those_above_does_not_keep_us);
    TAP_RUN(killing_those_above_frees_nobody);
    TAP_RUN(children_of_any_thread_count);
    TAP_RUN(many_small_files_count_as_one);
    TAP_RUN(the_working_folder_is_gone_afterwards);
    TAP_RUN(the_environment_is_cleared);
    TAP_RUN(files_of_others_are_closed_to_it);
    TAP_RUN(its_own_folder_is_open_but_for_others);
    TAP_RUN(the_network_is_closed_to_it);
    TAP_RUN(nobody_above_is_traced);
    TAP_RUN(what_is_in_force_is_said);
    TAP_RUN(a_group_left_behind_is_replaced);
    free(escape);
    snprintf(command, sizeof command, "rm -rf '%s'", scratch);
    return system(command) == 0 ? tap_done() : 1;
}
