/* The texts of C2SP tlog-witness. */
#include "tlog/witness.h"

#include <inttypes.h>
#include <string.h>

#include "base/mutate.h"
#include "base/text.h"

void witness_request(uint64_t old, const struct merkle_proof *proof, struct bytes note, struct buf *out)
{
    buf_printf(out, "old %" PRIu64 "\n", old);
    for (size_t i = 0; i < proof->count; i++) {
        base64_encode(digest_bytes(&proof->nodes[i]), out);
        buf_add_byte(out, '\n');
    }
    buf_add_byte(out, '\n');
    buf_add(out, note.data, note.len);
}

enum err witness_size(struct bytes answer, uint64_t *out)
{
    if (answer.len == 0 || answer.data[answer.len - 1] != '\n')
        return ERR_SYNTAX;
    return note_number(bytes_of(answer.data, answer.len - 1), out);
}

/* The text and the lines of all others; then the one line of the key. */
static void put_note(const struct note *from, const struct note_key *key, struct bytes signature, struct buf *out)
{
    struct bytes rest = from->lines;

    buf_add(out, from->text.data, from->text.len);
    buf_add_byte(out, '\n');
    for (unsigned i = 0; i < from->count; i++) {
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        size_t len = (size_t)(end - rest.data) + 1;

        if (from->line[i].id != key->id || !bytes_equal(from->line[i].name, key->name))
            buf_add(out, rest.data, len);
        rest = bytes_of(rest.data + len, rest.len - len);
    }
    note_line_put(key, signature, out);
}

/* The answer's lines behind the text that they are of. */
static enum err check_answer(const struct note *from, const struct note_key *key, struct bytes answer,
                             struct buf *signature)
{
    struct buf text = {0};
    struct note answered;
    uint64_t time = 0;
    enum err err;

    buf_add(&text, from->text.data, from->text.len);
    buf_add_byte(&text, '\n');
    buf_add(&text, answer.data, answer.len);
    err = note_parse(bytes_of_buf(&text), &answered);
    if (err == ERR_OK) {
        if (!bytes_equal(answered.text, from->text))
            err = ERR_SYNTAX; /* a blank line in the answer would make it another note */
        if (err == ERR_OK)
            err = note_signature(&answered, key, signature);
        if (err == ERR_OK)
            err = MUTATE(WITNESS_ANY_ANSWER, ERR_OK, checkpoint_verify(&answered, key, &time));
        if (err == ERR_OK && MUTATE(WITNESS_NO_TIME, false, time == 0))
            err = ERR_RANGE; /* "the timestamp MUST NOT be zero" */
        note_fini(&answered);
    }
    buf_free(&text);
    return err;
}

enum err witness_add(struct bytes note, const struct note_key *key, struct bytes answer, struct buf *out)
{
    struct buf signature = {0};
    struct note from;
    enum err err = note_parse(note, &from);

    if (err != ERR_OK)
        return err;
    err = check_answer(&from, key, answer, &signature);
    if (err == ERR_OK)
        put_note(&from, key, bytes_of_buf(&signature), out);
    note_fini(&from);
    buf_free(&signature);
    return err;
}
