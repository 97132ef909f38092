#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/key_memory.h"
#include "pbft/statement.h"
#include "tap.h"

/* The memory of what a key has signed (crypto/key_memory.h), held to the very statements that a replica signs. */

static struct members members;
static struct secret_key key;
static char path[64];

/* What a key signs, kept in place of a signature. */
struct catcher {
    struct key_signer signer; /* first */
    struct buf *caught;
};

static void catch_message(const struct key_signer *self, struct bytes message, uint8_t signature[SIGNATURE_SIZE])
{
    const struct catcher *c = (const struct catcher *)self;

    buf_clear(c->caught);
    buf_add(c->caught, message.data, message.len);
    memset(signature, 0, SIGNATURE_SIZE);
}

static void begin(void)
{
    struct diag diag;

    for (unsigned i = 0; i < 4; i++) {
        char name[2] = {(char)('a' + i), 0};

        key_simulated(1, name, &key);
        members.keys[i] = key.public;
        members.fingerprints[i] = key.fingerprint;
    }
    members.n = 4;
    members.f = 1;
    members.quorum = 3;
    members.membership_epoch = 2;
    members.federation_id = digest_of(bytes_of_text("federation"));
    snprintf(path, sizeof path, "/tmp/test_crypto_signer.%d", (int)getpid());
    (void)unlink(path);
    CHECK_ERR(key_memory_create(path, &diag), ERR_OK);
}

static struct key_memory *open_it(void)
{
    struct key_memory *m = NULL;
    struct diag diag;

    CHECK_ERR(key_memory_open(path, &m, &diag), ERR_OK);
    return m;
}

/* Asks for the signature of a statement whose digest is of this text. */
static enum err ask(struct key_memory *m, enum message_type type, uint64_t view, uint64_t sequence, const char *text)
{
    struct statement s = {type, view, sequence, digest_of(bytes_of_text(text))};
    struct buf message = {0};
    struct catcher catcher = {{catch_message}, &message};
    struct secret_key caught = key;
    struct claim claim;
    struct diag diag;

    caught.signer = &catcher.signer;
    statement_sign(&members, 3, &caught, &s, &claim);
    enum err err = key_memory_admit(m, bytes_of_buf(&message), &diag);
    buf_free(&message);
    return err;
}

static const enum message_type bound[] = {MESSAGE_PRE_PREPARE, MESSAGE_PREPARE,     MESSAGE_COMMIT,
                                          MESSAGE_CHECKPOINT,  MESSAGE_VIEW_CHANGE, MESSAGE_NEW_VIEW};
enum { BOUND = sizeof bound / sizeof bound[0] };

static void one_digest_for_a_place(void)
{
    begin();
    struct key_memory *m = open_it();
    for (unsigned i = 0; i < BOUND; i++) {
        CHECK_ERR(ask(m, bound[i], 3, 7, "one"), ERR_OK);
        CHECK_ERR(ask(m, bound[i], 3, 7, "one"), ERR_OK);
        CHECK_ERR(ask(m, bound[i], 3, 7, "two"), ERR_DUPLICATE);
        CHECK_ERR(ask(m, bound[i], 4, 7, "two"), ERR_OK);
        CHECK_ERR(ask(m, bound[i], 3, 8, "two"), ERR_OK);
    }
    members.membership_epoch++;
    CHECK_ERR(ask(m, MESSAGE_PREPARE, 3, 7, "two"), ERR_OK);
    members.federation_id.b[0]++;
    CHECK_ERR(ask(m, MESSAGE_PREPARE, 3, 7, "three"), ERR_OK);
    key_memory_close(m);
}

static void what_tells_how_things_are_is_not_bound(void)
{
    begin();
    struct key_memory *m = open_it();
    struct diag diag;
    for (unsigned type = MESSAGE_PRE_PREPARE; type < MESSAGE_TYPES_END; type++) {
        bool is_bound = false;

        for (unsigned i = 0; i < BOUND; i++)
            is_bound |= bound[i] == (enum message_type)type;
        if (is_bound || statement_subject((enum message_type)type) == NULL)
            continue;
        CHECK_ERR(ask(m, (enum message_type)type, 3, 7, "one"), ERR_OK);
        CHECK_ERR(ask(m, (enum message_type)type, 3, 7, "two"), ERR_OK);
    }
    CHECK_ERR(key_memory_admit(m, bytes_of_text("TLS 1.3, server CertificateVerify"), &diag), ERR_OK);
    key_memory_close(m);
}

static void it_outlives_its_process(void)
{
    begin();
    struct key_memory *m = open_it(), *second = NULL;
    struct diag diag;
    for (unsigned i = 0; i < BOUND; i++)
        CHECK_ERR(ask(m, bound[i], 3, 7, "one"), ERR_OK);
    CHECK_ERR(key_memory_open(path, &second, &diag), ERR_STATE); /* two nodes with one key */
    CHECK(second == NULL);
    if (second != NULL)
        key_memory_close(second);
    key_memory_close(m);
    m = open_it();
    for (unsigned i = 0; i < BOUND; i++) {
        CHECK_ERR(ask(m, bound[i], 3, 7, "two"), ERR_DUPLICATE);
        CHECK_ERR(ask(m, bound[i], 3, 7, "one"), ERR_OK);
    }
    CHECK_ERR(key_memory_create(path, &diag), ERR_STATE);
    key_memory_close(m);
    (void)unlink(path);
    CHECK_ERR(key_memory_open(path, &m, &diag), ERR_MISSING);
}

/* A store that was restored asks for what has long been forgotten. */
static void below_what_it_has_nothing_is_signed(void)
{
    begin();
    struct key_memory *m = open_it();
    for (uint64_t i = 1; i <= KEY_MEMORY_KEPT + 40; i++)
        CHECK_ERR(ask(m, MESSAGE_COMMIT, 3, 2 * i, "one"), ERR_OK);
    for (unsigned life = 0; life < 2; life++) {
        CHECK_ERR(ask(m, MESSAGE_COMMIT, 3, 2, "two"), ERR_RANGE);
        CHECK_ERR(ask(m, MESSAGE_COMMIT, 3, 3, "two"), ERR_RANGE);
        CHECK_ERR(ask(m, MESSAGE_COMMIT, 2, 1000, "two"), ERR_RANGE);
        CHECK_ERR(ask(m, MESSAGE_COMMIT, 3, 2 * KEY_MEMORY_KEPT, "two"), ERR_DUPLICATE);
        CHECK_ERR(ask(m, MESSAGE_PREPARE, 3, 2, "two"), ERR_OK);
        key_memory_close(m);
        m = open_it();
    }
    CHECK_ERR(ask(m, MESSAGE_COMMIT, 4, 1, "two"), ERR_OK);
    key_memory_close(m);
}

static void damage(off_t at)
{
    uint8_t byte = 0;
    int fd = open(path, O_RDWR);

    CHECK(pread(fd, &byte, 1, at) == 1);
    byte ^= 1;
    CHECK(pwrite(fd, &byte, 1, at) == 1);
    close(fd);
}

static void a_write_that_was_cut_off(void)
{
    begin();
    struct key_memory *m = open_it();
    struct stat st;
    struct diag diag;
    for (uint64_t i = 10; i < 20; i++)
        CHECK_ERR(ask(m, MESSAGE_PREPARE, 0, i, "one"), ERR_OK);
    key_memory_close(m);
    CHECK(stat(path, &st) == 0 && truncate(path, st.st_size - 5) == 0);
    m = open_it();
    CHECK_ERR(ask(m, MESSAGE_PREPARE, 0, 9, "two"), ERR_RANGE);
    CHECK_ERR(ask(m, MESSAGE_PREPARE, 0, 18, "two"), ERR_DUPLICATE);
    CHECK_ERR(ask(m, MESSAGE_PREPARE, 0, 20, "two"), ERR_OK); /* takes its place */
    key_memory_close(m);
    damage(300);
    damage(600);
    CHECK_ERR(key_memory_open(path, &m, &diag), ERR_STATE);
    CHECK(strstr(diag.text, "2 places are damaged") != NULL);
    damage(3);
    CHECK_ERR(key_memory_open(path, &m, &diag), ERR_STATE);
    (void)unlink(path);
}

int main(void)
{
    key_library_init();
    TAP_RUN(one_digest_for_a_place);
    TAP_RUN(what_tells_how_things_are_is_not_bound);
    TAP_RUN(it_outlives_its_process);
    TAP_RUN(below_what_it_has_nothing_is_signed);
    TAP_RUN(a_write_that_was_cut_off);
    return tap_done();
}
