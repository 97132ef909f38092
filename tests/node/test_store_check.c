#include <sqlite3.h>

#include "base/file.h"
#include "lone_node.h"
#include "node/store_check.h"
#include "node/store_copy.h"
#include "node/store_execute.h"
#include "store_scratch.h"
#include "tap.h"

/* What `prismfed store check` finds in a real ledger, what of it is mended, and what copies of it are good for. */

enum { HEIGHT = 40 /* the latest snapshot is at 32, the one before it at 16 */, SNAPSHOT = 32, BEFORE = 16 };

static struct lone_federation federation;
static struct buf whole; /* the file of a node that has decided so many blocks */
static char copy_path[80];

static void decide(void)
{
    struct lone_node n;

    scratch_clear();
    REQUIRE_OK(lone_node_start(&n, &federation, scratch_path(), scratch_diag()));
    CHECK_OK(lone_node_decide(&n, HEIGHT, scratch_diag()));
    CHECK_EQ_U64(lone_node_height(&n), HEIGHT);
    lone_node_stop(&n);
    REQUIRE_OK(file_read(scratch_path(), 1 << 26, &whole, NULL));
}

static void again(void)
{
    scratch_clear();
    scratch_unlink(copy_path);
    ASSERT(file_write(scratch_path(), bytes_of_buf(&whole), NULL) == ERR_OK);
}

static void change(const char *statement)
{
    sqlite3 *db;

    REQUIRE(sqlite3_open(scratch_path(), &db) == SQLITE_OK);
    if (!CHECK(sqlite3_exec(db, statement, NULL, NULL, NULL) == SQLITE_OK))
        tap_note("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static struct store_report check(enum store_verdict verdict)
{
    struct store_report r = {0};

    CHECK_OK(store_check(scratch_path(), &r, scratch_diag()));
    if (!CHECK_EQ_TEXT(store_verdict_name(r.verdict), store_verdict_name(verdict))) {
        for (size_t i = 0; i < r.count; i++)
            tap_note("%s: %s", store_fault_name(r.findings[i].fault), r.findings[i].text.text);
    }
    return r;
}

static void finds(const char *statement, enum store_verdict verdict, enum store_fault fault, uint64_t number)
{
    again();
    change(statement);
    struct store_report r = check(verdict);
    bool found = false;
    for (size_t i = 0; i < r.count; i++)
        found |= r.findings[i].fault == fault && r.findings[i].number == number;
    if (!CHECK(found)) {
        tap_note("%s", statement);
        for (size_t i = 0; i < r.count; i++)
            tap_note("%s %" PRIu64 ": %s", store_fault_name(r.findings[i].fault), r.findings[i].number,
                     r.findings[i].text.text);
    }
    store_report_free(&r);
}

static void a_sound_one(void)
{
    again();
    struct store_report r = check(STORE_SOUND);
    CHECK(digest_equal(&r.federation_id, &federation.id));
    CHECK_EQ_U64(r.counters.top, HEIGHT);
    CHECK_EQ_U64(r.first, 1);
    CHECK_EQ_U64(r.whole, HEIGHT);
    CHECK_EQ_U64(r.blocks, HEIGHT);
    CHECK_EQ_U64(r.snapshot, SNAPSHOT);
    CHECK(!r.recovering);
    store_report_free(&r);
}

static void damage_is_found(void)
{
    finds("UPDATE block SET bytes = zeroblob(9) WHERE height = 7", STORE_MENDABLE, STORE_FAULT_BLOCK, 7);
    finds("UPDATE block SET bytes = zeroblob(9) WHERE height = 33", STORE_LOST, STORE_FAULT_BLOCK, 33);
    finds("DELETE FROM block WHERE height IN (1, 3)", STORE_MENDABLE, STORE_FAULT_BLOCK, 3);
    finds("DELETE FROM block WHERE height = 35", STORE_LOST, STORE_FAULT_BLOCK, 35);
    finds("DELETE FROM block WHERE height = 40", STORE_LOST, STORE_FAULT_COUNTERS, 0);
    finds("UPDATE snapshot SET bytes = zeroblob(9) WHERE height = 32", STORE_MENDABLE, STORE_FAULT_SNAPSHOT, SNAPSHOT);
    finds("UPDATE snapshot SET bytes = zeroblob(9) WHERE height = 16", STORE_MENDABLE, STORE_FAULT_SNAPSHOT, BEFORE);
    finds("UPDATE snapshot SET bytes = zeroblob(9)", STORE_LOST, STORE_FAULT_SNAPSHOT, SNAPSHOT);
    finds("UPDATE snapshot SET bytes = zeroblob(9) WHERE height = 32; UPDATE block SET bytes = x'00' WHERE height = 9",
          STORE_LOST, STORE_FAULT_BLOCK, 9);
    finds("UPDATE record SET number = number + 1", STORE_LOST, STORE_FAULT_RECORD, 0);
    finds("DELETE FROM record", STORE_LOST, STORE_FAULT_RECORD, 0);
    finds("UPDATE counters SET base = 3", STORE_LOST, STORE_FAULT_COUNTERS, 0);
}

static void refused_is(const char *statement)
{
    struct store_report r;
    struct store *s;

    again();
    change(statement);
    CHECK_ERR(store_check(scratch_path(), &r, scratch_diag()), ERR_STATE);
    CHECK(strstr(scratch_diag()->text, "its tables are not those of a store") != NULL);
    CHECK_ERR(store_open(scratch_path(), &federation.id, true, &s, scratch_diag()), ERR_STATE);
}

static void tables_of_strangers(void)
{
    refused_is("CREATE INDEX i ON block (digest)");
    refused_is("CREATE TRIGGER t AFTER INSERT ON block BEGIN DELETE FROM record; END");
    refused_is("ALTER TABLE block RENAME TO b; CREATE VIEW block AS SELECT * FROM b");
    refused_is("DROP TABLE snapshot");
}

/* A bit in the first page of a table's tree, which is no row's. */
static void the_structure_is_damaged(void)
{
    struct buf file = {0};
    unsigned found = 0;

    for (size_t page = 4096; page < whole.len && page < 12 * 4096; page += 4096) {
        struct store_report r = {0};
        again();
        buf_clear(&file);
        buf_add(&file, whole.data, whole.len);
        file.data[page + 3] ^= 0x40; /* how many cells it has */
        REQUIRE_OK(file_write(scratch_path(), bytes_of_buf(&file), NULL));
        if (store_check(scratch_path(), &r, scratch_diag()) == ERR_OK)
            found += r.verdict == STORE_LOST && r.findings[0].fault == STORE_FAULT_FILE;
        store_report_free(&r);
    }
    CHECK(found >= 5); /* the others are overflow pages, of a row */
    buf_free(&file);
}

/* The n-th block of the ledger. */
static struct blob *block_of(uint64_t n)
{
    struct blob *block = NULL;
    struct store *s;

    again();
    ASSERT(store_open(scratch_path(), &federation.id, true, &s, scratch_diag()) == ERR_OK);
    CHECK_OK(store_ledger(s)->read(store_ledger(s)->context, n, &block));
    store_close(s);
    return block;
}

static struct blob *with_another_parent(struct blob *bytes)
{
    struct buf out = {0};
    struct block block;

    ASSERT(block_decode(bytes, &block) == ERR_OK);
    block.header.parent_id.b[0] ^= 1;
    block_encode(&block.header, block.entries, block.count, block.certificate, &out);
    struct blob *changed = blob_new(bytes_of_buf(&out));
    block_fini(&block);
    buf_free(&out);
    return changed;
}

/* Of a store with these two blocks. */
static void finds_in(struct blob *one, struct blob *two, const char *what)
{
    struct store_report r;
    struct store *s;

    scratch_clear();
    REQUIRE_OK(store_open(scratch_path(), &federation.id, true, &s, scratch_diag()));
    store_write(s, STORE_BLOCK, 1, 1, one);
    store_write(s, STORE_BLOCK, 2, 2, two);
    store_close(s);
    r = check(STORE_LOST);
    if (CHECK(r.count == 1))
        CHECK_EQ_TEXT(r.findings[0].text.text, what);
    store_report_free(&r);
}

/* Rows that are sound by themselves. */
static void blocks_that_are_nobody_s_children(void)
{
    struct blob *one = block_of(1), *two = block_of(2), *three = block_of(3), *other = with_another_parent(two);

    finds_in(one, three, "block 2 says that it is block 3");
    finds_in(one, other, "block 2 is not the child of the block below it");
    blob_drop(one);
    blob_drop(two);
    blob_drop(three);
    blob_drop(other);
}

static void blocks_are_fetched_again(void)
{
    struct blob *block = NULL, *lost = block_of(20);
    struct lone_node n;

    again();
    change("UPDATE block SET bytes = zeroblob(9) WHERE height IN (20, 22)");
    struct store_report r = check(STORE_MENDABLE);
    CHECK_EQ_U64(r.mend_from, 20);
    CHECK_EQ_U64(r.mend_to, SNAPSHOT);
    REQUIRE_OK(store_mend(scratch_path(), &r, scratch_diag()));
    store_report_free(&r);
    r = check(STORE_SOUND);
    CHECK_EQ_U64(r.whole, 19);
    store_report_free(&r);
    REQUIRE_OK(store_copy(scratch_path(), copy_path, &(struct store_part){1, HEIGHT, SNAPSHOTS_KEPT, false},
                          scratch_diag())); /* with its gap */
    REQUIRE_OK(store_check(copy_path, &r, scratch_diag()));
    CHECK(r.verdict == STORE_SOUND && r.whole == 19 && r.blocks == 19 + HEIGHT - SNAPSHOT);
    store_report_free(&r);
    REQUIRE_OK(lone_node_start(&n, &federation, scratch_path(), scratch_diag()));
    CHECK_EQ_U64(lone_node_height(&n), HEIGHT);
    CHECK_ERR(store_ledger(n.store)->read(store_ledger(n.store)->context, 20, &block), ERR_MISSING);
    lone_node_stop(&n);
    struct store *s;
    REQUIRE_OK(store_open(scratch_path(), &federation.id, true, &s, scratch_diag()));
    store_write(s, STORE_BLOCK, 1, 20, lost); /* as the replica asks for it when a peer has sent it */
    CHECK_OK(scratch_wait(s, 1));
    CHECK_OK(store_ledger(s)->read(store_ledger(s)->context, 20, &block));
    store_close(s);
    blob_drop(block);
    blob_drop(lost);
}

/* ---- execution and copies */

static enum err execute(const char *const *paths, unsigned count, bool from_first, struct store_execution *out)
{
    struct store_chain *c;
    enum err err = store_chain_open(paths, count, &c, scratch_diag());

    if (err != ERR_OK)
        return err;
    err = store_execute(bytes_of_buf(&federation.genesis), store_chain_ledger(c), from_first, out, scratch_diag());
    store_chain_close(c);
    return err;
}

static void it_is_executed(void)
{
    const char *path = scratch_path();
    struct store_execution late, all;

    again();
    REQUIRE_OK(execute(&path, 1, false, &late));
    REQUIRE_OK(execute(&path, 1, true, &all));
    CHECK_EQ_U64(late.from, SNAPSHOT + 1);
    CHECK_EQ_U64(all.from, 1);
    CHECK_EQ_U64(all.height, HEIGHT);
    CHECK(late.height == all.height && digest_equal(&late.block_id, &all.block_id) &&
          digest_equal(&late.state_root, &all.state_root));
    change("UPDATE snapshot SET bytes = zeroblob(9)");
    CHECK_OK(execute(&path, 1, false, &late)); /* the blocks lead there, too */
    CHECK_EQ_U64(late.height, HEIGHT);
    change("UPDATE block SET bytes = zeroblob(9) WHERE height = 35");
    CHECK(execute(&path, 1, false, &late) != ERR_OK);
}

static void copied(const struct store_part *part)
{
    again();
    REQUIRE_OK(store_copy(scratch_path(), copy_path, part, scratch_diag()));
    CHECK_ERR(store_copy(scratch_path(), copy_path, part, scratch_diag()), ERR_STATE);
}

/* A node that starts from the copy knows that it has lost its records. */
static void starts(uint64_t whole_to)
{
    struct lone_node n;
    struct blob *block;
    uint64_t recovering = 0;

    REQUIRE_OK(lone_node_start(&n, &federation, copy_path, scratch_diag()));
    CHECK_EQ_U64(lone_node_height(&n), HEIGHT);
    CHECK_OK(store_flag(n.store, "recovering", &recovering, NULL));
    CHECK_EQ_U64(recovering, 1);
    enum err err = store_ledger(n.store)->read(store_ledger(n.store)->context, BEFORE, &block);
    CHECK_ERR(err, whole_to >= BEFORE ? ERR_OK : ERR_MISSING);
    blob_drop(err == ERR_OK ? block : NULL);
    lone_node_stop(&n);
}

static void copies(void)
{
    const struct store_part all = {1, HEIGHT, SNAPSHOTS_KEPT, false}, state = {SNAPSHOT + 1, HEIGHT, 1, false};

    copied(&all);
    starts(HEIGHT);
    copied(&state);
    starts(0);
}

static void an_archive_and_what_it_was_taken_from(void)
{
    const struct store_part old = {1, 15, 0, false};
    const char *paths[2] = {copy_path, scratch_path()};
    struct store_execution all;
    struct store_report r;
    struct store *s;

    copied(&old);
    REQUIRE_OK(store_open(scratch_path(), &federation.id, true, &s, scratch_diag()));
    CHECK_ERR(store_prune(s, SNAPSHOT, scratch_diag()), ERR_STATE);
    CHECK_ERR(store_prune(s, BEFORE, scratch_diag()), ERR_STATE);
    CHECK_OK(store_prune(s, 15, scratch_diag()));
    CHECK_EQ_U64(store_pruned(s), 15);
    store_close(s);
    r = check(STORE_SOUND);
    CHECK_EQ_U64(r.first, 16);
    CHECK_EQ_U64(r.blocks, HEIGHT - 15);
    store_report_free(&r);
    REQUIRE_OK(execute(paths, 2, true, &all));
    CHECK_EQ_U64(all.height, HEIGHT);
    REQUIRE_OK(execute(paths + 1, 1, true, &all));
    CHECK_EQ_U64(all.height, 0);
    REQUIRE_OK(execute(paths + 1, 1, false, &all));
    CHECK_EQ_U64(all.height, HEIGHT);
    change("UPDATE block SET bytes = zeroblob(9) WHERE height = 20"); /* where blocks are pruned anyway */
    r = check(STORE_MENDABLE);
    REQUIRE_OK(store_mend(scratch_path(), &r, scratch_diag()));
    store_report_free(&r);
    r = check(STORE_SOUND);
    CHECK_EQ_U64(r.first, SNAPSHOT + 1);
    store_report_free(&r);
}

int main(void)
{
    key_library_init();
    lone_federation_init(&federation);
    snprintf(copy_path, sizeof copy_path, "%s-copy", scratch_path());
    TAP_RUN(decide);
    TAP_RUN(a_sound_one);
    TAP_RUN(damage_is_found);
    TAP_RUN(tables_of_strangers);
    TAP_RUN(the_structure_is_damaged);
    TAP_RUN(blocks_that_are_nobody_s_children);
    TAP_RUN(blocks_are_fetched_again);
    TAP_RUN(it_is_executed);
    TAP_RUN(copies);
    TAP_RUN(an_archive_and_what_it_was_taken_from);
    scratch_unlink(copy_path);
    scratch_end();
    buf_free(&whole);
    lone_federation_fini(&federation);
    return tap_done();
}
