#include <stdio.h>
#include <string.h>

#include "base/dmath.h"
#include "base/text.h"
#include "sim/genome_report.h"
#include "sim/results.h"

void results_report_epoch(const struct results *t, struct federated_epoch_report *out)
{
    const struct results_epoch *e = &t->epoch;
    const struct epoch_outcome *o;

    *out = (struct federated_epoch_report){
        .epoch = e->epoch,
        .began = e->times.entered,
        .view_changes = e->times.view_changes,
        .stalled = e->times.stalled,
        .virtual_ns = e->virtual_ns,
        .messages = e->times.messages,
        .bytes = e->times.bytes,
        .validators = e->validators,
        .max_byzantine = e->max_byzantine,
        .quorum = e->quorum,
    };
    if (e->log == NULL)
        return;
    o = &e->log->outcome;
    out->ended = true;
    out->liar_count = e->liar_count;
    memcpy(out->liars, e->liars, sizeof out->liars);
    out->honest_ppm = e->honest_ppm;
    memcpy(out->incumbent, o->incumbent.b, DIGEST_SIZE);
    out->quorum_reached = o->anchored;
    out->participants = o->update_count;
    out->left_out = o->left_out;
    out->stale = o->stale;
    out->absent = o->absent;
    out->quarantined = o->quarantined;
    out->convicted = o->convicted;
    out->false_claims = o->false_claims;
    out->shards_moved = e->log->shards_moved;
    out->aggregated_delta_ppm = o->aggregated_delta_ppm;
    out->incumbent_changed = o->changed;
    out->rolled_back = o->rolled_back;
    out->log_size = e->log->anchor.log_size;
    memcpy(out->merkle_root, e->log->anchor.merkle_root.b, DIGEST_SIZE); /* zero unless anchored */
}

void results_report_program(struct programs *programs, unsigned index, struct federated_program_report *out)
{
    struct program_tally t;
    struct buf command = {0}, confined = {0};

    programs_tally(programs, index, &t, &command);
    *out = (struct federated_program_report){
        .runs = t.runs,
        .kept = t.kept,
        .success = t.count[EVALUATION_SUCCESS],
        .timeout = t.count[EVALUATION_TIMEOUT],
        .crashed = t.count[EVALUATION_CRASHED],
        .aborted = t.count[EVALUATION_ABORT],
        .retried = t.retried,
        .checked = t.checked,
        .differed = t.differed,
    };
    memcpy(out->command, command.data, text_cut(bytes_of_buf(&command), sizeof out->command - 1));
    if (t.force != 0)
        cage_text(t.force, t.network, &confined);
    snprintf(out->confined, sizeof out->confined, "%s", buf_text(&confined));
    buf_free(&command);
    buf_free(&confined);
    memcpy(out->timeout_says, t.says[EVALUATION_TIMEOUT], sizeof out->timeout_says);
    memcpy(out->crashed_says, t.says[EVALUATION_CRASHED], sizeof out->crashed_says);
    memcpy(out->aborted_says, t.says[EVALUATION_ABORT], sizeof out->aborted_says);
}

/* Programs of the same words are told apart by whose they are. */
static void name_sites(const struct rehearsal *r, const struct program_spec *program,
                       struct federated_program_report *out)
{
    struct buf sites = {0};

    for (unsigned i = 0; i < r->count; i++) {
        const struct workload *w = r->nodes[i].workload;

        if (w != NULL && w->count > 0 && program_spec_of(&w->instances[0]) == program)
            buf_printf(&sites, "%s%s", sites.len > 0 ? ", " : "", r->nodes[i].name);
    }
    memcpy(out->sites, sites.data, text_cut(bytes_of_buf(&sites), sizeof out->sites - 1));
    buf_free(&sites);
}

void results_report(const struct results *t, struct federated_simulation_report *report)
{
    const struct rehearsal *r = t->r;
    struct digest log = merkle_frontier_root(&t->history.state.log), state = state_root(&t->history.state);

    *report = (struct federated_simulation_report){
        .seed = r->options.seed,
        .epoch_count = t->epoch_count,
        .anchored = t->anchored,
        .roots_agree = t->roots_agree,
        .messages = r->network.messages,
        .bytes = r->network.bytes,
        .dropped = r->network.dropped,
        .events = r->steps,
        .evaluations = r->evaluations,
        .iterations = r->iterations,
        .resumed = r->options.journal != NULL ? journal_answered(r->options.journal) : 0,
        .virtual_ns = (uint64_t)r->agenda.now_ns,
        .gain = (double)t->gain_ppm / PPM,
    };
    snprintf(report->scenario, sizeof report->scenario, "%s", r->scenario->name);
    snprintf(report->label, sizeof report->label, "%s", t->label);
    memcpy(report->log_root, log.b, DIGEST_SIZE);
    memcpy(report->state_root, state.b, DIGEST_SIZE);
    if (r->programs == NULL)
        return;
    report->program_count = programs_count(r->programs);
    report->programs = mem_array(report->program_count, sizeof *report->programs);
    for (unsigned i = 0; i < report->program_count; i++) {
        results_report_program(r->programs, i, &report->programs[i]);
        name_sites(r, programs_spec(r->programs, i), &report->programs[i]);
    }
}

void results_report_genome(struct results *t, struct federated_simulation_report *report)
{
    genome_report_fill(&t->history.state, t->r->scenario->space, &report->genome);
    report->site_count = t->cost_count;
    report->costs = t->costs;
    t->costs = NULL;
    t->cost_count = 0;
}
