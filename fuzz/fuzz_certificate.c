/* Quorum certificates and single votes: a vote that is taken apart is one of its own payload; what is refused with one
 * cache of verified signatures is refused without. */

#include "fuzz.h"
#include "ledger/certificate.h"

enum { N = 4 };

static struct public_key keys[N];
static struct digest fingerprints[N];

static void voters_init(void)
{
    struct secret_key key;

    key_library_init();
    for (unsigned i = 0; i < N; i++) {
        char label[] = {'r', (char)('0' + i), '\0'};
        key_simulated(3, label, &key);
        keys[i] = key.public;
        fingerprints[i] = key.fingerprint;
    }
}

static void try_vote(struct bytes in)
{
    struct vote vote;
    struct cose_sign1 cose;
    struct buf payload = {0};

    if (vote_parse(in, &vote, &cose) == ERR_OK) {
        vote_payload(&vote, &payload);
        ASSERT(bytes_equal(bytes_of_buf(&payload), cose.payload));
    }
    buf_free(&payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    struct bytes in = bytes_of(data, size);
    struct vote expected = {
        .federation_id = digest_of(bytes_of_text("f")), .membership_epoch = 5, .sequence = 1, .block_id = {{1}}};
    struct voters voters = {.count = N, .quorum = 3, .keys = keys, .fingerprints = fingerprints};
    unsigned signers[N], count = 0;
    uint64_t view;

    if (!ready)
        voters_init();
    ready = true;
    try_vote(in);
    enum err plain = certificate_verify(in, &expected, &voters, &view, signers, &count);
    ASSERT(plain != ERR_OK || (count >= voters.quorum && count <= N));
    voters.verify_cache = verify_cache_new(64);
    ASSERT(certificate_verify(in, &expected, &voters, NULL, NULL, NULL) == plain);
    verify_cache_free(voters.verify_cache);
    return 0;
}
