#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/file.h"
#include "prismfed/simulation.h"
#include "run.h"
#include "record/artifacts.h"
#include "tap.h"

/* What lands in the output folder, and what never may. */

static char folder[] = "/tmp/prismfed-artifacts-XXXXXX";

static const char *in_folder(const char *name)
{
    static char paths[2][512];
    static unsigned next;
    char *path = paths[next++ % 2];

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const char *text)
{
    CHECK_OK(file_write(in_folder(name), bytes_of_text(text), NULL));
}

static bool exists(const char *name)
{
    return access(in_folder(name), F_OK) == 0;
}

/* Over all files below a folder: names and bytes, whatever the order on the disk. */
static uint64_t sum_of(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    uint64_t sum = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        struct buf name = {0}, text = {0};
        struct stat st;

        buf_printf(&name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && stat(buf_text(&name), &st) == 0 && S_ISDIR(st.st_mode))
            sum += sum_of(buf_text(&name));
        if (entry->d_name[0] != '.' && file_read(buf_text(&name), 1 << 24, &text, NULL) == ERR_OK) {
            buf_add_text(&text, entry->d_name);
            sum += be64_get(digest_of(bytes_of_buf(&text)).b);
        }
        buf_free(&name);
        buf_free(&text);
    }
    if (dir != NULL)
        closedir(dir);
    return sum;
}

static int run_epochs(const char *scenario, uint64_t epochs, bool clean, const char *label, char error[1024])
{
    struct federated_simulation_options options = {.scenario = in_folder(scenario),
                                                   .epochs = epochs,
                                                   .clean = clean,
                                                   .output_dir = folder,
                                                   .label = label,
                                                   .threads = 1,
                                                   .write_artifacts = true};
    struct federated_simulation_report report;
    int status;

    error[0] = '\0';
    status = federated_simulation_run(&options, &report, error, 1024);
    if (status == 0)
        federated_simulation_report_free(&report);
    return status;
}

static void names_and_labels(void)
{
    struct buf text = {0};
    char error[1024];

    federation_text(&text, 3, 0, 2, "");
    put("baseline.json", buf_text(&text));
    put("other.json", buf_text(&text));
    buf_free(&text);
    CHECK_EQ_I64(run_epochs("baseline.json", 2, false, NULL, error), 0);
    CHECK_EQ_I64(run_epochs("other.json", 2, false, NULL, error), 0);
    CHECK_EQ_I64(run_epochs("other.json", 1, false, "third", error), 0);
    CHECK(exists("simulations/epoch_summary.json") && exists("simulations/epoch_summary_other.json"));
    CHECK(exists("ledger/epoch_001.json") && exists("ledger/epoch_002.json") && exists("ledger/genesis.json"));
    CHECK(exists("ledger/epoch_001.checkpoint") && exists("ledger/other/epoch_002.checkpoint"));
    CHECK(exists("ledger/other/epoch_002.json") && exists("ledger/other/genesis.json"));
    CHECK(exists("ledger/third/epoch_001.json") && !exists("ledger/third/epoch_002.json"));
    for (unsigned i = 0; i < 4; i++) {
        static const char *const bad[] = {"", "../x", ".hidden", "epoch_001.json"};

        CHECK_EQ_I64(run_epochs("other.json", 1, false, bad[i], error), 2);
        CHECK(error[0] != '\0');
    }
}

static void the_same_again(void)
{
    uint64_t before = sum_of(folder);
    char error[1024];

    CHECK_EQ_I64(run_epochs("baseline.json", 2, true, NULL, error), 0);
    CHECK_EQ_I64(run_epochs("other.json", 2, false, NULL, error), 0);
    CHECK(sum_of(folder) == before);
}

static void clean_removes_what_is_left_over(void)
{
    char error[1024];

    put("ledger/epoch_009.json.17-0.tmp", "half");
    CHECK_EQ_I64(run_epochs("baseline.json", 1, false, NULL, error), 0);
    CHECK(exists("ledger/epoch_002.json"));
    CHECK_EQ_I64(run_epochs("baseline.json", 1, true, NULL, error), 0);
    CHECK(exists("ledger/epoch_001.json") && !exists("ledger/epoch_002.json"));
    CHECK(exists("ledger/epoch_001.checkpoint") && !exists("ledger/epoch_002.checkpoint"));
    CHECK(!exists("ledger/epoch_009.json.17-0.tmp"));
    CHECK(exists("ledger/other/epoch_002.json")); /* another label's */
}

/* A kill while the files were written. */
static void what_is_half_written_goes(void)
{
    char error[1024];

    put("ledger/other/epoch_001.json.new.17-0.tmp", "half");
    put("simulations/epoch_summary_other.json.new", "half");
    put("simulations/epoch_summary_another.json.new", "somebody's");
    CHECK_EQ_I64(run_epochs("other.json", 2, false, NULL, error), 0);
    CHECK(!exists("ledger/other/epoch_001.json.new.17-0.tmp") && !exists("simulations/epoch_summary_other.json.new"));
    CHECK(exists("simulations/epoch_summary_another.json.new") && exists("ledger/other/epoch_001.json"));
    unlink(in_folder("simulations/epoch_summary_another.json.new"));
}

static void clean_refuses_what_is_foreign(void)
{
    static const char *const names[] = {"ledger/notes.txt", "ledger/epoch_01.json", "ledger/epoch_003.json",
                                        "ledger/.hidden", "ledger/genesis.json.bak"};
    char error[1024];

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint64_t before;

        put(names[i], "{\"mine\": 1}");
        before = sum_of(folder);
        CHECK_EQ_I64(run_epochs("baseline.json", 1, true, NULL, error), 2);
        CHECK(strstr(error, names[i]) != NULL);
        CHECK(sum_of(folder) == before);
        unlink(in_folder(names[i]));
    }
    mkdir(in_folder("ledger/other/sub"), 0777);
    CHECK_EQ_I64(run_epochs("other.json", 1, true, NULL, error), 2);
    rmdir(in_folder("ledger/other/sub"));
    put("simulations/epoch_summary_third.json",
        "{\n  \"format\": \"prismfed.epoch-summary\",\n  \"label\": \"no\",\n}");
    CHECK_EQ_I64(run_epochs("other.json", 1, true, "third", error), 2);
    CHECK(exists("ledger/third/epoch_001.json"));
}

/* Without what an unfinished run needs in order to be gone on with. */
static uint64_t artifacts_sum(void)
{
    return sum_of(in_folder("ledger")) + sum_of(in_folder("simulations"));
}

/* A disk with room for the small files only: nothing of the old run is touched. */
static void a_full_disk_leaves_the_old_files(void)
{
    uint64_t before = artifacts_sum();
    char error[1024];
    int status = 0;
    pid_t child;

    fflush(stdout);
    child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        struct rlimit limit = {.rlim_cur = 12000, .rlim_max = 12000};

        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        status = run_epochs("other.json", 3, true, NULL, error);
        _exit(status == 2 && strstr(error, "cannot write") != NULL ? 42 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
    CHECK(artifacts_sum() == before);
    /* when there is room again, it is gone on with */
    CHECK_EQ_I64(run_epochs("other.json", 3, false, NULL, error), 2);
    CHECK(strstr(error, "unfinished_other.journal") != NULL && strstr(error, "--resume") != NULL);
    CHECK_EQ_I64(run_epochs("other.json", 3, true, NULL, error), 0);
    CHECK(!exists("unfinished_other.journal"));
}

/* One letter over and over; false when it is anything else. */
static bool is_whole(const char *name, size_t size)
{
    struct buf text = {0};
    bool whole = file_read(in_folder(name), 1 << 24, &text, NULL) == ERR_OK && text.len == size;

    for (size_t i = 1; whole && i < size; i++)
        whole = text.data[i] == text.data[0];
    buf_free(&text);
    return whole;
}

static enum err give_nothing(void *context, struct bytes *part, struct diag *diag)
{
    (void)context;
    (void)diag;
    *part = (struct bytes){0};
    return ERR_OK;
}

static void write_letter(char letter, size_t size)
{
    struct artifacts files;
    struct buf text = {0};

    artifacts_init(&files, folder, "killed");
    CHECK_OK(artifacts_prepare(&files, false, NULL));
    for (size_t i = 0; i < size; i++)
        buf_add_byte(&text, (uint8_t)letter);
    for (uint64_t epoch = 1; epoch <= 4; epoch++)
        CHECK_OK(artifacts_stage_epoch(&files, epoch, bytes_of_buf(&text), NULL));
    CHECK_OK(artifacts_stage_genesis(&files, bytes_of_buf(&text), NULL));
    buf_clear(&text);
    CHECK_OK(artifacts_stage_summary(&files, give_nothing, NULL, NULL));
    CHECK_OK(artifacts_commit(&files, false, NULL));
    artifacts_fini(&files);
    buf_free(&text);
}

static void a_kill_in_the_middle_leaves_whole_files(void)
{
    const size_t size = 300000;

    write_letter('a', size);
    for (long round = 0; round < 12; round++) {
        struct timespec pause = {.tv_nsec = 400000 * round * round};
        pid_t child;

        fflush(stdout);
        child = fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            for (char letter = 'b'; letter <= 'z'; letter++)
                write_letter(letter, size);
            _exit(0);
        }
        nanosleep(&pause, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        for (unsigned epoch = 1; epoch <= 4; epoch++) {
            char name[64];

            snprintf(name, sizeof name, "ledger/killed/epoch_%03u.json", epoch);
            CHECK(is_whole(name, size));
        }
    }
}

static void a_folder_that_cannot_be_made(void)
{
    struct federated_simulation_options options = {
        .scenario = in_folder("other.json"), .epochs = 1, .threads = 1, .write_artifacts = true};
    struct federated_simulation_report report;
    char error[1024] = "", path[512];

    snprintf(path, sizeof path, "%s/baseline.json/under", folder);
    options.output_dir = path;
    CHECK_EQ_I64(federated_simulation_run(&options, &report, error, sizeof error), 2);
    CHECK(strstr(error, "baseline.json") != NULL && strchr(error, '\n') == NULL);
}

static void a_trace_that_cannot_be_written(void)
{
    struct federated_simulation_options options = {
        .scenario = in_folder("other.json"), .epochs = 1, .threads = 1, .trace = "/dev/full"};
    struct federated_simulation_report report;
    char error[1024] = "";

    if (access("/dev/full", W_OK) != 0)
        SKIP("no /dev/full here");
    CHECK_EQ_I64(federated_simulation_run(&options, &report, error, sizeof error), 2);
    CHECK(strstr(error, "/dev/full") != NULL);
    options.trace = folder;
    CHECK_EQ_I64(federated_simulation_run(&options, &report, error, sizeof error), 2);
}

static void remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        struct buf name = {0};

        buf_printf(&name, "%s/%s", path, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            if (unlink(buf_text(&name)) != 0)
                remove_tree(buf_text(&name));
        }
        buf_free(&name);
    }
    if (dir != NULL)
        closedir(dir);
    rmdir(path);
}

int main(void)
{
    if (mkdtemp(folder) == NULL) {
        puts("Bail out! no temporary folder");
        return 1;
    }
    TAP_RUN(names_and_labels);
    TAP_RUN(the_same_again);
    TAP_RUN(clean_removes_what_is_left_over);
    TAP_RUN(what_is_half_written_goes);
    TAP_RUN(clean_refuses_what_is_foreign);
    TAP_RUN(a_full_disk_leaves_the_old_files);
    TAP_RUN(a_kill_in_the_middle_leaves_whole_files);
    TAP_RUN(a_folder_that_cannot_be_made);
    TAP_RUN(a_trace_that_cannot_be_written);
    remove_tree(folder);
    return tap_done();
}
