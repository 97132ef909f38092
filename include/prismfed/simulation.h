#ifndef PRISMFED_SIMULATION_H
#define PRISMFED_SIMULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rehearse a federation from a scenario file: what `federated_sim` does, for a program that embeds it.
 *
 *     struct federated_simulation_options options = {.scenario = "baseline.json", .epochs = 5};
 *     struct federated_simulation_report report;
 *     char error[1024];
 *     if (federated_simulation_run(&options, &report, error, sizeof error) != 0)
 *         fprintf(stderr, "%s\n", error);
 *     else
 *         federated_simulation_report_free(&report);
 */

#define PRISMFED_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/* How far a site's row of scores lies from the others': 0 is their order of the candidates, 1000000 the opposite one.
 */
enum { FEDERATED_ROWS_MAX = 4 };
struct federated_row {
    char node_id[64];
    uint64_t distance_ppm;
};

struct federated_epoch_report {
    uint64_t epoch;
    bool began;            /* false: no node came so far, and the rest is zero */
    bool quorum_reached;   /* anchored under a quorum certificate */
    bool ended;            /* not for every node, maybe; one that began and did not end stands still, or was running */
    uint64_t view_changes; /* new views entered while the epoch ran */
    uint64_t participants, stale, absent, quarantined, convicted;
    uint64_t left_out;     /* offered genomes that were not scored: there was no room for them */
    uint64_t false_claims; /* sites that validators found with one while it ran */
    uint64_t shards_moved; /* against the epoch before */
    int64_t aggregated_delta_ppm;
    bool incumbent_changed, rolled_back;
    bool stalled;            /* for a while fewer validators than the quorum could hear each other */
    uint8_t merkle_root[32]; /* over the epoch's entries; zero unless quorum_reached */
    uint64_t log_size;
    uint64_t virtual_ns;                            /* from the epoch's start to its anchor */
    uint64_t messages, bytes;                       /* delivered meanwhile */
    unsigned validators, max_byzantine, quorum;     /* while it ran */
    unsigned liar_count;                            /* rows of sites that lie in this run: the farthest ones */
    struct federated_row liars[FEDERATED_ROWS_MAX]; /* the farthest first */
    uint64_t honest_ppm;                            /* the farthest of the other rows */
    uint8_t incumbent[32];                          /* hash of the genome that is shared after it; zero unless ended */
};

/* What became of the runs of one program of the user's; in no artifact. */
struct federated_program_report {
    char command[128];   /* its words, as many as fit */
    char sites[128];     /* the node_ids of those that run it in the end, as many as fit; empty: not known */
    uint64_t runs, kept; /* kept: answers that were there already */
    uint64_t success, timeout, crashed, aborted;
    uint64_t retried;
    uint64_t checked, differed; /* run twice; with another answer: not deterministic */
    char timeout_says[256], crashed_says[256], aborted_says[256]; /* the last one of each kind */
    char confined[512];                                           /* what kept its runs in, and what could not be had */
};

/* One gene of a genome. */
struct federated_gene {
    char *name;
    char *value, *usual; /* as a program is told it; usual: the default */
    bool active;         /* false: it does not matter in this genome */
};

/* The genome that the federation shares after its last epoch. Everything is owned. */
struct federated_genome {
    uint64_t epoch; /* the last one */
    uint8_t hash[32];
    char *offered_by; /* the node_id of the site that found it; NULL: nobody, the federation began with it */
    uint64_t gene_count;
    struct federated_gene *genes; /* in the order of the search space */
    char *json;                   /* {"NAME": value, ...} of those that matter, in one line */
};

/* What a genome costs a site: the geometric mean over the instances of its own work, of cost + 1, minus 1. */
struct federated_site_cost {
    char node_id[64];
    char unit[33];      /* what its program counts; empty: it does not say */
    double first, last; /* of the genome that the federation began with; of the one that is shared */
    double least;       /* that its program can have, from which the gain counts */
};

/* Something that happened beside the decisions of the epochs. */
struct federated_happening {
    uint64_t epoch, at_ns;
    const char *what; /* what the node does or what becomes of it: "down", "up again", "lost its disk", "joined",
                         "left", "convicted", "equivocates"; of no node, the kind of the scenario's event; static */
    char node_id[64]; /* empty: of no single node */
    bool ends;        /* a partition, latency_spike, ... is over */
    bool effect;      /* false: there was nothing to do */
};

/* A validator that the others do not hear when a run is over. */
struct federated_missing {
    char node_id[64];
    const char *why;   /* "down", "mute", "cut off", ...; static */
    uint64_t since_ns; /* virtual time; 0: from the start */
};

/* A run that was over before its epochs were. */
struct federated_standstill {
    char *text;        /* owned; one line that says all of it; NULL: every node that is up has ended the last epoch */
    uint64_t epoch;    /* that did not end; 0: all did, but not for every node */
    uint64_t since_ns; /* no quorum can hear each other since then */
    unsigned together, validators, quorum; /* so many can hear each other, of so many, and so many are needed */
    unsigned missing_count;
    struct federated_missing *missing; /* owned */
    bool limit;                        /* the limit of virtual time ended the run */
};

struct federated_simulation_report {
    char scenario[128], label[128];
    uint64_t seed;
    bool already_finished; /* resume: this very run has left its artifacts before, nothing was run; of the rest
                              there is only seed, epoch_count and anchored */
    uint64_t epoch_count;
    uint64_t anchored; /* of them; the others were given up, did not end, or never began */
    struct federated_standstill standstill;
    char *undone;  /* owned; one line: changes of the members that were wanted and not made; NULL: none, or see
                      standstill */
    bool violated; /* federated_simulation_run() gave 1: the report is of what happened until then */
    struct federated_epoch_report *epochs; /* owned; NULL when they were taken one by one */
    uint8_t log_root[32], state_root[32];
    bool roots_agree;         /* every node that is up ends with the same state as the longest chain at equal height */
    uint64_t messages, bytes; /* delivered on the virtual network */
    uint64_t dropped;         /* lost, cut, or there was nobody to take it */
    uint64_t happening_count;
    struct federated_happening *happenings; /* owned; epoch by epoch */
    uint64_t events;                        /* steps of all machines */
    uint64_t evaluations, iterations;       /* real work done by the sites */
    uint64_t resumed;                       /* evaluations that an earlier process of this run had finished */
    uint64_t program_count;
    struct federated_program_report *programs; /* owned */
    uint64_t virtual_ns;
    double real_seconds; /* for the terminal only; in no artifact */
    double
        gain; /* cost of the last incumbent over the first on all sites' own work: geometric mean; below 1 is better */
    struct federated_genome genome;    /* all zero when violated */
    uint64_t site_count;               /* members with work of their own */
    struct federated_site_cost *costs; /* owned; nothing when violated */
};

/* How far a run is. */
struct federated_progress {
    uint64_t epoch, epochs; /* the present one; how many in all */
    uint64_t position;      /* of the present one among them, from 1 */
    double virtual_seconds;
    uint64_t runs;         /* of the sites' work that have ended */
    uint64_t resumed;      /* evaluations that an earlier process had finished: they take no time */
    uint64_t runs_planned; /* about so many will there be; a guess, from the second epoch on by the epochs before */
    bool found;            /* a genome that ran on all instances of a site; the rest is of the best one so far */
    double best;           /* the geometric mean of its costs there */
    const char *unit;      /* of the cost; empty: the program does not say */
    const char *node_id;   /* the site */
};

/* Where artifacts go, when nobody says. */
#define FEDERATED_SIMULATION_FOLDER "artifacts/mec/M5"

struct federated_simulation_options {
    const char *scenario;   /* path of the scenario file */
    uint64_t epochs;        /* how many to run, 1..100000 */
    bool clean;             /* first remove what an earlier run wrote for this label, also an unfinished one */
    bool resume;            /* go on with the run of this label that was stopped, if there is one; not with clean. A run
                               that is finished is not run again, unless its trace or its log of runs is wanted */
    const char *output_dir; /* NULL: FEDERATED_SIMULATION_FOLDER */
    const char *label;      /* NULL: "default" for a scenario named baseline.json, else the file's stem */
    bool has_seed;
    uint64_t seed;     /* instead of the scenario's, when has_seed */
    uint64_t limit_ms; /* virtual time after which the run is over; 0: the scenario's */
    unsigned threads;  /* runs of the sites' work at once, also of one site; 0: one for each processor; never changes a
                          result */
    const char *trace; /* path for the trace of all events, or NULL */
    const char *run_log;  /* path for a line of JSON on each run of the sites' work (docs/programs.md), or NULL */
    bool run_times;       /* the lines say how long the runs took */
    bool write_artifacts; /* false: nothing touches the disk */
    /* Called now and then, and whenever a run of the sites' work has ended; from any thread, never twice at once. A
     * non-zero return ends the run with an error. Or NULL. */
    int (*progress)(void *context, const struct federated_progress *progress);
    void *progress_context;
    /* When all is well: called for one epoch after the other, with the whole's report but for its epochs, which are
     * then not kept: memory does not grow with their number. Or NULL. */
    void (*epoch)(void *context, const struct federated_simulation_report *report,
                  const struct federated_epoch_report *epoch);
    void *epoch_context;
};

/* 0; or the exit status that fits, with one clear line in error. 1: a checker found a violation: no artifacts are left,
 * and the report tells of the epochs until then, as far as they can be told. 2: unusable input or output. With 0 and 1
 * the report is the caller's to free. Whether all epochs were anchored, the report says. */
int federated_simulation_run(const struct federated_simulation_options *options,
                             struct federated_simulation_report *report, char *error, size_t error_size);
void federated_simulation_report_free(struct federated_simulation_report *report);

#ifdef __cplusplus
}
#endif

#endif
