#include "unsynced.h"

#include <sqlite3.h>
#include <stddef.h>

#include "base/err.h"

/* SQLite's own VFS (https://sqlite.org/vfs.html), but for one method of its files. */

enum { KINDS_MAX = 8 }; /* of files */

static sqlite3_vfs vfs, *real;
static struct {
    const sqlite3_io_methods *from;
    sqlite3_io_methods to;
} kinds[KINDS_MAX];

static int no_sync(sqlite3_file *file, int flags)
{
    (void)file;
    (void)flags;
    return SQLITE_OK;
}

static const sqlite3_io_methods *unsynced(const sqlite3_io_methods *methods)
{
    unsigned i = 0;

    while (i < KINDS_MAX && kinds[i].from != NULL && kinds[i].from != methods)
        i++;
    ASSERT(i < KINDS_MAX);
    kinds[i].from = methods;
    kinds[i].to = *methods;
    kinds[i].to.xSync = no_sync;
    return &kinds[i].to;
}

static int open_unsynced(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *out)
{
    int code = real->xOpen(self, name, file, flags, out);

    if (file->pMethods != NULL)
        file->pMethods = unsynced(file->pMethods);
    return code;
}

void unsynced_begin(void)
{
    ASSERT(sqlite3_initialize() == SQLITE_OK && (real = sqlite3_vfs_find(NULL)) != NULL);
    vfs = *real;
    vfs.zName = "unsynced";
    vfs.xOpen = open_unsynced;
    ASSERT(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}
