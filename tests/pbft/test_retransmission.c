#include "lab.h"

#include <string.h>

#include "pbft/limits.h"

/* What is sent again, to whom, and how often: never so much that it is what keeps the others from being heard. */

#define MINUTE (60000 * MS)
#define HOUR (60 * MINUTE)

/* What all replicas send, a broadcast as often as it goes out. */
struct traffic {
    int64_t period; /* counts are of the present one of this length */
    int64_t since;
    uint64_t messages, messages_most, bytes, bytes_most, bytes_all;
    unsigned of_type[MESSAGE_TYPES_END]; /* effects, from since_all on */
    unsigned alone[MESSAGE_TYPES_END];   /* those to one replica */
};

static void count_traffic(struct cluster *c, unsigned node, unsigned timer, const struct effect *e)
{
    struct traffic *t = c->watcher;

    (void)node;
    (void)timer;
    if (e == NULL || e->kind != EFFECT_SEND)
        return;
    if (cluster_now(c) - t->since >= t->period) {
        t->since = cluster_now(c);
        t->messages = t->bytes = 0;
    }
    unsigned copies = e->to == PEER_OTHERS ? c->n - 1 : 1;
    t->messages += copies;
    t->bytes += copies * e->blob->len;
    t->bytes_all += copies * e->blob->len;
    t->messages_most = t->messages > t->messages_most ? t->messages : t->messages_most;
    t->bytes_most = t->bytes > t->bytes_most ? t->bytes : t->bytes_most;
    t->of_type[e->blob->data[1]]++;
    t->alone[e->blob->data[1]] += e->to >= 0;
}

static void begin(struct cluster *c, struct traffic *t, unsigned n, int64_t period)
{
    cluster_init(c, n, 1);
    *t = (struct traffic){.period = period};
    c->watcher = t;
    c->watch = count_traffic;
}

static void finish(struct cluster *c)
{
    if (c->failure[0] != '\0')
        tap_complain(__FILE__, __LINE__, "%s", c->failure);
    cluster_free(c);
}

/* Operators of other systems know both ends of it: a time-out that has grown for hours, and a limit to it that lets
 * messages about lost views fill the network for ever. */
static void half_of_them_are_away_for_twelve_hours(void)
{
    struct cluster c;
    struct traffic t;

    begin(&c, &t, 4, MINUTE);
    cluster_start(&c);
    cluster_submit(&c, 0);
    CHECK(cluster_run_decided(&c, MINUTE));
    cluster_crash(&c, 0);
    cluster_crash(&c, 3);
    cluster_submit(&c, 1);
    cluster_run_until(&c, cluster_now(&c) + 2 * MINUTE);
    t.messages_most = t.bytes_most = 0;
    cluster_run_until(&c, cluster_now(&c) + 12 * HOUR);
    tap_note("at most %" PRIu64 " messages and %" PRIu64 " bytes a minute", t.messages_most, t.bytes_most);
    /* Two replicas, three others each, and no more than sixteen messages to each within the longest time-out. */
    CHECK(t.messages_most <= 2 * 3 * 16 * (uint64_t)(MINUTE / c.config.view_timeout_max_ns + 1));
    cluster_restart(&c, 0);
    cluster_restart(&c, 3);
    CHECK(cluster_run_decided(&c, cluster_now(&c) + c.config.view_timeout_max_ns));
    finish(&c);
}

/* Between two views that nobody can enter, each says once what it has to say; only STATUSes, which are short, go on. */
static void nobody_is_sent_again_what_it_has(void)
{
    struct cluster c;
    struct traffic t;

    begin(&c, &t, 7, MINUTE);
    c.delay_max = c.delay_min;
    cluster_start(&c);
    cluster_submit(&c, 0);
    CHECK(cluster_run_decided(&c, MINUTE));
    cluster_crash(&c, 0);
    cluster_crash(&c, 1);
    cluster_submit(&c, 1);
    CHECK(cluster_run_decided(&c, MINUTE));
    CHECK_EQ_U64(c.nodes[2].views, 1);
    CHECK(t.of_type[MESSAGE_STATUS] > 0);
    CHECK_EQ_U64(t.of_type[MESSAGE_VIEW_CHANGE], 10);
    /* What the two that are down might have said is asked of all; nobody has it. */
    for (unsigned type = MESSAGE_PRE_PREPARE; type <= MESSAGE_NEW_VIEW; type++)
        CHECK_EQ_U64(t.alone[type], 0);
    finish(&c);
}

static bool lost_change(struct cluster *c, unsigned from, unsigned to, struct bytes message)
{
    return from == 2 && to == 3 && message.data[1] == MESSAGE_VIEW_CHANGE && cluster_now(c) < 5000 * MS;
}

/* A NEW-VIEW names the VIEW-CHANGEs that it rests on. Who lacks one gets it, and no other, when it asks. */
static void a_new_view_brings_what_is_missing(void)
{
    struct cluster c;
    struct traffic t;

    begin(&c, &t, 4, MINUTE);
    c.drop = lost_change;
    cluster_start(&c);
    for (unsigned k = 0; k < 3; k++)
        cluster_submit(&c, k);
    CHECK(cluster_run_decided(&c, MINUTE));
    cluster_crash(&c, 0);
    cluster_submit(&c, 3);
    CHECK(cluster_run_decided(&c, MINUTE));
    CHECK_EQ_U64(c.nodes[3].views, 1);
    /* It may ask again before it has heard, and then others answer, too. */
    unsigned answers = t.alone[MESSAGE_NEW_VIEW] + t.alone[MESSAGE_VIEW_CHANGE];
    CHECK(answers >= 1 && answers <= 3);
    finish(&c);
}

/* Links so thin that a proposal takes longer than the first time-out: it must be decided when time-outs have grown, and
 * what is sent meanwhile must not be what fills the links. */
static void links_are_thin(void)
{
    struct cluster c;
    struct traffic t;

    begin(&c, &t, 4, MINUTE);
    c.bandwidth = 1500;
    cluster_start(&c);
    for (unsigned k = 0; k < 12; k++)
        cluster_submit(&c, k);
    CHECK(cluster_run_decided(&c, 3 * MINUTE));
    CHECK(t.bytes_all < 2500000);
    tap_note("%" PRIu64 " bytes, decided after %" PRId64 " s", t.bytes_all, cluster_now(&c) / (1000 * MS));
    finish(&c);
}

/* ---- one question, many times */

enum { STARTED = 8 }; /* pbft/status.c */

static void put_status(struct cluster *c, unsigned from, unsigned state, uint64_t view, uint64_t decided,
                       uint64_t attempt, struct buf *out)
{
    struct buf body = {0};
    struct cbor_writer w;

    cbor_writer_init(&w, &body);
    cbor_put_array(&w, 5);
    cbor_put_uint(&w, state);
    cbor_put_uint(&w, 0);
    cbor_put_uint(&w, attempt);
    cbor_put_array(&w, 0);
    cbor_put_array(&w, 0);
    cbor_writer_done(&w);
    struct digest digest = digest_of(bytes_of_buf(&body));
    struct claim claim = cluster_claim(c, from, MESSAGE_STATUS, view, decided, &digest);
    struct blob *message = message_make(&c->members, &claim, bytes_of_buf(&body));
    buf_add(out, message->data, message->len);
    blob_drop(message);
    buf_free(&body);
}

/* How many NEW-VIEWs replica 3 draws from the others when it says that it is in view 0. */
static unsigned draw_new_views(struct cluster *c, uint64_t attempt)
{
    struct traffic *t = c->watcher;
    unsigned before = t->alone[MESSAGE_NEW_VIEW];
    struct buf message = {0};

    put_status(c, 3, 0, 0, 0, attempt, &message);
    for (unsigned to = 0; to < 3; to++)
        CHECK_OK(cluster_deliver(c, to, bytes_of_buf(&message)));
    buf_free(&message);
    return t->alone[MESSAGE_NEW_VIEW] - before;
}

/* How many proposals replica 0 sends to 3, which has none. */
static unsigned draw_proposals(struct cluster *c, unsigned state)
{
    struct traffic *t = c->watcher;
    unsigned before = t->alone[MESSAGE_PRE_PREPARE];
    struct buf question = {0};

    put_status(c, 3, state, 0, 0, 0, &question);
    CHECK_OK(cluster_deliver(c, 0, bytes_of_buf(&question)));
    buf_free(&question);
    return t->alone[MESSAGE_PRE_PREPARE] - before;
}

/* A question that was asked before a proposal came is answered by it: on a thin link a copy would wait behind it, and
 * keep the next one waiting. */
static void what_is_on_its_way_is_not_sent_again(void)
{
    struct cluster c;
    struct traffic t;

    begin(&c, &t, 4, MINUTE);
    cluster_start(&c);
    for (unsigned i = 1; i < 4; i++)
        cluster_crash(&c, i);
    cluster_submit(&c, 0);
    while (t.of_type[MESSAGE_PRE_PREPARE] == 0)
        cluster_run_until(&c, cluster_now(&c) + MS);
    int64_t proposed = cluster_now(&c);
    CHECK_EQ_U64(draw_proposals(&c, 0), 0);
    CHECK_EQ_U64(draw_proposals(&c, STARTED), 1); /* it was down */
    cluster_run_until(&c, proposed + c.config.view_timeout_ns / 5);
    CHECK_EQ_U64(draw_proposals(&c, 0), 0);
    cluster_run_until(&c, proposed + c.config.view_timeout_ns / 2);
    CHECK_EQ_U64(draw_proposals(&c, 0), 1); /* it is lost */
    finish(&c);
}

/* View 0 is over, and 3 heard nothing of it. */
static void begin_without_3(struct cluster *c, struct traffic *t)
{
    begin(c, t, 4, MINUTE);
    cluster_start(c);
    cluster_crash(c, 3);
    for (unsigned i = 0; i < 4; i++)
        hosts_cut(&c->hosts, 0, i, true);
    cluster_submit(c, 0);
    cluster_run_until(c, 5000 * MS);
    for (unsigned i = 0; i < 4; i++)
        hosts_cut(&c->hosts, 0, i, false);
    CHECK(cluster_run_decided(c, MINUTE));
    CHECK(pbft_status(c->nodes[1].pbft).view > 0);
    cluster_run_until(c, cluster_now(c) + MINUTE);
}

static void a_new_view_comes_from_one_replica_first(void)
{
    struct cluster c;
    struct traffic t;

    begin_without_3(&c, &t);
    CHECK_EQ_U64(draw_new_views(&c, 0), 1);
    CHECK_EQ_U64(draw_new_views(&c, 0), 0); /* it is on its way */
    cluster_run_until(&c, cluster_now(&c) + c.config.view_timeout_ns);
    CHECK_EQ_U64(draw_new_views(&c, 1), 1);
    cluster_run_until(&c, cluster_now(&c) + c.config.view_timeout_ns);
    CHECK_EQ_U64(draw_new_views(&c, 0), 1);
    finish(&c);
}

/* 2 was in view 0 once, and says so in a message that was long on its way. */
static void what_is_over_is_not_answered(void)
{
    struct cluster c;
    struct traffic t;
    struct buf message = {0};

    begin_without_3(&c, &t);
    put_status(&c, 2, 0, 0, 0, 0, &message);
    CHECK_ERR(cluster_deliver(&c, 1, bytes_of_buf(&message)), ERR_STALE);
    buf_free(&message);
    finish(&c);
}

static enum err any_batch(void *context, uint64_t sequence, const struct bytes *requests, unsigned count)
{
    (void)context;
    (void)sequence;
    (void)requests;
    (void)count;
    return ERR_OK;
}

/* However often a peer asks for them. */
static void large_batches_have_a_budget(void)
{
    struct cluster c;
    struct pbft_app app = {.judge = any_batch};
    struct effects effects = {0};
    struct digest genesis = {0};
    struct claim claim, fetch;
    size_t given = 0;

    cluster_init(&c, 4, 1);
    cluster_start(&c);
    struct pbft_config config = c.config;
    config.self = 0;
    config.key = c.keys[0];
    config.batch_delay_ns = 0;
    struct pbft *p = pbft_new(&config, &app, 0, &genesis);
    pbft_start(p, 0, &effects);
    struct blob *request = blob_sized(ANSWERS_SIZE_MAX / 3);
    memset(request->data, 'r', request->len);
    CHECK_OK(pbft_request(p, 0, request, &effects));
    blob_drop(request);
    for (size_t i = 0; i < effects.count; i++) {
        const struct effect *e = &effects.items[i];
        struct bytes batch;
        if (e->kind == EFFECT_SEND && e->blob->data[1] == MESSAGE_PRE_PREPARE)
            CHECK_OK(message_parse(&c.members, blob_bytes(e->blob), MESSAGE_PRE_PREPARE, &claim, &batch));
    }
    effects_free(&effects);
    fetch = cluster_claim(&c, 1, MESSAGE_FETCH, 0, 1, &claim.says.digest);
    struct blob *message = message_make(&c.members, &fetch, bytes_of(NULL, 0));
    for (unsigned i = 0; i < ANSWERS_MAX / 2; i++)
        CHECK_OK(pbft_receive(p, 1, message, &effects));
    for (size_t i = 0; i < effects.count; i++)
        given += effects.items[i].kind == EFFECT_SEND ? effects.items[i].blob->len : 0;
    CHECK(given > ANSWERS_SIZE_MAX / 3 && given <= ANSWERS_SIZE_MAX);
    blob_drop(message);
    effects_free(&effects);
    pbft_free(p);
    cluster_free(&c);
}

/* ---- batches that are missing */

/* Enters this view, in which a batch is proposed again that is not here, and asks somebody for it. */
static unsigned asks_in_view(struct lab *l, uint64_t view)
{
    static const struct lab_proof proof = {.sequence = 1, .view = 0, .request = "x"};
    unsigned before = lab_sent(l, MESSAGE_FETCH);

    lab_enter(l, view, &proof, 1);
    CHECK_EQ_U64(lab_sent(l, MESSAGE_FETCH), before + 1);
    return (unsigned)l->sent[MESSAGE_FETCH].to;
}

/* Some are down, some lie. A view may end before the second question, and yet it must not be the same one for ever that
 * is asked. */
static void everybody_is_asked_for_a_batch_in_turn(void)
{
    static const uint64_t views[] = {2, 3, 4, 5, 6, 7, 9};
    bool asked[7] = {false};
    unsigned different = 0;
    struct lab l;

    lab_init(&l, 7, 1);
    lab_start(&l);
    for (unsigned i = 0; i < 7; i++) {
        unsigned of = asks_in_view(&l, views[i]);
        different += !asked[of];
        asked[of] = true;
    }
    CHECK_EQ_U64(different, 6);
    lab_finish(&l);
}

static void who_votes_for_a_batch_has_it(void)
{
    struct lab l;

    lab_init(&l, 7, 1);
    lab_start(&l);
    CHECK_OK(lab_prepare(&l, 3, 0, 1, "x"));
    (void)asks_in_view(&l, 2);
    CHECK_EQ_U64((uint64_t)l.sent[MESSAGE_FETCH].to, 3); /* it had it once */
    CHECK_OK(lab_prepare(&l, 4, 2, 1, "x"));
    for (unsigned i = 0; i < 2; i++) {
        lab_forget_sent(&l);
        for (unsigned k = 0; k < 8 && lab_sent(&l, MESSAGE_FETCH) == 0; k++)
            lab_wait(&l, 50 * MS);
        CHECK_EQ_U64(lab_sent(&l, MESSAGE_FETCH), 1);
        CHECK_EQ_U64((uint64_t)l.sent[MESSAGE_FETCH].to, 4); /* it has it now */
    }
    lab_finish(&l);
}

int main(void)
{
    TAP_RUN(half_of_them_are_away_for_twelve_hours);
    TAP_RUN(nobody_is_sent_again_what_it_has);
    TAP_RUN(a_new_view_brings_what_is_missing);
    TAP_RUN(links_are_thin);
    TAP_RUN(what_is_on_its_way_is_not_sent_again);
    TAP_RUN(a_new_view_comes_from_one_replica_first);
    TAP_RUN(what_is_over_is_not_answered);
    TAP_RUN(large_batches_have_a_budget);
    TAP_RUN(everybody_is_asked_for_a_batch_in_turn);
    TAP_RUN(who_votes_for_a_batch_has_it);
    return tap_done();
}
