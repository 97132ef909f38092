#include "program/child.h"

#include <signal.h>

#include "mark.h"

/* What becomes of processes. Each script is one word to sh. */

enum { SECOND_NS = 1000000000 };

static struct cage cage;

static void cage_make(void)
{
    static char mark[] = "TEST_MARK", *names[] = {mark}, *words[] = {NULL};
    struct cage_rules rules = {
        .file = "/bin/sh", .folder = "/", .arguments = words, .environment = names, .environment_count = 1};

    REQUIRE_OK(cage_init(&cage, &rules, NULL));
}

/* For what ends by itself: only a failure waits so long, also on a busy machine. */
static const int64_t PATIENCE_NS = 60 * (int64_t)SECOND_NS;

static struct child_command command_of(char **words, const char *script)
{
    static char shell[] = "sh", option[] = "-c";

    words[0] = shell;
    words[1] = option;
    words[2] = (char *)(uintptr_t)script;
    words[3] = NULL;
    return (struct child_command){
        .file = "/bin/sh",
        .arguments = words,
        .folder = "/",
        .cage = &cage,
        .limits = {.cutoff_ms = 5000, .output_kb = 64, .file_mb = 1, .processes = 16},
    };
}

struct outcome {
    enum child_said said;
    struct warden_report report;
    struct buf text, remarks;
    int64_t took_ns;
};

static void outcome_free(struct outcome *o)
{
    buf_free(&o->text);
    buf_free(&o->remarks);
}

static struct outcome outcome_of(const struct child_command *command, int64_t within_ns)
{
    struct outcome o = {0};
    struct child child;
    struct diag diag = {0};
    int64_t start = child_clock_ns();

    if (!CHECK_OK(child_start(command, &child, &diag)))
        return o;
    o.said = child_rest(&child, start + within_ns, &o.text);
    o.report = child_stop(&child, &o.remarks);
    o.took_ns = child_clock_ns() - start;
    return o;
}

static struct outcome shell(const char *script, int64_t within_ns)
{
    char *words[4];
    struct child_command command = command_of(words, script);

    return outcome_of(&command, within_ns);
}

static void it_ends_by_itself(void)
{
    struct outcome o = shell("echo 12; echo oops >&2; echo; exit 3", PATIENCE_NS);

    CHECK(o.said == CHILD_ENDED);
    CHECK(o.report.end == WARDEN_EXITED);
    CHECK_EQ_I64(o.report.number, 3);
    CHECK_EQ_TEXT(buf_text(&o.text), "12\n\n");
    CHECK_EQ_TEXT(buf_text(&o.remarks), "oops");
    outcome_free(&o);
}

static void many_short_ones_all_tell_how_they_ended(void)
{
    for (int i = 0; i < 100; i++) {
        struct outcome o = shell("exit 7", PATIENCE_NS);

        CHECK(o.said == CHILD_ENDED && o.report.end == WARDEN_EXITED && o.report.number == 7);
        outcome_free(&o);
    }
}

static void a_signal_is_named(void)
{
    struct outcome o = shell("kill -SEGV $$", PATIENCE_NS);

    CHECK(o.report.end == WARDEN_KILLED);
    CHECK_EQ_I64(o.report.number, SIGSEGV);
    outcome_free(&o);
}

static void what_does_not_exist_is_not_started(void)
{
    char *words[4];
    struct child_command command = command_of(words, "");

    command.file = "/nonexistent/program";
    struct outcome o = outcome_of(&command, PATIENCE_NS);
    CHECK(o.report.end == WARDEN_NOT_STARTED);
    CHECK_EQ_I64(o.report.number, 2);
    outcome_free(&o);
    command.file = "/bin/sh";
    command.folder = "/nonexistent";
    o = outcome_of(&command, PATIENCE_NS);
    CHECK(o.report.end == WARDEN_NOT_STARTED);
    outcome_free(&o);
}

static void one_that_hangs_is_ended_in_time(void)
{
    struct outcome o = shell("sleep $TEST_MARK; true", SECOND_NS / 4);

    CHECK(o.said == CHILD_LATE);
    CHECK(o.report.end == WARDEN_TOLD);
    CHECK(o.took_ns < PATIENCE_NS);
    CHECK(!mark_is_alive());
    outcome_free(&o);
}

static void signals_do_not_help_it(void)
{
    struct outcome o = shell("trap '' TERM INT HUP QUIT; while :; do sleep $TEST_MARK; done", SECOND_NS / 4);

    CHECK(o.said == CHILD_LATE);
    CHECK(!mark_is_alive());
    outcome_free(&o);
}

/* It ends well, and what it leaves behind is gone with it, even in a session of its own and with its output open. */
static void nothing_is_left_behind(void)
{
    struct outcome o =
        shell("sleep $TEST_MARK & setsid sleep $TEST_MARK & (setsid setsid sleep $TEST_MARK &) ; sleep 0.2; echo 5",
              PATIENCE_NS);

    CHECK(o.said == CHILD_ENDED);
    CHECK(o.report.end == WARDEN_EXITED);
    CHECK(o.took_ns < PATIENCE_NS);
    CHECK_EQ_TEXT(buf_text(&o.text), "5\n");
    CHECK(!mark_is_alive());
    outcome_free(&o);
}

static void closing_its_output_is_not_the_end(void)
{
    struct outcome o = shell("exec > /dev/null 2> /dev/null; sleep $TEST_MARK", SECOND_NS / 4);

    CHECK(o.said == CHILD_LATE);
    CHECK(!mark_is_alive());
    outcome_free(&o);
}

static void a_flood_is_dammed(void)
{
    struct outcome o = shell("yes $TEST_MARK", PATIENCE_NS);

    CHECK(o.said == CHILD_FLOOD);
    CHECK(o.took_ns < PATIENCE_NS);
    outcome_free(&o);
    o = shell("yes $TEST_MARK >&2", PATIENCE_NS);
    CHECK(o.said == CHILD_FLOOD);
    CHECK(!mark_is_alive());
    outcome_free(&o);
}

/* Each of them has two more, up to some depth: also where the limit fails, the test does not take the machine down. */
static void a_crowd_is_dispersed(void)
{
    struct outcome o =
        shell("bomb() { [ $1 -gt 7 ] || { bomb $(($1 + 1)) & bomb $(($1 + 1)) & } ; sleep $TEST_MARK; }; bomb 0",
              PATIENCE_NS);

    CHECK(o.report.end == WARDEN_CROWD);
    CHECK(o.report.number > 16);
    CHECK(!mark_is_alive());
    outcome_free(&o);
}

static void memory_has_a_limit(void)
{
    char *words[4];
    struct child_command command = command_of(words, "x=12345678; while :; do x=$x$x; done");

    command.limits.memory_mb = 64;
    struct outcome o = outcome_of(&command, PATIENCE_NS);
    CHECK(o.said == CHILD_ENDED);
    CHECK(o.report.end == WARDEN_KILLED || (o.report.end == WARDEN_EXITED && o.report.number != 0) ||
          o.report.end == WARDEN_MEMORY);
    outcome_free(&o);
}

static void processor_time_has_a_limit(void)
{
    char *words[4];
    struct child_command command = command_of(words, "while :; do :; done");

    command.limits.cpu_s = 1;
    struct outcome o = outcome_of(&command, PATIENCE_NS);
    CHECK(o.report.end == WARDEN_KILLED);
    CHECK_EQ_I64(o.report.number, SIGXCPU);
    outcome_free(&o);
}

static void files_have_a_limit(void)
{
    struct outcome o =
        shell("d=$(mktemp -d); trap 'rm -r $d' EXIT; dd if=/dev/zero of=$d/f bs=65536 count=64", PATIENCE_NS);

    CHECK(o.report.end == WARDEN_EXITED && o.report.number != 0);
    outcome_free(&o);
}

static void its_surroundings_are_the_same_everywhere(void)
{
    setenv("LC_NUMERIC", "de_DE.UTF-8", 1);
    setenv("TZ", "Asia/Tokyo", 1);
    struct outcome o = shell("echo $LC_ALL,$LC_NUMERIC,$LANG,$TZ,$PYTHONHASHSEED; pwd; read x || echo nothing; "
                             "ls /proc/$$/fd | tr '\\n' ' '",
                             PATIENCE_NS);

    CHECK(strstr(buf_text(&o.text), "C.UTF-8,,,UTC,0\n/\nnothing\n0 1 2") != NULL);
    unsetenv("LC_NUMERIC");
    unsetenv("TZ");
    outcome_free(&o);
}

static void lines_come_one_by_one(void)
{
    char *words[4];
    struct child_command command =
        command_of(words, "while read x; do echo got $x; [ $x != last ] || { printf half; exit 0; }; done");
    int64_t deadline = child_clock_ns() + PATIENCE_NS;
    struct buf line = {0};
    struct child child;

    command.talks = true;
    REQUIRE_OK(child_start(&command, &child, NULL));
    CHECK(child_tell(&child, bytes_of_text("a\nb\n"), deadline) == CHILD_LINE);
    CHECK(child_line(&child, deadline, &line) == CHILD_LINE);
    CHECK_EQ_TEXT(buf_text(&line), "got a");
    CHECK(child_line(&child, deadline, &line) == CHILD_LINE);
    CHECK_EQ_TEXT(buf_text(&line), "got b");
    CHECK(child_line(&child, child_clock_ns() + SECOND_NS / 10, &line) == CHILD_LATE);
    CHECK(child_tell(&child, bytes_of_text("last\n"), deadline) == CHILD_LINE);
    CHECK(child_line(&child, deadline, &line) == CHILD_LINE);
    CHECK(child_line(&child, deadline, &line) == CHILD_LINE);
    CHECK_EQ_TEXT(buf_text(&line), "half");
    CHECK(child_line(&child, deadline, &line) == CHILD_ENDED);
    while (child_tell(&child, bytes_of_text("nobody there\n"), deadline) == CHILD_LINE)
        ; /* its output can close a moment before its input does */
    CHECK(child_tell(&child, bytes_of_text("nobody there\n"), deadline) == CHILD_ENDED);
    struct warden_report report = child_stop(&child, NULL);
    CHECK(report.end == WARDEN_EXITED || report.end == WARDEN_TOLD);
    report = child_stop(&child, NULL); /* no harm */
    CHECK(report.end == WARDEN_LOST);
    buf_free(&line);
}

/* It does not read, and we have more to say than fits between us. */
static void one_that_does_not_listen(void)
{
    char *words[4];
    struct child_command command = command_of(words, "sleep $TEST_MARK");
    struct buf much = {0};
    struct child child;

    command.talks = true;
    for (int i = 0; i < 100000; i++)
        buf_add_text(&much, "01234567890123456789");
    REQUIRE_OK(child_start(&command, &child, NULL));
    CHECK(child_tell(&child, bytes_of_buf(&much), child_clock_ns() + SECOND_NS / 4) == CHILD_LATE);
    CHECK(child_stop(&child, NULL).end == WARDEN_TOLD);
    CHECK(!mark_is_alive());
    buf_free(&much);
}

int main(void)
{
    mark_init();
    cage_make();
    TAP_RUN(it_ends_by_itself);
    TAP_RUN(many_short_ones_all_tell_how_they_ended);
    TAP_RUN(a_signal_is_named);
    TAP_RUN(what_does_not_exist_is_not_started);
    TAP_RUN(one_that_hangs_is_ended_in_time);
    TAP_RUN(signals_do_not_help_it);
    TAP_RUN(nothing_is_left_behind);
    TAP_RUN(closing_its_output_is_not_the_end);
    TAP_RUN(a_flood_is_dammed);
    TAP_RUN(a_crowd_is_dispersed);
    TAP_RUN(memory_has_a_limit);
    TAP_RUN(processor_time_has_a_limit);
    TAP_RUN(files_have_a_limit);
    TAP_RUN(its_surroundings_are_the_same_everywhere);
    TAP_RUN(lines_come_one_by_one);
    TAP_RUN(one_that_does_not_listen);
    cage_fini(&cage);
    return tap_done();
}
