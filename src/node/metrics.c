#include "node/metrics.h"

#include <dirent.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- counting */

/* Upper bounds in microseconds: of a durable write on anything from a cache with a battery to a disk that fails. */
static const uint64_t bounds_us[METRICS_BUCKETS] = {100,   250,   500,    1000,   2500,   5000,
                                                    10000, 25000, 100000, 250000, 500000, 1000000};

void metrics_observe(struct metrics_times *t, int64_t ns)
{
    unsigned i = 0;

    while (i < METRICS_BUCKETS && (uint64_t)ns > bounds_us[i] * 1000)
        i++;
    t->counts[i]++;
    t->count++;
    t->sum_ns += ns;
}

void metrics_count(struct metrics_reasons *r, const char *reason)
{
    for (unsigned i = 0; i < r->count; i++) {
        if (strncmp(r->reasons[i].text, reason, sizeof r->reasons[i].text - 1) == 0) {
            r->reasons[i].times++;
            return;
        }
    }
    if (r->count == METRICS_REASONS_MAX) {
        r->reasons[METRICS_REASONS_MAX - 1].times++;
        return;
    }
    if (r->count == METRICS_REASONS_MAX - 1)
        reason = "other";
    snprintf(r->reasons[r->count].text, sizeof r->reasons[0].text, "%s", reason);
    r->reasons[r->count++].times = 1;
}

void metrics_process(struct node_metrics *m)
{
    struct rusage used;
    unsigned long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    DIR *files = opendir("/proc/self/fd");

    if (getrusage(RUSAGE_SELF, &used) == 0)
        m->cpu_ns = ((int64_t)used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000 +
                    ((int64_t)used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000;
    if (f != NULL && fscanf(f, "%lu %lu", &pages, &resident) == 2)
        m->memory_bytes = (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
    if (f != NULL)
        fclose(f);
    if (files == NULL)
        return;
    m->open_files = 0;
    for (const struct dirent *d = readdir(files); d != NULL; d = readdir(files))
        m->open_files += d->d_name[0] != '.';
    m->open_files--; /* the folder itself */
    closedir(files);
}

/* ---- the text */

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and newline are escaped. */
static void add_label(struct buf *out, const char *label, const char *value, bool is_first)
{
    buf_printf(out, "%c%s=\"", is_first ? '{' : ',', label);
    for (; value != NULL && *value != '\0'; value++) {
        if (*value == '\\' || *value == '"')
            buf_add_byte(out, '\\');
        if (*value == '\n')
            buf_add_text(out, "\\n");
        else
            buf_add_byte(out, (uint8_t)*value);
    }
    buf_add_byte(out, '"');
}

static void add_seconds(struct buf *out, int64_t ns)
{
    buf_printf(out, "%" PRId64 ".%09" PRId64, ns / 1000000000, ns % 1000000000);
}

enum kind { KIND_NUMBER, KIND_FLAG, KIND_SECONDS, KIND_CONSENSUS /* a number of a validator */, KIND_CONSENSUS_FLAG };

/* One number each. */
static const struct row {
    const char *name, *type;
    enum kind kind;
    size_t at;
    const char *help;
} rows[] = {
#define AT(field) offsetof(struct node_metrics, field)
    {"process_start_time_seconds", "gauge", KIND_SECONDS, AT(start_time_ns), "When the process began, since 1970."},
    {"process_cpu_seconds_total", "counter", KIND_SECONDS, AT(cpu_ns), "Processor time that the process has used."},
    {"process_resident_memory_bytes", "gauge", KIND_NUMBER, AT(memory_bytes), "Memory that the process holds."},
    {"process_open_fds", "gauge", KIND_NUMBER, AT(open_files), "File descriptors that the process has open."},
    {"prismfed_epoch", "gauge", KIND_NUMBER, AT(epoch), "The federated epoch that is running."},
    {"prismfed_height", "gauge", KIND_NUMBER, AT(height), "The last block that this node has executed."},
    {"prismfed_log_entries", "gauge", KIND_NUMBER, AT(log_entries), "Entries in the Merkle log, genesis included."},
    {"prismfed_membership_epoch", "gauge", KIND_NUMBER, AT(membership_epoch),
     "How often the set of voters was set, from 1."},
    {"prismfed_members", "gauge", KIND_NUMBER, AT(members), "Members of the federation."},
    {"prismfed_validators", "gauge", KIND_NUMBER, AT(validators), "Members that vote."},
    {"prismfed_validators_connected", "gauge", KIND_NUMBER, AT(validators_connected),
     "Other members that vote and are connected."},
    {"prismfed_quorum", "gauge", KIND_NUMBER, AT(quorum), "Votes that decide."},
    {"prismfed_updates", "gauge", KIND_NUMBER, AT(updates), "UPDATE entries of the running epoch in the log."},
    {"prismfed_score_rows", "gauge", KIND_NUMBER, AT(score_rows), "SCORE entries of the running epoch in the log."},
    {"prismfed_phase_deadline_seconds", "gauge", KIND_SECONDS, AT(phase_deadline_ns),
     "Until this validator would propose to close the phase; absent while no deadline runs."},
    {"prismfed_epochs_anchored_total", "counter", KIND_NUMBER, AT(epochs_anchored),
     "Epochs that this process has seen end with an anchor."},
    {"prismfed_epochs_abandoned_total", "counter", KIND_NUMBER, AT(epochs_abandoned),
     "Epochs that this process has seen end without one."},
    {"prismfed_view", "gauge", KIND_CONSENSUS, AT(view), "The view of the consensus (validators only, like the next)."},
    {"prismfed_primary_index", "gauge", KIND_CONSENSUS, AT(primary), "The replica that is primary in this view."},
    {"prismfed_is_primary", "gauge", KIND_CONSENSUS_FLAG, AT(is_primary), "1 where this node is the primary."},
    {"prismfed_in_view_change", "gauge", KIND_CONSENSUS_FLAG, AT(in_view_change),
     "1 while this node waits for a new view."},
    {"prismfed_view_changes_total", "counter", KIND_CONSENSUS, AT(view_changes),
     "New views that this node has entered since it started."},
    {"prismfed_view_timeout_seconds", "gauge", KIND_SECONDS, AT(view_timeout_ns),
     "How long the node waits for the present primary before it asks for another; doubles while views fail."},
    {"prismfed_known_height", "gauge", KIND_CONSENSUS, AT(known_height),
     "The highest block that others have proved decided."},
    {"prismfed_stable_height", "gauge", KIND_CONSENSUS, AT(stable_height), "The last stable checkpoint."},
    {"prismfed_requests_pending", "gauge", KIND_CONSENSUS, AT(pending), "Entries that wait to be ordered."},
    {"prismfed_recovering", "gauge", KIND_FLAG, AT(recovering),
     "1 while a node that has lost its disk signs nothing yet."},
    {"prismfed_store_bytes", "gauge", KIND_NUMBER, AT(store_bytes), "Size of the store's files."},
    {"prismfed_oldest_block", "gauge", KIND_NUMBER, AT(oldest_block), "The lowest block that the store still has."},
    {"prismfed_writes_in_flight", "gauge", KIND_NUMBER, AT(writes_in_flight),
     "Writes that were asked for and are not durable yet."},
    {"prismfed_jobs_running", "gauge", KIND_NUMBER, AT(jobs_running),
     "Local cycles, scorings and recounts that are being worked on."},
    {"prismfed_jobs_done_total", "counter", KIND_NUMBER, AT(jobs_done), "Those that are done, since the start."},
    {"prismfed_messages_received_total", "counter", KIND_NUMBER, AT(messages),
     "Messages of members that the core was given."},
    {"prismfed_messages_refused_total", "counter", KIND_NUMBER, AT(messages_refused), "Those of them that it refused."},
};

static void add_row(const struct node_metrics *m, const struct row *row, struct buf *out)
{
    const char *at = (const char *)m + row->at;
    bool of_consensus = row->kind == KIND_CONSENSUS || row->kind == KIND_CONSENSUS_FLAG;
    bool is_flag = row->kind == KIND_FLAG || row->kind == KIND_CONSENSUS_FLAG;

    if (of_consensus && !m->votes)
        return;
    if (row->kind == KIND_SECONDS && *(const int64_t *)(const void *)at < 0)
        return;
    head(out, row->name, row->type, row->help);
    buf_printf(out, "%s ", row->name);
    if (row->kind == KIND_SECONDS)
        add_seconds(out, *(const int64_t *)(const void *)at);
    else
        buf_printf(out, "%" PRIu64, is_flag ? (uint64_t) * (const bool *)at : *(const uint64_t *)(const void *)at);
    buf_add_byte(out, '\n');
}

static void add_info(const struct node_metrics *m, struct buf *out)
{
    head(out, "prismfed_info", "gauge", "Always 1; the labels say which node this is and what it runs.");
    buf_add_text(out, "prismfed_info");
    add_label(out, "version", m->version, true);
    add_label(out, "node", m->node, false);
    add_label(out, "role", m->role, false);
    add_label(out, "federation_id", m->federation_id, false);
    buf_add_text(out, "} 1\n");
    head(out, "prismfed_phase", "gauge", "Always 1; the label is the phase of the running epoch.");
    buf_add_text(out, "prismfed_phase");
    add_label(out, "phase", m->phase, true);
    buf_add_text(out, "} 1\n");
}

static void add_persist(const struct metrics_times *t, struct buf *out)
{
    static const char name[] = "prismfed_persist_seconds";
    uint64_t sum = 0;

    head(out, name, "histogram", "How long it took from asking for a write until it was durable.");
    for (unsigned i = 0; i < METRICS_BUCKETS; i++) {
        sum += t->counts[i];
        buf_printf(out, "%s_bucket{le=\"", name);
        buf_printf(out, "%" PRIu64 ".%06" PRIu64 "\"} %" PRIu64 "\n", bounds_us[i] / 1000000, bounds_us[i] % 1000000,
                   sum);
    }
    buf_printf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum ", name, t->count, name);
    add_seconds(out, t->sum_ns);
    buf_printf(out, "\n%s_count %" PRIu64 "\n", name, t->count);
}

static void add_refused(const struct metrics_reasons *r, struct buf *out)
{
    static const char name[] = "prismfed_connections_refused_total";

    head(out, name, "counter", "Connections that were refused, failed attestations among them, by reason.");
    for (unsigned i = 0; i < r->count; i++) {
        buf_add_text(out, name);
        add_label(out, "reason", r->reasons[i].text, true);
        buf_printf(out, "} %" PRIu64 "\n", r->reasons[i].times);
    }
}

/* One number for each peer or member, whose name is the label. */
static const struct list_row {
    struct row row;
    const char *label;
} peer_rows[] =
    {
#define PEER(field) offsetof(struct metrics_peer, field)
        {{"prismfed_peer_connected", "gauge", KIND_FLAG, PEER(connected),
          "1 where the peer is connected and attested."},
         "peer"},
        {{"prismfed_peer_rtt_seconds", "gauge", KIND_SECONDS, PEER(rtt_ns), "Smoothed round-trip time to the peer."},
         "peer"},
        {{"prismfed_peer_received_bytes_total", "counter", KIND_NUMBER, PEER(bytes_in), "Bytes from the peer."},
         "peer"},
        {{"prismfed_peer_sent_bytes_total", "counter", KIND_NUMBER, PEER(bytes_out), "Bytes to the peer."}, "peer"},
        {{"prismfed_peer_received_messages_total", "counter", KIND_NUMBER, PEER(messages_in),
          "Messages from the peer."},
         "peer"},
        {{"prismfed_peer_sent_messages_total", "counter", KIND_NUMBER, PEER(messages_out), "Messages to the peer."},
         "peer"},
        {{"prismfed_peer_dropped_messages_total", "counter", KIND_NUMBER, PEER(dropped),
          "Messages to the peer that were dropped: it was not connected, or its queue was full."},
         "peer"},
        {{"prismfed_peer_queued_bytes", "gauge", KIND_NUMBER, PEER(queued_bytes),
          "Bytes that wait to be sent to the peer or acknowledged by it."},
         "peer"},
        {{"prismfed_peer_connections_total", "counter", KIND_NUMBER, PEER(connections),
          "Connections with the peer, the present one included."},
         "peer"},
},
  member_rows[] = {
#define MEMBER(field) offsetof(struct metrics_member, field)
      {{"prismfed_site_staleness_epochs", "gauge", KIND_NUMBER, MEMBER(staleness_epochs),
        "Epochs since the newest work of the member that counted."},
       "member"},
      {{"prismfed_site_false_claims_total", "counter", KIND_NUMBER, MEMBER(false_claims),
        "Claims of the member that recounts have found false, as the log has it."},
       "member"},
};

static void add_value(const struct row *row, const char *object, struct buf *out)
{
    const char *at = object + row->at;

    if (row->kind == KIND_SECONDS)
        add_seconds(out, *(const int64_t *)(const void *)at);
    else
        buf_printf(out, "%" PRIu64,
                   row->kind == KIND_FLAG ? (uint64_t) * (const bool *)at : *(const uint64_t *)(const void *)at);
}

/* objects: count of them, each `size` bytes long, whose first field is the name. */
static void add_list(const struct list_row *list, unsigned rows_count, const void *objects, unsigned count, size_t size,
                     struct buf *out)
{
    for (unsigned r = 0; r < rows_count; r++) {
        const struct row *row = &list[r].row;

        head(out, row->name, row->type, row->help);
        for (unsigned i = 0; i < count; i++) {
            const char *object = (const char *)objects + i * size;

            buf_add_text(out, row->name);
            add_label(out, list[r].label, *(const char *const *)(const void *)object, true);
            buf_add_text(out, "} ");
            add_value(row, object, out);
            buf_add_byte(out, '\n');
        }
    }
}

void metrics_render(const struct node_metrics *m, struct buf *out)
{
    add_info(m, out);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        add_row(m, &rows[i], out);
    add_persist(m->persist, out);
    add_refused(m->refused, out);
    add_list(peer_rows, sizeof peer_rows / sizeof peer_rows[0], m->peers, m->peer_count, sizeof m->peers[0], out);
    add_list(member_rows, sizeof member_rows / sizeof member_rows[0], m->member_list, m->member_count,
             sizeof m->member_list[0], out);
}

/* ---- readiness */

enum { BEHIND_MAX = 4 /* blocks: so many are on their way while all is well */ };

bool metrics_ready(const struct node_metrics *m, struct buf *reasons)
{
    size_t before = reasons->len;
    uint64_t connected = m->validators_connected;

    if (m->recovering)
        buf_add_text(reasons, "the node has lost its disk, and signs nothing until the others have told it where they "
                              "are\n");
    if (m->votes && m->known_height > m->height + BEHIND_MAX)
        buf_printf(reasons, "the node is behind: it has executed block %" PRIu64 ", others have decided %" PRIu64 "\n",
                   m->height, m->known_height);
    if (m->votes && m->in_view_change)
        buf_printf(reasons, "the node waits for a new view, %" PRIu64 "\n", m->view);
    if (m->votes && connected + 1 < m->quorum)
        buf_printf(reasons, "%" PRIu64 " other validators are connected; a quorum of %" PRIu64 " needs %" PRIu64 "\n",
                   connected, m->quorum, m->quorum - 1);
    if (!m->votes && m->validators > 0 && connected == 0)
        buf_add_text(reasons, "no validator is connected\n");
    return reasons->len == before;
}
