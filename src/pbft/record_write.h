#ifndef PRISMFED_PBFT_RECORD_WRITE_H
#define PRISMFED_PBFT_RECORD_WRITE_H

#include "pbft/messages.h"

struct pbft;
struct slot;

/* What is persisted. Filed under its sequence; what tells the view, above h. The fields are this file's own. */
struct records_written {
    uint64_t serial; /* of the next one */
    uint64_t *filed; /* number of each durable record, but for some that are forgotten */
    size_t filed_count, filed_cap;
    struct buf scratch; /* the record that is written */
};

void record_written_fini(struct pbft *p);
void record_snapshot(struct pbft *p);
void record_accept(struct pbft *p, struct slot *s, const struct claim *prepare); /* NULL: we are the primary */
void record_proof(struct pbft *p, const struct slot *s);
void record_claim(struct pbft *p, const struct claim *claim);
void record_decided(struct pbft *p, uint64_t sequence, const struct digest *block_id);
void record_message(struct pbft *p, struct blob *message); /* VIEW-CHANGE, NEW-VIEW */
/* One of an earlier life. */
void record_serial_seen(struct pbft *p, uint64_t serial);
void record_filed(struct pbft *p, uint64_t number);

#endif
