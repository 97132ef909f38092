#include "cli/spoken.h"

void spoken_fingerprint(const struct digest *fingerprint, struct buf *out)
{
    for (unsigned i = 0; i < DIGEST_SIZE; i += 2)
        buf_printf(out, "%s%02x%02x", i == 0 ? "" : " ", fingerprint->b[i], fingerprint->b[i + 1]);
}
