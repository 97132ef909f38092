#include "ledger/shelf.h"
#include "tap.h"

enum { BLOCKS = 300, STORES = 40 };

/* Nodes may have different certificates of one block. */
static struct bytes block_of(uint64_t height, unsigned store, char *text, size_t room)
{
    snprintf(text, room, "certificate %u of block %06llu, one of the two that it has", store % 2,
             (unsigned long long)height);
    return bytes_of_text(text);
}

static void fill(struct ledger_store *stores)
{
    struct diag diag = {0};
    char text[64];

    for (uint64_t h = 1; h <= BLOCKS; h++) {
        for (unsigned i = 0; i < STORES; i++)
            CHECK_OK(stores[i].append(stores[i].context, h, block_of(h, i, text, sizeof text), &diag));
    }
}

static void look(struct ledger_store *stores)
{
    struct blob *read = NULL;
    char text[64];

    for (uint64_t h = 1; h <= BLOCKS; h += 7) {
        for (unsigned i = 0; i < STORES; i++) {
            CHECK_OK(stores[i].read(stores[i].context, h, &read));
            CHECK_EQ_BYTES(blob_bytes(read), block_of(h, i, text, sizeof text));
            blob_drop(read);
        }
    }
}

static void check_ends(struct ledger_store *store)
{
    struct blob *read = NULL;
    struct diag diag = {0};

    CHECK_ERR(store->read(store->context, 0, &read), ERR_MISSING);
    CHECK_ERR(store->read(store->context, BLOCKS + 1, &read), ERR_MISSING);
    CHECK_ERR(store->append(store->context, BLOCKS, bytes_of_text("again"), &diag), ERR_STATE);
    CHECK_ERR(store->append(store->context, BLOCKS + 2, bytes_of_text("gap"), &diag), ERR_STATE);
}

/* In memory, and in files, of which there are as many with forty ledgers as with one. */
static void ledgers_share(struct spool_room *room)
{
    struct shelf *shelf = shelf_new(room);
    struct ledger_store stores[STORES], above = shelf_store_new(shelf);
    struct diag diag = {0};

    for (unsigned i = 0; i < STORES; i++)
        stores[i] = shelf_store_new(shelf);
    fill(stores);
    look(stores);
    check_ends(&stores[0]);
    CHECK_OK(above.append(above.context, 77, bytes_of_text("begins anywhere"), &diag));
    CHECK_ERR(above.append(above.context, 77, bytes_of_text("twice"), &diag), ERR_STATE);
    ledger_store_free(&above);
    ledger_store_free(&stores[1]);
    stores[1] = shelf_store_new(shelf); /* another life */
    CHECK(shelf_size(shelf) < 3 * BLOCKS * sizeof "certificate 1 of block 000300, one of the two that it has");
    for (unsigned i = 0; i < STORES; i++)
        ledger_store_free(&stores[i]);
    shelf_free(shelf);
}

static void in_memory(void)
{
    ledgers_share(NULL);
}

static void in_files(void)
{
    struct spool_room room = {.folder = "."};

    ledgers_share(&room);
    CHECK_OK(room.err);
}

int main(void)
{
    TAP_RUN(in_memory);
    TAP_RUN(in_files);
    return tap_done();
}
