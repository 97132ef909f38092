#include "state/governance.h"

#include <string.h>

#include "base/mutate.h"
#include "base/shared.h"
#include "state/membership.h"

/* What governors decide about. Keys are looked up by fingerprint: the slot of a governor is for life, its key is not.
 */

struct governance *governance_new(const struct governance_rules *rules)
{
    if (rules->count == 0)
        return NULL;
    struct governance *g = mem_alloc(sizeof *g);
    g->count = rules->count;
    g->threshold = rules->threshold;
    g->approval = rules->approval;
    memcpy(g->responses, rules->responses, sizeof g->responses);
    for (unsigned i = 0; i < g->count; i++) {
        g->governors[i].key = rules->keys[i];
        g->governors[i].fingerprint = key_fingerprint(&rules->keys[i]);
    }
    return g;
}

struct governance *governance_copy(const struct governance *g)
{
    if (g == NULL)
        return NULL;
    struct governance *copy = mem_alloc(sizeof *copy);
    memcpy(copy, g, sizeof *copy);
    shared_hold(copy->held);
    shared_hold(copy->due);
    return copy;
}

void governance_free(struct governance *g)
{
    if (g == NULL)
        return;
    shared_drop(g->held);
    shared_drop(g->due);
    mem_free(g);
}

/* ---- questions */

int governance_find(const struct governance *g, const struct digest *fingerprint)
{
    for (unsigned i = 0; i < g->count; i++) {
        if (digest_equal(&g->governors[i].fingerprint, fingerprint))
            return (int)i;
    }
    return -1;
}

bool governance_counts(const struct governance *g, unsigned governor, uint64_t epoch)
{
    uint64_t from = g->governors[governor].revoked_from;

    return MUTATE(STATE_REVOKED_GOVERNOR, true, from == 0 || epoch < from);
}

unsigned governance_voices(const struct federation_state *s, const struct proposal *p)
{
    unsigned count = 0;

    for (unsigned i = 0; i < s->governance->count; i++)
        count += (p->signers >> i & 1) != 0 && governance_counts(s->governance, i, s->epoch);
    return count;
}

struct proposal *governance_proposal(struct governance *g, const struct digest *statement)
{
    for (unsigned i = 0; i < g->proposal_count; i++) {
        if (digest_equal(&g->proposals[i].statement, statement))
            return &g->proposals[i];
    }
    return NULL;
}

bool governance_halted(const struct federation_state *s)
{
    return s->governance != NULL && s->governance->halted;
}

bool governance_barred(const struct federation_state *s, unsigned member)
{
    const struct governance *g = s->governance;

    for (unsigned i = 0; g != NULL && i < g->barred_count; i++) {
        if (g->barred[i] == member)
            return true;
    }
    return false;
}

uint64_t governance_revoked(const struct federation_state *s, const struct digest *fingerprint)
{
    const struct governance *g = s->governance;

    for (unsigned i = 0; g != NULL && i < g->revoked_count; i++) {
        if (digest_equal(&g->revoked[i].fingerprint, fingerprint))
            return g->revoked[i].from;
    }
    return 0;
}

bool governance_has_key(const struct federation_state *s, const struct digest *fingerprint)
{
    const struct governance *g = s->governance;
    bool found = g != NULL && governance_find(g, fingerprint) >= 0;

    for (unsigned i = 0; g != NULL && i < g->count && !found; i++) {
        struct digest next = key_fingerprint(&g->governors[i].next);
        found = g->governors[i].next_from > 0 && digest_equal(&next, fingerprint);
    }
    return found;
}

/* ---- violations */

enum response governance_respond(struct federation_state *s, enum violation violation, int member)
{
    struct governance *g = s->governance;

    if (g == NULL)
        return response_default(violation);
    enum response response = MUTATE(STATE_RESPONSE_IGNORED, response_default(violation), g->responses[violation]);
    if (g->note_count < NOTES_MAX)
        g->notes[g->note_count++] = (struct governance_note){violation, response, member};
    if (response == RESPONSE_HALT)
        g->halted = true;
    return response;
}

/* ---- incumbents that wait */

/* Those from number `first` on, and one more behind them (NULL: none). */
static void held_renew(struct governance *g, unsigned first, const struct anchor *newest)
{
    unsigned kept = g->held_count - first, count = kept + (newest != NULL);
    struct anchor *held = count > 0 ? shared_new(count, sizeof held[0]) : NULL;

    for (unsigned i = 0; i < kept; i++)
        held[i] = g->held[first + i];
    if (newest != NULL)
        held[kept] = *newest;
    shared_drop(g->held);
    g->held = held;
    g->held_count = count;
}

void governance_hold(struct federation_state *s, const struct anchor *winner)
{
    struct governance *g = s->governance;
    bool known = g->due != NULL && digest_equal(&g->due->hash, &winner->hash);

    for (unsigned i = 0; i < g->held_count; i++)
        known = known || digest_equal(&g->held[i].hash, &winner->hash);
    if (!known) /* else it may be signed off already */
        held_renew(g, g->held_count == HELD_MAX ? 1 : 0, winner);
}

const struct anchor *governance_held(const struct governance *g, uint64_t epoch)
{
    for (unsigned i = 0; i < g->held_count; i++) {
        if (g->held[i].epoch == epoch)
            return &g->held[i];
    }
    return NULL;
}

void governance_make_due(struct governance *g, const struct anchor *due, uint64_t from)
{
    struct anchor *one = shared_new(1, sizeof one[0]);

    *one = *due;
    shared_drop(g->due);
    g->due = one;
    g->due_from_epoch = from;
}

void governance_done(struct federation_state *s)
{
    struct governance *g = s->governance;
    unsigned first = 0;

    for (unsigned i = 0; i < g->held_count; i++) {
        if (digest_equal(&g->held[i].hash, &g->due->hash))
            first = i + 1;
    }
    if (first > 0)
        held_renew(g, first, NULL);
    shared_drop(g->due);
    g->due = NULL;
    g->due_from_epoch = 0;
}

/* ---- settings */

static uint64_t *policy_place(struct policy *p, enum policy_setting setting)
{
    switch (setting) {
    case SETTING_TRIM:
        return &p->trim_ppm;
    case SETTING_MARGIN:
        return &p->margin_ppm;
    case SETTING_ROLLBACK:
        return &p->rollback_ppm;
    case SETTING_STAKE_CAP:
        return &p->stake_cap_ppm;
    case SETTING_DRIFT:
        return &p->max_ledger_drift;
    case SETTING_DISCOUNT:
        return &p->stale_discount_ppm;
    default:
        return NULL;
    }
}

static void settings_make(struct federation_state *s, const struct settings *settings)
{
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        uint64_t *place = policy_place(&s->policy, (enum policy_setting)i);
        if (settings->set[i] && place != NULL)
            *place = settings->values[i];
        else if (settings->set[i])
            s->governance->approval = settings->values[i] != 0;
    }
}

static struct settings settings_now(const struct federation_state *s)
{
    struct policy policy = s->policy;
    struct settings now = {0};

    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        const uint64_t *place = policy_place(&policy, (enum policy_setting)i);
        now.set[i] = true;
        now.values[i] = place != NULL ? *place : s->governance->approval;
    }
    return now;
}

/* ---- blocks */

void governance_open(struct federation_state *s)
{
    if (s->governance != NULL)
        s->governance->note_count = 0;
}

static void rotate_governors(struct governance *g, uint64_t epoch)
{
    for (unsigned i = 0; i < g->count; i++) {
        struct governor *m = &g->governors[i];
        if (m->next_from == 0 || epoch < m->next_from)
            continue;
        *m = (struct governor){.key = m->next, .fingerprint = key_fingerprint(&m->next)};
        for (unsigned k = 0; k < g->proposal_count; k++)
            g->proposals[k].signers &= MUTATE(STATE_VOICE_OF_OLD_KEY, ~0U, ~(1U << i));
    }
}

static void forget_proposals(struct governance *g, uint64_t epoch)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < g->proposal_count; i++) {
        if (g->proposals[i].until >= epoch)
            g->proposals[kept++] = g->proposals[i];
    }
    g->proposal_count = kept;
}

void governance_close(struct federation_state *s)
{
    struct governance *g = s->governance;

    if (g == NULL)
        return;
    settings_make(s, &g->next);
    g->next = (struct settings){0};
    rotate_governors(g, s->epoch);
    forget_proposals(g, s->epoch);
}

/* ---- bytes */

static void anchors_put(struct cbor_writer *w, const struct federation_state *s, const char *key,
                        const struct anchor *anchors, unsigned count)
{
    cbor_put_text(w, key);
    cbor_put_array(w, count);
    for (unsigned i = 0; i < count; i++) {
        cbor_put_array(w, 3);
        cbor_put_uint(w, anchors[i].epoch);
        cbor_put_uint(w, anchors[i].origin);
        genome_put(w, s->schema, &anchors[i].incumbent);
    }
}

static void settings_put(struct cbor_writer *w, const char *key, const struct settings *settings)
{
    unsigned count = 0;

    for (unsigned i = 0; i < SETTING_COUNT; i++)
        count += settings->set[i];
    cbor_put_text(w, key);
    cbor_put_map(w, count);
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        if (!settings->set[i])
            continue;
        cbor_put_text(w, setting_name((enum policy_setting)i));
        cbor_put_uint(w, settings->values[i]);
    }
}

static void governors_put(struct cbor_writer *w, const struct governance *g)
{
    cbor_put_text(w, "governors");
    cbor_put_array(w, g->count);
    for (unsigned i = 0; i < g->count; i++) {
        const struct governor *m = &g->governors[i];
        cbor_put_array(w, 4);
        cbor_put_bytes(w, bytes_of(m->key.b, KEY_PUBLIC_SIZE));
        cbor_put_uint(w, m->revoked_from);
        cbor_put_uint(w, m->next_from);
        cbor_put_bytes(w, bytes_of(m->next.b, m->next_from > 0 ? KEY_PUBLIC_SIZE : 0));
    }
}

static void proposals_put(struct cbor_writer *w, const struct governance *g)
{
    cbor_put_text(w, "proposals");
    cbor_put_array(w, g->proposal_count);
    for (unsigned i = 0; i < g->proposal_count; i++) {
        const struct proposal *p = &g->proposals[i];
        cbor_put_array(w, 6);
        digest_put(w, &p->statement);
        cbor_put_uint(w, p->until);
        cbor_put_uint(w, p->opener);
        cbor_put_uint(w, p->signers);
        cbor_put_bool(w, p->possession);
        cbor_put_bool(w, p->done);
    }
}

void governance_put(struct cbor_writer *w, const struct federation_state *s)
{
    const struct governance *g = s->governance;

    if (g == NULL)
        return;
    struct settings now = settings_now(s);
    cbor_put_text(w, "governance");
    cbor_put_map(w, 10);
    anchors_put(w, s, "due", g->due, g->due != NULL);
    anchors_put(w, s, "held", g->held, g->held_count);
    settings_put(w, "next", &g->next);
    cbor_put_text(w, "barred");
    cbor_put_array(w, g->barred_count);
    for (unsigned i = 0; i < g->barred_count; i++)
        cbor_put_uint(w, g->barred[i]);
    cbor_put_text(w, "halted");
    cbor_put_bool(w, g->halted);
    settings_put(w, "policy", &now);
    cbor_put_text(w, "revoked");
    cbor_put_array(w, g->revoked_count);
    for (unsigned i = 0; i < g->revoked_count; i++) {
        cbor_put_array(w, 2);
        digest_put(w, &g->revoked[i].fingerprint);
        cbor_put_uint(w, g->revoked[i].from);
    }
    cbor_put_text(w, "due_from");
    cbor_put_uint(w, g->due_from_epoch);
    governors_put(w, g);
    proposals_put(w, g);
}

static unsigned count_get(struct cbor_reader *r, unsigned most)
{
    uint64_t count = cbor_get_array(r);

    if (count > most)
        cbor_fail(r, ERR_LIMIT);
    return r->err == ERR_OK ? (unsigned)count : 0;
}

static uint64_t number_get(struct cbor_reader *r, uint64_t most)
{
    uint64_t v = cbor_get_uint(r);

    if (v > most)
        cbor_fail(r, ERR_RANGE);
    return v;
}

static struct anchor *anchors_get(struct cbor_reader *r, const struct federation_state *s, const char *key,
                                  unsigned most, unsigned *found)
{
    cbor_expect_key(r, key);
    unsigned count = count_get(r, most);
    struct anchor *out = count > 0 ? shared_new(count, sizeof out[0]) : NULL;
    for (unsigned i = 0; i < count && r->err == ERR_OK; i++) {
        cbor_expect_array(r, 3);
        out[i].epoch = number_get(r, (uint64_t)BODY_NUMBER_MAX);
        out[i].origin = (unsigned)number_get(r, MEMBERS_MAX);
        genome_get(r, s->schema, &out[i].incumbent);
        if (r->err == ERR_OK)
            out[i].hash = genome_hash(s->schema, &out[i].incumbent);
    }
    *found = count;
    return out;
}

static void settings_get(struct cbor_reader *r, const char *key, struct settings *out)
{
    cbor_expect_key(r, key);
    uint64_t count = cbor_get_map(r), found = 0;
    for (unsigned i = 0; i < SETTING_COUNT && r->err == ERR_OK; i++) {
        out->set[i] = cbor_accept_key(r, setting_name((enum policy_setting)i));
        if (!out->set[i])
            continue;
        out->values[i] = cbor_get_uint(r);
        if (setting_check((enum policy_setting)i, out->values[i]) != ERR_OK)
            cbor_fail(r, ERR_RANGE);
        found++;
    }
    if (r->err == ERR_OK && count != found)
        cbor_fail(r, ERR_UNKNOWN);
}

static struct public_key key_get(struct cbor_reader *r, bool there)
{
    struct public_key key = {{0}};
    struct bytes bytes = cbor_get_bytes_of(r, there ? KEY_PUBLIC_SIZE : 0);

    if (r->err == ERR_OK && there) {
        memcpy(key.b, bytes.data, KEY_PUBLIC_SIZE);
        enum err err = key_check(&key);
        if (err != ERR_OK)
            cbor_fail(r, err);
    }
    return key;
}

static void governors_get(struct cbor_reader *r, struct governance *g)
{
    cbor_expect_key(r, "governors");
    cbor_expect_array(r, g->count);
    for (unsigned i = 0; i < g->count && r->err == ERR_OK; i++) {
        struct governor *m = &g->governors[i];
        cbor_expect_array(r, 4);
        m->key = key_get(r, true);
        m->revoked_from = number_get(r, (uint64_t)BODY_NUMBER_MAX);
        m->next_from = number_get(r, (uint64_t)BODY_NUMBER_MAX);
        m->next = key_get(r, m->next_from > 0);
        m->fingerprint = key_fingerprint(&m->key);
    }
}

static void proposals_get(struct cbor_reader *r, struct governance *g)
{
    cbor_expect_key(r, "proposals");
    g->proposal_count = count_get(r, PROPOSALS_MAX);
    for (unsigned i = 0; i < g->proposal_count && r->err == ERR_OK; i++) {
        struct proposal *p = &g->proposals[i];
        cbor_expect_array(r, 6);
        p->statement = digest_get(r);
        p->until = number_get(r, (uint64_t)BODY_NUMBER_MAX);
        p->opener = (unsigned)number_get(r, g->count - 1);
        p->signers = (unsigned)number_get(r, (UINT64_C(1) << g->count) - 1);
        p->possession = cbor_get_bool(r);
        p->done = cbor_get_bool(r);
    }
}

void governance_get(struct cbor_reader *r, struct federation_state *s)
{
    struct governance *g = s->governance;
    struct settings now = {0};
    unsigned due;

    shared_drop(g->due); /* of the founding state; there is none */
    shared_drop(g->held);
    cbor_expect_map(r, 10);
    g->due = anchors_get(r, s, "due", 1, &due);
    g->held = anchors_get(r, s, "held", HELD_MAX, &g->held_count);
    settings_get(r, "next", &g->next);
    cbor_expect_key(r, "barred");
    g->barred_count = count_get(r, BARRED_MAX);
    for (unsigned i = 0; i < g->barred_count; i++)
        g->barred[i] = (unsigned)number_get(r, MEMBERS_MAX);
    cbor_expect_key(r, "halted");
    g->halted = cbor_get_bool(r);
    settings_get(r, "policy", &now);
    cbor_expect_key(r, "revoked");
    g->revoked_count = count_get(r, REVOKED_MAX);
    for (unsigned i = 0; i < g->revoked_count && r->err == ERR_OK; i++) {
        cbor_expect_array(r, 2);
        g->revoked[i].fingerprint = digest_get(r);
        g->revoked[i].from = number_get(r, (uint64_t)BODY_NUMBER_MAX);
    }
    cbor_expect_key(r, "due_from");
    g->due_from_epoch = number_get(r, (uint64_t)BODY_NUMBER_MAX);
    governors_get(r, g);
    proposals_get(r, g);
    for (unsigned i = 0; i < SETTING_COUNT && r->err == ERR_OK; i++) {
        if (!now.set[i])
            cbor_fail(r, ERR_MISSING);
    }
    if (r->err == ERR_OK)
        settings_make(s, &now);
}

bool governance_fits(const struct federation_state *s)
{
    const struct governance *g = s->governance;

    if (g == NULL)
        return true;
    for (unsigned i = 0; i < g->barred_count; i++) {
        if (g->barred[i] >= s->member_count || (i > 0 && g->barred[i] <= g->barred[i - 1]))
            return false;
    }
    for (unsigned i = 0; i < g->held_count; i++) {
        if (g->held[i].origin > s->member_count)
            return false;
    }
    if (g->due != NULL && g->due->origin > s->member_count)
        return false;
    for (unsigned i = 0; i < g->proposal_count; i++) {
        if (g->proposals[i].until < s->epoch)
            return false;
    }
    return g->due != NULL || g->due_from_epoch == 0;
}
