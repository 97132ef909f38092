#ifndef PRISMFED_NODE_QUIC_FRAME_H
#define PRISMFED_NODE_QUIC_FRAME_H

#include <sys/uio.h>

#include "base/bytes.h"

/* Messages in a stream of bytes: in front of each stand four bytes, of which the first says how it is packed, and the
 * others how long it is as it travels (most significant byte first). */

enum {
    QUIC_FRAME_HEADER = 4,
    QUIC_FRAME_MAX = 9 << 20, /* bytes of a message: a block of BLOCK_SIZE_MAX and what is around it */
};

/* ZSTD: one frame of RFC 8878 that says how long the message is. */
enum quic_frame_packing { QUIC_FRAME_PLAIN, QUIC_FRAME_ZSTD };

/* ---- what comes. The fields are the inlet's own. */
struct quic_inlet {
    size_t limit;       /* of a message, at most QUIC_FRAME_MAX */
    bool allows_packed; /* messages may come packed */
    uint8_t header[QUIC_FRAME_HEADER];
    size_t header_len, got;
    struct blob *message; /* that is coming: it takes only as much memory as has come of it */
};

void quic_inlet_init(struct quic_inlet *in, size_t limit, bool allows_packed);
void quic_inlet_fini(struct quic_inlet *in);
/* Messages may come packed from now on. */
void quic_inlet_allow_packed(struct quic_inlet *in);
/* Takes bytes of the stream, and tells of each message that they complete; blob is borrowed. It ends at the first
 * message for which tell() says false. ERR_LIMIT: one is too long; ERR_UNKNOWN: a packing that is not allowed here;
 * ERR_SYNTAX: packed bytes that cannot be unpacked. Then nothing in the stream means anything any more. */
enum err quic_inlet_take(struct quic_inlet *in, struct bytes bytes, bool (*tell)(void *context, struct blob *message),
                         void *context) MUST_CHECK;

/* ---- what goes: zero-initialise; quic_outlet_fini() at the end. The fields are the outlet's own. Messages stay until
 * the other side has acknowledged all of them, since they may be sent again. */
struct quic_outlet {
    struct quic_outgoing *first, *last, *next; /* next: holds the first byte that was not sent */
    size_t next_sent;                          /* bytes of it that were */
    uint64_t first_offset;                     /* in the stream, of the first one */
    size_t held;                               /* bytes of messages that are held */
};

/* The message as it is to travel where packing is allowed: packed with zstd (RFC 8878), when that makes it much
 * smaller, else itself. One holding. */
struct blob *quic_frame_pack(struct blob *message, enum quic_frame_packing *packing);
/* Takes a holding of its own. */
void quic_outlet_add(struct quic_outlet *out, enum quic_frame_packing packing, struct blob *message);
bool quic_outlet_has_more(const struct quic_outlet *out); /* to be sent */
/* Views of the next bytes to be sent, into at most `room` parts; how many there are. */
unsigned quic_outlet_parts(const struct quic_outlet *out, struct iovec *parts, unsigned room);
void quic_outlet_sent(struct quic_outlet *out, size_t len);
/* Everything below this offset of the stream has arrived. */
void quic_outlet_acknowledged(struct quic_outlet *out, uint64_t offset);
void quic_outlet_fini(struct quic_outlet *out);

#endif
