#ifndef PRISMFED_CODEC_JSON_READ_H
#define PRISMFED_CODEC_JSON_READ_H

#include "codec/json.h"

/* Reads what a JSON document should hold straight through. Errors stick: after the first one every function leaves its
 * output alone. An optional member that is absent leaves the default that stands in the output. */
struct json_reader {
    const struct json_doc *doc;
    struct diag *diag;
    enum err err;
    struct buf pointer; /* RFC 6901, of the object that is being read; owned */
};

/* Complains about the member `key` of the object that is being read, or about the object itself (NULL). */
void read_fail(struct json_reader *r, const char *key, enum err err, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Steps into a member or an element (NULL when it is absent or of the wrong type) and back. */
const json_t *read_enter_object(struct json_reader *r, const json_t *object, const char *key, size_t *mark);
const json_t *read_enter_array(struct json_reader *r, const json_t *object, const char *key, size_t *mark);
const json_t *read_enter_element(struct json_reader *r, const json_t *array, size_t index, size_t *mark);
void read_leave(struct json_reader *r, size_t mark);

/* Refuses every key that is not listed, with the nearest one that is, and all that are. */
void read_keys(struct json_reader *r, const json_t *object, const char *const known[]);
void read_require(struct json_reader *r, const json_t *object, const char *key);

void read_u64(struct json_reader *r, const json_t *object, const char *key, uint64_t lo, uint64_t hi, uint64_t *out);
void read_unsigned(struct json_reader *r, const json_t *object, const char *key, unsigned lo, unsigned hi,
                   unsigned *out);
/* Any 64-bit number: an integer, or a decimal string (a JSON number is exact up to 2^53 only). */
void read_seed(struct json_reader *r, const json_t *object, const char *key, uint64_t *out);
void read_real(struct json_reader *r, const json_t *object, const char *key, double lo, double hi, double *out);
/* Milliseconds, whole or with decimals, to nanoseconds. */
void read_ms(struct json_reader *r, const json_t *object, const char *key, int64_t lo_ms, int64_t hi_ms,
             int64_t *out_ns);
void read_bool(struct json_reader *r, const json_t *object, const char *key, bool *out);
/* 1 to size - 1 bytes that text_is_plain(). */
void read_text(struct json_reader *r, const json_t *object, const char *key, char *out, size_t size);
/* 1 to size - 1 bytes that name_valid(). */
void read_name(struct json_reader *r, const json_t *object, const char *key, char *out, size_t size);
/* One of the names (a list that NULL ends); the index of it. */
void read_choice(struct json_reader *r, const json_t *object, const char *key, const char *const names[],
                 unsigned *out);

#endif
