#include "world/network.h"
#include "tap.h"

static const int64_t ms = 1000000;

static const char text[] =
    "{\"name\": \"net\", \"quorum\": 2, \"max_ledger_drift\": 1, \"epoch_start\": 1, \"nodes\": ["
    "{\"id\": \"a\", \"region\": \"x\", \"role\": \"core\", \"stake\": 1},"
    "{\"id\": \"b\", \"region\": \"x\", \"role\": \"core\", \"stake\": 1},"
    "{\"id\": \"c\", \"region\": \"y\", \"role\": \"core\", \"stake\": 1}],"
    "\"network\": {\"local\": {\"latency_ms\": 1, \"jitter_ms\": 0, \"bandwidth_kbps\": 0},"
    "\"default\": {\"latency_ms\": 20, \"jitter_ms\": 5, \"loss_ppm\": 0, \"bandwidth_kbps\": 8000}}}";

static bool open_network(struct scenario *s, struct network *n)
{
    struct diag diag = {0};

    if (!CHECK_OK(scenario_parse("net.json", bytes_of_text(text), s, &diag)))
        return false;
    network_init(n, s, 3);
    return true;
}

static void latency_and_jitter(void)
{
    struct scenario s;
    struct network n;
    int64_t at_ns = 0;

    REQUIRE(open_network(&s, &n));
    CHECK(network_send(&n, 100 * ms, 0, 1, 5000, &at_ns));
    CHECK_EQ_I64(at_ns, 101 * ms);
    for (unsigned i = 1; i < 100; i++) {
        CHECK(network_send(&n, 1000 * i * ms, 0, 2, 1000, &at_ns));
        CHECK(at_ns >= (1000 * i + 21) * ms && at_ns <= (1000 * i + 26) * ms); /* 1000 bytes take 1 ms */
    }
    network_fini(&n);
    scenario_fini(&s);
}

static void a_link_sends_one_after_the_other(void)
{
    struct scenario s;
    struct network n;
    int64_t at_ns = 0;

    REQUIRE(open_network(&s, &n));
    for (int64_t i = 1; i <= 10; i++) {
        CHECK(network_send(&n, 0, i % 2, 2, 10000, &at_ns));
        CHECK(at_ns >= 10 * i * ms + 20 * ms && at_ns <= 10 * i * ms + 25 * ms);
    }
    CHECK(network_send(&n, 0, 2, 0, 10000, &at_ns)); /* the other direction is free */
    CHECK(at_ns <= 35 * ms);
    network_fini(&n);
    scenario_fini(&s);
}

static void partition_spike_and_burst(void)
{
    static const uint64_t groups[] = {1, 2, 1};
    static const uint64_t alone[] = {0, 0, 1};
    struct scenario s;
    struct network n;
    unsigned lost = 0;
    int64_t at_ns = 0;

    REQUIRE(open_network(&s, &n));
    network_partition(&n, groups);
    CHECK(network_hears(&n, 0, 2) && !network_hears(&n, 0, 1) && !network_send(&n, 0, 0, 1, 1, &at_ns));
    network_partition(&n, alone);
    CHECK(!network_hears(&n, 0, 1) && !network_hears(&n, 2, 0));
    network_heal(&n);
    CHECK(network_send(&n, 0, 0, 1, 1, &at_ns));
    n.factor_ppm = 7000000;
    CHECK(network_send(&n, 0, 0, 1, 1, &at_ns));
    CHECK_EQ_I64(at_ns, 7 * ms);
    n.burst_ppm = 300000;
    for (unsigned i = 0; i < 1000; i++)
        lost += !network_send(&n, 0, 1, 0, 1, &at_ns);
    CHECK(lost > 230 && lost < 370);
    CHECK_EQ_U64(n.dropped, lost + 1);
    network_fini(&n);
    scenario_fini(&s);
}

int main(void)
{
    TAP_RUN(latency_and_jitter);
    TAP_RUN(a_link_sends_one_after_the_other);
    TAP_RUN(partition_spike_and_burst);
    return tap_done();
}
