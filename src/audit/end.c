#include "audit/end.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "base/mutate.h"
#include "base/text.h"

/* A log that is cut off behind an epoch is as whole and consistent as before, and so is one of which nothing is left:
 * its recorder alone signs what is missing away. Only the validators can say that nothing follows
 * (docs/rfc/M5-federation.md section 5). */

/* One signature of the array; false when it cannot be read. */
static bool read_one(const json_t *item, struct buf *bytes, struct end_statement *statement, struct cose_sign1 *cose)
{
    const char *text = json_string_value(item);

    buf_clear(bytes);
    return text != NULL && base64_decode(bytes_of_text(text), bytes) == ERR_OK &&
           end_parse(bytes_of_buf(bytes), statement, cose) == ERR_OK;
}

json_t *end_expected(const struct replay *r, const json_t *found)
{
    const json_t *signatures = json_object_get(found, "signatures");
    struct end_statement statement = state_end(&r->state), other;
    struct buf payload = {0}, bytes = {0};
    json_t *out = json_object(), *decoded = NULL, *signers = json_array(), *copies = json_array();

    end_payload(&statement, &payload);
    enum err err = cbor_to_json(bytes_of_buf(&payload), &decoded);
    ASSERT(err == ERR_OK);
    for (size_t i = 0; i < json_array_size(signatures); i++) {
        struct cose_sign1 cose;
        bool read = read_one(json_array_get(signatures, i), &bytes, &other, &cose);
        const char *name = read ? names_find(&r->names, &cose.kid) : NULL;

        json_push(signers, name != NULL ? json_string(name) : json_null());
        json_push(copies, json_incref(json_array_get(signatures, i)));
    }
    json_put(out, "decoded", decoded);
    json_put(out, "signers", signers);
    json_put(out, "signatures", copies);
    buf_free(&payload);
    buf_free(&bytes);
    return out;
}

/* ---- do they vouch? */

struct vouching {
    const struct replay *r;
    const char *file;
    struct audit_report *report;
    struct end_statement statement; /* that the files end with */
    struct buf payload;
    struct digest last; /* whose signature was read last: they are in the order of fingerprints */
    unsigned count;     /* of validators that vouch */
    bool wrong;
};

static void fail(struct vouching *v, const char *pointer, const char *why)
{
    audit_fail(v->report, RULE_LOG_END, v->file, pointer, "%s", why);
    v->wrong = true;
}

static void blame_other_end(struct vouching *v, const char *pointer, const struct end_statement *other,
                            const struct cose_sign1 *cose)
{
    const char *name = names_find(&v->r->names, &cose->kid);

    audit_fail(v->report, RULE_LOG_END, v->file, pointer,
               "%s vouches for another end: epoch %" PRIu64 " has not ended, height %" PRIu64
               "; the files end before epoch %" PRIu64 ", at height %" PRIu64,
               name != NULL ? name : "a stranger", other->epoch, other->height, v->statement.epoch,
               v->statement.height);
    v->wrong = true;
}

static void check_one(struct vouching *v, const json_t *item, const char *pointer)
{
    struct voters voters = voter_set_voters(&v->r->voters);
    struct end_statement statement;
    struct cose_sign1 cose;
    struct buf bytes = {0};
    int voter = -1;

    if (!read_one(item, &bytes, &statement, &cose))
        fail(v, pointer, "expected an end statement, signed (COSE_Sign1 in base64)");
    else if ((voter = voters_find(&voters, &cose.kid)) < 0)
        fail(v, pointer, "the signer is no validator of the next block");
    else if (cose_verify(&cose, &voters.keys[voter]) != ERR_OK)
        fail(v, pointer, "the signature does not verify");
    else if (v->count > 0 && digest_compare(&v->last, &cose.kid) >= 0)
        fail(v, pointer, "expected each validator once, in the order of fingerprints");
    else if (MUTATE(AUDIT_ANY_END, false, !bytes_equal(cose.payload, bytes_of_buf(&v->payload))))
        blame_other_end(v, pointer, &statement, &cose);
    else
        v->count++;
    if (voter >= 0)
        v->last = cose.kid;
    buf_free(&bytes);
}

static void judge(struct vouching *v)
{
    if (v->wrong)
        return;
    if (v->count >= MUTATE(AUDIT_ONE_VOUCHES, 1, v->r->voters.quorum))
        audit_pass(v->report, RULE_LOG_END);
    else
        audit_open(v->report, RULE_LOG_END,
                   "%u validator%s for the end of this log, and a quorum is %u: whether epoch %" PRIu64
                   " and later ones were left out, nobody can say",
                   v->count, v->count == 1 ? " vouches" : "s vouch", v->r->voters.quorum, v->statement.epoch);
}

void end_check(const struct replay *r, const json_t *found, const char *file, struct audit_report *report)
{
    const json_t *signatures = json_object_get(found, "signatures");
    struct vouching v = {.r = r, .file = file, .report = report, .statement = state_end(&r->state)};

    end_payload(&v.statement, &v.payload);
    for (size_t i = 0; i < json_array_size(signatures); i++) {
        char pointer[48];

        snprintf(pointer, sizeof pointer, "/end/signatures/%zu", i);
        check_one(&v, json_array_get(signatures, i), pointer);
    }
    judge(&v);
    buf_free(&v.payload);
}
