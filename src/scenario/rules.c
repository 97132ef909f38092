#include <jansson.h>

#include "base/dmath.h"
#include "evolve/local_cycle.h"
#include "pbft/limits.h"
#include "scenario/read.h"
#include "state/archive.h"
#include "state/candidates.h"

/* What the federation's genesis and its nodes' configuration get from the file: policy, guard rails, rebalance. */

enum { DEADLINE_MAX_MS = 86400000, SHARDS_MAX = WORKLOAD_SHARDS_MAX, EVALUATIONS_MAX = 10000 };

static void read_duration(struct json_reader *r, const json_t *object, const char *key, uint64_t *out_ns)
{
    int64_t ns = (int64_t)*out_ns;

    read_ms(r, object, key, 1, DEADLINE_MAX_MS, &ns);
    *out_ns = (uint64_t)ns;
}

static void read_retry(struct json_reader *r, const json_t *rails, struct scenario *s)
{
    static const char *const keys[] = {"budget", "first_ms", "max_ms", NULL};
    size_t mark;
    const json_t *retry = read_enter_object(r, rails, "retry", &mark);

    if (retry == NULL)
        return;
    read_keys(r, retry, keys);
    read_unsigned(r, retry, "budget", 0, 16, &s->policy.retry_budget);
    read_ms(r, retry, "first_ms", 1, DEADLINE_MAX_MS, &s->submit_ns);
    if (s->submit_max_ns < s->submit_ns)
        s->submit_max_ns = s->submit_ns;
    read_ms(r, retry, "max_ms", 1, DEADLINE_MAX_MS, &s->submit_max_ns);
    if (s->submit_max_ns < s->submit_ns)
        read_fail(r, "max_ms", ERR_RANGE, "below first_ms");
    read_leave(r, mark);
}

static void read_guard_rails(struct json_reader *r, const json_t *root, struct scenario *s)
{
    static const char *const keys[] = {"collect_deadline_ms",
                                       "score_deadline_ms",
                                       "close_tolerance_ms",
                                       "min_participants",
                                       "batch_size",
                                       "batch_delay_ms",
                                       "latency_limit_ms",
                                       "retry",
                                       NULL};
    struct policy *p = &s->policy;
    size_t mark;
    const json_t *rails = read_enter_object(r, root, "guard_rails", &mark);

    if (rails == NULL)
        return;
    read_keys(r, rails, keys);
    read_duration(r, rails, "collect_deadline_ms", &p->collect_deadline_ns);
    read_duration(r, rails, "score_deadline_ms", &p->score_deadline_ns);
    read_duration(r, rails, "close_tolerance_ms", &p->close_tolerance_ns);
    read_unsigned(r, rails, "min_participants", 1, s->node_count, &p->min_participants);
    read_unsigned(r, rails, "batch_size", 1, 1024, &p->batch_max);
    read_ms(r, rails, "batch_delay_ms", 0, DEADLINE_MAX_MS, &s->batch_delay_ns);
    read_duration(r, rails, "latency_limit_ms", &s->view_timeout_ns);
    read_retry(r, rails, s);
    read_leave(r, mark);
}

static void read_cohort(struct json_reader *r, const json_t *policy, struct policy *p)
{
    static const char *const how[] = {"cohort_weights", "cohort_validators"};
    const char *weights[COHORT_WEIGHTS_COUNT + 1] = {NULL}, *validators[COHORT_VALIDATORS_COUNT + 1] = {NULL};
    unsigned weight = p->cohort_weights, validator = p->cohort_validators;

    for (unsigned i = 0; i < COHORT_WEIGHTS_COUNT; i++)
        weights[i] = cohort_weights_name((enum cohort_weights)i);
    for (unsigned i = 0; i < COHORT_VALIDATORS_COUNT; i++)
        validators[i] = cohort_validators_name((enum cohort_validators)i);
    read_unsigned(r, policy, "cohort", 0, RANK_SITES_MAX, &p->cohort);
    if (r->err == ERR_OK && p->cohort > 0 && p->cohort < p->min_participants)
        read_fail(r, "cohort", ERR_RANGE, "%u is less than min_participants, %u", p->cohort, p->min_participants);
    read_choice(r, policy, how[0], weights, &weight);
    read_choice(r, policy, how[1], validators, &validator);
    p->cohort_weights = (enum cohort_weights)weight;
    p->cohort_validators = (enum cohort_validators)validator;
    for (unsigned i = 0; i < 2; i++) {
        if (r->err == ERR_OK && p->cohort == 0 && json_object_get(policy, how[i]) != NULL)
            read_fail(r, how[i], ERR_RANGE, "goes with \"cohort\" only");
    }
}

static void read_policy(struct json_reader *r, const json_t *root, struct policy *p)
{
    static const char *const keys[] = {"rule",
                                       "stake_cap_ppm",
                                       "trim_ppm",
                                       "margin_ppm",
                                       "rollback_ppm",
                                       "stale_discount_ppm",
                                       "optimiser",
                                       "evaluations",
                                       "iteration_limit",
                                       "migrants",
                                       "archive",
                                       "topology",
                                       "cohort",
                                       "cohort_weights",
                                       "cohort_validators",
                                       "spot_checks",
                                       "joins_per_epoch",
                                       "checkpoint_interval",
                                       "window",
                                       NULL};
    const char *rules[RANK_RULE_COUNT + 1] = {NULL}, *optimisers[OPTIMISER_COUNT + 1] = {NULL};
    const char *topologies[TOPOLOGY_COUNT + 1] = {NULL};
    unsigned rule = p->rule, optimiser = p->optimiser, topology = p->topology;
    size_t mark;
    const json_t *policy = read_enter_object(r, root, "policy", &mark);

    if (policy == NULL)
        return;
    for (unsigned i = 0; i < RANK_RULE_COUNT; i++)
        rules[i] = rank_rule_name((enum rank_rule)i);
    for (unsigned i = 0; i < OPTIMISER_COUNT; i++)
        optimisers[i] = optimiser_name((enum optimiser)i);
    for (unsigned i = 0; i < TOPOLOGY_COUNT; i++)
        topologies[i] = topology_name((enum topology)i);
    read_keys(r, policy, keys);
    read_choice(r, policy, "rule", rules, &rule);
    p->rule = (enum rank_rule)rule;
    read_u64(r, policy, "trim_ppm", 0, PPM / 2 - 1, &p->trim_ppm);
    read_u64(r, policy, "stake_cap_ppm", 1, PPM, &p->stake_cap_ppm);
    read_u64(r, policy, "margin_ppm", 0, PPM, &p->margin_ppm);
    read_u64(r, policy, "rollback_ppm", 0, PPM, &p->rollback_ppm);
    read_u64(r, policy, "stale_discount_ppm", 0, PPM, &p->stale_discount_ppm);
    read_choice(r, policy, "optimiser", optimisers, &optimiser);
    p->optimiser = (enum optimiser)optimiser;
    read_unsigned(r, policy, "evaluations", 1, EVALUATIONS_MAX, &p->evaluations);
    read_u64(r, policy, "iteration_limit", 1, 1000000000, &p->iteration_limit);
    read_unsigned(r, policy, "migrants", 1, CYCLE_MIGRANTS_MAX, &p->migrants);
    read_unsigned(r, policy, "archive", 0, CYCLE_ARCHIVE_MAX, &p->archive_max);
    read_choice(r, policy, "topology", topologies, &topology);
    p->topology = (enum topology)topology;
    read_u64(r, policy, "checkpoint_interval", 1, PBFT_WINDOW_MAX / 2, &p->checkpoint_interval);
    read_u64(r, policy, "window", 2, PBFT_WINDOW_MAX, &p->window);
    if (r->err == ERR_OK && p->window < 2 * p->checkpoint_interval)
        read_fail(r, "window", ERR_RANGE, "%llu is less than twice the checkpoint_interval, %llu",
                  (unsigned long long)p->window, (unsigned long long)p->checkpoint_interval);
    read_unsigned(r, policy, "joins_per_epoch", 0, JOINS_PER_EPOCH_MAX, &p->joins_per_epoch);
    read_cohort(r, policy, p);
    read_unsigned(r, policy, "spot_checks", 0, SPOT_CHECKS_MAX, &p->spot_checks);
    read_leave(r, mark);
}

/* Each member's best is looked at before anybody's second (state/candidates.h), so one offer of each is never in vain;
 * more are when all of them cannot be scored in an epoch. Unless the file names it, there is one then. */
void scenario_check_offers(struct json_reader *r, const json_t *root, struct scenario *s)
{
    const unsigned before = s->policy.archive_max + ARCHIVE_HISTORY;
    const unsigned room = CANDIDATES_ROOM - before;
    const unsigned members = scenario_contributors(s);
    size_t mark;

    if (r->err != ERR_OK || s->policy.migrants == 1 || members * s->policy.migrants <= room)
        return;
    if (json_object_get(json_object_get(root, "policy"), "migrants") == NULL) {
        s->policy.migrants = 1;
        return;
    }
    (void)read_enter_object(r, root, "policy", &mark);
    read_fail(
        r, "migrants", ERR_RANGE,
        "%u members x %u migrants are %u offers, but of the %d candidates of an epoch 1 is the incumbent, %u are of "
        "the archive, up to %d are incumbents before it, and %u are left; for %u members at most %u fit",
        members, s->policy.migrants, members * s->policy.migrants, CYCLE_CANDIDATES_MAX, s->policy.archive_max,
        ARCHIVE_HISTORY, room, members, room / members > 1 ? room / members : 1);
    read_leave(r, mark);
}

/* Unless the file names a cap, a third of the founders and all whom they bring in cannot have their way whatever their
 * stakes are. */
void scenario_default_cap(const json_t *root, struct scenario *s)
{
    unsigned founders = 0;

    for (unsigned i = 0; i < s->node_count; i++)
        founders += !s->nodes[i].joins_later;
    uint64_t safe = rank_safe_cap_ppm(founders, s->node_count, s->policy.trim_ppm);

    if (json_object_get(json_object_get(root, "policy"), "stake_cap_ppm") == NULL && safe < s->policy.stake_cap_ppm)
        s->policy.stake_cap_ppm = safe;
}

static void read_rebalance(struct json_reader *r, const json_t *root, struct scenario *s)
{
    static const char *const keys[] = {"shards", "workload", NULL};
    size_t mark;
    const json_t *rebalance = read_enter_object(r, root, "rebalance", &mark);

    if (rebalance == NULL)
        return;
    read_keys(r, rebalance, keys);
    read_require(r, rebalance, "shards");
    read_unsigned(r, rebalance, "shards", 0, SHARDS_MAX, &s->policy.shards);
    workload_spec_default(0, &s->shared);
    read_workload(r, rebalance, "workload", s->space, &s->shared);
    /* A shard is one instance of the shared work. */
    s->shared.instances = s->policy.shards;
    read_leave(r, mark);
}

void scenario_read_rules(struct json_reader *r, const json_t *root, struct scenario *s)
{
    if (s->policy.min_participants > s->node_count)
        s->policy.min_participants = s->node_count;
    read_u64(r, root, "max_ledger_drift", 0, 1000, &s->policy.max_ledger_drift);
    read_guard_rails(r, root, s);
    if (s->space != NULL) /* programs: runs are dear, and scatter */
        s->policy.optimiser = OPTIMISER_BAYES;
    read_policy(r, root, &s->policy);
    if (r->err == ERR_OK && s->node_count > members_most(&s->policy))
        read_fail(r, "nodes", ERR_RANGE,
                  "%u nodes, and at most %u can contribute to an epoch: with more, \"policy\" needs a \"cohort\"",
                  s->node_count, members_most(&s->policy));
    read_rebalance(r, root, s);
}
