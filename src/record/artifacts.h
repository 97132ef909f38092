#ifndef PRISMFED_RECORD_ARTIFACTS_H
#define PRISMFED_RECORD_ARTIFACTS_H

#include <stdbool.h>

#include "base/bytes.h"

/* The files of one label under an output folder:
 *   simulations/epoch_summary[_<label>].json
 *   simulations/META-GOVERNANCE-LOG[_<label>].md, where somebody governs (state/governance_log.h)
 *   ledger/[<label>/]epoch_NNN.json, ledger/[<label>/]genesis.json
 *   ledger/[<label>/]epoch_NNN.checkpoint, where somebody signed it (tlog/checkpoint.h)
 * and, while its run is not finished, unfinished_<label>.journal.
 * The label "default" is the one without a name in the others' paths. */

enum { ARTIFACT_LABEL_MAX = 64 };

#define ARTIFACTS_DEFAULT_LABEL "default"

struct artifacts {
    struct buf simulations, ledger;    /* folders */
    struct buf summary, governance;    /* paths */
    struct buf journal;                /* path; there while a run is not finished */
    const char *label;                 /* borrowed */
    uint64_t first_epoch, epoch_count; /* staged */
    bool *checkpoints;                 /* owned; of each epoch that is staged: is its checkpoint, too? */
    bool genesis, whole;               /* staged; whole: the summary, too */
    bool governed;                     /* staged: the governance log */
};

/* The label of a scenario file for which none is named, appended to out: its name without ".json"; of baseline.json the
 * default one. */
void artifacts_label_of(const char *path, struct buf *out);
/* Letters, digits, '_', '-', '.'; does not begin with a dot nor look like a file of ours. ERR_SYNTAX
 * else. */
enum err artifacts_check_label(const char *label, struct diag *diag) MUST_CHECK;

void artifacts_init(struct artifacts *a, const char *output_dir, const char *label);
void artifacts_fini(struct artifacts *a);

/* Where the run keeps its journal (sim/journal.h): one file, so that it is there or not, whenever a process is killed.
 * Lives as long as a. */
const char *artifacts_journal(const struct artifacts *a);

/* Makes the folders. With clean also: ERR_STATE, and nothing is touched, when the ledger folder or the summary is not
 * what this program writes for the label. */
enum err artifacts_prepare(const struct artifacts *a, bool clean, struct diag *diag) MUST_CHECK;

/* Writes a file beside the one that it will replace. Epochs come in their order; the summary is the last: it
 * is the sign that the rest is there. ERR_IO. */
enum err artifacts_stage_epoch(struct artifacts *a, uint64_t epoch, struct bytes text, struct diag *diag) MUST_CHECK;
/* Of the epoch that was staged last. ERR_IO. */
enum err artifacts_stage_checkpoint(struct artifacts *a, uint64_t epoch, struct bytes note,
                                    struct diag *diag) MUST_CHECK;
enum err artifacts_stage_genesis(struct artifacts *a, struct bytes text, struct diag *diag) MUST_CHECK;
/* Behind genesis. ERR_IO. */
enum err artifacts_stage_governance(struct artifacts *a, struct bytes text, struct diag *diag) MUST_CHECK;
/* give: as of file_stage(). ERR_IO; what give says. */
enum err artifacts_stage_summary(struct artifacts *a,
                                 enum err (*give)(void *context, struct bytes *part, struct diag *diag), void *context,
                                 struct diag *diag) MUST_CHECK;

/* All is staged: when all of it is durable, each takes its name. So a full disk leaves the old artifacts as they were.
 * What a process that was killed has half written under the label is removed then; with clean, also what an earlier run
 * wrote for the label and this one did not. ERR_IO. */
enum err artifacts_commit(struct artifacts *a, bool clean, struct diag *diag) MUST_CHECK;
/* Removes what is staged and has not taken its name. */
void artifacts_abandon(struct artifacts *a);

#endif
