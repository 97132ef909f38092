/* The writing thread, what it is asked for, and what it has done. */
#define _GNU_SOURCE

#include "node/store.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mutate.h"
#include "node/store_file.h"
#include "node/store_reader.h"

enum task_kind { TASK_WRITE, TASK_FORGET, TASK_FLAG, TASK_PRUNE, TASK_KEEP };

struct task {
    enum task_kind kind;
    enum store_kind write;
    uint64_t serial, number; /* of a flag: number is its value */
    struct blob *blob;       /* one holding, of the loop's thread, which drops it; the other one only reads the bytes */
    const char *flag;        /* borrowed: whoever sets it waits */
    struct task *next;
};

struct task_list {
    struct task *first, **last;
};

struct store {
    struct store_reader reader;
    uint64_t asked; /* serial of the last write */
    int event;
    pthread_t thread;

    /* the writing thread's, while it runs */
    struct store_file file;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t todo, done_some;
    struct task_list queued, done;
    uint64_t durable; /* serial of the last write that is */
    uint64_t answers; /* to what somebody waits for: a flag is set, blocks are gone */
    enum err err;     /* of the first write that has failed; nothing is written any more */
    struct diag diag;
    bool closing;
};

/* ---- lists of tasks */

static void list_init(struct task_list *l)
{
    l->first = NULL;
    l->last = &l->first;
}

static void list_add(struct task_list *l, struct task *t)
{
    t->next = NULL;
    *l->last = t;
    l->last = &t->next;
}

static struct task *list_take(struct task_list *l)
{
    struct task *first = l->first;

    list_init(l);
    return first;
}

static void tasks_free(struct task *t)
{
    while (t != NULL) {
        struct task *next = t->next;
        blob_drop(t->blob);
        mem_free(t);
        t = next;
    }
}

/* ---- the writing thread */

static enum err write_one(struct store_writer *w, const struct task *t, struct diag *diag)
{
    struct bytes bytes = bytes_of(t->blob->data, t->blob->len);

    if (t->write == STORE_RECORD)
        return store_writer_record(w, t->serial, t->number, bytes, diag);
    if (t->write == STORE_BLOCK)
        return store_writer_block(w, t->number, bytes, diag);
    return store_writer_snapshot(w, t->serial, t->number, bytes, diag);
}

static enum err do_task(struct store_writer *w, const struct task *t, struct diag *diag)
{
    if (t->kind == TASK_WRITE)
        return write_one(w, t, diag);
    if (t->kind == TASK_FORGET)
        return store_writer_forget(w, t->serial, t->number, diag);
    if (t->kind == TASK_KEEP) {
        store_writer_keep(w, t->number);
        return ERR_OK;
    }
    if (t->kind == TASK_PRUNE)
        return store_writer_prune(w, t->number, diag);
    return store_writer_flag(w, t->flag, t->number, diag);
}

static enum err write_all(struct store *s, const struct task *tasks, struct diag *diag)
{
    enum err err = store_writer_begin(&s->file.writer, diag);

    for (const struct task *t = tasks; t != NULL && err == ERR_OK; t = t->next)
        err = do_task(&s->file.writer, t, diag);
    if (err == ERR_OK)
        err = store_file_commit(&s->file, diag);
    return err;
}

static void tell(struct store *s)
{
    (void)eventfd_write(s->event, 1);
}

/* What has become of these tasks, which go to the other thread. */
static void report(struct store *s, struct task *tasks, enum err err, const struct diag *diag)
{
    pthread_mutex_lock(&s->lock);
    for (struct task *t = tasks, *next; t != NULL; t = next) {
        next = t->next;
        if (MUTATE(STORE_REPORTED_EARLY, true, err == ERR_OK)) {
            s->durable = t->kind == TASK_WRITE ? t->serial : s->durable;
            s->answers += t->kind == TASK_FLAG || t->kind == TASK_PRUNE;
        }
        list_add(&s->done, t);
    }
    if (err != ERR_OK) {
        s->err = err;
        s->diag = *diag;
    }
    pthread_cond_broadcast(&s->done_some);
    pthread_mutex_unlock(&s->lock);
    tell(s);
}

/* What only forgets waits for company: nobody waits for it. */
static bool is_pressing(const struct store *s)
{
    for (const struct task *t = s->queued.first; t != NULL; t = t->next) {
        if (t->kind != TASK_FORGET && t->kind != TASK_KEEP)
            return true;
    }
    return s->closing;
}

static struct task *next_tasks(struct store *s)
{
    struct task *tasks = NULL;

    pthread_mutex_lock(&s->lock);
    while (!is_pressing(s))
        pthread_cond_wait(&s->todo, &s->lock);
    if (s->err == ERR_OK)
        tasks = list_take(&s->queued);
    pthread_mutex_unlock(&s->lock);
    return tasks;
}

/* Until the store is closed, or a write has failed. */
static void *run(void *context)
{
    struct store *s = context;
    struct task *tasks;
    enum err err = ERR_OK;

    while (err == ERR_OK && (tasks = next_tasks(s)) != NULL) {
        struct diag diag = {0};
        err = write_all(s, tasks, &diag);
        report(s, tasks, err, &diag);
    }
    return NULL;
}

/* Signals are the loop's. */
static enum err begin(struct store *s, struct diag *diag)
{
    sigset_t all, before;
    int failed;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&s->thread, NULL, run, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed == 0 ? ERR_OK : diag_set(diag, ERR_IO, "no thread for the store: %s", strerror(failed));
}

/* ---- opening */

static enum err open_reader(struct store *s, const char *path, struct diag *diag)
{
    sqlite3 *db;
    enum err err = sql_open(path, SQL_READ, &db, diag);

    return err == ERR_OK ? store_reader_init(&s->reader, db, diag) : err;
}

static void dispose(struct store *s)
{
    store_reader_fini(&s->reader);
    store_file_close(&s->file);
    if (s->event >= 0)
        close(s->event);
    pthread_cond_destroy(&s->todo);
    pthread_cond_destroy(&s->done_some);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

enum err store_open(const char *path, const struct digest *federation_id, bool is_first, struct store **out,
                    struct diag *diag)
{
    struct store *s = mem_alloc(sizeof *s);
    enum err err = ERR_OK;

    s->file.mark.fd = -1;
    list_init(&s->queued);
    list_init(&s->done);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->todo, NULL);
    pthread_cond_init(&s->done_some, NULL);
    s->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->event < 0)
        err = diag_set(diag, ERR_IO, "eventfd: %s", strerror(errno));
    if (err == ERR_OK)
        err = store_file_open(path, federation_id, is_first, &s->file, diag);
    if (err == ERR_OK)
        err = open_reader(s, path, diag);
    if (err == ERR_OK)
        err = begin(s, diag);
    if (err == ERR_OK)
        *out = s;
    else
        dispose(s);
    return err;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    pthread_mutex_lock(&s->lock);
    s->closing = true;
    pthread_cond_signal(&s->todo);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    tasks_free(list_take(&s->queued));
    tasks_free(list_take(&s->done));
    dispose(s);
}

bool store_is_new(const struct store *s)
{
    return s->file.is_new;
}

/* ---- reading */

const struct ledger_store *store_ledger(const struct store *s)
{
    return &s->reader.ledger;
}

enum err store_records(struct store *s, enum err (*each)(void *context, struct bytes record), void *context,
                       struct diag *diag)
{
    return store_reader_records(&s->reader, each, context, diag);
}

enum err store_flag(struct store *s, const char *name, uint64_t *value, struct diag *diag)
{
    return store_reader_flag(&s->reader, name, value, diag);
}

/* ---- writing */

static void ask(struct store *s, struct task task)
{
    struct task *t = mem_alloc(sizeof *t);

    *t = task;
    pthread_mutex_lock(&s->lock);
    list_add(&s->queued, t);
    pthread_cond_signal(&s->todo);
    pthread_mutex_unlock(&s->lock);
}

void store_write(struct store *s, enum store_kind kind, uint64_t serial, uint64_t number, struct blob *blob)
{
    ASSERT(serial == s->asked + 1);
    s->asked = serial;
    ask(s,
        (struct task){.kind = TASK_WRITE, .write = kind, .serial = serial, .number = number, .blob = blob_hold(blob)});
}

void store_forget(struct store *s, uint64_t serial, uint64_t number)
{
    ASSERT(serial <= s->asked);
    ask(s, (struct task){.kind = TASK_FORGET, .serial = serial, .number = number});
}

static enum err ask_and_wait(struct store *s, struct task task, struct diag *diag)
{
    pthread_mutex_lock(&s->lock);
    uint64_t answers = s->answers;
    pthread_mutex_unlock(&s->lock);
    ask(s, task);
    pthread_mutex_lock(&s->lock);
    while (s->answers == answers && s->err == ERR_OK)
        pthread_cond_wait(&s->done_some, &s->lock);
    enum err err = s->err == ERR_OK ? ERR_OK : diag_set(diag, s->err, "%s", s->diag.text);
    pthread_mutex_unlock(&s->lock);
    return err;
}

enum err store_flag_set(struct store *s, const char *name, uint64_t value, struct diag *diag)
{
    return ask_and_wait(s, (struct task){.kind = TASK_FLAG, .number = value, .flag = name}, diag);
}

int store_fd(const struct store *s)
{
    return s->event;
}

enum err store_finished(struct store *s, uint64_t *serial, struct diag *diag)
{
    eventfd_t news;

    (void)eventfd_read(s->event, &news);
    pthread_mutex_lock(&s->lock);
    struct task *done = list_take(&s->done);
    *serial = s->durable;
    enum err err = s->err == ERR_OK ? ERR_OK : diag_set(diag, s->err, "%s", s->diag.text);
    pthread_mutex_unlock(&s->lock);
    tasks_free(done);
    return err;
}

/* ---- what is old */

uint64_t store_pruned(struct store *s)
{
    struct store_counters c;

    return store_counters_read(s->reader.db, &c, NULL) == ERR_OK ? c.pruned : 0;
}

void store_keep(struct store *s, uint64_t blocks)
{
    ask(s, (struct task){.kind = TASK_KEEP, .number = blocks});
}

enum err store_prune(struct store *s, uint64_t height, struct diag *diag)
{
    enum err err = store_may_prune(s->reader.db, height, diag);

    for (uint64_t done = store_pruned(s); err == ERR_OK && done < height;) {
        done = height - done < STORE_PRUNED_AT_ONCE ? height : done + STORE_PRUNED_AT_ONCE;
        err = ask_and_wait(s, (struct task){.kind = TASK_PRUNE, .number = done}, diag);
    }
    return err;
}
