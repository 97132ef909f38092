#include <stdio.h>
#include <string.h>

#include "sim/told.h"

enum { PPM = 1000000 };

static void report_epoch(const struct told *t, uint64_t index, struct federated_epoch_report *out)
{
    const struct told_epoch *e = &t->epochs[index];
    const struct epoch_outcome *o;

    *out = (struct federated_epoch_report){
        .epoch = e->epoch,
        .view_changes = e->times->view_changes,
        .stalled = e->times->stalled,
        .virtual_ns = e->virtual_ns,
    };
    if (e->log == NULL)
        return;
    o = &e->log->outcome;
    out->quorum_reached = o->anchored;
    out->participants = o->update_count;
    out->stale = o->stale;
    out->absent = o->absent;
    out->quarantined = o->quarantined;
    out->convicted = o->convicted;
    out->shards_moved = chronicle_shards_moved(&t->chronicle, (unsigned)index);
    out->aggregated_delta_ppm = o->aggregated_delta_ppm;
    out->incumbent_changed = o->changed;
    out->rolled_back = o->rolled_back;
    out->log_size = e->log->anchor.log_size;
    memcpy(out->merkle_root, e->log->anchor.merkle_root.b, DIGEST_SIZE); /* zero unless anchored */
}

void told_report(const struct told *t, struct federated_simulation_report *report)
{
    const struct rehearsal *r = t->r;
    struct digest log = merkle_frontier_root(&t->chronicle.state.log), state = state_root(&t->chronicle.state);

    *report = (struct federated_simulation_report){
        .seed = r->options.seed,
        .epoch_count = t->epoch_count,
        .roots_agree = t->roots_agree,
        .messages = r->network.messages,
        .bytes = r->network.bytes,
        .events = r->steps,
        .evaluations = r->evaluations,
        .iterations = r->iterations,
        .virtual_ns = (uint64_t)r->now_ns,
        .gain = (double)t->gain_ppm / PPM,
    };
    snprintf(report->scenario, sizeof report->scenario, "%s", r->scenario->name);
    snprintf(report->label, sizeof report->label, "%s", t->label);
    memcpy(report->log_root, log.b, DIGEST_SIZE);
    memcpy(report->state_root, state.b, DIGEST_SIZE);
    report->epochs = mem_array(t->epoch_count, sizeof *report->epochs);
    for (uint64_t i = 0; i < t->epoch_count; i++)
        report_epoch(t, i, &report->epochs[i]);
}
