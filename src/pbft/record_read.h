#ifndef PRISMFED_PBFT_RECORD_READ_H
#define PRISMFED_PBFT_RECORD_READ_H

#include "pbft/record.h"

struct pbft;

/* Own records, between pbft_restore and pbft_start. The fields are this file's own. */
struct records_read {
    bool restored;         /* a snapshot was among them */
    struct blob **records; /* all */
    size_t count, cap;
    uint64_t snapshot_serial, snapshot_live; /* of the snapshot that was read last; what it counts (record.h) */
};

void record_read_fini(struct pbft *p);
void record_read_all(struct pbft *p); /* takes up what they say */

#endif
