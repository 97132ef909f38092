#include "tap.h"
#include "tlog/trust_policy.h"

/* Trust policies: what they allow, and files that are none. */

enum { VALIDATORS = 4, QUORUM = 3 };

static struct secret_key keys[VALIDATORS], witness;
static struct voter_set voters;
static const struct digest federation = {{1, 2, 3}};

static void set_up(void)
{
    voters = (struct voter_set){.membership_epoch = 1, .max_byzantine = 1, .quorum = QUORUM, .count = VALIDATORS};
    for (unsigned i = 0; i < VALIDATORS; i++) {
        char label[2] = {(char)('a' + i)};

        key_simulated(11, label, &keys[i]);
        voters.keys[i] = keys[i].public;
        voters.fingerprints[i] = keys[i].fingerprint;
    }
    key_simulated(11, "witness", &witness);
}

/* The validators of the mask cosign; more lines behind. */
static void sign(unsigned mask, struct bytes more, struct buf *out)
{
    struct checkpoint_signer signers[VALIDATORS];
    struct checkpoint c = {.size = 5, .root = {{4}}};
    struct buf origin = {0};
    unsigned count = 0;

    checkpoint_origin(&federation, &origin);
    c.origin = bytes_of_buf(&origin);
    for (unsigned i = 0; i < VALIDATORS; i++) {
        if (mask >> i & 1)
            checkpoint_signer_make(&keys[i], &c, &signers[count++]);
    }
    checkpoint_assemble(&c, signers, count, out);
    for (unsigned i = 0; i < count; i++)
        checkpoint_signer_fini(&signers[i]);
    buf_add(out, more.data, more.len);
    buf_free(&origin);
}

static enum err judge(const struct trust_policy *p, unsigned mask, struct bytes more, struct trust_finding *f)
{
    struct buf text = {0};
    struct note note;
    enum err err;

    sign(mask, more, &text);
    err = note_parse(bytes_of_buf(&text), &note);
    ASSERT(err == ERR_OK);
    err = trust_policy_judge(p, &note, f);
    note_fini(&note);
    buf_free(&text);
    return err;
}

static void quorum_of_validators(void)
{
    struct buf text = {0};
    struct trust_policy p = {0};
    struct trust_finding f;

    trust_policy_print(&voters, &federation, NULL, 0, 0, &text);
    REQUIRE_OK(trust_policy_parse(bytes_of_buf(&text), &p, NULL));
    for (unsigned mask = 1; mask < 1u << VALIDATORS; mask++) {
        enum err err = judge(&p, mask, bytes_of_text(""), &f);

        CHECK_ERR(err, bits_set(mask) >= QUORUM ? ERR_OK : ERR_QUORUM);
        CHECK_EQ_U64(f.witnesses, bits_set(mask));
        CHECK_EQ_U64(f.logs, 1);
    }
    trust_policy_free(&p);
    buf_free(&text);
}

static void and_a_witness(void)
{
    static const struct digest other = {{9}};
    struct buf text = {0}, vkey = {0}, name = {0}, line = {0}, origin = {0};
    struct trust_policy p = {0};
    struct trust_finding f;
    struct checkpoint c = {.size = 5, .root = {{4}}};

    checkpoint_cosigner(&witness.fingerprint, &name);
    struct note_key key = note_key_of(bytes_of_buf(&name), NOTE_KEY_COSIGNER, &witness.public);
    note_key_print(&key, &vkey);
    struct trust_extra extra = {bytes_of_buf(&vkey), bytes_of_text("http://witness.example/")};
    trust_policy_print(&voters, &federation, &extra, 1, 1, &text);
    REQUIRE_OK(trust_policy_parse(bytes_of_buf(&text), &p, NULL));
    CHECK(bytes_equal(p.witnesses[VALIDATORS].url, bytes_of_text("http://witness.example/")));
    CHECK_ERR(judge(&p, 15, bytes_of_text(""), &f), ERR_QUORUM);
    checkpoint_origin(&federation, &origin);
    c.origin = bytes_of_buf(&origin);
    checkpoint_cosign(&witness, &c, 1700000000, &line);
    CHECK_ERR(judge(&p, 15, bytes_of_buf(&line), &f), ERR_OK);
    CHECK_ERR(judge(&p, 3, bytes_of_buf(&line), &f), ERR_QUORUM);
    c.root = other; /* its cosignature of another tree */
    buf_clear(&line);
    checkpoint_cosign(&witness, &c, 1700000000, &line);
    CHECK_ERR(judge(&p, 15, bytes_of_buf(&line), &f), ERR_SIGNATURE);
    trust_policy_free(&p);
    buf_free(&text);
    buf_free(&vkey);
    buf_free(&name);
    buf_free(&line);
    buf_free(&origin);
}

static void another_log(void)
{
    static const struct digest other = {{9}};
    struct buf text = {0};
    struct trust_policy p = {0};
    struct trust_finding f;

    trust_policy_print(&voters, &other, NULL, 0, 0, &text);
    REQUIRE_OK(trust_policy_parse(bytes_of_buf(&text), &p, NULL));
    CHECK_ERR(judge(&p, 15, bytes_of_text(""), &f), ERR_KEY);
    trust_policy_free(&p);
    buf_free(&text);
}

/* A log's key that signs for another log under its own name does not make that log a trusted one. */
static void a_log_signs_for_another(void)
{
    struct buf policy = {0}, text = {0}, origin = {0};
    uint8_t signature[SIGNATURE_SIZE];
    struct note_key log;
    struct checkpoint c = {.origin = bytes_of_text("another/log"), .size = 5, .root = {{4}}};
    struct trust_policy p = {0};
    struct trust_finding f;
    struct note note;

    trust_policy_print(&voters, &federation, NULL, 0, 0, &policy);
    REQUIRE_OK(trust_policy_parse(bytes_of_buf(&policy), &p, NULL));
    checkpoint_origin(&federation, &origin);
    log = note_key_of(bytes_of_buf(&origin), NOTE_KEY_LOG, &keys[0].public);
    checkpoint_print(&c, &text);
    key_sign(&keys[0], bytes_of_buf(&text), signature);
    buf_add_byte(&text, '\n');
    note_line_put(&log, bytes_of(signature, sizeof signature), &text);
    for (unsigned i = 0; i < VALIDATORS; i++)
        checkpoint_cosign(&keys[i], &c, 0, &text);
    REQUIRE_OK(note_parse(bytes_of_buf(&text), &note));
    CHECK_ERR(trust_policy_judge(&p, &note, &f), ERR_KEY);
    note_fini(&note);
    trust_policy_free(&p);
    buf_free(&policy);
    buf_free(&text);
    buf_free(&origin);
}

/* %A and %B stand for verifier keys of two cosigners, %L for that of a log. */
static void print(const char *form, struct buf *out)
{
    struct buf name = {0};

    for (const char *c = form; *c != '\0'; c++) {
        struct note_key key;

        if (*c != '%') {
            buf_add_byte(out, (uint8_t)*c);
            continue;
        }
        c++;
        buf_clear(&name);
        if (*c == 'L')
            checkpoint_origin(&federation, &name);
        else
            buf_printf(&name, "witness.example/%c", *c);
        key = note_key_of(bytes_of_buf(&name), *c == 'L' ? NOTE_KEY_LOG : NOTE_KEY_COSIGNER,
                          &keys[*c == 'B' ? 1 : 0].public);
        note_key_print(&key, out);
    }
    buf_free(&name);
}

static void files_that_are_none(void)
{
    static const struct {
        const char *form;
        enum err err;
    } cases[] = {
        {"quorum none\n", ERR_OK},
        {" \t# a comment\n\nquorum\tnone \n", ERR_OK},
        {"log %L\nwitness A %A http://a/\nquorum A\n", ERR_OK},
        {"witness A %A\nwitness B %B\ngroup g any A B\nquorum g\n", ERR_OK},
        {"witness A %A\nwitness B %B\ngroup g all A B\ngroup h 1 g\nquorum h\n", ERR_OK},
        {"", ERR_MISSING},
        {"quorum none", ERR_TRUNCATED},
        {"quorum none\nquorum none\n", ERR_DUPLICATE},
        {"quorum A\nwitness A %A\n", ERR_UNKNOWN},
        {"quorum\n", ERR_SYNTAX},
        {"log %A\nquorum none\n", ERR_TYPE},
        {"witness A %L\nquorum none\n", ERR_TYPE},
        {"log %L\nlog %L\nquorum none\n", ERR_DUPLICATE},
        {"witness A %A\nwitness C %C\nquorum none\n", ERR_DUPLICATE}, /* one key under two names */
        {"witness A %A\nwitness A %B\nquorum none\n", ERR_DUPLICATE},
        {"witness none %A\nquorum none\n", ERR_SYNTAX},
        {"witness A %A\ngroup g 0 A\nquorum g\n", ERR_RANGE},
        {"witness A %A\ngroup g 2 A\nquorum g\n", ERR_RANGE},
        {"witness A %A\ngroup g -1 A\nquorum g\n", ERR_RANGE},
        {"witness A %A\ngroup g 01 A\nquorum g\n", ERR_RANGE},
        {"witness A %A\ngroup g 1\nquorum g\n", ERR_SYNTAX},
        {"witness A %A\ngroup g 2 A A\nquorum g\n", ERR_DUPLICATE}, /* one witness, two voices */
        {"witness A %A\ngroup g 1 A\ngroup h 1 A\nquorum g\n", ERR_DUPLICATE},
        {"group g 1 A\nwitness A %A\nquorum g\n", ERR_UNKNOWN},
        {"witness A %A\ngroup A 1 A\nquorum A\n", ERR_DUPLICATE},
        {"witness A x+y+z\nquorum A\n", ERR_SYNTAX},
        {"trust everybody\nquorum none\n", ERR_UNKNOWN},
        {"quorum no\rne\n", ERR_SYNTAX},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf text = {0};
        struct trust_policy p = {0};
        struct diag diag = {0};

        print(cases[i].form, &text);
        enum err err = trust_policy_parse(bytes_of_buf(&text), &p, &diag);
        CHECK_ERR(err, cases[i].err);
        if (err == ERR_OK)
            trust_policy_free(&p);
        else
            CHECK(diag.text[0] != '\0');
        buf_free(&text);
    }
}

int main(void)
{
    key_library_init();
    set_up();
    TAP_RUN(quorum_of_validators);
    TAP_RUN(and_a_witness);
    TAP_RUN(another_log);
    TAP_RUN(a_log_signs_for_another);
    TAP_RUN(files_that_are_none);
    return tap_done();
}
