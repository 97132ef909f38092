#include "world/start.h"

struct digest start_nonce(uint64_t node, uint64_t life)
{
    uint8_t bytes[16];

    be64_put(bytes, node);
    be64_put(bytes + 8, life);
    return digest_of(bytes_of(bytes, sizeof bytes));
}
