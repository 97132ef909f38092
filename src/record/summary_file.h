#ifndef PRISMFED_RECORD_SUMMARY_FILE_H
#define PRISMFED_RECORD_SUMMARY_FILE_H

#include "base/spool.h"
#include "codec/json.h"
#include "crypto/key.h"

/* The summary's text, whose epochs are many: they are spooled as they are told, in the form of the file and in the
 * canonical form that is signed. The bytes are those of json_render() of the whole document. */

struct summary_file {
    struct spool_room *room;
    struct spool *text, *canonical; /* owned; elements of "epochs" with what stands between them */
    struct buf head, tail;          /* of the text, when it is finished */
    struct buf part;
    unsigned stage; /* of giving: head, text, tail */
    uint64_t given; /* bytes of text */
};

/* room: borrowed; NULL: in memory. */
void summary_file_init(struct summary_file *f, struct spool_room *room);
void summary_file_fini(struct summary_file *f);

void summary_file_add(struct summary_file *f, const json_t *epoch);
/* summary: with an empty array "epochs" (results_summary()), to which the signature is added. At least one epoch was.
 * May be called again when more epochs were added. ERR_IO of the room. */
enum err summary_file_finish(struct summary_file *f, json_t *summary, const struct secret_key *key,
                             struct diag *diag) MUST_CHECK;
/* Of file_stage(); context is the finished file. ERR_IO of the room. */
enum err summary_file_give(void *context, struct bytes *part, struct diag *diag) MUST_CHECK;

#endif
