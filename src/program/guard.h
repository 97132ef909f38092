#ifndef PRISMFED_PROGRAM_GUARD_H
#define PRISMFED_PROGRAM_GUARD_H

#include <stdbool.h>
#include <sys/types.h>

/* Where a program shares the processes' numbers with those who watch it, a filter of seccomp's keeps its signals and
 * its tracing from them. For the calling thread and all that it starts; safe after fork(). False: the system has no
 * such filter, or not for this architecture. */
bool guard_enter(const pid_t *guarded, unsigned count);

enum { GUARD_MAX = 4 };

#endif
