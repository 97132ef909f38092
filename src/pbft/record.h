#ifndef PRISMFED_PBFT_RECORD_H
#define PRISMFED_PBFT_RECORD_H

#include "codec/cbor.h"

/* A record is a CBOR array: kind, membership epoch, number under which it is filed, serial (from 0, one more for each
 * record of the membership epoch), then what follows here, then 8 bytes of the SHA-256 of all bytes before them. So a
 * replica notices when its store gives back other bytes, those of another record, or not all that was durable. */
enum { RECORD_SUM_SIZE = 8 };

enum record_kind {
    RECORD_SNAPSHOT = 1, /* how many records of this epoch under numbers above h are older; base, id, h, id, signatures
                            or null, view, active, floor (recovery.c), own VIEW-CHANGE or null, NEW-VIEW or null */
    RECORD_ACCEPT,       /* sequence, view, digest, proposal's signature, own PREPARE's or null, batch or null */
    RECORD_PROOF,        /* proof */
    RECORD_CLAIM,        /* type, view, sequence, digest, signature: own COMMIT or CHECKPOINT */
    RECORD_MESSAGE,      /* own VIEW-CHANGE or the NEW-VIEW */
    RECORD_DECIDED       /* sequence, block id: to vote for it again in later views */
};

struct record_head {
    enum record_kind kind;
    uint64_t membership_epoch, number, serial;
};

/* Of a record that is or may be one; 0: surely not. */
enum record_kind record_kind(struct bytes record);
/* r is left at what follows the head, and read to its end by record_done. ERR_SYNTAX: not one of ours; ERR_MISMATCH:
 * damaged. Both only point into the record. */
enum err record_open(struct bytes record, struct record_head *head, struct cbor_reader *r) MUST_CHECK;
/* The same of bytes that are known to be undamaged. */
enum err record_head_read(struct bytes record, struct record_head *head, struct cbor_reader *r) MUST_CHECK;
enum err record_done(struct cbor_reader *r) MUST_CHECK;

#endif
