#ifndef PRISMFED_CODEC_CBOR_H
#define PRISMFED_CODEC_CBOR_H

#include <stdbool.h>

#include "base/bytes.h"

/* Deterministic CBOR, RFC 8949 section 4.2.1, written and read strictly:
 * shortest arguments and floats, definite lengths, map keys unique and in
 * bytewise order of their encodings, valid UTF-8, no trailing bytes. */

enum { CBOR_DEPTH_MAX = 16 }; /* arrays and maps inside each other */

/* ---- writer: appends to a buf; misuse (keys out of order, wrong counts at
 * cbor_writer_done) is an own bug and asserts. */
struct cbor_level {
    uint64_t left; /* items still expected; a pair is two */
    bool is_map;
    bool key_next;
    bool has_key;
    size_t item_start;         /* of the item that is being read or written */
    size_t key_start, key_len; /* the previous key, to check the order */
};
struct cbor_writer {
    struct buf *out;
    bool tagged; /* a tag was put, its content is next */
    unsigned depth;
    struct cbor_level levels[CBOR_DEPTH_MAX + 1]; /* 0: the one item as a whole */
};

void cbor_writer_init(struct cbor_writer *w, struct buf *out);
void cbor_put_uint(struct cbor_writer *w, uint64_t v);
void cbor_put_int(struct cbor_writer *w, int64_t v);
void cbor_put_bytes(struct cbor_writer *w, struct bytes v);
void cbor_put_text(struct cbor_writer *w, const char *v);
void cbor_put_text_bytes(struct cbor_writer *w, struct bytes v); /* must be UTF-8 */
void cbor_put_array(struct cbor_writer *w, uint64_t count);
void cbor_put_map(struct cbor_writer *w, uint64_t pairs);
void cbor_put_tag(struct cbor_writer *w, uint64_t tag);
void cbor_put_bool(struct cbor_writer *w, bool v);
void cbor_put_null(struct cbor_writer *w);
void cbor_put_double(struct cbor_writer *w, double v); /* shortest of 16, 32, 64 bits; one NaN */
/* One item that is already deterministic CBOR, copied as it is: that it is, is looked at. */
void cbor_put_raw(struct cbor_writer *w, struct bytes item);
/* The same of one that a reader gave, or that a writer ended: nobody looks at it again. */
void cbor_put_known(struct cbor_writer *w, struct bytes item);
void cbor_writer_done(const struct cbor_writer *w); /* asserts that all is closed */

/* ---- reader: errors stick; once failed every getter returns zero values, so
 * a decoder reads straight through and looks at cbor_reader_done() once. The
 * input must outlive the reader and the views that it returns.
 * An array or map ends by itself after its last item, and the next getter reads
 * what follows it: look at the count (cbor_expect_array, cbor_expect_map). The only
 * simple values are false, true and null; others are ERR_UNKNOWN. */
struct cbor_reader {
    struct bytes in;
    size_t pos;
    enum err err;
    size_t err_pos; /* byte offset of the first error */
    bool tagged;
    unsigned depth;
    unsigned base; /* the level that cbor_get_raw began at, else 0 */
    struct cbor_level levels[CBOR_DEPTH_MAX + 1];
};

enum cbor_type {
    CBOR_UINT,
    CBOR_NEGATIVE,
    CBOR_BYTES,
    CBOR_TEXT,
    CBOR_ARRAY,
    CBOR_MAP,
    CBOR_TAG,
    CBOR_SIMPLE,
    CBOR_FLOAT,
    CBOR_NONE
};

void cbor_reader_init(struct cbor_reader *r, struct bytes in);
enum cbor_type cbor_peek(const struct cbor_reader *r); /* CBOR_NONE at the end or after an error */
uint64_t cbor_get_uint(struct cbor_reader *r);
int64_t cbor_get_int(struct cbor_reader *r);                       /* uint or negative; ERR_RANGE past int64 */
struct bytes cbor_get_bytes(struct cbor_reader *r);                /* points into the input */
struct bytes cbor_get_bytes_of(struct cbor_reader *r, size_t len); /* ERR_RANGE for any other length */
struct bytes cbor_get_text(struct cbor_reader *r);
uint64_t cbor_get_array(struct cbor_reader *r); /* count; never more than the bytes left */
uint64_t cbor_get_map(struct cbor_reader *r);   /* pairs; keys are checked for order as read */
uint64_t cbor_get_tag(struct cbor_reader *r);
bool cbor_get_bool(struct cbor_reader *r);
void cbor_get_null(struct cbor_reader *r);
double cbor_get_double(struct cbor_reader *r);
struct bytes cbor_get_raw(struct cbor_reader *r); /* one whole item, checked */
/* Fail with ERR_RANGE unless the count is this one. */
void cbor_expect_array(struct cbor_reader *r, uint64_t count);
void cbor_expect_map(struct cbor_reader *r, uint64_t pairs);
/* Reads a key and fails unless it is this text: ERR_MISSING when the key found sorts
 * behind it or there is none, ERR_UNKNOWN when it sorts before it. */
void cbor_expect_key(struct cbor_reader *r, const char *key);
/* Reads the key and says true if it is this text; else reads nothing. */
bool cbor_accept_key(struct cbor_reader *r, const char *key);
void cbor_fail(struct cbor_reader *r, enum err err); /* the decoder's own objection */
/* ERR_OK when the one item was read to its end and nothing follows it: ERR_SYNTAX
 * for trailing bytes, ERR_LIMIT for parts of the item that nobody has read. */
enum err cbor_reader_done(const struct cbor_reader *r) MUST_CHECK;

/* Is this exactly one deterministic item? err_pos (may be NULL) gets the offset
 * of the item that is not, on error only. */
enum err cbor_check(struct bytes in, size_t *err_pos) MUST_CHECK;

/* RFC 8949 section 8 diagnostic notation, for `prismfed show`: appends one line
 * without a newline. Errors of cbor_check. */
enum err cbor_diagnostic(struct bytes in, struct buf *out) MUST_CHECK;

#endif
