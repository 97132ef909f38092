#include "program/program.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mutate.h"
#include "program/answers.h"
#include "program/cost.h"
#include "program/queue.h"
#include "program/session.h"

/* One run of CHECK_ONE_IN of a program that says it is deterministic is done twice. Of sessions that nobody talks to,
 * each program keeps one, and all together keep so many: a site that has a thread alone may have had one for each. */
enum { CHECK_ONE_IN = 16, IDLE_KEPT = 64 };

struct program {
    struct evaluator evaluator; /* first */
    struct programs *owner;
    struct program_spec own;
    const struct program_spec *spec; /* &own */
    struct digest id, work;          /* work: wherever it lies */
    char *file;                      /* what is executed */
    struct cage cage;
    struct session *idle; /* nobody talks to these */
    bool deterministic;
    struct program_tally tally;
};

struct programs {
    pthread_mutex_t lock; /* of idle sessions, of tallies */
    const struct space *space;
    unsigned count, idle; /* idle: sessions of all programs */
    struct program **items;
    struct answers *answers;
    atomic_bool stopped;
    void (*says)(void *context, const char *text); /* what queues tell */
    void *context;
};

/* ---- one run */

/* What kept every run in. */
static void force_seen(struct program *p, unsigned force)
{
    if ((force & CAGE_STARTED) == 0)
        return;
    pthread_mutex_lock(&p->owner->lock);
    p->tally.force = p->tally.force == 0 ? force : p->tally.force & force;
    pthread_mutex_unlock(&p->owner->lock);
}

static void attempt_once(struct program *p, const struct question *q, struct answer *out)
{
    int64_t deadline = child_clock_ns() + (int64_t)p->spec->limits.cutoff_ms * 1000000;
    struct buf text = {0}, remarks = {0};
    struct words words = {0};
    struct diag diag = {0};
    struct child child;

    runner_words(q, &words);
    struct child_command command = {p->file, words.items, p->spec->folder, &p->cage, p->spec->limits, false};
    if (child_start(&command, &child, &diag) != ERR_OK) {
        answer_set(out, EVALUATION_CRASHED, "%s", diag.text);
        goto out;
    }
    enum child_said said = child_rest(&child, deadline, &text);
    force_seen(p, child_force(&child));
    struct warden_report report = child_stop(&child, &remarks);
    if (said == CHILD_FLOOD)
        answer_set(out, EVALUATION_CRASHED, "printed more than %u KB", p->spec->limits.output_kb);
    else if (report.end == WARDEN_TOLD)
        answer_set(out, EVALUATION_TIMEOUT, "no answer after %u ms", p->spec->limits.cutoff_ms);
    else if (report.end != WARDEN_EXITED)
        answer_from_end(out, p->spec, report, &remarks);
    else
        runner_answer(p->spec, bytes_of_buf(&text), report.number, out);
    if (report.end == WARDEN_EXITED && out->status == EVALUATION_CRASHED && report.number != 0)
        answer_from_end(out, p->spec, report, &remarks);
out:
    words_free(&words);
    buf_free(&text);
    buf_free(&remarks);
}

static struct session *idle_take(struct program *p)
{
    struct session *s;

    pthread_mutex_lock(&p->owner->lock);
    s = p->idle;
    if (s != NULL) {
        p->idle = s->next;
        p->owner->idle--;
    }
    pthread_mutex_unlock(&p->owner->lock);
    return s;
}

static void idle_put(struct program *p, struct session *s)
{
    pthread_mutex_lock(&p->owner->lock);
    p->deterministic &= s->deterministic;
    bool is_kept = p->idle == NULL || p->owner->idle < IDLE_KEPT;
    if (is_kept) {
        s->next = p->idle;
        p->idle = s;
        p->owner->idle++;
    }
    pthread_mutex_unlock(&p->owner->lock);
    if (!is_kept)
        session_close(s);
}

static void attempt_session(struct program *p, const struct question *q, struct answer *out)
{
    struct session *s = idle_take(p);

    if (s == NULL)
        s = session_open(p->spec, p->file, &p->cage, &q->space->schema, out);
    if (s == NULL)
        return;
    force_seen(p, child_force(&s->child));
    if (session_ask(s, q, out))
        idle_put(p, s);
    else
        session_close(s);
}

static void attempt(struct program *p, const struct question *q, struct answer *out)
{
    if (atomic_load(&p->owner->stopped))
        answer_set(out, EVALUATION_ABORT, "nobody wants to know any more");
    else if (p->spec->runner == RUNNER_JSONL)
        attempt_session(p, q, out);
    else
        attempt_once(p, q, out);
    answer_limit(out, q);
}

/* An answer in the federation's terms. */
static struct evaluation evaluation_of(const struct question *q, const struct answer *a)
{
    uint64_t scale = cost_scale(q->spec->decimals);

    if (a->status == EVALUATION_SUCCESS)
        return (struct evaluation){.status = a->status, .cost = a->cost, .work = (a->cost + scale - 1) / scale};
    return (struct evaluation){
        .status = a->status,
        .cost = (a->status == EVALUATION_TIMEOUT ? 1 : 2) * q->spec->par * q->limit * scale,
        .work = q->limit,
    };
}

uint32_t program_seed(uint64_t seed)
{
    return (uint32_t)(seed >> 33);
}

static void question_init(const struct program *p, const struct evaluation_task *task, struct question *out)
{
    *out = (struct question){
        .spec = p->spec,
        .space = p->owner->space,
        .genome = task->genome,
        .genome_hash = genome_hash(task->schema, task->genome),
        .instance = task->instance,
        .limit = task->limit,
    };
    out->seed = program_seed(evaluation_seed(task, &out->genome_hash));
}

/* ---- many runs */

/* As far as it has said. */
static bool is_deterministic(struct program *p)
{
    pthread_mutex_lock(&p->owner->lock);
    bool is = p->deterministic;
    pthread_mutex_unlock(&p->owner->lock);
    return is;
}

/* On this machine. */
static void try_here(struct program *p, const struct question *q, bool check, struct trial *t)
{
    struct answer again = {0};

    *t = (struct trial){.runs = 1};
    attempt(p, q, &t->answer);
    for (; t->retried < p->spec->retries && t->answer.status == EVALUATION_CRASHED; t->retried++, t->runs++)
        attempt(p, q, &t->answer);
    if (!check || !is_deterministic(p) || t->answer.status != EVALUATION_SUCCESS)
        return;
    attempt(p, q, &again);
    t->runs++;
    t->checked = true;
    t->differed = again.status != EVALUATION_SUCCESS || again.cost != t->answer.cost;
}

static struct evaluation account(struct program *p, const struct question *q, const struct trial *t)
{
    struct evaluation e = evaluation_of(q, &t->answer);

    pthread_mutex_lock(&p->owner->lock);
    p->tally.runs += t->runs;
    p->tally.retried += t->retried;
    p->tally.checked += t->checked;
    p->tally.differed += t->differed;
    p->tally.count[e.status]++;
    if (e.status != EVALUATION_SUCCESS)
        memcpy(p->tally.says[e.status], t->answer.says, PROGRAM_SAYS_SIZE);
    pthread_mutex_unlock(&p->owner->lock);
    return e;
}

/* The same questions wherever the program lies; the program, which knows the upper half, cannot tell which. */
static bool is_checked(struct program *p, const struct evaluation_task *task, const struct question *q)
{
    return is_deterministic(p) && evaluation_seed(task, &q->genome_hash) % CHECK_ONE_IN == 0;
}

static struct digest key_of(const struct digest *program, const struct evaluation_task *task)
{
    struct digest asked = evaluation_digest(task);
    struct digest_context c;

    digest_init(&c);
    digest_add(&c, program->b, sizeof program->b);
    digest_add(&c, asked.b, sizeof asked.b);
    return digest_final(&c);
}

static bool has_queue(const struct program *p)
{
    return p->spec->queue.argument_count > 0;
}

static void queue_task_init(struct program *p, const struct evaluation_task *task, struct queue_task *out)
{
    *out = (struct queue_task){.epoch = task->epoch, .key = key_of(&p->work, task)};
    question_init(p, task, &out->question);
    out->check = is_checked(p, task, &out->question);
}

static void try_queued(struct program *p, struct queue_task *tasks, unsigned count)
{
    const struct queue_user user = {p->spec, p->work, &p->owner->stopped, p->owner->says, p->owner->context};

    queue_run(&user, tasks, count);
}

static void program_evaluate(struct evaluator *self, const struct evaluation_task *task, struct evaluation *out)
{
    struct program *p = (struct program *)(void *)self;
    struct digest key = key_of(&p->id, task);
    struct answers_slot *slot;
    struct queue_task t;
    enum answers_found found = answers_find(p->owner->answers, &key, &slot, out);

    if (found != ANSWERS_NONE) {
        pthread_mutex_lock(&p->owner->lock);
        p->tally.kept += found == ANSWERS_KEPT;
        pthread_mutex_unlock(&p->owner->lock);
        return;
    }
    queue_task_init(p, task, &t);
    if (has_queue(p))
        try_queued(p, &t, 1);
    else
        try_here(p, &t.question, t.check, &t.trial);
    *out = account(p, &t.question, &t.trial);
    if (slot != NULL)
        answers_put(p->owner->answers, slot, out);
}

/* With a queue alone: what there is no answer to goes into it together. */
static void program_prepare(struct evaluator *self, const struct evaluation_task *tasks, uint64_t count)
{
    struct program *p = (struct program *)(void *)self;
    struct answers_slot **slots = mem_array(count, sizeof(struct answers_slot *));
    struct queue_task *wanted = mem_array(count, sizeof wanted[0]);
    unsigned wanted_count = 0;

    for (uint64_t i = 0; i < count; i++) {
        struct digest key = key_of(&p->id, &tasks[i]);

        slots[wanted_count] = answers_claim(p->owner->answers, &key);
        if (slots[wanted_count] != NULL)
            queue_task_init(p, &tasks[i], &wanted[wanted_count++]);
    }
    try_queued(p, wanted, wanted_count);
    for (unsigned i = 0; i < wanted_count; i++) {
        struct evaluation answer = account(p, &wanted[i].question, &wanted[i].trial);

        answers_put(p->owner->answers, slots[i], &answer);
    }
    mem_free(wanted);
    mem_free(slots);
}

static void program_learn(struct evaluator *self, const struct evaluation_task *task, const struct evaluation *answer)
{
    struct program *p = (struct program *)(void *)self;
    struct digest key = key_of(&p->id, task);

    answers_learn(p->owner->answers, &key, answer);
}

struct evaluation programs_try(const struct evaluation_task *task, char says[PROGRAM_SAYS_SIZE])
{
    struct program *p = (struct program *)(void *)task->instance->evaluator;
    struct queue_task t = {.epoch = task->epoch, .key = key_of(&p->work, task)};

    ASSERT(p->evaluator.evaluate == program_evaluate);
    question_init(p, task, &t.question);
    if (has_queue(p))
        try_queued(p, &t, 1);
    else
        attempt(p, &t.question, &t.trial.answer);
    memcpy(says, t.trial.answer.says, PROGRAM_SAYS_SIZE);
    return evaluation_of(&t.question, &t.trial.answer);
}

const struct program_spec *program_spec_of(const struct instance *instance)
{
    const struct program *p = (const struct program *)(const void *)instance->evaluator;

    return instance->graph == NULL && p->evaluator.evaluate == program_evaluate ? p->spec : NULL;
}

void programs_confined(const struct instance *instance, struct buf *out)
{
    struct program *p = (struct program *)(void *)instance->evaluator;
    unsigned force;

    ASSERT(p->evaluator.evaluate == program_evaluate);
    pthread_mutex_lock(&p->owner->lock);
    force = p->tally.force;
    pthread_mutex_unlock(&p->owner->lock);
    if (force != 0)
        cage_text(force, p->spec->network, out);
}

/* ---- what there is */

static void say_to_stderr(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "prismfed: queue: %s\n", text);
}

struct programs *programs_new(const struct space *space)
{
    struct programs *s = mem_alloc(sizeof *s);

    pthread_mutex_init(&s->lock, NULL);
    s->space = space;
    s->answers = answers_new();
    s->says = say_to_stderr;
    return s;
}

static void program_free(struct program *p)
{
    while (p->idle != NULL) {
        struct session *s = p->idle;

        p->idle = s->next;
        session_close(s);
    }
    program_spec_fini(&p->own);
    cage_fini(&p->cage);
    mem_free(p->file);
    mem_free(p);
}

void programs_free(struct programs *s)
{
    if (s == NULL)
        return;
    for (unsigned i = 0; i < s->count; i++)
        program_free(s->items[i]);
    mem_free(s->items);
    answers_free(s->answers);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

void programs_stop(struct programs *s)
{
    if (s != NULL)
        atomic_store(&s->stopped, true);
}

bool programs_wait(const struct programs *s)
{
    bool waits = false;

    for (unsigned i = 0; s != NULL && i < s->count; i++)
        waits |= has_queue(s->items[i]);
    return waits;
}

void programs_hear(struct programs *s, void (*says)(void *context, const char *text), void *context)
{
    if (s == NULL)
        return;
    s->says = says;
    s->context = context;
}

unsigned programs_count(const struct programs *s)
{
    return s->count;
}

const struct program_spec *programs_spec(const struct programs *s, unsigned index)
{
    ASSERT(index < s->count);
    return s->items[index]->spec;
}

void programs_tally(struct programs *s, unsigned index, struct program_tally *out, struct buf *command)
{
    const struct program_spec *spec;

    ASSERT(index < s->count);
    spec = s->items[index]->spec;
    pthread_mutex_lock(&s->lock);
    *out = s->items[index]->tally;
    pthread_mutex_unlock(&s->lock);
    for (unsigned i = 0; command != NULL && i < spec->argument_count; i++)
        buf_printf(command, "%s%s", i > 0 ? " " : "", spec->arguments[i]);
}

/* What to execute: a path that starts in the program's folder, or a name that is looked up as a shell does. */
static enum err file_find(const struct program_spec *spec, const char *name, char **out, struct diag *diag)
{
    const char *path = getenv("PATH");
    struct buf candidate = {0};
    enum err err = ERR_IO;

    if (strchr(name, '/') != NULL) {
        buf_printf(&candidate, "%s%s%s", *name == '/' ? "" : spec->folder, *name == '/' ? "" : "/", name);
        err = access(buf_text(&candidate), X_OK) == 0 ? ERR_OK : ERR_IO;
        if (err != ERR_OK)
            diag_set(diag, ERR_IO, "%s cannot be executed: %s", buf_text(&candidate), strerror(errno));
        buf_clear(&candidate);
        buf_add_text(&candidate, name); /* from the folder, where it will be */
    } else {
        diag_set(diag, ERR_IO, "there is no program \"%s\" on the PATH", name);
        for (; path != NULL && *path != '\0' && err != ERR_OK; path += strcspn(path, ":"), path += *path == ':') {
            buf_clear(&candidate);
            buf_add(&candidate, path, strcspn(path, ":"));
            buf_printf(&candidate, "/%s", name);
            err = *path == '/' && access(buf_text(&candidate), X_OK) == 0 ? ERR_OK : ERR_IO;
        }
    }
    if (err == ERR_OK) {
        *out = mem_alloc(candidate.len + 1);
        memcpy(*out, buf_text(&candidate), candidate.len + 1);
    }
    buf_free(&candidate);
    return err;
}

static void id_texts(struct buf *text, char *const *texts, unsigned count)
{
    buf_printf(text, " %u", count);
    for (unsigned i = 0; i < count; i++) {
        buf_add_byte(text, 0);
        buf_add_text(text, texts[i]);
    }
}

static struct digest id_of(const struct program_spec *spec, const char *folder, const struct genome_schema *schema)
{
    const struct child_limits *l = &spec->limits;
    struct buf text = {0};
    struct digest id;

    buf_printf(&text, "%u %u %lld %u %u %u %u %u %u %u %u %u %d %d %d %s", (unsigned)spec->objective,
               (unsigned)spec->runner, (long long)spec->cost_min, l->cutoff_ms, l->cpu_s, l->memory_mb, l->output_kb,
               l->file_mb, l->processes, spec->retries, spec->par, spec->decimals, spec->bound, spec->deterministic,
               spec->network, folder);
    id_texts(&text, spec->arguments, spec->argument_count);
    id_texts(&text, spec->files, spec->file_count); /* sites do not share one, nor what it may see */
    id_texts(&text, spec->environment, spec->environment_count);
    id_texts(&text, spec->readable, spec->readable_count);
    id_texts(&text, spec->hidden, spec->hidden_count);
    for (unsigned i = 0; i < spec->initial_count; i++) {
        struct digest hash = genome_hash(schema, &spec->initial[i]);

        buf_add(&text, hash.b, sizeof hash.b);
    }
    id = digest_of(bytes_of_buf(&text));
    buf_free(&text);
    return id;
}

struct digest program_work(const struct program_spec *spec, const struct genome_schema *schema)
{
    return id_of(spec, "", schema);
}

static enum err cage_of(const struct program_spec *spec, const char *file, struct cage *out, struct diag *diag)
{
    struct cage_rules rules = {
        .file = file,
        .folder = spec->folder,
        .arguments = spec->arguments,
        .files = spec->files,
        .file_count = spec->file_count,
        .readable = spec->readable,
        .readable_count = spec->readable_count,
        .hidden = spec->hidden,
        .hidden_count = spec->hidden_count,
        .environment = spec->environment,
        .environment_count = spec->environment_count,
        .network = spec->network,
    };

    return cage_init(out, &rules, diag);
}

/* Ready to be asked; *out only on success. */
static enum err program_new(struct programs *s, const struct program_spec *spec, struct program **out,
                            struct diag *diag)
{
    bool has_queue = spec->queue.argument_count > 0;
    char *file = NULL, *queue = NULL;
    struct cage cage;
    enum err err = has_queue ? file_find(spec, spec->queue.arguments[0], &queue, diag) : ERR_OK;

    mem_free(queue); /* it is there, which is all that is of interest yet */
    if (err == ERR_OK)
        err = file_find(spec, spec->arguments[0], &file, diag);
    if (err == ERR_OK)
        err = cage_of(spec, file, &cage, diag);
    if (err != ERR_OK) {
        mem_free(file);
        return err;
    }
    *out = mem_alloc(sizeof **out);
    (*out)->evaluator = (struct evaluator){program_evaluate, has_queue ? program_prepare : NULL, program_learn};
    (*out)->owner = s;
    program_spec_copy(spec, &(*out)->own);
    (*out)->spec = &(*out)->own;
    (*out)->file = file;
    (*out)->cage = cage;
    (*out)->tally.network = spec->network;
    (*out)->deterministic = spec->deterministic;
    return ERR_OK;
}

static enum err program_get(struct programs *s, const struct program_spec *spec, struct program **out,
                            struct diag *diag)
{
    struct digest id = id_of(spec, spec->folder, &s->space->schema);
    struct program *p;
    enum err err;

    for (unsigned i = 0; i < s->count; i++) {
        if (digest_equal(&s->items[i]->id, &id)) {
            *out = s->items[i];
            return ERR_OK;
        }
    }
    err = program_new(s, spec, &p, diag);
    if (err != ERR_OK)
        return err;
    p->id = id;
    p->work = program_work(spec, &s->space->schema);
    s->items = mem_resize(s->items, s->count + 1, sizeof s->items[0]);
    s->items[s->count++] = p;
    *out = p;
    return ERR_OK;
}

static enum err file_hash(const struct program_spec *spec, const char *name, struct digest *out, struct diag *diag)
{
    struct buf path = {0}, bytes = {0};
    enum err err;

    buf_printf(&path, "%s%s%s", *name == '/' ? "" : spec->folder, *name == '/' ? "" : "/", name);
    err = file_read(buf_text(&path), PROGRAM_FILE_MAX, &bytes, diag);
    if (err == ERR_OK)
        *out = digest_of(bytes_of_buf(&bytes));
    buf_free(&path);
    buf_free(&bytes);
    return err;
}

enum err program_shard_hash(const struct program_spec *spec, unsigned index, struct digest *out, struct diag *diag)
{
    ASSERT(spec->file_count > 0);
    return file_hash(spec, spec->files[index % spec->file_count], out, diag);
}

static enum err instance_load(struct program *p, const char *name, struct instance *out, struct diag *diag)
{
    struct digest hash;
    enum err err = file_hash(p->spec, name, &hash, diag);

    if (err == ERR_OK) {
        *out = (struct instance){.evaluator = &p->evaluator, .hash = hash};
        out->name = mem_alloc(strlen(name) + 1);
        memcpy(out->name, name, strlen(name) + 1);
    }
    return err;
}

enum err programs_shard(struct programs *s, const struct program_spec *spec, unsigned index, struct instance *out,
                        struct diag *diag)
{
    struct program *p;
    enum err err = program_get(s, spec, &p, diag);

    ASSERT(spec->file_count > 0);
    return err == ERR_OK ? instance_load(p, spec->files[index % spec->file_count], out, diag) : err;
}

enum err programs_workload(struct programs *s, const struct program_spec *spec, struct workload *out, struct diag *diag)
{
    struct workload w = {.instances = mem_array(spec->file_count, sizeof w.instances[0])};
    enum err err = ERR_OK;

    ASSERT(spec->file_count <= WORKLOAD_INSTANCES_MAX);
    for (; w.count < spec->file_count && err == ERR_OK; w.count += err == ERR_OK)
        err = programs_shard(s, spec, w.count, &w.instances[w.count], diag);
    if (err != ERR_OK)
        workload_fini(&w);
    else
        *out = w;
    return err;
}

/* ---- one task of a queue */

static enum err task_try(struct programs *s, const struct program_spec *spec, const char *folder, unsigned number,
                         const struct queue_order *order, struct diag *diag)
{
    struct instance instance;
    struct evaluation_task task = {&s->space->schema, &order->genome, &instance, order->epoch, order->limit, 0};
    struct trial trial = {0};
    struct question q;
    enum err err = programs_shard(s, spec, order->instance, &instance, diag);

    if (err != ERR_OK)
        return err;
    struct program *p = (struct program *)(void *)instance.evaluator;
    struct digest key = key_of(&p->work, &task);
    if (!digest_equal(&instance.hash, &order->instance_hash) || !digest_equal(&key, &order->key)) {
        err = diag_set(diag, ERR_MISMATCH, "%s: this machine sees another file than the one that the task is about",
                       instance.name);
    } else {
        question_init(p, &task, &q);
        try_here(p, &q, order->check, &trial);
        err = queue_result_write(folder, number, spec, &order->key, &trial, NULL, diag);
    }
    instance_fini(&instance);
    return err;
}

enum err programs_task(struct programs *s, const struct program_spec *spec, const char *folder, unsigned task,
                       struct diag *diag)
{
    struct queue_order *order = mem_alloc(sizeof *order);
    struct diag ignored = {0};
    enum err err = queue_order_read(folder, task, spec, &s->space->schema, order, diag);

    if (err == ERR_OK) {
        err = task_try(s, spec, folder, task, order, diag);
        /* whoever waits for the result hears why there is none */
        if (err == ERR_MISMATCH &&
            queue_result_write(folder, task, spec, &order->key, NULL, diag->text, &ignored) != ERR_OK)
            err = ERR_IO;
    }
    mem_free(order);
    return err;
}

static void hash_file(struct digest_context *c, const struct program_spec *spec, const char *name)
{
    struct digest hash = {{0}};
    struct diag ignored = {0};

    if (file_hash(spec, name, &hash, &ignored) != ERR_OK)
        hash = (struct digest){{0}}; /* a word that is no file */
    digest_add(c, hash.b, sizeof hash.b);
}

struct digest programs_hash(const struct programs *s)
{
    struct digest_context c;

    digest_init(&c);
    for (unsigned i = 0; i < s->count; i++) {
        const struct program *p = s->items[i];

        digest_add(&c, p->id.b, sizeof p->id.b);
        hash_file(&c, p->spec, p->file);
        for (unsigned k = 1; k < p->spec->argument_count; k++)
            hash_file(&c, p->spec, p->spec->arguments[k]);
        for (unsigned k = 0; k < p->spec->file_count; k++)
            hash_file(&c, p->spec, p->spec->files[k]);
    }
    return MUTATE(PROGRAM_CHANGES_UNSEEN, (struct digest){{0}}, digest_final(&c));
}
