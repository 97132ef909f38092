#include <inttypes.h>
#include <stdio.h>

#include "storm/enumerate.h"

/* A run with a checkpoint before, during and after a view change; each replica crashes at each of its writes. Then the
 * faults end, and all must decide all. */

struct way {
    const char *text;
    enum doom doom;
    bool again; /* also at the first write after the restart */
};

static const struct way WAYS[] = {
    {"before the write", DOOM_BEFORE, false},
    {"after the write", DOOM_AFTER, false},
    {"before the write, and again while it restarts", DOOM_BEFORE, true},
};

struct crash {
    const struct way *way; /* NULL: count only */
    unsigned replica;
    uint64_t write;
    uint64_t writes[REPLICAS_MAX]; /* of each replica */
    struct marks marks;
};

static void run(struct world *w, void *context)
{
    struct crash *c = context;
    struct machine *m = &w->machines[c->replica];

    if (c->way != NULL) {
        disk_doom(&m->disk, c->write);
        m->harm.doom = c->way->doom;
        m->harm.doomed_again = c->way->again;
    }
    world_run(w);
    for (unsigned i = 0; i < w->plan.n; i++)
        c->writes[i] = w->machines[i].disk.written;
    c->marks = w->marks;
}

static struct storm_plan plan_of_crashes(void)
{
    struct storm_plan plan = script_plan(16);

    plan.fault_count = 1;
    plan.faults[0] = (struct fault){
        .kind = FAULT_ISOLATE_PRIMARY, .at = plan.view_timeout * 9 / 20, .lasts = plan.view_timeout * 3 / 2};
    plan.horizon = 3 * plan.view_timeout;
    return plan;
}

/* A script that misses what it is for would show nothing. */
static void check_script(const struct crash *c, uint64_t seed, uint64_t *findings)
{
    static const enum mark NEEDED[] = {MARK_STABLE, MARK_NEW_VIEW_ABOVE_STABLE, MARK_NEW_VIEW_PROPOSES, MARK_CATCH_UP};

    for (unsigned i = 0; i < sizeof NEEDED / sizeof NEEDED[0]; i++) {
        if (c->marks.hits[NEEDED[i]] > 0)
            continue;
        (*findings)++;
        printf("seed %" PRIu64 ": the script never shows that %s\n", seed, mark_text(NEEDED[i]));
    }
}

int enumerate_crashes(const struct enumeration *e)
{
    struct storm_plan plan = plan_of_crashes();
    uint64_t findings = 0, crashes[3] = {0}, place = 0;

    for (uint64_t seed = e->first; seed < e->first + e->seeds; seed++) {
        struct crash count = {0};
        script_run(&plan, seed, false, 0, run, &count, &findings);
        check_script(&count, seed, &findings);
        for (unsigned r = 0; r < plan.n; r++) {
            for (uint64_t write = 0; write < count.writes[r]; write++) {
                for (unsigned i = 0; i < sizeof WAYS / sizeof WAYS[0]; i++, place++) {
                    struct crash c = {.way = &WAYS[i], .replica = r, .write = write};
                    if ((place + seed) % e->every != 0 || (e->only >= 0 && place != (uint64_t)e->only))
                        continue;
                    script_run(&plan, seed, e->only >= 0, place, run, &c, &findings);
                    crashes[i]++;
                }
            }
        }
    }
    for (unsigned i = 0; i < sizeof WAYS / sizeof WAYS[0]; i++)
        printf("%8" PRIu64 " crashes %s\n", crashes[i], WAYS[i].text);
    printf("%" PRIu64 " findings\n", findings);
    return findings > 0;
}
