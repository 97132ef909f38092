#ifndef PRISMFED_PROGRAM_CAGE_H
#define PRISMFED_PROGRAM_CAGE_H

#include "base/confine.h"

/* What one program may see and touch: its surroundings and its files. Made once for a program, then borrowed by its
 * runs. */

/* What keeps a program in. Each is tried; what the system does not have is missing from the report. */
enum cage_force {
    CAGE_PROCESSES = 1, /* a pid namespace: it sees and reaches only its own processes, which die as one */
    CAGE_FILES = 2,     /* Landlock: it opens only what it may */
    CAGE_NETWORK = 4,   /* seccomp or a network namespace: it has no sockets but those between its own processes */
    CAGE_TCP = 8,       /* at least no TCP */
    CAGE_SIGNALS = 16,  /* Landlock or seccomp: no signals to those who watch it */
    CAGE_SPACE = 32,    /* its working folder is a file system of limited size; else the size is looked at */
    CAGE_GROUP = 64,    /* a control group, which counts memory and processes as they come and dies as one */
    CAGE_STARTED = 128  /* the program itself has begun: the rest is true */
};

struct cage_rules {
    const char *file;       /* what is executed, as execve() takes it in the folder */
    const char *folder;     /* where it runs */
    char *const *arguments; /* its words; those that name files may be read; ends with NULL */
    char *const *files;     /* its instances; so the others below */
    unsigned file_count;
    char *const *readable; /* files and folders that it needs besides */
    unsigned readable_count;
    char *const *hidden; /* files of others, which may lie in its own folder */
    unsigned hidden_count;
    char *const *environment; /* names of variables that it is given */
    unsigned environment_count;
    bool network;
};

struct cage {
    char **environment; /* "NAME=value"; without those of one run; owned */
    unsigned environment_count;
    struct confine_path *paths; /* owned, and the names */
    unsigned path_count;
    bool network;
    unsigned forgone; /* of enum cage_force: not even tried; how tests see what remains */
};

/* A variable that is the same for all programs, or one for each run: nobody can ask for another value of it. */
bool cage_is_set(const char *name, size_t len);

/* ERR_LIMIT: the program's own folder holds others' files among too many to name each. */
enum err cage_init(struct cage *cage, const struct cage_rules *rules, struct diag *diag) MUST_CHECK;
void cage_fini(struct cage *cage);

/* Appends what is in force, and what is not to be had here, in words for a report. */
void cage_text(unsigned force, bool network_allowed, struct buf *out);

#endif
