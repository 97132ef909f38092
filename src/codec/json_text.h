#ifndef PRISMFED_CODEC_JSON_TEXT_H
#define PRISMFED_CODEC_JSON_TEXT_H

#include "codec/json.h"

/* JSON written value by value in the form of json_render(), without a tree. The caller opens, names and closes as the
 * grammar wants it (RFC 8259); that no key comes twice is the caller's business, too. */

struct json_text {
    struct buf *out; /* borrowed; appended to */
    unsigned depth;
    bool empty; /* nothing stands in the innermost array or object */
};

/* depth: how deep in a document the value stands. */
void json_text_init(struct json_text *t, struct buf *out, unsigned depth);
void json_text_open(struct json_text *t, char bracket); /* '[' or '{' */
void json_text_close(struct json_text *t, char bracket);
void json_text_item(struct json_text *t);                        /* an array's next value follows */
void json_text_key(struct json_text *t, const char *key);        /* an object's; key: ASCII without escapes */
void json_text_key_bytes(struct json_text *t, struct bytes key); /* UTF-8 */
void json_text_key_hex(struct json_text *t, struct bytes key);

void json_text_null(struct json_text *t);
void json_text_bool(struct json_text *t, bool v);
void json_text_u64(struct json_text *t, uint64_t v);        /* as json_u64() */
void json_text_i64(struct json_text *t, int64_t v);         /* a number, whatever it is */
void json_text_real(struct json_text *t, double v);         /* finite */
void json_text_string(struct json_text *t, struct bytes v); /* UTF-8 */
void json_text_hex(struct json_text *t, struct bytes v);
void json_text_base64(struct json_text *t, struct bytes v);
void json_text_value(struct json_text *t, const json_t *value);

#endif
