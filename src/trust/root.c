#include "trust/root.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mutate.h"
#include "trust/read.h"

/* The trust root as bytes, and what makes one good. */

static const char *const role_names[ROOT_ROLE_COUNT + 1] = {"root", "governance", "validator", "auditor", NULL};

const char *root_role_name(enum root_role role)
{
    ASSERT((unsigned)role < ROOT_ROLE_COUNT);
    return role_names[role];
}

enum err root_party_add(struct root_party *party, const struct public_key *key)
{
    struct digest fingerprint = key_fingerprint(key);
    unsigned at = party->count;

    for (unsigned i = 0; i < party->count; i++) {
        struct digest other = key_fingerprint(&party->keys[i]);
        int order = digest_compare(&other, &fingerprint);
        if (order == 0)
            return ERR_DUPLICATE;
        if (order > 0 && at == party->count)
            at = i;
    }
    if (party->count == ROOT_KEYS_MAX)
        return ERR_LIMIT;
    memmove(&party->keys[at + 1], &party->keys[at], (party->count++ - at) * sizeof party->keys[0]);
    party->keys[at] = *key;
    return ERR_OK;
}

/* ---- times */

/* Days since 1970-01-01 of a date of the Gregorian calendar; March is the first month, so that leap days end years. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static unsigned month_days(unsigned year, unsigned month)
{
    static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && leap);
}

enum err root_time_parse(const char *text, int64_t *out)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    unsigned v[6] = {0}, part = 0;

    if (strlen(text) != sizeof form - 1)
        return ERR_SYNTAX;
    for (unsigned i = 0; form[i] != '\0'; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == 'd' ? !digit : text[i] != form[i])
            return ERR_SYNTAX;
        if (form[i] == 'd')
            v[part] = 10 * v[part] + (unsigned)(text[i] - '0');
        else
            part++;
    }
    if (v[0] < 1970 || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > month_days(v[0], v[1]) || v[3] > 23 || v[4] > 59 ||
        v[5] > 59)
        return ERR_SYNTAX;
    *out = days_of(v[0], v[1], v[2]) * 86400 + v[3] * 3600 + v[4] * 60 + v[5];
    return ERR_OK;
}

void root_time_print(int64_t seconds, char out[ROOT_TIME_SIZE])
{
    int64_t days = seconds / 86400, rest = seconds % 86400;
    unsigned year = 1970 + (unsigned)(days / 366), month = 1;

    ASSERT(seconds >= 0 && seconds < days_of(10000, 1, 1) * 86400);
    while (days_of(year + 1, 1, 1) <= days)
        year++;
    while (month < 12 && days_of(year, month + 1, 1) <= days)
        month++;
    snprintf(out, ROOT_TIME_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", year % 10000, month % 100,
             (unsigned)(days - days_of(year, month, 1) + 1) % 100, (unsigned)(rest / 3600) % 100,
             (unsigned)(rest / 60 % 60), (unsigned)(rest % 60));
}

/* ---- writing */

static void key_put(json_t *keys, const struct public_key *key)
{
    struct digest fingerprint = key_fingerprint(key);
    json_t *value = json_object(), *one = json_object();
    char id[2 * DIGEST_SIZE + 1];

    digest_hex(&fingerprint, id);
    json_put(value, "public", json_hex(bytes_of(key->b, sizeof key->b)));
    json_put(one, "keytype", json_string("ed25519"));
    json_put(one, "scheme", json_string("ed25519"));
    json_put(one, "keyval", value);
    json_put(keys, id, one);
}

static json_t *party_json(const struct root_party *party, json_t *keys)
{
    json_t *one = json_object(), *ids = json_array();

    for (unsigned i = 0; i < party->count; i++) {
        struct digest fingerprint = key_fingerprint(&party->keys[i]);
        key_put(keys, &party->keys[i]);
        json_push(ids, json_hex(digest_bytes(&fingerprint)));
    }
    json_put(one, "keyids", ids);
    json_put(one, "threshold", json_u64(party->threshold));
    return one;
}

void root_encode(const struct root *root, struct buf *out)
{
    json_t *document = json_object(), *keys = json_object(), *roles = json_object();
    char expires[ROOT_TIME_SIZE];

    root_time_print(root->expires, expires);
    for (unsigned i = 0; i < ROOT_ROLE_COUNT; i++) {
        if (root->roles[i].count > 0)
            json_put(roles, role_names[i], party_json(&root->roles[i], keys));
    }
    json_put(document, "_type", json_string("root"));
    json_put(document, "version", json_u64(root->version));
    json_put(document, "expires", json_string(expires));
    json_put(document, "federation", json_hex(digest_bytes(&root->federation)));
    json_put(document, "keys", keys);
    json_put(document, "roles", roles);
    json_canonical(document, out);
    json_decref(document);
}

/* ---- reading */

/* Of "keys", by id; what is beside the key itself is compared with root_encode()'s form in the end. */
static void read_key(struct json_reader *r, const json_t *keys, const char *id, struct public_key *out)
{
    size_t mark, inner;
    const json_t *key = read_enter_object(r, keys, id, &mark);

    if (key == NULL)
        read_fail(r, id, ERR_MISSING, "a role names this key");
    const json_t *value = read_enter_object(r, key, "keyval", &inner);
    if (value != NULL) {
        read_require(r, value, "public");
        read_public_key(r, value, "public", out);
        read_leave(r, inner);
    }
    read_leave(r, mark);
}

static void read_party(struct json_reader *r, const json_t *roles, const json_t *keys, const char *name,
                       struct root_party *out)
{
    static const char *const known[] = {"keyids", "threshold", NULL};
    size_t mark, inner;
    const json_t *role = read_enter_object(r, roles, name, &mark);

    if (role == NULL)
        return;
    read_keys(r, role, known);
    read_require(r, role, "keyids");
    read_require(r, role, "threshold");
    const json_t *ids = read_enter_array(r, role, "keyids", &inner);
    for (size_t i = 0; i < json_array_size(ids) && r->err == ERR_OK; i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        struct public_key key = {{0}};
        read_key(r, keys, id != NULL ? id : "", &key);
        enum err err = r->err == ERR_OK ? root_party_add(out, &key) : ERR_OK;
        if (err != ERR_OK)
            read_fail(r, NULL, err, "%s", err_text(err));
    }
    read_leave(r, inner);
    /* With a threshold of zero anybody would be trusted: CVE-2026-23992. */
    read_unsigned(r, role, "threshold", MUTATE(TRUST_ROOT_THRESHOLD_ZERO, 0, 1), out->count, &out->threshold);
    read_leave(r, mark);
}

static void read_root(struct json_reader *r, const json_t *document, struct root *out)
{
    static const char *const known[] = {"_type", "version", "expires", "federation", "keys", "roles", NULL};
    char expires[ROOT_TIME_SIZE] = "";
    size_t mark;

    if (!json_is_object(document)) {
        read_fail(r, NULL, ERR_TYPE, "a trust root is a JSON object");
        return;
    }
    read_keys(r, document, known);
    for (unsigned i = 0; known[i] != NULL; i++)
        read_require(r, document, known[i]);
    read_u64(r, document, "version", 1, ROOT_VERSION_MAX, &out->version);
    read_text(r, document, "expires", expires, sizeof expires);
    if (r->err == ERR_OK && root_time_parse(expires, &out->expires) != ERR_OK)
        read_fail(r, "expires", ERR_SYNTAX, "expected a time like 2027-01-31T00:00:00Z");
    read_digest(r, document, "federation", &out->federation);
    const json_t *keys = json_object_get(document, "keys");
    const json_t *roles = read_enter_object(r, document, "roles", &mark);
    if (roles == NULL)
        return;
    read_keys(r, roles, role_names);
    read_require(r, roles, "root");
    for (unsigned i = 0; i < ROOT_ROLE_COUNT; i++)
        read_party(r, roles, keys, role_names[i], &out->roles[i]);
    read_leave(r, mark);
}

enum err root_decode(const char *name, struct bytes in, struct root *out, struct diag *diag)
{
    struct root *root = mem_alloc(sizeof *root);
    struct buf again = {0};
    struct json_doc doc;
    enum err err = json_doc_parse(&doc, name, in, diag);

    if (err != ERR_OK)
        goto done;
    struct json_reader r = {.doc = &doc, .diag = diag};
    read_root(&r, doc.root, root);
    err = r.err;
    buf_free(&r.pointer);
    json_doc_free(&doc);
    if (err != ERR_OK)
        goto done;
    root_encode(root, &again);
    if (bytes_equal(bytes_of_buf(&again), in))
        *out = *root;
    else
        err = diag_set(diag, ERR_CANONICAL, "%s: the trust root is not in its one form (RFC 8785)", name);
    buf_free(&again);
done:
    mem_free(root);
    return err;
}

enum err root_parse(const char *name, struct bytes in, struct dsse *envelope, struct root *out, struct diag *diag)
{
    struct dsse d;
    enum err err = dsse_parse(name, in, &d, diag);

    if (err != ERR_OK)
        return err;
    if (strcmp(d.type, ROOT_TYPE) != 0)
        err = diag_set(diag, ERR_TYPE, "%s: the payload is \"%s\", a trust root is \"%s\"", name, d.type, ROOT_TYPE);
    else
        err = root_decode(name, bytes_of_buf(&d.payload), out, diag);
    if (err == ERR_OK)
        *envelope = d;
    else
        dsse_free(&d);
    return err;
}

/* ---- what makes one good */

enum err root_voices(const struct root *root, enum root_role role, const struct dsse *envelope, unsigned *voices)
{
    const struct root_party *party = &root->roles[role];
    unsigned count = 0;

    for (unsigned i = 0; i < party->count; i++) {
        struct digest fingerprint = key_fingerprint(&party->keys[i]);
        for (unsigned k = 0; k < envelope->count; k++) {
            if (!digest_equal(&envelope->signatures[k].keyid, &fingerprint))
                continue;
            if (dsse_verify(envelope, k, &party->keys[i]) != ERR_OK)
                return ERR_SIGNATURE;
            count++;
        }
    }
    *voices = count;
    return ERR_OK;
}

static enum err check_threshold(const struct dsse *envelope, const struct root *signer, const struct root *root,
                                struct diag *diag)
{
    unsigned voices = 0;
    enum err err = root_voices(signer, ROOT_ROLE_ROOT, envelope, &voices);

    if (err != ERR_OK)
        return diag_set(diag, err, "version %llu: a signature does not verify", (unsigned long long)root->version);
    if (voices < MUTATE(TRUST_ROOT_ONE_SIGNATURE, 1, signer->roles[ROOT_ROLE_ROOT].threshold))
        return diag_set(diag, ERR_QUORUM, "version %llu: %u of the root keys of version %llu have signed, %u must",
                        (unsigned long long)root->version, voices, (unsigned long long)signer->version,
                        signer->roles[ROOT_ROLE_ROOT].threshold);
    return ERR_OK;
}

enum err root_check(const struct dsse *envelope, const struct root *root, const struct root *before, struct diag *diag)
{
    if (before != NULL && MUTATE(TRUST_ROOT_ROLLS_BACK, false, root->version <= before->version))
        return diag_set(diag, ERR_STALE, "version %llu is no newer than version %llu, which is trusted",
                        (unsigned long long)root->version, (unsigned long long)before->version);
    if (before != NULL && root->version != before->version + 1)
        return diag_set(diag, ERR_MISSING, "version %llu does not follow version %llu: those between are missing",
                        (unsigned long long)root->version, (unsigned long long)before->version);
    if (before != NULL && !digest_equal(&root->federation, &before->federation))
        return diag_set(diag, ERR_MISMATCH, "version %llu is of another federation", (unsigned long long)root->version);
    enum err err = check_threshold(envelope, root, root, diag);
    if (err == ERR_OK && MUTATE(TRUST_ROOT_OLD_UNASKED, false, before != NULL))
        err = check_threshold(envelope, before, root, diag);
    return err;
}
