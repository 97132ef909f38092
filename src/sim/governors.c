#include "sim/governors.h"

#include "sim/rehearsal.h"
#include "state/governance.h"

void governors_init(struct rehearsal *r)
{
    r->governors.count = r->scenario->proposal_count;
    r->governors.statements = mem_array(r->governors.count + 1, sizeof *r->governors.statements);
}

void governors_fini(struct governors *g)
{
    for (unsigned i = 0; i < g->count; i++)
        buf_free(&g->statements[i]);
    mem_free(g->statements);
    *g = (struct governors){0};
}

/* The key that the governor has in this state. */
static void key_of(const struct rehearsal *r, const struct federation_state *s, unsigned governor,
                   struct secret_key *out)
{
    scenario_governor_key(r->scenario, governor, true, r->options.seed, out);
    if (!digest_equal(&out->fingerprint, &s->governance->governors[governor].fingerprint))
        scenario_governor_key(r->scenario, governor, false, r->options.seed, out);
}

/* What can be said only now: whose key it is, and which genome is held. */
static bool complete(const struct rehearsal *r, const struct scenario_proposal *p, const struct federation_state *s,
                     struct sign_off *what)
{
    struct secret_key key;

    if (what->action == ACTION_APPLY) {
        const struct anchor *held = governance_held(s->governance, what->epoch);
        what->digest = held != NULL ? held->hash : (struct digest){{0}};
        return held != NULL;
    }
    if (what->action != ACTION_ROTATE_KEY && what->action != ACTION_REVOKE_KEY)
        return true;
    if (p->governor < 0) {
        int member = r->nodes[p->node].member;
        what->digest = member >= 0 ? state_member(s, (unsigned)member)->fingerprint : (struct digest){{0}};
        return member >= 0;
    }
    what->digest = s->governance->governors[p->governor].fingerprint;
    if (what->action == ACTION_ROTATE_KEY) {
        scenario_governor_key(r->scenario, (unsigned)p->governor, true, r->options.seed, &key);
        what->key = key.public;
        key_wipe(&key);
    }
    return true;
}

/* All who sign a proposal sign the same bytes. */
static bool put_into_words(struct rehearsal *r, unsigned proposal, const struct federation_state *s)
{
    const struct scenario_proposal *p = &r->scenario->proposals[proposal];
    struct buf *statement = &r->governors.statements[proposal];
    struct sign_off what = p->what;

    if (statement->len > 0)
        return true;
    what.federation_id = s->federation_id;
    what.serial = proposal + 1;
    what.until = s->epoch + SIGN_OFF_EPOCHS_MAX / 2;
    if (!complete(r, p, s, &what))
        return false;
    sign_off_encode(&what, statement);
    return true;
}

static enum err sign(const struct rehearsal *r, const struct scenario_event *e, const struct federation_state *s,
                     struct dsse *dsse)
{
    const struct scenario_proposal *p = &r->scenario->proposals[e->proposal];
    struct secret_key key;
    enum err err = ERR_OK;

    for (unsigned i = 0; i < r->scenario->governor_count && err == ERR_OK; i++) {
        if ((e->signers >> i & 1) == 0)
            continue;
        key_of(r, s, i, &key);
        err = dsse_sign(dsse, &key);
    }
    if (err == ERR_OK && p->what.action == ACTION_ROTATE_KEY) {
        scenario_governor_key(r->scenario, (unsigned)p->governor, true, r->options.seed, &key);
        err = dsse_sign(dsse, &key);
    }
    key_wipe(&key);
    return err;
}

bool governors_sign(struct rehearsal *r, unsigned fault, struct sim_node *n)
{
    const struct scenario_event *e = &r->scenario->events[fault];
    struct buf envelope = {0}, body = {0};
    const struct federation_state *s = operators_latest(r);
    struct dsse dsse;

    if (!n->up || s == NULL || !put_into_words(r, e->proposal, s))
        return false;
    dsse_init(&dsse, DSSE_IN_TOTO, bytes_of_buf(&r->governors.statements[e->proposal]));
    enum err err = sign(r, e, s, &dsse);
    dsse_encode(&dsse, &envelope);
    dsse_free(&dsse);
    sign_off_body_encode(bytes_of_buf(&envelope), &body);
    buf_free(&envelope);
    struct fed_event event = {.kind = FED_EVENT_SIGN_OFF, .blob = blob_new(bytes_of_buf(&body))};
    buf_free(&body);
    if (err == ERR_OK)
        err = sim_node_step(n, r, &event);
    blob_drop(event.blob);
    return err == ERR_OK;
}
