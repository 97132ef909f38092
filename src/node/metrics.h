#ifndef PRISMFED_NODE_METRICS_H
#define PRISMFED_NODE_METRICS_H

#include <stdbool.h>

#include "base/bytes.h"

/* What a node tells a monitoring system: numbers, as they are when they are asked for, in the text format 0.0.4 of
 * Prometheus. docs/metrics.md lists every one of them; a test compares. */

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* How long something takes: so many observations up to each bound, and beyond the last one. Zero-initialise. */
enum { METRICS_BUCKETS = 12, METRICS_REASONS_MAX = 32 };

struct metrics_times {
    uint64_t counts[METRICS_BUCKETS + 1]; /* not cumulative */
    uint64_t count;
    int64_t sum_ns;
};

void metrics_observe(struct metrics_times *t, int64_t ns);

/* How often each of a few reasons was given. Zero-initialise; those beyond METRICS_REASONS_MAX are "other". */
struct metrics_reasons {
    unsigned count;
    struct {
        char text[64];
        uint64_t times;
    } reasons[METRICS_REASONS_MAX];
};

void metrics_count(struct metrics_reasons *r, const char *reason);

struct metrics_peer {
    const char *name;
    bool connected, votes;
    int64_t rtt_ns;
    uint64_t bytes_in, bytes_out, messages_in, messages_out, dropped, queued_bytes, connections;
};

struct metrics_member {
    const char *name;
    uint64_t staleness_epochs; /* since the newest work of it that counted */
    uint64_t false_claims;
};

/* The numbers; whoever fills it owns what it points to. Times that are not known are negative, and are left out. */
struct node_metrics {
    const char *version, *node, *role, *federation_id, *phase;
    int64_t start_time_ns; /* since 1970 */
    int64_t cpu_ns;
    uint64_t memory_bytes, open_files;

    uint64_t epoch, height, log_entries, membership_epoch;
    uint64_t members, validators, quorum, updates, score_rows;
    uint64_t validators_connected; /* besides this node itself */
    int64_t phase_deadline_ns;     /* until then */
    uint64_t epochs_anchored, epochs_abandoned;

    bool votes; /* the numbers of consensus are there */
    uint64_t view, primary, view_changes, known_height, stable_height, pending;
    bool is_primary, in_view_change;
    int64_t view_timeout_ns; /* the present one, which doubles while views fail */

    bool recovering;
    uint64_t store_bytes, oldest_block, writes_in_flight;
    const struct metrics_times *persist;
    uint64_t jobs_running, jobs_done;

    uint64_t messages, messages_refused;
    const struct metrics_reasons *refused; /* connections */
    unsigned peer_count, member_count;
    const struct metrics_peer *peers;
    const struct metrics_member *member_list;
};

/* cpu_ns, memory_bytes and open_files of this process. */
void metrics_process(struct node_metrics *m);
/* Appends the text. */
void metrics_render(const struct node_metrics *m, struct buf *out);

/* Is the node of use to those who ask it? True, or false and the reasons, a line each, appended to out: it recovers
 * from a lost disk, it is behind, too few validators are connected for a quorum, it stands in a view change. */
bool metrics_ready(const struct node_metrics *m, struct buf *reasons);

#endif
