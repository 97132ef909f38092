/* Proofs of one entry, as texts and as receipts: what is read is written again as it was. */

#include "fuzz.h"
#include "tlog/proof.h"
#include "tlog/receipt.h"

static void try_proof(struct bytes in)
{
    struct proof p = {0};
    struct note note;
    struct checkpoint c;
    struct diag diag = {0};
    struct buf printed = {0};

    if (proof_parse(in, &p, &diag) != ERR_OK) {
        ASSERT(diag.text[0] != '\0');
        return;
    }
    proof_print(&p, &printed);
    ASSERT(bytes_equal(bytes_of_buf(&printed), in));
    if (note_parse(p.checkpoint, &note) == ERR_OK) {
        (void)!proof_check(&p, &note, &c, &diag);
        note_fini(&note);
    }
    proof_free(&p);
    buf_free(&printed);
}

static void try_receipt(struct bytes in)
{
    struct receipt r = {0};
    struct buf again = {0};

    if (receipt_parse(in, &r) == ERR_OK) {
        receipt_encode(&r, &again);
        ASSERT(bytes_equal(bytes_of_buf(&again), in));
    }
    buf_free(&again);
}

static void try_statement(struct bytes in)
{
    struct bytes receipts[RECEIPTS_MAX];
    struct buf entry = {0}, again = {0};
    unsigned count = 0;

    if (receipt_detach(in, &entry, receipts, &count) == ERR_OK) {
        enum err err = receipt_attach(bytes_of_buf(&entry), receipts, count, &again);

        ASSERT(err == ERR_OK && bytes_equal(bytes_of_buf(&again), in));
        for (unsigned i = 0; i < count; i++)
            try_receipt(receipts[i]);
    }
    buf_free(&entry);
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;

    if (!ready)
        key_library_init();
    ready = true;
    try_proof(bytes_of(data, size));
    try_receipt(bytes_of(data, size));
    try_statement(bytes_of(data, size));
    return 0;
}
