#define ZLIB_CONST
#include "codec/zip.h"

#include <string.h>
#include <zlib.h>

#include "base/mutate.h"

/* The numbers of sections are those of APPNOTE. */

enum {
    LOCAL_SIZE = 30,   /* 4.3.7, without name and extra fields */
    CENTRAL_SIZE = 46, /* 4.3.12 */
    END_SIZE = 22,     /* 4.3.16 */
    COMMENT_MAX = 65535,
    METHOD_STORED = 0,
    METHOD_DEFLATED = 8,
    FLAG_ENCRYPTED = 1,
    EXTRA_ZIP64 = 1,     /* 4.5.3 */
    DEFLATE_RATIO = 1032 /* no deflated byte stands for more (zlib's technical details) */
};

static const uint32_t local_mark = 0x04034b50, central_mark = 0x02014b50, end_mark = 0x06054b50;

static uint64_t get(struct bytes in, size_t at, unsigned size)
{
    uint64_t value = 0;
    ASSERT(at + size <= in.len);
    for (unsigned k = size; k-- > 0;)
        value = value << 8 | in.data[at + k];
    return value;
}

bool zip_is(struct bytes bytes)
{
    return bytes.len >= 4 && (get(bytes, 0, 4) == local_mark || get(bytes, 0, 4) == end_mark);
}

/* The record at the end, behind which there is a comment; false when there is none. */
static bool end_find(struct bytes archive, size_t *at)
{
    if (archive.len < END_SIZE)
        return false;
    for (size_t back = 0; back <= COMMENT_MAX && back + END_SIZE <= archive.len; back++) {
        *at = archive.len - END_SIZE - back;
        if (get(archive, *at, 4) == end_mark && get(archive, *at + 20, 2) == back)
            return true;
    }
    return false;
}

/* A size or an offset that is all ones stands in the extra field of ZIP64, in which they come one after another. */
static bool wide_take(struct bytes *extra, uint64_t *value)
{
    if (*value != UINT32_MAX)
        return true;
    if (extra->len < 8)
        return false;
    *value = get(*extra, 0, 8);
    extra->data += 8;
    extra->len -= 8;
    return true;
}

static struct bytes extra_find(struct bytes fields, unsigned id)
{
    while (fields.len >= 4) {
        size_t len = (size_t)get(fields, 2, 2);
        if (len > fields.len - 4)
            break;
        if (get(fields, 0, 2) == id)
            return bytes_of(fields.data + 4, len);
        fields = bytes_of(fields.data + 4 + len, fields.len - 4 - len);
    }
    return (struct bytes){0};
}

/* Where the member's bytes lie: behind its local header, whose name and extra fields have their own lengths. */
static bool packed_find(struct bytes archive, uint64_t offset, uint64_t len, struct bytes *out)
{
    if (offset > archive.len || archive.len - offset < LOCAL_SIZE || get(archive, (size_t)offset, 4) != local_mark)
        return false;
    size_t start = (size_t)offset + LOCAL_SIZE + (size_t)get(archive, (size_t)offset + 26, 2) +
                   (size_t)get(archive, (size_t)offset + 28, 2);
    if (start > archive.len || len > archive.len - start)
        return false;
    *out = bytes_of(archive.data + start, (size_t)len);
    return true;
}

static enum err member_check(const struct zip_member *m, uint64_t method, uint64_t flags, struct diag *diag)
{
    if ((flags & FLAG_ENCRYPTED) != 0)
        return diag_set(diag, ERR_UNKNOWN, "%.100s is encrypted", m->name);
    if (method != METHOD_STORED && method != METHOD_DEFLATED)
        return diag_set(diag, ERR_UNKNOWN, "%.100s is packed by method %u: expected stored or deflated", m->name,
                        (unsigned)method);
    uint64_t most = m->is_deflated ? (uint64_t)m->packed.len * DEFLATE_RATIO : m->packed.len;
    if (m->size > most || (!m->is_deflated && m->size != most))
        return diag_set(diag, ERR_RANGE, "%.100s: its %zu bytes cannot be the %llu that it says", m->name,
                        m->packed.len, (unsigned long long)m->size);
    return ERR_OK;
}

/* Control characters of a name must not reach a terminal. */
static char *name_copy(struct bytes name)
{
    char *copy = mem_alloc(name.len + 1);
    for (size_t i = 0; i < name.len; i++)
        copy[i] = name.data[i] < ' ' || name.data[i] > '~' ? '?' : (char)name.data[i];
    return copy;
}

/* Reads the header at *at, and moves it behind. */
static enum err central_read(struct bytes archive, size_t *at, struct zip_member *m, struct diag *diag)
{
    if (archive.len - *at < CENTRAL_SIZE || get(archive, *at, 4) != central_mark)
        return diag_set(diag, ERR_SYNTAX, "the archive's directory has no entry at byte %zu", *at);
    size_t name_len = (size_t)get(archive, *at + 28, 2), extra_len = (size_t)get(archive, *at + 30, 2);
    size_t behind = CENTRAL_SIZE + name_len + extra_len + (size_t)get(archive, *at + 32, 2);
    if (behind > archive.len - *at)
        return diag_set(diag, ERR_TRUNCATED, "the archive's directory ends within an entry");
    const uint8_t *name = archive.data + *at + CENTRAL_SIZE;
    uint64_t flags = get(archive, *at + 8, 2), method = get(archive, *at + 10, 2);
    uint64_t packed = get(archive, *at + 20, 4), offset = get(archive, *at + 42, 4);
    struct bytes wide = extra_find(bytes_of(name + name_len, extra_len), EXTRA_ZIP64);
    *m = (struct zip_member){.name = name_copy(bytes_of(name, name_len)),
                             .is_deflated = method == METHOD_DEFLATED,
                             .size = get(archive, *at + 24, 4),
                             .crc32 = (uint32_t)get(archive, *at + 16, 4)};
    *at += behind;
    if (!wide_take(&wide, &m->size) || !wide_take(&wide, &packed) || !wide_take(&wide, &offset) ||
        !packed_find(archive, offset, packed, &m->packed))
        return diag_set(diag, ERR_TRUNCATED, "%.100s does not lie within the archive", m->name);
    return member_check(m, method, flags, diag);
}

enum err zip_members(struct bytes archive, unsigned most, struct zip_member **out, unsigned *count, struct diag *diag)
{
    size_t end;
    if (!end_find(archive, &end))
        return diag_set(diag, ERR_TRUNCATED, "the archive has no directory at its end");
    uint64_t entries = get(archive, end + 10, 2), at64 = get(archive, end + 16, 4);
    if (get(archive, end + 4, 2) != 0 || get(archive, end + 8, 2) != entries || at64 > end)
        return diag_set(diag, ERR_UNKNOWN, "an archive of several volumes, or too large for its directory");
    if (entries > most)
        return diag_set(diag, ERR_LIMIT, "%u members: at most %u", (unsigned)entries, most);
    struct zip_member *members = mem_array((size_t)entries + 1, sizeof members[0]);
    enum err err = ERR_OK;
    unsigned n = 0;
    size_t at = (size_t)at64;
    while (n < entries && err == ERR_OK) {
        err = central_read(bytes_of(archive.data, end), &at, &members[n], diag);
        n += members[n].name != NULL;
        for (unsigned i = 0; i + 1 < n && err == ERR_OK; i++)
            if (strcmp(members[i].name, members[n - 1].name) == 0)
                err = diag_set(diag, ERR_DUPLICATE, "%.100s is there twice", members[i].name);
    }
    if (err != ERR_OK) {
        zip_members_free(members, n);
        return err;
    }
    *out = members;
    *count = n;
    return ERR_OK;
}

void zip_members_free(struct zip_member *members, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        mem_free(members[i].name);
    mem_free(members);
}

/* zlib counts in unsigned int: larger pieces are handed over in parts. */
static unsigned part(size_t left)
{
    const size_t most = 1 << 30;
    return (unsigned)(left < most ? left : most);
}

static bool inflate_whole(struct bytes packed, uint8_t *out, size_t size)
{
    z_stream z = {0};
    size_t taken = 0, made = 0;
    int status = Z_OK;
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        mem_none_left();
    while (status == Z_OK) {
        uInt in = part(packed.len - taken), room = part(size - made);
        uint8_t none;
        z.next_in = packed.data + taken;
        z.avail_in = in;
        z.next_out = room > 0 ? out + made : &none;
        z.avail_out = room;
        status = inflate(&z, Z_NO_FLUSH);
        taken += in - z.avail_in;
        made += room - z.avail_out;
    }
    (void)inflateEnd(&z);
    return status == Z_STREAM_END && taken == packed.len && made == size;
}

static uint32_t crc_of(const uint8_t *data, size_t len)
{
    uLong crc = crc32(0, NULL, 0);
    while (len > 0) {
        unsigned n = part(len);
        crc = crc32(crc, data, n);
        data += n;
        len -= n;
    }
    return (uint32_t)crc;
}

enum err zip_member_read(const struct zip_member *member, struct buf *out, struct diag *diag)
{
    size_t size = (size_t)member->size;
    buf_reserve(out, size + 1);
    uint8_t *data = out->data + out->len;
    if (!member->is_deflated)
        memcpy(data, member->packed.data, size);
    else if (!inflate_whole(member->packed, data, size))
        return diag_set(diag, ERR_SYNTAX, "its deflated bytes are damaged, or not as many as it says");
    if (MUTATE(ZIP_CRC_UNCHECKED, false, crc_of(data, size) != member->crc32))
        return diag_set(diag, ERR_MISMATCH, "its CRC does not fit its bytes");
    out->len += size;
    return ERR_OK;
}
