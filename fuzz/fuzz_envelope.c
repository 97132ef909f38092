/* Signed messages from strangers: nothing that parses is anything but deterministic
 * CBOR, and its parts lie inside it. */

#include "codec/cbor.h"
#include "crypto/envelope.h"
#include "fuzz.h"

static bool lies_within(struct bytes part, struct bytes whole)
{
    return part.len == 0 || (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = bytes_of(data, size);
    struct cose_sign1 cose;
    struct envelope envelope;
    size_t at;

    if (cose_parse(in, &cose) != ERR_OK)
        return 0;
    ASSERT(cbor_check(in, &at) == ERR_OK);
    ASSERT(lies_within(cose.payload, in) && lies_within(cose.protected, in));
    ASSERT(lies_within(cose.subject, in) && lies_within(cose.content_type, in));
    if (envelope_parse(in, &envelope, &cose) != ERR_OK)
        return 0;
    ASSERT(lies_within(envelope.body, cose.payload));
    ASSERT(cbor_check(envelope.body, &at) == ERR_OK);
    ASSERT(envelope.kind < ENTRY_KIND_COUNT);
    ASSERT(digest_equal(&envelope.node_fingerprint, &cose.kid));
    return 0;
}
