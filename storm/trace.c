#include <stdarg.h>
#include <stdio.h>

#include "replica/messages.h"
#include "storm/lies.h"
#include "transfer/transfer.h"

static void stamp(const struct world *w)
{
    printf("%9lld.%03lld ms  ", (long long)(w->agenda.now_ns / MS), (long long)(w->agenda.now_ns / 1000 % 1000));
}

void trace_line(const struct world *w, const char *fmt, ...)
{
    va_list args;

    if (!w->tracing)
        return;
    stamp(w);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
}

static const char *other_name(struct bytes message)
{
    static const char *const TRANSFER[] = {"asks for a state", "offers a state", "asks for a chunk", "chunk"};

    if (transfer_owns(message))
        return TRANSFER[message.data[1] - TRANSFER_ASK];
    if (message.len < 2 || message.data[1] == REPLICA_BLOCKS)
        return "blocks";
    return message.data[1] == REPLICA_FETCH ? "asks for blocks" : "says its height";
}

static void describe(const struct world *w, struct bytes message)
{
    struct claim claim;
    struct bytes beside;

    if (!pbft_owns(message))
        printf("%s", other_name(message));
    else if (lie_open(w, message, &claim, &beside))
        printf("%s view %llu at %llu %02x%02x", statement_subject(claim.says.type), (unsigned long long)claim.says.view,
               (unsigned long long)claim.says.sequence, claim.says.digest.b[0], claim.says.digest.b[1]);
    else
        printf("message of type %u, %zu bytes", message.data[1], message.len);
}

void trace_message(const struct world *w, const char *verb, unsigned from, unsigned to, struct bytes message)
{
    if (!w->tracing)
        return;
    stamp(w);
    printf("%u -> %u  ", from, to);
    describe(w, message);
    printf("  (%s)\n", verb);
}

static const char *fault_thinned(const struct fault *f)
{
    static const char *const LINKS[] = {"one link", "all links of the replica", "all links"};

    return LINKS[f->detail % 3];
}

void trace_plan(const struct world *w)
{
    const struct storm_plan *p = &w->plan;

    if (!w->tracing)
        return;
    printf("seed %llu: %u replicas, f %u, quorum %u, K %llu, L %llu, batch %u, pipeline %u, pool %u\n",
           (unsigned long long)w->draw.seed, p->n, p->f, p->quorum, (unsigned long long)p->interval,
           (unsigned long long)p->window, p->batch_max, p->pipeline, p->pending_max);
    printf("  time-out %lld..%lld ms, resend %lld, batch %lld, write %lld, poll %lld; %s%s\n",
           (long long)(p->view_timeout / MS), (long long)(p->view_timeout_max / MS), (long long)(p->resend / MS),
           (long long)(p->batch_delay / MS), (long long)(p->write_delay / MS), (long long)(p->poll / MS),
           p->real_signatures ? "Ed25519" : "stub signatures", p->faultless ? ", no faults" : "");
    printf("  delay %lld + %lld ms, loss %u, duplicates %u of 1000; %u clients with %u requests, %u outstanding%s\n",
           (long long)(p->delay_min / MS), (long long)(p->delay_span / MS), p->loss, p->duplicate, p->clients,
           p->requests, p->outstanding, p->lying_client ? ", one lies" : "");
    if (p->carries > 0)
        printf("  each link carries %llu bytes in a time-out\n", (unsigned long long)p->carries);
    printf("  faults until %lld ms, all decided within %lld more%s\n", (long long)(p->horizon / MS),
           (long long)(p->bound / MS), p->core_alone ? " by a quorum alone" : "");
    for (unsigned i = 0; i < p->n; i++) {
        if (p->lies[i] != LIE_NONE)
            printf("  replica %u: %s\n", i, lie_name(p->lies[i]));
    }
    for (unsigned i = 0; i < p->change_count; i++)
        printf("  change %u: %s, replica %u, asked for from %lld ms on\n", i, change_name(p->changes[i].kind),
               p->changes[i].who, (long long)(p->change_at / MS));
    for (unsigned i = 0; i < p->fault_count; i++) {
        const struct fault *f = &p->faults[i];
        if (f->kind != FAULT_NONE)
            printf("  fault %u: %s, replica %u, at %lld ms for %lld\n", i, fault_name(f->kind), f->node,
                   (long long)(f->at / MS), (long long)(f->lasts / MS));
        if (f->kind == FAULT_THIN)
            printf("    %s: %llu bytes in a time-out\n", fault_thinned(f), (unsigned long long)fault_carries(f));
    }
}
