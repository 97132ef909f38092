#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/option.h"
#include "cli/say.h"
#include "cli/show.h"

enum { SHOW_SIZE_MAX = 64 << 20 };

static const struct option_table table = {
    .verb = "show",
    .usage = "prismfed show FILE\n",
    .about =
        "Prints what is in FILE, for reading: an epoch file, a summary or a genesis file (JSON); or an envelope, a "
        "certificate, a block or a genesis document as bytes, in base64, or in hex. FILE may be - for standard "
        "input. Nothing is verified: that is what prismfed audit does.",
};

static enum err read_stream(struct buf *out, struct diag *diag)
{
    uint8_t chunk[65536];
    size_t n;

    while ((n = fread(chunk, 1, sizeof chunk, stdin)) > 0) {
        buf_add(out, chunk, n);
        if (out->len > SHOW_SIZE_MAX)
            return diag_set(diag, ERR_LIMIT, "standard input: more than %d bytes", (int)SHOW_SIZE_MAX);
    }
    return ferror(stdin) ? diag_set(diag, ERR_IO, "standard input cannot be read") : ERR_OK;
}

/* The one character that may follow base64 or hex in a file is a newline. */
static struct bytes without_newline(const struct buf *in)
{
    struct bytes text = bytes_of_buf(in);

    while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
        text.len--;
    return text;
}

static enum err show_any(const char *name, const struct buf *in, struct buf *out, struct diag *diag)
{
    struct bytes text = without_newline(in);
    struct buf decoded = {0};
    enum err err;

    if (text.len > 0 && text.data[0] == '{')
        return show_json(name, bytes_of_buf(in), out, diag);
    if (text.len > 0 && (hex_decode(text, &decoded) == ERR_OK || base64_decode(text, &decoded) == ERR_OK))
        err = show_bytes(bytes_of_buf(&decoded), out);
    else
        err = show_bytes(bytes_of_buf(in), out);
    if (err != ERR_OK)
        diag_set(diag, err, "%s: neither JSON nor deterministic CBOR (nor that in base64 or hex): %s", name,
                 err_text(err));
    buf_free(&decoded);
    return err;
}

int command_show(int argc, char **argv)
{
    struct buf in = {0}, out = {0};
    struct diag diag = {0};
    bool helped;
    int operands, status = option_read(&table, argc, argv, NULL, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (argc - operands != 1)
        return command_misuse("show", "expected one FILE");
    const char *path = argv[operands];
    enum err err = strcmp(path, "-") == 0 ? read_stream(&in, &diag) : file_read(path, SHOW_SIZE_MAX, &in, &diag);
    if (err == ERR_OK)
        err = show_any(path, &in, &out, &diag);
    if (err == ERR_OK)
        say_lines(stdout, bytes_of_buf(&out));
    else
        command_fail("show", "%s", diag.text);
    buf_free(&in);
    buf_free(&out);
    return err == ERR_OK ? EXIT_FINE : EXIT_UNUSABLE;
}
