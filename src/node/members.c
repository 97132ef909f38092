#include "node/members.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "codec/json_read.h"

void members_render(const struct members *members, const char *federation, struct buf *out)
{
    json_t *file = json_object(), *list = json_array();

    json_put(file, "format", json_string(MEMBERS_FORMAT));
    json_put(file, "version", json_u64(1));
    json_put(file, "federation", json_string(federation));
    json_put(file, "federation_id", json_hex(digest_bytes(&members->federation_id)));
    for (unsigned i = 0; i < members->count; i++) {
        const struct members_row *m = &members->rows[i];
        json_t *row = json_object();

        json_put(row, "name", json_string(m->name));
        json_put(row, "fingerprint", json_hex(digest_bytes(&m->fingerprint)));
        json_put(row, "address", m->address[0] != '\0' ? json_string(m->address) : json_null());
        json_push(list, row);
    }
    json_put(file, "members", list);
    json_render(file, out);
    json_decref(file);
}

static void read_digest(struct json_reader *r, const json_t *object, const char *key, struct digest *out)
{
    const char *text = json_string_value(json_object_get(object, key));
    struct buf bytes = {0};

    read_require(r, object, key);
    if (r->err == ERR_OK &&
        (text == NULL || hex_decode(bytes_of_text(text), &bytes) != ERR_OK || bytes.len != DIGEST_SIZE))
        read_fail(r, key, ERR_SYNTAX, "expected 64 lower-case hex digits");
    else if (r->err == ERR_OK)
        *out = digest_from(bytes_of_buf(&bytes));
    buf_free(&bytes);
}

static void read_row(struct json_reader *r, const json_t *object, const struct members *before, struct members_row *out)
{
    static const char *const keys[] = {"name", "fingerprint", "address", NULL};
    struct address parsed;
    struct diag why = {0};

    read_keys(r, object, keys);
    read_require(r, object, "name");
    read_name(r, object, "name", out->name, sizeof out->name);
    read_digest(r, object, "fingerprint", &out->fingerprint);
    read_require(r, object, "address");
    if (!json_is_null(json_object_get(object, "address")))
        read_text(r, object, "address", out->address, sizeof out->address);
    if (r->err == ERR_OK && out->address[0] != '\0' && address_parse(out->address, &parsed, &why) != ERR_OK)
        read_fail(r, "address", ERR_SYNTAX, "%s", why.text);
    for (unsigned i = 0; i < before->count && r->err == ERR_OK; i++) {
        if (strcmp(before->rows[i].name, out->name) == 0)
            read_fail(r, "name", ERR_DUPLICATE, "\"%s\" is the name of /members/%u already", out->name, i);
        else if (digest_equal(&before->rows[i].fingerprint, &out->fingerprint))
            read_fail(r, "fingerprint", ERR_DUPLICATE, "\"%s\" has this key already", before->rows[i].name);
    }
}

static void read_rows(struct json_reader *r, const json_t *root, struct members *out)
{
    size_t mark, inner;
    const json_t *list = read_enter_array(r, root, "members", &mark);
    size_t count = json_array_size(list);

    if (r->err != ERR_OK)
        return;
    out->rows = mem_array(count + 1, sizeof out->rows[0]);
    for (size_t i = 0; i < count && r->err == ERR_OK; i++) {
        const json_t *object = read_enter_element(r, list, i, &inner);

        if (object != NULL)
            read_row(r, object, out, &out->rows[out->count]);
        read_leave(r, inner);
        out->count += r->err == ERR_OK;
    }
    read_leave(r, mark);
}

static void read_root(struct json_reader *r, const json_t *root, struct members *out)
{
    static const char *const keys[] = {"format", "version", "federation", "federation_id", "members", NULL};
    const char *format = json_string_value(json_object_get(root, "format"));
    unsigned version = 1;

    if (format == NULL || strcmp(format, MEMBERS_FORMAT) != 0) {
        read_fail(r, NULL, ERR_TYPE,
                  "expected \"format\": \"" MEMBERS_FORMAT "\", as in the file that prismfed admit makes");
        return;
    }
    read_unsigned(r, root, "version", 1, 1, &version);
    read_keys(r, root, keys);
    read_digest(r, root, "federation_id", &out->federation_id);
    read_require(r, root, "members");
    read_rows(r, root, out);
}

enum err members_load(const char *path, struct members *out, struct diag *diag)
{
    struct json_doc doc;
    struct json_reader r = {.doc = &doc, .diag = diag};
    struct members members = {0};
    enum err err = json_doc_load(&doc, path, MEMBERS_FILE_MAX, diag);

    if (err != ERR_OK)
        return err;
    read_root(&r, doc.root, &members);
    buf_free(&r.pointer);
    json_doc_free(&doc);
    if (r.err == ERR_OK)
        *out = members;
    else
        members_fini(&members);
    return r.err;
}

void members_fini(struct members *members)
{
    mem_free(members->rows);
    *members = (struct members){0};
}

const struct members_row *members_find(const struct members *members, const char *name)
{
    for (unsigned i = 0; i < members->count; i++) {
        if (strcmp(members->rows[i].name, name) == 0)
            return &members->rows[i];
    }
    return NULL;
}
