/* A batch: its folder, and the rounds until each task has its result. */
#define _GNU_SOURCE

#include "program/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mutate.h"
#include "base/text.h"
#include "codec/json.h"
#include "program/folder.h"

/* A file of another machine may take a moment to be seen here (NFS). A command that fails is run again after a second,
 * then after twice as long, and so on. */
enum {
    SETTLE_MS = 250,
    SETTLE_LOOKS = 8,
    WAIT_LEAST_MS = 1000,
    WAIT_MOST_MS = 60000,
    LOCKED_MS = 50,
    FAILURES_MAX = 5
};

struct batch_folder {
    char *path; /* absolute; owned */
    int lock;   /* its descriptor: two processes may have the same work */
};

static void tell(const struct queue_user *u, const char *what, const char *why)
{
    struct buf text = {0}, plain = {0};

    buf_printf(&text, "%s: %s", what, why);
    text_escape(bytes_of_buf(&text), &plain);
    u->says(u->context, buf_text(&plain));
    buf_free(&text);
    buf_free(&plain);
}

/* ---- the folder */

/* The same tasks have the same folder, in each life of this process. */
static void folder_name(const struct queue_user *u, const struct queue_task *tasks, unsigned count, struct buf *out)
{
    char hex[2 * DIGEST_SIZE + 1];
    struct digest_context c;
    struct digest all;

    digest_init(&c);
    for (unsigned i = 0; i < count; i++)
        digest_add(&c, tasks[i].key.b, DIGEST_SIZE);
    all = digest_final(&c);
    digest_hex(&all, hex);
    buf_printf(out, "%s/%.16s", u->spec->queue.folder, hex);
}

/* Locked, and not one that another process has removed meanwhile. */
static bool is_locked(const char *path, int fd)
{
    struct stat here, there;

    return flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &here) == 0 && stat(path, &there) == 0 &&
           here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

/* Another process that has the same work may remove the folder at any time until the lock is held. */
static enum err folder_lock(const struct queue_user *u, struct batch_folder *f, const char *name, struct diag *diag)
{
    unsigned failures = 0;
    struct buf results = {0};
    enum err err;

    buf_printf(&results, "%s/results", name);
    for (;;) {
        err = file_make_folder(buf_text(&results), diag);
        f->lock = err == ERR_OK ? open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        if (f->lock >= 0 && is_locked(name, f->lock))
            break;
        if (f->lock >= 0)
            close(f->lock);
        f->lock = -1;
        failures = err == ERR_OK ? 0 : failures + 1;
        if (failures == FAILURES_MAX || !queue_sleep(u, LOCKED_MS))
            break;
    }
    if (f->lock >= 0)
        err = file_make_folder(buf_text(&results), diag); /* this one stays */
    buf_free(&results);
    if (err != ERR_OK || f->lock < 0)
        return err != ERR_OK ? err : diag_set(diag, ERR_STATE, "%s: another process has it", name);
    f->path = realpath(name, NULL);
    return f->path != NULL ? ERR_OK : diag_set(diag, ERR_IO, "%s: %s", name, strerror(errno));
}

static enum err write_text(const char *folder, const char *name, const struct buf *text, struct diag *diag)
{
    struct bytes bytes = bytes_of_buf(text);
    struct buf path = {0};
    enum err err;

    buf_printf(&path, "%s/%s", folder, name);
    err = file_stage(buf_text(&path), file_give_once, &bytes, diag);
    buf_free(&path);
    return err;
}

static enum err folder_fill(const struct queue_user *u, const struct batch_folder *f, const struct queue_task *tasks,
                            unsigned count, struct diag *diag)
{
    char *scenario = realpath(u->spec->queue.scenario, NULL);
    struct buf text = {0};
    json_t *o = json_object();
    enum err err = ERR_OK;

    if (scenario == NULL)
        err = diag_set(diag, ERR_IO, "%s: %s", u->spec->queue.scenario, strerror(errno));
    json_put(o, "version", json_u64(QUEUE_VERSION));
    json_put(o, "scenario", json_string(scenario != NULL ? scenario : ""));
    json_put(o, "program", json_hex(digest_bytes(&u->work)));
    json_put(o, "runner", json_string(program_runner_name(u->spec->runner)));
    json_put(o, "cutoff_ms", json_u64(u->spec->limits.cutoff_ms));
    json_put(o, "tasks", json_u64(count));
    json_render(o, &text);
    json_decref(o);
    if (err == ERR_OK)
        err = write_text(f->path, "queue.json", &text, diag);
    buf_clear(&text);
    for (unsigned i = 0; i < count; i++)
        queue_task_line(u, &tasks[i], i, &text);
    if (err == ERR_OK)
        err = write_text(f->path, "tasks.jsonl", &text, diag);
    buf_free(&text);
    free(scenario);
    return err;
}

static void folder_close(struct batch_folder *f, bool is_done)
{
    if (is_done && f->path != NULL)
        folder_remove(f->path);
    if (f->lock >= 0)
        close(f->lock);
    free(f->path);
}

/* ---- the rounds */

/* A result that cannot be taken is named, and makes room for another one. */
static void refuse(const struct queue_user *u, const char *folder, unsigned number, const char *why)
{
    struct buf path = {0};

    tell(u, "refused", why);
    buf_printf(&path, "%s/results/%u.json", folder, number);
    (void)unlink(buf_text(&path));
    buf_free(&path);
}

/* How many are still missing. */
static unsigned collect(const struct queue_user *u, const char *folder, struct queue_task *tasks, unsigned count)
{
    unsigned missing = 0;

    for (unsigned i = 0; i < count; i++) {
        struct diag diag = {0};
        enum err err;

        if (tasks[i].answered)
            continue;
        err = queue_result_read(folder, i, u->spec, &tasks[i], &tasks[i].trial, &diag);
        if (err != ERR_OK && err != ERR_MISSING)
            refuse(u, folder, i, diag.text);
        tasks[i].answered = err == ERR_OK;
        missing += !tasks[i].answered;
    }
    return missing;
}

/* "0-3,7": those that are missing. */
static void missing_text(const struct queue_task *tasks, unsigned count, struct buf *out)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned last = i;

        if (MUTATE(QUEUE_HANDS_OVER_ALL, false, tasks[i].answered))
            continue;
        while (last + 1 < count && !tasks[last + 1].answered)
            last++;
        buf_printf(out, "%s%u", out->len > 0 ? "," : "", i);
        if (last > i)
            buf_printf(out, "-%u", last);
        i = last;
    }
}

/* All that are missing have left no result. */
static void lose(const struct queue_user *u, const char *folder, struct queue_task *tasks, unsigned count)
{
    struct buf numbers = {0}, says = {0};

    missing_text(tasks, count, &numbers);
    if (numbers.len == 0)
        return;
    buf_printf(&says, "no result of task %s", buf_text(&numbers));
    queue_last_words(folder, &says);
    tell(u, folder, buf_text(&says));
    for (unsigned i = 0; i < count; i++) {
        struct queue_task *t = &tasks[i];

        if (t->answered || t->losses++ < u->spec->queue.losses)
            continue;
        answer_set(&t->trial.answer, EVALUATION_CRASHED, "the queue lost it %u times", t->losses);
        t->trial.runs = 0;
        t->answered = true;
    }
    buf_free(&numbers);
    buf_free(&says);
}

static unsigned longer(unsigned ms)
{
    return 2 * ms < WAIT_MOST_MS ? 2 * ms : WAIT_MOST_MS;
}

/* False: stopped. */
static bool hand_over(const struct queue_user *u, const char *folder, struct queue_task *tasks, unsigned count,
                      unsigned *wait_ms)
{
    struct buf numbers = {0}, says = {0};

    missing_text(tasks, count, &numbers);
    enum queue_end end = queue_command(u, folder, buf_text(&numbers), &says);
    if (end == QUEUE_LATE || end == QUEUE_FAILED)
        tell(u, folder, buf_text(&says));
    buf_free(&numbers);
    buf_free(&says);
    for (unsigned looks = 0; collect(u, folder, tasks, count) > 0 && looks < SETTLE_LOOKS && end == QUEUE_ENDED;
         looks++)
        (void)queue_sleep(u, SETTLE_MS);
    if (end == QUEUE_STOPPED || atomic_load(u->stopped))
        return false;
    if (end == QUEUE_FAILED) {
        bool goes_on = queue_sleep(u, *wait_ms);

        *wait_ms = longer(*wait_ms);
        return goes_on;
    }
    *wait_ms = WAIT_LEAST_MS;
    lose(u, folder, tasks, count);
    return true;
}

static void batch_run(const struct queue_user *u, struct queue_task *tasks, unsigned count)
{
    struct batch_folder f = {.lock = -1};
    struct buf name = {0};
    struct diag diag = {0};
    unsigned wait_ms = WAIT_LEAST_MS;
    bool goes_on = true;

    folder_name(u, tasks, count, &name);
    while (goes_on && (folder_lock(u, &f, buf_text(&name), &diag) != ERR_OK ||
                       folder_fill(u, &f, tasks, count, &diag) != ERR_OK)) {
        tell(u, "the folder of a batch", diag.text);
        folder_close(&f, false);
        f = (struct batch_folder){.lock = -1};
        goes_on = queue_sleep(u, wait_ms);
        wait_ms = longer(wait_ms);
    }
    while (goes_on && collect(u, f.path, tasks, count) > 0)
        goes_on = hand_over(u, f.path, tasks, count, &wait_ms);
    folder_close(&f, goes_on);
    buf_free(&name);
    for (unsigned i = 0; i < count; i++) {
        if (!tasks[i].answered)
            answer_set(&tasks[i].trial.answer, EVALUATION_ABORT, "the queue was stopped");
    }
}

void queue_run(const struct queue_user *u, struct queue_task *tasks, unsigned count)
{
    const unsigned most = u->spec->queue.tasks;

    for (unsigned i = 0; i < count; i += most)
        batch_run(u, &tasks[i], count - i < most ? count - i : most);
}
