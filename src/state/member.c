#include "state/member.h"

#include "state/body.h"

const char *member_status_name(enum member_status status)
{
    static const char *const names[] = {"active", "absent", "quarantined", "convicted", "left"};
    ASSERT(status < MEMBER_STATUS_COUNT);
    return names[status];
}

static void put_number(struct cbor_writer *w, const char *key, uint64_t v)
{
    cbor_put_text(w, key);
    cbor_put_uint(w, v);
}

void member_put(struct cbor_writer *w, const struct member *m)
{
    cbor_put_map(w, 10);
    cbor_put_text(w, "card");
    member_card_put(w, &m->card);
    cbor_put_text(w, "votes");
    cbor_put_bool(w, m->votes);
    cbor_put_text(w, "status");
    cbor_put_text(w, member_status_name(m->status));
    put_number(w, "sponsor", m->sponsor);
    put_number(w, "sequence", m->sequence);
    put_number(w, "last_epoch", m->last_epoch);
    put_number(w, "first_epoch", m->first_epoch);
    put_number(w, "found_epoch", m->found_epoch);
    put_number(w, "false_claims", m->false_claims);
    put_number(w, "counted_epoch", m->counted_epoch);
}

static enum member_status get_status(struct cbor_reader *r)
{
    struct bytes name = cbor_get_text(r);

    for (unsigned i = 0; i < MEMBER_STATUS_COUNT; i++) {
        if (bytes_equal(name, bytes_of_text(member_status_name((enum member_status)i))))
            return (enum member_status)i;
    }
    cbor_fail(r, ERR_UNKNOWN);
    return MEMBER_ACTIVE;
}

static uint64_t get_number(struct cbor_reader *r, const char *key, uint64_t most)
{
    cbor_expect_key(r, key);
    uint64_t v = cbor_get_uint(r);
    if (v > most)
        cbor_fail(r, ERR_RANGE);
    return v;
}

void member_get(struct cbor_reader *r, struct member *out)
{
    struct member m = {0};

    cbor_expect_map(r, 10);
    cbor_expect_key(r, "card");
    member_card_get(r, &m.card);
    cbor_expect_key(r, "votes");
    m.votes = cbor_get_bool(r);
    cbor_expect_key(r, "status");
    m.status = get_status(r);
    m.sponsor = (unsigned)get_number(r, "sponsor", MEMBERS_MAX);
    m.sequence = get_number(r, "sequence", UINT64_MAX);
    m.last_epoch = get_number(r, "last_epoch", UINT64_MAX);
    m.first_epoch = get_number(r, "first_epoch", (uint64_t)BODY_NUMBER_MAX);
    m.found_epoch = get_number(r, "found_epoch", (uint64_t)BODY_NUMBER_MAX);
    m.false_claims = get_number(r, "false_claims", (uint64_t)BODY_NUMBER_MAX);
    m.counted_epoch = get_number(r, "counted_epoch", (uint64_t)BODY_NUMBER_MAX);
    enum err err = r->err == ERR_OK ? key_check(&m.card.key) : ERR_OK;
    if (err != ERR_OK)
        cbor_fail(r, err);
    m.fingerprint = key_fingerprint(&m.card.key);
    if (r->err == ERR_OK)
        *out = m;
}
