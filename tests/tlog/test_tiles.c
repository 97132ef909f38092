#include "tap.h"
#include "tlog/tiles.h"

/* Tiles of C2SP tlog-tiles: which there are, how wide, and that their hashes give the root. */

struct put_file {
    char path[64];
    size_t len;
    struct digest first;
};
static struct put_file put[1024];
static unsigned put_count;

static enum err keep(void *context, const char *path, struct bytes bytes, struct diag *diag)
{
    (void)context;
    (void)diag;
    ASSERT(put_count < sizeof put / sizeof put[0]);
    snprintf(put[put_count].path, sizeof put[0].path, "%s", path);
    put[put_count].len = bytes.len;
    put[put_count++].first = digest_from(bytes_of(bytes.data, bytes.len < DIGEST_SIZE ? bytes.len : DIGEST_SIZE));
    return ERR_OK;
}

static const struct put_file *find(const char *path)
{
    for (unsigned i = 0; i < put_count; i++) {
        if (strcmp(put[i].path, path) == 0)
            return &put[i];
    }
    return NULL;
}

static void write_log(uint64_t size)
{
    struct tiles t = {0};

    put_count = 0;
    tiles_init(&t, (struct tiles_out){keep, NULL});
    for (uint64_t i = 0; i < size; i++) {
        uint8_t leaf[8];

        be64_put(leaf, i);
        REQUIRE_OK(tiles_add(&t, bytes_of(leaf, sizeof leaf), NULL));
    }
    REQUIRE_OK(tiles_finish(&t, NULL));
    tiles_fini(&t);
}

static void expect(const char *path, size_t len)
{
    const struct put_file *file = find(path);

    CHECK(file != NULL);
    if (file != NULL)
        CHECK_EQ_U64(file->len, len);
}

/* The example of the specification: 70,000 entries are 273 full tiles, one of 112, one full and one of 17 above, and
 * one of 1. */
static void the_example(void)
{
    write_log(70000);
    CHECK_EQ_U64(put_count, 274 + 2 + 1 + 274);
    expect("tile/0/000", 256 * 32);
    expect("tile/0/272", 256 * 32);
    expect("tile/0/273.p/112", 112 * 32);
    expect("tile/1/000", 256 * 32);
    expect("tile/1/001.p/17", 17 * 32);
    expect("tile/2/000.p/1", 32);
    expect("tile/entries/272", 256 * 10);
    expect("tile/entries/273.p/112", 112 * 10);
}

static void exactly_one(void)
{
    write_log(256);
    CHECK_EQ_U64(put_count, 3);
    expect("tile/0/000", 256 * 32);
    expect("tile/1/000.p/1", 32);
    expect("tile/entries/000", 256 * 10);
}

/* The hash above a full tile is the root of its leaves. */
static void a_hash_above_is_a_root(void)
{
    struct merkle_frontier all = {0};
    struct digest root;

    for (uint64_t i = 0; i < 256; i++) {
        uint8_t leaf[8];
        be64_put(leaf, i);
        struct digest hash = merkle_leaf_hash(bytes_of(leaf, sizeof leaf));
        merkle_frontier_append(&all, &hash);
    }
    root = merkle_frontier_root(&all);
    write_log(300);
    const struct put_file *above = find("tile/1/000.p/1");
    REQUIRE(above != NULL);
    CHECK(digest_equal(&above->first, &root));
}

static void long_numbers(void)
{
    struct tiles t = {0};

    put_count = 0;
    tiles_init(&t, (struct tiles_out){keep, NULL});
    for (uint64_t i = 0; i < 1001 * 256; i++) {
        uint8_t leaf[1] = {1};
        if (put_count > 1000)
            put_count = 0;
        REQUIRE_OK(tiles_add(&t, bytes_of(leaf, 1), NULL));
    }
    expect("tile/entries/x001/000", 256 * 3);
    tiles_fini(&t);
}

int main(void)
{
    TAP_RUN(the_example);
    TAP_RUN(exactly_one);
    TAP_RUN(a_hash_above_is_a_root);
    TAP_RUN(long_numbers);
    return tap_done();
}
