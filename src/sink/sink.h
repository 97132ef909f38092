#ifndef PRISMFED_SINK_SINK_H
#define PRISMFED_SINK_SINK_H

#include "sink/database.h"

/* A database that receives ledgers, each under a label of its own: the documents of its record exactly as the folder of
 * artifacts has them, and what queries want to know of them in columns (sink/schema.h, docs/sinks.md).
 *
 * An epoch comes into it in one transaction, which also moves the ledger's position: the epoch that was written last.
 * So each epoch is there exactly once, in its order, whenever the program, the database or the connection ends; who
 * writes asks for the position and goes on behind it. Nothing that is there is changed, but for the summary, the
 * governance log and an epoch's checkpoint, which the next ones replace: they grow, and others may have signed
 * meanwhile.
 *
 * Errors: ERR_IO: the database or the way to it fails, and may be tried again; ERR_AGAIN: patience->stop. After them
 * the sink is of no more use. ERR_MISMATCH: what is there contradicts what is given: another federation's ledger has
 * the label, or another history, or a document contradicts itself. ERR_STATE: an epoch is missing before this one.
 * ERR_SYNTAX: not a sink, or a document that is none. */

struct sink;

enum sink_mode {
    SINK_WRITE, /* the tables are made where they are not there */
    SINK_READ
};

/* url: of database_open(), whose errors come back, too. patience: borrowed. */
enum err sink_open(const char *url, enum sink_mode mode, const struct patience *patience, struct sink **out,
                   struct diag *diag) MUST_CHECK;
void sink_close(struct sink *s); /* NULL is fine */

/* ---- writing */

/* Chooses the ledger that the next calls write; makes it, when the label is new, from the text of its genesis.json.
 * *last_epoch: its position; 0: no epoch is there. */
enum err sink_begin(struct sink *s, const char *label, struct bytes genesis, uint64_t *last_epoch,
                    struct diag *diag) MUST_CHECK;
/* The text of epoch_NNN.json, and of epoch_NNN.checkpoint (empty: there is none). An epoch that is there already must
 * be the same, and is left alone. */
enum err sink_put_epoch(struct sink *s, uint64_t epoch, struct bytes text, struct bytes checkpoint,
                        struct diag *diag) MUST_CHECK;
/* What speaks of the ledger up to its position: the text of the governance log (where somebody governs), and behind it
 * of the summary. */
enum err sink_put_governance(struct sink *s, struct bytes text, struct diag *diag) MUST_CHECK;
enum err sink_put_summary(struct sink *s, struct bytes text, struct diag *diag) MUST_CHECK;

/* ---- reading */

enum sink_document { SINK_GENESIS, SINK_EPOCH, SINK_CHECKPOINT, SINK_GOVERNANCE, SINK_SUMMARY };

/* In order of the alphabet. What each() returns besides ERR_OK ends it. */
enum err sink_ledgers(struct sink *s,
                      enum err (*each)(void *context, const char *label, uint64_t last_epoch, struct diag *diag),
                      void *context, struct diag *diag) MUST_CHECK;
/* Appends to *text. ERR_MISSING: it is not there. epoch: of SINK_EPOCH and SINK_CHECKPOINT, else 0. */
enum err sink_document(struct sink *s, const char *label, enum sink_document kind, uint64_t epoch, struct buf *text,
                       struct diag *diag) MUST_CHECK;
/* Appends the recorder's signature under the anchor of an epoch of the ledger that sink_begin() has chosen. */
enum err sink_signature(struct sink *s, uint64_t epoch, struct buf *signature, struct diag *diag) MUST_CHECK;
/* The numbers of the epochs that are there; the first is 0 when none is. */
enum err sink_epochs(struct sink *s, const char *label, uint64_t *first, uint64_t *last, struct diag *diag) MUST_CHECK;

#endif
