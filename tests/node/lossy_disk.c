#include "lossy_disk.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/prng.h"

/* SQLite's own VFS (https://sqlite.org/vfs.html) writes the files as ever; beside it stands what a disk would have. */

enum { FILES_MAX = 8, KINDS_MAX = 8, SECTOR = 512 };

struct change {
    uint64_t offset;
    struct buf bytes;
    bool truncates; /* to offset */
};

/* A file by its name, whoever has it open. */
struct lossy_file {
    char name[256];
    struct buf synced;
    struct change *changes; /* since then; owned */
    size_t count;
    struct buf left; /* by the cut */
    bool is_left;
};

static sqlite3_vfs vfs, *real;
static struct {
    const sqlite3_io_methods *from;
    sqlite3_io_methods to;
} kinds[KINDS_MAX];
static struct lossy_file files[FILES_MAX];
static struct {
    sqlite3_file *file;
    struct lossy_file *of;
    unsigned kind;
} handles[4 * FILES_MAX];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t left; /* operations until the cut; 0: none is planned */
static bool cut;
static struct prng prng;
static void (*at_cut)(void);

/* ---- what is on the disk */

static void write_to(struct buf *b, uint64_t offset, const uint8_t *data, size_t len)
{
    if (b->len < offset + len) {
        size_t before = b->len;
        buf_reserve(b, offset + len - b->len);
        memset(b->data + before, 0, offset + len - before);
        b->len = offset + len;
    }
    if (len > 0)
        memcpy(b->data + offset, data, len);
}

static void apply(struct buf *b, const struct change *c)
{
    if (!c->truncates)
        write_to(b, c->offset, c->bytes.data, c->bytes.len);
    else if (b->len > c->offset)
        b->len = c->offset;
}

/* Each sector of it is there or not. */
static void apply_some(struct buf *b, const struct change *c)
{
    if (c->truncates) {
        if (prng_below(&prng, 2) == 0)
            apply(b, c);
        return;
    }
    uint64_t odds = prng_below(&prng, 4);
    for (size_t i = 0; i < c->bytes.len;) {
        size_t len = SECTOR - (c->offset + i) % SECTOR;
        len = len < c->bytes.len - i ? len : c->bytes.len - i;
        if (prng_below(&prng, 3) < odds)
            write_to(b, c->offset + i, c->bytes.data + i, len);
        i += len;
    }
}

static void changes_drop(struct lossy_file *f)
{
    while (f->count > 0)
        buf_free(&f->changes[--f->count].bytes);
}

static void do_cut(void)
{
    for (unsigned i = 0; i < FILES_MAX && files[i].name[0] != '\0'; i++) {
        struct lossy_file *f = &files[i];
        buf_clear(&f->left);
        buf_add(&f->left, f->synced.data, f->synced.len);
        for (size_t k = 0; k < f->count; k++)
            apply_some(&f->left, &f->changes[k]);
        f->is_left = true;
    }
    cut = true;
    at_cut();
}

/* An operation begins. */
static void count(void)
{
    if (left > 0 && --left == 0)
        do_cut();
}

/* ---- methods of files */

static unsigned handle_of(sqlite3_file *file)
{
    unsigned i = 0;

    while (i < 4 * FILES_MAX && handles[i].file != file)
        i++;
    ASSERT(i < 4 * FILES_MAX);
    return i;
}

static void add_change(struct lossy_file *f, uint64_t offset, struct bytes bytes, bool truncates)
{
    f->changes = mem_resize(f->changes, f->count + 1, sizeof *f->changes);
    f->changes[f->count] = (struct change){.offset = offset, .truncates = truncates};
    buf_add(&f->changes[f->count++].bytes, bytes.data, bytes.len);
}

static int lossy_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 offset)
{
    pthread_mutex_lock(&lock);
    unsigned h = handle_of(file);
    count();
    add_change(handles[h].of, (uint64_t)offset, bytes_of(data, (size_t)len), false);
    pthread_mutex_unlock(&lock);
    return kinds[handles[h].kind].from->xWrite(file, data, len, offset);
}

static int lossy_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    pthread_mutex_lock(&lock);
    unsigned h = handle_of(file);
    count();
    add_change(handles[h].of, (uint64_t)size, bytes_of(NULL, 0), true);
    pthread_mutex_unlock(&lock);
    return kinds[handles[h].kind].from->xTruncate(file, size);
}

/* The real one need not wait for a real disk. */
static int lossy_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    pthread_mutex_lock(&lock);
    struct lossy_file *f = handles[handle_of(file)].of;
    count();
    for (size_t i = 0; i < f->count; i++)
        apply(&f->synced, &f->changes[i]);
    changes_drop(f);
    pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

static int lossy_close(sqlite3_file *file)
{
    pthread_mutex_lock(&lock);
    unsigned h = handle_of(file);
    handles[h].file = NULL;
    pthread_mutex_unlock(&lock);
    return kinds[handles[h].kind].from->xClose(file);
}

/* ---- opening and deleting */

static struct lossy_file *file_of(const char *name)
{
    unsigned i = 0;

    while (i < FILES_MAX && files[i].name[0] != '\0' && strcmp(files[i].name, name) != 0)
        i++;
    ASSERT(i < FILES_MAX);
    strncpy(files[i].name, name, sizeof files[i].name - 1);
    return &files[i];
}

static unsigned kind_of(const sqlite3_io_methods *methods)
{
    unsigned i = 0;

    while (i < KINDS_MAX && kinds[i].from != NULL && kinds[i].from != methods)
        i++;
    ASSERT(i < KINDS_MAX);
    kinds[i].from = methods;
    kinds[i].to = *methods;
    kinds[i].to.iVersion = methods->iVersion < 2 ? methods->iVersion : 2; /* no mapped pages: they are not written */
    kinds[i].to.xWrite = lossy_write;
    kinds[i].to.xTruncate = lossy_truncate;
    kinds[i].to.xSync = lossy_sync;
    kinds[i].to.xClose = lossy_close;
    return i;
}

static int lossy_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *out)
{
    int code = real->xOpen(self, name, file, flags, out);
    unsigned h = 0;

    if (code != SQLITE_OK || name == NULL)
        return code;
    pthread_mutex_lock(&lock);
    while (h < 4 * FILES_MAX && handles[h].file != NULL)
        h++;
    ASSERT(h < 4 * FILES_MAX);
    handles[h].file = file;
    handles[h].of = file_of(name);
    handles[h].kind = kind_of(file->pMethods);
    file->pMethods = &kinds[handles[h].kind].to;
    pthread_mutex_unlock(&lock);
    return code;
}

static int lossy_delete(sqlite3_vfs *self, const char *name, int sync)
{
    pthread_mutex_lock(&lock);
    struct lossy_file *f = file_of(name);
    count();
    changes_drop(f);
    buf_clear(&f->synced);
    pthread_mutex_unlock(&lock);
    return real->xDelete(self, name, sync);
}

/* ---- from outside */

void lossy_begin(void)
{
    ASSERT(sqlite3_initialize() == SQLITE_OK && (real = sqlite3_vfs_find(NULL)) != NULL);
    vfs = *real;
    vfs.zName = "lossy";
    vfs.xOpen = lossy_open;
    vfs.xDelete = lossy_delete;
    ASSERT(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}

static void forget(void)
{
    for (unsigned i = 0; i < FILES_MAX; i++) {
        changes_drop(&files[i]);
        mem_free(files[i].changes);
        buf_free(&files[i].synced);
        buf_free(&files[i].left);
        files[i] = (struct lossy_file){0};
    }
}

void lossy_end(void)
{
    ASSERT(sqlite3_vfs_unregister(&vfs) == SQLITE_OK);
    forget();
}

void lossy_cut(uint64_t operations, uint64_t seed, void (*at)(void))
{
    forget();
    prng_seed(&prng, seed);
    at_cut = at;
    cut = false;
    left = operations;
}

bool lossy_was_cut(void)
{
    left = 0;
    for (unsigned i = 0; i < FILES_MAX && cut; i++) {
        struct lossy_file *f = &files[i];
        if (f->name[0] == '\0' || !f->is_left)
            continue;
        ASSERT(file_write(f->name, bytes_of_buf(&f->left), NULL) == ERR_OK);
        buf_clear(&f->synced);
        buf_add(&f->synced, f->left.data, f->left.len);
        changes_drop(f);
    }
    return cut;
}
