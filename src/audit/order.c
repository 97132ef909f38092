#include "audit/order.h"

#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "base/mutate.h"

/* json_difference() looks a key up wherever it stands; here both documents are walked side by side. */

static bool same_order(const json_t *found, const json_t *expected, struct buf *pointer);

static void point(struct buf *pointer, const char *key)
{
    buf_add_byte(pointer, '/');
    for (; *key != '\0'; key++) {
        if (*key == '~' || *key == '/')
            buf_add_text(pointer, *key == '~' ? "~0" : "~1"); /* RFC 6901 section 3 */
        else
            buf_add_byte(pointer, (uint8_t)*key);
    }
}

static bool same_object(const json_t *found, const json_t *expected, struct buf *pointer)
{
    json_t *a = (json_t *)(uintptr_t)found, *b = (json_t *)(uintptr_t)expected;
    void *i = json_object_iter(a), *k = json_object_iter(b);
    size_t before = pointer->len;

    for (; i != NULL && k != NULL; i = json_object_iter_next(a, i), k = json_object_iter_next(b, k)) {
        point(pointer, json_object_iter_key(k));
        if (strcmp(json_object_iter_key(i), json_object_iter_key(k)) != 0 ||
            !same_order(json_object_iter_value(i), json_object_iter_value(k), pointer))
            return false;
        pointer->len = before;
    }
    return true;
}

static bool same_array(const json_t *found, const json_t *expected, struct buf *pointer)
{
    size_t before = pointer->len;

    for (size_t i = 0; i < json_array_size(expected); i++) {
        buf_printf(pointer, "/%zu", i);
        if (!same_order(json_array_get(found, i), json_array_get(expected, i), pointer))
            return false;
        pointer->len = before;
    }
    return true;
}

static bool same_order(const json_t *found, const json_t *expected, struct buf *pointer)
{
    if (found == expected)
        return true; /* copied from there */
    if (json_is_object(expected))
        return same_object(found, expected, pointer);
    return !json_is_array(expected) || same_array(found, expected, pointer);
}

void order_compare(const char *file, const json_t *found, const json_t *expected, struct audit_report *report)
{
    struct buf pointer = {0};

    if (MUTATE(AUDIT_ANY_ORDER, true, same_order(found, expected, &pointer)))
        audit_pass(report, RULE_FILE_FORM);
    else
        audit_fail(report, RULE_FILE_FORM, file, buf_text(&pointer),
                   "expected this key here: the same values in another order");
    buf_free(&pointer);
}
