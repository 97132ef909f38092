#include <sqlite3.h>

#include "store_scratch.h"
#include "tap.h"

/* Damage is found where it is read, and named; what is lost of the node's own is never taken for something that never
 * was. */

enum { BLOCKS = 9 };

static struct store *s;

/* Blocks and a record to each, a snapshot at 4 and one at 8. */
static void fill(void)
{
    uint64_t serial = 0;

    scratch_clear();
    s = scratch_open();
    for (uint64_t n = 1; n <= BLOCKS; n++) {
        struct blob *blob = scratch_blob(n, 100);
        store_write(s, STORE_BLOCK, ++serial, n, blob);
        store_write(s, STORE_RECORD, ++serial, n, blob);
        if (n % 4 == 0)
            store_write(s, STORE_SNAPSHOT, ++serial, n, blob);
        blob_drop(blob);
    }
    CHECK_OK(scratch_wait(s, serial));
    CHECK_OK(store_flag_set(s, "recovering", 1, NULL));
    store_close(s);
    s = NULL;
}

static void change(const char *statement)
{
    sqlite3 *db;

    REQUIRE(sqlite3_open(scratch_path(), &db) == SQLITE_OK);
    if (!CHECK(sqlite3_exec(db, statement, NULL, NULL, NULL) == SQLITE_OK))
        tap_note("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void refused(enum err wanted, const char *word)
{
    s = NULL;
    CHECK_ERR(store_open(scratch_path(), &scratch_federation, true, &s, scratch_diag()), wanted);
    if (!CHECK(strstr(scratch_diag()->text, word) != NULL))
        tap_note("%s", scratch_diag()->text);
    store_close(s);
}

static enum err read_block(uint64_t height)
{
    struct blob *block;
    enum err err = store_ledger(s)->read(store_ledger(s)->context, height, &block);

    if (err == ERR_OK)
        blob_drop(block);
    return err;
}

static enum err read_snapshot(unsigned number, uint64_t *height)
{
    struct blob *snapshot;
    enum err err = store_ledger(s)->snapshot(store_ledger(s)->context, number, height, &snapshot);

    if (err == ERR_OK)
        blob_drop(snapshot);
    return err;
}

static void a_block_is_another_s(void)
{
    fill();
    change("UPDATE block SET bytes = (SELECT bytes FROM block WHERE height = 2), "
           "digest = (SELECT digest FROM block WHERE height = 2) WHERE height = 3");
    change("UPDATE block SET bytes = zeroblob(100) WHERE height = 5");
    s = scratch_open();
    CHECK_OK(read_block(2));
    CHECK_ERR(read_block(3), ERR_MISMATCH);
    CHECK_ERR(read_block(5), ERR_MISMATCH);
    store_close(s);
}

static void a_snapshot_is_damaged(void)
{
    uint64_t height = 0;

    fill();
    change("UPDATE snapshot SET bytes = zeroblob(100) WHERE height = 8");
    s = scratch_open();
    CHECK_ERR(read_snapshot(0, &height), ERR_MISMATCH);
    CHECK_EQ_U64(height, 8);
    CHECK_OK(read_snapshot(1, &height));
    CHECK_EQ_U64(height, 4);
    store_close(s);
    change("DELETE FROM snapshot WHERE height = 8");
    refused(ERR_MISMATCH, "the number of its snapshots is 1, and should be 2");
}

static void the_last_block_is_gone(void)
{
    fill();
    change("DELETE FROM block WHERE height = 9");
    refused(ERR_MISMATCH, "the height of its last block is 8, and should be 9");
}

static void records(const char *statement, const char *word)
{
    struct buf found = {0};

    fill();
    change(statement);
    s = scratch_open();
    CHECK_ERR(scratch_records(s, &found), ERR_MISMATCH);
    if (!CHECK(strstr(scratch_diag()->text, word) != NULL))
        tap_note("%s", scratch_diag()->text);
    store_close(s);
    buf_free(&found);
}

static void records_of_its_own(void)
{
    records("UPDATE record SET bytes = zeroblob(99) WHERE number = 4", "of the node's own: its digest");
    records("UPDATE record SET number = 44 WHERE number = 4", "of the node's own: its digest");
    records("UPDATE record SET sequence = 99 WHERE number = 4", "record 99 of the node's own");
    records("DELETE FROM record WHERE number = 4", "8 records of the node's own are there");
    records("DELETE FROM record WHERE number = 9", "8 records of the node's own are there");
    records("DELETE FROM record", "0 records of the node's own are there");
}

static void flags_and_counters(void)
{
    uint64_t flag = 7;

    fill();
    change("UPDATE flag SET value = 0 WHERE name = 'recovering'");
    s = scratch_open();
    CHECK_ERR(store_flag(s, "recovering", &flag, scratch_diag()), ERR_MISMATCH);
    CHECK(strstr(scratch_diag()->text, "flag recovering") != NULL);
    store_close(s);
    change("DELETE FROM flag");
    refused(ERR_MISMATCH, "the number of its flags is 0, and should be 1");
    change("UPDATE counters SET records = 3");
    refused(ERR_MISMATCH, "the counters: its digest");
    change("DELETE FROM counters");
    refused(ERR_MISMATCH, "its counters are gone");
    fill();
    change("UPDATE meta SET bytes = zeroblob(32)");
    refused(ERR_MISMATCH, "the federation's id");
    change("DELETE FROM meta");
    refused(ERR_MISMATCH, "whose store it is");
    change("PRAGMA user_version = 2");
    refused(ERR_STATE, "a store of version 2");
    change("PRAGMA application_id = 2");
    refused(ERR_STATE, "not a store");
}

int main(void)
{
    TAP_RUN(a_block_is_another_s);
    TAP_RUN(a_snapshot_is_damaged);
    TAP_RUN(the_last_block_is_gone);
    TAP_RUN(records_of_its_own);
    TAP_RUN(flags_and_counters);
    scratch_end();
    return tap_done();
}
