#ifndef PRISMFED_SIM_RESULTS_H
#define PRISMFED_SIM_RESULTS_H

#include "prismfed/simulation.h"
#include "record/summary.h"
#include "sim/rehearsal.h"
#include "tlog/checkpoint.h"

/* What a rehearsal leaves behind: the public report, and the artifacts. It is told epoch by epoch, so that the memory
 * it takes does not grow with their number:
 *
 *     results_open(), results_next() until there is no more, results_close(); then the whole's report and summary
 */

/* One epoch as all of them tell it. */
struct results_epoch {
    uint64_t epoch;
    const struct history_epoch *log; /* NULL: it never ended */
    struct timeline_epoch times;
    unsigned validators, max_byzantine, quorum; /* while it ran */
    unsigned liar_count;                        /* of the first of `liars` */
    struct federated_row liars[FEDERATED_ROWS_MAX];
    uint64_t honest_ppm;  /* the farthest of the other rows */
    uint64_t virtual_ns;  /* so far, when it never ended */
    struct buf signature; /* anchor_sign(); empty unless log */
};

struct results {
    const struct rehearsal *r;
    const char *label;
    const struct sim_node *teller;   /* whose ledger is told: a member, honest, up, with the longest one; the first */
    const struct sim_node *recorder; /* who signs the summary: in good standing when the log ends; of results_close() */
    const struct secret_key *recorder_key; /* its key there */
    struct history history;
    uint64_t epoch_count, next; /* next: index of the epoch to be told */
    struct results_epoch epoch; /* the present one */
    uint64_t anchored;          /* epochs told so far that are */
    int64_t gain_ppm;           /* cost of the last incumbent in millionths of the first one's */
    uint64_t cost_count;
    struct federated_site_cost *costs; /* owned; of the sites that are members and have work */
    bool roots_agree;

    /* happenings.c */
    enum member_status *statuses; /* owned; before the present epoch ended, of member_count */
    unsigned member_count;
    struct federated_happening *happenings; /* owned */
    size_t happening_count, happening_cap;
};

/* When the run is over. *t must be zero; results_fini() in any case. label is borrowed. Errors of
 * history_open(). */
enum err results_open(struct results *t, const struct rehearsal *r, const char *label, struct diag *diag) MUST_CHECK;
/* Goes on to the next epoch; *more false: there was none. ERR_MISMATCH: the teller's ledger does not verify. ERR_IO.
 */
enum err results_next(struct results *t, bool *more, struct diag *diag) MUST_CHECK;
/* All epochs are told: what is to be said of the whole. Errors like results_next()'s. */
enum err results_close(struct results *t, struct diag *diag) MUST_CHECK;
void results_fini(struct results *t);

/* report.c: all but epochs and real_seconds; of one program; of the present epoch. */
void results_report(const struct results *t, struct federated_simulation_report *report);
void results_report_program(struct programs *programs, unsigned index, struct federated_program_report *out);
void results_report_epoch(const struct results *t, struct federated_epoch_report *out);
/* report.c: the shared genome and what it costs, which the report takes over; after results_close(). */
void results_report_genome(struct results *t, struct federated_simulation_report *report);
/* happenings.c: before the next epoch is read; when it has been and ended; what is in the report of the run, which
 * takes it over. */
void happenings_begin(struct results *t);
void happenings_members(struct results *t);
void happenings_rows(struct results *t);
void happenings_report(struct results *t, struct federated_simulation_report *report);
/* standstill.c: why the run was over before its epochs were; nothing when they were not. After results_close(). The
 * text and the list are the caller's. */
void results_standstill(const struct results *t, struct federated_standstill *out);
/* Which changes of the members are wanted and not made: a line, the caller's; NULL: none. */
char *results_undone(const struct results *t);
/* summary.c: the summary without its epochs and signature, with an empty array in the place of the epochs; the present
 * epoch's element of that array. New references. */
json_t *results_summary(const struct results *t);
json_t *results_summary_epoch(const struct results *t);
/* ending.c: which validators vouch for the end of the log; room for all nodes. How many they are; the signatures are
 * the caller's. */
unsigned results_vouches(const struct results *t, struct record_vouch *out);
/* ending.c: appends the signed checkpoint of the present epoch's end (tlog/checkpoint.h); false: nobody signs it. */
bool results_checkpoint(const struct results *t, struct buf *out);
/* The ledger file of the present epoch, which ended; genesis.json. New references. */
void results_ledger(const struct results *t, struct buf *out);
json_t *results_genesis(const struct results *t);

#endif
