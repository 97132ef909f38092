#include "storm/enumerate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "storm/seed.h"

enum { FINDINGS_PRINTED = 10 };

struct storm_plan script_plan(unsigned requests)
{
    int64_t timeout = 400 * MS;
    struct storm_plan p = {
        .n = 4,
        .replicas = 4,
        .f = 1,
        .quorum = 3,
        .interval = 4,
        .window = 8,
        .batch_max = 3,
        .pipeline = 3,
        .pending_max = 16,
        .view_timeout = timeout,
        .view_timeout_max = 16 * timeout,
        .resend = timeout / 4,
        .steady = true,
        .delay_min = timeout / 200,
        .delay_span = timeout / 50,
        .write_delay = timeout / 200,
        .poll = timeout / 8,
        .chunk = 64,
        .transfer_gap = 16,
        .retention = 32,
        .clients = 2,
        .requests = requests > 0 ? requests : UINT32_MAX,
        .outstanding = 8,
        .think = timeout / 20,
        .horizon = INT64_MAX / 4,
    };

    p.bound = 10 * p.view_timeout_max;
    return p;
}

void script_run(const struct storm_plan *plan, uint64_t seed, bool tracing, uint64_t place,
                void (*body)(struct world *w, void *context), void *context, uint64_t *findings)
{
    struct world *w = mem_alloc(sizeof *w);
    struct draw draw;

    draw_init(&draw, seed);
    world_init_plan(w, &draw, plan);
    w->tracing = tracing;
    bool sound = guarded_run(w, body, context);
    if (w->checker != NULL && (*findings)++ < FINDINGS_PRINTED)
        printf("seed %" PRIu64 ", place %" PRIu64 ": %s: %s\n", seed, place, w->checker, w->failure);
    if (!sound)
        return;
    world_free(w);
    mem_free(w);
}

int enumerate(const char *what, const struct enumeration *e)
{
    if (strcmp(what, "kills") == 0)
        return enumerate_kills(e);
    if (strcmp(what, "crashes") == 0)
        return enumerate_crashes(e);
    if (strcmp(what, "orders") == 0)
        return enumerate_orders(e);
    fprintf(stderr, "storm: --enumerate kills, crashes or orders\n");
    return 2;
}
