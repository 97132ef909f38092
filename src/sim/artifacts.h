#ifndef PRISMFED_SIM_ARTIFACTS_H
#define PRISMFED_SIM_ARTIFACTS_H

#include <stdbool.h>

#include "base/bytes.h"

/* The files of one label under an output folder:
 *   simulations/epoch_summary[_<label>].json
 *   ledger/[<label>/]epoch_NNN.json, ledger/[<label>/]genesis.json
 * The label "default" is the one without a name in its paths. */

enum { ARTIFACT_LABEL_MAX = 64 };

#define ARTIFACTS_DEFAULT_LABEL "default"

struct artifact {
    struct buf path, text;
};

struct artifacts {
    struct buf simulations, ledger; /* folders */
    struct buf summary;             /* path */
    const char *label;              /* borrowed */
    size_t count;
    struct artifact *items; /* owned; in the order of writing */
};

/* Letters, digits, '_', '-', '.'; does not begin with a dot nor look like a file of ours. */
enum err artifacts_check_label(const char *label, struct diag *diag) MUST_CHECK;

void artifacts_init(struct artifacts *a, const char *output_dir, const char *label);
void artifacts_fini(struct artifacts *a);

/* Makes the folders. With clean also: ERR_STATE, and nothing is touched, when the ledger folder or the summary is not
 * what this program writes for the label. */
enum err artifacts_prepare(const struct artifacts *a, bool clean, struct diag *diag) MUST_CHECK;

/* Adds a file; its text is taken over (and zeroed). */
void artifacts_add_epoch(struct artifacts *a, uint64_t epoch, struct buf *text);
void artifacts_add_genesis(struct artifacts *a, struct buf *text);
void artifacts_add_summary(struct artifacts *a, struct buf *text); /* last: it is the sign that the rest is there */

/* First all of them beside the old ones, durable, then each takes its name: a full disk leaves the old artifacts as
 * they were. With clean, what an earlier run wrote for the label and this one did not is then removed. */
enum err artifacts_write(const struct artifacts *a, bool clean, struct diag *diag) MUST_CHECK;

#endif
