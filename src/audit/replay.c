#include "audit/replay.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "audit/cohort.h"
#include "audit/compare.h"
#include "audit/fork.h"
#include "audit/order.h"
#include "audit/signatures.h"
#include "audit/summary.h"
#include "base/text.h"
#include "state/governance_log.h"

/* ---- genesis */

static enum err decode_genesis(const struct json_doc *doc, struct buf *out)
{
    const char *text = json_string_value(json_object_get(doc->root, "genesis"));

    return text != NULL ? base64_decode(bytes_of_text(text), out) : ERR_MISSING;
}

/* genesis.json as its document makes it. */
static void compare_genesis(const struct json_doc *doc, const char *file, struct bytes genesis,
                            const struct federation_state *s, struct audit_report *report)
{
    json_t *expected, *decoded = NULL;
    struct buf pointer = {0};
    enum err err = cbor_to_json(genesis, &decoded);

    if (err != ERR_OK) {
        audit_fail(report, RULE_GENESIS_VIEW, file, "/genesis", "cannot be shown as JSON: %s", err_text(err));
        return;
    }
    expected = json_object();
    json_put(expected, "format", json_string("prismfed.genesis"));
    json_put(expected, "version", json_u64(1));
    json_put(expected, "federation_id", json_hex(digest_bytes(&s->federation_id)));
    json_put(expected, "genesis", json_base64(genesis));
    json_put(expected, "decoded", decoded);
    if (json_difference(doc->root, expected, &pointer)) {
        audit_fail_difference(report, RULE_GENESIS_VIEW, file, buf_text(&pointer), doc->root, expected);
    } else {
        audit_pass(report, RULE_GENESIS_VIEW);
        order_compare(file, doc->root, expected, report);
    }
    json_decref(expected);
    buf_free(&pointer);
}

static void describe(struct audit_report *report, const struct federation_state *s)
{
    struct audit_section *section = audit_section(report);
    struct buf name = {0};

    buf_add_text(&name, s->name);
    section->scenario = mem_alloc(name.len + 1);
    memcpy(section->scenario, name.data, name.len);
    section->simulated = s->simulated;
    section->federation_id = s->federation_id;
    buf_free(&name);
}

static void keep_owners(struct replay *r)
{
    if (!r->work_wanted)
        return;
    r->owners = mem_resize(r->owners, r->owners_count + 1, sizeof r->owners[0]);
    r->owners[r->owners_count++] = (struct replayed_owners){r->state.block_id, claim_owners(&r->state)};
}

bool replay_genesis(struct replay *r, const char *file, struct bytes text, struct audit_report *report)
{
    struct json_doc doc;
    struct buf genesis = {0};
    struct diag diag = {0};
    enum err err;

    if (!replay_load(&doc, file, text, report))
        return false;
    err = decode_genesis(&doc, &genesis);
    if (err == ERR_OK)
        err = state_genesis(bytes_of_buf(&genesis), &r->state, &diag);
    if (err != ERR_OK) {
        audit_fail(report, RULE_GENESIS_DOCUMENT, file, "/genesis", "%s", diag.text[0] ? diag.text : err_text(err));
    } else {
        struct digest leaf = entry_leaf_hash(bytes_of_buf(&genesis));
        governance_log_begin(&r->state, &r->governance);

        audit_pass(report, RULE_GENESIS_DOCUMENT);
        merkle_tree_append(&r->log, &leaf);
        r->owners_before = claim_owners(&r->state);
        keep_owners(r);
        names_learn(&r->names, &r->state);
        state_voter_set(&r->state, &r->voters);
        describe(report, &r->state);
        compare_genesis(&doc, file, bytes_of_buf(&genesis), &r->state, report);
    }
    replay_unload(&doc, report);
    buf_free(&genesis);
    return err == ERR_OK;
}

/* ---- blocks */

static enum err check_certificate(const struct federation_state *s, const struct block *b)
{
    struct public_key *keys = mem_array(s->validator_count, sizeof keys[0]);
    struct digest *fingerprints = mem_array(s->validator_count, sizeof fingerprints[0]);
    struct voters voters = {0};
    struct vote expected = {
        .federation_id = s->federation_id,
        .membership_epoch = s->membership_epoch,
        .sequence = b->header.height,
        .block_id = block_id(&b->header),
    };
    enum err err = ERR_QUORUM;

    state_voters(s, keys, fingerprints, &voters);
    if (b->certificate.len > 0)
        err = certificate_verify(b->certificate, &expected, &voters, NULL, NULL, NULL);
    mem_free(keys);
    mem_free(fingerprints);
    return err;
}

/* state_apply_block() said no: which rule is it? */
static void blame(const struct federation_state *s, const struct replayed_epoch *e, unsigned index,
                  struct audit_report *report)
{
    const struct block *b = &e->bytes.blocks[index];
    const struct block_header *h = &b->header;
    const char *file = e->file;
    char pointer[48];
    enum err err;

    snprintf(pointer, sizeof pointer, "/blocks/%u", index);
    if (!digest_equal(&h->federation_id, &s->federation_id) || h->membership_epoch != s->membership_epoch)
        audit_fail(report, RULE_BLOCK_CHAIN, file, pointer, "a block of another federation or membership");
    else if (h->height != s->height + 1)
        audit_fail(report, RULE_BLOCK_CHAIN, file, pointer, "expected height %" PRIu64 ", found %" PRIu64,
                   s->height + 1, h->height);
    else if (s->height == 0 && !digest_equal(&h->parent_id, &s->block_id) && cohort_is_forged(s, e, index, report))
        return; /* the first cohort is part of what genesis gives */
    else if (!digest_equal(&h->parent_id, &s->block_id))
        audit_fail(report, RULE_BLOCK_CHAIN, file, pointer, "its parent is not the block before it");
    else if ((err = check_certificate(s, b)) == ERR_QUORUM)
        audit_fail(report, RULE_CERT_QUORUM, file, pointer, "fewer votes than the quorum of %u", s->quorum);
    else if (err != ERR_OK)
        audit_fail(report, RULE_CERT_VOTE, file, pointer, "the certificate does not verify: %s", err_text(err));
    else if (!cohort_is_forged(s, e, index, report))
        audit_fail(report, RULE_BLOCK_STATE, file, pointer, "execution gives another block than the one voted on");
}

static void keep_entries(struct replay *r, struct replayed_epoch *e, const struct execution *x)
{
    uint64_t before = r->log.size - e->size_before;

    e->verdicts = mem_resize(e->verdicts, (size_t)before + x->count + 1, sizeof e->verdicts[0]);
    for (unsigned i = 0; i < x->count; i++) {
        e->verdicts[before + i] = x->verdicts[i];
        merkle_tree_append(&r->log, &x->leaf_hashes[i]);
    }
}

static void finish_epoch(struct replay *r, struct replayed_epoch *e, const struct execution *x,
                         struct audit_report *report)
{
    e->outcome = outcome_json(&x->outcome, &r->state);
    e->owners = claim_owners(&r->state);
    e->anchor = (struct anchor_statement){
        .federation_id = r->state.federation_id,
        .epoch = x->outcome.epoch,
        .anchored = x->outcome.anchored,
        .height = r->state.height,
        .block_id = r->state.block_id,
        .log_size = x->header.log_size,
        .log_root = x->header.log_root,
        .state_root = x->header.state_root,
    };
    if (x->header.membership_epoch != r->state.membership_epoch) {
        struct voter_set voters;
        state_voter_set(&r->state, &voters);
        voter_set_encode(&voters, &e->next_voters);
    }
    if (r->state.policy.cohort > 0)
        audit_pass(report, RULE_COHORT);
    names_learn(&r->names, &r->state);
    for (unsigned i = 0; i < r->state.policy.shards; i++)
        e->shards_moved += e->owners[i] != r->owners_before[i];
    if (x->outcome.anchored)
        e->anchor.merkle_root = merkle_tree_range_root(&r->log, e->size_before, r->log.size);
}

/* The way of one who executes nothing: each header names the voters of the next block; where they change, the file has
 * them. It must lead to the same as execution. */
static bool follow_voters(struct replay *r, const struct replayed_epoch *e, unsigned index, struct audit_report *report)
{
    const struct block *b = &e->bytes.blocks[index];
    struct digest same = voter_set_digest(&r->voters);
    struct buf header = {0}, link = {0};
    enum err err = ERR_OK;

    if (!digest_equal(&b->header.next_voters, &same)) {
        block_header_encode(&b->header, &header);
        link_encode(bytes_of_buf(&header), b->certificate, bytes_of_buf(&e->bytes.next_voters), &link);
        err = link_verify(bytes_of_buf(&link), &r->state.federation_id, &r->voters, &r->voters, NULL);
        buf_free(&header);
        buf_free(&link);
    }
    if (err == ERR_OK && r->voters.membership_epoch != r->state.membership_epoch)
        err = ERR_MISMATCH;
    if (err == ERR_OK)
        audit_pass(report, RULE_BLOCK_LINK);
    else
        audit_fail(report, RULE_BLOCK_LINK, e->file, "/next_voters/set", "the link to the next voters: %s",
                   err_text(err));
    return err == ERR_OK;
}

/* COLLECT has closed with this block, if it did. */
static void keep_candidates(const struct replay *r, struct replayed_epoch *e, const struct execution *x)
{
    const struct federation_state *s = &r->state;

    if (!r->work_wanted || !x->phase_changed || s->phase != PHASE_SCORE || e->candidates != NULL)
        return;
    e->candidate_count = s->candidate_count;
    e->candidates = mem_array(s->candidate_count, sizeof e->candidates[0]);
    for (unsigned i = 0; i < s->candidate_count; i++)
        e->candidates[i] = s->candidates[i].genome;
}

/* One block; false when it is not to be executed. */
static bool execute_block(struct replay *r, struct replayed_epoch *e, const struct signatures *signatures,
                          unsigned index, bool *ended, struct audit_report *report)
{
    struct audit_section *section = audit_section(report);
    struct execution x = {0};

    signers_of(&r->state, &e->signers);
    if (signatures_apply(signatures, index, &r->state, &x) != ERR_OK) {
        blame(&r->state, e, index, report);
        return false;
    }
    for (enum audit_rule rule = RULE_BLOCK_CHAIN; rule <= RULE_BLOCK_STATE; rule++)
        audit_pass(report, rule);
    if (!follow_voters(r, e, index, report)) {
        execution_free(&x);
        return false;
    }
    governance_log_block(&r->state, e->bytes.blocks[index].entries, &x, &r->governance);
    keep_entries(r, e, &x);
    keep_owners(r);
    keep_candidates(r, e, &x);
    section->blocks++;
    section->entries += x.count;
    *ended = x.epoch_ended;
    if (*ended)
        finish_epoch(r, e, &x, report);
    execution_free(&x);
    return true;
}

/* All blocks of the file: the last one, and no other, ends its epoch. */
static bool execute(struct replay *r, struct replayed_epoch *e, struct audit_report *report)
{
    unsigned count = e->bytes.block_count, done = 0;
    struct signatures signatures;
    bool ended = false, well = true;

    signatures_verify(&signatures, &r->state, e->bytes.blocks, count, r->pool);
    for (; well && done < count && !ended; done++)
        well = execute_block(r, e, &signatures, done, &ended, report);
    signatures_fini(&signatures);
    if (!well)
        return false;
    if (ended && done < count)
        audit_fail(report, RULE_EPOCH_ORDER, e->file, "/blocks", "there are blocks behind the one that ends the epoch");
    else if (!ended)
        audit_fail(report, RULE_EPOCH_ORDER, e->file, "/blocks", "the blocks do not end the epoch");
    return ended && done == count;
}

static bool parse(struct replayed_epoch *e, struct bytes text, struct audit_report *report)
{
    struct diag diag = {0};

    if (!replay_load(&e->doc, e->file, text, report))
        return false;
    if (epoch_file_parse(&e->doc, &e->bytes, &diag) != ERR_OK) {
        audit_fail_diag(report, RULE_EPOCH_BYTES, e->file, &diag);
        return false;
    }
    audit_pass(report, RULE_EPOCH_BYTES);
    return true;
}

static void free_blocks(struct epoch_file *f)
{
    for (unsigned i = 0; i < f->block_count; i++)
        block_fini(&f->blocks[i]);
    f->block_count = 0;
}

static void free_epoch(struct replayed_epoch *e)
{
    epoch_file_fini(&e->bytes);
    json_decref(e->outcome);
    json_decref(e->shown_root);
    json_decref(e->shown_signature);
    mem_free(e->verdicts);
    mem_free(e->owners);
    mem_free(e->candidates);
    buf_free(&e->next_voters);
    signers_free(&e->signers);
}

/* The epoch has been executed and compared: what is wanted of it stays. Takes e over. */
static void keep_epoch(struct replay *r, struct replayed_epoch *e, struct audit_report *report)
{
    struct digest row = summary_row_digest(r, e);

    if (r->epoch_count == 0)
        r->first_epoch = e->epoch;
    if ((r->epoch_count & (r->epoch_count + 1)) == 0)
        r->rows = mem_resize(r->rows, 2 * (size_t)r->epoch_count + 2, sizeof r->rows[0]);
    r->rows[r->epoch_count] = row;
    if (r->history != NULL)
        fork_history_add(r->history, e);
    mem_free(r->owners_before);
    r->owners_before = mem_array(r->state.policy.shards, sizeof r->owners_before[0]);
    for (unsigned i = 0; i < r->state.policy.shards; i++)
        r->owners_before[i] = e->owners[i];
    if (e->doc.root != NULL) {
        e->shown_root = json_incref(json_object_get(e->doc.root, "merkle_root"));
        e->shown_signature = json_incref(json_object_get(e->doc.root, "signature"));
        replay_unload(&e->doc, report);
    } else {
        e->shown_root = e->anchor.anchored ? json_hex(digest_bytes(&e->anchor.merkle_root)) : json_null();
        e->shown_signature = json_base64(bytes_of_buf(&e->bytes.signature));
    }
    signers_free(&e->signers);
    if (!r->bodies_wanted)
        free_blocks(&e->bytes);
    if (r->epochs_wanted) {
        r->epochs = mem_resize(r->epochs, r->epoch_count + 1, sizeof r->epochs[0]);
        r->epochs[r->epoch_count] = *e;
    } else {
        free_epoch(e);
    }
    r->epoch_count++;
}

/* ---- the quick way: a file that is, byte for byte, what execution gives needs no tree */

/* What execution changes, as it was before. */
struct mark {
    struct federation_state state; /* owned */
    struct voter_set voters;
    unsigned names_count;
    size_t owners_count, governance_len;
};

static void mark_set(struct mark *m, const struct replay *r)
{
    state_copy(&m->state, &r->state);
    m->voters = r->voters;
    m->names_count = r->names.count;
    m->owners_count = r->owners_count;
    m->governance_len = r->governance.len;
}

/* As if e had not been executed. */
static void go_back(struct replay *r, struct mark *m, struct replayed_epoch *e)
{
    state_free(&r->state);
    r->state = m->state;
    r->voters = m->voters;
    r->names.count = m->names_count;
    r->governance.len = m->governance_len;
    while (r->owners_count > m->owners_count)
        mem_free(r->owners[--r->owners_count].owners);
    merkle_tree_cut(&r->log, e->size_before);
    free_epoch(e);
    *e = (struct replayed_epoch){.epoch = e->epoch, .file = e->file, .size_before = e->size_before};
}

static void take_passes(const struct audit_section *from, struct audit_report *report)
{
    struct audit_section *to = audit_section(report);

    for (unsigned i = 0; i < AUDIT_RULE_COUNT; i++)
        to->passed[i] += from->passed[i];
    to->blocks += from->blocks;
    to->entries += from->entries;
}

/* Whatever is not beyond doubt is false, and nothing is reported then: it is the tree's to say what is wrong. */
static bool replay_quickly(struct replay *r, struct replayed_epoch *e, struct bytes text, struct audit_report *report)
{
    struct audit_report silent = {0};
    struct mark *mark;

    if (e->epoch != r->state.epoch || !epoch_file_scan(text, &e->bytes))
        return false;
    mark = mem_alloc(sizeof *mark);
    mark_set(mark, r);
    audit_section_begin(&silent, "");
    bool well = e->bytes.epoch == e->epoch && execute(r, e, &silent) && compare_text(r, e, text);
    if (well)
        compare_anchor(r, e, &silent);
    well = well && silent.finding_count == 0;
    if (well) {
        take_passes(&silent.sections[0], report);
        audit_pass(report, RULE_FILE_FORM); /* its form, */
        audit_pass(report, RULE_FILE_FORM); /* and the order of its keys */
        audit_pass(report, RULE_EPOCH_BYTES);
        audit_pass(report, RULE_EPOCH_VIEW);
        state_free(&mark->state);
    } else {
        go_back(r, mark, e);
    }
    audit_report_free(&silent);
    mem_free(mark);
    return well;
}

static bool replay_slowly(struct replay *r, struct replayed_epoch *e, struct bytes text, struct audit_report *report)
{
    if (!parse(e, text, report))
        return false;
    if (e->epoch != r->state.epoch || e->bytes.epoch != e->epoch) {
        audit_fail(report, RULE_EPOCH_ORDER, e->file, "/epoch",
                   "expected epoch %" PRIu64 " in the file of epoch %" PRIu64 ", found %" PRIu64, r->state.epoch,
                   e->epoch, e->bytes.epoch);
        return false;
    }
    if (!execute(r, e, report))
        return false;
    compare_epoch(r, e, report);
    return true;
}

bool replay_epoch(struct replay *r, uint64_t epoch, const char *file, struct bytes text, struct audit_report *report)
{
    struct replayed_epoch e = {.epoch = epoch, .file = file, .size_before = r->log.size};
    struct audit_section *section = audit_section(report);

    merkle_tree_forget(&r->log, r->log.size);
    if (!replay_quickly(r, &e, text, report) && !replay_slowly(r, &e, text, report)) {
        if (e.doc.root != NULL)
            replay_unload(&e.doc, report);
        free_epoch(&e);
        return false;
    }
    audit_pass(report, RULE_EPOCH_ORDER);
    section->epochs++;
    section->anchored += e.anchor.anchored;
    keep_epoch(r, &e, report);
    return true;
}

void replay_entries(const struct replay *r,
                    void (*see)(void *context, const struct replayed_epoch *in, uint64_t number, struct bytes entry),
                    void *context)
{
    ASSERT(r->bodies_wanted);
    for (unsigned i = 0; i < r->epoch_count; i++) {
        const struct replayed_epoch *e = &r->epochs[i];
        uint64_t number = 0;

        for (unsigned b = 0; b < e->bytes.block_count; b++) {
            for (unsigned k = 0; k < e->bytes.blocks[b].count; k++, number++) {
                if (e->verdicts[number] == ERR_OK)
                    see(context, e, number, e->bytes.blocks[b].entries[k]);
            }
        }
    }
}

void replay_free(struct replay *r)
{
    for (unsigned i = 0; r->epochs_wanted && i < r->epoch_count; i++)
        free_epoch(&r->epochs[i]);
    state_free(&r->state);
    merkle_tree_free(&r->log);
    mem_free(r->owners_before);
    mem_free(r->rows);
    for (size_t i = 0; i < r->owners_count; i++)
        mem_free(r->owners[i].owners);
    mem_free(r->owners);
    mem_free(r->epochs);
    names_free(&r->names);
    buf_free(&r->governance);
    *r = (struct replay){0};
}
