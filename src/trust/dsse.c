#include "trust/dsse.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mutate.h"
#include "base/text.h"
#include "trust/read.h"

/* DSSE envelopes: what is signed is the payload's very bytes with its type in front of them, whatever JSON carries
 * them. */

void dsse_free(struct dsse *d)
{
    buf_free(&d->payload);
    *d = (struct dsse){0};
}

void dsse_init(struct dsse *d, const char *type, struct bytes payload)
{
    *d = (struct dsse){0};
    ASSERT(strlen(type) < sizeof d->type);
    snprintf(d->type, sizeof d->type, "%s", type);
    buf_add(&d->payload, payload.data, payload.len);
}

/* PAE(type, body) = "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body */
void dsse_signed_bytes(const struct dsse *d, struct buf *out)
{
    buf_printf(out, "DSSEv1 %zu %s %zu ", strlen(d->type), d->type, d->payload.len);
    buf_add(out, d->payload.data, d->payload.len);
}

/* The place of the signature with this keyid, or where it belongs. */
static unsigned place_of(const struct dsse *d, const struct digest *keyid)
{
    unsigned at = 0;

    while (at < d->count && digest_compare(&d->signatures[at].keyid, keyid) < 0)
        at++;
    return at;
}

/* ERR_DUPLICATE: it stands there already, and *at is its place. */
static enum err make_room(struct dsse *d, const struct digest *keyid, unsigned *at)
{
    *at = place_of(d, keyid);
    if (*at < d->count && digest_equal(&d->signatures[*at].keyid, keyid))
        return ERR_DUPLICATE;
    if (d->count == DSSE_SIGNATURES_MAX)
        return ERR_LIMIT;
    memmove(&d->signatures[*at + 1], &d->signatures[*at], (d->count++ - *at) * sizeof d->signatures[0]);
    d->signatures[*at] = (struct dsse_signature){.keyid = *keyid};
    return ERR_OK;
}

enum err dsse_sign(struct dsse *d, const struct secret_key *key)
{
    struct buf message = {0};
    unsigned at;
    enum err err = make_room(d, &key->fingerprint, &at);

    if (err != ERR_OK && err != ERR_DUPLICATE)
        return err;
    dsse_signed_bytes(d, &message);
    key_sign(key, bytes_of_buf(&message), d->signatures[at].signature);
    buf_free(&message);
    return ERR_OK;
}

enum err dsse_verify(const struct dsse *d, unsigned i, const struct public_key *key)
{
    struct digest fingerprint = key_fingerprint(key);
    struct buf message = {0};

    ASSERT(i < d->count);
    if (!digest_equal(&fingerprint, &d->signatures[i].keyid))
        return ERR_MISMATCH;
    dsse_signed_bytes(d, &message);
    enum err err = key_verify(key, bytes_of_buf(&message), d->signatures[i].signature);
    buf_free(&message);
    return MUTATE(TRUST_DSSE_UNSIGNED, ERR_OK, err);
}

/* ---- JSON */

void dsse_encode(const struct dsse *d, struct buf *out)
{
    json_t *root = json_object(), *signatures = json_array();

    for (unsigned i = 0; i < d->count; i++) {
        const struct dsse_signature *s = &d->signatures[i];
        json_t *signature = json_object();
        json_put(signature, "keyid", json_hex(digest_bytes(&s->keyid)));
        json_put(signature, "sig", json_base64(bytes_of(s->signature, sizeof s->signature)));
        json_push(signatures, signature);
    }
    json_put(root, "payload", json_base64(bytes_of_buf(&d->payload)));
    json_put(root, "payloadType", json_string(d->type));
    json_put(root, "signatures", signatures);
    json_canonical(root, out);
    json_decref(root);
}

enum err dsse_write(const char *path, const struct dsse *d, struct diag *diag)
{
    struct buf text = {0};

    dsse_encode(d, &text);
    buf_add_byte(&text, '\n');
    enum err err = file_write(path, bytes_of_buf(&text), diag);
    buf_free(&text);
    return err;
}

static void read_signature(struct json_reader *r, const json_t *element, struct dsse *out)
{
    static const char *const keys[] = {"keyid", "sig", NULL};
    char sig[4 * ((SIGNATURE_SIZE + 2) / 3) + 1] = "";
    struct buf bytes = {0};
    struct digest id = {{0}};
    unsigned at = 0;

    read_keys(r, element, keys);
    for (unsigned i = 0; i < 2; i++)
        read_require(r, element, keys[i]);
    read_digest(r, element, "keyid", &id);
    read_text(r, element, "sig", sig, sizeof sig);
    enum err err = r->err == ERR_OK ? make_room(out, &id, &at) : ERR_OK;
    if (err != ERR_OK)
        read_fail(r, "keyid", err, "%s", err == ERR_DUPLICATE ? "this key has signed twice" : "too many signatures");
    if (r->err == ERR_OK && (base64_decode(bytes_of_text(sig), &bytes) != ERR_OK || bytes.len != SIGNATURE_SIZE))
        read_fail(r, "sig", ERR_SYNTAX, "expected an Ed25519 signature, %d bytes in base64", SIGNATURE_SIZE);
    if (r->err == ERR_OK)
        memcpy(out->signatures[at].signature, bytes.data, SIGNATURE_SIZE);
    buf_free(&bytes);
}

static void read_envelope(struct json_reader *r, const json_t *root, struct dsse *out)
{
    static const char *const keys[] = {"payloadType", "payload", "signatures", NULL};
    size_t mark, inner;

    if (!json_is_object(root)) {
        read_fail(r, NULL, ERR_TYPE, "a DSSE envelope is a JSON object");
        return;
    }
    read_keys(r, root, keys);
    for (unsigned i = 0; i < 3; i++)
        read_require(r, root, keys[i]);
    read_text(r, root, "payloadType", out->type, sizeof out->type);
    const char *payload = json_string_value(json_object_get(root, "payload"));
    if (r->err == ERR_OK && (payload == NULL || base64_decode(bytes_of_text(payload), &out->payload) != ERR_OK))
        read_fail(r, "payload", ERR_SYNTAX, "expected base64");
    const json_t *signatures = read_enter_array(r, root, "signatures", &mark);
    for (size_t i = 0; i < json_array_size(signatures) && r->err == ERR_OK; i++) {
        const json_t *element = read_enter_element(r, signatures, i, &inner);
        if (element != NULL)
            read_signature(r, element, out);
        read_leave(r, inner);
    }
    read_leave(r, mark);
}

enum err dsse_parse(const char *name, struct bytes in, struct dsse *out, struct diag *diag)
{
    struct json_doc doc;
    struct dsse d = {0};

    if (in.len > DSSE_SIZE_MAX)
        return diag_set(diag, ERR_LIMIT, "%s: %zu bytes; a DSSE envelope has at most %d", name, in.len, DSSE_SIZE_MAX);
    enum err err = json_doc_parse(&doc, name, in, diag);
    if (err != ERR_OK)
        return err;
    struct json_reader r = {.doc = &doc, .diag = diag};
    read_envelope(&r, doc.root, &d);
    buf_free(&r.pointer);
    json_doc_free(&doc);
    if (r.err == ERR_OK)
        *out = d;
    else
        dsse_free(&d);
    return r.err;
}

enum err dsse_decode(struct bytes in, struct dsse *out)
{
    struct dsse d;
    struct buf again = {0};
    enum err err = dsse_parse("envelope", in, &d, NULL);

    if (err != ERR_OK)
        return err;
    dsse_encode(&d, &again);
    if (!bytes_equal(bytes_of_buf(&again), in))
        err = ERR_CANONICAL;
    buf_free(&again);
    if (err == ERR_OK)
        *out = d;
    else
        dsse_free(&d);
    return err;
}
