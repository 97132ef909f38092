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
    uint64_t first, count; /* seeds */
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

/* The command line that both programs have. A decimal number; false: it is none. */
bool campaign_number(const char *text, uint64_t *out);
/* An option with a number, or one without: false: it is none of a campaign's, or out of range. */
bool campaign_option(struct campaign *c, const char *name, uint64_t value);
bool campaign_flag(struct campaign *c, const char *name);

/* All seeds; prints findings and totals. Number of findings. */
uint64_t campaign_run(const struct campaign *c);

#endif
