#include "driver/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mutate.h"

/* The file: a header, then records of one size. Both end in the first bytes of a digest, which covers the header, too:
 * a record of another run is none, and from the first damaged one on all is dropped. Numbers are big-endian. */
enum { PROGRAMS_AT = 112, PROGRAMS_SIZE = 24 }; /* of the header: enough to tell two apart */
#define NUMBER_MAX ((UINT64_C(1) << 48) - 1)    /* of an evaluation in its job */
enum { FORM_AT = 105, FORM = 2 };               /* 2: an evaluation says its number in the job */
enum { HEADER_SIZE = 144, RECORD_SIZE = 72, CHECK_SIZE = 8, READ_RECORDS = 256 };
enum record_type { RECORD_EVALUATION = 1, RECORD_TAKEN, RECORD_BLOCK };

static const char magic[16] = "prismfed journal";

struct record {
    enum record_type type;
    enum evaluation_status status;
    uint64_t number;     /* of the job; the height */
    uint64_t evaluation; /* its number in the job */
    struct digest digest;
    uint64_t cost, work;
};

struct block_seen {
    uint64_t height;
    struct digest id;
};

/* The fields are the journal's own. */
struct journal {
    pthread_mutex_t lock; /* of writing and of the error */
    int fd;
    char *path; /* owned */
    enum err err;
    struct diag diag;
    struct digest header; /* of its bytes */

    bool reading; /* there may be more to read; then nobody writes */
    uint64_t offset;
    uint8_t buffer[READ_RECORDS * RECORD_SIZE];
    size_t begin, end; /* of what is read and not looked at */

    size_t script_count, block_count, block_next;
    struct journal_script *scripts; /* owned; read ahead: of jobs that are not submitted yet */
    struct block_seen *blocks;      /* owned; read ahead */
    uint64_t taken;                 /* the last job that was */
    uint64_t answered;
};

static void fail(struct journal *j, enum err err, const char *what, uint64_t number, const char *why)
{
    pthread_mutex_lock(&j->lock);
    if (j->err == ERR_OK)
        j->err = diag_set(&j->diag, err, "%s: %s %" PRIu64 ": %s", j->path, what, number, why);
    pthread_mutex_unlock(&j->lock);
}

/* The run was not derived as it was written down. */
static void fail_other(struct journal *j, const char *what, uint64_t number)
{
    fail(j, ERR_STATE, what, number,
         "this run derives another one than the run that was stopped; begin anew with --clean");
}

enum err journal_check(struct journal *j, struct diag *diag)
{
    enum err err;

    pthread_mutex_lock(&j->lock);
    err = j->err;
    if (err != ERR_OK)
        *diag = j->diag;
    pthread_mutex_unlock(&j->lock);
    return err;
}

uint64_t journal_answered(const struct journal *j)
{
    return j->answered;
}

/* ---- bytes */

static void put_check(const struct digest *header, uint8_t *bytes, size_t size)
{
    struct digest_context c;
    struct digest check;

    digest_init(&c);
    digest_add(&c, header->b, sizeof header->b);
    digest_add(&c, bytes, size - CHECK_SIZE);
    check = digest_final(&c);
    memcpy(bytes + size - CHECK_SIZE, check.b, CHECK_SIZE);
}

static void header_encode(const struct journal_binding *b, uint8_t out[HEADER_SIZE])
{
    memset(out, 0, HEADER_SIZE);
    memcpy(out, magic, sizeof magic);
    memcpy(out + 16, b->version, sizeof b->version);
    memcpy(out + 32, b->scenario.b, DIGEST_SIZE);
    be64_put(out + 64, b->seed);
    be64_put(out + 72, b->epochs);
    memcpy(out + 80, b->genesis.b, 24); /* enough to tell two apart */
    out[104] = b->clean;
    out[FORM_AT] = FORM;
    memcpy(out + PROGRAMS_AT, b->programs.b, PROGRAMS_SIZE);
    put_check(&(struct digest){{0}}, out, HEADER_SIZE);
}

static void record_encode(const struct digest *header, const struct record *r, uint8_t out[RECORD_SIZE])
{
    memset(out, 0, RECORD_SIZE);
    be64_put(out, r->evaluation); /* of which two bytes are free */
    out[0] = (uint8_t)r->type;
    out[1] = (uint8_t)r->status;
    be64_put(out + 8, r->number);
    memcpy(out + 16, r->digest.b, DIGEST_SIZE);
    be64_put(out + 48, r->cost);
    be64_put(out + 56, r->work);
    put_check(header, out, RECORD_SIZE);
}

static bool record_decode(const struct digest *header, const uint8_t in[RECORD_SIZE], struct record *out)
{
    uint8_t again[RECORD_SIZE];

    *out = (struct record){
        .type = in[0],
        .status = in[1],
        .evaluation = be64_get(in) & NUMBER_MAX,
        .number = be64_get(in + 8),
        .digest = digest_from(bytes_of(in + 16, DIGEST_SIZE)),
        .cost = be64_get(in + 48),
        .work = be64_get(in + 56),
    };
    record_encode(header, out, again);
    return memcmp(again, in, RECORD_SIZE) == 0;
}

/* ---- writing */

static enum err write_at_end(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        bytes += n;
        len -= (size_t)n;
    }
    return ERR_OK;
}

static void append(struct journal *j, const struct record *r)
{
    uint8_t bytes[RECORD_SIZE];
    enum err err;

    ASSERT(!j->reading);
    record_encode(&j->header, r, bytes);
    pthread_mutex_lock(&j->lock); /* a record is written whole */
    err = j->err == ERR_OK ? write_at_end(j->fd, bytes, sizeof bytes) : ERR_OK;
    pthread_mutex_unlock(&j->lock);
    if (err != ERR_OK)
        fail(j, ERR_IO, "cannot write record", r->number, strerror(errno));
}

/* ---- reading: ahead as far as is needed, from the one end to the other */

/* What was being written when the run was stopped goes. */
static void end_reading(struct journal *j)
{
    j->reading = false;
    if (ftruncate(j->fd, (off_t)j->offset) != 0 || lseek(j->fd, (off_t)j->offset, SEEK_SET) < 0)
        fail(j, ERR_IO, "cannot cut at byte", j->offset, strerror(errno));
}

static bool fill(struct journal *j)
{
    ssize_t n;

    memmove(j->buffer, j->buffer + j->begin, j->end - j->begin);
    j->end -= j->begin;
    j->begin = 0;
    do
        n = pread(j->fd, j->buffer + j->end, sizeof j->buffer - j->end, (off_t)(j->offset + j->end));
    while (n < 0 && errno == EINTR);
    if (n < 0)
        fail(j, ERR_IO, "cannot read at byte", j->offset, strerror(errno));
    if (n > 0)
        j->end += (size_t)n;
    return n > 0;
}

static bool next_record(struct journal *j, struct record *out)
{
    bool more = j->reading;

    while (more && j->end - j->begin < RECORD_SIZE)
        more = fill(j);
    if (!more || !record_decode(&j->header, j->buffer + j->begin, out)) {
        if (j->reading)
            end_reading(j);
        return false;
    }
    j->begin += RECORD_SIZE;
    j->offset += RECORD_SIZE;
    return true;
}

static struct journal_script *script_of(struct journal *j, uint64_t job)
{
    for (size_t i = 0; i < j->script_count; i++) {
        if (j->scripts[i].job == job)
            return &j->scripts[i];
    }
    j->scripts = mem_resize(j->scripts, j->script_count + 1, sizeof *j->scripts);
    j->scripts[j->script_count] = (struct journal_script){
        .job = job,
        .state = job < j->taken ? SCRIPT_DROPPED : SCRIPT_OPEN,
    };
    return &j->scripts[j->script_count++];
}

static void script_add(struct journal_script *s, const struct record *r)
{
    if (s->count == s->cap) {
        s->cap = s->cap > 0 ? 2 * s->cap : 64;
        s->answers = mem_resize(s->answers, s->cap, sizeof *s->answers);
    }
    s->answers[s->count++] = (struct journal_answer){r->evaluation, r->digest, {r->status, r->cost, r->work}};
}

/* Jobs are taken in their order: those before this one are for nobody. */
static void taken(struct journal *j, uint64_t job)
{
    for (size_t i = 0; i < j->script_count; i++) {
        if (j->scripts[i].job < job && j->scripts[i].state == SCRIPT_OPEN)
            j->scripts[i].state = SCRIPT_DROPPED;
    }
    script_of(j, job)->state = SCRIPT_TAKEN;
    j->taken = job;
}

/* Looks at one more record; false at the end. */
static bool read_on(struct journal *j)
{
    struct record r;

    if (!next_record(j, &r))
        return false;
    switch (r.type) {
    case RECORD_EVALUATION:
        script_add(script_of(j, r.number), &r);
        break;
    case RECORD_TAKEN:
        taken(j, r.number);
        break;
    case RECORD_BLOCK:
        j->blocks = mem_resize(j->blocks, j->block_count + 1, sizeof *j->blocks);
        j->blocks[j->block_count++] = (struct block_seen){r.number, r.digest};
        break;
    }
    return true;
}

static int by_number(const void *a, const void *b)
{
    const struct journal_answer *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

const struct journal_answer *journal_script_find(const struct journal_script *s, uint64_t number)
{
    const struct journal_answer key = {.number = number};

    return s->count > 0 ? bsearch(&key, s->answers, s->count, sizeof key, by_number) : NULL;
}

void journal_submit(struct journal *j, uint64_t job, struct journal_script *out)
{
    struct journal_script *s = script_of(j, job);

    while (s->state == SCRIPT_OPEN && read_on(j))
        s = script_of(j, job); /* they may have moved */
    *out = *s;
    if (out->count > 1)
        qsort(out->answers, out->count, sizeof out->answers[0], by_number);
    j->answered += s->state == SCRIPT_DROPPED ? 0 : s->count;
    *s = j->scripts[--j->script_count];
}

void journal_script_free(struct journal_script *s)
{
    mem_free(s->answers);
    *s = (struct journal_script){0};
}

void journal_take(struct journal *j, uint64_t job, bool sync)
{
    append(j, &(struct record){.type = RECORD_TAKEN, .number = job});
    if (sync && fdatasync(j->fd) != 0)
        fail(j, ERR_IO, "cannot sync record", job, strerror(errno));
}

void journal_block(struct journal *j, uint64_t height, const struct digest *id)
{
    const struct block_seen *seen;

    while (j->block_next == j->block_count) {
        j->block_next = j->block_count = 0;
        if (!j->reading || !read_on(j))
            break;
    }
    if (j->block_next == j->block_count) {
        append(j, &(struct record){.type = RECORD_BLOCK, .number = height, .digest = *id});
        return;
    }
    seen = &j->blocks[j->block_next++];
    if (MUTATE(SIM_JOURNAL_UNCOMPARED, false, seen->height != height || !digest_equal(&seen->id, id)))
        fail_other(j, "block", height);
}

void journal_add(struct journal *j, uint64_t job, const struct journal_answer *a)
{
    ASSERT(a->number <= NUMBER_MAX);
    append(j, &(struct record){
                  .type = RECORD_EVALUATION,
                  .status = a->evaluation.status,
                  .number = job,
                  .evaluation = a->number,
                  .digest = a->task,
                  .cost = a->evaluation.cost,
                  .work = a->evaluation.work,
              });
}

void journal_differs(struct journal *j, uint64_t job)
{
    fail_other(j, "job", job);
}

/* ---- opening */

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
    return diag_set(diag, ERR_STATE, "%s: the run of another process, which is going on", path);
}

static enum err check_binding(const char *path, const uint8_t *found, struct journal_binding *b, struct diag *diag)
{
    uint8_t wanted[HEADER_SIZE], again[HEADER_SIZE];

    memcpy(again, found, HEADER_SIZE);
    put_check(&(struct digest){{0}}, again, HEADER_SIZE);
    if (memcmp(found, magic, sizeof magic) != 0 || memcmp(again, found, HEADER_SIZE) != 0)
        return diag_set(diag, ERR_STATE, "%s: not a journal of this program", path);
    b->clean = found[104] != 0;
    header_encode(b, wanted);
    if (memcmp(found, wanted, HEADER_SIZE) == 0)
        return ERR_OK;
    if (be64_get(found + 64) != b->seed || be64_get(found + 72) != b->epochs)
        return diag_set(diag, ERR_STATE,
                        "%s: the unfinished run has --seed %" PRIu64 " --epochs %" PRIu64
                        "; go on with these, or begin anew with --clean",
                        path, be64_get(found + 64), be64_get(found + 72));
    memcpy(again, wanted, PROGRAMS_AT);
    memcpy(again + PROGRAMS_AT, found + PROGRAMS_AT, PROGRAMS_SIZE);
    put_check(&(struct digest){{0}}, again, HEADER_SIZE);
    if (memcmp(found, again, HEADER_SIZE) == 0)
        return diag_set(
            diag, ERR_STATE,
            "%s: since the run was stopped a program of the sites, a file that it is started with or one of "
            "its instances has changed, and what it answered before is not what it would answer now; put "
            "it back, or begin anew with --clean",
            path);
    return diag_set(diag, ERR_STATE,
                    "%s: the unfinished run is of another %s; go on with that one, or begin anew with --clean", path,
                    memcmp(found + 16, wanted + 16, 16) == 0 && found[FORM_AT] == FORM ? "scenario"
                                                                                       : "version of this program");
}

static enum err open_header(struct journal *j, bool resume, struct journal_binding *b, struct diag *diag)
{
    uint8_t header[HEADER_SIZE];
    ssize_t n = b->clean ? 0 : pread(j->fd, header, sizeof header, 0);
    enum err err = ERR_OK;

    if (n < 0)
        return diag_set(diag, ERR_IO, "%s: cannot read: %s", j->path, strerror(errno));
    if (n == HEADER_SIZE && !resume)
        return diag_set(diag, ERR_STATE,
                        "%s: there is an unfinished run; go on with it: --resume, or begin anew: --clean", j->path);
    if (n == HEADER_SIZE) {
        err = check_binding(j->path, header, b, diag);
        j->reading = err == ERR_OK;
    } else { /* nothing was finished */
        header_encode(b, header);
        if (ftruncate(j->fd, 0) != 0 || write_at_end(j->fd, header, sizeof header) != ERR_OK)
            err = diag_set(diag, ERR_IO, "%s: cannot write: %s", j->path, strerror(errno));
    }
    j->header = digest_of(bytes_of(header, sizeof header));
    j->offset = HEADER_SIZE;
    return err;
}

enum err journal_open(const char *path, bool resume, struct journal_binding *binding, struct journal **out,
                      struct diag *diag)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    struct journal *j;
    enum err err;

    if (fd < 0)
        return diag_set(diag, ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    j = mem_alloc(sizeof *j);
    pthread_mutex_init(&j->lock, NULL);
    j->fd = fd;
    j->path = mem_alloc(strlen(path) + 1);
    memcpy(j->path, path, strlen(path) + 1);
    err = lock(fd, path, diag);
    if (err == ERR_OK)
        err = open_header(j, resume, binding, diag);
    if (err != ERR_OK)
        journal_close(j, false);
    else
        *out = j;
    return err;
}

void journal_close(struct journal *j, bool finished)
{
    if (j == NULL)
        return;
    if (finished)
        unlink(j->path);
    close(j->fd);
    for (size_t i = 0; i < j->script_count; i++)
        journal_script_free(&j->scripts[i]);
    mem_free(j->scripts);
    mem_free(j->blocks);
    pthread_mutex_destroy(&j->lock);
    mem_free(j->path);
    mem_free(j);
}
