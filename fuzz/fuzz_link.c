/* Links between membership epochs: a voter set that decodes encodes to the same bytes; a link that no voter signed
 * leads nowhere. */

#include "fuzz.h"
#include "ledger/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct digest federation_id;
    struct bytes in = bytes_of(data, size);
    struct voter_set set, present = {.membership_epoch = 1, .quorum = 1, .count = 1};
    struct buf again = {0};
    if (voter_set_decode(in, &set) == ERR_OK) {
        voter_set_encode(&set, &again);
        ASSERT(bytes_equal(bytes_of_buf(&again), in));
    }
    ASSERT(link_verify(in, &federation_id, &present, &set, NULL) != ERR_OK);
    buf_free(&again);
    return 0;
}
