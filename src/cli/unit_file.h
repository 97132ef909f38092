#ifndef PRISMFED_CLI_UNIT_FILE_H
#define PRISMFED_CLI_UNIT_FILE_H

#include <stdbool.h>

#include "base/bytes.h"

/* The systemd unit of a node: it starts again when it fails, may write into its own folder only, and gives away
 * whatever privileges a node does not need. */

struct unit_file {
    const char *federation, *node; /* names */
    const char *program;           /* absolute path of prismfed */
    const char *folder;            /* absolute path: of node.json, the key, the store */
    const char *user;              /* whom it runs as */
    bool programs; /* the users' programs run here: they are kept in by namespaces and control groups of their own */
};

/* Appends the text. A path may not have control characters: ERR_SYNTAX. */
enum err unit_file_print(const struct unit_file *unit, struct buf *out, struct diag *diag) MUST_CHECK;

#endif
