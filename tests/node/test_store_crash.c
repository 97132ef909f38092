#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/file.h"
#include "store_scratch.h"
#include "store_stream.h"
#include "tap.h"

/* A process that is killed has lost nothing that the store said was durable, and what is there has no gap; a write that
 * fails is said, and an older or a damaged file is found out. */

enum { AT_ONCE = 5 };

/* ---- processes */

/* Writes on and on, and says of each durable write so, in 8 bytes. Ends with the error of a write. */
static _Noreturn void child_writes(int to, uint64_t first)
{
    struct store *s = NULL;
    uint64_t asked = 0, durable = 0, said = 0;

    if (store_open(scratch_path(), &scratch_federation, true, &s, scratch_diag()) != ERR_OK)
        _exit(100);
    for (;;) {
        while (asked < durable + AT_ONCE) {
            asked++;
            stream_write(s, asked, first + asked);
        }
        enum err err = scratch_wait(s, durable + 1);
        enum err again = store_finished(s, &durable, scratch_diag());
        if (durable > said && write(to, &durable, sizeof durable) != sizeof durable)
            _exit(101);
        said = durable;
        if (err != ERR_OK || again != ERR_OK)
            _exit(err != ERR_OK ? (int)err : (int)again);
    }
}

static pid_t start(uint64_t first, int *from, void (*prepare)(void))
{
    int ends[2];

    if (pipe(ends) != 0)
        return -1;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        if (prepare != NULL)
            prepare();
        child_writes(ends[1], first);
    }
    close(ends[1]);
    *from = ends[0];
    return pid;
}

/* The last number of a process that has ended, or *last. */
static void drain(int from, uint64_t *last)
{
    uint64_t durable;

    while (read(from, &durable, sizeof durable) == sizeof durable)
        *last = durable;
    close(from);
}

static void killed_at_any_time(void)
{
    uint64_t total = 0;
    struct prng prng;

    tap_seed(11);
    prng_seed(&prng, 11);
    scratch_clear();
    for (unsigned life = 0; life < 12; life++) {
        uint64_t durable = 0, reports = prng_below(&prng, 12) + 1;
        int from = -1, status;
        pid_t pid = start(total, &from, NULL);
        REQUIRE(pid > 0);
        while (reports-- > 0 && read(from, &durable, sizeof durable) == sizeof durable)
            ;
        usleep((useconds_t)prng_below(&prng, 3000));
        kill(pid, SIGKILL);
        CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
        drain(from, &durable);
        struct store *s = scratch_open();
        uint64_t found = stream_found(s);
        CHECK(found != STREAM_BROKEN && found >= total + durable);
        total = found;
        store_close(s);
    }
    tap_note("%" PRIu64 " writes in all", total);
    CHECK(total > 50);
}

static void one_process_at_a_time(void)
{
    uint64_t durable;
    struct store *s;
    int from = -1, status;

    scratch_clear();
    pid_t pid = start(0, &from, NULL);
    REQUIRE(pid > 0 && read(from, &durable, sizeof durable) == sizeof durable);
    CHECK_ERR(store_open(scratch_path(), &scratch_federation, true, &s, scratch_diag()), ERR_STATE);
    CHECK(strstr(scratch_diag()->text, "another process has this store open") != NULL);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    close(from);
    s = scratch_open();
    store_close(s);
}

/* ---- no room */

static void limit_files(void)
{
    struct rlimit limit = {60000, 60000};

    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        _exit(102);
}

static void check_full(pid_t pid, int from, const char *why)
{
    uint64_t durable = 0;
    int status;

    drain(from, &durable);
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    CHECK_ERR((enum err)WEXITSTATUS(status), ERR_IO);
    CHECK(durable > 0);
    struct store *s = scratch_open();
    uint64_t found = stream_found(s);
    CHECK(found != STREAM_BROKEN && found >= durable);
    tap_note("%s: %" PRIu64 " writes were durable, %" PRIu64 " are there", why, durable, found);
    store_close(s);
}

static void a_file_that_may_not_grow(void)
{
    int from = -1;

    scratch_clear();
    pid_t pid = start(0, &from, limit_files);
    REQUIRE(pid > 0);
    check_full(pid, from, "a limit");
}

static bool say_in(const char *file, const char *text)
{
    FILE *f = fopen(file, "w");

    return f != NULL && fputs(text, f) >= 0 && fclose(f) == 0;
}

/* One who is not root may have his own mounts as the root of a user namespace of his own. */
static bool own_mounts(void)
{
    char uid[32], gid[32];

    snprintf(uid, sizeof uid, "%u %u 1", getuid(), getuid());
    snprintf(gid, sizeof gid, "%u %u 1", getgid(), getgid());
    if (unshare(CLONE_NEWNS) != 0 &&
        (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 || !say_in("/proc/self/setgroups", "deny") ||
         !say_in("/proc/self/uid_map", uid) || !say_in("/proc/self/gid_map", gid)))
        return false;
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* In a file system of its own, which ends with the process, so it looks itself. */
static _Noreturn void child_in_a_small_disk(void)
{
    struct store *s = NULL;
    uint64_t n = 0, durable = 0;
    char folder[64];

    snprintf(folder, sizeof folder, "%s", scratch_path());
    *strrchr(folder, '/') = '\0';
    if (!own_mounts() || mount("none", folder, "tmpfs", 0, "size=400k") != 0)
        _exit(77);
    s = scratch_open();
    do
        stream_write(s, n + 1, n + 1);
    while (scratch_wait(s, ++n) == ERR_OK);
    bool says = strstr(scratch_diag()->text, "the disk is full") != NULL;
    enum err err = store_finished(s, &durable, scratch_diag());
    store_close(s);
    if (mount("none", folder, "tmpfs", MS_REMOUNT, "size=4m") != 0)
        _exit(103);
    s = scratch_open(); /* there is room again */
    uint64_t found = stream_found(s);
    store_close(s);
    _exit(err == ERR_IO && durable == n - 1 && found != STREAM_BROKEN && found >= durable && says ? 0 : 1);
}

static void a_disk_that_is_full(void)
{
    int status;

    scratch_clear();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        child_in_a_small_disk();
    REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        SKIP("no file system of its own here");
    CHECK_EQ_I64(WEXITSTATUS(status), 0);
}

/* ---- what was durable and is not there */

static void file_name(char out[80], const char *end)
{
    snprintf(out, 80, "%s%s", scratch_path(), end);
}

static void write_some(uint64_t first, uint64_t count)
{
    struct store *s = scratch_open();

    for (uint64_t i = 1; i <= count; i++)
        stream_write(s, i, first + i);
    CHECK_OK(scratch_wait(s, count));
    store_close(s);
}

static void refused(enum err wanted, const char *word)
{
    struct store *s = NULL;

    CHECK_ERR(store_open(scratch_path(), &scratch_federation, true, &s, scratch_diag()), wanted);
    if (!CHECK(strstr(scratch_diag()->text, word) != NULL))
        tap_note("%s", scratch_diag()->text);
    store_close(s);
}

static void an_older_file_is_found_out(void)
{
    struct buf old = {0};

    scratch_clear();
    write_some(0, 6);
    REQUIRE_OK(file_read(scratch_path(), 1 << 24, &old, NULL));
    write_some(6, 4);
    REQUIRE_OK(file_write(scratch_path(), bytes_of_buf(&old), NULL));
    refused(ERR_STATE, "lost what was durable");
    REQUIRE_OK(file_write(scratch_path(), bytes_of_text(""), NULL));
    refused(ERR_STATE, "lost what was durable");
    buf_free(&old);
}

/* SQLite itself would go on with what stands before the damage. */
static void a_damaged_wal_is_found_out(void)
{
    struct buf wal = {0};
    uint64_t durable = 0;
    char name[80];
    int from = -1, status;

    scratch_clear();
    pid_t pid = start(0, &from, NULL);
    REQUIRE(pid > 0);
    while (durable < 8 && read(from, &durable, sizeof durable) == sizeof durable)
        ;
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    close(from);
    file_name(name, "-wal");
    REQUIRE_OK(file_read(name, 1 << 24, &wal, NULL));
    REQUIRE(wal.len > 20000);
    wal.data[wal.len - 9000] ^= 1;
    REQUIRE_OK(file_write(name, bytes_of_buf(&wal), NULL));
    refused(ERR_STATE, "lost what was durable");
    buf_free(&wal);
}

int main(void)
{
    TAP_RUN(killed_at_any_time);
    TAP_RUN(one_process_at_a_time);
    TAP_RUN(a_file_that_may_not_grow);
    TAP_RUN(a_disk_that_is_full);
    TAP_RUN(an_older_file_is_found_out);
    TAP_RUN(a_damaged_wal_is_found_out);
    scratch_end();
    return tap_done();
}
