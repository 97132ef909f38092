#include "state/entry_sign_off.h"

#include <string.h>

#include "base/mutate.h"
#include "state/action.h"
#include "state/kind.h"

/* SIGN_OFF: governors sign a Statement off. Any member may bring it in, one signature at a time or several at once;
 * when as many governors as genesis asks for have signed the same Statement, it takes effect. */

static const struct action_row *const actions[ACTION_COUNT] = {
    [ACTION_APPLY] = &action_apply,           [ACTION_POLICY] = &action_policy,
    [ACTION_QUARANTINE] = &action_quarantine, [ACTION_RELEASE] = &action_release,
    [ACTION_ROLLBACK] = &action_rollback,     [ACTION_HALT] = &action_halt,
    [ACTION_RESUME] = &action_resume,         [ACTION_ROTATE_KEY] = &action_rotate_key,
    [ACTION_REVOKE_KEY] = &action_revoke_key,
};

/* ---- what is kept of it */

struct body {
    struct sign_off statement;
    struct digest digest; /* of its bytes */
    unsigned count;
    struct digest signers[DSSE_SIGNATURES_MAX];
    bool good[DSSE_SIGNATURES_MAX]; /* verified: under the key with this fingerprint, of which there is one only */
};

static enum err open_envelope(struct bytes bytes, struct dsse *out, struct sign_off *statement)
{
    enum err err = dsse_decode(bytes, out);

    if (err != ERR_OK)
        return err;
    if (strcmp(out->type, DSSE_IN_TOTO) != 0)
        err = ERR_TYPE;
    else if (out->count == 0)
        err = ERR_MISSING;
    else
        err = sign_off_decode(NULL, bytes_of_buf(&out->payload), statement, NULL);
    if (err != ERR_OK)
        dsse_free(out);
    return err;
}

static enum err decode(const void *context, const struct envelope *e, void **out)
{
    const struct federation_state *s = context;
    struct body b = {0};
    struct bytes envelope;
    struct dsse dsse;
    enum err err = sign_off_body_decode(e->body, &envelope);

    if (err == ERR_OK)
        err = open_envelope(envelope, &dsse, &b.statement);
    if (err != ERR_OK)
        return err;
    b.digest = digest_of(bytes_of_buf(&dsse.payload));
    b.count = dsse.count;
    for (unsigned i = 0; i < dsse.count; i++)
        b.signers[i] = dsse.signatures[i].keyid;
    dsse_free(&dsse);
    if (MUTATE(STATE_SIGN_OFF_OF_ANOTHER, false, !digest_equal(&b.statement.federation_id, &s->federation_id)))
        return ERR_MISMATCH;
    *out = kind_keep(&b, sizeof b);
    return ERR_OK;
}

/* ---- who has signed */

/* The key that a ROTATE_KEY brings in signs it, too: nobody brings in a key that is not its own. */
static bool is_newcomer(const struct sign_off *b, const struct digest *fingerprint)
{
    struct digest key = key_fingerprint(&b->key);

    return b->action == ACTION_ROTATE_KEY && digest_equal(&key, fingerprint);
}

/* NULL: it is nobody's here, and what it has signed is not counted. */
static const struct public_key *key_of(const struct federation_state *s, const struct sign_off *b,
                                       const struct digest *fingerprint)
{
    int governor = governance_find(s->governance, fingerprint);

    if (governor >= 0)
        return &s->governance->governors[governor].key;
    return is_newcomer(b, fingerprint) ? &b->key : NULL;
}

static enum err verify(const struct federation_state *s, struct body *b, const struct dsse *dsse)
{
    for (unsigned i = 0; i < b->count; i++) {
        const struct public_key *key = key_of(s, &b->statement, &b->signers[i]);
        if (key == NULL || b->good[i])
            continue;
        if (dsse_verify(dsse, i, key) != ERR_OK)
            return ERR_SIGNATURE;
        b->good[i] = true;
    }
    return ERR_OK;
}

static bool is_verified(const struct federation_state *s, const struct body *b)
{
    bool all = true;

    for (unsigned i = 0; i < b->count; i++)
        all = all && (b->good[i] || key_of(s, &b->statement, &b->signers[i]) == NULL);
    return all;
}

static enum err check(const struct federation_state *s, struct entry *e)
{
    struct body *b = e->body;
    struct sign_off statement;
    struct bytes envelope;
    struct dsse dsse;

    if (s->governance == NULL)
        return ERR_STATE;
    if (is_verified(s, b))
        return ERR_OK;
    enum err err = sign_off_body_decode(e->envelope.body, &envelope);
    if (err == ERR_OK)
        err = open_envelope(envelope, &dsse, &statement);
    if (err != ERR_OK)
        return err;
    err = verify(s, b, &dsse);
    dsse_free(&dsse);
    return err;
}

/* ---- what counts */

struct voices {
    unsigned governors; /* a bit for each */
    bool revoked;       /* so is the key of one that has signed */
    bool possession;
};

static struct voices voices_of(const struct federation_state *s, const struct body *b)
{
    struct voices v = {0};

    for (unsigned i = 0; i < b->count; i++) {
        int governor = governance_find(s->governance, &b->signers[i]);
        if (governor >= 0 && governance_counts(s->governance, (unsigned)governor, s->epoch))
            v.governors |= 1U << governor;
        else if (governor >= 0)
            v.revoked = true;
        v.possession = v.possession || is_newcomer(&b->statement, &b->signers[i]);
    }
    return v;
}

static unsigned first_of(unsigned governors)
{
    unsigned at = 0;

    while ((governors >> at & 1) == 0)
        at++;
    return at;
}

static enum err judge_opening(const struct governance *g, const struct voices *v)
{
    unsigned opened = 0;

    if (v->governors == 0)
        return v->revoked ? ERR_REVOKED : ERR_UNKNOWN;
    for (unsigned i = 0; i < g->proposal_count; i++)
        opened += g->proposals[i].opener == first_of(v->governors);
    return opened < MUTATE(STATE_PROPOSALS_WITHOUT_END, PROPOSALS_MAX, PROPOSALS_OPENED_MAX) ? ERR_OK : ERR_LIMIT;
}

static enum err judge_voices(const struct proposal *p, const struct voices *v)
{
    if (MUTATE(STATE_AGREED_TWICE, false, p->done))
        return ERR_DUPLICATE;
    if ((v->governors & ~p->signers) != 0 || (v->possession && !p->possession))
        return ERR_OK;
    return v->governors != 0 || v->possession ? ERR_DUPLICATE : v->revoked ? ERR_REVOKED : ERR_UNKNOWN;
}

static enum err judge_body(const struct federation_state *s, const struct body *b)
{
    struct governance *g = s->governance;
    struct voices v = voices_of(s, b);

    if (b->statement.until < s->epoch)
        return ERR_STALE;
    if (b->statement.until - s->epoch > SIGN_OFF_EPOCHS_MAX)
        return ERR_RANGE;
    const struct proposal *p = governance_proposal(g, &b->digest);
    enum err err = p == NULL ? judge_opening(g, &v) : judge_voices(p, &v);
    return err == ERR_OK ? actions[b->statement.action]->judge(s, &b->statement) : err;
}

static enum err judge(const struct federation_state *s, struct entry *e)
{
    return judge_body(s, e->body);
}

enum err sign_off_prospect(const struct federation_state *s, struct bytes envelope)
{
    struct body b = {0};
    struct dsse dsse;

    if (s->governance == NULL)
        return ERR_STATE;
    enum err err = open_envelope(envelope, &dsse, &b.statement);
    if (err != ERR_OK)
        return err;
    b.digest = digest_of(bytes_of_buf(&dsse.payload));
    b.count = dsse.count;
    for (unsigned i = 0; i < dsse.count; i++)
        b.signers[i] = dsse.signatures[i].keyid;
    err = digest_equal(&b.statement.federation_id, &s->federation_id) ? verify(s, &b, &dsse) : ERR_MISMATCH;
    dsse_free(&dsse);
    return err == ERR_OK ? judge_body(s, &b) : err;
}

/* ---- taking effect */

static struct proposal *open_proposal(struct governance *g, const struct body *b, const struct voices *v)
{
    struct proposal *p = governance_proposal(g, &b->digest);

    if (p != NULL)
        return p;
    ASSERT(g->proposal_count < PROPOSALS_MAX);
    p = &g->proposals[g->proposal_count++];
    *p = (struct proposal){.statement = b->digest, .until = b->statement.until, .opener = first_of(v->governors)};
    return p;
}

static void apply(struct federation_state *s, const struct entry *e)
{
    const struct body *b = e->body;
    struct voices v = voices_of(s, b);
    struct proposal *p = open_proposal(s->governance, b, &v);

    p->signers |= v.governors;
    p->possession = p->possession || v.possession;
    bool possession =
        b->statement.action != ACTION_ROTATE_KEY || MUTATE(STATE_ROTATES_WITHOUT_KEY, true, p->possession);
    if (governance_voices(s, p) < MUTATE(STATE_ONE_GOVERNOR, 1, s->governance->threshold) || !possession)
        return;
    p->done = true;
    actions[b->statement.action]->apply(s, &b->statement);
}

const struct kind kind_sign_off = {
    .signer = SIGNED_BY_ANYBODY, .decode = decode, .check = check, .judge = judge, .apply = apply};
