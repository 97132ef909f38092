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
#include "program/cost.h"
#include "program/session.h"

/* Answers kept: enough for an epoch of many sites, and always the same memory. One run of CHECK_ONE_IN of a program
 * that says it is deterministic is done twice. Of sessions that nobody talks to, each program keeps one, and all
 * together keep so many: a site that has a thread alone may have had one for each. */
enum { ANSWERS_KEPT = 1 << 15, CHECK_ONE_IN = 16, IDLE_KEPT = 64 };

enum kept_state { KEPT_NONE, KEPT_RUNNING, KEPT_DONE };

struct kept {
    struct digest key;
    enum kept_state state;
    struct evaluation evaluation;
};

struct program {
    struct evaluator evaluator; /* first */
    struct programs *owner;
    struct program_spec own;
    const struct program_spec *spec; /* &own */
    struct digest id;
    char *file; /* what is executed */
    struct cage cage;
    struct session *idle; /* nobody talks to these */
    bool deterministic;
    struct program_tally tally;
};

struct programs {
    pthread_mutex_t lock; /* of the table, of idle sessions, of tallies */
    pthread_cond_t answered;
    const struct space *space;
    unsigned count, idle; /* idle: sessions of all programs */
    struct program **items;
    struct kept *table;
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

/* An answer in the federation's terms. */
static struct evaluation attempt(struct program *p, const struct question *q, char says[PROGRAM_SAYS_SIZE])
{
    struct evaluation e = {.work = q->limit};
    uint64_t scale = cost_scale(p->spec->decimals);
    struct answer a = {0};

    if (p->spec->runner == RUNNER_JSONL)
        attempt_session(p, q, &a);
    else
        attempt_once(p, q, &a);
    if (a.status == EVALUATION_SUCCESS && a.cost > q->limit * scale)
        answer_above(&a, q);
    e.status = a.status;
    if (a.status == EVALUATION_SUCCESS) {
        e.cost = a.cost;
        e.work = (a.cost + scale - 1) / scale;
    } else {
        e.cost = (a.status == EVALUATION_TIMEOUT ? 1 : 2) * p->spec->par * q->limit * scale;
    }
    memcpy(says, a.says, PROGRAM_SAYS_SIZE);
    return e;
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

static struct evaluation answer_question(struct program *p, const struct question *q, bool check)
{
    struct program_tally add = {.runs = 1};
    char says[PROGRAM_SAYS_SIZE], ignored[PROGRAM_SAYS_SIZE];
    struct evaluation e = attempt(p, q, says);

    for (unsigned i = 0; i < p->spec->retries && e.status == EVALUATION_CRASHED; i++) {
        add.retried++;
        add.runs++;
        e = attempt(p, q, says);
    }
    if (check && e.status == EVALUATION_SUCCESS) {
        struct evaluation again = attempt(p, q, ignored);

        add.runs++;
        add.checked++;
        add.differed += again.status != e.status || again.cost != e.cost;
    }
    pthread_mutex_lock(&p->owner->lock);
    p->tally.runs += add.runs;
    p->tally.retried += add.retried;
    p->tally.checked += add.checked;
    p->tally.differed += add.differed;
    p->tally.count[e.status]++;
    if (e.status != EVALUATION_SUCCESS)
        memcpy(p->tally.says[e.status], says, sizeof says);
    pthread_mutex_unlock(&p->owner->lock);
    return e;
}

/* The same questions wherever the program lies; the program, which knows the upper half, cannot tell which. */
static bool is_checked(struct program *p, const struct evaluation_task *task, const struct question *q)
{
    pthread_mutex_lock(&p->owner->lock);
    bool is_deterministic = p->deterministic;
    pthread_mutex_unlock(&p->owner->lock);
    return is_deterministic && evaluation_seed(task, &q->genome_hash) % CHECK_ONE_IN == 0;
}

static struct digest key_of(const struct program *p, const struct evaluation_task *task)
{
    struct digest asked = evaluation_digest(task);
    struct digest_context c;

    digest_init(&c);
    digest_add(&c, p->id.b, sizeof p->id.b);
    digest_add(&c, asked.b, sizeof asked.b);
    return digest_final(&c);
}

/* True: the answer was there. Else *slot is the place to put it, NULL when that is taken by another one. */
static bool answer_find(struct program *p, const struct digest *key, struct kept **slot, struct evaluation *out)
{
    struct programs *owner = p->owner;
    struct kept *k = &owner->table[be64_get(key->b) % ANSWERS_KEPT];
    bool found = false;

    *slot = NULL;
    pthread_mutex_lock(&owner->lock);
    while (MUTATE(PROGRAM_ASKS_TWICE, false, k->state == KEPT_RUNNING && digest_equal(&k->key, key)))
        pthread_cond_wait(&owner->answered, &owner->lock);
    if (k->state == KEPT_DONE && digest_equal(&k->key, key)) {
        *out = k->evaluation;
        p->tally.kept++;
        found = true;
    } else if (k->state != KEPT_RUNNING) {
        *k = (struct kept){.key = *key, .state = KEPT_RUNNING};
        *slot = k;
    }
    pthread_mutex_unlock(&owner->lock);
    return found;
}

static void program_evaluate(struct evaluator *self, const struct evaluation_task *task, struct evaluation *out)
{
    struct program *p = (struct program *)(void *)self;
    struct question q;
    struct digest key;
    struct kept *slot;

    key = key_of(p, task);
    if (answer_find(p, &key, &slot, out))
        return;
    question_init(p, task, &q);
    *out = answer_question(p, &q, is_checked(p, task, &q));
    if (slot == NULL)
        return;
    pthread_mutex_lock(&p->owner->lock);
    slot->evaluation = *out;
    slot->state = KEPT_DONE;
    pthread_cond_broadcast(&p->owner->answered);
    pthread_mutex_unlock(&p->owner->lock);
}

static void program_learn(struct evaluator *self, const struct evaluation_task *task, const struct evaluation *answer)
{
    struct program *p = (struct program *)(void *)self;
    struct digest key;
    struct kept *k;

    key = key_of(p, task);
    k = &p->owner->table[be64_get(key.b) % ANSWERS_KEPT];
    pthread_mutex_lock(&p->owner->lock);
    if (k->state != KEPT_RUNNING)
        *k = (struct kept){.key = key, .state = KEPT_DONE, .evaluation = *answer};
    pthread_mutex_unlock(&p->owner->lock);
}

struct evaluation programs_try(const struct evaluation_task *task, char says[PROGRAM_SAYS_SIZE])
{
    struct program *p = (struct program *)(void *)task->instance->evaluator;
    struct question q;

    ASSERT(p->evaluator.evaluate == program_evaluate);
    question_init(p, task, &q);
    return attempt(p, &q, says);
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

struct programs *programs_new(const struct space *space)
{
    struct programs *s = mem_alloc(sizeof *s);

    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->answered, NULL);
    s->space = space;
    s->table = mem_array(ANSWERS_KEPT, sizeof s->table[0]);
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
    mem_free(s->table);
    pthread_cond_destroy(&s->answered);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
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
static enum err file_find(const struct program_spec *spec, char **out, struct diag *diag)
{
    const char *name = spec->arguments[0], *path = getenv("PATH");
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

static struct digest id_of(const struct program_spec *spec, const struct genome_schema *schema)
{
    const struct child_limits *l = &spec->limits;
    struct buf text = {0};
    struct digest id;

    buf_printf(&text, "%u %u %lld %u %u %u %u %u %u %u %u %u %d %d %d %s", (unsigned)spec->objective,
               (unsigned)spec->runner, (long long)spec->cost_min, l->cutoff_ms, l->cpu_s, l->memory_mb, l->output_kb,
               l->file_mb, l->processes, spec->retries, spec->par, spec->decimals, spec->bound, spec->deterministic,
               spec->network, spec->folder);
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

static enum err program_get(struct programs *s, const struct program_spec *spec, struct program **out,
                            struct diag *diag)
{
    struct digest id = id_of(spec, &s->space->schema);
    struct program *p;
    struct cage cage;
    char *file;
    enum err err;

    for (unsigned i = 0; i < s->count; i++) {
        if (digest_equal(&s->items[i]->id, &id)) {
            *out = s->items[i];
            return ERR_OK;
        }
    }
    err = file_find(spec, &file, diag);
    if (err != ERR_OK)
        return err;
    err = cage_of(spec, file, &cage, diag);
    if (err != ERR_OK) {
        mem_free(file);
        return err;
    }
    p = mem_alloc(sizeof *p);
    p->evaluator = (struct evaluator){program_evaluate, program_learn};
    p->owner = s;
    program_spec_copy(spec, &p->own);
    p->spec = &p->own;
    p->id = id;
    p->file = file;
    p->cage = cage;
    p->tally.network = spec->network;
    p->deterministic = spec->deterministic;
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
