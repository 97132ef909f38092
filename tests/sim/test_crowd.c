#include "run.h"
#include "tap.h"

/* As many sites as there may be: more genomes are offered than an epoch has room for. */

enum { MEMBERS = 256, VALIDATORS = 4 };

static void text_of_crowd(struct buf *out)
{
    buf_add_text(out, "{\"name\": \"crowd\", \"quorum\": 3, \"max_ledger_drift\": 2, \"epoch_start\": 1, \"policy\": "
                      "{\"evaluations\": 8, \"iteration_limit\": 20, \"migrants\": 1, \"archive\": 32}, \"workload\": "
                      "{\"family\": \"random\", \"instances\": 1, \"size_min\": 8, \"size_max\": 10}, \"nodes\": [");
    for (unsigned i = 0; i < MEMBERS; i++)
        buf_printf(out, "%s{\"id\": \"n%u\", \"region\": \"r\", \"role\": \"%s\", \"stake\": 1}", i > 0 ? ", " : "", i,
                   i < VALIDATORS ? "core" : "edge");
    buf_add_text(out, "]}");
}

/* The same number in the report, in the epochs' files and in the summary. */
static void offers_that_find_no_room_are_told(void)
{
    struct run run;
    struct buf text = {0};
    uint64_t left_out = 0;

    text_of_crowd(&text);
    run_text(&run, buf_text(&text), 2, 3, 1);
    REQUIRE_OK(run.err);
    CHECK(run_anchored(&run));
    for (unsigned i = 0; i < run.epoch_count; i++) {
        const struct federated_epoch_report *e = &run.report.epochs[i];
        const json_t *told = json_object_get(json_object_get(run.epochs[i].file, "outcome"), "left_out");
        struct buf line = {0};

        CHECK_EQ_U64(e->participants, MEMBERS);
        CHECK_EQ_U64(told != NULL ? (uint64_t)json_integer_value(told) : 0, e->left_out);
        buf_printf(&line, "\"participants\": %u,\n      \"left_out\": %llu,", MEMBERS, (unsigned long long)e->left_out);
        CHECK_EQ_U64(strstr(buf_text(&run.artifacts), buf_text(&line)) != NULL, e->left_out > 0);
        left_out += e->left_out;
        buf_free(&line);
    }
    CHECK(left_out > 0);
    run_free(&run);
    buf_free(&text);
}

int main(void)
{
    TAP_RUN(offers_that_find_no_room_are_told);
    return tap_done();
}
