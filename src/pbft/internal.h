#ifndef PRISMFED_PBFT_INTERNAL_H
#define PRISMFED_PBFT_INTERNAL_H

#include "base/mutate.h"
#include "pbft/evidence.h"
#include "pbft/messages.h"
#include "pbft/pool.h"
#include "pbft/record.h"
#include "pbft/view_change_format.h"

/* The replica, shared by the files of this folder and by nobody else. */

/* Proposed requests: an encoded batch (messages.h) under its digest. */
struct batch {
    struct digest digest;
    struct blob *requests;
    bool durable; /* persisted, so that later records need only its digest */
};

/* One sequence number. What it says of a view holds only while that is p->view (slot_current):
 * entering a view costs no sweep. A claim of type 0 is none. */
struct slot {
    uint64_t sequence; /* 0: unused */
    /* What is looked at in every step comes first, in one cache line. */
    bool proved;  /* the proposal came with a NEW-VIEW: a quorum's word stands behind it */
    bool voted;   /* our PREPARE (as primary: PRE-PREPARE) is out */
    bool refused; /* the application will not have it in this view */
    bool prepared;
    bool has_block;                       /* executed (or decided): block_id is known */
    unsigned prepare_count, commit_count; /* replicas that one is kept of, whatever it says */
    struct claim *prepares, *commits;     /* of every replica: that of the highest view */
    struct claim proposal;                /* the primary's PRE-PREPARE */
    struct digest block_id;
    uint64_t asked; /* p->occasion at which the application said ERR_AGAIN */
    struct batch batches[SLOT_BATCHES];
    unsigned batch_count;
    struct blob *proof; /* of the highest view in which we prepared, or NULL */
    uint64_t proof_view;
    struct digest proof_digest;
};

/* What a peer's last STATUS that was answered said, when, and for how long the same is not answered again. */
struct asked {
    uint64_t view, decided, stable;
    unsigned slots, state;
    int64_t at_ns, wait_ns;
};

struct peer {
    uint64_t view;            /* highest that it signed anything in */
    uint64_t decided;         /* as its STATUS claims */
    struct blob *view_change; /* its VIEW-CHANGE for view_change_to, or NULL */
    uint64_t view_change_to;
    struct claim *checkpoints; /* the latest ones; p->checkpoints_kept of them */
    int64_t answered_at;
    unsigned answers; /* since answered_at, and their size */
    size_t answer_bytes;
    struct asked asked;
    int64_t view_said_ns; /* when it last got our VIEW-CHANGE or the NEW-VIEW from us alone */
    int64_t told_at;      /* when it last got a STATUS of its own */
    bool reported;        /* to us, who have lost our memory; see recovery.c */
    uint64_t report_view, report_sequence;
    uint64_t fill_to; /* what it recovers up to, and since when */
    int64_t filled_at;
    bool convicted;
    struct claim evidence[2]; /* type 0 once taken */
};

/* A checkpoint that a quorum vouches for. */
struct stable {
    uint64_t sequence;
    struct digest block_id;
    struct blob *signatures; /* NULL: the beginning of the membership epoch, which needs none */
};

struct timer {
    bool armed;
    int64_t at_ns;
};

struct pbft {
    struct pbft_config config;
    struct pbft_app app;
    struct members members;
    struct claim_forms *own_forms; /* NULL: config.claim_forms are used */

    struct stable base;   /* where the membership epoch began */
    struct stable stable; /* h; never above decided */
    struct stable proven; /* a later one that we have not caught up with */
    uint64_t decided, executed;
    uint64_t proved_decided; /* by a quorum of votes */
    struct digest decided_id;
    uint64_t closing; /* executed, maybe decided: the last sequence of this membership epoch; 0: none yet */
    bool diverged;    /* others decided another block than we executed: no votes until caught up */

    /* recovery.c */
    bool recovering;         /* lost its memory */
    unsigned reports;        /* of distinct peers */
    uint64_t recovery_point; /* nothing above it can be signed already; valid with a quorum of reports */
    uint64_t floor;          /* votes in views from here on, VIEW-CHANGEs to views above; 0 with a whole memory */
    uint64_t top_signed;     /* highest sequence of any vote of ours */
    uint64_t fill_to;        /* null batches until there, for others that recover */

    uint64_t view;
    bool active;             /* false: between VIEW-CHANGE and NEW-VIEW */
    struct blob *new_view;   /* the message that opened the view; NULL in view 0 */
    struct blob *short_view; /* a NEW-VIEW for this view that names VIEW-CHANGEs which are not here; or NULL */
    int64_t view_said_ns;    /* when it was left or entered */
    bool wants_whole;        /* it names others than are here */
    uint64_t top;            /* highest sequence proposed in this view */
    uint64_t planned_top;    /* highest that the NEW-VIEW proposed */
    uint64_t views_entered;

    unsigned ring; /* slots: the window and one interval above it */
    struct slot *slots;
    struct claim *votes; /* backing of the slots' prepares and commits */
    struct claim *marks; /* backing of the peers' checkpoints */
    unsigned checkpoints_kept;
    struct peer *peers;
    uint64_t peers_view, peers_decided; /* the highest of all peers */
    unsigned evidence_count;            /* pairs that nobody has taken */

    struct pool pool;
    bool pool_ready; /* something is proposable; valid while pool_asked == occasion */
    uint64_t pool_asked;
    struct digest pool_oldest; /* the first that is proposable, while pool_ready */
    uint64_t occasion;         /* counts what may change the application's mind */
    bool expecting;
    bool batch_due;

    bool started;
    bool held;             /* pbft_hold */
    bool restored;         /* a snapshot record was read */
    struct blob **records; /* the others, until pbft_start */
    size_t record_count, record_cap;
    uint64_t record_serial;                  /* of the next one */
    uint64_t snapshot_serial, snapshot_live; /* of the snapshot that was read last; what it counts (record.h) */
    uint64_t *filed;                         /* number of each durable record, but for some that are forgotten */
    size_t filed_count, filed_cap;
    bool progress;      /* decided something in this step */
    int64_t timeout_ns; /* of the view timer, doubled */
    bool left_in_vain;  /* a view, since the last progress: leaving another one doubles the time-out */
    bool watching;      /* progress does not excuse passing over this request */
    struct digest watched;
    int64_t watched_until_ns;
    uint64_t fetch_turn; /* times that it asked for batches */
    unsigned fruitless;  /* times that the RESEND timer fired without progress since */
    struct timer timers[PBFT_TIMER_RESEND + 1];

    int64_t now_ns; /* of the running step, as is out */
    struct effects *out;
    struct bytes requests[PBFT_BATCH_MAX]; /* scratch: a decoded batch */
    struct buf record;                     /* scratch: the one that is written */
};

/* ---- log.c: slots, batches, claims */
/* Does what was executed last close the membership epoch? */
void closing_set(struct pbft *p, bool closes);
uint64_t log_high(const struct pbft *p);                  /* h + L, or the end of the membership epoch */
struct slot *log_slot(struct pbft *p, uint64_t sequence); /* NULL outside of the ring; made on demand */
struct slot *log_find(struct pbft *p, uint64_t sequence); /* NULL when it was never touched */
void slot_clear(struct slot *s, unsigned n);
bool slot_current(const struct pbft *p, const struct slot *s);         /* it has a proposal of this view */
struct batch *slot_batch(struct slot *s, const struct digest *digest); /* NULL: not here */
/* Takes a holding of its own. */
void slot_keep_batch(struct slot *s, const struct digest *digest, struct blob *requests);
void slot_propose(struct pbft *p, struct slot *s, const struct claim *proposal, bool proved);
/* place: one of s->prepares or s->commits. */
void slot_keep_claim(struct slot *s, struct claim *place, const struct claim *claim);
/* How many of these say the same as `says`, and, where wanted, which (room for n). */
unsigned claims_count(const struct pbft *p, const struct claim *claims, const struct statement *says,
                      struct claim *which);
void signed_up_to(struct pbft *p, uint64_t sequence); /* votes of ours */
void claim_sign(struct pbft *p, enum message_type type, uint64_t view, uint64_t sequence, const struct digest *digest,
                struct claim *out);
/* A peer signed these two: keeps them and notes it, unless it is convicted already. */
void evidence_keep(struct pbft *p, const struct claim *first, const struct claim *second);
void peer_seen(struct pbft *p, const struct claim *claim);
/* [type, cose] or [type, cose, extra]; extra: one item, may be empty. One holding is the caller's. */
struct blob *message_of(const struct pbft *p, const struct claim *claim, struct bytes extra);
struct blob *message_prepare(const struct pbft *p, const struct claim *prepare, const struct claim *proposal);
void send_to(struct pbft *p, int32_t to, struct blob *message);       /* of this membership epoch */
void send_dropping(struct pbft *p, int32_t to, struct blob *message); /* gives up the caller's holding */

/* ---- normal.c: PRE-PREPARE, PREPARE, COMMIT */
enum err receive_pre_prepare(struct pbft *p, struct bytes message);
enum err receive_prepare(struct pbft *p, struct bytes message);
enum err receive_commit(struct pbft *p, struct bytes message);
/* The end of a step: does all that has become possible: propose, prepare, execute, commit, decide. */
void normal_run(struct pbft *p);
/* Not while the verdict rests on an execution that may be undone. */
bool refused_for_good(const struct pbft *p, enum err verdict);
bool pool_proposable(struct pbft *p);
/* May it be proposed on top of what is executed? */
enum err request_judge(const struct pbft *p, struct bytes request);
void normal_undo(struct pbft *p); /* speculative executions, when the view ends */

/* ---- checkpoint.c */
enum err receive_checkpoint(struct pbft *p, struct bytes message);
enum err receive_stable(struct pbft *p, struct bytes message);
void checkpoint_vote(struct pbft *p, uint64_t sequence, const struct digest *block_id);
/* After a restart: those that the crash came before. */
void checkpoint_vote_again(struct pbft *p);
/* A quorum vouches for it (the caller checked): moves the window as soon as we are there too. Takes over s. */
void checkpoint_prove(struct pbft *p, struct stable *s);
void checkpoint_adopt(struct pbft *p);
bool checkpoint_waits(const struct pbft *p); /* our own latest one is not stable yet */
struct blob *checkpoint_message(const struct pbft *p);
struct blob *stable_message(const struct pbft *p);                 /* of h, which has signatures */
void checkpoint_restore(struct pbft *p, const struct claim *vote); /* an own one, from a record */

/* ---- view_change.c */
enum err receive_view_change(struct pbft *p, struct bytes message);
enum err receive_new_view(struct pbft *p, struct bytes message);
void view_change_start(struct pbft *p, uint64_t view);
/* Sends the NEW-VIEW of this view. changes: the view of the VIEW-CHANGE of each replica that the peer has; NULL: send
 * it all of them. */
void new_view_answer(struct pbft *p, unsigned peer, const uint64_t *changes);
unsigned view_change_count(const struct pbft *p); /* replicas that want this view or a later one */
/* Takes up what the (checked) NEW-VIEW of this view re-proposes; again after the window has moved. */
void new_view_install(struct pbft *p);
/* From own records: moves on to the view of this message without a word. */
enum err view_change_restore(struct pbft *p, struct bytes message) MUST_CHECK;
enum err new_view_restore(struct pbft *p, struct bytes message) MUST_CHECK;

/* ---- record_write.c: what is persisted. Filed under its sequence; what tells the view, above h. */
void record_snapshot(struct pbft *p);
void record_accept(struct pbft *p, struct slot *s, const struct claim *prepare); /* NULL: we are the primary */
void record_proof(struct pbft *p, const struct slot *s);
void record_claim(struct pbft *p, const struct claim *claim);
void record_decided(struct pbft *p, uint64_t sequence, const struct digest *block_id);
void record_message(struct pbft *p, struct blob *message); /* VIEW-CHANGE, NEW-VIEW */
void filed_add(struct pbft *p, uint64_t number);

/* ---- record_read.c: and read again */
void records_apply(struct pbft *p);

/* ---- status.c */
enum err receive_status(struct pbft *p, struct bytes message);
void status_send(struct pbft *p, int32_t to);    /* to one peer: within its budget */
void status_tell(struct pbft *p, unsigned peer); /* the same, unless it was told just now */

/* ---- retransmit.c: missing batches, resending */
enum err receive_fetch(struct pbft *p, struct bytes message);
enum err receive_batch(struct pbft *p, struct bytes message);
void fetch_missing(struct pbft *p);
void resend_all(struct pbft *p);
/* Sends to one peer, unless its budget is used up (false). */
bool answer(struct pbft *p, unsigned peer, struct blob *message);
uint64_t known_decided(const struct pbft *p);
/* Somebody correct has decided more than we have. A quorum of COMMITs alone does not say so: all of it may have come
 * too late, to replicas that had left the view. */
bool can_catch_up(const struct pbft *p);
bool is_behind(const struct pbft *p);

/* ---- recovery.c: loss of memory, of our own and of others */
enum err receive_query(struct pbft *p, struct bytes message);
enum err receive_report(struct pbft *p, struct bytes message);
bool is_mute(const struct pbft *p); /* must not vote in this view */
void wiped_ask(struct pbft *p);
void wiped_look(struct pbft *p);        /* is it over? */
bool wiped_waits(const struct pbft *p); /* another one waits for a checkpoint above what is executed */

/* ---- timers.c */
void timers_update(struct pbft *p);
void timers_ask_anew(struct pbft *p); /* the view is another one: questions begin anew */
void timer_arm(struct pbft *p, uint32_t timer, int64_t delay_ns);
void timer_stop(struct pbft *p, uint32_t timer);
/* Proposable requests, undecided proposals or an expectation: something that the primary owes us. */
bool has_work(struct pbft *p);

#endif
