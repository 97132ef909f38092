#include "cli/sink_fill.h"

enum err sink_fill_now(const char *url, const char *folder, const char *label, struct sink_moved *out,
                       struct diag *diag)
{
    const struct patience patience = {.seconds = SINK_PATIENCE_S};
    struct sink *sink = NULL;
    enum err err = sink_open(url, SINK_WRITE, &patience, &sink, diag);

    if (err == ERR_OK)
        err = sink_fill(sink, folder, label, out, diag);
    sink_close(sink);
    return err;
}

int sink_fail(const char *verb, enum err err, const struct diag *diag)
{
    (void)command_fail(verb, "%s", diag->text);
    return err == ERR_MISMATCH ? EXIT_WRONG : EXIT_UNUSABLE;
}
