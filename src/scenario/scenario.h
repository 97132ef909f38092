#ifndef PRISMFED_SCENARIO_SCENARIO_H
#define PRISMFED_SCENARIO_SCENARIO_H

#include "evolve/workload.h"
#include "genome/space.h"
#include "state/genesis.h"
#include "state/sign_off.h"
#include "program/program.h"

/* A scenario: what to rehearse. docs/scenario.schema.json is its published form. Times in the file carry their
 * unit in the key (`_ms`); here they are nanoseconds. */

/* EVENTS: of the file; HAPPENINGS: what these come to, with all nodes that they name and as often as they repeat. */
enum {
    SCENARIO_SIZE_MAX = 8 << 20,
    SCENARIO_NODES_MAX = 16384, /* a rehearsal has all of them in one process */
    SCENARIO_EVENTS_MAX = 1024,
    SCENARIO_HAPPENINGS_MAX = 4096,
    SCENARIO_REGIONS_MAX = 32,
    SCENARIO_LINKS_MAX = 512
};
/* Proposals of one primary that are in flight at a time, which the rehearsal runs with and the reader judges links by.
 */
enum { SCENARIO_PIPELINE = 4 };
/* By scenario_simulates(): every key has a seed, and people choose small ones. */
enum { SCENARIO_SEEDS_TRIED = 1024 };
/* Of limit_ms. */
#define SCENARIO_LIMIT_MS_MAX (INT64_C(1) << 32)

struct fed_config;

struct scenario_node {
    struct member_card card; /* key is filled in by the simulator from the seed */
    double speed;            /* 1.0: a thousand solver iterations a virtual millisecond */
    bool joins_later;        /* named by a join event: not a founding member */
    bool rotates;            /* named by a rotate_key event */
    bool disclosed;          /* auditors and validators may see its work: scenario_discloses() */
    struct workload_spec workload;
};

/* Between two regions (or within one: same index twice). The default link fills what is not named. */
struct scenario_link {
    unsigned from, to;             /* region indices; both directions */
    int64_t latency_ns, jitter_ns; /* one way; jitter is uniform in [0, jitter] */
    uint64_t loss_ppm;
    uint64_t bytes_per_second; /* 0: not limited */
};

enum scenario_event_kind {
    EVENT_CRASH, /* the node stops; what was not durable is gone */
    EVENT_RESTART,
    EVENT_WIPE,           /* the node stops and loses its disk; it starts again after duration */
    EVENT_PARTITION,      /* groups of nodes: only members of one group hear each other */
    EVENT_HEAL,           /* ends the partition */
    EVENT_LATENCY_SPIKE,  /* factor, for duration */
    EVENT_LOSS_BURST,     /* loss_ppm, for duration */
    EVENT_SLOW_DOWN,      /* the node's speed divided by factor, for duration */
    EVENT_JOIN,           /* a node that was not a founding member joins, by sign-off of the validators */
    EVENT_LEAVE,          /* for good; a validator by sign-off of the others */
    EVENT_STAKE,          /* a node gets another stake, by sign-off of the validators */
    EVENT_ROTATE_KEY,     /* a node gets another key, by sign-off of the validators */
    EVENT_LIE,            /* the node behaves as named from now on ("honest" ends it) */
    EVENT_DRIFT,          /* the node's private work changes to another family */
    EVENT_PAUSE,          /* the node stands still for duration: what it hears and what it meant to do waits */
    EVENT_SLOW_DISK,      /* its writes take factor as long, for duration */
    EVENT_FULL_DISK,      /* its next write fails, and it stops; it starts again after duration */
    EVENT_CLOCK_SKEW,     /* its clock jumps ahead, and gains drift_ppm from then on */
    EVENT_RANDOM_CRASHES, /* read as that many crashes */
    EVENT_SIGN_OFF,       /* governors sign a proposal off, and a node brings that in */
    EVENT_KIND_COUNT
};

/* A governor: a board, or a person, with a key of its own that no node has. */
struct scenario_governor {
    char id[MEMBER_NAME_MAX + 1];
    bool has_key; /* the file has it; a rehearsal derives one from the seed all the same */
    struct public_key key;
};

/* What one or more sign_off events are about. The first one says what is proposed. */
struct scenario_proposal {
    char id[MEMBER_NAME_MAX + 1];
    struct sign_off what; /* what no run is needed for: no keys, no genome */
    int governor;         /* ROTATE_KEY, REVOKE_KEY: whose key; -1: a node's */
    unsigned node;
};

enum lie {
    LIE_NONE,
    LIE_INVERTED_SCORES, /* sign flip */
    LIE_IPM_SCORES,
    LIE_ALIE_SCORES,
    LIE_MIMIC_SCORES,
    LIE_COLLUDING_SCORES,
    LIE_INFLATED_CLAIMS,
    LIE_NEGATED_CLAIMS,
    LIE_COPY_CAT,
    LIE_STALE,
    LIE_DOUBLE_SIGN,
    LIE_MUTE,
    LIE_FALSE_RECOUNTS,
    LIE_HOSTILE,    /* sim/hostile.h */
    LIE_EQUIVOCATE, /* sim/equivocate.h */
    LIE_COUNT
};

struct scenario_event {
    enum scenario_event_kind kind;
    unsigned source; /* its place in the file's list */
    bool at_epoch;   /* else at_ns since the start */
    uint64_t epoch;  /* fires `after_ns` after the first node has entered that epoch */
    int64_t at_ns, after_ns;
    int64_t duration_ns;      /* 0: until something ends it */
    unsigned node;            /* not partition, heal, latency_spike, loss_burst */
    bool sponsored;           /* join: sponsor is named; else any validator that may */
    unsigned sponsor;         /* node */
    uint64_t stake;           /* stake */
    bool primary;             /* crash: whoever is primary when it fires */
    const uint64_t *group_of; /* partition: group number of each node, from 1; 0: alone; the scenario's */
    bool one_way;             /* partition: what nodes of group 1 say does not reach those of group 2; one of both is in
                                 both, group 3 */
    int64_t factor_ppm;
    uint64_t loss_ppm;
    bool on_link; /* loss_burst: between two regions only, or within one: */
    unsigned link_from, link_to;
    int64_t ahead_ns, drift_ppm; /* clock_skew */
    enum lie lie;
    struct workload_spec workload; /* drift */
    unsigned proposal, signers;    /* sign_off: of the scenario's; a bit for each governor */
};

struct scenario {
    struct digest text; /* of the file's bytes */
    char name[FEDERATION_NAME_MAX + 1];
    uint64_t seed;
    unsigned quorum, max_byzantine;
    uint64_t epoch_start;
    struct policy policy;
    struct space *space; /* what is searched, for programs of the users'; owned; NULL: the built-in solver's genes */
    unsigned node_count;
    struct scenario_node *nodes;        /* owned; order of the file */
    struct governance_rules governance; /* without keys */
    unsigned governor_count;
    struct scenario_governor governors[GOVERNORS_MAX];
    unsigned proposal_count;
    struct scenario_proposal *proposals; /* owned */
    unsigned partition_count;
    uint64_t **partitions; /* owned; of events, which may share one */
    unsigned region_count;
    char regions[SCENARIO_REGIONS_MAX][MEMBER_NAME_MAX + 1];
    struct scenario_link default_link, local_link; /* between regions; within one */
    unsigned link_count;
    struct scenario_link *links; /* owned */
    struct workload_spec shared; /* the shards' work, when policy.shards > 0 */
    uint64_t
        view_timeout_ns; /* guard_rails.latency_limit_ms: a decision that takes longer costs the primary its view */
    int64_t batch_delay_ns, submit_ns, submit_max_ns;
    int64_t disk_ns;  /* how long a durable write takes */
    int64_t limit_ns; /* virtual time after which the rehearsal ends whatever stands */
    unsigned event_count;
    struct scenario_event *events; /* owned; order of the file */
};

/* What the command line says of a run. */
struct scenario_run {
    uint64_t epochs;   /* at least 1 */
    uint64_t limit_ms; /* 0: the scenario's */
};

/* Every complaint names file, line, column and JSON pointer and what was expected. .col files are looked up
 * relative to the scenario file. Errors: ERR_IO of a file; those of json_doc_load(), and for what a scenario
 * may not say ERR_TYPE, ERR_RANGE, ERR_UNKNOWN, ERR_MISSING, ERR_DUPLICATE, ERR_LIMIT, ERR_SYNTAX or ERR_STATE. *out is
 * set on success only. */
enum err scenario_load(const char *path, struct scenario *out, struct diag *diag) MUST_CHECK;
/* The same for a run: the limit is the run's, and events that can never happen in it are refused, too: ERR_RANGE,
 * ERR_STATE, ERR_DUPLICATE. */
enum err scenario_load_run(const char *path, const struct scenario_run *run, struct scenario *out,
                           struct diag *diag) MUST_CHECK;
enum err scenario_parse(const char *name, struct bytes text, struct scenario *out, struct diag *diag) MUST_CHECK;
void scenario_fini(struct scenario *s);

/* What is searched: the genes of the users' programs, or of the built-in solver. */
const struct genome_schema *scenario_schema(const struct scenario *s);
/* The genesis document of a rehearsal with this seed, whose simulated keys it has; appended to out. It names the shared
 * work, and what is disclosed, so these are built: errors are those of their files. */
enum err scenario_genesis(const struct scenario *s, uint64_t seed, struct buf *out, struct diag *diag) MUST_CHECK;
/* A node's card in a rehearsal with this seed; errors as of scenario_genesis(). */
enum err scenario_card(const struct scenario *s, unsigned node, uint64_t seed, struct member_card *out,
                       struct diag *diag) MUST_CHECK;
/* The same for real, where each founder has made his own key: cards (of all nodes, in their order; those of nodes that
 * join later are not looked at) are scenario_blank_card() with the keys; errors likewise. */
enum err scenario_found(const struct scenario *s, const struct member_card *cards, struct buf *out,
                        struct diag *diag) MUST_CHECK;
/* A node's card without its key, which is zero; errors of its files. */
enum err scenario_blank_card(const struct scenario *s, unsigned node, struct member_card *out,
                             struct diag *diag) MUST_CHECK;
/* What the founders agree to before anybody's key is known: SHA-256 of that document with no key, and no work that is
 * disclosed, in the cards; errors of the shared work's files. */
enum err scenario_terms(const struct scenario *s, struct digest *out, struct diag *diag) MUST_CHECK;
/* Could everybody make this key, as rehearsals do? That of any node with the scenario's seed, or of `name` with one of
 * the first SCENARIO_SEEDS_TRIED seeds. */
bool scenario_simulates(const struct scenario *s, const char *name, const struct public_key *key);
/* What a node's private work is once `epoch` has begun: the node's own, or that of the last drift event until then. One
 * with a time in place of an epoch counts from the start. Borrowed from s. */
const struct workload_spec *scenario_work(const struct scenario *s, unsigned node, uint64_t epoch);
/* Builds a node's private work, `spec`, as it is in a rehearsal with this seed: the seed and the node's id decide which
 * graphs are drawn, before a drift and after it. programs: of the scenario's space; they outlive the workload. NULL
 * where there is none. workload_fini() frees it. Errors of workload_build() and of the program's files. */
enum err scenario_workload(const struct scenario *s, unsigned node, const struct workload_spec *spec,
                           struct programs *programs, uint64_t seed, struct workload *out,
                           struct diag *diag) MUST_CHECK;
/* Builds shard number `index` of the shared work, in the same way, with the same errors. instance_fini()
 * frees it. */
enum err scenario_shard(const struct scenario *s, unsigned index, struct programs *programs, uint64_t seed,
                        struct instance *out, struct diag *diag) MUST_CHECK;

/* The key of a governor in a rehearsal with this seed; rotated: the one after a ROTATE_KEY. key_wipe() it. */
void scenario_governor_key(const struct scenario *s, unsigned governor, bool rotated, uint64_t seed,
                           struct secret_key *out);

/* Time-outs and the like, into *out; the rest of it is the caller's. */
void scenario_machine(const struct scenario *s, struct fed_config *out);
/* What a node's own draws begin with (fed_config.seed) in a rehearsal with this seed. */
uint64_t scenario_draws(uint64_t seed, unsigned node);
/* One run of a genome, as a rehearsal would do it in its first epoch; nobody keeps it. says gets why it is no success.
 * instance: of scenario_workload() or scenario_shard(). */
struct evaluation scenario_try(const struct scenario *s, const struct instance *instance, const struct genome *genome,
                               char says[PROGRAM_SAYS_SIZE]);

/* So many nodes put something into an epoch, at most. */
unsigned scenario_contributors(const struct scenario *s);
int scenario_find_node(const struct scenario *s, const char *id); /* -1: no node has this id */
/* Can others run the node's claims again on what it discloses? Only built-in work, that no event changes on the way: a
 * program of the user's may answer otherwise elsewhere, and nobody honest may be found. */
bool scenario_discloses(const struct scenario *s, unsigned node);

const char *scenario_event_name(enum scenario_event_kind kind); /* "crash", "latency_spike", ... */
const char *lie_name(enum lie lie);

#endif
