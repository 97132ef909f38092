#include "sim/links.h"
#include "tap.h"

static const int64_t ms = 1000000;

static const char text[] =
    "{\"name\": \"net\", \"quorum\": 3, \"max_ledger_drift\": 1, \"epoch_start\": 1, \"nodes\": ["
    "{\"id\": \"a\", \"region\": \"x\", \"role\": \"core\", \"stake\": 1},"
    "{\"id\": \"b\", \"region\": \"x\", \"role\": \"core\", \"stake\": 1},"
    "{\"id\": \"c\", \"region\": \"y\", \"role\": \"core\", \"stake\": 1},"
    "{\"id\": \"d\", \"region\": \"z\", \"role\": \"core\", \"stake\": 1}],"
    "\"network\": {\"local\": {\"latency_ms\": 1, \"jitter_ms\": 0, \"bandwidth_kbps\": 0},"
    "\"default\": {\"latency_ms\": 20, \"jitter_ms\": 5, \"loss_ppm\": 0, \"bandwidth_kbps\": 8000},"
    "\"links\": [{\"between\": [\"x\", \"z\"], \"latency_ms\": 40, \"jitter_ms\": 0, \"bandwidth_kbps\": 0}]}}";

/* When a message of this size arrives that is sent now, if nothing else is under way. */
static int64_t arrival(struct agenda *agenda, struct network *n, unsigned from, unsigned to, size_t size)
{
    struct blob *blob = blob_sized(size);
    struct event *e;
    int64_t at_ns = -1;

    CHECK(network_send(n, &(struct event){.from = from, .node = to, .blob = blob}, 0) == NETWORK_SENT);
    blob_drop(blob);
    while ((e = agenda_take(agenda)) != NULL) {
        if (e->kind == EVENT_LINK)
            network_left(n, e);
        else
            at_ns = agenda->now_ns;
        agenda_done(agenda, e);
    }
    return at_ns;
}

struct net {
    struct scenario scenario;
    struct agenda agenda;
    struct network network;
    struct links links;
};

static void net_init(struct net *net)
{
    struct diag diag = {0};

    *net = (struct net){0};
    REQUIRE_OK(scenario_parse("net.json", bytes_of_text(text), &net->scenario, &diag));
    links_init(&net->links, &net->scenario, 3, &net->agenda, &net->network);
}

static void net_fini(struct net *net)
{
    network_fini(&net->network);
    links_fini(&net->links);
    agenda_fini(&net->agenda);
    scenario_fini(&net->scenario);
}

/* A link joins two regions, both ways; what is not named is the default one, within a region the local one. */
static void links_are_the_scenarios(void)
{
    struct net net;

    net_init(&net);
    CHECK_EQ_I64(arrival(&net.agenda, &net.network, 0, 1, 5000), 1 * ms);
    for (unsigned i = 0; i < 100; i++) {
        int64_t sent_ns = net.agenda.now_ns;
        int64_t at_ns =
            arrival(&net.agenda, &net.network, i % 2 == 0 ? i % 4 / 2 : 2, i % 2 == 0 ? 2 : i % 4 / 2, 1000);
        CHECK(at_ns >= sent_ns + 21 * ms && at_ns <= sent_ns + 26 * ms); /* 1000 bytes take 1 ms */
    }
    for (unsigned i = 0; i < 2; i++) {
        int64_t sent_ns = net.agenda.now_ns;
        CHECK_EQ_I64(arrival(&net.agenda, &net.network, i == 0 ? 1 : 3, i == 0 ? 3 : 1, 1000), sent_ns + 40 * ms);
    }
    net_fini(&net);
}

/* What nodes of one region send to another leaves one after the other. */
static void nodes_of_a_region_share_their_links(void)
{
    struct net net;

    net_init(&net);
    struct blob *blob = blob_sized(10000);
    CHECK(network_send(&net.network, &(struct event){.from = 0, .node = 2, .blob = blob}, 0) == NETWORK_SENT);
    CHECK(network_send(&net.network, &(struct event){.from = 1, .node = 2, .blob = blob}, 0) == NETWORK_WAITS);
    CHECK(network_send(&net.network, &(struct event){.from = 2, .node = 0, .blob = blob}, 0) == NETWORK_SENT);
    CHECK(network_send(&net.network, &(struct event){.from = 0, .node = 1, .blob = blob}, 0) == NETWORK_SENT);
    blob_drop(blob);
    net_fini(&net);
}

int main(void)
{
    TAP_RUN(links_are_the_scenarios);
    TAP_RUN(nodes_of_a_region_share_their_links);
    return tap_done();
}
