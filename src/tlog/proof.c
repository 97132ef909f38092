/* C2SP tlog-proof, with what makes the file whole in its line "extra". */
#include "tlog/proof.h"

#include <inttypes.h>
#include <string.h>

#include "base/mutate.h"
#include "base/text.h"
#include "ledger/entry.h"

#define FIRST_LINE "c2sp.org/tlog-proof@v1"

/* ---- writing */

static void put_extra(const struct proof *p, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_map(&w, 3);
    cbor_put_text(&w, "key");
    if (p->has_key)
        cbor_put_bytes(&w, bytes_of(p->key.b, sizeof p->key.b));
    else
        cbor_put_null(&w);
    cbor_put_text(&w, "entry");
    cbor_put_bytes(&w, p->entry);
    cbor_put_text(&w, "links");
    cbor_put_array(&w, p->link_count);
    for (unsigned i = 0; i < p->link_count; i++)
        cbor_put_bytes(&w, p->links[i]);
    cbor_writer_done(&w);
}

void proof_print(const struct proof *p, struct buf *out)
{
    struct buf extra = {0};

    put_extra(p, &extra);
    buf_add_text(out, FIRST_LINE "\nextra ");
    base64_encode(bytes_of_buf(&extra), out);
    buf_printf(out, "\nindex %" PRIu64 "\n", p->index);
    for (size_t i = 0; i < p->path.count; i++) {
        base64_encode(digest_bytes(&p->path.nodes[i]), out);
        buf_add_byte(out, '\n');
    }
    buf_add_byte(out, '\n');
    buf_add(out, p->checkpoint.data, p->checkpoint.len);
    buf_free(&extra);
}

/* ---- reading */

struct reader {
    struct bytes rest;
    unsigned line;
    struct diag *diag;
};

static enum err complain(const struct reader *r, enum err err, const char *why)
{
    return diag_set(r->diag, err, "line %u of the proof: %s", r->line, why);
}

static enum err next_line(struct reader *r, struct bytes *line)
{
    const uint8_t *end = r->rest.len > 0 ? memchr(r->rest.data, '\n', r->rest.len) : NULL;

    r->line++;
    if (end == NULL)
        return complain(r, ERR_TRUNCATED, "expected a line that ends with a newline");
    *line = bytes_of(r->rest.data, (size_t)(end - r->rest.data));
    r->rest = bytes_of(end + 1, r->rest.len - line->len - 1);
    return ERR_OK;
}

/* What follows the word and a space. */
static enum err next_value(struct reader *r, const char *word, struct bytes *value)
{
    size_t len = strlen(word);
    struct bytes line;
    enum err err = next_line(r, &line);

    if (err != ERR_OK)
        return err;
    if (line.len < len || memcmp(line.data, word, len) != 0)
        return diag_set(r->diag, ERR_SYNTAX, "line %u of the proof: expected \"%s\"", r->line, word);
    *value = bytes_of(line.data + len, line.len - len);
    return ERR_OK;
}

static enum err read_extra(struct bytes in, struct proof *p)
{
    struct cbor_reader r;
    uint64_t count;

    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 3);
    cbor_expect_key(&r, "key");
    p->has_key = cbor_peek(&r) == CBOR_BYTES;
    if (p->has_key) {
        struct bytes key = cbor_get_bytes_of(&r, KEY_PUBLIC_SIZE);

        if (key.len == KEY_PUBLIC_SIZE)
            memcpy(p->key.b, key.data, KEY_PUBLIC_SIZE);
    } else {
        cbor_get_null(&r);
    }
    cbor_expect_key(&r, "entry");
    p->entry = cbor_get_bytes(&r);
    cbor_expect_key(&r, "links");
    count = cbor_get_array(&r);
    if (count > PROOF_LINKS_MAX) {
        cbor_fail(&r, ERR_LIMIT);
        count = 0;
    }
    p->links = mem_array(count + 1, sizeof p->links[0]);
    for (; p->link_count < count; p->link_count++)
        p->links[p->link_count] = cbor_get_bytes(&r);
    return cbor_reader_done(&r);
}

static enum err read_index(const struct reader *r, struct bytes value, uint64_t *out)
{
    return note_number(value, out) == ERR_OK ? ERR_OK : complain(r, ERR_SYNTAX, "expected the number of an entry");
}

/* Up to the blank line. */
static enum err read_path(struct reader *r, struct merkle_proof *path)
{
    struct bytes line;
    enum err err;

    while ((err = next_line(r, &line)) == ERR_OK && line.len > 0) {
        struct buf node = {0};
        bool fits = path->count < MERKLE_PROOF_MAX && base64_decode(line, &node) == ERR_OK && node.len == DIGEST_SIZE;

        if (fits)
            path->nodes[path->count++] = digest_from(bytes_of_buf(&node));
        buf_free(&node);
        if (!fits)
            return complain(r, ERR_SYNTAX, "expected the base64 of a SHA-256, and at most 64 of them");
    }
    return err;
}

static enum err read_all(struct reader *r, struct proof *p)
{
    struct bytes value;
    enum err err = next_line(r, &value);

    if (err == ERR_OK && !bytes_equal(value, bytes_of_text(FIRST_LINE)))
        err = complain(r, ERR_SYNTAX, "expected \"" FIRST_LINE "\"");
    if (err == ERR_OK)
        err = next_value(r, "extra ", &value);
    if (err == ERR_OK && (err = base64_decode(value, &p->extra)) != ERR_OK)
        return complain(r, err, "is not base64");
    if (err == ERR_OK && (err = read_extra(bytes_of_buf(&p->extra), p)) != ERR_OK)
        return complain(r, err, "does not hold {\"key\", \"entry\", \"links\"} in deterministic CBOR");
    if (err == ERR_OK)
        err = next_value(r, "index ", &value);
    if (err == ERR_OK)
        err = read_index(r, value, &p->index);
    if (err == ERR_OK)
        err = read_path(r, &p->path);
    p->checkpoint = r->rest;
    return err;
}

enum err proof_parse(struct bytes in, struct proof *out, struct diag *diag)
{
    struct reader r = {.rest = in, .diag = diag};
    struct proof p = {0};
    enum err err;

    if (in.len > PROOF_SIZE_MAX)
        return diag_set(diag, ERR_LIMIT, "the proof is larger than %d bytes", (int)PROOF_SIZE_MAX);
    err = read_all(&r, &p);
    if (err != ERR_OK)
        proof_free(&p);
    else
        *out = p;
    return err;
}

void proof_free(struct proof *p)
{
    mem_free(p->links);
    buf_free(&p->extra);
    *p = (struct proof){0};
}

/* ---- checking */

static enum err check_key(const struct proof *p, struct diag *diag)
{
    struct entry *e = entry_open(p->entry);
    struct digest fingerprint = key_fingerprint(&p->key);
    enum err err = e->syntax;

    if (err == ERR_OK && !digest_equal(&fingerprint, &e->cose.kid))
        err = ERR_MISMATCH;
    if (err == ERR_OK)
        err = MUTATE(PROOF_UNSIGNED_ENTRY, ERR_OK, entry_verify(e, &p->key, NULL));
    entry_drop(e);
    return err == ERR_OK
               ? ERR_OK
               : diag_set(diag, err, "the entry is not signed with the key that the proof brings: %s", err_text(err));
}

enum err proof_check(const struct proof *p, const struct note *n, struct checkpoint *c, struct diag *diag)
{
    struct digest leaf = entry_leaf_hash(p->entry);
    enum err err = checkpoint_parse(n->text, c);

    if (err != ERR_OK)
        return diag_set(diag, err, "the checkpoint is not a text of three lines: %s", err_text(err));
    err = MUTATE(PROOF_NO_INCLUSION, ERR_OK, merkle_inclusion_verify(&leaf, p->index, c->size, &p->path, &c->root));
    if (err != ERR_OK)
        return diag_set(diag, err, "entry %" PRIu64 " is not in the tree of %" PRIu64 " entries: %s", p->index, c->size,
                        err_text(err));
    return p->has_key ? check_key(p, diag) : ERR_OK;
}

enum err proof_follow(const struct proof *p, const struct digest *federation_id, struct voter_set *voters,
                      struct diag *diag)
{
    for (unsigned i = 0; i < p->link_count; i++) {
        struct voter_set *next = mem_alloc(sizeof *next);
        enum err err = link_verify(p->links[i], federation_id, voters, next, NULL);

        if (err == ERR_OK)
            *voters = *next;
        mem_free(next);
        if (err != ERR_OK)
            return diag_set(diag, err, "link %u between membership epochs: %s", i, err_text(err));
    }
    return ERR_OK;
}
