/* PBFT's messages at a replica of four: whatever is taken apart is put together again to the same bytes. Signatures are
 * not looked at, so that what lies behind them is met. */

#include <string.h>

#include "fuzz.h"
#include "pbft/view_change_format.h"

enum { N = 4, WINDOW = 8 };

static struct claim_forms forms;
static struct members members, plain; /* plain: the same, without what members_prepare() adds */
static struct view_rules rules;

static void members_init(void)
{
    if (members.n == N)
        return;
    key_library_init();
    members = (struct members){.n = N, .f = 1, .quorum = 3, .membership_epoch = 5};
    members.federation_id = digest_of(bytes_of_text("f"));
    for (unsigned i = 0; i < N; i++) {
        struct secret_key key;
        char label[] = {'r', (char)('0' + i), '\0'};
        key_simulated(3, label, &key);
        members.keys[i] = key.public;
        members.fingerprints[i] = key.fingerprint;
    }
    plain = members;
    claim_forms_init(&forms);
    members_prepare(&members, &forms);
    rules = (struct view_rules){&members, WINDOW, 0, {{0}}, NULL};
}

static void same_verdict(enum err one, enum err other, const struct claim *a, const struct claim *b)
{
    ASSERT(one == other);
    if (one != ERR_OK)
        return;
    ASSERT(a->signer < N && a->signer == b->signer && a->says.type == b->says.type && a->says.view == b->says.view &&
           a->says.sequence == b->says.sequence && digest_equal(&a->says.digest, &b->says.digest) &&
           memcmp(a->signature, b->signature, SIGNATURE_SIZE) == 0);
    ASSERT(claim_verify(&members, a) == claim_verify(&plain, a));
}

static void try_claim(struct bytes cose, enum message_type type)
{
    struct claim claim, other;
    struct buf again = {0};
    enum err err = claim_parse(&members, cose, type, &claim);

    same_verdict(err, claim_parse(&plain, cose, type, &other), &claim, &other);
    if (err == ERR_OK) {
        claim_encode(&members, &claim, &again);
        ASSERT(bytes_equal(bytes_of_buf(&again), cose));
    }
    buf_free(&again);
}

static void try_batch(struct bytes in)
{
    static struct bytes requests[PBFT_BATCH_MAX];
    unsigned count;
    struct buf again = {0};

    if (batch_decode(in, requests, &count) == ERR_OK) {
        batch_encode(requests, count, &again);
        ASSERT(bytes_equal(bytes_of_buf(&again), in));
    }
    buf_free(&again);
}

static void try_statement(struct bytes message, enum message_type type, bool alone)
{
    struct bytes rest = {0}, other_rest = {0};
    struct claim claim, other;
    enum err err = message_parse(&members, message, type, &claim, alone ? NULL : &rest);

    same_verdict(err, message_parse(&plain, message, type, &other, alone ? NULL : &other_rest), &claim, &other);
    ASSERT(rest.len == other_rest.len);
    if (err != ERR_OK)
        return;
    if (alone || rest.len > 0) {
        struct blob *again = message_make(&members, &claim, rest);
        ASSERT(bytes_equal(blob_bytes(again), message));
        blob_drop(again);
    }
    if (type == MESSAGE_PREPARE)
        try_claim(rest, MESSAGE_PRE_PREPARE);
    if (type == MESSAGE_PRE_PREPARE)
        try_batch(rest);
}

static void try_parts(struct bytes message)
{
    struct bytes first;

    for (enum message_type type = MESSAGE_PRE_PREPARE; type < MESSAGE_TYPES_END; type++) {
        if (type == MESSAGE_BATCH && message_open(message, type, &first) == ERR_OK)
            try_batch(first);
        if (statement_subject(type) == NULL)
            continue;
        try_statement(message, type, true);
        try_statement(message, type, false);
    }
}

static void try_view_change(struct bytes message)
{
    struct view_change vc;

    if (view_change_parse(&rules, message, false, &vc) != ERR_OK)
        return;
    struct plan plan;
    plan_make(&rules, &vc, 1, &plan);
    ASSERT(plan.max_s >= plan.min_s && plan.max_s - plan.min_s <= WINDOW && plan.min_s == vc.claim.says.sequence);
    plan_fini(&plan);
}

static void try_new_view(struct bytes message)
{
    struct new_view nv;

    if (new_view_parse(&rules, message, false, NULL, &nv) != ERR_OK)
        return;
    ASSERT(nv.count == members.quorum && nv.plan.max_s - nv.plan.min_s <= WINDOW);
    new_view_fini(&nv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = bytes_of(data, size);

    members_init();
    try_parts(in);
    try_view_change(in);
    try_new_view(in);
    return 0;
}
