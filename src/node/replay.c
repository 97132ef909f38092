#include "node/replay.h"

#include <inttypes.h>

#include "base/table.h"
#include "driver/outbox.h"
#include "fed/messages.h"
#include "node/trace.h"
#include "world/disk.h"

struct player {
    const struct replay *replay;
    struct replay_report *report;
    struct disk disk;
    struct outbox outbox;
    struct effects effects;
    struct fed *fed;
    struct table persisted; /* digests of the records that the machine has asked for */
    size_t at;              /* in the trace */
};

/* ---- the disk: nothing is durable before the trace says so */

static void do_write(struct player *p, enum disk_kind kind, uint64_t serial, uint64_t number, struct blob *blob)
{
    int64_t done_ns;

    (void)disk_begin(&p->disk, 0, 0, kind, serial, number, blob, &done_ns);
}

static void do_persist(void *context, uint64_t serial, uint64_t number, struct blob *record)
{
    struct player *p = context;
    struct digest d = digest_of(blob_bytes(record));
    bool is_new;

    (void)table_add(&p->persisted, &d, &is_new);
    do_write(p, DISK_RECORD, serial, number, record);
}

static void do_append(void *context, uint64_t serial, uint64_t height, struct blob *block)
{
    do_write(context, DISK_BLOCK, serial, height, block);
}

static void do_snapshot(void *context, uint64_t serial, uint64_t height, struct blob *snapshot)
{
    do_write(context, DISK_SNAPSHOT, serial, height, snapshot);
}

static void do_forget(void *context, uint64_t number)
{
    disk_forget(&((struct player *)context)->disk, number);
}

static const struct outbox_actions actions = {
    .persist = do_persist, .append = do_append, .snapshot = do_snapshot, .forget = do_forget};

static enum err become_durable(struct player *p, uint64_t serial, struct diag *diag)
{
    struct disk_write w;

    while (p->outbox.durable < serial) {
        if (disk_finish(&p->disk, 0, &w) != DISK_DONE)
            return diag_set(diag, ERR_MISMATCH, "byte %zu: write %" PRIu64 " became durable, which was not asked for",
                            p->at, serial);
        blob_drop(w.blob);
        outbox_durable(&p->outbox, w.serial);
    }
    return ERR_OK;
}

/* ---- a life */

static enum err restore(struct player *p, const struct trace_life *life, struct diag *diag)
{
    for (size_t i = 0; i < life->record_count; i++) {
        struct digest d = digest_of(blob_bytes(life->records[i]));
        enum err err = fed_restore(p->fed, blob_bytes(life->records[i]));

        if (err != ERR_OK)
            return diag_set(diag, err, "byte %zu: record %zu is refused: %s", p->at, i, err_text(err));
        if (table_find(&p->persisted, &d) == NULL)
            return diag_set(diag, ERR_MISMATCH, "byte %zu: record %zu was never asked for", p->at, i);
    }
    enum err err = fed_restored(p->fed);
    return err == ERR_OK ? ERR_OK : diag_set(diag, err, "byte %zu: some records are missing", p->at);
}

static enum err machine_open(struct player *p, const struct trace_life *life, struct diag *diag)
{
    struct fed_config config = life->config;
    enum err err;

    config.key = *p->replay->key;
    if (p->replay->next_key != NULL)
        config.next_key = *p->replay->next_key;
    err = fed_new(p->replay->genesis, &config, &p->disk.ledger, &p->fed, diag);
    key_wipe(&config.key);
    key_wipe(&config.next_key);
    return err == ERR_OK ? restore(p, life, diag) : err;
}

/* What was written and not told durable when the process ended may be there or not: the height says how much of it. */
static enum err machine_begin(struct player *p, const struct trace_life *life, struct diag *diag)
{
    enum err err;

    disk_crash(&p->disk, 0);
    err = machine_open(p, life, diag);
    if (err == ERR_OK && fed_state(p->fed)->height != life->height)
        err = diag_set(diag, ERR_MISMATCH, "byte %zu: it began at height %" PRIu64 ", and here at %" PRIu64, p->at,
                       life->height, fed_state(p->fed)->height);
    return err;
}

/* Writes of the life that ended, as far as a block says that they were durable. */
static void keep_until(struct player *p, uint64_t height)
{
    struct disk_write w;

    while (p->disk.height < height && disk_syncing(&p->disk) > 0) {
        disk_keep(&p->disk, &w);
        blob_drop(w.blob);
    }
}

static enum err begin_life(struct player *p, struct bytes item, struct diag *diag)
{
    struct digest id = digest_of(p->replay->genesis);
    struct trace_life life;
    enum err err = trace_life_decode(item, &life);

    if (err != ERR_OK)
        return diag_set(diag, err, "byte %zu: not the beginning of a life: %s", p->at, err_text(err));
    if (!digest_equal(&life.federation_id, &id))
        err = diag_set(diag, ERR_STATE, "the trace is of another federation than the genesis document");
    else if (!digest_equal(&life.fingerprint, &p->replay->key->fingerprint))
        err = diag_set(diag, ERR_KEY, "the trace is of a node with another key");
    if (err == ERR_OK) {
        fed_free(p->fed);
        p->fed = NULL;
        outbox_reset(&p->outbox);
        keep_until(p, life.height);
        err = machine_begin(p, &life, diag);
        p->report->lives++;
    }
    trace_life_fini(&life);
    return err;
}

/* ---- a step */

static const char *const kinds[] = {"start",   "message", "timer", "cycle",    "score",
                                    "recount", "durable", "leave", "sign-off", "key"};

static enum err compare(struct player *p, const struct trace_step *step, enum err err, struct diag *diag)
{
    struct digest effects = trace_effects(&p->effects);
    const char *what = step->event.blob != NULL ? message_name(blob_bytes(step->event.blob)) : "";

    if (err == step->err && digest_equal(&effects, &step->effects))
        return ERR_OK;
    return diag_set(diag, ERR_MISMATCH,
                    "byte %zu: life %" PRIu64 ", step %" PRIu64
                    " (%s %s): the machine does something else now: \"%s\" and "
                    "%zu effects; then it was \"%s\"",
                    p->at, p->report->lives, p->report->steps, kinds[step->event.kind], what, err_text(err),
                    p->effects.count, err_text(step->err));
}

static enum err do_step(struct player *p, struct trace_step *step, struct diag *diag)
{
    enum err err = ERR_OK, told;

    if (step->event.kind == FED_EVENT_DURABLE)
        err = become_durable(p, step->event.number, diag);
    if (err != ERR_OK)
        return err;
    told = fed_step(p->fed, &step->event, &p->effects);
    err = compare(p, step, told, diag);
    outbox_carry(&p->outbox, &p->effects);
    p->report->steps++;
    p->report->messages += step->event.kind == FED_EVENT_MESSAGE;
    return err;
}

static enum err one_step(struct player *p, struct bytes item, struct diag *diag)
{
    struct trace_step step;
    enum err err;

    if (p->fed == NULL)
        return diag_set(diag, ERR_SYNTAX, "byte %zu: a step before the first life", p->at);
    err = trace_step_decode(item, fed_state(p->fed)->schema, &step);
    if (err != ERR_OK)
        return diag_set(diag, err, "byte %zu: not a step: %s", p->at, err_text(err));
    err = do_step(p, &step, diag);
    trace_step_fini(&step);
    return err;
}

static enum err play(struct player *p, struct diag *diag)
{
    struct bytes in = p->replay->trace;
    enum err err = ERR_OK;

    while (err == ERR_OK && p->at < in.len) {
        enum trace_item kind;
        size_t size;

        err = trace_item_kind(bytes_of(in.data + p->at, in.len - p->at), &size, &kind);
        if (err == ERR_TRUNCATED) {
            p->report->torn = true;
            return ERR_OK;
        }
        if (err != ERR_OK)
            return diag_set(diag, err, "byte %zu: %s", p->at, err_text(err));
        struct bytes item = bytes_of(in.data + p->at, size);
        err = kind == TRACE_LIFE ? begin_life(p, item, diag) : one_step(p, item, diag);
        p->at += size;
    }
    return err;
}

enum err replay_run(const struct replay *replay, struct replay_report *out, struct diag *diag)
{
    struct player p = {.replay = replay, .report = out};
    enum err err;

    *out = (struct replay_report){0};
    disk_init(&p.disk, NULL);
    outbox_init(&p.outbox, &actions, &p);
    table_init(&p.persisted, sizeof(struct digest), sizeof(struct digest));
    err = play(&p, diag);
    if (p.fed != NULL) {
        out->height = fed_state(p.fed)->height;
        out->epoch = fed_state(p.fed)->epoch;
    }
    fed_free(p.fed);
    effects_free(&p.effects);
    outbox_fini(&p.outbox);
    table_free(&p.persisted);
    disk_fini(&p.disk);
    return err;
}
