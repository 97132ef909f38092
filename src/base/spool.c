/* O_TMPFILE: a file that never has a name. */
#define _GNU_SOURCE

#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TAIL_MAX = 16384 };

struct spool {
    struct spool_room *room;
    int fd;           /* -1: no file (yet) */
    uint64_t written; /* bytes in the file */
    struct buf tail;  /* those behind them */
};

struct spool *spool_new(struct spool_room *room)
{
    struct spool *s = mem_alloc(sizeof *s);

    s->room = room;
    s->fd = -1;
    return s;
}

void spool_free(struct spool *s)
{
    if (s == NULL)
        return;
    if (s->fd >= 0)
        close(s->fd);
    buf_free(&s->tail);
    mem_free(s);
}

static enum err fail(struct spool *s, const char *verb)
{
    if (s->room->err == ERR_OK)
        s->room->err = diag_set(&s->room->diag, ERR_IO, "%s: cannot %s a temporary file: %s", s->room->folder, verb,
                                strerror(errno));
    return ERR_IO;
}

static enum err file_open(struct spool *s)
{
    struct buf name = {0};

    s->fd = open(s->room->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (s->fd >= 0)
        return ERR_OK;
    /* A file system without that: a process that is killed here leaves an empty file. */
    buf_printf(&name, "%s/spool-XXXXXX", s->room->folder);
    buf_text(&name);
    s->fd = mkstemp((char *)name.data);
    if (s->fd >= 0)
        unlink((char *)name.data);
    buf_free(&name);
    return s->fd >= 0 ? ERR_OK : fail(s, "make");
}

static enum err tail_write(struct spool *s)
{
    size_t done = 0;

    if (s->fd < 0 && file_open(s) != ERR_OK)
        return ERR_IO;
    while (done < s->tail.len) {
        ssize_t n = pwrite(s->fd, s->tail.data + done, s->tail.len - done, (off_t)(s->written + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(s, "write");
        done += (size_t)n;
    }
    s->written += done;
    buf_clear(&s->tail);
    return ERR_OK;
}

uint64_t spool_size(const struct spool *s)
{
    return s->written + s->tail.len;
}

void spool_add(struct spool *s, struct bytes bytes)
{
    buf_add(&s->tail, bytes.data, bytes.len);
    if (s->room != NULL && s->room->err == ERR_OK && s->tail.len >= TAIL_MAX)
        (void)(tail_write(s) == ERR_OK); /* the room knows */
}

static enum err file_read_at(struct spool *s, uint64_t offset, uint8_t *out, size_t len)
{
    while (len > 0) {
        ssize_t n = pread(s->fd, out, len, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO;
        if (n <= 0)
            return fail(s, "read");
        out += n;
        offset += (uint64_t)n;
        len -= (size_t)n;
    }
    return ERR_OK;
}

enum err spool_read(struct spool *s, uint64_t offset, void *out, size_t len)
{
    size_t from_file = 0;

    ASSERT(offset <= spool_size(s) && len <= spool_size(s) - offset);
    if (offset < s->written) {
        from_file = s->written - offset < len ? (size_t)(s->written - offset) : len;
        if (file_read_at(s, offset, out, from_file) != ERR_OK)
            return ERR_IO;
        offset += from_file;
    }
    if (len > from_file)
        memcpy((uint8_t *)out + from_file, s->tail.data + (offset - s->written), len - from_file);
    return ERR_OK;
}
