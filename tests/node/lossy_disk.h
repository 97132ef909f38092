#ifndef PRISMFED_TESTS_NODE_LOSSY_DISK_H
#define PRISMFED_TESTS_NODE_LOSSY_DISK_H

#include <stdbool.h>
#include <stdint.h>

/* A disk that loses power: of what SQLite has written to a file since the file was last synced, any part may be there
 * and any may not, sector by sector. Between lossy_begin() and lossy_end() this process has no other SQLite files. */

void lossy_begin(void);
void lossy_end(void);

/* The power goes at the `operations`-th write, sync or truncation from now, of all files together; what seed says is
 * drawn of the writes that were not synced. at(): called at that moment, from whatever thread writes. */
void lossy_cut(uint64_t operations, uint64_t seed, void (*at)(void));
/* Was it so? Then the files, which nobody has open any more, are as the cut has left them. */
bool lossy_was_cut(void);

#endif
