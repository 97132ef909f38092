#include <inttypes.h>
#include <time.h>

#include "node/preflight_parts.h"

/* Does the site's own work run? The default genome on its first instance, as in the first epoch. */

static int64_t now_ms(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void say_success(struct preflight *p, const struct instance *instance, uint64_t cost, int64_t took_ms)
{
    const struct program_spec *program = program_spec_of(instance);
    struct buf text = {0};

    if (program != NULL)
        program_cost_print(program, cost, &text);
    else
        buf_printf(&text, "%" PRIu64, cost);
    preflight_say(p, "program", PREFLIGHT_PASSED, "%s: cost %s in %" PRId64 " ms (prismfed eval --check tries more)",
                  program != NULL ? program->arguments[program->argument_count - 1] : "the built-in solver",
                  buf_text(&text), took_ms);
    buf_free(&text);
}

static void try_first(struct preflight *p, const struct workload *w)
{
    char says[PROGRAM_SAYS_SIZE];
    struct genome genome;
    int64_t begin = now_ms();

    genome_default(scenario_schema(&p->plan), &genome);
    struct evaluation e = scenario_try(&p->plan, &w->instances[0], &genome, says);
    if (e.status == EVALUATION_SUCCESS)
        say_success(p, &w->instances[0], e.cost, now_ms() - begin);
    else
        preflight_say(p, "program", e.status == EVALUATION_TIMEOUT ? PREFLIGHT_NOTE : PREFLIGHT_MEND,
                      "the default genome on the first instance: %s: %s; prismfed eval --node %s --check shows more",
                      evaluation_status_name(e.status), says, p->config->node);
}

void preflight_program(struct preflight *p)
{
    struct programs *programs;
    struct workload w;
    struct diag diag = {0};

    if (!p->has_plan || p->node == p->plan.node_count) {
        preflight_say(p, "program", PREFLIGHT_NOTE, "it is not known without the plan");
        return;
    }
    programs = p->plan.space != NULL ? programs_new(p->plan.space) : NULL;
    if (scenario_workload(&p->plan, p->node, scenario_work(&p->plan, p->node, p->plan.epoch_start), programs,
                          p->plan.seed, &w, &diag) != ERR_OK) {
        preflight_say(p, "program", PREFLIGHT_MEND, "%s", diag.text);
    } else {
        try_first(p, &w);
        workload_fini(&w);
    }
    programs_free(programs);
}
