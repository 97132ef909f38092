#include "state/sign_off.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/dmath.h"
#include "state/body.h"
#include "trust/read.h"
#include "trust/statement.h"

/* Statements of the governors as bytes. */

static const char *const action_names[ACTION_COUNT + 1] = {
    [ACTION_APPLY] = "FEDERATED_APPLY", [ACTION_POLICY] = "POLICY",         [ACTION_QUARANTINE] = "QUARANTINE",
    [ACTION_RELEASE] = "RELEASE",       [ACTION_ROLLBACK] = "ROLLBACK",     [ACTION_HALT] = "HALT",
    [ACTION_RESUME] = "RESUME",         [ACTION_ROTATE_KEY] = "ROTATE_KEY", [ACTION_REVOKE_KEY] = "REVOKE_KEY",
};

static const struct {
    const char *name;
    uint64_t least, most;
} settings[SETTING_COUNT] = {
    [SETTING_APPROVAL] = {"approval", 0, 1},
    [SETTING_TRIM] = {"trim_ppm", 0, 499999},
    [SETTING_MARGIN] = {"margin_ppm", 0, PPM},
    [SETTING_ROLLBACK] = {"rollback_ppm", 0, PPM},
    [SETTING_STAKE_CAP] = {"stake_cap_ppm", 1, PPM},
    [SETTING_DRIFT] = {"max_ledger_drift", 0, 1000000},
    [SETTING_DISCOUNT] = {"stale_discount_ppm", 0, PPM},
};

const char *action_name(enum action action)
{
    ASSERT((unsigned)action < ACTION_COUNT);
    return action_names[action];
}

const char *setting_name(enum policy_setting setting)
{
    ASSERT((unsigned)setting < SETTING_COUNT);
    return settings[setting].name;
}

enum err setting_check(enum policy_setting setting, uint64_t value)
{
    return value >= settings[setting].least && value <= settings[setting].most ? ERR_OK : ERR_RANGE;
}

/* ---- what each action takes */

enum {
    TAKES_EPOCH = 1,
    TAKES_GENOME = 2,
    TAKES_POLICY = 4,
    TAKES_MEMBER = 8,
    TAKES_GOVERNOR = 16,
    TAKES_KEY = 32,
    TAKES_FINGERPRINT = 64,
    TAKES_FROM = 128
};

static const unsigned takes[ACTION_COUNT] = {
    [ACTION_APPLY] = TAKES_EPOCH | TAKES_GENOME,
    [ACTION_POLICY] = TAKES_POLICY,
    [ACTION_QUARANTINE] = TAKES_MEMBER,
    [ACTION_RELEASE] = TAKES_MEMBER,
    [ACTION_ROLLBACK] = TAKES_EPOCH,
    [ACTION_ROTATE_KEY] = TAKES_GOVERNOR | TAKES_KEY | TAKES_FROM,
    [ACTION_REVOKE_KEY] = TAKES_FINGERPRINT | TAKES_FROM,
};

static const struct {
    const char *key;
    unsigned flag;
} parts[] = {{"epoch", TAKES_EPOCH},
             {"genome", TAKES_GENOME},
             {"policy", TAKES_POLICY},
             {"member", TAKES_MEMBER},
             {"governor", TAKES_GOVERNOR},
             {"key", TAKES_KEY},
             {"fingerprint", TAKES_FINGERPRINT},
             {"from", TAKES_FROM}};
enum { PART_COUNT = sizeof parts / sizeof parts[0] };

/* ---- writing */

static json_t *part_json(const struct sign_off *s, unsigned flag)
{
    json_t *set;

    switch (flag) {
    case TAKES_EPOCH:
    case TAKES_FROM:
        return json_u64(s->epoch);
    case TAKES_GENOME:
    case TAKES_GOVERNOR:
    case TAKES_FINGERPRINT:
        return json_hex(digest_bytes(&s->digest));
    case TAKES_KEY:
        return json_hex(bytes_of(s->key.b, sizeof s->key.b));
    case TAKES_MEMBER:
        return json_string(s->member);
    default:
        set = json_object();
        for (unsigned i = 0; i < SETTING_COUNT; i++) {
            if (s->settings.set[i])
                json_put(set, settings[i].name, json_u64(s->settings.values[i]));
        }
        return set;
    }
}

void sign_off_encode(const struct sign_off *s, struct buf *out)
{
    json_t *predicate = json_object();

    json_put(predicate, "action", json_string(action_name(s->action)));
    json_put(predicate, "serial", json_u64(s->serial));
    json_put(predicate, "until", json_u64(s->until));
    if (s->reason[0] != '\0')
        json_put(predicate, "reason", json_string(s->reason));
    for (unsigned i = 0; i < PART_COUNT; i++) {
        if ((takes[s->action] & parts[i].flag) != 0)
            json_put(predicate, parts[i].key, part_json(s, parts[i].flag));
    }
    statement_encode(SIGN_OFF_SUBJECT, &s->federation_id, SIGN_OFF_PREDICATE, predicate, out);
    json_decref(predicate);
}

/* ---- reading */

void sign_off_read_settings(struct json_reader *r, const json_t *predicate, struct settings *out)
{
    const char *names[SETTING_COUNT + 1] = {NULL};
    size_t mark;
    const json_t *set = read_enter_object(r, predicate, "policy", &mark);

    if (set == NULL)
        return;
    for (unsigned i = 0; i < SETTING_COUNT; i++)
        names[i] = settings[i].name;
    read_keys(r, set, names);
    if (json_object_size(set) == 0)
        read_fail(r, NULL, ERR_MISSING, "name at least one setting");
    for (unsigned i = 0; i < SETTING_COUNT && r->err == ERR_OK; i++) {
        out->set[i] = json_object_get(set, settings[i].name) != NULL;
        read_u64(r, set, settings[i].name, settings[i].least, settings[i].most, &out->values[i]);
    }
    read_leave(r, mark);
}

/* Its action's parts are there, and no other ones. */
static void check_parts(struct json_reader *r, const json_t *predicate, enum action action)
{
    for (unsigned i = 0; i < PART_COUNT && r->err == ERR_OK; i++) {
        bool taken = (takes[action] & parts[i].flag) != 0;
        if (taken)
            read_require(r, predicate, parts[i].key);
        else if (json_object_get(predicate, parts[i].key) != NULL)
            read_fail(r, parts[i].key, ERR_UNKNOWN, "%s does not take this key", action_name(action));
    }
}

void sign_off_read_action(struct json_reader *r, const json_t *predicate, enum action *out)
{
    unsigned action = *out;

    read_require(r, predicate, "action");
    read_choice(r, predicate, "action", action_names, &action);
    *out = (enum action)action;
}

static void read_predicate(struct json_reader *r, const json_t *predicate, struct sign_off *out)
{
    sign_off_read_action(r, predicate, &out->action);
    if (r->err == ERR_OK)
        check_parts(r, predicate, out->action);
    read_text(r, predicate, "reason", out->reason, sizeof out->reason);
    read_u64(r, predicate, "epoch", 0, (uint64_t)BODY_NUMBER_MAX, &out->epoch);
    read_u64(r, predicate, "from", 1, (uint64_t)BODY_NUMBER_MAX, &out->epoch);
    read_digest(r, predicate, "genome", &out->digest);
    read_digest(r, predicate, "governor", &out->digest);
    read_digest(r, predicate, "fingerprint", &out->digest);
    read_public_key(r, predicate, "key", &out->key);
    read_name(r, predicate, "member", out->member, sizeof out->member);
    sign_off_read_settings(r, predicate, &out->settings);
}

static void read_statement(struct json_reader *r, const json_t *root, struct sign_off *out)
{
    static const char *const keys[] = {"action", "serial",   "until", "reason",      "epoch", "genome", "policy",
                                       "member", "governor", "key",   "fingerprint", "from",  NULL};
    size_t mark;
    const json_t *predicate = statement_read(r, root, SIGN_OFF_SUBJECT, SIGN_OFF_PREDICATE, &out->federation_id, &mark);

    if (predicate == NULL)
        return;
    read_keys(r, predicate, keys);
    read_require(r, predicate, "serial");
    read_require(r, predicate, "until");
    read_u64(r, predicate, "serial", 0, (uint64_t)BODY_NUMBER_MAX, &out->serial);
    read_u64(r, predicate, "until", 1, (uint64_t)BODY_NUMBER_MAX, &out->until);
    read_predicate(r, predicate, out);
    read_leave(r, mark);
}

enum err sign_off_decode(const char *name, struct bytes in, struct sign_off *out, struct diag *diag)
{
    struct sign_off s = {0};
    struct json_doc doc;
    struct buf again = {0};
    enum err err = json_doc_parse(&doc, name != NULL ? name : "statement", in, diag);

    if (err != ERR_OK)
        return err;
    struct json_reader r = {.doc = &doc, .diag = diag};
    read_statement(&r, doc.root, &s);
    err = r.err;
    buf_free(&r.pointer);
    json_doc_free(&doc);
    if (err != ERR_OK)
        return err;
    sign_off_encode(&s, &again);
    if (!bytes_equal(bytes_of_buf(&again), in))
        err = diag_set(diag, ERR_CANONICAL, "the statement is not in its one form (RFC 8785)");
    buf_free(&again);
    if (err == ERR_OK)
        *out = s;
    return err;
}

/* ---- the entry's body */

void sign_off_body_encode(struct bytes envelope, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_map(&w, 1);
    cbor_put_text(&w, "envelope");
    cbor_put_bytes(&w, envelope);
    cbor_writer_done(&w);
}

enum err sign_off_body_decode(struct bytes in, struct bytes *envelope)
{
    struct cbor_reader r;

    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 1);
    cbor_expect_key(&r, "envelope");
    struct bytes bytes = cbor_get_bytes(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *envelope = bytes;
    return err;
}
