#include "record/summary.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "state/shared_genome.h"

static json_t *decimal(uint64_t v)
{
    struct buf text = {0};
    json_t *out;

    buf_printf(&text, "%" PRIu64, v);
    out = json_string(buf_text(&text));
    buf_free(&text);
    ASSERT(out != NULL);
    return out;
}

static json_t *hex(const struct digest *d)
{
    return json_hex(digest_bytes(d));
}

/* ---- one epoch */

static json_t *shards_json(const struct history *h, const struct record_epoch *e)
{
    const struct federation_state *s = &h->state;
    json_t *out = json_object();

    for (unsigned m = 0; e->log != NULL && m < s->member_count; m++) {
        uint64_t count = 0;

        for (unsigned i = 0; i < s->policy.shards; i++)
            count += e->log->owners[i] == (int)m;
        if (count > 0)
            json_put(out, state_member(s, m)->card.name, json_u64(count));
    }
    return out;
}

/* From the decision as the ledger file has it, or what fits an epoch that never ended; otherwise NULL: nothing does. */
static void put_outcome(json_t *out, const struct record_epoch *e, const char *key, json_t *otherwise)
{
    json_t *value = e->log != NULL ? json_object_get(e->log->outcome_json, key) : NULL;

    if (value != NULL) {
        json_decref(otherwise);
        json_put(out, key, json_incref(value));
    } else if (otherwise != NULL) {
        json_put(out, key, otherwise);
    }
}

json_t *summary_epoch(const struct history *h, const struct record_epoch *e)
{
    bool anchored = e->log != NULL && e->log->outcome.anchored;
    json_t *out = json_object();

    json_put(out, "epoch", json_u64(e->epoch));
    json_put(out, "quorum_reached", json_boolean(anchored));
    json_put(out, "anchored", json_boolean(anchored));
    put_outcome(out, e, "aggregated_delta", json_u64(0));
    json_put(out, "ledger_merkle", anchored ? hex(&e->log->anchor.merkle_root) : json_null());
    json_put(out, "signature", anchored ? json_base64(e->signature) : json_null());
    json_put(out, "view_changes", json_u64(e->view_changes));
    json_put(out, "stalled", json_boolean(e->stalled));
    put_outcome(out, e, "participants", json_u64(0));
    put_outcome(out, e, "left_out", NULL);
    put_outcome(out, e, "stale", json_u64(0));
    put_outcome(out, e, "absent", json_u64(0));
    put_outcome(out, e, "quarantined", json_u64(0));
    put_outcome(out, e, "convicted", json_u64(0));
    put_outcome(out, e, "false_claims", json_u64(0));
    json_put(out, "shards_moved", json_u64(e->log != NULL ? e->log->shards_moved : 0));
    json_put(out, "shards", shards_json(h, e));
    put_outcome(out, e, "incumbent", json_null());
    json_put(out, "virtual_ms", json_u64(e->virtual_ns / 1000000));
    put_outcome(out, e, "aligned_updates", json_array());
    return out;
}

/* ---- what real nodes have seen */

json_t *summary_node(const struct record_node *n)
{
    json_t *out = json_object();

    json_put(out, "node_id", json_string(n->card->name));
    json_put(out, "role", json_string(member_role_name(n->card->role)));
    json_put(out, "site", json_string(member_site_name(n->card->site)));
    json_put(out, "region", json_string(n->card->region));
    json_put(out, "stake", json_u64(n->card->stake));
    json_put(out, "status", n->member != NULL ? json_string(member_status_name(n->member->status)) : json_null());
    json_put(out, "false_claims", n->member != NULL ? json_u64(n->member->false_claims) : json_null());
    json_put(out, "up", json_boolean(n->up));
    json_put(out, "height", json_u64(n->height));
    json_put(out, "restarts", json_u64(0));
    return out;
}

json_t *summary_network(uint64_t messages)
{
    json_t *out = json_object();

    json_put(out, "messages", json_u64(messages));
    json_put(out, "bytes", json_u64(0));
    json_put(out, "dropped", json_u64(0));
    return out;
}

json_t *summary_work(void)
{
    json_t *out = json_object();

    json_put(out, "evaluations", json_u64(0));
    json_put(out, "iterations", json_u64(0));
    return out;
}

/* ---- the whole */

static json_t *recorder_json(const struct record_whole *w)
{
    json_t *out = json_object();

    json_put(out, "node_id", json_string(w->recorder));
    json_put(out, "node_fingerprint", hex(&w->recorder_key->fingerprint));
    json_put(out, "public_key", json_hex(bytes_of(w->recorder_key->public.b, KEY_PUBLIC_SIZE)));
    return out;
}

static json_t *quorum_json(const struct federation_state *s)
{
    json_t *out = json_object();

    json_put(out, "validators", json_u64(s->validator_count));
    json_put(out, "max_byzantine", json_u64(s->max_byzantine));
    json_put(out, "quorum", json_u64(s->quorum));
    return out;
}

static json_t *roots_json(const struct federation_state *s, bool agree)
{
    struct digest log = merkle_frontier_root(&s->log), state = state_root(s);
    json_t *out = json_object();

    json_put(out, "log_size", json_u64(s->log.size));
    json_put(out, "log_root", hex(&log));
    json_put(out, "state_root", hex(&state));
    json_put(out, "agree", json_boolean(agree));
    return out;
}

static int compare_vouch(const void *a, const void *b)
{
    return digest_compare(&((const struct record_vouch *)a)->kid, &((const struct record_vouch *)b)->kid);
}

/* Where the log ends, and which validators vouch for it. */
static json_t *end_json(const struct federation_state *s, struct record_vouch *vouches, unsigned count)
{
    struct end_statement end = state_end(s);
    struct buf payload = {0};
    json_t *out = json_object(), *decoded = NULL, *signers = json_array(), *signatures = json_array();

    end_payload(&end, &payload);
    enum err err = cbor_to_json(bytes_of_buf(&payload), &decoded);
    ASSERT(err == ERR_OK);
    qsort(vouches, count, sizeof *vouches, compare_vouch);
    for (unsigned i = 0; i < count; i++) {
        json_push(signers, json_string(vouches[i].name));
        json_push(signatures, json_base64(bytes_of_buf(&vouches[i].signature)));
    }
    json_put(out, "decoded", decoded);
    json_put(out, "signers", signers);
    json_put(out, "signatures", signatures);
    buf_free(&payload);
    return out;
}

json_t *summary_whole(const struct history *h, struct record_whole *w)
{
    const struct federation_state *s = &h->state;
    json_t *out = json_object();

    json_put(out, "format", json_string("prismfed.epoch-summary"));
    json_put(out, "version", json_u64(1));
    json_put(out, "scenario", json_string(w->scenario));
    json_put(out, "label", json_string(w->label));
    json_put(out, "federation_id", hex(&s->federation_id));
    json_put(out, "simulated", json_boolean(s->simulated));
    json_put(out, "seed", decimal(w->seed));
    json_put(out, "scenario_sha256", hex(&w->scenario_sha256));
    json_put(out, "recorder", recorder_json(w));
    json_put(out, "quorum", quorum_json(s));
    json_put(out, "epoch_count", json_u64(w->epoch_count));
    json_put(out, "epochs", json_array());
    json_put(out, "events", w->events);
    json_put(out, "network", w->network);
    json_put(out, "work", w->work);
    json_put(out, "nodes", w->nodes);
    json_put(out, "roots", roots_json(s, w->roots_agree));
    json_put(out, "end", end_json(s, w->vouches, w->vouch_count));
    json_put(out, "genome", shared_genome_json(s));
    json_put(out, "costs", w->costs);
    json_put(out, "gain", json_u64(w->gain_ppm));
    return out;
}

/* ---- the other documents */

void summary_ledger(const struct history *h, struct bytes signature, struct buf *out)
{
    struct epoch_names names = {.context = &h->names, .name = names_find};
    struct epoch_record record;

    history_record(h, &record);
    record.signature = signature;
    epoch_file_write(&record, &names, out);
}

json_t *summary_genesis(struct bytes genesis)
{
    struct digest id = digest_of(genesis);
    json_t *out = json_object(), *decoded = NULL;
    enum err err = cbor_to_json(genesis, &decoded);

    ASSERT(err == ERR_OK);
    json_put(out, "format", json_string("prismfed.genesis"));
    json_put(out, "version", json_u64(1));
    json_put(out, "federation_id", hex(&id));
    json_put(out, "genesis", json_base64(genesis));
    json_put(out, "decoded", decoded);
    return out;
}
