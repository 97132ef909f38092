#include "base/text.h"
#include "tap.h"
#include "tlog/checkpoint.h"

/* Signed notes, verifier keys and checkpoints: the specification's own examples, and what has to be refused. */

static const char example[] =
    "This is an example message.\n"
    "\n"
    "\xe2\x80\x94 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
static const char example_key[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

/* signed-note.md, "Example". */
static void the_example(void)
{
    struct note note;
    struct note_key key;
    struct buf printed = {0}, signature = {0};

    REQUIRE_OK(note_key_parse(bytes_of_text(example_key), &key));
    CHECK_EQ_U64(key.type, NOTE_KEY_LOG);
    note_key_print(&key, &printed);
    CHECK(bytes_equal(bytes_of_buf(&printed), bytes_of_text(example_key)));
    REQUIRE_OK(note_parse(bytes_of_text(example), &note));
    CHECK_EQ_U64(note.count, 1);
    CHECK_OK(note_signature(&note, &key, &signature));
    CHECK_OK(checkpoint_verify(&note, &key, NULL));
    note_fini(&note);
    buf_free(&printed);
    buf_free(&signature);
}

static void keys_that_are_none(void)
{
    static const struct {
        const char *text;
        enum err err;
    } bad[] = {
        {"", ERR_SYNTAX},
        {"example.com/foo", ERR_SYNTAX},
        {"example.com/foo+530d903a", ERR_SYNTAX},
        {"+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ERR_SYNTAX},
        {"a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ERR_SYNTAX},
        {"a\xc2\xa0"
         "b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
         ERR_SYNTAX},
        {"example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ERR_MISMATCH},
        {"example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ERR_MISMATCH},
        {"example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ERR_MISMATCH},
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U==", ERR_SYNTAX},
        {"example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ERR_UNKNOWN},
    };

    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct note_key key;
        CHECK_ERR(note_key_parse(bytes_of_text(bad[i].text), &key), bad[i].err);
    }
}

static void notes_that_are_none(void)
{
    static const char *const bad[] = {
        "",
        "\n",
        "\n\n",
        "text\n",
        "text\n\n",
        "text\n\nmore\n",
        "text\n\n\xe2\x80\x94 name\n",
        "text\n\n\xe2\x80\x94 name AAAA\n",         /* no signature behind the id */
        "text\n\n\xe2\x80\x94 name AAAAAA==",       /* no newline */
        "text\n\n\xe2\x80\x94 name AAAAAA\n",       /* no base64 */
        "text\n\n\xe2\x80\x94 na+me AAAAAAA=\n",    /* no name */
        "te\txt\n\n\xe2\x80\x94 name AAAAAAA=\n",   /* a control character */
        "te\xffxt\n\n\xe2\x80\x94 name AAAAAAA=\n", /* no UTF-8 */
        "text\n\n\xe2\x80\x94 name AAAAAAA=\nmore\n",
    };
    struct note note;

    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(note_parse(bytes_of_text(bad[i]), &note) != ERR_OK);
    REQUIRE_OK(note_parse(bytes_of_text("text\n\n\xe2\x80\x94 name AAAAAAA=\n"), &note));
    note_fini(&note);
}

/* ---- checkpoints */

static struct secret_key key_a, key_b;
static struct checkpoint point = {.size = 77, .root = {{9, 8, 7}}};

static void make(struct buf *out)
{
    struct checkpoint_signer signers[2];
    static struct buf origin;

    key_simulated(5, "a", &key_a);
    key_simulated(5, "b", &key_b);
    buf_clear(&origin);
    checkpoint_origin(&(struct digest){{3}}, &origin);
    point.origin = bytes_of_buf(&origin);
    checkpoint_signer_make(&key_a, &point, &signers[0]);
    checkpoint_signer_make(&key_b, &point, &signers[1]);
    for (unsigned i = 0; i < 2; i++)
        buf_clear(&signers[i].receipt); /* test_receipt.c */
    checkpoint_assemble(&point, signers, 2, out);
    checkpoint_signer_fini(&signers[0]);
    checkpoint_signer_fini(&signers[1]);
}

static struct note_key cosigner(const struct secret_key *key, struct buf *name)
{
    buf_clear(name);
    checkpoint_cosigner(&key->fingerprint, name);
    return note_key_of(bytes_of_buf(name), NOTE_KEY_COSIGNER, &key->public);
}

static void there_and_back(void)
{
    struct buf text = {0}, name = {0};
    struct checkpoint found;
    struct note note;
    uint64_t time = 1;

    make(&text);
    REQUIRE_OK(note_parse(bytes_of_buf(&text), &note));
    CHECK_EQ_U64(note.count, 3);
    REQUIRE_OK(checkpoint_parse(note.text, &found));
    CHECK_EQ_U64(found.size, 77);
    CHECK(digest_equal(&found.root, &point.root));
    struct note_key a = cosigner(&key_a, &name);
    CHECK_OK(checkpoint_verify(&note, &a, &time));
    CHECK_EQ_U64(time, 0);
    struct note_key b = cosigner(&key_b, &name);
    CHECK_OK(checkpoint_verify(&note, &b, NULL));
    struct note_key log_a = note_key_of(found.origin, NOTE_KEY_LOG, &key_a.public);
    struct note_key log_b = note_key_of(found.origin, NOTE_KEY_LOG, &key_b.public);
    CHECK((checkpoint_verify(&note, &log_a, NULL) == ERR_OK) != (checkpoint_verify(&note, &log_b, NULL) == ERR_OK));
    note_fini(&note);
    buf_free(&text);
    buf_free(&name);
}

/* Nothing of it may change: the text, a name, an id, a time, a signature. */
static void every_flipped_bit_fails(void)
{
    struct buf text = {0}, name_a = {0}, name_b = {0};

    make(&text);
    struct note_key a = cosigner(&key_a, &name_a), b = cosigner(&key_b, &name_b);
    for (size_t i = 0; i < 8 * text.len; i++) {
        struct note note;
        unsigned good = 0;

        text.data[i / 8] ^= (uint8_t)(1u << i % 8);
        if (note_parse(bytes_of_buf(&text), &note) == ERR_OK) {
            struct note_key log_a = note_key_of(point.origin, NOTE_KEY_LOG, &key_a.public);
            struct note_key log_b = note_key_of(point.origin, NOTE_KEY_LOG, &key_b.public);

            good += checkpoint_verify(&note, &a, NULL) == ERR_OK;
            good += checkpoint_verify(&note, &b, NULL) == ERR_OK;
            good +=
                checkpoint_verify(&note, &log_a, NULL) == ERR_OK || checkpoint_verify(&note, &log_b, NULL) == ERR_OK;
            note_fini(&note);
        }
        CHECK(good < 3);
        text.data[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    buf_free(&text);
    buf_free(&name_a);
    buf_free(&name_b);
}

static void texts_that_are_none(void)
{
    static const char root[] = "CQgHAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    struct buf text = {0};
    struct checkpoint c;
    static const char *const heads[] = {"\n7\n", "o\n07\n", "o\n\n", "o\n-7\n", "o\n99999999999999999999\n", "o\n7 \n"};

    buf_printf(&text, "o\n7\n%s\n", root);
    CHECK_OK(checkpoint_parse(bytes_of_buf(&text), &c));
    buf_add_text(&text, "an extension\n");
    CHECK_ERR(checkpoint_parse(bytes_of_buf(&text), &c), ERR_RANGE);
    for (unsigned i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        buf_clear(&text);
        buf_printf(&text, "%s%s\n", heads[i], root);
        CHECK(checkpoint_parse(bytes_of_buf(&text), &c) != ERR_OK);
    }
    CHECK(checkpoint_parse(bytes_of_text("o\n7\nCQgH\n"), &c) != ERR_OK);
    CHECK(checkpoint_parse(bytes_of_text("o\n7\n"), &c) != ERR_OK);
    buf_free(&text);
}

/* A line that stands twice is not two voices. */
static void signed_twice(void)
{
    struct buf text = {0}, name = {0};
    struct note note;

    make(&text);
    struct note_key a = cosigner(&key_a, &name);
    checkpoint_cosign(&key_a, &point, 0, &text);
    REQUIRE_OK(note_parse(bytes_of_buf(&text), &note));
    CHECK_ERR(checkpoint_verify(&note, &a, NULL), ERR_DUPLICATE);
    note_fini(&note);
    buf_free(&text);
    buf_free(&name);
}

int main(void)
{
    key_library_init();
    TAP_RUN(the_example);
    TAP_RUN(keys_that_are_none);
    TAP_RUN(notes_that_are_none);
    TAP_RUN(there_and_back);
    TAP_RUN(every_flipped_bit_fails);
    TAP_RUN(texts_that_are_none);
    TAP_RUN(signed_twice);
    return tap_done();
}
