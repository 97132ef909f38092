#include "program/session.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/mutate.h"
#include "genome/genome_json.h"
#include "program/cost.h"

/* ---- out */

static void tell(json_t *message, struct buf *out)
{
    json_line(message, out);
    buf_add_byte(out, '\n');
    json_decref(message);
}

static json_t *digest_json(const struct digest *d)
{
    return json_hex(digest_bytes(d));
}

static void hello_out(const struct genome_schema *schema, struct buf *out)
{
    struct digest hash = genome_schema_hash(schema);
    json_t *o = json_object(), *genes = json_array();

    for (unsigned i = 0; i < schema->count; i++)
        json_push(genes, json_string(schema->genes[i].name));
    json_put(o, "type", json_string("hello"));
    json_put(o, "version", json_integer(SESSION_VERSION));
    json_put(o, "schema_hash", digest_json(&hash));
    json_put(o, "genes", genes);
    tell(o, out);
}

/* The greatest cost that is a success, as the program counts. */
static json_t *limit_json(const struct question *q)
{
    uint64_t scale = cost_scale(q->spec->decimals);
    int64_t limit = (int64_t)(q->limit * scale) + q->spec->cost_min;

    if (limit % (int64_t)scale != 0)
        return json_real((double)limit / (double)scale);
    return json_integer(limit / (int64_t)scale);
}

static void request_out(uint64_t id, const struct question *q, struct buf *out)
{
    json_t *o = json_object(), *limits = json_object();

    json_put(limits, "cost", limit_json(q));
    json_put(limits, "cutoff_ms", json_integer(q->spec->limits.cutoff_ms));
    json_put(limits, "memory_mb", json_integer(q->spec->limits.memory_mb));
    json_put(o, "type", json_string("evaluate"));
    json_put(o, "id", json_u64(id));
    json_put(o, "genome", genome_json(&q->space->schema, q->genome));
    json_put(o, "genome_hash", digest_json(&q->genome_hash));
    json_put(o, "instance", json_string(q->instance->name));
    json_put(o, "instance_hash", digest_json(&q->instance->hash));
    json_put(o, "seed", json_integer(q->seed));
    json_put(o, "limits", limits);
    tell(o, out);
}

/* ---- in */

/* Why nothing usable came. Ends the child. */
static void end_badly(struct session *s, enum child_said said, unsigned late_ms, struct answer *out)
{
    const struct child_limits *l = &s->spec->limits;
    struct buf remarks = {0};
    bool beats = s->heartbeat_ms > 0 && late_ms < l->cutoff_ms;
    struct warden_report report;

    if (said == CHILD_ENDED) { /* it has closed its output: a moment to see how it ends */
        struct buf rest = {0};
        (void)child_rest(&s->child, child_clock_ns() + 1000000000, &rest);
        buf_free(&rest);
    }
    report = child_stop(&s->child, &remarks);

    if (said == CHILD_FLOOD)
        answer_set(out, EVALUATION_CRASHED, "printed more than %u KB", l->output_kb);
    else if (said == CHILD_LATE && report.end == WARDEN_TOLD && beats)
        answer_set(out, EVALUATION_CRASHED, "hangs: no heartbeat for %u ms", late_ms);
    else if (said == CHILD_LATE && report.end == WARDEN_TOLD)
        answer_set(out, EVALUATION_TIMEOUT, "no answer after %u ms", late_ms);
    else
        answer_from_end(out, s->spec, report, &remarks);
    buf_free(&remarks);
}

/* An object with the member "type", or an answer that says what is wrong with the line. The caller frees doc. */
static const char *line_parse(const struct buf *line, struct json_doc *doc, struct answer *out)
{
    struct diag diag = {0};

    if (json_doc_parse(doc, "line", bytes_of_buf(line), &diag) != ERR_OK) {
        answer_set(out, EVALUATION_ABORT, "not a line of JSON: %s", diag.text);
        return NULL;
    }
    const char *type = json_string_value(json_object_get(doc->root, "type"));
    if (type != NULL)
        return type;
    answer_set(out, EVALUATION_ABORT, "a line without a \"type\": %.*s", line->len < 60 ? (int)line->len : 60,
               (const char *)line->data);
    json_doc_free(doc);
    return NULL;
}

static bool hello_accept(struct session *s, const json_t *o, const char *type, const struct genome_schema *schema,
                         struct answer *why)
{
    const json_t *version = json_object_get(o, "version"), *deterministic = json_object_get(o, "deterministic");
    const json_t *hash_text = json_object_get(o, "schema_hash"), *beat = json_object_get(o, "heartbeat_ms");
    struct digest hash = genome_schema_hash(schema);
    char hex[2 * DIGEST_SIZE + 1];

    digest_hex(&hash, hex);
    if (strcmp(type, "hello") != 0)
        answer_set(why, EVALUATION_ABORT, "the first line is a \"%.40s\", should be a hello", type);
    else if (!json_is_integer(version) || json_integer_value(version) != SESSION_VERSION)
        answer_set(why, EVALUATION_ABORT, "it speaks version %lld, here is version %d",
                   (long long)json_integer_value(version), SESSION_VERSION);
    else if (hash_text != NULL && (!json_is_string(hash_text) || strcmp(json_string_value(hash_text), hex) != 0))
        answer_set(why, EVALUATION_ABORT, "it expects another search space: its schema_hash is not %.12s...", hex);
    else if (beat != NULL &&
             (!json_is_integer(beat) || json_integer_value(beat) < 1 || json_integer_value(beat) > 3600000))
        answer_set(why, EVALUATION_ABORT, "its heartbeat_ms is not in 1..3600000");
    else if (deterministic != NULL && !json_is_boolean(deterministic))
        answer_set(why, EVALUATION_ABORT, "its \"deterministic\" is neither true nor false");
    else {
        s->deterministic = deterministic == NULL || json_is_true(deterministic);
        s->heartbeat_ms = (unsigned)json_integer_value(beat);
        return true;
    }
    return false;
}

static bool hello(struct session *s, const struct genome_schema *schema, struct answer *why)
{
    int64_t deadline = child_clock_ns() + (int64_t)SESSION_HELLO_MS * 1000000;
    struct buf text = {0};
    struct json_doc doc;
    bool ok = false;

    hello_out(schema, &text);
    enum child_said said = child_tell(&s->child, bytes_of_buf(&text), deadline);
    if (said == CHILD_LINE)
        said = child_line(&s->child, deadline, &text);
    if (said != CHILD_LINE) {
        end_badly(s, said, SESSION_HELLO_MS, why);
    } else {
        const char *type = line_parse(&text, &doc, why);

        if (type != NULL) {
            ok = hello_accept(s, doc.root, type, schema, why);
            json_doc_free(&doc);
        }
        if (!ok)
            (void)child_stop(&s->child, NULL);
    }
    buf_free(&text);
    return ok;
}

struct session *session_open(const struct program_spec *spec, const char *file, const struct cage *cage,
                             const struct genome_schema *schema, struct answer *why)
{
    struct session *s = mem_alloc(sizeof *s);
    struct child_command command = {file, spec->arguments, spec->folder, cage, spec->limits, true};
    struct diag diag = {0};

    s->spec = spec;
    if (child_start(&command, &s->child, &diag) != ERR_OK) {
        answer_set(why, EVALUATION_CRASHED, "%s", diag.text);
    } else if (hello(s, schema, why)) {
        return s;
    }
    mem_free(s);
    return NULL;
}

void session_close(struct session *s)
{
    (void)child_stop(&s->child, NULL);
    mem_free(s);
}

/* True: this line is the answer (or none can come any more). */
static bool take_line(struct session *s, const struct buf *line, bool *usable, struct answer *out)
{
    struct json_doc doc;
    const char *type = line_parse(line, &doc, out);
    bool done = true;

    *usable = false;
    if (type == NULL)
        return true;
    const json_t *id = json_object_get(doc.root, "id");
    bool is_asked = MUTATE(PROGRAM_ANY_ID, true, json_is_integer(id) && (uint64_t)json_integer_value(id) == s->asked);
    if (strcmp(type, "heartbeat") == 0) {
        done = false;
    } else if (strcmp(type, "result") != 0) {
        answer_set(out, EVALUATION_ABORT, "a \"%.40s\", should be a result or a heartbeat", type);
    } else if (!is_asked) {
        answer_set(out, EVALUATION_ABORT, "a result with the id %lld, asked was %" PRIu64,
                   (long long)json_integer_value(id), s->asked);
    } else {
        answer_json(out, s->spec, doc.root);
        *usable = true;
    }
    json_doc_free(&doc);
    return done;
}

/* Until when the next line must be there, and how long that is. */
static int64_t patience(const struct session *s, int64_t start_ns, unsigned *ms)
{
    int64_t end_ns = start_ns + (int64_t)s->spec->limits.cutoff_ms * 1000000;
    int64_t beat_ns = child_clock_ns() + (int64_t)s->heartbeat_ms * SESSION_HEARTBEATS_MISSED * 1000000;
    bool beats = s->heartbeat_ms > 0 && beat_ns < end_ns;

    *ms = beats ? s->heartbeat_ms * SESSION_HEARTBEATS_MISSED : s->spec->limits.cutoff_ms;
    return beats ? beat_ns : end_ns;
}

bool session_ask(struct session *s, const struct question *q, struct answer *out)
{
    int64_t start = child_clock_ns();
    struct buf text = {0};
    bool usable = false;
    unsigned late_ms;

    s->asked++;
    child_allow(&s->child);
    request_out(s->asked, q, &text);
    enum child_said said = child_tell(&s->child, bytes_of_buf(&text), patience(s, start, &late_ms));
    while (said == CHILD_LINE) {
        said = child_line(&s->child, patience(s, start, &late_ms), &text);
        if (said == CHILD_LINE && take_line(s, &text, &usable, out))
            break;
    }
    if (said != CHILD_LINE)
        end_badly(s, said, late_ms, out);
    buf_free(&text);
    return usable;
}
