/* The state of a federation, as [genesis document, state]: what decodes is written as the same bytes, and the
 * transition goes on from it. */

#include "codec/cbor.h"
#include "fuzz.h"
#include "state/execute.h"

static void go_on(const struct federation_state *founding, struct bytes bytes)
{
    struct federation_state *s = mem_alloc(sizeof *s);
    struct execution execution = {0};
    struct buf again = {0};

    if (state_decode(founding, bytes, s) == ERR_OK) {
        state_encode(s, &again);
        ASSERT(bytes_equal(bytes_of_buf(&again), bytes));
        state_execute(s, NULL, 0, &execution);
        execution_free(&execution);
        state_free(s);
    }
    buf_free(&again);
    mem_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct federation_state *founding = mem_alloc(sizeof *founding);
    struct diag diag = {0};
    struct cbor_reader r;

    cbor_reader_init(&r, bytes_of(data, size));
    cbor_expect_array(&r, 2);
    struct bytes genesis = cbor_get_bytes(&r), state = cbor_get_bytes(&r);
    if (cbor_reader_done(&r) == ERR_OK && state_genesis(genesis, founding, &diag) == ERR_OK) {
        go_on(founding, state);
        state_free(founding);
    }
    mem_free(founding);
    return 0;
}
