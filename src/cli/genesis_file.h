#ifndef PRISMFED_CLI_GENESIS_FILE_H
#define PRISMFED_CLI_GENESIS_FILE_H

#include "crypto/digest.h"

/* Appends the genesis document in this file: the document itself, as admit writes it, or a genesis.json of a run's
 * artifacts, which has it. *federation_id: of whom it is. ERR_IO, ERR_LIMIT, ERR_SYNTAX, ERR_MISSING: no such file;
 * errors of state_genesis(): no genesis. */
enum err genesis_file_read(const char *path, struct buf *out, struct digest *federation_id,
                           struct diag *diag) MUST_CHECK;

#endif
