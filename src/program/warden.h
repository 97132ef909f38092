#ifndef PRISMFED_PROGRAM_WARDEN_H
#define PRISMFED_PROGRAM_WARDEN_H

#include <sys/types.h>

#include "base/bytes.h"

/* A small process of ours between us and the program: it starts the program within its limits, takes in whatever the
 * program leaves behind, and when the program ends, breaks a limit, or we are gone (however), it kills all of that and
 * reports. So nothing outlives a run, also what has left the process group. This is a fence against mistakes, not
 * against a program that is out to get us: it has our user's rights. */

struct warden_command {
    const char *file; /* to execute: a path */
    char *const *arguments, *const *environment;
    const char *folder; /* where it runs */
    int in, out, err;   /* its standard streams; stay the caller's */
    uint64_t memory;    /* bytes of address space for each process, of resident memory for all; 0: no limit */
    uint64_t file_size; /* of any file that it writes */
    unsigned cpu_s;     /* of processor time for each process; 0: no limit */
    unsigned processes; /* at once */
};

enum warden_end {
    WARDEN_EXITED,      /* number: exit status */
    WARDEN_KILLED,      /* number: signal */
    WARDEN_NOT_STARTED, /* number: errno */
    WARDEN_TOLD,        /* we said so */
    WARDEN_CROWD,       /* number: processes found */
    WARDEN_MEMORY,      /* number: KiB found in all of them */
    WARDEN_LOST         /* the warden itself was killed */
};

struct warden_report {
    enum warden_end end;
    long number;
};

struct warden {
    pid_t pid;
    int control; /* closing it ends everything */
    int report;  /* readable (or at its end) when all is over */
};

/* ERR_IO when there is no process or pipe to be had. */
enum err warden_start(const struct warden_command *command, struct warden *out, struct diag *diag) MUST_CHECK;
/* Ends what still runs, waits until all of it is gone. A second time is no harm. */
struct warden_report warden_finish(struct warden *w);

#endif
