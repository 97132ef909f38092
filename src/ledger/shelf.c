#include "ledger/shelf.h"

enum { LATEST_KEPT = 64, PAGE_PLACES = 64, PLACE_SIZE = 16 };

/* Where a block stands. */
struct place {
    uint64_t begin, len;
};

struct latest {
    struct buf bytes;
    struct place place;
};

struct shelf {
    struct spool *blocks, *pages; /* pages: PAGE_PLACES places of one store each */
    unsigned next;                /* the oldest one, which makes place */
    struct latest latest[LATEST_KEPT];
};

/* Heights begin wherever the first append says and have no gaps. */
struct shelved {
    struct shelf *shelf;
    uint64_t first, count;
    size_t page_count;
    uint64_t *pages;                /* owned; where each full one begins */
    struct place last[PAGE_PLACES]; /* those behind them */
};

struct shelf *shelf_new(struct spool_room *room)
{
    struct shelf *shelf = mem_alloc(sizeof *shelf);

    shelf->blocks = spool_new(room);
    shelf->pages = spool_new(room);
    return shelf;
}

void shelf_free(struct shelf *shelf)
{
    if (shelf == NULL)
        return;
    spool_free(shelf->blocks);
    spool_free(shelf->pages);
    for (unsigned i = 0; i < LATEST_KEPT; i++)
        buf_free(&shelf->latest[i].bytes);
    mem_free(shelf);
}

uint64_t shelf_size(const struct shelf *shelf)
{
    return spool_size(shelf->blocks);
}

static struct place put(struct shelf *shelf, struct bytes block)
{
    for (unsigned i = 1; i <= LATEST_KEPT; i++) {
        const struct latest *l = &shelf->latest[(shelf->next + LATEST_KEPT - i) % LATEST_KEPT];
        if (block.len > 0 && bytes_equal_from_end(bytes_of_buf(&l->bytes), block))
            return l->place;
    }
    struct latest *l = &shelf->latest[shelf->next];
    shelf->next = (shelf->next + 1) % LATEST_KEPT;
    l->place = (struct place){spool_size(shelf->blocks), block.len};
    spool_add(shelf->blocks, block);
    buf_clear(&l->bytes);
    buf_add(&l->bytes, block.data, block.len);
    return l->place;
}

/* ---- the store of one ledger */

static void turn_page(struct shelved *s)
{
    uint8_t page[PAGE_PLACES * PLACE_SIZE];

    for (unsigned i = 0; i < PAGE_PLACES; i++) {
        be64_put(page + i * PLACE_SIZE, s->last[i].begin);
        be64_put(page + i * PLACE_SIZE + 8, s->last[i].len);
    }
    s->pages = mem_resize(s->pages, s->page_count + 1, sizeof s->pages[0]);
    s->pages[s->page_count++] = spool_size(s->shelf->pages);
    spool_add(s->shelf->pages, bytes_of(page, sizeof page));
}

static enum err shelved_append(void *context, uint64_t height, struct bytes block, struct diag *diag)
{
    struct shelved *s = context;

    if (s->count == 0)
        s->first = height;
    if (height != s->first + s->count)
        return diag_set(diag, ERR_STATE, "block %llu comes after block %llu", (unsigned long long)height,
                        (unsigned long long)(s->first + s->count - 1));
    s->last[s->count++ % PAGE_PLACES] = put(s->shelf, block);
    if (s->count % PAGE_PLACES == 0)
        turn_page(s);
    return ERR_OK;
}

static enum err find_place(const struct shelved *s, uint64_t index, struct place *out)
{
    uint64_t page = index / PAGE_PLACES;
    uint8_t place[PLACE_SIZE];

    if (page == s->page_count) {
        *out = s->last[index % PAGE_PLACES];
        return ERR_OK;
    }
    enum err err = spool_read(s->shelf->pages, s->pages[page] + index % PAGE_PLACES * PLACE_SIZE, place, sizeof place);
    *out = (struct place){be64_get(place), be64_get(place + 8)};
    return err;
}

static enum err shelved_read(void *context, uint64_t height, struct blob **block)
{
    struct shelved *s = context;
    struct place place;

    if (height < s->first || height - s->first >= s->count)
        return ERR_MISSING;
    enum err err = find_place(s, height - s->first, &place);
    if (err != ERR_OK)
        return err;
    struct blob *blob = blob_sized((size_t)place.len);
    err = spool_read(s->shelf->blocks, place.begin, blob->data, blob->len);
    if (err != ERR_OK)
        blob_drop(blob);
    else
        *block = blob;
    return err;
}

static void shelved_free(void *context)
{
    struct shelved *s = context;

    mem_free(s->pages);
    mem_free(s);
}

struct ledger_store shelf_store_new(struct shelf *shelf)
{
    struct shelved *s = mem_alloc(sizeof *s);

    s->shelf = shelf;
    return (struct ledger_store){
        .context = s,
        .append = shelved_append,
        .read = shelved_read,
        .free = shelved_free,
    };
}
