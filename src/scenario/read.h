#ifndef PRISMFED_SCENARIO_READ_H
#define PRISMFED_SCENARIO_READ_H

#include "codec/json_read.h"
#include "scenario/scenario.h"

/* The workload that `key` describes, over the default in *out (which owns its files). `key` may be absent. space: what
 * programs search; NULL: none was named. */
void read_workload(struct json_reader *r, const json_t *object, const char *key, const struct space *space,
                   struct workload_spec *out);
/* The member "program" of a workload; owned by the caller, also after a complaint. */
struct program_spec *read_program(struct json_reader *r, const json_t *workload, const struct space *space);
/* A file name as the file system knows it: relative ones start at the scenario's own folder. Owned by the caller. */
char *scenario_resolve(const struct json_reader *r, const char *file);
void workload_spec_fini(struct workload_spec *spec);
/* A workload for somebody who named none; sites differ. */
void workload_spec_default(unsigned index, struct workload_spec *out);

/* Parts of the file, each from the root object. They fill s in this order. */
void scenario_read_nodes(struct json_reader *r, const json_t *root, struct scenario *s);
void scenario_read_network(struct json_reader *r, const json_t *root, struct scenario *s);
void scenario_read_rules(struct json_reader *r, const json_t *root, struct scenario *s);
/* Who governs; after the nodes. */
void scenario_read_governance(struct json_reader *r, const json_t *root, struct scenario *s);
/* The members "proposal", "governors" and "statement" of a sign_off event. */
void read_proposal(struct json_reader *r, const json_t *event, struct scenario *s, struct scenario_event *out);
/* The policy's stake cap, when all nodes and events are read. */
void scenario_default_cap(const json_t *root, struct scenario *s);
void scenario_read_events(struct json_reader *r, const json_t *root, struct scenario *s);
/* After the events: who joins later is none of the first validators. */
void scenario_read_quorum(struct json_reader *r, const json_t *root, struct scenario *s);

/* After the rules: can all that the members offer be scored? */
void scenario_check_offers(struct json_reader *r, const json_t *root, struct scenario *s);
/* Of a scenario that is read: events that can never happen in this run. */
void scenario_check_schedule(struct json_reader *r, const json_t *root, const struct scenario_run *run,
                             const struct scenario *s);
/* After the quorum: can the links carry what the guard rails expect of them? Guard rails that the file does not name
 * make room. */
void scenario_check_links(struct json_reader *r, const json_t *root, struct scenario *s);

void scenario_read_space(struct json_reader *r, const json_t *root, struct scenario *s);
/* When all has been read: programs and a search space go together. */
void scenario_check_programs(struct json_reader *r, const struct scenario *s);
/* After that: each site's program may not see the instances of other sites. */
void scenario_hide_files(struct scenario *s);

/* Index, or -1. */
int scenario_find_region(const struct scenario *s, const char *region);
/* The nodes that the member chooses: an array of ids, or an object with role, region, site and fraction. draw: with the
 * scenario's seed, which ones of those that fit a fraction takes. At least one is chosen, or it complains. */
void read_selector(struct json_reader *r, const struct scenario *s, const json_t *object, const char *key,
                   unsigned draw, bool *chosen);
/* expand.c: the event that was read last, for each of these nodes; in place of the events from number `first` on, one
 * for each node, crashes whose distances (from the end of the one to the next) and durations are exponentially
 * distributed; the events from number `first` on, as often as the member "repeat" says. Complains when they are too
 * many. */
void expand_nodes(struct json_reader *r, struct scenario *s, const bool *chosen);
void expand_random_crashes(struct json_reader *r, const json_t *event, struct scenario *s, size_t first);
void expand_repeat(struct json_reader *r, const json_t *event, struct scenario *s, size_t first);
/* The node that the text member names; complains when there is none. */
void read_node(struct json_reader *r, const struct scenario *s, const json_t *object, const char *key, unsigned *out);

#endif
