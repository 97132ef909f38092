#include "node/sinking.h"

#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <time.h>

#include "base/text.h"
#include "ledger/end.h"
#include "node/log.h"
#include "node/store_reader.h"
#include "record/summary.h"
#include "record/summary_file.h"
#include "sink/sink.h"

/* A sink that fails is tried again after this, and then after twice as long, up to the bound. What was asked of the
 * store may not be durable yet: it is looked for again until it is. */
enum { LOOK_MS = 200, RETRY_MS = 500, RETRY_MAX_MS = 30000, PATIENCE_S = 20, CLOSING_MS = 5000 };

struct sinking {
    const struct node_config *config;
    const struct scenario *scenario;
    struct bytes genesis;
    struct secret_key key;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool due, closing, done;  /* under the lock: an epoch has ended; the node ends; the thread has ended */
    atomic_ullong ended;      /* the last epoch that has */
    atomic_bool given_up;     /* the node ends, and waits no longer */
    struct patience patience; /* until given_up */

    /* The thread's own. */
    struct sink *sink; /* NULL: it failed, or was not opened yet */
    struct store_reader reader;
    struct history history;
    struct summary_file epochs; /* of the summary */
    uint64_t last_epoch;        /* in the sink */
    bool failing;               /* and the log says so */
    bool summary_due;
};

/* ---- what the thread tells from the store */

static void forget(struct sinking *s)
{
    history_fini(&s->history);
    store_reader_fini(&s->reader);
    summary_file_fini(&s->epochs);
}

static enum err open_history(struct sinking *s, struct diag *diag)
{
    sqlite3 *db = NULL;
    enum err err;

    if (s->reader.db != NULL)
        return ERR_OK;
    summary_file_init(&s->epochs, NULL);
    err = sql_open(s->config->store, SQL_READ, &db, diag);
    if (err == ERR_OK)
        err = store_reader_init(&s->reader, db, diag);
    return err == ERR_OK ? history_open(s->genesis, &s->reader.ledger, 0, UINT64_MAX, &s->history, diag) : err;
}

/* Blocks that have become durable since. */
static enum err look_for_more(struct sinking *s, struct diag *diag)
{
    int64_t height;
    enum err err = sql_number(s->reader.db, "SELECT MAX(height) FROM block", &height, diag);

    if (err == ERR_OK)
        s->history.height = (uint64_t)height;
    return err;
}

/* ---- into the sink */

/* The signature of an epoch that is in the sink already stands there: the node's key may be another one by now. */
static enum err sign_epoch(struct sinking *s, struct buf *signature, struct diag *diag)
{
    const struct history_epoch *e = &s->history.epoch;

    if (e->epoch <= s->last_epoch)
        return sink_signature(s->sink, e->epoch, signature, diag);
    if (signers_find(&e->signers, &s->key.fingerprint) == NULL)
        return diag_set(diag, ERR_KEY,
                        "epoch %" PRIu64 ": the key of this node may not sign its anchor; let a node write the sink "
                        "that was a member then",
                        e->epoch);
    anchor_sign(&s->key, &e->anchor, signature);
    return ERR_OK;
}

static enum err write_epoch(struct sinking *s, struct diag *diag)
{
    const struct history_epoch *e = &s->history.epoch;
    struct buf signature = {0}, text = {0};
    enum err err = sign_epoch(s, &signature, diag);

    if (err == ERR_OK && e->epoch > s->last_epoch) {
        summary_ledger(&s->history, bytes_of_buf(&signature), &text);
        err = sink_put_epoch(s->sink, e->epoch, bytes_of_buf(&text), (struct bytes){0}, diag);
    }
    if (err == ERR_OK) {
        const struct record_epoch epoch = {.epoch = e->epoch, .log = e, .signature = bytes_of_buf(&signature)};

        json_t *json = summary_epoch(&s->history, &epoch);
        summary_file_add(&s->epochs, json);
        json_decref(json);
        s->last_epoch = e->epoch > s->last_epoch ? e->epoch : s->last_epoch;
        s->summary_due = true;
    }
    buf_free(&signature);
    buf_free(&text);
    return err;
}

/* ---- the summary, of what one node knows */

static json_t *nodes_json(const struct sinking *s)
{
    const struct federation_state *state = &s->history.state;
    json_t *out = json_array();

    for (unsigned i = 0; i < state->member_count; i++) {
        const struct member *m = state_member(state, i);
        bool is_self = strcmp(m->card.name, s->config->node) == 0;
        const struct record_node node = {&m->card, m, is_self, is_self ? state->height : 0};

        json_push(out, summary_node(&node));
    }
    return out;
}

/* A validator vouches for the end itself; the others' statements are not known here. */
static unsigned vouch(struct sinking *s, struct record_vouch *out)
{
    const struct federation_state *state = &s->history.state;
    int member = state_find(state, &s->key.fingerprint);
    struct end_statement end = state_end(state);

    if (member < 0 || !state_member(state, (unsigned)member)->votes)
        return 0;
    *out = (struct record_vouch){.kid = s->key.fingerprint, .name = s->config->node};
    end_sign(&s->key, &end, &out->signature);
    return 1;
}

static enum err make_summary(struct sinking *s, struct buf *out, struct diag *diag)
{
    struct record_vouch own = {0};
    struct record_whole whole = {
        .scenario = s->scenario->name,
        .label = s->config->node,
        .seed = s->scenario->seed,
        .scenario_sha256 = s->scenario->text,
        .recorder = s->config->node,
        .recorder_key = &s->key,
        .epoch_count = s->history.epoch_count,
        .events = json_array(),
        .network = summary_network(0),
        .work = summary_work(),
        .nodes = nodes_json(s),
        .costs = json_array(),
        .roots_agree = true,
        .gain_ppm = PPM,
        .vouch_count = vouch(s, &own),
        .vouches = &own,
    };
    json_t *summary = summary_whole(&s->history, &whole);
    enum err err = summary_file_finish(&s->epochs, summary, &s->key, diag);
    struct bytes part = {0};

    json_decref(summary);
    buf_free(&own.signature);
    do {
        if (err == ERR_OK)
            err = summary_file_give(&s->epochs, &part, diag);
        buf_add(out, part.data, part.len);
    } while (err == ERR_OK && part.len > 0);
    return err;
}

static enum err write_summary(struct sinking *s, struct diag *diag)
{
    struct buf text = {0};
    struct signers signers = {0};
    bool may;
    enum err err = ERR_OK;

    signers_of(&s->history.state, &signers);
    may = signers_find(&signers, &s->key.fingerprint) != NULL;
    signers_free(&signers);
    if (may)
        err = make_summary(s, &text, diag);
    if (err == ERR_OK && may && history_governance(&s->history).len > 0)
        err = sink_put_governance(s->sink, history_governance(&s->history), diag);
    if (err == ERR_OK && may)
        err = sink_put_summary(s->sink, bytes_of_buf(&text), diag);
    buf_free(&text);
    s->summary_due = err != ERR_OK;
    return err;
}

/* ---- catching up */

/* What the history has told last is written, or is the next to be written: else the sink is another one than before,
 * and all is told anew. */
static enum err open_sink(struct sinking *s, struct diag *diag)
{
    struct buf genesis = {0};
    json_t *json;
    enum err err = ERR_OK;

    if (s->sink != NULL)
        return ERR_OK;
    err = sink_open(s->config->sink, SINK_WRITE, &s->patience, &s->sink, diag);
    json = summary_genesis(s->genesis);
    json_render(json, &genesis);
    json_decref(json);
    if (err == ERR_OK)
        err = sink_begin(s->sink, s->config->node, bytes_of_buf(&genesis), &s->last_epoch, diag);
    buf_free(&genesis);
    if (err == ERR_OK)
        forget(s);
    return err;
}

/* All that is durable. */
static enum err bring(struct sinking *s, struct diag *diag)
{
    bool more = true;
    enum err err = open_sink(s, diag);

    if (err == ERR_OK)
        err = open_history(s, diag);
    if (err == ERR_OK)
        err = look_for_more(s, diag);
    while (err == ERR_OK && more && !atomic_load(&s->given_up)) {
        err = history_next(&s->history, &more, diag);
        if (err == ERR_OK && more)
            err = write_epoch(s, diag);
    }
    if (err == ERR_OK && s->summary_due)
        err = write_summary(s, diag);
    return err;
}

static void tell(struct sinking *s, enum err err, const struct diag *diag)
{
    if (err != ERR_OK && !s->failing)
        log_line(LOG_WARNING, "sink", "reason=\"%s\" next=\"it is tried again, from the store\"", diag->text);
    if (err == ERR_OK && s->failing)
        log_line(LOG_INFO, "sink", "epoch=%llu reason=\"it takes epochs again\"", (unsigned long long)s->last_epoch);
    s->failing = err != ERR_OK;
}

/* ---- the thread */

static void time_from_now(unsigned ms, struct timespec *out)
{
    clock_gettime(CLOCK_MONOTONIC, out);
    out->tv_nsec += (long)(ms % 1000) * 1000000;
    out->tv_sec += (time_t)(ms / 1000) + out->tv_nsec / 1000000000;
    out->tv_nsec %= 1000000000;
}

/* Until an epoch ends, the node ends, or so long; 0: without a bound. False: the node ends. */
static bool rest(struct sinking *s, unsigned ms)
{
    struct timespec until;
    bool go_on;

    time_from_now(ms, &until);
    pthread_mutex_lock(&s->lock);
    while (!s->due && !s->closing) {
        if (ms == 0)
            pthread_cond_wait(&s->woken, &s->lock);
        else if (pthread_cond_timedwait(&s->woken, &s->lock, &until) != 0)
            break;
    }
    s->due = false;
    go_on = !s->closing;
    pthread_mutex_unlock(&s->lock);
    return go_on;
}

/* One attempt; how long to rest after it. */
static unsigned attempt(struct sinking *s, unsigned *retry_ms)
{
    struct diag diag = {0};
    enum err err = bring(s, &diag);

    tell(s, err, &diag);
    if (err == ERR_OK) {
        *retry_ms = RETRY_MS;
        return s->last_epoch < atomic_load(&s->ended) ? LOOK_MS : 0; /* it is not durable yet */
    }
    sink_close(s->sink);
    s->sink = NULL;
    *retry_ms = 2 * *retry_ms < RETRY_MAX_MS ? 2 * *retry_ms : RETRY_MAX_MS;
    return *retry_ms / 2;
}

static void *work(void *context)
{
    struct sinking *s = context;
    unsigned retry_ms = RETRY_MS;

    while (rest(s, attempt(s, &retry_ms)))
        ;
    (void)attempt(s, &retry_ms); /* what has become durable meanwhile */
    sink_close(s->sink);
    forget(s);
    pthread_mutex_lock(&s->lock);
    s->done = true;
    pthread_cond_broadcast(&s->woken);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void wake(struct sinking *s, bool closing)
{
    pthread_mutex_lock(&s->lock);
    s->due = true;
    s->closing |= closing;
    pthread_cond_broadcast(&s->woken);
    pthread_mutex_unlock(&s->lock);
}

static enum err start_thread(struct sinking *s, struct diag *diag)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->woken, &attributes);
    pthread_condattr_destroy(&attributes);
    int refused = pthread_create(&s->thread, NULL, work, s);
    if (refused == 0)
        return ERR_OK;
    pthread_cond_destroy(&s->woken);
    pthread_mutex_destroy(&s->lock);
    return diag_set(diag, ERR_IO, "a thread for the sink: %s", strerror(refused));
}

enum err sinking_start(const struct node_config *config, const struct scenario *scenario, struct bytes genesis,
                       const struct secret_key *key, struct sinking **out, struct diag *diag)
{
    struct sinking *s;
    enum err err;

    *out = NULL;
    if (config->sink == NULL)
        return ERR_OK;
    if (config->keep_blocks > 0)
        return diag_set(diag, ERR_STATE, "\"sink\" needs all blocks, and \"keep_blocks\" drops old ones: one of them");
    if (key->signer != NULL)
        return diag_set(diag, ERR_STATE, "\"sink\" needs a key in a file, and this node has another one sign");
    err = database_check(config->sink, diag);
    if (err != ERR_OK)
        return err;
    s = mem_alloc(sizeof *s);
    *s = (struct sinking){.config = config, .scenario = scenario, .genesis = genesis, .key = *key};
    s->patience = (struct patience){&s->given_up, PATIENCE_S};
    err = start_thread(s, diag);
    if (err == ERR_OK) {
        *out = s;
        return ERR_OK;
    }
    key_wipe(&s->key);
    mem_free(s);
    return err;
}

void sinking_wake(struct sinking *s, uint64_t epoch)
{
    if (s == NULL)
        return;
    atomic_store(&s->ended, epoch);
    wake(s, false);
}

void sinking_stop(struct sinking *s)
{
    struct timespec until;

    if (s == NULL)
        return;
    wake(s, true);
    time_from_now(CLOSING_MS, &until);
    pthread_mutex_lock(&s->lock);
    while (!s->done && pthread_cond_timedwait(&s->woken, &s->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&s->lock);
    atomic_store(&s->given_up, true);
    pthread_join(s->thread, NULL);
    pthread_cond_destroy(&s->woken);
    pthread_mutex_destroy(&s->lock);
    key_wipe(&s->key);
    mem_free(s);
}
