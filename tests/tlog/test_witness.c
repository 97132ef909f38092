#include "tap.h"
#include "tlog/witness.h"

/* What goes to a witness, and what of its answers is kept. */

static struct secret_key log_key, witness_key, other_key;
static struct checkpoint point = {.size = 77, .root = {{9, 8, 7}}};
static struct buf origin, note, name;
static struct note_key witness;

static void set_up(void)
{
    struct checkpoint_signer signer;

    key_simulated(5, "log", &log_key);
    key_simulated(5, "witness", &witness_key);
    key_simulated(5, "other", &other_key);
    checkpoint_origin(&(struct digest){{3}}, &origin);
    point.origin = bytes_of_buf(&origin);
    checkpoint_signer_make(&log_key, &point, &signer);
    checkpoint_assemble(&point, &signer, 1, &note);
    checkpoint_signer_fini(&signer);
    checkpoint_cosigner(&witness_key.fingerprint, &name);
    witness = note_key_of(bytes_of_buf(&name), NOTE_KEY_COSIGNER, &witness_key.public);
}

static void the_request(void)
{
    static const char head[] = "old 20\nBwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nprismfed/log/";
    struct merkle_proof proof = {.count = 1, .nodes = {{{7}}}};
    struct buf request = {0};

    witness_request(20, &proof, bytes_of_buf(&note), &request);
    CHECK(request.len == note.len + sizeof head - 1 - 13);
    CHECK(memcmp(request.data, head, sizeof head - 1) == 0);
    buf_free(&request);
}

static void sizes(void)
{
    static const char *const bad[] = {"", "7", "\n", "07\n", "-7\n", "7 \n", "7\n\n", "99999999999999999999\n", "x\n"};
    uint64_t size = 0;

    CHECK_OK(witness_size(bytes_of_text("20852163\n"), &size));
    CHECK_EQ_U64(size, 20852163);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(witness_size(bytes_of_text(bad[i]), &size) != ERR_OK);
    CHECK(witness_size(bytes_of("7\0\n", 3), &size) != ERR_OK);
}

static enum err add(struct bytes answer, struct buf *out)
{
    buf_clear(out);
    return witness_add(bytes_of_buf(&note), &witness, answer, out);
}

static void answers(void)
{
    struct checkpoint another = point;
    struct buf line = {0}, wrong = {0}, out = {0}, again = {0};
    struct note kept;

    another.root = (struct digest){{1}};
    checkpoint_cosign(&witness_key, &point, 1700000000, &line);
    REQUIRE_OK(add(bytes_of_buf(&line), &out));
    CHECK_EQ_U64(out.len, note.len + line.len);
    REQUIRE_OK(note_parse(bytes_of_buf(&out), &kept));
    CHECK_OK(checkpoint_verify(&kept, &witness, NULL));
    note_fini(&kept);
    REQUIRE_OK(
        witness_add(bytes_of_buf(&out), &witness, bytes_of_buf(&line), &again)); /* in place of the earlier one */
    CHECK(bytes_equal(bytes_of_buf(&out), bytes_of_buf(&again)));

    checkpoint_cosign(&other_key, &point, 1700000000, &wrong);
    CHECK_ERR(add(bytes_of_buf(&wrong), &out), ERR_MISSING);
    buf_add(&wrong, line.data, line.len); /* of others, and of ours */
    CHECK_OK(add(bytes_of_buf(&wrong), &out));
    buf_clear(&wrong);
    checkpoint_cosign(&witness_key, &point, 0, &wrong);
    CHECK_ERR(add(bytes_of_buf(&wrong), &out), ERR_RANGE);
    buf_clear(&wrong);
    checkpoint_cosign(&witness_key, &another, 1700000000, &wrong);
    CHECK_ERR(add(bytes_of_buf(&wrong), &out), ERR_SIGNATURE);
    buf_clear(&wrong);
    checkpoint_print(&another, &wrong); /* a note of its own */
    buf_add_byte(&wrong, '\n');
    checkpoint_cosign(&witness_key, &another, 1700000000, &wrong);
    CHECK(add(bytes_of_buf(&wrong), &out) != ERR_OK);
    CHECK(add(bytes_of_text(""), &out) != ERR_OK);
    CHECK(add(bytes_of_text("<html>\n"), &out) != ERR_OK);
    buf_free(&line);
    buf_free(&wrong);
    buf_free(&out);
    buf_free(&again);
}

int main(void)
{
    key_library_init();
    set_up();
    TAP_RUN(the_request);
    TAP_RUN(sizes);
    TAP_RUN(answers);
    buf_free(&origin);
    buf_free(&note);
    buf_free(&name);
    return tap_done();
}
