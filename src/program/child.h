#ifndef PRISMFED_PROGRAM_CHILD_H
#define PRISMFED_PROGRAM_CHILD_H

#include "program/cage.h"
#include "program/warden.h"

/* A program that runs within limits, and its three streams. Used by one thread at a time. */

struct child_limits {
    unsigned cutoff_ms; /* of real time for one run */
    unsigned cpu_s;     /* of processor time for a process; 0: no limit */
    unsigned memory_mb; /* address space of a process, resident memory of all its processes; 0: no limit */
    unsigned output_kb; /* that it prints in one run, on both streams together */
    unsigned file_mb;   /* all that it has in its working folder at once */
    unsigned processes; /* at once */
};

struct child_command {
    const char *file;
    char *const *arguments; /* ends with NULL; the first one is the program's name */
    const char *folder;
    const struct cage *cage;
    struct child_limits limits;
    bool talks; /* has a standard input; else there is nothing to read */
};

enum child_said {
    CHILD_LINE,  /* a whole line */
    CHILD_ENDED, /* the end of its output */
    CHILD_LATE,  /* the deadline has passed */
    CHILD_FLOOD  /* more than it may print */
};

struct child {
    struct warden warden;
    int in, out, err;   /* our ends; -1: closed */
    struct buf unread;  /* printed, not yet taken */
    struct buf remarks; /* the last bytes of its standard error */
    size_t printed;     /* since child_allow() */
    size_t limit;
};

/* Nanoseconds of a clock that nothing sets; for deadlines only. */
int64_t child_clock_ns(void);

/* Its HOME and TMPDIR are a new folder below ours, which is removed at its end. ERR_IO when the system has no process
 * left, or no place for that folder. A program that cannot be executed shows in child_stop()'s report. */
enum err child_start(const struct child_command *command, struct child *out, struct diag *diag) MUST_CHECK;

/* Of enum cage_force: what keeps it in; all of that once it has said something. */
unsigned child_force(const struct child *c);

/* A new run: it may print as much again. */
void child_allow(struct child *c);
/* Takes the next line (without its end; the last one may lack it), or says why there is none. */
enum child_said child_line(struct child *c, int64_t deadline_ns, struct buf *line);
/* Everything until it has ended: CHILD_ENDED, CHILD_LATE, CHILD_FLOOD. */
enum child_said child_rest(struct child *c, int64_t deadline_ns, struct buf *text);
/* Writes to its standard input, while listening: CHILD_LINE when all is written. */
enum child_said child_tell(struct child *c, struct bytes text, int64_t deadline_ns);

/* Ends it and everything that it has started, and frees c. remarks (may be NULL) gets the last line that it wrote to
 * standard error, cleaned for a terminal. */
struct warden_report child_stop(struct child *c, struct buf *remarks);

#endif
