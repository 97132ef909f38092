#ifndef PRISMFED_BASE_FILE_H
#define PRISMFED_BASE_FILE_H

#include "base/bytes.h"

/* Appends a regular file of at most limit bytes to out. ERR_LIMIT names the size
 * found and the limit; ERR_IO the system's reason. Nothing is kept past the limit. */
enum err file_read(const char *path, size_t limit, struct buf *out, struct diag *diag) MUST_CHECK;

/* All or nothing: writes a temporary file of its own beside it (path.PID-N.tmp),
 * syncs, renames, syncs the folder. On ERR_IO path names a whole file, the old
 * one (or, when only the folder's sync failed, the new one), and the temporary
 * one is removed. */
enum err file_write(const char *path, struct bytes bytes, struct diag *diag) MUST_CHECK;

/* mkdir -p. ERR_IO names the part that could not be made. */
enum err file_make_folder(const char *path, struct diag *diag) MUST_CHECK;

#endif
