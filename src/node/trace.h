#ifndef PRISMFED_NODE_TRACE_H
#define PRISMFED_NODE_TRACE_H

#include "fed/fed.h"

/* What a node's machine has heard and asked for, in a file, so that it can be replayed (node/replay.h): the machine is
 * a function of what it hears. A CBOR sequence (RFC 8742) of two kinds of items:
 *
 *   [0, 1, federation_id, fingerprint, [seed, last_epoch, partial_ledger, recovering, nonce, sequence_floor,
 *    view_timeout_ns, view_timeout_max_ns, batch_delay_ns, resend_ns, submit_ns, submit_max_ns, poll_ns, pipeline],
 *    [record...], height]
 *       a life begins: the configuration but for the key, the node's own records that were durable, the height of the
 *       state that it began with
 *   [1, kind, now_ns, from, timer, epoch, number, blob / null, [cost...] / null, cycle / null, error, effects]
 *       one step: the event (enum fed_event_kind), the machine's error, and SHA-256 of what it asked for
 *
 * The file holds what the node has heard, and the seed of its draws: it is for the node's operator (mode 0600). */

enum trace_item { TRACE_LIFE, TRACE_STEP };
enum { TRACE_VERSION = 1 };

struct trace_file;

/* Goes on at the end of the file, or begins it. ERR_IO. */
enum err trace_file_open(const char *path, struct trace_file **out, struct diag *diag) MUST_CHECK;
void trace_file_close(struct trace_file *t); /* NULL is fine */

struct trace_life {
    struct digest federation_id, fingerprint;
    struct fed_config config; /* without keys and caches */
    size_t record_count;
    struct blob **records; /* owned, each with one holding */
    uint64_t height;
};
void trace_life_fini(struct trace_life *life);

/* Each is with the system when it returns. ERR_IO: it is not, and the trace ends there. */
enum err trace_file_life(struct trace_file *t, const struct trace_life *life) MUST_CHECK;
enum err trace_file_step(struct trace_file *t, const struct genome_schema *schema, const struct fed_event *event,
                         enum err err, const struct digest *effects) MUST_CHECK;

/* Of what a step has asked for: every field that a driver looks at; a job by its kind, its number and its candidates.
 */
struct digest trace_effects(const struct effects *effects);

/* ---- reading */

/* One step, as it stands in a trace. */
struct trace_step {
    struct fed_event event; /* blob, costs and cycle: owned */
    struct cycle_result cycle;
    enum err err;
    struct digest effects;
};
void trace_step_fini(struct trace_step *step);

/* The item that a trace begins with: *size bytes of it. ERR_TRUNCATED: the trace ends in the middle of it, as it does
 * when the process was killed; the errors of the CBOR reader. */
enum err trace_item_kind(struct bytes in, size_t *size, enum trace_item *kind) MUST_CHECK;
/* Strict. item: exactly one. *out is the caller's on success. */
enum err trace_life_decode(struct bytes item, struct trace_life *out) MUST_CHECK;
enum err trace_step_decode(struct bytes item, const struct genome_schema *schema, struct trace_step *out) MUST_CHECK;

#endif
