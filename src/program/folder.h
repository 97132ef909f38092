#ifndef PRISMFED_PROGRAM_FOLDER_H
#define PRISMFED_PROGRAM_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

/* Folders of a program that is not to be trusted: however deep, with whatever rights, never through a symbolic link.
 * Safe after a fork of a process with many threads. */

/* Calls visit for each entry of an open folder but "." and ".."; type: DT_* or DT_UNKNOWN. False: it could not be read
 * to the end, or visit said false. */
bool folder_each(int folder, bool (*visit)(void *context, int folder, const char *name, unsigned char type),
                 void *context);

/* Bytes that the disk holds for all that lies below, at least one block for each entry. UINT64_MAX when the folders are
 * nested too deep to tell. */
uint64_t folder_size(const char *path);
/* Removes the folder and all below it; what cannot be removed stays. */
void folder_remove(const char *path);

#endif
