/* The messages of an attestation from a member that is not honest, each with its length in front of it. Whatever it
 * says, it is not accepted, and is answered with no more than three messages. */

#include "fuzz.h"
#include "node/attest_exchange.h"

static unsigned sent;

static void count(void *context, struct blob *message)
{
    (void)context;
    ASSERT(message->len <= ATTEST_SIZE_MAX);
    sent++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct secret_key own, peer;
    const struct attest_policy policy = {0};
    const struct digest session = {{1}}, nonce = {{2}};
    struct attest_exchange x = {.key = &own, .policy = &policy, .send = count};
    struct bytes all = bytes_of(data, size);
    uint64_t code;

    key_library_init();
    key_simulated(1, "own", &own);
    key_simulated(1, "peer", &peer);
    sent = 0;
    attest_exchange_begin(&x, ATTEST_LISTENER, &peer.public, &session, &nonce, false);
    for (size_t at = 0; at + 2 <= size;) {
        size_t len = ((size_t)data[at] << 8 | data[at + 1]) % (ATTEST_SIZE_MAX + 2);

        at += 2;
        len = len < size - at ? len : size - at;
        ASSERT(attest_exchange_receive(&x, bytes_of(data + at, len)) != ATTEST_DONE);
        at += len;
    }
    ASSERT(sent <= 3);
    attest_exchange_fini(&x);
    ASSERT(attest_judge(all, &x.theirs, &peer.public, &policy, NULL) != ATTEST_ACCEPTED);
    ASSERT(attest_verdict_read(all, &peer.public, all, &code) != ERR_OK);
    return 0;
}
