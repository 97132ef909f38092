#include "store_scratch.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const struct digest scratch_federation = {{7, 7, 7}};

static char folder[] = "/tmp/prismfed-store-XXXXXX";
static char path[64];
static struct diag diag;

const char *scratch_path(void)
{
    if (path[0] == '\0') {
        ASSERT(mkdtemp(folder) != NULL);
        snprintf(path, sizeof path, "%s/store.sqlite", folder);
    }
    return path;
}

void scratch_unlink(const char *store)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-mark"};
    char name[96];

    for (unsigned i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(name, sizeof name, "%s%s", store, ends[i]);
        (void)unlink(name);
    }
}

void scratch_clear(void)
{
    scratch_unlink(scratch_path());
}

void scratch_end(void)
{
    scratch_clear();
    (void)rmdir(folder);
}

struct diag *scratch_diag(void)
{
    return &diag;
}

struct store *scratch_open(void)
{
    struct store *s = NULL;
    enum err err = store_open(scratch_path(), &scratch_federation, true, &s, &diag);

    if (err != ERR_OK)
        fprintf(stderr, "# %s\n", diag.text);
    ASSERT(err == ERR_OK);
    return s;
}

enum err scratch_wait(struct store *s, uint64_t serial)
{
    struct pollfd p = {.fd = store_fd(s), .events = POLLIN};
    uint64_t durable = 0;
    enum err err;

    while ((err = store_finished(s, &durable, &diag)) == ERR_OK && durable < serial)
        ASSERT(poll(&p, 1, -1) == 1);
    return err;
}

/* ---- bytes */

static void fill(uint64_t seed, uint8_t *out, size_t len)
{
    struct prng prng;

    prng_seed(&prng, seed);
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)prng_next(&prng);
}

struct blob *scratch_blob(uint64_t seed, size_t len)
{
    struct blob *blob = blob_sized(len);

    fill(seed, blob->data, len);
    return blob;
}

bool scratch_is(struct bytes bytes, uint64_t seed, size_t len)
{
    struct blob *wanted = scratch_blob(seed, len);
    bool same = bytes_equal(bytes, blob_bytes(wanted));

    blob_drop(wanted);
    return same;
}

static enum err add(void *context, struct bytes record)
{
    uint8_t len[8];

    be64_put(len, record.len);
    buf_add(context, len, sizeof len);
    buf_add(context, record.data, record.len);
    return ERR_OK;
}

enum err scratch_records(struct store *s, struct buf *out)
{
    buf_clear(out);
    return store_records(s, add, out, &diag);
}
