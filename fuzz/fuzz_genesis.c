/* Genesis documents: what decodes encodes to the same bytes, so its digest names it. */

#include "fuzz.h"
#include "state/genesis.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct genesis *genesis = mem_alloc(sizeof *genesis);
    struct diag diag = {0};
    struct buf again = {0};
    if (genesis_decode(bytes_of(data, size), genesis, &diag) == ERR_OK) {
        genesis_encode(genesis, &again);
        ASSERT(bytes_equal(bytes_of_buf(&again), bytes_of(data, size)));
        genesis_fini(genesis);
    }
    buf_free(&again);
    mem_free(genesis);
    return 0;
}
