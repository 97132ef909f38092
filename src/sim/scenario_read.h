#ifndef PRISMFED_SIM_SCENARIO_READ_H
#define PRISMFED_SIM_SCENARIO_READ_H

#include "codec/json.h"
#include "sim/scenario.h"

/* Reads a scenario's JSON straight through. Errors stick: after the first one every function leaves its output
 * alone. An optional member that is absent leaves the default that stands in the output. */
struct scenario_reader {
    const struct json_doc *doc;
    struct diag *diag;
    enum err err;
    struct buf pointer; /* RFC 6901, of the object that is being read; owned */
};

/* Complains about the member `key` of the object that is being read, or about the object itself (NULL). */
void read_fail(struct scenario_reader *r, const char *key, enum err err, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Steps into a member or an element (NULL when it is absent or of the wrong type) and back. */
const json_t *read_enter_object(struct scenario_reader *r, const json_t *object, const char *key, size_t *mark);
const json_t *read_enter_array(struct scenario_reader *r, const json_t *object, const char *key, size_t *mark);
const json_t *read_enter_element(struct scenario_reader *r, const json_t *array, size_t index, size_t *mark);
void read_leave(struct scenario_reader *r, size_t mark);

/* Refuses every key that is not listed, with the nearest one that is. */
void read_keys(struct scenario_reader *r, const json_t *object, const char *const known[]);
void read_require(struct scenario_reader *r, const json_t *object, const char *key);

void read_u64(struct scenario_reader *r, const json_t *object, const char *key, uint64_t lo, uint64_t hi,
              uint64_t *out);
void read_unsigned(struct scenario_reader *r, const json_t *object, const char *key, unsigned lo, unsigned hi,
                   unsigned *out);
/* Any 64-bit number: an integer, or a decimal string (a JSON number is exact up to 2^53 only). */
void read_seed(struct scenario_reader *r, const json_t *object, const char *key, uint64_t *out);
void read_real(struct scenario_reader *r, const json_t *object, const char *key, double lo, double hi, double *out);
/* Milliseconds, whole or with decimals, to nanoseconds. */
void read_ms(struct scenario_reader *r, const json_t *object, const char *key, int64_t lo_ms, int64_t hi_ms,
             int64_t *out_ns);
void read_bool(struct scenario_reader *r, const json_t *object, const char *key, bool *out);
/* 1 to size - 1 bytes without control characters. */
void read_text(struct scenario_reader *r, const json_t *object, const char *key, char *out, size_t size);
/* One of the names (a list that NULL ends); the index of it. */
void read_choice(struct scenario_reader *r, const json_t *object, const char *key, const char *const names[],
                 unsigned *out);

/* The workload that `key` describes, over the default in *out (which owns its files). `key` may be absent. */
void read_workload(struct scenario_reader *r, const json_t *object, const char *key, struct workload_spec *out);
void workload_spec_fini(struct workload_spec *spec);
/* A workload for somebody who named none; sites differ. */
void workload_spec_default(unsigned index, struct workload_spec *out);

/* Parts of the file, each from the root object. They fill s in this order. */
void scenario_read_nodes(struct scenario_reader *r, const json_t *root, struct scenario *s);
void scenario_read_network(struct scenario_reader *r, const json_t *root, struct scenario *s);
void scenario_read_rules(struct scenario_reader *r, const json_t *root, struct scenario *s);
void scenario_read_events(struct scenario_reader *r, const json_t *root, struct scenario *s);

/* Index, or -1. */
int scenario_find_node(const struct scenario *s, const char *id);
int scenario_find_region(const struct scenario *s, const char *region);
/* The node that the text member names; complains when there is none. */
void read_node(struct scenario_reader *r, const struct scenario *s, const json_t *object, const char *key,
               unsigned *out);

#endif
