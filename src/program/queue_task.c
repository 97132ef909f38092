/* What lies in the folder of a batch: a line of JSON for each task, and a file of JSON for each result. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mutate.h"
#include "base/text.h"
#include "codec/json_read.h"
#include "genome/genome_json.h"
#include "program/queue.h"

enum { TASKS_SIZE_MAX = 1 << 30, RESULT_SIZE_MAX = 1 << 16 };

/* ---- what is to be done */

/* For whoever runs the program without prismfed: the words of its command, as the runner's conventions have them. */
static json_t *words_json(const struct question *q)
{
    struct words words = {0};
    json_t *out = json_array();

    runner_words(q, &words);
    for (unsigned i = 0; i < words.count; i++)
        json_push(out, json_string(words.items[i]));
    words_free(&words);
    return out;
}

void queue_task_line(const struct queue_user *u, const struct queue_task *t, unsigned number, struct buf *out)
{
    const struct question *q = &t->question;
    struct buf genome = {0};
    json_t *o = json_object();

    genome_encode(&q->space->schema, q->genome, &genome);
    json_put(o, "task", json_u64(number));
    json_put(o, "key", json_hex(digest_bytes(&t->key)));
    json_put(o, "genome", json_hex(bytes_of_buf(&genome)));
    json_put(o, "instance", json_string(q->instance->name));
    json_put(o, "instance_hash", json_hex(digest_bytes(&q->instance->hash)));
    json_put(o, "epoch", json_u64(t->epoch));
    json_put(o, "limit", json_u64(q->limit));
    json_put(o, "check", json_boolean(t->check));
    json_put(o, "seed", json_u64(q->seed));
    json_put(o, "values", genome_json(&q->space->schema, q->genome));
    if (u->spec->runner != RUNNER_JSONL)
        json_put(o, "words", words_json(q));
    json_line(o, out);
    buf_add_byte(out, '\n');
    json_decref(o);
    buf_free(&genome);
}

static bool read_bytes(const json_t *object, const char *key, struct buf *out)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL && hex_decode(bytes_of_text(text), out) == ERR_OK;
}

static bool read_digest(const json_t *object, const char *key, struct digest *out)
{
    struct buf bytes = {0};
    bool ok = read_bytes(object, key, &bytes) && bytes.len == DIGEST_SIZE;

    if (ok)
        memcpy(out->b, bytes.data, DIGEST_SIZE);
    buf_free(&bytes);
    return ok;
}

static bool read_genome(const json_t *object, const struct genome_schema *schema, struct genome *out)
{
    struct buf bytes = {0};
    bool ok = read_bytes(object, "genome", &bytes) && genome_decode(schema, bytes_of_buf(&bytes), out) == ERR_OK;

    buf_free(&bytes);
    return ok;
}

static enum err order_parse(struct json_reader *r, const struct program_spec *spec, const struct genome_schema *schema,
                            struct queue_order *out)
{
    const json_t *o = r->doc->root;
    const char *name = json_string_value(json_object_get(o, "instance"));

    *out = (struct queue_order){.instance = spec->file_count};
    if (!read_digest(o, "key", &out->key))
        read_fail(r, "key", ERR_SYNTAX, "expected 64 hexadecimal digits");
    if (!read_digest(o, "instance_hash", &out->instance_hash))
        read_fail(r, "instance_hash", ERR_SYNTAX, "expected 64 hexadecimal digits");
    if (!read_genome(o, schema, &out->genome))
        read_fail(r, "genome", ERR_MISMATCH, "expected a genome of the scenario's search space");
    read_require(r, o, "epoch");
    read_seed(r, o, "epoch", &out->epoch);
    read_require(r, o, "limit");
    read_seed(r, o, "limit", &out->limit);
    read_bool(r, o, "check", &out->check);
    for (unsigned i = 0; i < spec->file_count && name != NULL; i++) {
        if (strcmp(spec->files[i], name) == 0)
            out->instance = i;
    }
    if (out->instance == spec->file_count)
        read_fail(r, "instance", ERR_UNKNOWN, "expected one of the program's instances");
    return r->err;
}

/* Line number `number` of the text, from 0. */
static bool line_find(struct bytes text, unsigned number, struct bytes *out)
{
    const uint8_t *end = text.data + text.len, *at = text.data, *stop;

    for (;; number--, at = stop + 1) {
        stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
        if (stop == NULL)
            return false;
        if (number == 0)
            break;
    }
    *out = bytes_of(at, (size_t)(stop - at));
    return true;
}

enum err queue_order_read(const char *folder, unsigned number, const struct program_spec *spec,
                          const struct genome_schema *schema, struct queue_order *out, struct diag *diag)
{
    struct buf path = {0}, text = {0};
    struct bytes line;
    struct json_doc doc;
    enum err err;

    buf_printf(&path, "%s/tasks.jsonl", folder);
    err = file_read(buf_text(&path), TASKS_SIZE_MAX, &text, diag);
    if (err == ERR_OK && !line_find(bytes_of_buf(&text), number, &line))
        err = diag_set(diag, ERR_UNKNOWN, "%s: there is no task %u", buf_text(&path), number);
    if (err == ERR_OK)
        err = json_doc_parse(&doc, buf_text(&path), line, diag);
    if (err == ERR_OK) {
        struct json_reader r = {.doc = &doc, .diag = diag};

        err = order_parse(&r, spec, schema, out);
        buf_free(&r.pointer);
        json_doc_free(&doc);
    }
    buf_free(&path);
    buf_free(&text);
    return err;
}

enum err program_queue_read(const char *folder, char **scenario, struct digest *program, struct diag *diag)
{
    struct buf path = {0};
    struct json_doc doc;
    enum err err;

    buf_printf(&path, "%s/queue.json", folder);
    err = json_doc_load(&doc, buf_text(&path), RESULT_SIZE_MAX, diag);
    buf_free(&path);
    if (err != ERR_OK)
        return err;
    const char *file = json_string_value(json_object_get(doc.root, "scenario"));
    if (json_integer_value(json_object_get(doc.root, "version")) != QUEUE_VERSION)
        err = json_doc_complain(&doc, "/version", diag, ERR_UNKNOWN, "expected version %d", (int)QUEUE_VERSION);
    else if (file == NULL || !read_digest(doc.root, "program", program))
        err = json_doc_complain(&doc, "", diag, ERR_TYPE, "expected the path of a scenario and the hash of a program");
    else
        *scenario = text_copy(bytes_of_text(file));
    json_doc_free(&doc);
    return err;
}

/* ---- what came of it */

static void result_path(const char *folder, unsigned number, struct buf *out)
{
    buf_printf(out, "%s/results/%u.json", folder, number);
}

static void put_trial(json_t *o, const struct program_spec *spec, const struct trial *t)
{
    struct buf cost = {0};

    json_put(o, "status", json_string(evaluation_status_name(t->answer.status)));
    if (t->answer.status == EVALUATION_SUCCESS) {
        program_cost_number(spec, t->answer.cost, &cost);
        json_put(o, "cost", json_string(buf_text(&cost)));
    } else {
        json_put(o, "says", json_string(t->answer.says));
    }
    json_put(o, "runs", json_u64(t->runs));
    json_put(o, "retried", json_u64(t->retried));
    json_put(o, "checked", json_boolean(t->checked));
    json_put(o, "differed", json_boolean(t->differed));
    buf_free(&cost);
}

enum err queue_result_write(const char *folder, unsigned number, const struct program_spec *spec,
                            const struct digest *key, const struct trial *trial, const char *refused, struct diag *diag)
{
    struct buf path = {0}, text = {0};
    json_t *o = json_object();
    enum err err;

    json_put(o, "key", json_hex(digest_bytes(key)));
    if (refused != NULL)
        json_put(o, "refused", json_string(refused));
    else
        put_trial(o, spec, trial);
    json_line(o, &text);
    buf_add_byte(&text, '\n');
    json_decref(o);
    result_path(folder, number, &path);
    err = file_write(buf_text(&path), bytes_of_buf(&text), diag);
    buf_free(&path);
    buf_free(&text);
    return err;
}

static void trial_parse(struct json_reader *r, const struct queue_task *task, const struct program_spec *spec,
                        struct trial *out)
{
    const json_t *o = r->doc->root;
    const char *refused = json_string_value(json_object_get(o, "refused"));
    const char *status = json_string_value(json_object_get(o, "status"));
    const char *says = json_string_value(json_object_get(o, "says"));
    struct digest key;

    *out = (struct trial){.runs = 1};
    if (!read_digest(o, "key", &key) || MUTATE(QUEUE_ANY_RESULT, false, !digest_equal(&key, &task->key)))
        read_fail(r, "key", ERR_MISMATCH, "expected the key of the task: this is the result of another one");
    else if (refused != NULL)
        read_fail(r, "refused", ERR_STATE, "%s", refused);
    else if (status == NULL)
        read_fail(r, "status", ERR_MISSING, "expected SUCCESS, TIMEOUT, CRASHED or ABORT");
    read_unsigned(r, o, "runs", 0, UINT32_MAX / 2, &out->runs);
    read_unsigned(r, o, "retried", 0, UINT32_MAX / 2, &out->retried);
    read_bool(r, o, "checked", &out->checked);
    read_bool(r, o, "differed", &out->differed);
    if (r->err != ERR_OK)
        return;
    answer_told(&out->answer, spec, o);
    if (out->answer.status != EVALUATION_SUCCESS && says != NULL)
        answer_set(&out->answer, out->answer.status, "%s", says);
    else if (out->answer.status == EVALUATION_SUCCESS)
        answer_limit(&out->answer, &task->question);
}

enum err queue_result_read(const char *folder, unsigned number, const struct program_spec *spec,
                           const struct queue_task *task, struct trial *out, struct diag *diag)
{
    struct buf path = {0};
    struct json_doc doc;
    enum err err;

    result_path(folder, number, &path);
    if (access(buf_text(&path), F_OK) != 0) {
        buf_free(&path);
        return ERR_MISSING;
    }
    err = json_doc_load(&doc, buf_text(&path), RESULT_SIZE_MAX, diag);
    buf_free(&path);
    if (err != ERR_OK)
        return err;
    struct json_reader r = {.doc = &doc, .diag = diag};
    trial_parse(&r, task, spec, out);
    err = r.err;
    buf_free(&r.pointer);
    json_doc_free(&doc);
    return err;
}
