#include <sys/stat.h>

#include "base/file.h"
#include "prismfed/simulation.h"
#include "tap.h"

/* Which runs are finished already when they are to be gone on with. */

static char folder[] = "/tmp/prismfed-finished-XXXXXX";

static const char *in_folder(const char *name)
{
    static char paths[2][128];
    static unsigned next;
    char *path = paths[next++ % 2];

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const char *text)
{
    CHECK_OK(file_write(in_folder(name), bytes_of_text(text), NULL));
}

/* The scenario in the folder: with this text behind its policy. */
static void put_scenario(const char *more)
{
    struct buf text = {0};

    buf_printf(
        &text,
        "{\"name\": \"x\", \"quorum\": 1, \"max_ledger_drift\": 1, \"epoch_start\": 7, \"nodes\": [{\"id\": \"a\","
        " \"region\": \"r\", \"role\": \"core\", \"stake\": 1}], \"workload\": {\"family\": \"queen\","
        " \"instances\": 1, \"size_min\": 5}, \"policy\": {\"evaluations\": 2, \"iteration_limit\": 50}%s}",
        more);
    put("x.json", buf_text(&text));
    buf_free(&text);
}

static bool finished(uint64_t epochs, uint64_t seed)
{
    struct federated_simulation_options options = {
        .scenario = in_folder("x.json"),
        .epochs = epochs,
        .resume = true,
        .output_dir = folder,
        .has_seed = true,
        .seed = seed,
        .threads = 1,
        .write_artifacts = true,
    };
    struct federated_simulation_report report;
    char error[1024] = "";
    bool is;

    if (!CHECK_EQ_U64((uint64_t)federated_simulation_run(&options, &report, error, sizeof error), 0)) {
        tap_note("%s", error);
        return false;
    }
    is = report.already_finished;
    CHECK_EQ_U64(report.epoch_count, epochs);
    CHECK_EQ_U64(report.anchored, epochs);
    federated_simulation_report_free(&report);
    return is;
}

static void the_same_run(void)
{
    put_scenario("");
    CHECK(!finished(2, 1));
    CHECK(finished(2, 1));
}

static void another_run(void)
{
    CHECK(!finished(3, 1));
    CHECK(finished(3, 1));
    CHECK(!finished(3, 2));
    CHECK(finished(3, 2));
    put_scenario(", \"network\": {\"local\": {\"latency_ms\": 3}}");
    CHECK(!finished(3, 2));
    CHECK(finished(3, 2));
    put_scenario(", \"guard_rails\": {\"min_participants\": 1}");
    CHECK(!finished(3, 2));
}

static void what_is_not_whole(void)
{
    static const char *const names[] = {"ledger/x/genesis.json", "ledger/x/epoch_008.json",
                                        "simulations/epoch_summary_x.json"};

    CHECK(finished(3, 2));
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        CHECK(unlink(in_folder(names[i])) == 0);
        CHECK(!finished(3, 2));
        CHECK(finished(3, 2));
        put(names[i], "");
        CHECK(!finished(3, 2));
        CHECK(finished(3, 2));
    }
    put(names[2], "[]");
    CHECK(!finished(3, 2));
    put(names[2], "{\"format\": ");
    CHECK(!finished(3, 2));
}

static void remove_all(void)
{
    static const char *const names[] = {"x.json",
                                        "ledger/x/genesis.json",
                                        "ledger/x/epoch_007.json",
                                        "ledger/x/epoch_008.json",
                                        "ledger/x/epoch_009.json",
                                        "ledger/x/epoch_007.checkpoint",
                                        "ledger/x/epoch_008.checkpoint",
                                        "ledger/x/epoch_009.checkpoint",
                                        "simulations/epoch_summary_x.json"};
    static const char *const folders[] = {"ledger/x", "ledger", "simulations"};

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(in_folder(names[i]));
    for (unsigned i = 0; i < sizeof folders / sizeof folders[0]; i++)
        rmdir(in_folder(folders[i]));
    CHECK(rmdir(folder) == 0);
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    TAP_RUN(the_same_run);
    TAP_RUN(another_run);
    TAP_RUN(what_is_not_whole);
    TAP_RUN(remove_all);
    return tap_done();
}
