#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "node/address.h"
#include "node/preflight_parts.h"

/* What the machine must give: two ports, a clock, a disk. */

/* ---- ports */

/* Why the socket cannot be had, an errno, or 0. */
static int try_bind(const struct addrinfo *where)
{
    int one = 1, fd = socket(where->ai_family, where->ai_socktype | SOCK_CLOEXEC, 0);
    int why = 0;

    if (fd < 0)
        return errno;
    if (where->ai_socktype == SOCK_STREAM)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, where->ai_addr, where->ai_addrlen) != 0)
        why = errno;
    close(fd);
    return why;
}

static void say_bound(struct preflight *p, const char *check, const char *text, int why)
{
    if (why == 0)
        preflight_say(p, check, PREFLIGHT_PASSED, "%s is free", text);
    else if (why == EADDRINUSE)
        preflight_say(p, check, PREFLIGHT_MEND,
                      "%s: somebody listens there; does the node run already (prismfed node "
                      "status)? If not, choose another port",
                      text);
    else if (why == EADDRNOTAVAIL)
        preflight_say(p, check, PREFLIGHT_MEND,
                      "%s is no address of this machine; listen on one that ip address "
                      "lists, or on 0.0.0.0",
                      text);
    else if (why == EACCES)
        preflight_say(p, check, PREFLIGHT_MEND, "%s: ports below 1024 are for root; choose another one", text);
    else
        preflight_say(p, check, PREFLIGHT_MEND, "%s: %s", text, strerror(why));
}

static void check_port(struct preflight *p, const char *check, const char *text, int type)
{
    struct addrinfo hints = {.ai_socktype = type, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found = NULL;
    struct address address;
    struct diag diag = {0};

    if (address_parse(text, &address, &diag) != ERR_OK) {
        preflight_say(p, check, PREFLIGHT_MEND, "%s", diag.text);
        return;
    }
    int why = getaddrinfo(address.host, address.port, &hints, &found);
    if (why != 0) {
        preflight_say(p, check, PREFLIGHT_MEND, "%s: %s", text, gai_strerror(why));
        return;
    }
    say_bound(p, check, text, try_bind(found));
    freeaddrinfo(found);
}

void preflight_port(struct preflight *p)
{
    bool votes = p->has_plan && p->node < p->plan.node_count && p->plan.nodes[p->node].card.role == ROLE_CORE;

    if (p->config->listen[0] != '\0')
        check_port(p, "port", p->config->listen, SOCK_DGRAM);
    else if (votes)
        preflight_say(p, "port", PREFLIGHT_MEND,
                      "a validator must listen: put \"listen\": \"HOST:PORT\" into the "
                      "configuration");
    else
        preflight_say(p, "port", PREFLIGHT_NOTE, "the node listens nowhere, and only dials");
}

void preflight_http(struct preflight *p)
{
    if (p->config->http[0] != '\0')
        check_port(p, "http", p->config->http, SOCK_STREAM);
}

/* ---- clock */

/* The protocol counts its own time-outs by a clock that nobody sets; the date is for logs and certificates. */
void preflight_clock(struct preflight *p)
{
    static const int64_t year_2026 = INT64_C(1767225600);
    struct timespec now = {0};
    struct timex state = {0};

    if (clock_gettime(CLOCK_REALTIME, &now) != 0 || now.tv_sec < year_2026)
        preflight_say(p, "clock", PREFLIGHT_MEND, "it says a day before 2026; set it (timedatectl set-ntp true)");
    else if (adjtimex(&state) == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
        preflight_say(p, "clock", PREFLIGHT_NOTE,
                      "nothing keeps it right (timedatectl set-ntp true); agreement does "
                      "not depend on it, the times in logs do");
    else
        preflight_say(p, "clock", PREFLIGHT_PASSED, "it is synchronised");
}

/* ---- disk */

enum { SYNCS = 15, BLOCK = 4096, SPACE_LEAST_MB = 256, SPACE_GOOD_MB = 2048, SYNC_SLOW_US = 50000 };
/* statfs(2). */
enum { FS_TMPFS = 0x01021994, FS_RAMFS = 0x858458f6 - (INT64_C(1) << 32), FS_NFS = 0x6969 };

static void folder_of(const char *path, struct buf *out)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        buf_add_byte(out, '.');
    else
        buf_add(out, path, slash == path ? 1 : (size_t)(slash - path));
}

static int compare_i64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static int64_t now_us(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* How long a durable write of one block takes, the median; false, errno: it does not work. */
static bool measure_sync(int fd, int64_t *median_us)
{
    static const uint8_t block[BLOCK];
    int64_t took[SYNCS];

    for (unsigned i = 0; i < SYNCS; i++) {
        int64_t begin = now_us();

        if (pwrite(fd, block, sizeof block, (off_t)i * BLOCK) != BLOCK || fdatasync(fd) != 0)
            return false;
        took[i] = now_us() - begin;
    }
    qsort(took, SYNCS, sizeof took[0], compare_i64);
    *median_us = took[SYNCS / 2];
    return true;
}

static void check_sync(struct preflight *p, const char *folder)
{
    struct buf path = {0};
    int64_t median_us = 0;

    buf_printf(&path, "%s/preflight.%ld.tmp", folder, (long)getpid());
    int fd = open(buf_text(&path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool works = fd >= 0 && measure_sync(fd, &median_us);
    int why = errno;
    if (fd >= 0) {
        close(fd);
        unlink(buf_text(&path));
    }
    buf_free(&path);
    if (!works)
        preflight_say(p, "disk", PREFLIGHT_MEND,
                      "%s: no durable write is possible: %s; the node's user must be able "
                      "to write there",
                      folder, strerror(why));
    else if (median_us > SYNC_SLOW_US)
        preflight_say(p, "disk", PREFLIGHT_NOTE, "a durable write takes %" PRId64 " us; each decision waits for some",
                      median_us);
    else
        preflight_say(p, "disk", PREFLIGHT_PASSED, "a durable write takes %" PRId64 " us", median_us);
}

static void check_space(struct preflight *p, const char *folder)
{
    struct statvfs space;

    if (statvfs(folder, &space) != 0) {
        preflight_say(p, "disk", PREFLIGHT_MEND, "%s: %s", folder, strerror(errno));
        return;
    }
    uint64_t free_mb = (uint64_t)space.f_bavail * space.f_frsize >> 20;
    if (free_mb < SPACE_LEAST_MB)
        preflight_say(p, "disk", PREFLIGHT_MEND,
                      "%s: %" PRIu64 " MiB are free; a node that cannot write stops, so "
                      "that it needs %d at least",
                      folder, free_mb, SPACE_LEAST_MB);
    else
        preflight_say(p, "disk", free_mb < SPACE_GOOD_MB ? PREFLIGHT_NOTE : PREFLIGHT_PASSED,
                      "%" PRIu64 " MiB are free", free_mb);
}

static void check_kind(struct preflight *p, const char *folder)
{
    struct statfs kind;

    if (statfs(folder, &kind) != 0)
        return;
    if ((int64_t)kind.f_type == FS_TMPFS || (int32_t)kind.f_type == (int32_t)FS_RAMFS)
        preflight_say(p, "disk", PREFLIGHT_NOTE,
                      "%s is in memory: when the machine stops, the node forgets what it "
                      "has signed",
                      folder);
    else if ((int64_t)kind.f_type == FS_NFS)
        preflight_say(p, "disk", PREFLIGHT_NOTE,
                      "%s is on another machine (NFS); SQLite's locks are not to be relied "
                      "on there",
                      folder);
}

void preflight_disk(struct preflight *p)
{
    struct buf folder = {0};

    folder_of(p->config->store, &folder);
    check_space(p, buf_text(&folder));
    check_kind(p, buf_text(&folder));
    check_sync(p, buf_text(&folder));
    buf_free(&folder);
}

void preflight_store(struct preflight *p)
{
    struct stat st;

    if (lstat(p->config->store, &st) != 0)
        preflight_say(p, "store", PREFLIGHT_NOTE,
                      "%s is not there: prismfed node create makes it before the first start; a node "
                      "whose disk was lost starts without it",
                      p->config->store);
    else if (!S_ISREG(st.st_mode) || access(p->config->store, R_OK | W_OK) != 0)
        preflight_say(p, "store", PREFLIGHT_MEND, "%s: the node's user can neither read nor write it",
                      p->config->store);
    else
        preflight_say(p, "store", PREFLIGHT_PASSED, "%s, %" PRIu64 " KiB (prismfed store check looks into it)",
                      p->config->store, (uint64_t)st.st_size >> 10);
}
