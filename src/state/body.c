#include "state/body.h"

static const char *const phase_names[] = {"collect", "score", "rollback"};

const char *epoch_phase_name(enum epoch_phase phase)
{
    ASSERT(phase <= PHASE_ROLLBACK);
    return phase_names[phase];
}

static struct digest get_digest(struct cbor_reader *r)
{
    return digest_from(cbor_get_bytes_of(r, DIGEST_SIZE));
}

static uint64_t get_number(struct cbor_reader *r)
{
    uint64_t v = cbor_get_uint(r);
    if (v > (uint64_t)BODY_NUMBER_MAX)
        cbor_fail(r, ERR_RANGE);
    return v;
}

static int64_t get_delta(struct cbor_reader *r)
{
    int64_t v = cbor_get_int(r);
    if (v > BODY_NUMBER_MAX || v < -BODY_NUMBER_MAX)
        cbor_fail(r, ERR_RANGE);
    return v;
}

/* ---- update */

void update_body_encode(const struct update_body *b, struct buf *out)
{
    ASSERT(b->count <= CYCLE_MIGRANTS_MAX);
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 4);
    cbor_put_text(&w, "delta");
    cbor_put_int(&w, b->delta_ppm);
    cbor_put_text(&w, "genomes");
    cbor_put_array(&w, b->count);
    for (unsigned i = 0; i < b->count; i++) {
        cbor_put_map(&w, 2);
        cbor_put_text(&w, "cost");
        cbor_put_uint(&w, b->costs[i]);
        cbor_put_text(&w, "genome");
        cbor_put_raw(&w, b->genomes[i]);
    }
    cbor_put_text(&w, "iterations");
    cbor_put_uint(&w, b->iterations);
    cbor_put_text(&w, "evaluations");
    cbor_put_uint(&w, b->evaluations);
    cbor_writer_done(&w);
}

enum err update_body_decode(struct bytes in, struct update_body *out)
{
    struct update_body b = {0};
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 4);
    cbor_expect_key(&r, "delta");
    b.delta_ppm = get_delta(&r);
    cbor_expect_key(&r, "genomes");
    uint64_t count = cbor_get_array(&r);
    if (count > CYCLE_MIGRANTS_MAX)
        cbor_fail(&r, ERR_LIMIT);
    for (unsigned i = 0; r.err == ERR_OK && i < count; i++) {
        cbor_expect_map(&r, 2);
        cbor_expect_key(&r, "cost");
        b.costs[i] = get_number(&r);
        cbor_expect_key(&r, "genome");
        b.genomes[i] = cbor_get_raw(&r);
    }
    b.count = r.err == ERR_OK ? (unsigned)count : 0;
    cbor_expect_key(&r, "iterations");
    b.iterations = get_number(&r);
    cbor_expect_key(&r, "evaluations");
    b.evaluations = get_number(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *out = b;
    return err;
}

/* ---- score */

void score_body_encode(const struct score_body *b, struct buf *out)
{
    ASSERT(b->count <= CYCLE_CANDIDATES_MAX);
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 2);
    cbor_put_text(&w, "costs");
    cbor_put_array(&w, b->count);
    for (unsigned i = 0; i < b->count; i++)
        cbor_put_uint(&w, b->costs[i]);
    cbor_put_text(&w, "candidates");
    cbor_put_bytes(&w, digest_bytes(&b->candidates));
    cbor_writer_done(&w);
}

enum err score_body_decode(struct bytes in, struct score_body *out)
{
    struct score_body b = {0};
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 2);
    cbor_expect_key(&r, "costs");
    uint64_t count = cbor_get_array(&r);
    if (count > CYCLE_CANDIDATES_MAX)
        cbor_fail(&r, ERR_LIMIT);
    for (unsigned i = 0; r.err == ERR_OK && i < count; i++)
        b.costs[i] = get_number(&r);
    b.count = r.err == ERR_OK ? (unsigned)count : 0;
    cbor_expect_key(&r, "candidates");
    b.candidates = get_digest(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *out = b;
    return err;
}

/* ---- close */

void close_body_encode(const struct close_body *b, struct buf *out)
{
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 2);
    cbor_put_text(&w, "phase");
    cbor_put_text(&w, epoch_phase_name(b->phase));
    cbor_put_text(&w, "attempt");
    cbor_put_uint(&w, b->attempt);
    cbor_writer_done(&w);
}

enum err close_body_decode(struct bytes in, struct close_body *out)
{
    struct close_body b = {0};
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 2);
    cbor_expect_key(&r, "phase");
    struct bytes name = cbor_get_text(&r);
    unsigned phase = 0;
    while (phase <= PHASE_ROLLBACK && !bytes_equal(name, bytes_of_text(phase_names[phase])))
        phase++;
    if (phase > PHASE_ROLLBACK)
        cbor_fail(&r, ERR_UNKNOWN);
    b.phase = (enum epoch_phase)phase;
    cbor_expect_key(&r, "attempt");
    b.attempt = get_number(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *out = b;
    return err;
}

/* ---- rollback */

void rollback_body_encode(uint64_t to_epoch, struct buf *out)
{
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 1);
    cbor_put_text(&w, "to_epoch");
    cbor_put_uint(&w, to_epoch);
    cbor_writer_done(&w);
}

enum err rollback_body_decode(struct bytes in, uint64_t *to_epoch)
{
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 1);
    cbor_expect_key(&r, "to_epoch");
    uint64_t epoch = get_number(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *to_epoch = epoch;
    return err;
}

/* ---- evidence */

void evidence_body_encode(const struct evidence_body *b, struct buf *out, struct envelope *e)
{
    struct digest first = digest_of(b->first), second = digest_of(b->second);
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_map(&w, 2);
    cbor_put_text(&w, "first");
    cbor_put_bytes(&w, digest_bytes(&first));
    cbor_put_text(&w, "second");
    cbor_put_bytes(&w, digest_bytes(&second));
    cbor_writer_done(&w);
    e->kind = ENTRY_EVIDENCE;
    e->body = bytes_of_buf(out);
    e->attached_count = 2;
    e->attached[0] = b->first;
    e->attached[1] = b->second;
}

enum err evidence_body_decode(const struct envelope *e, struct evidence_body *out)
{
    struct digest named[2], attached[2];
    struct cbor_reader r;

    cbor_reader_init(&r, e->body);
    cbor_expect_map(&r, 2);
    cbor_expect_key(&r, "first");
    named[0] = digest_from(cbor_get_bytes_of(&r, DIGEST_SIZE));
    cbor_expect_key(&r, "second");
    named[1] = digest_from(cbor_get_bytes_of(&r, DIGEST_SIZE));
    enum err err = cbor_reader_done(&r);
    if (err != ERR_OK)
        return err;
    if (e->attached_count != 2)
        return ERR_MISSING;
    for (unsigned i = 0; i < 2; i++) {
        attached[i] = digest_of(e->attached[i]);
        if (!digest_equal(&named[i], &attached[i]))
            return ERR_MISMATCH;
    }
    *out = (struct evidence_body){.first = e->attached[0], .second = e->attached[1]};
    return ERR_OK;
}

/* ---- reconcile */

void reconcile_body_encode(const struct reconcile_body *b, struct buf *out)
{
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 2);
    cbor_put_text(&w, "height");
    cbor_put_uint(&w, b->height);
    cbor_put_text(&w, "block_id");
    cbor_put_bytes(&w, digest_bytes(&b->block_id));
    cbor_writer_done(&w);
}

enum err reconcile_body_decode(struct bytes in, struct reconcile_body *out)
{
    struct reconcile_body b = {0};
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 2);
    cbor_expect_key(&r, "height");
    b.height = get_number(&r);
    cbor_expect_key(&r, "block_id");
    b.block_id = get_digest(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *out = b;
    return err;
}

/* ---- recount */

void recount_body_encode(const struct recount_body *b, struct buf *out)
{
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 3);
    cbor_put_text(&w, "cost");
    cbor_put_uint(&w, b->cost);
    cbor_put_text(&w, "number");
    cbor_put_uint(&w, b->number);
    cbor_put_text(&w, "leaf_hash");
    cbor_put_bytes(&w, digest_bytes(&b->leaf_hash));
    cbor_writer_done(&w);
}

enum err recount_body_decode(struct bytes in, struct recount_body *out)
{
    struct recount_body b = {0};
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 3);
    cbor_expect_key(&r, "cost");
    b.cost = get_number(&r);
    cbor_expect_key(&r, "number");
    uint64_t number = cbor_get_uint(&r);
    if (number >= CYCLE_CANDIDATES_MAX)
        cbor_fail(&r, ERR_RANGE);
    b.number = (unsigned)number;
    cbor_expect_key(&r, "leaf_hash");
    b.leaf_hash = get_digest(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *out = b;
    return err;
}

/* ---- leave */

void leave_body_encode(struct buf *out)
{
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 0);
    cbor_writer_done(&w);
}

enum err leave_body_decode(struct bytes in)
{
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 0);
    return cbor_reader_done(&r);
}
