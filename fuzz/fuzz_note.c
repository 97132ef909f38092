/* Signed notes, checkpoints, verifier keys, and what witnesses answer: what is read is written again as it was. */

#include "fuzz.h"
#include "tlog/witness.h"

static struct secret_key key;

static void try_key(struct bytes in)
{
    struct note_key found;
    struct buf printed = {0};

    if (note_key_parse(in, &found) != ERR_OK)
        return;
    note_key_print(&found, &printed);
    ASSERT(bytes_equal(bytes_of_buf(&printed), in));
    buf_free(&printed);
}

static void try_note(struct bytes in)
{
    struct note note;
    struct checkpoint c;
    struct buf printed = {0};
    size_t lines = 0;

    if (note_parse(in, &note) != ERR_OK)
        return;
    for (size_t i = 0; i < note.lines.len; i++)
        lines += note.lines.data[i] == '\n';
    ASSERT(note.count >= 1 && note.count == lines && note.text.len + 1 + note.lines.len == in.len);
    if (checkpoint_parse(note.text, &c) == ERR_OK) {
        checkpoint_print(&c, &printed);
        ASSERT(bytes_equal(bytes_of_buf(&printed), note.text));
        if (note_name_valid(c.origin)) {
            struct note_key log = note_key_of(c.origin, NOTE_KEY_LOG, &key.public);
            ASSERT(checkpoint_verify(&note, &log, NULL) != ERR_OK); /* nobody has this key */
        }
    }
    note_fini(&note);
    buf_free(&printed);
}

static void try_answer(struct bytes in)
{
    struct checkpoint c = {.origin = bytes_of_text("prismfed/log/x"), .size = 7};
    struct buf note = {0}, out = {0};
    struct note_key witness;
    uint64_t size;

    checkpoint_print(&c, &note);
    buf_add_byte(&note, '\n');
    checkpoint_sign(&key, &c, &note);
    witness = note_key_of(bytes_of_text("witness"), NOTE_KEY_COSIGNER, &key.public);
    ASSERT(witness_add(bytes_of_buf(&note), &witness, in, &out) != ERR_OK);
    if (witness_size(in, &size) == ERR_OK) {
        buf_printf(&out, "%llu\n", (unsigned long long)size);
        ASSERT(bytes_equal(bytes_of_buf(&out), in));
    }
    buf_free(&note);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;

    if (!ready) {
        key_library_init();
        key_simulated(99, "of nobody", &key);
    }
    ready = true;
    try_key(bytes_of(data, size));
    try_note(bytes_of(data, size));
    try_answer(bytes_of(data, size));
    return 0;
}
