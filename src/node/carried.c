#include "node/carried.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "crypto/envelope.h"
#include "replica/messages.h"

enum { HEIGHT_DIGITS = 20, ENTRIES_MAX = 4096 };

static bool is_height(const char *name)
{
    return strlen(name) == HEIGHT_DIGITS && strspn(name, "0123456789") == HEIGHT_DIGITS;
}

static bool is_hash(const char *name)
{
    return strlen(name) == (size_t)2 * DIGEST_SIZE && strspn(name, "0123456789abcdef") == (size_t)2 * DIGEST_SIZE;
}

/* The names in DIR/what that fit, in order; the caller's. A folder that is not there has none. */
static enum err names_of(const char *folder, const char *what, bool (*fits)(const char *name), char ***out,
                         unsigned *count, struct diag *diag)
{
    struct buf path = {0};
    struct dirent **found = NULL;
    int n;

    *out = NULL;
    *count = 0;
    buf_printf(&path, "%s/%s", folder, what);
    n = scandir(buf_text(&path), &found, NULL, alphasort);
    if (n < 0 && errno != ENOENT) {
        diag_set(diag, ERR_IO, "%s: %s", buf_text(&path), strerror(errno));
        buf_free(&path);
        return ERR_IO;
    }
    buf_free(&path);
    if (n > 0)
        *out = mem_array((size_t)n, sizeof(char *));
    for (int i = 0; i < n; i++) {
        if (fits(found[i]->d_name))
            (*out)[(*count)++] = text_copy(bytes_of_text(found[i]->d_name));
        free(found[i]);
    }
    free(found);
    return ERR_OK;
}

static void names_free(char **names, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        mem_free(names[i]);
    mem_free(names);
}

/* ---- blocks */

static void block_path(const char *folder, uint64_t height, struct buf *out)
{
    buf_clear(out);
    buf_printf(out, "%s/blocks/%0*" PRIu64, folder, (int)HEIGHT_DIGITS, height);
}

enum err carried_top(const char *folder, uint64_t *out, struct diag *diag)
{
    char **names;
    unsigned count;
    enum err err = names_of(folder, "blocks", is_height, &names, &count, diag);

    *out = count > 0 ? strtoull(names[count - 1], NULL, 10) : 0;
    names_free(names, count);
    return err;
}

static enum err add_block(const char *folder, const struct ledger_store *store, uint64_t height, struct diag *diag)
{
    struct buf path = {0};
    struct blob *block;
    enum err err = store->read(store->context, height, &block);

    if (err == ERR_MISSING)
        return err;
    if (err != ERR_OK)
        return diag_set(diag, err, "block %" PRIu64 " cannot be read", height);
    block_path(folder, height, &path);
    err = file_write(buf_text(&path), blob_bytes(block), diag);
    blob_drop(block);
    buf_free(&path);
    return err;
}

enum err carried_add_blocks(const char *folder, const struct ledger_store *store, uint64_t height, uint64_t *added,
                            struct diag *diag)
{
    struct buf path = {0};
    uint64_t top = 0;
    enum err err;

    *added = 0;
    buf_printf(&path, "%s/blocks", folder);
    err = file_make_folder(buf_text(&path), diag);
    buf_free(&path);
    if (err == ERR_OK)
        err = carried_top(folder, &top, diag);
    while (err == ERR_OK && top + *added < height && *added < CARRIED_BLOCKS_MAX) {
        err = add_block(folder, store, top + *added + 1, diag);
        *added += err == ERR_OK;
    }
    return err == ERR_MISSING ? ERR_OK : err; /* it is not durable yet */
}

enum err carried_blocks(const char *folder, uint64_t from, struct blob **out, struct diag *diag)
{
    struct buf texts[REPLICA_BLOCKS_MAX] = {{0}}, path = {0};
    struct bytes blocks[REPLICA_BLOCKS_MAX];
    unsigned count = 0;
    size_t size = 0;
    uint64_t top = 0;
    enum err err = carried_top(folder, &top, diag);

    *out = NULL;
    while (err == ERR_OK && from + count <= top && count < REPLICA_BLOCKS_MAX && size < REPLICA_BLOCKS_SIZE_MAX / 2) {
        block_path(folder, from + count, &path);
        err = file_read(buf_text(&path), BLOCK_SIZE_MAX, &texts[count], diag);
        if (err != ERR_OK)
            break;
        blocks[count] = bytes_of_buf(&texts[count]);
        size += texts[count++].len;
    }
    if (count > 0)
        *out = replica_message_blocks(top, blocks, count);
    for (unsigned i = 0; i < REPLICA_BLOCKS_MAX; i++)
        buf_free(&texts[i]);
    buf_free(&path);
    return count > 0 ? ERR_OK : err;
}

/* ---- entries */

static void entry_path(const char *folder, const char *hash, struct buf *out)
{
    buf_clear(out);
    buf_printf(out, "%s/entries/%s", folder, hash);
}

enum err carried_leave(const char *folder, struct bytes envelope, struct diag *diag)
{
    char hash[2 * DIGEST_SIZE + 1];
    struct digest id = envelope_id(envelope);
    struct buf path = {0};
    enum err err;

    buf_printf(&path, "%s/entries", folder);
    err = file_make_folder(buf_text(&path), diag);
    digest_hex(&id, hash);
    entry_path(folder, hash, &path);
    if (err == ERR_OK)
        err = file_write(buf_text(&path), envelope, diag);
    buf_free(&path);
    return err;
}

enum err carried_take(const char *folder, bool (*take)(void *context, struct bytes envelope),
                      void (*bad)(void *context, const char *why), void *context, struct diag *diag)
{
    char **names;
    unsigned count;
    struct buf path = {0}, bytes = {0};
    enum err err = names_of(folder, "entries", is_hash, &names, &count, diag);

    for (unsigned i = 0; i < count && i < ENTRIES_MAX && err == ERR_OK; i++) {
        struct diag why = {0};

        entry_path(folder, names[i], &path);
        buf_clear(&bytes);
        if (file_read(buf_text(&path), ENVELOPE_SIZE_MAX, &bytes, &why) != ERR_OK)
            bad(context, why.text);
        else if (take(context, bytes_of_buf(&bytes)))
            (void)unlink(buf_text(&path));
    }
    buf_free(&path);
    buf_free(&bytes);
    names_free(names, count);
    return err;
}
