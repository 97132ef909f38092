#ifndef PRISMFED_PROGRAM_PROCESSES_H
#define PRISMFED_PROGRAM_PROCESSES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The tree of processes, as /proc shows it. Everything here is safe after a fork of a process with many threads: system
 * calls and the stack, no allocation, no stdio. */

enum { PROCESSES_MAX = 2048 };

/* Nanoseconds of a clock that nothing sets; for deadlines only. */
int64_t processes_clock_ns(void);

/* The children of all threads of pid, appended to pids (of PROCESSES_MAX); returns the new count. */
unsigned processes_children(pid_t pid, pid_t *pids, unsigned count);
/* The same for all descendants. */
unsigned processes_below(pid_t pid, pid_t *pids);
/* Resident memory; 0 when it is gone. */
uint64_t processes_resident_kib(pid_t pid);

/* Kills the caller's children, and with each one its process group, and buries them, again and again until none is
 * left: where the caller is a subreaper, that is everything that it has started. False: some still live at the
 * deadline. */
bool processes_kill_children(int64_t deadline_ns);

/* Text on the stack: appends and ends with NUL; returns the end. */
char *text_put(char *at, const char *text);
char *text_put_number(char *at, uint64_t v);

#endif
