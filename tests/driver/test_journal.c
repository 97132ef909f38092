#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "driver/journal.h"
#include "tap.h"

/* What is written down comes back, as far as it was written; what is not the same run is refused. */

enum { HEADER = 144, RECORD = 72 };

static char folder[] = "/tmp/prismfed-journal-XXXXXX";
static char path[64];
static struct diag diag;

static struct journal_binding binding(uint64_t epochs)
{
    return (struct journal_binding){.version = "1", .genesis = {{2}}, .scenario = {{3}}, .seed = 4, .epochs = epochs};
}

static struct journal *open_ours(bool resume)
{
    struct journal_binding b = binding(5);
    struct journal *j = NULL;

    diag = (struct diag){0};
    CHECK_OK(journal_open(path, resume, &b, &j, &diag));
    return j;
}

/* Of a job below 25. */
static struct journal_answer answer(uint64_t job, unsigned number)
{
    unsigned cost = (unsigned)(10 * job) + number;

    return (struct journal_answer){number, {{(uint8_t)cost}}, {EVALUATION_SUCCESS, cost, 2 * cost}};
}

static void check_answer(const struct journal_script *s, unsigned number)
{
    struct journal_answer a = answer(s->job, number);
    const struct journal_answer *found = journal_script_find(s, number);

    REQUIRE(found != NULL);
    CHECK(found->number == number && digest_equal(&found->task, &a.task) &&
          found->evaluation.cost == a.evaluation.cost && found->evaluation.work == a.evaluation.work);
}

static void submit(struct journal *j, uint64_t job, size_t answers, int state)
{
    struct journal_script s;

    journal_submit(j, job, &s);
    CHECK_EQ_U64(s.job, job);
    CHECK_EQ_U64(s.count, answers);
    CHECK_EQ_I64(s.state, state);
    for (unsigned i = 0; i < s.count; i++)
        check_answer(&s, i);
    CHECK(journal_script_find(&s, s.count) == NULL);
    journal_script_free(&s);
}

static void add(struct journal *j, uint64_t job, unsigned number)
{
    struct journal_answer a = answer(job, number);

    journal_add(j, job, &a);
}

static void block(struct journal *j, uint64_t height, uint8_t id)
{
    journal_block(j, height, &(struct digest){{id}});
}

/* Seven records: job 1 was its node's when that crashed, job 2 is not finished. */
static void write_some(void)
{
    struct journal *j;

    unlink(path);
    j = open_ours(false);
    submit(j, 0, 0, SCRIPT_OPEN);
    add(j, 0, 0);
    submit(j, 1, 0, SCRIPT_OPEN);
    add(j, 1, 0);
    add(j, 0, 1);
    block(j, 1, 7);
    journal_take(j, 0, false);
    submit(j, 2, 0, SCRIPT_OPEN);
    submit(j, 3, 0, SCRIPT_OPEN);
    add(j, 3, 0);
    journal_take(j, 3, true);
    submit(j, 4, 0, SCRIPT_OPEN);
    add(j, 4, 0);
    CHECK_OK(journal_check(j, &diag));
    journal_close(j, false);
}

static void what_was_written_comes_back(void)
{
    struct journal *j;

    write_some();
    for (unsigned again = 0; again < 2; again++) {
        j = open_ours(true);
        submit(j, 0, 2, SCRIPT_TAKEN);
        submit(j, 1, 1, SCRIPT_DROPPED);
        block(j, 1, 7);
        submit(j, 2, 0, SCRIPT_DROPPED);
        submit(j, 3, 1, SCRIPT_TAKEN);
        submit(j, 4, 1 + again, SCRIPT_OPEN);
        if (again == 0) {
            add(j, 4, 1);
            block(j, 2, 8);
        } else {
            block(j, 2, 8);
        }
        CHECK_OK(journal_check(j, &diag));
        CHECK_EQ_U64(journal_answered(j), 4 + again);
        journal_close(j, again == 1);
    }
    CHECK(access(path, F_OK) != 0);
}

/* Evaluations that are done beside each other end in any order, and a run may be stopped in between. */
static void whoever_ends_first(void)
{
    static const unsigned ended[] = {3, 0, 7, 2};
    struct journal_script s;
    struct journal *j;

    unlink(path);
    j = open_ours(false);
    submit(j, 5, 0, SCRIPT_OPEN);
    for (unsigned i = 0; i < 4; i++)
        add(j, 5, ended[i]);
    journal_close(j, false);
    j = open_ours(true);
    journal_submit(j, 5, &s);
    CHECK_EQ_U64(s.count, 4);
    CHECK_EQ_U64(journal_answered(j), 4);
    for (unsigned i = 0; i < 4; i++)
        check_answer(&s, ended[i]);
    for (unsigned i = 4; i < 7; i++)
        CHECK(journal_script_find(&s, i) == NULL);
    CHECK(journal_script_find(&s, 1) == NULL);
    journal_script_free(&s);
    journal_close(j, true);
}

static void put(const struct buf *all, size_t size)
{
    FILE *file = fopen(path, "wb");

    REQUIRE(file != NULL);
    CHECK_EQ_U64(fwrite(all->data, 1, size, file), size);
    CHECK_EQ_I64(fclose(file), 0);
}

static void whatever_was_cut_off_is_not_there(void)
{
    struct buf all = {0}, left = {0};

    write_some();
    REQUIRE_OK(file_read(path, 1 << 20, &all, NULL));
    CHECK_EQ_U64(all.len, HEADER + 8 * RECORD);
    for (size_t size = 0; size <= all.len; size++) {
        size_t records = size < HEADER ? 0 : (size - HEADER) / RECORD;
        struct journal *j;

        put(&all, size);
        j = open_ours(true);
        submit(j, 0, (records > 0) + (records > 2), records > 4 ? SCRIPT_TAKEN : SCRIPT_OPEN);
        block(j, 1, 7);
        CHECK_OK(journal_check(j, &diag));
        journal_close(j, false);
        buf_clear(&left);
        REQUIRE_OK(file_read(path, 1 << 20, &left, NULL));
        CHECK(records > 4 || (left.len - HEADER) % RECORD == 0);
    }
    buf_free(&all);
    buf_free(&left);
}

static void damage_ends_it(void)
{
    struct buf all = {0};

    write_some();
    REQUIRE_OK(file_read(path, 1 << 20, &all, NULL));
    for (size_t at = 0; at < HEADER + 3 * RECORD; at++) {
        struct journal_binding b = binding(5);
        struct journal *j = NULL;
        enum err err;

        all.data[at] ^= 0x10;
        put(&all, all.len);
        all.data[at] ^= 0x10;
        err = journal_open(path, true, &b, &j, &diag);
        CHECK((err == ERR_OK) == (at >= HEADER));
        if (err != ERR_OK)
            continue;
        submit(j, 0, at < HEADER + RECORD ? 0 : 1, SCRIPT_OPEN);
        journal_close(j, false);
    }
    buf_free(&all);
}

static void another_run_is_refused(void)
{
    struct journal_binding b = binding(5);
    struct journal *j = NULL;

    write_some();
    CHECK_ERR(journal_open(path, false, &b, &j, &diag), ERR_STATE);
    CHECK(strstr(diag.text, path) != NULL && strstr(diag.text, "--resume") != NULL);
    b = binding(6);
    CHECK_ERR(journal_open(path, true, &b, &j, &diag), ERR_STATE);
    CHECK(strstr(diag.text, "--epochs 5") != NULL);
    b = binding(5);
    b.scenario.b[9] = 1;
    CHECK_ERR(journal_open(path, true, &b, &j, &diag), ERR_STATE);
    CHECK(strstr(diag.text, "another scenario") != NULL);
    b = binding(5);
    b.version[0] = '2';
    CHECK_ERR(journal_open(path, true, &b, &j, &diag), ERR_STATE);
    CHECK(strstr(diag.text, "another version") != NULL);
    b = binding(6);
    b.clean = true;
    CHECK_OK(journal_open(path, false, &b, &j, &diag));
    journal_close(j, true);
}

static void a_block_that_differs_is_named(void)
{
    struct journal *j;

    write_some();
    j = open_ours(true);
    block(j, 1, 6);
    CHECK_ERR(journal_check(j, &diag), ERR_STATE);
    CHECK(strstr(diag.text, path) != NULL && strstr(diag.text, "block 1:") != NULL);
    journal_close(j, false);
}

static void one_process_at_a_time(void)
{
    struct journal *j;
    int status;
    pid_t child;

    write_some();
    j = open_ours(true);
    fflush(stdout);
    child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        struct journal_binding b = binding(5);
        enum err err = journal_open(path, true, &b, &j, &diag);

        _exit(err == ERR_STATE && strstr(diag.text, "another process") != NULL ? 42 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
    journal_close(j, true);
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/x.journal", folder);
    TAP_RUN(what_was_written_comes_back);
    TAP_RUN(whoever_ends_first);
    TAP_RUN(whatever_was_cut_off_is_not_there);
    TAP_RUN(damage_ends_it);
    TAP_RUN(another_run_is_refused);
    TAP_RUN(a_block_that_differs_is_named);
    TAP_RUN(one_process_at_a_time);
    rmdir(folder);
    return tap_done();
}
