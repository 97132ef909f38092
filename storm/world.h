#ifndef PRISMFED_STORM_WORLD_H
#define PRISMFED_STORM_WORLD_H

#include "driver/outbox.h"
#include "pbft/messages.h"
#include "pbft/pbft.h"
#include "replica/replica.h"
#include "storm/application.h"
#include "storm/checkers/checkers.h"
#include "storm/marks.h"
#include "storm/reconfigure.h"
#include "world/clock.h"
#include "world/disk.h"
#include "world/network.h"

/* One seed: real machines over networks, disks and clocks that exist in memory only, in virtual time. */

enum { RECENT_BLOB_MAX = 64 };
/* One client more asks for changes of who votes. */
enum { CLIENT_OF_CHANGES = CLIENTS_MAX, CLIENTS_ALL };

/* ---- disk */

/* What a crash at a write leaves of the writes under way. */
enum doom {
    DOOM_DRAWN,  /* as many as are drawn */
    DOOM_BEFORE, /* none */
    DOOM_AFTER,  /* this one */
    DOOM_KINDS
};

/* What the storm has in mind for a disk, or has done to it. */
struct harm {
    bool damaged, damage_shows; /* a record that was read is not what was written; the replica must notice */
    uint64_t damaged_epoch;     /* membership epoch of that record */
    bool snapshot_damaged;      /* the latest one; the replica must notice, */
    bool snapshot_passed_over;  /* and has */
    bool doomed_again;          /* at the next start */
    enum doom doom;
    uint32_t crashes;
};

/* ---- application: a chain of hashes with an exactly-once table */

enum { REGISTERS = 6, STATE_SIZE = 8 * (2 + CLIENTS_ALL + REGISTERS) };

struct executed_block {
    struct digest id, parent, root;
    struct blob *batch; /* encoded requests */
    struct digest batch_digest;
    uint32_t changes, closings; /* of who votes; blocks that closed a membership epoch: up to this one */
    uint8_t state[STATE_SIZE];  /* after it */
};

struct rooted {
    bool known;
    uint8_t state[STATE_SIZE];
    struct digest root; /* over its chunks */
};

enum { ROOTS_KEPT = 32 };

struct application {
    uint64_t base; /* the blocks begin above it */
    struct digest base_id;
    uint8_t base_state[STATE_SIZE];
    uint32_t base_closings, base_changes;
    struct executed_block *blocks; /* [k]: height base + k + 1 */
    uint64_t executed, decided, cap;
    uint32_t last[CLIENTS_ALL]; /* timestamp executed */
    uint64_t registers[REGISTERS];
    uint32_t closings; /* blocks that closed a membership epoch, among those executed */
    uint64_t kept;     /* height of the latest state that is offered */
};

/* Where a state comes from. */
struct state_origin {
    struct digest id; /* of its block */
    uint64_t next;    /* membership epoch above it */
};

/* ---- machine: one process; a replica has one, twins have two */

struct machine {
    struct world *world;
    unsigned index, replica;
    enum lie lie;
    bool up;
    struct replica *live; /* NULL: down, or starting */
    struct ledger_store store;
    struct effects out; /* of the running step */
    unsigned epoch;     /* of the decided state: index into the world's */
    struct stored_block opened;
    struct {
        uint64_t view, executed, decided, stable;
        bool in_view_change;
        unsigned pending;
    } before;   /* the step; of its PBFT machine */
    bool voted; /* before it */
    unsigned life;
    bool gone; /* stays down or out of reach for good */
    bool wiped;
    bool forgot;  /* something without a trace: a liar for ever */
    bool amnesia; /* wiped and not recovered: among the faulty */
    unsigned recoveries;
    bool was_behind;
    bool starting, unsure;
    int64_t paused_until;
    struct clock clock;
    uint64_t view, left_in_a_row;
    uint64_t rotten_height; /* the last that came out wrong */
    bool diverged;          /* it knows that, and has not caught up */
    size_t mended_at;       /* it caught up before this effect of the step */
    uint64_t undone_height; /* lowest of the last undo, and the batch there */
    struct digest undone_batch;
    struct outbox outbox;
    uint64_t told;        /* the replica knows that this write is durable */
    struct blob *checked; /* what was sent last and looked at, or NULL */
    struct disk disk;
    struct harm harm; /* of its disk */
    struct application app;
    /* of the checkers: */
    struct table durable, judged;
    uint64_t planned_view, planned_top;   /* the last NEW-VIEW re-proposed up to here */
    uint64_t asked_view[CHANGES_MAX + 1]; /* the highest in a VIEW-CHANGE of its own, by epoch */
    bool view_timer;                      /* it is what this step began with */
    struct calm {
        int64_t timeout; /* that it should have; 0: just started */
        bool in_vain;
        uint64_t decided;
    } calm;
    struct answers {
        int64_t since;
        unsigned count;
    } answers[REPLICAS_MAX];
    /* of a liar: what it said lately */
    struct blob *said[RECENT_BLOB_MAX];
    uint32_t said_count, lies_told;
};

/* Of a message, `number` is the machine that sent it and `life` that machine's; of a client, `node` is the client, of a
 * fault its number in the plan: `number` 1 begins it, 0 ends it. */
enum storm_event {
    EVENT_CLIENT = EVENT_OWN,
    EVENT_FAULT,
    EVENT_RESTART,
    EVENT_HEAL,
    EVENT_HEARD_LATE /* a message, by a machine that stood still when it came */
};

struct client {
    uint32_t asked, done; /* timestamps */
    uint32_t tries;
};

struct world {
    struct draw draw;
    struct storm_plan plan;
    struct claim_forms forms;
    struct verify_cache *verify_cache; /* of real signatures; NULL: stubs cost less than to remember them */
    struct pbft_config config;         /* but for who votes */
    struct secret_key keys[REPLICAS_MAX][CHANGES_MAX + 1];
    struct epoch epochs[CHANGES_MAX + 1];
    unsigned epoch_count;
    struct machine machines[MACHINES_MAX];
    unsigned machine_count;
    bool strangers;         /* somebody sends statements of another federation or membership epoch */
    struct network network; /* of replicas */
    uint32_t sent[REPLICAS_MAX][REPLICAS_MAX];
    uint64_t luck; /* what was drawn for the message that is being sent */
    struct client clients[CLIENTS_ALL];
    struct rooted roots[ROOTS_KEPT]; /* by height modulo that, the last one seen */
    struct agenda agenda;
    struct effects spare; /* empty, for the next step */
    uint64_t steps;
    uint64_t acts;            /* steps of machines, crashes, and writes that end: what a trace is long of */
    const struct fault *slow; /* FAULT_SLOW_KIND, while it lasts */
    unsigned thin_links;
    bool healed, finished;
    unsigned core[REPLICAS_MAX], core_count;

    struct checkers checkers;
    struct marks marks;
    bool tracing; /* print what happens */
    bool hashing; /* digest of all effects, for checker 17 */
    uint64_t trace;
    const char *checker; /* NULL, or the one that found something */
    char failure[320];
};

/* ---- world.c */
void world_init(struct world *w, const struct draw *draw, unsigned real_percent);
/* Of this plan and not the seed's own. */
void world_init_plan(struct world *w, const struct draw *draw, const struct storm_plan *plan);
void world_free(struct world *w);
/* To the end of the seed or the first finding. */
void world_run(struct world *w);
/* The same in steps of one event; false: it is over. */
void world_begin(struct world *w);
bool world_step(struct world *w);
void world_fail(struct world *w, const char *checker, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool machine_means_well(const struct machine *m); /* whatever became of its disk */
bool machine_correct(const struct machine *m);
/* Nothing can be held against it: correct, or wiped and honest. */
bool replica_honest(const struct world *w, unsigned replica);

#define MARK(w, name) ((void)(w)->marks.hits[MARK_##name]++)

/* ---- messages.c */
void links_init(struct world *w);
void links_change(struct world *w); /* to what the faults make of them now */
void links_clog(struct world *w, unsigned from, unsigned to, int64_t until);
void links_heal(struct world *w);
void links_mark(struct world *w);                                           /* what the network has counted */
void machine_send(struct machine *from, unsigned to, struct blob *message); /* to a replica */
/* One message as it is, past the liar. */
void machine_say(struct machine *from, unsigned to, struct blob *message);
void machines_hear(struct world *w, const struct event *e); /* all of its replica */
void machine_hear(struct machine *m, const struct event *e);

/* ---- effects.c */
extern const struct outbox_actions machine_actions;
/* So many writes may be in flight before a replica waits for its disk: 8, 16, 32 or 64. */
uint64_t machine_writes_allowed(const struct world *w);
void machine_settle(struct machine *m, struct effects *effects); /* empties effects */
struct effects effects_spare(struct world *w);                   /* empty ones for a step */
void machine_written(struct world *w, const struct event *e);    /* writes are due */
void machine_store(struct machine *m);                           /* what its replica reads: m->store */
void machine_loses_writes(struct machine *m);                    /* in a crash */

/* ---- damage.c */
void machine_damage(struct machine *m, uint64_t v); /* one record of a machine that is down; v: which, and how */
void machine_wipe(struct machine *m);
/* Feeds the records to the replica. False: it refuses them, as it must when they are damaged. */
bool machine_read(struct machine *m);

/* ---- machine.c */
void machine_start(struct machine *m);
void machine_crash(struct machine *m, int64_t back_after); /* < 0: stays down until the faults end */
void machine_timer(struct world *w, const struct event *e);
/* A step of its replica: what is called in between has its effects in m->out. */
void machine_begin(struct machine *m);
void machine_end(struct machine *m);
void machine_durable(struct machine *m); /* the replica hears it when half of what it may have in flight is durable */
const struct pbft *machine_pbft(const struct machine *m); /* NULL: down, or no member */
/* After every step: do replica and application agree. */
void machine_look(struct machine *m);

/* ---- application.c */
struct replica_app application_callbacks(struct machine *m);
struct digest application_voters_digest(uint64_t membership_epoch);
struct place application_place(const struct machine *m, uint64_t height);
void application_free(struct application *a);
/* A client's requests are decided up to this timestamp, and it has been told: that waits for the disk. */
uint32_t application_durable_of(const struct machine *m, unsigned client);
/* Blocks that closed a membership epoch, among the decided ones. */
uint32_t application_closings(const struct machine *m);
bool application_closes(const struct application *a, uint64_t height); /* its membership epoch; height > a->base */
/* Changes of who votes, up to this height. */
uint32_t application_changes(const struct application *a, uint64_t height);
struct executed_block *application_block(struct application *a, uint64_t height);
struct digest application_id(const struct application *a, uint64_t height);
/* Executes a batch; takes over the blob. */
void application_add(struct machine *m, struct blob *batch, const struct bytes *requests, unsigned count);
void application_undo(struct machine *m, uint64_t height);
/* Forgets everything: the chain begins anew at this height, in this state. */
void application_restart(struct machine *m, uint64_t height, const struct digest *id, struct bytes state);

/* ---- states.c */
/* The state after a decided block, and why it may be believed. */
void state_give(struct machine *m, uint64_t height, struct bytes certificate, struct buf *proof, struct buf *state);
/* Does a quorum vouch for this root at this height? */
enum err state_check(struct machine *m, uint64_t height, struct bytes proof, const struct digest *root,
                     struct state_origin *out);
enum err state_install(struct machine *m, uint64_t height, struct bytes proof, struct bytes state,
                       struct replica_point *out);

/* ---- clients.c */
void clients_start(struct world *w);
void client_event(struct world *w, const struct event *e);
uint32_t client_requests(const struct world *w, unsigned client);
bool clients_satisfied(const struct world *w); /* every core machine decided everything */

/* ---- faults.c */
void faults_start(struct world *w);
void fault_event(struct world *w, const struct event *e);
void faults_heal(struct world *w);
unsigned world_primary(const struct world *w); /* of the view that most are in */

/* ---- liar.c */
void liar_send(struct machine *m, unsigned to, struct blob *message);

/* ---- trace.c: what happens, a line each, when w->tracing */
void trace_line(const struct world *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
void trace_message(const struct world *w, const char *verb, unsigned from, unsigned to, struct bytes message);
void trace_plan(const struct world *w);

#endif
