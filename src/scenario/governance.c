#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mutate.h"
#include "scenario/read.h"
#include "trust/read.h"

/* Who governs the federation, and what the governors of a rehearsal sign off. */

#define STATEMENT_EPOCH_MAX (UINT64_C(1) << 52)

static int find_governor(const struct scenario *s, const char *id)
{
    for (unsigned i = 0; i < s->governor_count; i++) {
        if (strcmp(s->governors[i].id, id) == 0)
            return (int)i;
    }
    return -1;
}

static void read_governor(struct json_reader *r, const json_t *element, struct scenario *s)
{
    static const char *const keys[] = {"id", "key", NULL};
    struct scenario_governor g = {0};

    read_keys(r, element, keys);
    read_require(r, element, "id");
    read_name(r, element, "id", g.id, sizeof g.id);
    g.has_key = json_object_get(element, "key") != NULL;
    read_public_key(r, element, "key", &g.key);
    if (r->err == ERR_OK && find_governor(s, g.id) >= 0)
        read_fail(r, "id", ERR_DUPLICATE, "another governor has the id \"%s\"", g.id);
    if (r->err == ERR_OK)
        s->governors[s->governor_count++] = g;
}

static void read_governors(struct json_reader *r, const json_t *governance, struct scenario *s)
{
    size_t mark, inner;
    const json_t *governors = read_enter_array(r, governance, "governors", &mark);
    size_t count = json_array_size(governors);

    if (governors != NULL && (count == 0 || count > GOVERNORS_MAX))
        read_fail(r, NULL, ERR_RANGE, "expected 1 to %d governors, found %zu", GOVERNORS_MAX, count);
    for (size_t i = 0; i < count && r->err == ERR_OK; i++) {
        const json_t *element = read_enter_element(r, governors, i, &inner);
        if (element != NULL)
            read_governor(r, element, s);
        read_leave(r, inner);
    }
    read_leave(r, mark);
}

static void read_responses(struct json_reader *r, const json_t *governance, struct governance_rules *g)
{
    const char *violations[VIOLATION_COUNT + 1] = {NULL}, *responses[RESPONSE_COUNT + 1] = {NULL};
    size_t mark;
    const json_t *table = read_enter_object(r, governance, "responses", &mark);

    if (table == NULL)
        return;
    for (unsigned i = 0; i < VIOLATION_COUNT; i++)
        violations[i] = violation_name((enum violation)i);
    for (unsigned i = 0; i < RESPONSE_COUNT; i++)
        responses[i] = response_name((enum response)i);
    read_keys(r, table, violations);
    for (unsigned i = 0; i < VIOLATION_COUNT; i++) {
        unsigned response = g->responses[i];
        read_choice(r, table, violations[i], responses, &response);
        if (r->err == ERR_OK && !response_fits((enum violation)i, (enum response)response))
            read_fail(r, violations[i], ERR_RANGE, "\"%s\" is no response to this violation", responses[response]);
        g->responses[i] = (enum response)response;
    }
    read_leave(r, mark);
}

void scenario_read_governance(struct json_reader *r, const json_t *root, struct scenario *s)
{
    static const char *const keys[] = {"governors", "threshold", "approval", "responses", NULL};
    size_t mark;
    const json_t *governance = read_enter_object(r, root, "governance", &mark);

    if (governance == NULL)
        return;
    read_keys(r, governance, keys);
    read_require(r, governance, "governors");
    read_require(r, governance, "threshold");
    read_governors(r, governance, s);
    read_unsigned(r, governance, "threshold", 1, s->governor_count, &s->governance.threshold);
    read_bool(r, governance, "approval", &s->governance.approval);
    read_responses(r, governance, &s->governance);
    read_leave(r, mark);
}

/* ---- sign_off events */

static int find_proposal(const struct scenario *s, const char *id)
{
    for (unsigned i = 0; i < s->proposal_count; i++) {
        if (strcmp(s->proposals[i].id, id) == 0)
            return (int)i;
    }
    return -1;
}

/* Which keys a statement takes beside action and reason. */
static void check_statement(struct json_reader *r, const json_t *statement, enum action action)
{
    static const char *const keys[] = {"epoch", "policy", "node", "governor", "from"};
    bool epoch = action == ACTION_APPLY || action == ACTION_ROLLBACK, keyed = action >= ACTION_ROTATE_KEY;
    bool node = action == ACTION_QUARANTINE || action == ACTION_RELEASE;
    bool has_node = json_object_get(statement, "node") != NULL;
    const bool takes[] = {epoch, action == ACTION_POLICY, node || (action == ACTION_REVOKE_KEY && has_node),
                          action == ACTION_ROTATE_KEY || (action == ACTION_REVOKE_KEY && !has_node), keyed};

    for (unsigned i = 0; i < sizeof takes / sizeof takes[0] && r->err == ERR_OK; i++) {
        if (takes[i])
            read_require(r, statement, keys[i]);
        else if (json_object_get(statement, keys[i]) != NULL)
            read_fail(r, keys[i], ERR_UNKNOWN, "%s does not take this key", action_name(action));
    }
}

static void read_governor_named(struct json_reader *r, const json_t *statement, const struct scenario *s, int *out)
{
    char id[MEMBER_NAME_MAX + 1] = "";

    read_name(r, statement, "governor", id, sizeof id);
    if (r->err != ERR_OK || id[0] == '\0')
        return;
    *out = find_governor(s, id);
    if (*out < 0)
        read_fail(r, "governor", ERR_UNKNOWN, "no governor has the id \"%s\"", id);
}

static void read_statement(struct json_reader *r, const json_t *event, const struct scenario *s,
                           struct scenario_proposal *out)
{
    static const char *const keys[] = {"action", "reason", "epoch", "policy", "node", "governor", "from", NULL};
    size_t mark;
    const json_t *statement = read_enter_object(r, event, "statement", &mark);

    if (statement == NULL)
        return;
    read_keys(r, statement, keys);
    sign_off_read_action(r, statement, &out->what.action);
    if (r->err == ERR_OK)
        check_statement(r, statement, out->what.action);
    read_text(r, statement, "reason", out->what.reason, sizeof out->what.reason);
    read_u64(r, statement, "epoch", 0, STATEMENT_EPOCH_MAX, &out->what.epoch);
    read_u64(r, statement, "from", 1, STATEMENT_EPOCH_MAX, &out->what.epoch);
    sign_off_read_settings(r, statement, &out->what.settings);
    read_node(r, s, statement, "node", &out->node);
    read_governor_named(r, statement, s, &out->governor);
    if (r->err == ERR_OK && (out->what.action == ACTION_QUARANTINE || out->what.action == ACTION_RELEASE))
        snprintf(out->what.member, sizeof out->what.member, "%s", s->nodes[out->node].card.name);
    read_leave(r, mark);
}

static void read_signers(struct json_reader *r, const json_t *event, const struct scenario *s, unsigned *out)
{
    size_t mark;
    const json_t *signers = read_enter_array(r, event, "governors", &mark);

    if (signers != NULL && json_array_size(signers) == 0)
        read_fail(r, NULL, ERR_MISSING, "name at least one governor");
    for (size_t i = 0; i < json_array_size(signers) && r->err == ERR_OK; i++) {
        const char *id = json_string_value(json_array_get(signers, i));
        int governor = id != NULL ? find_governor(s, id) : -1;
        if (governor < 0)
            read_fail(r, NULL, ERR_UNKNOWN, "no governor has the id \"%.64s\"", id != NULL ? id : "");
        else if ((*out >> governor & 1) != 0)
            read_fail(r, NULL, ERR_DUPLICATE, "\"%s\" is named twice", id);
        else
            *out |= 1U << governor;
    }
    read_leave(r, mark);
}

void read_proposal(struct json_reader *r, const json_t *event, struct scenario *s, struct scenario_event *out)
{
    struct scenario_proposal p = {.governor = -1};
    bool states = json_object_get(event, "statement") != NULL;

    if (s->governor_count == 0)
        read_fail(r, "kind", ERR_STATE, "the scenario has no \"governance\"");
    read_name(r, event, "proposal", p.id, sizeof p.id);
    read_signers(r, event, s, &out->signers);
    if (r->err != ERR_OK)
        return;
    int known = find_proposal(s, p.id);
    if (known >= 0 && states)
        read_fail(r, "statement", ERR_DUPLICATE, "the proposal \"%s\" has one already", p.id);
    else if (known < 0 && !states)
        read_fail(r, "proposal", ERR_MISSING, "\"statement\": the first event of a proposal says what is proposed");
    out->proposal = known >= 0 ? (unsigned)known : s->proposal_count;
    if (known >= 0)
        return;
    read_statement(r, event, s, &p);
    s->proposals = mem_resize(s->proposals, s->proposal_count + 1, sizeof s->proposals[0]);
    s->proposals[s->proposal_count++] = p;
}
