#include <inttypes.h>
#include <jansson.h>

#include "base/dmath.h"
#include "base/mutate.h"
#include "scenario/read.h"

/* Whether the links can carry what a federation says within the time that it has for it. A link joins two regions, or a
 * region with itself, and sends one message after the other in each direction. */

/* Bytes of messages, as they are but for what grows with the federation: a signature is some 70 bytes, a statement 350
 * (pbft/messages.h), an envelope with an empty body 440 (crypto/envelope.h). */
enum { STATEMENT = 350, SIGNED_BY = 70, ENVELOPE = 440, CANDIDATE = 40, GENE = 12, SCORE = 9 };

/* What one link carries, in one direction, for one decision; and for one change of view. */
struct load {
    const char *from, *to;
    uint64_t entries, proposal, votes, blocks, view_change;
    uint64_t bytes_per_second;
};

struct headcount {
    uint64_t nodes, validators;
};

static struct headcount headcount_of(const struct scenario *s, unsigned region)
{
    struct headcount h = {0};

    for (unsigned i = 0; i < s->node_count; i++) {
        if (scenario_find_region(s, s->nodes[i].card.region) != (int)region)
            continue;
        h.nodes++;
        h.validators += s->nodes[i].card.role == ROLE_CORE;
    }
    return h;
}

static const struct scenario_link *link_of(const struct scenario *s, unsigned a, unsigned b)
{
    for (unsigned i = 0; i < s->link_count; i++) {
        const struct scenario_link *link = &s->links[i];
        if ((link->from == a && link->to == b) || (link->from == b && link->to == a))
            return link;
    }
    return a == b ? &s->local_link : &s->default_link;
}

/* The larger of an UPDATE and a SCORE. */
static uint64_t entry_size(const struct scenario *s)
{
    uint64_t genome = CANDIDATE + GENE * (uint64_t)scenario_schema(s)->count;
    uint64_t update = s->policy.migrants * genome,
             score = SCORE * (1 + (uint64_t)s->policy.migrants * scenario_contributors(s));
    return ENVELOPE + (update > score ? update : score);
}

static struct load load_of(const struct scenario *s, unsigned from, unsigned to)
{
    struct headcount a = headcount_of(s, from), b = headcount_of(s, to);
    uint64_t same = from == to, entry = entry_size(s), quorum = s->quorum;
    uint64_t all = scenario_contributors(s), entries = s->policy.batch_max < all ? s->policy.batch_max : all;
    uint64_t batch = entries * entry, blocks = (all + entries - 1) / entries;
    uint64_t flying = blocks < SCENARIO_PIPELINE ? blocks : SCENARIO_PIPELINE;
    uint64_t pairs = a.validators * b.validators - same * a.validators;
    /* A VIEW-CHANGE proves what is prepared above its checkpoint. */
    uint64_t proofs = s->policy.checkpoint_interval + SCENARIO_PIPELINE, proof = (quorum + 2) * SIGNED_BY;
    uint64_t change = STATEMENT + quorum * SIGNED_BY + proofs * proof;
    struct load load = {
        .from = s->regions[from], .to = s->regions[to], .bytes_per_second = link_of(s, from, to)->bytes_per_second};

    load.entries = entry * (a.nodes * b.validators - same * a.validators);
    load.proposal = a.validators > 0 ? flying * (STATEMENT + batch) * (b.validators - same) : 0;
    load.votes = flying * 3 * STATEMENT * pairs; /* a PREPARE carries the proposal's statement on */
    load.blocks = a.validators > 0 ? flying * (batch + quorum * STATEMENT) * (b.nodes - b.validators) : 0;
    load.view_change = change * pairs;
    return load;
}

static int64_t carry_ns(uint64_t bytes, uint64_t bytes_per_second)
{
    bool free = MUTATE(SCENARIO_LINKS_CARRY_ANYTHING, true, bytes_per_second == 0);
    return free ? 0 : dmath_muldiv((int64_t)bytes, 1000000000, (int64_t)bytes_per_second);
}

static uint64_t load_bytes(const struct load *load)
{
    return load->entries + load->proposal + load->votes + load->blocks;
}

/* The link that takes longest for a decision, and how long the slowest takes for a change of view. */
static struct load worst_load(const struct scenario *s, int64_t *decision_ns, int64_t *change_ns)
{
    struct load worst = {0};

    *decision_ns = *change_ns = 0;
    for (unsigned from = 0; from < s->region_count; from++) {
        for (unsigned to = 0; to < s->region_count; to++) {
            struct load load = load_of(s, from, to);
            int64_t ns = carry_ns(load_bytes(&load), load.bytes_per_second);
            int64_t change = carry_ns(load.view_change, load.bytes_per_second);
            *change_ns = change > *change_ns ? change : *change_ns;
            if (ns <= *decision_ns)
                continue;
            *decision_ns = ns;
            worst = load;
        }
    }
    if (*decision_ns < 1000000) /* less than a millisecond is nothing beside the ways */
        *decision_ns = 0;
    return worst;
}

/* The longest that the first byte of a message may take between two regions or within one. */
static int64_t worst_way(const struct scenario *s)
{
    int64_t worst = 0;

    for (unsigned from = 0; from < s->region_count; from++) {
        for (unsigned to = from; to < s->region_count; to++) {
            const struct scenario_link *link = link_of(s, from, to);
            int64_t ns = link->latency_ns + link->jitter_ns;
            worst = ns > worst ? ns : worst;
        }
    }
    return worst;
}

static bool is_named(const json_t *root, const char *key)
{
    return json_object_get(json_object_get(root, "guard_rails"), key) != NULL;
}

static double in_ms(int64_t ns)
{
    return (double)ns / 1e6;
}

/* A decision takes a proposal and two rounds of votes, each written before it is sent, and the links must carry all
 * that. With a limit below that no view would last. */
static void check_limit(struct json_reader *r, const struct scenario *s, int64_t carried_ns, const struct load *load)
{
    int64_t way = worst_way(s), needed = 4 * (way + s->disk_ns) + carried_ns;

    if ((int64_t)s->view_timeout_ns >= needed)
        return;
    if (carried_ns == 0)
        read_fail(r, "guard_rails", ERR_RANGE,
                  "latency_limit_ms is %g, but a decision may take 4 * (%g + %g) = %g ms: four times the longest way "
                  "and a write",
                  in_ms((int64_t)s->view_timeout_ns), in_ms(way), in_ms(s->disk_ns), in_ms(needed));
    else
        read_fail(r, "guard_rails", ERR_RANGE,
                  "latency_limit_ms is %g, but a decision may take 4 * (%g + %g) + %.1f = %.1f ms: four times the "
                  "longest way and a write, and %" PRIu64 " bytes from \"%s\" to \"%s\" (entries %" PRIu64
                  ", proposal %" PRIu64 ", votes %" PRIu64 ", blocks %" PRIu64 ") at %" PRIu64 " bytes a second",
                  in_ms((int64_t)s->view_timeout_ns), in_ms(way), in_ms(s->disk_ns), in_ms(carried_ns), in_ms(needed),
                  load_bytes(load), load->from, load->to, load->entries, load->proposal, load->votes, load->blocks,
                  load->bytes_per_second);
}

/* A phase must be long enough for its entries to be decided. */
static void check_deadline(struct json_reader *r, const json_t *root, const char *key, int64_t needed_ns,
                           uint64_t *deadline_ns)
{
    if ((int64_t)*deadline_ns >= needed_ns || r->err != ERR_OK)
        return;
    if (is_named(root, key))
        read_fail(r, "guard_rails", ERR_RANGE, "%s is %g, but until an entry is decided it may take %.1f ms", key,
                  in_ms((int64_t)*deadline_ns), in_ms(needed_ns));
    *deadline_ns = (uint64_t)needed_ns;
}

void scenario_check_links(struct json_reader *r, const json_t *root, struct scenario *s)
{
    int64_t carried_ns, change_ns;

    if (r->err != ERR_OK)
        return;
    struct load worst = worst_load(s, &carried_ns, &change_ns);
    int64_t needed = 4 * (worst_way(s) + s->disk_ns) + carried_ns;
    /* Time-outs grow to sixteen times the limit: within half of that a view must be able to change. */
    if (change_ns / 8 > needed)
        needed = change_ns / 8;
    if (!is_named(root, "latency_limit_ms")) {
        /* Twice where links are thin: what is lost is sent once more. */
        int64_t room = carried_ns > 0 ? needed + carried_ns : needed;
        if ((int64_t)s->view_timeout_ns < room)
            s->view_timeout_ns = (uint64_t)room;
    }
    check_limit(r, s, carried_ns, &worst);
    if (r->err == ERR_OK && change_ns > 8 * (int64_t)s->view_timeout_ns)
        read_fail(
            r, "guard_rails", ERR_RANGE,
            "latency_limit_ms is %g, but a change of view takes %.1f ms on the slowest link, more than eight times as "
            "long",
            in_ms((int64_t)s->view_timeout_ns), in_ms(change_ns));
    check_deadline(r, root, "collect_deadline_ms", needed, &s->policy.collect_deadline_ns);
    check_deadline(r, root, "score_deadline_ms", needed, &s->policy.score_deadline_ns);
    /* An entry that is on its way is not sent again. */
    if (json_object_get(json_object_get(json_object_get(root, "guard_rails"), "retry"), "first_ms") == NULL &&
        s->submit_ns < needed) {
        s->submit_ns = needed;
        s->submit_max_ns = s->submit_max_ns < 8 * needed ? 8 * needed : s->submit_max_ns;
    }
}
