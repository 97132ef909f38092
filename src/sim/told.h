#ifndef PRISMFED_SIM_TOLD_H
#define PRISMFED_SIM_TOLD_H

#include "prismfed/simulation.h"
#include "sim/chronicle.h"
#include "sim/rehearsal.h"

/* What a rehearsal leaves behind: the public report, and the artifacts as text. */

/* One epoch as all of them tell it. */
struct told_epoch {
    uint64_t epoch;
    const struct chronicle_epoch *log; /* NULL: it never ended */
    const struct timeline_epoch *times;
    uint64_t virtual_ns;  /* so far, when it never ended */
    struct buf signature; /* anchor_sign(); empty unless log */
};

struct told {
    const struct rehearsal *r;
    const char *label;
    const struct sim_node *recorder; /* honest, up, with the longest ledger; the first of those */
    struct chronicle chronicle;
    uint64_t epoch_count;
    struct told_epoch *epochs; /* owned */
    int64_t gain_ppm;          /* cost of the last incumbent in millionths of the first one's */
    bool roots_agree;
};

/* When the run is over. ERR_MISMATCH: the recorder's ledger does not verify. */
enum err told_init(struct told *t, const struct rehearsal *r, const char *label, struct diag *diag) MUST_CHECK;
void told_fini(struct told *t);

/* report.c */
void told_report(const struct told *t, struct federated_simulation_report *report);
/* summary.c: the summary artifact, signed by the recorder. New reference. */
json_t *told_summary(const struct told *t);
/* The ledger file of an epoch that ended. New reference. */
json_t *told_ledger(struct told *t, uint64_t epoch_index);
/* genesis.json. New reference. */
json_t *told_genesis(const struct told *t);

#endif
