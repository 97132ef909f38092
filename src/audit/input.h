#ifndef PRISMFED_AUDIT_INPUT_H
#define PRISMFED_AUDIT_INPUT_H

#include "base/bytes.h"

/* What is audited: the files of one label. */

struct audit_file {
    const char *path;  /* as findings name it; NULL: there is none */
    struct bytes text; /* if the input has no source */
};

struct audit_epoch_file {
    uint64_t epoch; /* as the file's name says */
    struct audit_file file;
};

/* Where files are read from, whole or in parts. */
struct audit_source {
    void *context; /* borrowed */
    /* Appends at most limit bytes from offset at; fewer: the file ends there. */
    enum err (*read)(void *context, const char *path, uint64_t at, size_t limit, struct buf *out, struct diag *diag);
};

/* The files are in memory, or they have a source: then each is read when it is looked at. */
struct audit_input {
    const char *label;
    const struct audit_source *source;              /* NULL: in memory */
    struct audit_file genesis, summary, governance; /* governance: META-GOVERNANCE-LOG.md */
    unsigned epoch_count;
    const struct audit_epoch_file *epochs; /* ascending */
    unsigned checkpoint_count;
    const struct audit_epoch_file *checkpoints; /* of epochs, ascending */
};

/* docs/audit.md, Limits. */
enum { AUDIT_FILE_MAX = 256 << 20 };

/* The whole file: a view of what is in memory, or of *room, to which it is read. */
enum err audit_read(const struct audit_input *in, const struct audit_file *file, struct buf *room, struct bytes *text,
                    struct diag *diag) MUST_CHECK;
/* At most limit bytes from offset at on, in place of what *room held. */
enum err audit_read_part(const struct audit_input *in, const struct audit_file *file, uint64_t at, size_t limit,
                         struct buf *room, struct diag *diag) MUST_CHECK;

#endif
