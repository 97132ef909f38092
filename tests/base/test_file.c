#include <fcntl.h>
#include "base/file.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tap.h"

static char folder[] = "/tmp/prismfed-test-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static unsigned files_in_folder(void)
{
    DIR *dir = opendir(folder);
    unsigned count = 0;

    while (dir != NULL && readdir(dir) != NULL)
        count++;
    if (dir != NULL)
        closedir(dir);
    return count - 2; /* "." and ".." */
}

static void check_content(const char *path, const char *want)
{
    struct buf got = {0};
    struct diag diag = {0};

    CHECK_OK(file_read(path, 1 << 20, &got, &diag));
    CHECK_EQ_TEXT(buf_text(&got), want);
    buf_free(&got);
}

static void written_is_read(void)
{
    struct diag diag = {0};
    const char *path = in_folder("file");

    CHECK_OK(file_write(path, bytes_of_text("one"), &diag));
    check_content(path, "one");
    CHECK_OK(file_write(path, bytes_of_text("two, longer"), &diag));
    check_content(path, "two, longer");
    CHECK_OK(file_write(path, bytes_of(NULL, 0), &diag));
    check_content(path, "");
    CHECK_EQ_U64(files_in_folder(), 1);
    unlink(path);
}

static void reading_appends_up_to_the_limit(void)
{
    const char *path = in_folder("limit");
    struct diag diag = {0};
    struct buf out = {0};

    buf_add_text(&out, "before ");
    REQUIRE_OK(file_write(path, bytes_of_text("12345678"), &diag));
    CHECK_OK(file_read(path, 8, &out, &diag));
    CHECK_EQ_TEXT(buf_text(&out), "before 12345678");
    CHECK_ERR(file_read(path, 7, &out, &diag), ERR_LIMIT);
    CHECK(strstr(diag.text, "has 8 bytes, the limit is 7") != NULL);
    CHECK_EQ_TEXT(buf_text(&out), "before 12345678");
    /* files of the kernel have no size to look at first */
    CHECK_ERR(file_read("/proc/self/maps", 10, &out, &diag), ERR_LIMIT);
    CHECK_EQ_TEXT(buf_text(&out), "before 12345678");
    buf_free(&out);
    unlink(path);
}

static void what_is_no_file_is_refused(void)
{
    struct diag diag = {0};
    struct buf out = {0};
    const char *pipe;

    CHECK_ERR(file_read(in_folder("absent"), 10, &out, &diag), ERR_IO);
    CHECK(strstr(diag.text, "absent: cannot open: No such file") != NULL);
    CHECK_ERR(file_read(folder, 10, &out, &diag), ERR_IO);
    CHECK_ERR(file_read("/dev/zero", 10, &out, &diag), ERR_IO);
    pipe = in_folder("pipe");
    REQUIRE(mkfifo(pipe, 0600) == 0);
    CHECK_ERR(file_read(pipe, 10, &out, &diag), ERR_IO);
    unlink(pipe);
    CHECK_ERR(file_write(in_folder("no/such/folder"), bytes_of_text("x"), &diag), ERR_IO);
    CHECK(diag.text[0] != '\0');
    CHECK_EQ_U64(out.len, 0);
}

/* A full disk in the middle of the writing. */
static void full_disk_keeps_the_old_file(void)
{
    struct rlimit before, small;
    struct diag diag = {0};
    struct buf large = {0};
    const char *path = in_folder("full");

    for (int i = 0; i < 100000; i++)
        buf_add_byte(&large, 'x');
    REQUIRE_OK(file_write(path, bytes_of_text("old"), &diag));
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    small = (struct rlimit){.rlim_cur = 4096, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
    CHECK_ERR(file_write(path, bytes_of_buf(&large), &diag), ERR_IO);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
    signal(SIGXFSZ, SIG_DFL);
    CHECK(strstr(diag.text, "cannot write") != NULL);
    check_content(path, "old");
    CHECK_EQ_U64(files_in_folder(), 1);
    CHECK_OK(file_write(path, bytes_of_buf(&large), &diag));
    buf_free(&large);
    unlink(path);
}

static void a_target_that_cannot_be_replaced(void)
{
    struct diag diag = {0};
    const char *path = in_folder("taken");

    REQUIRE(mkdir(path, 0700) == 0);
    CHECK_ERR(file_write(path, bytes_of_text("x"), &diag), ERR_IO);
    CHECK_EQ_U64(files_in_folder(), 1);
    rmdir(path);
}

/* What another one left under the temporary name is neither used nor removed. */
static void a_stale_temporary_is_stepped_over(void)
{
    struct diag diag = {0};
    char stale[300];

    snprintf(stale, sizeof stale, "%s/file.%ld-0.tmp", folder, (long)getpid());
    REQUIRE(symlink("/dev/full", stale) == 0);
    CHECK_OK(file_write(in_folder("file"), bytes_of_text("new"), &diag));
    check_content(in_folder("file"), "new");
    CHECK_EQ_U64(files_in_folder(), 2);
    unlink(stale);
    unlink(in_folder("file"));
}

/* Neither the last step of a way nor one before it may lead elsewhere. */
static void no_link_is_followed_in_a_strangers_folder(void)
{
    struct diag diag = {0};
    struct buf out = {0};
    int at = open(folder, O_RDONLY | O_DIRECTORY);

    REQUIRE(at >= 0);
    REQUIRE_OK(file_make_folder(in_folder("real"), &diag));
    REQUIRE_OK(file_write(in_folder("real/file"), bytes_of_text("x"), &diag));
    REQUIRE(symlink("real", in_folder("linked")) == 0);
    REQUIRE(symlink("file", in_folder("real/other")) == 0);
    CHECK_OK(file_read_below(at, "real/file", "real/file", 10, &out, &diag));
    CHECK_ERR(file_read_below(at, "linked/file", "linked/file", 10, &out, &diag), ERR_IO);
    CHECK_ERR(file_read_below(at, "real/other", "real/other", 10, &out, &diag), ERR_IO);
    CHECK(file_open_folder(at, "linked") < 0);
    buf_free(&out);
    close(at);
    unlink(in_folder("real/other"));
    unlink(in_folder("real/file"));
    unlink(in_folder("linked"));
    rmdir(in_folder("real"));
}

static void folders_are_made_with_their_parents(void)
{
    struct diag diag = {0};
    char path[300];

    snprintf(path, sizeof path, "%s/a//b/c/", folder);
    CHECK_OK(file_make_folder(path, &diag));
    CHECK_OK(file_make_folder(path, &diag));
    CHECK_OK(file_make_folder(folder, &diag));
    CHECK_OK(file_make_folder("/", &diag));
    REQUIRE_OK(file_write(in_folder("a/file"), bytes_of_text("x"), &diag));
    CHECK_ERR(file_make_folder(in_folder("a/file/deeper"), &diag), ERR_IO);
    CHECK_ERR(file_make_folder(in_folder("a/file"), &diag), ERR_IO);
    CHECK(strstr(diag.text, "cannot make the folder") != NULL);
    CHECK_ERR(file_make_folder("", &diag), ERR_IO);
    unlink(in_folder("a/file"));
    rmdir(in_folder("a/b/c"));
    rmdir(in_folder("a/b"));
    rmdir(in_folder("a"));
}

/* Without a slash in its name a file is in the current folder. */
static void relative_names(void)
{
    struct diag diag = {0};

    REQUIRE(chdir(folder) == 0);
    CHECK_OK(file_write("plain", bytes_of_text("here"), &diag));
    CHECK_OK(file_make_folder("x/y", &diag));
    check_content(in_folder("plain"), "here");
    unlink("plain");
    rmdir("x/y");
    rmdir("x");
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    TAP_RUN(written_is_read);
    TAP_RUN(reading_appends_up_to_the_limit);
    TAP_RUN(what_is_no_file_is_refused);
    TAP_RUN(full_disk_keeps_the_old_file);
    TAP_RUN(a_target_that_cannot_be_replaced);
    TAP_RUN(a_stale_temporary_is_stepped_over);
    TAP_RUN(no_link_is_followed_in_a_strangers_folder);
    TAP_RUN(folders_are_made_with_their_parents);
    TAP_RUN(relative_names);
    CHECK(rmdir(folder) == 0);
    return tap_done();
}
