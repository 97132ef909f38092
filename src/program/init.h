#ifndef PRISMFED_PROGRAM_INIT_H
#define PRISMFED_PROGRAM_INIT_H

#include "program/control_group.h"
#include "program/warden.h"

/* The first process around a program (warden.h), forked by the warden. */

struct init_command {
    const struct warden_command *warden;
    const struct control_group *group; /* to enter, if there is one */
    atomic_uint *force;                /* CAGE_PROCESSES: it is the first one of a pid namespace; it adds the rest */
    bool shared_memory;                /* /dev/shm is the program's own */
    pid_t guarded[4];                  /* without: out of the program's reach; the last one is the init's own */
    int alive;                         /* at its end when the warden is gone */
    int notes;                         /* to the warden: struct warden_report; the first one counts */
};

/* The namespaces that the calling process may have for its next child; returns CAGE_PROCESSES or 0. The caller has one
 * thread. */
unsigned init_namespaces(const struct warden_command *command);
_Noreturn void init_main(struct init_command *command);

#endif
