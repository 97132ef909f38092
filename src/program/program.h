#ifndef PRISMFED_PROGRAM_PROGRAM_H
#define PRISMFED_PROGRAM_PROGRAM_H

#include "evolve/workload.h"
#include "genome/space.h"
#include "program/child.h"

/* The user's own program as an evaluator: started anew for each run in the ways of irace, SMAC or AClib, or kept alive
 * and talked to in JSON Lines. docs/programs.md is for its author.
 *
 * A run that fails costs more than any that succeeds: TIMEOUT par times the limit, CRASHED and ABORT twice that. The
 * same question is asked once: answers are kept, and who asks while it is being answered waits. */

enum program_runner { RUNNER_JSONL, RUNNER_IRACE, RUNNER_SMAC, RUNNER_ACLIB, RUNNER_COUNT };

enum {
    PROGRAM_QUEUE_TASKS_MAX = 100000,
    PROGRAM_ARGUMENTS_MAX = 64,
    PROGRAM_PAR_MAX = 10,
    PROGRAM_RETRIES_MAX = 10,
    PROGRAM_FILE_MAX = 256 << 20,
    PROGRAM_SAYS_SIZE = 256,
    PROGRAM_UNIT_SIZE = 33
};

/* What an AClib wrapper's answer costs: OBJECTIVE_ANY: its "cost" where there is one, else its runtime. */
enum program_objective { OBJECTIVE_ANY, OBJECTIVE_RUNTIME, OBJECTIVE_RUNLENGTH, OBJECTIVE_QUALITY, OBJECTIVE_COUNT };

/* Who hands runs to a batch system (docs/programs.md). */
struct program_queue {
    unsigned argument_count; /* 0: there is none, and runs are done here */
    char **arguments;        /* the command's words; owned, like the next two */
    char *folder;            /* where tasks are laid out; starts at the program's folder */
    char *scenario;          /* the file that says all this: tasks name it */
    unsigned tasks;          /* handed over at once, at most */
    unsigned timeout_s;      /* until they are all done */
    unsigned losses;         /* of one task, which is tried again so often */
};

/* What a scenario says of it. */
struct program_spec {
    enum program_runner runner;
    unsigned argument_count;
    char **arguments; /* the command's words; owned */
    char *folder;     /* where it runs: file names start there; owned */
    unsigned file_count;
    char **files; /* its instances; owned */
    unsigned environment_count;
    char **environment; /* names of variables that it is given; owned */
    unsigned readable_count;
    char **readable; /* files and folders that it needs besides its own; owned */
    unsigned hidden_count;
    char **hidden; /* files of others; owned */
    bool network;  /* it may use it */
    struct child_limits limits;
    unsigned retries;  /* of a run that crashed */
    unsigned par;      /* a TIMEOUT costs so many limits */
    unsigned decimals; /* of a cost that count */
    int64_t cost_min;  /* the least cost that it can have, in units of 10^-decimals: what is federated is how far above
                          it a cost lies */
    char unit[PROGRAM_UNIT_SIZE];     /* of its costs, for people; empty: it does not say */
    enum program_objective objective; /* RUNNER_ACLIB */
    unsigned initial_count;
    struct genome *initial; /* what its site starts from besides the shared genome; owned */
    char *initial_file;     /* in which that is; NULL: none; owned */
    bool bound;             /* irace: is told the limit, as target runners are when capping is on */
    bool deterministic;
    struct program_queue queue; /* changes no answer */
};

void program_spec_init(struct program_spec *spec); /* the defaults */
void program_spec_copy(const struct program_spec *spec, struct program_spec *out);
void program_spec_fini(struct program_spec *spec);
const char *program_runner_name(enum program_runner runner); /* "jsonl", "irace", "smac", "aclib" */

/* Appends a counted cost (struct evaluation) as the program had said it, with its unit where that is known. */
void program_cost_print(const struct program_spec *spec, uint64_t cost, struct buf *out);
/* The same as a number alone. */
void program_cost_number(const struct program_spec *spec, uint64_t cost, struct buf *out);
/* The same of a mean of counted costs, without the unit, to one decimal more than count. */
double program_mean_cost(const struct program_spec *spec, double cost);
/* What the instance's program has; NULL: it is the built-in solver's, which counts iterations. Borrowed. */
const struct program_spec *program_spec_of(const struct instance *instance);

/* What became of the runs, for a person; in no artifact. */
struct program_tally {
    uint64_t runs, kept; /* kept: answered without a run */
    uint64_t count[EVALUATION_STATUS_COUNT];
    uint64_t retried, checked, differed;                   /* checked: run twice, to see whether it is deterministic */
    unsigned force;                                        /* of enum cage_force: what kept all runs in */
    bool network;                                          /* it may use it */
    char says[EVALUATION_STATUS_COUNT][PROGRAM_SAYS_SIZE]; /* the last thing that each kind of failure came with */
};

/* All programs of one run. */
struct programs;

/* The space is borrowed. In irace's command lines its switches stand before the values; "--NAME=" where the
 * space names none. */
struct programs *programs_new(const struct space *space);
/* Nothing may be running. NULL is fine. */
void programs_free(struct programs *programs);
/* Nobody wants answers any more: runs that wait or are waited for end soon, as ABORT. Any thread. NULL is fine. */
void programs_stop(struct programs *programs);
/* Is there one whose runs are done elsewhere, so that whoever asks only waits? NULL is fine. */
bool programs_wait(const struct programs *programs);
/* What queues have to tell (a task was lost, the command fails), called by any thread. Without it that goes to standard
 * error. NULL programs is fine. */
void programs_hear(struct programs *programs, void (*says)(void *context, const char *text), void *context);

/* One task of a queue's folder, done here and now, its result left in the folder (docs/programs.md). ERR_MISMATCH:
 * this is not the work that the task is of; ERR_IO, ERR_SYNTAX, ERR_UNKNOWN: what the folder has. */
enum err programs_task(struct programs *programs, const struct program_spec *spec, const char *folder, unsigned task,
                       struct diag *diag) MUST_CHECK;
/* The scenario that a queue's folder names, a new text, and the program of it (program_work()). */
enum err program_queue_read(const char *folder, char **scenario, struct digest *program, struct diag *diag) MUST_CHECK;
/* Tells programs apart wherever they lie. */
struct digest program_work(const struct program_spec *spec, const struct genome_schema *schema);

/* The instances of the spec, ready to be evaluated: the same spec twice is one program. ERR_IO and others name what
 * cannot be read or executed. The workload lives no longer than programs. */
enum err programs_workload(struct programs *programs, const struct program_spec *spec, struct workload *out,
                           struct diag *diag) MUST_CHECK;
/* Instance `index` (modulo their number) alone: one shard. */
enum err programs_shard(struct programs *programs, const struct program_spec *spec, unsigned index,
                        struct instance *out, struct diag *diag) MUST_CHECK;

/* The hash that such a shard's instance has; nothing but its file is looked at. */
enum err program_shard_hash(const struct program_spec *spec, unsigned index, struct digest *out,
                            struct diag *diag) MUST_CHECK;

/* What a program is told of evaluation_seed(): below 2^31, which every runner can take. */
uint32_t program_seed(uint64_t seed);

/* One run, never kept, never tried again; says gets why it is no success. */
struct evaluation programs_try(const struct evaluation_task *task, char says[PROGRAM_SAYS_SIZE]);

/* Appends what has kept the instance's program in so far (cage_text()); nothing before its first run. */
void programs_confined(const struct instance *instance, struct buf *out);

/* A genome as the program of a command line is told it: the words behind instance and seed, quoted for a shell,
 * appended to out. Nothing for RUNNER_JSONL, which is told {"NAME": value} (genome_json()). */
void program_genome_words(const struct program_spec *spec, const struct space *space, const struct genome *genome,
                          struct buf *out);

/* Of the bytes of all files that the programs consist of, as they are now: what is executed, the files among the words
 * of its command, the instances. What cannot be read any more counts as empty. */
struct digest programs_hash(const struct programs *programs);

unsigned programs_count(const struct programs *programs);
const struct program_spec *programs_spec(const struct programs *s, unsigned index);
/* A copy of program number `index`'s tally; command (may be NULL) gets the words of its command. */
void programs_tally(struct programs *programs, unsigned index, struct program_tally *out, struct buf *command);

#endif
