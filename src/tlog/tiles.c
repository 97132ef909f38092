/* Tiles and bundles of entries of C2SP tlog-tiles. */
#include "tlog/tiles.h"

#include <inttypes.h>

enum { TILE_BITS = 8 };

/* x001/x234/067: three digits a part, all but the last behind an x. */
static void put_number(uint64_t n, struct buf *out)
{
    uint64_t parts[8];
    unsigned count = 0;

    do {
        parts[count++] = n % 1000;
        n /= 1000;
    } while (n > 0);
    while (count-- > 0)
        buf_printf(out, "%s%03" PRIu64 "%s", count > 0 ? "x" : "", parts[count], count > 0 ? "/" : "");
}

static void tile_path(const char *level, uint64_t number, unsigned width, struct buf *out)
{
    buf_clear(out);
    buf_printf(out, "tile/%s/", level);
    put_number(number, out);
    if (width < TILE_WIDTH)
        buf_printf(out, ".p/%u", width);
}

void tiles_init(struct tiles *t, struct tiles_out out)
{
    *t = (struct tiles){.out = out};
}

void tiles_fini(struct tiles *t)
{
    merkle_tree_free(&t->tree);
    buf_free(&t->bundle);
    *t = (struct tiles){0};
}

static enum err put_bundle(struct tiles *t, struct diag *diag)
{
    unsigned width = (unsigned)(t->tree.size % TILE_WIDTH);
    struct buf path = {0};
    enum err err;

    tile_path("entries", (t->tree.size - 1) / TILE_WIDTH, width == 0 ? TILE_WIDTH : width, &path);
    err = t->out.put(t->out.context, buf_text(&path), bytes_of_buf(&t->bundle), diag);
    buf_clear(&t->bundle);
    buf_free(&path);
    return err;
}

enum err tiles_add(struct tiles *t, struct bytes leaf, struct diag *diag)
{
    const uint8_t length[2] = {(uint8_t)(leaf.len >> 8), (uint8_t)leaf.len};
    struct digest hash = merkle_leaf_hash(leaf);

    ASSERT(leaf.len <= TILE_ENTRY_MAX);
    merkle_tree_append(&t->tree, &hash);
    buf_add(&t->bundle, length, sizeof length);
    buf_add(&t->bundle, leaf.data, leaf.len);
    return t->tree.size % TILE_WIDTH == 0 ? put_bundle(t, diag) : ERR_OK;
}

/* The hashes of one tile: roots of the perfect subtrees of 256^level leaves. */
static enum err put_tile(struct tiles *t, unsigned level, uint64_t number, unsigned width, struct diag *diag)
{
    struct buf path = {0}, hashes = {0};
    char name[4] = {(char)('0' + level)};
    uint64_t span = UINT64_C(1) << (TILE_BITS * level);
    enum err err;

    for (unsigned i = 0; i < width; i++) {
        uint64_t begin = (number * TILE_WIDTH + i) * span;
        struct digest hash = merkle_tree_range_root(&t->tree, begin, begin + span);

        buf_add(&hashes, hash.b, sizeof hash.b);
    }
    tile_path(name, number, width, &path);
    err = t->out.put(t->out.context, buf_text(&path), bytes_of_buf(&hashes), diag);
    buf_free(&path);
    buf_free(&hashes);
    return err;
}

/* A level has a hash for each full tile of the one below; a partial tile is in no tile above it. */
static enum err put_tiles(struct tiles *t, struct diag *diag)
{
    enum err err = ERR_OK;
    uint64_t hashes = t->tree.size;

    for (unsigned level = 0; hashes > 0 && err == ERR_OK; level++, hashes /= TILE_WIDTH) {
        for (uint64_t n = 0; n < hashes / TILE_WIDTH && err == ERR_OK; n++)
            err = put_tile(t, level, n, TILE_WIDTH, diag);
        if (err == ERR_OK && hashes % TILE_WIDTH > 0)
            err = put_tile(t, level, hashes / TILE_WIDTH, (unsigned)(hashes % TILE_WIDTH), diag);
    }
    return err;
}

enum err tiles_finish(struct tiles *t, struct diag *diag)
{
    enum err err = t->bundle.len > 0 ? put_bundle(t, diag) : ERR_OK;

    return err == ERR_OK ? put_tiles(t, diag) : err;
}
