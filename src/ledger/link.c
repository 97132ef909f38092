#include "ledger/link.h"

#include <string.h>

#include "base/mutate.h"
#include "codec/cbor.h"

void voter_set_encode(const struct voter_set *set, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_map(&w, 4);
    cbor_put_text(&w, "keys");
    cbor_put_array(&w, set->count);
    for (unsigned i = 0; i < set->count; i++)
        cbor_put_bytes(&w, bytes_of(set->keys[i].b, KEY_PUBLIC_SIZE));
    cbor_put_text(&w, "quorum");
    cbor_put_uint(&w, set->quorum);
    cbor_put_text(&w, "max_byzantine");
    cbor_put_uint(&w, set->max_byzantine);
    cbor_put_text(&w, "membership_epoch");
    cbor_put_uint(&w, set->membership_epoch);
    cbor_writer_done(&w);
}

static enum err check_keys(struct voter_set *set)
{
    for (unsigned i = 0; i < set->count; i++) {
        enum err err = key_check(&set->keys[i]);
        if (err != ERR_OK)
            return err;
        set->fingerprints[i] = key_fingerprint(&set->keys[i]);
        for (unsigned k = 0; k < i; k++) {
            if (memcmp(set->keys[k].b, set->keys[i].b, KEY_PUBLIC_SIZE) == 0)
                return ERR_DUPLICATE;
        }
    }
    return ERR_OK;
}

enum err voter_set_decode(struct bytes in, struct voter_set *out)
{
    struct voter_set set = {0};
    struct cbor_reader r;

    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 4);
    cbor_expect_key(&r, "keys");
    uint64_t count = cbor_get_array(&r);
    if (r.err == ERR_OK && (count == 0 || count > CERTIFICATE_VOTES_MAX))
        cbor_fail(&r, ERR_RANGE);
    for (uint64_t i = 0; i < count && r.err == ERR_OK; i++) {
        struct bytes key = cbor_get_bytes_of(&r, KEY_PUBLIC_SIZE);
        if (r.err == ERR_OK)
            memcpy(set.keys[i].b, key.data, KEY_PUBLIC_SIZE);
    }
    cbor_expect_key(&r, "quorum");
    uint64_t quorum = cbor_get_uint(&r);
    cbor_expect_key(&r, "max_byzantine");
    uint64_t faults = cbor_get_uint(&r);
    cbor_expect_key(&r, "membership_epoch");
    set.membership_epoch = cbor_get_uint(&r);
    enum err err = cbor_reader_done(&r);
    if (err != ERR_OK)
        return err;
    /* Castro and Liskov 1999, section 3, for any n: two quorums share 2q - n voters, more than f. */
    if (faults > (count - 1) / 3 || quorum > count || 2 * quorum <= count + faults)
        return ERR_RANGE;
    set.count = (unsigned)count;
    set.quorum = (unsigned)quorum;
    set.max_byzantine = (unsigned)faults;
    err = check_keys(&set);
    if (err == ERR_OK)
        *out = set;
    return err;
}

struct digest voter_set_digest(const struct voter_set *set)
{
    struct buf bytes = {0};

    voter_set_encode(set, &bytes);
    struct digest digest = digest_of(bytes_of_buf(&bytes));
    buf_free(&bytes);
    return digest;
}

struct voters voter_set_voters(const struct voter_set *set)
{
    return (struct voters){
        .count = set->count, .quorum = set->quorum, .keys = set->keys, .fingerprints = set->fingerprints};
}

enum err voter_set_certifies(const struct voter_set *set, const struct block_header *header, struct bytes certificate,
                             struct verify_cache *cache)
{
    struct voters voters = voter_set_voters(set);
    struct vote expected = {
        .federation_id = header->federation_id,
        .membership_epoch = header->membership_epoch,
        .sequence = header->height,
        .block_id = block_id(header),
    };

    voters.verify_cache = cache;
    if (header->membership_epoch != set->membership_epoch)
        return ERR_MISMATCH;
    return certificate_verify(certificate, &expected, &voters, NULL, NULL, NULL);
}

void link_encode(struct bytes header, struct bytes certificate, struct bytes next, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_array(&w, 3);
    cbor_put_bytes(&w, header);
    cbor_put_bytes(&w, certificate);
    cbor_put_bytes(&w, next);
    cbor_writer_done(&w);
}

enum err link_verify(struct bytes in, const struct digest *federation_id, const struct voter_set *present,
                     struct voter_set *next, struct block_header *closing)
{
    struct block_header header;
    struct voter_set set;
    struct cbor_reader r;

    cbor_reader_init(&r, in);
    cbor_expect_array(&r, 3);
    struct bytes head = cbor_get_bytes(&r), certificate = cbor_get_bytes(&r), voters = cbor_get_bytes(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        err = block_header_decode(head, &header);
    if (err == ERR_OK)
        err = voter_set_decode(voters, &set);
    if (err != ERR_OK)
        return err;
    struct digest digest = MUTATE(LEDGER_LINK_ANY_VOTERS, header.next_voters, digest_of(voters));
    if (!digest_equal(&header.federation_id, federation_id) || !digest_equal(&header.next_voters, &digest) ||
        set.membership_epoch != present->membership_epoch + 1)
        return ERR_MISMATCH;
    err = voter_set_certifies(present, &header, certificate, NULL);
    if (err != ERR_OK)
        return err;
    *next = set;
    if (closing != NULL)
        *closing = header;
    return ERR_OK;
}
