#include "lab.h"

#include <string.h>

#include "cluster_parts.h"
#include "pbft/view_change_format.h"

static bool nothing_arrives(struct cluster *c, unsigned from, unsigned to, struct bytes message)
{
    (void)c;
    (void)from;
    (void)to;
    (void)message;
    return true;
}

static void note_seen(struct lab *l, const char *name)
{
    for (unsigned i = 0; i < LAB_NOTES_MAX; i++) {
        if (l->notes[i].name == NULL)
            l->notes[i].name = name;
        if (strcmp(l->notes[i].name, name) == 0) {
            l->notes[i].count++;
            return;
        }
    }
}

static void watch(struct cluster *c, unsigned node, unsigned timer, const struct effect *e)
{
    struct lab *l = c->watcher;

    (void)timer;
    if (e == NULL || node != l->self)
        return;
    if (e->kind == EFFECT_NOTE)
        note_seen(l, e->name);
    if (e->kind != EFFECT_SEND)
        return;
    unsigned type = e->blob->data[1];
    ASSERT(type < MESSAGE_TYPES_END);
    blob_drop(l->sent[type].last);
    l->sent[type].last = blob_hold(e->blob);
    l->sent[type].to = e->to;
    l->sent[type].count++;
}

void lab_init(struct lab *l, unsigned n, unsigned self)
{
    memset(l, 0, sizeof *l);
    cluster_init(&l->c, n, 1);
    l->self = self;
    l->c.watch = watch;
    l->c.watcher = l;
    l->c.drop = nothing_arrives;
    l->c.no_catch_up = true;
    for (unsigned i = 0; i < n; i++)
        l->c.nodes[i].liar = i != self;    /* nobody expects anything of the others */
    l->c.nodes[self].errs_at = UINT64_MAX; /* a divergence is the test's matter */
}

void lab_start(struct lab *l)
{
    cluster_start(&l->c);
    for (unsigned i = 0; i < l->c.n; i++) {
        if (i != l->self)
            cluster_crash(&l->c, i);
    }
    lab_forget_sent(l);
}

void lab_free(struct lab *l)
{
    lab_forget_sent(l);
    cluster_free(&l->c);
}

const struct cluster_node *lab_node(const struct lab *l)
{
    return &l->c.nodes[l->self];
}

struct pbft_status lab_status(const struct lab *l)
{
    return pbft_status(lab_node(l)->pbft);
}

void lab_restart(struct lab *l)
{
    cluster_crash(&l->c, l->self);
    cluster_restart(&l->c, l->self);
}

void lab_wait(struct lab *l, int64_t ns)
{
    cluster_run_until(&l->c, cluster_now(&l->c) + ns);
}

enum err lab_request(struct lab *l, const char *request)
{
    struct effects effects = {0};
    struct blob *blob = blob_new(bytes_of_text(request));

    enum err err = pbft_request(lab_node(l)->pbft, cluster_now(&l->c), blob, &effects);
    blob_drop(blob);
    cluster_settle(&l->c, l->self, &effects);
    return err;
}

/* ---- what it said */

unsigned lab_sent(const struct lab *l, enum message_type type)
{
    return l->sent[type].count;
}

void lab_forget_sent(struct lab *l)
{
    for (unsigned i = 0; i < MESSAGE_TYPES_END; i++)
        blob_drop(l->sent[i].last);
    memset(l->sent, 0, sizeof l->sent);
}

struct statement lab_last(struct lab *l, enum message_type type)
{
    struct claim claim = {0};

    if (l->sent[type].last == NULL || !cluster_first_claim(&l->c, blob_bytes(l->sent[type].last), &claim))
        cluster_fail(&l->c, "no message of type %d was sent", (int)type);
    return claim.says;
}

unsigned lab_noted(const struct lab *l, const char *note)
{
    for (unsigned i = 0; i < LAB_NOTES_MAX && l->notes[i].name != NULL; i++) {
        if (strcmp(l->notes[i].name, note) == 0)
            return l->notes[i].count;
    }
    return 0;
}

/* ---- batches and blocks */

static void batch_of(const char *request, struct buf *out)
{
    struct bytes bytes = bytes_of_text(request != NULL ? request : "");

    batch_encode(&bytes, request != NULL, out);
}

struct digest lab_digest(const char *request)
{
    struct buf batch = {0};

    batch_of(request, &batch);
    struct digest digest = digest_of(bytes_of_buf(&batch));
    buf_free(&batch);
    return digest;
}

struct digest lab_block(const struct digest *parent, const char *request)
{
    struct digest_context d;
    struct buf batch = {0};

    batch_of(request, &batch);
    digest_init(&d);
    if (parent != NULL)
        digest_add(&d, parent->b, DIGEST_SIZE);
    digest_add(&d, batch.data, batch.len);
    buf_free(&batch);
    return digest_final(&d);
}

/* ---- what peers say */

enum err lab_claim(struct lab *l, const struct claim *claim, struct bytes rest)
{
    struct blob *message = message_make(&l->c.members, claim, rest);
    enum err err = cluster_deliver(&l->c, l->self, blob_bytes(message));

    blob_drop(message);
    return err;
}

enum err lab_vote(struct lab *l, unsigned signer, enum message_type type, uint64_t view, uint64_t sequence,
                  const struct digest *digest)
{
    struct claim claim = cluster_claim(&l->c, signer, type, view, sequence, digest);

    return lab_claim(l, &claim, bytes_of(NULL, 0));
}

enum err lab_propose(struct lab *l, uint64_t view, uint64_t sequence, const char *request)
{
    struct claim claim = lab_proposal(l, view, sequence, request);
    struct buf batch = {0};

    batch_of(request, &batch);
    enum err err = lab_claim(l, &claim, bytes_of_buf(&batch));
    buf_free(&batch);
    return err;
}

struct claim lab_proposal(struct lab *l, uint64_t view, uint64_t sequence, const char *request)
{
    struct digest digest = lab_digest(request);

    return cluster_claim(&l->c, members_primary(&l->c.members, view), MESSAGE_PRE_PREPARE, view, sequence, &digest);
}

enum err lab_pair(struct lab *l, const struct claim *prepare, const struct claim *proposal)
{
    struct blob *message = message_pair(&l->c.members, prepare, proposal);
    enum err err = cluster_deliver(&l->c, l->self, blob_bytes(message));

    blob_drop(message);
    return err;
}

enum err lab_prepare(struct lab *l, unsigned signer, uint64_t view, uint64_t sequence, const char *request)
{
    struct claim proposal = lab_proposal(l, view, sequence, request);
    struct claim prepare = cluster_claim(&l->c, signer, MESSAGE_PREPARE, view, sequence, &proposal.says.digest);

    return lab_pair(l, &prepare, &proposal);
}

void lab_decide(struct lab *l, uint64_t view, uint64_t sequence, const char *request)
{
    unsigned primary = members_primary(&l->c.members, view);

    if (primary != l->self)
        (void)lab_propose(l, view, sequence, request);
    for (unsigned i = 0; i < l->c.n; i++) {
        if (i != primary && i != l->self)
            (void)lab_prepare(l, i, view, sequence, request);
    }
    if (lab_node(l)->executed < sequence) {
        cluster_fail(&l->c, "%llu is not prepared", (unsigned long long)sequence);
        return;
    }
    struct digest id = lab_node(l)->blocks[sequence - 1].id;
    for (unsigned i = 0; i < l->c.n; i++) {
        if (i != l->self)
            (void)lab_vote(l, i, MESSAGE_COMMIT, view, sequence, &id);
    }
    if (lab_status(l).decided < sequence)
        cluster_fail(&l->c, "%llu is not decided", (unsigned long long)sequence);
}

/* ---- falling behind, losing everything */

void lab_learn(struct lab *l, const char *request)
{
    struct cluster_node *node = &l->c.nodes[l->self];
    struct buf batch = {0}, entry = {0};
    struct effects effects = {0};
    struct cbor_writer w;

    cluster_truncate_blocks(node, node->decided);
    batch_of(request, &batch);
    cluster_append_block(node, bytes_of_buf(&batch));
    uint64_t sequence = ++node->decided;
    struct digest id = node->blocks[sequence - 1].id;
    cbor_writer_init(&w, &entry);
    cbor_put_array(&w, 3);
    digest_put(&w, &id);
    cbor_put_raw(&w, bytes_of_buf(&batch));
    cbor_put_null(&w);
    cbor_writer_done(&w);
    struct blob *blob = blob_new(bytes_of_buf(&entry));
    effects_append(&effects, sequence, blob);
    struct pbft_result result = cluster_result(node, sequence);
    pbft_advance(node->pbft, cluster_now(&l->c), sequence, &result, &effects);
    cluster_settle(&l->c, l->self, &effects);
    blob_drop(blob);
    buf_free(&batch);
    buf_free(&entry);
}

enum err lab_peer_status(struct lab *l, unsigned signer, uint64_t view, uint64_t decided, bool active, uint64_t stable)
{
    struct buf body = {0};
    struct cbor_writer w;

    cbor_writer_init(&w, &body);
    cbor_put_array(&w, 5);
    cbor_put_uint(&w, !active);
    cbor_put_uint(&w, stable);
    cbor_put_uint(&w, 0);
    cbor_put_array(&w, 0);
    cbor_put_array(&w, 0);
    cbor_writer_done(&w);
    struct digest digest = digest_of(bytes_of_buf(&body));
    struct claim claim = cluster_claim(&l->c, signer, MESSAGE_STATUS, view, decided, &digest);
    enum err err = lab_claim(l, &claim, bytes_of_buf(&body));
    buf_free(&body);
    return err;
}

enum err lab_report(struct lab *l, unsigned signer, uint64_t view, uint64_t sequence, const struct digest *nonce)
{
    struct digest_context d;

    digest_init(&d);
    digest_add(&d, nonce->b, DIGEST_SIZE);
    digest_add(&d, l->c.fingerprints[l->self].b, DIGEST_SIZE);
    struct digest digest = digest_final(&d);
    return lab_vote(l, signer, MESSAGE_REPORT, view, sequence, &digest);
}

struct digest lab_nonce(const struct lab *l)
{
    return host_nonce(&lab_node(l)->host);
}

/* ---- views */

static void prove(struct lab *l, const struct lab_proof *proof, struct buf *out)
{
    struct claim proposal = lab_proposal(l, proof->view, proof->sequence, proof->request);
    struct claim prepares[CLUSTER_MAX];
    unsigned count = 0;

    for (unsigned i = 0; i < l->c.n && count + 1 < l->c.quorum; i++) {
        if (i != proposal.signer)
            prepares[count++] =
                cluster_claim(&l->c, i, MESSAGE_PREPARE, proof->view, proof->sequence, &proposal.says.digest);
    }
    proof_encode(&proposal, prepares, count, out);
}

/* Of the first `voices` replicas but this one. */
static void checkpoint_signatures(struct lab *l, uint64_t sequence, const struct digest *id, unsigned voices,
                                  struct buf *out)
{
    struct claim marks[CLUSTER_MAX];
    struct cbor_writer w;
    unsigned count = 0;

    for (unsigned i = 0; i < l->c.n && count < voices; i++) {
        if (i != l->self)
            marks[count++] = cluster_claim(&l->c, i, MESSAGE_CHECKPOINT, 0, sequence, id);
    }
    cbor_writer_init(&w, out);
    signatures_encode(&w, marks, count);
    cbor_writer_done(&w);
}

enum err lab_stable(struct lab *l, uint64_t sequence, const struct digest *id, unsigned voices)
{
    struct buf signatures = {0}, message = {0};
    struct cbor_writer w;

    checkpoint_signatures(l, sequence, id, voices, &signatures);
    cbor_writer_init(&w, &message);
    cbor_put_array(&w, 4);
    cbor_put_uint(&w, MESSAGE_STABLE);
    cbor_put_uint(&w, sequence);
    digest_put(&w, id);
    cbor_put_raw(&w, bytes_of_buf(&signatures));
    cbor_writer_done(&w);
    enum err err = cluster_deliver(&l->c, l->self, bytes_of_buf(&message));
    buf_free(&signatures);
    buf_free(&message);
    return err;
}

struct blob *lab_view_change(struct lab *l, unsigned signer, uint64_t view, const struct lab_proof *proofs,
                             unsigned count)
{
    struct digest base = {0};

    return lab_view_change_at(l, signer, view, 0, &base, proofs, count);
}

struct blob *lab_view_change_at(struct lab *l, unsigned signer, uint64_t view, uint64_t stable, const struct digest *id,
                                const struct lab_proof *proofs, unsigned count)
{
    struct buf encoded[LAB_PROOFS_MAX] = {0}, body = {0}, signatures = {0};
    struct bytes items[LAB_PROOFS_MAX];

    ASSERT(count <= LAB_PROOFS_MAX);
    checkpoint_signatures(l, stable, id, stable > 0 ? l->c.quorum : 0, &signatures);
    for (unsigned i = 0; i < count; i++) {
        prove(l, &proofs[i], &encoded[i]);
        items[i] = bytes_of_buf(&encoded[i]);
    }
    view_change_body(stable, id, bytes_of_buf(&signatures), items, count, &body);
    struct digest digest = digest_of(bytes_of_buf(&body));
    struct claim claim = cluster_claim(&l->c, signer, MESSAGE_VIEW_CHANGE, view, stable, &digest);
    struct blob *message = message_make(&l->c.members, &claim, bytes_of_buf(&body));
    for (unsigned i = 0; i < count; i++)
        buf_free(&encoded[i]);
    buf_free(&signatures);
    buf_free(&body);
    return message;
}

struct blob *lab_new_view(struct lab *l, uint64_t view, struct blob *const *changes)
{
    struct view_rules rules = {&l->c.members, l->c.config.window, 0, {{0}}, NULL};
    struct view_change parsed[CLUSTER_MAX];
    struct claim proposals[PBFT_WINDOW_MAX];
    struct buf body = {0};
    struct plan plan;
    unsigned primary = members_primary(&l->c.members, view);

    for (unsigned i = 0; i < l->c.quorum; i++)
        view_change_reread(&rules, blob_bytes(changes[i]), &parsed[i]);
    plan_make(&rules, parsed, l->c.quorum, &plan);
    unsigned count = (unsigned)(plan.max_s - plan.min_s);
    for (unsigned i = 0; i < count; i++)
        proposals[i] =
            cluster_claim(&l->c, primary, MESSAGE_PRE_PREPARE, view, plan.min_s + 1 + i, &plan.items[i].digest);
    new_view_body(parsed, l->c.quorum, proposals, count, &body);
    struct digest digest = digest_of(bytes_of_buf(&body));
    struct claim claim = cluster_claim(&l->c, primary, MESSAGE_NEW_VIEW, view, plan.min_s, &digest);
    struct blob *message = message_make(&l->c.members, &claim, bytes_of_buf(&body));
    plan_fini(&plan);
    buf_free(&body);
    return message;
}

void lab_enter(struct lab *l, uint64_t view, const struct lab_proof *proofs, unsigned count)
{
    struct blob *changes[CLUSTER_MAX];
    unsigned have = 0;

    for (unsigned i = 0; i < l->c.n && have < l->c.quorum; i++) {
        if (i != l->self)
            changes[have++] = lab_view_change(l, i, view, proofs, count);
    }
    struct blob *message = lab_new_view(l, view, changes);
    enum err err = cluster_deliver(&l->c, l->self, blob_bytes(message));
    if (err != ERR_OK || lab_status(l).view != view || lab_status(l).in_view_change)
        cluster_fail(&l->c, "view %llu is not entered: %s", (unsigned long long)view, err_text(err));
    blob_drop(message);
    while (have > 0)
        blob_drop(changes[--have]);
}
