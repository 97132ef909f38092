#include "state/policy.h"

#include <string.h>

#include "base/dmath.h"
#include "evolve/local_cycle.h"
#include "ledger/block.h"
#include "pbft/limits.h"

#define SECOND_NS UINT64_C(1000000000)
#define DAY_NS (86400 * SECOND_NS)

void policy_default(struct policy *out)
{
    *out = (struct policy){
        .rule = RANK_TRIMMED,
        .stake_cap_ppm = 400000,
        .trim_ppm = 333333,
        .margin_ppm = 20000,
        .rollback_ppm = 50000,
        .max_ledger_drift = 2,
        .stale_discount_ppm = 250000,
        .min_participants = 2,
        .joins_per_epoch = 2,
        .collect_deadline_ns = 4 * SECOND_NS,
        .score_deadline_ns = 4 * SECOND_NS,
        .close_tolerance_ns = SECOND_NS / 2,
        .retry_budget = 3,
        .optimiser = OPTIMISER_SCREEN,
        .evaluations = 24,
        .iteration_limit = 4000,
        .migrants = 2,
        .archive_max = 4,
        .batch_max = 64,
        .checkpoint_interval = 16,
        .window = 64,
    };
}

/* One field of the policy: where it is and what it may be. */
struct field {
    const char *key;
    size_t offset;
    bool wide; /* uint64_t, else unsigned or an enumeration */
    uint64_t least, most;
    const char *(*name)(unsigned value); /* NULL: a number; else a text, of a value */
    bool optional;                       /* zero, which is below least, is not written, and not read: it is not there */
};

static const char *rule_name(unsigned value)
{
    return rank_rule_name((enum rank_rule)value);
}

const char *topology_name(enum topology topology)
{
    static const char *const names[TOPOLOGY_COUNT] = {"all", "ring", "region"};
    ASSERT((unsigned)topology < TOPOLOGY_COUNT);
    return names[topology];
}

const char *cohort_weights_name(enum cohort_weights weights)
{
    static const char *const names[COHORT_WEIGHTS_COUNT] = {"equal", "stake"};
    ASSERT((unsigned)weights < COHORT_WEIGHTS_COUNT);
    return names[weights];
}

const char *cohort_validators_name(enum cohort_validators validators)
{
    static const char *const names[COHORT_VALIDATORS_COUNT] = {"drawn", "first"};
    ASSERT((unsigned)validators < COHORT_VALIDATORS_COUNT);
    return names[validators];
}

static const char *weights_text(unsigned value)
{
    return cohort_weights_name((enum cohort_weights)value);
}

static const char *validators_text(unsigned value)
{
    return cohort_validators_name((enum cohort_validators)value);
}

static const char *topology_text(unsigned value)
{
    return topology_name((enum topology)value);
}

static const char *optimiser_text(unsigned value)
{
    return optimiser_name((enum optimiser)value);
}

#define FIELD_WIDE(name, least, most)                                                                                  \
    {                                                                                                                  \
#name, offsetof(struct policy, name), true, least, most, NULL, false                                           \
    }
#define FIELD(name, least, most)                                                                                       \
    {                                                                                                                  \
#name, offsetof(struct policy, name), false, least, most, NULL, false                                          \
    }
#define FIELD_NAMED(name, count, text)                                                                                 \
    {                                                                                                                  \
#name, offsetof(struct policy, name), false, 0, (count)-1, text, false                                         \
    }
#define FIELD_OPTIONAL(name, most, text)                                                                               \
    {                                                                                                                  \
#name, offsetof(struct policy, name), false, 1, most, text, true                                               \
    }

/* In the order of deterministic CBOR. A deadline doubles retry_budget times and must
 * stay an int64_t of nanoseconds: a day, 16 times doubled, does. */
static const struct field fields[] = {
    FIELD_NAMED(rule, RANK_RULE_COUNT, rule_name),
    FIELD_OPTIONAL(cohort, RANK_SITES_MAX, NULL),
    FIELD(shards, 0, 4096),
    FIELD_WIDE(window, 2, PBFT_WINDOW_MAX),
    FIELD(migrants, 1, CYCLE_MIGRANTS_MAX),
    FIELD_NAMED(topology, TOPOLOGY_COUNT, topology_text),
    FIELD_WIDE(trim_ppm, 0, 499999),
    FIELD(batch_max, 1, BLOCK_ENTRIES_MAX),
    FIELD_NAMED(optimiser, OPTIMISER_COUNT, optimiser_text),
    FIELD_WIDE(margin_ppm, 0, PPM),
    FIELD(archive_max, 0, CYCLE_ARCHIVE_MAX),
    FIELD(evaluations, 1, 1000000),
    FIELD(spot_checks, 0, SPOT_CHECKS_MAX),
    FIELD(retry_budget, 0, 16),
    FIELD_WIDE(rollback_ppm, 0, PPM),
    FIELD_WIDE(stake_cap_ppm, 1, PPM),
    FIELD_OPTIONAL(cohort_weights, COHORT_WEIGHTS_COUNT - 1, weights_text),
    FIELD_WIDE(iteration_limit, 1, 1000000000),
    FIELD(joins_per_epoch, 0, JOINS_PER_EPOCH_MAX),
    FIELD_WIDE(max_ledger_drift, 0, 1000000),
    FIELD(min_participants, 1, RANK_SITES_MAX),
    FIELD_OPTIONAL(cohort_validators, COHORT_VALIDATORS_COUNT - 1, validators_text),
    FIELD_WIDE(score_deadline_ns, 1, DAY_NS),
    FIELD_WIDE(close_tolerance_ns, 0, DAY_NS),
    FIELD_WIDE(stale_discount_ppm, 0, PPM),
    FIELD_WIDE(checkpoint_interval, 1, PBFT_WINDOW_MAX / 2),
    FIELD_WIDE(collect_deadline_ns, 1, DAY_NS),
};
enum { FIELD_COUNT = sizeof fields / sizeof fields[0] };

static uint64_t field_read(const struct policy *p, const struct field *f)
{
    const char *at = (const char *)p + f->offset;
    uint64_t wide;
    unsigned narrow;
    if (f->wide) {
        memcpy(&wide, at, sizeof wide);
        return wide;
    }
    memcpy(&narrow, at, sizeof narrow);
    return narrow;
}

static void field_write(struct policy *p, const struct field *f, uint64_t v)
{
    char *at = (char *)p + f->offset;
    unsigned narrow = (unsigned)v;
    if (f->wide)
        memcpy(at, &v, sizeof v);
    else
        memcpy(at, &narrow, sizeof narrow);
}

static bool is_there(const struct policy *p, const struct field *f)
{
    return !f->optional || field_read(p, f) != 0;
}

void policy_put(struct cbor_writer *w, const struct policy *p)
{
    unsigned count = 0;
    for (unsigned i = 0; i < FIELD_COUNT; i++)
        count += is_there(p, &fields[i]);
    cbor_put_map(w, count);
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        const struct field *f = &fields[i];
        if (!is_there(p, f))
            continue;
        cbor_put_text(w, f->key);
        if (f->name != NULL)
            cbor_put_text(w, f->name((unsigned)field_read(p, f)));
        else
            cbor_put_uint(w, field_read(p, f));
    }
}

static uint64_t named_get(struct cbor_reader *r, const struct field *f)
{
    struct bytes name = cbor_get_text(r);
    for (unsigned v = (unsigned)f->least; v <= f->most; v++)
        if (bytes_equal(name, bytes_of_text(f->name(v))))
            return v;
    cbor_fail(r, ERR_UNKNOWN);
    return 0;
}

static uint64_t number_get(struct cbor_reader *r, const struct field *f)
{
    uint64_t v = cbor_get_uint(r);
    if (v < f->least || v > f->most)
        cbor_fail(r, ERR_RANGE);
    return v;
}

static bool cohort_is_too_small(const struct policy *p)
{
    return p->cohort > 0 && p->cohort < p->min_participants;
}

static bool cohort_is_missing(const struct policy *p)
{
    return p->cohort == 0 && (p->cohort_weights != COHORT_EQUAL || p->cohort_validators != COHORT_VALIDATORS_DRAWN);
}

void policy_get(struct cbor_reader *r, struct policy *out)
{
    struct policy p = {0};
    uint64_t count = cbor_get_map(r), found = 0;
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        const struct field *f = &fields[i];
        if (f->optional && !cbor_accept_key(r, f->key))
            continue;
        if (!f->optional)
            cbor_expect_key(r, f->key);
        field_write(&p, f, f->name != NULL ? named_get(r, f) : number_get(r, f));
        found++;
    }
    if (r->err == ERR_OK &&
        (count != found || p.window < 2 * p.checkpoint_interval || cohort_is_too_small(&p) || cohort_is_missing(&p)))
        cbor_fail(r, ERR_RANGE);
    if (r->err == ERR_OK)
        *out = p;
}

enum err policy_check(const struct policy *p, struct diag *diag)
{
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        const struct field *f = &fields[i];
        uint64_t v = field_read(p, f);
        if (!is_there(p, f))
            continue;
        if (v < f->least || v > f->most)
            return diag_set(diag, ERR_RANGE, "policy: %s is %llu, must be in %llu..%llu", f->key, (unsigned long long)v,
                            (unsigned long long)f->least, (unsigned long long)f->most);
    }
    if (p->window < 2 * p->checkpoint_interval)
        return diag_set(diag, ERR_RANGE, "policy: window is %llu, must be at least twice checkpoint_interval, %llu",
                        (unsigned long long)p->window, (unsigned long long)p->checkpoint_interval);
    if (cohort_is_too_small(p))
        return diag_set(diag, ERR_RANGE, "policy: cohort is %u, must be at least min_participants, %u", p->cohort,
                        p->min_participants);
    if (cohort_is_missing(p))
        return diag_set(diag, ERR_RANGE, "policy: cohort is 0, so nothing says how it is drawn");
    return ERR_OK;
}
