#include "trust/statement.h"

#include <jansson.h>
#include <string.h>

#include "trust/read.h"

/* in-toto Statements (in-toto attestation framework, spec/v1/statement.md). */

void statement_encode(const char *name, const struct digest *subject, const char *predicate_type,
                      const json_t *predicate, struct buf *out)
{
    json_t *root = json_object(), *subjects = json_array(), *one = json_object(), *digest = json_object();

    json_put(digest, "sha256", json_hex(digest_bytes(subject)));
    json_put(one, "name", json_string(name));
    json_put(one, "digest", digest);
    json_push(subjects, one);
    json_put(root, "_type", json_string(STATEMENT_TYPE));
    json_put(root, "subject", subjects);
    json_put(root, "predicateType", json_string(predicate_type));
    json_put(root, "predicate", json_deep_copy(predicate));
    json_canonical(root, out);
    json_decref(root);
}

static void expect_text(struct json_reader *r, const json_t *object, const char *key, const char *wanted)
{
    const char *text = json_string_value(json_object_get(object, key));

    read_require(r, object, key);
    if (r->err == ERR_OK && (text == NULL || strcmp(text, wanted) != 0))
        read_fail(r, key, ERR_TYPE, "expected \"%s\"", wanted);
}

static void read_subject(struct json_reader *r, const json_t *one, const char *name, struct digest *out)
{
    static const char *const keys[] = {"name", "digest", NULL}, *const algorithms[] = {"sha256", NULL};
    size_t mark;

    read_keys(r, one, keys);
    expect_text(r, one, "name", name);
    read_require(r, one, "digest");
    const json_t *digest = read_enter_object(r, one, "digest", &mark);
    if (digest != NULL) {
        read_keys(r, digest, algorithms);
        read_require(r, digest, "sha256");
        read_digest(r, digest, "sha256", out);
        read_leave(r, mark);
    }
}

const json_t *statement_read(struct json_reader *r, const json_t *root, const char *name, const char *predicate_type,
                             struct digest *subject, size_t *mark)
{
    static const char *const keys[] = {"_type", "subject", "predicateType", "predicate", NULL};
    size_t outer, inner;

    if (!json_is_object(root)) {
        read_fail(r, NULL, ERR_TYPE, "a Statement is a JSON object");
        return NULL;
    }
    read_keys(r, root, keys);
    expect_text(r, root, "_type", STATEMENT_TYPE);
    expect_text(r, root, "predicateType", predicate_type);
    read_require(r, root, "subject");
    const json_t *subjects = read_enter_array(r, root, "subject", &outer);
    if (subjects != NULL && json_array_size(subjects) != 1)
        read_fail(r, NULL, ERR_RANGE, "expected one subject, found %zu", json_array_size(subjects));
    const json_t *one = r->err == ERR_OK ? read_enter_element(r, subjects, 0, &inner) : NULL;
    if (one != NULL) {
        read_subject(r, one, name, subject);
        read_leave(r, inner);
    }
    read_leave(r, outer);
    read_require(r, root, "predicate");
    return r->err == ERR_OK ? read_enter_object(r, root, "predicate", mark) : NULL;
}
