#define _GNU_SOURCE

#include "node/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "codec/cbor.h"
#include "fed/job.h"

struct trace_file {
    int fd;
    struct buf item;
};

/* ---- the file */

enum err trace_file_open(const char *path, struct trace_file **out, struct diag *diag)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (fd < 0)
        return diag_set(diag, ERR_IO, "%s: %s", path, strerror(errno));
    *out = mem_alloc(sizeof **out);
    (*out)->fd = fd;
    return ERR_OK;
}

void trace_file_close(struct trace_file *t)
{
    if (t == NULL)
        return;
    close(t->fd);
    buf_free(&t->item);
    mem_free(t);
}

static enum err item_write(struct trace_file *t)
{
    ssize_t n;

    do {
        n = write(t->fd, t->item.data, t->item.len);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)t->item.len ? ERR_OK : ERR_IO;
}

/* ---- a life */

enum { CONFIG_FIELDS = 14 };

static void config_put(struct cbor_writer *w, const struct fed_config *c)
{
    cbor_put_array(w, CONFIG_FIELDS);
    cbor_put_uint(w, c->seed);
    cbor_put_uint(w, c->last_epoch);
    cbor_put_bool(w, c->partial_ledger);
    cbor_put_bool(w, c->recovering);
    cbor_put_bytes(w, digest_bytes(&c->nonce));
    cbor_put_uint(w, c->sequence_floor);
    cbor_put_int(w, c->view_timeout_ns);
    cbor_put_int(w, c->view_timeout_max_ns);
    cbor_put_int(w, c->batch_delay_ns);
    cbor_put_int(w, c->resend_ns);
    cbor_put_int(w, c->submit_ns);
    cbor_put_int(w, c->submit_max_ns);
    cbor_put_int(w, c->poll_ns);
    cbor_put_uint(w, c->pipeline);
}

static void config_get(struct cbor_reader *r, struct fed_config *c)
{
    cbor_expect_array(r, CONFIG_FIELDS);
    c->seed = cbor_get_uint(r);
    c->last_epoch = cbor_get_uint(r);
    c->partial_ledger = cbor_get_bool(r);
    c->recovering = cbor_get_bool(r);
    c->nonce = digest_get(r);
    c->sequence_floor = cbor_get_uint(r);
    c->view_timeout_ns = cbor_get_int(r);
    c->view_timeout_max_ns = cbor_get_int(r);
    c->batch_delay_ns = cbor_get_int(r);
    c->resend_ns = cbor_get_int(r);
    c->submit_ns = cbor_get_int(r);
    c->submit_max_ns = cbor_get_int(r);
    c->poll_ns = cbor_get_int(r);
    c->pipeline = (unsigned)cbor_get_uint(r);
}

enum err trace_file_life(struct trace_file *t, const struct trace_life *life)
{
    struct cbor_writer w;

    buf_clear(&t->item);
    cbor_writer_init(&w, &t->item);
    cbor_put_array(&w, 7);
    cbor_put_uint(&w, TRACE_LIFE);
    cbor_put_uint(&w, TRACE_VERSION);
    cbor_put_bytes(&w, digest_bytes(&life->federation_id));
    cbor_put_bytes(&w, digest_bytes(&life->fingerprint));
    config_put(&w, &life->config);
    cbor_put_array(&w, life->record_count);
    for (size_t i = 0; i < life->record_count; i++)
        cbor_put_bytes(&w, blob_bytes(life->records[i]));
    cbor_put_uint(&w, life->height);
    cbor_writer_done(&w);
    return item_write(t);
}

void trace_life_fini(struct trace_life *life)
{
    for (size_t i = 0; i < life->record_count; i++)
        blob_drop(life->records[i]);
    mem_free(life->records);
    *life = (struct trace_life){0};
}

enum err trace_life_decode(struct bytes item, struct trace_life *out)
{
    struct trace_life life = {0};
    struct cbor_reader r;
    uint64_t count;
    enum err err;

    cbor_reader_init(&r, item);
    cbor_expect_array(&r, 7);
    if (cbor_get_uint(&r) != TRACE_LIFE || cbor_get_uint(&r) != TRACE_VERSION)
        cbor_fail(&r, ERR_UNKNOWN);
    life.federation_id = digest_get(&r);
    life.fingerprint = digest_get(&r);
    config_get(&r, &life.config);
    count = cbor_get_array(&r);
    life.records = mem_array(count + 1, sizeof(struct blob *));
    for (uint64_t i = 0; i < count && r.err == ERR_OK; i++) {
        struct bytes record = cbor_get_bytes(&r);

        if (r.err == ERR_OK)
            life.records[life.record_count++] = blob_new(record);
    }
    life.height = cbor_get_uint(&r);
    err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *out = life;
    else
        trace_life_fini(&life);
    return err;
}

/* ---- a step */

static void cycle_put(struct cbor_writer *w, const struct genome_schema *schema, const struct cycle_result *c)
{
    cbor_put_array(w, 5);
    cbor_put_array(w, 2 * (uint64_t)c->count);
    for (unsigned i = 0; i < c->count; i++) {
        genome_put(w, schema, &c->best[i].genome);
        cbor_put_uint(w, c->best[i].cost);
    }
    cbor_put_uint(w, c->incumbent_cost);
    cbor_put_int(w, c->delta_ppm);
    cbor_put_uint(w, c->evaluations);
    cbor_put_uint(w, c->iterations);
}

static void cycle_get(struct cbor_reader *r, const struct genome_schema *schema, struct cycle_result *c)
{
    uint64_t count;

    cbor_expect_array(r, 5);
    count = cbor_get_array(r);
    if (count % 2 != 0 || count / 2 > CYCLE_MIGRANTS_MAX)
        cbor_fail(r, ERR_RANGE);
    for (; r->err == ERR_OK && c->count < count / 2; c->count++) {
        genome_get(r, schema, &c->best[c->count].genome);
        c->best[c->count].cost = cbor_get_uint(r);
    }
    c->incumbent_cost = cbor_get_uint(r);
    c->delta_ppm = cbor_get_int(r);
    c->evaluations = (unsigned)cbor_get_uint(r);
    c->iterations = cbor_get_uint(r);
}

enum { STEP_FIELDS = 12 };

enum err trace_file_step(struct trace_file *t, const struct genome_schema *schema, const struct fed_event *event,
                         enum err err, const struct digest *effects)
{
    struct cbor_writer w;

    buf_clear(&t->item);
    cbor_writer_init(&w, &t->item);
    cbor_put_array(&w, STEP_FIELDS);
    cbor_put_uint(&w, TRACE_STEP);
    cbor_put_uint(&w, event->kind);
    cbor_put_int(&w, event->now_ns);
    cbor_put_uint(&w, event->from);
    cbor_put_uint(&w, event->timer);
    cbor_put_uint(&w, event->epoch);
    cbor_put_uint(&w, event->number);
    if (event->blob != NULL)
        cbor_put_bytes(&w, blob_bytes(event->blob));
    else
        cbor_put_null(&w);
    if (event->costs != NULL)
        cbor_put_array(&w, event->count);
    else
        cbor_put_null(&w);
    for (unsigned i = 0; event->costs != NULL && i < event->count; i++)
        cbor_put_uint(&w, event->costs[i]);
    if (event->cycle != NULL)
        cycle_put(&w, schema, event->cycle);
    else
        cbor_put_null(&w);
    cbor_put_uint(&w, err);
    cbor_put_bytes(&w, digest_bytes(effects));
    cbor_writer_done(&w);
    return item_write(t);
}

void trace_step_fini(struct trace_step *step)
{
    blob_drop(step->event.blob);
    mem_free((void *)(uintptr_t)step->event.costs);
    *step = (struct trace_step){0};
}

static bool is_null(struct cbor_reader *r)
{
    if (cbor_peek(r) != CBOR_SIMPLE)
        return false;
    cbor_get_null(r);
    return true;
}

static uint64_t *costs_get(struct cbor_reader *r, unsigned *count)
{
    uint64_t given = cbor_get_array(r), *costs = mem_array(given + 1, sizeof costs[0]);

    for (uint64_t i = 0; i < given; i++)
        costs[i] = cbor_get_uint(r);
    *count = (unsigned)given;
    return costs;
}

enum err trace_step_decode(struct bytes item, const struct genome_schema *schema, struct trace_step *out)
{
    struct fed_event *e = &out->event;
    struct cbor_reader r;
    uint64_t err;

    *out = (struct trace_step){0};
    cbor_reader_init(&r, item);
    cbor_expect_array(&r, STEP_FIELDS);
    if (cbor_get_uint(&r) != TRACE_STEP)
        cbor_fail(&r, ERR_UNKNOWN);
    e->kind = (enum fed_event_kind)cbor_get_uint(&r);
    e->now_ns = cbor_get_int(&r);
    e->from = (unsigned)cbor_get_uint(&r);
    e->timer = (uint32_t)cbor_get_uint(&r);
    e->epoch = cbor_get_uint(&r);
    e->number = cbor_get_uint(&r);
    if (!is_null(&r)) {
        struct bytes message = cbor_get_bytes(&r);
        e->blob = r.err == ERR_OK ? blob_new(message) : NULL;
    }
    if (!is_null(&r))
        e->costs = costs_get(&r, &e->count);
    if (!is_null(&r)) {
        cycle_get(&r, schema, &out->cycle);
        e->cycle = &out->cycle;
    }
    err = cbor_get_uint(&r);
    if (e->kind > FED_EVENT_SIGN_OFF || err >= ERR_COUNT)
        cbor_fail(&r, ERR_RANGE);
    out->err = (enum err)err;
    out->effects = digest_get(&r);
    if (cbor_reader_done(&r) == ERR_OK)
        return ERR_OK;
    trace_step_fini(out);
    return r.err != ERR_OK ? r.err : ERR_SYNTAX;
}

enum err trace_item_kind(struct bytes in, size_t *size, enum trace_item *kind)
{
    struct cbor_reader r;
    uint64_t type;

    cbor_reader_init(&r, in);
    cbor_get_raw(&r);
    if (r.err != ERR_OK)
        return r.err;
    *size = r.pos;
    cbor_reader_init(&r, bytes_of(in.data, *size));
    cbor_get_array(&r);
    type = cbor_get_uint(&r);
    if (r.err != ERR_OK)
        return r.err;
    if (type != TRACE_LIFE && type != TRACE_STEP)
        return ERR_UNKNOWN;
    *kind = (enum trace_item)type;
    return ERR_OK;
}

/* ---- effects */

static void job_put(struct cbor_writer *w, struct effect_body *body)
{
    const struct job *job = job_of(body);

    cbor_put_array(w, 4);
    cbor_put_uint(w, job->kind);
    cbor_put_uint(w, job->number);
    cbor_put_uint(w, job->candidate_count);
    cbor_put_uint(w, job->claimed);
}

static void effect_put(struct cbor_writer *w, const struct effect *e)
{
    struct digest blob = {{0}};

    if (e->blob != NULL)
        blob = digest_of(blob_bytes(e->blob));
    cbor_put_array(w, 10);
    cbor_put_uint(w, e->kind);
    cbor_put_int(w, e->to);
    cbor_put_uint(w, e->timer);
    cbor_put_int(w, e->at_ns);
    cbor_put_uint(w, e->number);
    cbor_put_uint(w, e->other);
    cbor_put_uint(w, e->after);
    cbor_put_text(w, e->name != NULL ? e->name : "");
    cbor_put_bytes(w, digest_bytes(&blob));
    if (e->kind == EFFECT_JOB)
        job_put(w, e->body);
    else
        cbor_put_null(w);
}

struct digest trace_effects(const struct effects *effects)
{
    struct buf bytes = {0};
    struct cbor_writer w;
    struct digest d;

    cbor_writer_init(&w, &bytes);
    cbor_put_array(&w, effects->count);
    for (size_t i = 0; i < effects->count; i++)
        effect_put(&w, &effects->items[i]);
    cbor_writer_done(&w);
    d = digest_of(bytes_of_buf(&bytes));
    buf_free(&bytes);
    return d;
}
