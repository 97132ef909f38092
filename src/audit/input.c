#include "audit/input.h"

enum err audit_read(const struct audit_input *in, const struct audit_file *file, struct buf *room, struct bytes *text,
                    struct diag *diag)
{
    enum err err;

    *text = file->text;
    if (in->source == NULL)
        return ERR_OK;
    buf_clear(room);
    err = in->source->read(in->source->context, file->path, 0, AUDIT_FILE_MAX, room, diag);
    *text = bytes_of_buf(room);
    return err;
}

enum err audit_read_part(const struct audit_input *in, const struct audit_file *file, uint64_t at, size_t limit,
                         struct buf *room, struct diag *diag)
{
    size_t left = at < file->text.len ? file->text.len - (size_t)at : 0;

    buf_clear(room);
    if (in->source != NULL)
        return in->source->read(in->source->context, file->path, at, limit, room, diag);
    if (left > 0)
        buf_add(room, file->text.data + at, left < limit ? left : limit);
    return ERR_OK;
}
