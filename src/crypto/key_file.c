#include "crypto/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mutate.h"
#include "base/text.h"

#define PRIVATE_LABEL "PRIVATE KEY"
#define PUBLIC_LABEL "PUBLIC KEY"

enum { KEY_FILE_MAX = 4096, PKCS8_SIZE = 48, PKCS8_HEAD = 16, SPKI_HEAD = 12 };

/* PrivateKeyInfo, version 0, id-Ed25519, an OCTET STRING in an OCTET STRING (RFC 8410 section 10.3). */
static const uint8_t pkcs8_head[PKCS8_HEAD] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                               0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

/* Both kinds fit one line of base64. */
static void add_pem(struct buf *out, const char *label, struct bytes der)
{
    buf_printf(out, "-----BEGIN %s-----\n", label);
    base64_encode(der, out);
    buf_printf(out, "\n-----END %s-----\n", label);
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

static void wipe(struct buf *buf)
{
    volatile uint8_t *p = buf->data;

    for (size_t i = 0; i < buf->cap; i++)
        p[i] = 0;
    buf_free(buf);
}

enum err key_file_write(const char *path, const uint8_t seed[KEY_SEED_SIZE], struct diag *diag)
{
    struct buf der = {0}, pem = {0};
    enum err err;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return diag_set(diag, ERR_IO, "%s: %s", path, strerror(errno));
    buf_add(&der, pkcs8_head, sizeof pkcs8_head);
    buf_add(&der, seed, KEY_SEED_SIZE);
    add_pem(&pem, PRIVATE_LABEL, bytes_of_buf(&der));
    err = write_all(fd, path, bytes_of_buf(&pem), diag);
    if (close(fd) != 0 && err == ERR_OK)
        err = diag_set(diag, ERR_IO, "%s: %s", path, strerror(errno));
    if (err != ERR_OK)
        unlink(path);
    wipe(&der);
    wipe(&pem);
    return err;
}

/* The base64 between BEGIN and END of the label, decoded. ERR_MISSING when the text is no such PEM. */
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
        buf_add(&body, begin + head.len, (size_t)(end - begin) - head.len);
        err = base64_decode(bytes_of_buf(&body), der);
    }
    buf_free(&head);
    buf_free(&foot);
    wipe(&body);
    return err;
}

/* What a file was found to hold: a key's public half, and the other one if it is there. */
struct found {
    struct secret_key key; /* key.public in any case */
    bool is_private;
};

static enum err private_of_der(struct bytes der, struct found *out)
{
    if (der.len != PKCS8_SIZE || memcmp(der.data, pkcs8_head, PKCS8_HEAD) != 0)
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

static enum err find(struct buf *text, const char *path, unsigned mode, struct found *out, struct diag *diag)
{
    struct buf der = {0};
    bool is_private = true;
    enum err err = read_pem(text, PRIVATE_LABEL, &der);

    if (err == ERR_OK && (mode & 077) != 0 && MUTATE(KEY_OPEN_TO_ALL, false, true)) {
        wipe(&der);
        return diag_set(diag, ERR_STATE,
                        "%s: others may read or change this private key (mode %04o); chmod 600 it, and make a new key "
                        "if anybody else has been on this machine",
                        path, mode);
    }
    if (err == ERR_MISSING) {
        is_private = false;
        err = read_pem(text, PUBLIC_LABEL, &der);
    }
    if (err == ERR_OK)
        err = is_private ? private_of_der(bytes_of_buf(&der), out) : public_of_der(bytes_of_buf(&der), out);
    wipe(&der);
    return err == ERR_OK ? ERR_OK : diag_set(diag, err, "%s: not the PEM of an Ed25519 key: %s", path, err_text(err));
}

static enum err read_file(const char *path, struct found *out, struct diag *diag)
{
    struct buf text = {0};
    unsigned mode = 0;
    enum err err = file_read_mode(path, KEY_FILE_MAX, &text, &mode, diag);

    if (err == ERR_OK)
        err = find(&text, path, mode, out, diag);
    wipe(&text);
    return err;
}

enum err key_file_read_public(const char *path, struct public_key *out, struct diag *diag)
{
    struct found found = {0};
    enum err err = read_file(path, &found, diag);

    if (err == ERR_OK)
        *out = found.key.public;
    key_wipe(&found.key);
    return err;
}

enum err key_file_read_secret(const char *path, struct secret_key *out, struct diag *diag)
{
    struct found found = {0};
    enum err err = read_file(path, &found, diag);

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
