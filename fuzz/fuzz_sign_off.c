/* DSSE envelopes, the Statements of governors and trust roots in them. Whatever parses is written in one form, and that
 * form parses to the same. */

#include <string.h>

#include "fuzz.h"
#include "state/sign_off.h"
#include "trust/root.h"

static void read_statement(const struct dsse *d)
{
    struct sign_off what;
    struct buf again = {0};
    struct diag diag = {0};

    if (sign_off_decode("statement", bytes_of_buf(&d->payload), &what, &diag) != ERR_OK) {
        ASSERT(diag.text[0] != '\0');
        return;
    }
    sign_off_encode(&what, &again);
    ASSERT(bytes_equal(bytes_of_buf(&again), bytes_of_buf(&d->payload)));
    buf_free(&again);
}

static void read_root(struct bytes in)
{
    struct root *root = mem_alloc(sizeof *root);
    struct dsse envelope;
    struct diag diag = {0};
    unsigned voices;

    if (root_parse("root", in, &envelope, root, &diag) == ERR_OK) {
        ASSERT(root->roles[ROOT_ROLE_ROOT].threshold >= 1);
        for (unsigned i = 0; i < ROOT_ROLE_COUNT; i++) {
            enum err err = root_voices(root, (enum root_role)i, &envelope, &voices);
            ASSERT(err == ERR_OK || err == ERR_SIGNATURE);
        }
        dsse_free(&envelope);
    } else {
        ASSERT(diag.text[0] != '\0');
    }
    mem_free(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = bytes_of(data, size);
    struct dsse d, second;
    struct buf form = {0};
    struct diag diag = {0};

    key_library_init();
    if (dsse_parse("envelope", in, &d, &diag) != ERR_OK) {
        ASSERT(diag.text[0] != '\0');
        return 0;
    }
    dsse_encode(&d, &form);
    ASSERT(dsse_decode(bytes_of_buf(&form), &second) == ERR_OK);
    ASSERT(second.count == d.count && bytes_equal(bytes_of_buf(&second.payload), bytes_of_buf(&d.payload)));
    read_statement(&d);
    read_root(in);
    dsse_free(&second);
    dsse_free(&d);
    buf_free(&form);
    return 0;
}
