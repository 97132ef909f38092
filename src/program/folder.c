/* A program's working folder is looked through and removed by system calls alone, for the warden, which is forked from
 * a process with threads, may not allocate. */
#define _GNU_SOURCE

#include "program/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "program/processes.h"

enum { DEPTH_MAX = 32, BLOCK = 512, ROUNDS_MAX = 1 << 16 };

/* As the kernel writes it (getdents64(2)). */
struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

bool folder_each(int folder, bool (*visit)(void *context, int folder, const char *name, unsigned char type),
                 void *context)
{
    _Alignas(struct entry) char chunk[4096];
    long n;

    while ((n = syscall(SYS_getdents64, folder, chunk, sizeof chunk)) > 0) {
        for (long at = 0; at < n;) {
            const struct entry *e = (const struct entry *)(const void *)(chunk + at);

            at += e->length;
            if (strcmp(e->name, ".") != 0 && strcmp(e->name, "..") != 0 && !visit(context, folder, e->name, e->type))
                return false;
        }
    }
    return n == 0;
}

/* A program may have taken the rights to its own folders away. */
static int folder_open(int at, const char *name)
{
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, fd = openat(at, name, flags);

    if (fd < 0 && errno == EACCES && fchmodat(at, name, 0700, 0) == 0)
        fd = openat(at, name, flags);
    return fd;
}

/* ---- how much there is */

struct measuring {
    unsigned depth;
    uint64_t size;
};

static bool entry_measure(void *context, int folder, const char *name, unsigned char type)
{
    struct measuring *m = context;
    struct stat status;
    int below;

    (void)type;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return true; /* gone again */
    m->size += BLOCK + (uint64_t)status.st_blocks * BLOCK;
    if (!S_ISDIR(status.st_mode))
        return true;
    if (m->depth == DEPTH_MAX) {
        m->size = UINT64_MAX;
        return false;
    }
    below = folder_open(folder, name);
    if (below < 0)
        return true;
    m->depth++;
    (void)folder_each(below, entry_measure, m);
    m->depth--;
    close(below);
    return m->size != UINT64_MAX;
}

uint64_t folder_size(const char *path)
{
    struct measuring m = {0};
    int fd = folder_open(AT_FDCWD, path);

    if (fd < 0)
        return 0;
    (void)folder_each(fd, entry_measure, &m);
    close(fd);
    return m.size;
}

/* ---- away with it */

struct removing {
    int top;
    unsigned depth;
    uint64_t moved;
    bool again; /* something was moved to the top */
};

/* What lies too deep for our stack is moved to the top, and its turn comes later. */
static void move_up(struct removing *r, int folder, const char *name)
{
    char to[64];

    text_put_number(text_put(to, ".prismfed-"), r->moved++);
    r->again |= renameat(folder, name, r->top, to) == 0;
}

static bool entry_remove(void *context, int folder, const char *name, unsigned char type)
{
    struct removing *r = context;
    int below;

    (void)type;
    if (unlinkat(folder, name, 0) == 0 || (errno != EISDIR && errno != EPERM))
        return true;
    if (r->depth == DEPTH_MAX) {
        move_up(r, folder, name);
        return true;
    }
    below = folder_open(folder, name);
    if (below >= 0) {
        (void)fchmod(below, 0700);
        r->depth++;
        (void)folder_each(below, entry_remove, r);
        r->depth--;
        close(below);
    }
    (void)unlinkat(folder, name, AT_REMOVEDIR);
    return true;
}

void folder_remove(const char *path)
{
    struct removing r = {.again = true};

    for (unsigned round = 0; round < ROUNDS_MAX && r.again; round++) {
        r.again = false;
        r.top = folder_open(AT_FDCWD, path);
        if (r.top < 0)
            return;
        (void)fchmod(r.top, 0700);
        (void)folder_each(r.top, entry_remove, &r);
        close(r.top);
        if (rmdir(path) == 0)
            return;
    }
}
