#include "experiment/trial.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/prng.h"
#include "experiment/replay.h"
#include "pbft/quorum.h"

/* Nobody is late here: how slow a site is, is another question. */
#define RAILS "{\"collect_deadline_ms\": 3600000, \"score_deadline_ms\": 3600000}"

static bool validates(const struct trial *t, unsigned site)
{
    return t->sponsors[site] == 0 && (t->validators == 0 || site < t->validators);
}

static void write_node(const struct trial *t, unsigned site, struct buf *out)
{
    buf_printf(out,
               "{\"id\": \"site-%u\", \"region\": \"region-%u\", \"role\": \"%s\", \"stake\": %" PRIu64 ","
               " \"workload\": {\"family\": \"%s\", \"instances\": %u}}",
               t->numbers[site], t->numbers[site] % (t->regions > 0 ? t->regions : SCENARIO_REGIONS_MAX),
               validates(t, site) ? "core" : "edge", t->stakes[site] > 0 ? t->stakes[site] : 10, t->families[site],
               t->plan->instances);
}

static void write_lie(const struct trial *t, unsigned site, bool first, struct buf *out)
{
    buf_printf(out,
               "%s{\"kind\": \"lie\", \"node\": \"site-%u\", \"epoch\": %" PRIu64 ","
               " \"behaviour\": \"%s\"}",
               first ? "" : ", ", t->numbers[site], t->lie_epoch, lie_name(t->lies[site]));
}

/* As soon as there is an epoch in which others can agree on it. */
static void write_join(const struct trial *t, unsigned site, bool first, struct buf *out)
{
    buf_printf(out, "%s{\"kind\": \"join\", \"node\": \"site-%u\", \"epoch\": 1, \"sponsor\": \"site-%u\"}",
               first ? "" : ", ", t->numbers[site], t->numbers[t->sponsors[site] - 1]);
}

static void write_events(const struct trial *t, struct buf *out)
{
    bool first = true;

    for (unsigned i = 0; i < t->sites; i++) {
        if (t->lies[i] != LIE_NONE) {
            write_lie(t, i, first, out);
            first = false;
        }
        if (t->sponsors[i] > 0) {
            write_join(t, i, first, out);
            first = false;
        }
    }
}

static unsigned count_validators(const struct trial *t)
{
    unsigned count = 0;

    for (unsigned i = 0; i < t->sites; i++)
        count += validates(t, i);
    return count;
}

static void write_scenario(const struct trial *t, struct buf *out)
{
    const struct trial_plan *p = t->plan;
    unsigned validators = count_validators(t);

    buf_printf(out,
               "{\"name\": \"trial\", \"epoch_start\": 1, \"max_ledger_drift\": 2, \"quorum\": %u,"
               " \"seed\": \"%" PRIu64 "\", \"guard_rails\": " RAILS ", \"limit_ms\": 4294967296,"
               " \"policy\": {\"rule\": \"%s\", \"evaluations\": %u, \"iteration_limit\": %" PRIu64
               ", \"migrants\": %u, \"archive\": %u%s}, \"nodes\": [",
               quorum_size(validators, quorum_faults(validators)), t->seed, rank_rule_name(p->rule), p->evaluations,
               p->limit, p->migrants, p->archive, p->more);
    for (unsigned i = 0; i < t->sites; i++) {
        buf_add_text(out, i > 0 ? ", " : "");
        write_node(t, i, out);
    }
    buf_add_text(out, "], \"events\": [");
    write_events(t, out);
    buf_add_text(out, "]}");
}

static void take_result(const struct rehearsal *r, struct trial_result *out)
{
    const struct federation_state *s = fed_state(r->nodes[0].fed);

    *out = (struct trial_result){
        .genome = s->incumbent,
        .archive_count = s->archive_count,
        .iterations = r->iterations,
        .evaluations = r->evaluations,
        .bytes = r->network.bytes,
    };
    for (unsigned i = 0; i < s->archive_count; i++)
        out->archive[i] = s->archive[i].incumbent;
}

/* Whoever tries genomes on a site's instances in place of the built-in solver. */
static void stand_in(const struct trial *t, unsigned site, struct workload *w)
{
    for (unsigned i = 0; t->evaluators[site] != NULL && i < w->count; i++)
        w->instances[i].evaluator = t->evaluators[site];
}

static enum err rehearse(const struct trial *t, const struct scenario *scenario, struct trial_result *out,
                         struct diag *diag)
{
    struct rehearsal_options options = {.seed = scenario->seed, .epochs = t->plan->epochs, .threads = 1};
    struct rehearsal *r = NULL;
    struct workload pooled;
    enum err err = rehearsal_new(scenario, &options, &r, diag);

    if (err != ERR_OK)
        return err;
    for (unsigned i = 0; t->search > 0 && i < r->count; i++) {
        struct prng prng;

        prng_stream(&prng, t->seed, "search", t->search * TRIAL_SITES_MAX + i);
        r->nodes[i].draws = prng_next(&prng);
    }
    for (unsigned i = 0; i < t->sites; i++)
        stand_in(t, i, r->nodes[i].workload);
    for (size_t i = 0; t->cache != NULL && i < r->workload_count; i++)
        cache_stand_before(t->cache, r->workloads[i]);
    if (t->pooled != NULL) {
        ASSERT(t->sites == 1);
        pooled = *t->pooled;
        r->nodes[0].workload = &pooled;
    }
    err = rehearsal_run(r, diag);
    if (err == ERR_OK && fed_state(r->nodes[0].fed)->epoch <= r->last_epoch)
        err = diag_set(diag, ERR_STATE, "the rehearsal has not ended all its epochs");
    if (err == ERR_OK && t->undecided != NULL)
        err = replay_undecided(r, r->last_epoch, t->undecided, diag);
    if (err == ERR_OK && t->offers != NULL)
        err = replay_offers(r, t->offers, diag);
    if (err == ERR_OK)
        take_result(r, out);
    rehearsal_free(r);
    return err;
}

enum err trial_run(const struct trial *t, struct trial_result *out, struct diag *diag)
{
    struct buf text = {0};
    struct scenario scenario;

    write_scenario(t, &text);
    enum err err = scenario_parse("trial", bytes_of_buf(&text), &scenario, diag);
    buf_free(&text);
    if (err != ERR_OK)
        return err;
    err = rehearse(t, &scenario, out, diag);
    scenario_fini(&scenario);
    return err;
}

enum err trial_workload(const struct trial *t, unsigned site, struct workload *out, struct diag *diag)
{
    struct workload_spec spec = {.instances = t->plan->instances};
    char label[16];

    snprintf(spec.family, sizeof spec.family, "%s", t->families[site]);
    snprintf(label, sizeof label, "site-%u", t->numbers[site]);
    enum err err = workload_build(&spec, t->seed, label, out, diag);
    if (err == ERR_OK)
        stand_in(t, site, out);
    return err;
}
