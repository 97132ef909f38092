#ifndef PRISMFED_PROGRAM_CONTROL_GROUP_H
#define PRISMFED_PROGRAM_CONTROL_GROUP_H

#include <stdbool.h>
#include <stdint.h>

/* A control group of the second version for one run of a program, where ours may have groups below it (cgroups(7)): a
 * delegated service, a container that has its own, or the root user. Safe after a fork of a process with many threads.
 */

enum { CONTROL_GROUP_PATH = 512 };

struct control_group {
    char path[CONTROL_GROUP_PATH]; /* empty: there is none */
    bool counts_memory;
};

/* The folder that our own group has in the file system, "" when there is none; for control_group_make(). Asked once, by
 * a process that may allocate. */
void control_group_find(char path[CONTROL_GROUP_PATH]);

/* A new group below parent, with limits where its controllers are there (memory in bytes, 0: none). */
bool control_group_make(const char *parent, uint64_t memory, unsigned processes, struct control_group *out);
/* The calling process, and what it starts from then on. */
bool control_group_enter(const struct control_group *group);
/* Kills all that is in it (Linux 5.14). */
void control_group_kill(const struct control_group *group);
/* Did a process have to die for memory? Then the kernel has killed one of them. */
bool control_group_memory_ran_out(const struct control_group *group);
/* When it is empty. */
void control_group_remove(struct control_group *group);

#endif
