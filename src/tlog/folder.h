#ifndef PRISMFED_TLOG_FOLDER_H
#define PRISMFED_TLOG_FOLDER_H

#include "ledger/epoch_file.h"

/* The log of one label in a folder of artifacts, read epoch by epoch, and the checkpoints beside it
 * (epoch_NNN.checkpoint). Nothing is executed: leaves, roots and certificates are what can be checked without. */

/* The fields are the folder's own. */
struct log_folder {
    char *path;         /* owned; of the label's ledger files */
    struct buf genesis; /* the document */
    struct digest federation_id;
    unsigned count;
    uint64_t *epochs; /* owned; rising */
};

/* label: NULL for the default one. ERR_IO, ERR_MISSING, and the errors of JSON and base64. *out must be zero;
 * log_folder_close() on success. */
enum err log_folder_open(const char *dir, const char *label, struct log_folder *out, struct diag *diag) MUST_CHECK;
void log_folder_close(struct log_folder *f);

/* The path of a file of an epoch, behind its number: ".json", ".checkpoint". */
void log_folder_name(const struct log_folder *f, uint64_t epoch, const char *ending, struct buf *out);

/* An epoch of the folder by its place, 0..count. log_epoch_close() on success. */
struct log_epoch {
    uint64_t epoch;
    struct json_doc doc; /* as it was read */
    struct epoch_file file;
};
enum err log_folder_epoch(const struct log_folder *f, unsigned at, struct log_epoch *out, struct diag *diag) MUST_CHECK;
void log_epoch_close(struct log_epoch *e);

/* Appends the signed note of the epoch's end. ERR_MISSING: there is none. */
enum err log_folder_checkpoint(const struct log_folder *f, uint64_t epoch, struct buf *out,
                               struct diag *diag) MUST_CHECK;

/* All of it from the genesis document on, in order. */
struct log_walk {
    const struct log_folder *folder; /* borrowed, like context */
    void *context;
    /* Before the entry becomes the next leaf; number: among those of its epoch; e: NULL for the genesis document. A
     * callback that is NULL is not called. */
    enum err (*entry)(void *context, const struct log_walk *w, const struct log_epoch *e, size_t number,
                      struct bytes entry, struct diag *diag);
    /* The epoch has ended, all its entries are leaves, and its link is here. */
    enum err (*ended)(void *context, const struct log_walk *w, const struct log_epoch *e, struct diag *diag);

    struct merkle_tree tree;
    unsigned link_count;
    struct buf *links; /* owned; between the membership epochs so far (ledger/link.h) */
};
/* What a callback says, the errors of log_folder_epoch(), and ERR_MISMATCH where the last header of an epoch has
 * another root than its entries give. log_walk_fini() in any case. */
enum err log_walk_run(struct log_walk *w, struct diag *diag) MUST_CHECK;
void log_walk_fini(struct log_walk *w);

#endif
