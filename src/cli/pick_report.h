#ifndef PRISMFED_CLI_PICK_REPORT_H
#define PRISMFED_CLI_PICK_REPORT_H

#include "state/state.h"
#include "driver/pick.h"
#include "program/program.h"

/* What a site picked, for a terminal or a program. */

struct pick_row {
    struct digest hash;
    bool incumbent, archived, own, usual; /* own: the site has offered it; usual: the default genome */
    const char *from;                     /* who offered it, of a genome in the archive; NULL: nobody knows; borrowed */
};

struct pick_report {
    const char *node, *label, *work;      /* borrowed, like state, schema and words */
    const struct federation_state *state; /* after the last epoch */
    const struct genome_schema *schema;
    const struct program_spec *program; /* borrowed; NULL: the built-in solver */
    unsigned runs, instances;
    unsigned count, best;
    struct pick_row rows[PICK_CANDIDATES_MAX]; /* the incumbent first; the default genome is one of them */
    struct genome genomes[PICK_CANDIDATES_MAX];
    double logs[PICK_CANDIDATES_MAX]; /* of costs */
    const char *words;                /* the best one on the command line of the site's program; NULL: it has none */
};

void pick_report_text(const struct pick_report *r);
void pick_report_json(const struct pick_report *r);

#endif
