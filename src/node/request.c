#include "node/request.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mutate.h"
#include "base/text.h"
#include "codec/json_read.h"
#include "crypto/cose.h"
#include "ledger/epoch_file.h"

/* ---- the signed bytes */

static void put_payload(const struct request *request, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_map(&w, 4);
    cbor_put_text(&w, "card");
    member_card_put(&w, &request->card);
    cbor_put_text(&w, "terms");
    digest_put(&w, &request->terms);
    cbor_put_text(&w, "address");
    if (request->address[0] == '\0')
        cbor_put_null(&w);
    else
        cbor_put_text(&w, request->address);
    cbor_put_text(&w, "federation");
    cbor_put_text(&w, request->federation);
    cbor_writer_done(&w);
}

void request_sign(const struct request *request, const struct secret_key *key, struct buf *out)
{
    struct request mine = *request;
    struct buf payload = {0};

    mine.card.key = key->public;
    put_payload(&mine, &payload);
    cose_sign(key, REQUEST_CONTENT_TYPE, REQUEST_SUBJECT, bytes_of_buf(&payload), out);
    buf_free(&payload);
}

static void get_address(struct cbor_reader *r, struct request *out)
{
    struct address parsed;

    if (cbor_peek(r) == CBOR_SIMPLE) {
        cbor_get_null(r);
        return;
    }
    struct bytes text = cbor_get_text(r);
    if (text.len > ADDRESS_MAX)
        cbor_fail(r, ERR_LIMIT);
    if (r->err != ERR_OK)
        return;
    memcpy(out->address, text.data, text.len);
    if (r->err == ERR_OK && (strlen(out->address) != text.len || address_parse(out->address, &parsed, NULL) != ERR_OK))
        cbor_fail(r, ERR_SYNTAX);
}

static void get_federation(struct cbor_reader *r, struct request *out)
{
    struct bytes text = cbor_get_text(r);

    if (r->err != ERR_OK)
        return;
    if (!name_valid(text, FEDERATION_NAME_MAX)) {
        cbor_fail(r, ERR_SYNTAX);
        return;
    }
    memcpy(out->federation, text.data, text.len);
}

static enum err get_payload(struct bytes in, struct request *out)
{
    struct cbor_reader r;

    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 4);
    cbor_expect_key(&r, "card");
    member_card_get(&r, &out->card);
    cbor_expect_key(&r, "terms");
    out->terms = digest_get(&r);
    cbor_expect_key(&r, "address");
    get_address(&r, out);
    cbor_expect_key(&r, "federation");
    get_federation(&r, out);
    return cbor_reader_done(&r);
}

enum err request_open(struct bytes in, struct request *out, struct diag *diag)
{
    struct request request = {0};
    struct cose_sign1 cose;
    enum err err = cose_parse_as(in, REQUEST_CONTENT_TYPE, REQUEST_SUBJECT, &cose);

    if (err != ERR_OK)
        return diag_set(diag, err, "the signed bytes are no request: %s", err_text(err));
    err = get_payload(cose.payload, &request);
    if (err != ERR_OK)
        return diag_set(diag, err, "what is signed is no request: %s", err_text(err));
    err = MUTATE(REQUEST_WEAK_KEY, ERR_OK, key_check(&request.card.key));
    if (err != ERR_OK)
        return diag_set(diag, err, "the key of \"%s\" is not acceptable: no honest key is of that form",
                        request.card.name);
    err = MUTATE(REQUEST_NOT_VERIFIED, ERR_OK, cose_verify(&cose, &request.card.key));
    if (err != ERR_OK)
        return diag_set(diag, err, "forged or altered: the key in the card of \"%s\" has not signed this request (%s)",
                        request.card.name, err_text(err));
    *out = request;
    return ERR_OK;
}

/* ---- the file */

/* is_signed: of a request that was opened, or was signed here. */
static json_t *as_json(struct bytes is_signed)
{
    json_t *out = json_object(), *decoded = NULL;
    struct cose_sign1 cose;
    enum err err = cose_parse(is_signed, &cose);

    ASSERT(err == ERR_OK);
    err = cbor_to_json(cose.payload, &decoded);
    ASSERT(err == ERR_OK);
    json_put(out, "format", json_string(REQUEST_FORMAT));
    json_put(out, "version", json_u64(1));
    json_put(out, "fingerprint", json_hex(digest_bytes(&cose.kid)));
    json_put(out, "request", json_base64(is_signed));
    json_put(out, "decoded", decoded);
    return out;
}

void request_render(struct bytes is_signed, struct buf *out)
{
    json_t *value = as_json(is_signed);

    json_render(value, out);
    json_decref(value);
}

/* Somebody may read the view and not the bytes. */
static enum err compare_view(const struct json_doc *doc, struct bytes is_signed, struct diag *diag)
{
    json_t *expected = as_json(is_signed);
    struct buf pointer = {0};
    enum err err = ERR_OK;

    if (MUTATE(REQUEST_VIEW_BELIEVED, false, json_difference(doc->root, expected, &pointer)))
        err = json_doc_complain(doc, buf_text(&pointer), diag, ERR_MISMATCH,
                                "this is not what was signed; the file was altered");
    buf_free(&pointer);
    json_decref(expected);
    return err;
}

static enum err read_signed(const struct json_doc *doc, struct buf *out, struct diag *diag)
{
    const char *format = json_string_value(json_object_get(doc->root, "format"));
    const char *text = json_string_value(json_object_get(doc->root, "request"));

    if (format == NULL || strcmp(format, REQUEST_FORMAT) != 0)
        return json_doc_complain(doc, "", diag, ERR_TYPE,
                                 "expected \"format\": \"" REQUEST_FORMAT "\", as in the file "
                                 "that prismfed init makes");
    if (text == NULL)
        return json_doc_complain(doc, "", diag, ERR_MISSING, "\"request\" is missing: the signed bytes in base64");
    enum err err = base64_decode(bytes_of_text(text), out);
    if (err != ERR_OK)
        return json_doc_complain(doc, "/request", diag, err, "not base64 (RFC 4648 section 4)");
    return ERR_OK;
}

enum err request_load(const char *path, struct request *out, struct diag *diag)
{
    struct json_doc doc;
    struct buf is_signed = {0};
    struct request request;
    struct diag why = {0};
    enum err err = json_doc_load(&doc, path, REQUEST_SIZE_MAX, diag);

    if (err != ERR_OK)
        return err;
    err = read_signed(&doc, &is_signed, diag);
    if (err == ERR_OK) {
        err = request_open(bytes_of_buf(&is_signed), &request, &why);
        if (err != ERR_OK)
            json_doc_complain(&doc, "/request", diag, err, "%s", why.text);
    }
    if (err == ERR_OK)
        err = compare_view(&doc, bytes_of_buf(&is_signed), diag);
    if (err == ERR_OK)
        *out = request;
    buf_free(&is_signed);
    json_doc_free(&doc);
    return err;
}
