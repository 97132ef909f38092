#ifndef PRISMFED_NODE_STORE_FILE_H
#define PRISMFED_NODE_STORE_FILE_H

#include "node/store_mark.h"
#include "node/store_writer.h"

/* A store's file that is this process's alone, for writing. */
struct store_file {
    struct store_mark mark;
    struct store_writer writer;
    bool is_new;
};

/* federation_id NULL: a file that is there, of any federation; ERR_MISSING: there is none. Else it is made where there
 * is none. Errors as of store_open(). */
enum err store_file_open(const char *path, const struct digest *federation_id, bool is_first, struct store_file *out,
                         struct diag *diag) MUST_CHECK;
void store_file_close(struct store_file *f);

/* store_writer_commit(), and the mark. */
enum err store_file_commit(struct store_file *f, struct diag *diag) MUST_CHECK;

#endif
