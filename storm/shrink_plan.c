#include "storm/shrink.h"

#include <string.h>

#include "base/err.h"

static void drop_lie(struct storm_plan *p, unsigned who)
{
    if (p->lies[who] == LIE_NONE)
        return;
    p->lies[who] = LIE_NONE;
    p->liar_count--;
}

/* Nobody counts as wiped who is not. */
static void drop_fault(struct storm_plan *p, unsigned index)
{
    unsigned who = p->faults[index].node, forgets = 0;

    p->faults[index].kind = FAULT_NONE;
    for (unsigned i = 0; i < p->fault_count; i++) {
        const struct fault *f = &p->faults[i];
        forgets += (f->kind == FAULT_WIPED_DISK || f->kind == FAULT_DAMAGED_DISK) && f->node == who;
    }
    if (p->lies[who] == LIE_WIPED && forgets == 0)
        drop_lie(p, who);
}

static void fewer_replicas(struct storm_plan *p)
{
    if (p->n == 1 || p->change_count > 0)
        return;
    p->replicas = --p->n;
    plan_group(p, p->n, &p->f, &p->quorum);
    drop_lie(p, p->n);
    for (unsigned i = 0; i < p->fault_count; i++) {
        p->faults[i].node %= p->n;
        p->faults[i].other %= p->n;
    }
}

static void edit_fault(struct storm_plan *p, unsigned index, unsigned how)
{
    struct fault *f = &p->faults[index];

    if (how == 0) {
        drop_fault(p, index);
    } else if (how == 1) {
        f->lasts = f->lasts / 2 + 1;
    } else if (how == 2) {
        f->lasts = p->horizon;
    } else if (how == 3) {
        f->at /= 2;
    } else if (how == 4) {
        f->detail = 0;
    } else if (f->detail > 0) {
        f->detail = f->detail % 24 - (f->detail % 24 > 0); /* one write earlier, or a step less thin */
    }
}

static void edit_network(struct storm_plan *p, unsigned which)
{
    switch (which) {
    case 0:
        p->loss = 0;
        break;
    case 1:
        p->duplicate = 0;
        break;
    case 2:
        p->write_delay = 0;
        break;
    case 3:
        p->delay_span = 0;
        break;
    case 4:
        p->delay_span /= 2;
        break;
    case 5:
        p->steady = true;
        break;
    case 6:
        p->resend = p->view_timeout / 2;
        break;
    case 7:
        p->batch_delay = 0;
        break;
    case 8:
        p->view_timeout_max = p->view_timeout;
        break;
    case 9:
        p->carries = 0;
        break;
    default:
        p->horizon /= 2;
        break;
    }
}

static void edit_workload(struct storm_plan *p, unsigned which)
{
    switch (which) {
    case 0:
        p->endless = false;
        break;
    case 1:
        p->lying_client = false;
        break;
    case 2:
        p->clients = 1;
        break;
    case 3:
        p->requests = 1;
        break;
    case 4:
        p->requests -= p->requests > 1;
        break;
    case 5:
        p->outstanding = 1;
        break;
    case 6:
        p->pipeline = 1;
        break;
    case 7:
        p->batch_max = 1;
        break;
    case 8:
        p->interval = p->interval > 1 ? p->interval / 2 : 1;
        p->window = 2 * p->interval;
        break;
    default:
        p->think = 0;
        break;
    }
}

enum { FAULT_EDITS = 6, NETWORK_EDITS = 11, WORKLOAD_EDITS = 10, OTHER_EDITS = 3 };

unsigned plan_edits(void)
{
    return FAULTS_MAX * FAULT_EDITS + REPLICAS_MAX + NETWORK_EDITS + WORKLOAD_EDITS + OTHER_EDITS;
}

bool plan_edit(const struct storm_plan *plan, unsigned which, struct storm_plan *out)
{
    *out = *plan;
    if (which < FAULTS_MAX * FAULT_EDITS) {
        unsigned index = which % FAULTS_MAX;
        if (index >= plan->fault_count || plan->faults[index].kind == FAULT_NONE)
            return false;
        edit_fault(out, index, which / FAULTS_MAX);
        return memcmp(out, plan, sizeof *out) != 0;
    }
    which -= FAULTS_MAX * FAULT_EDITS;
    if (which < REPLICAS_MAX) {
        drop_lie(out, which);
    } else if (which - REPLICAS_MAX < WORKLOAD_EDITS) {
        edit_workload(out, which - REPLICAS_MAX);
    } else if (which - REPLICAS_MAX - WORKLOAD_EDITS < NETWORK_EDITS) {
        edit_network(out, which - REPLICAS_MAX - WORKLOAD_EDITS);
    } else if (which == plan_edits() - FAULTS_MAX * FAULT_EDITS - 1) {
        fewer_replicas(out);
    } else if (which == plan_edits() - FAULTS_MAX * FAULT_EDITS - 2) {
        out->core_alone = false;
    } else {
        out->change_count -= out->change_count > 0;
    }
    return memcmp(out, plan, sizeof *out) != 0;
}
