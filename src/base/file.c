#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mutate.h"

enum { TEMPORARY_TRIES = 100 };

static enum err io_error(struct diag *diag, const char *path, const char *verb)
{
    return diag_set(diag, ERR_IO, "%s: cannot %s: %s", path, verb, strerror(errno));
}

/* Appends what the file has. It may have grown since its size was looked at:
 * one byte over the limit is asked for, and never kept. */
static enum err read_all(int fd, const char *path, size_t limit, struct buf *out, struct diag *diag)
{
    uint8_t chunk[16384];
    size_t left = limit;

    for (;;) {
        ssize_t n = read(fd, chunk, left < sizeof chunk ? left + 1 : sizeof chunk);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return io_error(diag, path, "read");
        if (n == 0)
            return ERR_OK;
        if ((size_t)n > left)
            return diag_set(diag, ERR_LIMIT, "%s: has more than %zu bytes, the limit", path, limit);
        buf_add(out, chunk, (size_t)n);
        left -= (size_t)n;
    }
}

/* What the descriptor is open on, which is closed. mode may be NULL. */
static enum err read_open(int fd, const char *path, size_t limit, struct buf *out, unsigned *mode, struct diag *diag)
{
    size_t before = out->len;
    struct stat st;
    enum err err;

    if (fstat(fd, &st) != 0) {
        err = io_error(diag, path, "stat");
        goto out;
    }
    if (!S_ISREG(st.st_mode)) {
        err = diag_set(diag, ERR_IO, "%s: not a regular file", path);
        goto out;
    }
    if ((uint64_t)st.st_size > limit) {
        err = diag_set(diag, ERR_LIMIT, "%s: has %jd bytes, the limit is %zu", path, (intmax_t)st.st_size, limit);
        goto out;
    }
    err = read_all(fd, path, limit, out, diag);
    if (err != ERR_OK)
        out->len = before;
    else if (mode != NULL)
        *mode = st.st_mode & 07777;
out:
    close(fd);
    return err;
}

enum err file_read_mode(const char *path, size_t limit, struct buf *out, unsigned *mode, struct diag *diag)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hang us */

    return fd < 0 ? io_error(diag, path, "open") : read_open(fd, path, limit, out, mode, diag);
}

enum err file_read(const char *path, size_t limit, struct buf *out, struct diag *diag)
{
    return file_read_mode(path, limit, out, NULL, diag);
}

int file_open_folder(int folder, const char *name)
{
    return openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | MUTATE(FILE_FOLLOWS, 0, O_NOFOLLOW));
}

/* A descriptor, or -1. */
static int open_below(int folder, const char *below, const char *path, struct diag *diag)
{
    struct buf name = {0};
    int at = folder, next = 0;
    const char *slash;

    for (; next >= 0 && (slash = strchr(below, '/')) != NULL; below = slash + 1) {
        buf_clear(&name);
        buf_add(&name, below, (size_t)(slash - below));
        next = file_open_folder(at, buf_text(&name));
        if (at != folder)
            close(at);
        at = next;
    }
    if (next >= 0) {
        next = openat(at, below, O_RDONLY | O_CLOEXEC | O_NONBLOCK | MUTATE(FILE_FOLLOWS, 0, O_NOFOLLOW));
        if (at != folder)
            close(at);
    }
    if (next < 0)
        (void)io_error(diag, path, "open");
    buf_free(&name);
    return next;
}

enum err file_read_below(int folder, const char *below, const char *path, size_t limit, struct buf *out,
                         struct diag *diag)
{
    int fd = open_below(folder, below, path, diag);

    return fd < 0 ? ERR_IO : read_open(fd, path, limit, out, NULL, diag);
}

enum err file_read_part_below(int folder, const char *below, const char *path, uint64_t at, size_t limit,
                              struct buf *out, struct diag *diag)
{
    int fd = open_below(folder, below, path, diag);
    uint8_t chunk[16384];
    enum err err = ERR_OK;
    ssize_t n = 1;

    if (fd < 0)
        return ERR_IO;
    for (size_t left = limit; err == ERR_OK && left > 0 && n != 0;) {
        n = pread(fd, chunk, left < sizeof chunk ? left : sizeof chunk, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            err = io_error(diag, path, "read");
        } else {
            buf_add(out, chunk, (size_t)n);
            left -= (size_t)n;
            at += (size_t)n;
        }
    }
    close(fd);
    return err;
}

static enum err write_all(int fd, struct bytes bytes, const char *path, struct diag *diag)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.data, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return io_error(diag, path, "write");
        bytes = bytes_of(bytes.data + n, bytes.len - (size_t)n);
    }
    return ERR_OK;
}

static enum err write_parts(int fd, const char *path,
                            enum err (*give)(void *context, struct bytes *part, struct diag *diag), void *context,
                            struct diag *diag)
{
    struct bytes part = {0};
    enum err err;

    do {
        err = give(context, &part, diag);
        if (err == ERR_OK)
            err = write_all(fd, part, path, diag);
    } while (err == ERR_OK && part.len > 0);
    return err;
}

/* Creates a file that nobody else has; its name goes to name. What a crashed
 * process left is stepped over, never reused. */
static int temporary_open(const char *path, struct buf *name)
{
    for (int try = 0; try < TEMPORARY_TRIES; try++) {
        int fd;

        buf_clear(name);
        buf_printf(name, "%s.%ld-%d.tmp", path, (long)getpid(), try);
        fd = open(buf_text(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

static enum err sync_opened(const char *path, int flags, struct diag *diag)
{
    int fd = open(path, flags | O_RDONLY | O_CLOEXEC);
    enum err err = ERR_OK;

    if (fd < 0)
        return io_error(diag, path, "open");
    if (fsync(fd) != 0 && errno != EINVAL) /* EINVAL: a file system that cannot */
        err = io_error(diag, path, "sync");
    close(fd);
    return err;
}

enum err file_sync(const char *path, struct diag *diag)
{
    return sync_opened(path, 0, diag);
}

enum err file_sync_folder(const char *folder, struct diag *diag)
{
    return sync_opened(folder, O_DIRECTORY, diag);
}

/* A rename is durable only when its folder is. */
static enum err folder_of_sync(const char *path, struct diag *diag)
{
    const char *slash = strrchr(path, '/');
    struct buf folder = {0};
    enum err err;

    if (slash == NULL)
        buf_add_text(&folder, ".");
    else
        buf_add(&folder, path, slash == path ? 1 : (size_t)(slash - path));
    err = file_sync_folder(buf_text(&folder), diag);
    buf_free(&folder);
    return err;
}

static enum err write_beside(const char *path, enum err (*give)(void *context, struct bytes *part, struct diag *diag),
                             void *context, bool sync, struct diag *diag)
{
    struct buf name = {0};
    enum err err;
    int fd;

    fd = temporary_open(path, &name);
    if (fd < 0) {
        err = io_error(diag, path, "create a temporary file for it");
        goto out;
    }
    err = write_parts(fd, path, give, context, diag);
    if (err == ERR_OK && sync && fsync(fd) != 0)
        err = io_error(diag, path, "sync");
    if (close(fd) != 0 && err == ERR_OK)
        err = io_error(diag, path, "close");
    if (err == ERR_OK && rename(buf_text(&name), path) != 0)
        err = io_error(diag, path, "replace");
    if (err != ERR_OK)
        unlink(buf_text(&name));
out:
    buf_free(&name);
    return err;
}

enum err file_give_once(void *context, struct bytes *part, struct diag *diag)
{
    struct bytes *left = context;

    (void)diag;
    *part = *left;
    *left = (struct bytes){0};
    return ERR_OK;
}

enum err file_write(const char *path, struct bytes bytes, struct diag *diag)
{
    enum err err = write_beside(path, file_give_once, &bytes, true, diag);

    return err == ERR_OK ? folder_of_sync(path, diag) : err;
}

enum err file_stage(const char *path, enum err (*give)(void *context, struct bytes *part, struct diag *diag),
                    void *context, struct diag *diag)
{
    return write_beside(path, give, context, false, diag);
}

static enum err make_one(const char *path, struct diag *diag)
{
    struct stat st;

    if (mkdir(path, 0777) == 0)
        return ERR_OK;
    if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return ERR_OK;
    return io_error(diag, path, "make the folder");
}

enum err file_make_folder(const char *path, struct diag *diag)
{
    struct buf part = {0};
    enum err err = ERR_OK;

    for (const char *p = path; *p != '\0' && err == ERR_OK; p++) {
        buf_add_byte(&part, (uint8_t)*p);
        if (p[1] == '/' && *p != '/')
            err = make_one(buf_text(&part), diag);
    }
    if (err == ERR_OK)
        err = make_one(path, diag);
    buf_free(&part);
    return err;
}
