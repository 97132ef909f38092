#include "fixture.h"

/* What one entry may say, and when: signatures, sequences, epochs, contents. */

static enum err admit(const struct fixture *f, struct bytes entry)
{
    struct entry *e = entry_open(entry);
    enum err err = entry_judge(&f->state, e);
    entry_drop(e);
    return err;
}

static enum err check(const struct fixture *f, struct bytes entry)
{
    struct entry *e = entry_open(entry);
    enum err err = entry_check(&f->state, e);
    entry_drop(e);
    return err;
}

static struct bytes last_entry(const struct fixture *f)
{
    return bytes_of_buf(&f->batch[f->count - 1]);
}

/* Signs the envelope by member, asks both judges and executes it. */
static void expect(struct fixture *f, unsigned key, const struct envelope *e, enum err checked, enum err admitted)
{
    struct buf entry = {0};
    fixture_sign(f, key, e, &entry);
    CHECK_ERR(check(f, bytes_of_buf(&entry)), checked);
    CHECK_ERR(admit(f, bytes_of_buf(&entry)), admitted);
    fixture_add(f, bytes_of_buf(&entry));
    fixture_run(f);
    CHECK_ERR(f->last.verdicts[0], admitted == ERR_AGAIN ? ERR_STATE : admitted);
    buf_free(&entry);
}

static struct envelope an_update(struct fixture *f, unsigned member, struct buf *body)
{
    uint64_t number = 5;
    buf_clear(body);
    fixture_update_body(f, &number, 1, body);
    return fixture_envelope(f, member, ENTRY_UPDATE, bytes_of_buf(body));
}

static void strangers_and_other_federations_do_not_count(void)
{
    struct fixture f;
    struct buf body = {0};
    fixture_init(&f, 3, 1, NULL);
    struct envelope e = an_update(&f, 0, &body);
    expect(&f, 4, &e, ERR_UNKNOWN, ERR_UNKNOWN);
    e.federation_id.b[5] ^= 1;
    expect(&f, 0, &e, ERR_MISMATCH, ERR_MISMATCH);
    e.federation_id = f.state.federation_id;
    e.ledger_block_id = (struct digest){{0}};
    expect(&f, 0, &e, ERR_MISSING, ERR_MISSING);
    e.ledger_block_id = f.state.federation_id; /* of no block; a block to come could not be told from it */
    expect(&f, 0, &e, ERR_OK, ERR_AGAIN);
    e.ledger_block_id = f.state.block_id; /* genesis */
    expect(&f, 0, &e, ERR_OK, ERR_OK);
    buf_free(&body);
    fixture_fini(&f);
}

/* What an entry may have been built on: the present block or one of the latest BLOCKS_REMEMBERED before it. */
static void built_on_a_block_that_is_remembered(void)
{
    enum { HEIGHT = BLOCKS_REMEMBERED + 5 };
    struct fixture f;
    struct buf body = {0};
    struct digest *ids = mem_array(HEIGHT + 1, sizeof ids[0]);

    fixture_init(&f, 3, 1, NULL);
    for (unsigned i = 0; i < HEIGHT; i++) {
        ids[i] = f.state.block_id;
        fixture_run(&f);
    }
    ids[HEIGHT] = f.state.block_id;
    struct envelope e = an_update(&f, 0, &body);
    for (unsigned i = 0; i <= HEIGHT; i++) {
        struct buf entry = {0};

        e.ledger_block_id = ids[i];
        fixture_sign(&f, 0, &e, &entry);
        CHECK_ERR(admit(&f, bytes_of_buf(&entry)), i < HEIGHT - BLOCKS_REMEMBERED ? ERR_AGAIN : ERR_OK);
        buf_free(&entry);
    }
    e.ledger_block_id.b[7] ^= 1;
    fixture_sign(&f, 0, &e, &f.batch[f.count++]);
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_STATE); /* in the log, and without effect */
    CHECK(!state_contribution(&f.state, 0)->updated);
    mem_free(ids);
    buf_free(&body);
    fixture_fini(&f);
}

static void every_flipped_bit_is_refused(void)
{
    struct fixture f;
    struct buf body = {0}, entry = {0};
    fixture_init(&f, 1, 1, NULL);
    leave_body_encode(&body);
    struct envelope e = fixture_envelope(&f, 1, ENTRY_LEAVE, bytes_of_buf(&body));
    fixture_sign(&f, 1, &e, &entry);
    CHECK_OK(admit(&f, bytes_of_buf(&entry)));
    for (size_t bit = 0; bit < 8 * entry.len; bit++) {
        entry.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(admit(&f, bytes_of_buf(&entry)) != ERR_OK);
        CHECK(check(&f, bytes_of_buf(&entry)) != ERR_OK);
        entry.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    buf_free(&body);
    buf_free(&entry);
    fixture_fini(&f);
}

/* Sequences rise, with gaps; a replay changes nothing but the log. */
static void sequences_only_rise(void)
{
    struct fixture f;
    struct buf body = {0};
    fixture_init(&f, 3, 1, NULL);
    struct envelope e = an_update(&f, 0, &body);
    e.sequence = 10;
    expect(&f, 0, &e, ERR_OK, ERR_OK);
    CHECK_EQ_U64(state_member(&f.state, 0)->sequence, 10);
    struct digest before = f.state.block_id;
    expect(&f, 0, &e, ERR_OK, ERR_DUPLICATE);
    CHECK(!digest_equal(&before, &f.state.block_id));
    buf_clear(&body);
    close_body_encode(&(struct close_body){.phase = PHASE_COLLECT, .attempt = 0}, &body);
    e = fixture_envelope(&f, 0, ENTRY_CLOSE, bytes_of_buf(&body));
    e.sequence = 10;
    expect(&f, 0, &e, ERR_OK, ERR_DUPLICATE);
    e.sequence = 9;
    expect(&f, 0, &e, ERR_OK, ERR_DUPLICATE);
    CHECK_EQ_U64(f.state.attempt, 0);
    e.sequence = 11;
    expect(&f, 0, &e, ERR_OK, ERR_OK);
    CHECK_EQ_U64(f.state.attempt, 1);
    buf_free(&body);
    fixture_fini(&f);
}

static void one_update_an_epoch(void)
{
    struct fixture f;
    struct buf body = {0};
    fixture_init(&f, 3, 1, NULL);
    struct envelope e = an_update(&f, 0, &body);
    expect(&f, 0, &e, ERR_OK, ERR_OK);
    e = an_update(&f, 0, &body);
    expect(&f, 0, &e, ERR_OK, ERR_DUPLICATE);
    e = an_update(&f, 1, &body);
    e.federated_epoch = 2;
    expect(&f, 1, &e, ERR_OK, ERR_AGAIN);
    CHECK_EQ_U64(state_updates(&f.state), 1);
    fixture_update(&f, 1, 0, 1);
    fixture_run(&f);
    fixture_close(&f, 1);
    fixture_run(&f);
    CHECK_EQ_U64(f.state.phase, PHASE_SCORE);
    e = an_update(&f, 2, &body); /* missed COLLECT: for the next epoch */
    expect(&f, 2, &e, ERR_OK, ERR_AGAIN);
    buf_free(&body);
    fixture_fini(&f);
}

static void updates_follow_the_policy(void)
{
    static const uint64_t numbers[] = {5, 6, 7};
    struct fixture f;
    struct buf body = {0};
    fixture_init(&f, 3, 1, NULL);
    fixture_update_body(&f, numbers, 3, &body); /* policy.migrants is 2 */
    struct envelope e = fixture_envelope(&f, 0, ENTRY_UPDATE, bytes_of_buf(&body));
    expect(&f, 0, &e, ERR_LIMIT, ERR_LIMIT);
    buf_clear(&body);
    struct update_body b = {.count = 1, .genomes = {bytes_of("\xa0", 1)}};
    update_body_encode(&b, &body); /* {} is no genome */
    e = fixture_envelope(&f, 0, ENTRY_UPDATE, bytes_of_buf(&body));
    struct buf entry = {0};
    fixture_sign(&f, 0, &e, &entry);
    CHECK(check(&f, bytes_of_buf(&entry)) != ERR_OK);
    buf_clear(&entry);
    buf_clear(&body);
    b = (struct update_body){.delta_ppm = BODY_NUMBER_MAX + 1};
    update_body_encode(&b, &body);
    e = fixture_envelope(&f, 0, ENTRY_UPDATE, bytes_of_buf(&body));
    expect(&f, 0, &e, ERR_RANGE, ERR_RANGE);
    buf_free(&entry);
    buf_free(&body);
    fixture_fini(&f);
}

static void score(struct fixture *f, unsigned member, unsigned count, const struct digest *candidates, uint64_t epoch,
                  enum err wanted)
{
    struct buf body = {0};
    struct score_body b = {.count = count, .candidates = *candidates};
    score_body_encode(&b, &body);
    struct envelope e = fixture_envelope(f, member, ENTRY_SCORE, bytes_of_buf(&body));
    e.federated_epoch = epoch;
    expect(f, member, &e, ERR_OK, wanted);
    buf_free(&body);
}

static void rows_are_bound_to_the_candidates(void)
{
    struct fixture f;
    fixture_init(&f, 3, 1, NULL);
    score(&f, 0, 1, &f.state.incumbent_hash, 1, ERR_AGAIN);
    fixture_collect(&f, 4, 5);
    struct digest candidates = align_digest(f.state.candidates, 2);
    score(&f, 0, 2, &f.state.incumbent_hash, 1, ERR_MISMATCH);
    score(&f, 0, 1, &candidates, 1, ERR_MISMATCH);
    score(&f, 0, 3, &candidates, 1, ERR_MISMATCH);
    score(&f, 0, 2, &candidates, 0, ERR_STALE);
    score(&f, 0, 2, &candidates, 2, ERR_AGAIN);
    CHECK_EQ_U64(state_rows(&f.state), 0);
    score(&f, 0, 2, &candidates, 1, ERR_OK);
    score(&f, 0, 2, &candidates, 1, ERR_DUPLICATE);
    CHECK_EQ_U64(state_rows(&f.state), 1);
    fixture_fini(&f);
}

/* Whatever is not admissible is a leaf all the same, and changes nothing but its own record. */
static void refused_entries_are_logged(void)
{
    struct fixture f;
    fixture_init(&f, 2, 1, NULL);
    struct digest root = state_root(&f.state);
    uint64_t size = f.state.log.size;
    fixture_add(&f, bytes_of_text("nonsense"));
    fixture_add(&f, bytes_of_text(""));
    fixture_run(&f);
    CHECK_EQ_U64(f.state.log.size, size + 2);
    CHECK_EQ_U64(f.last.header.entry_count, 2);
    CHECK(f.last.verdicts[0] != ERR_OK && f.last.verdicts[1] != ERR_OK);
    struct digest leaf = entry_leaf_hash(bytes_of_text("nonsense"));
    CHECK(digest_equal(&leaf, &f.last.leaf_hashes[0]));
    struct digest after = state_root(&f.state);
    CHECK(digest_equal(&after, &root));
    fixture_fini(&f);
}

static void an_empty_block_is_a_block(void)
{
    struct fixture f;
    fixture_init(&f, 2, 1, NULL);
    fixture_run(&f);
    struct digest empty = merkle_empty_root();
    CHECK_EQ_U64(f.state.height, 1);
    CHECK_EQ_U64(f.last.header.log_size, 1);
    CHECK(digest_equal(&f.last.header.entries_root, &empty));
    CHECK(!f.last.phase_changed);
    fixture_fini(&f);
}

/* The header carries the state root, so that whoever signs the block id signs the state. */
static void the_header_is_of_the_state(void)
{
    struct fixture f;
    fixture_init(&f, 2, 1, NULL);
    struct block_header genesis = state_genesis_header(&f.state);
    struct digest id = block_id(&genesis);
    CHECK(digest_equal(&id, &f.state.block_id));
    fixture_update(&f, 0, 5, 1);
    fixture_run(&f);
    struct digest root = state_root(&f.state), log = merkle_frontier_root(&f.state.log);
    CHECK(digest_equal(&f.last.header.state_root, &root));
    CHECK(digest_equal(&f.last.header.log_root, &log));
    CHECK(digest_equal(&f.last.header.parent_id, &id));
    CHECK_EQ_U64(f.last.header.federated_epoch, 1);
    id = block_id(&f.last.header);
    CHECK(digest_equal(&id, &f.state.block_id));
    fixture_fini(&f);
}

/* ---- blocks of others */

/* A block with one UPDATE, as a quorum of the three validators would certify it. */
static struct block make_block(struct fixture *f, unsigned votes, bool flip_state)
{
    struct federation_state copy;
    struct execution execution = {0};
    struct buf texts[3] = {{0}}, certificate = {0}, encoded = {0};
    struct bytes views[3], entry;
    struct block block;
    fixture_update(f, 0, 5, f->state.epoch);
    entry = last_entry(f);
    state_copy(&copy, &f->state);
    struct entry *opened = entry_open(entry);
    state_execute(&copy, &opened, 1, &execution);
    entry_drop(opened);
    if (flip_state)
        execution.header.state_root.b[0] ^= 1;
    struct vote vote = {f->state.federation_id, f->state.membership_epoch, 0, execution.header.height,
                        block_id(&execution.header)};
    for (unsigned i = 0; i < votes; i++) {
        vote_sign(&f->keys[i], &vote, &texts[i]);
        views[i] = bytes_of_buf(&texts[i]);
    }
    certificate_encode(views, votes, &certificate);
    block_encode(&execution.header, &entry, 1, bytes_of_buf(&certificate), &encoded);
    struct blob *blob = blob_new(bytes_of_buf(&encoded));
    ASSERT(block_decode(blob, &block) == ERR_OK);
    blob_drop(blob);
    for (unsigned i = 0; i < votes; i++)
        buf_free(&texts[i]);
    buf_free(&certificate);
    buf_free(&encoded);
    execution_free(&execution);
    state_free(&copy);
    buf_free(&f->batch[--f->count]);
    return block;
}

static enum err apply(struct fixture *f, const struct block *block)
{
    struct digest before = f->state.block_id, root = state_root(&f->state);
    struct execution execution = {0};
    enum err err = state_apply_block(&f->state, block, &execution);
    struct digest after = state_root(&f->state);
    CHECK((err == ERR_OK) != (digest_equal(&before, &f->state.block_id) && digest_equal(&root, &after)));
    execution_free(&execution);
    return err;
}

static void certified_blocks_are_applied(void)
{
    struct fixture f;
    fixture_init(&f, 3, 1, NULL);
    struct block good = make_block(&f, 2, false), weak = make_block(&f, 1, false), wrong = make_block(&f, 3, true);
    CHECK_ERR(apply(&f, &weak), ERR_QUORUM);
    CHECK_ERR(apply(&f, &wrong), ERR_MISMATCH);
    struct block foreign = good;
    foreign.header.federation_id.b[0] ^= 1;
    CHECK_ERR(apply(&f, &foreign), ERR_MISMATCH);
    struct block later = good;
    later.header.height++;
    CHECK_ERR(apply(&f, &later), ERR_AGAIN);
    struct block orphan = good;
    orphan.header.parent_id.b[0] ^= 1;
    CHECK_ERR(apply(&f, &orphan), ERR_MISMATCH);
    struct block changed = good;
    changed.header.log_size++;
    CHECK(apply(&f, &changed) != ERR_OK);
    CHECK_OK(apply(&f, &good));
    CHECK_EQ_U64(f.state.height, 1);
    CHECK(state_contribution(&f.state, 0)->updated);
    CHECK_ERR(apply(&f, &good), ERR_STALE);
    block_fini(&good);
    block_fini(&weak);
    block_fini(&wrong);
    fixture_fini(&f);
}

int main(void)
{
    TAP_RUN(strangers_and_other_federations_do_not_count);
    TAP_RUN(built_on_a_block_that_is_remembered);
    TAP_RUN(every_flipped_bit_is_refused);
    TAP_RUN(sequences_only_rise);
    TAP_RUN(one_update_an_epoch);
    TAP_RUN(updates_follow_the_policy);
    TAP_RUN(rows_are_bound_to_the_candidates);
    TAP_RUN(refused_entries_are_logged);
    TAP_RUN(an_empty_block_is_a_block);
    TAP_RUN(the_header_is_of_the_state);
    TAP_RUN(certified_blocks_are_applied);
    return tap_done();
}
