#ifndef PRISMFED_BASE_SPOOL_H
#define PRISMFED_BASE_SPOOL_H

#include "base/bytes.h"

/* Bytes that grow with a run's length and are seldom looked at: appended to, read back, gone at the end. They lie in a
 * file without a name, so that the memory they take does not grow and nothing is left behind however the run ends. */

/* Where spools are, and the first thing that went wrong with any of them: a full disk is noticed by whoever drives the
 * run, once a step, and not in every place that writes. Zero-initialise. */
struct spool_room {
    const char *folder; /* borrowed */
    enum err err;       /* ERR_IO: what was read since is not to be used */
    struct diag diag;
};

struct spool;

/* The room is borrowed; NULL: in memory. No file is made before there is much to keep. */
struct spool *spool_new(struct spool_room *room);
void spool_free(struct spool *s); /* NULL is fine */

uint64_t spool_size(const struct spool *s);
void spool_add(struct spool *s, struct bytes bytes);
/* Reads exactly len bytes that were added (asserted). ERR_IO: see the room. */
enum err spool_read(struct spool *s, uint64_t offset, void *out, size_t len) MUST_CHECK;

#endif
