#include "world/network.h"
#include "base/prng.h"
#include "tap.h"

static const int64_t ms = 1000000;

enum { NODES = 3, ARRIVALS = 64 };

struct lab {
    struct agenda agenda;
    struct network n;
    struct prng prng;
    unsigned draws;
    int64_t at_ns[ARRIVALS]; /* of what has arrived, by run_all() */
    unsigned sizes[ARRIVALS], count;
};

static uint64_t draw(void *context, unsigned from, unsigned to, enum chance chance, uint64_t bound)
{
    struct lab *l = context;

    (void)from, (void)to, (void)chance;
    l->draws++;
    return prng_below(&l->prng, bound);
}

/* All pairs of the nodes 0 and 1 share link 0; what they send to node 2 shares link 1. */
static void begin(struct lab *l, const struct link_traits *traits)
{
    *l = (struct lab){0};
    prng_stream(&l->prng, 1, "network", 0);
    network_init(&l->n, &l->agenda, NODES, 2, draw, l);
    network_join(&l->n, 2, 1);
    for (unsigned link = 0; link < 4; link++)
        network_set_traits(&l->n, link, traits);
}

static void end(struct lab *l)
{
    network_fini(&l->n);
    agenda_fini(&l->agenda);
}

static enum network_fate send_later(struct lab *l, unsigned from, unsigned to, size_t size, int64_t later_ns)
{
    struct blob *blob = blob_sized(size);
    enum network_fate fate = network_send(&l->n, &(struct event){.from = from, .node = to, .blob = blob}, later_ns);

    blob_drop(blob);
    return fate;
}

static enum network_fate send(struct lab *l, unsigned from, unsigned to, size_t size)
{
    return send_later(l, from, to, size, 0);
}

static void run_until(struct lab *l, int64_t until_ns)
{
    int64_t at_ns;

    while (agenda_peek(&l->agenda, &at_ns) && at_ns <= until_ns) {
        struct event *e = agenda_take(&l->agenda);

        if (e->kind == EVENT_LINK) {
            network_left(&l->n, e);
        } else if (network_deliver(&l->n, e, true) && l->count < ARRIVALS) {
            l->at_ns[l->count] = l->agenda.now_ns;
            l->sizes[l->count++] = (unsigned)e->blob->len;
        }
        agenda_done(&l->agenda, e);
    }
    agenda_wait(&l->agenda, until_ns);
}

static void latency_and_jitter(void)
{
    struct lab l;

    begin(&l, &(struct link_traits){.latency_ns = 20 * ms, .jitter_ns = 5 * ms});
    for (unsigned i = 0; i < 50; i++)
        CHECK(send(&l, 0, 1, 1000) == NETWORK_SENT);
    CHECK_EQ_U64(l.draws, 100); /* loss and jitter are always asked for, and nothing else */
    run_until(&l, 100 * ms);
    CHECK_EQ_U64(l.count, 50);
    CHECK(l.at_ns[0] >= 20 * ms && l.at_ns[0] < 21 * ms && l.at_ns[49] > 24 * ms && l.at_ns[49] <= 25 * ms);
    CHECK_EQ_U64(l.n.messages, 50);
    CHECK_EQ_U64(l.n.bytes, 50000);
    CHECK(l.n.late > 10);
    end(&l);
}

static void a_link_sends_one_after_the_other(void)
{
    struct lab l;

    begin(&l, &(struct link_traits){.latency_ns = 20 * ms, .carries = 1000000, .per_ns = 1000 * ms});
    CHECK(send(&l, 0, 2, 10000) == NETWORK_SENT); /* takes 10 ms */
    CHECK(send(&l, 1, 2, 20000) == NETWORK_WAITS);
    CHECK(send(&l, 0, 1, 1000) == NETWORK_SENT); /* on the other link */
    CHECK_EQ_U64(network_waiting(&l.n, 1), 2);
    run_until(&l, 12 * ms);
    CHECK_EQ_U64(network_waiting(&l.n, 1), 1);
    CHECK(send(&l, 1, 2, 3000) == NETWORK_WAITS);
    run_until(&l, 100 * ms);
    CHECK_EQ_U64(l.count, 4);
    CHECK_EQ_I64(l.at_ns[0], 21 * ms);
    CHECK_EQ_I64(l.at_ns[1], 30 * ms);
    CHECK_EQ_I64(l.at_ns[2], 50 * ms);
    CHECK_EQ_I64(l.at_ns[3], 53 * ms);
    CHECK_EQ_U64(l.n.waits, 2);
    end(&l);
}

/* What is being sent begins anew at the new speed; what waits leaves at once when there is no limit any more. */
static void speed_changes(void)
{
    struct link_traits traits = {.carries = 1000000, .per_ns = 1000 * ms};
    struct lab l;

    begin(&l, &traits);
    CHECK(send(&l, 0, 1, 10000) == NETWORK_SENT);
    CHECK(send(&l, 0, 1, 10000) == NETWORK_WAITS);
    CHECK(send(&l, 0, 1, 10001) == NETWORK_WAITS);
    run_until(&l, 4 * ms);
    traits.carries = 2000000;
    network_set_traits(&l.n, 0, &traits);
    network_set_traits(&l.n, 0, &traits); /* no change */
    run_until(&l, 12 * ms);
    CHECK_EQ_U64(l.count, 1);
    CHECK_EQ_I64(l.at_ns[0], 9 * ms);
    traits.carries = 0;
    network_set_traits(&l.n, 0, &traits);
    run_until(&l, 100 * ms);
    CHECK_EQ_U64(l.count, 3);
    CHECK_EQ_I64(l.at_ns[1], 12 * ms);
    CHECK_EQ_U64(l.sizes[2], 10001);
    CHECK_EQ_I64(l.at_ns[2], 12 * ms);
    end(&l);
}

/* Messages that arrive at the same time do so in the order in which they were sent, also over links with queues. */
static void ties_go_by_sending(void)
{
    struct lab l;

    begin(&l, &(struct link_traits){.latency_ns = 20 * ms, .carries = 1000000, .per_ns = 1000 * ms});
    network_set_traits(&l.n, 1, &(struct link_traits){.latency_ns = 30 * ms});
    CHECK(send(&l, 0, 1, 10000) == NETWORK_SENT);
    CHECK(send(&l, 0, 2, 5000) == NETWORK_SENT);
    run_until(&l, 30 * ms);
    CHECK_EQ_U64(l.count, 2);
    CHECK(l.sizes[0] == 10000 && l.at_ns[0] == l.at_ns[1]);
    end(&l);
}

static void loss_duplicates_and_stragglers(void)
{
    struct link_traits traits = {.latency_ns = 1 * ms, .loss_ppm = 300000};
    unsigned lost = 0;
    struct lab l;

    begin(&l, &traits);
    for (unsigned i = 0; i < 1000; i++)
        lost += send(&l, 0, 1, 1) == NETWORK_LOST;
    CHECK(lost > 230 && lost < 370);
    CHECK_EQ_U64(l.n.dropped, lost);
    run_until(&l, 10 * ms);
    CHECK_EQ_U64(l.n.messages, 1000 - lost);
    network_set_traits(&l.n, 0, &(struct link_traits){.latency_ns = 1 * ms, .duplicate_ppm = 200000});
    for (unsigned i = 0; i < 1000; i++)
        CHECK(send(&l, 0, 1, 1) == NETWORK_SENT);
    CHECK(l.n.duplicates > 140 && l.n.duplicates < 260);
    uint64_t before = l.n.messages;
    run_until(&l, 20 * ms);
    CHECK_EQ_U64(l.n.messages - before, 1000 + l.n.duplicates);
    network_set_traits(&l.n, 0, &(struct link_traits){.latency_ns = 1 * ms, .straggle_ppm = 100000});
    before = l.n.messages;
    for (unsigned i = 0; i < 1000; i++)
        CHECK(send(&l, 0, 1, 1) == NETWORK_SENT);
    run_until(&l, 29 * ms);
    CHECK(l.n.messages - before > 850 && l.n.messages - before < 950);
    run_until(&l, 30 * ms);
    CHECK_EQ_U64(l.n.messages - before, 1000);
    end(&l);
}

static void cuts_and_partitions(void)
{
    static const uint64_t groups[] = {1, 2, 1};
    static const uint64_t alone[] = {0, 0, 1};
    struct lab l;

    begin(&l, &(struct link_traits){.latency_ns = 5 * ms});
    network_partition(&l.n, groups);
    CHECK(network_hears(&l.n, 0, 2) && !network_hears(&l.n, 0, 1) && send(&l, 0, 1, 1) == NETWORK_CUT);
    network_partition(&l.n, alone);
    CHECK(!network_hears(&l.n, 0, 1) && !network_hears(&l.n, 2, 0));
    network_cut(&l.n, 0, 1, true);
    network_heal(&l.n);
    CHECK(!network_hears(&l.n, 0, 1) && network_hears(&l.n, 1, 0));
    network_cut(&l.n, 0, 1, true);
    network_cut(&l.n, 0, 1, false);
    CHECK(!network_hears(&l.n, 0, 1));
    network_cut(&l.n, 0, 1, false);
    CHECK(send(&l, 0, 1, 1) == NETWORK_SENT);
    network_partition(&l.n, groups); /* it is still under way */
    run_until(&l, 10 * ms);
    CHECK_EQ_U64(l.n.messages, 0);
    CHECK_EQ_U64(l.n.dropped, 2);
    end(&l);
}

static void cuts_between_many_add_up(void)
{
    static const uint64_t from_0[] = {1, 2, 2}, among_0_and_1[] = {3, 3, 0};
    struct lab l;

    begin(&l, &(struct link_traits){.latency_ns = 5 * ms});
    network_cut_sides(&l.n, from_0, true);
    CHECK(!network_hears(&l.n, 0, 1) && !network_hears(&l.n, 0, 2) && network_hears(&l.n, 1, 0));
    CHECK(network_hears(&l.n, 1, 2) && network_hears(&l.n, 2, 0));
    network_cut_sides(&l.n, among_0_and_1, true);
    network_cut_sides(&l.n, from_0, true);
    network_cut_sides(&l.n, from_0, false);
    CHECK(!network_hears(&l.n, 0, 2) && !network_hears(&l.n, 1, 0));
    network_heal(&l.n); /* of the partition, of which there is none */
    network_cut_sides(&l.n, from_0, false);
    CHECK(network_hears(&l.n, 0, 2) && !network_hears(&l.n, 0, 1) && !network_hears(&l.n, 1, 0));
    network_cut_sides(&l.n, among_0_and_1, false);
    CHECK(network_hears(&l.n, 0, 1) && network_hears(&l.n, 1, 0));
    end(&l);
}

static void weather_clogs_and_what_is_kept_back(void)
{
    struct lab l;

    begin(&l, &(struct link_traits){.latency_ns = 1 * ms});
    network_slow_down(&l.n, 7 * PPM);
    CHECK(send(&l, 0, 1, 1) == NETWORK_SENT);
    network_slow_down(&l.n, PPM);
    CHECK(send_later(&l, 0, 1, 2, 10 * ms) == NETWORK_SENT);
    network_clog(&l.n, 0, 9 * ms);
    CHECK(send(&l, 0, 1, 3) == NETWORK_SENT);
    CHECK(send(&l, 0, 1, 4) == NETWORK_SENT);
    run_until(&l, 100 * ms);
    CHECK_EQ_U64(l.count, 4);
    CHECK(l.sizes[0] == 1 && l.at_ns[0] == 7 * ms);
    CHECK(l.sizes[1] == 3 && l.at_ns[1] == 9 * ms && l.sizes[2] == 4 && l.at_ns[2] == 9 * ms);
    CHECK(l.sizes[3] == 2 && l.at_ns[3] == 11 * ms);
    CHECK_EQ_U64(l.n.clogged, 2);
    network_burst(&l.n, PPM);
    CHECK(send(&l, 0, 1, 1) == NETWORK_LOST);
    network_burst(&l.n, 0);
    CHECK(send(&l, 0, 1, 1) == NETWORK_SENT);
    end(&l);
}

int main(void)
{
    TAP_RUN(latency_and_jitter);
    TAP_RUN(a_link_sends_one_after_the_other);
    TAP_RUN(speed_changes);
    TAP_RUN(ties_go_by_sending);
    TAP_RUN(loss_duplicates_and_stragglers);
    TAP_RUN(cuts_and_partitions);
    TAP_RUN(cuts_between_many_add_up);
    TAP_RUN(weather_clogs_and_what_is_kept_back);
    return tap_done();
}
