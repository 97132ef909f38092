#ifndef PRISMFED_BASE_FILE_H
#define PRISMFED_BASE_FILE_H

#include "base/bytes.h"

/* Appends a regular file of at most limit bytes to out. ERR_LIMIT names the size
 * found and the limit; ERR_IO the system's reason. Nothing is kept past the limit. */
enum err file_read(const char *path, size_t limit, struct buf *out, struct diag *diag) MUST_CHECK;

/* The same, and the permissions (07777) of the file that was read. */
enum err file_read_mode(const char *path, size_t limit, struct buf *out, unsigned *mode, struct diag *diag) MUST_CHECK;

/* For folders that a stranger has made: no symbolic link is followed on the way, so that nothing outside is read. below
 * is relative to the open folder, without ".."; path is its name in complaints. Else as file_read(). */
enum err file_read_below(int folder, const char *below, const char *path, size_t limit, struct buf *out,
                         struct diag *diag) MUST_CHECK;
/* The same of a part: at most limit bytes from offset at on; fewer: the file ends there. */
enum err file_read_part_below(int folder, const char *below, const char *path, uint64_t at, size_t limit,
                              struct buf *out, struct diag *diag) MUST_CHECK;
/* A descriptor of a folder in an open one, to be closed, or -1 with errno; a symbolic link is none. */
int file_open_folder(int folder, const char *name);

/* All or nothing: writes a temporary file of its own beside it (path.PID-N.tmp),
 * syncs, renames, syncs the folder. On ERR_IO path names a whole file, the old
 * one (or, when only the folder's sync failed, the new one), and the temporary
 * one is removed. */
enum err file_write(const char *path, struct bytes bytes, struct diag *diag) MUST_CHECK;

/* For many files that become durable together: the same without any sync, until file_sync() of each and
 * file_sync_folder() of their folder. The bytes may be too many to hold at once: give() is called for one part after
 * the other, up to an empty one; a part is looked at before the next call. What it returns besides ERR_OK ends the
 * writing. */
enum err file_stage(const char *path, enum err (*give)(void *context, struct bytes *part, struct diag *diag),
                    void *context, struct diag *diag) MUST_CHECK;
enum err file_sync(const char *path, struct diag *diag) MUST_CHECK;
enum err file_sync_folder(const char *folder, struct diag *diag) MUST_CHECK;
/* The whole, then nothing: a give() whose context is a struct bytes, which is used up. */
enum err file_give_once(void *context, struct bytes *part, struct diag *diag) MUST_CHECK;

/* mkdir -p. ERR_IO names the part that could not be made. */
enum err file_make_folder(const char *path, struct diag *diag) MUST_CHECK;

#endif
