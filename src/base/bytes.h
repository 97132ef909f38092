#ifndef PRISMFED_BASE_BYTES_H
#define PRISMFED_BASE_BYTES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

/* A view of bytes that somebody else owns. */
struct bytes {
    const uint8_t *data;
    size_t len;
};

/* Growable bytes, owned by whoever declared them. Zero-initialise, buf_free()
 * at the end. Memory that cannot be had ends the process (mem_none_left). */
struct buf {
    uint8_t *data;
    size_t len;
    size_t cap;
};

/* Immutable shared bytes: one allocation, a count of holders. Not shared
 * between threads. */
struct blob {
    uint32_t holders;
    size_t len;
    uint8_t data[];
};

void *mem_alloc(size_t size);               /* zeroed; mem_none_left() when there is none */
void *mem_array(size_t count, size_t size); /* zeroed; checks the product */
void *mem_resize(void *p, size_t count, size_t size);
void mem_free(void *p);

/* Says so and ends the process: with abort(), or with the exit status that a program has chosen. */
_Noreturn void mem_none_left(void);
void mem_exit_status(int status);

static inline struct bytes bytes_of(const void *data, size_t len)
{
    return (struct bytes){.data = data, .len = len};
}
struct bytes bytes_of_text(const char *text);
static inline struct bytes bytes_of_buf(const struct buf *buf)
{
    return bytes_of(buf->data, buf->len);
}
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0); /* memcmp takes no NULL */
}
/* The same, but the ends are looked at first: of bytes that begin alike and end with what tells them apart, as whatever
 * is signed does. */
bool bytes_equal_from_end(struct bytes a, struct bytes b);
/* Bytewise lexicographic, the shorter first on a common prefix; <0, 0, >0. */
int bytes_compare(struct bytes a, struct bytes b);

void buf_free(struct buf *buf);
void buf_clear(struct buf *buf);                /* keeps the memory */
void buf_reserve(struct buf *buf, size_t more); /* makes room behind len */
/* What is added must not lie in buf itself. Every function of the project that
 * fills a buf appends to it, unless it says otherwise. */
static inline void buf_add(struct buf *buf, const void *data, size_t len)
{
    if (len == 0)
        return;
    if (buf->cap - buf->len < len)
        buf_reserve(buf, len);
    memcpy(buf->data + buf->len, data, len);
    buf->len += len;
}
static inline void buf_add_byte(struct buf *buf, uint8_t byte)
{
    if (buf->len == buf->cap)
        buf_reserve(buf, 1);
    buf->data[buf->len++] = byte;
}
void buf_add_text(struct buf *buf, const char *text);
void buf_printf(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *buf, const char *fmt, va_list args) PRINTF_LIKE(2, 0);
/* NUL-terminates without counting the NUL; valid until the next change. */
const char *buf_text(struct buf *buf);

/* blob_sized leaves the bytes to whoever made it, until it is shared. blob_new copies and returns one holding;
 * blob_hold adds one and returns its argument; blob_drop (NULL is fine) frees at the last one. */
struct blob *blob_sized(size_t len);
struct blob *blob_new(struct bytes bytes);
struct blob *blob_join(const struct bytes *parts, unsigned count); /* one after the other */
struct blob *blob_hold(struct blob *blob);
void blob_drop(struct blob *blob);
static inline struct bytes blob_bytes(const struct blob *blob)
{
    return bytes_of(blob->data, blob->len);
}

void be64_put(uint8_t out[8], uint64_t v);
uint64_t be64_get(const uint8_t in[8]);
unsigned bits_set(uint64_t v); /* how many */

#endif
