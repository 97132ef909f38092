#include "state/executed.h"

#include "codec/cbor.h"
#include "fixture.h"

/* States that are remembered: the right ones, only the right ones, and never changed. */

enum { KEPT = 4 };

struct room {
    struct fixture fixture;
    struct executed_cache *cache;
    struct executed *founding;
};

static void room_init(struct room *r)
{
    fixture_init(&r->fixture, 3, 1, NULL);
    r->cache = executed_cache_new(KEPT);
    REQUIRE_OK(executed_genesis(bytes_of_buf(&r->fixture.document), r->cache, &r->founding, NULL));
}

static void room_fini(struct room *r)
{
    executed_drop(r->founding);
    executed_cache_free(r->cache);
    fixture_fini(&r->fixture);
}

/* The state above after a block of one entry; NULL cache: executed anew. */
static struct executed *above(const struct executed *parent, struct bytes bytes, struct executed_cache *cache)
{
    struct entry *entry = entry_open(bytes);
    struct executed *e = state_execute_above(parent, &entry, 1, cache);

    entry_drop(entry);
    return e;
}

static void update(struct room *r, unsigned member, struct buf *out)
{
    struct buf body = {0};

    fixture_update_body(&r->fixture, NULL, 0, &body);
    struct envelope e = fixture_envelope(&r->fixture, member, ENTRY_UPDATE, bytes_of_buf(&body));
    fixture_sign(&r->fixture, member, &e, out);
    buf_free(&body);
}

/* The founding state is made once, whoever asks for it; another document is another federation. */
static void genesis_is_read_once(void)
{
    struct room r;
    struct fixture other;
    struct executed *again;

    room_init(&r);
    REQUIRE_OK(executed_genesis(bytes_of_buf(&r.fixture.document), r.cache, &again, NULL));
    CHECK(again == r.founding);
    executed_drop(again);
    fixture_init(&other, 4, 0, NULL);
    REQUIRE_OK(executed_genesis(bytes_of_buf(&other.document), r.cache, &again, NULL));
    CHECK(!digest_equal(&again->state.federation_id, &r.founding->state.federation_id));
    executed_drop(again);
    CHECK(executed_genesis(bytes_of("x", 1), r.cache, &again, NULL) != ERR_OK);
    fixture_fini(&other);
    room_fini(&r);
}

static void the_same_block_is_executed_once(void)
{
    struct room r;
    struct buf entry = {0};

    room_init(&r);
    update(&r, 0, &entry);
    struct executed *first = above(r.founding, bytes_of_buf(&entry), r.cache);
    struct executed *again = above(r.founding, bytes_of_buf(&entry), r.cache);
    struct executed *alone = above(r.founding, bytes_of_buf(&entry), NULL);
    CHECK(first == again && first != alone);
    CHECK_EQ_U64(executed_cache_misses(r.cache), 1);
    CHECK_EQ_U64(executed_cache_hits(r.cache), 1);
    CHECK(digest_equal(&first->state.block_id, &alone->state.block_id));
    CHECK_EQ_U64(first->execution.verdicts[0], ERR_OK);
    executed_drop(first);
    executed_drop(again);
    executed_drop(alone);
    buf_free(&entry);
    room_fini(&r);
}

/* What is executed on top of a state leaves it as it was. */
static void a_state_below_is_not_changed(void)
{
    struct room r;
    struct buf entry = {0};

    room_init(&r);
    struct digest before = state_root(&r.founding->state);
    update(&r, 0, &entry);
    struct executed *next = above(r.founding, bytes_of_buf(&entry), r.cache);
    struct digest after = state_root(&r.founding->state);
    CHECK(digest_equal(&before, &after));
    CHECK_EQ_U64(r.founding->state.height, 0);
    CHECK_EQ_U64(next->state.height, 1);
    struct buf encoded = {0};
    state_encode(&next->state, &encoded);
    CHECK_EQ_BYTES(executed_bytes(next), bytes_of_buf(&encoded));
    CHECK(executed_bytes(next).data == executed_bytes(next).data); /* once */
    buf_free(&encoded);
    executed_drop(next);
    buf_free(&entry);
    room_fini(&r);
}

/* The same entry above another state: it has its own outcome. */
static void the_parent_tells_states_apart(void)
{
    struct room r;
    struct buf entry = {0};

    room_init(&r);
    update(&r, 0, &entry);
    struct executed *first = above(r.founding, bytes_of_buf(&entry), r.cache);
    struct executed *second = above(first, bytes_of_buf(&entry), r.cache);
    CHECK(first != second);
    CHECK_EQ_U64(second->state.height, 2);
    CHECK_ERR(second->execution.verdicts[0], ERR_DUPLICATE);
    executed_drop(first);
    executed_drop(second);
    buf_free(&entry);
    room_fini(&r);
}

/* A long entry is in the log by its digest: the map that stands for it there, as an entry, has the same leaf. */
static void a_digest_is_not_the_entry(void)
{
    struct room r;
    struct buf entry = {0}, map = {0};
    struct cbor_writer w;

    room_init(&r);
    buf_reserve(&entry, ENTRY_LOGGED_MAX + 1);
    while (entry.len <= ENTRY_LOGGED_MAX)
        buf_add_byte(&entry, 'x');
    struct digest digest = digest_of(bytes_of_buf(&entry));
    cbor_writer_init(&w, &map);
    cbor_put_map(&w, 2);
    cbor_put_text(&w, "size");
    cbor_put_uint(&w, entry.len);
    cbor_put_text(&w, "digest");
    digest_put(&w, &digest);
    cbor_writer_done(&w);
    struct executed *first = above(r.founding, bytes_of_buf(&entry), r.cache);
    struct executed *second = above(r.founding, bytes_of_buf(&map), r.cache);
    CHECK(digest_equal(&first->execution.leaf_hashes[0], &second->execution.leaf_hashes[0]));
    CHECK(first != second);
    executed_drop(first);
    executed_drop(second);
    buf_free(&entry);
    buf_free(&map);
    room_fini(&r);
}

/* A block that somebody sends is found by what it says and holds, and only where it was executed already. */
static void a_block_is_found(void)
{
    struct room r;
    struct buf entry = {0}, encoded = {0};
    struct block block;

    room_init(&r);
    update(&r, 1, &entry);
    struct bytes bytes = bytes_of_buf(&entry);
    struct executed *first = above(r.founding, bytes, NULL);
    block_encode(&first->execution.header, &bytes, 1, bytes_of("c", 1), &encoded);
    struct blob *blob = blob_new(bytes_of_buf(&encoded));
    REQUIRE_OK(block_decode(blob, &block));
    struct digest name = executed_name_of_block(r.founding, &block);
    CHECK(executed_find(NULL, &name) == NULL);
    CHECK(executed_find(r.cache, &name) == NULL);
    executed_drop(first);
    first = above(r.founding, bytes, r.cache);
    struct executed *found = executed_find(r.cache, &name);
    CHECK(found == first);
    name = executed_name_of_block(first, &block);
    CHECK(executed_find(r.cache, &name) == NULL);
    executed_drop(found);
    executed_drop(first);
    block_fini(&block);
    blob_drop(blob);
    buf_free(&entry);
    buf_free(&encoded);
    room_fini(&r);
}

/* The oldest make place; who still holds one has it. */
static void memory_is_bounded(void)
{
    struct room r;
    struct buf entry = {0};

    room_init(&r);
    struct executed *chain[2 * KEPT];
    struct executed *parent = r.founding;
    update(&r, 0, &entry);
    for (unsigned i = 0; i < 2 * KEPT; i++)
        parent = chain[i] = above(parent, bytes_of_buf(&entry), r.cache);
    struct executed *latest = above(chain[2 * KEPT - 2], bytes_of_buf(&entry), r.cache);
    struct executed *oldest = above(r.founding, bytes_of_buf(&entry), r.cache);
    CHECK(latest == chain[2 * KEPT - 1] && oldest != chain[0]);
    CHECK(digest_equal(&oldest->state.block_id, &chain[0]->state.block_id));
    executed_drop(latest);
    executed_drop(oldest);
    for (unsigned i = 0; i < 2 * KEPT; i++)
        executed_drop(chain[i]);
    buf_free(&entry);
    room_fini(&r);
}

int main(void)
{
    TAP_RUN(genesis_is_read_once);
    TAP_RUN(the_same_block_is_executed_once);
    TAP_RUN(a_state_below_is_not_changed);
    TAP_RUN(the_parent_tells_states_apart);
    TAP_RUN(a_digest_is_not_the_entry);
    TAP_RUN(a_block_is_found);
    TAP_RUN(memory_is_bounded);
    return tap_done();
}
