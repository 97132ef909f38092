/* Requests to found a federation: one that opens is signed, so that its signer could make the same bytes; nothing else
 * opens. The file around it is JSON, which fuzz_json has. */

#include "crypto/cose.h"
#include "fuzz.h"
#include "node/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = bytes_of(data, size);
    struct request request;
    struct cose_sign1 cose;
    struct diag diag = {0};
    struct buf file = {0};

    key_library_init();
    if (request_open(in, &request, &diag) != ERR_OK) {
        ASSERT(diag.text[0] != '\0');
        return 0;
    }
    ASSERT(cose_parse(in, &cose) == ERR_OK);
    struct digest fingerprint = key_fingerprint(&request.card.key);
    ASSERT(digest_equal(&fingerprint, &cose.kid));
    request_render(in, &file);
    buf_free(&file);
    return 0;
}
