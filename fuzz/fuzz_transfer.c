/* Messages of a state transfer, and stored snapshots: what decodes encodes to the same bytes, and a machine that gives
 * and takes whatever comes stays whole. The first byte says whether it is fetching. */

#include "fuzz.h"
#include "transfer/messages.h"

enum { CHUNK = 8 };

static enum err check(void *context, uint64_t height, struct bytes proof, const struct digest *root)
{
    (void)context;
    (void)root;
    return proof.len > 0 && height % 2 == 0 ? ERR_OK : ERR_SIGNATURE;
}

static enum err install(void *context, uint64_t height, struct bytes proof, struct bytes state, struct effects *effects)
{
    (void)context;
    (void)effects;
    (void)proof;
    ASSERT(height > 0 && state.len > 0);
    return ERR_OK;
}

static struct blob *encode(const struct transfer_wire *m)
{
    switch (m->type) {
    case TRANSFER_ASK:
        return transfer_ask(m->height);
    case TRANSFER_OFFER:
        return transfer_offer(m->height, m->proof, m->hashes);
    case TRANSFER_GET:
        return transfer_get(m->height, m->index);
    case TRANSFER_CHUNK:
        break;
    }
    return transfer_chunk(m->height, m->index, m->chunk);
}

static void check_forms(struct bytes in)
{
    struct transfer_wire m;
    struct snapshot s;

    if (transfer_decode(in, &m) == ERR_OK) {
        struct blob *again = encode(&m);
        ASSERT(bytes_equal(blob_bytes(again), in));
        blob_drop(again);
    }
    if (snapshot_decode(in, &s) == ERR_OK) {
        struct blob *again = snapshot_encode(&s);
        ASSERT(bytes_equal(blob_bytes(again), in));
        blob_drop(again);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned OTHERS[] = {1, 2};
    struct transfer_config config = {3, 0, CHUNK, 10, 3};
    struct transfer_app app = {NULL, check, install};
    struct effects effects = {0};

    if (size == 0)
        return 0;
    struct bytes in = bytes_of(data + 1, size - 1);
    check_forms(in);
    struct transfer *t = transfer_new(&config, &app);
    ASSERT(transfer_keep(t, 0, 5, bytes_of_text("proof"), bytes_of_text("a state of three chunks")) == ERR_OK);
    if (data[0] % 2 == 1)
        transfer_begin(t, 0, 1, OTHERS, 2, &effects);
    for (unsigned i = 0; i < 3; i++) {
        (void)!transfer_receive(t, i, 1 + i % 2, in, &effects);
        transfer_timer(t, 10 * (int64_t)(i + 1), &effects);
    }
    effects_free(&effects);
    transfer_free(t);
    return 0;
}
