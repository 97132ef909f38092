#define _GNU_SOURCE

#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/file.h"
#include "tap.h"

static char folder[] = "/tmp/prismfed-test-XXXXXX";
static char inside[128], outside[128], open_to_all[128];

static bool can_open(const char *path, int flags)
{
    int fd = open(path, flags, 0600);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool can_read(const char *folder_of, const char *name)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", folder_of, name);
    return can_open(path, O_RDONLY);
}

static bool can_write(const char *folder_of)
{
    char path[256];

    snprintf(path, sizeof path, "%s/new", folder_of);
    return can_open(path, O_WRONLY | O_CREAT);
}

/* What a confined child found out comes back as bits. */
enum {
    FORCE_FILES = 1,
    FORCE_NETWORK = 2,
    FORCE_SIGNALS = 4,
    READ_INSIDE = 8,
    READ_OUTSIDE = 16,
    WROTE_INSIDE = 32,
    WROTE_WRITABLE = 64,
    MADE_SOCKET = 128,
};

static unsigned try_all(const struct confine *c)
{
    struct confine_force force = confine_enter(c);
    unsigned bits = 0;

    bits |= force.files ? FORCE_FILES : 0;
    bits |= force.network ? FORCE_NETWORK : 0;
    bits |= force.signals ? FORCE_SIGNALS : 0;
    bits |= can_read(inside, "file") ? READ_INSIDE : 0;
    bits |= can_read(outside, "file") ? READ_OUTSIDE : 0;
    bits |= can_write(inside) ? WROTE_INSIDE : 0;
    bits |= can_write(open_to_all) && can_read(open_to_all, "new") ? WROTE_WRITABLE : 0;
    bits |= socket(AF_INET, SOCK_DGRAM, 0) >= 0 ? MADE_SOCKET : 0;
    return bits;
}

static unsigned in_child(bool network, unsigned (*try)(const struct confine *c))
{
    const struct confine_path paths[] = {
        {inside, CONFINE_READ}, {open_to_all, CONFINE_READ | CONFINE_WRITE}, {"/no/such/place", CONFINE_READ}};
    struct confine_rules rules = {.paths = paths, .path_count = 3, .network = network};
    struct diag diag = {0};
    struct confine c;
    int status = 0;

    CHECK_OK(confine_init(&c, &rules, &diag));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit((int)try(&c));
    confine_fini(&c);
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    return (unsigned)WEXITSTATUS(status);
}

static bool kernel_has_landlock(void)
{
    return syscall(444, NULL, 0, 1) > 0;
}

static void nothing_but_the_named_files_can_be_opened(void)
{
    unsigned bits = in_child(false, try_all);

    CHECK(bits & READ_INSIDE);
    CHECK(bits & WROTE_WRITABLE);
    if (!kernel_has_landlock()) {
        tap_skip("this kernel has no Landlock");
        return;
    }
    CHECK(bits & FORCE_FILES);
    CHECK(!(bits & READ_OUTSIDE));
    CHECK(!(bits & WROTE_INSIDE));
}

static void no_socket_can_be_made(void)
{
    unsigned bits = in_child(false, try_all);

#if defined(__x86_64__) || defined(__aarch64__)
    CHECK(bits & FORCE_NETWORK);
    CHECK(!(bits & MADE_SOCKET));
#endif
    bits = in_child(true, try_all);
    CHECK(!(bits & FORCE_NETWORK));
    CHECK(bits & MADE_SOCKET);
}

static unsigned try_signal(const struct confine *c)
{
    struct confine_force force = confine_enter(c);

    return (force.signals ? FORCE_SIGNALS : 0) | (kill(getppid(), 0) == 0 ? 1U : 0U);
}

static void signals_stay_inside(void)
{
    unsigned bits = in_child(true, try_signal);

    CHECK_EQ_U64(bits & 1, bits & FORCE_SIGNALS ? 0 : 1);
}

static void what_is_in_force_is_listed(void)
{
    struct buf text = {0};
    struct confine_force force = {0};

    confine_text(&force, &text);
    CHECK_EQ_TEXT(buf_text(&text), "nothing");
    buf_clear(&text);
    force = (struct confine_force){.files = true, .network_tcp = true, .signals = true};
    confine_text(&force, &text);
    CHECK_EQ_TEXT(buf_text(&text), "files, TCP, signals");
    buf_clear(&text);
    force = (struct confine_force){.network = true, .network_tcp = true};
    confine_text(&force, &text);
    CHECK_EQ_TEXT(buf_text(&text), "network");
    buf_free(&text);
}

static void make_place(char *path, size_t size, const char *name)
{
    struct buf file = {0};
    struct diag diag = {0};

    snprintf(path, size, "%s/%s", folder, name);
    CHECK_OK(file_make_folder(path, &diag));
    buf_printf(&file, "%s/file", path);
    CHECK_OK(file_write(buf_text(&file), bytes_of_text("text"), &diag));
    buf_free(&file);
}

static void removed(void)
{
    char command[256];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    CHECK_EQ_U64((uint64_t)system(command), 0);
}

static void set_up(void)
{
    REQUIRE(mkdtemp(folder) != NULL);
    make_place(inside, sizeof inside, "inside");
    make_place(outside, sizeof outside, "outside");
    make_place(open_to_all, sizeof open_to_all, "writable");
}

int main(void)
{
    TAP_RUN(set_up);
    TAP_RUN(nothing_but_the_named_files_can_be_opened);
    TAP_RUN(no_socket_can_be_made);
    TAP_RUN(signals_stay_inside);
    TAP_RUN(what_is_in_force_is_listed);
    TAP_RUN(removed);
    return tap_done();
}
