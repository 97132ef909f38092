#ifndef PRISMFED_BASE_CONFINE_H
#define PRISMFED_BASE_CONFINE_H

#include "base/bytes.h"

/* A thread, and every process that it starts from then on, gives up what it does not need: files outside of the named
 * ones (Landlock, Linux 5.13), the network (seccomp), signals to processes outside (Landlock, Linux 6.12). What the
 * kernel does not have is left out without an error; struct confine_force says what is in force. Nothing can be taken
 * back, and a program that is executed afterwards gains no privileges by being set-user-ID. */

enum confine_access {
    CONFINE_READ = 1,    /* open files for reading, list folders */
    CONFINE_EXECUTE = 2, /* execute files */
    CONFINE_WRITE = 4,   /* everything else that is done to files and folders: make, write, remove, rename */
    CONFINE_LIST = 8,    /* list folders, no more */
};

/* A file, or a folder with all that is below it. */
struct confine_path {
    const char *path;
    unsigned access; /* of enum confine_access */
};

struct confine_rules {
    const struct confine_path *paths; /* a path that is not there is passed over */
    unsigned path_count;
    bool network; /* sockets may be made; else none can be, of any family (socketpair() works on) */
};

/* What is in force. */
struct confine_force {
    bool files;       /* nothing but the paths can be opened, changed or executed */
    bool network;     /* no socket can be made */
    bool network_tcp; /* at least TCP cannot be bound or connected (Landlock, Linux 6.7) */
    bool signals;     /* no signal reaches a process outside */
};

/* Rules made ready, so that they can be entered between fork() and exec(). */
struct confine {
    int ruleset; /* a descriptor of Landlock's, close-on-exec; -1: the kernel has none */
    bool network_tcp, signals;
    bool network_allowed;
};

/* Opens what the rules name. ERR_IO: a path is there and cannot be opened; diag says which. confine_fini() afterwards,
 * also when the process has entered. */
enum err confine_init(struct confine *c, const struct confine_rules *rules, struct diag *diag) MUST_CHECK;
void confine_fini(struct confine *c);

/* Applies the rules to the calling thread. Allocates nothing and is safe after fork(). Never fails: what the kernel
 * refuses is missing from what is returned. */
struct confine_force confine_enter(const struct confine *c);

/* Appends a list for a report: "files, network, signals", or "nothing". */
void confine_text(const struct confine_force *force, struct buf *out);

#endif
