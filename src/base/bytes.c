#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mutate.h"

enum { BUF_CAP_MIN = 512 };

static int none_left_status = -1; /* -1: abort() */

void mem_exit_status(int status)
{
    none_left_status = status;
}

_Noreturn void mem_none_left(void)
{
    static const char text[] = "prismfed: out of memory\n";

    (void)(write(STDERR_FILENO, text, sizeof text - 1) < 0);
    if (none_left_status >= 0)
        _exit(none_left_status);
    abort();
}

static void *mem_got(void *p)
{
    if (p == NULL)
        mem_none_left();
    return p;
}

void *mem_alloc(size_t size)
{
    return mem_got(calloc(1, size > 0 ? size : 1));
}

void *mem_array(size_t count, size_t size)
{
    ASSERT(size > 0);
    return mem_got(calloc(count > 0 ? count : 1, size));
}

void *mem_resize(void *p, size_t count, size_t size)
{
    ASSERT(size > 0 && count <= SIZE_MAX / size);
    return mem_got(realloc(p, count > 0 ? count * size : 1));
}

void mem_free(void *p)
{
    free(p);
}

struct bytes bytes_of_text(const char *text)
{
    return bytes_of(text, strlen(text));
}

bool bytes_equal_from_end(struct bytes a, struct bytes b)
{
    enum { END = 32 };
    size_t end = b.len < END ? b.len : END;

    return a.len == b.len && (end == 0 || memcmp(a.data + a.len - end, b.data + b.len - end, end) == 0) &&
           MUTATE(BYTES_EQUAL_BY_THEIR_END, true, bytes_equal(a, b));
}

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0; /* memcmp takes no NULL */

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

void buf_free(struct buf *buf)
{
    mem_free(buf->data);
    *buf = (struct buf){0};
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
}

void buf_reserve(struct buf *buf, size_t more)
{
    size_t cap = buf->cap > 0 ? buf->cap : BUF_CAP_MIN;

    ASSERT(more <= SIZE_MAX / 2 - buf->len);
    if (buf->data != NULL && buf->cap - buf->len >= more)
        return;
    while (cap < buf->len + more)
        cap *= 2;
    buf->data = mem_resize(buf->data, cap, 1);
    buf->cap = cap;
}

void buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_vprintf(struct buf *buf, const char *fmt, va_list args)
{
    va_list again;
    int len;

    ASSERT(fmt != NULL);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, fmt, args);
    ASSERT(len >= 0);
    buf_reserve(buf, (size_t)len + 1); /* vsnprintf also writes a NUL */
    vsnprintf((char *)buf->data + buf->len, (size_t)len + 1, fmt, again);
    buf->len += (size_t)len;
    va_end(again);
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    buf_vprintf(buf, fmt, args);
    va_end(args);
}

const char *buf_text(struct buf *buf)
{
    buf_reserve(buf, 1);
    buf->data[buf->len] = '\0';
    return (const char *)buf->data;
}

struct blob *blob_sized(size_t len)
{
    struct blob *blob;

    ASSERT(len <= SIZE_MAX - sizeof *blob);
    blob = mem_got(malloc(sizeof *blob + len));
    blob->holders = 1;
    blob->len = len;
    return blob;
}

struct blob *blob_join(const struct bytes *parts, unsigned count)
{
    struct blob *blob;
    size_t len = 0;

    for (unsigned i = 0; i < count; i++) {
        ASSERT(parts[i].len <= SIZE_MAX - len);
        len += parts[i].len;
    }
    blob = blob_sized(len);
    len = 0;
    for (unsigned i = 0; i < count; i++) {
        if (parts[i].len > 0)
            memcpy(blob->data + len, parts[i].data, parts[i].len);
        len += parts[i].len;
    }
    return blob;
}

struct blob *blob_new(struct bytes bytes)
{
    return blob_join(&bytes, 1);
}

struct blob *blob_hold(struct blob *blob)
{
    ASSERT(blob->holders > 0 && blob->holders < UINT32_MAX);
    blob->holders++;
    return blob;
}

void blob_drop(struct blob *blob)
{
    if (blob == NULL)
        return;
    ASSERT(blob->holders > 0);
    if (--blob->holders == 0)
        mem_free(blob);
}

void be64_put(uint8_t out[8], uint64_t v)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(v >> (56 - 8 * i));
}

uint64_t be64_get(const uint8_t in[8])
{
    uint64_t v = 0;

    for (int i = 0; i < 8; i++)
        v = v << 8 | in[i];
    return v;
}

unsigned bits_set(uint64_t v)
{
    unsigned count = 0;

    for (; v > 0; v &= v - 1)
        count++;
    return count;
}
