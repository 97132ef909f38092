#include "cli/progress.h"
#include "tap.h"

/* What a rehearsal says on a terminal while it runs. */

static void text_is(const struct federated_progress *p, double seconds, const char *expected)
{
    struct buf text = {0};

    progress_text(p, seconds, &text);
    CHECK_EQ_TEXT(buf_text(&text), expected);
    CHECK(text.len <= PROGRESS_WIDTH);
    buf_free(&text);
}

static struct federated_progress some(void)
{
    return (struct federated_progress){
        .epoch = 12,
        .epochs = 5,
        .position = 2,
        .virtual_seconds = 1.26,
        .runs = 100,
        .runs_planned = 400,
        .unit = "",
        .node_id = "west",
    };
}

static void runs_best_and_end(void)
{
    struct federated_progress p = some();

    text_is(&p, 1, "epoch 2 of 5; 100 of about 400 runs; 1.3 s of virtual time");
    text_is(&p, 20, "epoch 2 of 5; 100 of about 400 runs; about 60 s left; 1.3 s of virtual time");
    p.found = true;
    p.best = -17.25;
    text_is(&p, 60, "epoch 2 of 5; 100 of about 400 runs; about 3 min left; best -17.25 (west)");
    p.unit = "conflicts";
    text_is(&p, 1, "epoch 2 of 5; 100 of about 400 runs; best -17.25 conflicts (west)");
    p.best = 1234567.25;
    p.unit = "conflicts and restarts";
    text_is(&p, 36000, "epoch 2 of 5; 100 of about 400 runs; about 30.0 h left; best 1234567.2 (west)");
    p.best = 3.5;
    text_is(&p, 1e6, "epoch 2 of 5; 100 of about 400 runs; about 35 days left; best 3.5 (west)");
}

/* What an earlier process had finished took no time, and says nothing of the rest. */
static void a_run_that_goes_on(void)
{
    struct federated_progress p = some();

    p.resumed = 96;
    text_is(&p, 100, "epoch 2 of 5; 100 of about 400 runs; 1.3 s of virtual time");
    p.resumed = 90;
    text_is(&p, 100, "epoch 2 of 5; 100 of about 400 runs; about 50 min left; 1.3 s of virtual time");
    p.runs = 400;
    p.runs_planned = 400;
    text_is(&p, 100, "epoch 2 of 5; 400 of about 400 runs; about 0 s left; 1.3 s of virtual time");
}

static void of_runs_that_are_counted(void)
{
    struct buf text = {0};

    progress_runs(3, 96, 30, &text);
    CHECK_EQ_TEXT(buf_text(&text), "3 of 96 runs");
    buf_clear(&text);
    progress_runs(12, 96, 30, &text);
    CHECK_EQ_TEXT(buf_text(&text), "12 of 96 runs; about 4 min left");
    buf_free(&text);
}

int main(void)
{
    TAP_RUN(runs_best_and_end);
    TAP_RUN(a_run_that_goes_on);
    TAP_RUN(of_runs_that_are_counted);
    return tap_done();
}
