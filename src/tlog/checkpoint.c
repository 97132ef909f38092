/* Checkpoints (C2SP tlog-checkpoint) and their two kinds of signatures. What each kind signs begins in another way
 * ("prismfed/log/", "cosignature/v1"), and so does whatever else a node signs with the same key (a COSE Sig_structure
 * begins with the byte 0x84): no signature can stand for another. */
#include "tlog/checkpoint.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mutate.h"
#include "base/text.h"
#include "tlog/receipt.h"

enum { TIME_LEN = 8 };

static void put_hex_name(const char *prefix, const struct digest *d, struct buf *out)
{
    buf_add_text(out, prefix);
    hex_encode(digest_bytes(d), out);
}

void checkpoint_origin(const struct digest *federation_id, struct buf *out)
{
    put_hex_name(CHECKPOINT_ORIGIN, federation_id, out);
}

void checkpoint_cosigner(const struct digest *fingerprint, struct buf *out)
{
    put_hex_name("prismfed/validator/", fingerprint, out);
}

void checkpoint_print(const struct checkpoint *c, struct buf *out)
{
    buf_add(out, c->origin.data, c->origin.len);
    buf_printf(out, "\n%" PRIu64 "\n", c->size);
    base64_encode(digest_bytes(&c->root), out);
    buf_add_byte(out, '\n');
}

/* ---- reading */

/* The next line, without its newline; false when there is none. */
static bool take_line(struct bytes *rest, struct bytes *line)
{
    const uint8_t *end = rest->len > 0 ? memchr(rest->data, '\n', rest->len) : NULL;

    if (end == NULL)
        return false;
    *line = bytes_of(rest->data, (size_t)(end - rest->data));
    *rest = bytes_of(end + 1, rest->len - line->len - 1);
    return true;
}

static enum err read_root(struct bytes line, struct digest *out)
{
    struct buf bytes = {0};
    enum err err = base64_decode(line, &bytes);

    if (err == ERR_OK && bytes.len != DIGEST_SIZE)
        err = ERR_SYNTAX;
    if (err == ERR_OK)
        *out = digest_from(bytes_of_buf(&bytes));
    buf_free(&bytes);
    return err;
}

enum err checkpoint_parse(struct bytes text, struct checkpoint *out)
{
    struct checkpoint c;
    struct bytes size, root;
    enum err err;

    if (!take_line(&text, &c.origin) || !take_line(&text, &size) || !take_line(&text, &root) || c.origin.len == 0)
        return ERR_SYNTAX;
    err = note_number(size, &c.size);
    if (err == ERR_OK)
        err = read_root(root, &c.root);
    if (err == ERR_OK && text.len > 0)
        err = ERR_RANGE; /* an extension line: nobody could audit it */
    if (err == ERR_OK)
        *out = c;
    return err;
}

/* ---- signing */

static void cosigned_message(uint64_t time, struct bytes text, struct buf *out)
{
    buf_printf(out, "cosignature/v1\ntime %" PRIu64 "\n", time);
    buf_add(out, text.data, text.len);
}

void checkpoint_sign(const struct secret_key *key, const struct checkpoint *c, struct buf *out)
{
    struct note_key as = note_key_of(c->origin, NOTE_KEY_LOG, &key->public);
    uint8_t signature[SIGNATURE_SIZE];
    struct buf text = {0};

    checkpoint_print(c, &text);
    key_sign(key, bytes_of_buf(&text), signature);
    note_line_put(&as, bytes_of(signature, sizeof signature), out);
    buf_free(&text);
}

void checkpoint_cosign(const struct secret_key *key, const struct checkpoint *c, uint64_t time, struct buf *out)
{
    uint8_t signature[TIME_LEN + SIGNATURE_SIZE];
    struct buf text = {0}, message = {0}, name = {0};

    checkpoint_cosigner(&key->fingerprint, &name);
    struct note_key as = note_key_of(bytes_of_buf(&name), NOTE_KEY_COSIGNER, &key->public);
    checkpoint_print(c, &text);
    cosigned_message(time, bytes_of_buf(&text), &message);
    be64_put(signature, time);
    key_sign(key, bytes_of_buf(&message), signature + TIME_LEN);
    note_line_put(&as, bytes_of(signature, sizeof signature), out);
    buf_free(&text);
    buf_free(&message);
    buf_free(&name);
}

void checkpoint_signer_make(const struct secret_key *key, const struct checkpoint *c, struct checkpoint_signer *out)
{
    *out = (struct checkpoint_signer){.kid = key->fingerprint};
    checkpoint_sign(key, c, &out->log);
    checkpoint_cosign(key, c, 0, &out->cosignature);
    receipt_sign(key, c, &out->receipt);
}

void checkpoint_signer_fini(struct checkpoint_signer *s)
{
    buf_free(&s->log);
    buf_free(&s->cosignature);
    buf_free(&s->receipt);
}

static int compare_signers(const void *a, const void *b)
{
    return digest_compare(&((const struct checkpoint_signer *)a)->kid, &((const struct checkpoint_signer *)b)->kid);
}

void checkpoint_assemble(const struct checkpoint *c, struct checkpoint_signer *signers, unsigned count, struct buf *out)
{
    ASSERT(count > 0);
    qsort(signers, count, sizeof signers[0], compare_signers);
    checkpoint_print(c, out);
    buf_add_byte(out, '\n');
    buf_add(out, signers[0].log.data, signers[0].log.len);
    for (unsigned i = 0; i < count; i++)
        buf_add(out, signers[i].cosignature.data, signers[i].cosignature.len);
    for (unsigned i = 0; i < count; i++)
        buf_add(out, signers[i].receipt.data, signers[i].receipt.len);
}

/* ---- verifying */

static enum err verify_cosignature(struct bytes text, const struct note_key *key, struct bytes signature,
                                   uint64_t *time)
{
    struct buf message = {0};
    uint64_t at = be64_get(signature.data);
    enum err err;

    if (at > INT64_MAX)
        return ERR_SIGNATURE; /* "It MUST NOT exceed 2^63 - 1" */
    cosigned_message(at, text, &message);
    err = key_verify(&key->public, bytes_of_buf(&message), signature.data + TIME_LEN);
    buf_free(&message);
    if (err == ERR_OK && time != NULL)
        *time = at;
    return err;
}

enum err checkpoint_verify(const struct note *n, const struct note_key *key, uint64_t *time)
{
    size_t expected = key->type == NOTE_KEY_LOG ? SIGNATURE_SIZE : TIME_LEN + SIGNATURE_SIZE;
    struct buf signature = {0};
    enum err err = note_signature(n, key, &signature);

    if (err == ERR_OK && signature.len != expected)
        err = ERR_SIGNATURE;
    if (err == ERR_OK && MUTATE(CHECKPOINT_ANY_SIGNATURE, false, true))
        err = key->type == NOTE_KEY_LOG ? key_verify(&key->public, n->text, signature.data)
                                        : verify_cosignature(n->text, key, bytes_of_buf(&signature), time);
    buf_free(&signature);
    return err;
}
