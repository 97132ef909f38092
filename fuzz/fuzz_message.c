/* PBFT's messages at a replica of four: whatever is taken apart is put together again to the same bytes. Signatures are
 * not looked at, so that what lies behind them is met. */

#include "fuzz.h"
#include "pbft/view_changes.h"

enum { N = 4, WINDOW = 8 };

static struct members members;
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
    members_prepare(&members);
    rules = (struct view_rules){&members, WINDOW, 0, {{0}}};
}

static void try_claim(struct bytes cose, enum message_type type)
{
    struct claim claim;
    struct buf again = {0};

    if (claim_parse(&members, cose, type, &claim) == ERR_OK) {
        ASSERT(claim.signer < N && claim.says.type == type);
        claim_encode(&members, &claim, &again);
        ASSERT(bytes_equal(bytes_of_buf(&again), cose));
        ASSERT(claim_verify(&members, &claim) == claim_verify_in(&members, &claim, cose));
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

static void try_parts(struct bytes message)
{
    struct bytes first, second = {0};

    for (enum message_type type = MESSAGE_PRE_PREPARE; type < MESSAGE_TYPES_END; type++) {
        for (unsigned items = 2; items <= 3; items++) {
            if (message_open(message, type, items, &first, &second) != ERR_OK)
                continue;
            if (type == MESSAGE_BATCH)
                try_batch(first);
            else if (statement_subject(type) != NULL)
                try_claim(first, type);
            if (type == MESSAGE_PREPARE && items == 3)
                try_claim(second, MESSAGE_PRE_PREPARE);
            if (type == MESSAGE_PRE_PREPARE && items == 3)
                try_batch(second);
        }
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
