#include "sim/hostile_entry.h"

#include <stdio.h>

#include "state/body.h"
#include "state/change.h"
#include "state/governance.h"

/* So many entries as large as can be: what a line carries is not what is tried here. */
enum { LARGE_MAX = 6, LARGE_SIZE = ENVELOPE_STATEMENT_MAX - 1024, NESTED = 24, AHEAD = 50 };

static uint64_t draw(struct hostile_author *a, uint64_t below)
{
    return prng_below(&a->prng, below);
}

static uint64_t any_number(struct hostile_author *a)
{
    const uint64_t numbers[] = {0, 1, draw(a, 100), draw(a, 1000000), (uint64_t)BODY_NUMBER_MAX};

    return numbers[draw(a, sizeof numbers / sizeof numbers[0])];
}

static struct digest any_digest(struct hostile_author *a, const struct federation_state *s)
{
    struct digest d = {{0}};

    if (draw(a, 3) == 0)
        return s->block_id;
    for (unsigned i = 0; i < DIGEST_SIZE; i++)
        d.b[i] = (uint8_t)draw(a, 256);
    return d;
}

/* ---- bodies of each kind */

static void update_body(struct hostile_author *a, const struct federation_state *s, struct buf *out)
{
    struct update_body b = {.delta_ppm = (int64_t)any_number(a), .evaluations = any_number(a)};
    struct buf genome = {0}, other = {0};

    if (draw(a, 2) == 0)
        b.delta_ppm = -b.delta_ppm;
    genome_encode(s->schema, &s->incumbent, &genome);
    leave_body_encode(&other); /* an empty map is no genome */
    b.count = (unsigned)draw(a, CYCLE_MIGRANTS_MAX + 1);
    for (unsigned i = 0; i < b.count; i++) {
        b.genomes[i] = bytes_of_buf(draw(a, 8) == 0 ? &other : &genome);
        b.costs[i] = any_number(a);
    }
    update_body_encode(&b, out);
    buf_free(&genome);
    buf_free(&other);
}

static void score_body(struct hostile_author *a, const struct federation_state *s, struct buf *out)
{
    struct score_body *b = mem_alloc(sizeof *b);

    b->candidates = draw(a, 4) == 0 ? any_digest(a, s) : align_digest(s->candidates, s->candidate_count);
    b->count = draw(a, 4) == 0 ? (unsigned)draw(a, CYCLE_CANDIDATES_MAX + 1) : s->candidate_count;
    for (unsigned i = 0; i < b->count; i++)
        b->costs[i] = any_number(a);
    score_body_encode(b, out);
    mem_free(b);
}

/* Of anybody, to anything; a newcomer's or new key is its own second one. */
static void reconfigure_body(struct hostile_author *a, const struct federation_state *s, struct buf *out)
{
    const struct member *m = state_member(s, draw(a, s->member_count));
    struct change change = {.kind = (enum change_kind)draw(a, 4), .card = m->card};
    struct secret_key key;

    key_simulated(draw(a, 4), "hostile", &key);
    if (change.kind == CHANGE_JOIN) {
        snprintf(change.card.name, sizeof change.card.name, "guest%u", (unsigned)draw(a, 4));
        snprintf(change.sponsor, sizeof change.sponsor, "%s", m->card.name);
    }
    change.card.stake = 1 + any_number(a) % MEMBER_STAKE_MAX;
    if (change_has_key(&change))
        change.card.key = key.public;
    change_body_encode(&change, s->epoch + draw(a, 2 * CHANGE_EPOCHS_MAX), &s->federation_id,
                       change_has_key(&change) ? &key : NULL, out);
    key_wipe(&key);
}

static void recount_body(struct hostile_author *a, const struct federation_state *s, struct buf *out)
{
    struct recount_body b = {.leaf_hash = any_digest(a, s), .number = (unsigned)draw(a, 4), .cost = any_number(a)};

    if (s->check_count > 0 && draw(a, 4) > 0) {
        const struct spot_check *c = &s->checks[draw(a, s->check_count)];
        b.leaf_hash = c->leaf_hash;
        b.number = c->number;
    }
    recount_body_encode(&b, out);
}

/* By keys that are nobody's, one of them under the fingerprint of a governor where there is one. */
static void sign_off_body(struct hostile_author *a, const struct federation_state *s, struct buf *out)
{
    struct sign_off what = {.federation_id = s->federation_id,
                            .action = draw(a, 2) == 0 ? ACTION_HALT : ACTION_RESUME,
                            .serial = draw(a, 4),
                            .until = s->epoch + draw(a, 2 * SIGN_OFF_EPOCHS_MAX)};
    struct buf text = {0}, envelope = {0};
    struct secret_key key;
    struct dsse dsse;

    key_simulated(draw(a, 4), "hostile", &key);
    if (s->governance != NULL)
        key.fingerprint = s->governance->governors[draw(a, s->governance->count)].fingerprint;
    sign_off_encode(&what, &text);
    dsse_init(&dsse, DSSE_IN_TOTO, bytes_of_buf(&text));
    enum err err = dsse_sign(&dsse, &key);
    ASSERT(err == ERR_OK);
    dsse_encode(&dsse, &envelope);
    sign_off_body_encode(bytes_of_buf(&envelope), out);
    key_wipe(&key);
    dsse_free(&dsse);
    buf_free(&text);
    buf_free(&envelope);
}

static void fitting_body(struct hostile_author *a, const struct federation_state *s, enum entry_kind kind,
                         struct buf *out)
{
    switch (kind) {
    case ENTRY_UPDATE:
        update_body(a, s, out);
        break;
    case ENTRY_SCORE:
        score_body(a, s, out);
        break;
    case ENTRY_CLOSE:
        close_body_encode(&(struct close_body){(enum epoch_phase)draw(a, 3), draw(a, 3)}, out);
        break;
    case ENTRY_ROLLBACK:
        rollback_body_encode(draw(a, s->epoch + 2), out);
        break;
    case ENTRY_RECONCILE:
        reconcile_body_encode(&(struct reconcile_body){s->height + draw(a, 2), any_digest(a, s)}, out);
        break;
    case ENTRY_RECONFIGURE:
        reconfigure_body(a, s, out);
        break;
    case ENTRY_RECOUNT:
        recount_body(a, s, out);
        break;
    case ENTRY_SIGN_OFF:
        sign_off_body(a, s, out);
        break;
    default:
        leave_body_encode(out);
        break;
    }
}

/* ---- bodies of no kind */

static void nested_body(uint64_t depth, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    for (uint64_t i = 0; i < depth && i < CBOR_DEPTH_MAX; i++)
        cbor_put_array(&w, 1);
    cbor_put_uint(&w, 1);
    cbor_writer_done(&w);
}

/* No two are the same. */
static void large_body(const struct hostile_author *a, struct buf *out)
{
    struct buf filler = {0};
    struct cbor_writer w;

    for (size_t i = 0; i < LARGE_SIZE; i++)
        buf_add_byte(&filler, (uint8_t)(i + a->large));
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 1);
    cbor_put_text(&w, "x");
    cbor_put_bytes(&w, bytes_of_buf(&filler));
    cbor_writer_done(&w);
    buf_free(&filler);
}

static void any_body(struct hostile_author *a, const struct federation_state *s, enum entry_kind kind, struct buf *out)
{
    switch (draw(a, 10)) {
    case 0:
        fitting_body(a, s, (enum entry_kind)draw(a, ENTRY_KIND_COUNT), out);
        break;
    case 1:
        nested_body(draw(a, NESTED), out);
        break;
    default:
        fitting_body(a, s, kind, out);
        break;
    }
}

/* ---- envelopes */

/* Mostly one that nobody has used: who signs two entries under one number is out. */
static uint64_t any_sequence(struct hostile_author *a, const struct member *m)
{
    if (a->sequence < m->sequence + AHEAD)
        a->sequence = m->sequence + AHEAD; /* of what its machine signs */
    a->sequence += 1 + draw(a, 3);
    if (draw(a, 60) == 0)
        return draw(a, m->sequence + 3);
    return draw(a, 100) == 0 ? UINT64_MAX - draw(a, 2) : a->sequence;
}

static struct envelope frame(struct hostile_author *a, const struct federation_state *s, unsigned self)
{
    struct envelope e = {.kind = (enum entry_kind)draw(a, ENTRY_KIND_COUNT),
                         .sequence = any_sequence(a, state_member(s, self)),
                         .federation_id = s->federation_id,
                         .federated_epoch = s->epoch,
                         .ledger_block_id = draw(a, 4) == 0 ? any_digest(a, s) : s->block_id};

    if (draw(a, 8) == 0)
        e.federation_id = any_digest(a, s);
    if (draw(a, 4) == 0)
        e.federated_epoch = draw(a, 2) == 0 ? draw(a, s->epoch + 3) : UINT64_MAX;
    return e;
}

static void keep_statement(struct hostile_author *a, const struct buf *envelope)
{
    struct buf last = a->second;

    a->second = a->first;
    buf_clear(&last);
    envelope_statement(bytes_of_buf(envelope), &last);
    a->first = last;
}

static bool fits(const struct buf *statement)
{
    return statement->len > 0 && statement->len <= ENVELOPE_STATEMENT_MAX;
}

/* Two statements of its own, which may or may not contradict each other, may be evidence themselves and as large as can
 * be; one of them twice; or noise. */
static void sign_evidence(struct hostile_author *a, const struct secret_key *key, struct envelope *e, struct buf *out)
{
    static const uint8_t zeros[64];
    struct evidence_body pair = {bytes_of(zeros, sizeof zeros), bytes_of(zeros, sizeof zeros)};
    struct buf body = {0};

    if (fits(&a->first))
        pair.first = bytes_of_buf(&a->first);
    if (fits(&a->second))
        pair.second = bytes_of_buf(draw(a, 4) == 0 ? &a->first : &a->second);
    evidence_body_encode(&pair, &body, e);
    envelope_sign(key, e, out);
    buf_free(&body);
}

/* Signed, and no envelope. */
static void sign_something(struct hostile_author *a, const struct secret_key *key, struct buf *out)
{
    struct buf payload = {0};

    nested_body(draw(a, 4), &payload);
    cose_sign(key, draw(a, 2) == 0 ? ENVELOPE_CONTENT_TYPE : "application/x",
              entry_kind_name((enum entry_kind)draw(a, ENTRY_KIND_COUNT)), bytes_of_buf(&payload), out);
    buf_free(&payload);
}

void hostile_entry(struct hostile_author *a, const struct federation_state *s, unsigned self,
                   const struct secret_key *key, struct buf *out)
{
    struct envelope e = frame(a, s, self);
    struct buf body = {0};

    if (draw(a, 20) == 0) {
        sign_something(a, key, out);
        return;
    }
    if (e.kind == ENTRY_EVIDENCE) {
        sign_evidence(a, key, &e, out);
    } else if (a->large < LARGE_MAX && draw(a, 12) == 0) {
        /* Two under one number make whoever reports them build the largest evidence that there is. */
        if (a->large++ % 2 == 0)
            a->large_sequence = e.sequence;
        e.sequence = a->large_sequence;
        e.federation_id = s->federation_id;
        large_body(a, &body);
        e.body = bytes_of_buf(&body);
        envelope_sign(key, &e, out);
    } else {
        any_body(a, s, e.kind, &body);
        e.body = bytes_of_buf(&body);
        envelope_sign(key, &e, out);
    }
    keep_statement(a, out);
    buf_free(&body);
}
