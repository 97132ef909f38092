#include "state/member.h"

#include "state/body.h"
#include "state/field.h"

const char *member_status_name(enum member_status status)
{
    static const char *const names[] = {"active", "absent", "quarantined", "convicted", "left"};
    ASSERT(status < MEMBER_STATUS_COUNT);
    return names[status];
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
    field_put_number(w, "sponsor", m->sponsor);
    field_put_number(w, "sequence", m->sequence);
    field_put_number(w, "last_epoch", m->last_epoch);
    field_put_number(w, "first_epoch", m->first_epoch);
    field_put_number(w, "found_epoch", m->found_epoch);
    field_put_number(w, "false_claims", m->false_claims);
    field_put_number(w, "counted_epoch", m->counted_epoch);
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
    m.sponsor = (unsigned)field_get_number(r, "sponsor", MEMBERS_MAX);
    m.sequence = field_get_number(r, "sequence", UINT64_MAX);
    m.last_epoch = field_get_number(r, "last_epoch", UINT64_MAX);
    m.first_epoch = field_get_number(r, "first_epoch", (uint64_t)BODY_NUMBER_MAX);
    m.found_epoch = field_get_number(r, "found_epoch", (uint64_t)BODY_NUMBER_MAX);
    m.false_claims = field_get_number(r, "false_claims", (uint64_t)BODY_NUMBER_MAX);
    m.counted_epoch = field_get_number(r, "counted_epoch", (uint64_t)BODY_NUMBER_MAX);
    enum err err = r->err == ERR_OK ? key_check(&m.card.key) : ERR_OK;
    if (err != ERR_OK)
        cbor_fail(r, err);
    m.fingerprint = key_fingerprint(&m.card.key);
    if (r->err == ERR_OK)
        *out = m;
}
