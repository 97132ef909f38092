#include "sim/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "codec/cbor.h"
#include "fed/fed.h"
#include "replica/messages.h"
#include "transfer/transfer.h"

enum err trace_open(struct trace *t, const char *path, struct diag *diag)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        return diag_set(diag, ERR_IO, "%s: cannot open for writing: %s", path, strerror(errno));
    *t = (struct trace){.file = file};
    return ERR_OK;
}

enum err trace_close(struct trace *t, const char *path, struct diag *diag)
{
    bool failed = t->failed;

    if (t->file == NULL)
        return ERR_OK;
    failed |= fclose(t->file) != 0;
    t->file = NULL;
    return failed ? diag_set(diag, ERR_IO, "%s: the trace could not be written", path) : ERR_OK;
}

void trace_line(struct trace *t, int64_t now_ns, const char *who, const char *fmt, ...)
{
    va_list args;

    if (t->file == NULL)
        return;
    va_start(args, fmt);
    t->failed |= fprintf(t->file, "%8" PRId64 ".%06" PRId64 " %s ", now_ns / 1000000, now_ns % 1000000, who) < 0;
    t->failed |= vfprintf(t->file, fmt, args) < 0;
    t->failed |= putc('\n', t->file) == EOF;
    va_end(args);
}

const char *message_name(struct bytes message)
{
    static const char *const names[] = {
        [1] = "pbft.pre_prepare",
        [2] = "pbft.prepare",
        [3] = "pbft.commit",
        [4] = "pbft.checkpoint",
        [5] = "pbft.view_change",
        [6] = "pbft.new_view",
        [7] = "pbft.fetch",
        [8] = "pbft.batch",
        [9] = "pbft.status",
        [10] = "pbft.stable",
        [FED_ENTRY] = "fed.entry",
        [REPLICA_FETCH] = "replica.fetch",
        [REPLICA_BLOCKS] = "replica.blocks",
        [REPLICA_STATUS] = "replica.status",
        [TRANSFER_ASK] = "transfer.ask",
        [TRANSFER_OFFER] = "transfer.offer",
        [TRANSFER_GET] = "transfer.get",
        [TRANSFER_CHUNK] = "transfer.chunk",
        [11] = "pbft.query",
        [12] = "pbft.report",
    };
    struct cbor_reader r;
    uint64_t type;

    cbor_reader_init(&r, message);
    cbor_get_array(&r);
    type = cbor_get_uint(&r);
    if (r.err != ERR_OK || type >= sizeof names / sizeof names[0] || names[type] == NULL)
        return "unknown";
    return names[type];
}
