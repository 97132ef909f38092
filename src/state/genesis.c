#include "state/genesis.h"

#include <string.h>

#include "base/mutate.h"
#include "base/table.h"
#include "base/text.h"
#include "genome/schema.h"
#include "pbft/pbft.h"
#include "pbft/quorum.h"

enum { GENESIS_VERSION = 2, EPOCH_MAX_BITS = 53, PAIRS = 11 /* and "governance", if anybody governs */ };

static const char *const role_names[] = {"core", "edge"};
static const char *const site_names[] = {"local", "remote", "edge"};

const char *member_role_name(enum member_role role)
{
    ASSERT(role <= ROLE_EDGE);
    return role_names[role];
}

const char *member_site_name(enum member_site site)
{
    ASSERT(site <= SITE_EDGE);
    return site_names[site];
}

unsigned members_most(const struct policy *p)
{
    return p->cohort > 0 ? MEMBERS_MAX : RANK_SITES_MAX;
}

/* ---- reading text */

/* A name can stand in a path, on a command line and in a report: name_valid(). */
static void get_name(struct cbor_reader *r, size_t max, char *out)
{
    struct bytes text = cbor_get_text(r);

    if (text.len == 0 || text.len > max) {
        cbor_fail(r, ERR_RANGE);
        return;
    }
    if (!name_valid(text, max)) {
        cbor_fail(r, ERR_SYNTAX);
        return;
    }
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
}

static unsigned get_choice(struct cbor_reader *r, const char *const *names, unsigned count)
{
    struct bytes text = cbor_get_text(r);
    for (unsigned i = 0; i < count; i++) {
        if (bytes_equal(text, bytes_of_text(names[i])))
            return i;
    }
    cbor_fail(r, ERR_UNKNOWN);
    return 0;
}

static uint64_t get_ranged(struct cbor_reader *r, uint64_t least, uint64_t most)
{
    uint64_t v = cbor_get_uint(r);
    if (v < least || v > most)
        cbor_fail(r, ERR_RANGE);
    return v;
}

void member_name_get(struct cbor_reader *r, char *out)
{
    get_name(r, MEMBER_NAME_MAX, out);
}

uint64_t member_stake_get(struct cbor_reader *r)
{
    return get_ranged(r, 1, MEMBER_STAKE_MAX);
}

/* ---- member cards */

void member_card_put(struct cbor_writer *w, const struct member_card *m)
{
    cbor_put_map(w, 7);
    cbor_put_text(w, "key");
    cbor_put_bytes(w, bytes_of(m->key.b, KEY_PUBLIC_SIZE));
    cbor_put_text(w, "name");
    cbor_put_text(w, m->name);
    cbor_put_text(w, "role");
    cbor_put_text(w, member_role_name(m->role));
    cbor_put_text(w, "site");
    cbor_put_text(w, member_site_name(m->site));
    cbor_put_text(w, "work");
    if (digest_is_zero(&m->work))
        cbor_put_null(w);
    else
        digest_put(w, &m->work);
    cbor_put_text(w, "stake");
    cbor_put_uint(w, m->stake);
    cbor_put_text(w, "region");
    cbor_put_text(w, m->region);
}

/* The digest of nothing disclosed is null, and no other form of it. */
static struct digest get_work(struct cbor_reader *r)
{
    struct digest work = {{0}};

    if (cbor_peek(r) == CBOR_SIMPLE) {
        cbor_get_null(r);
        return work;
    }
    work = digest_get(r);
    if (r->err == ERR_OK && digest_is_zero(&work))
        cbor_fail(r, ERR_RANGE);
    return work;
}

void member_card_get(struct cbor_reader *r, struct member_card *out)
{
    struct member_card m = {0};
    cbor_expect_map(r, 7);
    cbor_expect_key(r, "key");
    struct bytes key = cbor_get_bytes_of(r, KEY_PUBLIC_SIZE);
    if (key.len == KEY_PUBLIC_SIZE)
        memcpy(m.key.b, key.data, KEY_PUBLIC_SIZE);
    cbor_expect_key(r, "name");
    get_name(r, MEMBER_NAME_MAX, m.name);
    cbor_expect_key(r, "role");
    m.role = (enum member_role)get_choice(r, role_names, 2);
    cbor_expect_key(r, "site");
    m.site = (enum member_site)get_choice(r, site_names, 3);
    cbor_expect_key(r, "work");
    m.work = get_work(r);
    cbor_expect_key(r, "stake");
    m.stake = member_stake_get(r);
    cbor_expect_key(r, "region");
    get_name(r, MEMBER_NAME_MAX, m.region);
    if (r->err == ERR_OK)
        *out = m;
}

/* ---- governance */

void governance_rules_default(struct governance_rules *out)
{
    *out = (struct governance_rules){0};
    for (unsigned i = 0; i < VIOLATION_COUNT; i++)
        out->responses[i] = response_default((enum violation)i);
}

/* In the order of deterministic CBOR: the shortest name first. */
static const enum violation in_order[VIOLATION_COUNT] = {VIOLATION_DRIFT, VIOLATION_ABANDONED, VIOLATION_REGRESSION,
                                                         VIOLATION_FALSE_CLAIM, VIOLATION_EQUIVOCATION};

static void rules_put(struct cbor_writer *w, const struct governance_rules *g)
{
    if (g->count == 0)
        return;
    cbor_put_text(w, "governance");
    cbor_put_map(w, 4);
    cbor_put_text(w, "keys");
    cbor_put_array(w, g->count);
    for (unsigned i = 0; i < g->count; i++)
        cbor_put_bytes(w, bytes_of(g->keys[i].b, KEY_PUBLIC_SIZE));
    cbor_put_text(w, "approval");
    cbor_put_bool(w, g->approval);
    cbor_put_text(w, "responses");
    cbor_put_map(w, VIOLATION_COUNT);
    for (unsigned i = 0; i < VIOLATION_COUNT; i++) {
        cbor_put_text(w, violation_name(in_order[i]));
        cbor_put_text(w, response_name(g->responses[in_order[i]]));
    }
    cbor_put_text(w, "threshold");
    cbor_put_uint(w, g->threshold);
}

static void governor_get(struct cbor_reader *r, struct governance_rules *g)
{
    struct bytes key = cbor_get_bytes_of(r, KEY_PUBLIC_SIZE);
    struct public_key *out = &g->keys[g->count];

    if (r->err != ERR_OK)
        return;
    memcpy(out->b, key.data, KEY_PUBLIC_SIZE);
    enum err err = key_check(out);
    for (unsigned i = 0; i < g->count && err == ERR_OK; i++)
        err = memcmp(&g->keys[i], out, sizeof *out) == 0 ? ERR_DUPLICATE : ERR_OK;
    if (err != ERR_OK)
        cbor_fail(r, err);
    g->count++;
}

static void rules_get(struct cbor_reader *r, bool there, struct governance_rules *g)
{
    governance_rules_default(g);
    if (!there)
        return;
    cbor_expect_key(r, "governance");
    cbor_expect_map(r, 4);
    cbor_expect_key(r, "keys");
    uint64_t count = cbor_get_array(r);
    if (count == 0 || count > GOVERNORS_MAX)
        cbor_fail(r, ERR_LIMIT);
    for (uint64_t i = 0; i < count && r->err == ERR_OK; i++)
        governor_get(r, g);
    cbor_expect_key(r, "approval");
    g->approval = cbor_get_bool(r);
    cbor_expect_key(r, "responses");
    cbor_expect_map(r, VIOLATION_COUNT);
    for (unsigned i = 0; i < VIOLATION_COUNT && r->err == ERR_OK; i++) {
        enum violation violation = in_order[i];
        cbor_expect_key(r, violation_name(violation));
        enum err err = response_parse(cbor_get_text(r), &g->responses[violation]);
        if (err == ERR_OK && !response_fits(violation, g->responses[violation]))
            err = ERR_RANGE;
        if (err != ERR_OK)
            cbor_fail(r, err);
    }
    cbor_expect_key(r, "threshold");
    /* With a threshold of zero anybody could govern: CVE-2026-23992. */
    g->threshold = (unsigned)get_ranged(r, MUTATE(STATE_THRESHOLD_ZERO, 0, 1), g->count);
}

/* ---- the document */

void genesis_encode(const struct genesis *g, struct buf *out)
{
    struct buf incumbent = {0}, schema = {0};
    genome_encode(&g->schema, &g->incumbent, &incumbent);
    genome_schema_encode(&g->schema, &schema);
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, PAIRS + (g->governance.count > 0));
    cbor_put_text(&w, "name");
    cbor_put_text(&w, g->name);
    cbor_put_text(&w, "policy");
    policy_put(&w, &g->policy);
    cbor_put_text(&w, "quorum");
    cbor_put_uint(&w, g->quorum);
    cbor_put_text(&w, "shards");
    cbor_put_bytes(&w, g->shards);
    cbor_put_text(&w, "members");
    cbor_put_array(&w, g->member_count);
    for (unsigned i = 0; i < g->member_count; i++)
        member_card_put(&w, &g->members[i]);
    cbor_put_text(&w, "version");
    cbor_put_uint(&w, GENESIS_VERSION);
    cbor_put_text(&w, "incumbent");
    cbor_put_raw(&w, bytes_of_buf(&incumbent));
    cbor_put_text(&w, "simulated");
    cbor_put_bool(&w, g->simulated);
    rules_put(&w, &g->governance);
    cbor_put_text(&w, "epoch_start");
    cbor_put_uint(&w, g->epoch_start);
    cbor_put_text(&w, "genome_schema");
    cbor_put_raw(&w, bytes_of_buf(&schema));
    cbor_put_text(&w, "max_byzantine");
    cbor_put_uint(&w, g->max_byzantine);
    cbor_writer_done(&w);
    buf_free(&incumbent);
    buf_free(&schema);
}

/* Of a map that may have other keys than this version's; 0: there is none. */
static uint64_t version_of(struct bytes in)
{
    struct cbor_reader r;

    cbor_reader_init(&r, in);
    for (uint64_t left = cbor_get_map(&r); left > 0 && r.err == ERR_OK; left--) {
        if (bytes_equal(cbor_get_text(&r), bytes_of_text("version")))
            return cbor_get_uint(&r);
        (void)cbor_get_raw(&r);
    }
    return 0;
}

/* A document can only say that it has many members: room is made as they come. */
static void get_members(struct cbor_reader *r, struct genesis *g, unsigned count)
{
    unsigned room = 0;

    while (g->member_count < count && r->err == ERR_OK) {
        if (g->member_count == room) {
            room = room == 0 ? 16 : 2 * room;
            g->members = mem_resize(g->members, room, sizeof g->members[0]);
        }
        member_card_get(r, &g->members[g->member_count++]);
    }
}

/* The parts that are documents of their own are decoded after the map, once the schema is known. */
static enum err genesis_read(struct bytes in, struct genesis *g, struct bytes *incumbent, struct bytes *schema,
                             struct diag *diag)
{
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    uint64_t pairs = cbor_get_map(&r);
    if (pairs < PAIRS || pairs > PAIRS + 1)
        cbor_fail(&r, ERR_RANGE);
    cbor_expect_key(&r, "name");
    get_name(&r, FEDERATION_NAME_MAX, g->name);
    cbor_expect_key(&r, "policy");
    policy_get(&r, &g->policy);
    cbor_expect_key(&r, "quorum");
    g->quorum = (unsigned)get_ranged(&r, 1, PBFT_REPLICAS_MAX);
    cbor_expect_key(&r, "shards");
    g->shards = cbor_get_bytes(&r);
    cbor_expect_key(&r, "members");
    uint64_t count = cbor_get_array(&r);
    if (count > MEMBERS_MAX)
        return diag_set(diag, ERR_LIMIT, "genesis: %llu members, at most %d are possible", (unsigned long long)count,
                        MEMBERS_MAX);
    if (r.err == ERR_OK)
        get_members(&r, g, (unsigned)count);
    cbor_expect_key(&r, "version");
    if (cbor_get_uint(&r) != GENESIS_VERSION)
        cbor_fail(&r, ERR_UNKNOWN);
    cbor_expect_key(&r, "incumbent");
    *incumbent = cbor_get_raw(&r);
    cbor_expect_key(&r, "simulated");
    g->simulated = cbor_get_bool(&r);
    rules_get(&r, pairs > PAIRS, &g->governance);
    cbor_expect_key(&r, "epoch_start");
    g->epoch_start = get_ranged(&r, 1, UINT64_C(1) << EPOCH_MAX_BITS);
    cbor_expect_key(&r, "genome_schema");
    *schema = cbor_get_raw(&r);
    cbor_expect_key(&r, "max_byzantine");
    g->max_byzantine = (unsigned)get_ranged(&r, 0, PBFT_REPLICAS_MAX);
    enum err err = cbor_reader_done(&r);
    return err == ERR_OK ? ERR_OK : diag_set(diag, err, "genesis: %s", err_text(err));
}

/* Of a name or a key: who has it. */
struct identity {
    struct digest digest;
    const struct member_card *of;
};

/* Who has it already; NULL: nobody, and now it is m. */
static const struct member_card *identity_taken(struct table *t, const struct digest *digest,
                                                const struct member_card *m)
{
    bool is_new;
    struct identity *identity = table_add(t, digest, &is_new);

    if (!is_new)
        return identity->of;
    identity->of = m;
    return NULL;
}

/* Names and keys are each member's own. */
static enum err check_identities(const struct genesis *g, struct diag *diag)
{
    struct table names, keys;
    enum err err = ERR_OK;

    table_init(&names, sizeof(struct identity), DIGEST_SIZE);
    table_init(&keys, sizeof(struct identity), DIGEST_SIZE);
    for (unsigned i = 0; i < g->member_count && err == ERR_OK; i++) {
        const struct member_card *m = &g->members[i], *other;
        struct digest name = digest_of(bytes_of_text(m->name)), key = key_fingerprint(&m->key);

        if (identity_taken(&names, &name, m) != NULL)
            err = diag_set(diag, ERR_DUPLICATE, "genesis: two members are named \"%s\"", m->name);
        else if ((other = identity_taken(&keys, &key, m)) != NULL)
            err = diag_set(diag, ERR_DUPLICATE, "genesis: members \"%s\" and \"%s\" have the same key", other->name,
                           m->name);
    }
    table_free(&names);
    table_free(&keys);
    return err;
}

static enum err check_members(const struct genesis *g, struct diag *diag)
{
    unsigned validators = 0;
    for (unsigned i = 0; i < g->member_count; i++) {
        const struct member_card *m = &g->members[i];
        enum err err = key_check(&m->key);
        if (err != ERR_OK)
            return diag_set(diag, err, "genesis: the key of member \"%s\" is not acceptable: %s", m->name,
                            err_text(err));
        validators += m->role == ROLE_CORE;
    }
    enum err err = check_identities(g, diag);
    if (err != ERR_OK)
        return err;
    if (validators == 0 || validators > PBFT_REPLICAS_MAX)
        return diag_set(diag, ERR_RANGE, "genesis: %u members have role core, there must be 1..%d", validators,
                        PBFT_REPLICAS_MAX);
    if (g->member_count > members_most(&g->policy))
        return diag_set(diag, ERR_LIMIT, "genesis: %u members without cohorts, at most %u can contribute to an epoch",
                        g->member_count, members_most(&g->policy));
    if (g->policy.min_participants > g->member_count)
        return diag_set(diag, ERR_RANGE, "genesis: min_participants is %u, but there are %u members",
                        g->policy.min_participants, g->member_count);
    return quorum_check(validators, g->max_byzantine, g->quorum, diag);
}

enum err genesis_decode(struct bytes in, struct genesis *out, struct diag *diag)
{
    if (in.len > GENESIS_SIZE_MAX)
        return diag_set(diag, ERR_LIMIT, "genesis: %zu bytes, at most %d are allowed", in.len, GENESIS_SIZE_MAX);
    uint64_t version = version_of(in);
    if (version > 0 && version != GENESIS_VERSION)
        return diag_set(diag, ERR_UNKNOWN, "genesis: its version is %llu, this program reads version %d",
                        (unsigned long long)version, GENESIS_VERSION);
    struct genesis *g = mem_alloc(sizeof *g);
    struct bytes incumbent = {0}, schema = {0};
    enum err err = genesis_read(in, g, &incumbent, &schema, diag);
    if (err != ERR_OK)
        goto done;
    err = genome_schema_decode(schema, &g->schema);
    if (err != ERR_OK) {
        diag_set(diag, err, "genesis: genome_schema: %s", err_text(err));
        goto done;
    }
    err = genome_decode(&g->schema, incumbent, &g->incumbent);
    if (err != ERR_OK) {
        diag_set(diag, err, "genesis: incumbent: %s", err_text(err));
        goto done;
    }
    if (g->shards.len != (size_t)g->policy.shards * DIGEST_SIZE)
        err = diag_set(diag, ERR_MISMATCH, "genesis: shards: %zu bytes, %u shards take %zu", g->shards.len,
                       g->policy.shards, (size_t)g->policy.shards * DIGEST_SIZE);
    if (err == ERR_OK)
        err = check_members(g, diag);
done:
    if (err == ERR_OK)
        *out = *g;
    else
        genesis_fini(g);
    mem_free(g);
    return err;
}

void genesis_fini(struct genesis *g)
{
    mem_free(g->members);
    *g = (struct genesis){0};
}
