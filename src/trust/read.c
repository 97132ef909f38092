#include "trust/read.h"

#include <string.h>

#include "base/text.h"

static bool read_hex(struct json_reader *r, const json_t *object, const char *key, uint8_t out[DIGEST_SIZE])
{
    char hex[2 * DIGEST_SIZE + 1] = "";
    struct buf bytes = {0};

    read_text(r, object, key, hex, sizeof hex);
    bool there = r->err == ERR_OK && hex[0] != '\0';
    if (there && (hex_decode(bytes_of_text(hex), &bytes) != ERR_OK || bytes.len != DIGEST_SIZE)) {
        read_fail(r, key, ERR_SYNTAX, "expected %d hex digits of lower case", 2 * DIGEST_SIZE);
        there = false;
    }
    if (there)
        memcpy(out, bytes.data, DIGEST_SIZE);
    buf_free(&bytes);
    return there;
}

void read_digest(struct json_reader *r, const json_t *object, const char *key, struct digest *out)
{
    (void)read_hex(r, object, key, out->b);
}

void read_public_key(struct json_reader *r, const json_t *object, const char *key, struct public_key *out)
{
    struct public_key k;

    if (!read_hex(r, object, key, k.b))
        return;
    enum err err = key_check(&k);
    if (err != ERR_OK)
        read_fail(r, key, err, "%s", err_text(err));
    else
        *out = k;
}
