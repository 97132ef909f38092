#include <string.h>

#include "fed/messages.h"
#include "sim/node.h"
#include "sim/checkers.h"

static bool is_live(void *context, const void *item)
{
    const struct checkers *c = context;
    const struct statement_seen *s = item;

    return s->sequence + STATEMENTS_BACK >= c->said_last[s->node][s->in];
}

/* What is over goes, each time that there are twice as many as were left. */
static void make_room(struct checkers *c)
{
    enum { FEW = 512 };

    if (c->statements.item_size == 0)
        table_init(&c->statements, sizeof(struct statement_seen), sizeof(struct digest));
    table_filter(&c->statements, is_live, c);
    c->statements_due = 2 * c->statements.count + FEW;
}

/* Remembers what was said; false when something else was said before under the same key. */
static bool remember(struct checkers *c, const struct statement_seen *now)
{
    uint64_t *last = &c->said_last[now->node][now->in];
    struct statement_seen *slot;
    bool is_new;

    if (now->sequence > *last)
        *last = now->sequence;
    if (c->statements.count >= c->statements_due)
        make_room(c);
    slot = table_add(&c->statements, now->key.b, &is_new);
    if (!is_new)
        return digest_equal(&slot->said, &now->said);
    *slot = *now;
    return true;
}

/* The unsigned numbers under view and sequence in a map with text keys; false when either is missing. */
static bool view_and_sequence(struct bytes payload, uint64_t *view, uint64_t *sequence)
{
    unsigned found = 0;
    struct cbor_reader r;
    uint64_t pairs;

    cbor_reader_init(&r, payload);
    pairs = cbor_get_map(&r);
    for (uint64_t i = 0; i < pairs && r.err == ERR_OK; i++) {
        struct bytes key = cbor_get_text(&r);
        uint64_t *number = NULL;

        if (bytes_equal(key, bytes_of_text("view")))
            number = view;
        else if (bytes_equal(key, bytes_of_text("sequence")))
            number = sequence;
        if (number == NULL) {
            cbor_get_raw(&r);
            continue;
        }
        *number = cbor_get_uint(&r);
        found++;
    }
    return r.err == ERR_OK && found == 2;
}

static struct digest key_of(const char *what, const struct digest *signer, uint64_t a, uint64_t b)
{
    struct digest_context c;
    uint8_t number[8];

    digest_init(&c);
    digest_add(&c, what, strlen(what));
    digest_add(&c, signer->b, sizeof signer->b);
    be64_put(number, a);
    digest_add(&c, number, sizeof number);
    be64_put(number, b);
    digest_add(&c, number, sizeof number);
    return digest_final(&c);
}

static bool is_own(const struct sim_node *n, const struct digest *kid)
{
    return digest_equal(kid, &n->key.fingerprint) || digest_equal(kid, &n->next_key.fingerprint);
}

/* PRE-PREPARE, PREPARE and COMMIT: [type, COSE_Sign1, ...]. */
static bool vote_is_new_or_same(struct checkers *c, const struct sim_node *n, struct bytes message)
{
    struct statement_seen now = {.node = n->index, .in = SAID_IN_VOTE};
    struct cose_sign1 cose;
    struct cbor_reader r;
    uint64_t type, view, epoch;
    struct bytes item;

    cbor_reader_init(&r, message);
    cbor_get_array(&r);
    type = cbor_get_uint(&r);
    item = cbor_peek(&r) == CBOR_BYTES ? cbor_get_bytes(&r) : cbor_get_raw(&r);
    if (r.err != ERR_OK || type > 3 || cose_parse(item, &cose) != ERR_OK)
        return true;
    if (!is_own(n, &cose.kid) || !view_and_sequence(cose.payload, &view, &now.sequence))
        return true;
    if (!pbft_membership_epoch(message, &epoch))
        return true;
    now.key = key_of(type == 1   ? "pre-prepare"
                     : type == 2 ? "prepare"
                                 : "commit",
                     &cose.kid, epoch << 32 | view, now.sequence);
    now.said = digest_of(cose.payload);
    return remember(c, &now);
}

static bool entry_is_new_or_same(struct checkers *c, const struct sim_node *n, struct bytes message)
{
    struct statement_seen now = {.node = n->index, .in = SAID_IN_ENTRY};
    struct cose_sign1 cose;
    struct envelope e;
    struct bytes entry;

    if (message_entry_decode(message, &entry) != ERR_OK || envelope_parse(entry, &e, &cose) != ERR_OK)
        return true;
    if (!is_own(n, &e.node_fingerprint))
        return true;
    now.sequence = e.sequence;
    now.key = key_of("entry", &e.node_fingerprint, e.sequence, 0);
    now.said = digest_of(entry);
    return remember(c, &now);
}

void check_signing(struct checkers *c, const struct sim_node *n, struct bytes message, int64_t now_ns)
{
    if (pbft_owns(message)) {
        if (!vote_is_new_or_same(c, n, message))
            checkers_violation(c, now_ns, n->name, "it signed two digests for one view and sequence");
    } else if (!entry_is_new_or_same(c, n, message)) {
        checkers_violation(c, now_ns, n->name, "it signed two entries with one sequence");
    }
}
