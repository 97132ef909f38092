#include <jansson.h>
#include <string.h>

#include "codec/json.h"

/* RFC 6901 section 3: '~' and '/' are escaped. */
static void add_key(struct buf *pointer, const char *key)
{
    buf_add_byte(pointer, '/');
    for (; *key != '\0'; key++) {
        if (*key == '~' || *key == '/')
            buf_add_text(pointer, *key == '~' ? "~0" : "~1");
        else
            buf_add_byte(pointer, (uint8_t)*key);
    }
}

static bool differs(const json_t *a, const json_t *b, struct buf *pointer);

/* Compares two members; leaves the pointer as it was if they are equal. */
static bool member_differs(const json_t *a, const json_t *b, const char *key, struct buf *pointer)
{
    size_t before = pointer->len;

    add_key(pointer, key);
    if (a == NULL || b == NULL || differs(a, b, pointer))
        return true;
    pointer->len = before;
    return false;
}

/* jansson has no iterator over a const object. */
static json_t *unconst(const json_t *value)
{
    return (json_t *)(uintptr_t)value;
}

static bool object_differs(const json_t *a, const json_t *b, struct buf *pointer)
{
    const char *key;
    json_t *value;

    json_object_foreach(unconst(a), key, value)
    {
        if (member_differs(value, json_object_get(b, key), key, pointer))
            return true;
    }
    json_object_foreach(unconst(b), key, value)
    {
        if (json_object_get(a, key) == NULL) {
            add_key(pointer, key);
            return true;
        }
    }
    return false;
}

static bool array_differs(const json_t *a, const json_t *b, struct buf *pointer)
{
    size_t count_a = json_array_size(a), count_b = json_array_size(b);
    char index[24];

    for (size_t i = 0; i < count_a || i < count_b; i++) {
        snprintf(index, sizeof index, "%zu", i);
        if (member_differs(json_array_get(a, i), json_array_get(b, i), index, pointer))
            return true;
    }
    return false;
}

static bool differs(const json_t *a, const json_t *b, struct buf *pointer)
{
    if (json_typeof(a) != json_typeof(b))
        return true;
    if (json_is_object(a))
        return object_differs(a, b, pointer);
    if (json_is_array(a))
        return array_differs(a, b, pointer);
    return !json_equal(a, b);
}

bool json_difference(const json_t *a, const json_t *b, struct buf *pointer)
{
    buf_clear(pointer);
    return differs(a, b, pointer);
}
