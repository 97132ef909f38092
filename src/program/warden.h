#ifndef PRISMFED_PROGRAM_WARDEN_H
#define PRISMFED_PROGRAM_WARDEN_H

#include <stdatomic.h>
#include <sys/types.h>

#include "base/confine.h"

/* Two small processes of ours between us and the program.
 *
 *     prismfed ── warden ── init ── program ── whatever the program starts
 *
 * The init starts the program, buries its orphans and says how it ended; where the kernel has namespaces it is the
 * first process of one, so that the program sees nothing outside of it and all in it dies with it. The warden, outside,
 * looks after the limits, and when the program ends, breaks a limit, or we are gone (however), it kills all of it and
 * reports. Where there are no namespaces, both are subreapers, each kills what is left when the other one dies, and a
 * filter keeps the program's signals from them. Neither a program nor a warden that was stopped can keep us:
 * warden_finish() has a deadline. */

enum { WARDEN_FINISH_MS = 10000 };

struct warden_command {
    const char *file; /* to execute: a path */
    char *const *arguments, *const *environment;
    const char *folder;               /* where it runs */
    const char *scratch;              /* its working folder: is there, is empty, and is removed when all is over */
    const struct confine_path *paths; /* what it may open; the last one where it is its own (/dev/shm) */
    unsigned path_count;
    const char *control_groups; /* control_group_find() */
    bool network;               /* may use it */
    unsigned forgone;           /* of enum cage_force: not even tried */
    int in, out, err;           /* its standard streams; stay the caller's */
    uint64_t memory;            /* bytes of address space for each process, of resident memory for all; 0: no limit */
    uint64_t file_size;         /* of all that it has in its working folder */
    unsigned cpu_s;             /* of processor time for each process; 0: no limit */
    unsigned processes;         /* at once */
};

enum warden_end {
    WARDEN_EXITED,      /* number: exit status */
    WARDEN_KILLED,      /* number: signal */
    WARDEN_NOT_STARTED, /* number: errno */
    WARDEN_TOLD,        /* we said so */
    WARDEN_CROWD,       /* number: processes found */
    WARDEN_MEMORY,      /* number: KiB found in all of them */
    WARDEN_FILES,       /* more in its working folder than file_size */
    WARDEN_LOST,        /* the warden itself was killed, or did not answer */
    WARDEN_REMAINS      /* number: processes that no signal has ended in time */
};

struct warden_report {
    enum warden_end end;
    long number;
};

struct warden {
    pid_t pid;
    int control;        /* closing it ends everything */
    int report;         /* readable (or at its end) when all is over */
    char *scratch;      /* owned */
    atomic_uint *force; /* of enum cage_force: what is in force; shared by all processes of ours, until finished */
};

/* ERR_IO when there is no process or pipe to be had. */
enum err warden_start(const struct warden_command *command, struct warden *out, struct diag *diag) MUST_CHECK;
/* Ends what still runs, waits until all of it is gone, but no longer than twice WARDEN_FINISH_MS. A second time is no
 * harm. */
struct warden_report warden_finish(struct warden *w);

#endif
