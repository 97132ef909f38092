#include <string.h>

#include "storm/nodes/run.h"

/* The auditor reads what the rehearsal leaves. It must find it compliant; the work of a liar that is disclosed may be
 * found false, nobody else's. */

enum { CLAIMS_RUN_AGAIN = 6 };

static const struct instance *own(void *context, const struct member *member, unsigned *count)
{
    const struct node_run *run = context;
    int node = scenario_find_node(&run->scenario, member->card.name);

    if (node < 0 || !scenario_discloses(&run->scenario, (unsigned)node))
        return NULL;
    *count = run->rehearsal->nodes[node].workload->count;
    return run->rehearsal->nodes[node].workload->instances;
}

static const struct instance *shard(void *context, unsigned number)
{
    const struct node_run *run = context;

    return &run->rehearsal->shards[number];
}

/* "NAME claims a cost of ..." */
static bool is_of_liar(const struct node_run *run, const struct audit_finding *finding)
{
    char name[MEMBER_NAME_MAX + 1] = "";
    size_t length = strcspn(finding->text, " ");

    if (finding->rule != RULE_WORK_CLAIMS || length >= sizeof name)
        return false;
    memcpy(name, finding->text, length);
    int node = scenario_find_node(&run->scenario, name);
    return node >= 0 && run->rehearsal->nodes[node].lied;
}

/* What may be left open: the end, when fewer validators than a quorum are there to vouch for it; the claims, when none
 * is disclosed. */
static bool may_be_open(const struct node_run *run, enum audit_rule rule)
{
    const struct federation_state *s = &run->results.history.state;
    const struct rehearsal *r = run->rehearsal;
    unsigned there = 0;

    if (rule == RULE_WORK_CLAIMS)
        return true;
    for (unsigned i = 0; i < r->count; i++) {
        const struct sim_node *n = &r->nodes[i];
        there += n->up && n->lie != LIE_MUTE && n->member >= 0 && (unsigned)n->member < s->member_count &&
                 state_member(s, n->member)->votes;
    }
    return rule == RULE_LOG_END && there < s->quorum;
}

static void judge(struct node_run *run, const struct audit_report *report)
{
    for (size_t i = 0; i < report->finding_count; i++) {
        const struct audit_finding *f = &report->findings[i];
        if (is_of_liar(run, f))
            run_mark(run, NODE_MARK_AUDIT_ACCUSES, true);
        else
            run_fail(run, "audit", "%s: %s%s: %s", audit_rule_info(f->rule)->code, f->file, f->pointer, f->text);
    }
    for (unsigned i = 0; i < report->section_count; i++) {
        for (unsigned rule = 0; rule < AUDIT_RULE_COUNT; rule++) {
            if (report->sections[i].open[rule] && !may_be_open(run, rule))
                run_fail(run, "audit", "%s is open: %s", audit_rule_info(rule)->code,
                         report->sections[i].skipped[rule]);
        }
    }
}

static struct audit_epoch_file *epoch_files(const struct run_files *files)
{
    struct audit_epoch_file *out = mem_array(files->epoch_count + 1, sizeof *out);

    for (unsigned i = 0; i < files->epoch_count; i++)
        out[i] =
            (struct audit_epoch_file){files->epochs[i].epoch, {"epoch.json", bytes_of_buf(&files->epochs[i].text)}};
    return out;
}

void check_audit(struct node_run *run)
{
    const struct run_files *files = &run->files;
    struct claim_work work = {run, own, shard};
    struct audit_rehearsal rehearsal = {.path = "scenario.json",
                                        .federation_id = digest_of(bytes_of_buf(&run->rehearsal->genesis)),
                                        .scenario = run->scenario.text,
                                        .seed = run->scenario.seed,
                                        .work = &work};
    struct audit_options options = {.rehearsal_count = 1, .rehearsals = &rehearsal, .spot_checks = CLAIMS_RUN_AGAIN};
    struct audit_epoch_file *epochs = epoch_files(files);
    struct audit_input in = {.label = "storm",
                             .genesis = {"genesis.json", bytes_of_buf(&files->genesis)},
                             .summary = {"summary.json", bytes_of_buf(&files->summary)},
                             .epoch_count = files->epoch_count,
                             .epochs = epochs};
    struct audit_report report = {0};

    audit_label(&in, &options, &report);
    judge(run, &report);
    audit_report_free(&report);
    mem_free(epochs);
}
