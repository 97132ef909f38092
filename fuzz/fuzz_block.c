/* Blocks from another node: what decodes encodes to the same bytes. */

#include "fuzz.h"
#include "ledger/block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct blob *blob = blob_new(bytes_of(data, size));
    struct block block;
    struct buf again = {0};
    if (block_decode(blob, &block) == ERR_OK) {
        block_encode(&block.header, block.entries, block.count, block.certificate, &again);
        ASSERT(bytes_equal(bytes_of_buf(&again), blob_bytes(blob)));
        ASSERT(block.header.entry_count == block.count);
        block_fini(&block);
    }
    buf_free(&again);
    blob_drop(blob);
    return 0;
}
