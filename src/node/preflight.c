#include "node/preflight.h"

#include <stdarg.h>
#include <string.h>

#include "base/file.h"
#include "base/mutate.h"
#include "crypto/key_file.h"
#include "node/preflight_parts.h"

const char *preflight_verdict_name(enum preflight_verdict verdict)
{
    static const char *const names[] = {"PASSED", "NOTE", "MEND"};

    return names[verdict];
}

void preflight_say(struct preflight *p, const char *check, enum preflight_verdict verdict, const char *fmt, ...)
{
    struct buf text = {0};
    va_list args;

    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    p->mends += verdict == PREFLIGHT_MEND;
    p->listener->tell(p->listener->context, check, verdict, buf_text(&text));
    buf_free(&text);
}

/* ---- who this is */

static void check_plan(struct preflight *p)
{
    struct diag diag = {0};

    if (scenario_load(p->config->scenario, &p->plan, &diag) != ERR_OK) {
        preflight_say(p, "plan", PREFLIGHT_MEND, "%s", diag.text);
        return;
    }
    p->has_plan = true;
    preflight_say(p, "plan", PREFLIGHT_PASSED, "\"%s\", %u nodes", p->plan.name, p->plan.node_count);
    int node = scenario_find_node(&p->plan, p->config->node);
    p->node = node >= 0 ? (unsigned)node : p->plan.node_count;
    if (node < 0)
        preflight_say(p, "name", PREFLIGHT_MEND, "the plan has no node \"%s\"; correct \"node\" in the configuration",
                      p->config->node);
    else
        preflight_say(p, "name", PREFLIGHT_PASSED, "%s, %s", p->config->node,
                      member_role_name(p->plan.nodes[node].card.role));
}

static void check_key(struct preflight *p)
{
    struct secret_key key;
    struct diag diag = {0};
    char hex[2 * DIGEST_SIZE + 1];

    if (key_file_read_secret(p->config->key, p->config->passphrase, &key, &diag) != ERR_OK) {
        preflight_say(p, "key", PREFLIGHT_MEND, "%s", diag.text);
        return;
    }
    p->has_key = true;
    p->key = key.public;
    digest_hex(&key.fingerprint, hex);
    key_wipe(&key);
    preflight_say(p, "key", PREFLIGHT_PASSED, "only its owner can read it; fingerprint %s", hex);
}

/* ---- which federation */

static void load_genesis(struct preflight *p)
{
    struct genesis *genesis = mem_alloc(sizeof *genesis);
    struct diag diag = {0};
    enum err err = file_read(p->config->genesis, GENESIS_SIZE_MAX, &p->document, &diag);

    if (err == ERR_IO) {
        preflight_say(p, "genesis", PREFLIGHT_MEND, "%s; prismfed admit makes it out of all founders' requests",
                      diag.text);
    } else {
        if (err == ERR_OK)
            err = genesis_decode(bytes_of_buf(&p->document), genesis, &diag);
        if (err != ERR_OK)
            preflight_say(p, "genesis", PREFLIGHT_MEND, "%s: %s", p->config->genesis, diag.text);
    }
    if (err == ERR_OK)
        p->genesis = genesis;
    else
        mem_free(genesis);
}

static const struct member_card *find_card(const struct genesis *g, const char *name)
{
    for (unsigned i = 0; i < g->member_count; i++) {
        if (strcmp(g->members[i].name, name) == 0)
            return &g->members[i];
    }
    return NULL;
}

static void check_membership(struct preflight *p)
{
    const struct member_card *card = find_card(p->genesis, p->config->node);

    if (card == NULL)
        preflight_say(p, "genesis", PREFLIGHT_NOTE,
                      "it has no founder \"%s\": the node takes part when the members have let it join",
                      p->config->node);
    else if (p->has_key && MUTATE(PREFLIGHT_ANY_KEY, false, memcmp(&card->key, &p->key, sizeof p->key) != 0))
        preflight_say(p, "genesis", PREFLIGHT_MEND,
                      "it has another key of \"%s\" than %s; use the key that the admitted request was made with, or "
                      "have the request of this one admitted",
                      p->config->node, p->config->key);
    else if (p->genesis->simulated)
        preflight_say(p, "genesis", PREFLIGHT_NOTE,
                      "its keys are those of a rehearsal, which everybody can make; it "
                      "is no real federation");
    else
        preflight_say(p, "genesis", PREFLIGHT_PASSED, "%u founders, \"%s\" has this key", p->genesis->member_count,
                      p->config->node);
}

/* SHA-256 of the document as it was before anybody's key was known: scenario_terms() of the founders' plan. */
static struct digest agreed_terms(const struct preflight *p)
{
    struct genesis *g = mem_alloc(sizeof *g);
    struct buf blank = {0};
    enum err err = genesis_decode(bytes_of_buf(&p->document), g, NULL);

    ASSERT(err == ERR_OK);
    for (unsigned i = 0; i < g->member_count; i++) {
        g->members[i].key = (struct public_key){{0}};
        g->members[i].work = (struct digest){{0}};
    }
    genesis_encode(g, &blank);
    struct digest digest = digest_of(bytes_of_buf(&blank));
    buf_free(&blank);
    genesis_fini(g);
    mem_free(g);
    return digest;
}

/* The plan must be the one that genesis was made from, but for what is private. */
static void check_terms(struct preflight *p)
{
    struct digest terms, agreed;
    struct diag diag = {0};

    if (!p->has_plan || p->genesis->simulated) /* a rehearsal's shared work is of any seed */
        return;
    agreed = agreed_terms(p);
    if (scenario_terms(&p->plan, &terms, &diag) != ERR_OK)
        preflight_say(p, "plan", PREFLIGHT_MEND, "%s", diag.text);
    else if (MUTATE(PREFLIGHT_ANY_PLAN, false, !digest_equal(&terms, &agreed)))
        preflight_say(p, "plan", PREFLIGHT_MEND,
                      "it is not the plan that genesis was made from: policy, search space, quorum, shards, first "
                      "epoch or members differ; take the plan that the founders agreed to");
}

/* Where the members are dialled, of the same federation. */
static void check_addresses(struct preflight *p)
{
    struct digest id = digest_of(bytes_of_buf(&p->document));
    struct diag diag = {0};

    if (p->config->members == NULL)
        return;
    if (members_load(p->config->members, &p->members, &diag) != ERR_OK)
        preflight_say(p, "members", PREFLIGHT_MEND, "%s; prismfed admit makes it, beside genesis", diag.text);
    else if (p->genesis != NULL && !digest_equal(&id, &p->members.federation_id))
        preflight_say(p, "members", PREFLIGHT_MEND, "%s is of another federation than %s; take both from one admission",
                      p->config->members, p->config->genesis);
    else
        preflight_say(p, "members", PREFLIGHT_PASSED, "%u members have their addresses", p->members.count);
}

bool preflight(const struct node_config *config, const struct preflight_listener *listener)
{
    struct preflight p = {.config = config, .listener = listener};

    check_plan(&p);
    check_key(&p);
    load_genesis(&p);
    if (p.genesis != NULL) {
        check_membership(&p);
        check_terms(&p);
    }
    check_addresses(&p);
    preflight_port(&p);
    preflight_http(&p);
    preflight_clock(&p);
    preflight_disk(&p);
    preflight_store(&p);
    preflight_peers(&p);
    preflight_program(&p);
    if (p.genesis != NULL)
        genesis_fini(p.genesis);
    mem_free(p.genesis);
    members_fini(&p.members);
    buf_free(&p.document);
    if (p.has_plan)
        scenario_fini(&p.plan);
    return p.mends == 0;
}
