#ifndef PRISMFED_STORM_CAMPAIGN_H
#define PRISMFED_STORM_CAMPAIGN_H

#include <stdbool.h>

#include "storm/marks.h"

/* Many worlds, one from each seed, of whatever kind: of the consensus (storm/seed.h) or of whole nodes
 * (storm/nodes/nodes.h). They are two programs. */

struct outcome {
    const char *checker; /* NULL: nothing found */
    char failure[320];
    uint64_t steps, trace;
    uint64_t acts; /* of machines, and crashes */
    int64_t virtual_ns;
    struct marks marks;
    unsigned replicas; /* or nodes */
};

struct campaign {
    uint64_t first, count; /* seeds; count 0: the command line said none */
    int64_t deadline_ns;   /* 0: none */
    unsigned threads, real_percent;
    bool print_marks;
    bool until_found; /* the first finding ends the campaign */
    /* What kind of worlds: */
    void (*check)(const struct campaign *c, uint64_t seed, struct outcome *out);
    const char *again; /* options that show a seed again, before its number */
    unsigned mark_count;
    const char *const *mark_texts;
};

/* What a command line asks for. */
enum { SEEDS_DEFAULT = 1000 };
enum campaign_verb { CAMPAIGN_RUN, CAMPAIGN_TRACE, CAMPAIGN_SHRINK, CAMPAIGN_REPLAY, CAMPAIGN_OWN };
struct campaign_command {
    struct campaign campaign; /* .first is the seed to trace or to shrink, too */
    enum campaign_verb verb;
    const char *output, *file; /* of the command line; NULL: not given */
    const char *word;          /* chose this program and says no more; NULL: there is none */
    void *own;                 /* of own_option() */
    /* Reads an option that only this program has; false: there is none of this name, or its value (NULL: none) is
     * wrong. */
    bool (*own_option)(struct campaign_command *command, const char *name, const char *value);
};

/* Reads the options that both programs have and asks own_option() for the others. False: one is unknown or its value
 * is wrong. */
bool campaign_command_read(struct campaign_command *c, int argc, char **argv);
/* A decimal number; false: it is none. */
bool campaign_number(const char *text, uint64_t *out);

/* All seeds; prints findings and totals. Number of findings. */
uint64_t campaign_run(const struct campaign *c);

#endif
