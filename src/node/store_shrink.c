#include "node/store_shrink.h"

#include "node/store_file.h"

enum err store_is_free(const char *path, struct diag *diag)
{
    struct store_file f;
    enum err err = store_file_open(path, NULL, false, &f, diag);

    if (err == ERR_OK)
        store_file_close(&f);
    return err;
}

static enum err prune(struct store_file *f, uint64_t height, struct diag *diag)
{
    enum err err = store_may_prune(f->writer.db, height, diag);

    if (err == ERR_OK)
        err = store_writer_begin(&f->writer, diag);
    if (err == ERR_OK)
        err = store_writer_prune(&f->writer, height, diag);
    return err == ERR_OK ? store_file_commit(f, diag) : err;
}

enum err store_shrink(const char *path, uint64_t height, struct diag *diag)
{
    struct store_file f;
    enum err err = store_file_open(path, NULL, false, &f, diag);

    if (err != ERR_OK)
        return err;
    err = prune(&f, height, diag);
    if (err == ERR_OK)
        err = sql_run(f.writer.db, "VACUUM", diag);
    store_file_close(&f);
    return err;
}
