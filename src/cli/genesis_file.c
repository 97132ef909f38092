#include <jansson.h>

#include "cli/genesis_file.h"

#include "base/file.h"
#include "base/text.h"
#include "codec/json.h"
#include "state/genesis.h"
#include "state/state.h"

enum { GENESIS_FILE_MAX = 64 << 20 };

static enum err read_json(const char *path, struct bytes text, struct buf *out, struct diag *diag)
{
    struct json_doc doc;
    enum err err = json_doc_parse(&doc, path, text, diag);

    if (err != ERR_OK)
        return err;
    const char *genesis = json_string_value(json_object_get(doc.root, "genesis"));
    err = genesis != NULL ? base64_decode(bytes_of_text(genesis), out) : ERR_MISSING;
    if (err != ERR_OK)
        json_doc_complain(&doc, "/genesis", diag, err, "expected the genesis document in base64");
    json_doc_free(&doc);
    return err;
}

static enum err check(const char *path, struct bytes genesis, struct digest *federation_id, struct diag *diag)
{
    struct federation_state *s = mem_alloc(sizeof *s);
    enum err err = state_genesis(genesis, s, diag);

    if (err == ERR_OK) {
        *federation_id = s->federation_id;
        state_free(s);
    } else {
        diag_prefix(diag, err, "%s", path);
    }
    mem_free(s);
    return err;
}

enum err genesis_file_read(const char *path, struct buf *out, struct digest *federation_id, struct diag *diag)
{
    struct buf file = {0};
    size_t start = out->len;
    enum err err = file_read(path, GENESIS_FILE_MAX, &file, diag);

    if (err == ERR_OK && file.len > 0 && file.data[0] == '{')
        err = read_json(path, bytes_of_buf(&file), out, diag);
    else if (err == ERR_OK)
        buf_add(out, file.data, file.len);
    if (err == ERR_OK)
        err = check(path, bytes_of(out->data + start, out->len - start), federation_id, diag);
    buf_free(&file);
    return err;
}
