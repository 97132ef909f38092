#include "audit/summary.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "audit/end.h"
#include "audit/observed.h"
#include "audit/order.h"
#include "base/mutate.h"
#include "base/text.h"
#include "state/shared_genome.h"

/* The summary is written anew: what follows from the log comes from the log, what only the recorder saw is
 * copied. Then the two are compared, so that a key too many or too few shows as well. */

/* Copies what the log cannot tell; null for a key that is missing. */
static void copy(json_t *out, const json_t *found, const char *key)
{
    json_t *value = json_object_get(found, key);

    json_put(out, key, value != NULL ? json_incref(value) : json_null());
}

static json_t *hex(const struct digest *d)
{
    return json_hex(digest_bytes(d));
}

static json_t *shards_json(const struct replay *r, const int *owners)
{
    const struct federation_state *s = &r->state;
    json_t *out = json_object();

    for (unsigned m = 0; owners != NULL && m < s->member_count; m++) {
        uint64_t count = 0;

        for (unsigned i = 0; i < s->policy.shards; i++)
            count += owners[i] == (int)m;
        if (count > 0)
            json_put(out, state_member(s, m)->card.name, json_u64(count));
    }
    return out;
}

/* From the decision, or what fits an epoch that never ended; otherwise NULL: nothing does. */
static void put_outcome(json_t *out, const struct replayed_epoch *e, const char *key, json_t *otherwise)
{
    json_t *value = e != NULL ? json_object_get(e->outcome, key) : NULL;

    if (value != NULL || otherwise != NULL)
        json_put(out, key, json_incref(value != NULL ? value : otherwise));
    json_decref(otherwise);
}

/* e NULL: the epoch never ended. */
static json_t *expected_epoch(const struct replay *r, const struct replayed_epoch *e, const json_t *found,
                              uint64_t number)
{
    bool anchored = e != NULL && e->anchor.anchored;
    json_t *out = json_object();

    json_put(out, "epoch", json_u64(number));
    json_put(out, "quorum_reached", json_boolean(anchored));
    json_put(out, "anchored", json_boolean(anchored));
    put_outcome(out, e, "aggregated_delta", json_u64(0));
    json_put(out, "ledger_merkle", anchored ? hex(&e->anchor.merkle_root) : json_null());
    json_put(out, "signature", anchored ? json_base64(bytes_of_buf(&e->bytes.signature)) : json_null());
    copy(out, found, "view_changes");
    copy(out, found, "stalled");
    put_outcome(out, e, "participants", json_u64(0));
    put_outcome(out, e, "left_out", NULL);
    put_outcome(out, e, "stale", json_u64(0));
    put_outcome(out, e, "absent", json_u64(0));
    put_outcome(out, e, "quarantined", json_u64(0));
    put_outcome(out, e, "convicted", json_u64(0));
    put_outcome(out, e, "false_claims", json_u64(0));
    json_put(out, "shards_moved", json_u64(e != NULL ? e->shards_moved : 0));
    json_put(out, "shards", shards_json(r, e != NULL ? e->owners : NULL));
    put_outcome(out, e, "incumbent", json_null());
    copy(out, found, "virtual_ms");
    put_outcome(out, e, "aligned_updates", json_array());
    return out;
}

struct digest summary_row_digest(const struct replay *r, const struct replayed_epoch *e)
{
    json_t *row = expected_epoch(r, e, NULL, e->epoch);
    struct digest digest = summary_row_hash(row);

    json_decref(row);
    return digest;
}

struct digest summary_row_hash(const json_t *row)
{
    struct buf text = {0};
    struct digest digest;

    json_line(row, &text);
    digest = digest_of(bytes_of_buf(&text));
    buf_free(&text);
    return digest;
}

static json_t *expected_epochs(const struct replay *r, const json_t *found)
{
    uint64_t first = r->epoch_count > 0 ? r->first_epoch : r->state.epoch;
    json_t *out = json_array();

    for (size_t i = 0; i < json_array_size(found) || i < r->epoch_count; i++)
        json_push(out,
                  expected_epoch(r, i < r->epoch_count ? &r->epochs[i] : NULL, json_array_get(found, i), first + i));
    return out;
}

static int find_name(const struct federation_state *s, const json_t *name)
{
    for (unsigned i = 0; json_is_string(name) && i < s->member_count; i++) {
        if (strcmp(state_member(s, i)->card.name, json_string_value(name)) == 0)
            return (int)i;
    }
    return -1;
}

static json_t *expected_recorder(const struct federation_state *s, const json_t *found)
{
    int index = find_name(s, json_object_get(found, "node_id"));
    json_t *out = json_object();

    if (index < 0)
        return out;
    const struct member *m = state_member(s, index);
    json_put(out, "node_id", json_string(m->card.name));
    json_put(out, "node_fingerprint", hex(&m->fingerprint));
    json_put(out, "public_key", json_hex(bytes_of(m->card.key.b, KEY_PUBLIC_SIZE)));
    return out;
}

static json_t *expected_quorum(const struct federation_state *s)
{
    json_t *out = json_object();

    json_put(out, "validators", json_u64(s->validator_count));
    json_put(out, "max_byzantine", json_u64(s->max_byzantine));
    json_put(out, "quorum", json_u64(s->quorum));
    return out;
}

/* A node that never became a member is the recorder's word alone. */
static json_t *expected_node(const struct federation_state *s, const json_t *found)
{
    int index = find_name(s, json_object_get(found, "node_id"));
    json_t *out = json_object();

    copy(out, found, "node_id");
    if (index >= 0) {
        const struct member *m = state_member(s, index);

        json_put(out, "role", json_string(member_role_name(m->card.role)));
        json_put(out, "site", json_string(member_site_name(m->card.site)));
        json_put(out, "region", json_string(m->card.region));
        json_put(out, "stake", json_u64(m->card.stake));
        json_put(out, "status", json_string(member_status_name(m->status)));
        json_put(out, "false_claims", json_u64(m->false_claims));
    } else {
        copy(out, found, "role");
        copy(out, found, "site");
        copy(out, found, "region");
        copy(out, found, "stake");
        json_put(out, "status", json_null());
        json_put(out, "false_claims", json_null());
    }
    copy(out, found, "up");
    copy(out, found, "height");
    copy(out, found, "restarts");
    return out;
}

/* The nodes that are listed, then each member that is not. */
static json_t *expected_nodes(const struct federation_state *s, const json_t *found)
{
    bool *listed = mem_array(s->member_count, sizeof listed[0]);
    json_t *out = json_array();

    for (size_t i = 0; i < json_array_size(found); i++) {
        const json_t *node = json_array_get(found, i);
        int index = find_name(s, json_object_get(node, "node_id"));

        if (index >= 0 && listed[index])
            continue;
        if (index >= 0)
            listed[index] = true;
        json_push(out, expected_node(s, node));
    }
    for (unsigned i = 0; i < s->member_count; i++) {
        if (!listed[i])
            json_push(out, json_string(state_member(s, i)->card.name));
    }
    mem_free(listed);
    return out;
}

static json_t *expected_roots(const struct federation_state *s, const json_t *found)
{
    struct digest log = merkle_frontier_root(&s->log), state = state_root(s);
    json_t *out = json_object();

    json_put(out, "log_size", json_u64(s->log.size));
    json_put(out, "log_root", hex(&log));
    json_put(out, "state_root", hex(&state));
    copy(out, found, "agree");
    return out;
}

json_t *summary_expected(const struct replay *r, const char *label, const json_t *found, json_t *epochs, uint64_t count)
{
    const struct federation_state *s = &r->state;
    json_t *out = json_object();

    json_put(out, "format", json_string("prismfed.epoch-summary"));
    json_put(out, "version", json_u64(1));
    json_put(out, "scenario", json_string(s->name));
    json_put(out, "label", json_string(label));
    json_put(out, "federation_id", hex(&s->federation_id));
    json_put(out, "simulated", json_boolean(s->simulated));
    copy(out, found, "seed");
    copy(out, found, "scenario_sha256");
    json_put(out, "recorder", expected_recorder(s, json_object_get(found, "recorder")));
    json_put(out, "quorum", expected_quorum(s));
    json_put(out, "epoch_count", json_u64(count));
    json_put(out, "epochs", epochs);
    copy(out, found, "events");
    copy(out, found, "network");
    copy(out, found, "work");
    json_put(out, "nodes", expected_nodes(s, json_object_get(found, "nodes")));
    json_put(out, "roots", expected_roots(s, json_object_get(found, "roots")));
    json_put(out, "end", end_expected(r, json_object_get(found, "end")));
    json_put(out, "genome",
             MUTATE(AUDIT_GENOME_BELIEVED, json_incref(json_object_get(found, "genome")), shared_genome_json(s)));
    copy(out, found, "costs");
    copy(out, found, "gain");
    copy(out, found, "summary_signature");
    return out;
}

/* ---- the three rules */

static void compare_view(const struct replay *r, const char *label, const char *file, const json_t *found,
                         struct audit_report *report)
{
    json_t *epochs = expected_epochs(r, json_object_get(found, "epochs"));
    json_t *expected = summary_expected(r, label, found, epochs, json_array_size(epochs));
    struct buf pointer = {0};

    if (json_difference(found, expected, &pointer)) {
        audit_fail_difference(report, RULE_SUMMARY_VIEW, file, buf_text(&pointer), found, expected);
    } else {
        audit_pass(report, RULE_SUMMARY_VIEW);
        order_compare(file, found, expected, report);
    }
    buf_free(&pointer);
    json_decref(expected);
}

/* Whose key must have signed it: NULL: nobody's. The signers own the key. */
static const struct public_key *recorder_key(const struct replay *r, const json_t *found, struct signers *signers,
                                             int *index)
{
    *index = find_name(&r->state, json_object_get(json_object_get(found, "recorder"), "node_id"));
    signers_of(&r->state, signers);
    return *index >= 0 ? signers_find(signers, &state_member(&r->state, *index)->fingerprint) : NULL;
}

bool summary_is_signed(const struct replay *r, const json_t *found, const struct digest *digest)
{
    struct signers signers = {0};
    struct digest signer;
    int index;
    const struct public_key *key = recorder_key(r, found, &signers, &index);
    bool is_signed = key != NULL && summary_verify_digest(found, digest, key, &signer) == ERR_OK;

    signers_free(&signers);
    return is_signed;
}

static void compare_signature(const struct replay *r, const char *file, const json_t *found,
                              struct audit_report *report)
{
    struct signers signers = {0};
    struct digest signer;
    int index;
    const struct public_key *key = recorder_key(r, found, &signers, &index);
    enum err err = key != NULL ? summary_verify(found, key, &signer) : ERR_UNKNOWN;

    if (err == ERR_OK)
        audit_pass(report, RULE_SUMMARY_SIGNATURE);
    else if (index < 0)
        audit_fail(report, RULE_SUMMARY_SIGNATURE, file, "/summary_signature",
                   "the recorder is no member of the federation");
    else if (key == NULL)
        audit_fail(report, RULE_SUMMARY_SIGNATURE, file, "/summary_signature",
                   "the recorder %s is %s when the log ends, not in good standing",
                   state_member(&r->state, index)->card.name,
                   member_status_name(state_member(&r->state, index)->status));
    else
        audit_fail(report, RULE_SUMMARY_SIGNATURE, file, "/summary_signature", "%s", err_text(err));
    signers_free(&signers);
}

/* Member by member with the ledger file itself, whatever execution says of either. */
static void compare_ledger(const struct replay *r, const char *file, const json_t *found, struct audit_report *report)
{
    for (unsigned i = 0; i < r->epoch_count; i++) {
        const struct replayed_epoch *e = &r->epochs[i];
        const json_t *epoch = json_array_get(json_object_get(found, "epochs"), i);
        const json_t *root = e->shown_root;
        const json_t *signature = e->anchor.anchored ? e->shown_signature : NULL;
        const json_t *signed_here = json_object_get(epoch, "signature");
        char pointer[64];

        snprintf(pointer, sizeof pointer, "/epochs/%u", i);
        if (!json_equal((json_t *)(uintptr_t)root, json_object_get(epoch, "ledger_merkle")))
            audit_fail(report, RULE_SUMMARY_LEDGER, file, pointer, "ledger_merkle is not the merkle_root of %s",
                       e->file);
        else if (signature != NULL && !json_equal((json_t *)(uintptr_t)signature, (json_t *)(uintptr_t)signed_here))
            audit_fail(report, RULE_SUMMARY_LEDGER, file, pointer, "signature is not the one of %s", e->file);
        else
            audit_pass(report, RULE_SUMMARY_LEDGER);
    }
}

static void copy_short(const json_t *found, const char *key, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(found, key));

    if (text != NULL && strlen(text) < size)
        memcpy(out, text, strlen(text) + 1);
}

void summary_describe(const json_t *found, struct audit_section *section)
{
    copy_short(found, "scenario_sha256", section->scenario_sha256, sizeof section->scenario_sha256);
    copy_short(found, "seed", section->seed, sizeof section->seed);
}

void summary_skip_observed(struct audit_report *report)
{
    audit_skip(
        report, RULE_SUMMARY_OBSERVED,
        "times, messages, faults, view changes, costs and gain are the recorder's word, covered by its signature only");
}

void summary_compare(struct replay *r, bool whole, const char *label, const char *file, struct bytes text,
                     struct audit_report *report)
{
    struct json_doc doc;

    if (!replay_load(&doc, file, text, report))
        return;
    if (!json_is_object(doc.root)) {
        audit_fail(report, RULE_SUMMARY_VIEW, file, "", "a summary is a JSON object");
        replay_unload(&doc, report);
        return;
    }
    summary_describe(doc.root, audit_section(report));
    compare_signature(r, file, doc.root, report);
    compare_ledger(r, file, doc.root, report);
    observed_check(doc.root, file, report);
    if (whole) {
        compare_view(r, label, file, doc.root, report);
        end_check(r, json_object_get(doc.root, "end"), file, report);
    } else {
        audit_skip(report, RULE_SUMMARY_VIEW, "the log could not be executed to its end");
        audit_skip(report, RULE_LOG_END, "the log could not be executed to its end");
    }
    summary_skip_observed(report);
    replay_unload(&doc, report);
}
