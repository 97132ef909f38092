#ifndef PRISMFED_CLI_REPORT_TEXT_H
#define PRISMFED_CLI_REPORT_TEXT_H

#include "cli/progress.h"

/* The report of a rehearsal for a terminal or a program, and its progress while it runs. */

enum { REPORT_EPOCHS_TIMED = 256 };

/* When the run entered each epoch, by the wall clock: for the terminal only. Zero-initialise. */
struct report_clock {
    struct progress_line line;
    unsigned entered;                       /* epochs */
    double entered_at[REPORT_EPOCHS_TIMED]; /* seconds since the start, by position */
    double stopped_at;
};

/* show: with a progress line where that goes to a terminal. */
void report_clock_start(struct report_clock *clock, bool show);
/* federated_simulation_options.progress; context is the clock. */
int report_progress(void *context, const struct federated_progress *progress);
void report_clock_stop(struct report_clock *clock);

/* What is to be said at the end beside the report. */
struct report_ending {
    uint64_t never_first, never_began; /* epochs, the last ones: the first of them, and how many */
    uint64_t given_up;                 /* epochs that ended without an anchor */
    const char *violation, *command;   /* of a checker, and what traces it; NULL: none */
};

/* Prints as it is told: a table, one line of JSON, or nothing. */
struct report_printer {
    struct report_clock *clock;
    bool json, quiet;
    const char *folder; /* of the artifacts; NULL: the usual one */
    bool begun;
    uint64_t epochs;                            /* printed */
    uint64_t told;                              /* happenings */
    unsigned validators, max_byzantine, quorum; /* of the epoch printed last */
    struct report_ending ending;
};

/* federated_simulation_options.epoch; context is the printer. */
void report_epoch(void *context, const struct federated_simulation_report *r, const struct federated_epoch_report *e);
/* A line on what became of the runs of a program, and one for each kind of failure. */
void report_print_program(const struct federated_program_report *p);
/* Did the sites' programs run, and was there no run among them that says anything about a genome? */
bool report_nothing_ran(const struct federated_simulation_report *r);
void report_end(struct report_printer *p, const struct federated_simulation_report *r);

#endif
