/* Bodies of entries, each read as every kind: what decodes encodes to the same bytes. */

#include "fuzz.h"
#include "state/body.h"
#include "state/change.h"
#include "state/sign_off.h"

static void same(struct buf *again, struct bytes in)
{
    ASSERT(bytes_equal(bytes_of_buf(again), in));
    buf_clear(again);
}

static void try_work(struct bytes in, struct buf *again)
{
    struct update_body update;
    struct score_body score;
    struct close_body close;
    struct recount_body recount;
    if (update_body_decode(in, &update) == ERR_OK) {
        update_body_encode(&update, again);
        same(again, in);
    }
    if (score_body_decode(in, &score) == ERR_OK) {
        score_body_encode(&score, again);
        same(again, in);
    }
    if (close_body_decode(in, &close) == ERR_OK) {
        close_body_encode(&close, again);
        same(again, in);
    }
    if (recount_body_decode(in, &recount) == ERR_OK) {
        recount_body_encode(&recount, again);
        same(again, in);
    }
}

static void try_governance(struct bytes in, struct buf *again)
{
    struct reconcile_body reconcile;
    uint64_t epoch;
    if (rollback_body_decode(in, &epoch) == ERR_OK) {
        rollback_body_encode(epoch, again);
        same(again, in);
    }
    if (reconcile_body_decode(in, &reconcile) == ERR_OK) {
        reconcile_body_encode(&reconcile, again);
        same(again, in);
    }
    struct bytes envelope;
    if (sign_off_body_decode(in, &envelope) == ERR_OK) {
        sign_off_body_encode(envelope, again);
        same(again, in);
    }
    if (leave_body_decode(in) == ERR_OK) {
        leave_body_encode(again);
        same(again, in);
    }
}

/* The body names the statements beside it: here two parts of the same bytes. */
static void try_evidence(struct bytes in, struct buf *again)
{
    struct bytes first = bytes_of(in.data, in.len / 2), second = bytes_of(in.data, in.len);
    struct evidence_body made = {first, second}, read;
    struct envelope e = {.kind = ENTRY_EVIDENCE, .body = in, .attached_count = 2, .attached = {first, second}};

    if (evidence_body_decode(&e, &read) == ERR_OK)
        ASSERT(bytes_equal(read.first, first) && bytes_equal(read.second, second));
    evidence_body_encode(&made, again, &e);
    ASSERT(evidence_body_decode(&e, &read) == ERR_OK && bytes_equal(read.second, second));
    buf_clear(again);
}

/* The body holds a proof as well, that only its key could make again: the change in it is put back. */
static void try_change(struct bytes in, struct buf *again)
{
    static const struct digest federation_id;
    struct change change, back;
    struct cbor_writer w;
    struct cbor_reader r;
    uint64_t until;
    if (change_body_decode(in, &federation_id, &change, &until) != ERR_OK)
        return;
    cbor_writer_init(&w, again);
    change_put(&w, &change);
    cbor_writer_done(&w);
    cbor_reader_init(&r, bytes_of_buf(again));
    change_get(&r, &back);
    ASSERT(cbor_reader_done(&r) == ERR_OK && back.kind == change.kind);
    buf_clear(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = bytes_of(data, size);
    struct buf again = {0};
    try_work(in, &again);
    try_governance(in, &again);
    try_evidence(in, &again);
    try_change(in, &again);
    buf_free(&again);
    return 0;
}
