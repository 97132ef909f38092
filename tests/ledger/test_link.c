#include "ledger/link.h"

#include <string.h>

#include "tap.h"

/* Membership epochs, linked: from the voters of genesis to those of any block by headers and certificates alone. */

enum { KEYS = 8 };

static struct secret_key keys[KEYS];
static struct digest federation;

static struct voter_set set_of(uint64_t membership_epoch, const unsigned *who, unsigned count, unsigned quorum)
{
    struct voter_set set = {.membership_epoch = membership_epoch, .quorum = quorum, .count = count};

    set.max_byzantine = (count - 1) / 3;
    for (unsigned i = 0; i < count; i++) {
        set.keys[i] = keys[who[i]].public;
        set.fingerprints[i] = keys[who[i]].fingerprint;
    }
    return set;
}

/* What a link is made of; a test may spoil any part. */
struct parts {
    struct block_header header;
    struct voter_set next;
    unsigned signers[KEYS], signer_count;
    struct vote vote; /* made of the header by parts_init */
};

static struct parts parts_of(const struct voter_set *present, const struct voter_set *next, const unsigned *signers,
                             unsigned count)
{
    struct parts p = {.next = *next, .signer_count = count};

    p.header = (struct block_header){.federation_id = federation,
                                     .membership_epoch = present->membership_epoch,
                                     .height = 10 * present->membership_epoch,
                                     .federated_epoch = 3,
                                     .next_voters = voter_set_digest(next)};
    memcpy(p.signers, signers, count * sizeof signers[0]);
    p.vote = (struct vote){federation, present->membership_epoch, 1, p.header.height, block_id(&p.header)};
    return p;
}

static void link_of(const struct parts *p, struct buf *out)
{
    struct buf header = {0}, certificate = {0}, next = {0}, votes[KEYS] = {{0}};
    struct bytes views[KEYS];

    for (unsigned i = 0; i < p->signer_count; i++) {
        vote_sign(&keys[p->signers[i]], &p->vote, &votes[i]);
        views[i] = bytes_of_buf(&votes[i]);
    }
    certificate_encode(views, p->signer_count, &certificate);
    block_header_encode(&p->header, &header);
    voter_set_encode(&p->next, &next);
    link_encode(bytes_of_buf(&header), bytes_of_buf(&certificate), bytes_of_buf(&next), out);
    for (unsigned i = 0; i < p->signer_count; i++)
        buf_free(&votes[i]);
    buf_free(&header);
    buf_free(&certificate);
    buf_free(&next);
}

static enum err verify(const struct parts *p, const struct voter_set *present, struct voter_set *next)
{
    struct buf link = {0};

    link_of(p, &link);
    enum err err = link_verify(bytes_of_buf(&link), &federation, present, next, NULL);
    buf_free(&link);
    return err;
}

static struct voter_set first(void)
{
    return set_of(1, (unsigned[]){0, 1, 2, 3}, 4, 3);
}

static void the_form_is_read_back(void)
{
    struct voter_set set = first(), again;
    struct buf bytes = {0};

    voter_set_encode(&set, &bytes);
    REQUIRE_OK(voter_set_decode(bytes_of_buf(&bytes), &again));
    CHECK_EQ_U64(again.count, 4);
    CHECK_EQ_U64(again.quorum, 3);
    CHECK_EQ_U64(again.max_byzantine, 1);
    CHECK_EQ_U64(again.membership_epoch, 1);
    for (unsigned i = 0; i < 4; i++)
        CHECK(digest_equal(&again.fingerprints[i], &keys[i].fingerprint));
    for (size_t len = 0; len < bytes.len; len++)
        CHECK(voter_set_decode(bytes_of(bytes.data, len), &again) != ERR_OK);
    buf_free(&bytes);
}

static enum err decode(const struct voter_set *set)
{
    struct buf bytes = {0};
    struct voter_set out;

    voter_set_encode(set, &bytes);
    enum err err = voter_set_decode(bytes_of_buf(&bytes), &out);
    buf_free(&bytes);
    return err;
}

static void unsafe_sets_are_refused(void)
{
    struct voter_set set = first();

    set.quorum = 2; /* 2 of 4 and 2 of 4 share nobody */
    CHECK_ERR(decode(&set), ERR_RANGE);
    set.quorum = 5;
    CHECK_ERR(decode(&set), ERR_RANGE);
    set = first();
    set.max_byzantine = 2;
    CHECK_ERR(decode(&set), ERR_RANGE);
    set = first();
    set.count = 0;
    CHECK_ERR(decode(&set), ERR_RANGE);
    set = first();
    set.keys[2] = set.keys[0];
    CHECK_ERR(decode(&set), ERR_DUPLICATE);
    memset(&set.keys[2], 0, sizeof set.keys[2]);
    CHECK(decode(&set) != ERR_OK);
}

/* Join, leave, another key: three links. */
static void a_chain_leads_to_the_last_voters(void)
{
    struct voter_set sets[4] = {first(), set_of(2, (unsigned[]){0, 1, 2, 3, 4}, 5, 4),
                                set_of(3, (unsigned[]){0, 2, 3, 4}, 4, 3), set_of(4, (unsigned[]){0, 2, 7, 4}, 4, 3)};
    const unsigned signers[3][4] = {{0, 1, 3}, {4, 1, 2, 3}, {3, 4, 0}}, counts[3] = {3, 4, 3};
    struct voter_set at = sets[0];

    for (unsigned i = 0; i < 3; i++) {
        struct parts p = parts_of(&sets[i], &sets[i + 1], signers[i], counts[i]);
        REQUIRE_OK(verify(&p, &at, &at));
    }
    struct digest want = voter_set_digest(&sets[3]), have = voter_set_digest(&at);
    CHECK(digest_equal(&want, &have));
    struct parts skipped = parts_of(&sets[2], &sets[3], signers[2], counts[2]);
    CHECK_ERR(verify(&skipped, &sets[0], &at), ERR_MISMATCH);
}

static void every_binding_is_checked(void)
{
    const unsigned signers[3] = {0, 1, 3};
    struct voter_set present = first(), next = set_of(2, (unsigned[]){0, 1, 2, 4}, 4, 3), out;
    const struct parts good = parts_of(&present, &next, signers, 3);
    struct parts p = good;

    CHECK_OK(verify(&p, &present, &out));
    p.next.keys[3] = keys[5].public; /* other voters than the header names */
    CHECK_ERR(verify(&p, &present, &out), ERR_MISMATCH);
    p = good;
    p.next.membership_epoch = 3;
    p.header.next_voters = voter_set_digest(&p.next);
    p.vote.block_id = block_id(&p.header);
    CHECK_ERR(verify(&p, &present, &out), ERR_MISMATCH); /* an epoch is left out */
    p = good;
    p.header.federation_id.b[0] ^= 1;
    CHECK_ERR(verify(&p, &present, &out), ERR_MISMATCH);
    p = good;
    p.header.height++; /* another block than the one that was voted on */
    CHECK(verify(&p, &present, &out) != ERR_OK);
    p = good;
    p.signer_count = 2;
    CHECK_ERR(verify(&p, &present, &out), ERR_QUORUM);
    p = good;
    p.signers[2] = 4; /* one of the next voters cannot hand over to itself */
    CHECK_ERR(verify(&p, &present, &out), ERR_UNKNOWN);
    p = good;
    p.vote.membership_epoch = 2;
    CHECK(verify(&p, &present, &out) != ERR_OK);
}

static void every_changed_byte_fails(void)
{
    struct voter_set present = first(), next = set_of(2, (unsigned[]){0, 1, 2, 4}, 4, 3), out;
    struct parts p = parts_of(&present, &next, (unsigned[]){0, 1, 3}, 3);
    struct buf link = {0};

    link_of(&p, &link);
    for (size_t i = 0; i < link.len; i++) {
        link.data[i] ^= 0x20;
        if (!CHECK(link_verify(bytes_of_buf(&link), &federation, &present, &out, NULL) != ERR_OK))
            tap_note("byte %zu", i);
        link.data[i] ^= 0x20;
    }
    CHECK_OK(link_verify(bytes_of_buf(&link), &federation, &present, &out, NULL));
    buf_free(&link);
}

int main(void)
{
    key_library_init();
    for (unsigned i = 0; i < KEYS; i++)
        key_simulated(i, "link", &keys[i]);
    federation = digest_of(bytes_of_text("federation"));
    TAP_RUN(the_form_is_read_back);
    TAP_RUN(unsafe_sets_are_refused);
    TAP_RUN(a_chain_leads_to_the_last_voters);
    TAP_RUN(every_binding_is_checked);
    TAP_RUN(every_changed_byte_fails);
    return tap_done();
}
