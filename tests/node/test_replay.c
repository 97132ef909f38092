#include <stdio.h>

#include "base/file.h"
#include "node/replay.h"
#include "node/trace.h"
#include "scenario/scenario.h"
#include "tap.h"

/* Four validators that ran as processes of their own, one of which was killed and came back, have recorded what they
 * heard (traces/record.sh). The machine of today does the same with it, byte for byte, and notices what differs. */

static const char *const nodes[] = {"core-a", "core-b", "core-c", "core-d"};
enum { NODES = sizeof nodes / sizeof nodes[0] };

static struct scenario scenario;
static struct buf genesis, traces[NODES];
static struct secret_key keys[NODES];

static enum err play(struct bytes trace, unsigned key, struct replay_report *report, struct diag *diag)
{
    const struct replay replay = {trace, bytes_of_buf(&genesis), &keys[key], NULL};

    return replay_run(&replay, report, diag);
}

static void real_runs_are_replayed(void)
{
    uint64_t lives = 0;

    for (unsigned i = 0; i < NODES; i++) {
        struct replay_report report;
        struct diag diag = {0};

        CHECK_OK(play(bytes_of_buf(&traces[i]), i, &report, &diag));
        CHECK_EQ_TEXT(diag.text, "");
        CHECK(report.epoch > scenario.epoch_start && report.messages > 0);
        tap_note("%s: %llu steps, %llu lives", nodes[i], (unsigned long long)report.steps,
                 (unsigned long long)report.lives);
        lives += report.lives;
    }
    CHECK(lives > NODES); /* one has been killed */
}

/* Offset of the item with this number. */
static size_t item_at(struct bytes in, unsigned number, size_t *size)
{
    enum trace_item kind;
    size_t at = 0;

    CHECK_OK(trace_item_kind(in, size, &kind));
    while (number-- > 0) {
        at += *size;
        CHECK_OK(trace_item_kind(bytes_of(in.data + at, in.len - at), size, &kind));
    }
    return at;
}

/* The last byte of a step is one of the digest of its effects. */
static void other_effects_are_noticed(void)
{
    for (unsigned number = 1; number < 60; number += 7) {
        struct replay_report report;
        struct buf changed = {0};
        struct diag diag = {0};
        size_t size, at = item_at(bytes_of_buf(&traces[1]), number, &size);

        buf_add(&changed, traces[1].data, traces[1].len);
        changed.data[at + size - 1] ^= 1;
        CHECK_ERR(play(bytes_of_buf(&changed), 1, &report, &diag), ERR_MISMATCH);
        CHECK_EQ_U64(report.steps, number);
        buf_free(&changed);
    }
}

/* A step that is left out, the first, shows in what follows. */
static void a_step_that_is_missing_is_noticed(void)
{
    struct replay_report report;
    struct buf changed = {0};
    struct diag diag = {0};
    size_t size, at = item_at(bytes_of_buf(&traces[0]), 1, &size);

    buf_add(&changed, traces[0].data, at);
    buf_add(&changed, traces[0].data + at + size, traces[0].len - at - size);
    CHECK(play(bytes_of_buf(&changed), 0, &report, &diag) != ERR_OK);
    buf_free(&changed);
}

static void a_torn_end_is_said(void)
{
    struct replay_report report;
    struct diag diag = {0};

    CHECK_OK(play(bytes_of(traces[2].data, traces[2].len - 5), 2, &report, &diag));
    CHECK(report.torn);
}

static void others_traces_are_refused(void)
{
    struct replay_report report;
    struct diag diag = {0};

    CHECK_ERR(play(bytes_of_buf(&traces[0]), 1, &report, &diag), ERR_KEY);
    buf_add_byte(&genesis, 0);
    CHECK_ERR(play(bytes_of_buf(&traces[0]), 0, &report, &diag), ERR_STATE);
    genesis.len--;
}

int main(void)
{
    char path[512];
    struct diag diag = {0};
    bool ok;

    key_library_init();
    snprintf(path, sizeof path, "%s/artifacts/mec/M5/scenarios/validator_loss.json", tap_source_root());
    ok = scenario_load(path, &scenario, &diag) == ERR_OK &&
         scenario_genesis(&scenario, scenario.seed, &genesis, &diag) == ERR_OK;
    for (unsigned i = 0; i < NODES && ok; i++) {
        key_simulated(scenario.seed, nodes[i], &keys[i]);
        snprintf(path, sizeof path, "%s/tests/node/traces/%s.cbor", tap_source_root(), nodes[i]);
        ok = file_read(path, 16 << 20, &traces[i], &diag) == ERR_OK;
    }
    if (!ok) {
        tap_note("%s", diag.text);
        return 1;
    }
    TAP_RUN(real_runs_are_replayed);
    TAP_RUN(other_effects_are_noticed);
    TAP_RUN(a_step_that_is_missing_is_noticed);
    TAP_RUN(a_torn_end_is_said);
    TAP_RUN(others_traces_are_refused);
    for (unsigned i = 0; i < NODES; i++)
        buf_free(&traces[i]);
    buf_free(&genesis);
    scenario_fini(&scenario);
    return tap_done();
}
