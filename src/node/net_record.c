/* The record of a federation on this machine: one node's store is told anew from genesis, and every validator that
 * answers is asked whether the log ends there. */
#include <jansson.h>
#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "crypto/key_file.h"
#include "node/control.h"
#include "node/net.h"
#include "node/store_reader.h"
#include "record/artifacts.h"
#include "record/summary.h"
#include "record/summary_file.h"
#include "scenario/scenario.h"
#include "state/membership.h"
#include "tlog/checkpoint.h"

enum { ANSWER_MS = 5000 };

struct recording {
    const struct net *net;
    const char *label;
    struct artifacts files;
    struct scenario scenario;
    struct buf genesis;
    json_t *status;          /* of all nodes */
    unsigned teller;         /* the node whose store is told */
    struct secret_key *keys; /* owned; of all nodes */
    struct store_reader reader;
    struct history history;
    struct summary_file summary;
    uint64_t epochs; /* told */
};

static uint64_t number_of(const json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

/* The node that answers and has got farthest. */
static enum err choose_teller(struct recording *r, struct diag *diag)
{
    uint64_t best = 0;
    bool any = false;

    (void)net_has_ended(r->net, &r->status);
    for (unsigned i = 0; i < r->net->node_count; i++) {
        const json_t *status = json_array_get(r->status, i);

        if (!json_is_object(status) || (any && number_of(status, "height") <= best))
            continue;
        any = true;
        best = number_of(status, "height");
        r->teller = i;
    }
    return any ? ERR_OK
               : diag_set(diag, ERR_STATE,
                          "%s: no node answers, and without the validators nobody knows where the log ends",
                          r->net->folder);
}

static enum err read_keys_of_nodes(struct recording *r, struct diag *diag)
{
    enum err err = ERR_OK;

    r->keys = mem_array(r->net->node_count, sizeof r->keys[0]);
    for (unsigned i = 0; i < r->net->node_count && err == ERR_OK; i++) {
        struct buf path = {0};

        buf_printf(&path, "%s/%s/key.pem", r->net->folder, r->net->nodes[i].name);
        err = key_file_read_secret(buf_text(&path), NULL, &r->keys[i], diag);
        buf_free(&path);
    }
    return err;
}

static enum err open_store(struct recording *r, struct diag *diag)
{
    struct buf path = {0};
    sqlite3 *db = NULL;
    enum err err;

    buf_printf(&path, "%s/%s/store.sqlite", r->net->folder, r->net->nodes[r->teller].name);
    err = sql_open(buf_text(&path), SQL_READ, &db, diag);
    buf_free(&path);
    return err == ERR_OK ? store_reader_init(&r->reader, db, diag) : err;
}

static enum err begin(struct recording *r, struct diag *diag)
{
    const json_t *status;
    struct buf path = {0};
    uint64_t last;
    enum err err = scenario_load(r->net->scenario, &r->scenario, diag);

    buf_printf(&path, "%s/genesis.cbor", r->net->folder);
    if (err == ERR_OK)
        err = file_read(buf_text(&path), GENESIS_SIZE_MAX, &r->genesis, diag);
    buf_free(&path);
    if (err == ERR_OK)
        err = choose_teller(r, diag);
    if (err == ERR_OK)
        err = read_keys_of_nodes(r, diag);
    if (err == ERR_OK)
        err = open_store(r, diag);
    if (err != ERR_OK)
        return err;
    status = json_array_get(r->status, r->teller);
    last = number_of(status, "epoch") - 1 < r->net->last_epoch ? number_of(status, "epoch") - 1 : r->net->last_epoch;
    return history_open(bytes_of_buf(&r->genesis), &r->reader.ledger, number_of(status, "height"), last, &r->history,
                        diag);
}

/* ---- who signs */

static const struct secret_key *signer_among(const struct recording *r, const struct signers *signers, unsigned *node)
{
    for (unsigned k = 0; k < r->net->node_count; k++) {
        unsigned i = (r->teller + k) % r->net->node_count;

        if (signers_find(signers, &r->keys[i].fingerprint) != NULL) {
            *node = i;
            return &r->keys[i];
        }
    }
    return NULL;
}

/* ---- epochs */

static bool take_line(const json_t *answer, const char *key, struct buf *out)
{
    const char *line = json_string_value(json_object_get(answer, key));

    if (line != NULL)
        buf_add_text(out, line);
    return line != NULL;
}

/* False: it has not signed where the log is after the block. */
static bool ask_checkpoint(const struct net_node *node, const struct anchor_statement *anchor,
                           struct checkpoint_signer *out)
{
    json_t *ask = json_object(), *answer = NULL;
    bool ok;

    json_put(ask, "ask", json_string("checkpoint"));
    json_put(ask, "height", json_u64(anchor->height));
    json_put(ask, "block_id", json_hex(digest_bytes(&anchor->block_id)));
    ok = control_ask(node->control, ask, ANSWER_MS, &answer, NULL) == ERR_OK && take_line(answer, "log", &out->log) &&
         take_line(answer, "cosignature", &out->cosignature) && take_line(answer, "receipt", &out->receipt);
    if (!ok)
        checkpoint_signer_fini(out);
    json_decref(ask);
    json_decref(answer);
    return ok;
}

/* The validators of the block behind the epoch that still have the key they had then. */
static unsigned ask_checkpoints(const struct recording *r, struct checkpoint_signer *out)
{
    struct voter_set set;
    unsigned count = 0;

    state_voter_set(&r->history.state, &set);
    struct voters voters = voter_set_voters(&set);
    for (unsigned i = 0; i < r->net->node_count; i++) {
        struct checkpoint_signer signer = {.kid = r->keys[i].fingerprint};

        if (json_is_object(json_array_get(r->status, i)) && voters_find(&voters, &signer.kid) >= 0 &&
            ask_checkpoint(&r->net->nodes[i], &r->history.epoch.anchor, &signer))
            out[count++] = signer;
    }
    return count;
}

/* What they answered, if it is that; an epoch that nobody signs has no checkpoint. */
static enum err record_checkpoint(struct recording *r, struct diag *diag)
{
    const struct anchor_statement *anchor = &r->history.epoch.anchor;
    struct checkpoint_signer *signers = mem_array(r->net->node_count, sizeof signers[0]);
    struct buf origin = {0}, note = {0};
    unsigned count = ask_checkpoints(r, signers);
    enum err err = ERR_OK;

    checkpoint_origin(&anchor->federation_id, &origin);
    if (count > 0) {
        const struct checkpoint c = {bytes_of_buf(&origin), anchor->log_size, anchor->log_root};

        checkpoint_assemble(&c, signers, count, &note);
        err = artifacts_stage_checkpoint(&r->files, anchor->epoch, bytes_of_buf(&note), diag);
    }
    for (unsigned i = 0; i < count; i++)
        checkpoint_signer_fini(&signers[i]);
    mem_free(signers);
    buf_free(&origin);
    buf_free(&note);
    return err;
}

static enum err record_epoch(struct recording *r, struct diag *diag)
{
    const struct history_epoch *log = &r->history.epoch;
    struct buf signature = {0}, text = {0};
    unsigned node;
    const struct secret_key *key = signer_among(r, &log->signers, &node);
    json_t *json;
    enum err err;

    if (key == NULL)
        return diag_set(diag, ERR_KEY, "epoch %llu: none of the keys in %s may sign its anchor",
                        (unsigned long long)log->epoch, r->net->folder);
    anchor_sign(key, &log->anchor, &signature);
    const struct record_epoch epoch = {.epoch = log->epoch, .log = log, .signature = bytes_of_buf(&signature)};
    json = summary_epoch(&r->history, &epoch);
    summary_file_add(&r->summary, json);
    json_decref(json);
    summary_ledger(&r->history, bytes_of_buf(&signature), &text);
    err = artifacts_stage_epoch(&r->files, log->epoch, bytes_of_buf(&text), diag);
    if (err == ERR_OK)
        err = record_checkpoint(r, diag);
    r->epochs++;
    buf_free(&signature);
    buf_free(&text);
    return err;
}

static enum err record_epochs(struct recording *r, struct diag *diag)
{
    bool more = true;
    enum err err = ERR_OK;

    while (err == ERR_OK && more) {
        err = history_next(&r->history, &more, diag);
        if (err == ERR_OK && more)
            err = record_epoch(r, diag);
    }
    if (err == ERR_OK && r->epochs == 0)
        err = diag_set(diag, ERR_STATE, "%s: no epoch has ended yet", r->net->folder);
    return err;
}

/* ---- the whole */

/* False: it does not say that the log ends there. */
static bool ask_end(const struct net_node *node, const struct end_statement *end, struct buf *signature)
{
    json_t *ask = json_object(), *answer = NULL;
    const char *text = NULL;
    bool ok;

    json_put(ask, "ask", json_string("end"));
    json_put(ask, "epoch", json_u64(end->epoch));
    json_put(ask, "height", json_u64(end->height));
    json_put(ask, "block_id", json_hex(digest_bytes(&end->block_id)));
    ok = control_ask(node->control, ask, ANSWER_MS, &answer, NULL) == ERR_OK;
    if (ok)
        text = json_string_value(json_object_get(answer, "signature"));
    ok = text != NULL && base64_decode(bytes_of_text(text), signature) == ERR_OK;
    json_decref(ask);
    json_decref(answer);
    return ok;
}

static unsigned ask_validators(const struct recording *r, struct record_vouch *out)
{
    struct end_statement end = state_end(&r->history.state);
    unsigned count = 0;

    for (unsigned i = 0; i < r->net->node_count; i++) {
        int member = state_find(&r->history.state, &r->keys[i].fingerprint);
        struct buf signature = {0};

        if (member < 0 || !state_member(&r->history.state, (unsigned)member)->votes ||
            !ask_end(&r->net->nodes[i], &end, &signature)) {
            buf_free(&signature);
            continue;
        }
        out[count++] = (struct record_vouch){r->keys[i].fingerprint, r->net->nodes[i].name, signature};
    }
    return count;
}

static json_t *nodes_json(const struct recording *r)
{
    const struct federation_state *s = &r->history.state;
    json_t *out = json_array();

    for (unsigned i = 0; i < r->net->node_count; i++) {
        int at = state_find(s, &r->keys[i].fingerprint);
        const struct member *m = at >= 0 ? state_member(s, (unsigned)at) : NULL;
        const struct member_card *card = m != NULL ? &m->card : &r->scenario.nodes[i].card;
        const json_t *status = json_array_get(r->status, i);
        const struct record_node node = {card, m, json_is_object(status), number_of(status, "height")};

        json_push(out, summary_node(&node));
    }
    return out;
}

/* Every node that answers holds the same as the one that is told. */
static bool roots_agree(const struct recording *r)
{
    const json_t *told = json_array_get(r->status, r->teller);
    bool agree = true;

    for (unsigned i = 0; i < r->net->node_count; i++) {
        const json_t *status = json_array_get(r->status, i);

        if (json_is_object(status) && number_of(status, "height") == number_of(told, "height"))
            agree &= json_equal(json_object_get(status, "state_root"), json_object_get(told, "state_root"));
    }
    return agree;
}

static uint64_t messages_of(const struct recording *r)
{
    uint64_t messages = 0;

    for (unsigned i = 0; i < r->net->node_count; i++)
        messages += number_of(json_array_get(r->status, i), "messages");
    return messages;
}

static enum err record_whole(struct recording *r, struct diag *diag)
{
    struct record_whole whole = {
        .scenario = r->scenario.name,
        .label = r->label,
        .seed = r->net->seed,
        .scenario_sha256 = r->scenario.text,
        .epoch_count = r->epochs,
        .roots_agree = roots_agree(r),
        .gain_ppm = PPM,
        .vouches = mem_array(r->net->node_count, sizeof whole.vouches[0]),
    };
    struct signers signers = {0};
    unsigned node = 0;
    json_t *summary;
    enum err err;

    signers_of(&r->history.state, &signers);
    whole.recorder_key = signer_among(r, &signers, &node);
    signers_free(&signers);
    if (whole.recorder_key == NULL) {
        mem_free(whole.vouches);
        return diag_set(diag, ERR_KEY, "none of the keys in %s may sign the summary", r->net->folder);
    }
    whole.recorder = r->net->nodes[node].name;
    whole.events = json_array();
    whole.network = summary_network(messages_of(r));
    whole.work = summary_work();
    whole.nodes = nodes_json(r);
    whole.costs = json_array();
    whole.vouch_count = ask_validators(r, whole.vouches);
    summary = summary_whole(&r->history, &whole);
    err = summary_file_finish(&r->summary, summary, whole.recorder_key, diag);
    json_decref(summary);
    for (unsigned i = 0; i < whole.vouch_count; i++)
        buf_free(&whole.vouches[i].signature);
    mem_free(whole.vouches);
    return err == ERR_OK ? artifacts_stage_summary(&r->files, summary_file_give, &r->summary, diag) : err;
}

static enum err record_all(struct recording *r, struct diag *diag)
{
    struct buf text = {0};
    json_t *json;
    enum err err = begin(r, diag);

    if (err == ERR_OK)
        err = artifacts_prepare(&r->files, true, diag);
    if (err == ERR_OK)
        err = record_epochs(r, diag);
    if (err == ERR_OK) {
        json = summary_genesis(bytes_of_buf(&r->genesis));
        json_render(json, &text);
        json_decref(json);
        err = artifacts_stage_genesis(&r->files, bytes_of_buf(&text), diag);
    }
    struct bytes governance = history_governance(&r->history);
    if (err == ERR_OK && governance.len > 0)
        err = artifacts_stage_governance(&r->files, governance, diag);
    if (err == ERR_OK)
        err = record_whole(r, diag);
    if (err == ERR_OK)
        err = artifacts_commit(&r->files, true, diag);
    else
        artifacts_abandon(&r->files);
    buf_free(&text);
    return err;
}

enum err net_record(const struct net *net, const char *output_dir, uint64_t *epochs, struct diag *diag)
{
    struct recording r = {.net = net};
    struct buf label = {0};
    enum err err;

    artifacts_label_of(net->scenario, &label);
    r.label = buf_text(&label);
    err = artifacts_check_label(r.label, diag);
    if (err == ERR_OK) {
        artifacts_init(&r.files, output_dir, r.label);
        summary_file_init(&r.summary, NULL);
        err = record_all(&r, diag);
        summary_file_fini(&r.summary);
        artifacts_fini(&r.files);
    }
    for (unsigned i = 0; i < net->node_count && r.keys != NULL; i++)
        key_wipe(&r.keys[i]);
    mem_free(r.keys);
    history_fini(&r.history);
    store_reader_fini(&r.reader);
    scenario_fini(&r.scenario);
    json_decref(r.status);
    buf_free(&r.genesis);
    buf_free(&label);
    if (err == ERR_OK)
        *epochs = r.epochs;
    return err;
}
