#include "storm/nodes/nodes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/prng.h"
#include "storm/nodes/draw.h"
#include "storm/nodes/run.h"
#include "storm/nodes/shrink.h"
#include "storm/stub.h"

enum { ATTEMPTS = 5, AGAIN_EVERY = 16 };

/* One seed in so many has real signatures. */
static bool is_real(uint64_t seed, unsigned real_percent)
{
    struct prng prng;

    prng_stream(&prng, seed, "real signatures", 0);
    return prng_below(&prng, 100) < real_percent;
}

/* Draws the scenario of a seed and runs it; plan and text become the caller's. */
static void run_seed(uint64_t seed, unsigned real_percent, FILE *trace, struct node_plan *plan, struct buf *text,
                     struct outcome *out)
{
    struct diag diag = {0};

    stub_simulated(!is_real(seed, real_percent));
    *plan = (struct node_plan){0};
    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        node_plan_free(plan);
        buf_clear(text);
        node_plan_draw(seed, attempt, plan);
        json_render(plan->scenario, text);
        if (node_run("scenario.json", bytes_of_buf(text), plan->epochs, trace, out, &diag))
            return;
    }
    *out = (struct outcome){.checker = "reader"};
    snprintf(out->failure, sizeof out->failure, "%.300s", diag.text);
}

static void check_repeat(uint64_t seed, unsigned real_percent, struct outcome *out)
{
    struct node_plan plan;
    struct buf text = {0};
    struct outcome again;

    run_seed(seed, real_percent, NULL, &plan, &text, &again);
    if (again.trace != out->trace || again.steps != out->steps) {
        out->checker = "repeat";
        snprintf(out->failure, sizeof out->failure, "the second run differs");
    }
    out->marks.hits[NODE_MARK_REPEATED]++;
    node_plan_free(&plan);
    buf_free(&text);
}

void nodes_check(const struct campaign *c, uint64_t seed, struct outcome *out)
{
    struct node_plan plan;
    struct buf text = {0};

    run_seed(seed, c->real_percent, NULL, &plan, &text, out);
    if (out->checker == NULL && seed % AGAIN_EVERY == 0)
        check_repeat(seed, c->real_percent, out);
    node_plan_free(&plan);
    buf_free(&text);
}

static int tell(const struct outcome *out)
{
    printf("%" PRIu64 " events; %s %s\n", out->steps, out->checker != NULL ? out->checker : "nothing found",
           out->failure);
    return out->checker != NULL;
}

int nodes_trace(uint64_t seed, unsigned real_percent)
{
    struct node_plan plan;
    struct buf text = {0};
    struct outcome out;

    run_seed(seed, real_percent, stdout, &plan, &text, &out);
    printf("%s%" PRIu64 " epochs\n", buf_text(&text), plan.epochs);
    node_plan_free(&plan);
    buf_free(&text);
    return tell(&out);
}

static bool write_plan(const char *path, const struct node_plan *plan)
{
    struct buf text = {0};
    FILE *file = fopen(path, "w");
    bool ok = file != NULL;

    json_render(plan->scenario, &text);
    ok = ok && fwrite(text.data, 1, text.len, file) == text.len;
    ok = file != NULL && fclose(file) == 0 && ok;
    buf_free(&text);
    if (!ok)
        fprintf(stderr, "storm: %s cannot be written\n", path);
    return ok;
}

static void print_small(const struct node_plan *plan, const char *path, bool real)
{
    struct buf text = {0};

    json_render(plan->scenario, &text);
    printf("%sagain: ./dev storm --nodes --replay %s --epochs %" PRIu64 "%s\n", buf_text(&text),
           path != NULL ? path : "FILE", plan->epochs, real ? "" : " --real-signatures 0");
    buf_free(&text);
}

/* A file that fails with real signatures says the same to federated_sim. */
static bool fails_with_real(const struct node_plan *plan, const char *checker)
{
    struct outcome out;

    stub_simulated(false);
    return shrink_runs(plan, &out) && out.checker != NULL && strcmp(out.checker, checker) == 0;
}

int nodes_shrink(uint64_t seed, unsigned real_percent, const char *out_path)
{
    struct node_plan plan;
    struct buf text = {0};
    struct outcome out;

    run_seed(seed, real_percent, NULL, &plan, &text, &out);
    buf_free(&text);
    if (out.checker == NULL) {
        printf("seed %" PRIu64 " does not fail\n", seed);
        node_plan_free(&plan);
        return 0;
    }
    printf("seed %" PRIu64 " fails: %s: %s\n", seed, out.checker, out.failure);
    bool real = fails_with_real(&plan, out.checker);
    stub_simulated(!real);
    unsigned tries = shrink(&plan, out.checker);
    shrink_runs(&plan, &out);
    printf("after %u tries: %s: %s\n", tries, out.checker, out.failure);
    print_small(&plan, out_path, real);
    if (out_path != NULL)
        write_plan(out_path, &plan);
    node_plan_free(&plan);
    return 1;
}

int nodes_replay(const char *path, uint64_t epochs, bool real)
{
    struct buf text = {0};
    struct outcome out;
    struct diag diag = {0};

    stub_simulated(!real);
    if (file_read(path, SCENARIO_SIZE_MAX, &text, &diag) != ERR_OK ||
        !node_run(path, bytes_of_buf(&text), epochs, stdout, &out, &diag)) {
        fprintf(stderr, "storm: %s\n", diag.text);
        buf_free(&text);
        return 2;
    }
    buf_free(&text);
    return tell(&out);
}
