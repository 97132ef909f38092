/* A stream of messages from a peer, cut in two anywhere: what comes out does not depend on the cut, and no message is
 * longer than its limit. The first two bytes say where the cut is. */

#include "fuzz.h"
#include "node/quic_frame.h"

enum { LIMIT = 1 << 16 };

struct told {
    uint64_t count, bytes;
    uint8_t last;
};

static bool tell(void *context, struct blob *message)
{
    struct told *t = context;

    ASSERT(message->len <= LIMIT);
    t->count++;
    t->bytes += message->len;
    t->last = message->len > 0 ? message->data[message->len - 1] : 0;
    return true;
}

static enum err take(struct bytes first, struct bytes second, struct told *t)
{
    struct quic_inlet in;
    enum err err;

    quic_inlet_init(&in, LIMIT, true);
    err = quic_inlet_take(&in, first, tell, t);
    if (err == ERR_OK)
        err = quic_inlet_take(&in, second, tell, t);
    quic_inlet_fini(&in);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told whole = {0}, parts = {0};
    size_t cut;

    if (size < 2)
        return 0;
    cut = ((size_t)data[0] << 8 | data[1]) % (size - 1);
    data += 2;
    size -= 2;
    ASSERT(take(bytes_of(data, size), bytes_of(data, 0), &whole) ==
           take(bytes_of(data, cut), bytes_of(data + cut, size - cut), &parts));
    ASSERT(whole.count == parts.count && whole.bytes == parts.bytes && whole.last == parts.last);
    return 0;
}
