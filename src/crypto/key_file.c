#include "crypto/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mutate.h"
#include "base/text.h"
#include "crypto/key_remote.h"
#include "crypto/key_token.h"

#define PRIVATE_LABEL "PRIVATE KEY"
#define SEALED_LABEL "ENCRYPTED PRIVATE KEY"
#define PUBLIC_LABEL "PUBLIC KEY"

enum { KEY_FILE_MAX = 4096, PKCS8_HEAD = 16, SPKI_HEAD = 12, PEM_LINE = 64 /* RFC 7468 section 2 */ };

/* PrivateKeyInfo, version 0, id-Ed25519, an OCTET STRING in an OCTET STRING (RFC 8410 section 10.3). */
static const uint8_t pkcs8_head[PKCS8_HEAD] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                               0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

void key_pkcs8(const uint8_t seed[KEY_SEED_SIZE], uint8_t out[KEY_PKCS8_SIZE])
{
    memcpy(out, pkcs8_head, PKCS8_HEAD);
    memcpy(out + PKCS8_HEAD, seed, KEY_SEED_SIZE);
}

void key_file_wipe(struct buf *buf)
{
    volatile uint8_t *p = buf->data;

    for (size_t i = 0; i < buf->cap; i++)
        p[i] = 0;
    buf_free(buf);
}

static void add_pem(struct buf *out, const char *label, struct bytes der)
{
    struct buf base64 = {0};

    buf_reserve(&base64, 2 * der.len + 4); /* so that nothing secret is left where it grew from */
    base64_encode(der, &base64);
    buf_reserve(out, KEY_FILE_MAX);
    buf_printf(out, "-----BEGIN %s-----\n", label);
    for (size_t at = 0; at < base64.len; at += PEM_LINE) {
        buf_add(out, base64.data + at, base64.len - at < PEM_LINE ? base64.len - at : PEM_LINE);
        buf_add_byte(out, '\n');
    }
    buf_printf(out, "-----END %s-----\n", label);
    key_file_wipe(&base64);
}

void key_file_public_pem(const struct public_key *key, struct buf *out)
{
    uint8_t spki[KEY_SPKI_SIZE];

    key_spki(key, spki);
    add_pem(out, PUBLIC_LABEL, bytes_of(spki, sizeof spki));
}

static enum err write_all(int fd, const char *path, struct bytes text, struct diag *diag)
{
    for (size_t at = 0; at < text.len;) {
        ssize_t n = write(fd, text.data + at, text.len - at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return diag_set(diag, ERR_IO, "%s: %s", path, strerror(errno));
        at += (size_t)n;
    }
    return fsync(fd) == 0 ? ERR_OK : diag_set(diag, ERR_IO, "%s: %s", path, strerror(errno));
}

static enum err write_new(const char *path, struct bytes text, struct diag *diag)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return diag_set(diag, ERR_IO, "%s: %s", path, strerror(errno));
    enum err err = write_all(fd, path, text, diag);
    if (close(fd) != 0 && err == ERR_OK)
        err = diag_set(diag, ERR_IO, "%s: %s", path, strerror(errno));
    if (err != ERR_OK)
        unlink(path);
    return err;
}

enum err key_file_write(const char *path, const uint8_t seed[KEY_SEED_SIZE], struct diag *diag)
{
    uint8_t der[KEY_PKCS8_SIZE];
    struct buf pem = {0};

    key_pkcs8(seed, der);
    add_pem(&pem, PRIVATE_LABEL, bytes_of(der, sizeof der));
    enum err err = write_new(path, bytes_of_buf(&pem), diag);
    for (volatile uint8_t *p = der; p < der + sizeof der; p++)
        *p = 0;
    key_file_wipe(&pem);
    return err;
}

enum err key_file_write_sealed(const char *path, const uint8_t seed[KEY_SEED_SIZE], struct bytes passphrase,
                               const uint8_t salt[KEY_SALT_SIZE], struct diag *diag)
{
    struct buf der = {0}, pem = {0};

    if (passphrase.len < KEY_PASSPHRASE_MIN)
        return diag_set(diag, ERR_RANGE, "%s: a passphrase has %d bytes at least", path, KEY_PASSPHRASE_MIN);
    key_seal(seed, passphrase, salt, &der);
    add_pem(&pem, SEALED_LABEL, bytes_of_buf(&der));
    enum err err = write_new(path, bytes_of_buf(&pem), diag);
    buf_free(&der);
    buf_free(&pem);
    return err;
}

static enum err check_mode(const char *path, const char *what, unsigned mode, struct diag *diag)
{
    if ((mode & 077) == 0 || MUTATE(KEY_OPEN_TO_ALL, true, false))
        return ERR_OK;
    return diag_set(diag, ERR_STATE,
                    "%s: others may read or change this %s (mode %04o); chmod 600 it, and make a new one if anybody "
                    "else has been on this machine",
                    path, what, mode);
}

enum err key_file_passphrase(const char *path, struct buf *out, struct diag *diag)
{
    struct buf text = {0};
    unsigned mode = 0;
    enum err err = file_read_mode(path, KEY_FILE_MAX, &text, &mode, diag);

    if (err == ERR_OK)
        err = check_mode(path, "passphrase", mode, diag);
    if (err == ERR_OK) {
        const uint8_t *end = text.len > 0 ? memchr(text.data, '\n', text.len) : NULL;
        size_t len = end != NULL ? (size_t)(end - text.data) : text.len;

        if (len == 0 || len > KEY_PASSPHRASE_MAX || memchr(text.data, 0, len) != NULL)
            err = diag_set(diag, ERR_RANGE, "%s: expected a passphrase of 1 to %d bytes in the first line", path,
                           KEY_PASSPHRASE_MAX);
        else
            buf_add(out, text.data, len);
    }
    key_file_wipe(&text);
    return err;
}

/* The base64 between BEGIN and END of the label, decoded; its lines may have any length. ERR_MISSING when the text is
 * no such PEM. */
static enum err read_pem(struct buf *text, const char *label, struct buf *der)
{
    struct buf head = {0}, foot = {0}, body = {0};
    enum err err = ERR_MISSING;

    buf_printf(&head, "-----BEGIN %s-----\n", label);
    buf_printf(&foot, "\n-----END %s-----\n", label);
    const char *begin = buf_text(text);
    const char *end = strstr(begin, buf_text(&foot));
    if (strncmp(begin, buf_text(&head), head.len) == 0 && end != NULL && end[foot.len] == '\0' &&
        end >= begin + head.len) {
        buf_reserve(&body, KEY_FILE_MAX);
        for (const char *p = begin + head.len; p < end; p++) {
            if (*p != '\n')
                buf_add_byte(&body, (uint8_t)*p);
        }
        err = base64_decode(bytes_of_buf(&body), der);
    }
    buf_free(&head);
    buf_free(&foot);
    key_file_wipe(&body);
    return err;
}

/* What a file was found to hold: a key's public half, and the other one if it is there. */
struct found {
    struct secret_key key; /* key.public in any case */
    bool is_private;
};

static enum err private_of_der(struct bytes der, struct found *out)
{
    if (der.len != KEY_PKCS8_SIZE || memcmp(der.data, pkcs8_head, PKCS8_HEAD) != 0)
        return ERR_SYNTAX;
    key_from_seed(der.data + PKCS8_HEAD, &out->key);
    out->is_private = true;
    return ERR_OK;
}

static enum err public_of_der(struct bytes der, struct found *out)
{
    uint8_t spki[KEY_SPKI_SIZE];

    if (der.len != KEY_SPKI_SIZE)
        return ERR_SYNTAX;
    memcpy(out->key.public.b, der.data + SPKI_HEAD, KEY_PUBLIC_SIZE);
    key_spki(&out->key.public, spki);
    return memcmp(spki, der.data, sizeof spki) == 0 ? key_check(&out->key.public) : ERR_SYNTAX;
}

static enum err sealed_of_der(struct bytes der, const char *path, const char *passphrase_file, struct found *out,
                              struct diag *diag)
{
    struct buf passphrase = {0};
    uint8_t seed[KEY_SEED_SIZE] = {0};
    enum err err;

    if (passphrase_file == NULL)
        return diag_set(diag, ERR_STATE, "%s: the key is under a passphrase; name the file that has it", path);
    err = key_file_passphrase(passphrase_file, &passphrase, diag);
    if (err != ERR_OK)
        return err;
    err = key_unseal(der, bytes_of_buf(&passphrase), seed);
    if (err == ERR_OK) {
        key_from_seed(seed, &out->key);
        out->is_private = true;
    } else {
        diag_set(diag, err, "%s: the passphrase in %s does not open it, or the file is damaged", path, passphrase_file);
    }
    for (volatile uint8_t *p = seed; p < seed + sizeof seed; p++)
        *p = 0;
    key_file_wipe(&passphrase);
    return err;
}

static enum err plain_of_der(struct bytes der, bool is_private, const char *path, struct found *out, struct diag *diag)
{
    enum err err = is_private ? private_of_der(der, out) : public_of_der(der, out);

    return err == ERR_OK ? ERR_OK : diag_set(diag, err, "%s: not the PEM of an Ed25519 key: %s", path, err_text(err));
}

static enum err find(struct buf *text, const char *path, unsigned mode, const char *passphrase_file, struct found *out,
                     struct diag *diag)
{
    static const char *const labels[] = {PRIVATE_LABEL, SEALED_LABEL, PUBLIC_LABEL};
    struct buf der = {0};
    enum err err = ERR_MISSING;
    unsigned i = 0;

    buf_reserve(&der, KEY_FILE_MAX);
    while (err == ERR_MISSING && i < sizeof labels / sizeof labels[0])
        err = read_pem(text, labels[i++], &der);
    const char *label = labels[i - 1];
    if (err != ERR_OK)
        diag_set(diag, err, "%s: not the PEM of an Ed25519 key: %s", path, err_text(err));
    else if (strcmp(label, PUBLIC_LABEL) != 0)
        err = check_mode(path, "private key", mode, diag);
    if (err == ERR_OK && strcmp(label, SEALED_LABEL) == 0)
        err = sealed_of_der(bytes_of_buf(&der), path, passphrase_file, out, diag);
    else if (err == ERR_OK)
        err = plain_of_der(bytes_of_buf(&der), strcmp(label, PRIVATE_LABEL) == 0, path, out, diag);
    key_file_wipe(&der);
    return err;
}

/* A token's PIN is kept like a passphrase. */
static enum err open_token(const char *uri, const char *pin_file, struct found *out, struct diag *diag)
{
    struct buf pin = {0};
    enum err err = pin_file != NULL ? key_file_passphrase(pin_file, &pin, diag) : ERR_OK;

    if (err == ERR_OK)
        err = key_token_open(uri, pin_file != NULL ? buf_text(&pin) : NULL, &out->key, diag);
    out->is_private = err == ERR_OK;
    key_file_wipe(&pin);
    return err;
}

static enum err read_file(const char *path, const char *passphrase_file, struct found *out, struct diag *diag)
{
    struct buf text = {0};
    unsigned mode = 0;

    if (strncmp(path, KEY_TOKEN_SCHEME, strlen(KEY_TOKEN_SCHEME)) == 0)
        return open_token(path, passphrase_file, out, diag);
    if (strncmp(path, KEY_REMOTE_SCHEME, strlen(KEY_REMOTE_SCHEME)) == 0) {
        out->is_private = true;
        return key_remote_open(path, &out->key, diag);
    }
    enum err err = file_read_mode(path, KEY_FILE_MAX, &text, &mode, diag);
    if (err == ERR_OK)
        err = find(&text, path, mode, passphrase_file, out, diag);
    key_file_wipe(&text);
    return err;
}

enum err key_file_read_public(const char *path, const char *passphrase_file, struct public_key *out, struct diag *diag)
{
    struct found found = {0};
    enum err err = read_file(path, passphrase_file, &found, diag);

    if (err == ERR_OK)
        *out = found.key.public;
    key_wipe(&found.key);
    return err;
}

enum err key_file_read_secret(const char *path, const char *passphrase_file, struct secret_key *out, struct diag *diag)
{
    struct found found = {0};
    enum err err = read_file(path, passphrase_file, &found, diag);

    if (err == ERR_OK && !found.is_private)
        err = diag_set(diag, ERR_KEY,
                       "%s: this is a public key; expected the private one, as prismfed keys generate "
                       "makes it",
                       path);
    if (err == ERR_OK)
        *out = found.key;
    key_wipe(&found.key);
    return err;
}
