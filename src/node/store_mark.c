#include "node/store_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

/* Number of transactions (8 bytes, big-endian), SHA-256 of that. */
enum { MARK_SIZE = 8 + DIGEST_SIZE };

/* A process that was killed a moment ago may not be gone yet. */
enum { LOCK_TRIES = 20, LOCK_WAIT_MS = 50 };

static enum err lock(int fd, const char *path, struct diag *diag)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        if (fcntl(fd, F_SETLK, &whole) == 0)
            return ERR_OK;
        if (errno != EACCES && errno != EAGAIN)
            return diag_set(diag, ERR_IO, "%s: cannot lock: %s", path, strerror(errno));
        (void)poll(NULL, 0, LOCK_WAIT_MS);
    }
    return diag_set(diag, ERR_STATE, "%s: another process has this store open", path);
}

enum err store_mark_open(const char *path, struct store_mark *out, struct diag *diag)
{
    struct buf name = {0};
    enum err err;

    buf_printf(&name, "%s-mark", path);
    int fd = open(buf_text(&name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        err = diag_set(diag, ERR_IO, "%s: %s", buf_text(&name), strerror(errno));
    else
        err = lock(fd, path, diag);
    if (err == ERR_OK)
        out->fd = fd;
    else if (fd >= 0)
        close(fd);
    buf_free(&name);
    return err;
}

void store_mark_close(struct store_mark *m)
{
    if (m->fd >= 0)
        close(m->fd);
    m->fd = -1;
}

static uint64_t commits_of(const uint8_t *bytes, ssize_t len)
{
    struct digest found = digest_from(bytes_of(bytes + 8, DIGEST_SIZE)), wanted = digest_of(bytes_of(bytes, 8));

    return len == MARK_SIZE && digest_equal(&found, &wanted) ? be64_get(bytes) : 0;
}

enum err store_mark_read(const struct store_mark *m, uint64_t *commits, struct diag *diag)
{
    uint8_t bytes[MARK_SIZE] = {0};
    ssize_t n = pread(m->fd, bytes, sizeof bytes, 0);

    if (n < 0)
        return diag_set(diag, ERR_IO, "the store's mark: %s", strerror(errno));
    *commits = commits_of(bytes, n);
    return ERR_OK;
}

uint64_t store_mark_peek(const char *path)
{
    uint8_t bytes[MARK_SIZE] = {0};
    struct buf name = {0};

    buf_printf(&name, "%s-mark", path);
    int fd = open(buf_text(&name), O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? pread(fd, bytes, sizeof bytes, 0) : -1;
    if (fd >= 0)
        close(fd);
    buf_free(&name);
    return commits_of(bytes, n);
}

void store_mark_write(const struct store_mark *m, uint64_t commits)
{
    uint8_t bytes[MARK_SIZE];

    be64_put(bytes, commits);
    struct digest check = digest_of(bytes_of(bytes, 8));
    memcpy(bytes + 8, check.b, DIGEST_SIZE);
    ssize_t n = pwrite(m->fd, bytes, sizeof bytes, 0);
    (void)n;
}
