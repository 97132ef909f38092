#include "audit/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/summary.h"
#include "audit/summary_stream.h"
#include "base/mutate.h"
#include "base/pool.h"

static void skip_all(struct audit_report *report, enum audit_rule first, enum audit_rule last, const char *why)
{
    for (enum audit_rule rule = first; rule <= last; rule++)
        audit_skip(report, rule, "%s", why);
}

/* Is this label a run of that scenario, with that seed? The genesis follows from both, the rest of what was run does
 * not: the summary names it. */
static bool same_run(const struct audit_rehearsal *of, const struct replay *r, const struct audit_section *section)
{
    char scenario[2 * DIGEST_SIZE + 1], seed[24];
    bool same;

    digest_hex(&of->scenario, scenario);
    snprintf(seed, sizeof seed, "%" PRIu64, of->seed);
    same = strcmp(scenario, section->scenario_sha256) == 0 && strcmp(seed, section->seed) == 0;
    return digest_equal(&of->federation_id, &r->state.federation_id) && MUTATE(AUDIT_ANY_SCENARIO, true, same);
}

/* The rehearsal that the label is of, or NULL. */
static const struct audit_rehearsal *rehearsal_of(const struct replay *r, const struct audit_options *options,
                                                  const struct audit_section *section)
{
    for (unsigned i = 0; i < options->rehearsal_count; i++) {
        if (same_run(&options->rehearsals[i], r, section))
            return &options->rehearsals[i];
    }
    return NULL;
}

/* None of the rehearsals that were named is this label's. */
static void open_other_run(enum audit_rule rule, const char *what, const struct audit_options *options,
                           struct audit_report *report)
{
    const struct audit_section *section = audit_section(report);
    const struct audit_rehearsal *of = &options->rehearsals[options->rehearsal_count - 1];
    char scenario[2 * DIGEST_SIZE + 1];

    digest_hex(&of->scenario, scenario);
    audit_open(report, rule,
               "%s: %s%s has SHA-256 %s and is taken with seed %" PRIu64 "; this is a run of the scenario with SHA-256 "
               "%s and seed %s",
               what, of->path, options->rehearsal_count > 1 ? ", the last one named," : "", scenario, of->seed,
               section->scenario_sha256[0] != '\0' ? section->scenario_sha256 : "(not said)",
               section->seed[0] != '\0' ? section->seed : "(not said)");
}

static bool is_trusted(const struct replay *r, const struct audit_options *options, const struct audit_section *section)
{
    bool trusted = rehearsal_of(r, options, section) != NULL || trust_vouches(options->trust, &r->state.federation_id);

    for (unsigned i = 0; i < options->federation_count; i++)
        trusted = trusted || digest_equal(&r->state.federation_id, &options->federations[i]);
    return trusted;
}

/* When the summary has been read. */
static void check_trust(const struct replay *r, const struct audit_input *in, const struct audit_options *options,
                        struct audit_report *report)
{
    if (is_trusted(r, options, audit_section(report)))
        audit_pass(report, RULE_GENESIS_TRUST);
    else if (options->trust != NULL)
        audit_fail(report, RULE_GENESIS_TRUST, in->genesis.path, "/federation_id",
                   "the trust root does not vouch for this federation");
    else if (options->federation_count > 0)
        audit_fail(report, RULE_GENESIS_TRUST, in->genesis.path, "/federation_id",
                   "a whole and consistent log, of another federation than the trusted one");
    else if (options->rehearsal_count > 0)
        open_other_run(RULE_GENESIS_TRUST, "no scenario that was named vouches for it", options, report);
    else
        audit_open(report, RULE_GENESIS_TRUST,
                   "nobody said whose log this is: name the federation that you trust with --federation ID, or the "
                   "scenario of a rehearsal with --scenario FILE");
}

/* The file of this epoch, or NULL. */
static const struct audit_file *file_of(const struct audit_epoch_file *files, unsigned count, uint64_t epoch)
{
    unsigned from = 0;

    while (from < count) {
        unsigned at = from + (count - from) / 2;

        if (files[at].epoch == epoch)
            return &files[at].file;
        if (files[at].epoch < epoch)
            from = at + 1;
        else
            count = at;
    }
    return NULL;
}

/* The one beside this epoch's file, read. path NULL: there is none, or it cannot be read. */
static struct audit_file checkpoint_of(const struct audit_input *in, uint64_t epoch, struct buf *room,
                                       struct audit_report *report)
{
    const struct audit_file *file = file_of(in->checkpoints, in->checkpoint_count, epoch);
    struct audit_file out = file != NULL ? *file : (struct audit_file){0};
    struct diag diag = {0};

    if (file != NULL && audit_read(in, file, room, &out.text, &diag) != ERR_OK) {
        audit_fail_diag(report, RULE_FILE_FORM, file->path, &diag);
        out.path = NULL;
    }
    return out;
}

/* One beside no epoch file says something of nothing. */
static void check_checkpoints(const struct audit_input *in, const struct audit_options *options,
                              struct audit_report *report)
{
    struct audit_file last = {0};
    struct buf room = {0};

    for (unsigned i = 0; i < in->checkpoint_count; i++) {
        if (file_of(in->epochs, in->epoch_count, in->checkpoints[i].epoch) == NULL)
            audit_fail(report, RULE_FILE_MISSING, in->checkpoints[i].file.path, "",
                       "there is no file of the epoch that it is a checkpoint of");
    }
    if (options->policy != NULL && in->epoch_count > 0)
        last = checkpoint_of(in, in->epochs[in->epoch_count - 1].epoch, &room, report);
    checkpoint_judge(options->policy, &last, report);
    buf_free(&room);
}

static void check_checkpoint(const struct replay *r, const struct audit_input *in, uint64_t epoch,
                             struct audit_report *report)
{
    struct buf room = {0};
    struct audit_file file = checkpoint_of(in, epoch, &room, report);

    checkpoint_check(r, &file, report);
    buf_free(&room);
}

enum loaded { LOADED, UNREADABLE, GAP, FAILED };

/* One that cannot be read, or is too large, is as good as missing; the others are judged without it. */
static enum loaded replay_file(struct replay *r, const struct audit_input *in, const struct audit_epoch_file *e,
                               struct buf *room, struct audit_report *report)
{
    struct diag diag = {0};
    struct bytes text;

    if (audit_read(in, &e->file, room, &text, &diag) != ERR_OK) {
        audit_fail_diag(report, RULE_FILE_FORM, e->file.path, &diag);
        return UNREADABLE;
    }
    if (e->epoch > r->state.epoch) {
        audit_fail(report, RULE_FILE_MISSING, e->file.path, "", "the file of epoch %" PRIu64 " before it is missing",
                   r->state.epoch);
        return GAP;
    }
    audit_pass(report, RULE_FILE_MISSING);
    if (!replay_epoch(r, e->epoch, e->file.path, text, report))
        return FAILED;
    check_checkpoint(r, in, e->epoch, report);
    return LOADED;
}

/* All epoch files in order; false when one could not be executed, and with it none of those behind. */
static bool replay_all(struct replay *r, const struct audit_input *in, struct audit_report *report)
{
    enum loaded loaded = LOADED;
    struct buf room = {0};

    for (unsigned i = 0; i < in->epoch_count && loaded < GAP; i++)
        loaded = replay_file(r, in, &in->epochs[i], &room, report);
    buf_free(&room);
    if (in->epoch_count == 0)
        audit_open(report, RULE_EPOCH_ORDER, "there is no epoch: nothing was executed, and nothing is shown");
    return loaded < GAP;
}

static const char *why(const struct member *m)
{
    switch (m->status) {
    case MEMBER_ABSENT:
        return "it let a deadline pass";
    case MEMBER_QUARANTINED:
        if (m->found_epoch >= m->last_epoch && m->false_claims > 0)
            return NULL;
        return "it was away for longer than max_ledger_drift";
    case MEMBER_CONVICTED:
        return "it signed two things that contradict each other";
    case MEMBER_LEFT:
        return "it said good-bye, or its leaving was signed off";
    default:
        return NULL;
    }
}

/* As execution says. */
static void tell_standings(const struct federation_state *s, struct audit_report *report)
{
    for (unsigned i = 0; i < s->member_count; i++) {
        const struct member *m = state_member(s, i);
        struct audit_standing standing = {
            .status = member_status_name(m->status),
            .why = why(m),
            .false_claims = m->false_claims,
            .found_epoch = m->found_epoch,
        };

        if (m->status != MEMBER_ACTIVE || m->false_claims > 0)
            audit_stand(report, m->card.name, &standing);
    }
}

/* Only the work of this very run: what another scenario or seed makes of a site's work says nothing about its claims.
 */
static void check_claims(const struct replay *r, const struct audit_options *options, struct audit_report *report)
{
    const struct audit_rehearsal *of = rehearsal_of(r, options, audit_section(report));

    if (options->spot_checks == 0)
        audit_skip(report, RULE_WORK_CLAIMS,
                   "decisions are re-executed, work is not: --spot-check, where it is disclosed");
    else if (of != NULL)
        spot_check(r, options->spot_checks, of->work, report);
    else if (options->rehearsal_count > 0)
        open_other_run(RULE_WORK_CLAIMS, "refused, nothing was run again", options, report);
    else
        audit_open(report, RULE_WORK_CLAIMS, "no scenario was named that discloses work");
}

static void check_governance(const struct replay *r, bool whole, const struct audit_input *in,
                             struct audit_report *report)
{
    const struct audit_file *file = &in->governance;
    struct buf room = {0};
    struct diag diag = {0};
    struct bytes text = {0};

    if (!whole)
        audit_skip(report, RULE_GOVERNANCE_LOG, "the log could not be executed to its end");
    else if (file->path == NULL && r->governance.len > 0)
        audit_fail(report, RULE_GOVERNANCE_LOG, in->genesis.path, "",
                   "there is no META-GOVERNANCE-LOG.md of this label");
    else if (file->path != NULL && r->governance.len == 0)
        audit_fail(report, RULE_GOVERNANCE_LOG, file->path, "", "nobody governs this federation");
    else if (file->path != NULL && audit_read(in, file, &room, &text, &diag) != ERR_OK)
        audit_fail_diag(report, RULE_FILE_FORM, file->path, &diag);
    else if (file->path != NULL &&
             MUTATE(AUDIT_ANY_GOVERNANCE_LOG, false, !bytes_equal(text, bytes_of_buf(&r->governance))))
        audit_fail(report, RULE_GOVERNANCE_LOG, file->path, "", "the log says something else");
    else if (file->path != NULL)
        audit_pass(report, RULE_GOVERNANCE_LOG);
    buf_free(&room);
}

static bool has_failed(const struct audit_section *section)
{
    bool failed = false;

    for (unsigned i = 0; i < AUDIT_RULE_COUNT; i++)
        failed = failed || section->failed[i] > 0;
    return failed;
}

/* The log once more, with all that a summary says kept: what is found on the way was told the first time. */
static void replay_again(struct replay *r, const struct audit_input *in, struct pool *pool, uint64_t memory_max)
{
    struct audit_report silent = {0};
    struct buf room = {0};
    struct diag diag = {0};
    struct bytes text;

    r->epochs_wanted = true;
    r->pool = pool;
    audit_section_begin(&silent, in->label);
    audit_section(&silent)->memory_max = memory_max;
    if (audit_read(in, &in->genesis, &room, &text, &diag) == ERR_OK &&
        replay_genesis(r, in->genesis.path, text, &silent))
        (void)replay_all(r, in, &silent);
    buf_free(&room);
    audit_report_free(&silent);
}

/* Says what is wrong with it, for which all epochs have to be in memory. */
static void compare_summary(struct replay *r, bool whole, const struct audit_input *in, struct audit_report *report)
{
    struct replay *again = mem_alloc(sizeof *again);
    struct buf room = {0};
    struct diag diag = {0};
    struct bytes text;

    if (!r->epochs_wanted)
        replay_again(again, in, r->pool, audit_section(report)->memory_max);
    if (audit_read(in, &in->summary, &room, &text, &diag) != ERR_OK)
        audit_fail_diag(report, RULE_FILE_FORM, in->summary.path, &diag);
    else
        summary_compare(r->epochs_wanted ? r : again, whole, in->label, in->summary.path, text, report);
    replay_free(again);
    mem_free(again);
    buf_free(&room);
}

static void check_summary(struct replay *r, bool whole, const struct audit_input *in,
                          const struct audit_options *options, struct audit_report *report)
{
    if (in->summary.path == NULL) {
        audit_fail(report, RULE_FILE_MISSING, in->genesis.path, "", "there is no summary for the label \"%s\"",
                   in->label);
    } else {
        bool well = whole && !r->epochs_wanted && !has_failed(audit_section(report));

        audit_pass(report, RULE_FILE_MISSING);
        if (!well || !summary_stream(r, in, report))
            compare_summary(r, whole, in, report);
    }
    check_governance(r, whole, in, report);
    check_trust(r, in, options, report);
    trust_judge(options->trust, &r->state, whole, report);
    check_claims(r, options, report);
}

static void audit_log(struct replay *r, const struct audit_input *in, const struct audit_options *options,
                      struct audit_report *report)
{
    audit_pass(report, RULE_FILE_MISSING);
    bool whole = replay_all(r, in, report);
    audit_section(report)->log_size = r->state.log.size;
    audit_section(report)->log_root = merkle_frontier_root(&r->state.log);
    if (options->forks != NULL)
        fork_watch_add(options->forks, r, report);
    if (MUTATE(AUDIT_STATE_OF_A_PART, true, whole) && options->state != NULL) {
        state_free(options->state);
        state_copy(options->state, &r->state);
    }
    if (whole && options->offers != NULL)
        offers_collect(options->offers, r);
    tell_standings(&r->state, report);
    check_checkpoints(in, options, report);
    if (!whole)
        skip_all(report, RULE_EPOCH_ORDER, RULE_ANCHOR_BINDING, "nothing behind the first epoch that fails");
    check_summary(r, whole, in, options, report);
}

/* False: there is nothing to go on with. */
static bool begin(struct replay *r, const struct audit_input *in, struct audit_report *report)
{
    struct buf room = {0};
    struct diag diag = {0};
    struct bytes text;
    bool begun = false;

    if (audit_read(in, &in->genesis, &room, &text, &diag) != ERR_OK)
        audit_fail_diag(report, RULE_FILE_FORM, in->genesis.path, &diag);
    else
        begun = replay_genesis(r, in->genesis.path, text, report);
    buf_free(&room);
    return begun;
}

void audit_label(const struct audit_input *in, const struct audit_options *options, struct audit_report *report)
{
    struct replay *r = mem_alloc(sizeof *r);
    struct fork_history history = {0};

    if (options->progress != NULL)
        options->progress(options->context, in->label);
    audit_section_begin(report, in->label);
    audit_section(report)->memory_max = (options->memory_mb > 0 ? options->memory_mb : AUDIT_MEMORY_MB) << 20;
    r->pool = pool_new(pool_threads(options->threads));
    r->work_wanted = options->spot_checks > 0;
    r->bodies_wanted = r->work_wanted || options->offers != NULL;
    r->epochs_wanted = r->bodies_wanted;
    r->history = options->forks != NULL ? &history : NULL;
    if (in->genesis.path == NULL) {
        audit_fail(report, RULE_FILE_MISSING, in->summary.path != NULL ? in->summary.path : in->epochs[0].file.path, "",
                   "there is no genesis.json for the label \"%s\"", in->label);
        skip_all(report, RULE_GENESIS_DOCUMENT, RULE_WORK_CLAIMS, "there is no genesis to begin with");
    } else if (begin(r, in, report)) {
        audit_log(r, in, options, report);
    } else {
        skip_all(report, RULE_GENESIS_VIEW, RULE_WORK_CLAIMS, "the genesis cannot be read");
    }
    fork_history_free(&history);
    pool_free(r->pool);
    replay_free(r);
    mem_free(r);
}
