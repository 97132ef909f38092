#ifndef PRISMFED_CODEC_ZIP_H
#define PRISMFED_CODEC_ZIP_H

#include "base/bytes.h"

/* ZIP archives (PKWARE's APPNOTE 6.3.10, ISO/IEC 21320-1), as far as others write them to keep arrays together: one
 * volume, members stored or deflated, no encryption, also with the wide sizes of ZIP64. */

struct zip_member {
    char *name;          /* owned */
    struct bytes packed; /* within the archive, borrowed */
    bool is_deflated;    /* else stored */
    uint64_t size;       /* when it is unpacked */
    uint32_t crc32;      /* of that */
};

bool zip_is(struct bytes bytes);
/* What is in the archive, in its order, for zip_members_free(). ERR_SYNTAX, ERR_TRUNCATED, ERR_UNKNOWN (a method, or
 * encryption), ERR_LIMIT (more members than `most`), ERR_DUPLICATE (a name twice). */
enum err zip_members(struct bytes archive, unsigned most, struct zip_member **out, unsigned *count,
                     struct diag *diag) MUST_CHECK;
void zip_members_free(struct zip_member *members, unsigned count);

/* Appends a member's bytes, checked against its size and CRC. Takes no more memory than the packed bytes could unpack
 * to. */
enum err zip_member_read(const struct zip_member *member, struct buf *out, struct diag *diag) MUST_CHECK;

#endif
